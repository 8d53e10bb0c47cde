//! A Neon for tests: its API as far as the platform calls it, over branches that are databases of a real Postgres, which also
//! misbehaves when told to.
//!
//! Owns: who may call, what goes wrong, and what is there. Must not know: the platform.
//!
//! What a branch costs Neon a moment costs Postgres a copy of the database it begins with. A change is under way for as many looks at
//! its operations as the test says, and locks its project meanwhile, as it does at Neon.

mod answers;
mod restore;
mod shown;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{Request, Response};
use chrono::{DateTime, Utc};
use flaresmith_runtime::settings::Database;
use reqwest::Url;
use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::contract::Contract;

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// It is answered with this status and not done.
    Fails(u16),
    /// It is done, and then answered by a proxy as if it were not.
    Lost,
    /// It asks to be left alone for so many seconds.
    Limited(u64),
}

/// Who may call.
#[derive(Clone)]
struct Key {
    kind: &'static str,
    organization: String,
    /// Whether it is one of a single project, which makes no others.
    narrow: bool,
}

pub(crate) struct Project {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) organization: String,
    pub(crate) region: String,
    pub(crate) version: i64,
    pub(crate) created: String,
    pub(crate) branches: Vec<Branch>,
    operations: Vec<Operation>,
    /// The role that owns every database of it.
    role: String,
}

#[derive(Clone)]
pub(crate) struct Branch {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) parent: Option<String>,
    /// Whether the project began with it.
    pub(crate) default: bool,
    pub(crate) protected: bool,
    pub(crate) created: String,
    pub(crate) password: String,
    /// Its database in the Postgres behind all this.
    pub(crate) database: String,
    pub(crate) computes: usize,
}

struct Operation {
    id: String,
    action: &'static str,
    branch: Option<String>,
    /// So many looks until its end.
    left: usize,
    fails: bool,
}

#[derive(Default)]
struct Known {
    keys: BTreeMap<String, Key>,
    projects: Vec<Project>,
    faults: Vec<(String, String, Fault)>,
    requests: Vec<String>,
    /// What must not have been asked.
    wrong: Vec<String>,
    /// So many looks at an operation until it ends.
    slow: usize,
    /// The next operation of this kind fails.
    failing: Option<&'static str>,
    /// What was in branches at moments, as databases; oldest first.
    remembered: Vec<(String, DateTime<Utc>, String)>,
    /// For how many seconds projects keep the history of their branches.
    history: i64,
}

/// A running one. Clones are the same.
#[derive(Clone)]
pub(crate) struct Neon {
    known: Arc<Mutex<Known>>,
    contract: Arc<Contract>,
    /// Whoever copies databases is alone.
    turn: Arc<tokio::sync::Mutex<()>>,
    postgres: String,
    pub(crate) api: Url,
}

