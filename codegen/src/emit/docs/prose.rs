//! Descriptions: CommonMark of the authors, shown as such.
//!
//! Owns: what of an author's Markdown is kept. Must not know: what it describes.
//! It is parsed and written anew, so that it stays inside its place: HTML becomes text, headings become bold lines (the headings
//! of a page are ours, and so are their anchors), links that do not lead to the web become their text.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd, TextMergeStream};

use super::quote::{address, code, fence, guarded, is_plain, push_text, text};

/// Containers below this depth are written as if they were not there.
const DEEPEST: usize = 8;

/// Paragraphs, lists and code of a description, ending with one line end; empty for an empty one.
pub(super) fn blocks(source: &str) -> String {
    if let Some(words) = words_alone(source) {
        return [words, "\n"].concat();
    }
    let mut events = parse(source);
    let blocks = container(&mut events, 0);
    let mut out = blocks.join("\n\n");
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// A description on one line, for a table cell.
pub(super) fn line(source: &str) -> String {
    if let Some(words) = words_alone(source) {
        return words.to_owned();
    }
    let mut events = parse(source);
    container(&mut events, DEEPEST)
        .iter()
        .flat_map(|block| block.split('\n'))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// A description of one line that begins with a letter and has nothing that means anything in Markdown, nor an address (which has a
/// colon): what comes out is what stands there. Half of them are no more than that.
fn words_alone(source: &str) -> Option<&str> {
    let is_plain = source.starts_with(|c: char| c.is_ascii_alphabetic()) && is_plain(source) && !source.contains(':');
    is_plain.then(|| source.trim_end())
}

fn parse(source: &str) -> impl Iterator<Item = Event<'_>> {
    TextMergeStream::new(Parser::new_ext(
        source,
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH,
    ))
}

/// The blocks until the end of the container that has been opened. At the deepest level everything is one line a block.
fn container<'a>(events: &mut impl Iterator<Item = Event<'a>>, depth: usize) -> Vec<String> {
    let flat = depth >= DEEPEST;
    let mut found = Vec::new();
    let mut line = Line::default();
    // Containers that were opened and not entered.
    let mut passed = 0usize;
    while let Some(event) = events.next() {
        match event {
            Event::Start(Tag::BlockQuote(_) | Tag::List(_) | Tag::Item) if flat => {
                line.end(&mut found);
                passed += 1;
            }
            Event::End(TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::Item) => {
                line.end(&mut found);
                if passed == 0 {
                    return found;
                }
                passed -= 1;
            }
            Event::Start(Tag::BlockQuote(_)) => {
                line.end(&mut found);
                let inner = container(events, depth + 1).join("\n\n");
                found.push(prefixed(&inner, "> ", "> "));
            }
            Event::Start(Tag::List(first)) => {
                line.end(&mut found);
                // Items come back as blocks of the list.
                let items = container(events, depth + 1);
                let mut lines = Vec::new();
                for (i, item) in items.iter().enumerate() {
                    let marker = first.map_or_else(
                        || "- ".to_owned(),
                        |first| format!("{}. ", first.saturating_add(i as u64) % 1_000_000),
                    );
                    lines.push(prefixed(item, &marker, &" ".repeat(marker.len())));
                }
                found.push(lines.join("\n"));
            }
            Event::Start(Tag::Item) => {
                line.end(&mut found);
                found.push(container(events, depth + 1).join("\n\n"));
            }
            Event::Start(Tag::CodeBlock(kind)) => {
                line.end(&mut found);
                found.push(code_block(events, &kind, flat));
            }
            Event::Start(Tag::Heading { .. }) => {
                line.end(&mut found);
                line.text.push_str("**");
                line.bold = true;
            }
            Event::Start(Tag::Paragraph | Tag::HtmlBlock | Tag::Table(_) | Tag::TableHead | Tag::TableRow)
            | Event::End(
                TagEnd::Paragraph
                | TagEnd::Heading(_)
                | TagEnd::HtmlBlock
                | TagEnd::Table
                | TagEnd::TableHead
                | TagEnd::TableRow,
            )
            | Event::Rule => line.end(&mut found),
            event => line.push(&event, flat),
        }
    }
    line.end(&mut found);
    found
}

fn code_block<'a>(events: &mut impl Iterator<Item = Event<'a>>, kind: &CodeBlockKind<'_>, flat: bool) -> String {
    let mut body = String::new();
    for event in events.by_ref() {
        match event {
            Event::Text(part) => body.push_str(&part),
            Event::End(TagEnd::CodeBlock) => break,
            _ => {}
        }
    }
    if flat {
        return code(body.trim());
    }
    let language: String = match kind {
        CodeBlockKind::Fenced(info) => info
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
            .collect(),
        CodeBlockKind::Indented => String::new(),
    };
    // A diagram would be run by the page that shows it.
    let language = if language.eq_ignore_ascii_case("mermaid") {
        "text"
    } else {
        &language
    };
    fence(language, &body).trim_end().to_owned()
}

/// The lines of a block behind a marker.
fn prefixed(block: &str, first: &str, rest: &str) -> String {
    let mut out = String::new();
    for (i, line) in block.split('\n').enumerate() {
        if i > 0 {
            out.push('\n');
        }
        let prefix = if i == 0 { first } else { rest };
        let prefix = if line.is_empty() { prefix.trim_end() } else { prefix };
        out.push_str(prefix);
        out.push_str(line);
    }
    out
}

/// One paragraph while it is put together.
#[derive(Default)]
struct Line {
    text: String,
    /// It stands for a heading.
    bold: bool,
    /// Links that are open: where their text begins, and where they lead if anywhere.
    links: Vec<(usize, Option<String>)>,
}

