//! Lists of a spec that stay text: entities, edge cases, assumptions, clarifications, open questions, other sections.
//!
//! Owns: how each of these lists is written. Must not know: requirements and stories.

use super::blocks::{Block, Kind, Mark};
use super::outline::{Outline, Section, classify, title};
use super::requirements::strip_prefix_ignoring_case;
use crate::diagnostics::{Diagnostic, Diagnostics, Place, feature as codes};
use crate::model::feature::{Clarification, OpenQuestion};

/// What was gathered.
#[derive(Debug, Default)]
pub(super) struct Lists {
    pub(super) entities: Vec<(String, String)>,
    pub(super) edge_cases: Vec<String>,
    pub(super) assumptions: Vec<String>,
    pub(super) clarifications: Vec<Clarification>,
    pub(super) open_questions: Vec<OpenQuestion>,
    pub(super) other_sections: Vec<String>,
}

/// The words of an open question.
const OPEN: &str = "[NEEDS CLARIFICATION:";

/// Reads the lists of a spec.
pub(super) fn read(blocks: &[Block], file: &str, diagnostics: &mut Diagnostics) -> Lists {
    let mut lists = Lists::default();
    let mut outline = Outline::default();
    let mut session: Option<String> = None;
    for block in blocks {
        outline.enter(block);
        let section = outline.section();
        if section != Section::Reference && section != Section::Clarifications {
            lists.questions(block, file, diagnostics);
        }
        if let Kind::Heading(level) = block.kind {
            let title = title(&block.text);
            if level == 2 && classify(title).is_none() {
                lists.other_sections.push(title.to_owned());
            }
            session = (section == Section::Clarifications && level > 2).then(|| {
                strip_prefix_ignoring_case(title, "Session")
                    .unwrap_or(title)
                    .trim()
                    .to_owned()
            });
            continue;
        }
        if matches!(block.kind, Kind::Columns | Kind::Metadata) {
            continue;
        }
        match section {
            // What stands under a heading of its own there tells more about one of them.
            Section::Entities if outline.is_direct() => lists.entity(block),
            Section::EdgeCases => gather(&mut lists.edge_cases, block),
            Section::Assumptions => gather(&mut lists.assumptions, block),
            Section::Clarifications => lists.clarification(block, session.as_deref()),
            _ => {}
        }
    }
    lists.clarifications.retain(|found| !found.question.is_empty());
    lists
}

/// An item of a list with all that stands in it, or a row.
fn gather(list: &mut Vec<String>, block: &Block) {
    let text = block.text.trim().trim_end_matches(" |");
    match block.kind {
        Kind::Item if block.depth == 1 => list.push(text.to_owned()),
        Kind::Row => list.push(text.to_owned()),
        _ if block.depth > 0 => {
            if let Some(last) = list.last_mut() {
                last.push('\n');
                last.push_str(text);
            }
        }
        _ => {}
    }
}

impl Lists {
    fn entity(&mut self, block: &Block) {
        if block.kind == Kind::Row {
            let mut cells = block
                .cells
                .iter()
                .map(|range| block.text.get(range.clone()).unwrap_or("").trim());
            if let Some(name) = cells.next().filter(|name| !name.is_empty()) {
                self.entities
                    .push((name.to_owned(), cells.collect::<Vec<_>>().join(" | ")));
            }
            return;
        }
        if block.kind == Kind::Item && block.depth == 1 {
            let bold = block
                .bold()
                .next()
                .filter(|first| first.start == 0)
                .map(|first| first.end);
            let colon = block.text.find([':', '：', '—', '–']);
            let end = bold.or(colon).unwrap_or(block.text.len());
            let name = block.text.get(..end).unwrap_or("").trim().trim_end_matches([':', '：']);
            let said = block.text.get(end..).unwrap_or("");
            let said = said
                .trim_start_matches([':', '：', '—', '–', '-', ' ', '\n'])
                .trim_end();
            self.entities.push((name.to_owned(), said.to_owned()));
        } else if block.depth > 0
            && let Some((_, said)) = self.entities.last_mut()
        {
            if !said.is_empty() {
                said.push('\n');
            }
            said.push_str(block.text.trim());
        }
    }

