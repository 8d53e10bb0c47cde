//! One workerd.
//!
//! Owns: starting it on a socket, and knowing how it stands. Must not know: which version answers, when it is started again.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::ChildStderr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use flaresmith_api::errors::{ErrorCode, Failure};
use tokio::sync::watch;

use super::config;
use super::place::Runnable;
use crate::guarded::{self, Guarded, Output, Program, Started};
use crate::telemetry::redact::{MASK, redacted};

/// How it says that it listens.
const LISTENS: &str = "{\"event\":\"listen\"";

/// Lines of trouble that are remembered, and the longest of them in bytes.
const LINES: usize = 20;
const LONGEST: u64 = 4096;

/// How long one that is to finish may take for it.
const FINISH: Duration = Duration::from_secs(10);

/// Shortest value that is looked for in lines of trouble.
const LEAST: usize = 4;

/// How one stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It was started.
    Starting,
    /// It takes connections.
    Listening,
    /// It has ended.
    Ended,
}

/// A workerd that was started. It ends when this goes out of scope.
#[derive(Debug)]
pub(super) struct Process {
    guard: Guarded,
    standing: watch::Receiver<Standing>,
    trouble: Arc<Mutex<VecDeque<String>>>,
}

/// Which workerd runs a version: the one of the settings, else the one that its build brought.
pub(super) fn runtime(settings: Option<&Path>, runnable: &Runnable) -> Result<PathBuf, Failure> {
    let found = settings.map(Path::to_owned).or_else(|| runnable.runtime.clone());
    match found {
        Some(file) if file.is_file() => std::path::absolute(file).map_err(Failure::internal),
        _ => Err(Failure::new(ErrorCode::DeploymentRuntimeMissing)),
    }
}

impl Process {
    /// Starts a version on a socket.
    pub(super) fn start(runtime: &Path, runnable: &Runnable, socket: &TcpListener) -> Result<Self, Failure> {
        let folder = std::path::absolute(&runnable.folder).map_err(Failure::internal)?;
        let mut listen: OsString = "--socket-fd=".into();
        listen.push(format!("{}={}", config::SOCKET, guarded::SOCKET));
        let program = Program {
            words: vec![
                runtime.as_os_str().to_owned(),
                "serve".into(),
                listen,
                "--control-fd=2".into(),
                std::path::absolute(&runnable.config).map_err(Failure::internal)?.into(),
            ],
            folder,
            environment: runnable
                .environment
                .iter()
                .map(|(name, value)| (name.into(), value.expose().into()))
                .collect(),
            account: None,
        };
        let (guard, started) = program.start(&Output::Socket(socket)).map_err(Failure::internal)?;
        let (tell, standing) = watch::channel(Standing::Starting);
        let trouble: Arc<Mutex<VecDeque<String>>> = Arc::default();
        let secrets: Vec<String> = runnable
            .environment
            .iter()
            .map(|(_, value)| value.expose().to_owned())
            .filter(|value| value.len() >= LEAST)
            .collect();
        let kept = Arc::clone(&trouble);
        std::thread::Builder::new()
            .name("workerd".to_owned())
            .spawn(move || watched(started, &tell, &kept, &secrets))
            .map_err(Failure::internal)?;
        Ok(Self {
            guard,
            standing,
            trouble,
        })
    }

    /// How it stands now.
    pub(super) fn standing(&self) -> Standing {
        *self.standing.borrow()
    }

    /// Waits until it stands in another way.
    pub(super) async fn changed(&mut self) {
        if self.standing.changed().await.is_err() {
            // Nobody tells any more: it has ended, and that was seen.
            std::future::pending::<()>().await;
        }
    }

    /// Waits until it takes connections; the last lines of trouble when it does not.
    pub(super) async fn listening(&mut self, longest: Duration) -> Result<(), String> {
        let told = self.standing.wait_for(|now| *now != Standing::Starting);
        let listens = matches!(
            tokio::time::timeout(longest, told).await,
            Ok(Ok(now)) if *now == Standing::Listening
        );
        match listens {
            true => Ok(()),
            false => Err(self.trouble()),
        }
    }

    /// The last lines of trouble, without secrets.
    pub(super) fn trouble(&self) -> String {
        let lines = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        lines.join("\n")
    }

    /// Lets it finish the requests that it is at, and ends it.
    pub(super) async fn finish(mut self) {
        self.guard.finish();
        let _ = tokio::time::timeout(FINISH, self.standing.wait_for(|now| *now == Standing::Ended)).await;
    }
}

/// Reads what it writes until it has ended.
fn watched(mut started: Started, tell: &watch::Sender<Standing>, kept: &Mutex<VecDeque<String>>, secrets: &[String]) {
    if let Some(trouble) = started.trouble.take() {
        read(trouble, tell, kept, secrets);
    }
    let _ = started.wait();
    tell.send_replace(Standing::Ended);
}

fn read(trouble: ChildStderr, tell: &watch::Sender<Standing>, kept: &Mutex<VecDeque<String>>, secrets: &[String]) {
    let mut reader = BufReader::new(trouble);
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        match reader.by_ref().take(LONGEST).read_until(b'\n', &mut bytes) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let line = String::from_utf8_lossy(&bytes);
        if line.starts_with(LISTENS) {
            tell.send_if_modified(|now| {
                let first = *now == Standing::Starting;
                *now = Standing::Listening;
                first
            });
            continue;
        }
        let mut line = line.trim_end().to_owned();
        for secret in secrets {
            line = line.replace(secret, MASK);
        }
        let mut lines = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(redacted(&line).into_owned());
    }
}
