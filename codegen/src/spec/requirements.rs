//! Requirements: ids with their texts, from items, headings, table rows and paragraphs.
//!
//! Owns: what defines a requirement and what only refers to one, groups, struck out ids, reasons. Must not know: stories.

use std::ops::Range;

use indexmap::{IndexMap, IndexSet};

use super::blocks::{Block, Kind, Mark};
use super::outline::{Outline, Section, is_plain};
use super::{ids, stories};
use crate::diagnostics::{Diagnostic, Diagnostics, Place, feature as codes};
use crate::model::{Requirement, RequirementKind};

/// The sentence with which a requirement says why no contract carries it.
const NOT_IN_CONTRACT: &str = "not in the contract:";

/// Reads every requirement of a spec, in the order of the text. `folder` stands before the global ids.
pub(super) fn read(blocks: &[Block], file: &str, folder: &str, diagnostics: &mut Diagnostics) -> Vec<Requirement> {
    let mut reader = Reader {
        file,
        found: Vec::new(),
        open: None,
        outline: Outline::default(),
        bold_group: None,
        item_groups: Vec::new(),
        diagnostics,
    };
    for block in blocks {
        reader.outline.enter(block);
        let starts: Vec<usize> = match block.kind {
            Kind::Item | Kind::Paragraph => block
                .line_starts()
                .filter(|start| *start > 0 && definition(block, *start, false).is_some_and(|found| found.marked))
                .collect(),
            _ => Vec::new(),
        };
        if starts.is_empty() {
            reader.block(block);
        } else {
            for part in block.cut(&starts) {
                reader.block(&part);
            }
        }
    }
    reader.finish(folder)
}

/// A requirement while its text is still being gathered.
struct Found {
    id: String,
    text: String,
    group: Option<String>,
    struck: bool,
    range: Range<usize>,
    /// From a row of a table, which may as well only refer to it.
    row: bool,
}

/// How far the text of the open requirement reaches.
enum Extent {
    /// To the next item of this depth or less.
    Item(usize),
    /// To the next heading of this level or less.
    Heading(u8),
    /// Only its own paragraph.
    Paragraph,
}

