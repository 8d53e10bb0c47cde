//! Codes of changes that only people notice.
//!
//! Owns: the `CHANGE_*` codes about words, examples and requirement ids, and which class each has. Must not know: how a change is found.

use super::{Class, Rule, changes};

changes! {
    TEXT: Docs, Docs,
        "a title, summary, description, message or hint is worded differently",
        "Words are for people; no call means anything else.";

    EXAMPLES: Docs, Docs,
        "there are other examples",
        "Examples are for people; generated requests and documentation show them.";

    REQUIREMENTS: Docs, Docs,
        "other requirements are named",
        "Requirement ids tell why something is there, not what it does.";

    INFO: Docs, Docs,
        "the contract has another title or version",
        "The head of the contract is for people; no call means anything else.";
}
