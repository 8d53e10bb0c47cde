//! A Cloudflare for tests: its API as far as the platform calls it, over workers that run in the real workerd, which also misbehaves when
//! told to.
//!
//! Owns: who may call, what goes wrong, and what is there. Must not know: the platform.
//!
//! API and workers are at one port: what is asked of a host below `workers.localhost` is asked of a worker.

mod answers;
mod pages;
mod parts;
mod running;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Request, Response};
use flaresmith_runtime::settings::CloudflarePlace;
use reqwest::Url;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::contract::Contract;
use running::Running;

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// It is answered with this status and not done.
    Fails(u16),
    /// It is not done, and told so with status 200 and this code.
    Refused(i64),
    /// It is done, and then answered by a proxy as if it were not.
    Lost,
    /// It asks to be left alone for so many seconds.
    Limited(u64),
    /// It is answered, and said to have been the last one for so many seconds.
    Last(u64),
}

/// What a token may do.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) account: &'static str,
    pub(crate) status: &'static str,
    /// Whether it is one of the account, not of a person.
    pub(crate) of_account: bool,
    pub(crate) sees: bool,
    pub(crate) edits: bool,
    pub(crate) names: bool,
    /// Whether it may have Pages.
    pub(crate) pages: bool,
}

#[derive(Clone, Default)]
pub(crate) struct Script {
    pub(crate) tags: Vec<String>,
    /// Newest first.
    pub(crate) versions: Vec<Version>,
    /// Ids of versions, newest deployment first.
    pub(crate) deployments: Vec<String>,
    pub(crate) enabled: bool,
    pub(crate) previews: bool,
    /// Whether another worker uses it.
    pub(crate) used: bool,
}

#[derive(Clone)]
pub(crate) struct Version {
    pub(crate) id: String,
    pub(crate) tag: Option<String>,
    pub(crate) module: Vec<u8>,
    /// Type, name and value.
    pub(crate) bindings: Vec<(String, String, String)>,
}

#[derive(Default)]
struct Known {
    tokens: BTreeMap<String, Token>,
    /// Names of scripts of all accounts.
    scripts: BTreeMap<String, Script>,
    subdomain: Option<&'static str>,
    /// Pages projects by their names.
    pages: BTreeMap<String, Value>,
    faults: Vec<(String, String, Fault)>,
    requests: Vec<String>,
    /// What must not have been asked.
    wrong: Vec<String>,
    /// So many requests of a new address are answered as if nothing were there.
    slow: usize,
    /// How often each address was asked for.
    asked: BTreeMap<String, usize>,
    /// Versions of a page, whatever is asked for.
    page: usize,
    /// Whether the newest secrets are others than those of what is to be deployed.
    changed: bool,
    number: u64,
}

/// A running one. Clones are the same.
#[derive(Clone)]
pub(crate) struct Cloudflare {
    known: Arc<Mutex<Known>>,
    contract: Arc<Contract>,
    running: Arc<Mutex<BTreeMap<String, Arc<Running>>>>,
    pub(crate) place: CloudflarePlace,
}

impl Token {
    /// One of a person that may do all that workers need.
    pub(crate) fn whole(account: &'static str) -> Self {
        Self {
            account,
            status: "active",
            of_account: false,
            sees: true,
            edits: true,
            names: true,
            pages: true,
        }
    }
}