struct Reader<'a> {
    file: &'a str,
    found: Vec<Found>,
    open: Option<Extent>,
    outline: Outline,
    bold_group: Option<String>,
    /// Items that are nothing but a bold title, with their depth.
    item_groups: Vec<(usize, String)>,
    diagnostics: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn block(&mut self, block: &Block) {
        let section = self.outline.section();
        self.close(block);
        match block.kind {
            Kind::Heading(_) => {
                self.bold_group = None;
                self.item_groups.clear();
            }
            Kind::Item => self.item_groups.retain(|(depth, _)| *depth < block.depth),
            Kind::Columns | Kind::Metadata => return,
            _ => {}
        }
        if matches!(section, Section::Reference | Section::Clarifications) {
            return;
        }
        if block.kind == Kind::Row {
            self.row(block);
            return;
        }
        let demanded = matches!(
            section,
            Section::Requirements | Section::SuccessCriteria | Section::EdgeCases
        );
        if let Some(definition) = definition(block, 0, demanded) {
            self.define(block, &definition);
            return;
        }
        if demanded {
            self.tell_near_miss(block);
        }
        if self.open.is_some() {
            self.append(&block.text);
        } else if let Some(title) = block.wholly_bold() {
            match block.kind {
                Kind::Paragraph if block.depth == 0 => self.bold_group = Some(title.to_owned()),
                Kind::Item => self.item_groups.push((block.depth, title.to_owned())),
                _ => {}
            }
        }
    }

    /// Ends the open requirement when the block no longer belongs to it.
    fn close(&mut self, block: &Block) {
        let over = match (&self.open, block.kind) {
            (None, _) => false,
            (Some(Extent::Heading(level)), Kind::Heading(next)) => next <= *level,
            (Some(Extent::Heading(_)), _) => false,
            (Some(Extent::Item(depth)), Kind::Item) => block.depth <= *depth,
            (Some(Extent::Item(depth)), _) => block.depth < *depth,
            (Some(Extent::Paragraph), _) => true,
        };
        if over {
            self.open = None;
        }
    }

    fn define(&mut self, block: &Block, definition: &Definition) {
        let text = block.text.get(definition.text..).unwrap_or("").trim();
        self.found.push(Found {
            id: definition.id.clone(),
            text: text.to_owned(),
            group: self.group(block),
            struck: is_struck(block, definition),
            range: block.bytes(&definition.range),
            row: false,
        });
        self.open = Some(match block.kind {
            Kind::Heading(level) => Extent::Heading(level),
            Kind::Item => Extent::Item(block.depth),
            _ if block.depth > 0 => Extent::Item(block.depth),
            _ => Extent::Paragraph,
        });
    }

    /// A row defines the id in one of its first two cells, unless something else does.
    fn row(&mut self, block: &Block) {
        let cell = |range: &Range<usize>| block.text.get(range.clone()).unwrap_or("");
        for (i, range) in block.cells.iter().enumerate().take(2) {
            let text = cell(range);
            let start = range.start + (text.len() - text.trim_start().len());
            let Some(id) = block.text.get(start..range.end).and_then(ids::at_start) else {
                continue;
            };
            let end = start + id.len();
            let rest = block.text.get(end..range.end).unwrap_or("").trim();
            if !(rest.is_empty() || rest.starts_with('(') && rest.ends_with(')')) {
                return;
            }
            let others = block.cells.iter().skip(i + 1).map(cell);
            let mut said: Vec<&str> = others.map(str::trim).filter(|text| !text.is_empty()).collect();
            if said.is_empty() {
                return;
            }
            if !rest.is_empty() {
                said.push(rest);
            }
            self.open = None;
            self.found.push(Found {
                id: id.to_owned(),
                text: said.join(" | "),
                group: self.group(block),
                struck: block.is(Mark::Struck, start),
                range: block.bytes(&(start..end)),
                row: true,
            });
            return;
        }
    }

    fn append(&mut self, text: &str) {
        if let Some(found) = self.found.last_mut() {
            if !found.text.is_empty() {
                found.text.push('\n');
            }
            found.text.push_str(text.trim());
        }
    }

    fn group(&self, block: &Block) -> Option<String> {
        if let Some((_, title)) = self.item_groups.iter().rev().find(|(depth, _)| *depth < block.depth) {
            return Some(title.clone());
        }
        if self.bold_group.is_some() {
            return self.bold_group.clone();
        }
        let own = matches!(block.kind, Kind::Heading(_));
        let heading = if own {
            self.outline.above()
        } else {
            self.outline.heading()
        }?;
        if heading.level == 1 || stories::heading(&heading.title).is_some() {
            return None;
        }
        let title = without_ids(&heading.title);
        (!title.is_empty() && !is_plain(title)).then(|| title.to_owned())
    }

    fn tell_near_miss(&mut self, block: &Block) {
        let start = first_letter(&block.text);
        let listed = matches!(block.kind, Kind::Item | Kind::Heading(_)) || block.is(Mark::Bold, start);
        let text = block.text.get(start..).unwrap_or("");
        if !listed || ids::at_start(text).is_some() {
            return;
        }
        if let Some((length, right)) = ids::near_miss(text) {
            let range = start..start + length;
            let written = block.text.get(range.clone()).unwrap_or("");
            let place = Place::bytes(self.file, block.bytes(&range));
            let message = format!("`{written}` is not read as a requirement id");
            self.diagnostics.push(
                Diagnostic::new(&codes::REQUIREMENT_ID_MALFORMED, message, place).hint(format!("write `{right}`")),
            );
        }
    }

    fn finish(self, folder: &str) -> Vec<Requirement> {
        let Self {
            file,
            found,
            diagnostics,
            ..
        } = self;
        let mut firsts: IndexMap<String, Range<usize>> = IndexMap::new();
        for found in found.iter().filter(|found| !found.row) {
            firsts.entry(found.id.clone()).or_insert_with(|| found.range.clone());
        }
        let mut made = Vec::with_capacity(found.len());
        for found in found {
            let first = firsts.entry(found.id.clone()).or_insert_with(|| found.range.clone());
            if *first == found.range {
                made.push(requirement(found, file, folder));
            } else if !found.row {
                let message = format!("`{}` is defined a second time", found.id);
                diagnostics.push(
                    Diagnostic::new(&codes::REQUIREMENT_DUPLICATE, message, Place::bytes(file, found.range))
                        .hint("give the second one an id of its own; ids are never given away again")
                        .related(Place::bytes(file, first.clone()), "defined here first"),
                );
            }
        }
        made
    }
}

