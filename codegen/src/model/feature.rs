//! Features: what was asked for, as read from Markdown.
//!
//! Owns: stories, requirements, clarifications, the constitution's head. Must not know: Markdown.

use crate::diagnostics::Place;

/// One feature spec.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// Prefix of its folder: `001`, or a timestamp.
    pub number: String,
    /// Rest of the folder's name.
    pub slug: String,
    /// Its title without the words "Feature Specification:".
    pub title: String,
    /// Path of the spec file.
    pub file: String,
    /// `Draft`, `Implemented`, … as written.
    pub status: Option<String>,
    /// Date as written.
    pub created: Option<String>,
    /// Branch as written, without backticks.
    pub branch: Option<String>,
    /// User stories in order.
    pub stories: Vec<Story>,
    /// Requirements and success criteria of every kind, in order.
    pub requirements: Vec<Requirement>,
    /// Names and descriptions of key entities.
    pub entities: Vec<(String, String)>,
    /// Questions that were answered.
    pub clarifications: Vec<Clarification>,
    /// Questions still open.
    pub open_questions: Vec<OpenQuestion>,
    /// Edge cases, as text.
    pub edge_cases: Vec<String>,
    /// Assumptions, as text.
    pub assumptions: Vec<String>,
    /// Titles of the sections that were kept as text only.
    pub other_sections: Vec<String>,
}

/// A user story.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// `1`, `7a`; empty in the first generation of specs, which numbers nothing.
    pub number: String,
    /// Its title.
    pub title: String,
    /// `P1`, when it has one.
    pub priority: Option<String>,
    /// Why it has that priority.
    pub why: Option<String>,
    /// How it is tested alone.
    pub independent_test: Option<String>,
    /// Acceptance scenarios.
    pub scenarios: Vec<Scenario>,
    /// Where its heading stands.
    pub place: Place,
}

/// An acceptance scenario; the connecting words are left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scenario {
    /// What holds before.
    pub given: Vec<String>,
    /// What happens.
    pub when: Vec<String>,
    /// What holds after.
    pub then: Vec<String>,
}

/// A requirement or success criterion.
#[derive(Debug, Clone, PartialEq)]
pub struct Requirement {
    /// As written: `FR-007a`.
    pub id: String,
    /// With its feature: `001/FR-007a`.
    pub global_id: String,
    /// Which list it belongs to.
    pub kind: RequirementKind,
    /// Its text, nested bullets and paragraphs included.
    pub text: String,
    /// Heading or bold line under which it stands.
    pub group: Option<String>,
    /// Struck out or marked as removed.
    pub removed: bool,
    /// Why nothing in a contract carries it, when the text says so.
    pub not_in_contract: Option<String>,
    /// Other ids that the text mentions.
    pub mentions: Vec<String>,
    /// Where the id stands.
    pub place: Place,
}

/// Kinds of requirement ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequirementKind {
    /// `FR-`.
    Functional,
    /// `NFR-`.
    NonFunctional,
    /// `SC-`.
    SuccessCriterion,
    /// `EC-`, `AC-`, `C-`, `REQ-` and others.
    Other,
}

/// A question and its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Clarification {
    /// Date of the session, as written.
    pub session: Option<String>,
    /// The question.
    pub question: String,
    /// The answer.
    pub answer: String,
}

/// A question that is still open.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenQuestion {
    /// The question.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

/// The head of a constitution.
#[derive(Debug, Clone, PartialEq)]
pub struct Constitution {
    /// Path of the file.
    pub file: String,
    /// Its title.
    pub title: String,
    /// Version of its last line.
    pub version: Option<String>,
    /// Date of ratification, as written.
    pub ratified: Option<String>,
    /// Date of the last amendment, as written.
    pub amended: Option<String>,
    /// Titles of the principles.
    pub principles: Vec<String>,
}
