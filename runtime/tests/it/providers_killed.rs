//! The server dying at every call of a provider, and what the next one makes of it.
//!
//! A relay stands between the server and each provider. It kills the server when a call of a kind comes that it has not seen before:
//! once before the provider hears of it, and, where the call changes something, once more when that is done and nobody was told.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{Request, Response, StatusCode, header};
use reqwest::Url;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::cloudflare::{Cloudflare, Token};
use crate::github::Github;
use crate::instance::folder;
use crate::killed::{command, send, sign_in};
use crate::neon::Neon;
use crate::postman::Postman;
use crate::program::started;
use crate::{cloudflare_projects, github_codespaces, integrations, neon_projects, postman_projects, scanned};

/// Kinds of calls that a creation makes at the least. Fewer would mean that something was not met.
const KINDS: usize = 30;

/// How many servers die of one project: a step that so many did not survive is not begun by an eleventh.
const DEATHS: usize = 8;

/// How long a server may take until it is killed or done.
const LONGEST: Duration = Duration::from_secs(120);

/// Who is killed, and at what.
#[derive(Default)]
struct Deaths {
    /// The server, while it lives.
    child: Option<u32>,
    /// Moments at which one has died.
    met: BTreeSet<String>,
    /// How many more may.
    left: usize,
}

/// Kills the server if nobody has died at a moment yet; whether it is dead now.
fn dies(deaths: &Mutex<Deaths>, moment: String) -> bool {
    let mut deaths = deaths.lock().unwrap();
    let is_due = deaths.left > 0 && !deaths.met.contains(&moment);
    let Some(child) = deaths.child.filter(|_| is_due) else {
        return false;
    };
    deaths.met.insert(moment);
    deaths.left -= 1;
    deaths.child = None;
    let killed = Command::new("kill").args(["-9", &child.to_string()]).status();
    assert!(killed.unwrap().success());
    true
}

/// What stands between the server and a provider.
#[derive(Clone)]
struct Relay {
    provider: &'static str,
    to: Url,
    http: reqwest::Client,
    deaths: Arc<Mutex<Deaths>>,
}

/// Begins to listen before a provider, and takes its address over.
async fn relay(provider: &'static str, address: &Url, deaths: &Arc<Mutex<Deaths>>) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut own = address.clone();
    own.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
    let relay = Relay {
        provider,
        to: address.clone(),
        http: reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap(),
        deaths: Arc::clone(deaths),
    };
    let router = Router::new().fallback(passed_on).with_state(relay);
    tokio::spawn(async move { axum::serve(listener, router).await });
    own
}

/// A path without ids and names of one's own: calls of one kind have the same.
fn kind(path: &str) -> String {
    let is_own =
        |part: &str| part.starts_with("shop") || part.len() > 2 && part.contains(|sign: char| sign.is_ascii_digit());
    let parts: Vec<&str> = path
        .split('/')
        .map(|part| if is_own(part) { "*" } else { part })
        .collect();
    parts.join("/")
}

async fn passed_on(State(relay): State<Relay>, request: Request<Body>) -> Response<Body> {
    let nobody_hears = || {
        let answer = Response::builder().status(StatusCode::BAD_GATEWAY);
        answer.body(Body::empty()).unwrap()
    };
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, 64 << 20).await.unwrap();
    let call = format!("{} {} {}", relay.provider, parts.method, kind(parts.uri.path()));
    if dies(&relay.deaths, format!("before {call}")) {
        return nobody_hears();
    }
    let mut url = relay.to.clone();
    url.set_path(parts.uri.path());
    url.set_query(parts.uri.query());
    for name in [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING] {
        parts.headers.remove(name);
    }
    let reads = parts.method.is_safe();
    let asked = relay.http.request(parts.method, url).headers(parts.headers).body(body);
    let answer = asked.send().await.unwrap();
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    headers.remove(header::TRANSFER_ENCODING);
    let body = answer.bytes().await.unwrap();
    if !reads && status.is_success() && dies(&relay.deaths, format!("after {call}")) {
        return nobody_hears();
    }
    let mut told = Response::new(Body::from(body));
    *told.status_mut() = status;
    *told.headers_mut() = headers;
    told
}

