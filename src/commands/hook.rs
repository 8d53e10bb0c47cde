//! `flaresmith hook install|uninstall|status`: the check before every commit.
//!
//! Owns: what counts as success. Must not know: where hooks are.

use flaresmith_sync::SyncError;
use flaresmith_sync::hook::{self, HookState};

use crate::cli::{Global, HookCommand};
use crate::outcome::Outcome;
use crate::view::View;

/// Runs it. `status` and `install` succeed when the hook is there afterwards.
pub(crate) fn run(command: &HookCommand, global: &Global, view: &mut View) -> Result<Outcome, SyncError> {
    let root = super::root(global)?;
    let report = match command {
        HookCommand::Install => hook::install(&root)?,
        HookCommand::Uninstall => hook::uninstall(&root)?,
        HookCommand::Status => hook::status(&root)?,
    };
    view.hook(&report);
    Ok(match (command, report.state) {
        (HookCommand::Uninstall, HookState::Absent) | (_, HookState::Installed) => Outcome::Clean,
        _ => Outcome::Problems,
    })
}
