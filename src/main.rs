//! The `flaresmith` command line.
//!
//! Owns: starting the command that was asked for, and the exit code. Must not know: what any command does.

use std::process::ExitCode;

use clap::Parser as _;

mod cli;
mod commands;
mod outcome;
mod progress;
#[cfg(feature = "client")]
mod remote;
mod view;

/// A run is made of millions of small allocations on several threads, which the system's allocator takes a fifth of the time for.
/// What they leave between them is little with this one, so that a large contract needs no more memory than it has to.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    outcome::report_panics();
    let cli = cli::Cli::parse();
    let mut view = view::View::new(&cli.global);
    match commands::run(&cli, &mut view) {
        Ok(outcome) => match view.lost() {
            None => outcome.into(),
            Some(error) => {
                view.failure(&error);
                outcome::Outcome::Problems.into()
            }
        },
        Err(error) => {
            view.failure(&error);
            outcome::Outcome::Problems.into()
        }
    }
}