impl Line {
    fn push(&mut self, event: &Event<'_>, flat: bool) {
        match event {
            Event::Text(part) => self.words(part),
            Event::Html(part) | Event::InlineHtml(part) => self.spaced(part),
            Event::Code(part) => self.text.push_str(&code(part)),
            Event::SoftBreak => self.text.push(if flat || self.bold { ' ' } else { '\n' }),
            Event::HardBreak => self.text.push_str(if flat || self.bold { " " } else { "\\\n" }),
            Event::Start(Tag::Emphasis) | Event::End(TagEnd::Emphasis) => self.text.push('*'),
            Event::Start(Tag::Strong) | Event::End(TagEnd::Strong) if !self.bold => self.text.push_str("**"),
            Event::Start(Tag::Strikethrough) | Event::End(TagEnd::Strikethrough) => self.text.push_str("~~"),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                // A link in a link has no meaning; the outer one counts.
                let target = if self.links.is_empty() { address(dest_url) } else { None };
                self.links.push((self.text.len(), target));
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                if let Some((start, Some(target))) = self.links.pop() {
                    let inner = self.text.split_off(start);
                    let inner = if inner.trim().is_empty() { text(&target) } else { inner };
                    self.text.push_str(&format!("[{inner}]({target})"));
                }
            }
            Event::End(TagEnd::TableCell) => self.text.push_str(" · "),
            _ => {}
        }
    }

    /// Text, with the addresses in it as links.
    fn words(&mut self, part: &str) {
        // Every address has a colon.
        if is_plain(part) && !part.contains(':') {
            return self.text.push_str(part);
        }
        for word in part.split_inclusive(' ') {
            let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '/');
            match address(bare) {
                Some(target) if self.links.is_empty() && !bare.contains(['<', '>', '&']) => {
                    let shown = text(bare);
                    self.text.push_str(&format!("[{shown}]({target})"));
                    self.spaced(word.get(bare.len()..).unwrap_or(""));
                }
                _ => self.spaced(word),
            }
        }
    }

    /// Quoted text that keeps the spaces around it.
    fn spaced(&mut self, part: &str) {
        let core = part.trim();
        if part.starts_with(char::is_whitespace) {
            self.text.push(' ');
        }
        push_text(&mut self.text, core);
        if !core.is_empty() && part.ends_with(char::is_whitespace) {
            self.text.push(' ');
        }
    }

    fn end(&mut self, found: &mut Vec<String>) {
        let Self { text, bold, .. } = std::mem::take(self);
        let mut text = text.as_str();
        while let Some(before) = text.strip_suffix(" · ") {
            text = before;
        }
        let lines: Vec<String> = text
            .split('\n')
            .map(|line| guarded(line.trim()))
            .filter(|line| !line.is_empty() && line != "**")
            .collect();
        if !lines.is_empty() {
            let mut block = lines.join("\n");
            if block.ends_with('\\') && !block.ends_with("\\\\") {
                block.pop();
            }
            if bold {
                block = format!("{}**", block.trim_end());
            }
            found.push(block);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_kept() {
        let source = "One *two* **three** `four`.\nNext line, see https://a.b/c_d.\n\n# Heading\n\n- a\n- b\n  - c\n\n1. x\n2. y\n\n```json\n{}\n```\n\n> q";
        let expected = "One *two* **three** `four`.\nNext line, see [https://a.b/c_d](https://a.b/c%5Fd).\n\n**Heading**\n\n- a\n- b\n\n  - c\n\n1. x\n2. y\n\n```json\n{}\n```\n\n> q\n";
        assert_eq!(blocks(source), expected);
    }

    #[test]
    fn nothing_leaves_its_place() {
        assert_eq!(
            blocks("<script>alert(1)</script>"),
            "&lt;script&gt;alert(1)&lt;/script&gt;\n"
        );
        assert_eq!(blocks("a <!-- b"), "a &lt;!-- b\n");
        assert_eq!(
            blocks("[x](./y.md) [z](https://z) ![i](javascript:a)"),
            "x [z](https://z) i\n"
        );
        assert_eq!(blocks("a\n==="), "**a**\n");
        assert_eq!(blocks("```mermaid\ngraph\n```"), "```text\ngraph\n```\n");
        assert_eq!(blocks("~~~a\n````\n~~~"), "`````a\n````\n`````\n");
        assert_eq!(blocks("a\n\\- b"), "a\n\\- b\n");
    }

    #[test]
    fn words_alone_are_what_the_parser_makes_of_them() {
        let parsed = |source: &str| container(&mut parse(source), DEEPEST).join(" ");
        for source in [
            "One word",
            "Ends. ",
            "a  b #1 - (c) 'd' \"e\" =+!{}^%@;/?",
            "A--- 1. b",
            "x\\",
        ] {
            assert_eq!(line(source), parsed(source).trim(), "{source}");
            assert_eq!(blocks(source), format!("{}\n", parsed(source).trim()), "{source}");
        }
        assert_eq!(words_alone("a *b*"), None);
        assert_eq!(words_alone("1. a"), None);
        assert_eq!(words_alone("a http://b.c"), None);
        assert_eq!(words_alone("a\nb"), None);
    }

    #[test]
    fn a_cell_is_one_line() {
        assert_eq!(
            line("a | b\n\n- c\n- d\n\n```\ne\nf\n```\n\n# g"),
            "a \\| b c d `e f` **g**"
        );
        assert_eq!(line(""), "");
        assert!(!line(&"> ".repeat(10_000)).contains('\n'));
        assert!(blocks(&format!("{}x", "> ".repeat(10_000))).contains('x'));
    }
}
