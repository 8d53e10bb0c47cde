//! The record of a settled repository: `spec check` believes it only while nothing at all has moved.
//!
//! Owns: what may change behind its back. Must not know: what stands in a record. Each proof first makes sure that there is a
//! record that is believed, then moves one thing, then compares what `spec check` says with what it says without a record.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use flaresmith_sync::digest::Digest;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

use crate::git::{CONTRACT, Git};
use crate::repository::{Said, files};
use crate::watching::wait_for;

const TOOLS: &str = "generated/mcp/tools.json";

/// Where records are kept.
fn records(git: &Git) -> Vec<PathBuf> {
    let folder = git.path(".git/flaresmith");
    let all = if folder.exists() { files(&folder) } else { Vec::new() };
    let is_record = |path: &PathBuf| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("settled-"))
    };
    all.into_iter().filter(is_record).collect()
}

fn record(git: &Git) -> String {
    records(git)
        .first()
        .map(|path| fs::read_to_string(path).unwrap())
        .unwrap_or_default()
}

/// A project that is settled, and whose record has a stamp for every file: nothing is read again.
fn settled() -> Git {
    let git = Git::project();
    settle(&git);
    git
}

fn settle(git: &Git) {
    wait_for("a record with a stamp for every file", || {
        let said = git.run(&["spec", "check"]);
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        // `file DIGEST STAMP PATH`, and `read STAMP PATH` for what was read of the specs.
        let record = record(git);
        let stamped = |line: &str| match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["file", digest, stamp, ..] => *digest == "-" || *stamp != "-",
            ["read", stamp, ..] => *stamp != "-",
            _ => true,
        };
        record.ends_with("\nend\n") && record.lines().all(stamped)
    });
}

