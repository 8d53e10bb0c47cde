//! User stories with their acceptance scenarios.
//!
//! Owns: the headings of stories, the labels in them, which scenario belongs to which story. Must not know: requirements.

use super::blocks::{Block, Kind, Mark};
use super::outline::{Outline, Section, classify};
use super::requirements::{says_removed, strip_prefix_ignoring_case};
use super::scenario::{self, Steps};
use crate::diagnostics::{Diagnostic, Diagnostics, Place, feature as codes};
use crate::model::feature::{Scenario, Story};

/// What stories are called, longest first.
const NAMES: &[&str] = &[
    "Primary User Story",
    "User Story",
    "Historia de Usuario",
    "História de Usuário",
    "Histoire utilisateur",
    "Пользовательская история",
    "История пользователя",
    "사용자 스토리",
    "ユーザーストーリー",
    "ユーザストーリー",
    "用户故事",
    "Story",
    "История",
    "US",
];

/// Labels of the parts of a story.
const WHY: &[&str] = &[
    "Why this priority",
    "Why",
    "Почему такой приоритет",
    "Почему этот приоритет",
    "Почему",
    "우선순위 이유",
    "この優先度の理由",
];
const TEST: &[&str] = &[
    "Independent Test",
    "Независимый тест",
    "Независимая проверка",
    "Независимое тестирование",
    "독립 테스트",
    "独立テスト",
];
const PRIORITY: &[&str] = &["Priority", "Приоритет", "우선순위", "優先度"];

/// What the heading of a story says.
pub(super) struct Head {
    number: String,
    title: String,
    priority: Option<String>,
}

/// Reads the title of a heading as that of a story.
pub(super) fn heading(text: &str) -> Option<Head> {
    let text = text.trim_start_matches(|c: char| !c.is_alphabetic());
    let (name, rest) = NAMES
        .iter()
        .find_map(|name| Some((*name, strip_prefix_ignoring_case(text, name)?)))?;
    let short = name == "US";
    let unnumbered = name == "Primary User Story";
    let rest = if short {
        rest.strip_prefix(['-', '_', ' ']).unwrap_or(rest)
    } else {
        rest.trim_start_matches([' ', '#', '№', '-', '–', '—'])
    };
    let digits = rest
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(rest.len());
    let number = rest.get(..digits)?.trim_end_matches('.');
    let mut end = number.len();
    if end > 0 && rest.get(end..)?.starts_with(|c: char| c.is_ascii_lowercase()) {
        end += 1;
    }
    let after = rest.get(end..)?;
    if after.starts_with(|c: char| c.is_alphanumeric() && c.is_ascii()) && end > 0 {
        return None;
    }
    let colon = after.trim_start().starts_with([':', '：']);
    if end == 0 && !unnumbered && (short || !colon) {
        return None;
    }
    let (after, first) = match split_leading(after) {
        Some((rest, priority)) => (rest, Some(priority)),
        None => (after, None),
    };
    let title = after.trim_start_matches([' ', ':', '：', '-', '–', '—', '.', '|', ')']);
    let (title, priority) = split_priority(title);
    let priority = first.or(priority);
    Some(Head {
        number: rest.get(..end)?.to_owned(),
        title: title.to_owned(),
        priority,
    })
}

/// A title and the priority in brackets behind it.
fn split_priority(title: &str) -> (&str, Option<String>) {
    for (open, _) in title.rmatch_indices(['(', '[', '（']).take(4) {
        let inner = title.get(open..).unwrap_or("");
        let inner = inner
            .find([')', ']', '）'])
            .and_then(|end| inner.get(..end))
            .unwrap_or(inner);
        if let Some(priority) = priority(inner) {
            return (title.get(..open).unwrap_or("").trim(), Some(priority));
        }
    }
    (title.trim(), None)
}

/// What follows a priority in brackets, and the priority: `(P1) — Title`.
fn split_leading(text: &str) -> Option<(&str, String)> {
    let inner = text.trim_start().strip_prefix(['(', '['])?;
    let end = inner.find([')', ']'])?;
    let found = priority(inner.get(..end)?)?;
    Some((inner.get(end + 1..)?, found))
}

/// `P1` in a text.
fn priority(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_alphanumeric()).find_map(|word| {
        let digits = word.strip_prefix(['P', 'p'])?;
        let number = (1..=2).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit());
        number.then(|| format!("P{digits}"))
    })
}

