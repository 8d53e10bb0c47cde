//! Where a file that a person owns no longer fits the contract.
//!
//! Owns: comparing signatures and forms, and following operations that got another name. Must not know: disk, git, targets.

mod declared;
mod document;
mod form;
mod renamed;
mod rust;
mod typescript;

use std::ops::Range;

pub(crate) use renamed::{Followed, follow, is_complete};

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

/// A function of a scaffold: one for each operation, and whatever a person put beside it.
struct Stub {
    /// The trait or type that asks for it.
    of: String,
    name: String,
    /// Line of its name, from 1.
    line: u32,
    /// Bytes of its name, as it is written.
    at: Range<usize>,
    /// The name stands for a value of the same name as well: `{ getProject }`.
    shorthand: bool,
    /// Its signature on one line.
    told: String,
}

impl Stub {
    /// What has to be written in place of the name, for it to be called so.
    fn called(&self, name: &str) -> String {
        if self.shorthand {
            format!("{name}: {}", self.name)
        } else {
            name.to_owned()
        }
    }
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

/// Why an edited JSON or YAML artifact is no longer of its form: it is not readable, or its schema refuses it. An API
/// description is read as one; where no schema is known, a member is of another kind than the generated one.
#[must_use]
pub fn malformed(path: &str, generated: &str, found: &str) -> Option<Misfit> {
    match Language::of(path) {
        Language::Json | Language::Yaml => document::malformed(path, generated, found),
        Language::Rust | Language::TypeScript | Language::Toml | Language::Lines => None,
    }
}

/// The route that the comment above a line names, as stubs have it: `GET /projects/{id}`. An operation that got another
/// name keeps its route.
fn route_above(text: &str, line: u32) -> Option<&str> {
    let before = usize::try_from(line).ok()?.checked_sub(1)?;
    let above: Vec<&str> = text.lines().take(before).collect();
    let comments = above.iter().rev().map(|line| line.trim());
    let mut comments = comments.take_while(|line| ["//", "/*", "*", "#["].iter().any(|start| line.starts_with(start)));
    comments.find_map(|line| {
        let line = line.trim_matches(['/', '*', ' ']);
        let route = line.split('`').nth(1).unwrap_or(line);
        let (method, path) = route.split_once(' ')?;
        let named = path.starts_with('/') && method.len() > 2 && method.chars().all(|c| c.is_ascii_uppercase());
        named.then_some(route)
    })
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
