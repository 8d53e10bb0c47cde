//! Requirement ids: `FR-001`, `FR-007a`, `FR-010.1`, `FR-CORE-001`, `SC-001`, `NFR-001`.
//!
//! Owns: their spelling. Must not know: where they stand.

use crate::model::RequirementKind;

/// Prefixes of ids that stand for requirements.
const PREFIXES: [(&str, RequirementKind); 7] = [
    ("FR", RequirementKind::Functional),
    ("NFR", RequirementKind::NonFunctional),
    ("SC", RequirementKind::SuccessCriterion),
    ("EC", RequirementKind::Other),
    ("AC", RequirementKind::Other),
    ("C", RequirementKind::Other),
    ("REQ", RequirementKind::Other),
];

/// The id that a text begins with, its kind, and what stands behind it.
pub(super) fn leading(text: &str) -> Option<(&str, RequirementKind, &str)> {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '.'))
        .unwrap_or(text.len());
    let (word, _) = text.split_at(end);
    let word = word.trim_end_matches(['.', '-']);
    let kind = kind(word)?;
    Some((word, kind, text.get(word.len()..).unwrap_or("")))
}

/// The kind of an id; `None` when the word is none.
pub(super) fn kind(word: &str) -> Option<RequirementKind> {
    let mut parts = word.split('-');
    let prefix = parts.next()?;
    let (_, kind) = PREFIXES.iter().find(|(known, _)| *known == prefix)?;
    let rest: Vec<&str> = parts.collect();
    let (number, names) = rest.split_last()?;
    let named = names
        .iter()
        .all(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric()));
    (named && names.len() <= 2 && is_number(number)).then_some(*kind)
}

/// `001`, `007a`, `010.1`.
fn is_number(text: &str) -> bool {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let rest = text.get(digits..).unwrap_or("");
    let letter = rest.len() == 1 && rest.chars().all(|c| c.is_ascii_lowercase());
    let sub = rest
        .strip_prefix('.')
        .is_some_and(|sub| !sub.is_empty() && sub.chars().all(|c| c.is_ascii_digit()));
    (1..=4).contains(&digits) && (rest.is_empty() || letter || sub)
}

/// Every id in a text, in order, each once.
pub(super) fn all(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '.')) {
        let word = word.trim_matches(['.', '-']);
        if kind(word).is_some() && !found.iter().any(|known| known == word) {
            found.push(word.to_owned());
        }
    }
    found
}

/// Whether a word was surely meant as an id but is not one (`FR001`, `fr-001`, `FR_001`): how it should be spelt.
pub(super) fn slip(word: &str) -> Option<String> {
    if kind(word).is_some() {
        return None;
    }
    let upper = word.to_ascii_uppercase();
    ["NFR", "FR", "SC"].iter().find_map(|prefix| {
        let rest = upper.strip_prefix(prefix)?.trim_start_matches(['-', '_', ' ', '.']);
        let numeric = !rest.is_empty() && rest.len() <= 4 && rest.chars().all(|c| c.is_ascii_digit());
        numeric.then(|| format!("{prefix}-{rest:0>3}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_ids_is_known_and_near_misses_are_not_ids() {
        for id in [
            "FR-001",
            "FR-01",
            "FR-007a",
            "FR-010.1",
            "FR-CORE-001",
            "REQ-auth-004",
            "SC-001",
            "NFR-1",
        ] {
            assert_eq!(leading(&format!("{id}: text")).map(|(id, _, _)| id), Some(id));
        }
        for word in ["FR001", "FR-", "FRX-001", "FR-abc", "COVID-19x1", "UTF-8"] {
            assert_eq!(kind(word), None, "{word}");
        }
        assert_eq!(slip("FR001").as_deref(), Some("FR-001"));
        assert_eq!(slip("sc_2").as_deref(), Some("SC-002"));
        assert_eq!(slip("Friday"), None);
        assert_eq!(all("see FR-001, FR-002. And FR-001"), ["FR-001", "FR-002"]);
    }
}
