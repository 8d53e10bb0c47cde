//! Blocks: Markdown as a flat list of headings, items, paragraphs and table rows.
//!
//! Owns: what Markdown's syntax means, and the way from a character of a block back to its byte in the file. Must not know:
//! what a spec is. Code fences, HTML and comments leave no block, so nothing in them is ever taken for a part of a spec.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A heading of this level, from 1.
    Heading(u8),
    /// The first text of a list item.
    Item,
    /// A paragraph, or further text of an item.
    Paragraph,
    /// The head of a table.
    Columns,
    /// A row of a table.
    Row,
    /// The lines of a metadata block at the top.
    Metadata,
}

/// How a stretch of text was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// Strong emphasis.
    Bold,
    /// Struck out.
    Struck,
    /// Inline code.
    Code,
}

/// One block with its text as a reader sees it.
#[derive(Debug, Clone)]
pub(super) struct Block {
    /// What it is.
    pub(super) kind: Kind,
    /// Number of lists around it.
    pub(super) depth: usize,
    /// Text without markup; lines stay apart.
    pub(super) text: String,
    /// Where the cells of a row stand in the text.
    pub(super) cells: Vec<Range<usize>>,
    /// Marked stretches: ascending, apart from each other.
    bold: Vec<Range<usize>>,
    struck: Vec<Range<usize>>,
    code: Vec<Range<usize>>,
    /// Text offset -> byte of the file, ascending; between two entries both grow alike.
    sources: Vec<(usize, usize)>,
}

impl Block {
    fn new(kind: Kind, depth: usize) -> Self {
        Self {
            kind,
            depth,
            text: String::new(),
            cells: Vec::new(),
            bold: Vec::new(),
            struck: Vec::new(),
            code: Vec::new(),
            sources: Vec::new(),
        }
    }

    fn push(&mut self, text: &str, source: usize) {
        self.sources.push((self.text.len(), source));
        self.text.push_str(text);
    }

    /// Marks a stretch. Stretches of one mark end in the order of the text; one that holds others takes their place.
    fn mark(&mut self, mark: Mark, range: Range<usize>) {
        let ranges = match mark {
            Mark::Bold => &mut self.bold,
            Mark::Struck => &mut self.struck,
            Mark::Code => &mut self.code,
        };
        while ranges.last().is_some_and(|last| last.start >= range.start) {
            ranges.pop();
        }
        ranges.push(range);
    }

    /// The bytes of the file that a stretch of the text was read from, and with them the markup that stands inside it.
    pub(super) fn bytes(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.byte(range.start);
        match range.end.checked_sub(1) {
            Some(last) if last >= range.start => start..self.byte(last) + 1,
            _ => start..start,
        }
    }

    fn byte(&self, offset: usize) -> usize {
        let before = self.sources.partition_point(|(text, _)| *text <= offset);
        match before.checked_sub(1).and_then(|last| self.sources.get(last)) {
            Some((text, source)) => source + (offset - text),
            None => self.sources.first().map_or(0, |(_, source)| *source),
        }
    }

    fn of(&self, mark: Mark) -> &[Range<usize>] {
        match mark {
            Mark::Bold => &self.bold,
            Mark::Struck => &self.struck,
            Mark::Code => &self.code,
        }
    }

    /// Whether the character at an offset carries a mark.
    pub(super) fn is(&self, mark: Mark, offset: usize) -> bool {
        let ranges = self.of(mark);
        let next = ranges.partition_point(|range| range.end <= offset);
        ranges.get(next).is_some_and(|range| range.contains(&offset))
    }

    /// Where the struck out stretch ends that holds the character at an offset.
    pub(super) fn struck_to(&self, offset: usize) -> Option<usize> {
        let next = self.struck.partition_point(|range| range.end <= offset);
        let found = self.struck.get(next).filter(|range| range.contains(&offset))?;
        Some(found.end)
    }

    /// The bold stretches, in order.
    pub(super) fn bold(&self) -> impl Iterator<Item = Range<usize>> {
        self.bold.iter().cloned()
    }

    /// The text when all of it is bold, without a colon at its end.
    pub(super) fn wholly_bold(&self) -> Option<&str> {
        let text = self.text.trim_end_matches([':', '：', ' ', '\n']);
        let start = self.text.len() - self.text.trim_start().len();
        let end = self.bold.first().filter(|first| first.start <= start)?.end;
        (end >= text.len() && !text.is_empty()).then(|| text.trim())
    }

