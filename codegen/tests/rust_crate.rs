//! The generated Rust crate: that it is Rust whatever a contract says, and, on demand, what it does when it runs.

use std::path::Path;
use std::process::Command;

use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::{Compilation, compile};

fn crate_of(contract: &str) -> Compilation {
    let mut sources = Sources::default();
    sources.insert("contract.yaml", contract.as_bytes().to_vec());
    let mut settings = Settings {
        contracts: vec!["contract.yaml".to_owned()],
        targets: Some(vec!["rust".to_owned()]),
        ..Settings::default()
    };
    settings.rust.package = Some("tricky-api".to_owned());
    let made = compile(&sources, &settings, &Default::default());
    assert!(!made.artifacts.is_empty(), "{:?}", made.diagnostics);
    made
}

const TRICKY: &str = include_str!("rust_crate/contract.yaml");

#[test]
fn every_file_is_rust_whatever_the_contract_says() {
    for artifact in crate_of(TRICKY)
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
    assert_eq!(crate_of(TRICKY).artifacts, crate_of(TRICKY).artifacts);
}

#[test]
#[ignore = "builds the generated crate, which takes a minute and the registry"]
fn the_crate_reads_refuses_and_writes_what_the_contract_says() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tricky");
    let _ = std::fs::remove_dir_all(root.join("generated"));
    for artifact in crate_of(TRICKY).artifacts {
        let path = root.join(&artifact.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, artifact.text).unwrap();
    }
    std::fs::write(
        root.join("Cargo.toml"),
        "[workspace]\nresolver = \"3\"\nmembers = [\"generated/rust\"]\n",
    )
    .unwrap();
    let tests = root.join("generated/rust/tests");
    std::fs::create_dir_all(&tests).unwrap();
    std::fs::write(tests.join("values.rs"), include_str!("rust_crate/values.rs")).unwrap();
    let status = Command::new(env!("CARGO"))
        .args(["test", "--no-default-features", "--quiet"])
        .env("RUSTFLAGS", "-D warnings")
        .current_dir(&root)
        .status()
        .unwrap();
    assert!(status.success());
}
