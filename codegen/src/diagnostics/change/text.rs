//! Codes of changes that only people notice.
//!
//! Owns: the `CHANGE_*` codes about words, examples, links and requirements, and which class each has. Must not know: how a
//! change is found.

use super::{Class, Rule, changes};

changes! {
    TEXT: Docs, Docs,
        "a title, summary, description, message, hint or requirement is worded differently",
        "Words are for people; no call means anything else.";

    EXAMPLES: Docs, Docs,
        "there are other examples",
        "Examples are for people; generated requests and documentation show them.";

    LINK: Docs, Docs,
        "a link from an answer to another operation was added, removed or changed",
        "Links tell people and tools what may be asked next. The operations that they lead to have changes of their own.";

    REQUIREMENT_ADDED: Docs, Docs,
        "a requirement was added to a feature",
        "It says what the service has to do. What the contract changed to do it is told as a change of its own.";

    REQUIREMENT_REMOVED: Docs, Docs,
        "a requirement of a feature was removed or struck out",
        "It said what the service had to do. What the contract does not do any more is told as a change of its own.";

    REQUIREMENTS: Docs, Docs,
        "other requirements are named",
        "Requirement ids tell why something is there, not what it does.";

    INFO: Docs, Docs,
        "the contract has another title or version",
        "The head of the contract is for people; no call means anything else.";
}
