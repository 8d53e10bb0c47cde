//! The generated Postman collections against the running server, by the real newman.
//!
//! A collection runs from its first request to its last, on a fresh server, with the two variables of its environment filled in
//! that a person fills in: the address and a token. Only operations that nobody wrote are taken out of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use flaresmith_api::operations::{OPERATIONS, RATE_BUCKETS};
use serde_json::{Value, json};

use crate::edge_host::workerd;
use crate::instance::{PASSWORD, folder};
use crate::killed::sign_in;
use crate::program::{Started, program, started};
use crate::scanned;
use crate::schemathesis::UNWRITTEN;
use crate::toolchain::packages;

/// Operations whose requests may be refused, although the collection ran from its beginning, and why. What they are refused with
/// the contract names; the collection asserts that it is one of those.
const REFUSED: &[(&str, &str)] = &[
    (
        "cancelProvisioning",
        "the request before follows the run until it has ended",
    ),
    ("retryProvisioning", "the run did not fail"),
    ("promoteEnvironment", "the deployment is being built"),
    ("rollbackEnvironment", "there is no earlier deployment"),
    ("retryEnvironment", "the deployment has not failed"),
    ("resetEnvironment", "the environment has not failed"),
    ("rotateSecret", "no provider can make values of this kind"),
    ("archivePreview", "the preview is being made"),
    ("getIncident", "nothing was ever down"),
    ("startTestRun", "nothing is deployed yet"),
    ("getTestRun", "no test run was begun"),
    ("connectIntegration", "the run that makes the project goes on"),
    ("getIntegration", "then there is no connection"),
    ("updateIntegration", "then there is no connection"),
    ("disconnectIntegration", "then there is no connection"),
    ("deleteProject", "its deployment is being built"),
    ("startOauth", "no provider is configured"),
    ("exchangeToken", "no provider is configured"),
];

/// Tokens of a bucket that something else may take meanwhile: who signs in, and streams that are open for long.
const ASIDE: u64 = 12;

fn generated(name: &str) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let file = root.join("generated/postman").join(name);
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

/// The operation that a request of a collection is of: its test is named after it.
fn operation(request: &Value) -> String {
    let script = request["event"][0]["script"]["exec"].to_string();
    let mut found = OPERATIONS
        .iter()
        .filter(|one| script.contains(&format!("\\\"{} answers as declared\\\"", one.id)));
    match (found.next(), found.next()) {
        (Some(one), None) => one.id.to_owned(),
        other => panic!("{other:?}: {request:#}"),
    }
}

/// A collection without the operations that nobody wrote; operations and names of the requests that stay, in their order.
fn written(collection: &mut Value) -> Vec<(String, String)> {
    let mut stay = Vec::new();
    let mut taken = BTreeSet::new();
    for folder in collection["item"].as_array_mut().unwrap() {
        folder["item"].as_array_mut().unwrap().retain(|request| {
            let operation = operation(request);
            if UNWRITTEN.contains(&operation.as_str()) {
                return !taken.insert(operation);
            }
            stay.push((operation, request["name"].as_str().unwrap().to_owned()));
            true
        });
    }
    assert_eq!(taken, UNWRITTEN.iter().map(|&id| id.to_owned()).collect());
    assert_eq!(stay.len() + taken.len(), OPERATIONS.len());
    stay
}

/// The environment as a person fills it in.
fn filled(name: &str, address: &str, token: &str) -> Value {
    let mut environment = generated(name);
    for variable in environment["values"].as_array_mut().unwrap() {
        variable["value"] = match variable["key"].as_str().unwrap() {
            "baseUrl" => json!(format!("http://{address}")),
            "token" => json!(token),
            other => panic!("nobody fills in {other}"),
        };
    }
    environment
}

/// Runs a collection; whether it is green, and the report.
fn run(place: &Path, collection: &Value, environment: &Value, more: &[&str]) -> (bool, Value) {
    let [collection, environment] = [("collection", collection), ("environment", environment)].map(|(name, value)| {
        let file = place.join(format!("{name}.json"));
        fs::write(&file, value.to_string()).unwrap();
        file
    });
    packages();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let said = Command::new("node")
        .arg(root.join("tests/toolchain/newman.mjs"))
        .args([&collection, &environment])
        .args(more)
        .output()
        .unwrap_or_else(|error| panic!("node cannot be run ({error}); install Node 20"));
    let report = serde_json::from_slice(&said.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&said.stderr)));
    (said.status.success(), report)
}

