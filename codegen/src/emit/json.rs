//! JSON documents as they are written to files.
//!
//! Owns: their layout. Must not know: what is in them.

use serde_json::Value;

/// The document, indented by two, with a line end.
pub(in crate::emit) fn document(value: &Value) -> String {
    let mut text = pretty(value);
    text.push('\n');
    text
}

/// A value in the midst of a document whose lines are indented `depth` times there; it continues the current line.
pub(in crate::emit) fn behind(out: &mut String, value: &Value, depth: usize) {
    // No string of JSON holds a line end, so every line end is one of the layout.
    for (i, line) in pretty(value).split('\n').enumerate() {
        if i > 0 {
            out.push('\n');
            indent(out, depth);
        }
        out.push_str(line);
    }
}

/// The beginning of a line.
pub(in crate::emit) fn indent(out: &mut String, depth: usize) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

fn pretty(value: &Value) -> String {
    // The first cannot fail on a tree of strings and numbers, and is much the faster.
    serde_json::to_string_pretty(value).unwrap_or_else(|_| format!("{value:#}"))
}
