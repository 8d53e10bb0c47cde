//! Requests out of the generated collection: each as it stands there, and everything that can be wrong with it.
//!
//! Owns: making them. Must not know: servers.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use flaresmith_api::operations::{OPERATIONS, Operation};
use flaresmith_api::wire::Location;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// What a caller shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// No token.
    Nothing,
    /// One that is none.
    Nonsense,
    /// One that is honoured.
    Token,
}

/// A request.
#[derive(Clone)]
pub(super) struct Sent {
    /// The operation it was made of.
    pub(super) operation: &'static Operation,
    /// What is wrong with it, or `as it stands`.
    pub(super) what: String,
    pub(super) shown: Shown,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// The request of each operation as the collection has it, in its order, with these values of its variables.
pub(super) fn valid(values: &[(&str, &str)]) -> Vec<Sent> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let file = root.join("generated/postman/base.postman_collection.json");
    let collection: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut variables: BTreeMap<String, String> = list(&collection["variable"])
        .iter()
        .map(|one| (text(&one["key"]), text(&one["value"])))
        .collect();
    variables.insert("baseUrl".to_owned(), String::new());
    variables.extend(values.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())));
    let filled = |value: &Value| {
        let mut text = text(value).replace("{{$guid}}", &Uuid::new_v4().to_string());
        for (key, value) in &variables {
            text = text.replace(&format!("{{{{{key}}}}}"), value);
        }
        text
    };
    let pairs = |value: &Value| -> Vec<(String, String)> {
        let enabled = list(value)
            .into_iter()
            .filter(|one| one.get("disabled") != Some(&Value::Bool(true)));
        enabled.map(|one| (text(&one["key"]), filled(&one["value"]))).collect()
    };
    let requests = list(&collection["item"])
        .into_iter()
        .flat_map(|folder| list(&folder["item"]));
    requests
        .map(|item| {
            let (request, script) = (&item["request"], item["event"][0]["script"]["exec"].to_string());
            let named = |one: &&&Operation| script.contains(&format!("\\\"{} answers as declared\\\"", one.id));
            let own: BTreeMap<String, String> = pairs(&request["url"]["variable"]).into_iter().collect();
            let segments = list(&request["url"]["path"]);
            let path = segments.iter().map(|segment| match filled(segment).strip_prefix(':') {
                Some(name) => format!("/{}", own[name]),
                None => format!("/{}", filled(segment)),
            });
            let mut headers = pairs(&request["header"]);
            let body = match request["body"]["mode"].as_str() {
                Some("raw") => filled(&request["body"]["raw"]),
                Some("urlencoded") => form(&pairs(&request["body"]["urlencoded"])),
                Some("formdata") => {
                    headers.push(("Content-Type".to_owned(), "multipart/form-data; boundary=B".to_owned()));
                    multipart(&pairs(&request["body"]["formdata"]))
                }
                _ => String::new(),
            };
            Sent {
                operation: OPERATIONS.iter().find(named).copied().unwrap(),
                what: "as it stands".to_owned(),
                shown: Shown::Token,
                method: text(&request["method"]),
                path: path.collect(),
                query: pairs(&request["url"]["query"]),
                headers,
                body: body.into_bytes(),
            }
        })
        .collect()
}

