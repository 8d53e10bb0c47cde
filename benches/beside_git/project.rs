//! A repository to measure in: everything applied and committed.
//!
//! Owns: its files and the processes that run in it. Must not know: what is measured.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::made;

/// A repository, which goes away when dropped.
pub(crate) struct Project {
    folder: TempDir,
    /// Path of the contract.
    contract: PathBuf,
    /// Its text in two parts, between which a field may stand.
    text: (String, String),
    /// A field of a name.
    field: fn(&str) -> String,
}

impl Project {
    /// The contract of this repository.
    pub(crate) fn platform() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = folder();
        copy(&root.join("specs"), &folder.path().join("specs"));
        copy(&root.join("flaresmith.toml"), &folder.path().join("flaresmith.toml"));
        let contract = folder.path().join("specs/001-platform-bootstrap/data-model.yaml");
        let before =
            "\n      organizationId: { type: string, format: uuid, x-flaresmith: { references: { entity: Organization";
        Self::applied(folder, contract, before, |name| {
            format!("\n      {name}: {{ type: string, maxLength: 9 }}")
        })
    }

    /// The made contract of a thousand operations.
    pub(crate) fn made() -> Self {
        let folder = folder();
        let contract = folder.path().join("openapi.json");
        fs::write(&contract, made::contract()).expect("a file can be written");
        // Without settings of its own, those of the repository around it would be found.
        fs::write(
            folder.path().join("flaresmith.toml"),
            "contracts = [\"openapi.json\"]\n",
        )
        .expect("a file can be written");
        assert_eq!(made::schemas(&made::contract()), 500);
        Self::applied(folder, contract, "\"note\":", |name| {
            format!("\"{name}\": {{ \"type\": \"string\", \"maxLength\": 9 }},\n")
        })
    }

    fn applied(folder: TempDir, contract: PathBuf, before: &str, field: fn(&str) -> String) -> Self {
        let text = fs::read_to_string(&contract).expect("the contract is there");
        let at = text.find(before).expect("the contract has the place");
        let (head, tail) = text.split_at(at);
        let text = (head.to_owned(), tail.to_owned());
        let project = Self {
            folder,
            contract,
            text,
            field,
        };
        project.done("git", &["init", "-q"]);
        project.done(env!("CARGO_BIN_EXE_flaresmith"), &["spec", "apply", "--quiet"]);
        project.done("git", &["add", "-A"]);
        project.done("git", &["commit", "-q", "-m", "everything"]);
        project
    }

    /// The contract with one field more, and the name of that.
    pub(crate) fn with_field(&self, run: usize) -> (String, String) {
        let name = format!("measured{run}");
        let (head, tail) = &self.text;
        (format!("{head}{}{tail}", (self.field)(&name)), name)
    }

    /// Saves the contract.
    pub(crate) fn save(&self, text: &str) {
        fs::write(&self.contract, text).expect("a file can be written");
    }

    /// Whether a generated file has the field.
    pub(crate) fn is_written(&self, field: &str) -> bool {
        let said = self.command("grep", &["-rq", field, "generated"]).status();
        said.expect("grep runs").success()
    }

    /// How long `git status` takes.
    pub(crate) fn git_status(&self) -> Duration {
        self.done("git", &["status"])
    }

    /// How long `spec check` takes, which finds nothing.
    pub(crate) fn check(&self) -> Duration {
        self.done(env!("CARGO_BIN_EXE_flaresmith"), &["spec", "check"])
    }

    /// Starts `spec watch`.
    pub(crate) fn watch(&self) -> Child {
        self.command(env!("CARGO_BIN_EXE_flaresmith"), &["spec", "watch"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the watcher starts")
    }

    /// Runs a program to its end, which must be a good one; how long that took.
    fn done(&self, program: &str, arguments: &[&str]) -> Duration {
        let mut command = self.command(program, arguments);
        let began = Instant::now();
        let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output();
        let taken = began.elapsed();
        let output = output.unwrap_or_else(|error| panic!("{program} cannot be run: {error}"));
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {arguments:?}: {told}");
        taken
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null");
        for role in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{role}_NAME"), "A Person")
                .env(format!("GIT_{role}_EMAIL"), "person@example.test");
        }
        command
    }
}

/// A folder on the disk that builds go to: a folder in memory would write faster than any project does.
fn folder() -> TempDir {
    TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made")
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).expect("a folder can be made");
        for entry in fs::read_dir(from).expect("the folder is there") {
            let entry = entry.expect("the folder can be read");
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::copy(from, to).expect("a file can be copied");
    }
}
