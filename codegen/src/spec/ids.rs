//! Requirement ids: how they are spelt, and finding them in text.
//!
//! Owns: the grammar of ids, their kinds, near misses. Must not know: Markdown, or where ids may be defined.

use std::ops::Range;

use crate::model::RequirementKind;

/// First parts of the ids that stand for something a spec demands. `US-` is none of them: it names a story.
const FAMILIES: [&str; 17] = [
    "FR", "NFR", "SC", "EC", "AC", "C", "REQ", "A", "Q", "BR", "TR", "UR", "IR", "SR", "DR", "PR", "QR",
];

/// Parts that make an id a requirement wherever they stand in it: `DOC-REQ-001`.
const ANYWHERE: [&str; 4] = ["FR", "NFR", "SC", "REQ"];

/// Most parts that an id may have behind the first.
const LONGEST: usize = 6;

/// The id at the beginning of a text: `FR-001`, `FR-007a`, `FR-010.1`, `FR-CORE-001`, `REQ-auth-004`.
pub(super) fn at_start(text: &str) -> Option<&str> {
    let letters = run(text, |c| c.is_ascii_uppercase());
    if letters == 0 || letters > 8 {
        return None;
    }
    let mut end = letters;
    let mut parts = 0;
    loop {
        let rest = text.get(end..)?.strip_prefix('-')?;
        parts += 1;
        if parts > LONGEST {
            return None;
        }
        let digits = run(rest, |c| c.is_ascii_digit());
        if digits > 0 {
            end += 1 + digits;
            break;
        }
        let word = run(rest, |c| c.is_ascii_alphanumeric() || c == '_');
        if word == 0 || word > 16 {
            return None;
        }
        end += 1 + word;
    }
    let rest = text.get(end..)?;
    let suffix = run(rest, |c| c.is_ascii_lowercase());
    if suffix == 1 {
        end += 1;
    }
    while let Some(rest) = text.get(end..).and_then(|rest| rest.strip_prefix('.')) {
        let digits = run(rest, |c| c.is_ascii_digit());
        if digits == 0 {
            break;
        }
        end += 1 + digits;
    }
    let mut after = text.get(end..)?.chars();
    let next = after.next();
    if next.is_some_and(|c| c.is_alphanumeric() && c.is_ascii() || c == '_') {
        return None;
    }
    let tail = text.get(end + 1..).unwrap_or("");
    if next == Some('-') && tail.starts_with(|c: char| c.is_ascii_alphanumeric()) && at_start(tail).is_none() {
        return None;
    }
    let id = text.get(..end)?;
    kind(id).map(|_| id)
}

fn run(text: &str, of: impl Fn(char) -> bool) -> usize {
    text.find(|c| !of(c)).unwrap_or(text.len())
}

/// The kind of an id; `None` for what only looks like one, such as `UTF-8`.
pub(super) fn kind(id: &str) -> Option<RequirementKind> {
    let mut parts = id.split('-');
    let first = parts.next()?;
    let marked = std::iter::once(first)
        .chain(parts)
        .find(|part| ANYWHERE.contains(part))
        .or_else(|| FAMILIES.contains(&first).then_some(first))?;
    Some(match marked {
        "FR" => RequirementKind::Functional,
        "NFR" => RequirementKind::NonFunctional,
        "SC" => RequirementKind::SuccessCriterion,
        _ => RequirementKind::Other,
    })
}

/// Every id in a text with where it stands; ids with a feature before them (`001/FR-008`) keep it.
pub(super) fn all(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut end = 0;
    let bytes = text.as_bytes();
    for (at, _) in text.match_indices('-') {
        if at < end {
            continue;
        }
        let letters = bytes
            .get(end..at)
            .unwrap_or_default()
            .iter()
            .rev()
            .take_while(|byte| byte.is_ascii_alphanumeric())
            .count();
        let start = at - letters;
        let before = start.checked_sub(1).and_then(|before| bytes.get(before));
        let joined = before.is_some_and(|byte| matches!(byte, b'-' | b'_'));
        // The second id of `FR-001-FR-003` begins right behind the hyphen.
        if joined && !(end > 0 && start == end + 1) {
            continue;
        }
        let Some(id) = text.get(start..).and_then(at_start) else {
            continue;
        };
        let feature = if before == Some(&b'/') {
            let from = bytes.get(end..start - 1).unwrap_or_default();
            from.iter()
                .rev()
                .take_while(|byte| byte.is_ascii_digit() || **byte == b'-')
                .count()
        } else {
            0
        };
        end = start + id.len();
        found.push(if feature >= 3 { start - 1 - feature } else { start }..end);
    }
    found
}

/// What was surely meant as an id at the beginning of a text, and how it would be spelt: `FR001`, `fr-1`, `FR_001`, `FR 001`.
pub(super) fn near_miss(text: &str) -> Option<(usize, String)> {
    let letters = run(text, |c| c.is_ascii_alphabetic());
    let family = text.get(..letters)?.to_ascii_uppercase();
    if !matches!(family.as_str(), "FR" | "NFR" | "SC" | "REQ") {
        return None;
    }
    let rest = text.get(letters..)?;
    let between = run(rest, |c| {
        matches!(c, '-' | '_' | ' ' | '.' | '#' | '–' | '—' | '‑' | '−')
    });
    let rest = rest.get(between..)?;
    let word = run(rest, |c| c.is_ascii_alphanumeric());
    let token = rest.get(..word)?;
    let placeholder = between > 0 && !token.is_empty() && token.chars().all(|c| matches!(c, 'X' | 'N'));
    let digits = run(token, |c| c.is_ascii_digit());
    if digits == 0 && !placeholder {
        return None;
    }
    let number = if placeholder {
        "001".to_owned()
    } else {
        format!("{:0>3}", token.get(..digits)?)
    };
    Some((letters + between + word, format!("{family}-{number}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_every_form_are_read_and_other_words_are_not() {
        for id in [
            "FR-001",
            "FR-007a",
            "FR-010.1",
            "FR-CORE-001",
            "FR-01",
            "REQ-auth-004",
            "DOC-REQ-001",
            "C-001",
        ] {
            assert_eq!(at_start(&format!("{id}: x")), Some(id));
            assert_eq!(at_start(&format!("{id}는")), Some(id));
        }
        for no in [
            "UTF-8", "US-1", "FR-", "FR001", "FR-001_x", "fr-001", "FR-001-x", "SHA-256", "FR-0ab",
        ] {
            assert_eq!(at_start(no), None, "{no}");
        }
    }

    #[test]
    fn ids_in_text_are_found_once_each_with_their_feature() {
        let text = "see FR-001, 001/FR-002 and a/FR-003; FR-004-FR-005 not xFR-006 nor X-FR-007";
        let found: Vec<&str> = all(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(
            found,
            ["FR-001", "001/FR-002", "FR-003", "FR-004", "FR-005", "X-FR-007"]
        );
    }

    #[test]
    fn near_misses_come_with_the_right_spelling() {
        for (text, right) in [
            ("FR001: x", "FR-001"),
            ("fr-1", "FR-001"),
            ("FR_12", "FR-012"),
            ("NFR 003", "NFR-003"),
        ] {
            assert_eq!(near_miss(text).map(|(_, id)| id).as_deref(), Some(right));
        }
        assert_eq!(near_miss("Frames"), None);
        assert_eq!(near_miss("SC is short"), None);
    }
}
