//! Real contracts from elsewhere, from `init` to compiled code. They are not part of the repository: they stand in `../shared/corpus`,
//! or in the folder that `FLARESMITH_CORPUS` names. Without them nothing is compared, and the tests say so.

use std::path::PathBuf;
use std::process::Command;

use crate::repository::{Repository, files};
use crate::toolchain::{root, sound, target_of_generated};

/// Contracts that are built by the real compilers.
const BUILT: [&str; 5] = [
    "museum.yaml",
    "petstore-31.json",
    "spotify.yaml",
    "firecracker.json",
    "kratos.json",
];

fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("FLARESMITH_CORPUS").map_or_else(|| root().join("../shared/corpus"), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    println!(
        "{} does not exist: no real contract was read, nothing was compared",
        folder.display()
    );
    None
}

fn applied(path: &std::path::Path) -> Repository {
    let repository = Repository::empty();
    repository.done(&["init", "--contract", path.to_str().unwrap()]);
    repository.done(&["spec", "apply", "--quiet"]);
    repository
}

#[test]
fn every_real_contract_applies_and_is_clean_afterwards() {
    let Some(folder) = corpus() else { return };
    let mut read = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "md") {
            continue;
        }
        let repository = applied(&path);
        let again = repository
            .done(&["spec", "apply", "--quiet", "--format", "json"])
            .json();
        assert_eq!(again["summary"]["status"], "clean", "{}: {again:#}", path.display());
        read += 1;
    }
    assert!(read >= BUILT.len(), "only {read} contracts were read");
}

#[test]
fn collections_tools_and_documents_of_real_contracts_are_taken_by_their_readers() {
    let Some(folder) = corpus() else { return };
    // Each of these has something that the others have not: fragments in paths, styles, patterns that JavaScript refuses.
    let odd = [
        "box.json",
        "discord.json",
        "oas-parameters.json",
        "paypal-orders.json",
        "paypal-disputes.json",
    ];
    for name in BUILT.iter().chain(&odd) {
        let repository = Repository::empty();
        let contract = folder.join(name);
        let targets = [
            "init",
            "--contract",
            contract.to_str().unwrap(),
            "--targets",
            "postman,mcp,docs",
        ];
        repository.done(&targets);
        repository.done(&["spec", "apply", "--quiet"]);
        let generated = repository.path().join("generated");
        let mut collections: Vec<std::ffi::OsString> =
            files(&generated.join("postman")).into_iter().map(Into::into).collect();
        // In these two, branches of a union cannot be told apart, and lists of values leave none.
        let strict = !["box.json", "discord.json"].contains(name);
        collections.extend(["--examples".into(), if strict { "error" } else { "warn" }.into()]);
        sound("postman-schema.mjs", collections);
        for list in ["tools.json", "tools.grouped.json", "tools.search.json"] {
            sound("mcp-list.mjs", [generated.join("mcp").join(list)]);
        }
    }
}

#[test]
fn what_real_contracts_generate_is_taken_by_rustc_and_tsc() {
    let Some(folder) = corpus() else { return };
    let mut packages = Vec::new();
    let mut repositories = Vec::new();
    for name in BUILT {
        let repository = applied(&folder.join(name));
        let manifest = repository.path().join("generated/rust/Cargo.toml");
        let text = std::fs::read_to_string(&manifest).unwrap() + "\n[workspace]\n";
        std::fs::write(&manifest, text).unwrap();
        let output = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--features", "client"])
            .env("RUSTFLAGS", "-D warnings")
            .env("CARGO_TARGET_DIR", target_of_generated())
            .current_dir(repository.path().join("generated/rust"))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{name}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        packages.push(repository.path().join("generated/ts"));
        repositories.push(repository);
    }
    let said = sound("typecheck.mjs", &packages);
    assert_eq!(said["packages"].as_array().map(Vec::len), Some(BUILT.len()));
}
