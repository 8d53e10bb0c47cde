//! One feature spec, from its blocks.
//!
//! Owns: sections, requirements, clarifications, the head of a spec. Must not know: folders, contracts.

use super::blocks::{self, Block, Kind};
use super::{ids, stories};
use crate::diagnostics::{Diagnostic, Diagnostics, Place, feature as codes};
use crate::model::feature::{Clarification, OpenQuestion, Story};
use crate::model::{Feature, Requirement};

/// Begins the sentence that says why nothing in a contract carries a requirement.
const NOT_IN_CONTRACT: &str = "Not in the contract:";

/// The sections that mean something; all others are kept as titles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Head,
    Stories,
    EdgeCases,
    Requirements,
    SuccessCriteria,
    Entities,
    Clarifications,
    Assumptions,
    /// Lists of things to do or to look at: what they mention is not said there.
    Checklist,
    Other,
}

/// Reads a spec.
pub(super) fn read(file: &str, number: &str, slug: &str, text: &str, diagnostics: &mut Diagnostics) -> Feature {
    let feature = Feature {
        number: number.to_owned(),
        slug: slug.to_owned(),
        title: String::new(),
        file: file.to_owned(),
        status: None,
        created: None,
        branch: None,
        stories: Vec::new(),
        requirements: Vec::new(),
        entities: Vec::new(),
        clarifications: Vec::new(),
        open_questions: Vec::new(),
        edge_cases: Vec::new(),
        assumptions: Vec::new(),
        other_sections: Vec::new(),
    };
    let mut reader = Reader {
        feature,
        text,
        section: Section::Head,
        level: 1,
        group: None,
        session: None,
        story: None,
        heading: None,
        diagnostics,
    };
    for block in blocks::read(text) {
        reader.block(&block);
    }
    reader.finish()
}

struct Reader<'t, 'd> {
    feature: Feature,
    text: &'t str,
    section: Section,
    /// Level of the heading that began the section.
    level: u8,
    /// Heading or bold line above the requirements.
    group: Option<String>,
    /// Session of clarifications.
    session: Option<String>,
    /// Level of the heading of the story that is being read.
    story: Option<u8>,
    /// The requirement that is a heading, and its level: what follows belongs to it.
    heading: Option<(usize, u8)>,
    diagnostics: &'d mut Diagnostics,
}

impl Reader<'_, '_> {
    fn block(&mut self, block: &Block) {
        if let Kind::Heading(level) = block.kind {
            self.heading(block, level);
            return;
        }
        self.open_questions(block);
        if self.requirement(block) {
            return;
        }
        let nested = matches!(block.kind, Kind::Item { nested: true });
        if let Some((index, _)) = self.heading
            && !nested
            && let Some(requirement) = self.feature.requirements.get_mut(index)
        {
            requirement.text.push('\n');
            requirement.text.push_str(&block.whole());
            return;
        }
        match self.section {
            Section::Head => self.head(block),
            Section::Stories => self.story_block(block),
            Section::EdgeCases if !nested && is_item(block) => self.feature.edge_cases.push(block.whole()),
            Section::Assumptions if !nested && is_item(block) => self.feature.assumptions.push(block.whole()),
            Section::Entities if !nested && is_item(block) => {
                if let Some(name) = block.lead() {
                    self.feature.entities.push((name.to_owned(), block.behind_lead()));
                }
            }
            Section::Clarifications if !nested => self.clarification(block),
            Section::Requirements | Section::SuccessCriteria if block.kind == Kind::Paragraph => {
                if let (Some(lead), true) = (block.lead(), block.behind_lead().is_empty()) {
                    self.group = Some(lead.to_owned());
                }
            }
            _ => {}
        }
    }

    fn heading(&mut self, block: &Block, level: u8) {
        let title = block.text();
        if level == 1 && self.feature.title.is_empty() {
            self.feature.title = without_prefix(&title);
            return;
        }
        if self.heading.is_some_and(|(_, own)| level <= own) {
            self.heading = None;
        }
        if self.requirement(block) {
            self.heading = Some((self.feature.requirements.len().saturating_sub(1), level));
            return;
        }
        if let Some((number, title, priority)) = stories::heading(&title) {
            self.section = Section::Stories;
            self.level = self.level.min(level);
            self.story = Some(level);
            self.feature.stories.push(Story {
                number,
                title,
                priority,
                why: None,
                independent_test: None,
                scenarios: Vec::new(),
                place: self.place(block.at, title_length(self.text, block.at)),
            });
            return;
        }
        let known = section(&title);
        if known == Section::Other && level > self.level && self.section != Section::Head {
            self.below(&title, level);
            return;
        }
        // What stands below a section that is only mentioned stays there.
        if self.section == Section::Checklist && level > self.level {
            return;
        }
        self.section = known;
        self.level = level;
        self.group = None;
        self.session = None;
        self.story = None;
        if known == Section::Other {
            self.feature.other_sections.push(title);
        }
    }

