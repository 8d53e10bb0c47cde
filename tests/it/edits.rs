//! A person's edits of generated files: told, merged, accepted, ejected, restored; plans as data. Through the built binary, in
//! real git repositories.

use serde_json::Value;

use crate::repository::{Repository, Said};

const CONTRACT: &str = "specs/001-hello/contracts/openapi.yaml";
const TYPES: &str = "generated/rust/src/types/greetings.rs";
const STUB: &str = "generated/ts/src/handlers/greetings.ts";

/// A repository with the starter feature, applied and committed.
fn applied() -> Repository {
    let repository = Repository::empty();
    repository.git(&["init", "-q", "-b", "main"]);
    repository.done(&["init", "--targets", "rust,zod,hono,postman"]);
    repository.done(&["spec", "apply"]);
    repository.commit("first");
    repository
}

fn edit(repository: &Repository, path: &str, from: &str, to: &str) {
    let text = repository.read(path);
    assert!(text.contains(from), "{path} has no `{from}`:\n{text}");
    repository.write(path, &text.replacen(from, to, 1));
}

/// The contract changes: its only schema gets a field.
fn add_field(repository: &Repository) {
    edit(
        repository,
        CONTRACT,
        "        text: { type: string, minLength: 1 }",
        "        text: { type: string, minLength: 1 }\n        language: { type: string }",
    );
}

fn conflict(said: &Said) -> Value {
    assert_eq!(said.code, 3, "{}\n{}", said.out, said.err);
    let report = said.json();
    assert_eq!(report["summary"]["status"], "conflicts");
    report["conflicts"][0].clone()
}

fn reason(repository: &Repository) -> String {
    let found = conflict(&repository.run(&["spec", "apply", "--format", "json"]));
    found["reason"].as_str().unwrap().to_owned()
}

/// After everything, a second apply changes nothing and the check passes.
fn settled(repository: &Repository) {
    let before = repository.everything();
    let report = repository.done(&["spec", "apply", "--format", "json"]).json();
    assert_eq!(report["summary"]["status"], "clean", "{report:#}");
    assert!(before == repository.everything(), "a second apply wrote something");
    repository.done(&["spec", "check"]);
}

#[test]
fn an_edit_is_uncommitted_until_head_holds_it_and_then_a_divergence() {
    let repository = applied();
    edit(&repository, TYPES, "/// What the service says.", "/// What I say.");
    assert_eq!(reason(&repository), "UNCOMMITTED_LOCAL_CHANGES");
    repository.git(&["add", "."]);
    assert_eq!(reason(&repository), "UNCOMMITTED_LOCAL_CHANGES");
    let staged = repository.run(&["spec", "apply"]);
    assert!(staged.out.contains("git restore --staged --worktree"), "{}", staged.out);
    repository.commit("edit");
    assert_eq!(reason(&repository), "MANUAL_DIVERGENCE");
    // Committed and edited again: the last edit is what would be lost.
    edit(&repository, TYPES, "/// What I say.", "/// What I say now.");
    assert_eq!(reason(&repository), "UNCOMMITTED_LOCAL_CHANGES");
}

#[test]
fn an_edit_is_uncommitted_outside_of_git_and_where_git_ignores_it() {
    let repository = Repository::empty();
    repository.done(&["init", "--targets", "rust"]);
    repository.done(&["spec", "apply"]);
    edit(&repository, TYPES, "/// What the service says.", "/// What I say.");
    assert_eq!(reason(&repository), "UNCOMMITTED_LOCAL_CHANGES");
    repository.git(&["init", "-q"]);
    repository.write(".gitignore", "generated/\n");
    repository.commit("ignored");
    assert_eq!(reason(&repository), "UNCOMMITTED_LOCAL_CHANGES");
}

