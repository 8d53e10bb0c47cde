//! YAML as items.
//!
//! Owns: members and elements of block style, by their lines, so that comments stay where they are; what is in flow
//! style or a block of text is one piece. Must not know: what a document is for.

use std::ops::Range;

use super::json::{identities, word};
use super::outline::{Body, Core, Order, Separator, body, file_head, slice};

/// Cuts a document. What this does not understand is refused, and merged line by line.
pub(crate) fn outline(text: &str) -> Result<Body, String> {
    super::parse::readable("text.yaml", text)?;
    let other = || "the document is not in block style".to_owned();
    let lines = lines(text).ok_or_else(other)?;
    let cut = Cut { text, lines: &lines };
    let content = |from: usize| (from..lines.len()).find(|i| lines[*i].kind == Kind::Content);
    let mut first = content(0).ok_or_else(other)?;
    let mut from = 0;
    if cut.line(first) == "---" {
        from = lines[first].end;
        first = content(first + 1).ok_or_else(other)?;
    }
    let list = cut.block(first..lines.len(), lines[first].indent).ok_or_else(other)?;
    let start = list.cores.first().map_or(text.len(), |core| core.range.start);
    let from = file_head(text, from, start);
    Ok(list.body(text, from..text.len()))
}

/// A line of the text.
struct Line {
    start: usize,
    /// Behind its newline.
    end: usize,
    indent: usize,
    kind: Kind,
}

#[derive(PartialEq, Eq)]
enum Kind {
    Blank,
    Comment,
    Content,
}

/// Members or elements of one block.
struct Block {
    order: Order,
    cores: Vec<Core>,
}

impl Block {
    fn body(self, text: &str, inner: Range<usize>) -> Body {
        body(text, inner, self.cores, self.order, Separator::None, true)
    }
}

/// The lines of a text; `None` if it holds several documents or directives, or is indented by tabs.
fn lines(text: &str) -> Option<Vec<Line>> {
    let mut lines = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let said = line.trim_start_matches(' ');
        let indent = line.len() - said.len();
        let kind = match said.trim_end() {
            "" => Kind::Blank,
            comment if comment.starts_with('#') => Kind::Comment,
            _ => Kind::Content,
        };
        let marks = indent == 0 && (line.starts_with("---") || line.starts_with("...") || line.starts_with('%'));
        let is_first = lines.iter().all(|line: &Line| line.kind != Kind::Content);
        if said.starts_with('\t') || marks && !(is_first && line.trim_end() == "---") {
            return None;
        }
        lines.push(Line {
            start,
            end: start + line.len(),
            indent,
            kind,
        });
        start += line.len();
    }
    Some(lines)
}

struct Cut<'t> {
    text: &'t str,
    lines: &'t [Line],
}