impl Cloudflare {
    /// Begins to listen.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cloudflare = Self {
            known: Arc::default(),
            contract: Arc::new(Contract::read("cloudflare.json")),
            running: Arc::default(),
            place: CloudflarePlace {
                api: Url::parse(&format!("http://127.0.0.1:{port}/client/v4")).unwrap(),
                workers: Url::parse(&format!("http://workers.localhost:{port}")).unwrap(),
                ready: Duration::from_secs(6),
            },
        };
        cloudflare.change(|known| {
            known.subdomain = Some("northwind");
            known.page = 100;
        });
        let router = Router::new().fallback(answered).with_state(cloudflare.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        cloudflare
    }

    fn change<T>(&self, change: impl FnOnce(&mut Known) -> T) -> T {
        change(&mut self.known.lock().unwrap())
    }

    /// Lets a token in.
    pub(crate) fn token(&self, token: &str, may: Token) {
        self.change(|known| known.tokens.insert(token.to_owned(), may));
    }

    /// Forgets a token.
    pub(crate) fn revoke(&self, token: &str) {
        self.change(|known| known.tokens.remove(token));
    }

    /// Has the next requests of a method go wrong whose path ends like this.
    pub(crate) fn fault(&self, method: &str, end: &str, fault: Fault, times: usize) {
        let one = (method.to_owned(), end.to_owned(), fault);
        self.change(|known| known.faults.extend(std::iter::repeat_n(one, times)));
    }

    /// Whether no fault is still to come.
    pub(crate) fn is_sound(&self) -> bool {
        self.change(|known| known.faults.is_empty())
    }

    /// Takes all faults back.
    pub(crate) fn mend(&self) {
        self.change(|known| {
            known.faults.clear();
            known.slow = 0;
            known.page = 100;
        });
    }

    /// Has every new address take so many requests until something answers.
    pub(crate) fn slow(&self, requests: usize) {
        self.change(|known| known.slow = requests);
    }

    /// Has lists of versions come in pages of so many.
    pub(crate) fn page(&self, of: usize) {
        self.change(|known| known.page = of);
    }

    /// Has the next deployment be one of other secrets than the newest.
    pub(crate) fn changed_secrets(&self) {
        self.change(|known| known.changed = true);
    }

    /// Gives the account a subdomain, or takes it.
    pub(crate) fn subdomain(&self, name: Option<&'static str>) {
        self.change(|known| known.subdomain = name);
    }

    /// Every request of the API so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.change(|known| known.requests.clone())
    }

    /// What was asked against the rules, of which there must be nothing.
    pub(crate) fn wrong(&self) -> Vec<String> {
        self.change(|known| known.wrong.clone())
    }

    /// Looks at the scripts.
    pub(crate) fn scripts<T>(&self, look: impl FnOnce(&mut BTreeMap<String, Script>) -> T) -> T {
        self.change(|known| look(&mut known.scripts))
    }

    /// Looks at Pages projects.
    pub(crate) fn pages<T>(&self, look: impl FnOnce(&mut BTreeMap<String, Value>) -> T) -> T {
        self.change(|known| look(&mut known.pages))
    }

    /// Names of scripts.
    pub(crate) fn names(&self) -> Vec<String> {
        self.scripts(|all| all.keys().cloned().collect())
    }

    /// The script of an environment of a project whose name begins like this.
    pub(crate) fn script(&self, slug: &str, environment: &str) -> (String, Script) {
        let beginning = format!("{slug}-{environment}-");
        self.scripts(|all| {
            let found = all.iter().find(|(name, _)| name.starts_with(&beginning));
            let (name, script) = found.unwrap_or_else(|| panic!("no {beginning} in {:?}", all.keys()));
            (name.clone(), script.clone())
        })
    }

    /// A script that somebody made, who knows how it has to be called.
    pub(crate) fn somebody(&self, name: &str, says: &str) {
        let version = Version {
            id: "00000000-0000-4000-8000-000000000000".to_owned(),
            tag: None,
            module: says.as_bytes().to_vec(),
            bindings: Vec::new(),
        };
        let script = Script {
            tags: vec!["flaresmith".to_owned()],
            deployments: vec![version.id.clone()],
            versions: vec![version],
            enabled: true,
            ..Script::default()
        };
        self.scripts(|all| all.insert(name.to_owned(), script));
    }

    fn fault_of(&self, method: &str, path: &str) -> Option<Fault> {
        self.change(|known| {
            let mut faults = known.faults.iter();
            let found = faults.position(|(of, end, _)| of == method && path.ends_with(end.as_str()))?;
            Some(known.faults.remove(found).2)
        })
    }

    fn who(&self, headers: &HeaderMap) -> Option<Token> {
        let told = headers.get("authorization")?.to_str().ok()?;
        self.change(|known| known.tokens.get(told.strip_prefix("Bearer ")?).cloned())
    }

    /// The version that a name of a host stands for.
    fn version_of(&self, host: &str) -> Option<Version> {
        self.change(|known| {
            let name = host.strip_suffix(&format!(".{}", known.subdomain?))?;
            let times = known.asked.entry(host.to_owned()).or_default();
            *times += 1;
            if *times <= known.slow {
                return None;
            }
            if let Some(script) = known.scripts.get(name) {
                let active = script.deployments.first().filter(|_| script.enabled)?;
                return script.versions.iter().find(|one| one.id == *active).cloned();
            }
            let (beginning, name) = name.split_once('-')?;
            let script = known.scripts.get(name).filter(|script| script.previews)?;
            script
                .versions
                .iter()
                .find(|one| one.id.starts_with(beginning))
                .cloned()
        })
    }

    /// A process that runs a version. A module that does not start has none.
    async fn run(&self, version: &Version) -> Option<Arc<Running>> {
        if let Some(running) = self.running.lock().unwrap().get(&version.id) {
            return Some(Arc::clone(running));
        }
        let running = Arc::new(Running::start(version).await?);
        let mut all = self.running.lock().unwrap();
        Some(Arc::clone(all.entry(version.id.clone()).or_insert(running)))
    }
}

