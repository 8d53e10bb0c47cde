//! What happens to a repository: steps of a person, of git, and of the command line.
//!
//! Owns: the steps and how they are carried out by a person. Must not know: what has to hold.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::Command;

use proptest::prelude::*;

use crate::repository::Repository;

/// The contract of every repository.
pub(super) const CONTRACT: &str = "api.yaml";
const SETTINGS: &str = "flaresmith.toml";
const LOCK: &str = "flaresmith.lock";

/// How many contracts there are; the last cannot be read.
pub(super) const CONTRACTS: usize = 4;
/// How many settings there are.
pub(super) const SETTINGS_COUNT: usize = 3;

/// One step of a history. A number picks among the files that there are.
#[derive(Debug, Clone)]
pub(super) enum Step {
    EditGenerated(usize, Edit),
    EditStub(usize),
    NewFile(usize),
    Contract(usize),
    Targets(usize),
    Stage(usize),
    Commit,
    CommitStaged,
    Stash,
    Pop,
    Delete(usize),
    Rename(usize),
    RenameCase(usize),
    Chmod(usize),
    Crlf(usize),
    Link(usize),
    DropLock,
    /// What is not committed is given up.
    Discard,
    /// The files that stand in the way of an apply are deleted, as it suggests.
    GiveWay,
    Switch(usize),
    Merge(Side),
    /// Two branches, each with another contract applied and committed, merged.
    MergeApplied(usize, usize, Side),
    Apply,
    DryRun,
}

/// How a person edits.
#[derive(Debug, Clone, Copy)]
pub(super) enum Edit {
    Append,
    Prepend,
    Replace,
}

/// What a person takes of a merge's conflicts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    Ours,
    Theirs,
    /// Everything of both, one after the other.
    Both,
    /// Nothing is decided: the markers are committed.
    Markers,
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let file = || 0..64_usize;
    let edit = prop_oneof![Just(Edit::Append), Just(Edit::Prepend), Just(Edit::Replace)];
    let side = || {
        prop_oneof![
            Just(Side::Ours),
            Just(Side::Theirs),
            Just(Side::Both),
            Just(Side::Markers)
        ]
    };
    let readable = || 0..CONTRACTS - 1;
    prop_oneof![
        3 => (file(), edit).prop_map(|(file, edit)| Step::EditGenerated(file, edit)),
        4 => file().prop_map(Step::EditStub),
        1 => file().prop_map(Step::NewFile),
        6 => prop_oneof![8 => readable(), 1 => Just(CONTRACTS - 1)].prop_map(Step::Contract),
        2 => (0..SETTINGS_COUNT).prop_map(Step::Targets),
        2 => file().prop_map(Step::Stage),
        3 => Just(Step::Commit),
        1 => Just(Step::CommitStaged),
        2 => Just(Step::Stash),
        2 => Just(Step::Pop),
        2 => file().prop_map(Step::Delete),
        2 => file().prop_map(Step::Rename),
        1 => file().prop_map(Step::RenameCase),
        1 => file().prop_map(Step::Chmod),
        2 => file().prop_map(Step::Crlf),
        1 => file().prop_map(Step::Link),
        1 => Just(Step::DropLock),
        2 => Just(Step::Discard),
        4 => Just(Step::GiveWay),
        3 => (0..2_usize).prop_map(Step::Switch),
        2 => side().prop_map(Step::Merge),
        1 => (readable(), readable(), side()).prop_map(|(a, b, side)| Step::MergeApplied(a, b, side)),
        10 => Just(Step::Apply),
        1 => Just(Step::DryRun),
    ]
}

