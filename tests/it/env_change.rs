//! Commands that change what runs in an environment: the built program, the built server, the real workerd.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Machine;
use crate::hosted::Hosted;

/// A project whose commits only copy a worker when they are built.
struct Shop<'a> {
    hosted: &'a Hosted,
    token: String,
    id: String,
    head: String,
}

impl<'a> Shop<'a> {
    fn new(hosted: &'a Hosted, id: &str) -> Self {
        let token = hosted.owner();
        let tree = hosted
            .call(&token, &format!("GET /projects/{id}/files/tree"), &json!({}))
            .json();
        let mut shop = Self {
            hosted,
            token,
            id: id.to_owned(),
            head: tree["commitSha"].as_str().unwrap().to_owned(),
        };
        let package = json!({"name": "shop", "version": "1.0.0", "scripts": {"build": "node build.mjs"}});
        let lock = json!({
            "name": "shop", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
            "packages": {"": {"name": "shop", "version": "1.0.0"}},
        });
        let build = "import { cpSync } from 'node:fs';\ncpSync('worker.js', 'dist/worker.js');\n";
        shop.commit(&[
            ("package.json", &package.to_string()),
            ("package-lock.json", &lock.to_string()),
            ("build.mjs", build),
        ]);
        shop
    }

    fn commit(&mut self, files: &[(&str, &str)]) -> String {
        let changes: Vec<Value> = files
            .iter()
            .map(|(path, content)| json!({"op": "write", "path": path, "content": content}))
            .collect();
        let body = json!({"branch": "feature/x", "baseSha": self.head, "message": "Change", "changes": changes});
        let line = format!("POST /projects/{}/files/commit", self.id);
        let made = self.hosted.call(&self.token, &line, &body);
        assert_eq!(made.status, 201, "{made:?}");
        self.head = made.json()["sha"].as_str().unwrap().to_owned();
        self.head.clone()
    }

    fn saying(&mut self, word: &str) -> String {
        let worker = format!("export default {{ fetch: () => new Response('{word}') }};\n");
        self.commit(&[("worker.js", &worker)])
    }
}

