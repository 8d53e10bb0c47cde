//! The server dying in the midst of a failover, and what the next one makes of it.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::deployments::{COPIES, frame};
use crate::edge_host::{ask, workerd};
use crate::files::write;
use crate::instance::folder;
use crate::killed::{command, send, sign_in};
use crate::neon::Neon;
use crate::neon_deployed::{JOURNAL, WORKER};
use crate::neon_projects::{KEY, ORGANIZATION};
use crate::program::{Started, started};
use crate::provisioning_killed::{STOP_AT, ends, settled};
use crate::scanned;
use crate::standby::standing_by;

fn start(data: &Path, neon: &Neon, stop_at: Option<u32>) -> Started {
    let mut command = command(data, None);
    command
        .arg("--workerd")
        .arg(workerd())
        .args(["--databases", "none"])
        .env("FLARESMITH_NEON_API", neon.api.as_str());
    if let Some(place) = stop_at {
        command.env(STOP_AT, place.to_string());
    }
    started(&mut command, 1)
}

fn call(server: &Started, token: &str, method: &str, path: &str, body: Option<&Value>) -> Value {
    let (status, answer) = send(&server.address, method, path, Some(token), body).unwrap();
    assert!(status < 300, "{method} {path}: {answer}");
    answer
}

fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let asked = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(asked.elapsed() < Duration::from_secs(120), "never: {what}");
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// What a worker says.
fn says(url: &str) -> Option<String> {
    let answer = ask(url.trim_start_matches("http://")).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.starts_with("HTTP/1.1 200").then(|| body.trim().to_owned())
}

fn dies(neon: &Neon, cut: impl Fn(), written: impl Fn()) {
    let data = folder();
    let server = start(&data, neon, None);
    let token = sign_in(&server.address);
    let body = json!({
        "name": "Shop", "integrations": [standing_by()],
        "settings": { "healthCheckSeconds": 10, "standbyResetSeconds": 15 },
    });
    call(&server, &token, "POST", "/projects", Some(&body));
    let project = settled(&server.address, &token)[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/projects/{project}");
    let tree = call(&server, &token, "GET", &format!("{path}/files/tree"), None);
    let mut changes: Vec<Value> = frame(COPIES).iter().map(|(path, text)| write(path, text)).collect();
    changes.extend([
        write("worker.js", &WORKER.replace("WORD", "one")),
        write("db/migrations/meta/_journal.json", JOURNAL),
        write("db/migrations/0000_notes.sql", "CREATE TABLE notes (note text)"),
    ]);
    let body = json!({
        "branch": "feature/x", "baseSha": tree["commitSha"], "message": "Change", "changes": changes,
    });
    let commit = call(&server, &token, "POST", &format!("{path}/files/commit"), Some(&body))["sha"].clone();
    let matrix = call(&server, &token, "GET", &format!("{path}/environments"), None);
    let cards = matrix["environments"].as_array().unwrap();
    let prod = cards.iter().find(|card| card["name"] == "prod").unwrap()["id"]
        .as_str()
        .unwrap();
    let prod = format!("{path}/environments/{prod}");
    call(
        &server,
        &token,
        "POST",
        &format!("{prod}/deploy"),
        Some(&json!({ "ref": commit })),
    );
    let detail = |server: &Started| call(server, &token, "GET", &prod, None);
    let url = eventually("prod answers", || {
        let found = detail(&server);
        let is_there = found["state"] == "active" && says(found["url"].as_str()?).is_some();
        is_there.then(|| found["url"].as_str().unwrap().to_owned())
    });
    written();
    let now = chrono::Utc::now().to_rfc3339();
    eventually("the standby is reset", || {
        let found = detail(&server);
        (found["standbyBranch"]["lastResetAt"].as_str()? > now.as_str() && found["standbyBranch"]["state"] == "ready")
            .then_some(())
    });
    drop(server);

    // From here on the first thing that any server writes in a journal is of the failover.
    cut();
    for place in [1, 2, 6, 9] {
        let mut server = start(&data, neon, Some(place));
        assert!(ends(&mut server.child), "{place}");
    }
    let server = start(&data, neon, None);
    let incident = eventually("the failover is over", || {
        let page = call(&server, &token, "GET", &format!("{path}/incidents"), None);
        let mut all = page["items"].as_array().unwrap().clone();
        all.retain(|one| one["kind"] != "apiDown");
        assert!(all.len() < 2, "{all:?}");
        let found = all.into_iter().next()?;
        found["mitigatedAt"].is_string().then_some(found)
    });
    assert_eq!(incident["kind"], "failover");
    assert!(incident["lostWindowSeconds"].as_f64().unwrap() > 0.0);
    // A new standby is copied from the one that took over, and the Postgres behind this Neon ends connections for a copy.
    eventually("the worker reads the standby", || {
        (says(&url)? == "a ?application_name=pooler one").then_some(())
    });
    let found = detail(&server);
    assert_eq!(found["state"], "active");
    assert_eq!(found["databaseBranch"]["id"], incident["failoverBranchId"]);
    // Nothing was decided twice.
    let page = call(&server, &token, "GET", &format!("{path}/deployments"), None);
    let states: Vec<&str> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["state"].as_str().unwrap())
        .collect();
    assert_eq!(
        states.iter().filter(|state| **state == "succeeded").count(),
        3 - 2,
        "{states:?}"
    );
    drop(server);
    std::fs::remove_dir_all(data).unwrap();
}

/// Shows 001/FR-031.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_in_the_midst_of_a_failover_is_followed_by_one_that_ends_it() {
    // As the server does when it starts.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let neon = Neon::start().await;
    neon.key(KEY, ORGANIZATION);
    scanned::note_text(KEY);
    let handle = tokio::runtime::Handle::current();
    let cut = || handle.block_on(neon.cut("prod", true));
    let written = || handle.block_on(async { crate::neon_deployed::write(neon.inside("prod").await, "a").await });
    tokio::task::block_in_place(|| dies(&neon, cut, written));
}
