//! A text as items, each a stretch of its bytes.
//!
//! Owns: the form of an outline, and which comment, blank line and separator belongs to which item. Together the
//! stretches are the whole text: nothing between two items is lost. Must not know: any language's grammar.

use std::ops::Range;

/// What an item holds: its text up to `open`, the items, its text from `close`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Body {
    /// Where the head ends.
    pub(crate) open: usize,
    /// Where the tail begins.
    pub(crate) close: usize,
    /// What stands between, in order and without gaps.
    pub(crate) items: Vec<Item>,
    /// How items are told apart.
    pub(crate) order: Order,
    /// What stands between two items.
    pub(crate) separator: Separator,
}

/// How the items of a body are told apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Order {
    /// By kind and name.
    #[default]
    Named,
    /// By what identifies an element, else by their sequence.
    Listed,
}

/// What stands between two items of a body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Separator {
    /// Nothing; an item brings what ends it.
    #[default]
    None,
    /// A comma, also after the last if one likes.
    Comma,
    /// A comma, never after the last.
    CommaBetween,
}

/// One thing in a text, with the comments before it and the one on its last line.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// What kind of thing, as the language calls it: `fn`, `struct`, `field`.
    pub(crate) kind: &'static str,
    /// Its name, or whatever else tells it from its neighbours.
    pub(crate) name: String,
    /// What identifies an element of a list: field and value, the best first.
    pub(crate) ids: Vec<(&'static str, String)>,
    /// The blank lines before it, or the spaces if it does not begin a line.
    pub(crate) blank: Range<usize>,
    /// Whether something stands before it on its line.
    pub(crate) inline: bool,
    /// The thing itself with what it is introduced by: comments and the indent.
    pub(crate) front: Range<usize>,
    /// Where the thing itself begins in the front.
    pub(crate) core: usize,
    /// Where its separator stands, if it has one.
    pub(crate) separator: Option<usize>,
    /// Where it ends: with its separator, the comment behind it and the line.
    pub(crate) end: usize,
    /// What it holds.
    pub(crate) body: Option<Body>,
}

/// A thing as a parser finds it, before what surrounds it is given to it.
#[derive(Debug, Clone)]
pub(crate) struct Core {
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) ids: Vec<(&'static str, String)>,
    pub(crate) range: Range<usize>,
    pub(crate) body: Option<Body>,
}

impl Core {
    /// A thing without anything in it.
    pub(crate) fn leaf(kind: &'static str, name: String, range: Range<usize>) -> Self {
        Self {
            kind,
            name,
            ids: Vec::new(),
            range,
            body: None,
        }
    }

    /// The same with a body.
    pub(crate) fn with(mut self, body: Option<Body>) -> Self {
        self.body = body;
        self
    }
}

impl Item {
    /// What stands behind the thing, without the separator.
    pub(crate) fn after(&self, text: &str) -> String {
        match self.separator {
            Some(at) => [slice(text, self.front.end..at), slice(text, at + 1..self.end)].concat(),
            None => slice(text, self.front.end..self.end).to_owned(),
        }
    }

    /// The item without blank lines before it and without its separator.
    pub(crate) fn naked(&self, text: &str) -> String {
        let mut naked = slice(text, self.front.clone()).to_owned();
        naked.push_str(&self.after(text));
        naked
    }

    /// The name among its neighbours.
    pub(crate) fn key(&self) -> String {
        format!("{} {}", self.kind, self.name)
    }
}

/// A part of a text; empty where the range is none of the text.
pub(crate) fn slice(text: &str, range: Range<usize>) -> &str {
    text.get(range).unwrap_or("")
}

