//! The marked block of a hook: putting it into a script and taking it out again, byte for byte.
//!
//! Owns: the block's text and its markers. Must not know: where hooks are, or files at all.
//!
//! The block stands at the beginning, after the `#!` line: an `exit` or `exec` further down cannot skip it. Each root has a
//! block of its own, so that a repository with several is checked for each.

use crate::command::shell_quoted;
use crate::lock;
use flaresmith_codegen::settings;

const BODY: &str = include_str!("block.sh");

/// First lines of a script that has nothing else in it but blocks.
pub(super) const HEAD: &str = "#!/bin/sh\n# Made by `flaresmith hook install`.\n";

/// Name of a hook that is no shell script, beside the script that runs it.
pub(super) const KEPT: &str = "pre-commit.before-flaresmith";

/// First lines of a script that runs another hook first.
pub(super) fn head_with_kept() -> String {
    format!(
        "{HEAD}# The hook that was here before runs first; `flaresmith hook uninstall` puts it back.\n\
         if [ -x \"$(dirname \"$0\")/{KEPT}\" ]; then \"$(dirname \"$0\")/{KEPT}\" \"$@\" || exit $?; fi\n"
    )
}

fn first_line(root: &str) -> String {
    format!("# >>> flaresmith: {root} >>>")
}

fn last_line(root: &str) -> String {
    format!("# <<< flaresmith: {root} <<<")
}

/// The block of a root, without a line end after its last line. `root`: its path from the top, `.` for the top itself.
fn block(root: &str) -> String {
    let file = |name: &str| match root {
        "." => name.to_owned(),
        root => shell_quoted(&format!("{root}/{name}")),
    };
    let body = BODY
        .replace("{settings}", &file(settings::FILE))
        .replace("{lock}", &file(lock::FILE))
        .replace("{root}", &shell_quoted(root));
    format!("{}\n{body}{}", first_line(root), last_line(root))
}

/// Where the block of a root stands in a script, its own line ends included.
fn place(script: &str, root: &str) -> Option<std::ops::Range<usize>> {
    let start = line_start(script, &first_line(root), 0)?;
    let end = line_start(script, &last_line(root), start)? + last_line(root).len();
    Some(if script.get(end..end + 1) == Some("\n") {
        start..end + 1
    } else {
        // Put behind a last line that had no end: the line end before the block came with it.
        start.saturating_sub(1)..end
    })
}

/// Where a line stands that is exactly this.
fn line_start(script: &str, line: &str, from: usize) -> Option<usize> {
    let mut at = 0;
    for found in script.split_inclusive('\n') {
        if at >= from && found.strip_suffix('\n').unwrap_or(found) == line {
            return Some(at);
        }
        at += found.len();
    }
    None
}

/// The script with the block of a root as it is written today.
pub(super) fn put_in(script: &str, root: &str) -> String {
    let script = take_out(script, root);
    let at = match script.split_inclusive('\n').next() {
        Some(first) if first.starts_with("#!") && !first.ends_with('\n') => {
            return format!("{script}\n{}", block(root));
        }
        Some(first) if first.starts_with("#!") => first.len(),
        _ => 0,
    };
    // Below the head of a script of our own, whose first lines belong together.
    let at = [head_with_kept().as_str(), HEAD]
        .iter()
        .find(|head| script.starts_with(**head))
        .map_or(at, |head| head.len());
    let (before, after) = script.split_at(at);
    format!("{before}{}\n{after}", block(root))
}

/// The script without the block of a root.
pub(super) fn take_out(script: &str, root: &str) -> String {
    match place(script, root) {
        Some(place) => [
            script.get(..place.start).unwrap_or(""),
            script.get(place.end..).unwrap_or(""),
        ]
        .concat(),
        None => script.to_owned(),
    }
}

/// Whether the script has a block of the root, of whatever version.
pub(super) fn is_in(script: &str, root: &str) -> bool {
    place(script, root).is_some()
}

/// Whether a shell runs the script, so that a block of shell can stand in it.
pub(super) fn is_shell(script: &str) -> bool {
    let first = script.lines().next().unwrap_or("");
    let Some(line) = first.strip_prefix("#!") else {
        return true;
    };
    line.split_whitespace()
        .map(|word| word.rsplit('/').next().unwrap_or(word))
        .any(|word| matches!(word, "sh" | "bash" | "dash" | "ash" | "zsh" | "ksh"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_there_comes_back_byte_for_byte(
            script in "(#!/bin/sh( -e)?)?(\n|\r\n)?([a-z#'\"\\$ \n]{0,40})(exit 0)?\n?",
            root in "\\.|[a-z' ]{1,8}(/[a-z]{1,4})?",
        ) {
            let with = put_in(&script, &root);
            prop_assert!(is_in(&with, &root));
            prop_assert_eq!(put_in(&with, &root), with.clone(), "the second time changes nothing");
            let both = put_in(&with, "other");
            prop_assert_eq!(take_out(&both, "other"), with.clone());
            prop_assert_eq!(take_out(&with, &root), script);
        }
    }

    #[test]
    fn only_scripts_of_a_shell_take_a_block() {
        for shell in [
            "#!/bin/sh\n",
            "#!/usr/bin/env bash\n",
            "#!/usr/bin/env -S bash -e",
            "echo x\n",
            "",
        ] {
            assert!(is_shell(shell), "{shell:?}");
        }
        for other in ["#!/usr/bin/env python3\n", "#!/usr/bin/perl -w\n"] {
            assert!(!is_shell(other), "{other:?}");
        }
    }
}