/// The text of a contract.
pub(super) fn contract(number: usize) -> String {
    let (tag, property) = match number {
        0 => ("Orders", "name"),
        1 => ("Orders", "nickname"),
        2 => ("Shops", "name"),
        _ => return "openapi: 3.1.0\ninfo: { title: [\n".to_owned(),
    };
    format!(
        "openapi: 3.1.0
info: {{ title: Pets, version: '1' }}
paths:
  /pets:
    get:
      operationId: listPets
      tags: [Pets]
      responses: {{ '200': {{ description: Pets., content: {{ application/json: {{ schema: {{ $ref: '#/components/schemas/Pet' }} }} }} }} }}
  /{tag}:
    get:
      operationId: list{tag}
      tags: [{tag}]
      responses: {{ '200': {{ description: All., content: {{ application/json: {{ schema: {{ $ref: '#/components/schemas/{tag}List' }} }} }} }} }}
components:
  schemas:
    Pet: {{ type: object, required: [{property}], properties: {{ {property}: {{ type: string }} }} }}
    {tag}List: {{ type: object, required: [items], properties: {{ items: {{ type: array, items: {{ type: string }} }} }} }}
"
    )
}

/// The text of the settings.
pub(super) fn settings(number: usize) -> String {
    let targets = ["\"zod\", \"mcp\"", "\"mcp\"", "\"hono\", \"mcp\""][number];
    format!("contracts = [\"{CONTRACT}\"]\ntargets = [{targets}]\n")
}

/// A repository and the person who works in it.
pub(super) struct World {
    pub(super) repository: Repository,
    marks: usize,
}

impl World {
    /// A repository with a committed contract, and nothing generated.
    pub(super) fn new(targets: usize) -> Self {
        let world = Self {
            repository: Repository::empty(),
            marks: 0,
        };
        world.git(&["init", "-q", "--template=", "-b", "branch0"]);
        world.repository.write(CONTRACT, &contract(0));
        world.repository.write(SETTINGS, &settings(targets));
        world.commit();
        world
    }

    /// Carries a step out, as far as it is a person's or git's. What cannot be done is not done.
    pub(super) fn carry_out(&mut self, step: &Step) {
        match step {
            Step::EditGenerated(file, edit) => self.edit(self.pick(*file, |_| true), *edit),
            Step::EditStub(file) => self.edit(self.pick(*file, |name| name.contains("/handlers/")), Edit::Append),
            Step::NewFile(file) => {
                let mark = self.mark();
                self.repository
                    .write(&format!("generated/ts/src/mine{}.ts", file % 3), &mark);
            }
            Step::Contract(number) => self.repository.write(CONTRACT, &contract(*number)),
            Step::Targets(number) => self.repository.write(SETTINGS, &settings(*number)),
            Step::Stage(file) => {
                if let Some(path) = self.pick(*file, |_| true) {
                    self.git(&["add", "--", &path]);
                }
            }
            Step::Commit => self.commit(),
            Step::CommitStaged => drop(self.git(&["commit", "-qm", "staged"])),
            Step::Stash => drop(self.git(&["stash", "-q", "-u"])),
            Step::Pop => drop(self.git(&["stash", "pop", "-q"])),
            Step::Delete(file) => self.replace(*file, |path| fs::remove_file(path).unwrap()),
            Step::Rename(file) => self.replace(*file, |path| fs::rename(path, path.with_extension("renamed")).unwrap()),
            Step::RenameCase(file) => self.replace(*file, |path| {
                let name = path.file_name().unwrap().to_str().unwrap().to_uppercase();
                fs::rename(path, path.with_file_name(name)).unwrap();
            }),
            Step::Chmod(file) => self.replace(*file, |path| {
                if !path.is_symlink() {
                    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
                }
            }),
            Step::Crlf(file) => self.replace(*file, |path| {
                let text = fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n");
                if !path.is_symlink() {
                    fs::write(path, text.replace('\n', "\r\n")).unwrap();
                }
            }),
            Step::Link(file) => self.replace(*file, |path| {
                let elsewhere = path.with_extension("linked");
                if elsewhere != *path && fs::rename(path, &elsewhere).is_ok() {
                    symlink(elsewhere.file_name().unwrap(), path).unwrap();
                }
            }),
            Step::DropLock => drop(fs::remove_file(self.repository.path().join(LOCK))),
            Step::Discard => drop(self.git(&["reset", "-q", "--hard"])),
            Step::GiveWay => self.give_way(),
            Step::Switch(number) => self.switch(*number),
            Step::Merge(side) => self.merge(*side),
            Step::MergeApplied(..) | Step::Apply | Step::DryRun => {}
        }
    }

