//! A git repository of a test's own, with a small project in it, apart from the machine's own git settings.
//!
//! Owns: running the real git and the built command line there. Must not know: what is proved.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::repository::Said;

/// The contract that `init` writes.
pub(crate) const CONTRACT: &str = "specs/001-hello/contracts/openapi.yaml";

/// A folder that goes away with the test, with repositories in it.
pub(crate) struct Git {
    folder: TempDir,
    /// Path of the repository that commands run in.
    top: PathBuf,
}

impl Git {
    /// An empty repository.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap().join("repository");
        fs::create_dir_all(&top).unwrap();
        fs::create_dir_all(folder.path().join("home")).unwrap();
        let git = Self { folder, top };
        git.git(&["init", "-q", "-b", "main"]);
        git
    }

    /// One with a project that is applied and committed.
    pub(crate) fn project() -> Self {
        Self::project_in("")
    }

    /// The same, with the project in a folder below the top.
    pub(crate) fn project_in(below: &str) -> Self {
        let git = Self::empty();
        let root = git.path(below);
        fs::create_dir_all(&root).unwrap();
        let done = |arguments: &[&str]| {
            let said = git.at(&root, env!("CARGO_BIN_EXE_flaresmith"), arguments);
            assert_eq!(said.code, 0, "{arguments:?}: {}{}", said.out, said.err);
        };
        done(&["init", "--targets", "openapi,mcp"]);
        done(&["spec", "apply", "--root", "."]);
        git.git(&["add", "-A"]);
        git.git(&["commit", "-q", "-m", "one"]);
        git
    }

    /// The same commands in another repository of this test.
    pub(crate) fn other(&self, path: &Path) -> Other<'_> {
        Other {
            git: self,
            top: path.canonicalize().unwrap(),
        }
    }

    /// A place in the test's folder, beside the repository.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.top.join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    /// Replaces text in a file, which must have it.
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{name} has no `{from}`");
        self.write(name, &text.replace(from, to));
    }

    /// Runs git, which must succeed.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        self.other(&self.top).git(arguments)
    }

    /// Runs git.
    pub(crate) fn try_git(&self, arguments: &[&str]) -> Said {
        self.at(&self.top, "git", arguments)
    }

    /// Runs the command line.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        self.at(&self.top, env!("CARGO_BIN_EXE_flaresmith"), arguments)
    }

    /// Runs the command line, which must succeed.
    pub(crate) fn done(&self, arguments: &[&str]) -> Said {
        let said = self.run(arguments);
        assert_eq!(said.code, 0, "{arguments:?}: {}{}", said.out, said.err);
        said
    }

    /// Types a line into a shell, as a person would.
    pub(crate) fn types(&self, line: &str) -> Said {
        self.at(&self.top, "sh", &["-c", line])
    }

    /// A program in a folder, with nothing of the machine's git settings.
    pub(crate) fn command(&self, folder: &Path, program: &str) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
            command.env_remove(name);
        }
        let bin = Path::new(env!("CARGO_BIN_EXE_flaresmith")).parent().unwrap().to_owned();
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let paths: Vec<PathBuf> = std::iter::once(bin).chain(std::env::split_paths(&paths)).collect();
        let path: OsString = std::env::join_paths(paths).unwrap();
        command
            .current_dir(folder)
            .stdin(Stdio::null())
            .env("PATH", path)
            .env("HOME", self.beside("home"))
            .env_remove("XDG_CONFIG_HOME")
            .env("NO_COLOR", "1")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null");
        for role in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{role}_NAME"), "A Person")
                .env(format!("GIT_{role}_EMAIL"), "person@example.test")
                .env(format!("GIT_{role}_DATE"), "2026-01-01T00:00:00Z");
        }
        command
    }

    pub(crate) fn at(&self, folder: &Path, program: &str, arguments: &[&str]) -> Said {
        said(self.command(folder, program).args(arguments))
    }
}

/// Another repository of the same test: a worktree, a clone, a submodule.
pub(crate) struct Other<'a> {
    git: &'a Git,
    pub(crate) top: PathBuf,
}

impl Other<'_> {
    /// Runs git, which must succeed.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let said = self.git.at(&self.top, "git", arguments);
        assert_eq!(said.code, 0, "git {arguments:?}: {}{}", said.out, said.err);
        said.out
    }

    /// Runs git.
    pub(crate) fn try_git(&self, arguments: &[&str]) -> Said {
        self.git.at(&self.top, "git", arguments)
    }

    /// Runs the command line.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        self.git.at(&self.top, env!("CARGO_BIN_EXE_flaresmith"), arguments)
    }

    /// Replaces text in a file, which must have it.
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.top.join(name)).unwrap();
        assert!(text.contains(from), "{name} has no `{from}`");
        fs::write(self.top.join(name), text.replace(from, to)).unwrap();
    }
}

/// What a command said.
pub(crate) fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
