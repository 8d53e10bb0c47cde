//! How a run ended, as an exit code.
//!
//! Owns: the meaning of exit codes and the message of a bug. Must not know: what any command does.

use std::process::ExitCode;

use flaresmith_sync::drift::DriftStatus;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing to do, or done.
    Clean,
    /// Problems in the specs, or the run failed.
    Problems,
    /// A person has to decide something first.
    Conflicts,
    /// Files are behind the specs, and the command was asked only to look.
    Drift,
    /// What the command was asked to fail on was found.
    Found,
}

impl Outcome {
    /// The outcome of a command that only looks.
    pub(crate) fn of_look(status: DriftStatus) -> Self {
        match status {
            DriftStatus::Clean => Self::Clean,
            DriftStatus::Drift => Self::Drift,
            DriftStatus::Conflicts => Self::Conflicts,
        }
    }
}

impl From<()> for Outcome {
    fn from((): ()) -> Self {
        Self::Clean
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Clean => 0,
            Outcome::Problems => 1,
            Outcome::Conflicts => 3,
            Outcome::Drift | Outcome::Found => 4,
        })
    }
}

/// Makes a panic end the process with 70 and a message that says whose fault it is. Nothing on disk can be half written by
/// it: files change only by rename.
#[allow(clippy::print_stderr, reason = "a view may be what panicked")]
pub(crate) fn report_panics() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        default(panic);
        anstream::eprintln!("error[INTERNAL_PANIC]: this is a bug of flaresmith, not of your specs");
        anstream::eprintln!("  = hint: please report it with the lines above and the smallest spec that shows it");
        std::process::exit(70);
    }));
}
