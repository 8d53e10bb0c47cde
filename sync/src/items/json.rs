//! JSON as items.
//!
//! Owns: members and elements with their places, what identifies an element, and the pretty form. It reads only texts
//! that serde_json has read. Must not know: what a document is for.

use super::outline::{Body, Core, Item, Order, Separator, body, slice};

/// Members that identify an element of a list, the best first.
pub(crate) const IDS: [&str; 11] = [
    "id",
    "_postman_id",
    "uid",
    "operationId",
    "$ref",
    "key",
    "listen",
    "name",
    "url",
    "title",
    "type",
];

/// The word for an element that is a word or a number itself.
pub(crate) const ITSELF: &str = "itself";

/// Cuts a document; the outermost value is the one item.
pub(crate) fn outline(text: &str) -> Result<Body, String> {
    super::parse::readable("text.json", text)?;
    let mut scan = Scan { text, at: 0 };
    scan.space();
    let start = scan.at;
    let body_of_value = scan.value();
    let core = Core::leaf("document", String::new(), start..scan.at).with(body_of_value);
    Ok(body(
        text,
        0..text.len(),
        vec![core],
        Order::Named,
        Separator::None,
        false,
    ))
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
}

impl Scan<'_> {
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\r' | b'\n') {
            self.at += 1;
        }
    }

    fn string(&mut self) {
        self.at += 1;
        while !matches!(self.peek(), b'"' | 0) {
            self.at += if self.peek() == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
    }

    fn value(&mut self) -> Option<Body> {
        match self.peek() {
            b'{' => Some(self.list(b'}')),
            b'[' => Some(self.list(b']')),
            _ => {
                self.scalar();
                None
            }
        }
    }

    fn scalar(&mut self) {
        if self.peek() == b'"' {
            return self.string();
        }
        while !matches!(
            self.peek(),
            b',' | b':' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n' | 0
        ) {
            self.at += 1;
        }
    }

    fn list(&mut self, end: u8) -> Body {
        self.at += 1;
        let from = self.at;
        let mut cores = Vec::new();
        loop {
            self.space();
            match self.peek() {
                0 => break,
                b',' => self.at += 1,
                next if next == end => break,
                _ => cores.push(if end == b'}' { self.member() } else { self.element() }),
            }
        }
        let inner = from..self.at;
        self.at += 1;
        let order = if end == b'}' { Order::Named } else { Order::Listed };
        body(self.text, inner, cores, order, Separator::CommaBetween, false)
    }

    fn member(&mut self) -> Core {
        let start = self.at;
        self.string();
        let raw = slice(self.text, start..self.at);
        let name = serde_json::from_str(raw).unwrap_or_else(|_| raw.to_owned());
        self.space();
        self.at += 1;
        self.space();
        let inner = self.value();
        Core::leaf("member", name, start..self.at).with(inner)
    }

    fn element(&mut self) -> Core {
        let start = self.at;
        let inner = self.value();
        let range = start..self.at;
        let ids = match &inner {
            Some(inner) => identities(inner, &|member| Some(member_value(self.text, member).to_owned())),
            None => word(slice(self.text, range.clone())),
        };
        Core {
            ids,
            ..Core::leaf("element", String::new(), range).with(inner)
        }
    }
}

/// What identifies an object among its neighbours. `value` gives the source text of a member that is a scalar.
pub(crate) fn identities(inner: &Body, value: &dyn Fn(&Item) -> Option<String>) -> Vec<(&'static str, String)> {
    if inner.order == Order::Listed {
        return Vec::new();
    }
    let scalar = |field: &str| -> Option<String> {
        let member = inner.items.iter().find(|item| item.name == field)?;
        if member.body.is_some() { None } else { value(member) }
    };
    let found = IDS.iter().filter_map(|field| {
        let mut value = scalar(field)?;
        if *field == "name"
            && let Some(place) = scalar("in")
        {
            value = format!("{place} {value}");
        }
        Some((*field, value))
    });
    let mut found: Vec<_> = found.collect();
    if let ([only], true) = (inner.items.as_slice(), found.is_empty()) {
        found.push((ITSELF, only.name.clone()));
    }
    found
}

/// The source text of a member's value.
pub(crate) fn member_value<'t>(text: &'t str, member: &Item) -> &'t str {
    let mut scan = Scan { text, at: member.core };
    scan.string();
    scan.space();
    scan.at += 1;
    slice(text, scan.at..member.front.end).trim()
}

/// An element that is a word or a number identifies itself; lines of text do not.
pub(crate) fn word(raw: &str) -> Vec<(&'static str, String)> {
    let in_word = |c: char| c.is_alphanumeric() || "\"-_.:/@{}*+~$#".contains(c);
    let is_word = raw.len() <= 100 && raw.chars().all(in_word);
    if is_word {
        vec![(ITSELF, raw.to_owned())]
    } else {
        Vec::new()
    }
}

/// What one level is indented by; `None` for a document on one line.
pub(crate) fn indent(text: &str) -> Option<&str> {
    let mut lines = text.lines().skip(1).filter(|line| !line.trim().is_empty());
    let line = lines.next()?;
    Some(slice(line, 0..line.len() - line.trim_start().len()))
}

/// The same document with every member and element on a line of its own. Scalars keep their spelling.
pub(crate) fn pretty(text: &str, unit: &str) -> String {
    let mut scan = Scan { text, at: 0 };
    let mut out = String::with_capacity(text.len());
    let mut depth = 0;
    loop {
        scan.space();
        let start = scan.at;
        match scan.peek() {
            0 => break,
            open @ (b'{' | b'[') => {
                scan.at += 1;
                scan.space();
                out.push(char::from(open));
                if matches!(scan.peek(), b'}' | b']') {
                    out.push(char::from(scan.peek()));
                    scan.at += 1;
                } else {
                    depth += 1;
                    new_line(&mut out, unit, depth);
                }
            }
            close @ (b'}' | b']') => {
                scan.at += 1;
                depth = depth.saturating_sub(1);
                new_line(&mut out, unit, depth);
                out.push(char::from(close));
            }
            b',' => {
                scan.at += 1;
                out.push(',');
                new_line(&mut out, unit, depth);
            }
            b':' => {
                scan.at += 1;
                out.push_str(": ");
            }
            _ => {
                scan.scalar();
                out.push_str(slice(text, start..scan.at));
            }
        }
    }
    out.push('\n');
    out
}

fn new_line(out: &mut String, unit: &str, depth: usize) {
    out.push('\n');
    out.push_str(&unit.repeat(depth));
}
