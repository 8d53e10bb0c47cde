//! Acceptance scenarios: Given, When, Then.
//!
//! Owns: the words of a scenario in every language and spelling that specs use. Must not know: which story it belongs to.

use super::blocks::Block;
use super::requirements::strip_prefix_ignoring_case;
use crate::model::feature::Scenario;

/// A step of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Given,
    When,
    Then,
    And,
}

/// The words that begin a step.
const WORDS: &[(Step, &[&str])] = &[
    (
        Step::Given,
        &[
            "Given that",
            "Given",
            "Дано",
            "Dado que",
            "Dado",
            "Dada",
            "Étant donné que",
            "Étant donné",
            "Angenommen",
            "전제",
            "前提",
            "假如",
        ],
    ),
    (
        Step::When,
        &[
            "When",
            "Когда",
            "Cuando",
            "Quando",
            "Quand",
            "Wenn",
            "만약",
            "もし",
            "当",
        ],
    ),
    (
        Step::Then,
        &[
            "Then",
            "Тогда",
            "То",
            "Entonces",
            "Então",
            "Alors",
            "Dann",
            "그러면",
            "ならば",
            "那么",
        ],
    ),
    (
        Step::And,
        &["And", "But", "И", "Но", "Y", "E", "Et", "Und", "그리고", "かつ", "并且"],
    ),
];

/// The steps of a block, when it has any.
pub(super) struct Steps(Vec<(Step, String)>);

impl Steps {
    /// Whether it begins with what holds before.
    pub(super) fn begins(&self) -> bool {
        matches!(self.0.first(), Some((Step::Given, _)))
    }

    /// Whether it goes on from the end to another deed.
    pub(super) fn acts(&self) -> bool {
        matches!(self.0.first(), Some((Step::When, _)))
    }

    /// Whether there is nothing in it but more of what was said before.
    pub(super) fn continues(&self) -> bool {
        self.0.iter().all(|(step, _)| *step == Step::And)
    }

    /// Adds the steps to a scenario. A step that begins with "and" is of the kind of the one before it.
    pub(super) fn add_to(self, scenario: &mut Scenario) {
        let mut last = if !scenario.then.is_empty() {
            Step::Then
        } else if !scenario.when.is_empty() {
            Step::When
        } else {
            Step::Given
        };
        for (step, text) in self.0 {
            if step != Step::And {
                last = step;
            }
            match last {
                Step::When => scenario.when.push(text),
                Step::Then => scenario.then.push(text),
                Step::Given | Step::And => scenario.given.push(text),
            }
        }
    }
}

/// Reads the steps of a block. Without emphasis, capitals or a place at the beginning, the words are only words.
pub(super) fn steps(block: &Block) -> Option<Steps> {
    let text = &block.text;
    let mut found: Vec<(Step, usize, usize)> = Vec::new();
    for range in block.bold() {
        let said = text.get(range.clone()).unwrap_or("");
        let word = said.trim().trim_end_matches([':', '：', ',']);
        let begun = || {
            let (step, length) = word_at(said.trim_start())?;
            Some((step, range.start, range.end - said.trim_start().len() + length))
        };
        match word_of(word) {
            Some(step) => found.push((step, range.start, range.end)),
            // The whole step is bold.
            None => found.extend(begun().filter(|_| !said.trim().is_empty())),
        }
    }
    if found.iter().all(|(step, ..)| *step == Step::And) {
        found.clear();
        plain(text, &mut found);
    }
    let opens = |found: &(Step, usize, usize)| found.1 == 0;
    if found.iter().all(|(step, ..)| *step == Step::And) && !found.first().is_some_and(opens) {
        return None;
    }
    let mut steps = Vec::with_capacity(found.len());
    for (i, (step, _, from)) in found.iter().enumerate() {
        let end = found.get(i + 1).map_or(text.len(), |(_, next, _)| *next);
        let said = text.get(*from..end).unwrap_or("");
        let said =
            said.trim_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '：' | ',' | ';' | '、' | '，' | '/'));
        let said = said.trim_end_matches(['-', '–', '—']).trim_end();
        steps.push((*step, said.to_owned()));
    }
    Some(Steps(steps))
}

/// Words in capitals anywhere, and capitalised ones at the beginning of the block, a line or a clause.
fn plain(text: &str, found: &mut Vec<(Step, usize, usize)>) {
    let opening = text.find(char::is_alphanumeric).unwrap_or(text.len());
    let mut before = '\n';
    let mut gap = '\n';
    for (at, c) in text.char_indices() {
        let starts = !before.is_alphanumeric() && c.is_uppercase();
        if starts && let Some((step, length)) = text.get(at..).and_then(word_at) {
            let word = text.get(at..at + length).unwrap_or("");
            let capitals = length > 2 && word.chars().all(|c| c.is_uppercase() || c == ' ');
            let first = at == opening;
            let clause = matches!(gap, '\n' | ',' | ';' | '/') || gap == '.' && step != Step::And;
            if first || capitals || clause && !found.is_empty() {
                found.push((step, at, at + length));
            }
        }
        if !c.is_whitespace() || c == '\n' {
            gap = c;
        }
        before = c;
    }
}

/// The step whose word this is, whatever its case.
fn word_of(word: &str) -> Option<Step> {
    WORDS
        .iter()
        .find(|(_, words)| {
            words
                .iter()
                .any(|known| strip_prefix_ignoring_case(word, known).is_some_and(str::is_empty))
        })
        .map(|(step, _)| *step)
}

/// The step whose word a text begins with, and its length.
fn word_at(text: &str) -> Option<(Step, usize)> {
    WORDS.iter().find_map(|(step, words)| {
        let length = words.iter().find_map(|word| {
            let rest = strip_prefix_ignoring_case(text, word)?;
            (!rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-')).then(|| text.len() - rest.len())
        })?;
        Some((*step, length))
    })
}
