//! Two branches that both applied, brought together in every way that git knows. Through the built binary, in real git
//! repositories.

use std::process::Command;

use crate::repository::Repository;

const CONTRACT: &str = "specs/001-hello/contracts/openapi.yaml";
const TYPES: &str = "generated/rust/src/types/greetings.rs";
const MANIFEST: &str = "generated/docs/requirements.md";

/// A repository with the starter feature and every target, applied and committed.
fn applied() -> Repository {
    let repository = Repository::empty();
    repository.git(&["init", "-q", "-b", "main"]);
    repository.done(&["init"]);
    repository.done(&["spec", "apply"]);
    repository.commit("first");
    repository
}

fn edit(repository: &Repository, path: &str, from: &str, to: &str) {
    let text = repository.read(path);
    assert!(text.contains(from), "{path} has no `{from}`:\n{text}");
    repository.write(path, &text.replacen(from, to, 1));
}

/// Adds an operation before or behind the others, and applies.
fn add(repository: &Repository, id: &str, domain: &str, before: &str) {
    let operation = format!(
        "  /{id}:\n    get:\n      operationId: {id}\n      tags: [{domain}]\n      summary: Do {id}\n      security: []\n      x-flaresmith: {{ requirements: [FR-001] }}\n      responses:\n        '204': {{ description: None. }}\n"
    );
    edit(repository, CONTRACT, before, &format!("{operation}{before}"));
    repository.done(&["spec", "apply"]);
}

const FIRST: &str = "  /greetings/{name}:\n";
const LAST: &str = "components:\n";

/// A branch `feature` with one operation, and `main` with another; `main` is checked out.
fn apart(domain: &str) -> Repository {
    let repository = applied();
    repository.git(&["checkout", "-qb", "feature"]);
    add(&repository, "early", domain, FIRST);
    repository.commit("early");
    repository.git(&["checkout", "-q", "main"]);
    add(&repository, "late", "Greetings", LAST);
    repository.commit("late");
    repository
}

/// Every generated file is what the specs of both give, and a second apply changes nothing.
fn settled(repository: &Repository) {
    repository.done(&["spec", "check"]);
    let before = repository.everything();
    repository.done(&["spec", "apply"]);
    assert!(before == repository.everything(), "a second apply wrote something");
    assert!(!repository.path().join(".flaresmith").exists());
    for folder in ["generated/rust", "generated/ts", "generated/openapi"] {
        for file in crate::repository::files(&repository.path().join(folder)) {
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(!text.contains("<<<<<<<"), "{}", file.display());
        }
    }
    let all = repository.read("generated/openapi/openapi.json");
    assert!(all.contains("\"early\"") && all.contains("\"late\""));
}

#[test]
fn purely_generated_files_that_git_merged_or_could_not_are_simply_regenerated() {
    for domain in ["Greetings", "Others"] {
        let repository = apart(domain);
        let merged = repository.git_may_fail(&["merge", "-q", "feature"]);
        assert!(!merged.status.success(), "{domain}: the lock has lines of both");
        let unmerged = repository.git(&["diff", "--name-only", "--diff-filter=U"]);
        assert!(
            unmerged.contains("flaresmith.lock") && !unmerged.contains(CONTRACT),
            "{unmerged}"
        );
        repository.done(&["spec", "apply"]);
        repository.commit("merged");
        settled(&repository);
    }
}

#[test]
fn a_rebase_and_a_cherry_pick_are_regenerated_alike() {
    for how in [["rebase", "main", "feature"], ["cherry-pick", "feature", ""]] {
        let repository = apart("Greetings");
        let how: Vec<&str> = how.into_iter().filter(|word| !word.is_empty()).collect();
        assert!(!repository.git_may_fail(&how).status.success());
        repository.done(&["spec", "apply"]);
        repository.git(&["add", "-A"]);
        repository.git(&["-c", "core.editor=true", how[0], "--continue"]);
        settled(&repository);
        assert_eq!(repository.git(&["status", "--porcelain"]), "");
    }
}

/// Types what a suggestion says between its first pair of backticks.
fn typed(repository: &Repository, suggestion: &str) {
    let command = suggestion.split('`').nth(1).unwrap();
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_flaresmith"));
    let path = format!(
        "{}:{}",
        program.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(repository.path())
        .env("PATH", path)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "`{command}`: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_stash_that_clashes_is_settled_by_typing_what_is_suggested() {
    let repository = applied();
    add(&repository, "early", "Greetings", FIRST);
    repository.git(&["stash", "-q", "-u"]);
    add(&repository, "late", "Greetings", LAST);
    repository.commit("late");
    assert!(!repository.git_may_fail(&["stash", "pop"]).status.success());
    for _ in 0..20 {
        let said = repository.run(&["spec", "apply", "--format", "json"]);
        if said.code == 0 {
            repository.commit("both");
            return settled(&repository);
        }
        assert_eq!(said.code, 3, "{}\n{}", said.out, said.err);
        let report = said.json();
        let first = &report["conflicts"][0];
        assert_eq!(first["reason"], "UNCOMMITTED_LOCAL_CHANGES", "{first:#}");
        typed(&repository, first["suggestion"].as_str().unwrap());
    }
    panic!("the suggestions lead nowhere");
}

#[test]
fn an_edit_that_one_branch_carries_survives_the_merge() {
    for carries in ["feature", "main"] {
        let repository = applied();
        repository.git(&["checkout", "-qb", "feature"]);
        let other = if carries == "feature" { "main" } else { "feature" };
        repository.git(&["checkout", "-q", carries]);
        edit(&repository, TYPES, "/// What the service says.", "/// What we say.");
        repository.done(&["spec", "accept", TYPES, "--reason", "clearer"]);
        add(&repository, "early", "Greetings", FIRST);
        repository.commit("ours");
        repository.git(&["checkout", "-q", other]);
        edit(
            &repository,
            CONTRACT,
            "minLength: 1 }\n",
            "minLength: 1 }\n        language: { type: string }\n",
        );
        add(&repository, "late", "Greetings", LAST);
        repository.commit("theirs");
        repository.git(&["checkout", "-q", "main"]);
        repository.git_may_fail(&["merge", "-q", "feature"]);
        repository.done(&["spec", "apply", "--merge"]);
        let text = repository.read(TYPES);
        assert!(
            text.contains("/// What we say.") && text.contains("pub language"),
            "{carries}: {text}"
        );
        repository.commit("merged");
        repository.done(&["spec", "check"]);
        let status = repository.done(&["spec", "status"]).out;
        assert!(
            status.contains(TYPES) && status.contains("clearer"),
            "{carries}: {status}"
        );
    }
}

#[test]
fn a_line_of_a_persons_in_what_git_could_not_merge_is_never_written_over() {
    let repository = apart("Greetings");
    repository.git_may_fail(&["merge", "-q", "feature"]);
    assert!(
        repository.read(MANIFEST).contains("<<<<<<<"),
        "git merged {MANIFEST} by itself"
    );
    edit(&repository, MANIFEST, "=======\n", "=======\nA line of ours.\n");
    let said = repository.run(&["spec", "apply", "--format", "json"]);
    assert_eq!(said.code, 3, "{}", said.out);
    let report = said.json();
    assert_eq!(report["conflicts"].as_array().unwrap().len(), 1, "{report:#}");
    assert_eq!(report["conflicts"][0]["path"], MANIFEST);
    assert!(repository.read(MANIFEST).contains("A line of ours."));
    typed(&repository, report["conflicts"][0]["suggestion"].as_str().unwrap());
    repository.done(&["spec", "apply"]);
    repository.commit("merged");
    settled(&repository);
}