/// An answer in its envelope.
fn told(status: u16, result: &Value, errors: &Value, more: Option<Value>) -> Response<Body> {
    let success = errors.as_array().is_some_and(Vec::is_empty);
    let mut body = json!({ "success": success, "errors": errors, "messages": [], "result": result });
    if let Some(more) = more {
        body["result_info"] = more;
    }
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .header("cf-ray", "8f2c1d7e-FRA")
        .body(Body::from(body.to_string()))
        .unwrap()
}

fn refusal(status: u16, code: i64, text: &str) -> Response<Body> {
    told(status, &Value::Null, &json!([{ "code": code, "message": text }]), None)
}

fn page_of(status: u16, text: &str) -> Response<Body> {
    Response::builder()
        .status(status)
        .header("content-type", "text/html")
        .body(Body::from(format!("<html><body>{text}</body></html>")))
        .unwrap()
}

async fn answered(State(cloudflare): State<Cloudflare>, request: Request<Body>) -> Response<Body> {
    let host = request.headers().get("host").and_then(|host| host.to_str().ok());
    let host = host.unwrap_or_default().split(':').next().unwrap_or_default();
    if let Some(host) = host.strip_suffix(".workers.localhost").map(str::to_owned) {
        let Some(version) = cloudflare.version_of(&host) else {
            return page_of(404, "There is nothing here yet");
        };
        return match cloudflare.run(&version).await {
            Some(running) => running.asked(request.uri().path()).await,
            None => page_of(500, "error code: 1101"),
        };
    }
    let (parts, body) = request.into_parts();
    let (method, path) = (parts.method.as_str().to_owned(), parts.uri.path().to_owned());
    cloudflare.change(|known| known.requests.push(format!("{method} {path}")));
    let body = to_bytes(body, 64 << 20).await.unwrap();
    let fault = cloudflare.fault_of(&method, &path);
    match fault {
        Some(Fault::Fails(status)) if status >= 500 => return page_of(status, "It broke."),
        Some(Fault::Fails(status)) => return refusal(status, 10_001_000, "It is wrong."),
        Some(Fault::Refused(code)) => return refusal(200, code, "It is not done."),
        Some(Fault::Limited(seconds)) => {
            let mut answer = refusal(429, 971, "Please wait and consider throttling your request speed");
            if seconds > 0 {
                answer.headers_mut().insert("retry-after", seconds.into());
            }
            return answer;
        }
        Some(Fault::Lost | Fault::Last(_)) | None => {}
    }
    let query: Vec<(String, String)> = {
        let url = Url::parse(&format!("http://localhost/?{}", parts.uri.query().unwrap_or_default())).unwrap();
        url.query_pairs().into_owned().collect()
    };
    let path = path.strip_prefix("/client/v4").unwrap();
    let asked = answers::Asked {
        method: &method,
        path,
        query: &query,
        headers: &parts.headers,
        body: &body,
    };
    let mut answer = answers::of(&cloudflare, asked).await;
    if let Some(Fault::Last(seconds)) = fault {
        let told = format!("\"default\";r=0;t={seconds}");
        answer.headers_mut().insert("ratelimit", told.parse().unwrap());
    }
    match fault {
        Some(Fault::Lost) => page_of(502, "Bad Gateway"),
        _ => answer,
    }
}