    /// `Q: … → A: …`, on one line or two.
    fn clarification(&mut self, block: &Block, session: Option<&str>) {
        let mut rest = block.text.trim();
        if let Some(asked) = after_letter(rest, 'Q') {
            let answer = answer_at(asked);
            let question = answer.map_or(asked, |(at, _)| asked.get(..at).unwrap_or(""));
            self.clarifications.push(Clarification {
                session: session.map(str::to_owned),
                question: question
                    .trim()
                    .trim_end_matches(['→', '-', '>', '=', '⇒'])
                    .trim()
                    .to_owned(),
                answer: String::new(),
            });
            let Some((_, said)) = answer else {
                return;
            };
            rest = said;
        } else if let Some(said) = after_letter(rest, 'A') {
            rest = said;
        } else {
            let arrow = ["→", "->", "⇒", "=>"].iter().find_map(|arrow| rest.split_once(arrow));
            if let Some((question, said)) = arrow.filter(|_| block.kind == Kind::Item) {
                self.clarifications.push(Clarification {
                    session: session.map(str::to_owned),
                    question: question.trim().to_owned(),
                    answer: after_letter(said.trim(), 'A').unwrap_or(said).trim().to_owned(),
                });
                return;
            }
            if block.depth == 0 {
                return;
            }
        }
        if let Some(last) = self.clarifications.last_mut() {
            if !last.answer.is_empty() {
                last.answer.push('\n');
            }
            last.answer.push_str(rest.trim());
        }
    }

    fn questions(&mut self, block: &Block, file: &str, diagnostics: &mut Diagnostics) {
        let mut from = 0;
        let mut line_start = 0;
        while let Some(at) = block.text.get(from..).and_then(|rest| rest.find(OPEN)) {
            let before = from;
            let start = from + at;
            let inner = block.text.get(start + OPEN.len()..).unwrap_or("");
            let end = closing(inner);
            let question = inner
                .get(..end)
                .unwrap_or("")
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ");
            from = start + OPEN.len() + end;
            let passed = block.text.get(before..start).unwrap_or("");
            line_start = passed.rfind('\n').map_or(line_start, |end| before + end + 1);
            let line = block.text.get(line_start..start).unwrap_or("");
            let quoted =
                line.ends_with(['"', '\'', '“', '«', '`']) || strip_prefix_ignoring_case(line, "Input").is_some();
            if quoted || question.is_empty() || block.is(Mark::Code, start) || block.is(Mark::Struck, start) {
                continue;
            }
            let place = Place::bytes(file, block.bytes(&(start..start + OPEN.len() - 1)));
            let message = format!("a question is open: {question}");
            diagnostics.push(
                Diagnostic::new(&codes::CLARIFICATION_OPEN, message, place.clone())
                    .hint("write the answer into the text and take the marker away"),
            );
            self.open_questions.push(OpenQuestion { text: question, place });
        }
    }
}

/// Where the bracket ends that a question stands in; brackets within it are counted.
fn closing(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '[' => depth += 1,
            ']' if depth == 0 => return at,
            ']' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// What follows `Q:`, `Q1:`, `A:`.
fn after_letter(text: &str, letter: char) -> Option<&str> {
    let rest = text.strip_prefix(letter)?;
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.strip_prefix([':', '：', '.']).map(str::trim_start)
}

/// Where an answer begins in the text of a question: the end of the question, and the answer.
fn answer_at(text: &str) -> Option<(usize, &str)> {
    text.match_indices('A').find_map(|(at, _)| {
        let before = text.get(..at)?;
        let said = after_letter(text.get(at..)?, 'A')?;
        let trimmed = before.trim_end_matches([' ', '\n']);
        let parted = before.ends_with('\n') || trimmed.ends_with(['→', '>', '⇒', '—', '–', '?', '？', '|']);
        parted.then_some((at, said))
    })
}
