//! Codes about feature specs: what stands in Markdown and cannot be read, or should be looked at.
//!
//! Owns: the codes of `spec.md`, feature folders and the constitution. Must not know: how Markdown is read.

use super::{Code, Severity};

/// The codes of this family.
pub const CODES: &[&Code] = &[
    &REQUIREMENT_DUPLICATE,
    &REQUIREMENT_ID_MALFORMED,
    &CLARIFICATION_OPEN,
    &SCENARIO_UNREAD,
    &FEATURE_NUMBER_REPEATED,
    &FEATURE_FOLDER_UNNAMED,
    &FEATURE_EMPTY,
];

/// An id that is defined twice in one spec.
pub const REQUIREMENT_DUPLICATE: Code = Code {
    id: "SPEC_REQUIREMENT_DUPLICATE",
    severity: Severity::Warning,
    title: "a requirement id is defined twice",
    explanation: "Whoever refers to the id cannot say which of the two is meant; the first one is used. Give the second one an id of \
                  its own. An id that was struck out stays taken.",
};

/// Something that was meant as an id.
pub const REQUIREMENT_ID_MALFORMED: Code = Code {
    id: "SPEC_REQUIREMENT_ID_MALFORMED",
    severity: Severity::Warning,
    title: "something looks like a requirement id and is none",
    explanation: "Ids are capital letters, hyphens and a number: `FR-001`, `FR-007a`, `FR-010.1`, `FR-CORE-001`, `NFR-001`, `SC-001`. \
                  What is spelt otherwise is not read as a requirement, so nothing can be traced to it.",
};

/// A question that nobody answered yet.
pub const CLARIFICATION_OPEN: Code = Code {
    id: "SPEC_CLARIFICATION_OPEN",
    severity: Severity::Warning,
    title: "a question of the spec is still open",
    explanation: "`[NEEDS CLARIFICATION: …]` marks what has to be decided before it is built. Answer it in the text, and keep question \
                  and answer under `## Clarifications` when they are worth keeping.",
};

/// A scenario without the words of one.
pub const SCENARIO_UNREAD: Code = Code {
    id: "SPEC_SCENARIO_UNREAD",
    severity: Severity::Info,
    title: "an acceptance scenario is not read",
    explanation: "Acceptance scenarios are read by their words: `**Given** …, **When** …, **Then** …`, on one line or several. An item \
                  without any of them stays text.",
};

/// Two features of one number.
pub const FEATURE_NUMBER_REPEATED: Code = Code {
    id: "SPEC_FEATURE_NUMBER_REPEATED",
    severity: Severity::Info,
    title: "two features have the same number",
    explanation: "Global ids of requirements begin with the number of their feature: `007/FR-001`. Where two features share one, the \
                  whole name of the folder stands there instead: `007-search/FR-001`.",
};

/// A spec in a folder that is no feature.
pub const FEATURE_FOLDER_UNNAMED: Code = Code {
    id: "SPEC_FEATURE_FOLDER_UNNAMED",
    severity: Severity::Warning,
    title: "a spec.md stands in a folder that is no feature",
    explanation: "The folder of a feature begins with a number of three digits or more, or with a date and a time: `specs/001-search/`, \
                  `specs/20260131-093000-search/`. The file is not read.",
};

/// A feature that says nothing.
pub const FEATURE_EMPTY: Code = Code {
    id: "SPEC_FEATURE_EMPTY",
    severity: Severity::Warning,
    title: "a spec has neither requirements nor stories",
    explanation: "Nothing in the file was recognised. Requirements stand in items, headings or rows that begin with their id \
                  (`- **FR-001**: …`), stories under headings such as `### User Story 1 - Title (Priority: P1)`.",
};
