//! Problems found in specs: one type for all of them, and the table of their codes.
//!
//! Owns: the shape of a diagnostic, where it points, and the list of every code with its explanation.
//! Must not know: how a diagnostic is printed, or how a place becomes line and column (`source::locate`).
//!
//! A code lives in the file of its family, beside the functions that make its diagnostics. Codes are never reused.

use std::ops::Range;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub mod change;
pub mod contract;
pub mod document;
pub mod downgrade;
pub mod emit;
pub mod extension;
pub mod feature;
pub mod rule;
pub mod schema;
pub mod settings;

/// How bad it is. Errors stop a run after everything has been reported; warnings do not, unless `--strict`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something the author may want to know.
    Info,
    /// Something that is probably not meant.
    Warning,
    /// Nothing can be generated from this.
    Error,
}

/// A kind of problem: its stable name and what `flaresmith explain` prints about it.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `CATEGORY_SUBCATEGORY`, unique for ever.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One line: what it means.
    pub title: &'static str,
    /// What causes it and what to do, as plain paragraphs.
    pub explanation: &'static str,
}

/// Where in the sources something stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Path of the file, relative to the root, with `/`.
    pub file: Arc<str>,
    /// Where in it.
    pub at: At,
}

/// A position inside one file, in whatever form the stage that found the problem has at hand.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum At {
    /// The file as a whole.
    File,
    /// An RFC 6901 pointer to a value of a YAML, JSON or TOML document.
    Pointer(String),
    /// The key of the member that the pointer names, rather than its value.
    Key(String),
    /// Byte offsets into the text.
    Bytes(Offsets),
    /// Line and column, both from 1, as a parser told them.
    LineColumn(u32, u32),
}

/// A range of byte offsets that orders and hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Offsets {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl From<Range<usize>> for Offsets {
    fn from(range: Range<usize>) -> Self {
        Self {
            start: range.start,
            end: range.end,
        }
    }
}

impl Place {
    /// The file as a whole.
    #[must_use]
    pub fn file(file: &str) -> Self {
        Self {
            file: file.into(),
            at: At::File,
        }
    }

    /// A value in a document, by JSON pointer.
    #[must_use]
    pub fn pointer(file: &str, pointer: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            at: At::Pointer(pointer.into()),
        }
    }

    /// The key of a member, by the JSON pointer of the member.
    #[must_use]
    pub fn key(file: &str, pointer: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            at: At::Key(pointer.into()),
        }
    }

    /// A range of bytes of a text.
    #[must_use]
    pub fn bytes(file: &str, range: Range<usize>) -> Self {
        Self {
            file: file.into(),
            at: At::Bytes(range.into()),
        }
    }
}

/// One problem, complete: what, where, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// The kind of problem; written as its id.
    #[serde(with = "by_id")]
    pub code: &'static Code,
    /// Usually the code's own severity; `--strict` raises warnings.
    pub severity: Severity,
    /// What is wrong, in one sentence that names the things concerned.
    pub message: String,
    /// Where. `None` only for problems that no file shows.
    pub place: Option<Place>,
    /// What to type or change next.
    pub hint: Option<String>,
    /// Other places that belong to the story, each with a short label.
    pub related: Vec<(Place, String)>,
}

/// Codes as their ids, for diagnostics that are kept.
mod by_id {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::{Code, all_codes};

    // The signature is serde's.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field by reference")]
    pub(super) fn serialize<S: Serializer>(code: &&'static Code, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(code.id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static Code, D::Error> {
        let id = String::deserialize(deserializer)?;
        let found = all_codes().into_iter().find(|code| code.id == id);
        found.ok_or_else(|| D::Error::custom(format!("there is no code `{id}`")))
    }
}

impl Diagnostic {
    /// A diagnostic with the severity of its code.
    #[must_use]
    pub fn new(code: &'static Code, message: impl Into<String>, place: Place) -> Self {
        Self {
            code,
            severity: code.severity,
            message: message.into(),
            place: Some(place),
            hint: None,
            related: Vec::new(),
        }
    }

    /// Every place that it is about.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        let related = self.related.iter().map(|(place, _)| place);
        self.place.iter().chain(related)
    }

    /// The same with a hint: what to type or change next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with a hint when there is one.
    #[must_use]
    pub fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }

    /// What to do next: the hint, else where more is said about this kind of problem.
    #[must_use]
    pub fn advice(&self) -> String {
        match &self.hint {
            Some(hint) => hint.clone(),
            None => format!("`flaresmith explain {}` says what to do about it", self.code.id),
        }
    }

    /// Whether the line at the place may be shown. A line with a secret would carry it into logs.
    #[must_use]
    pub fn shows_source(&self) -> bool {
        self.code != &rule::SECRET_PLAINTEXT
    }

    /// The same with one more place that belongs to the story.
    #[must_use]
    pub fn related(mut self, place: Place, label: impl Into<String>) -> Self {
        self.related.push((place, label.into()));
        self
    }
}

/// What a stage found. Stages push; nobody stops at the first.
pub type Diagnostics = Vec<Diagnostic>;

/// Whether anything in the list is an error.
#[must_use]
pub fn any_error(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|d| d.severity == Severity::Error)
}

/// Every code there is, for `flaresmith explain` and the generated list in the docs.
#[must_use]
pub fn all_codes() -> Vec<&'static Code> {
    let changes = change::rules().map(|rule| &rule.code);
    let mut codes: Vec<&'static Code> = FAMILIES.iter().flat_map(|family| family.iter()).copied().collect();
    codes.extend(changes);
    codes.sort_by_key(|code| code.id);
    codes
}

/// The families of codes but those of changes, which have classes as well. A new family is a new file and one line here.
const FAMILIES: &[&[&Code]] = &[
    contract::CODES,
    document::CODES,
    downgrade::CODES,
    emit::CODES,
    extension::CODES,
    feature::CODES,
    rule::CODES,
    schema::CODES,
    settings::CODES,
];

/// The candidate nearest to a misspelt word, when one is near enough to be meant.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1) + 1;
    candidates
        .into_iter()
        .map(|candidate| (edit_distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance over characters, case ignored: names of different case are the likeliest slip.
fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.to_lowercase().chars().enumerate() {
        let mut diagonal = i;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, b) in right.iter().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or(usize::MAX);
            let left = row.get(j).copied().unwrap_or(usize::MAX);
            let cost = diagonal + usize::from(a != *b);
            if let Some(cell) = row.get_mut(j + 1) {
                *cell = cost.min(above + 1).min(left + 1);
            }
            diagonal = above;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_listed_once_and_follows_the_naming_rule() {
        let codes = all_codes();
        assert!(!codes.is_empty());
        for pair in codes.windows(2) {
            assert_ne!(pair[0].id, pair[1].id);
        }
        for code in codes {
            assert!(
                code.id.contains('_')
                    && code
                        .id
                        .chars()
                        .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'),
                "{}",
                code.id
            );
            assert!(!code.explanation.is_empty(), "{} has no explanation", code.id);
        }
    }

    #[test]
    fn the_nearest_candidate_is_offered_only_when_it_is_near() {
        assert_eq!(nearest("Projct", ["Project", "User"]), Some("Project"));
        assert_eq!(nearest("rolle", ["role", "rateLimit"]), Some("role"));
        assert_eq!(nearest("Environment", ["Project", "User"]), None);
    }
}