    /// A part of the text as a block of its own. A part that is not the first one of an item is a paragraph in it.
    pub(super) fn part(&self, range: Range<usize>) -> Self {
        let shift = |at: usize| at.clamp(range.start, range.end) - range.start;
        let within = |ranges: &[Range<usize>]| {
            let first = ranges.partition_point(|at| at.end <= range.start);
            let inside = ranges.iter().skip(first).take_while(|at| at.start < range.end);
            inside.map(|at| shift(at.start)..shift(at.end)).collect()
        };
        let mut sources = vec![(0, self.byte(range.start))];
        let first = self.sources.partition_point(|(text, _)| *text <= range.start);
        let inside = self
            .sources
            .iter()
            .skip(first)
            .take_while(|(text, _)| *text < range.end);
        sources.extend(inside.map(|(text, source)| (text - range.start, *source)));
        Self {
            kind: if range.start > 0 && self.kind == Kind::Item {
                Kind::Paragraph
            } else {
                self.kind
            },
            depth: self.depth,
            text: self.text.get(range.clone()).unwrap_or("").to_owned(),
            cells: Vec::new(),
            bold: within(&self.bold),
            struck: within(&self.struck),
            code: within(&self.code),
            sources,
        }
    }

    /// Offsets at which lines begin.
    pub(super) fn line_starts(&self) -> impl Iterator<Item = usize> {
        std::iter::once(0).chain(self.text.match_indices('\n').map(|(at, _)| at + 1))
    }

    /// The block cut at some of its line starts, given in ascending order.
    pub(super) fn cut(&self, starts: &[usize]) -> Vec<Self> {
        let mut parts = Vec::with_capacity(starts.len() + 1);
        let mut from = 0;
        for start in starts.iter().copied().filter(|start| *start > 0) {
            parts.push(self.part(from..start));
            from = start;
        }
        parts.push(self.part(from..self.text.len()));
        parts
    }
}

/// The blocks of a text, in order. `base` is the byte of the file at which the text begins.
pub(super) fn blocks(text: &str, base: usize) -> Vec<Block> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut writer = Writer::default();
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        let at = match &event {
            Event::Code(code) => range.start + code_offset(text.get(range.clone()).unwrap_or_default(), code),
            _ => range.start,
        };
        writer.event(event, base + at);
    }
    writer.flush();
    writer.done
}

/// Where the text of inline code begins in its source: behind its backticks, and behind the space or line end that is taken off.
fn code_offset(source: &str, code: &str) -> usize {
    let fence = source.len() - source.trim_start_matches('`').len();
    let inside = source.get(fence..).unwrap_or_default();
    if let Some(at) = inside.find(code) {
        return fence + at;
    }
    // Line ends within are told as spaces, so the text does not stand there letter by letter.
    let space = inside.len() - inside.trim_start_matches([' ', '\r', '\n']).len();
    fence + if code.starts_with(' ') { 0 } else { space }
}

#[derive(Default)]
struct Writer {
    done: Vec<Block>,
    open: Option<Block>,
    /// Open marks and the text offset at which they began.
    marks: Vec<(Mark, usize)>,
    depth: usize,
    /// Inside a code fence or an HTML block.
    hidden: bool,
}

