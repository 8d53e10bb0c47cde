//! A GitHub for tests: its API as far as the platform calls it, and real git over HTTP, which also misbehaves when told to.
//!
//! Owns: answering as the published contract and its known traps have it, and holding requests against that contract where it is at
//! hand. Must not know: the platform.

mod codespaces;
mod over_git;
mod secrets;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Request, Response};
use base64::Engine as _;
use flaresmith_runtime::settings::GithubPlace;
use reqwest::Url;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use codespaces::Codespace;
use over_git::over_git;

use crate::instance::folder;

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// It is answered with this status and not done.
    Fails(u16),
    /// It is done, and then answered as if it were not.
    Lost,
    /// It asks to be left alone for so many seconds, with 403 as GitHub does.
    Limited(u64),
    /// The same with 429.
    TooMany(u64),
}

struct Repository {
    id: u64,
    owner: String,
    name: String,
    description: Option<String>,
    private: bool,
    default_branch: String,
    fork: bool,
    created: String,
}

#[derive(Default)]
struct Known {
    /// Token to account and scopes; without scopes it is no classic one.
    tokens: BTreeMap<String, (String, Option<String>)>,
    organizations: BTreeSet<String>,
    repositories: BTreeMap<String, Repository>,
    /// Names that repositories had before, with their numbers.
    former: BTreeMap<String, u64>,
    /// What goes wrong with the next requests of a method and a beginning of a path.
    faults: Vec<(String, String, Fault)>,
    requests: Vec<String>,
    /// Environments of repositories.
    environments: BTreeSet<String>,
    /// Path of a secret to its value, as whoever has the private key reads it.
    secrets: BTreeMap<String, String>,
    codespaces: Vec<Codespace>,
    /// What codespaces end in.
    ends: Option<&'static str>,
    /// How often the public key was exchanged.
    keys: u8,
    numbers: u64,
}

/// A running one. Clones are the same.
#[derive(Clone)]
pub(crate) struct Github {
    known: Arc<Mutex<Known>>,
    contract: Option<Arc<Value>>,
    folder: PathBuf,
    pub(crate) place: GithubPlace,
}

impl Github {
    /// Begins to listen.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = |path: &str| Url::parse(&format!("http://{address}{path}")).unwrap();
        let github = Self {
            known: Arc::default(),
            contract: contract().map(Arc::new),
            folder: folder(),
            place: GithubPlace {
                api: url("/api/v3"),
                web: url("/web"),
            },
        };
        let router = Router::new().fallback(answered).with_state(github.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        github
    }

    /// Lets a classic token in that may do everything, or one of another kind.
    pub(crate) fn token(&self, token: &str, login: &str, scopes: Option<&str>) {
        let scopes = scopes.map(str::to_owned);
        let mut known = self.known.lock().unwrap();
        known.tokens.insert(token.to_owned(), (login.to_owned(), scopes));
    }

    /// Forgets a token.
    pub(crate) fn revoke(&self, token: &str) {
        self.known.lock().unwrap().tokens.remove(token);
    }

    pub(crate) fn organization(&self, name: &str) {
        self.known.lock().unwrap().organizations.insert(name.to_owned());
    }

    /// Has the next requests of a method and a beginning of a path go wrong.
    pub(crate) fn fault(&self, method: &str, path: &str, fault: Fault, times: usize) {
        let one = (method.to_owned(), path.to_owned(), fault);
        self.known
            .lock()
            .unwrap()
            .faults
            .extend(std::iter::repeat_n(one, times));
    }

    /// Takes all faults back.
    pub(crate) fn mend(&self) {
        self.known.lock().unwrap().faults.clear();
    }