/// Gives every byte of `inner` to one of the things found in it, or to the head and the tail around them. `hash` says
/// that comments begin with `#`.
pub(crate) fn body(
    text: &str,
    inner: Range<usize>,
    cores: Vec<Core>,
    order: Order,
    separator: Separator,
    hash: bool,
) -> Body {
    let open = match rest_of_line(text, inner.start, inner.end, hash) {
        Some(end) if inner.start > 0 && !slice(text, 0..inner.start).ends_with('\n') => end,
        _ => inner.start,
    };
    let mut items = Vec::with_capacity(cores.len());
    let mut at = open;
    let starts: Vec<usize> = cores.iter().skip(1).map(|core| core.range.start).collect();
    for (i, core) in cores.into_iter().enumerate() {
        let limit = starts.get(i).copied().unwrap_or(inner.end);
        let begins_line = at == 0 || slice(text, 0..at).ends_with('\n');
        let blank = at..blank_until(text, at, core.range.start, begins_line);
        let separator = if separator == Separator::None {
            None
        } else {
            find_comma(text, core.range.end, limit, hash)
        };
        let ended = separator.map_or(core.range.end, |at| at + 1);
        let end = if slice(text, 0..ended).ends_with('\n') {
            ended
        } else {
            rest_of_line(text, ended, limit, hash).unwrap_or(ended)
        };
        items.push(Item {
            kind: core.kind,
            name: core.name,
            ids: core.ids,
            inline: !begins_line && !slice(text, blank.clone()).contains('\n'),
            front: blank.end..core.range.end,
            blank,
            core: core.range.start,
            separator,
            end,
            body: core.body,
        });
        at = end;
    }
    Body {
        open,
        close: at,
        items,
        order,
        separator,
    }
}

/// A body without items: what is before `at` and what is behind it are merged each for itself.
pub(crate) fn split(at: usize) -> Body {
    Body {
        open: at,
        close: at,
        ..Body::default()
    }
}

/// Where the head of a file ends: comments at its beginning that a blank line parts from the first thing belong to
/// the file.
pub(crate) fn file_head(text: &str, from: usize, first: usize) -> usize {
    let mut at = from;
    let mut head = from;
    let mut said = false;
    for line in slice(text, from..first).split_inclusive('\n') {
        at += line.len();
        if !line.trim().is_empty() {
            said = true;
        } else if said && line.ends_with('\n') {
            head = at;
        }
    }
    head
}

fn blank_until(text: &str, at: usize, core: usize, begins_line: bool) -> usize {
    let lead = slice(text, at..core);
    let spaces = lead.len() - lead.trim_start().len();
    if !begins_line && !lead[..spaces].contains('\n') {
        return at + spaces;
    }
    lead[..spaces].rfind('\n').map_or(at, |newline| at + newline + 1)
}

/// Where the line ends behind `at`, with its newline, if only spaces and comments stand there; `None` if something
/// else does or the line does not end before `limit`.
fn rest_of_line(text: &str, at: usize, limit: usize, hash: bool) -> Option<usize> {
    let mut i = at;
    loop {
        let rest = slice(text, i..limit);
        let first = rest.chars().next()?;
        if first == '\n' {
            return Some(i + 1);
        } else if first.is_whitespace() {
            i += first.len_utf8();
        } else if is_line_comment(rest, hash) {
            return rest.find('\n').map(|end| i + end + 1);
        } else if let Some(length) = block_comment(rest, hash) {
            if slice(rest, 0..length).contains('\n') {
                return None;
            }
            i += length;
        } else {
            return None;
        }
    }
}

/// The next comma, if only spaces and comments stand before it.
fn find_comma(text: &str, at: usize, limit: usize, hash: bool) -> Option<usize> {
    let mut i = at;
    loop {
        let rest = slice(text, i..limit);
        let first = rest.chars().next()?;
        if first == ',' {
            return Some(i);
        } else if first.is_whitespace() {
            i += first.len_utf8();
        } else if is_line_comment(rest, hash) {
            i += rest.find('\n')? + 1;
        } else {
            i += block_comment(rest, hash)?;
        }
    }
}

fn is_line_comment(rest: &str, hash: bool) -> bool {
    if hash {
        rest.starts_with('#')
    } else {
        rest.starts_with("//")
    }
}

fn block_comment(rest: &str, hash: bool) -> Option<usize> {
    if hash || !rest.starts_with("/*") {
        return None;
    }
    rest.find("*/").map(|end| end + 2)
}
