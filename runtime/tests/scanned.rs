//! The logs of whole runs, looked through for everything that was secret in them.
//!
//! Owns: looking for it. Must not know: what of a run is secret, or what tests are about.
//!
//! Every process that runs the tests of `it` keeps what it logged and what was secret in it in a folder of its own below [`RUNS`]. Cargo
//! runs `it` before this, since binaries go by their names; runs that were looked through without a finding are deleted.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use serde_json::Value;

/// The folder of the runs, as `it/scanned.rs` knows it.
const RUNS: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/runs");

/// Shortest text that is looked for; shorter ones stand in any log by chance.
const LEAST: usize = 6;

/// Every line that was logged in a run. A process that is killed leaves the last one half, which is none.
fn logs(run: &Path) -> String {
    let files = fs::read_dir(run).unwrap().map(|entry| entry.unwrap().path());
    let is_log = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with("log");
    let whole = |path: PathBuf| {
        let mut text = fs::read_to_string(path).unwrap();
        text.truncate(text.rfind('\n').map_or(0, |end| end + 1));
        text
    };
    files.filter(is_log).map(whole).collect()
}

/// Secrets that stand in a log, and how many were looked for. Whatever has the form of an address of a person or of a signed
/// token is found too, known or not.
fn found(log: &str, secrets: &BTreeSet<String>) -> (usize, Vec<String>) {
    let looked: Vec<&String> = secrets.iter().filter(|secret| secret.len() >= LEAST).collect();
    let written = |secret: &&String| {
        // As JSON has it.
        let quoted = Value::from(secret.as_str()).to_string();
        quoted[1..quoted.len() - 1].to_owned()
    };
    let forms = [
        "@example.com",
        "@flaresmith.localhost",
        "eyJhbGciOi",
        "Bearer ",
        "-----BEGIN",
    ];
    let all: Vec<String> = looked.iter().map(written).chain(forms.map(str::to_owned)).collect();
    // All in one walk; one may begin within another.
    let search = AhoCorasick::new(&all).unwrap();
    let met: BTreeSet<usize> = search
        .find_overlapping_iter(log)
        .map(|one| one.pattern().as_usize())
        .collect();
    let name = |index: usize| {
        looked
            .get(index)
            .map_or_else(|| all[index].clone(), |secret| (*secret).clone())
    };
    (looked.len(), met.into_iter().map(name).collect())
}

fn secrets(folder: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(folder.join("secrets")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_is_secret_is_found_where_it_stands() {
    let secrets: BTreeSet<String> = ["hush \"hush\"", "0123456789", "abcdefgh", "short"]
        .map(str::to_owned)
        .into();
    let line = |text: &str| serde_json::json!({ "cause": text }).to_string();
    for text in ["so hush \"hush\" it is", "0123456789", "/abcdefgh"] {
        assert_eq!(found(&line(text), &secrets).1.len(), 1, "{text}");
    }
    assert_eq!(found(&line("to ada@example.com"), &secrets).1, ["@example.com"]);
    assert_eq!(
        found(&line("harmless AUTH_TOKEN_MISSING, short"), &secrets),
        (3, Vec::new())
    );
}

/// Shows 001/FR-013, 001/FR-017 and 001/SC-007.
#[test]
fn the_log_of_a_whole_run_holds_nothing_that_was_secret_in_it() {
    let runs: Vec<PathBuf> = fs::read_dir(RUNS)
        .into_iter()
        .flatten()
        .map(|run| run.unwrap().path())
        .collect();
    let (mut lines, mut debug, mut looked_for) = (0, 0, 0);
    for run in &runs {
        let log = logs(run);
        lines += log.lines().count();
        debug += log.lines().filter(|line| line.contains("\"level\":\"debug\"")).count();
        let (looked, found) = found(&log, &secrets(run));
        looked_for += looked;
        for secret in &found {
            let line = log.lines().find(|line| line.contains(secret.as_str()));
            println!("{secret}: {}", line.unwrap_or_default());
        }
        assert!(
            found.is_empty(),
            "{} of {looked} stand in the log {}",
            found.len(),
            run.display()
        );
        for line in log.lines() {
            has_its_form(line);
        }
    }
    println!("{lines} lines, {debug} of them of parts, {looked_for} secrets looked for");
    assert!(
        lines > 1000 && debug > 500 && looked_for > 100,
        "{lines} lines and {looked_for} secrets are no whole run: `cargo test -p flaresmith-runtime` makes one first"
    );
    for run in runs {
        fs::remove_dir_all(run).unwrap();
    }
}

/// A line says when and how grave; one about an error says whose request, and which.
fn has_its_form(line: &str) {
    let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
    for field in ["timestamp", "level"] {
        assert!(line[field].is_string(), "no {field}: {line}");
    }
    if line["severity"].is_string() {
        assert!(line["code"].is_string(), "{line}");
        assert!(line["requestId"].is_string() || line["message"].is_string(), "{line}");
    }
}
