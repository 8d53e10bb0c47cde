//! The real tools: Node with the packages of `tests/toolchain`, and where generated crates are built.
//!
//! Owns: installing what a fresh machine lacks, running a tool, its answer. Must not know: what is proved with it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Cargo for generated crates. They are built in one folder and in one way, so that what they depend on is built once; and without what
/// is for people who debug and build again, which would fill the disk of a small machine.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("generated-target"),
        )
        .env("RUSTFLAGS", "-D warnings")
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_PROFILE_DEV_DEBUG", "false");
    cargo
}

/// The folder of the tools. Their packages are installed when they are not, or not those that the lock names.
pub(crate) fn toolchain() -> &'static Path {
    static READY: OnceLock<PathBuf> = OnceLock::new();
    READY.get_or_init(|| {
        let folder = root().join("tests/toolchain");
        let lock = fs::read(folder.join("package-lock.json")).unwrap();
        let stamp = folder.join("node_modules/.installed-lock.json");
        if fs::read(&stamp).ok().as_deref() != Some(lock.as_slice()) {
            let output = Command::new("npm")
                .args(["ci", "--no-audit", "--no-fund"])
                .current_dir(&folder)
                .output()
                .unwrap_or_else(|error| panic!("npm cannot be run ({error}); install Node 20"));
            assert!(
                output.status.success(),
                "`npm ci` in tests/toolchain: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            fs::write(&stamp, lock).unwrap();
        }
        folder
    })
}

/// What a tool says: one JSON document.
pub(crate) fn tool<A: AsRef<OsStr>>(script: &str, args: impl IntoIterator<Item = A>) -> Value {
    let output = Command::new("node")
        .arg(toolchain().join(script))
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    serde_json::from_str(&said)
        .unwrap_or_else(|_| panic!("{script}: {said}\n{}", String::from_utf8_lossy(&output.stderr)))
}

/// What a tool says, which must be that all is well.
pub(crate) fn sound<A: AsRef<OsStr>>(script: &str, args: impl IntoIterator<Item = A>) -> Value {
    let said = tool(script, args);
    assert_eq!(said["ok"], true, "{script}: {said:#}");
    said
}

/// A tool that stays up; stopped when dropped.
pub(crate) struct Up {
    child: std::process::Child,
    /// The first thing that it said.
    pub(crate) said: Value,
}

/// Starts a tool that stays up, and waits for its first line.
pub(crate) fn up<A: AsRef<OsStr>>(script: &str, args: impl IntoIterator<Item = A>) -> Up {
    use std::io::BufRead as _;
    let mut child = Command::new("node")
        .arg(toolchain().join(script))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let said: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{script}: {line}"));
    assert_eq!(said["ok"], true, "{script}: {said:#}");
    Up { child, said }
}

impl Drop for Up {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
