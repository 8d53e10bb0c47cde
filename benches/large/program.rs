//! The program at work in a repository of its own.
//!
//! Owns: running it, and how much memory it had at most. Must not know: what is measured.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// A repository, which goes away when dropped.
pub(crate) struct Repository(TempDir);

impl Repository {
    /// One with a contract and nothing else.
    pub(crate) fn with(path: &str, text: &str) -> Self {
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made");
        fs::write(folder.path().join(path), text).expect("a file can be written");
        let settings = format!("contracts = [\"{path}\"]\n");
        fs::write(folder.path().join("flaresmith.toml"), settings).expect("a file can be written");
        let git = Command::new("git")
            .args(["init", "-q"])
            .current_dir(folder.path())
            .status();
        assert!(git.expect("git runs").success(), "git has refused");
        Self(folder)
    }

    /// Runs the program to its good end.
    pub(crate) fn run(&self, arguments: &[&str]) {
        let ended = self.command(arguments).status().expect("the program starts");
        assert!(ended.success(), "{arguments:?}: {ended}");
    }

    /// The same; the most memory that it had, in bytes. Looking at that takes time of its own.
    pub(crate) fn peak(&self, arguments: &[&str]) -> u64 {
        let mut process = self.command(arguments).spawn().expect("the program starts");
        let status = PathBuf::from(format!("/proc/{}/status", process.id()));
        let mut peak = 0;
        // The high-water mark only rises, so that the last look at it is the best.
        let ended = loop {
            peak = high_water(&status).max(peak);
            if let Some(ended) = process.try_wait().expect("the program can be waited for") {
                break ended;
            }
            std::thread::sleep(Duration::from_micros(200));
        };
        assert!(ended.success(), "{arguments:?}: {ended}");
        peak
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flaresmith"));
        command
            .args(arguments)
            .current_dir(self.0.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Asks about every generated file; how many there are.
    pub(crate) fn look_at_generated(&self) -> usize {
        look(&self.0.path().join("generated"))
    }
}

/// Bytes of a process' most resident memory. Nothing where the system does not tell.
fn high_water(status: &Path) -> u64 {
    let text = fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

fn look(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).expect("the folder can be listed");
    entries
        .map(|entry| {
            let entry = entry.expect("the folder can be listed");
            let about = fs::symlink_metadata(entry.path()).expect("the file is there");
            if about.is_dir() { look(&entry.path()) } else { 1 }
        })
        .sum()
}
