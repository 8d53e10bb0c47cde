//! What a run logged and what was secret in it, kept to be looked through.
//!
//! Owns: what of a run is secret, and keeping it beside the log. Must not know: what tests are about, or who looks.
//!
//! Every process that runs these tests keeps both in a folder of its own below [`runs`]. `tests/scanned.rs`, which cargo runs after
//! them, looks through all that it finds there.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::instance::{OWNER, PASSWORD};

/// The folder in which every run has one of its own, as `tests/scanned.rs` knows it.
const RUNS: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/runs");

/// For how long a run is kept that nobody looks through.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

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

/// The folder of this run.
static RUN: LazyLock<PathBuf> = LazyLock::new(|| {
    let old = |run: &Path| {
        run.metadata()
            .and_then(|data| data.modified())
            .is_ok_and(|at| SystemTime::now() > at + KEPT)
    };
    for run in fs::read_dir(RUNS).into_iter().flatten().flatten() {
        if old(&run.path()) {
            // Another run may be doing the same.
            let _ = fs::remove_dir_all(run.path());
        }
    }
    let began = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    let run = Path::new(RUNS).join(format!("{began}-{}", std::process::id()));
    fs::create_dir_all(&run).unwrap();
    let constant = [PASSWORD, OWNER].map(|text| format!("{}\n", Value::from(text)));
    fs::write(run.join("secrets"), constant.concat()).unwrap();
    run
});

fn append(file: &str, lines: impl IntoIterator<Item = String>) {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap();
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(RUN.join(file))
        .unwrap();
    for line in lines {
        writeln!(file, "{line}").unwrap();
    }
}

/// A file for the log of another process of the run.
pub(crate) fn another_log() -> File {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    File::create(RUN.join(format!("log-{number}"))).unwrap()
}

/// Keeps lines of a log.
pub(crate) fn log(lines: impl IntoIterator<Item = String>) {
    append("log", lines);
}

/// Keeps what is secret in something that was sent or answered.
pub(crate) fn note(body: &Value) {
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

#[test]
fn what_is_secret_in_a_body_is_kept() {
    let body = serde_json::json!({
        "items": [{"password": "hush \"hush\"", "name": "harmless"}, {"token": "0123456789"}],
        "error": {"code": "AUTH_TOKEN_MISSING"},
        "url": "http://127.0.0.1/invitations/abcdefgh",
    });
    let mut secrets = BTreeSet::new();
    collect(&body, &mut secrets);
    assert_eq!(Vec::from_iter(secrets), ["0123456789", "abcdefgh", "hush \"hush\""]);
}
