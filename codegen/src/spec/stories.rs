//! User stories and their acceptance scenarios.
//!
//! Owns: headings of stories, Given/When/Then in the ways people write them. Must not know: requirements.

use super::blocks::{Block, Run};
use crate::model::feature::{Scenario, Story};

/// Words that begin a step, in small letters, and what they mean.
const STEPS: [(&str, Step); 14] = [
    ("given", Step::Given),
    ("when", Step::When),
    ("then", Step::Then),
    ("and", Step::And),
    ("but", Step::And),
    ("дано", Step::Given),
    ("когда", Step::When),
    ("тогда", Step::Then),
    ("и", Step::And),
    ("angenommen", Step::Given),
    ("wenn", Step::When),
    ("dann", Step::Then),
    ("und", Step::And),
    ("gegeben", Step::Given),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Given,
    When,
    Then,
    And,
}

/// Number, title and priority of a heading that begins a story.
pub(super) fn heading(text: &str) -> Option<(String, String, Option<String>)> {
    let lower = text.to_lowercase();
    if lower.starts_with("primary user story") {
        return Some((String::new(), "Primary user story".to_owned(), None));
    }
    let skipped = ["user story ", "us-", "us ", "история ", "story "]
        .iter()
        .find_map(|word| {
            let rest = lower.strip_prefix(word)?;
            rest.starts_with(|c: char| c.is_ascii_digit())
                .then(|| text.chars().count() - rest.chars().count())
        })?;
    let rest: String = text.chars().skip(skipped).collect();
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
    let (number, rest) = rest.split_at(end);
    let mut title = rest.trim_start_matches([' ', '-', '—', '–', ':', '.']).trim();
    let mut priority = None;
    if let Some((before, inside)) = title.strip_suffix(')').and_then(|title| title.rsplit_once('(')) {
        let word = inside.rsplit([':', ' ', '：']).next().unwrap_or("").trim();
        if word.len() <= 3
            && word.starts_with(['P', 'p'])
            && word.len() > 1
            && word.chars().skip(1).all(|c| c.is_ascii_digit())
        {
            priority = Some(word.to_uppercase());
            title = before.trim();
        }
    }
    Some((number.to_owned(), title.to_owned(), priority))
}

/// Adds what a block below a story's heading says to it.
pub(super) fn add(story: &mut Story, block: &Block) {
    match block.lead().map(str::to_lowercase).as_deref() {
        Some("why this priority") => story.why = Some(block.behind_lead()),
        Some("independent test") => story.independent_test = Some(block.behind_lead()),
        _ => scenario(&mut story.scenarios, &block.runs),
    }
}

/// Reads the steps of a block. A `Given`, or a `When` behind a `Then`, begins the next scenario.
pub(super) fn scenario(scenarios: &mut Vec<Scenario>, runs: &[Run]) {
    let mut last: Option<Step> = None;
    for (step, text) in steps(runs) {
        let current = scenarios.last();
        let begins = match step {
            Step::Given => last != Some(Step::Given),
            Step::When => current.is_none_or(|scenario| !scenario.then.is_empty()),
            Step::Then | Step::And => current.is_none(),
        };
        if begins {
            scenarios.push(Scenario::default());
        }
        let Some(current) = scenarios.last_mut() else { return };
        let meant = match step {
            Step::And => last.or_else(|| latest(current)).unwrap_or(Step::Given),
            step => step,
        };
        match meant {
            Step::Given | Step::And => current.given.push(text),
            Step::When => current.when.push(text),
            Step::Then => current.then.push(text),
        }
        last = Some(meant);
    }
}

/// The kind of step that a scenario ends with.
fn latest(scenario: &Scenario) -> Option<Step> {
    if !scenario.then.is_empty() {
        Some(Step::Then)
    } else if !scenario.when.is_empty() {
        Some(Step::When)
    } else if !scenario.given.is_empty() {
        Some(Step::Given)
    } else {
        None
    }
}

/// Steps of a block: bold words, or words in capitals, that begin one, with the text up to the next.
fn steps(runs: &[Run]) -> Vec<(Step, String)> {
    let mut found: Vec<(Step, String)> = Vec::new();
    for run in runs {
        let word = run.text.trim().trim_end_matches([':', ',']).to_lowercase();
        if let (true, Some((_, step))) = (run.bold, STEPS.iter().find(|(known, _)| *known == word)) {
            found.push((*step, String::new()));
            continue;
        }
        for line in run.text.split_inclusive('\n') {
            let first = line.split_whitespace().next().unwrap_or("");
            let capitals = first.len() > 2 && first.chars().all(|c| c.is_ascii_uppercase());
            let lower = first.to_lowercase();
            match STEPS.iter().find(|(known, _)| capitals && *known == lower) {
                Some((_, step)) => {
                    let rest = line.trim_start().get(first.len()..).unwrap_or("");
                    found.push((*step, rest.to_owned()));
                }
                None => {
                    if let Some((_, text)) = found.last_mut() {
                        text.push_str(line);
                    }
                }
            }
        }
    }
    for (_, text) in &mut found {
        *text = text
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .trim_matches([',', ';', ' ', ':'])
            .to_owned();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::blocks::read;

    fn scenarios(text: &str) -> Vec<Scenario> {
        let mut found = Vec::new();
        for block in read(text) {
            scenario(&mut found, &block.runs);
        }
        found
    }

    #[test]
    fn headings_of_every_form_begin_a_story() {
        let parts = |text| {
            heading(text).map(|(number, title, priority)| format!("{number}|{title}|{}", priority.unwrap_or_default()))
        };
        assert_eq!(
            parts("User Story 3 - Do it (Priority: P2)").as_deref(),
            Some("3|Do it|P2")
        );
        assert_eq!(parts("US-1: Do it (P0)").as_deref(), Some("1|Do it|P0"));
        assert_eq!(parts("User Story 7a — Do (this)").as_deref(), Some("7a|Do (this)|"));
        assert_eq!(
            parts("История 1 — Сделать (Приоритет: P1)").as_deref(),
            Some("1|Сделать|P1")
        );
        assert_eq!(parts("Primary User Story").as_deref(), Some("|Primary user story|"));
        assert_eq!(parts("Edge Cases"), None);
    }

    #[test]
    fn steps_are_read_from_one_line_three_lines_and_capitals() {
        let one =
            scenarios("1. **Given** a, **When** b, **Then** c, **And** d.\n2. **Given** e, **When** f, **Then** g.");
        assert_eq!(one.len(), 2);
        assert_eq!(one[0].then, ["c", "d."]);
        let three = scenarios("**Given** a\n**When** b\n**Then** c");
        assert_eq!(
            (three.len(), three[0].when.as_slice()),
            (1, ["b".to_owned()].as_slice())
        );
        let capitals = scenarios("- GIVEN a\n- WHEN b\n- THEN c\n- WHEN d\n- THEN e");
        assert_eq!(capitals.len(), 2);
    }
}
