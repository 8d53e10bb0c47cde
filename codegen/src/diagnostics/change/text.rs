//! Codes of changes that only people notice.
//!
//! Owns: the `CHANGE_*` codes about words, examples and requirement ids. Must not know: how a change is found, or which class it has.

use super::harmless;
use crate::diagnostics::Code;

/// The codes of this family.
pub const CODES: &[&Code] = &[&TEXT, &EXAMPLES, &REQUIREMENTS, &INFO];

/// A title, summary, description, message or hint is worded differently.
pub const TEXT: Code = harmless(
    "CHANGE_TEXT",
    "a title, summary, description, message or hint is worded differently",
    "Words are for people; no call means anything else.",
);

/// There are other examples.
pub const EXAMPLES: Code = harmless(
    "CHANGE_EXAMPLES",
    "there are other examples",
    "Examples are for people; generated requests and documentation show them.",
);

/// Other requirements are named.
pub const REQUIREMENTS: Code = harmless(
    "CHANGE_REQUIREMENTS",
    "other requirements are named",
    "Requirement ids tell why something is there, not what it does.",
);

/// The contract has another title or version.
pub const INFO: Code = harmless(
    "CHANGE_INFO",
    "the contract has another title or version",
    "The head of the contract is for people; no call means anything else.",
);