    /// Every request so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.known.lock().unwrap().requests.clone()
    }

    /// Names of the repositories.
    pub(crate) fn repositories(&self) -> Vec<String> {
        self.known.lock().unwrap().repositories.keys().cloned().collect()
    }

    /// Every secret that is there, by its path behind the repository.
    pub(crate) fn secrets(&self) -> BTreeMap<String, String> {
        self.known.lock().unwrap().secrets.clone()
    }

    /// A fork of a repository, which says of itself what its origin says.
    pub(crate) fn fork(&self, owner: &str, name: &str, described: &str) {
        self.make(owner, &json!({ "name": name, "description": described, "fork": true }));
    }

    /// Makes a repository older.
    pub(crate) fn age(&self, full: &str) {
        let mut known = self.known.lock().unwrap();
        known.repositories.get_mut(full).unwrap().created = "2020-01-01T00:00:00Z".to_owned();
    }

    /// Keeps a secret as people do at GitHub itself.
    pub(crate) fn keep(&self, path: &str, value: &str) {
        self.known
            .lock()
            .unwrap()
            .secrets
            .insert(path.to_owned(), value.to_owned());
    }

    /// Renames a repository as people do at GitHub; its former name leads to it until another has that.
    pub(crate) fn rename(&self, full: &str, name: &str) {
        let mut known = self.known.lock().unwrap();
        let mut row = known.repositories.remove(full).unwrap();
        known.former.insert(full.to_owned(), row.id);
        row.name = name.to_owned();
        let now = format!("{}/{name}", row.owner);
        let place = |full: &str| self.folder.join(format!("{full}.git"));
        std::fs::rename(place(full), place(&now)).unwrap();
        known.repositories.insert(now, row);
    }

    /// What is told of a repository.
    pub(crate) fn shown(&self, full: &str) -> Value {
        shown(&self.known.lock().unwrap().repositories[full])
    }

    /// Where the git repository lies.
    pub(crate) fn git(&self, full: &str) -> git2::Repository {
        git2::Repository::open_bare(self.folder.join(format!("{full}.git"))).unwrap()
    }

    fn make(&self, owner: &str, body: &Value) -> Option<Value> {
        let name = body["name"].as_str().unwrap();
        let full = format!("{owner}/{name}");
        let mut known = self.known.lock().unwrap();
        if known.repositories.contains_key(&full) {
            return None;
        }
        git2::Repository::init_bare(self.folder.join(format!("{full}.git"))).unwrap();
        known.numbers += 1;
        let row = Repository {
            id: 7000 + known.numbers,
            owner: owner.to_owned(),
            name: name.to_owned(),
            description: body["description"].as_str().map(str::to_owned),
            private: body["private"].as_bool().unwrap_or(false),
            // What is pushed first, as far as GitHub knows.
            default_branch: "master".to_owned(),
            fork: body["fork"].as_bool().unwrap_or(false),
            created: chrono::Utc::now().to_rfc3339(),
        };
        let told = shown(&row);
        known.repositories.insert(full, row);
        Some(told)
    }

    /// The fault of a request, if it has one.
    fn fault_of(&self, method: &str, path: &str) -> Option<Fault> {
        let mut known = self.known.lock().unwrap();
        let found = known
            .faults
            .iter()
            .position(|(of, beginning, _)| of == method && path.starts_with(beginning.as_str()))?;
        Some(known.faults.remove(found).2)
    }

    fn login(&self, headers: &HeaderMap) -> Option<(String, Option<String>)> {
        let told = headers.get("authorization")?.to_str().ok()?;
        let token = match told.strip_prefix("Basic ") {
            Some(basic) => {
                let plain = base64::engine::general_purpose::STANDARD.decode(basic).ok()?;
                String::from_utf8(plain).ok()?.split_once(':')?.1.to_owned()
            }
            None => told.strip_prefix("Bearer ")?.to_owned(),
        };
        self.known.lock().unwrap().tokens.get(&token).cloned()
    }

    /// Holds a request against the published contract.
    fn conforms(&self, method: &str, template: &str, body: &Value) {
        let Some(contract) = &self.contract else { return };
        let operation = &contract["paths"][template][method.to_lowercase()];
        assert!(operation.is_object(), "the contract has no {method} {template}");
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        if schema.is_null() {
            assert!(body.is_null(), "{method} {template} takes no body: {body}");
            return;
        }
        let whole = json!({ "allOf": [schema], "components": contract["components"] });
        let validator = jsonschema::draft7::new(&whole).unwrap();
        let errors: Vec<String> = validator.iter_errors(body).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{method} {template}: {errors:?}");
        let known = schema["properties"].as_object().unwrap();
        for name in body.as_object().unwrap().keys() {
            assert!(known.contains_key(name), "{method} {template} knows no `{name}`");
        }
    }
}

