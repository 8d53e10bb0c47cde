//! Applying, for every command that writes generated files.
//!
//! Owns: taking a turn and carrying a plan out, with what has to be told beside. Must not know: where a plan comes from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use flaresmith_sync::apply::{self, Applied, Turn};
use flaresmith_sync::plan::Plan;
use flaresmith_sync::stamp::Stamp;
use flaresmith_sync::{Root, SyncError};

use crate::view::View;

/// Stamps of files that were written, by path.
pub(super) type Written = BTreeMap<String, Stamp>;

/// Takes the turn, and tells when an interrupted apply was put right by that.
///
/// # Errors
/// Another apply is running, or an interrupted one could not be put right.
pub(super) fn take_turn(root: &Root, view: &mut View) -> Result<Turn, SyncError> {
    let turn = apply::take_turn(root)?;
    if let Some(recovered) = turn.recovered() {
        view.warning(
            if recovered.undone {
                "the last apply was interrupted; what it had done was taken back, and this run begins anew"
            } else {
                "the last apply was interrupted after its last file; this run tidied up after it"
            },
            "nothing needs to be done",
        );
        kept(&recovered.kept, view);
    }
    Ok(turn)
}

/// Carries a plan out.
///
/// # Errors
/// A file cannot be written or deleted, or changed since the plan was made. Everything is as it was then.
pub(super) fn write(root: &Root, plan: &Plan, turn: &Turn, view: &mut View) -> Result<Written, SyncError> {
    Ok(written(apply::apply(root, plan, turn)?, view))
}

/// Tells what has to be told of an apply. What comes back are the stamps of what it wrote.
pub(super) fn written(applied: Applied, view: &mut View) -> Written {
    kept(&applied.kept, view);
    applied.written
}

/// Tells before a command that only looks: what it sees may be between two states.
pub(super) fn tell_unfinished(root: &Root, view: &mut View) {
    if apply::is_unfinished(root) {
        view.warning(
            "an apply was interrupted, or is running: the generated files are between two states",
            "`flaresmith spec apply` puts that right",
        );
    }
}

/// Tells files that hold somebody's bytes and could not stay where they were.
fn kept(files: &[PathBuf], view: &mut View) {
    for file in files {
        view.warning(
            &format!(
                "somebody wrote to a file while it was replaced; those bytes are kept as {}",
                file.display()
            ),
            "take what you need from it, then delete it",
        );
    }
}
