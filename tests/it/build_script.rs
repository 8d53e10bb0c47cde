//! A build of this repository: it says when `generated/` is behind, and works when `generated/` is broken.

use std::process::Command;

use crate::repository::Repository;
use crate::toolchain::root;

#[path = "../../build.rs"]
#[allow(dead_code, reason = "what cargo runs is not run here")]
mod script;

const SPEC: &str = "specs/001-hello/spec.md";
const CONTRACT: &str = "specs/001-hello/contracts/openapi.yaml";

/// What the script would warn of in a repository.
fn warning(repository: &Repository) -> Option<String> {
    let root = repository.path();
    script::warning(&script::behind(root, &script::locked(root)?, &script::folders(root)))
}

fn applied() -> Repository {
    let repository = Repository::empty();
    repository.done(&["init", "--targets", "openapi"]);
    repository.done(&["spec", "apply"]);
    assert_eq!(warning(&repository), None);
    repository
}

#[test]
fn this_repository_is_in_step() {
    let sources = script::locked(&root()).unwrap();
    assert!(sources.len() > 4, "{sources:?}");
    let behind = script::behind(&root(), &sources, &script::folders(&root()));
    assert!(behind.is_empty(), "{behind:?}");
}

#[test]
fn a_changed_a_new_and_a_missing_source_are_told_with_the_command_until_it_was_run() {
    let repository = applied();
    let spec = repository.read(SPEC);
    repository.write(SPEC, &(spec.clone() + "\n"));
    let told = warning(&repository).unwrap();
    assert!(
        told.contains("spec.md\" changed") && told.contains("`cargo run spec apply`"),
        "{told}"
    );
    repository.write(SPEC, &spec);
    assert_eq!(warning(&repository), None);

    repository.write("specs/002-more/spec.md", "# Feature Specification: More\n");
    assert!(
        warning(&repository)
            .unwrap()
            .contains("specs/002-more/spec.md\" is new")
    );
    repository.done(&["spec", "apply"]);
    assert_eq!(warning(&repository), None);

    std::fs::remove_file(repository.path().join("specs/002-more/spec.md")).unwrap();
    assert!(
        warning(&repository)
            .unwrap()
            .contains("specs/002-more/spec.md\" is gone")
    );
}

#[test]
fn what_a_compilation_does_not_read_is_not_told() {
    let repository = applied();
    for name in [
        "specs/.draft.md",
        "specs/node_modules/x.json",
        "specs/001-hello/notes.txt",
        "notes.md",
    ] {
        repository.write(name, "anything\n");
    }
    repository.write(CONTRACT, &repository.read(CONTRACT).replace('\n', "\r\n"));
    assert_eq!(warning(&repository), None, "line ends do not count");
}

#[test]
fn without_lock_or_specs_nothing_is_told() {
    assert_eq!(warning(&Repository::empty()), None);
    let repository = applied();
    std::fs::remove_file(repository.path().join("flaresmith.lock")).unwrap();
    assert_eq!(warning(&repository), None);
    repository.write("flaresmith.lock", "<<<<<<< HEAD\n");
    assert_eq!(warning(&repository), None);
}

#[test]
fn a_warning_is_one_line_whatever_a_file_is_called() {
    let repository = applied();
    for i in 0..5 {
        repository.write(&format!("specs/{i}\ncargo:rustc-cfg=x.md"), "");
    }
    let told = warning(&repository).unwrap();
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.contains("and 2 more"), "{told}");
}

#[test]
fn the_workspace_loads_without_the_generated_sources_so_that_they_can_be_made_again() {
    let repository = Repository::empty();
    for member in [
        "",
        "codegen/",
        "sync/",
        "runtime/",
        "generated/rust/",
        "generated/store/",
    ] {
        let manifest = format!("{member}Cargo.toml");
        repository.write(&manifest, &std::fs::read_to_string(root().join(&manifest)).unwrap());
        if !member.starts_with("generated") {
            repository.write(&format!("{member}src/lib.rs"), "");
        }
    }
    let said = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(repository.path())
        .output()
        .unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let said: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    let packages = said["packages"].as_array().unwrap();
    assert_eq!(packages.len(), 6);
    // And the command that makes them again is not made of them.
    for package in packages.iter().filter(|one| one["name"] != "flaresmith-runtime") {
        let needs = package["dependencies"].as_array().unwrap();
        assert!(
            needs
                .iter()
                // What talks to a server can be left out: `cargo run --no-default-features spec apply`.
                .filter(|one| one["optional"] == false)
                .all(|one| one["name"] != "flaresmith-api" && one["name"] != "flaresmith-store"),
            "{}",
            package["name"]
        );
    }
}