/// Reads every story of a spec.
pub(super) fn read(blocks: &[Block], file: &str, diagnostics: &mut Diagnostics) -> Vec<Story> {
    let mut reader = Reader {
        file,
        stories: Vec::new(),
        level: None,
        open: None,
        label: None,
        accepting: false,
        listing: false,
        outline: Outline::default(),
        diagnostics,
    };
    for block in blocks {
        reader.outline.enter(block);
        if matches!(block.kind, Kind::Item | Kind::Paragraph) {
            let starts: Vec<usize> = block
                .line_starts()
                .filter(|start| block.is(Mark::Bold, *start))
                .collect();
            for part in block.cut(&starts) {
                reader.block(&part);
            }
        } else {
            reader.block(block);
        }
    }
    reader.flush();
    reader.stories
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Label {
    Title,
    Why,
    Test,
}

struct Reader<'a> {
    file: &'a str,
    stories: Vec<Story>,
    /// Level of the heading of the open story.
    level: Option<u8>,
    open: Option<Scenario>,
    /// A label whose text comes with the next paragraph.
    label: Option<Label>,
    /// Below the words "acceptance scenarios" or "acceptance criteria".
    accepting: bool,
    /// In a list that these words announce, so that each item should be a scenario.
    listing: bool,
    outline: Outline,
    diagnostics: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn block(&mut self, block: &Block) {
        if let Kind::Heading(level) = block.kind {
            self.heading(block, level);
            return;
        }
        let section = self.outline.section();
        if matches!(section, Section::Reference | Section::Clarifications)
            || matches!(block.kind, Kind::Columns | Kind::Metadata)
        {
            return;
        }
        if self.labelled(block) {
            return;
        }
        if let Some(steps) = scenario::steps(block)
            .filter(|steps| self.may_hold_steps(section) && (self.open.is_some() || !steps.continues()))
        {
            self.label = None;
            self.steps(steps, block);
            return;
        }
        if block.kind == Kind::Item && self.item_story(block) {
            return;
        }
        if self.paragraph(block) {
            return;
        }
        let between = self.open.as_ref().is_none_or(|open| !open.then.is_empty());
        let removed = says_removed(&block.text);
        if block.depth == 0 {
            self.listing = false;
        } else if self.listing && block.kind == Kind::Item && block.depth == 1 && between && !removed {
            self.flush();
            let range = 0..block.text.lines().next().map_or(0, str::len);
            let place = Place::bytes(self.file, block.bytes(&range));
            let message = "an acceptance scenario has none of the words Given, When and Then";
            let hint = "write `**Given** …, **When** …, **Then** …`";
            self.diagnostics
                .push(Diagnostic::new(&codes::SCENARIO_UNREAD, message, place).hint(hint));
        }
    }

    fn heading(&mut self, block: &Block, level: u8) {
        self.flush();
        self.label = None;
        self.accepting = says_acceptance(&block.text);
        self.listing = self.accepting && says_scenario(&block.text);
        if let Some(head) = heading(&block.text) {
            let unnamed = head.title.is_empty();
            self.push(head, block);
            self.level = Some(level);
            self.label = unnamed.then_some(Label::Title);
        } else if !self.accepting && self.level.is_some_and(|open| level <= open) {
            self.level = None;
        }
    }

    fn push(&mut self, head: Head, block: &Block) {
        self.stories.push(Story {
            number: head.number,
            title: head.title,
            priority: head.priority,
            why: None,
            independent_test: None,
            scenarios: Vec::new(),
            place: Place::bytes(self.file, block.bytes(&(0..block.text.trim_end().len()))),
        });
    }

    /// Steps are read in stories, in the sections for them, and under headings that announce a scenario.
    fn may_hold_steps(&self, section: Section) -> bool {
        let announced = |title: &str| {
            let lower = title.to_lowercase();
            lower.contains("scenario") || lower.contains("acceptance") || lower.contains("сценари")
        };
        self.level.is_some()
            || self.accepting
            || section == Section::Scenarios
            || self.outline.heading().is_some_and(|heading| announced(&heading.title))
    }

    /// `**Why this priority**: …` and the other labels; whether the block was one.
    fn labelled(&mut self, block: &Block) -> bool {
        if self.level.is_none() {
            return false;
        }
        let text = block.text.trim_start();
        let from = block.text.len() - text.len();
        if !block.is(Mark::Bold, from) {
            return false;
        }
        let after = |labels: &[&str]| {
            labels.iter().find_map(|label| {
                let rest = strip_prefix_ignoring_case(text, label)?;
                let rest = rest.trim_start();
                let ended = rest.is_empty() || rest.starts_with([':', '：', '(', '?', '*', '-', '—', '–']);
                ended.then(|| {
                    rest.trim_start_matches([':', '：', '?', '-', '—', '–', ' ', '\n'])
                        .trim()
                        .to_owned()
                })
            })
        };
        if let Some(said) = after(WHY) {
            self.set(Label::Why, said);
        } else if let Some(said) = after(TEST) {
            self.set(Label::Test, said);
        } else if let Some(said) = after(PRIORITY) {
            if let Some(story) = self.stories.last_mut() {
                story.priority = priority(&said).or_else(|| story.priority.take());
            }
        } else if says_acceptance(text) && scenario::steps(block).is_none() {
            self.flush();
            self.label = None;
            self.accepting = true;
            self.listing = says_scenario(text);
        } else {
            return false;
        }
        true
    }

    fn set(&mut self, label: Label, said: String) {
        self.flush();
        self.accepting = false;
        self.listing = false;
        self.label = said.is_empty().then_some(label);
        if said.is_empty() {
            return;
        }
        if let Some(story) = self.stories.last_mut() {
            match label {
                Label::Title => story.title = said,
                Label::Why => story.why = Some(said),
                Label::Test => story.independent_test = Some(said),
            }
        }
    }

    /// A paragraph that an empty label waits for; whether the block was one.
    fn paragraph(&mut self, block: &Block) -> bool {
        let Some(label) = self.label.take() else {
            return false;
        };
        self.set(label, block.text.trim().to_owned());
        true
    }

    /// `- **US-1**: As a …`; whether the block was one.
    fn item_story(&mut self, block: &Block) -> bool {
        let first = block.text.lines().next().unwrap_or("");
        let bold = first
            .find(|c: char| c.is_alphanumeric())
            .is_some_and(|at| block.is(Mark::Bold, at));
        let named = first.trim_start_matches(|c: char| !c.is_alphabetic()).starts_with("US");
        let Some(head) = (bold && named && self.level.is_none())
            .then(|| heading(first))
            .flatten()
        else {
            return false;
        };
        self.flush();
        self.push(head, block);
        true
    }

    fn steps(&mut self, steps: Steps, block: &Block) {
        let over = match &self.open {
            None => true,
            Some(open) => {
                steps.begins() && !(open.when.is_empty() && open.then.is_empty())
                    || steps.acts() && !open.then.is_empty()
            }
        };
        if over {
            self.flush();
        }
        // A further item that begins anew is another scenario, even when the one before it was not finished.
        if block.kind == Kind::Item && steps.begins() && block.depth == 1 {
            self.flush();
        }
        if self.level.is_none() && self.stories.is_empty() {
            let title = self
                .outline
                .heading()
                .map(|heading| heading.title.clone())
                .unwrap_or_default();
            self.push(
                Head {
                    number: String::new(),
                    title,
                    priority: None,
                },
                block,
            );
        }
        steps.add_to(self.open.get_or_insert_default());
    }

    fn flush(&mut self) {
        if let Some(scenario) = self.open.take()
            && let Some(story) = self.stories.last_mut()
        {
            story.scenarios.push(scenario);
        }
    }
}

/// Whether a title speaks of scenarios, rather than of criteria that may have any form.
fn says_scenario(text: &str) -> bool {
    let lower = text.to_lowercase();
    [
        "scenario",
        "escenario",
        "cenário",
        "scénario",
        "сценари",
        "시나리오",
        "シナリオ",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

fn says_acceptance(text: &str) -> bool {
    let lower = text.to_lowercase();
    let title = classify(lower.lines().next().unwrap_or("")) == Some(Section::Scenarios) && !lower.contains("user");
    title
        || [
            "acceptance",
            "criterio de acept",
            "criterios de acept",
            "critérios de aceit",
            "critères d'accept",
            "akzeptanz",
            "приемк",
            "приёмк",
            "приёмочн",
            "приемочн",
            "인수",
            "受け入れ",
            "受入",
        ]
        .iter()
        .any(|word| lower.starts_with(word))
}