fn requirement(found: Found, file: &str, folder: &str) -> Requirement {
    let ids = ids::all(&found.text);
    let mentions: IndexSet<&str> = ids
        .into_iter()
        .filter_map(|range| found.text.get(range))
        .filter(|id| *id != found.id)
        .collect();
    let mentions = mentions.into_iter().map(str::to_owned).collect();
    Requirement {
        global_id: format!("{folder}/{}", found.id),
        kind: ids::kind(&found.id).unwrap_or(RequirementKind::Other),
        group: found.group,
        removed: found.struck || says_removed(&found.text),
        not_in_contract: reason(&found.text),
        mentions,
        place: Place::bytes(file, found.range),
        id: found.id,
        text: found.text,
    }
}

/// Whether the id is struck out, or the text is and nothing but a word about that follows.
fn is_struck(block: &Block, definition: &Definition) -> bool {
    if block.is(Mark::Struck, definition.range.start) {
        return true;
    }
    let start = definition.text + block.text.get(definition.text..).map_or(0, first_letter);
    block.struck_to(start).is_some_and(|end| {
        let rest = block.text.get(end..).unwrap_or("").trim();
        rest.is_empty() || says_removed(rest)
    })
}

/// An id that stands where a requirement is defined.
pub(super) struct Definition {
    id: String,
    range: Range<usize>,
    /// Where its text begins.
    text: usize,
    /// The id is set off by emphasis or code.
    pub(super) marked: bool,
}

/// What the line at `start` of a block defines. `demanded`: the section is one of requirements, so less is asked for.
pub(super) fn definition(block: &Block, start: usize, demanded: bool) -> Option<Definition> {
    let line = block.text.get(start..)?;
    let start = start + first_letter(line);
    let rest = block.text.get(start..)?;
    let id = ids::at_start(rest)?;
    let end = start + id.len();
    let marked = block.is(Mark::Bold, start) || block.is(Mark::Code, start);
    let after = block.text.get(end..)?;
    if refers_on(after) {
        return None;
    }
    let skipped = after.len() - after.trim_start_matches([']', '*', ' ']).len();
    let mut text = end + skipped;
    let said = block.text.get(text..)?;
    let colon = colon_after_groups(said);
    if said.starts_with([':', '：', '—', '–', '-', '.', '|', '、']) {
        text += said.chars().next().map_or(0, char::len_utf8);
    }
    let separated = text > end + skipped || colon;
    let defines = match block.kind {
        Kind::Heading(_) => true,
        Kind::Item => {
            (marked && (separated || demanded || !said.is_empty()))
                || separated && (demanded || said.starts_with([':', '：']))
                || demanded && said.starts_with(|c: char| c.is_uppercase() || !c.is_ascii())
        }
        Kind::Paragraph => {
            block.is(Mark::Bold, start) && (separated || demanded) || demanded && said.starts_with([':', '：'])
        }
        _ => false,
    };
    defines.then(|| Definition {
        id: id.to_owned(),
        range: start..end,
        text,
        marked,
    })
}

/// Offset of the first letter or digit; what stands before it are ticks, brackets and signs.
fn first_letter(text: &str) -> usize {
    text.char_indices()
        .find(|(_, c)| c.is_alphanumeric() || *c == '\n')
        .map_or(text.len(), |(at, _)| at)
}