impl Neon {
    /// Begins to listen.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let Database::Postgres(url) = crate::postgres::database() else {
            panic!("it is one of Postgres")
        };
        let neon = Self {
            known: Arc::new(Mutex::new(Known {
                history: 86_400,
                ..Known::default()
            })),
            contract: Arc::new(Contract::read("neon.json")),
            turn: Arc::default(),
            postgres: url.expose().to_owned(),
            api: Url::parse(&format!("http://{address}/api/v2")).unwrap(),
        };
        let router = Router::new().fallback(answered).with_state(neon.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        neon
    }

    /// Lets a key of an organization in.
    pub(crate) fn key(&self, key: &str, organization: &str) {
        self.lets_in(key, organization, "api_key_org", false);
    }

    /// Lets the key of a person in, who is in one organization.
    pub(crate) fn personal_key(&self, key: &str, organization: &str) {
        self.lets_in(key, organization, "api_key_user", false);
    }

    /// Lets a key in that makes no projects.
    pub(crate) fn narrow_key(&self, key: &str, organization: &str) {
        self.lets_in(key, organization, "api_key_org", true);
    }

    fn lets_in(&self, key: &str, organization: &str, kind: &'static str, narrow: bool) {
        let organization = organization.to_owned();
        let row = Key {
            kind,
            organization,
            narrow,
        };
        self.known.lock().unwrap().keys.insert(key.to_owned(), row);
    }

    /// Forgets a key.
    pub(crate) fn revoke(&self, key: &str) {
        self.known.lock().unwrap().keys.remove(key);
    }

    /// Has the next requests of a method go wrong whose path has this in it.
    pub(crate) fn fault(&self, method: &str, part: &str, fault: Fault, times: usize) {
        let one = (method.to_owned(), part.to_owned(), fault);
        let mut known = self.known.lock().unwrap();
        known.faults.extend(std::iter::repeat_n(one, times));
    }

    /// Whether a fault is still to come.
    pub(crate) fn is_sound(&self) -> bool {
        self.known.lock().unwrap().faults.is_empty()
    }

    /// Has operations take so many looks.
    pub(crate) fn slow(&self, looks: usize) {
        self.known.lock().unwrap().slow = looks;
    }

    /// Has the next operation of a kind fail.
    pub(crate) fn failing(&self, action: &'static str) {
        self.known.lock().unwrap().failing = Some(action);
    }

    /// Has projects keep the history of their branches for so many seconds.
    pub(crate) fn keeps_history(&self, seconds: i64) {
        self.known.lock().unwrap().history = seconds;
    }

    /// Takes all faults back.
    pub(crate) fn mend(&self) {
        let mut known = self.known.lock().unwrap();
        known.faults.clear();
        known.failing = None;
        known.slow = 0;
    }

    /// Every request so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.known.lock().unwrap().requests.clone()
    }

    /// What was asked against the rules, of which there must be nothing.
    pub(crate) fn wrong(&self) -> Vec<String> {
        self.known.lock().unwrap().wrong.clone()
    }

    /// Looks at the projects.
    pub(crate) fn projects<T>(&self, look: impl FnOnce(&mut Vec<Project>) -> T) -> T {
        look(&mut self.known.lock().unwrap().projects)
    }

    /// Names of the branches of the newest project, in their order.
    pub(crate) fn branches(&self) -> Vec<String> {
        self.projects(|all| {
            let newest = all
                .last()
                .map(|project| project.branches.as_slice())
                .unwrap_or_default();
            newest.iter().map(|branch| branch.name.clone()).collect()
        })
    }

    /// A branch of the newest project.
    pub(crate) fn branch(&self, name: &str) -> Branch {
        self.projects(|all| {
            let mut branches = all.last().unwrap().branches.iter();
            branches.find(|branch| branch.name == name).unwrap().clone()
        })
    }

    /// A project that somebody made, without a database behind it.
    pub(crate) fn somebody(&self, organization: &str, name: &str, branch: &str) {
        let id = Self::number("old-field");
        let branch = Branch {
            id: Self::number("br-old"),
            name: branch.to_owned(),
            parent: None,
            default: true,
            protected: false,
            created: "2020-01-01T00:00:00Z".to_owned(),
            password: String::new(),
            database: String::new(),
            computes: 1,
        };
        let project = Project {
            id,
            name: name.to_owned(),
            organization: organization.to_owned(),
            region: "aws-eu-central-1".to_owned(),
            version: 17,
            created: "2020-01-01T00:00:00Z".to_owned(),
            branches: vec![branch],
            operations: Vec::new(),
            role: String::new(),
        };
        self.known.lock().unwrap().projects.insert(0, project);
    }

    /// A connection to the database of a branch, as the one that owns everything.
    pub(crate) async fn inside(&self, branch: &str) -> DatabaseConnection {
        let database = self.branch(branch).database;
        let mut url = Url::parse(&self.postgres).unwrap();
        url.set_path(&database);
        sea_orm::Database::connect(url.to_string()).await.unwrap()
    }

    /// A new id. All in this process share the Postgres.
    fn number(word: &str) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        format!("{word}-{number:06}")
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

    fn who(&self, request: &axum::http::HeaderMap) -> Option<Key> {
        let told = request.get("authorization")?.to_str().ok()?;
        let known = self.known.lock().unwrap();
        known.keys.get(told.strip_prefix("Bearer ")?).cloned()
    }

    /// Says something to the Postgres behind all this.
    async fn say(&self, statements: &[String]) {
        let admin = sea_orm::Database::connect(&self.postgres).await.unwrap();
        for statement in statements {
            admin.execute_unprepared(statement).await.unwrap();
        }
        admin.close().await.unwrap();
    }

    /// The address of the database of a branch.
    fn uri(&self, role: &str, branch: &Branch, pooled: bool) -> String {
        let mut url = Url::parse(&self.postgres).unwrap();
        url.set_username(role).unwrap();
        url.set_password(Some(&branch.password)).unwrap();
        url.set_path(&branch.database);
        if pooled {
            url.set_query(Some("application_name=pooler"));
        }
        url.to_string()
    }
}

/// An answer, held against the contract where that is at hand.
fn told(status: u16, body: &Value) -> Response<Body> {
    let body = match body {
        Value::Null => Body::empty(),
        body => Body::from(body.to_string()),
    };
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(body)
        .unwrap()
}

/// A refusal. Its code is empty, as Neon's often is.
fn message(status: u16, text: &str) -> Response<Body> {
    told(
        status,
        &json!({ "request_id": "8f2c1d7e", "code": "", "message": text }),
    )
}

/// What was begun is done, whether or not its caller waits for it.
async fn answered(State(neon): State<Neon>, request: Request<Body>) -> Response<Body> {
    tokio::spawn(carried_out(neon, request)).await.unwrap()
}

async fn carried_out(neon: Neon, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let (method, path) = (parts.method.as_str().to_owned(), parts.uri.path().to_owned());
    neon.known.lock().unwrap().requests.push(format!("{method} {path}"));
    let body = to_bytes(body, 64 << 20).await.unwrap();
    let fault = neon.fault_of(&method, &path);
    match fault {
        Some(Fault::Fails(status)) => return message(status, "It broke."),
        Some(Fault::Limited(seconds)) => {
            let mut answer = message(429, "too many requests");
            answer.headers_mut().insert("retry-after", seconds.into());
            return answer;
        }
        Some(Fault::Lost) | None => {}
    }
    let body: Value = match body.is_empty() {
        true => Value::Null,
        false => serde_json::from_slice(&body).unwrap(),
    };
    let query: Vec<(String, String)> = parts.uri.query().map_or_else(Vec::new, url_pairs);
    let path = path.strip_prefix("/api/v2").unwrap();
    let answer = answers::of(&neon, &method, path, &query, &parts.headers, &body).await;
    match fault {
        Some(Fault::Lost) => Response::builder()
            .status(502)
            .header("content-type", "text/html")
            .body(Body::from("<html><body>Bad Gateway</body></html>"))
            .unwrap(),
        _ => answer,
    }
}

fn url_pairs(query: &str) -> Vec<(String, String)> {
    let url = Url::parse(&format!("http://localhost/?{query}")).unwrap();
    url.query_pairs().into_owned().collect()
}
