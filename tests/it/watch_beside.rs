//! `spec watch` beside git and beside another apply, through the built binary.
//!
//! Owns: what must hold while either of them changes files. Must not know: how changes are noticed.

use std::fs;

use crate::watch::{API, ORDERS, PETS, contract, in_step, rounds, save, shop};
use crate::watching::{Watcher, wait_for};

#[test]
fn branches_are_switched_beside_it() {
    let git = shop();
    git.git(&["switch", "-q", "-c", "other"]);
    git.write(API, &contract("nickname", "total"));
    git.git(&["commit", "-q", "-am", "specs without what follows from them"]);
    git.git(&["switch", "-q", "main"]);
    let mut watcher = Watcher::start(&git, &[]);
    git.git(&["switch", "-q", "other"]);
    wait_for("the other branch", || {
        git.path(ORDERS).exists() && git.read(ORDERS).contains("total") && git.read(PETS).contains("nickname")
    });
    watcher.told(" ms)");
    watcher.calm();
    git.git(&["commit", "-q", "-am", "what follows"]);
    for round in 0..3 {
        git.git(&["switch", "-q", "main"]);
        git.git(&["switch", "-q", "other"]);
        watcher.calm();
        assert!(git.read(PETS).contains("nickname"), "round {round}");
        assert_eq!(git.git(&["status", "--porcelain"]), "", "round {round}");
    }
    in_step(&git);
}

#[test]
fn while_git_changes_files_nothing_is_done_and_then_all_at_once() {
    let git = shop();
    let mut watcher = Watcher::start(&git, &[]);
    git.write(".git/index.lock", "");
    save(&git, "nickname");
    let said = watcher.calm();
    assert_eq!(rounds(&said), 0, "{said:?}");
    assert!(!git.read(PETS).contains("nickname"), "written beside git");
    git.write(API, &contract("nickname", "total"));
    fs::remove_file(git.path(".git/index.lock")).unwrap();
    let mut lines = watcher.told(" ms)");
    lines.extend(watcher.calm());
    assert_eq!(rounds(&lines), 1, "{lines:?}");
    assert!(git.read(PETS).contains("nickname") && git.read(ORDERS).contains("total"));
    in_step(&git);
}

#[test]
fn a_lock_of_gits_that_nobody_takes_away_is_not_waited_for_without_end() {
    let git = shop();
    let mut watcher = Watcher::start(&git, &[]);
    git.write(".git/index.lock", "");
    save(&git, "nickname");
    watcher.told(" ms)");
    assert!(git.path(".git/index.lock").exists());
    assert!(git.read(PETS).contains("nickname"));
}

#[test]
fn another_apply_is_waited_for() {
    let git = shop();
    let mut watcher = Watcher::start(&git, &[]);
    let turn = flaresmith_sync::apply::take_turn(&flaresmith_sync::Root::at(&git.path("")).unwrap()).unwrap();
    save(&git, "waiting");
    let lines = watcher.calm();
    assert!(lines.is_empty(), "{lines:?}");
    drop(turn);
    watcher.told(" ms)");
    assert!(git.read(PETS).contains("waiting"));
    watcher.calm();
    for i in 0..5 {
        save(&git, &format!("both{i}"));
        let said = git.run(&["spec", "apply"]);
        assert!([0, 1].contains(&said.code), "{}{}", said.out, said.err);
        assert!(said.code == 0 || said.err.contains("APPLY_"), "{}", said.err);
    }
    wait_for("the last content", || git.read(PETS).contains("both4"));
    watcher.calm();
    in_step(&git);
}

#[test]
fn another_apply_that_takes_longer_than_anyone_waits_is_told_and_then_made_good() {
    let git = shop();
    let mut watcher = Watcher::start(&git, &[]);
    let turn = flaresmith_sync::apply::take_turn(&flaresmith_sync::Root::at(&git.path("")).unwrap()).unwrap();
    save(&git, "late");
    watcher.said("APPLY_BUSY");
    drop(turn);
    watcher.told(" ms)");
    assert!(git.read(PETS).contains("late"));
}
