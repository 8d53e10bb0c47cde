//! The server killed in the midst of its work, again and again: what it has acknowledged is there, and nothing is there by half.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use flaresmith_runtime::settings::Database;
use serde_json::{Value, json};

use crate::instance::{OWNER, PASSWORD, folder};
use crate::program::{program, started};

/// How often the server is killed on each store.
const ROUNDS: u64 = 50;

/// How many write at once, and how much each at most in a round.
const WRITERS: u64 = 3;
const WRITES: u64 = 13;

/// Sends a request; `None` when no whole answer came.
pub(crate) fn send(
    address: &str,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<&Value>,
) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(address).ok()?;
    let bearer = token.map_or_else(String::new, |token| format!("authorization: Bearer {token}\r\n"));
    let body = body.map_or_else(String::new, Value::to_string);
    let text = format!(
        "{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{bearer}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, serde_json::from_str(body).ok()?))
}

/// The server, on these data and this database.
pub(crate) fn command(data: &std::path::Path, database: Option<&str>) -> Command {
    let mut command = program();
    command
        .arg("--data")
        .arg(data)
        .stderr(Stdio::null())
        .env("FLARESMITH_OWNER_PASSWORD", PASSWORD);
    if let Some(database) = database {
        command.args(["--database", database]);
    }
    command
}

pub(crate) fn sign_in(address: &str) -> String {
    let body = json!({ "email": OWNER, "password": PASSWORD });
    let (status, body) = send(address, "POST", "/auth/sign-in", None, Some(&body)).unwrap();
    assert_eq!(status, 200, "{body}");
    body["accessToken"].as_str().unwrap().to_owned()
}

/// Every item of a list, page by page.
pub(crate) fn all(address: &str, token: &str, path: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let (status, page) = send(address, "GET", &format!("{path}?limit=100{cursor}"), Some(token), None).unwrap();
        assert_eq!(status, 200, "{page}");
        items.extend(page["items"].as_array().unwrap().clone());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

/// Writes as fast as it goes until the server is gone; one writer of each round begins with a project, so that the kill meets some
/// of those however slow the machine is. What was acknowledged: ids of organizations and projects.
fn write(
    address: &str,
    token: &str,
    organization: &str,
    (round, writer): (u64, u64),
    acknowledged: &Mutex<Vec<String>>,
) {
    for number in 0..WRITES {
        let name = format!("r{round}w{writer}n{number}");
        let (path, body) = match number == 0 && writer == round % WRITERS {
            true => ("/projects", json!({ "name": name, "organizationId": organization })),
            false => ("/organizations", json!({ "name": name })),
        };
        match send(address, "POST", path, Some(token), Some(&body)) {
            Some((201, body)) => acknowledged
                .lock()
                .unwrap()
                .push(body["id"].as_str().unwrap().to_owned()),
            // Sooner or later the bucket is empty.
            Some((status, body)) => {
                assert_eq!(status, 429, "{body}");
                return;
            }
            None => return,
        }
    }
}

fn killed(database: Option<&str>) {
    let data = folder();
    let mut token = String::new();
    let mut organization = String::new();
    let acknowledged = Mutex::new(Vec::new());
    let (mut cut, mut longest) = (0, Duration::ZERO);
    for round in 0..ROUNDS {
        let asked = Instant::now();
        let mut server = started(&mut command(&data, database), 1);
        longest = longest.max(asked.elapsed());
        if round % 20 == 0 {
            token = sign_in(&server.address);
            organization = all(&server.address, &token, "/organizations")[0]["id"]
                .as_str()
                .unwrap()
                .to_owned();
        }
        let before = acknowledged.lock().unwrap().len();
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (address, token, organization) = (&server.address, &token, &organization);
                let acknowledged = &acknowledged;
                scope.spawn(move || write(address, token, organization, (round, writer), acknowledged));
            }
            // Early, late, and at every moment between, in an order that means nothing.
            std::thread::sleep(Duration::from_millis(2 * (3 + round * 37 % 211)));
            server.child.kill().unwrap();
            server.child.wait().unwrap();
        });
        cut += u32::from(((acknowledged.lock().unwrap().len() - before) as u64) < WRITERS * WRITES);
    }
    assert!(cut >= 5, "only {cut} of {ROUNDS} rounds were cut short");
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(acknowledged.len() > 20, "{}", acknowledged.len());

    let server = started(&mut command(&data, database), 1);
    let token = sign_in(&server.address);
    let mut found: BTreeMap<String, Value> = BTreeMap::new();
    for path in ["/organizations", "/projects"] {
        for item in all(&server.address, &token, path) {
            found.insert(item["id"].as_str().unwrap().to_owned(), item);
        }
    }
    for id in &acknowledged {
        assert!(found.contains_key(id), "{id} was acknowledged and is gone");
    }
    // A project has its three environments or is not there.
    let mut projects = 0;
    for id in found
        .iter()
        .filter(|(_, item)| item.get("organizationId").is_some())
        .map(|(id, _)| id)
    {
        let path = format!("/projects/{id}/environments");
        let (status, matrix) = send(&server.address, "GET", &path, Some(&token), None).unwrap();
        assert_eq!(status, 200, "{matrix}");
        assert_eq!(matrix["environments"].as_array().unwrap().len(), 3, "{matrix}");
        projects += 1;
    }
    assert!(projects > 0);
    println!(
        "{} writes acknowledged, the longest start took {longest:?}",
        acknowledged.len()
    );
    drop(server);
    std::fs::remove_dir_all(data).unwrap();
}

#[test]
fn on_sqlite_nothing_acknowledged_is_lost_and_nothing_is_there_by_half() {
    killed(None);
}

#[test]
fn on_postgres_nothing_acknowledged_is_lost_and_nothing_is_there_by_half() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let Database::Postgres(url) = runtime.block_on(crate::postgres::database()) else {
        panic!("it is a Postgres");
    };
    killed(Some(url.expose()));
}
