//! The server dying at every write of a deployment's journal, and what the next one makes of it.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::deployments::{COPIES, frame};
use crate::edge_host::{ask, processes, says, workerd};
use crate::files::write;
use crate::instance::folder;
use crate::killed::{command, refill, send, sign_in};
use crate::program::{Started, started};
use crate::provisioning_killed::{STOP_AT, ends, settled};

/// Places of a deployment: before and after each of its 10 writes.
const PLACES: u32 = 20;

fn start(data: &Path, stop_at: Option<u32>) -> Started {
    let mut command = command(data, None);
    command.arg("--workerd").arg(workerd());
    if let Some(place) = stop_at {
        command.env(STOP_AT, place.to_string());
    }
    started(&mut command, 1)
}

fn call(address: &str, token: &str, method: &str, path: &str, body: Option<&Value>) -> Value {
    let (status, answer) = send(address, method, path, Some(token), body).unwrap();
    assert!(status < 300, "{method} {path}: {answer}");
    answer
}

/// The environment once nothing goes on in it.
fn rested(address: &str, token: &str, path: &str) -> Value {
    let asked = Instant::now();
    loop {
        let found = call(address, token, "GET", path, None);
        if found["state"] == "active" {
            return found;
        }
        assert!(asked.elapsed() < Duration::from_secs(120), "{found}");
        std::thread::sleep(Duration::from_millis(250));
    }
}

/// Waits until no worker of this data folder runs any more.
fn none_runs(data: &Path) {
    let asked = Instant::now();
    let text = data.join("edge").display().to_string();
    while !processes(&text).is_empty() {
        assert!(asked.elapsed() < Duration::from_secs(20), "{:?}", processes(&text));
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn says_now(url: &str) -> String {
    let asked = Instant::now();
    loop {
        match ask(url.trim_start_matches("http://")) {
            Ok(answer) if answer.starts_with("HTTP/1.1 200") => {
                return answer.split_once("\r\n\r\n").unwrap().1.trim().to_owned();
            }
            other => assert!(asked.elapsed() < Duration::from_secs(60), "{other:?}"),
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Shows 001/FR-016, 001/FR-021.
#[test]
fn a_server_that_dies_at_any_write_of_a_deployment_is_followed_by_one_that_ends_it() {
    let data = folder();
    let server = start(&data, None);
    let token = sign_in(&server.address);
    let address = &server.address;
    call(address, &token, "POST", "/projects", Some(&json!({"name": "Shop"})));
    let project = settled(address, &token)[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/projects/{project}");
    let tree = call(address, &token, "GET", &format!("{path}/files/tree"), None);
    let mut head = tree["commitSha"].as_str().unwrap().to_owned();
    let mut commits = Vec::new();
    for number in 0..=PLACES {
        let mut changes = vec![write("worker.js", &says(&format!("v{number}")))];
        if number == 0 {
            changes.extend(frame(COPIES).iter().map(|(path, text)| write(path, text)));
        }
        let body = json!({"branch": "feature/x", "baseSha": head, "message": "Change", "changes": changes});
        let made = call(address, &token, "POST", &format!("{path}/files/commit"), Some(&body));
        head = made["sha"].as_str().unwrap().to_owned();
        commits.push(head.clone());
        refill(None);
    }
    let matrix = call(address, &token, "GET", &format!("{path}/environments"), None);
    let dev = matrix["environments"][0]["id"].as_str().unwrap().to_owned();
    let dev = format!("{path}/environments/{dev}");
    call(
        address,
        &token,
        "POST",
        &format!("{dev}/deploy"),
        Some(&json!({"ref": commits[0]})),
    );
    let url = rested(address, &token, &dev)["url"].as_str().unwrap().to_owned();
    assert_eq!(says_now(&url), "v0");
    drop(server);
    none_runs(&data);

    let mut died = 0;
    for place in 1..=PLACES {
        refill(None);
        let mut server = start(&data, Some(place));
        let commit = &commits[place as usize];
        // The answer may or may not come.
        send(
            &server.address,
            "POST",
            &format!("{dev}/deploy"),
            Some(&token),
            Some(&json!({"ref": commit})),
        );
        died += u32::from(ends(&mut server.child));
        drop(server);
        none_runs(&data);
        let server = start(&data, None);
        let found = rested(&server.address, &token, &dev);
        assert_eq!(
            (&found["commitSha"], &found["url"]),
            (&json!(commit), &json!(url)),
            "{place}"
        );
        assert_eq!(says_now(&url), format!("v{place}"));
        drop(server);
        none_runs(&data);
    }
    assert_eq!(died, PLACES);

    // Each was made once, and only the last runs.
    let server = start(&data, None);
    let page = call(
        &server.address,
        &token,
        "GET",
        &format!("{path}/deployments?limit=100"),
        None,
    );
    let rows = page["items"].as_array().unwrap();
    let states: Vec<&str> = rows.iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(states.len(), commits.len());
    assert_eq!(states[0], "succeeded");
    assert!(states[1..].iter().all(|state| *state == "superseded"), "{states:?}");
    let builds = call(
        &server.address,
        &token,
        "GET",
        &format!("{path}/builds?limit=100"),
        None,
    );
    let builds = builds["items"].as_array().unwrap();
    assert_eq!(builds.len(), commits.len());
    assert!(builds.iter().all(|build| build["state"] == "succeeded"), "{builds:?}");
    drop(server);
    std::fs::remove_dir_all(data).unwrap();
}
