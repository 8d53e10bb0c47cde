//! `cargo bench --bench beside_git`: what a person waits for, beside a plain `git status` on the same repository.
//!
//! Owns: real processes in real repositories, side by side in one run, so that all share whatever else the machine does. Must not
//! know: what a run is made of; that is measured by `phases`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on has nothing to measure"
)]

#[path = "../phases/made.rs"]
mod made;
mod project;

use std::io::{BufRead as _, BufReader, Read};
use std::process::Child;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use project::Project;

/// How often each is measured.
const RUNS: usize = 15;

/// Between two runs: what the last one set off is over then.
const PAUSE: Duration = Duration::from_millis(300);

/// How long a watcher may say nothing of what is waited for.
const LIMIT: Duration = Duration::from_secs(60);

fn main() {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let mut rows = Vec::new();
    for (name, make) in [
        ("platform", Project::platform as fn() -> Project),
        ("made", Project::made),
    ] {
        let name = format!("beside_git/{name}");
        if filter.as_ref().is_none_or(|filter| name.contains(filter.as_str())) {
            rows.extend(measure(&name, &make()));
        }
    }
    if rows.is_empty() {
        return;
    }
    println!("| contract | what | best | median | best, times `git status` | median, times `git status` |");
    println!("|---|---|--:|--:|--:|--:|");
    rows.iter().for_each(|row| println!("{row}"));
}

/// The rows of one repository.
fn measure(name: &str, project: &Project) -> Vec<String> {
    // What was just written is read again by git and by us; after a moment and a look neither does.
    std::thread::sleep(Duration::from_secs(2));
    let (mut status, mut check, mut save, mut told) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for run in 0..=RUNS {
        let looked = [project.git_status(), project.check()];
        if run > 0 {
            status.push(looked[0]);
            check.push(looked[1]);
        }
    }
    let mut watcher = Watcher::start(project);
    for run in 0..=RUNS {
        std::thread::sleep(PAUSE);
        let (taken, said) = watcher.save(project, run);
        if run > 0 {
            save.push(taken);
            told.push(said);
        }
    }
    drop(watcher);
    let floor = (best(&status), median(&status));
    let row = |what: &str, samples: &[Duration]| {
        let (best, median) = (best(samples), median(samples));
        format!(
            "| {name} | {what} | {:.1} ms | {:.1} ms | {:.2} | {:.2} |",
            best * 1e3,
            median * 1e3,
            best / floor.0,
            median / floor.1
        )
    };
    vec![
        row("`git status`", &status),
        row("`spec check`, nothing changed", &check),
        row(
            "`spec watch`, one field: from the save to the line that tells it",
            &save,
        ),
        row("the same, as the line itself tells it", &told),
    ]
}

fn best(samples: &[Duration]) -> f64 {
    samples.iter().min().map_or(0.0, Duration::as_secs_f64)
}

fn median(samples: &[Duration]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort();
    sorted.get(sorted.len() / 2).map_or(0.0, Duration::as_secs_f64)
}

/// A `spec watch` at work; it ends with this.
struct Watcher {
    process: Child,
    /// Its lines, of both outputs.
    lines: Receiver<String>,
}

impl Watcher {
    fn start(project: &Project) -> Self {
        let mut process = project.watch();
        let (sender, lines) = channel();
        read(process.stdout.take().expect("the output is piped"), sender.clone());
        read(process.stderr.take().expect("the output is piped"), sender);
        let mut watcher = Self { process, lines };
        // The first round tells that everything is in step; then changes are waited for. The two come from different outputs.
        let mut left = vec![" ms)", "watching"];
        while !left.is_empty() {
            let line = watcher.line(&left);
            left.retain(|part| !line.contains(part));
        }
        watcher
    }

    /// Saves the contract with another field in it: how long it took until the files were written and told, and how long the
    /// watcher says that it took.
    fn save(&mut self, project: &Project, run: usize) -> (Duration, Duration) {
        let (text, field) = project.with_field(run);
        let began = Instant::now();
        project.save(&text);
        let line = self.line(&[" ms)"]);
        let taken = began.elapsed();
        assert!(project.is_written(&field), "{field} is not written: {line}");
        let told = line.rsplit_once('(').and_then(|(_, rest)| rest.strip_suffix(" ms)"));
        let told = told
            .and_then(|told| told.parse().ok())
            .expect("the line ends with the time");
        (taken, Duration::from_millis(told))
    }

    /// The next line that has one of the parts. What it says instead is shown when there is none: errors in the contract, conflicts.
    fn line(&mut self, parts: &[&str]) -> String {
        let until = Instant::now() + LIMIT;
        let mut said = String::new();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) if parts.iter().any(|part| line.contains(part)) => return line,
                Ok(line) => said = said + &line + "\n",
                Err(why) => {
                    panic!("`spec watch` did not tell of a save ({why}, after at most {LIMIT:?}); it said:\n{said}")
                }
            }
            assert!(
                !said.contains("error["),
                "`spec watch` found errors in what was saved; it said:\n{said}{}",
                self.rest()
            );
        }
    }

    /// What else it says in the next moment.
    fn rest(&self) -> String {
        std::iter::from_fn(|| self.lines.recv_timeout(PAUSE).ok()).fold(String::new(), |all, line| all + &line + "\n")
    }
}

/// Hands the lines of an output on, until it ends.
fn read(output: impl Read + Send + 'static, lines: Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                return;
            }
        }
    });
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