    /// A heading inside of a section.
    fn below(&mut self, title: &str, level: u8) {
        match self.section {
            Section::Clarifications => {
                let session = title.strip_prefix("Session").unwrap_or(title);
                self.session = Some(session.trim().to_owned());
            }
            Section::Stories if title.to_lowercase().starts_with("acceptance") => {}
            Section::Stories if self.story.is_some_and(|story| level <= story) => self.story = None,
            Section::Requirements | Section::SuccessCriteria => self.group = Some(title.to_owned()),
            _ => {}
        }
    }

    fn head(&mut self, block: &Block) {
        let mut key = String::new();
        for run in &block.runs {
            if run.bold {
                key = run.text.trim().trim_end_matches(':').to_lowercase();
                continue;
            }
            let value = run.text.trim().trim_start_matches(':').trim();
            for line in value.lines() {
                let (name, value) = match line.split_once(':') {
                    Some((name, value)) if key.is_empty() => (name.trim().to_lowercase(), value.trim()),
                    _ => (key.clone(), line.trim()),
                };
                self.meta(&name, value);
            }
        }
    }

    fn meta(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        let slot = match name {
            "feature branch" | "branch" | "ветка" => &mut self.feature.branch,
            "created" | "date" | "создано" => &mut self.feature.created,
            "status" | "статус" => &mut self.feature.status,
            _ => return,
        };
        slot.get_or_insert_with(|| value.trim_matches('`').to_owned());
    }

    fn story_block(&mut self, block: &Block) {
        match self.feature.stories.last_mut() {
            Some(story) if self.story.is_some() => stories::add(story, block),
            // The first generation has its scenarios beside the one story.
            Some(story) if story.number.is_empty() => stories::scenario(&mut story.scenarios, &block.runs),
            _ => {}
        }
    }

    fn clarification(&mut self, block: &Block) {
        let whole = block.whole().replace('\n', " ");
        let Some(rest) = whole
            .trim()
            .strip_prefix("Q:")
            .or_else(|| whole.trim().strip_prefix("Q："))
        else {
            return;
        };
        let split = ["→ A:", "-> A:", "=> A:", " A:"]
            .iter()
            .find_map(|mark| rest.split_once(mark));
        if let Some((question, answer)) = split {
            self.feature.clarifications.push(Clarification {
                session: self.session.clone(),
                question: question.trim().to_owned(),
                answer: answer.trim().to_owned(),
            });
        }
    }

    /// Questions that are marked as open, outside of code and of lists of things to look at.
    fn open_questions(&mut self, block: &Block) {
        if matches!(self.section, Section::Checklist | Section::Clarifications) {
            return;
        }
        let text: String = block
            .runs
            .iter()
            .filter(|run| !run.code)
            .map(|run| run.text.as_str())
            .collect();
        for part in text.split("[NEEDS CLARIFICATION").skip(1) {
            let Some((question, _)) = part.split_once(']') else {
                continue;
            };
            let question = question.trim_start_matches(':').trim();
            let from = self
                .text
                .get(block.at..)
                .and_then(|rest| rest.find("[NEEDS CLARIFICATION"));
            let place = self.place(block.at + from.unwrap_or(0), "[NEEDS CLARIFICATION".len());
            let message = if question.is_empty() {
                "a question is open".to_owned()
            } else {
                format!("a question is open: {question}")
            };
            self.diagnostics.push(
                Diagnostic::new(&codes::QUESTION_OPEN, message, place.clone())
                    .hint("answer it under `## Clarifications` and remove the mark"),
            );
            self.feature.open_questions.push(OpenQuestion {
                text: question.to_owned(),
                place,
            });
        }
    }