/// What the check says, which must be what it says without any record.
fn checked(git: &Git) -> Said {
    let kept: Vec<(PathBuf, Vec<u8>)> = records(git)
        .into_iter()
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    let said = git.run(&["spec", "check"]);
    for (path, _) in &kept {
        let _ = fs::remove_file(path);
    }
    let truth = git.run(&["spec", "check"]);
    // What a busy machine makes it say besides, that something takes long, is no part of what it says.
    let told = |said: &Said| -> Vec<String> {
        let lines = said.err.lines().filter(|line| !line.ends_with(" …"));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(
        (said.code, &said.out, told(&said)),
        (truth.code, &truth.out, told(&truth)),
        "with a record and without"
    );
    for (path, bytes) in kept {
        if path.parent().is_some_and(Path::exists) {
            fs::write(path, bytes).unwrap();
        }
    }
    said
}

fn refused(git: &Git, code: i32) {
    assert_eq!(checked(git).code, code);
}

/// Replaces one byte, so that the size stays.
fn other_byte(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let at = bytes.iter().position(u8::is_ascii_lowercase).unwrap();
    bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
    fs::write(path, bytes).unwrap();
}

fn touch(path: &Path, time: SystemTime) {
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(time).unwrap();
}

#[test]
fn nothing_that_moved_is_in_step_and_putting_it_back_is() {
    let git = settled();
    let before = fs::metadata(git.path(TOOLS)).unwrap();
    let text = git.read(TOOLS);
    other_byte(&git.path(TOOLS));
    touch(&git.path(TOOLS), before.modified().unwrap());
    let after = fs::metadata(git.path(TOOLS)).unwrap();
    assert_eq!(
        (before.len(), before.mtime_nsec(), before.ino()),
        (after.len(), after.mtime_nsec(), after.ino())
    );
    refused(&git, 3);
    git.write(TOOLS, &text);
    assert_eq!(checked(&git).code, 0);
}

#[test]
fn an_edit_right_after_the_check_is_seen_however_fast_it_comes() {
    let git = settled();
    let text = git.read(TOOLS);
    for _ in 0..10 {
        git.write(TOOLS, &text);
        let time = fs::metadata(git.path(TOOLS)).unwrap().modified().unwrap();
        assert_eq!(git.run(&["spec", "check"]).code, 0);
        other_byte(&git.path(TOOLS));
        touch(&git.path(TOOLS), time);
        refused(&git, 3);
    }
}

#[test]
fn an_edit_whose_time_lies_in_the_future_is_seen() {
    let git = settled();
    touch(&git.path(TOOLS), SystemTime::now() + Duration::from_secs(1_000_000));
    assert_eq!(checked(&git).code, 0);
    other_byte(&git.path(TOOLS));
    touch(&git.path(TOOLS), SystemTime::now() + Duration::from_secs(1_000_000));
    refused(&git, 3);
}

#[test]
fn modes_deletions_and_links_are_seen() {
    let git = settled();
    let tools = git.path(TOOLS);
    fs::set_permissions(&tools, fs::Permissions::from_mode(0o755)).unwrap();
    refused(&git, 4);
    fs::set_permissions(&tools, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(checked(&git).code, 0);
    git.git(&["config", "core.fileMode", "false"]);
    fs::set_permissions(&tools, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(checked(&git).code, 0);
    git.git(&["config", "core.fileMode", "true"]);
    refused(&git, 4);
    fs::set_permissions(&tools, fs::Permissions::from_mode(0o644)).unwrap();
    settle(&git);

    let aside = git.path("aside.json");
    fs::rename(&tools, &aside).unwrap();
    refused(&git, 4);
    symlink(&aside, &tools).unwrap();
    refused(&git, 3);
    fs::remove_file(&tools).unwrap();
    fs::hard_link(&aside, &tools).unwrap();
    assert_eq!(checked(&git).code, 0);
    other_byte(&aside);
    refused(&git, 3);
    fs::remove_file(&tools).unwrap();
    fs::create_dir(&tools).unwrap();
    assert_ne!(checked(&git).code, 0);
    fs::remove_dir(&tools).unwrap();
    git.git(&["checkout", "-q", "--", TOOLS]);
    settle(&git);

    // The folder of a file becomes a link to the very same files.
    fs::rename(git.path("generated/mcp"), git.path("mcp")).unwrap();
    symlink(git.path("mcp"), git.path("generated/mcp")).unwrap();
    refused(&git, 1);
}

#[test]
fn another_lock_spec_setting_or_template_is_seen() {
    let git = settled();
    let lock = git.read("flaresmith.lock");
    let cut: String = lock
        .lines()
        .filter(|line| !line.contains(TOOLS))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_ne!(lock, cut);
    git.write("flaresmith.lock", &cut);
    refused(&git, 4);
    fs::remove_file(git.path("flaresmith.lock")).unwrap();
    refused(&git, 4);
    git.write("flaresmith.lock", "nothing of the kind");
    refused(&git, 1);
    git.write("flaresmith.lock", &lock);
    assert_eq!(checked(&git).code, 0);

    let time = fs::metadata(git.path(CONTRACT)).unwrap().modified().unwrap();
    let text = git.read(CONTRACT);
    git.edit(CONTRACT, "Who is greeted.", "Who is GREETED.");
    touch(&git.path(CONTRACT), time);
    refused(&git, 4);
    git.write(CONTRACT, "openapi: [\n");
    refused(&git, 1);
    git.write(CONTRACT, &text);
    assert_eq!(checked(&git).code, 0);

    let more = "specs/002-more/contracts/more.yaml";
    git.write(
        more,
        &text
            .replace("/greetings", "/farewells")
            .replace("getGreeting", "getFarewell"),
    );
    assert_ne!(checked(&git).code, 0);
    fs::remove_dir_all(git.path("specs/002-more")).unwrap();
    assert_eq!(checked(&git).code, 0);

    let settings = git.read("flaresmith.toml");
    git.write("flaresmith.toml", "targets = [\"openapi\", \"mcp\", \"docs\"]\n");
    refused(&git, 4);
    git.write("flaresmith.toml", &settings);
    assert_eq!(checked(&git).code, 0);
}

#[test]
fn a_folder_of_templates_that_goes_is_seen_though_no_file_of_it_was_read() {
    let git = settled();
    let settings = git.read("flaresmith.toml");
    git.write("flaresmith.toml", &format!("templates = \"frames\"\n{settings}"));
    git.write("frames/.keep", "");
    git.done(&["spec", "apply"]);
    settle(&git);
    fs::remove_dir_all(git.path("frames")).unwrap();
    refused(&git, 1);
}

#[test]
fn a_template_is_seen() {
    let git = settled();
    let settings = git.read("flaresmith.toml").replace("\"mcp\"", "\"docs\"");
    git.write("flaresmith.toml", &format!("templates = \"frames\"\n{settings}"));
    let name = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/docs"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let template = format!("frames/docs/{}", name.file_name().to_str().unwrap());
    git.write(&template, &fs::read_to_string(name.path()).unwrap());
    git.done(&["spec", "apply"]);
    settle(&git);
    let time = fs::metadata(git.path(&template)).unwrap().modified().unwrap();
    other_byte(&git.path(&template));
    touch(&git.path(&template), time);
    assert_ne!(checked(&git).code, 0);
}

#[test]
fn what_was_remarked_and_strictness_are_told_from_a_record_too() {
    let git = settled();
    git.edit(CONTRACT, "schemas/Greeting'", "schemas/Grating'");
    git.done(&["spec", "apply"]);
    settle(&git);
    let said = checked(&git);
    assert!(said.err.contains("warning["), "{}", said.err);
    assert_eq!(git.run(&["spec", "check", "--strict"]).code, 1);
    assert_eq!(git.run(&["spec", "check"]).code, 0);
    // The contract is read for the places of warnings once, and not with every check.
    settle(&git);
    assert!(record(&git).contains("\nplaces [["), "{}", record(&git));
    let format = |format: &str| {
        let said = git.run(&["spec", "check", "--format", format]);
        (said.code, said.out, said.err)
    };
    let told = ["json", "sarif", "junit", "github"].map(format);
    for path in records(&git) {
        fs::remove_file(path).unwrap();
    }
    assert_eq!(told, ["json", "sarif", "junit", "github"].map(format));
}

#[test]
fn a_record_of_another_program_is_not_believed() {
    let git = settled();
    // A record that says of other files that they are settled: whoever believes it is found out.
    let path = records(&git).remove(0);
    let honest = git.read(TOOLS);
    git.write(TOOLS, &honest.replacen('{', "{ ", 1));
    let digest = |text: &str| Digest::of(text.as_bytes()).to_string();
    let forged = record(&git).replace(&digest(&honest), &digest(&git.read(TOOLS)));
    assert_ne!(forged, record(&git), "the record names no digest of that form");
    fs::write(&path, &forged).unwrap();
    assert_eq!(
        git.run(&["spec", "check"]).code,
        0,
        "a record of this program is believed"
    );
    // The same bytes under another name, with the same times.
    let copy = git.beside("flaresmith");
    let done = Command::new("cp")
        .arg("-p")
        .arg(env!("CARGO_BIN_EXE_flaresmith"))
        .arg(&copy)
        .status()
        .unwrap();
    assert!(done.success());
    fs::write(&path, &forged).unwrap();
    let said = git.at(&git.path(""), copy.to_str().unwrap(), &["spec", "check"]);
    assert_eq!(said.code, 3, "{}{}", said.out, said.err);
}

#[test]
fn a_record_that_is_gone_damaged_or_of_another_repository_is_not_missed() {
    let git = settled();
    let path = records(&git).remove(0);
    let text = record(&git);
    let other = settled();
    let others = record(&other);
    other_byte(&git.path(TOOLS));
    for bad in ["", "{", "null", "[]", "{}", &text[..text.len() / 2], &others] {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bad).unwrap();
        assert_eq!(git.run(&["spec", "check"]).code, 3, "{bad}");
    }
    fs::write(&path, b"\xff\xfe").unwrap();
    assert_eq!(git.run(&["spec", "check"]).code, 3);
    fs::remove_file(&path).unwrap();
    fs::create_dir_all(&path).unwrap();
    assert_eq!(git.run(&["spec", "check"]).code, 3);
    fs::remove_dir_all(git.path(".git/flaresmith")).unwrap();
    assert_eq!(git.run(&["spec", "check"]).code, 3);
    git.git(&["checkout", "-q", "--", TOOLS]);
    settle(&git);
    // All of it moves into the place of another, whose record has the same name.
    let aside = git.beside("aside");
    fs::rename(git.path(""), &aside).unwrap();
    let done = Command::new("cp")
        .arg("-a")
        .arg(&aside)
        .arg(git.path(""))
        .status()
        .unwrap();
    assert!(done.success());
    assert_eq!(checked(&git).code, 0);
    let time = fs::metadata(git.path(TOOLS)).unwrap().modified().unwrap();
    other_byte(&git.path(TOOLS));
    touch(&git.path(TOOLS), time);
    refused(&git, 3);
}

/// One thing that happens between two checks.
#[derive(Debug, Clone)]
enum Move {
    OtherByte(Index),
    SetBack(Index),
    Delete(Index),
    Executable(Index),
    Replace(Index),
    Touch(Index),
    Describe(u8),
    Break,
    Targets(bool),
    Apply(bool),
    Accept(Index),
    Eject(Index),
    Restore(Index),
    Checkout,
    Commit,
    Check,
}

fn moves() -> impl Strategy<Value = Move> {
    let path = any::<Index>;
    prop_oneof![
        path().prop_map(Move::OtherByte),
        path().prop_map(Move::SetBack),
        path().prop_map(Move::Delete),
        path().prop_map(Move::Executable),
        path().prop_map(Move::Replace),
        path().prop_map(Move::Touch),
        (0..4u8).prop_map(Move::Describe),
        Just(Move::Break),
        any::<bool>().prop_map(Move::Targets),
        any::<bool>().prop_map(Move::Apply),
        any::<bool>().prop_map(Move::Apply),
        path().prop_map(Move::Accept),
        path().prop_map(Move::Eject),
        path().prop_map(Move::Restore),
        Just(Move::Checkout),
        Just(Move::Commit),
        Just(Move::Check),
    ]
}

fn carry_out(git: &Git, one: &Move, contract: &str) {
    let mut all: Vec<PathBuf> = Vec::new();
    for folder in ["generated", "flaresmith.lock", ".flaresmith"].map(|name| git.path(name)) {
        match folder.is_dir() {
            true => all.extend(files(&folder)),
            false if folder.exists() => all.push(folder),
            false => {}
        }
    }
    let of = |index: &Index| (!all.is_empty()).then(|| index.get(&all).clone());
    let decide = |index: &Index, arguments: &[&str]| {
        if let Some(path) = of(index) {
            let path = path.strip_prefix(git.path("")).unwrap().to_str().unwrap().to_owned();
            git.run(&[&["spec", arguments[0], &path], &arguments[1..]].concat());
        }
    };
    match one {
        Move::OtherByte(index) => of(index).iter().for_each(|path| other_byte(path)),
        Move::SetBack(index) => {
            if let Some(path) = of(index) {
                let time = fs::metadata(&path).unwrap().modified().unwrap();
                other_byte(&path);
                touch(&path, time);
            }
        }
        Move::Delete(index) => of(index).iter().for_each(|path| fs::remove_file(path).unwrap()),
        Move::Executable(index) => {
            if let Some(path) = of(index) {
                let mode = fs::metadata(&path).unwrap().permissions().mode() ^ 0o111;
                fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            }
        }
        Move::Replace(index) => {
            if let Some(path) = of(index) {
                let copy = git.path("copy.tmp");
                fs::copy(&path, &copy).unwrap();
                fs::rename(&copy, &path).unwrap();
            }
        }
        Move::Touch(index) => of(index).iter().for_each(|path| touch(path, SystemTime::now())),
        Move::Describe(n) => git.write(
            CONTRACT,
            &contract.replace("Who is greeted", &format!("Who is greeted {n}")),
        ),
        Move::Break => git.write(CONTRACT, &contract.replace("openapi: 3.1.0", "openapi: [")),
        Move::Targets(more) => {
            let more = if *more { ", \"hono\"" } else { "" };
            git.write("flaresmith.toml", &format!("targets = [\"openapi\", \"mcp\"{more}]\n"));
        }
        Move::Apply(merge) => {
            git.run(if *merge {
                &["spec", "apply", "--merge"]
            } else {
                &["spec", "apply"]
            });
        }
        Move::Accept(index) => decide(index, &["accept", "--reason", "ours"]),
        Move::Eject(index) => decide(index, &["eject"]),
        Move::Restore(index) => decide(index, &["restore"]),
        Move::Checkout => {
            git.git(&["checkout", "-q", "--", "."]);
        }
        Move::Commit => {
            git.git(&["add", "-A"]);
            git.git(&["commit", "-q", "--allow-empty", "-m", "more"]);
        }
        Move::Check => {
            git.run(&["spec", "check"]);
        }
    }
}

#[test]
fn whatever_happens_a_check_with_a_record_says_what_one_without_it_says() {
    let mut config = Config {
        failure_persistence: None,
        max_shrink_iters: 60,
        ..Config::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 10;
    }
    let outcome = TestRunner::new(config).run(&prop::collection::vec(moves(), 1..12), |sequence| {
        let git = Git::project();
        let contract = git.read(CONTRACT);
        for one in &sequence {
            carry_out(&git, one, &contract);
            checked(&git);
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
