//! The server killed in the midst of its work, again and again: what it has acknowledged is there, and nothing is there by half:
//! what was cut short is whole after a repeat.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};

use crate::instance::{OWNER, PASSWORD, folder};
use crate::program::{program, started};

/// How often the server is killed on each store.
const ROUNDS: u64 = 50;

/// How many write at once, and how much each at most in a round.
const WRITERS: u64 = 3;
const WRITES: u64 = 13;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends a request; `None` when no whole answer came.
pub(crate) fn send(
    address: &str,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<&Value>,
) -> Option<(u16, Value)> {
    let body = body.map_or_else(String::new, Value::to_string);
    send_text(address, method, path, token, ("application/json", &body))
}

fn send_text(
    address: &str,
    method: &str,
    path: &str,
    token: Option<&str>,
    (media, body): (&str, &str),
) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(address).ok()?;
    // Whoever is frozen answers nothing.
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let bearer = token.map_or_else(String::new, |token| format!("authorization: Bearer {token}\r\n"));
    let text = format!(
        "{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{bearer}content-type: {media}\r\ncontent-length: {}\r\n\r\n{body}",
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
        // What is asked for here is what is kept; reading the contract first would take most of a round.
        .args(["--check-answers", "false"])
        .stdout(Stdio::null())
        .env("FLARESMITH_OWNER_PASSWORD", PASSWORD);
    if let Some(database) = database {
        command.args(["--database", database, "--databases", "auto"]);
    }
    command
}

pub(crate) fn sign_in(address: &str) -> String {
    let body = json!({ "email": OWNER, "password": PASSWORD });
    let (status, body) = send(address, "POST", "/auth/sign-in", None, Some(&body)).unwrap();
    assert_eq!(status, 200, "{body}");
    body["accessToken"].as_str().unwrap().to_owned()
}