/// The published contract of GitHub, for whoever has it; without it requests are not held against it.
#[allow(clippy::print_stderr, reason = "a test that compares less says so")]
fn contract() -> Option<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/contracts");
    let folder = std::env::var_os("FLARESMITH_CONTRACTS").map_or(root, PathBuf::from);
    match std::fs::read(folder.join("github.json")) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).unwrap()),
        Err(_) => {
            eprintln!(
                "FLARESMITH_CONTRACTS names no folder with github.json: requests are not held against GitHub's contract"
            );
            None
        }
    }
}

fn shown(row: &Repository) -> Value {
    json!({
        "id": row.id,
        "name": row.name,
        "full_name": format!("{}/{}", row.owner, row.name),
        "owner": { "login": row.owner, "id": 1 },
        "html_url": format!("https://github.example/{}/{}", row.owner, row.name),
        "description": row.description,
        "private": row.private,
        "default_branch": row.default_branch,
        "fork": row.fork,
        "created_at": row.created,
    })
}

fn told(status: u16, body: &Value) -> Response<Body> {
    let body = if body.is_null() {
        Body::empty()
    } else {
        Body::from(body.to_string())
    };
    Response::builder()
        .status(status)
        .header("content-type", "application/json; charset=utf-8")
        .header("x-github-request-id", "C0FF:EE")
        .body(body)
        .unwrap()
}

fn message(status: u16, text: &str) -> Response<Body> {
    told(
        status,
        &json!({ "message": text, "documentation_url": "https://docs.github.com/rest", "status": status.to_string() }),
    )
}

async fn answered(State(github): State<Github>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let (method, path) = (parts.method.as_str().to_owned(), parts.uri.path().to_owned());
    let line = format!("{method} {path}");
    github.known.lock().unwrap().requests.push(line);
    let body = to_bytes(body, 64 << 20).await.unwrap();
    let fault = github.fault_of(&method, &path);
    match fault {
        Some(Fault::Fails(status)) => return message(status, "It broke."),
        Some(Fault::TooMany(seconds)) => {
            let mut answer = message(429, "Too many requests.");
            answer.headers_mut().insert("retry-after", seconds.into());
            return answer;
        }
        Some(Fault::Limited(seconds)) => {
            let mut answer = message(403, "You have exceeded a secondary rate limit.");
            answer.headers_mut().insert("retry-after", seconds.into());
            return answer;
        }
        Some(Fault::Lost) | None => {}
    }
    let answer = match path.strip_prefix("/web/") {
        Some(rest) => over_git(&github, &method, rest, parts.uri.query(), &parts.headers, body).await,
        None => over_api(
            &github,
            &method,
            (path.strip_prefix("/api/v3").unwrap(), parts.uri.query()),
            &parts.headers,
            &body,
        ),
    };
    match fault {
        Some(Fault::Lost) => message(502, "It is done, and nobody hears of it."),
        _ => answer,
    }
}

fn over_api(
    github: &Github,
    method: &str,
    (path, query): (&str, Option<&str>),
    headers: &HeaderMap,
    body: &Bytes,
) -> Response<Body> {
    for (name, expected) in [
        ("x-github-api-version", "2022-11-28"),
        ("accept", "application/vnd.github+json"),
    ] {
        assert_eq!(headers[name], expected);
    }
    if !headers.contains_key("user-agent") {
        return message(403, "Request forbidden by administrative rules.");
    }
    let Some((login, scopes)) = github.login(headers) else {
        return message(401, "Bad credentials");
    };
    let asked = (path, query);
    let mut answer = of_account(github, method, asked, (&login, scopes.as_deref()), body);
    if let Some(scopes) = scopes {
        answer.headers_mut().insert("x-oauth-scopes", scopes.parse().unwrap());
    }
    answer
}

