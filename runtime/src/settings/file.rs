//! The settings file.
//!
//! Owns: reading it, and where in it something is wrong. Must not know: what wins over it.

use std::path::Path;

use super::flags::Given;
use crate::problem::Problem;

/// What the file says.
pub(super) fn read(path: &Path) -> Result<Given, Problem> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Problem::new("SETTINGS_FILE", format!("the settings file cannot be read: {error}"))
            .at(path.display().to_string())
    })?;
    toml::from_str(&text).map_err(|error| {
        let (line, column) = place(&text, error.span().map_or(0, |span| span.start));
        Problem::new("SETTINGS_FILE", error.message().lines().next().unwrap_or_default())
            .at(format!("{}:{line}:{column}", path.display()))
            .hint("`flaresmithd --help` lists every setting")
    })
}

/// Line and column of a byte, both from 1.
fn place(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
