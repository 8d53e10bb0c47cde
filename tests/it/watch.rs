//! `spec watch`: from a save to files on disk, through the built binary.
//!
//! Owns: what must hold while people and editors change files beside it. Must not know: how changes are noticed.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::git::Git;
use crate::repository::files;
use crate::watching::{Watcher, wait_for};

pub(crate) const API: &str = "specs/001-shop/contracts/api.yaml";
pub(crate) const PETS: &str = "generated/ts/src/zod/pets.ts";
pub(crate) const ORDERS: &str = "generated/ts/src/zod/orders.ts";

/// A contract of two domains, in each of which one property can be chosen.
pub(crate) fn contract(pet: &str, order: &str) -> String {
    format!(
        "openapi: 3.1.0
info: {{ title: Shop, version: '1' }}
paths:
  /pets:
    get:
      operationId: listPets
      tags: [Pets]
      responses: {{ '200': {{ description: Pets., content: {{ application/json: {{ schema: {{ $ref: '#/components/schemas/Pet' }} }} }} }} }}
  /orders:
    get:
      operationId: listOrders
      tags: [Orders]
      responses: {{ '200': {{ description: All., content: {{ application/json: {{ schema: {{ $ref: '#/components/schemas/Order' }} }} }} }} }}
components:
  schemas:
    Pet: {{ type: object, required: [{pet}], properties: {{ {pet}: {{ type: string }} }} }}
    Order: {{ type: object, required: [{order}], properties: {{ {order}: {{ type: string }} }} }}
"
    )
}

/// The contract with a mistake in its eighth line.
fn broken() -> String {
    contract("name", "number").replace("[Pets]\n", "[Pets]\n      x-flaresmith: { rol: admin }\n")
}

/// A repository with that contract, applied and committed.
pub(crate) fn shop() -> Git {
    let git = Git::empty();
    git.write("flaresmith.toml", "targets = [\"zod\"]\n");
    git.write(API, &contract("name", "number"));
    git.done(&["spec", "apply"]);
    git.git(&["add", "-A"]);
    git.git(&["commit", "-q", "-m", "one"]);
    git
}

pub(crate) fn save(git: &Git, pet: &str) {
    git.write(API, &contract(pet, "number"));
}