impl Writer {
    fn event(&mut self, event: Event<'_>, at: usize) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if !self.hidden => self.text(&text, at),
            Event::Code(text) if !self.hidden => {
                let from = self.offset();
                self.text(&text, at);
                self.mark(Mark::Code, from);
            }
            Event::SoftBreak | Event::HardBreak => self.text("\n", at),
            Event::InlineHtml(html) => self.inline_html(&html, at),
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Heading { level, .. } => self.begin(Kind::Heading(*level as u8)),
            Tag::Paragraph => {
                let fresh = self
                    .open
                    .as_ref()
                    .is_some_and(|open| open.kind == Kind::Item && open.text.is_empty());
                if !fresh {
                    self.begin(Kind::Paragraph);
                }
            }
            Tag::List(_) => {
                self.flush();
                self.depth += 1;
            }
            Tag::Item => self.begin(Kind::Item),
            Tag::TableHead => self.begin(Kind::Columns),
            Tag::TableRow => self.begin(Kind::Row),
            Tag::TableCell => {
                let start = self.offset();
                if let Some(open) = &mut self.open {
                    open.cells.push(start..start);
                }
            }
            Tag::Strong => self.open_mark(Mark::Bold),
            Tag::Strikethrough => self.open_mark(Mark::Struck),
            Tag::MetadataBlock(_) => self.begin(Kind::Metadata),
            Tag::CodeBlock(_) | Tag::HtmlBlock => {
                self.flush();
                self.hidden = true;
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_)
            | TagEnd::Paragraph
            | TagEnd::Item
            | TagEnd::TableHead
            | TagEnd::TableRow
            | TagEnd::MetadataBlock(_) => self.flush(),
            TagEnd::List(_) => {
                self.flush();
                self.depth = self.depth.saturating_sub(1);
            }
            TagEnd::TableCell => {
                let end = self.offset();
                if let Some(open) = &mut self.open {
                    if let Some(cell) = open.cells.last_mut() {
                        cell.end = end;
                    }
                    open.text.push_str(" | ");
                }
            }
            TagEnd::Strong => self.close_mark(Mark::Bold),
            TagEnd::Strikethrough => self.close_mark(Mark::Struck),
            TagEnd::CodeBlock | TagEnd::HtmlBlock => self.hidden = false,
            _ => {}
        }
    }

    /// Tags that mean what Markdown has signs for; all others, and comments, are not text.
    fn inline_html(&mut self, html: &str, at: usize) {
        match html.to_ascii_lowercase().as_str() {
            "<del>" | "<s>" | "<strike>" => self.open_mark(Mark::Struck),
            "</del>" | "</s>" | "</strike>" => self.close_mark(Mark::Struck),
            "<b>" | "<strong>" => self.open_mark(Mark::Bold),
            "</b>" | "</strong>" => self.close_mark(Mark::Bold),
            "<br>" | "<br/>" | "<br />" => self.text("\n", at),
            _ => {}
        }
    }

    fn begin(&mut self, kind: Kind) {
        self.flush();
        self.open = Some(Block::new(kind, self.depth));
    }

    /// Text outside of every block is further text of the item around it.
    fn text(&mut self, text: &str, at: usize) {
        let depth = self.depth;
        self.open
            .get_or_insert_with(|| Block::new(Kind::Paragraph, depth))
            .push(text, at);
    }

    fn offset(&self) -> usize {
        self.open.as_ref().map_or(0, |open| open.text.len())
    }

    fn open_mark(&mut self, mark: Mark) {
        self.marks.push((mark, self.offset()));
    }

    fn close_mark(&mut self, mark: Mark) {
        if let Some(found) = self.marks.iter().rposition(|(open, _)| *open == mark) {
            let (_, from) = self.marks.remove(found);
            self.mark(mark, from);
        }
    }

    fn mark(&mut self, mark: Mark, from: usize) {
        let end = self.offset();
        if let Some(open) = &mut self.open
            && from < end
        {
            open.mark(mark, from..end);
        }
    }

    fn flush(&mut self) {
        self.marks.clear();
        if let Some(open) = self.open.take()
            && !open.text.trim().is_empty()
        {
            self.done.push(open);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_code_fences_html_and_comments_is_no_block() {
        let text =
            "a\n\n```\n# FR-001\n```\n\n<!-- FR-002\n\nFR-003 -->\n\n<div>\nFR-004\n</div>\n\nb <!-- FR-005 --> c\n";
        let texts: Vec<String> = blocks(text, 0).into_iter().map(|block| block.text).collect();
        assert_eq!(texts, ["a", "b  c"]);
    }

    #[test]
    fn a_stretch_of_text_leads_back_to_its_bytes() {
        let text = "- **FR-001**: see `FR-002` &amp; *FR-003*\n";
        let blocks = blocks(text, 0);
        for id in ["FR-001", "FR-002", "FR-003"] {
            let at = blocks[0].text.find(id).unwrap();
            assert_eq!(&text[blocks[0].bytes(&(at..at + id.len()))], id);
        }
    }

    #[test]
    fn items_keep_their_depth_and_further_paragraphs_are_theirs() {
        let found: Vec<(Kind, usize, String)> = blocks("- a\n\n  more\n  - b\n\nc\n", 0)
            .into_iter()
            .map(|block| (block.kind, block.depth, block.text))
            .collect();
        let expected = [
            (Kind::Item, 1, "a"),
            (Kind::Paragraph, 1, "more"),
            (Kind::Item, 2, "b"),
            (Kind::Paragraph, 0, "c"),
        ];
        assert_eq!(
            found,
            expected.map(|(kind, depth, text)| (kind, depth, text.to_owned()))
        );
    }
}
