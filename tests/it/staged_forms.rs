//! `spec check --staged` in every form of repository and of entry that git has.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use crate::git::{CONTRACT, Git};
use crate::staged::{CHECK, change_specs, hinted, told};

#[test]
fn a_repository_without_a_commit_is_judged_as_well() {
    let git = Git::empty();
    git.done(&["init", "--targets", "openapi"]);
    git.done(&["spec", "apply", "--root", "."]);
    let said = git.run(&CHECK);
    assert_eq!(said.code, 1, "nothing is staged: {}", said.out);
    told(&said, "git add");
    git.git(&["add", "-A"]);
    git.done(&CHECK);
    let said = git.run(&["spec", "check", "--base", "HEAD"]);
    assert_eq!(said.code, 1);
    told(&said, "nothing is committed yet");
}

#[test]
fn only_staging_counts_not_the_intent_to_add() {
    let git = Git::empty();
    git.done(&["init", "--targets", "openapi"]);
    git.done(&["spec", "apply", "--root", "."]);
    git.git(&["add", "specs", "flaresmith.toml", "flaresmith.lock"]);
    git.git(&["add", "-N", "generated"]);
    let said = git.run(&CHECK);
    assert_eq!(said.code, 4, "{}{}", said.out, said.err);
    told(&said, "added");
    assert_eq!(git.types(&hinted(&said)).code, 0);
    git.done(&CHECK);
}

#[test]
fn an_unresolved_merge_is_told_as_one() {
    let git = Git::project();
    git.git(&["checkout", "-q", "-b", "other"]);
    change_specs(&git);
    git.done(&["spec", "apply"]);
    git.git(&["commit", "-qam", "other"]);
    git.git(&["checkout", "-q", "main"]);
    git.edit(CONTRACT, "Greet somebody", "Greet nobody");
    git.done(&["spec", "apply"]);
    git.git(&["commit", "-qam", "mine"]);
    assert_eq!(git.try_git(&["merge", "other"]).code, 1);
    let said = git.run(&CHECK);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    told(&said, "STAGED_UNMERGED");
    told(&said, "git add");
}

#[test]
fn the_root_may_lie_below_the_top_and_the_check_start_anywhere() {
    let git = Git::project_in("services/my api");
    let root = git.path("services/my api");
    let check = |folder: &Path, arguments: &[&str]| git.at(folder, env!("CARGO_BIN_EXE_flaresmith"), arguments);
    assert_eq!(check(&root.join("specs/001-hello"), &CHECK).code, 0);
    let line = ["--root", "services/my api", "spec", "check", "--staged"];
    assert_eq!(check(&git.path(""), &line).code, 0);
    git.edit(&format!("services/my api/{CONTRACT}"), "somebody", "anybody");
    git.git(&["add", "-A"]);
    let said = check(&git.path(""), &line);
    assert_eq!(said.code, 4);
    assert_eq!(git.types(&hinted(&said)).code, 0, "{}", said.err);
    assert_eq!(check(&git.path(""), &line).code, 0);
    assert_eq!(check(&root, &["spec", "check", "--base", "HEAD"]).code, 0);
    let elsewhere = git.beside("home");
    let said = check(
        &elsewhere,
        &["spec", "check", "--staged", "--root", root.to_str().unwrap()],
    );
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let said = check(&elsewhere, &CHECK);
    assert_eq!(said.code, 1);
    told(&said, "GIT_NOT_FOUND");
}