/// Whether what follows an id joins it to another one: a range or a list speaks about requirements, it defines none.
fn refers_on(after: &str) -> bool {
    let after = after.trim_start_matches([']', '*', ' ', ')']);
    let joined = after
        .strip_prefix("through ")
        .or_else(|| after.strip_prefix("to "))
        .or_else(|| after.strip_prefix("and "))
        .or_else(|| after.strip_prefix("и "))
        .or_else(|| after.strip_prefix("по "))
        .or_else(|| {
            let cut =
                after.trim_start_matches([',', '/', '&', '–', '—', '-', '.', '…', '~', '〜', '～', '、', '+', '→']);
            (cut.len() < after.len()).then_some(cut)
        });
    let Some(joined) = joined else {
        return false;
    };
    let joined = joined.trim_start_matches(['[', '*', ' ']);
    let digits = joined.len() - joined.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    // `FR-001..003` and `FR-001-003` are ranges as well.
    ids::at_start(joined).is_some() || (2..=4).contains(&digits) && after.starts_with([',', '/', '–', '.', '…', '~'])
}

/// Whether parenthesised remarks and then a colon follow: `(P1) (D8): `.
fn colon_after_groups(text: &str) -> bool {
    let mut rest = text.trim_start();
    while let Some(inner) = rest.strip_prefix('(').or_else(|| rest.strip_prefix('[')) {
        let Some(end) = inner.find([')', ']', '\n']) else {
            return false;
        };
        rest = inner.get(end + 1..).unwrap_or("").trim_start();
    }
    rest.len() < text.len() && rest.starts_with([':', '：', '—', '–'])
}

/// A heading without the ids that it lists at its end: `Billing (FR-001 to FR-003)`.
fn without_ids(title: &str) -> &str {
    let Some((before, inner)) = title.strip_suffix(')').and_then(|text| text.rsplit_once('(')) else {
        return title.trim();
    };
    if ids::all(inner).is_empty() {
        title.trim()
    } else {
        before.trim()
    }
}

/// Whether a text begins by saying that the requirement no longer holds.
pub(super) fn says_removed(text: &str) -> bool {
    let head = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    let opened = text.trim_start().starts_with(['(', '[', '~']);
    [
        "removed",
        "withdrawn",
        "deleted",
        "dropped",
        "superseded",
        "удалено",
        "удалён",
        "отменено",
    ]
    .iter()
    .filter_map(|word| strip_prefix_ignoring_case(head, word))
    .filter(|after| !after.starts_with(char::is_alphanumeric))
    .any(|after| {
        let rest = after.trim_start();
        opened
            || rest.is_empty()
            || rest.starts_with(['.', ':', ';', ',', ')', ']', '—', '–', '-', '('])
            || rest.starts_with("in favo")
            || rest.strip_prefix("by ").is_some_and(|by| ids::at_start(by).is_some())
    })
}

/// What follows a word, whatever its case.
pub(super) fn strip_prefix_ignoring_case<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let mut rest = text.chars();
    for expected in word.chars() {
        let c = rest.next()?;
        if c != expected && !c.to_lowercase().eq(expected.to_lowercase()) {
            return None;
        }
    }
    Some(rest.as_str())
}

/// Why no contract carries it: the rest of the line after the words that begin such a sentence.
fn reason(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let at = lower.match_indices(NOT_IN_CONTRACT).map(|(at, _)| at).find(|at| {
        let before = text.get(..*at).unwrap_or("").trim_end();
        before.is_empty()
            || before.ends_with(['.', '!', '?', ':', ')', ']', '。', '*'])
            || before.len() < *at && text.get(..*at).is_some_and(|text| text.ends_with('\n'))
    })?;
    let reason = text
        .get(at + NOT_IN_CONTRACT.len()..)?
        .lines()
        .next()
        .unwrap_or("")
        .trim();
    (!reason.is_empty()).then(|| reason.to_owned())
}
