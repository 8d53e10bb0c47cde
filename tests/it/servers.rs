//! The generated servers, the one in Rust and the one in Hono, say the same about the same requests.
//!
//! No handler is written on either side, so a request that the contract admits is answered 501, and every other one with what is
//! wrong with it. Messages are each side's own words; places and rules are not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;
use serde_json::Value;

use crate::bench::{serve, typecheck, write};
use crate::toolchain::cargo;

/// Compiles the generated crate into a program that answers requests, and asks it.
fn ask_rust(folder: &Path, traits: &[&str], requests: &Value) -> Vec<Value> {
    let mut program = include_str!("servers/ask.rs").to_owned();
    for name in traits {
        let _ = writeln!(program, "\nimpl api::api::{name} for Unwritten {{}}");
    }
    let manifest = concat!(
        "[package]\nname = \"ask-servers\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n",
        "api = { package = \"servers-api\", path = \"../generated/rust\" }\n",
        "axum = { version = \"0.8\", default-features = false, features = [\"http1\", \"tokio\"] }\n",
        "serde_json = \"1\"\ntokio = { version = \"1\", features = [\"macros\", \"rt\"] }\n",
        "tower = { version = \"0.5\", features = [\"util\"] }\n"
    );
    let ask = folder.join("ask");
    write(&ask.join("Cargo.toml"), manifest);
    write(&ask.join("src/main.rs"), &program);
    write(&ask.join("requests.json"), &requests.to_string());
    let output = cargo()
        .args(["run", "--quiet", "--", "requests.json"])
        .current_dir(&ask)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Status, code and violations of an answer: where, and which rule.
fn told(answer: &Value) -> (u64, String, BTreeSet<String>) {
    let text = answer["body"].as_str().unwrap_or_default();
    let body: Value = serde_json::from_str(text).unwrap_or_default();
    let error = &body["error"];
    let violations = error["details"]["violations"].as_array().cloned().unwrap_or_default();
    let violations = violations
        .iter()
        .map(|one| format!("{} {} {}", one["location"], one["pointer"], one["keyword"]));
    let code = error["code"].as_str().unwrap_or_default().to_owned();
    (answer["status"].as_u64().unwrap(), code, violations.collect())
}

/// Shows 001/FR-028.
#[test]
fn both_servers_admit_and_refuse_the_same_requests_for_the_same_reasons() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("servers");
    let mut sources = Sources::default();
    sources.insert("contract.yaml", include_bytes!("servers/contract.yaml").to_vec());
    let mut settings = Settings {
        contracts: vec!["contract.yaml".to_owned()],
        targets: Some(["rust", "hono"].map(str::to_owned).to_vec()),
        ..Settings::default()
    };
    settings.rust.package = Some("servers-api".to_owned());
    let made = flaresmith_codegen::compile(&sources, &settings, &BTreeMap::new());
    assert!(!made.artifacts.is_empty(), "{:#?}", made.diagnostics);
    for artifact in &made.artifacts {
        write(&folder.join(&artifact.path), &artifact.text.whole());
    }
    typecheck(&folder.join("generated/ts"));
    let params = std::fs::read_to_string(folder.join("generated/ts/src/hono/params.ts")).unwrap();
    assert!(
        params.contains("readonly 'X-A'?: readonly number[] | undefined"),
        "{params}"
    );
    let requests: Value = serde_json::from_str(include_str!("servers/requests.json")).unwrap();
    let traits = ["ParamsApi", "BodiesApi"];
    let rust = ask_rust(&folder, &traits, &requests);
    let requests = requests.as_array().unwrap();
    let hono = serve(&folder.join("generated/ts/src/worker.ts"), requests);
    assert_eq!(rust.len(), requests.len());
    let mut wrong = Vec::new();
    let mut seen: BTreeMap<u64, usize> = BTreeMap::new();
    for ((request, rust), hono) in requests.iter().zip(&rust).zip(&hono) {
        let (rust, hono) = (told(rust), told(hono));
        *seen.entry(rust.0).or_default() += 1;
        if rust != hono {
            wrong.push(format!("{request}\n    Rust {rust:?}\n    Hono {hono:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let enough = |status: u64, least: usize| seen.get(&status).copied().unwrap_or_default() >= least;
    assert!(
        enough(501, 25) && enough(400, 20) && enough(404, 2) && enough(405, 1) && enough(415, 1),
        "{seen:?}"
    );
}
