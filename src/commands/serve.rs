//! `flaresmith serve`: the platform's server.
//!
//! Owns: finding the `flaresmithd` beside this program and handing over to it. Must not know: what it serves, or its options.

use std::path::{Path, PathBuf};
use std::process::Command;

use flaresmith_sync::SyncError;

use crate::cli::ServeArgs;
use crate::outcome::Outcome;

/// Runs it.
pub(crate) fn run(args: &ServeArgs) -> Result<Outcome, SyncError> {
    let server = beside()?;
    let mut command = Command::new(&server);
    command.args(&args.options);
    hand_over(command, &server)
}

/// The server in the folder of this program.
fn beside() -> Result<PathBuf, SyncError> {
    let own = std::env::current_exe().map_err(|error| SyncError::io("cannot find", Path::new("flaresmith"), &error))?;
    // A link on PATH leads to the folder that holds both.
    let own = own.canonicalize().unwrap_or(own);
    let server = own.with_file_name(format!("flaresmithd{}", std::env::consts::EXE_SUFFIX));
    if server.is_file() {
        return Ok(server);
    }
    Err(
        SyncError::new("SERVE_ABSENT", "there is no `flaresmithd` beside this program")
            .at(&server)
            .hint("in a checkout of flaresmith, `cargo serve` builds and starts it"),
    )
}

/// Becomes the server, so that signals reach it and its exit code is this one's.
#[cfg(unix)]
fn hand_over(mut command: Command, server: &Path) -> Result<Outcome, SyncError> {
    let error = std::os::unix::process::CommandExt::exec(&mut command);
    Err(SyncError::io("cannot start", server, &error))
}

/// Runs the server and ends as it does.
#[cfg(not(unix))]
fn hand_over(mut command: Command, server: &Path) -> Result<Outcome, SyncError> {
    let ended = command
        .status()
        .map_err(|error| SyncError::io("cannot start", server, &error))?;
    Ok(if ended.success() {
        Outcome::Clean
    } else {
        Outcome::Problems
    })
}
