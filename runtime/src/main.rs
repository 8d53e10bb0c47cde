//! `flaresmithd`: the server.
//!
//! Owns: what the program says and how it ends. Must not know: what it serves.

use std::io::Write as _;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_runtime::identity::first_owner::{self, FirstOwner};
use flaresmith_runtime::postgres::Cluster;
use flaresmith_runtime::problem::Problem;
use flaresmith_runtime::serve::{Listener, asked_to_stop, listen, serve};
use flaresmith_runtime::settings::{Database, Databases, Settings, Stop};
use flaresmith_runtime::telemetry::log::Log;
use flaresmith_runtime::telemetry::writer::Writer;
use flaresmith_runtime::{Platform, Replaced, master_key};
use futures_util::FutureExt as _;

/// Requests make and drop many small things on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "multi_thread")]
#[allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program tells where it listens, and why it does not"
)]
async fn main() -> ExitCode {
    let settings = match Settings::read(std::env::args_os()) {
        Ok(settings) => settings,
        Err(Stop::Help(text)) => {
            print!("{text}");
            return ExitCode::SUCCESS;
        }
        Err(Stop::Usage(text)) => {
            eprint!("{text}");
            return ExitCode::from(2);
        }
        Err(Stop::Problem(problem)) => {
            eprintln!("{problem}");
            return ExitCode::FAILURE;
        }
    };
    match run(settings).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// Longest time to write the last lines of the log in.
const LAST: Duration = Duration::from_secs(1);

/// Says a line, beside the log, which has standard output for itself. Whoever started the program may have stopped listening, which
/// is no reason to stop serving.
fn say(line: &str) {
    let mut output = std::io::stderr().lock();
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}

async fn run(mut settings: Settings) -> Result<(), Problem> {
    // Without an address nothing is made: whoever is told the first password can use it. Port 0 becomes the one that links need.
    let (listener, bound) = listen(&settings).await?;
    settings.listen = bound.to_string();
    let writer = Writer::to(std::io::stdout());
    let log = Log::new(settings.log_level, writer.lines());
    let listening = Arc::new(AtomicBool::new(false));
    let is_listening = Arc::clone(&listening);
    std::panic::set_hook(Box::new(move |panic| {
        log.panicked(panic);
        // Once requests are served, what a panic says is for the log alone. Before, the process ends with it.
        if !is_listening.load(Ordering::Relaxed) {
            say(&format!("flaresmithd: {panic}"));
        }
    }));
    let replaced = Replaced {
        lines: Some(writer.lines()),
        ..Replaced::default()
    };
    let ended = AssertUnwindSafe(started(settings, replaced, listener, &bound, &listening))
        .catch_unwind()
        .await;
    // However it ended, the last lines are the ones that say why.
    writer.finish(LAST);
    match ended {
        Ok(ended) => ended,
        Err(panic) => resume_unwind(panic),
    }
}

async fn started(
    settings: Settings,
    replaced: Replaced,
    listener: Listener,
    bound: &SocketAddr,
    listening: &AtomicBool,
) -> Result<(), Problem> {
    refuse_to_leave_databases(&settings)?;
    let scheme = settings.scheme();
    let platform = Platform::start_with(settings, replaced).await?;
    let owner = first_owner::ensure(&platform)
        .await
        .map_err(|failure| no_owner(&failure))?;
    let overdue = master_key::overdue(&platform.store, &platform.clock).await;
    let stop = asked_to_stop()?;
    listening.store(true, Ordering::Relaxed);
    say(&format!("listening on {scheme}://{bound}"));
    if let Some(owner) = owner {
        say(&how_to_sign_in(&owner));
    }
    if let Ok(Some((key, since))) = overdue {
        say(&format!(
            "{key} encrypts since {}\n  = hint: add one of the next number beside it and start again, then take it away",
            since.date_naive()
        ));
    }
    serve(platform, listener, stop).await
}

/// Environments whose databases are in the cluster of the data folder would begin with empty ones elsewhere, and nobody would say so.
fn refuse_to_leave_databases(settings: &Settings) -> Result<(), Problem> {
    let leaves = matches!(settings.database, Database::Sqlite(_)) && settings.databases != Databases::Auto;
    if !leaves || !Cluster::new(&settings.data, None).is_made() {
        return Ok(());
    }
    let folder = settings.data.join("postgres");
    let message =
        "environments have their databases on the server that this one runs, and `--databases` names another place";
    Err(Problem::new("SETTINGS_DATABASES_LEFT", message)
        .at(folder.display().to_string())
        .hint("start with `--databases auto`; or move that folder away, which leaves all that is in it behind"))
}

fn no_owner(failure: &Failure) -> Problem {
    let problem = Problem::of("SERVER_FIRST_OWNER", "the first owner cannot be made", failure);
    match failure.code() {
        ErrorCode::UserPasswordWeak => problem
            .at("FLARESMITH_OWNER_PASSWORD")
            .hint("give it 12 characters or more, 5 of them different, or unset it and have one made"),
        _ => problem,
    }
}

/// What the first owner needs to know. The password itself stays in its file.
fn how_to_sign_in(owner: &FirstOwner) -> String {
    let email = &owner.email;
    match &owner.password_file {
        Some(file) => format!(
            "sign in as {email} with the password in {}\n  = hint: change it after signing in, then delete the file",
            file.display()
        ),
        None => format!("sign in as {email} with the password of FLARESMITH_OWNER_PASSWORD"),
    }
}