#[test]
fn a_merge_carries_an_edit_over_and_every_later_apply_keeps_it() {
    let repository = applied();
    edit(&repository, TYPES, "/// What the service says.", "/// What I say.");
    repository.commit("edit");
    add_field(&repository);
    assert_eq!(reason(&repository), "MANUAL_DIVERGENCE");
    repository.done(&["spec", "apply", "--merge"]);
    let merged = repository.read(TYPES);
    assert!(
        merged.contains("/// What I say.") && merged.contains("pub language"),
        "{merged}"
    );
    settled(&repository);
    repository.commit("merged");
    let status = repository.done(&["spec", "status", "--format", "json"]).json();
    assert_eq!(status["carried"][0]["path"], TYPES, "{status:#}");
    // Later changes of the contract need no `--merge`: the edit is known.
    for round in 0..10 {
        edit(
            &repository,
            CONTRACT,
            "        language: { type: string }",
            &format!("        language: {{ type: string }}\n        field{round}: {{ type: integer }}"),
        );
        repository.done(&["spec", "apply"]);
        let text = repository.read(TYPES);
        assert!(
            text.contains("/// What I say.") && text.contains(&format!("pub field{round}")),
            "{text}"
        );
        settled(&repository);
    }
    // In a clone too, where nothing but commits arrives.
    repository.commit("ten rounds");
    let clone = repository.clone_of();
    edit(&clone, CONTRACT, "field9", "renamed");
    clone.done(&["spec", "apply"]);
    let text = clone.read(TYPES);
    assert!(
        text.contains("/// What I say.") && text.contains("pub renamed"),
        "{text}"
    );
}

#[test]
fn what_both_sides_changed_stays_a_conflict_with_both_sides_shown() {
    let repository = applied();
    edit(&repository, TYPES, "/// What the service says.", "/// What I say.");
    repository.commit("edit");
    edit(
        &repository,
        CONTRACT,
        "description: What the service says.",
        "description: What it answers.",
    );
    let before = repository.everything();
    let said = repository.run(&["spec", "apply", "--merge"]);
    assert_eq!(said.code, 3, "{}", said.out);
    assert!(
        said.out.contains("/// What I say.") && said.out.contains("/// What it answers."),
        "{}",
        said.out
    );
    assert!(before == repository.everything(), "a conflict wrote something");
    // Markers only when they are asked for; and they are no answer yet.
    let said = repository.run(&["spec", "apply", "--merge", "--markers"]);
    assert_eq!(said.code, 3, "{}", said.out);
    let marked = repository.read(TYPES);
    assert!(
        marked.contains("<<<<<<<") && marked.contains("/// What I say.") && marked.contains("/// What it answers.")
    );
    assert_eq!(repository.run(&["spec", "check"]).code, 3);
    // The person resolves it.
    let resolved: String = marked
        .lines()
        .filter(|line| {
            !["<<<<<<<", "=======", ">>>>>>>"]
                .iter()
                .any(|marker| line.starts_with(marker))
        })
        .map(|line| format!("{line}\n"))
        .collect();
    repository.write(TYPES, &resolved);
    repository.done(&["spec", "apply", "--merge"]);
    assert_eq!(repository.read(TYPES), resolved);
    settled(&repository);
}

#[test]
fn an_accepted_edit_is_kept_with_its_reason_and_follows_the_contract() {
    let repository = applied();
    let nothing = repository.run(&["spec", "accept", TYPES, "--reason", "none"]);
    assert_eq!(nothing.code, 1, "{}", nothing.err);
    assert!(nothing.err.contains("ACCEPT_NOTHING"), "{}", nothing.err);
    edit(&repository, TYPES, "/// What the service says.", "/// What I say.");
    repository.done(&["spec", "accept", TYPES, "--reason", "clearer words"]);
    settled(&repository);
    let status = repository.done(&["spec", "status"]).out;
    assert!(status.contains(TYPES) && status.contains("clearer words"), "{status}");
    assert!(repository.path().join(".flaresmith/base").join(TYPES).is_file());
    add_field(&repository);
    repository.done(&["spec", "apply"]);
    let text = repository.read(TYPES);
    assert!(
        text.contains("/// What I say.") && text.contains("pub language"),
        "{text}"
    );
    settled(&repository);
    // Taken back by hand: the file is pure again, and nothing is kept of the edit.
    edit(&repository, TYPES, "/// What I say.", "/// What the service says.");
    repository.done(&["spec", "apply"]);
    assert!(!repository.path().join(".flaresmith").exists());
    assert!(!repository.read("flaresmith.lock").contains("carried"));
}

#[test]
fn a_file_that_does_not_parse_is_not_accepted() {
    let repository = applied();
    edit(&repository, TYPES, "pub struct", "pub struct struct");
    let said = repository.run(&["spec", "accept", TYPES, "--reason", "x", "--format", "json"]);
    assert_eq!(said.code, 1);
    assert_eq!(said.json()["error"]["code"], "ACCEPT_UNREADABLE");
}

