//! A repository of a test's own, and the command line on it.
//!
//! Owns: copying the platform's specs, running `flaresmith`, its exit code and output. Must not know: what is proved.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::toolchain::root;

/// A folder that goes away with the test.
pub(crate) struct Repository {
    folder: TempDir,
}

/// What a run of the command line said.
pub(crate) struct Said {
    /// Exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

impl Said {
    /// Standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }
}

impl Repository {
    /// An empty one.
    pub(crate) fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// One with the platform's specs and settings, and nothing generated.
    pub(crate) fn platform() -> Self {
        let repository = Self::empty();
        for file in files(&root().join("specs")) {
            let name = file.strip_prefix(root()).unwrap();
            repository.write(name.to_str().unwrap(), &fs::read_to_string(&file).unwrap());
        }
        repository.write(
            "flaresmith.toml",
            &fs::read_to_string(root().join("flaresmith.toml")).unwrap(),
        );
        repository
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Every file but git's own with its text, by path.
    pub(crate) fn everything(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let git = self.path().join(".git");
        files(self.path())
            .into_iter()
            .filter(|path| !path.starts_with(&git))
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect()
    }

    /// Runs git here, which must succeed; what it printed.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = self.git_may_fail(arguments);
        assert!(
            output.status.success(),
            "git {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs git here, apart from whatever the machine's own settings say.
    pub(crate) fn git_may_fail(&self, arguments: &[&str]) -> std::process::Output {
        Command::new("git")
            .args(["-c", "user.name=Test", "-c", "user.email=test@example.test"])
            .args(arguments)
            .current_dir(self.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .output()
            .unwrap_or_else(|error| panic!("git cannot be run ({error}); install git"))
    }

    /// Commits everything.
    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
    }

    /// A clone of this repository.
    pub(crate) fn clone_of(&self) -> Self {
        let clone = Self::empty();
        clone.git(&["clone", "-q", self.path().to_str().unwrap(), "."]);
        clone
    }

    /// Runs the command line here.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        flaresmith(self.path(), arguments)
    }

    /// Runs it, which must succeed.
    pub(crate) fn done(&self, arguments: &[&str]) -> Said {
        let said = self.run(arguments);
        assert_eq!(said.code, 0, "{arguments:?}: {}\n{}", said.out, said.err);
        said
    }
}

/// Runs the command line in a folder.
pub(crate) fn flaresmith(folder: &Path, arguments: &[&str]) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_flaresmith"))
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Every file below a folder, by path.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path)
            } else {
                found.push(path)
            }
        }
    }
    found.sort();
    found
}