    /// Takes a block as the definition of a requirement, when it is one.
    fn requirement(&mut self, block: &Block) -> bool {
        if matches!(self.section, Section::Checklist | Section::Clarifications) {
            return false;
        }
        let whole = match block.kind {
            Kind::Row => block
                .text()
                .split('\t')
                .map(str::trim)
                .filter(|cell| !cell.is_empty())
                .collect::<Vec<_>>()
                .join(" | "),
            _ => block.whole(),
        };
        let Some((id, kind, rest)) = ids::leading(&whole) else {
            self.tell_slip(block, &whole);
            return false;
        };
        if !self.defines(block, rest) {
            return false;
        }
        let (id, rest) = (id.to_owned(), rest.to_owned());
        let at = block.at + self.text.get(block.at..).and_then(|text| text.find(&id)).unwrap_or(0);
        let place = self.place(at, id.len());
        if let Some(first) = self.feature.requirements.iter().find(|known| known.id == id) {
            // Tables of coverage and notes about changes name what is defined elsewhere.
            let again =
                matches!(self.section, Section::Requirements | Section::SuccessCriteria) && block.kind != Kind::Row;
            if again {
                let message = format!("`{id}` is defined twice");
                self.diagnostics.push(
                    Diagnostic::new(&codes::REQUIREMENT_REPEATED, message, place)
                        .hint("give one of them another number")
                        .related(first.place.clone(), "the first one"),
                );
            }
            return again;
        }
        let text = clean(&rest);
        let struck = block.runs.iter().any(|run| run.struck && run.text.contains(&id));
        let upper = text.to_uppercase();
        let removed = struck
            || ["[REMOVED", "(REMOVED", "REMOVED", "[DELETED", "[WITHDRAWN"]
                .iter()
                .any(|word| upper.starts_with(word));
        let mut mentions = ids::all(&text);
        mentions.retain(|known| *known != id);
        self.feature.requirements.push(Requirement {
            global_id: format!("{}/{id}", self.feature.number),
            not_in_contract: text
                .split_once(NOT_IN_CONTRACT)
                .map(|(_, reason)| reason.trim().replace('\n', " ")),
            group: self.group.clone().filter(|group| !is_list_of_requirements(group)),
            id,
            kind,
            text,
            removed,
            mentions,
            place,
        });
        true
    }

    /// Whether a block that begins with an id defines it, rather than mentions it.
    fn defines(&self, block: &Block, rest: &str) -> bool {
        let rest = rest.trim_start_matches('*').trim_start();
        let lower = rest.to_lowercase();
        let range = ["to ", "through ", "bis ", "and ", "or ", ", ", "/", "..", "–", "до "]
            .iter()
            .any(|word| {
                lower
                    .strip_prefix(word)
                    .is_some_and(|rest| ids::leading(&rest.trim().to_uppercase()).is_some())
            });
        if range {
            return false;
        }
        let bold = block
            .runs
            .iter()
            .find(|run| !run.text.trim().is_empty())
            .is_some_and(|run| run.bold || run.struck);
        let marked = rest.starts_with([':', '：', '(', '|', '—', '–', '-', '[']);
        match block.kind {
            Kind::Heading(_) | Kind::Row => true,
            Kind::Item { .. } | Kind::Paragraph => {
                bold || marked || matches!(self.section, Section::Requirements | Section::SuccessCriteria)
            }
        }
    }

    fn tell_slip(&mut self, block: &Block, whole: &str) {
        if !matches!(self.section, Section::Requirements | Section::SuccessCriteria) || block.kind == Kind::Paragraph {
            return;
        }
        let word = whole.split([':', ' ', '\n', '|']).next().unwrap_or("");
        if let Some(meant) = ids::slip(word) {
            let message = format!("`{word}` looks like a requirement but is not read as one");
            let place = self.place(block.at, 1);
            self.diagnostics.push(
                Diagnostic::new(&codes::REQUIREMENT_MALFORMED, message, place).hint(format!("write `**{meant}**:`")),
            );
        }
    }

    fn finish(mut self) -> Feature {
        if self.feature.title.is_empty() {
            self.feature.title = self.feature.slug.replace('-', " ");
        }
        if self.feature.requirements.is_empty() {
            let message = "no requirement was found in this spec";
            let place = Place::file(&self.feature.file);
            self.diagnostics.push(
                Diagnostic::new(&codes::WITHOUT_REQUIREMENTS, message, place)
                    .hint("write requirements as `- **FR-001**: The system MUST …`"),
            );
        }
        self.feature
    }

    fn place(&self, at: usize, length: usize) -> Place {
        Place::bytes(&self.feature.file, at..(at + length).min(self.text.len()))
    }
}

fn is_item(block: &Block) -> bool {
    matches!(block.kind, Kind::Item { .. })
}

fn title_length(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.lines().next()).map_or(1, str::len)
}

