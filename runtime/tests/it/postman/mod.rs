//! A Postman for tests: its API as far as the platform calls it, which also misbehaves when told to.
//!
//! Owns: who may call, what goes wrong, and what is there. Must not know: the platform.
//!
//! As at Postman names are nobody's, ids are everybody's and stay taken, a whole document takes the place of what was there, and what is
//! shown has more in it, and other things, than was sent.

mod answers;
mod shown;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Request, Response};
use reqwest::Url;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::contract::Contract;

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// It is answered with this status and not done, in one of the two shapes of errors.
    Fails(u16),
    /// It is done, and then answered by a proxy as if it were not.
    Lost,
    /// It asks to be left alone for so many seconds.
    Limited(u64),
    /// It asks so in the header that is Postman's own.
    LimitedOtherwise(u64),
    /// The calls of the month are used up.
    Exhausted,
}

/// Who may call.
#[derive(Clone)]
struct Key {
    user: u64,
    team: Option<u64>,
}

#[derive(Clone)]
pub(crate) struct Workspace {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) about: String,
    pub(crate) team: Option<String>,
    pub(crate) owner: u64,
    created: String,
}

/// A collection or an environment.
#[derive(Clone)]
pub(crate) struct Element {
    /// `collections` or `environments`.
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    pub(crate) owner: u64,
    pub(crate) workspace: String,
    pub(crate) body: Value,
    pub(crate) created: String,
}

impl Element {
    /// What it is called for by.
    pub(crate) fn uid(&self) -> String {
        format!("{}-{}", self.owner, self.id)
    }

    pub(crate) fn name(&self) -> String {
        let name = self.body["info"]["name"].as_str().or(self.body["name"].as_str());
        name.unwrap().to_owned()
    }
}

#[derive(Default)]
struct Known {
    keys: BTreeMap<String, Key>,
    workspaces: Vec<Workspace>,
    elements: Vec<Element>,
    /// Ids that something has or had.
    taken: BTreeSet<String>,
    faults: Vec<(String, String, Fault)>,
    requests: Vec<String>,
    /// What must not have been asked.
    wrong: Vec<String>,
    /// Whether the server gives ids of its own to whatever is made.
    renumbers: bool,
    /// So many looks until a workspace shows what was made in it.
    late: usize,
}

/// A running one. Clones are the same.
#[derive(Clone)]
pub(crate) struct Postman {
    known: Arc<Mutex<Known>>,
    contract: Arc<Contract>,
    pub(crate) api: Url,
}

