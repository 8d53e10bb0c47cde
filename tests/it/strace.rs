//! Stopping the command line at a system call of its own: killed there, or told there that the disk failed.
//!
//! Owns: running under strace, and finding out at which calls a run can be stopped. Must not know: what is proved with it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Output};

use crate::repository::Said;

/// Everything that changes what is on disk.
const CALLS: &str = "openat,write,fsync,fdatasync,rename,renameat,renameat2,linkat,link,unlink,unlinkat,mkdir,mkdirat,rmdir,fchmod,chmod,ftruncate";

/// A system call of a run that changes the repository: the `nth` of its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Point {
    pub(crate) call: String,
    pub(crate) nth: usize,
    /// The call as strace prints it.
    pub(crate) line: String,
}

/// Every point of a run of the command line in a folder, in the order of the run, which comes to its end.
pub(crate) fn points(folder: &Path, arguments: &[&str]) -> Vec<Point> {
    let (_, log) = strace(folder, &["-y", "-e", &format!("trace={CALLS}")], arguments);
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut points = Vec::new();
    for line in log.lines() {
        let Some((process, call)) = line.split_once(' ') else {
            continue;
        };
        let Some((name, given)) = call.trim_start().split_once('(') else {
            continue;
        };
        let nth = counts.entry((process.to_owned(), name.to_owned())).or_default();
        *nth += 1;
        let inside = given.contains(&*folder.to_string_lossy());
        if inside && (name != "openat" || given.contains("O_CREAT")) {
            points.push(Point {
                call: name.to_owned(),
                nth: *nth,
                line: line.to_owned(),
            });
        }
    }
    assert!(!points.is_empty(), "strace saw nothing:\n{log}");
    points
}

/// Runs the command line, killed when it comes to a point: the call is not carried out any more.
pub(crate) fn killed(folder: &Path, arguments: &[&str], point: &Point) {
    let Point { call, nth, .. } = point;
    let (output, _) = strace(
        folder,
        &[
            "-e",
            &format!("trace={call}"),
            "-e",
            &format!("inject={call}:signal=KILL:when={nth}"),
        ],
        arguments,
    );
    assert_eq!(output.status.signal(), Some(9), "{point:?} was never reached");
}

/// Runs the command line with a call that fails: once (`3`), or from then on (`3+`).
pub(crate) fn failing(folder: &Path, arguments: &[&str], call: &str, error: &str, when: &str) -> Said {
    let (output, _) = strace(
        folder,
        &[
            "-e",
            &format!("trace={call}"),
            "-e",
            &format!("inject={call}:error={error}:when={when}"),
        ],
        arguments,
    );
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs the command line under strace; with what strace wrote down.
fn strace(folder: &Path, options: &[&str], arguments: &[&str]) -> (Output, String) {
    let log = tempfile::NamedTempFile::new().unwrap();
    let output = Command::new("strace")
        .args(["-f", "-qq", "-o"])
        .arg(log.path())
        .args(options)
        .arg(env!("CARGO_BIN_EXE_flaresmith"))
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        // One thread beside the first, so that calls are made in the same order every time.
        .env("RAYON_NUM_THREADS", "1")
        .output()
        .unwrap_or_else(|error| {
            panic!("strace cannot be run ({error}); on Debian: apt-get update && apt-get install -y strace")
        });
    let text = fs::read_to_string(log.path()).unwrap();
    assert!(
        !output.stderr.starts_with(b"strace:"),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    (output, text)
}
