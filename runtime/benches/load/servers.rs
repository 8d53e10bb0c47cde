//! The servers that are measured: how each is started, and a read and a write of it.
//!
//! Owns: that the handler that does nothing answers a read with the same JSON as the server. Must not know: what makes the load.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::Instant;

use axum::Router;
use axum::routing::get;
use flaresmith_api::operations::{OPERATIONS, RATE_BUCKETS, RateBucket};
use flaresmith_runtime::identity::first_owner;
use flaresmith_runtime::pipeline::rate_limit::{Asked, Subject};
use flaresmith_runtime::platform::{Platform, Replaced};
use flaresmith_runtime::settings::{Database, Hidden, Settings};
use flaresmith_runtime::telemetry::writer::Writer;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::load::Request;

#[path = "../../tests/it/postgres.rs"]
mod postgres;

/// What the servers are asked for that have no store.
const ORGANIZATION: &str = "/organizations/8d1f6b2c-4e3a-4c97-b0a5-6f9e1d2c3b40";

const PASSWORD: &str = "correct horse battery staple";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate is in the workspace")
}

async fn served(router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("there is a port");
    let address = listener.local_addr().expect("it has an address");
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

/// A handler that does nothing but answer.
pub(crate) struct Bare {
    address: SocketAddr,
    path: String,
}

impl Bare {
    /// One that answers at a path with this.
    pub(crate) async fn start(path: &str, answer: Value) -> Self {
        let router = Router::new().route(
            path,
            get(move || {
                let answer = answer.clone();
                async move { ([("content-type", "application/json")], answer.to_string()) }
            }),
        );
        Self {
            address: served(router).await,
            path: path.to_owned(),
        }
    }

    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn read(&self) -> Request {
        Request {
            method: "GET",
            path: self.path.clone(),
            token: None,
            body: None,
        }
    }
}

/// The generated Hono app on Node, with handlers that answer with the examples of the contract.
pub(crate) struct Hono {
    child: Child,
    address: String,
}

impl Hono {
    pub(crate) fn start() -> Self {
        let mut child = Command::new("node")
            .arg(root().join("tests/toolchain/node-server.mjs"))
            .arg(root().join("generated/ts/src/hono/examples/worker.ts"))
            .args(["--serve", "0"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Node 20 is there");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("it prints"))
            .read_line(&mut line)
            .expect("it prints a line");
        let said: Value = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("`npm ci --prefix tests/toolchain` installs what is missing: {line}"));
        let url = said["url"].as_str().expect("it tells its address");
        let address = url.trim_start_matches("http://").to_owned();
        Self { child, address }
    }

    pub(crate) fn address(&self) -> String {
        self.address.clone()
    }

    pub(crate) fn read(&self) -> Request {
        Request {
            method: "GET",
            path: ORGANIZATION.to_owned(),
            token: Some("a".to_owned()),
            body: None,
        }
    }
}

impl Drop for Hono {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    Sqlite,
    Postgres,
}

impl Store {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "Postgres",
        }
    }

    /// The argument that asks for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// The buckets of the contract, a million times as large: those would be empty in a second. Tokens are taken as ever.
static BUCKETS: LazyLock<Vec<RateBucket>> = LazyLock::new(|| {
    let larger = |bucket: &RateBucket| RateBucket {
        capacity: bucket.capacity * 1_000_000,
        refill_per_minute: bucket.refill_per_minute * 1_000_000,
        ..*bucket
    };
    RATE_BUCKETS.iter().map(larger).collect()
});

/// The server itself.
pub(crate) struct Server {
    platform: Platform,
    address: SocketAddr,
    token: String,
    router: Router,
    organization: String,
    project: String,
    folder: PathBuf,
}

impl Server {
    pub(crate) async fn start(store: Store) -> Self {
        let folder = std::env::temp_dir().join(format!("flaresmith-load-{}-{}", std::process::id(), store.name()));
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        let database = match store {
            Store::Sqlite => Database::Sqlite(folder.join("store.sqlite")),
            Store::Postgres => postgres::database(),
        };
        let settings = Settings {
            database,
            owner_password: Some(Hidden::new(PASSWORD)),
            ..Settings::for_data(&folder)
        };
        // The log is written as ever, to nowhere.
        let writer = Writer::to(std::fs::File::create("/dev/null").expect("there is such a file"));
        let replaced = Replaced {
            buckets: Some(&BUCKETS),
            lines: Some(writer.lines()),
            ..Replaced::default()
        };
        let platform = Platform::start_with(settings, replaced).await.expect("it starts");
        first_owner::ensure(&platform).await.expect("it has an owner");
        let router = flaresmith_runtime::pipeline::router(platform.clone());
        let address = served(router.clone()).await;
        let body = json!({ "email": "owner@flaresmith.localhost", "password": PASSWORD });
        let signed_in = asked(&router, "POST", "/auth/sign-in", None, Some(&body)).await;
        let token = signed_in["accessToken"].as_str().expect("a token").to_owned();
        let body = json!({ "name": "Northwind" });
        let made = asked(&router, "POST", "/organizations", Some(&token), Some(&body)).await;
        let organization = made["id"].as_str().expect("an id").to_owned();
        let body = json!({ "organizationId": organization, "name": "Storefront" });
        let made = asked(&router, "POST", "/projects", Some(&token), Some(&body)).await;
        let project = made["id"].as_str().expect("an id").to_owned();
        Self {
            platform,
            router,
            project,
            address,
            token,
            organization,
            folder,
        }
    }

    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Reads, each with a name: an organization, the list of projects, and one of them with all that belongs to it.
    pub(crate) fn reads(&self) -> Vec<(&'static str, Request)> {
        let read = |path: String| Request {
            method: "GET",
            path,
            token: Some(self.token.clone()),
            body: None,
        };
        vec![
            ("read", read(format!("/organizations/{}", self.organization))),
            ("list of projects", read("/projects".to_owned())),
            ("project", read(format!("/projects/{}", self.project))),
        ]
    }

    /// What a read is answered with.
    pub(crate) async fn answer(&self, read: &Request) -> Value {
        asked(&self.router, read.method, &read.path, read.token.as_deref(), None).await
    }

    /// Changes one's own account: a row and its record in the audit log.
    pub(crate) fn write(&self) -> Request {
        Request {
            method: "PATCH",
            path: "/auth/me".to_owned(),
            token: Some(self.token.clone()),
            body: Some("{\"name\":\"Ada\"}"),
        }
    }

    /// How long the limiter takes, in milliseconds: the median, and what 95 of 100 calls stay below.
    pub(crate) async fn limiter(&self, calls: usize) -> (f64, f64) {
        let operation = OPERATIONS.iter().find(|operation| operation.id == "getProject");
        let asked = Asked {
            class: operation.and_then(|operation| operation.rate_class),
            caller: Some(Subject::User(uuid::Uuid::nil())),
            project: Some(uuid::Uuid::nil()),
            network: None,
        };
        let mut taken = Vec::with_capacity(calls);
        for _ in 0..calls {
            let start = Instant::now();
            drop(self.platform.limiter.take(&asked).await);
            taken.push(start.elapsed().as_secs_f64() * 1000.0);
        }
        taken.sort_by(f64::total_cmp);
        let at = |share: usize| taken.get(calls * share / 100).copied().unwrap_or(f64::NAN);
        (at(50), at(95))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

async fn asked(router: &Router, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Value {
    let mut request = axum::http::Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let body = body.map_or_else(String::new, Value::to_string);
    let request = request.body(axum::body::Body::from(body)).expect("it is a request");
    let response = router.clone().oneshot(request).await.expect("it is answered");
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20)
        .await
        .expect("it has a body");
    assert!(status.is_success(), "{path}: {}", String::from_utf8_lossy(&bytes));
    serde_json::from_slice(&bytes).expect("it is JSON")
}
