//! The generated Rust crate: that it is Rust whatever a contract says, and what it does when it runs.

use std::path::Path;
use std::process::Command;

use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::{Compilation, compile};

use crate::bench::write;
use crate::toolchain::target_of_generated;

fn crate_of(contract: &str, package: &str) -> Compilation {
    let mut sources = Sources::default();
    sources.insert("contract.yaml", contract.as_bytes().to_vec());
    let mut settings = Settings {
        contracts: vec!["contract.yaml".to_owned()],
        targets: Some(vec!["rust".to_owned()]),
        ..Settings::default()
    };
    settings.rust.package = Some(package.to_owned());
    let made = compile(&sources, &settings, &Default::default());
    assert!(!made.artifacts.is_empty(), "{:?}", made.diagnostics);
    made
}

const TRICKY: &str = include_str!("rust_crate/contract.yaml");

#[test]
fn every_file_is_rust_whatever_the_contract_says() {
    for artifact in crate_of(TRICKY, "tricky-api")
        .artifacts
        .iter()
        .filter(|artifact| artifact.path.ends_with(".rs"))
    {
        let parsed = syn::parse_file(&artifact.text);
        assert!(
            parsed.is_ok(),
            "{}: {:?}\n{}",
            artifact.path,
            parsed.err(),
            artifact.text
        );
        assert!(!artifact.text.contains('\u{202e}'), "{}", artifact.path);
    }
}

#[test]
fn the_same_contract_gives_the_same_bytes() {
    assert_eq!(
        crate_of(TRICKY, "tricky-api").artifacts,
        crate_of(TRICKY, "tricky-api").artifacts
    );
}

/// Writes a crate with tests of our own in it, and runs them with the real compiler.
fn run(name: &str, made: &Compilation, tests: &str, more: &str, arguments: &[&str]) {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(root.join("generated"));
    for artifact in &made.artifacts {
        write(&root.join(&artifact.path), &artifact.text);
    }
    let manifest = root.join("generated/rust/Cargo.toml");
    let text = std::fs::read_to_string(&manifest).unwrap() + "\n" + more + "\n[workspace]\n";
    write(&manifest, &text);
    write(&root.join("generated/rust/tests/values.rs"), tests);
    let output = Command::new(env!("CARGO"))
        .args(["test", "--quiet"])
        .args(arguments)
        .env("RUSTFLAGS", "-D warnings")
        .env("CARGO_TARGET_DIR", target_of_generated())
        .current_dir(root.join("generated/rust"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(said.contains("test result: ok"), "{said}");
}

#[test]
fn the_crate_reads_refuses_and_writes_what_the_contract_says() {
    let made = crate_of(TRICKY, "tricky-api");
    run(
        "tricky",
        &made,
        include_str!("rust_crate/values.rs"),
        "",
        &["--no-default-features"],
    );
}

#[test]
fn the_server_answers_and_the_client_understands() {
    let made = crate_of(include_str!("fixtures/rust-server/openapi.yaml"), "shelf-api");
    let tests = include_str!("fixtures/rust-server/requests.rs");
    let more = include_str!("fixtures/rust-server/dev-dependencies.toml");
    run("shelf", &made, tests, more, &["--features", "client"]);
}
