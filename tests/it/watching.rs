//! A `flaresmith spec watch` that runs beside a test.
//!
//! Owns: the process, reading what it prints line by line, and its end, also when the test fails. Must not know: what is proved.
//!
//! Nothing here says how fast it must be: waiting is long, and ends early.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::git::Git;

/// Nothing takes so long unless it never comes.
const LONG: Duration = Duration::from_secs(120);

/// How long nothing is printed before it is believed that nothing will be. Too short, and a test would miss what it looks for
/// and pass; it never fails by it.
const CALM: Duration = Duration::from_millis(400);

/// A running watcher.
pub(crate) struct Watcher {
    process: Child,
    out: Receiver<String>,
    err: Receiver<String>,
}

impl Watcher {
    /// Starts one in a repository, and waits until it watches.
    pub(crate) fn start(git: &Git, arguments: &[&str]) -> Self {
        let mut watcher = Self::launch(git, arguments);
        watcher.said("watching");
        watcher.calm();
        watcher
    }

    /// Starts one.
    pub(crate) fn launch(git: &Git, arguments: &[&str]) -> Self {
        let mut process = git
            .command(&git.path(""), env!("CARGO_BIN_EXE_flaresmith"))
            .args(["spec", "watch"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = lines(process.stdout.take().unwrap());
        let err = lines(process.stderr.take().unwrap());
        Self { process, out, err }
    }

    /// Waits for a line of standard output that has the text; all lines up to it.
    pub(crate) fn told(&mut self, text: &str) -> Vec<String> {
        until(&self.out, &self.err, text)
    }

    /// Waits for a line of standard error that has the text; all lines up to it.
    pub(crate) fn said(&mut self, text: &str) -> Vec<String> {
        until(&self.err, &self.out, text)
    }

    /// Waits until nothing is printed any more; what was until then, standard output first.
    pub(crate) fn calm(&mut self) -> Vec<String> {
        let mut found = Vec::new();
        while let Ok(line) = self.out.recv_timeout(CALM) {
            found.push(line);
        }
        found.extend(self.err.try_iter());
        found
    }

    /// Kills it as `kill -9` does, and waits for its end.
    pub(crate) fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Whether it still runs.
    pub(crate) fn runs(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }

    /// Waits for its end; the exit code.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        let began = Instant::now();
        while began.elapsed() < LONG {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("it still runs");
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits until something holds.
pub(crate) fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < LONG, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Lines of a stream as they come.
fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { break };
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

fn until(stream: &Receiver<String>, other: &Receiver<String>, text: &str) -> Vec<String> {
    let began = Instant::now();
    let mut found: Vec<String> = Vec::new();
    loop {
        let failed = match stream.recv_timeout(LONG.saturating_sub(began.elapsed())) {
            Ok(line) => {
                let there = line.contains(text);
                found.push(line);
                if there {
                    return found;
                }
                continue;
            }
            Err(RecvTimeoutError::Timeout) => "it never came",
            Err(RecvTimeoutError::Disconnected) => "it ended",
        };
        let other: Vec<String> = other.try_iter().collect();
        panic!("no `{text}`, {failed}: {found:#?}\n{other:#?}");
    }
}
