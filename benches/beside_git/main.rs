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

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout};
use std::time::{Duration, Instant};

use project::Project;

/// How often each is measured.
const RUNS: usize = 15;

/// Between two runs: what the last one set off is over then.
const PAUSE: Duration = Duration::from_millis(300);

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
    out: BufReader<ChildStdout>,
}

impl Watcher {
    fn start(project: &Project) -> Self {
        let mut process = project.watch();
        let out = BufReader::new(process.stdout.take().expect("the output is piped"));
        let mut err = BufReader::new(process.stderr.take().expect("the output is piped"));
        let mut line = String::new();
        while !line.contains("watching") {
            line.clear();
            assert_ne!(err.read_line(&mut line).expect("the output is text"), 0, "it ended");
        }
        let mut watcher = Self { process, out };
        // The first round tells that everything is in step.
        watcher.line();
        watcher
    }

    /// Saves the contract with another field in it: how long it took until the files were written and told, and how long the
    /// watcher says that it took.
    fn save(&mut self, project: &Project, run: usize) -> (Duration, Duration) {
        let (text, field) = project.with_field(run);
        let began = Instant::now();
        project.save(&text);
        let line = self.line();
        let taken = began.elapsed();
        assert!(project.is_written(&field), "{field} is not written: {line}");
        let told = line.rsplit_once('(').and_then(|(_, rest)| rest.strip_suffix(" ms)"));
        let told = told
            .and_then(|told| told.parse().ok())
            .expect("the line ends with the time");
        (taken, Duration::from_millis(told))
    }

    /// The next line that tells a time.
    fn line(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(
                self.out.read_line(&mut line).expect("the output is text"),
                0,
                "it ended"
            );
            if line.ends_with(" ms)\n") {
                return line.trim_end().to_owned();
            }
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