/// Inode and time of change of every generated file, by path.
fn marks(git: &Git) -> BTreeMap<String, (u64, i64, i64)> {
    let generated = git.path("generated");
    let mark = |path: &Path| {
        let metadata = fs::metadata(path).unwrap();
        (metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
    };
    let named = |path: &Path| path.strip_prefix(&generated).unwrap().to_str().unwrap().to_owned();
    files(&generated).iter().map(|path| (named(path), mark(path))).collect()
}

pub(crate) fn rounds(lines: &[String]) -> usize {
    lines.iter().filter(|line| line.ends_with(" ms)")).count()
}

/// What stands on disk is what a fresh apply would make of it, once the last apply is at its end.
pub(crate) fn in_step(git: &Git) {
    let under_way =
        |path: &PathBuf| path.ends_with("journal") && !fs::read(path).unwrap_or_default().starts_with(b"----");
    wait_for("the end of an apply", || {
        !git.path(".git/flaresmith").exists() || !files(&git.path(".git/flaresmith")).iter().any(under_way)
    });
    let _ = fs::remove_dir_all(git.path(".git/flaresmith"));
    let said = git.run(&["spec", "check"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
}

/// Shows 001/FR-009.
#[test]
fn a_save_is_applied_and_told_in_one_line_with_its_time() {
    let git = shop();
    let mut watcher = Watcher::start(&git, &[]);
    save(&git, "nickname");
    let lines = watcher.told(" ms)");
    assert!(lines.last().unwrap().contains(" written, "), "{lines:?}");
    assert!(git.read(PETS).contains("nickname"), "it is told before it is done");
    let lines = watcher.calm();
    assert!(lines.iter().any(|line| line.contains(PETS)), "{lines:?}");
    in_step(&git);
}

#[test]
fn outside_of_git_a_save_is_applied_as_well() {
    let git = shop();
    fs::remove_dir_all(git.path(".git")).unwrap();
    let mut watcher = Watcher::start(&git, &[]);
    for pet in ["one", "two", "three"] {
        save(&git, pet);
        let mut lines = watcher.told(" ms)");
        lines.extend(watcher.calm());
        assert_eq!(rounds(&lines), 1, "{lines:?}");
        assert!(git.read(PETS).contains(pet));
    }
    in_step(&git);
}

#[test]
fn only_what_the_change_reaches_is_written() {
    let git = shop();
    let mut watcher = Watcher::start(&git, &[]);
    let before = marks(&git);
    save(&git, "nickname");
    watcher.told(" ms)");
    watcher.calm();
    // What is replaced stands beside its place until the disk has what came instead.
    wait_for("the same files", || before.keys().eq(marks(&git).keys()));
    let after = marks(&git);
    let moved: Vec<&String> = after.keys().filter(|path| before[*path] != after[*path]).collect();
    assert_eq!(moved, ["ts/src/zod/pets.ts"]);
}

#[test]
fn what_it_writes_itself_causes_no_second_round() {
    let git = shop();
    let mut watcher = Watcher::start(&git, &[]);
    for pet in ["one", "two", "three", "four"] {
        save(&git, pet);
        let mut lines = watcher.told(" ms)");
        lines.extend(watcher.calm());
        assert_eq!(rounds(&lines), 1, "{lines:?}");
        assert_eq!(lines.len(), 2, "{lines:?}");
    }
}

#[test]
fn a_warning_is_remarked_once_and_not_again_by_what_follows_from_it() {
    let git = shop();
    let mut watcher = Watcher::start(&git, &[]);
    git.write(API, &contract("name", "number").replace("schemas/Pet'", "schemas/Pat'"));
    watcher.said("warning[");
    let rest = watcher.calm();
    assert_eq!(
        rest.iter().filter(|line| line.contains("warning[")).count(),
        0,
        "{rest:?}"
    );
}

#[test]
fn saves_by_rename_and_by_moving_away_are_folded_and_the_last_content_wins() {
    let git = shop();
    let mut watcher = Watcher::start(&git, &[]);
    git.write("specs/001-shop/contracts/.api.tmp", &contract("renamed", "number"));
    fs::rename(git.path("specs/001-shop/contracts/.api.tmp"), git.path(API)).unwrap();
    watcher.told(" ms)");
    assert!(git.read(PETS).contains("renamed"));
    watcher.calm();
    fs::rename(git.path(API), git.path(&format!("{API}~"))).unwrap();
    save(&git, "moved");
    fs::remove_file(git.path(&format!("{API}~"))).unwrap();
    wait_for("the content that was moved in", || {
        fs::read_to_string(git.path(PETS)).is_ok_and(|text| text.contains("moved"))
    });
    watcher.told(" ms)");
    watcher.calm();
    in_step(&git);
}

#[test]
fn a_burst_of_saves_is_folded_into_few_rounds_and_the_last_content_wins() {
    let git = shop();
    let mut watcher = Watcher::start(&git, &[]);
    for i in 0..20 {
        save(&git, &format!("name{i}"));
    }
    let mut lines = Vec::new();
    wait_for("the last content", || {
        lines.extend(watcher.calm());
        fs::read_to_string(git.path(PETS)).is_ok_and(|text| text.contains("name19"))
    });
    lines.extend(watcher.calm());
    let rounds = rounds(&lines);
    assert!((1..10).contains(&rounds), "{rounds} rounds: {lines:?}");
    in_step(&git);
}

#[test]
fn a_broken_spec_is_shown_once_with_its_place_and_the_repair_needs_no_restart() {
    let git = shop();
    let mut watcher = Watcher::start(&git, &[]);
    let before = marks(&git);
    let broken = broken();
    git.write(API, &broken);
    let lines = watcher.said(&format!("{API}:8:"));
    assert!(lines.iter().any(|line| line.starts_with("error[")), "{lines:?}");
    watcher.calm();
    // Other saves beside it do not repeat it.
    git.write("specs/001-shop/notes.txt", "nothing\n");
    git.write("specs/001-shop/notes.txt", "nothing at all\n");
    let lines = watcher.calm();
    assert!(lines.is_empty(), "{lines:?}");
    assert_eq!(marks(&git), before);
    save(&git, "repaired");
    watcher.told(" ms)");
    assert!(git.read(PETS).contains("repaired"));
    git.write(API, &broken);
    watcher.said(&format!("{API}:8:"));
    git.write(API, &contract("repaired", "number"));
    let lines = watcher.told(" ms)");
    assert!(lines.last().unwrap().contains("in step"), "{lines:?}");
    in_step(&git);
}

#[test]
fn features_and_contracts_that_come_and_go_are_followed() {
    let git = shop();
    let mut watcher = Watcher::start(&git, &[]);
    let more = |tag: &str| {
        format!(
            "openapi: 3.1.0\ninfo: {{ title: More, version: '1' }}\npaths:\n  /{tag}:\n    get:\n      operationId: \
             list{tag}\n      tags: [{tag}]\n      responses: {{ '200': {{ description: All., content: {{ \
             application/json: {{ schema: {{ $ref: '#/components/schemas/{tag}Item' }} }} }} }} }}\ncomponents: \
             {{ schemas: {{ {tag}Item: {{ type: object, properties: {{ a: {{ type: string }} }} }} }} }}\n"
        )
    };
    git.write("specs/002-more/contracts/more.yaml", &more("Boats"));
    let boats = "generated/ts/src/zod/boats.ts";
    wait_for("a new feature", || git.path(boats).exists());
    // The new folder is watched like the old ones.
    git.write("specs/002-more/contracts/more.yaml", &more("Ships"));
    wait_for("a change in it", || git.path("generated/ts/src/zod/ships.ts").exists());
    git.write("specs/002-more/contracts/deep/er/third.yaml", &more("Cars"));
    wait_for("a contract deep in it", || {
        git.path("generated/ts/src/zod/cars.ts").exists()
    });
    fs::remove_file(git.path("specs/002-more/contracts/deep/er/third.yaml")).unwrap();
    wait_for("a contract that goes", || {
        !git.path("generated/ts/src/zod/cars.ts").exists()
    });
    fs::rename(git.path("specs/002-more"), git.path("elsewhere")).unwrap();
    wait_for("a feature that moves out", || {
        !git.path("generated/ts/src/zod/ships.ts").exists()
    });
    fs::create_dir_all(git.path("specs/002-more/contracts")).unwrap();
    watcher.calm();
    git.write("specs/002-more/contracts/more.yaml", &more("Bikes"));
    wait_for("a folder of the same name", || {
        git.path("generated/ts/src/zod/bikes.ts").exists()
    });
    fs::rename(git.path("specs/002-more"), git.path("specs/003-more")).unwrap();
    watcher.calm();
    git.write("specs/003-more/contracts/more.yaml", &more("Trains"));
    wait_for("a folder of another name", || {
        git.path("generated/ts/src/zod/trains.ts").exists()
    });
    fs::remove_dir_all(git.path("specs")).unwrap();
    watcher.said("error[");
    watcher.calm();
    save(&git, "again");
    wait_for("a folder that was deleted and made again", || {
        fs::read_to_string(git.path(PETS)).is_ok_and(|text| text.contains("again"))
    });
    watcher.calm();
    in_step(&git);
}

#[test]
fn settings_and_templates_are_followed() {
    let git = shop();
    let mut watcher = Watcher::start(&git, &[]);
    git.write("flaresmith.toml", "targets = [\"zod\", \"mcp\"]\n");
    watcher.told(" ms)");
    wait_for("a new target", || git.path("generated/mcp").exists());
    watcher.calm();
    git.write("flaresmith.toml", "targets = [\"zod\"]\ntemplates = \"frames\"\n");
    watcher.said("flaresmith.toml:2:");
    watcher.calm();
    // The folder comes with nothing in it that is read: no file changed, and yet the problem is gone.
    git.write("frames/.keep", "");
    watcher.told(" ms)");
    wait_for("the end of a target", || !git.path("generated/mcp").exists());
    let own = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/zod/rules.ts"));
    git.write("frames/zod/rules.ts", &format!("// Ours.\n{}", own.unwrap()));
    watcher.told(" ms)");
    let changed = files(&git.path("generated"))
        .into_iter()
        .any(|path| fs::read_to_string(path).unwrap().contains("Ours."));
    assert!(changed, "the template was not used");
    fs::remove_file(git.path("frames/zod/rules.ts")).unwrap();
    watcher.told(" ms)");
    git.write("flaresmith.toml", "targets = [\n");
    watcher.said("flaresmith.toml:");
    git.write("flaresmith.toml", "targets = [\"zod\"]\n");
    watcher.told(" ms)");
    in_step(&git);
}

#[test]
fn an_edit_of_a_generated_file_is_told_once_and_solved_when_it_is_undone() {
    let git = shop();
    let mut watcher = Watcher::start(&git, &[]);
    let before = git.read(PETS);
    git.write(PETS, &format!("// Mine.\n{before}"));
    let lines = watcher.told("nothing was written");
    assert!(
        lines.iter().any(|line| line.contains("UNCOMMITTED_LOCAL_CHANGES")),
        "{lines:?}"
    );
    git.write("specs/001-shop/notes.txt", "nothing\n");
    let lines = watcher.calm();
    assert!(lines.is_empty(), "told again: {lines:?}");
    assert!(git.read(PETS).starts_with("// Mine."));
    git.write(PETS, &before);
    let lines = watcher.told("in step");
    assert_eq!(rounds(&lines), 1, "{lines:?}");
    save(&git, "afterwards");
    watcher.told(" written, ");
    in_step(&git);
}

#[test]
fn as_json_every_line_is_one_document() {
    let git = shop();
    let mut watcher = Watcher::start(&git, &["--format", "json"]);
    save(&git, "nickname");
    let mut lines = watcher.told("milliseconds");
    git.write(API, &broken());
    lines.extend(watcher.told("diagnostics"));
    save(&git, "name");
    lines.extend(watcher.told("milliseconds"));
    git.write(PETS, "// Mine.\n");
    lines.extend(watcher.told("UNCOMMITTED"));
    let documents: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(documents.len(), 4, "{lines:#?}");
    assert_eq!(documents[0]["report"]["summary"]["status"], "drift");
    assert!(documents[0]["milliseconds"].is_u64());
    assert_eq!(documents[1]["diagnostics"][0]["line"], 8);
    assert_eq!(documents[3]["report"]["summary"]["status"], "conflicts");
}

#[test]
fn it_goes_on_when_nobody_listens_any_more() {
    let git = shop();
    let mut process = git
        .command(&git.path(""), env!("CARGO_BIN_EXE_flaresmith"))
        .args(["spec", "watch", "--quiet"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(process.stdout.take());
    drop(process.stderr.take());
    for pet in ["one", "two"] {
        // It may not watch yet; what it finds when it begins is applied all the same.
        save(&git, pet);
        wait_for(pet, || {
            fs::read_to_string(git.path(PETS)).is_ok_and(|text| text.contains(pet))
        });
    }
    let runs = process.try_wait().unwrap().is_none();
    let _ = process.kill();
    let _ = process.wait();
    assert!(runs, "it ended");
}

#[test]
fn a_root_that_is_not_there_is_told_at_once_and_one_that_goes_is_waited_for() {
    let git = shop();
    let mut watcher = Watcher::launch(&git, &["--root", "nowhere"]);
    watcher.said("ROOT_NOT_FOUND");
    assert_eq!(watcher.ended(), Some(1));
    let mut watcher = Watcher::start(&git, &[]);
    let aside = git.beside("aside");
    fs::rename(git.path(""), &aside).unwrap();
    watcher.said("ROOT_NOT_FOUND");
    assert!(watcher.runs());
    fs::rename(&aside, git.path("")).unwrap();
    save(&git, "back");
    wait_for("the root that came back", || git.read(PETS).contains("back"));
}

#[test]
fn killed_at_any_moment_it_leaves_nothing_half_done() {
    let git = shop();
    for i in 0..12u32 {
        let mut watcher = Watcher::start(&git, &[]);
        git.write(API, &contract(&format!("a{i}"), &format!("b{i}")));
        std::thread::sleep(std::time::Duration::from_millis(u64::from(i) * 15));
        watcher.kill();
        let texts = [git.path(PETS), git.path(ORDERS)].map(|path| fs::read_to_string(path).unwrap_or_default());
        for text in texts.iter().filter(|text| !text.is_empty()) {
            assert!(text.ends_with('\n') && text.contains("export"), "half a file: {text}");
        }
        git.done(&["spec", "apply"]);
        in_step(&git);
        let left: Vec<_> = files(&git.path("generated"))
            .into_iter()
            .filter(|path| path.to_string_lossy().contains(".flaresmith-"))
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
}
