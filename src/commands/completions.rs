//! `flaresmith completions SHELL`: the completion script of a shell.
//!
//! Owns: nothing; the script is made from the argument types.

use clap::CommandFactory as _;
use flaresmith_sync::SyncError;

use crate::cli::{Cli, CompletionsArgs};
use crate::outcome::Outcome;

/// Runs it.
pub(crate) fn run(args: &CompletionsArgs) -> Result<Outcome, SyncError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "flaresmith", &mut script);
    // A closed pipe (`| head`) is not a failure.
    let _ = std::io::Write::write_all(&mut std::io::stdout(), &script);
    Ok(Outcome::Clean)
}
