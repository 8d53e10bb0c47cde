//! An apply that is killed, or whose disk fails, at any of its system calls.
//!
//! Owns: what must hold then. Must not know: how an apply is made.
//!
//! Each proof runs an apply once to see every call that changes the repository, and then again on a fresh copy for each of them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::repository::{Repository, files};
use crate::strace::{Point, failing, killed, points};

const APPLY: [&str; 3] = ["spec", "apply", "--quiet"];

/// Path to content; what git keeps to itself is left out.
type Tree = BTreeMap<String, Vec<u8>>;

fn contract(tag: &str, property: &str) -> String {
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

/// A repository in which nothing was applied yet.
fn fresh(targets: &str) -> Repository {
    let repository = Repository::empty();
    let done = Command::new("git")
        .args(["init", "-q", "--template="])
        .current_dir(repository.path())
        .status();
    assert!(done.unwrap().success());
    repository.write(
        "flaresmith.toml",
        &format!("contracts = [\"api.yaml\"]\ntargets = [{targets}]\n"),
    );
    repository.write("api.yaml", &contract("Orders", "name"));
    repository.write("generated/ts/src/mine.ts", "// written by hand, beside\n");
    repository
}

/// A repository whose contract changed since the last apply: files are to be added, modified and removed. A person made a
/// generated file executable.
fn changed() -> Repository {
    let repository = fresh("\"zod\", \"openapi\"");
    repository.done(&APPLY);
    let mode = fs::Permissions::from_mode(0o640);
    fs::set_permissions(repository.path().join("generated/ts/src/zod/pets.ts"), mode).unwrap();
    repository.write("api.yaml", &contract("Shops", "nickname"));
    repository
}

fn copy(repository: &Repository) -> Repository {
    let copy = Repository::empty();
    let from = format!("{}/.", repository.path().display());
    let done = Command::new("cp").args(["-a", &from]).arg(copy.path()).status();
    assert!(done.unwrap().success());
    copy
}

fn tree(repository: &Repository) -> Tree {
    let root = repository.path();
    let inside = |path: &Path| path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
    files(root)
        .into_iter()
        .filter(|path| !inside(path).starts_with(".git/"))
        .map(|path| (inside(&path), fs::read(&path).unwrap()))
        .collect()
}

/// No file is half written, and every content of before is still there, at its place or beside it.
fn nothing_is_torn(now: &Tree, before: &Tree, after: &Tree, point: &Point) {
    for (path, content) in now {
        let ours = path.rsplit('/').next().unwrap().starts_with(".flaresmith-");
        let whole = [before, after].iter().any(|tree| tree.get(path) == Some(content));
        assert!(ours || whole, "{path} is neither as before nor as after: {point:?}");
    }
    for (path, content) in before {
        let replaced = after.get(path) != Some(content) && now.get(path) == after.get(path);
        assert!(
            replaced || now.values().any(|found| found == content),
            "{path} is lost: {point:?}"
        );
    }
}

fn nothing_is_left(repository: &Repository, point: &Point) {
    let left = files(&repository.path().join(".git/flaresmith"));
    // What is remembered of a settled repository stays, and so does the room of a journal that is closed, and for a while what was
    // replaced.
    let closed = |path: &Path| path.ends_with("journal") && fs::read(path).unwrap().starts_with(b"----");
    let names: Vec<String> = left
        .iter()
        .filter(|path| !closed(path) && !path.parent().unwrap().ends_with("replaced"))
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .filter(|name| !name.starts_with("settled-"))
        .collect();
    assert_eq!(names, ["turn"], "{point:?}");
}

fn killed_anywhere_the_next_apply_ends_the_same(repository: &Repository) {
    let before = tree(repository);
    let clean = copy(repository);
    let points = points(clean.path(), &APPLY);
    let after = tree(&clean);
    assert!(before != after);
    for point in &points {
        let copy = copy(repository);
        killed(copy.path(), &APPLY, point);
        nothing_is_torn(&tree(&copy), &before, &after, point);
        let said = copy.run(&APPLY);
        assert_eq!(said.code, 0, "{point:?}: {}", said.err);
        assert!(tree(&copy) == after, "another tree than without the kill: {point:?}");
        nothing_is_left(&copy, point);
    }
    clean.done(&["spec", "check"]);
    println!("killed at {} calls", points.len());
}

#[test]
fn a_first_apply_killed_at_any_call_is_made_good_by_the_next() {
    killed_anywhere_the_next_apply_ends_the_same(&fresh("\"zod\""));
}

#[test]
fn an_apply_that_adds_modifies_and_removes_killed_at_any_call_is_made_good_by_the_next() {
    let repository = changed();
    killed_anywhere_the_next_apply_ends_the_same(&repository);
    repository.done(&APPLY);
    let mode = |name: &str| fs::metadata(repository.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("generated/ts/src/zod/pets.ts"), 0o640, "a mode was not kept");
    assert!(repository.path().join("generated/ts/src/zod/shops.ts").exists());
    assert!(!repository.path().join("generated/ts/src/zod/orders.ts").exists());
}

#[test]
fn making_good_can_itself_be_killed_at_any_call() {
    let repository = changed();
    let before = tree(&repository);
    let clean = copy(&repository);
    let all = points(clean.path(), &APPLY);
    let after = tree(&clean);
    // Half way through the exchange of files, and half way through what comes after the last of them.
    let nth = |call: &str, part: usize| {
        let of: Vec<&Point> = all.iter().filter(|point| point.call == call).collect();
        of[of.len() * part / 4].clone()
    };
    for first in [nth("linkat", 2), nth("unlink", 3)] {
        let halfway = copy(&repository);
        killed(halfway.path(), &APPLY, &first);
        let again = points(copy(&halfway).path(), &APPLY);
        let begins = |point: &&Point| point.call == "openat" && point.line.contains("/journal\"");
        let making_good = again.iter().take_while(|point| !begins(point));
        for point in making_good {
            let copy = copy(&halfway);
            killed(copy.path(), &APPLY, point);
            nothing_is_torn(&tree(&copy), &before, &after, point);
            copy.done(&APPLY);
            assert!(tree(&copy) == after, "{first:?}, then {point:?}");
            nothing_is_left(&copy, point);
        }
    }
}

/// The call with which an apply has happened, once it is flushed.
fn happened(all: &[Point]) -> usize {
    let marks = |point: &Point| point.call == "write" && point.line.contains("journal>, \"done\"");
    all.iter().position(marks).unwrap()
}

/// What a disk may have of a file that was never flushed.
fn torn(content: &[u8], how: usize) -> Vec<u8> {
    match how % 3 {
        0 => Vec::new(),
        1 => vec![0; content.len()],
        _ => content[..content.len() / 4096 * 4096].to_vec(),
    }
}

#[test]
fn a_power_cut_that_leaves_new_files_empty_or_torn_is_made_good_by_the_next_apply() {
    let repository = changed();
    let before = tree(&repository);
    let clean = copy(&repository);
    let all = points(clean.path(), &APPLY);
    let after = tree(&clean);
    let mut cut = 0;
    for (i, point) in all[..=happened(&all)].iter().enumerate() {
        let copy = copy(&repository);
        killed(copy.path(), &APPLY, point);
        for (path, content) in tree(&copy) {
            let fresh = path.ends_with(".new");
            if fresh || after.get(&path) == Some(&content) && before.get(&path) != Some(&content) {
                fs::write(copy.path().join(&path), torn(&content, i)).unwrap();
                cut += 1;
            }
        }
        let said = copy.run(&APPLY);
        assert_eq!(said.code, 0, "{point:?}: {}", said.err);
        assert!(tree(&copy) == after, "another tree than without the cut: {point:?}");
        nothing_is_left(&copy, point);
    }
    assert!(cut > 20, "only {cut} files were torn");
}

#[test]
fn what_a_person_writes_after_a_kill_is_never_lost() {
    let repository = changed();
    let all = points(copy(&repository).path(), &APPLY);
    let touched = ["zod/pets.ts", "zod/shops.ts", "zod/orders.ts"].map(|name| format!("generated/ts/src/{name}"));
    for (i, point) in all.iter().enumerate() {
        let copy = copy(&repository);
        killed(copy.path(), &APPLY, point);
        let path = &touched[i % touched.len()];
        fs::create_dir_all(copy.path().join(path).parent().unwrap()).unwrap();
        copy.write(path, "// saved after the kill\n");
        let said = copy.run(&APPLY);
        assert_eq!(copy.read(path), "// saved after the kill\n", "{point:?}: {}", said.err);
        assert!([0, 3].contains(&said.code), "{point:?}: {}", said.err);
        let stray = tree(&copy).into_keys().find(|path| path.contains(".flaresmith-"));
        assert_eq!(stray, None, "{point:?}");
        nothing_is_left(&copy, point);
    }
}

#[test]
fn a_disk_that_fails_at_any_call_changes_nothing_and_is_told_kindly() {
    let repository = changed();
    let before = tree(&repository);
    let clean = copy(&repository);
    let all = points(clean.path(), &APPLY);
    let after = tree(&clean);
    // The flush that comes next counts: what is not durable has not happened.
    for point in &all[..=happened(&all) + 1] {
        let error = match point.call.as_str() {
            "write" => "ENOSPC",
            "openat" => "EACCES",
            "mkdir" => "EROFS",
            "rename" => "EXDEV",
            "linkat" => "ENOSPC",
            "fsync" | "fdatasync" => "EIO",
            _ => continue,
        };
        let copy = copy(&repository);
        let said = failing(copy.path(), &APPLY, &point.call, error, &point.nth.to_string());
        if point.call == "mkdir" && said.code == 0 {
            // The standard library made the folder's parents first, and then asked again.
            continue;
        }
        assert_eq!(said.code, 1, "{point:?}: {}", said.err);
        assert!(said.err.contains("FILE_ACCESS"), "{point:?}: {}", said.err);
        assert!(tree(&copy) == before, "{point:?}: {}", said.err);
        copy.done(&APPLY);
        assert!(tree(&copy) == after, "{point:?}");
        nothing_is_left(&copy, point);
    }
}

#[test]
fn a_full_disk_stays_full_and_everything_is_still_as_it_was() {
    let repository = changed();
    let before = tree(&repository);
    let all = points(copy(&repository).path(), &APPLY);
    let last = happened(&all) + 1;
    let on_disk = |point: &Point| point.call == "write" || point.call == "fdatasync";
    for (i, point) in all.iter().enumerate().filter(|(_, point)| on_disk(point)) {
        let copy = copy(&repository);
        let said = failing(copy.path(), &APPLY, &point.call, "ENOSPC", &format!("{}+", point.nth));
        // What comes after it has happened, tidying up and remembering, needs no room; what is printed fails here as well.
        assert!(i > last || said.code == 1, "{point:?}: {}", said.err);
        assert_eq!(tree(&copy) == before, i <= last, "{point:?}: {}", said.err);
        if i > last {
            nothing_is_left(&copy, point);
        }
    }
}

#[test]
fn a_disk_without_hard_links_is_written_all_the_same() {
    let repository = changed();
    let clean = copy(&repository);
    clean.done(&APPLY);
    let said = failing(repository.path(), &APPLY, "linkat", "EPERM", "1+");
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(tree(&repository) == tree(&clean));
}

#[test]
fn an_interrupted_apply_is_told_by_whoever_only_looks() {
    let repository = changed();
    let all = points(copy(&repository).path(), &APPLY);
    let point = all.iter().filter(|point| point.call == "linkat").nth(2).unwrap();
    killed(repository.path(), &APPLY, point);
    let before = tree(&repository);
    for command in ["check", "plan"] {
        let said = repository.run(&["spec", command]);
        assert_eq!(said.code, 4, "{}", said.err);
        assert!(said.err.contains("interrupted"), "{}", said.err);
    }
    assert!(tree(&repository) == before, "looking wrote something");
    let said = repository.done(&["spec", "apply"]);
    assert!(said.err.contains("taken back"), "{}", said.err);
}
