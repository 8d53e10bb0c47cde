//! What no setting, lock or plan makes Flaresmith write, read or delete: git's folder, what lies outside, and its own inputs.
//! Through the built binary, in real git repositories.

use std::path::PathBuf;

use crate::repository::{Repository, files};

/// A repository with the starter feature, applied and committed.
fn applied() -> Repository {
    let repository = Repository::empty();
    repository.git(&["init", "-q", "-b", "main"]);
    repository.done(&["init", "--targets", "openapi"]);
    repository.done(&["spec", "apply"]);
    repository.commit("first");
    repository
}

/// Everything, with what makes git's folder what it is.
fn everything(repository: &Repository) -> Vec<(PathBuf, Vec<u8>)> {
    let git = ["config", "HEAD", "hooks", "info", "refs"].map(|name| repository.path().join(".git").join(name));
    let of_git = files(&repository.path().join(".git"))
        .into_iter()
        .filter(|path| git.iter().any(|known| path.starts_with(known)));
    let of_git = of_git.map(|path| (path.clone(), std::fs::read(path).unwrap()));
    repository.everything().into_iter().chain(of_git).collect()
}

/// A line of the lock that claims a path as generated, with the bytes that the lock knows of a spec.
fn claim(repository: &Repository, path: &str, of: &str) {
    let lock = repository.read("flaresmith.lock");
    let digest = lock
        .lines()
        .find(|line| line.starts_with(&format!("\"{of}\"")))
        .and_then(|line| line.rsplit('"').nth(1))
        .unwrap()
        .to_owned();
    repository.write(
        "flaresmith.lock",
        &format!("{lock}\"{path}\" = {{ target = \"openapi\", digest = \"{digest}\" }}\n"),
    );
}

#[test]
fn no_output_goes_to_git_or_where_specs_and_settings_are_read() {
    let outs = [
        ".git",
        ".GIT/hooks",
        "sub/.git",
        ".git.",
        "git~1",
        "specs",
        "specs/001-hello/contracts",
        "Specs",
        ".",
        "a/./b",
        "../out",
        "/tmp/out",
    ];
    for out in outs {
        let repository = applied();
        repository.write(
            "flaresmith.toml",
            &format!("targets = [\"openapi\"]\n\n[openapi]\nout = \"{out}\"\n"),
        );
        let before = everything(&repository);
        let said = repository.run(&["spec", "apply"]);
        assert_eq!(said.code, 1, "{out}: {}\n{}", said.out, said.err);
        let told = format!("{}{}", said.out, said.err);
        assert!(told.contains("flaresmith.toml:4:"), "{out}: {told}");
        assert!(told.contains("hint"), "{out}: {told}");
        assert!(before == everything(&repository), "{out}: something was written");
    }
}

#[test]
fn no_output_takes_the_place_of_a_contract_outside_of_the_specs() {
    let repository = applied();
    let contract = repository.read("specs/001-hello/contracts/openapi.yaml");
    std::fs::remove_dir_all(repository.path().join("specs")).unwrap();
    repository.write("api/openapi.yaml", &contract);
    repository.write(
        "flaresmith.toml",
        "targets = [\"openapi\"]\ncontracts = [\"api/openapi.yaml\"]\n\n[openapi]\nout = \"api\"\n",
    );
    let before = everything(&repository);
    for command in ["apply", "plan", "check"] {
        let said = repository.run(&["spec", command, "--format", "json"]);
        assert_eq!(said.code, 1, "{}", said.out);
        let error = said.json()["error"].clone();
        assert_eq!(error["code"], "PATH_RESERVED", "{error:#}");
        assert!(
            error["message"].as_str().unwrap().contains("`api/openapi.yaml`"),
            "{error:#}"
        );
    }
    assert!(before == everything(&repository));
}

#[test]
fn a_lock_that_claims_what_is_not_generated_deletes_nothing() {
    let spec = "specs/001-hello/spec.md";
    let places = [
        (".git/config", "PATH_OUTSIDE_ROOT"),
        (".GIT/config", "PATH_OUTSIDE_ROOT"),
        ("sub/.git/config", "PATH_OUTSIDE_ROOT"),
        ("../outside.md", "PATH_OUTSIDE_ROOT"),
        ("/etc/hostname", "PATH_OUTSIDE_ROOT"),
        ("./specs/001-hello/spec.md", "PATH_OUTSIDE_ROOT"),
        (spec, "PATH_RESERVED"),
        ("Specs/001-Hello/spec.md", "PATH_RESERVED"),
        ("flaresmith.toml", "PATH_RESERVED"),
        ("flaresmith.lock", "PATH_RESERVED"),
        (".flaresmith/base/specs", "PATH_RESERVED"),
    ];
    for (place, code) in places {
        let repository = applied();
        claim(&repository, place, spec);
        let before = everything(&repository);
        for command in [
            &["spec", "apply", "--format", "json"][..],
            &["spec", "check", "--format", "json"],
            &[
                "spec",
                "restore",
                "--discard",
                "generated/openapi/openapi.json",
                "--format",
                "json",
            ],
        ] {
            let said = repository.run(command);
            assert_eq!(said.code, 1, "{place} {command:?}: {}\n{}", said.out, said.err);
            let error = said.json()["error"].clone();
            assert_eq!(error["code"], code, "{place} {command:?}: {error:#}");
            assert!(
                error["hint"]
                    .as_str()
                    .unwrap()
                    .contains("git checkout -- flaresmith.lock"),
                "{place}: {error:#}"
            );
        }
        assert!(
            before == everything(&repository),
            "{place}: something was written or deleted"
        );
        repository.git(&["checkout", "--", "flaresmith.lock"]);
        repository.done(&["spec", "check"]);
    }
}

#[test]
fn a_saved_plan_touches_neither_git_nor_specs() {
    let repository = applied();
    let contract = "specs/001-hello/contracts/openapi.yaml";
    let text = repository
        .read(contract)
        .replace("Saying hello.", "Saying hello to people.");
    repository.write(contract, &text);
    let planned = repository.run(&["spec", "plan", "--out", "plan.json"]);
    assert_eq!(planned.code, 4, "{}", planned.err);
    let plan = repository.read("plan.json");
    for (place, code) in [
        (".git/hooks/pre-commit", "PATH_OUTSIDE_ROOT"),
        (contract, "PATH_RESERVED"),
        ("flaresmith.toml", "PATH_RESERVED"),
    ] {
        let moved = plan.replacen(
            "\"path\": \"generated/openapi/openapi.json\"",
            &format!("\"path\": \"{place}\""),
            1,
        );
        assert_ne!(moved, plan);
        repository.write("plan.json", &moved);
        let before = everything(&repository);
        let said = repository.run(&["spec", "apply", "--plan", "plan.json", "--format", "json"]);
        assert_eq!(said.code, 1, "{place}: {}", said.out);
        assert_eq!(said.json()["error"]["code"], code, "{place}");
        assert!(before == everything(&repository), "{place}: something was written");
    }
}