/// Waits until an address says a word: a former version may finish what it was at.
fn answers(url: &str, word: &str) {
    let address = url.strip_prefix("http://").unwrap();
    let begun = Instant::now();
    loop {
        let mut answer = String::new();
        if let Ok(mut stream) = TcpStream::connect(address) {
            let _ = write!(stream, "GET / HTTP/1.0\r\nhost: {address}\r\n\r\n");
            let _ = stream.read_to_string(&mut answer);
        }
        if answer.starts_with("HTTP/1.1 200") && answer.ends_with(word) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{answer}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Shows 001/FR-008, 001/FR-016.
#[test]
fn an_environment_is_deployed_to_rolled_back_and_refused_in_words_that_can_be_typed() {
    let hosted = Hosted::start();
    let machine = Machine::new();
    machine.sign_in(&hosted);
    let project = machine.json(&["project", "create", "Shop"]);
    let mut shop = Shop::new(&hosted, project["id"].as_str().unwrap());

    let one = shop.saying("one");
    let said = machine.done(&["env", "deploy", "shop", "dev", "--ref", &one, "--message", "the first"]);
    assert!(said.err.contains("succeeded"), "{}", said.err);
    let shown = machine.json(&["env", "show", "shop", "dev"]);
    let url = shown["url"].as_str().unwrap();
    assert!(said.out.contains(url) && said.out.contains(&one), "{}", said.out);
    answers(url, "one");

    let said = machine.run(&["env", "promote", "shop", "dev"]);
    assert_eq!(said.code, 1);
    assert!(
        said.err.contains("ENV_PROMOTION_UNTESTED") && said.err.contains("hint"),
        "{}",
        said.err
    );

    // Named by its branch.
    shop.saying("two");
    let two = machine.json(&["env", "deploy", "shop", "dev", "--ref", "feature/x"]);
    assert_eq!(two["state"], "succeeded");
    answers(url, "two");

    let broken = shop.commit(&[("worker.js", "throw new Error('at start');\n")]);
    let said = machine.run(&["env", "deploy", "shop", "dev", "--ref", &broken]);
    assert_eq!(said.code, 1);
    for word in ["DEPLOYMENT_NOT_READY", "flaresmith env retry shop dev"] {
        assert!(said.err.contains(word), "{word}: {}", said.err);
    }
    answers(url, "two");
    let said = machine.run(&["env", "retry", "shop", "dev"]);
    assert_eq!(said.code, 1, "it is as broken as before: {}", said.out);

    let three = shop.saying("three");
    machine.done(&["env", "deploy", "shop", "dev", "--ref", &three]);
    answers(url, "three");
    let back = machine.json(&["env", "rollback", "shop", "dev", "--reason", "too new"]);
    assert_eq!(
        (&back["kind"], &back["state"]),
        (&json!("rollback"), &json!("succeeded"))
    );
    answers(url, "two");

    let said = machine.done(&["env", "deploy", "shop", "dev", "--ref", &three, "--no-wait"]);
    assert!(said.out.contains("has begun"), "{}", said.out);
    let history = machine.json(&["env", "history", "shop", "dev"]);
    let kinds: Vec<&str> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        ["deploy", "rollback", "deploy", "deploy", "deploy", "deploy", "deploy"]
    );
    let said = machine.done(&["env", "history", "shop"]);
    assert!(
        said.out.starts_with("KIND") && said.out.contains("rollback"),
        "{}",
        said.out
    );
    answers(url, "three");
}

/// Shows 001/FR-026.
#[test]
fn a_preview_is_made_listed_extended_and_archived_and_incidents_are_listed() {
    let hosted = Hosted::start();
    let machine = Machine::new();
    machine.sign_in(&hosted);
    let project = machine.json(&["project", "create", "Shop"]);
    let mut shop = Shop::new(&hosted, project["id"].as_str().unwrap());
    shop.saying("one");
    let said = machine.run(&["preview", "create", "shop", "feature/none"]);
    assert!(
        said.code == 1 && said.err.contains("DEPLOYMENT_COMMIT_UNKNOWN"),
        "{}",
        said.err
    );
    let made = machine.json(&["preview", "create", "shop", "feature/x"]);
    assert_eq!(
        (&made["state"], &made["name"]),
        (&json!("active"), &json!("preview-feature-x"))
    );
    answers(made["url"].as_str().unwrap(), "one");
    let listed = machine.json(&["preview", "list", "shop"]);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let said = machine.done(&["preview", "list", "shop"]);
    assert!(
        said.out.starts_with("NAME") && said.out.contains("feature/x"),
        "{}",
        said.out
    );
    let kept = machine.json(&["preview", "extend", "shop", "preview-feature-x", "--ttl-hours", "168"]);
    assert!(kept["expiresAt"].as_str() > made["expiresAt"].as_str(), "{kept}");
    let said = machine.run(&["preview", "extend", "shop", "dev"]);
    assert!(
        said.code == 1 && said.err.contains("ENV_CORE_PROTECTED"),
        "{}",
        said.err
    );
    let gone = machine.json(&["preview", "archive", "shop", "preview-feature-x"]);
    assert_eq!(gone["state"], "archived");
    let said = machine.run(&["preview", "archive", "shop", "dev"]);
    assert!(
        said.code == 1 && said.err.contains("ENV_CORE_PROTECTED"),
        "{}",
        said.err
    );

    let none = machine.json(&["incident", "list", "shop", "--state", "open"]);
    assert_eq!(none, json!({"items": [], "hasMore": false}));
    let said = machine.run(&["incident", "show", "shop", "9f7d1f0e-6a0e-4a55-8f0c-0d4c6a0f1b2c"]);
    assert!(
        said.code == 1 && said.err.contains("INCIDENT_NOT_FOUND"),
        "{}",
        said.err
    );
}