impl Postman {
    /// Begins to listen.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let postman = Self {
            known: Arc::default(),
            contract: Arc::new(Contract::read("postman.json")),
            api: Url::parse(&format!("http://{address}")).unwrap(),
        };
        let router = Router::new().fallback(answered).with_state(postman.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        postman
    }

    /// Lets the key of a person in who is in no team.
    pub(crate) fn key(&self, key: &str, user: u64) {
        self.lets_in(key, user, None);
    }

    /// Lets the key of a person in who is in a team.
    pub(crate) fn team_key(&self, key: &str, user: u64, team: u64) {
        self.lets_in(key, user, Some(team));
    }

    fn lets_in(&self, key: &str, user: u64, team: Option<u64>) {
        let row = Key { user, team };
        self.known.lock().unwrap().keys.insert(key.to_owned(), row);
    }

    /// Has the next requests of a method go wrong whose path has this in it.
    pub(crate) fn fault(&self, method: &str, part: &str, fault: Fault, times: usize) {
        let one = (method.to_owned(), part.to_owned(), fault);
        let mut known = self.known.lock().unwrap();
        known.faults.extend(std::iter::repeat_n(one, times));
    }

    /// Whether no fault is still to come.
    pub(crate) fn is_sound(&self) -> bool {
        self.known.lock().unwrap().faults.is_empty()
    }

    /// Takes all faults back.
    pub(crate) fn mend(&self) {
        self.known.lock().unwrap().faults.clear();
    }

    /// Has whatever is made get ids of the server's own.
    pub(crate) fn renumbers(&self) {
        self.known.lock().unwrap().renumbers = true;
    }

    /// Has a workspace show what is made in it so many looks later.
    pub(crate) fn late(&self, looks: usize) {
        self.known.lock().unwrap().late = looks;
    }

    /// Every request so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.known.lock().unwrap().requests.clone()
    }

    /// Requests so far that changed something.
    pub(crate) fn changes(&self) -> usize {
        let all = self.requests();
        all.iter().filter(|line| !line.starts_with("GET ")).count()
    }

    /// What was asked against the rules, of which there must be nothing.
    pub(crate) fn wrong(&self) -> Vec<String> {
        self.known.lock().unwrap().wrong.clone()
    }

    /// Looks at the workspaces.
    pub(crate) fn workspaces<T>(&self, look: impl FnOnce(&mut Vec<Workspace>) -> T) -> T {
        look(&mut self.known.lock().unwrap().workspaces)
    }

    /// Looks at collections and environments.
    pub(crate) fn elements<T>(&self, look: impl FnOnce(&mut Vec<Element>) -> T) -> T {
        look(&mut self.known.lock().unwrap().elements)
    }

    /// Names of what there is of a kind, sorted.
    pub(crate) fn names(&self, kind: &str) -> Vec<String> {
        self.elements(|all| {
            let mut names: Vec<String> = all.iter().filter(|one| one.kind == kind).map(Element::name).collect();
            names.sort();
            names
        })
    }

    /// One by kind and name.
    pub(crate) fn element(&self, kind: &str, name: &str) -> Element {
        self.elements(|all| {
            let found = all.iter().find(|one| one.kind == kind && one.name() == name);
            found.unwrap_or_else(|| panic!("no {name} in {kind}")).clone()
        })
    }

    /// Changes one, as a person does.
    pub(crate) fn edit(&self, kind: &str, name: &str, edit: impl FnOnce(&mut Value)) {
        self.elements(|all| {
            let found = all.iter_mut().find(|one| one.kind == kind && one.name() == name);
            edit(&mut found.unwrap().body);
        });
    }

    /// A workspace that somebody made, with a collection and an environment in it.
    pub(crate) fn somebody(&self, user: u64, name: &str, inside: &str) -> String {
        let id = Uuid::new_v4().to_string();
        let created = "2020-01-01T00:00:00.000Z".to_owned();
        let mut known = self.known.lock().unwrap();
        known.workspaces.push(Workspace {
            id: id.clone(),
            name: name.to_owned(),
            kind: "personal".to_owned(),
            about: String::new(),
            team: None,
            owner: user,
            created: created.clone(),
        });
        for (kind, body) in [
            ("collections", json!({ "info": { "name": inside }, "item": [] })),
            ("environments", json!({ "name": inside, "values": [] })),
        ] {
            known.elements.push(Element {
                kind,
                id: Uuid::new_v4().to_string(),
                owner: user,
                workspace: id.clone(),
                body,
                created: created.clone(),
            });
        }
        id
    }

    fn who(&self, headers: &HeaderMap) -> Option<Key> {
        let told = headers.get("x-api-key")?.to_str().ok()?;
        self.known.lock().unwrap().keys.get(told).cloned()
    }

    /// The fault of a request, if it has one.
    fn fault_of(&self, method: &str, path: &str) -> Option<Fault> {
        let mut known = self.known.lock().unwrap();
        let found = known
            .faults
            .iter()
            .position(|(of, part, _)| of == method && path.contains(part.as_str()))?;
        Some(known.faults.remove(found).2)
    }
}

fn told(status: u16, body: &Value) -> Response<Body> {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}

/// A refusal in the one shape.
fn named(status: u16, name: &str, text: &str) -> Response<Body> {
    told(status, &json!({ "error": { "name": name, "message": text } }))
}

/// A refusal in the other.
fn problem(status: u16, text: &str) -> Response<Body> {
    let body = json!({ "type": "about:blank", "title": text, "status": status, "detail": text });
    told(status, &body)
}

async fn answered(State(postman): State<Postman>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let (method, path) = (parts.method.as_str().to_owned(), parts.uri.path().to_owned());
    postman.known.lock().unwrap().requests.push(format!("{method} {path}"));
    let body = to_bytes(body, 100 << 20).await.unwrap();
    let fault = postman.fault_of(&method, &path);
    let limited = |name: &'static str, seconds: u64| {
        let mut answer = named(429, "rateLimited", "Rate limit exceeded.");
        answer.headers_mut().insert(name, seconds.into());
        answer
    };
    match fault {
        Some(Fault::Fails(status)) if status % 2 == 0 => return named(status, "serverError", "It broke."),
        Some(Fault::Fails(status)) => return problem(status, "It broke."),
        Some(Fault::Limited(seconds)) => return limited("retry-after", seconds),
        Some(Fault::LimitedOtherwise(seconds)) => return limited("x-ratelimit-retryafter", seconds),
        Some(Fault::Exhausted) => return named(429, "serviceLimitExhausted", "Contact your Team Admin."),
        Some(Fault::Lost) | None => {}
    }
    if !matches!(method.as_str(), "GET" | "DELETE") && !parts.headers.contains_key("content-length") {
        return problem(411, "Length Required");
    }
    let body: Value = match body.is_empty() {
        true => Value::Null,
        false => serde_json::from_slice(&body).unwrap(),
    };
    let query = Url::parse(&format!("http://localhost/?{}", parts.uri.query().unwrap_or_default())).unwrap();
    let query: Vec<(String, String)> = query.query_pairs().into_owned().collect();
    let answer = answers::of(&postman, &method, &path, &query, &parts.headers, &body);
    match fault {
        Some(Fault::Lost) => Response::builder()
            .status(502)
            .header("content-type", "text/html")
            .body(Body::from("<html><body>Bad Gateway</body></html>"))
            .unwrap(),
        _ => answer,
    }
}