/// The four providers, and the addresses at which the server finds them.
struct Providers {
    github: Github,
    neon: Neon,
    cloudflare: Cloudflare,
    postman: Postman,
    deaths: Arc<Mutex<Deaths>>,
    addresses: Vec<(&'static str, String)>,
}

impl Providers {
    async fn start() -> Self {
        let (github, neon) = (Github::start().await, Neon::start().await);
        let (cloudflare, postman) = (Cloudflare::start().await, Postman::start().await);
        github.token(integrations::TOKEN, "northwind", Some(github_codespaces::SCOPES));
        neon.key(neon_projects::KEY, neon_projects::ORGANIZATION);
        cloudflare.token(cloudflare_projects::TOKEN, Token::whole(cloudflare_projects::ACCOUNT));
        postman.key(postman_projects::KEY, 1);
        for secret in [
            integrations::TOKEN,
            neon_projects::KEY,
            cloudflare_projects::TOKEN,
            postman_projects::KEY,
        ] {
            scanned::note_text(secret);
        }
        let deaths = Arc::default();
        let hub = relay("github", &github.place.api, &deaths).await;
        let mut web = hub.clone();
        web.set_path(github.place.web.path());
        let addresses = vec![
            ("FLARESMITH_GITHUB_API", hub),
            ("FLARESMITH_GITHUB_URL", web),
            ("FLARESMITH_NEON_API", relay("neon", &neon.api, &deaths).await),
            (
                "FLARESMITH_CLOUDFLARE_API",
                relay("cloudflare", &cloudflare.place.api, &deaths).await,
            ),
            ("FLARESMITH_CLOUDFLARE_WORKERS", cloudflare.place.workers.clone()),
            ("FLARESMITH_POSTMAN_API", relay("postman", &postman.api, &deaths).await),
        ];
        Self {
            github,
            neon,
            cloudflare,
            postman,
            deaths,
            addresses: addresses
                .into_iter()
                .map(|(name, url)| (name, url.to_string()))
                .collect(),
        }
    }

    /// Starts servers one after the other, each of which works until it is killed, until one of them ends what is asked for: whether
    /// any died. `ask`: asks for it, which may be cut short as well; `is_done`: whether it has ended.
    fn outlived(
        &self,
        (data, name): (&Path, &str),
        ask: impl Fn(&Project),
        is_done: impl Fn(&Project) -> Option<bool>,
    ) -> bool {
        let before = self.met();
        self.deaths.lock().unwrap().left = DEATHS;
        loop {
            let mut server = command(data, None);
            server.stdout(Stdio::from(scanned::another_log()));
            server.envs(self.addresses.iter().map(|(name, value)| (*name, value.as_str())));
            let mut server = started(&mut server, 1);
            let project = Project {
                token: sign_in(&server.address),
                address: server.address.clone(),
                name: name.to_owned(),
            };
            let began = Instant::now();
            self.deaths.lock().unwrap().child = Some(server.child.id());
            ask(&project);
            let done = loop {
                if server.child.try_wait().unwrap().is_some() {
                    break false;
                }
                if is_done(&project) == Some(true) {
                    break true;
                }
                assert!(began.elapsed() < LONGEST, "{:?}", project.run());
                // No more often than the limits allow.
                std::thread::sleep(Duration::from_millis(700));
            };
            self.deaths.lock().unwrap().child = None;
            if done {
                return self.met() > before;
            }
        }
    }

    /// Sees to it that servers have died at these moments, so that calls of another form are not left out unseen.
    fn died_at(&self, moments: &[&str]) {
        let met = &self.deaths.lock().unwrap().met;
        for moment in moments {
            assert!(met.contains(*moment), "{moment}: {met:?}");
        }
    }

    fn met(&self) -> usize {
        self.deaths.lock().unwrap().met.len()
    }
}

/// A project, as a server that may be gone by now tells of it.
struct Project {
    address: String,
    token: String,
    name: String,
}

impl Project {
    fn get(&self, path: &str) -> Option<Value> {
        let (status, told) = send(&self.address, "GET", path, Some(&self.token), None)?;
        (status == 200).then_some(told)
    }

    /// The project; nothing: nobody says whether it is there, nothing in it: it is not.
    fn shown(&self) -> Option<Option<Value>> {
        let page = self.get("/projects?limit=100")?;
        let items = page["items"].as_array()?;
        let found = items.iter().find(|one| one["name"] == self.name.as_str()).cloned();
        if let Some(project) = &found {
            assert_ne!(project["state"], "error", "{:?}", self.run());
        }
        Some(found)
    }

