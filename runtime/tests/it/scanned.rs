//! The log of a whole run, looked through for everything that was secret in it.
//!
//! Owns: what of a run is secret, keeping it beside the log, and looking for it there. Must not know: what tests are about.
//!
//! A run of this binary with [`RUN`] set keeps both in that folder. The test below makes such a run of all tests but those that only
//! take long, and looks at what it left.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use crate::instance::{OWNER, PASSWORD, folder};

/// The variable with the folder for log and secrets.
const RUN: &str = "FLARESMITH_TEST_RUN";

/// Members of JSON whose values are secret or name a person, at any depth.
const SECRET: [&str; 14] = [
    "accessToken",
    "code",
    "csrfToken",
    "currentPassword",
    "email",
    "fields",
    "newPassword",
    "password",
    "refreshToken",
    "secret",
    "ticket",
    "token",
    "url",
    "value",
];

/// Shortest text that is looked for; shorter ones stand in any log by chance.
const LEAST: usize = 6;

/// Whether a run keeps its log, and where.
pub(crate) fn kept() -> Option<PathBuf> {
    std::env::var_os(RUN).map(PathBuf::from)
}

fn append(file: &str, lines: impl IntoIterator<Item = String>) {
    static ONE: Mutex<()> = Mutex::new(());
    let Some(folder) = kept() else { return };
    let _one = ONE.lock().unwrap();
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join(file))
        .unwrap();
    for line in lines {
        writeln!(file, "{line}").unwrap();
    }
}

/// A file for the log of another process of the run.
pub(crate) fn another_log() -> Option<File> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    kept().map(|folder| File::create(folder.join(format!("log-{number}"))).unwrap())
}

/// Every line that was logged in a run.
fn logs(folder: &Path) -> String {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_log = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with("log");
    files
        .filter(is_log)
        .map(|path| fs::read_to_string(path).unwrap())
        .collect()
}

/// Keeps lines of a log.
pub(crate) fn log(lines: impl IntoIterator<Item = String>) {
    append("log", lines);
}

/// Keeps what is secret in something that was sent or answered.
pub(crate) fn note(body: &Value) {
    if kept().is_none() {
        return;
    }
    let mut found = BTreeSet::new();
    collect(body, &mut found);
    append("secrets", found.into_iter().map(|text| Value::from(text).to_string()));
}

/// Keeps a text that is secret as a whole.
pub(crate) fn note_text(text: &str) {
    append("secrets", [Value::from(text).to_string()]);
}

fn collect(body: &Value, found: &mut BTreeSet<String>) {
    match body {
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_str() {
                    // Codes of failures are no secret, and a link is one only with a token in it.
                    Some(text) if name == "code" && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') => {}
                    Some(text) if name == "url" => found.extend(text.rsplit(['/', '=']).next().map(str::to_owned)),
                    Some(text) if SECRET.contains(&name.as_str()) => {
                        found.insert(text.to_owned());
                    }
                    _ => collect(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

/// Secrets that stand in a log, and how many were looked for. Whatever has the form of an address of a person or of a signed
/// token is found too, known or not.
fn found(log: &str, secrets: &BTreeSet<String>) -> (usize, Vec<String>) {
    let looked: Vec<&String> = secrets.iter().filter(|secret| secret.len() >= LEAST).collect();
    let written = |secret: &str| {
        // As JSON has it.
        let quoted = Value::from(secret).to_string();
        log.contains(&quoted[1..quoted.len() - 1])
    };
    let mut all: Vec<String> = looked
        .iter()
        .filter(|secret| written(secret))
        .map(|secret| (*secret).clone())
        .collect();
    let forms = [
        "@example.com",
        "@flaresmith.localhost",
        "eyJhbGciOi",
        "Bearer ",
        "-----BEGIN",
    ];
    all.extend(
        forms
            .iter()
            .filter(|form| log.contains(**form))
            .map(|form| (*form).to_owned()),
    );
    (looked.len(), all)
}

fn secrets(folder: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(folder.join("secrets")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_is_secret_is_found_where_it_stands() {
    let body = serde_json::json!({
        "items": [{"password": "hush \"hush\"", "name": "harmless"}, {"token": "0123456789"}],
        "error": {"code": "AUTH_TOKEN_MISSING"},
        "url": "http://127.0.0.1/invitations/abcdefgh",
    });
    let mut secrets = BTreeSet::new();
    collect(&body, &mut secrets);
    assert_eq!(secrets.len(), 3, "{secrets:?}");
    let line = |text: &str| serde_json::json!({ "cause": text }).to_string();
    for text in ["so hush \"hush\" it is", "0123456789", "/abcdefgh"] {
        assert_eq!(found(&line(text), &secrets).1.len(), 1, "{text}");
    }
    assert_eq!(found(&line("to ada@example.com"), &secrets).1, ["@example.com"]);
    assert_eq!(found(&line("harmless AUTH_TOKEN_MISSING"), &secrets), (3, Vec::new()));
}

/// Shows 001/FR-013, 001/FR-017 and 001/SC-007.
#[test]
fn the_log_of_a_whole_run_holds_nothing_that_was_secret_in_it() {
    if kept().is_some() {
        // This is the run that is looked at.
        return;
    }
    let run = folder();
    let said = Command::new(std::env::current_exe().unwrap())
        .args(["--skip", "schemathesis::", "--skip", "killed::", "--skip", "scanned::"])
        .env(RUN, &run)
        .output()
        .unwrap();
    // What fails there fails by itself as well; here what was logged counts.
    let log = logs(&run);
    let mut secrets = secrets(&run);
    secrets.extend([PASSWORD.to_owned(), OWNER.to_owned()]);
    let lines = log.lines().count();
    let debug = log.lines().filter(|line| line.contains("\"level\":\"debug\"")).count();
    let (looked_for, found) = found(&log, &secrets);
    println!("{lines} lines, {debug} of them of parts, {looked_for} secrets looked for");
    assert!(
        lines > 1000 && debug > 500 && looked_for > 100,
        "{lines} lines and {looked_for} secrets are no whole run: {}",
        String::from_utf8_lossy(&said.stdout)
    );
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        for field in ["timestamp", "level"] {
            assert!(line[field].is_string(), "no {field}: {line}");
        }
        // A line about an error says whose request, and which.
        if line["severity"].is_string() {
            assert!(line["code"].is_string(), "{line}");
            assert!(line["requestId"].is_string() || line["message"].is_string(), "{line}");
        }
    }
    for secret in &found {
        let line = log.lines().find(|line| line.contains(secret.as_str()));
        println!("{secret}: {}", line.unwrap_or_default());
    }
    assert!(found.is_empty(), "{} of {looked_for} stand in the log", found.len());
    fs::remove_dir_all(run).unwrap();
}
