//! Codes about `flaresmith.toml`.
//!
//! Owns: the `CONFIG_*` codes. Must not know: what a setting does.

use super::{Code, Severity};

/// The codes of this family.
pub const CODES: &[&Code] = &[&SYNTAX, &UNKNOWN_TARGET, &PATH];

/// The settings file cannot be read.
pub const SYNTAX: Code = Code {
    id: "CONFIG_SYNTAX",
    severity: Severity::Error,
    title: "flaresmith.toml cannot be read",
    explanation: "The file is not valid TOML, or a field has an unknown name or a value of the wrong type.",
};

/// A target that does not exist.
pub const UNKNOWN_TARGET: Code = Code {
    id: "CONFIG_UNKNOWN_TARGET",
    severity: Severity::Error,
    title: "a target of that name does not exist",
    explanation: "`targets` lists names among openapi, rust, zod, drizzle, store, hono, postman, mcp and docs.",
};

/// A path that leaves the root.
pub const PATH: Code = Code {
    id: "CONFIG_PATH",
    severity: Severity::Error,
    title: "a path leaves the repository",
    explanation: "Paths in flaresmith.toml are relative to its folder, use `/`, and may not climb out of it.",
};
