//! What changed in a file, in the file's own terms and few words.
//!
//! Owns: the phrases. Must not know: disk, git, targets.

use similar::{ChangeTag, TextDiff};

/// What changed: `2 fields added to Project, 1 route removed`. `None` is a file that is not there, so that it was added or
/// removed. Where the language has no terms, lines are counted.
#[must_use]
pub fn summary(path: &str, before: Option<&str>, after: Option<&str>) -> String {
    let _ = path;
    lines(before.unwrap_or(""), after.unwrap_or(""))
}

/// `2 lines added, 1 line removed`.
fn lines(before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    let (mut added, mut removed) = (0, 0);
    for change in diff.iter_all_changes() {
        match change.tag() {
            ChangeTag::Insert => added += 1,
            ChangeTag::Delete => removed += 1,
            ChangeTag::Equal => {}
        }
    }
    let told = [(added, "added"), (removed, "removed")];
    let told: Vec<String> = told
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, verb)| format!("{count} {} {verb}", if count == 1 { "line" } else { "lines" }))
        .collect();
    if told.is_empty() {
        "nothing changed".to_owned()
    } else {
        told.join(", ")
    }
}