#[test]
fn worktrees_submodules_and_shallow_clones_have_an_index_of_their_own() {
    let git = Git::project();
    let top = git.path("");
    git.git(&["worktree", "add", "-q", "../worktree"]);
    git.git(&[
        "clone",
        "-q",
        "--depth",
        "1",
        &format!("file://{}", top.display()),
        "../shallow",
    ]);
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
    for place in [git.beside("worktree"), git.beside("shallow"), outer.top.join("inner")] {
        let other = git.other(&place);
        let said = other.run(&CHECK);
        assert_eq!(said.code, 0, "{}: {}{}", place.display(), said.out, said.err);
        other.edit(CONTRACT, "somebody", "anybody");
        assert_eq!(other.run(&CHECK).code, 0);
        other.git(&["add", "-A"]);
        assert_eq!(other.run(&CHECK).code, 4, "{}", place.display());
        assert_eq!(other.run(&["spec", "check", "--base", "HEAD"]).code, 0);
    }
    git.done(&CHECK);
    let said = git
        .other(&git.beside("shallow"))
        .run(&["spec", "check", "--base", "HEAD~1"]);
    assert_eq!(said.code, 1);
    told(&said, "GIT_REVISION");
    // A hook of the outer repository that checks the inner one: git's variables are about the outer one.
    let inner = outer.top.join("inner");
    let mut command = git.command(&outer.top, env!("CARGO_BIN_EXE_flaresmith"));
    command.env("GIT_DIR", ".git").env("GIT_INDEX_FILE", ".git/index");
    let said = crate::git::said(command.args(["spec", "check", "--staged", "--root"]).arg(&inner));
    assert_eq!(said.code, 4, "{}{}", said.out, said.err);
}

#[test]
fn a_bare_repository_is_judged_by_its_index_and_git_may_say_where_the_work_tree_is() {
    let git = Git::project();
    let top = git.path("");
    git.git(&["clone", "-q", "--bare", top.to_str().unwrap(), "../bare.git"]);
    let bare = git.other(&git.beside("bare.git"));
    bare.git(&["read-tree", "HEAD"]);
    let said = bare.run(&CHECK);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert_eq!(bare.run(&["spec", "check", "--base", "main"]).code, 0);
    // A work tree whose repository lies elsewhere, as people keep their settings.
    let work = git.beside("work");
    fs::create_dir_all(&work).unwrap();
    let with = |program: &str, arguments: &[&str]| {
        let mut command = git.command(&work, program);
        command.env("GIT_DIR", &bare.top).env("GIT_WORK_TREE", &work);
        crate::git::said(command.args(arguments))
    };
    assert_eq!(with("git", &["checkout", "-q", "-f", "main"]).code, 0);
    assert_eq!(with(env!("CARGO_BIN_EXE_flaresmith"), &CHECK).code, 0);
    let contract = fs::read_to_string(work.join(CONTRACT)).unwrap();
    fs::write(work.join(CONTRACT), contract.replace("somebody", "anybody")).unwrap();
    assert_eq!(with("git", &["add", "-A"]).code, 0);
    assert_eq!(with(env!("CARGO_BIN_EXE_flaresmith"), &CHECK).code, 4);
    // `core.bare` set by mistake in a repository with files around it.
    git.git(&["config", "core.bare", "true"]);
    git.done(&CHECK);
}

#[test]
fn a_sparse_checkout_is_judged_whole_and_forms_that_cannot_be_read_are_told() {
    let git = Git::project();
    git.git(&["sparse-checkout", "set", "--no-cone", "/flaresmith.toml"]);
    assert!(!git.path(CONTRACT).exists());
    git.done(&CHECK);
    git.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "elsewhere"]);
    let said = git.run(&CHECK);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    told(&said, "STAGED_UNREADABLE");
    let line = said.err.split('`').nth(1).unwrap();
    assert_eq!(git.types(line).code, 0, "{line}");
    git.done(&CHECK);
    git.git(&["sparse-checkout", "disable"]);
    git.git(&["update-index", "--split-index"]);
    let said = git.run(&CHECK);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    told(&said, "split over two files");
    let line = said.err.split('`').nth(1).unwrap();
    assert_eq!(git.types(line).code, 0, "{line}");
    git.done(&CHECK);
}

