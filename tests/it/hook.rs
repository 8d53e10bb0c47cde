//! The installed hook in the hands of the real `git commit`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::git::{CONTRACT, Git};
use crate::repository::Said;

fn break_specs(git: &Git) {
    git.edit(CONTRACT, "Greet somebody", "Greet anybody");
}

fn refused(said: &Said) {
    assert_ne!(said.code, 0, "the commit was made: {}{}", said.out, said.err);
    assert!(said.err.contains("nothing was committed"), "{}", said.err);
    assert!(said.err.contains("--no-verify"), "{}", said.err);
}

fn executable(path: &Path) -> bool {
    path.metadata().unwrap().permissions().mode() & 0o111 == 0o111
}

fn script(git: &Git, name: &str, text: &str) {
    git.write(name, text);
    fs::set_permissions(git.path(name), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_commit_that_is_out_of_step_is_refused_until_it_is_in_step() {
    let git = Git::project();
    assert_eq!(git.run(&["hook", "status"]).code, 1);
    git.done(&["hook", "install"]);
    git.done(&["hook", "status"]);
    assert!(executable(&git.path(".git/hooks/pre-commit")));
    break_specs(&git);
    git.git(&["add", "specs"]);
    refused(&git.try_git(&["commit", "-m", "half"]));
    git.done(&["spec", "apply"]);
    git.git(&["add", "-A"]);
    git.git(&["commit", "-q", "-m", "whole"]);
    git.edit(CONTRACT, "Greet anybody", "Greet nobody");
    refused(&git.try_git(&["commit", "-a", "-m", "half"]));
    git.git(&["commit", "-q", "-a", "--no-verify", "-m", "half"]);
}

/// git hands the hook another index for each of these.
#[test]
fn commits_of_everything_and_of_single_files_are_judged_by_what_they_hold() {
    let git = Git::project();
    git.done(&["hook", "install"]);
    break_specs(&git);
    git.done(&["spec", "apply"]);
    refused(&git.try_git(&["commit", "-m", "a part", CONTRACT]));
    refused(&git.try_git(&["commit", "-m", "a part", "generated"]));
    git.git(&["add", CONTRACT]);
    refused(&git.try_git(&["commit", "-m", "half"]));
    git.git(&["commit", "-q", "-m", "everything", "-a"]);
    git.edit(CONTRACT, "Greet anybody", "Greet nobody");
    git.write("notes.md", "unrelated");
    git.git(&["add", "notes.md", CONTRACT]);
    git.git(&["commit", "-q", "-m", "a single file", "notes.md"]);
    git.done(&["spec", "apply"]);
    git.git(&[
        "commit",
        "-q",
        "-m",
        "by paths",
        "specs",
        "generated",
        "flaresmith.lock",
    ]);
}

#[test]
fn installing_twice_changes_nothing_and_uninstalling_leaves_nothing() {
    let git = Git::project();
    git.done(&["hook", "install"]);
    let hook = git.path(".git/hooks/pre-commit");
    let before = (fs::read(&hook).unwrap(), hook.metadata().unwrap().modified().unwrap());
    let said = git.done(&["hook", "install", "--format", "json"]).json();
    assert_eq!(said["state"], "installed");
    assert_eq!(said["changed"], false);
    assert_eq!(
        before,
        (fs::read(&hook).unwrap(), hook.metadata().unwrap().modified().unwrap())
    );
    git.done(&["hook", "uninstall"]);
    assert!(!hook.exists());
    git.done(&["hook", "uninstall"]);
}

#[test]
fn a_hook_of_ones_own_still_runs_and_comes_back_byte_for_byte() {
    let mark = "echo mine >> ran\n";
    let hooks = [
        (format!("#!/bin/sh\nset -eu\n{mark}exit 0\n"), 0o755),
        (format!("#!/bin/sh\n{mark}exec true"), 0o700),
        (
            "#!/usr/bin/env python3\nopen('ran', 'a').write('mine\\n')\n".to_owned(),
            0o755,
        ),
        (
            "#!/usr/bin/env python3\nopen('ran', 'a').write('no\\n')\n".to_owned(),
            0o644,
        ),
    ];
    for (text, mode) in hooks {
        let git = Git::project();
        let hook = git.path(".git/hooks/pre-commit");
        script(&git, ".git/hooks/pre-commit", &text);
        fs::set_permissions(&hook, fs::Permissions::from_mode(mode)).unwrap();
        git.done(&["hook", "install"]);
        git.done(&["hook", "install"]);
        assert!(executable(&hook) || mode == 0o700, "{text}");
        git.write("notes.md", "x");
        git.git(&["add", "notes.md"]);
        git.git(&["commit", "-q", "-m", "passes"]);
        let ran = fs::read_to_string(git.path("ran")).unwrap_or_default();
        assert_eq!(ran, if mode == 0o644 { "" } else { "mine\n" }, "{text}");
        break_specs(&git);
        git.git(&["add", "specs"]);
        refused(&git.try_git(&["commit", "-m", "half"]));
        git.done(&["hook", "uninstall"]);
        assert_eq!(fs::read_to_string(&hook).unwrap(), text);
        assert_eq!(hook.metadata().unwrap().permissions().mode() & 0o777, mode, "{text}");
        assert!(!hook.with_file_name("pre-commit.before-flaresmith").exists());
    }
}

#[test]
fn a_hook_of_ones_own_that_refuses_still_refuses() {
    for text in [
        "#!/bin/sh\necho no >&2\nexit 7\n",
        "#!/usr/bin/env python3\nraise SystemExit(7)\n",
    ] {
        let git = Git::project();
        script(&git, ".git/hooks/pre-commit", text);
        git.done(&["hook", "install"]);
        git.write("notes.md", "x");
        git.git(&["add", "notes.md"]);
        assert_ne!(git.try_git(&["commit", "-m", "refused"]).code, 0);
    }
}

#[test]
fn the_hooks_folder_is_the_one_that_git_uses() {
    let git = Git::project();
    git.git(&["config", "core.hooksPath", "tools/hooks"]);
    git.done(&["hook", "install"]);
    assert!(executable(&git.path("tools/hooks/pre-commit")));
    assert!(!git.path(".git/hooks/pre-commit").exists());
    break_specs(&git);
    refused(&git.try_git(&["commit", "-a", "-m", "half"]));
    git.done(&["hook", "uninstall"]);
    let absolute = git.beside("elsewhere/hooks");
    git.git(&["config", "core.hooksPath", absolute.to_str().unwrap()]);
    git.done(&["hook", "install"]);
    assert!(absolute.join("pre-commit").exists());
    refused(&git.try_git(&["commit", "-a", "-m", "half"]));
}

#[test]
fn a_hooks_folder_of_all_repositories_is_left_alone() {
    let git = Git::project();
    let shared = git.beside("home/hooks");
    fs::write(
        git.beside("home/.gitconfig"),
        format!("[core]\n\thooksPath = {}\n", shared.display()),
    )
    .unwrap();
    let mut command = git.command(&git.path(""), env!("CARGO_BIN_EXE_flaresmith"));
    let said = crate::git::said(command.env_remove("GIT_CONFIG_GLOBAL").args(["hook", "install"]));
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    assert!(said.err.contains("HOOK_SHARED"), "{}", said.err);
    assert!(!shared.exists());
}

#[test]
fn worktrees_share_the_hook_and_branches_without_flaresmith_are_let_through() {
    let git = Git::project();
    git.git(&["worktree", "add", "-q", "../worktree"]);
    let worktree = git.other(&git.beside("worktree"));
    assert_eq!(worktree.run(&["hook", "install"]).code, 0);
    assert!(git.path(".git/hooks/pre-commit").exists());
    git.done(&["hook", "status"]);
    worktree.edit(CONTRACT, "somebody", "anybody");
    refused(&worktree.try_git(&["commit", "-a", "-m", "half"]));
    worktree.git(&["checkout", "-q", "--orphan", "plain"]);
    worktree.git(&["rm", "-rqf", "."]);
    fs::write(worktree.top.join("a"), "a").unwrap();
    worktree.git(&["add", "a"]);
    worktree.git(&["commit", "-q", "-m", "plain"]);
}

#[test]
fn two_projects_of_one_repository_are_checked_each() {
    let git = Git::project_in("services/it's one");
    fs::create_dir_all(git.path("two")).unwrap();
    for arguments in [
        ["init", "--targets", "openapi", "--root", "two"].as_slice(),
        &["spec", "apply", "--root", "two"],
    ] {
        git.done(arguments);
    }
    git.git(&["add", "-A"]);
    git.git(&["commit", "-q", "-m", "two"]);
    git.done(&["hook", "install", "--root", "services/it's one"]);
    git.done(&["hook", "install", "--root", "two"]);
    let hook = git.read(".git/hooks/pre-commit");
    assert_eq!(hook.matches(">>> flaresmith: ").count(), 2, "{hook}");
    for root in ["services/it's one", "two"] {
        let contract = format!("{root}/{CONTRACT}");
        git.edit(&contract, "somebody", "anybody");
        refused(&git.try_git(&["commit", "-a", "-m", "half"]));
        git.git(&["checkout", "-q", "--", "."]);
    }
    git.done(&["hook", "uninstall", "--root", "two"]);
    git.done(&["hook", "status", "--root", "services/it's one"]);
    git.done(&["hook", "uninstall", "--root", "services/it's one"]);
    assert!(!git.path(".git/hooks/pre-commit").exists());
}

#[test]
fn without_the_program_the_hook_says_how_to_get_it() {
    let git = Git::project();
    git.done(&["hook", "install"]);
    git.write("notes.md", "x");
    git.git(&["add", "notes.md"]);
    let mut command = git.command(&git.path(""), "git");
    command
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .args(["commit", "-m", "x"]);
    let said = crate::git::said(&mut command);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    assert!(
        said.err.contains("not on your PATH") && said.err.contains("cargo install"),
        "{}",
        said.err
    );
}

#[test]
fn husky_keeps_its_own_file() {
    let git = Git::project();
    git.write(".husky/pre-commit", "npm test\n");
    git.git(&["config", "core.hooksPath", ".husky/_"]);
    let said = git.done(&["hook", "install", "--format", "json"]).json();
    assert_eq!(said["manager"], "husky");
    assert_eq!(said["file"], ".husky/pre-commit");
    let text = git.read(".husky/pre-commit");
    assert!(
        text.ends_with("npm test\n") && text.contains("spec check --staged"),
        "{text}"
    );
    break_specs(&git);
    git.git(&["add", "specs"]);
    // As husky runs it.
    let said = git.types("sh -e .husky/pre-commit");
    assert_eq!(said.code, 4, "{}{}", said.out, said.err);
    git.done(&["hook", "uninstall"]);
    assert_eq!(git.read(".husky/pre-commit"), "npm test\n");
}

#[test]
fn lefthook_and_the_pre_commit_framework_are_told_what_to_add() {
    for (file, manager) in [("lefthook.yml", "lefthook"), (".pre-commit-config.yaml", "pre-commit")] {
        let git = Git::project();
        let head = if manager == "lefthook" { "" } else { "repos:\n" };
        git.write(file, head);
        let said = git.run(&["hook", "install", "--format", "json"]);
        assert_eq!(said.code, 1, "{}", said.out);
        let report = said.json();
        assert_eq!(report["manager"], manager);
        assert_eq!(git.read(file), head, "a person's configuration is a person's");
        assert!(!git.path(".git/hooks/pre-commit").exists());
        let human = git.run(&["hook", "install"]);
        assert!(human.out.contains(&format!("add this to {file}:")), "{}", human.out);
        git.write(file, &format!("{head}{}", report["add"].as_str().unwrap()));
        git.done(&["hook", "status"]);
    }
}

#[test]
fn the_hook_holds_wherever_a_commit_is_made() {
    let git = Git::project();
    let top = git.path("");
    // In a submodule, and from a folder inside of it.
    let outer = git.beside("outer");
    fs::create_dir_all(&outer).unwrap();
    let outer = git.other(&outer);
    outer.git(&["init", "-q"]);
    let from = top.to_str().unwrap();
    outer.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "-q",
        from,
        "inner",
    ]);
    // In a worktree of a bare clone.
    git.git(&["clone", "-q", "--bare", from, "../bare.git"]);
    git.other(&git.beside("bare.git"))
        .git(&["worktree", "add", "-q", "../of-bare", "main"]);
    for place in [outer.top.join("inner"), git.beside("of-bare")] {
        let other = git.other(&place);
        let said = other.run(&["hook", "install"]);
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        other.edit(CONTRACT, "somebody", "anybody");
        let below = git.other(&place.join("specs"));
        refused(&below.try_git(&["commit", "-m", "half", "-a"]));
        refused(&below.try_git(&["commit", "-m", "half", "001-hello"]));
        assert_eq!(other.run(&["spec", "apply"]).code, 0);
        below.git(&["commit", "-q", "-a", "-m", "whole"]);
    }
    // With the repository apart from the work tree.
    let bare = git.beside("bare.git");
    let work = git.beside("of-bare");
    let with = |program: &str, arguments: &[&str]| {
        let mut command = git.command(&work, program);
        command.env("GIT_DIR", &bare).env("GIT_WORK_TREE", &work);
        crate::git::said(command.args(arguments))
    };
    with("git", &["reset", "-q", "HEAD"]);
    git.other(&work).edit(CONTRACT, "anybody", "nobody");
    refused(&with("git", &["commit", "-a", "-m", "half"]));
    let said = git.other(&bare).run(&["hook", "install"]);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.err.contains("HOOK_BARE"), "{}", said.err);
}