#[test]
fn an_ejected_file_is_the_teams_own_until_it_is_restored() {
    let repository = applied();
    repository.done(&["spec", "eject", TYPES]);
    let mine = "// Mine alone.\n";
    repository.write(TYPES, mine);
    add_field(&repository);
    repository.done(&["spec", "apply"]);
    assert_eq!(repository.read(TYPES), mine);
    settled(&repository);
    let refused = repository.run(&["spec", "restore", TYPES]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("RESTORE_UNCOMMITTED"), "{}", refused.err);
    assert_eq!(repository.read(TYPES), mine);
    repository.commit("mine");
    repository.done(&["spec", "restore", TYPES]);
    assert!(repository.read(TYPES).contains("pub language"));
    settled(&repository);
}

#[test]
fn paths_are_taken_as_they_are_typed_in_the_current_folder() {
    let repository = applied();
    edit(&repository, TYPES, "/// What the service says.", "/// What I say.");
    let folder = repository.path().join("generated/rust/src");
    let said = crate::repository::flaresmith(&folder, &["spec", "accept", "types/greetings.rs", "--reason", "x"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let wrong = repository.run(&[
        "spec",
        "accept",
        "generated/rust/src/types/greeting.rs",
        "--reason",
        "x",
    ]);
    assert!(
        wrong.err.contains("PATH_NOT_GENERATED") && wrong.err.contains(TYPES),
        "{}",
        wrong.err
    );
    let outside = repository.run(&["spec", "eject", "../elsewhere.rs"]);
    assert!(outside.err.contains("PATH_OUTSIDE_ROOT"), "{}", outside.err);
}

#[test]
fn a_file_that_left_the_contract_goes_unless_somebody_edited_it() {
    let repository = applied();
    edit(&repository, TYPES, "/// What the service says.", "/// What I say.");
    repository.commit("edit");
    let settings = repository.read("flaresmith.toml").replace("\"rust\", ", "");
    repository.write("flaresmith.toml", &settings);
    let found = conflict(&repository.run(&["spec", "apply", "--format", "json"]));
    assert_eq!(found["path"], TYPES);
    assert!(
        found["suggestion"].as_str().unwrap().contains("spec eject"),
        "{found:#}"
    );
    repository.done(&["spec", "eject", TYPES]);
    repository.done(&["spec", "apply"]);
    assert!(repository.read(TYPES).contains("/// What I say."));
    assert!(!repository.path().join("generated/rust/src/lib.rs").exists());
    settled(&repository);
}

#[test]
fn an_untouched_stub_follows_the_contract_and_an_edited_one_is_merged_when_asked() {
    let repository = applied();
    let operation = "  /greetings:\n    get:\n      operationId: listGreetings\n      tags: [Greetings]\n      summary: List greetings\n      x-flaresmith: { requirements: [FR-001] }\n      responses:\n        '204': { description: None. }\n";
    let contract = repository.read(CONTRACT);
    repository.write(
        CONTRACT,
        &contract.replacen("paths:\n", &format!("paths:\n{operation}"), 1),
    );
    repository.done(&["spec", "apply"]);
    assert!(repository.read(STUB).contains("listGreetings"));
    settled(&repository);
    // Back, and now with an edit in the stub.
    repository.git(&["checkout", "-q", "."]);
    repository.git(&["clean", "-qfd"]);
    edit(
        &repository,
        STUB,
        "throw notImplemented(call);",
        "return { status: 200, body: { text: 'Hi' } };",
    );
    repository.commit("mine");
    repository.write(
        CONTRACT,
        &contract.replacen("paths:\n", &format!("paths:\n{operation}"), 1),
    );
    repository.done(&["spec", "apply"]);
    assert!(
        !repository.read(STUB).contains("listGreetings"),
        "the stub is the team's own"
    );
    repository.done(&["spec", "apply", "--merge"]);
    let text = repository.read(STUB);
    assert!(text.contains("listGreetings") && text.contains("text: 'Hi'"), "{text}");
    settled(&repository);
}

#[test]
fn a_file_that_was_made_executable_is_drift_and_put_right() {
    use std::os::unix::fs::PermissionsExt as _;
    let repository = applied();
    let path = repository.path().join(TYPES);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let said = repository.run(&["spec", "check", "--format", "json"]);
    assert_eq!(said.code, 4, "{}", said.out);
    assert_eq!(said.json()["changedFiles"][0]["path"], TYPES);
    repository.done(&["spec", "apply"]);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o111, 0);
    settled(&repository);
    assert_eq!(repository.git(&["status", "--porcelain"]), "");
}

#[test]
fn line_ends_of_the_work_tree_are_nobodys_edit() {
    let repository = applied();
    repository.write(TYPES, &repository.read(TYPES).replace('\n', "\r\n"));
    repository.done(&["spec", "check"]);
}

#[test]
fn a_saved_plan_is_carried_out_as_it_was_seen() {
    let repository = applied();
    add_field(&repository);
    let planned = repository.run(&["spec", "plan", "--out", "plan.json"]);
    assert_eq!(planned.code, 4, "{}", planned.err);
    assert!(!repository.read(TYPES).contains("pub language"));
    repository.done(&["spec", "apply", "--plan", "plan.json"]);
    assert!(repository.read(TYPES).contains("pub language"));
    settled(&repository);
    // It is about what was there before; now that it is done, it is stale.
    let again = repository.run(&["spec", "apply", "--plan", "plan.json", "--format", "json"]);
    assert_eq!(again.json()["error"]["code"], "PLAN_STALE");
}

#[test]
fn a_saved_plan_is_refused_when_anything_it_is_about_moved() {
    type Moved = fn(&Repository);
    let moves: [(&str, Moved); 4] = [
        (CONTRACT, |repository| {
            edit(repository, CONTRACT, "What the service says.", "Other.")
        }),
        (TYPES, |repository| {
            edit(repository, TYPES, "/// What the service says.", "/// Mine.")
        }),
        ("flaresmith.lock", |repository| {
            edit(repository, "flaresmith.lock", "version = 1", "version = 1 # x")
        }),
        ("flaresmith.toml", |repository| {
            edit(repository, "flaresmith.toml", "\n", "\nname = \"Other\"\n")
        }),
    ];
    for (named, moved) in moves {
        let repository = applied();
        add_field(&repository);
        repository.run(&["spec", "plan", "--out", "plan.json"]);
        moved(&repository);
        let before = repository.everything();
        let said = repository.run(&["spec", "apply", "--plan", "plan.json", "--format", "json"]);
        assert_eq!(said.code, 1, "{named}");
        let error = said.json()["error"].clone();
        assert_eq!(error["code"], "PLAN_STALE", "{named}");
        assert!(error["message"].as_str().unwrap().contains(named), "{error:#}");
        assert!(
            before == repository.everything(),
            "{named}: a stale plan wrote something"
        );
    }
}

#[test]
fn a_plan_that_is_no_plan_or_leaves_the_repository_is_refused() {
    let repository = applied();
    repository.write("plan.json", "{ \"version\": 1 }");
    let said = repository.run(&["spec", "apply", "--plan", "plan.json"]);
    assert!(said.code == 1 && said.err.contains("PLAN_INVALID"), "{}", said.err);
    add_field(&repository);
    repository.run(&["spec", "plan", "--out", "plan.json"]);
    let text = repository
        .read("plan.json")
        .replace(&format!("\"path\": \"{TYPES}\""), "\"path\": \"../outside.rs\"");
    repository.write("plan.json", &text);
    let said = repository.run(&["spec", "apply", "--plan", "plan.json"]);
    assert!(said.code == 1 && said.err.contains("PATH_OUTSIDE_ROOT"), "{}", said.err);
}

#[test]
fn two_branches_that_both_applied_merge_and_apply_again() {
    let repository = applied();
    repository.git(&["checkout", "-qb", "feature"]);
    add_field(&repository);
    repository.done(&["spec", "apply"]);
    repository.commit("language");
    repository.git(&["checkout", "-q", "main"]);
    edit(
        &repository,
        CONTRACT,
        "description: What the service says.",
        "description: What it answers.",
    );
    repository.done(&["spec", "apply"]);
    repository.commit("words");
    // The lock has a line for each file, so both sides changed the same lines; the specs merge by themselves.
    repository.git_may_fail(&["merge", "-q", "feature"]);
    let lock = repository.read("flaresmith.lock");
    assert!(lock.contains("<<<<<<<"), "{lock}");
    // Nobody edited a generated file, so what git made of them is no edit either.
    repository.done(&["spec", "apply"]);
    let text = repository.read(TYPES);
    assert!(
        text.contains("/// What it answers.") && text.contains("pub language"),
        "{text}"
    );
    settled(&repository);
}