#[test]
fn links_are_not_followed_and_names_that_are_no_text_do_no_harm() {
    let git = Git::project();
    let strange = git.path("").join(std::ffi::OsStr::from_bytes(b"specs/\xff\xfe.yaml"));
    fs::write(strange, "x").unwrap();
    git.git(&["add", "-A"]);
    git.done(&CHECK);
    git.git(&["mv", CONTRACT, "contract.yaml"]);
    symlink("../../../contract.yaml", git.path(CONTRACT)).unwrap();
    git.git(&["add", "-A"]);
    assert!(git.git(&["ls-files", "-s", CONTRACT]).starts_with("120000"));
    let said = git.run(&["spec", "check", "--staged"]);
    assert_ne!(said.code, 101);
    assert_ne!(said.code, 70);
    // The contract at the top is found by its content; the link is not read a second time.
    assert_eq!(said.code, 4, "{}{}", said.out, said.err);
    let generated = "generated/openapi/openapi.json";
    git.git(&["reset", "-q", "--hard"]);
    fs::remove_file(git.path(generated)).unwrap();
    symlink("openapi.yaml", git.path(generated)).unwrap();
    git.git(&["add", "-A"]);
    assert_eq!(git.run(&CHECK).code, 3);
}

#[test]
fn a_mode_is_drift_and_line_ends_are_when_git_holds_them() {
    let git = Git::project();
    let file = "generated/openapi/openapi.yaml";
    let mode = |mode| fs::set_permissions(git.path(file), fs::Permissions::from_mode(mode)).unwrap();
    mode(0o755);
    let said = git.run(&["spec", "check"]);
    assert_eq!(said.code, 4);
    told(&said, "executable");
    git.done(&CHECK);
    git.git(&["add", file]);
    let said = git.run(&CHECK);
    assert_eq!(said.code, 4);
    assert_eq!(git.types(&hinted(&said)).code, 0);
    git.done(&CHECK);
    git.done(&["spec", "check"]);
    git.git(&["config", "core.fileMode", "false"]);
    mode(0o755);
    git.done(&["spec", "check"]);
    mode(0o644);

    let crlf = git.read(file).replace('\n', "\r\n");
    git.write(file, &crlf);
    git.done(&["spec", "check"]);
    git.write(".gitattributes", "* text=auto\n");
    git.git(&["add", file]);
    git.done(&CHECK);
    git.write(".gitattributes", "");
    git.git(&["add", "--renormalize", "-A"]);
    let said = git.run(&CHECK);
    assert_eq!(said.code, 4, "{}{}", said.out, said.err);
    told(&said, "where \\n is generated");
    git.write(".gitattributes", "*.yaml -text\n");
    git.git(&["add", ".gitattributes"]);
    git.done(&CHECK);
    git.write(".gitattributes", "");
    git.git(&["add", ".gitattributes"]);
    let said = git.run(&CHECK);
    let line = hinted(&said);
    assert_eq!(git.types(&line).code, 0, "{line}");
    git.done(&CHECK);
}

#[test]
fn what_git_ignores_and_what_lfs_keeps_is_told() {
    let git = Git::empty();
    git.done(&["init", "--targets", "openapi"]);
    git.done(&["spec", "apply", "--root", "."]);
    git.write(".gitignore", "generated\n");
    git.git(&["add", "-A"]);
    let said = git.run(&CHECK);
    assert_eq!(said.code, 4, "{}{}", said.out, said.err);
    let line = hinted(&said);
    assert!(line.contains("add -f"), "{line}");
    assert_eq!(git.types(&line).code, 0);
    git.done(&CHECK);

    let file = "generated/openapi/openapi.yaml";
    let text = git.read(file);
    let id = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";
    git.write(
        file,
        &format!(
            "version https://git-lfs.github.com/spec/v1\noid sha256:{id}\nsize {}\n",
            text.len()
        ),
    );
    git.git(&["add", "-f", file]);
    let said = git.run(&CHECK);
    assert_eq!(said.code, 1);
    told(&said, "GIT_LFS_MISSING");
    git.write(&format!(".git/lfs/objects/4d/7a/{id}"), &text);
    git.done(&CHECK);
}