/// A title without the words that every spec begins with.
fn without_prefix(title: &str) -> String {
    let rest = [
        "Feature Specification",
        "Feature Spec",
        "Спецификация функции",
        "Specification",
    ]
    .iter()
    .find_map(|prefix| title.strip_prefix(prefix));
    match rest.and_then(|rest| rest.split_once(':')) {
        Some((_, name)) if !name.trim().is_empty() => name.trim().to_owned(),
        _ => title.to_owned(),
    }
}

/// The text of a requirement without what stands between the id and it.
fn clean(rest: &str) -> String {
    let mut text = rest.trim();
    // `**FR-001** (P1):` and the like: the note stays with the text when it is all there is.
    if let Some((note, behind)) = text.strip_prefix('(').and_then(|text| text.split_once(')'))
        && note.len() < 60
        && behind.trim_start().starts_with([':', '：'])
    {
        text = behind;
    }
    text.trim_start_matches([':', '：', '|', '—', '–', '-', ' ', '.'])
        .trim()
        .to_owned()
}

fn is_list_of_requirements(title: &str) -> bool {
    let lower = title.to_lowercase();
    [
        "functional requirements",
        "measurable outcomes",
        "success criteria",
        "non-functional requirements",
    ]
    .contains(&lower.as_str())
}

/// What a section is about, by its title.
fn section(title: &str) -> Section {
    let lower = title.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&[
        "checklist",
        "execution status",
        "execution flow",
        "quick guidelines",
        "review &",
        "change log",
        "changelog",
    ]) {
        Section::Checklist
    } else if has(&["clarification", "уточнени"]) {
        Section::Clarifications
    } else if has(&["edge case", "граничны"]) {
        Section::EdgeCases
    } else if has(&["key entities", "ключевые сущности"]) {
        Section::Entities
    } else if has(&["success criteria", "measurable outcomes", "критерии успеха"]) {
        Section::SuccessCriteria
    } else if has(&["user scenario", "user stor", "acceptance scenario", "пользовательск"]) {
        Section::Stories
    } else if has(&["requirement", "требовани"]) {
        Section::Requirements
    } else if has(&["assumption", "предположени", "допущени"]) {
        Section::Assumptions
    } else {
        Section::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feature(text: &str) -> (Feature, Vec<&'static str>) {
        let mut diagnostics = Vec::new();
        let feature = read("specs/001-x/spec.md", "001", "x", text, &mut diagnostics);
        (feature, diagnostics.iter().map(|found| found.code.id).collect())
    }

    fn found(feature: &Feature) -> Vec<&str> {
        feature
            .requirements
            .iter()
            .map(|requirement| requirement.id.as_str())
            .collect()
    }

    #[test]
    fn definitions_are_told_from_mentions() {
        let (feature, told) = feature(
            "# Feature Specification: X\n## Requirements *(mandatory)*\n### Functional Requirements\n\
             - **FR-001**: one, see FR-002\n- FR-002 two\n#### FR-001 to FR-002\n- Added: FR-009\n\n| ID | Text |\n|--|--|\n| FR-003 | three |\n\n\
             ### FR-004: four\nmore of it\n- ~~**FR-005**: gone~~\n```\n- **FR-006**: code\n```\n<!-- - **FR-007**: comment -->\n",
        );
        assert_eq!(found(&feature), ["FR-001", "FR-002", "FR-003", "FR-004", "FR-005"]);
        assert_eq!(feature.requirements[0].mentions, ["FR-002"]);
        assert!(feature.requirements[4].removed);
        assert!(told.is_empty(), "{told:?}");
    }

    #[test]
    fn slips_repetitions_and_open_questions_are_told() {
        let (_, told) = feature(
            "# X\n## Requirements\n- **FR001**: one\n- **FR-002**: two [NEEDS CLARIFICATION: which?]\n- **FR-002**: again\n",
        );
        assert_eq!(
            told,
            [
                "SPEC_REQUIREMENT_MALFORMED",
                "SPEC_QUESTION_OPEN",
                "SPEC_REQUIREMENT_REPEATED"
            ]
        );
    }

    #[test]
    fn hostile_text_is_only_text() {
        for text in [
            "",
            "#",
            "- **FR-",
            "| | |\n|-|-|\n|",
            "**FR-001**",
            "\u{0}\u{feff}# x",
            &"- ".repeat(3000),
            &"> ".repeat(3000),
        ] {
            let _ = feature(text);
        }
    }
}
