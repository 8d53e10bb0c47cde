//! Codes about feature specs: requirements, questions, and what carries them.
//!
//! Owns: the codes of Markdown specs and of the trace. Must not know: Markdown.

use super::{Code, Severity};

/// The codes of this family.
pub const CODES: &[&Code] = &[
    &QUESTION_OPEN,
    &REQUIREMENT_REPEATED,
    &REQUIREMENT_MALFORMED,
    &WITHOUT_REQUIREMENTS,
    &REQUIREMENT_UNCOVERED,
    &REQUIREMENT_UNKNOWN,
    &OPERATION_UNTRACED,
    &SECRET_PLAINTEXT,
    &WITHOUT_SUCCESS,
];

/// A question without an answer.
pub const QUESTION_OPEN: Code = Code {
    id: "SPEC_QUESTION_OPEN",
    severity: Severity::Info,
    title: "a question in the spec is open",
    explanation: "`[NEEDS CLARIFICATION: …]` marks what nobody has decided. Answer it under `## Clarifications` as \
                  `- Q: … → A: …`, then remove the mark.",
};

/// Two requirements of one id.
pub const REQUIREMENT_REPEATED: Code = Code {
    id: "SPEC_REQUIREMENT_REPEATED",
    severity: Severity::Warning,
    title: "a requirement is defined twice",
    explanation: "Two requirements of one feature have the same id, so nobody can tell which one an operation carries. The first \
                  one counts. Give the other one a number of its own.",
};

/// Almost an id.
pub const REQUIREMENT_MALFORMED: Code = Code {
    id: "SPEC_REQUIREMENT_MALFORMED",
    severity: Severity::Warning,
    title: "something looks like a requirement but has no id that is read",
    explanation: "Ids are written in capitals with a hyphen and a number: `FR-001`, `FR-007a`, `FR-CORE-001`, `SC-001`, `NFR-001`.",
};

/// A spec that asks for nothing.
pub const WITHOUT_REQUIREMENTS: Code = Code {
    id: "SPEC_WITHOUT_REQUIREMENTS",
    severity: Severity::Warning,
    title: "a feature spec has no requirement",
    explanation: "Requirements are bullets, headings or table rows that begin with an id, such as `- **FR-001**: The system MUST …`. \
                  Without them nothing of the feature can be traced.",
};

/// A requirement that nothing carries.
pub const REQUIREMENT_UNCOVERED: Code = Code {
    id: "TRACE_REQUIREMENT_UNCOVERED",
    severity: Severity::Warning,
    title: "nothing in a contract carries a requirement",
    explanation: "List the id under `x-flaresmith.requirements` of an operation, schema or error, or say in the requirement's own \
                  text why no contract can carry it, with a sentence that begins `Not in the contract:`.",
};

/// An id that no feature has.
pub const REQUIREMENT_UNKNOWN: Code = Code {
    id: "TRACE_REQUIREMENT_UNKNOWN",
    severity: Severity::Error,
    title: "a contract names a requirement that no feature has",
    explanation: "The short form of an id (`FR-008`) means the feature in whose folder the contract stands, the global form \
                  (`001/FR-008`) any feature. Correct the id, or write the requirement down.",
};

/// An operation without a requirement.
pub const OPERATION_UNTRACED: Code = Code {
    id: "TRACE_OPERATION_UNTRACED",
    severity: Severity::Warning,
    title: "an operation carries no requirement",
    explanation: "Every operation of a service that has feature specs exists because somebody asked for it. List the id under \
                  `x-flaresmith.requirements` of the operation.",
};

/// A secret that everybody can read.
pub const SECRET_PLAINTEXT: Code = Code {
    id: "SPEC_SECRET_PLAINTEXT",
    severity: Severity::Warning,
    title: "a secret stands in a spec",
    explanation: "The text has the form of a real token or private key. Specs are committed and copied into everything that is \
                  generated. Revoke the secret, then write a placeholder such as `<token>` in its place.",
};

/// An operation that can only fail.
pub const WITHOUT_SUCCESS: Code = Code {
    id: "SPEC_OPERATION_WITHOUT_SUCCESS",
    severity: Severity::Warning,
    title: "an operation declares failures only",
    explanation: "No response of the operation has a status below 400, so nobody can tell what it answers when it works. Declare \
                  the success, if only as `'204': { description: Done. }`.",
};
