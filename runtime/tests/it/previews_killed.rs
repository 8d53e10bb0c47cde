//! The server dying at every write of the journal of a run that makes or takes away a preview, and what the next one makes of it.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::deployments::{COPIES, frame};
use crate::edge_host::{says, workerd};
use crate::files::write;
use crate::instance::folder;
use crate::killed::{all, command, refill, send, sign_in};
use crate::program::{Started, started};
use crate::provisioning_killed::{STOP_AT, ends, settled};

/// Places of a run that makes a preview: before and after each of its 14 writes. One that takes it away has 6.
const CREATION: u32 = 28;
const REMOVAL: u32 = 12;

fn start(data: &Path, stop_at: Option<u32>) -> Started {
    let mut command = command(data, None);
    command.arg("--workerd").arg(workerd());
    if let Some(place) = stop_at {
        command.env(STOP_AT, place.to_string());
    }
    started(&mut command, 1)
}

fn call(address: &str, token: &str, method: &str, path: &str, body: Option<&Value>) -> Value {
    loop {
        let (status, answer) = send(address, method, path, Some(token), body).unwrap();
        if status != 429 {
            assert!(status < 300, "{method} {path}: {answer}");
            return answer;
        }
        std::thread::sleep(Duration::from_secs(2));
    }
}

/// Every preview, archived ones too, once nothing goes on in any.
fn rested(address: &str, token: &str, path: &str) -> Vec<Value> {
    let asked = Instant::now();
    loop {
        let matrix = call(
            address,
            token,
            "GET",
            &format!("{path}/environments?includeArchived=true"),
            None,
        );
        let cards = matrix["environments"].as_array().unwrap().iter();
        let found: Vec<Value> = cards.filter(|card| card["kind"] == "preview").cloned().collect();
        let resources = all(address, token, &format!("{path}/resources"));
        let of = |card: &Value| {
            let mine = resources
                .iter()
                .filter(|resource| resource["environment"] == card["name"]);
            mine.map(|resource| resource["state"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        let lives = found.iter().any(|card| card["state"] != "archived");
        let rests = |card: &Value| match card["state"].as_str().unwrap() {
            "active" => of(card) == ["ready", "ready"],
            // They all have one name: what is there under it is of the one that is not archived.
            "archived" => lives || of(card).is_empty(),
            _ => false,
        };
        // A run ends a moment after what it was about: nobody gets another preview of the name before that.
        let runs = all(address, token, &format!("{path}/provisioning/runs"));
        let ended = runs.iter().all(|run| !run["finishedAt"].is_null());
        if ended && found.iter().all(rests) {
            return found;
        }
        assert!(
            asked.elapsed() < Duration::from_secs(120),
            "{found:?} {resources:?} {runs:?}"
        );
        std::thread::sleep(Duration::from_millis(700));
    }
}

fn names(folder: &Path, end: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("preview-"))
        .map(|name| name.trim_end_matches(end).to_owned())
        .collect();
    names.sort();
    names
}

/// Shows 001/FR-021.
#[test]
fn a_server_that_dies_at_any_write_of_a_previews_run_is_followed_by_one_that_ends_it() {
    let data = folder();
    let server = start(&data, None);
    let token = sign_in(&server.address);
    let address = &server.address;
    call(address, &token, "POST", "/projects", Some(&json!({"name": "Shop"})));
    let project = settled(address, &token)[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/projects/{project}");
    let tree = call(address, &token, "GET", &format!("{path}/files/tree"), None);
    let mut changes = vec![write("worker.js", &says("here"))];
    changes.extend(frame(COPIES).iter().map(|(path, text)| write(path, text)));
    let body = json!({"branch": "feature/x", "baseSha": tree["commitSha"], "message": "Change", "changes": changes});
    call(address, &token, "POST", &format!("{path}/files/commit"), Some(&body));
    drop(server);

    let environments = format!("{path}/environments");
    let body = json!({"branch": "feature/x"});
    let (mut died, mut archived) = (0, 0);
    for place in 1..=CREATION {
        refill(None);
        let mut server = start(&data, Some(place));
        // The answer may or may not come, but it is no refusal.
        let answer = send(&server.address, "POST", &environments, Some(&token), Some(&body));
        assert!(answer.as_ref().is_none_or(|(status, _)| *status < 300), "{answer:?}");
        died += u32::from(ends(&mut server.child));
        drop(server);
        let removal = (place <= REMOVAL).then_some(place);
        let mut server = start(&data, None);
        let previews = rested(&server.address, &token, &path);
        let live: Vec<&Value> = previews.iter().filter(|card| card["state"] == "active").collect();
        assert_eq!((live.len(), previews.len()), (1, archived + 1), "{place}: {previews:?}");
        assert_eq!(names(&data.join("edge").join(&project), ""), ["preview-feature-x"]);
        assert_eq!(
            names(&data.join("databases").join(&project), ".sqlite"),
            ["preview-feature-x"]
        );
        let one = format!("{environments}/{}", live[0]["id"].as_str().unwrap());
        if removal.is_some() {
            drop(server);
            server = start(&data, removal);
            send(&server.address, "DELETE", &one, Some(&token), None);
            assert!(ends(&mut server.child), "{place}");
            drop(server);
            server = start(&data, None);
        } else {
            call(&server.address, &token, "DELETE", &one, None);
        }
        archived += 1;
        let previews = rested(&server.address, &token, &path);
        assert!(previews.iter().all(|card| card["state"] == "archived"), "{previews:?}");
        assert_eq!(names(&data.join("edge").join(&project), ""), [""; 0]);
        assert_eq!(names(&data.join("databases").join(&project), ".sqlite"), [""; 0]);
        drop(server);
    }
    assert_eq!(died, CREATION);
    std::fs::remove_dir_all(data).unwrap();
}
