//! Where a file that a person owns no longer fits the contract.
//!
//! Owns: comparing signatures and forms. Must not know: disk, git, targets.

mod document;
mod rust;
mod typescript;

use crate::items::Language;

/// One place where a person's file does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// What it is: `fn create_project`, `createProject`.
    pub what: String,
    /// Where it stands in the person's file, from 1.
    pub line: u32,
    /// The signature that the contract has, on one line; `None` if the contract no longer has it.
    pub expected: Option<String>,
    /// The signature in the person's file, on one line.
    pub found: Option<String>,
}

/// Where a person's scaffold file no longer fits the contract: `expected` is the newly generated text of the scaffold,
/// `found` the person's file. What the person left out is no misfit, and a text that is not readable has none to tell.
#[must_use]
pub fn misfits(path: &str, expected: &str, found: &str) -> Vec<Misfit> {
    match Language::of(path) {
        Language::Rust => rust::misfits(expected, found),
        Language::TypeScript => typescript::misfits(path, expected, found),
        Language::Json | Language::Yaml | Language::Toml | Language::Lines => Vec::new(),
    }
}

/// Why an edited JSON or YAML artifact is no longer of its form: it is not readable, or a member is of another kind
/// than the generated one, with its line.
#[must_use]
pub fn malformed(path: &str, generated: &str, found: &str) -> Option<String> {
    match Language::of(path) {
        Language::Json | Language::Yaml => document::malformed(path, generated, found),
        Language::Rust | Language::TypeScript | Language::Toml | Language::Lines => None,
    }
}

/// A signature's source on one line, as people write it.
fn one_line(source: &str) -> String {
    let words = source.split_whitespace().collect::<Vec<_>>().join(" ");
    words
        .replace("( ", "(")
        .replace(", )", ")")
        .replace(" )", ")")
        .replace(",)", ")")
}

#[cfg(test)]
mod tests;
