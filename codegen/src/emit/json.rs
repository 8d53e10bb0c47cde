//! JSON documents as they are written to files.
//!
//! Owns: their layout. Must not know: what is in them.

use std::cell::RefCell;
use std::fmt::Write as _;

use crate::rope::{Piece, Rope, Strands};
use crate::tree::{Map, Value};

/// The document, indented by two, with a line end.
pub(in crate::emit) fn document(value: &Value) -> String {
    let mut text = String::new();
    behind(&mut text, value, 0);
    text.push('\n');
    text
}

/// A value in the midst of a document whose lines are indented `depth` times there; it continues the current line.
pub(in crate::emit) fn behind(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => {
            let _ = write!(out, "{number}");
        }
        Value::String(text) => string(out, text),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i == 0 { "\n" } else { ",\n" });
                indent(out, depth + 1);
                behind(out, item, depth + 1);
            }
            close(out, items.is_empty(), depth);
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (i, (key, member)) in members.iter().enumerate() {
                out.push_str(if i == 0 { "\n" } else { ",\n" });
                indent(out, depth + 1);
                string(out, key);
                out.push_str(": ");
                behind(out, member, depth + 1);
            }
            close(out, members.is_empty(), depth);
            out.push('}');
        }
    }
}

thread_local! {
    /// Where texts are written before their length is known: a text that grows is moved again and again, and keeps room that it
    /// does not need.
    static DRAFT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// A text of the right size. What is drafted while it is written has a draft of its own.
pub(in crate::emit) fn drafted(write: impl FnOnce(&mut String)) -> String {
    let mut draft = DRAFT.take();
    draft.clear();
    write(&mut draft);
    let text = draft.as_str().to_owned();
    DRAFT.set(draft);
    text
}

/// A value as people read it, without a line end.
pub(in crate::emit) fn pretty(value: &Value) -> String {
    drafted(|text| behind(text, value, 0))
}

/// What stands before the bracket that ends a map or list.
fn close(out: &mut String, empty: bool, depth: usize) {
    if !empty {
        out.push('\n');
        indent(out, depth);
    }
}

/// A string in its quotes.
pub(in crate::emit) fn string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = special(rest.as_bytes()) {
        let (plain, tail) = rest.split_at(at);
        out.push_str(plain);
        let mut tail = tail.chars();
        match tail.next() {
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some('\u{8}') => out.push_str("\\b"),
            Some('\u{c}') => out.push_str("\\f"),
            Some(control) => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            None => {}
        }
        rest = tail.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

/// Where the first byte stands that does not stand for itself. Most texts have none, and sixteen bytes at a time are asked at once.
fn special(bytes: &[u8]) -> Option<usize> {
    const WIDTH: usize = 16;
    let is_special = |byte: u8| (byte < 0x20) | (byte == b'"') | (byte == b'\\');
    let (blocks, _) = bytes.as_chunks::<WIDTH>();
    let plain = blocks
        .iter()
        .take_while(|block| !block.iter().fold(false, |found, byte| found | is_special(*byte)))
        .count();
    let rest = bytes.get(plain * WIDTH..)?;
    Some(plain * WIDTH + rest.iter().position(|byte| is_special(*byte))?)
}

/// The beginning of a line.
pub(in crate::emit) fn indent(out: &mut String, depth: usize) {
    const STEPS: &str = "                                                                ";
    let mut width = 2 * depth;
    while width > STEPS.len() {
        out.push_str(STEPS);
        width -= STEPS.len();
    }
    out.push_str(STEPS.get(..width).unwrap_or_default());
}

/// A document that is put together from values and from texts that were written before, as if it were written at once.
pub(in crate::emit) struct Lines {
    out: Strands,
    /// How often the lines around it are indented.
    around: usize,
    /// For each map and list that is open, whether something stands in it and what closes it.
    open: Vec<(bool, char)>,
}

impl Lines {
    /// An empty document whose root is a map.
    pub(in crate::emit) fn new() -> Self {
        let mut out = Strands::default();
        out.own.push('{');
        Self {
            out,
            around: 0,
            open: vec![(false, '}')],
        }
    }

    /// A part of a document: a map whose lines are indented `depth` times.
    pub(in crate::emit) fn within(depth: usize) -> Self {
        Self {
            around: depth,
            ..Self::new()
        }
    }

    /// How often lines are indented here.
    pub(in crate::emit) fn depth(&self) -> usize {
        self.around + self.open.len()
    }

    /// Begins the next item of a list.
    pub(in crate::emit) fn item(&mut self) -> &mut Self {
        let depth = self.depth();
        if let Some((filled, _)) = self.open.last_mut() {
            self.out.own.push_str(if *filled { ",\n" } else { "\n" });
            *filled = true;
        }
        indent(&mut self.out.own, depth);
        self
    }

    /// Begins the next member of a map.
    pub(in crate::emit) fn key(&mut self, key: &str) -> &mut Self {
        self.item();
        string(&mut self.out.own, key);
        self.out.own.push_str(": ");
        self
    }

    /// What was begun is a map.
    pub(in crate::emit) fn map(&mut self) {
        self.out.own.push('{');
        self.open.push((false, '}'));
    }

    /// What was begun is a list.
    pub(in crate::emit) fn list(&mut self) {
        self.out.own.push('[');
        self.open.push((false, ']'));
    }

    /// What was begun is a value.
    pub(in crate::emit) fn value(&mut self, value: &Value) {
        let depth = self.depth();
        behind(&mut self.out.own, value, depth);
    }

    /// What was begun was written before, for this depth, and others have it too.
    pub(in crate::emit) fn shared(&mut self, text: &Piece) {
        self.out.share(text);
    }

    /// The same of what has pieces.
    pub(in crate::emit) fn rope(&mut self, text: &Rope) {
        self.out.append(text);
    }

    /// How much was written that is not shared: where it can be taken apart.
    pub(in crate::emit) fn written(&self) -> usize {
        self.out.own.len()
    }

    /// The members of a map.
    pub(in crate::emit) fn members(&mut self, members: &Map) {
        for (key, value) in members {
            self.key(key).value(value);
        }
    }

    /// Ends the map or list.
    pub(in crate::emit) fn close(&mut self) {
        if let Some((filled, end)) = self.open.pop() {
            if filled {
                let depth = self.depth();
                self.out.own.push('\n');
                indent(&mut self.out.own, depth);
            }
            self.out.own.push(end);
        }
    }

    /// The document, with a line end; what is open is ended.
    pub(in crate::emit) fn finish(mut self) -> Rope {
        self.close_all();
        self.out.own.push('\n');
        self.out.into()
    }

    /// The part of a document; what is open is ended.
    pub(in crate::emit) fn finish_within(mut self) -> Rope {
        self.close_all();
        self.out.into()
    }

    fn close_all(&mut self) {
        while !self.open.is_empty() {
            self.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::json;

    #[test]
    fn a_value_is_written_as_by_anybody_else() {
        let strange: String = ('\0'..='\u{a0}').chain("\u{2028}\u{feff}𝄞".chars()).collect();
        let value = json!({ "a": [1, -0.0, 1e300, 0.1, u64::MAX, i64::MIN, true, false, null], "b": {}, "c": [], "": [[{}]], (strange.as_str()): strange });
        assert_eq!(document(&value), serde_json::to_string_pretty(&value).unwrap() + "\n");
    }

    #[test]
    fn a_document_of_lines_reads_as_if_it_had_been_written_at_once() {
        let inner = json!({ "a": [1, { "b": "c\nd" }], "e": {}, "f": [] });
        let mut lines = Lines::new();
        lines.key("x\"y").value(&inner);
        lines.key("list").list();
        let mut text = String::new();
        behind(&mut text, &inner, lines.depth());
        lines.item().shared(&text.into());
        let mut part = Lines::within(lines.depth());
        part.members(inner.as_object().unwrap());
        lines.item().rope(&part.finish_within());
        lines.item().value(&inner);
        lines.item().map();
        lines.members(inner.as_object().unwrap());
        lines.close();
        lines.item().list();
        lines.close();
        let written = json!({ "x\"y": inner, "list": [inner, inner, inner, inner, []] });
        assert_eq!(lines.finish(), *document(&written));
        assert_eq!(Lines::new().finish(), *document(&json!({})));
    }
}
