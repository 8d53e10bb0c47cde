//! `flaresmith spec status`: which generated files were edited.
//!
//! Owns: nothing but the order of steps. Must not know: how edits are told apart.

use flaresmith_sync::{SyncError, status};

use crate::cli::Global;
use crate::outcome::Outcome;
use crate::view::View;

/// Runs it.
pub(crate) fn run(global: &Global, view: &mut View) -> Result<Outcome, SyncError> {
    let root = super::root(global)?;
    let lock = super::lock(&root)?;
    view.status(&status::status(&root, &lock)?);
    Ok(Outcome::Clean)
}