/// What is asked by an account.
fn of_account(
    github: &Github,
    method: &str,
    (path, query): (&str, Option<&str>),
    (login, scopes): (&str, Option<&str>),
    body: &Bytes,
) -> Response<Body> {
    let body: Value = if body.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(body).unwrap()
    };
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match (method, parts.as_slice()) {
        ("GET", ["user"]) => {
            github.conforms(method, "/user", &body);
            told(200, &json!({ "login": login, "id": 1 }))
        }
        (_, ["user", "codespaces", name]) => {
            github.conforms(method, "/user/codespaces/{codespace_name}", &body);
            codespaces::of_person(github, (method, name), (login, scopes))
        }
        ("POST", ["user", "repos"]) => {
            github.conforms(method, "/user/repos", &body);
            made(github, login, &body)
        }
        ("POST", ["orgs", organization, "repos"]) => {
            github.conforms(method, "/orgs/{org}/repos", &body);
            if !github.known.lock().unwrap().organizations.contains(*organization) {
                return message(404, "Not Found");
            }
            made(github, organization, &body)
        }
        // No contract has this path; answers to former names lead there.
        ("GET", ["repositories", number]) => {
            let known = github.known.lock().unwrap();
            let found = known.repositories.values().find(|row| row.id.to_string() == *number);
            found.map_or_else(|| message(404, "Not Found"), |row| told(200, &shown(row)))
        }
        (_, ["repos", owner, name, rest @ ..]) => {
            let full = format!("{owner}/{name}");
            let template = match rest {
                [] => "/repos/{owner}/{repo}".to_owned(),
                [kind, .., "public-key"] if *kind == "actions" => {
                    "/repos/{owner}/{repo}/actions/secrets/public-key".to_owned()
                }
                ["actions", "secrets", _] => "/repos/{owner}/{repo}/actions/secrets/{secret_name}".to_owned(),
                ["environments", _] => "/repos/{owner}/{repo}/environments/{environment_name}".to_owned(),
                ["environments", _, "secrets", "public-key"] => {
                    "/repos/{owner}/{repo}/environments/{environment_name}/secrets/public-key".to_owned()
                }
                ["environments", _, "secrets", _] => {
                    "/repos/{owner}/{repo}/environments/{environment_name}/secrets/{secret_name}".to_owned()
                }
                ["codespaces"] => "/repos/{owner}/{repo}/codespaces".to_owned(),
                _ => panic!("nobody calls {method} {path}"),
            };
            github.conforms(method, &template, &body);
            let mut known = github.known.lock().unwrap();
            if !known.repositories.contains_key(&full) {
                return match known.former.get(&full) {
                    Some(number) => moved(github, method, *number),
                    None => message(404, "Not Found"),
                };
            }
            if rest == ["codespaces"] {
                drop(known);
                let asked = (method, full.as_str(), query);
                return codespaces::of_repository(github, asked, (login, scopes), &body);
            }
            if let ["actions" | "environments", ..] = rest {
                return secrets::secret(&mut known, method, &full, rest, &body);
            }
            let row = known.repositories.get_mut(&full).unwrap();
            match (method, rest) {
                ("GET", []) => told(200, &shown(row)),
                ("PATCH", []) => {
                    let branch = body["default_branch"].as_str().unwrap();
                    let git = github.git(&full);
                    if git.find_branch(branch, git2::BranchType::Local).is_err() {
                        return message(422, "Validation Failed");
                    }
                    row.default_branch = branch.to_owned();
                    told(200, &shown(row))
                }
                ("DELETE", []) => {
                    let may = scopes.is_none_or(|scopes| scopes.contains("delete_repo"));
                    if !may {
                        return message(403, "Must have admin rights to Repository.");
                    }
                    known.repositories.remove(&full);
                    std::fs::remove_dir_all(github.folder.join(format!("{full}.git"))).unwrap();
                    told(204, &Value::Null)
                }
                _ => message(404, "Not Found"),
            }
        }
        _ => panic!("nobody calls {method} {path}"),
    }
}

/// What a former name of a repository is answered with.
fn moved(github: &Github, method: &str, number: u64) -> Response<Body> {
    let mut answer = message(if method == "GET" { 301 } else { 307 }, "Moved Permanently");
    let there = format!("{}/repositories/{number}", github.place.api);
    answer.headers_mut().insert("location", there.parse().unwrap());
    answer
}

fn made(github: &Github, owner: &str, body: &Value) -> Response<Body> {
    match github.make(owner, body) {
        Some(row) => told(201, &row),
        None => told(
            422,
            &json!({ "message": "Repository creation failed.", "errors": [{ "resource": "Repository", "code": "custom", "field": "name", "message": "name already exists on this account" }] }),
        ),
    }
}
