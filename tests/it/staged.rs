//! `spec check --staged` judges the index and nothing else, and says what completes a half of a staging.

use std::fs;

use crate::git::{CONTRACT, Git};
use crate::repository::{Said, files};

/// The check of what is staged.
pub(crate) const CHECK: [&str; 3] = ["spec", "check", "--staged"];

/// The line to type that a hint gives.
pub(crate) fn hinted(said: &Said) -> String {
    let mut lines = said.err.lines().skip_while(|line| !line.starts_with("hint: "));
    let line = lines
        .nth(1)
        .unwrap_or_else(|| panic!("no hint: {}{}", said.out, said.err));
    line.trim().to_owned()
}

/// Both streams have these words.
pub(crate) fn told(said: &Said, words: &str) {
    let all = format!("{}{}", said.out, said.err);
    assert!(all.contains(words), "`{words}` is not told (exit {}): {all}", said.code);
}

/// A change that reaches generated files.
pub(crate) fn change_specs(git: &Git) {
    git.edit(CONTRACT, "Greet somebody", "Greet anybody");
}

#[test]
fn what_is_staged_whole_passes_and_is_counted() {
    let git = Git::project();
    change_specs(&git);
    git.done(&["spec", "apply"]);
    git.git(&["add", "-A"]);
    let said = git.done(&CHECK);
    told(&said, "files compared as they are staged");
    let report = git.done(&["spec", "check", "--staged", "--format", "json"]).json();
    assert_eq!(report["summary"]["status"], "clean");
}

/// Each way of staging one half: what is done, what is told, and that typing the hint mends it.
#[test]
fn every_half_of_a_staging_is_told_with_the_line_that_completes_it() {
    type Row = (&'static str, fn(&Git), i32, &'static str);
    let rows: [Row; 8] = [
        (
            "specs staged, nothing generated",
            |git| {
                change_specs(git);
                git.git(&["add", "specs"]);
            },
            4,
            "are behind the staged specs",
        ),
        (
            "specs staged, generated files only on disk",
            |git| {
                change_specs(git);
                git.done(&["spec", "apply"]);
                git.git(&["add", "specs"]);
            },
            4,
            "right on disk, but not staged",
        ),
        (
            "one generated file left out",
            |git| {
                change_specs(git);
                git.done(&["spec", "apply"]);
                git.git(&["add", "-A"]);
                git.git(&["restore", "--staged", "generated/openapi/openapi.yaml"]);
            },
            4,
            "git add generated/openapi/openapi.yaml",
        ),
        (
            "the lock left out",
            |git| {
                change_specs(git);
                git.done(&["spec", "apply"]);
                git.git(&["add", "specs", "generated"]);
            },
            4,
            "flaresmith.lock is right on disk, but not staged",
        ),
        (
            "generated files staged without their specs",
            |git| {
                change_specs(git);
                git.done(&["spec", "apply"]);
                git.git(&["add", "generated"]);
            },
            4,
            "made from specs that are not staged",
        ),
        (
            "generated files and lock staged without their specs",
            |git| {
                change_specs(git);
                git.done(&["spec", "apply"]);
                git.git(&["add", "generated", "flaresmith.lock"]);
            },
            4,
            "made from specs that are not staged",
        ),
        (
            "specs staged in part, generated files from the whole",
            |git| {
                change_specs(git);
                git.git(&["add", "specs"]);
                git.edit(CONTRACT, "Who is greeted", "Who it is");
                git.done(&["spec", "apply"]);
                git.git(&["add", "generated", "flaresmith.lock"]);
            },
            4,
            "made from specs that are not staged",
        ),
        (
            "specs staged in part, nothing generated",
            |git| {
                change_specs(git);
                git.git(&["add", "specs"]);
                git.edit(CONTRACT, "Who is greeted", "Who it is");
            },
            4,
            "the specs on disk are others: specs/001-hello/contracts/openapi.yaml",
        ),
    ];
    for (name, prepare, code, words) in rows {
        let git = Git::project();
        prepare(&git);
        let said = git.run(&CHECK);
        assert_eq!(said.code, code, "{name}: {}{}", said.out, said.err);
        told(&said, words);
        let line = hinted(&said);
        let typed = git.types(&line);
        assert_eq!(typed.code, 0, "{name}: `{line}`: {}{}", typed.out, typed.err);
        let again = git.run(&CHECK);
        assert_eq!(again.code, 0, "{name}: after `{line}`: {}{}", again.out, again.err);
        let report = git.git(&["status", "--porcelain"]);
        assert!(
            report
                .lines()
                .all(|line| !line.starts_with(" D") && !line.starts_with("AD")),
            "{name}: {report}"
        );
    }
}

