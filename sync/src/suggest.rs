//! Suggestions: what to type next about a conflict.
//!
//! Owns: the sentences, and quoting paths for a shell. Must not know: how conflicts come about.

use crate::fit::Misfit;
use crate::plan::Conflict;
use crate::table::{Held, Keeper, Reason};

/// What to type next.
#[must_use]
pub fn suggestion(conflict: &Conflict) -> String {
    let path = shell_quoted(&conflict.path);
    if conflict.marked {
        return format!("resolve what stands between the markers in {path}, then run `flaresmith spec apply --merge`");
    }
    let merge = "`flaresmith spec apply --merge` carries the edit over";
    if conflict.held == Held::Unmerged {
        if conflict.keeper != Keeper::Managed {
            return format!(
                "git's merge of the file is not resolved, and it holds an edit of yours: resolve it (`git checkout --ours {path}` keeps your \
                 side), then run `git add {path}` and `flaresmith spec apply --merge`"
            );
        }
        return format!(
            "git's merge of the file is not resolved: `flaresmith spec restore --discard {path} && git add {path}` makes it anew from the merged specs"
        );
    }
    let Some(_) = &conflict.theirs else {
        return format!(
            "the contract no longer has it: delete it (`rm {path}`), or keep it as your own (`flaresmith spec eject {path}`)"
        );
    };
    if conflict.reason == Reason::SchemaMismatch {
        return correction(conflict, &path);
    }
    if let Some(note) = &conflict.note {
        let places: Vec<String> = conflict.clashes.iter().map(|clash| clash.what.clone()).collect();
        let places = if places.is_empty() {
            String::new()
        } else {
            format!(" ({})", listed(&places))
        };
        if conflict.keeper == Keeper::Scaffold {
            return format!(
                "{note}{places}: see both sides with `flaresmith spec plan --merge --diff`, then change the file, or write markers into it \
                 (`flaresmith spec apply --merge --markers`)"
            );
        }
        return format!(
            "{note}{places}: see both sides with `flaresmith spec plan --merge --diff`, then change the file, write markers into it \
             (`flaresmith spec apply --merge --markers`), keep yours (`flaresmith spec accept {path} --reason '…'`) or theirs \
             (`flaresmith spec restore {path}`)"
        );
    }
    match (conflict.reason, conflict.held) {
        (Reason::SchemaMismatch | Reason::ManualDivergence, _) => format!(
            "{merge}; or keep the file as it is (`flaresmith spec accept {path} --reason '…'`), or give the edit up (`flaresmith spec restore {path}`)"
        ),
        (Reason::UncommittedLocalChanges, Held::Staged) => {
            format!(
                "commit the edit (`git commit`) or discard it (`git restore --staged --worktree {path}`), then run `flaresmith spec apply` again; {merge}"
            )
        }
        (Reason::UncommittedLocalChanges, Held::Ignored | Held::Nowhere) => {
            format!(
                "move the edit into the specs and discard it here (`rm {path}`), then run `flaresmith spec apply` again; {merge}"
            )
        }
        (Reason::UncommittedLocalChanges, _) => format!(
            "commit the edit (`git add {path} && git commit`) or discard it (`rm {path}`), then run `flaresmith spec apply` again; {merge}"
        ),
    }
}

/// What to do about a file that does not fit: what is wrong with it, and who can put it right.
fn correction(conflict: &Conflict, path: &str) -> String {
    let told: Vec<String> = conflict.misfits.iter().map(misfit).collect();
    let told = listed(&told);
    let signatures = conflict
        .misfits
        .iter()
        .any(|misfit| misfit.expected.is_some() || misfit.found.is_some());
    let restore = format!("`flaresmith spec restore {path}`");
    match &conflict.note {
        None if signatures => format!("{told}; correct it, or let `flaresmith spec apply --merge` try"),
        None => format!("{told}; correct it, or give the edit up ({restore})"),
        Some(note) => format!("{told}; {note}: correct it, or take what is generated ({restore})"),
    }
}

/// One misfit as a phrase: `fn get_weather at line 12: expected `…`, found `…``.
#[must_use]
pub fn misfit(misfit: &Misfit) -> String {
    // A parser's words hold the place already.
    let at = if misfit.line == 0 || misfit.what.contains(": line ") {
        String::new()
    } else {
        format!(" at line {}", misfit.line)
    };
    match (&misfit.expected, &misfit.found) {
        (Some(expected), Some(found)) => format!("{}{at}: expected `{expected}`, found `{found}`", misfit.what),
        (Some(expected), None) => format!("{}{at}: expected `{expected}`", misfit.what),
        (None, Some(found)) => format!("{}{at}: the contract no longer has `{found}`", misfit.what),
        (None, None) => format!("{}{at}", misfit.what),
    }
}

/// The first few, and how many more.
fn listed(all: &[String]) -> String {
    const SHOWN: usize = 3;
    let shown = all.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("; ");
    if all.len() > SHOWN {
        return format!("{shown}; and {} more", all.len() - SHOWN);
    }
    shown
}

/// A path as one word of a POSIX shell.
#[must_use]
pub fn shell_quoted(path: &str) -> String {
    if !path.starts_with('-') && path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+@".contains(c)) {
        return path.to_owned();
    }
    format!("'{}'", path.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suggestion_can_be_typed_whatever_the_path() {
        assert_eq!(shell_quoted("a b'c"), "'a b'\\''c'");
        assert_eq!(shell_quoted("generated/rust/src/lib.rs"), "generated/rust/src/lib.rs");
    }
}
