//! Proofs of an apply next to a person who saves at the same time. Kills and failing disks are proved on the built binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use flaresmith_codegen::spool::Spool;

use super::*;
use crate::lock::Lock;
use crate::plan::Change;

struct Place {
    folder: tempfile::TempDir,
    root: Root,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::at(folder.path()).unwrap();
    Place { folder, root }
}

impl Place {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn apply(&self, plan: &Plan) -> Result<Applied, SyncError> {
        apply(&self.root, plan, &take_turn(&self.root).unwrap())
    }

    /// Names of all files but those of the turn.
    fn names(&self) -> Vec<String> {
        fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.ends_with(".flaresmith") {
                    continue;
                }
                if path.symlink_metadata().unwrap().is_dir() {
                    walk(&path, found);
                } else {
                    found.push(path);
                }
            }
        }
        let mut found = Vec::new();
        walk(self.folder.path(), &mut found);
        let inside = |path: PathBuf| {
            path.strip_prefix(self.folder.path())
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        };
        let mut names: Vec<String> = found.into_iter().map(inside).collect();
        names.sort();
        names
    }
}

/// A plan that takes each path from a content to a content; empty means that there is no file.
fn plan(changes: &[(&str, &str, &str)]) -> Plan {
    let change = |(path, before, after): &(&str, &str, &str)| {
        let bytes = (Bytes::from(before.as_bytes().to_vec()), Digest::of(before.as_bytes()));
        let text = ((*after).into(), Digest::of(after.as_bytes()));
        match (*before, *after) {
            ("", _) => Change::added(path, text),
            (_, "") => Change::removed(path, bytes),
            _ => Change::modified(path, bytes, text),
        }
    };
    Plan {
        changes: changes.iter().map(change).collect(),
        lock: Lock::default(),
        lock_changes: true,
        ..Plan::default()
    }
}

/// A disk that takes texts and gives none back.
#[derive(Debug, Default)]
struct BrokenDisk(AtomicBool);

impl Spool for BrokenDisk {
    fn put(&self, _text: &[u8]) -> Option<u64> {
        Some(0)
    }

    fn get(&self, _at: u64, into: &mut [u8]) {
        into.fill(0);
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_sound(&self) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}

#[test]
fn what_cannot_be_read_back_is_not_written_and_nothing_else_is() {
    let place = place();
    place.apply(&plan(&[("one", "", "1\n")])).unwrap();
    let (text, spool): (_, Arc<dyn Spool>) = ("2\n".repeat(999), Arc::new(BrokenDisk::default()));
    let mut broken = plan(&[("one", "1\n", "2\n")]);
    let aside = Rope::from(text.as_str()).aside(&spool);
    broken
        .changes
        .push(Change::added("two", (aside, Digest::of(text.as_bytes()))));
    let error = place.apply(&broken).unwrap_err();
    assert!(error.message.contains("cannot be read back"), "{error}");
    assert_eq!(place.names(), ["flaresmith.lock", "one"]);
    assert_eq!(place.read("one"), "1\n");
}

#[test]
fn folders_are_made_and_emptied_folders_go() {
    let place = place();
    place
        .apply(&plan(&[("a/b/one", "", "1\n"), ("two", "", "2\n")]))
        .unwrap();
    assert_eq!(place.names(), ["a/b/one", "flaresmith.lock", "two"]);
    place
        .apply(&plan(&[("a/b/one", "1\n", ""), ("two", "2\n", "3\n")]))
        .unwrap();
    assert_eq!(place.names(), ["flaresmith.lock", "two"]);
    assert_eq!(place.read("two"), "3\n");
    assert!(!place.path("a").exists());
}

#[test]
fn a_file_saved_after_the_plan_was_made_is_left_and_so_is_all_else() {
    for (name, saved) in [("modified", "mine\n"), ("added", "mine\n"), ("removed", "mine\n")] {
        let place = place();
        fs::write(place.path("modified"), "old\n").unwrap();
        fs::write(place.path("removed"), "old\n").unwrap();
        fs::write(place.path("another"), "old\n").unwrap();
        let plan = plan(&[
            ("added", "", "new\n"),
            ("another", "old\n", "new\n"),
            ("folder/inner/added", "", "new\n"),
            ("modified", "old\n", "new\n"),
            ("removed", "old\n", ""),
        ]);
        fs::write(place.path(name), saved).unwrap();
        let before = place.names();
        let error = place.apply(&plan).unwrap_err();
        assert_eq!(error.code, "APPLY_FILE_CHANGED");
        assert!(error.path.as_ref().unwrap().ends_with(name), "{error}");
        assert_eq!(place.read(name), saved);
        assert_eq!(place.read("another"), "old\n");
        assert_eq!(place.names(), before, "{name}");
        assert!(!place.path("folder").exists());
    }
}

#[cfg(unix)]
#[test]
fn what_the_file_system_does_not_tell_is_read_before_it_counts() {
    let place = place();
    fs::write(place.path("another"), "old\n").unwrap();
    fs::write(place.path("file"), "own\n").unwrap();
    let mut plan = plan(&[("another", "old\n", "new\n"), ("file", "old\n", "new\n")]);
    plan.changes[1].seen = seen(&place.path("file"));
    assert!(plan.changes[1].seen.is_some());
    assert_eq!(place.apply(&plan).unwrap_err().code, "APPLY_FILE_CHANGED");
    assert_eq!(place.read("file"), "own\n");
    assert_eq!(place.read("another"), "old\n");
    assert_eq!(place.names(), ["another", "file"]);
}

#[cfg(unix)]
#[test]
fn stamps_of_what_was_written_are_those_of_the_files_until_somebody_writes() {
    // A stamp is given only where the clock of the file system has moved on since, which a slow machine may not see at once.
    let mut tries = (0..100).map(|_| {
        let place = place();
        let applied = place.apply(&plan(&[("a/b/one", "", "1\n"), ("two", "", "2\n")]));
        (place, applied.unwrap().written)
    });
    let (place, written) = tries.find(|(_, written)| !written.is_empty()).unwrap();
    for (path, stamp) in &written {
        let path = place.path(path);
        assert_eq!(seen(&path), Some(*stamp));
        let text = fs::read(&path).unwrap();
        fs::write(&path, text).unwrap();
        assert_ne!(seen(&path), Some(*stamp), "{path:?}");
    }
}

#[test]
fn a_folder_or_a_link_where_a_file_was_is_left() {
    let place = place();
    let plan = plan(&[("another", "old\n", "new\n"), ("file", "old\n", "new\n")]);
    fs::write(place.path("another"), "old\n").unwrap();
    fs::create_dir(place.path("file")).unwrap();
    fs::write(place.path("file/mine"), "mine\n").unwrap();
    assert_eq!(place.apply(&plan).unwrap_err().code, "APPLY_FILE_CHANGED");
    assert_eq!(place.read("file/mine"), "mine\n");
    assert_eq!(place.read("another"), "old\n");
    #[cfg(unix)]
    {
        fs::remove_dir_all(place.path("file")).unwrap();
        std::os::unix::fs::symlink("another", place.path("file")).unwrap();
        assert_eq!(place.apply(&plan).unwrap_err().code, "APPLY_FILE_CHANGED");
        assert_eq!(fs::read_link(place.path("file")).unwrap(), Path::new("another"));
        assert_eq!(place.read("another"), "old\n");
    }
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link_to_another_folder() {
    let place = place();
    let elsewhere = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), place.path("generated")).unwrap();
    let error = place.apply(&plan(&[("generated/a", "", "new\n")])).unwrap_err();
    assert_eq!(error.code, "PATH_SYMLINK");
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    assert!(!is_unfinished(&place.root));
}