/// What is at a path, as soon as the limits allow it.
fn read(address: &str, token: &str, path: &str) -> Value {
    loop {
        let (status, body) = send(address, "GET", path, Some(token), None).unwrap();
        if status != 429 {
            assert_eq!(status, 200, "{body}");
            return body;
        }
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// Every item of a list, page by page.
pub(crate) fn all(address: &str, token: &str, path: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = read(address, token, &format!("{path}?limit=100{cursor}"));
        items.extend(page["items"].as_array().unwrap().clone());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

/// A project whose repository and secrets are written to in all rounds.
struct Shop {
    id: String,
    /// The first commit of its repository.
    base: String,
}

/// A request that changes the shop, and whether it was acknowledged.
struct Sent {
    method: &'static str,
    path: String,
    media: &'static str,
    body: String,
    /// The spec or secret that is there afterwards.
    makes: String,
    acknowledged: bool,
}

impl Shop {
    fn made(address: &str, token: &str, organization: &str) -> Self {
        let body = json!({ "name": "Shop", "organizationId": organization });
        let (status, made) = send(address, "POST", "/projects", Some(token), Some(&body)).unwrap();
        assert_eq!(status, 201, "{made}");
        let id = made["id"].as_str().unwrap().to_owned();
        let path = format!("/projects/{id}/files/tree");
        let (status, tree) = send(address, "GET", &path, Some(token), None).unwrap();
        assert_eq!(status, 200, "{tree}");
        let base = tree["commitSha"].as_str().unwrap().to_owned();
        Self { id, base }
    }

    /// A spec that is uploaded, a secret that is set, or a commit on a branch of its own.
    fn request(&self, writer: u64, name: &str, number: u64) -> Sent {
        let spec = format!("specs/{name}.md");
        let (method, path, media, body, makes) = match (writer, number % 2) {
            (1, 0) => (
                "POST",
                "specs".to_owned(),
                "multipart/form-data; boundary=b",
                format!(
                    "--b\r\ncontent-disposition: form-data; name=\"path\"\r\n\r\n{spec}\r\n--b\r\n\
                     content-disposition: form-data; name=\"file\"; filename=\"x\"\r\n\
                     content-type: application/octet-stream\r\n\r\n# {name}\n\r\n--b--\r\n"
                ),
                spec,
            ),
            (1, _) => {
                let name = name.to_uppercase();
                (
                    "PUT",
                    format!("secrets/{name}?environment=dev&type=cloudflareBinding"),
                    "application/json",
                    json!({ "value": format!("the value of {name}") }).to_string(),
                    name,
                )
            }
            _ => {
                let changes = json!([{ "op": "write", "path": spec, "content": format!("# {name}\n") }]);
                let body = json!({ "branch": format!("feature/{name}"), "baseSha": self.base, "message": name, "changes": changes });
                (
                    "POST",
                    "files/commit".to_owned(),
                    "application/json",
                    body.to_string(),
                    spec,
                )
            }
        };
        Sent {
            method,
            path: format!("/projects/{}/{path}", self.id),
            media,
            body,
            makes,
            acknowledged: false,
        }
    }
}

impl Sent {
    fn send(&self, address: &str, token: &str) -> Option<(u16, Value)> {
        send_text(address, self.method, &self.path, Some(token), (self.media, &self.body))
    }
}

/// Writes as fast as it goes until the server is gone; one writer of each round begins with a project, so that the kill meets some
/// of those however slow the machine is. What was acknowledged: ids of organizations and projects. What was sent to the shop: all of it.
fn write(
    (address, token, organization): (&str, &str, &str),
    shop: &Shop,
    (round, writer): (u64, u64),
    acknowledged: &Mutex<Vec<String>>,
    sent: &Mutex<Vec<Sent>>,
) {
    for number in 0..WRITES {
        let name = format!("r{round}w{writer}n{number}");
        let begins = number == 0 && writer == round % WRITERS;
        if writer > 0 && !begins {
            let mut request = shop.request(writer, &name, number);
            let answer = request.send(address, token);
            if let Some((status, body)) = &answer {
                assert!([200, 201, 429].contains(status), "{body}");
            }
            request.acknowledged = answer.as_ref().is_some_and(|(status, _)| *status != 429);
            let go_on = request.acknowledged;
            sent.lock().unwrap().push(request);
            match go_on {
                true => continue,
                false => return,
            }
        }
        let (path, body) = match begins {
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

/// What was acknowledged is there; what was not is, after a repeat; and everything is there once.
fn shop_is_whole(address: &str, token: &str, shop: &Shop, sent: &[Sent]) {
    let found = |acknowledged: bool| {
        let specs = all(address, token, &format!("/projects/{}/specs", shop.id));
        let secrets = read(address, token, &format!("/projects/{}/secrets", shop.id));
        for request in sent.iter().filter(|request| request.acknowledged || !acknowledged) {
            let spec = specs.iter().find(|spec| spec["path"] == request.makes.as_str());
            let secret = secrets["secrets"].as_array().unwrap().iter();
            let mut secret = secret.filter(|secret| secret["name"] == request.makes.as_str());
            assert!(
                spec.is_some() || secret.next().is_some(),
                "{} is not there",
                request.makes
            );
            assert!(spec.is_none_or(|spec| spec["currentVersion"] == 1), "{spec:?}");
        }
    };
    found(true);
    for request in sent.iter().filter(|request| !request.acknowledged) {
        loop {
            let (status, body) = request.send(address, token).unwrap();
            if status != 429 {
                assert!([200, 201].contains(&status), "{}: {body}", request.makes);
                break;
            }
            std::thread::sleep(Duration::from_secs(1));
        }
    }
    found(false);
    assert!(sent.iter().any(|request| request.acknowledged));
}

/// Fills all buckets, where they outlive the process.
pub(crate) fn refill(database: Option<&str>) {
    let Some(database) = database else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = sea_orm::Database::connect(database).await.unwrap();
        // The server makes the table when it first starts.
        let _ = store.execute_unprepared("DELETE FROM rate_buckets").await;
        store.close().await.unwrap();
    });
}

/// Kills it again and again.
fn killed(database: Option<&str>) {
    let data = folder();
    let mut token = String::new();
    let mut organization = String::new();
    let mut shop = None;
    let acknowledged = Mutex::new(Vec::new());
    let sent = Mutex::new(Vec::new());
    let (mut cut, mut longest, mut pace) = (0, Duration::ZERO, 2);
    for round in 0..ROUNDS {
        refill(database);
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
        let shop = &*shop.get_or_insert_with(|| Shop::made(&server.address, &token, &organization));
        let done = || {
            let requests = sent.lock().unwrap();
            let requests = requests.iter().filter(|request: &&Sent| request.acknowledged).count();
            requests + acknowledged.lock().unwrap().len()
        };
        let before = done();
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let place = (&*server.address, &*token, &*organization);
                let (acknowledged, sent) = (&acknowledged, &sent);
                scope.spawn(move || write(place, shop, (round, writer), acknowledged, sent));
            }
            // Early, late, and at every moment between, in an order that means nothing.
            std::thread::sleep(Duration::from_millis(pace * (3 + round * 37 % 211)));
            server.child.kill().unwrap();
            server.child.wait().unwrap();
        });
        cut += u32::from(((done() - before) as u64) < WRITERS * WRITES);
        // A machine that has much else to do is given longer, as long as it gets nothing done.
        pace = match done() == before {
            true => (pace * 2).min(64),
            false => (pace / 2).max(2),
        };
    }
    assert!(cut >= 5, "only {cut} of {ROUNDS} rounds were cut short");
    let acknowledged = acknowledged.into_inner().unwrap();
    let sent = sent.into_inner().unwrap();
    let done = acknowledged.len() + sent.iter().filter(|request| request.acknowledged).count();
    assert!(done > 10, "{done}");

    refill(database);
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
    let shop = shop.unwrap();
    // No commit lacks one of its objects.
    let fsck = Command::new("git")
        .args(["fsck", "--no-dangling"])
        .env("GIT_DIR", data.join(format!("repositories/{}.git", shop.id)))
        .output()
        .unwrap();
    assert!(fsck.status.success(), "{}", String::from_utf8_lossy(&fsck.stderr));
    shop_is_whole(&server.address, &token, &shop, &sent);
    println!("{done} writes acknowledged, the longest start took {longest:?}");
    drop(server);
    std::fs::remove_dir_all(data).unwrap();
}

#[test]
fn on_sqlite_nothing_acknowledged_is_lost_and_nothing_is_there_by_half() {
    killed(None);
}

#[test]
fn on_postgres_nothing_acknowledged_is_lost_and_nothing_is_there_by_half() {
    killed(Some(&crate::provisioning_killed::postgres()));
}
