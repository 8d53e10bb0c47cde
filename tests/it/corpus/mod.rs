//! Real contracts from elsewhere, from `init` to compiled code. They are not part of the repository: they stand in `../shared/corpus`,
//! or in the folder that `FLARESMITH_CORPUS` names. Without them nothing is compared, and the tests say so.
//!
//! Every contract is applied. By default the compilers and the readers of collections get a few that differ most;
//! `FLARESMITH_CORPUS_ALL=1` gives them every one.

mod examples;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::bench::write;
use crate::repository::{Repository, files};
use crate::toolchain::{cargo, root, sound};

/// Contracts that are built by the real compilers when nothing else is asked for.
const BUILT: [&str; 5] = [
    "museum.yaml",
    "petstore-31.json",
    "spotify.yaml",
    "firecracker.json",
    "kratos.json",
];

/// Contracts that have something for collections which those have not: fragments in paths, styles, patterns that JavaScript
/// refuses.
const COLLECTED: [&str; 5] = [
    "box.json",
    "discord.json",
    "oas-parameters.json",
    "paypal-orders.json",
    "paypal-disputes.json",
];

/// In these, branches of a union cannot be told apart, and lists of values leave none: there are examples that are not valid.
const WITHOUT_EXAMPLES: [&str; 3] = ["box.json", "discord.json", "telegram.json"];

/// A contract of the folder.
struct Contract {
    path: PathBuf,
    /// Name of its file.
    file: String,
}

impl Contract {
    /// Its file's name without the ending, as a name for folders and packages.
    fn name(&self) -> &str {
        self.file.split('.').next().unwrap()
    }

    fn applied(&self, arguments: &[&str]) -> Repository {
        let repository = Repository::empty();
        repository.done(&[&["init", "--contract", self.path.to_str().unwrap()], arguments].concat());
        let settings = repository.read("flaresmith.toml");
        let package = format!("\n[rust]\npackage = \"corpus-{}\"\n", self.name());
        repository.write("flaresmith.toml", &format!("{settings}{package}"));
        repository.done(&["spec", "apply", "--quiet"]);
        repository
    }
}

/// Every contract of the folder, by name.
fn corpus() -> Option<Vec<Contract>> {
    let folder = std::env::var_os("FLARESMITH_CORPUS").map_or_else(|| root().join("../shared/corpus"), PathBuf::from);
    if !folder.is_dir() {
        println!(
            "{} does not exist: no real contract was read, nothing was compared",
            folder.display()
        );
        return None;
    }
    let found: Vec<Contract> = (files(&folder).into_iter())
        .filter(|path| path.extension().is_some_and(|end| end != "md"))
        .map(|path| Contract {
            file: path.file_name().unwrap().to_str().unwrap().to_owned(),
            path,
        })
        .collect();
    assert!(found.len() >= BUILT.len(), "only {} contracts were found", found.len());
    Some(found)
}

/// Those that are asked for: the named ones, or all.
fn chosen(names: &[&str]) -> Option<Vec<Contract>> {
    let mut found = corpus()?;
    if std::env::var_os("FLARESMITH_CORPUS_ALL").is_none() {
        found.retain(|contract| names.contains(&contract.file.as_str()));
        assert_eq!(found.len(), names.len(), "contracts that were found");
    }
    Some(found)
}

#[test]
fn every_real_contract_applies_and_is_clean_afterwards() {
    for contract in corpus().into_iter().flatten() {
        let again = contract
            .applied(&[])
            .done(&["spec", "apply", "--quiet", "--format", "json"])
            .json();
        assert_eq!(again["summary"]["status"], "clean", "{}: {again:#}", contract.file);
    }
}

#[test]
fn collections_tools_and_documents_of_real_contracts_are_taken_by_their_readers() {
    let names = [BUILT.as_slice(), &COLLECTED].concat();
    for contract in chosen(&names).into_iter().flatten() {
        let repository = contract.applied(&["--targets", "postman,mcp,docs"]);
        let generated = repository.path().join("generated");
        let mut collections: Vec<OsString> = files(&generated.join("postman")).into_iter().map(Into::into).collect();
        let strict = !WITHOUT_EXAMPLES.contains(&contract.file.as_str());
        collections.extend(["--examples".into(), if strict { "error" } else { "warn" }.into()]);
        println!("{}", contract.file);
        sound("postman-schema.mjs", collections);
        for list in ["tools.json", "tools.grouped.json", "tools.search.json"] {
            sound("mcp-list.mjs", [generated.join("mcp").join(list)]);
        }
    }
}

#[test]
fn what_real_contracts_generate_is_taken_by_rustc_and_tsc() {
    let Some(contracts) = chosen(&BUILT) else { return };
    let crates = Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus");
    let _ = std::fs::remove_dir_all(&crates);
    let made: Vec<Repository> = contracts.iter().map(|contract| contract.applied(&[])).collect();
    // One workspace: what the crates depend on is looked at once, and crates are compiled side by side.
    write(
        &crates.join("Cargo.toml"),
        "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n",
    );
    for (contract, repository) in contracts.iter().zip(&made) {
        let from = repository.path().join("generated/rust");
        for file in files(&from) {
            let to = crates.join("crates").join(contract.name());
            let text = std::fs::read_to_string(&file).unwrap();
            write(&to.join(file.strip_prefix(&from).unwrap()), &text);
        }
    }
    let output = cargo()
        .args([
            "check",
            "--quiet",
            "--workspace",
            "--keep-going",
            "--features",
            "client",
        ])
        .current_dir(&crates)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let packages = made.iter().map(|repository| repository.path().join("generated/ts"));
    let said = sound("typecheck.mjs", packages);
    assert_eq!(said["packages"].as_array().map(Vec::len), Some(contracts.len()));
}