#[test]
fn removals_come_before_additions_so_that_a_name_can_change_its_case() {
    let place = place();
    let plan = plan(&[
        ("Pet.ts", "old\n", ""),
        ("folder/a", "", "new\n"),
        ("pet.ts", "", "new\n"),
        ("z", "old\n", ""),
    ]);
    let order: Vec<String> = work(&place.root, &plan)
        .unwrap()
        .into_iter()
        .map(|(step, _)| step.path)
        .collect();
    assert_eq!(order, ["Pet.ts", "z", "folder/a", "pet.ts", "flaresmith.lock"]);
}

/// Somebody saves every file once, in one of the two ways that editors have, in the midst of an apply that replaces them all. What was saved is at its place, or where the apply told.
#[test]
fn what_is_saved_during_an_apply_is_never_lost() {
    let names: Vec<String> = (10..34).map(|i| format!("file{i}")).collect();
    let changes: Vec<(&str, &str, &str)> = names.iter().map(|name| (name.as_str(), "old\n", "new\n")).collect();
    let plan = plan(&changes);
    for (round, first) in names.iter().enumerate() {
        let place = place();
        names
            .iter()
            .for_each(|name| fs::write(place.path(name), "old\n").unwrap());
        let save = |name: &String| {
            if round % 2 == 0 {
                fs::write(place.path("saved~"), name).unwrap();
                fs::rename(place.path("saved~"), place.path(name)).unwrap();
            } else {
                fs::write(place.path(name), name).unwrap();
            }
        };
        let over = AtomicBool::new(false);
        let turn = take_turn(&place.root).unwrap();
        let done = std::thread::scope(|scope| {
            scope.spawn(|| {
                let waits =
                    || !over.load(Ordering::Relaxed) && fs::read(place.path(first)).is_ok_and(|text| text == b"old\n");
                while waits() {}
                names.iter().rev().for_each(save);
            });
            let done = apply(&place.root, &plan, &turn);
            over.store(true, Ordering::Relaxed);
            done
        });
        let told = done.unwrap_or_else(|error| {
            assert_eq!(error.code, "APPLY_FILE_CHANGED", "{error}");
            Applied::default()
        });
        let mut told = told.kept;
        let beside = told.len();
        // Whoever was kept waiting while opening a file has written to what was replaced by then.
        told.extend(late::settle(turn.folder(), std::time::Duration::ZERO).unwrap());
        for name in &names {
            let kept = |path: &PathBuf| fs::read_to_string(path).unwrap() == *name;
            assert!(
                place.read(name) == *name || told.iter().any(kept),
                "{name} is lost in round {round}"
            );
        }
        assert_eq!(
            place.names().iter().filter(|name| name.starts_with('.')).count(),
            beside
        );
    }
}
