//! JSON documents as they are written to files.
//!
//! Owns: their layout. Must not know: what is in them.

use serde_json::Value;

/// The document, indented by two, with a line end.
pub(in crate::emit) fn document(value: &Value) -> String {
    // The first cannot fail on a tree of strings and numbers, and is much the faster.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_else(|_| format!("{value:#}"));
    text.push('\n');
    text
}