    /// Edits as a person does: with bytes that nothing generates.
    fn edit(&mut self, path: Option<String>, edit: Edit) {
        let Some(path) = path else { return };
        let path = self.repository.path().join(path);
        let (mark, old) = (self.mark(), fs::read_to_string(&path).unwrap_or_default());
        let text = match edit {
            Edit::Append => old + mark.as_str(),
            Edit::Prepend => mark + old.as_str(),
            Edit::Replace => mark,
        };
        fs::write(path, text).unwrap();
    }

    fn give_way(&self) {
        let said = self.repository.run(&["spec", "plan", "--quiet", "--format", "json"]);
        if said.code == 3 {
            for conflict in said.json()["conflicts"].as_array().unwrap() {
                let path = self.repository.path().join(conflict["path"].as_str().unwrap());
                fs::remove_file(path).unwrap();
            }
        }
    }

    fn mark(&mut self) -> String {
        self.marks += 1;
        format!("// a person wrote this, number {}\n", self.marks)
    }

    /// One of the files in `generated/`, by number.
    fn pick(&self, number: usize, wanted: impl Fn(&str) -> bool) -> Option<String> {
        let root = self.repository.path();
        let all = super::tree(root).into_keys();
        let files: Vec<String> = all
            .filter(|path| path.starts_with("generated/") && wanted(path))
            .collect();
        files.get(number % files.len().max(1)).cloned()
    }

    fn replace(&self, number: usize, with: impl Fn(&PathBuf)) {
        if let Some(path) = self.pick(number, |_| true) {
            with(&self.repository.path().join(path));
        }
    }

    pub(super) fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-qm", "all", "--allow-empty"]);
    }

    pub(super) fn switch(&self, number: usize) {
        let name = format!("branch{number}");
        let _ = self.git(&["switch", "-q", &name]) || self.git(&["switch", "-q", "-c", &name]);
    }

    /// Merges the other branch into this one.
    pub(super) fn merge(&self, side: Side) {
        let here = self.output(&["branch", "--show-current"]);
        let other = if here.trim() == "branch0" { "branch1" } else { "branch0" };
        if self.git(&["merge", "-q", "-m", "merged", other]) {
            return;
        }
        for path in self.output(&["diff", "--name-only", "--diff-filter=U"]).lines() {
            match side {
                Side::Markers => {}
                Side::Ours => drop(self.git(&["checkout", "--ours", "--", path])),
                Side::Theirs => drop(self.git(&["checkout", "--theirs", "--", path])),
                Side::Both => {
                    let text = fs::read_to_string(self.repository.path().join(path)).unwrap_or_default();
                    let marker = |line: &&str| {
                        !["<<<<<<<", "=======", ">>>>>>>"]
                            .iter()
                            .any(|mark| line.starts_with(mark))
                    };
                    let text: String = text.lines().filter(marker).map(|line| format!("{line}\n")).collect();
                    self.repository.write(path, &text);
                }
            }
        }
        // Only when a merge is under way: git refuses to begin one over uncommitted files.
        if self.git(&["rev-parse", "-q", "--verify", "MERGE_HEAD"]) {
            self.commit();
        }
    }

    /// Whether git did it.
    fn git(&self, arguments: &[&str]) -> bool {
        self.command(arguments).output().unwrap().status.success()
    }

    fn output(&self, arguments: &[&str]) -> String {
        String::from_utf8(self.command(arguments).output().unwrap().stdout).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command
            .args([
                "-c",
                "user.name=A Person",
                "-c",
                "user.email=person@example.com",
                "-c",
                "gc.auto=0",
            ])
            .args(arguments)
            .current_dir(self.repository.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        command
    }
}
