//! What the programs of Postgres are told.
//!
//! Owns: making a cluster, starting and stopping it, and the settings that it runs with. Must not know: who uses it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use flaresmith_api::errors::Failure;
use tokio::time::Instant;
use uuid::Uuid;

use super::place::{BESIDE, Place};
use super::programs::Programs;
use super::{LOOK, OWNER, unavailable};
use crate::guarded::{self, Program, run_as};
use crate::sealing::token;
use crate::telemetry::redact::redacted;

/// Longest time to make one in.
const MAKE: Duration = Duration::from_secs(180);

/// How letters are told from other signs; what follows on what is a matter of bytes everywhere.
const LETTERS: &str = match () {
    () if cfg!(target_os = "linux") => "--lc-ctype=C.UTF-8",
    () if cfg!(target_os = "macos") => "--lc-ctype=UTF-8",
    () => "--lc-ctype=C",
};

/// What it runs with beside its port. A worker has one connection for each request that it is at; a hundred environments that are at
/// two each at once find room. Memory is little, and nothing is taken from what makes a commit last. The log keeps a week, without
/// statements and rows: they may hold what is secret.
const SETTINGS: [&str; 16] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=300",
    "shared_buffers=32MB",
    "max_wal_size=256MB",
    "min_wal_size=32MB",
    "max_parallel_workers_per_gather=0",
    "jit=off",
    "logging_collector=on",
    "log_directory=../log",
    "log_filename=postgres-%a.log",
    "log_truncate_on_rotation=on",
    "log_rotation_size=0",
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
    "log_checkpoints=off",
];

/// A script that runs a program with what stands on its own standard input under a number that programs hand on to what they start.
const INHERITED: &str = "exec 9<&0 </dev/null; exec \"$@\"";

/// What it sees of an environment.
fn environment() -> [(&'static str, OsString); 4] {
    [
        ("PATH", std::env::var_os("PATH").unwrap_or_default()),
        ("LANG", "C".into()),
        ("LC_ALL", "C".into()),
        ("TZ", "UTC".into()),
    ]
}

/// Makes a cluster, whole or not at all. The program ends with this process.
pub(super) async fn make(place: &Place, programs: &Programs) -> Result<(), Failure> {
    sweep(place)?;
    let beside = place.home().join(format!("{BESIDE}{}", Uuid::new_v4()));
    let made = make_in(&beside, place, programs).await;
    if made.is_err() {
        let _ = fs::remove_dir_all(&beside);
    }
    made
}

async fn make_in(beside: &PathBuf, place: &Place, programs: &Programs) -> Result<(), Failure> {
    place.own_folder(beside)?;
    let password = token("").map_err(Failure::internal)?;
    place.own_file(&beside.join("password"), &password)?;
    let log = File::create(beside.join("initdb.log")).map_err(Failure::internal)?;
    let words: [OsString; 9] = [
        programs.file("initdb").into(),
        format!("--username={OWNER}").into(),
        "--auth=scram-sha-256".into(),
        "--pwfile=password".into(),
        "--encoding=UTF8".into(),
        "--locale=C".into(),
        LETTERS.into(),
        "-D".into(),
        beside.join("data").into(),
    ];
    let program = Program {
        words: words.into(),
        folder: beside.clone(),
        environment: environment().map(|(name, value)| (OsString::from(name), value)).into(),
        account: place.account,
    };
    let (guard, mut started) = program.start(&guarded::Output::File(&log)).map_err(Failure::internal)?;
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = started.ended().map_err(Failure::internal)? {
            break status;
        }
        if begun.elapsed() > MAKE {
            return Err(unavailable(&format!("initdb took longer than {} s.", MAKE.as_secs())));
        }
        tokio::time::sleep(LOOK).await;
    };
    drop(guard);
    if !status.success() {
        let said = fs::read(beside.join("initdb.log")).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        let line = said
            .lines()
            .rev()
            .find(|line| line.contains("error"))
            .unwrap_or_default();
        let why: String = redacted(line).chars().take(300).collect();
        return Err(unavailable(&format!("initdb failed. {why}")));
    }
    fs::rename(beside, place.cluster()).map_err(Failure::internal)?;
    // The name is to last as what it names does.
    let _ = File::open(place.home()).and_then(|folder| folder.sync_all());
    Ok(())
}

/// Removes what was left by whoever died while making one.
fn sweep(place: &Place) -> Result<(), Failure> {
    for entry in fs::read_dir(place.home()).map_err(Failure::internal)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(BESIDE) {
            fs::remove_dir_all(entry.path()).map_err(Failure::internal)?;
        }
    }
    Ok(())
}

/// Whether anything of the cluster lives. It holds a lock on a file of the cluster from its start to its end, whichever machine or
/// container it sees itself in; a copy of the cluster has a file of its own.
pub(super) fn runs(place: &Place) -> Result<bool, Failure> {
    Ok(place.alive()?.try_lock().is_err())
}

/// Starts it, and waits until it takes connections or has ended. Whether it did is seen by who looks next.
pub(super) fn start(place: &Place, programs: &Programs, port: u16) -> Result<(), Failure> {
    let alive = place.alive()?;
    if alive.try_lock().is_err() {
        return Ok(());
    }
    // What is left of a former one tells of a process that is no more, or of another's.
    place.forget_process()?;
    let _ = fs::remove_file(place.start_log());
    let mut settings = format!("-p {port}");
    for setting in SETTINGS {
        settings.push_str(" -c ");
        settings.push_str(setting);
    }
    let log = place.start_log().into_os_string();
    let words = [
        "-w".into(),
        "-t".into(),
        "60".into(),
        "-l".into(),
        log,
        "-o".into(),
        settings.into(),
    ];
    control(place, programs, "start", &words, Some(alive))?;
    Ok(())
}

/// Stops it: whoever is connected is not waited for.
pub(super) fn stop(place: &Place, programs: &Programs) -> Result<(), Failure> {
    if !runs(place)? {
        return Ok(());
    }
    let words = ["-m", "fast", "-w", "-t", "30"].map(OsString::from);
    let said = control(place, programs, "stop", &words, None)?;
    match said.status.success() || !runs(place)? {
        true => Ok(()),
        false => Err(Failure::internal("Postgres does not stop")),
    }
}

/// Runs `pg_ctl`. What it starts has a session of its own, and does not end with this process. `held`: a lock that what it starts
/// holds from then on.
fn control(
    place: &Place,
    programs: &Programs,
    action: &str,
    words: &[OsString],
    held: Option<File>,
) -> Result<Output, Failure> {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", INHERITED, "sh"]).arg(programs.file("pg_ctl"));
    command.arg(action).arg("-D").arg(place.data()).args(words);
    command.env_clear().envs(environment());
    command.current_dir(place.cluster());
    command.stdin(held.map_or_else(Stdio::null, Stdio::from));
    run_as(&mut command, place.account);
    command.output().map_err(Failure::internal)
}