#[test]
fn a_file_that_is_new_in_unstaged_specs_is_no_stray() {
    let git = Git::empty();
    git.done(&["init", "--targets", "docs"]);
    git.done(&["spec", "apply", "--root", "."]);
    git.git(&["add", "-A"]);
    git.git(&["commit", "-q", "-m", "one"]);
    let before = files(&git.path("generated"));
    git.edit(CONTRACT, "tags: [Greetings]", "tags: [Farewells]");
    git.done(&["spec", "apply"]);
    let new = files(&git.path("generated"))
        .into_iter()
        .find(|file| !before.contains(file))
        .unwrap();
    git.git(&["add", new.to_str().unwrap()]);
    let said = git.run(&CHECK);
    assert_eq!(said.code, 4, "{}{}", said.out, said.err);
    told(&said, "made from specs that are not staged");
    assert_eq!(git.types(&hinted(&said)).code, 0);
    git.done(&CHECK);
}

#[test]
fn the_staged_part_alone_can_be_committed_as_the_hint_says() {
    let git = Git::project();
    change_specs(&git);
    git.git(&["add", "specs"]);
    git.edit(CONTRACT, "Who is greeted", "Who it is");
    told(&git.run(&CHECK), "git stash push --keep-index");
    git.git(&["stash", "push", "-q", "--keep-index"]);
    git.done(&["spec", "apply"]);
    git.git(&["add", "generated", "flaresmith.lock"]);
    git.done(&CHECK);
    git.git(&["commit", "-q", "-m", "the part"]);
    git.git(&["stash", "pop", "-q"]);
    assert!(git.read(CONTRACT).contains("Who it is"));
    git.done(&["spec", "check", "--base", "HEAD"]);
}

/// Specs, the lock, and one generated file beside the others, each staged in one of three versions: the check passes exactly
/// when a checkout of the index would.
#[test]
fn it_passes_exactly_when_a_checkout_of_the_index_passes() {
    let git = Git::project();
    let parts = ["generated/openapi/openapi.json", "flaresmith.lock"];
    let mut versions = vec![git.git(&["rev-parse", "HEAD"]).trim().to_owned()];
    for text in ["anybody", "everybody"] {
        git.edit(
            CONTRACT,
            versions
                .len()
                .checked_sub(1)
                .map_or("somebody", |i| ["somebody", "anybody"][i]),
            text,
        );
        git.done(&["spec", "apply"]);
        git.git(&["add", "-A"]);
        git.git(&["commit", "-q", "-m", text]);
        versions.push(git.git(&["rev-parse", "HEAD"]).trim().to_owned());
    }
    let (mut passed, mut failed) = (0, 0);
    for i in 0..27_usize {
        let pick = |place: u32| versions[i / 3_usize.pow(place) % 3].as_str();
        git.git(&["read-tree", pick(0)]);
        for (place, part) in (1..).zip(&parts) {
            git.git(&["restore", "--staged", "--source", pick(place), "--", part]);
        }
        let checkout = git.beside("checkout");
        let _ = fs::remove_dir_all(&checkout);
        git.git(&["checkout-index", "-a", &format!("--prefix={}/", checkout.display())]);
        let on_disk = git.at(
            &checkout,
            env!("CARGO_BIN_EXE_flaresmith"),
            &["spec", "check", "--root", "."],
        );
        let staged = git.run(&CHECK);
        assert_eq!(
            staged.code == 0,
            on_disk.code == 0,
            "row {i}\nstaged: {}{}\non disk: {}{}",
            staged.out,
            staged.err,
            on_disk.out,
            on_disk.err
        );
        if staged.code == 0 {
            passed += 1;
        } else {
            assert!(staged.code == 3 || staged.code == 4, "{}", staged.code);
            failed += 1;
        }
    }
    assert_eq!((passed, failed), (3, 24));
}

