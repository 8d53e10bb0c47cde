//! Codes about what is generated.
//!
//! Owns: the `EMIT_*` codes. Must not know: any target.

use super::{Code, Severity};

/// The codes of this family.
pub const CODES: &[&Code] = &[&TEMPLATE, &PATH_TAKEN];

/// A template that cannot be used.
pub const TEMPLATE: Code = Code {
    id: "EMIT_TEMPLATE",
    severity: Severity::Error,
    title: "a template cannot be used",
    explanation: "A file in the folder that `templates` of flaresmith.toml names either does not parse, uses a variable that it is \
                  not given, makes something that is not TypeScript where it should, or replaces no built-in template. Compare it \
                  with the built-in one of the same name.",
};

/// Two files of one path.
pub const PATH_TAKEN: Code = Code {
    id: "EMIT_PATH_TAKEN",
    severity: Severity::Error,
    title: "two targets make the same file",
    explanation: "The folders of the targets in flaresmith.toml overlap. Give each target a folder of its own.",
};
