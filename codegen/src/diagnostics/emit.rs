//! Codes about what is generated.
//!
//! Owns: the `EMIT_*` codes. Must not know: any target.

use super::{Code, Severity};

/// The codes of this family.
pub const CODES: &[&Code] = &[&SYNTAX, &TEMPLATE, &PATH_TAKEN];

/// Generated text that its own language refuses.
pub const SYNTAX: Code = Code {
    id: "EMIT_SYNTAX",
    severity: Severity::Error,
    title: "generated code is not valid",
    explanation: "Every generated file is parsed before it is written, and this one was refused. Unless a template of yours is \
                  involved (`templates` in flaresmith.toml), this is a bug of Flaresmith: please report the part of the contract \
                  that the message names.",
};

/// A template that cannot be used.
pub const TEMPLATE: Code = Code {
    id: "EMIT_TEMPLATE",
    severity: Severity::Error,
    title: "a template cannot be used",
    explanation: "A file in the folder that `templates` of flaresmith.toml names either does not parse, uses a variable that it is \
                  not given, or replaces no built-in template. Compare it with the built-in one of the same name.",
};

/// Two files of one path.
pub const PATH_TAKEN: Code = Code {
    id: "EMIT_PATH_TAKEN",
    severity: Severity::Error,
    title: "two targets make the same file",
    explanation: "The folders of the targets in flaresmith.toml overlap. Give each target a folder of its own.",
};