    /// Its run, which must not fail.
    fn run(&self) -> Option<Value> {
        let page = self.get("/projects?limit=100")?;
        let id = page["items"]
            .as_array()?
            .iter()
            .find(|one| one["name"] == self.name.as_str())?["id"]
            .clone();
        self.get(&format!("/projects/{}/provisioning", id.as_str()?))
    }

    fn begin(&self) {
        if self.shown() != Some(None) {
            return;
        }
        let slug = self.name.to_lowercase();
        let connections = [
            github_codespaces::connection(&slug),
            neon_projects::connection(neon_projects::KEY),
            cloudflare_projects::connection(cloudflare_projects::TOKEN),
            postman_projects::connection(postman_projects::KEY),
        ];
        let body = json!({ "name": self.name, "integrations": connections });
        if let Some((status, told)) = send(&self.address, "POST", "/projects", Some(&self.token), Some(&body)) {
            assert_eq!(status, 201, "{told}");
        }
    }

    fn is_there(&self) -> Option<bool> {
        Some(self.shown()??["state"] == "active")
    }

    fn end(&self) {
        let Some(Some(project)) = self.shown() else { return };
        if project["state"] == "active" {
            let path = format!(
                "/projects/{}?projectSlug={}",
                project["id"].as_str().unwrap(),
                project["slug"].as_str().unwrap()
            );
            send(&self.address, "DELETE", &path, Some(&self.token), None);
        }
    }

    fn is_gone(&self) -> Option<bool> {
        Some(self.shown()?.is_none())
    }
}

fn dies_at_every_call(providers: &Providers) {
    let data = folder();
    let mut names: Vec<String> = Vec::new();
    loop {
        let name = format!("Shop{}", (b'a' + u8::try_from(names.len()).unwrap()) as char);
        let died = providers.outlived((&data, &name), Project::begin, Project::is_there);
        neon_projects::is_whole(&providers.neon);
        cloudflare_projects::is_whole(&providers.cloudflare, &name.to_lowercase());
        postman_projects::is_whole(&providers.postman, &name);
        names.push(name);
        if !died {
            break;
        }
    }
    providers.died_at(&[
        "before github GET /api/v3/repos/northwind/*/codespaces",
        "before github POST /api/v3/repos/northwind/*/codespaces",
        "after github POST /api/v3/repos/northwind/*/codespaces",
        "before github GET /api/v3/user/codespaces/*",
    ]);
    let died = providers.met();
    assert!(died >= KINDS, "{died}: {:?}", providers.deaths.lock().unwrap().met);
    // Each is there once, and nothing else is.
    let slugs = names.iter().map(|name| format!("northwind/{}", name.to_lowercase()));
    assert_eq!(providers.github.repositories(), slugs.collect::<Vec<_>>());
    let codespaces = providers.github.codespaces();
    assert_eq!(codespaces.len(), names.len(), "{codespaces:?}");
    assert_eq!(providers.neon.projects(|all| all.len()), names.len());
    assert_eq!(providers.cloudflare.names().len(), 3 * names.len());
    assert_eq!(providers.postman.workspaces(|all| all.len()), names.len());
    assert_eq!(providers.postman.elements(|all| all.len()), 7 * names.len());

    // What was made is taken away again.
    for name in &names {
        providers.outlived((&data, name), Project::end, Project::is_gone);
    }
    providers.died_at(&[
        "before github DELETE /api/v3/user/codespaces/*",
        "after github DELETE /api/v3/user/codespaces/*",
    ]);
    assert!(
        providers.met() >= died + 8,
        "{:?}",
        providers.deaths.lock().unwrap().met
    );
    assert!(providers.github.repositories().is_empty());
    assert!(providers.github.codespaces().is_empty());
    assert_eq!(providers.neon.projects(|all| all.len()), 0);
    assert!(providers.cloudflare.names().is_empty());
    assert_eq!(providers.postman.workspaces(|all| all.len()), 0);
    assert_eq!(providers.postman.elements(|all| all.len()), 0);
    let wrong = [
        providers.neon.wrong(),
        providers.cloudflare.wrong(),
        providers.postman.wrong(),
    ]
    .concat();
    assert_eq!(wrong, Vec::<String>::new());
    println!("{} servers died over {} projects", providers.met(), names.len());
    std::fs::remove_dir_all(data).unwrap();
}

/// Shows 001/FR-021, 001/SC-004.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_at_any_call_of_a_provider_is_followed_by_one_that_ends_it_and_nothing_is_made_twice() {
    // As the server does when it starts.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let providers = Providers::start().await;
    tokio::task::block_in_place(|| dies_at_every_call(&providers));
}
