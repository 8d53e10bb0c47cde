//! The status for people: which files were edited.
//!
//! Owns: its text. Must not know: how edits are told apart.

use std::fmt::Write as _;

use flaresmith_sync::status::Status;

use super::human::{BOLD, GREEN, YELLOW};
use super::human::{plain, styled};

/// Each kind under a heading of its own, and a line that counts.
pub(super) fn status(status: &Status) -> String {
    let mut text = String::new();
    if !status.carried.is_empty() {
        let _ = writeln!(text, "{}", styled(BOLD, "Carried along by every apply:"));
        for edit in &status.carried {
            let _ = writeln!(text, "  {} ({})", plain(&edit.path), plain(&edit.edit));
            if let Some(reason) = &edit.reason {
                let _ = writeln!(text, "    because: {}", plain(reason));
            }
        }
    }
    let lists = [
        (
            "In the way of the next apply (see `flaresmith spec plan`):",
            &status.edited,
        ),
        ("Your own since you ejected them:", &status.ejected),
        ("Your own since you edited them:", &status.own),
    ];
    for (title, paths) in lists {
        if paths.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{}", styled(BOLD, title));
        for path in paths {
            let _ = writeln!(text, "  {}", plain(path));
        }
    }
    let edited = status.carried.len() + status.edited.len() + status.ejected.len() + status.own.len();
    let style = if status.edited.is_empty() { GREEN } else { YELLOW };
    let _ = writeln!(
        text,
        "{}",
        styled(
            style,
            format!("{edited} of {} generated files were edited", status.files)
        )
    );
    text
}
