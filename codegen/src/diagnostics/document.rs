//! Codes about documents as such: text that cannot be read, references that lead nowhere.
//!
//! Owns: the `SPEC_*` codes of reading and resolving. Must not know: what a document means.

use super::{Code, Severity};

/// The codes of this family.
pub const CODES: &[&Code] = &[&SYNTAX, &DUPLICATE_KEY, &REF_UNRESOLVED, &REF_OUTSIDE_ROOT];

/// The text is not YAML or JSON.
pub const SYNTAX: Code = Code {
    id: "SPEC_SYNTAX",
    severity: Severity::Error,
    title: "the file is not valid YAML or JSON",
    explanation: "The parser could not read the file at this place. Nothing in the file was used. \
                  Fix the text; in YAML, look at the indentation and at unquoted `:` and `#` first.",
};

/// The same key twice in one object.
pub const DUPLICATE_KEY: Code = Code {
    id: "SPEC_DUPLICATE_KEY",
    severity: Severity::Error,
    title: "the same key stands twice in one object",
    explanation: "Tools disagree about which of the two counts, so neither is used. Remove one of them.",
};

/// A `$ref` names something that does not exist.
pub const REF_UNRESOLVED: Code = Code {
    id: "SPEC_REF_UNRESOLVED",
    severity: Severity::Error,
    title: "a `$ref` leads nowhere",
    explanation: "The file or the place in it that the reference names does not exist. \
                  References are relative to the file in which they stand.",
};

/// A `$ref` points out of the repository.
pub const REF_OUTSIDE_ROOT: Code = Code {
    id: "SPEC_REF_OUTSIDE_ROOT",
    severity: Severity::Error,
    title: "a `$ref` leaves the repository",
    explanation: "References may name files of the repository only: no absolute paths, no `..` above the root, no URLs. \
                  Copy the file into the repository and refer to the copy.",
};