impl Cut<'_> {
    /// What a line says, without the indent.
    fn line(&self, at: usize) -> &str {
        let line = &self.lines[at];
        slice(self.text, line.start + line.indent..line.end).trim_end()
    }

    /// Whether a line is the beginning of an element.
    fn is_element(&self, at: usize) -> bool {
        let said = self.line(at);
        said == "-" || said.starts_with("- ")
    }

    /// The block that begins with a line, at its indent.
    fn block(&self, lines: Range<usize>, indent: usize) -> Option<Block> {
        if self.is_element(lines.start) {
            let cores = self.elements(lines, indent)?;
            return Some(Block {
                order: Order::Listed,
                cores,
            });
        }
        let cores = self.members(lines, indent, None)?;
        Some(Block {
            order: Order::Named,
            cores,
        })
    }

    /// The last line of what begins at a line: all that is indented more, and elements at the same indent if they may
    /// be.
    fn last(&self, from: usize, to: usize, indent: usize, elements: bool) -> usize {
        let mut last = from;
        for at in from + 1..to {
            let line = &self.lines[at];
            let inside = line.indent > indent || elements && line.indent == indent && self.is_element(at);
            match line.kind {
                Kind::Blank => {}
                Kind::Comment if !inside => {}
                _ if inside => last = at,
                _ => break,
            }
        }
        last
    }

    /// The members of a mapping. `inline` is where the first begins, if an element's dash stands before it.
    fn members(&self, lines: Range<usize>, indent: usize, inline: Option<usize>) -> Option<Vec<Core>> {
        let mut cores = Vec::new();
        let mut at = lines.start;
        while at < lines.end {
            let line = &self.lines[at];
            let inline = inline.filter(|_| at == lines.start);
            if inline.is_none() {
                if line.kind != Kind::Content {
                    at += 1;
                    continue;
                }
                if line.indent != indent {
                    return None;
                }
            }
            let start = inline.unwrap_or(line.start + line.indent);
            let (name, value) = key(slice(self.text, start..line.end).trim_end())?;
            let opens = opens_block(value);
            let last = self.last(at, lines.end, indent, opens);
            let end = self.lines[last].end;
            let block = (at + 1..=last).find(|i| self.lines[*i].kind == Kind::Content);
            let inside = block.filter(|_| opens).and_then(|first| {
                let block = self.block(first..last + 1, self.lines[first].indent)?;
                Some(block.body(self.text, self.lines[at].end..end))
            });
            cores.push(Core::leaf("member", name, start..end).with(inside));
            at = last + 1;
        }
        Some(cores)
    }

    fn elements(&self, lines: Range<usize>, indent: usize) -> Option<Vec<Core>> {
        let mut cores = Vec::new();
        let mut at = lines.start;
        while at < lines.end {
            let line = &self.lines[at];
            if line.kind != Kind::Content {
                at += 1;
                continue;
            }
            if line.indent != indent || !self.is_element(at) {
                return None;
            }
            let last = self.last(at, lines.end, indent, false);
            let (start, end) = (line.start + line.indent, self.lines[last].end);
            let said = self.line(at);
            let value = said.strip_prefix('-').unwrap_or(said).trim_start();
            let offset = start + said.len() - value.len();
            let inside = key(value).and_then(|_| {
                let cores = self.members(at..last + 1, offset - line.start, Some(offset))?;
                let block = Block {
                    order: Order::Named,
                    cores,
                };
                Some(block.body(self.text, offset..end))
            });
            let ids = match &inside {
                Some(inside) => self.identities(inside),
                None if last == at => word(value.trim_matches(['"', '\''])),
                None => Vec::new(),
            };
            cores.push(Core {
                ids,
                ..Core::leaf("element", String::new(), start..end).with(inside)
            });
            at = last + 1;
        }
        Some(cores)
    }

    fn identities(&self, inside: &Body) -> Vec<(&'static str, String)> {
        identities(inside, &|member| {
            let said = slice(self.text, member.core..member.front.end);
            let (_, value) = key(said.lines().next()?.trim_end())?;
            let value = value.split(" #").next().unwrap_or(value).trim();
            let text = value.is_empty() || value.starts_with(['|', '>', '{', '[', '&', '*']);
            (!text).then(|| value.trim_matches(['"', '\'']).to_owned())
        })
    }
}

/// A key and what stands behind its colon; `None` if this is none.
fn key(said: &str) -> Option<(String, &str)> {
    let quote = said.chars().next().filter(|first| matches!(first, '"' | '\''));
    let end = match quote {
        Some(quote) => said.get(1..)?.find(quote)? + 2,
        None if said.starts_with(['?', '{', '[', '|', '>', '#', '-', '@', '`', '%']) => return None,
        None => {
            let spaced = said.find(": ");
            let last = said.strip_suffix(':').map(str::len);
            spaced.or(last)?
        }
    };
    let value = said.get(end..)?.trim_start().strip_prefix(':')?;
    if !value.is_empty() && !value.starts_with(' ') {
        return None;
    }
    let name = said.get(..end)?.trim_matches(['"', '\'']).trim();
    Some((name.to_owned(), value.trim_start()))
}

/// Whether a value is a block on the lines below: nothing stands here but a comment.
fn opens_block(value: &str) -> bool {
    value.is_empty() || value.starts_with('#')
}