fn server(data: &Path, database: Option<&str>) -> Started {
    let log = Stdio::from(scanned::another_log());
    let mut command = program();
    command
        .arg("--data")
        .arg(data)
        .arg("--workerd")
        .arg(workerd())
        .env("FLARESMITH_OWNER_PASSWORD", PASSWORD)
        .stdout(log);
    if let Some(database) = database {
        command.args(["--database", database]);
    }
    started(&mut command, 1)
}

/// Milliseconds between requests that let every bucket gain what they take of it by then, however quick the server answers.
/// [`ASIDE`] is left for what is not in the collection.
fn pause(requests: &[(String, String)]) -> String {
    let mut longest: f64 = 0.0;
    for bucket in RATE_BUCKETS {
        let mut taken = ASIDE;
        for (before, (id, _)) in requests.iter().enumerate() {
            let operation = OPERATIONS.iter().find(|one| one.id == id).unwrap();
            let class = operation
                .rate_class
                .filter(|class| class.buckets.contains(&bucket.name));
            taken += class.map_or(0, |class| class.tokens);
            if before > 0 {
                let missing = taken.saturating_sub(bucket.capacity) as f64 / bucket.refill_per_minute as f64;
                longest = longest.max(missing * 60_000.0 / before as f64);
            }
        }
    }
    longest.ceil().to_string()
}

/// Runs the collection of an environment from beginning to end.
fn green(name: &str, environment: &str, database: Option<&str>) {
    let data = folder();
    let started = server(&data, database);
    let token = sign_in(&started.address);
    for secret in [PASSWORD, &token, "not-a-real-secret"] {
        scanned::note_text(secret);
    }
    let mut collection = generated(name);
    let requests = written(&mut collection);
    let environment = filled(environment, &started.address, &token);
    let place = folder();
    let (ok, report) = run(
        &place,
        &collection,
        &environment,
        &["--delay-request", &pause(&requests)],
    );
    assert!(ok, "{:#}\n{:#}", report["failures"], report["requests"]);
    let total = |what: &str| report["totals"][what].as_u64().unwrap();
    for what in ["failedRequests", "failedAssertions", "failedScripts"] {
        assert_eq!(total(what), 0, "{report:#}");
    }
    assert!(total("assertions") > 150, "{report:#}");
    let ran = report["requests"].as_array().unwrap();
    let names: Vec<&str> = ran.iter().map(|one| one["name"].as_str().unwrap()).collect();
    let wanted: Vec<&str> = requests.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names, wanted);
    for (one, (operation, _)) in ran.iter().zip(&requests) {
        let may = REFUSED.iter().any(|(known, _)| known == operation);
        assert!(may || one["status"].as_u64().unwrap() < 400, "{operation}: {one}");
    }

    // The same with a token that is none: what asks who calls is red.
    let environment = filled("dev.postman_environment.json", &started.address, "not-a-token");
    let (ok, report) = run(&place, &collection, &environment, &["--folder", "Tools"]);
    assert!(!ok && report["totals"]["failedAssertions"] == 2, "{report:#}");
    drop(started);
    for place in [data, place] {
        let _ = fs::remove_dir_all(place);
    }
}

/// Shows 001/FR-015.
#[test]
fn every_request_of_the_generated_collection_is_green_with_more_than_150_assertions_on_sqlite() {
    green("dev.postman_collection.json", "dev.postman_environment.json", None);
}

/// Shows 001/FR-015.
#[test]
fn every_request_of_the_generated_collection_is_green_with_more_than_150_assertions_on_postgres() {
    let database = crate::provisioning_killed::postgres();
    green(
        "base.postman_collection.json",
        "prod.postman_environment.json",
        Some(&database),
    );
}

/// A collection without what makes it that of its environment: ids, name and address.
fn bare(mut collection: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.remove("id");
                members.values_mut().for_each(strip);
            }
            Value::Array(elements) => elements.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut collection["item"]);
    collection["info"] = Value::Null;
    let variables = collection["variable"].as_array_mut().unwrap();
    variables.retain(|variable| variable["key"] != "baseUrl");
    collection
}

#[test]
fn collections_of_environments_differ_in_ids_names_and_addresses_alone() {
    let base = bare(generated("base.postman_collection.json"));
    for environment in ["dev", "staging", "prod"] {
        let own = generated(&format!("{environment}.postman_collection.json"));
        assert!(bare(own) == base, "{environment}");
    }
}