/// Pairs as a query or a form writes them.
pub(super) fn form(pairs: &[(String, String)]) -> String {
    let escaped = |text: &str| -> String {
        let one = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        };
        text.bytes().map(one).collect()
    };
    let pairs = pairs
        .iter()
        .map(|(key, value)| format!("{}={}", escaped(key), escaped(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn multipart(parts: &[(String, String)]) -> String {
    let part = |(key, value): &(String, String)| {
        format!("--B\r\nContent-Disposition: form-data; name=\"{key}\"\r\n\r\n{value}\r\n")
    };
    format!("{}--B--\r\n", parts.iter().map(part).collect::<String>())
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, path, what, .. } = self;
        write!(
            f,
            "{} {what}: {method} {path:.200} {:.200?}",
            self.operation.id, self.query
        )
    }
}

impl Sent {
    fn with(&self, what: impl Into<String>, change: impl FnOnce(&mut Self)) -> Self {
        let mut changed = Self {
            what: what.into(),
            ..self.clone()
        };
        // With a key of another request it would not be looked at.
        for (name, value) in &mut changed.headers {
            if name == "Idempotency-Key" {
                *value = Uuid::new_v4().to_string();
            }
        }
        change(&mut changed);
        changed
    }

    fn json(&self) -> Option<Map<String, Value>> {
        serde_json::from_slice::<Value>(&self.body).ok()?.as_object().cloned()
    }

    fn set(&mut self, name: &str, value: &str) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// The same with one thing wrong with it, for each thing that can be.
    pub(super) fn wrong(&self, largest: usize) -> Vec<Self> {
        let mut all = vec![
            self.with("without a token", |sent| sent.shown = Shown::Nothing),
            self.with("with a token that is none", |sent| sent.shown = Shown::Nonsense),
            self.with("at an address below", |sent| sent.path.push_str("/nowhere")),
            self.with("with a parameter that is not known", |sent| {
                sent.query.push(("nobodyKnowsThis".to_owned(), "1".to_owned()));
            }),
        ];
        let there: Vec<&Operation> = OPERATIONS
            .iter()
            .filter(|one| one.path == self.operation.path)
            .copied()
            .collect();
        for method in ["GET", "PUT", "DELETE", "OPTIONS"] {
            if there[0].id == self.operation.id && there.iter().all(|one| one.method != method) {
                all.push(self.with("with a method that is not taken", |sent| {
                    method.clone_into(&mut sent.method);
                    sent.body.clear();
                    sent.headers.clear();
                }));
            }
        }
        self.wrong_parameters(&mut all);
        if !self.operation.consumes.is_empty() {
            self.wrong_bodies(largest, &mut all);
        }
        all
    }

    /// Three of some values, others for each operation and place: all of them together would only take longer.
    fn some<T: Clone>(&self, place: usize, all: &[T]) -> Vec<T> {
        let own = OPERATIONS.iter().position(|one| one.id == self.operation.id).unwrap();
        all.iter()
            .cycle()
            .skip((own + place) % all.len())
            .take(3)
            .cloned()
            .collect()
    }

    fn wrong_parameters(&self, all: &mut Vec<Self>) {
        let names = self.operation.path.split('/');
        for (at, name) in names.enumerate().filter(|(_, name)| name.starts_with('{')) {
            for bad in self.some(at, &["not%20one", "%E4", &"x".repeat(300)]) {
                all.push(self.with(format!("with {name} as {bad:.9}"), |sent| {
                    let mut parts: Vec<&str> = sent.path.split('/').collect();
                    parts[at] = bad;
                    sent.path = parts.join("/");
                }));
            }
        }
        for (at, (name, _)) in self.query.iter().enumerate() {
            all.push(self.with(format!("without {name}"), |sent| {
                sent.query.remove(at);
            }));
        }
        for (at, parameter) in self.operation.parameters.iter().enumerate() {
            let name = parameter.name;
            if parameter.location != Location::Query {
                continue;
            }
            for bad in self.some(at, &["", "?", "-1", "1.5", &"x".repeat(3000)]) {
                all.push(self.with(format!("with {name}={bad:.9}"), |sent| {
                    sent.query.retain(|(known, _)| known != name);
                    sent.query.push((name.to_owned(), bad.to_owned()));
                }));
            }
        }
        if self.operation.idempotent {
            for bad in ["short", "has a space in it", &"x".repeat(200)] {
                all.push(self.with("with a key that is none", |sent| sent.set("Idempotency-Key", bad)));
            }
        }
        all.push(self.with("with an If-Match that is none", |sent| sent.set("If-Match", "x")));
    }

    fn wrong_bodies(&self, largest: usize, all: &mut Vec<Self>) {
        let body = |what: String, text: Vec<u8>| self.with(what, |sent| sent.body = text);
        all.push(body("without a body".to_owned(), Vec::new()));
        all.push(body("with a body of another form".to_owned(), b"{\"".to_vec()));
        all.push(body("with a body that is no text".to_owned(), vec![b'"', 0xff, b'"']));
        all.push(
            self.with("with a body of another form and an address that is none", |sent| {
                sent.body = b"{\"".to_vec();
                sent.path = sent.path.replacen("-", "%20", 1);
            }),
        );
        all.push(self.with("with a body of another media type", |sent| {
            sent.set("Content-Type", "text/plain")
        }));
        all.push(self.with("with a body of no media type", |sent| {
            sent.set("Content-Type", "nonsense")
        }));
        all.push(body(
            "with a body that is too large".to_owned(),
            vec![b' '; largest + 1],
        ));
        let Some(members) = self.json() else { return };
        let with = |what: String, change: &dyn Fn(&mut Map<String, Value>)| {
            let mut changed = members.clone();
            change(&mut changed);
            body(what, Value::Object(changed).to_string().into_bytes())
        };
        for bad in [json!([]), json!(null), json!("text"), json!({})] {
            all.push(body(format!("with {bad} as its body"), bad.to_string().into_bytes()));
        }
        all.push(with("with a member that is not known".to_owned(), &|body| {
            body.insert("nobodyKnowsThis".to_owned(), json!(1));
        }));
        for (at, name) in members.keys().enumerate() {
            all.push(with(format!("without {name}"), &|body| {
                body.remove(name);
            }));
            let bads = [
                json!(null),
                json!(-1.5),
                json!(""),
                json!([[]]),
                json!({ "x": 1 }),
                json!("x".repeat(3000)),
            ];
            for bad in self.some(at, &bads) {
                let said = bad.to_string();
                all.push(with(format!("with {name} as {said:.9}"), &|body| {
                    body.insert(name.clone(), bad.clone());
                }));
            }
        }
    }
}
