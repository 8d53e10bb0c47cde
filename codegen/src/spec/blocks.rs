//! Blocks: a Markdown text as headings, list items, paragraphs and table rows.
//!
//! Owns: what Markdown is: code fences and comments are nothing, emphasis is not text. Must not know: what a spec says.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A heading of a level from 1.
    Heading(u8),
    /// An item of a list; nested ones come after what they stand in.
    Item { nested: bool },
    /// A paragraph.
    Paragraph,
    /// A row of a table that is not its head; cells are parts of the text, divided by tabs.
    Row,
}

/// A stretch of text in one style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) text: String,
    pub(super) bold: bool,
    pub(super) struck: bool,
    pub(super) code: bool,
}

/// A block of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) kind: Kind,
    /// Where it begins, in bytes.
    pub(super) at: usize,
    pub(super) runs: Vec<Run>,
    /// Texts of the items that are nested in it.
    pub(super) inner: Vec<String>,
}

impl Block {
    /// Its text without styles, trimmed.
    pub(super) fn text(&self) -> String {
        let text: String = self.runs.iter().map(|run| run.text.as_str()).collect();
        text.trim().to_owned()
    }

    /// Its text and that of what is nested in it.
    pub(super) fn whole(&self) -> String {
        let mut text = self.text();
        for inner in &self.inner {
            text.push('\n');
            text.push_str(inner);
        }
        text
    }

    /// The bold text that it begins with, without the colon behind it.
    pub(super) fn lead(&self) -> Option<&str> {
        let first = self.runs.iter().find(|run| !run.text.trim().is_empty())?;
        first
            .bold
            .then(|| first.text.trim().trim_end_matches([':', '：']).trim())
    }

    /// The text behind the bold text that it begins with.
    pub(super) fn behind_lead(&self) -> String {
        let mut runs = self.runs.iter().skip_while(|run| run.text.trim().is_empty());
        runs.next();
        let text: String = runs.map(|run| run.text.as_str()).collect();
        text.trim().trim_start_matches([':', '：']).trim().to_owned()
    }
}

/// Takes a text apart, in one pass.
pub(super) fn read(text: &str) -> Vec<Block> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut reader = Reader::default();
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        reader.event(event, range.start);
    }
    let mut blocks = reader.done;
    blocks.sort_by_key(|block| block.at);
    blocks
}

#[derive(Default)]
struct Reader {
    done: Vec<Block>,
    open: Vec<Block>,
    bold: usize,
    struck: usize,
    /// Inside of a code block, an HTML block or the head of a table.
    skipped: usize,
}

impl Reader {
    fn event(&mut self, event: Event<'_>, at: usize) {
        match event {
            Event::Start(tag) => self.start(&tag, at),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(&text, false),
            Event::Code(text) => self.text(&text, true),
            Event::SoftBreak | Event::HardBreak => self.text("\n", false),
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>, at: usize) {
        match tag {
            Tag::Heading { level, .. } => self.push(Kind::Heading(number(*level)), at),
            Tag::Item => {
                let nested = self.open.iter().any(|block| matches!(block.kind, Kind::Item { .. }));
                self.push(Kind::Item { nested }, at);
            }
            Tag::Paragraph if self.open.is_empty() => self.push(Kind::Paragraph, at),
            // A further paragraph of an item.
            Tag::Paragraph => self.text("\n", false),
            Tag::TableRow => self.push(Kind::Row, at),
            Tag::CodeBlock(_) | Tag::HtmlBlock | Tag::TableHead | Tag::MetadataBlock(_) => self.skipped += 1,
            Tag::Strong => self.bold += 1,
            Tag::Strikethrough => self.struck += 1,
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) | TagEnd::Item | TagEnd::TableRow => self.pop(),
            TagEnd::Paragraph if self.open.last().is_some_and(|block| block.kind == Kind::Paragraph) => self.pop(),
            TagEnd::TableCell => self.text("\t", false),
            TagEnd::CodeBlock | TagEnd::HtmlBlock | TagEnd::TableHead | TagEnd::MetadataBlock(_) => {
                self.skipped = self.skipped.saturating_sub(1);
            }
            TagEnd::Strong => self.bold = self.bold.saturating_sub(1),
            TagEnd::Strikethrough => self.struck = self.struck.saturating_sub(1),
            _ => {}
        }
    }

    fn push(&mut self, kind: Kind, at: usize) {
        self.open.push(Block {
            kind,
            at,
            runs: Vec::new(),
            inner: Vec::new(),
        });
    }

    fn pop(&mut self) {
        let Some(block) = self.open.pop() else { return };
        if let (Kind::Item { nested: true }, Some(outer)) = (block.kind, self.open.last_mut()) {
            outer.inner.push(block.whole());
        }
        self.done.push(block);
    }

    fn text(&mut self, text: &str, code: bool) {
        if self.skipped > 0 {
            return;
        }
        let (bold, struck) = (self.bold > 0, self.struck > 0);
        let Some(block) = self.open.last_mut() else { return };
        match block.runs.last_mut() {
            Some(run) if run.bold == bold && run.struck == struck && run.code == code => run.text.push_str(text),
            _ => block.runs.push(Run {
                text: text.to_owned(),
                bold,
                struck,
                code,
            }),
        }
    }
}

fn number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}