#[test]
fn a_staged_edit_is_a_conflict_and_can_be_taken_out_of_the_commit() {
    let git = Git::project();
    let file = "generated/openapi/openapi.json";
    git.write(file, &git.read(file).replace("Greet somebody", "Greet me"));
    git.git(&["add", file]);
    let said = git.run(&["spec", "check", "--staged", "--format", "json"]);
    assert_eq!(said.code, 3, "{}{}", said.out, said.err);
    let report = said.json();
    assert_eq!(report["conflicts"][0]["reason"], "UNCOMMITTED_LOCAL_CHANGES");
    let suggestion = report["conflicts"][0]["suggestion"].as_str().unwrap();
    let line = suggestion.split('`').nth(1).unwrap();
    assert_eq!(git.types(line).code, 0, "{line}");
    git.done(&CHECK);
    assert!(git.read(file).contains("Greet me"), "the edit is still on disk");
}

#[test]
fn what_is_not_staged_does_not_matter() {
    let git = Git::project();
    git.write(CONTRACT, "openapi: [");
    git.write("generated/openapi/openapi.json", "mine");
    git.write("flaresmith.lock", "<<<<<<< HEAD\n");
    git.write("specs/002-other/spec.md", "\u{0}");
    fs::remove_file(git.path("flaresmith.toml")).unwrap();
    fs::remove_dir_all(git.path("generated/mcp")).unwrap();
    git.done(&CHECK);
}

#[test]
fn nothing_in_the_repository_changes_not_even_a_time() {
    let git = Git::project();
    // Times that git would refresh, and a file that is staged in part.
    for file in files(&git.path("generated")) {
        let text = fs::read(&file).unwrap();
        fs::write(&file, text).unwrap();
    }
    change_specs(&git);
    git.git(&["add", "specs"]);
    git.edit(CONTRACT, "Who is greeted", "Who it is");
    let look = || -> Vec<_> {
        files(&git.path(""))
            .into_iter()
            .map(|path| {
                let changed = path.symlink_metadata().unwrap().modified().unwrap();
                (path.clone(), fs::read(path).unwrap(), changed)
            })
            .collect()
    };
    let before = look();
    assert_eq!(git.run(&CHECK).code, 4);
    assert!(before == look(), "the check wrote something");
}

#[test]
fn a_revision_is_judged_by_its_own_specs_lock_and_files() {
    let git = Git::project();
    change_specs(&git);
    git.git(&["commit", "-qam", "half"]);
    git.done(&["spec", "apply"]);
    git.git(&["commit", "-qam", "whole"]);
    git.write(CONTRACT, "openapi: [");
    git.done(&["spec", "check", "--base", "HEAD"]);
    git.done(&["spec", "check", "--base", "main~2"]);
    assert_eq!(git.run(&["spec", "check", "--base", "HEAD~1"]).code, 4);
    let said = git.run(&["spec", "check", "--base", "no-such"]);
    assert_eq!(said.code, 1);
    told(&said, "GIT_REVISION");
    assert_eq!(git.run(&["spec", "check", "--base", "HEAD", "--staged"]).code, 2);
}

#[test]
fn a_check_of_nothing_fails() {
    let git = Git::empty();
    assert_eq!(git.run(&CHECK).code, 1);
    git.write("flaresmith.toml", "targets = []\n");
    git.write(
        "openapi.yaml",
        "openapi: 3.1.0\ninfo: { title: T, version: '1' }\npaths: {}\n",
    );
    git.git(&["add", "-A"]);
    let said = git.run(&CHECK);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
}
