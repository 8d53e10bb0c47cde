//! A platform of its own for a test: a fresh store, a clock that can be moved, and requests to the real router.
//!
//! Owns: starting it and talking to it. Must not know: what a test is about.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use chrono::{TimeDelta, Utc};
use flaresmith_api::operations::Operation;
use flaresmith_api::validate::{Validate, check};
use flaresmith_runtime::clock::Clock;
use flaresmith_runtime::identity::first_owner;
use flaresmith_runtime::pipeline::observe::{ActFailed, Answered, NotKept, Observer};
use flaresmith_runtime::pipeline::rate_limit::{Asked, RateLimiter, Taken};
use flaresmith_runtime::settings::{Database, Databases, Hidden, Settings};
use flaresmith_runtime::telemetry::log::Level;
use flaresmith_runtime::{Platform, Replaced};
use flaresmith_store::entities::audit_events;
use futures_util::future::BoxFuture;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::scanned;

/// The first owner's password.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// The first owner's email.
pub(crate) const OWNER: &str = "owner@flaresmith.localhost";

/// A running platform.
pub(crate) struct Instance {
    pub(crate) platform: Platform,
    pub(crate) router: Router,
    seen: Arc<Mutex<Vec<String>>>,
    log: Arc<Mutex<Vec<String>>>,
    seconds: Arc<AtomicI64>,
    folder: PathBuf,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    pub(crate) raw: String,
}

/// No limits: a test sends as much as it likes.
struct Unlimited;

impl RateLimiter for Unlimited {
    fn take<'a>(&'a self, _: &'a Asked) -> BoxFuture<'a, Taken> {
        Box::pin(async { Taken::default() })
    }
}

/// Remembers what was answered instead of writing it.
struct Remembering(Arc<Mutex<Vec<String>>>);

impl Observer for Remembering {
    fn answered(&self, answered: &Answered<'_>) {
        let operation = answered.served.name();
        let code = answered.failure.map_or("", |failure| failure.code.as_str());
        let source = answered.failure.and_then(|failure| failure.source.as_ref());
        let source = source.map(|source| source.to_string()).unwrap_or_default();
        let line = format!(
            "{operation} {} {code} {source} {:?}",
            answered.status.as_u16(),
            answered.failure
        );
        self.0.lock().unwrap().push(line);
    }

    fn not_kept(&self, not_kept: &NotKept<'_>) {
        let source = not_kept.failure.log_source().map(ToString::to_string);
        let line = format!("{} not kept {}", not_kept.operation.id, source.unwrap_or_default());
        self.0.lock().unwrap().push(line);
    }

    fn act_failed(&self, failed: &ActFailed<'_>) {
        let line = format!(
            "{} failed {} {} again: {}",
            failed.act,
            failed.failure.code().as_str(),
            failed.failure.log_source().map(ToString::to_string).unwrap_or_default(),
            failed.again
        );
        self.0.lock().unwrap().push(line);
    }
}

/// A fresh folder.
pub(crate) fn folder() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("flaresmith-runtime-{}-{number}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn settings(folder: &Path, database: Database) -> Settings {
    // On SQLite a Postgres cluster would be made for every test with a project; tests that are about that say so.
    let databases = match database {
        Database::Sqlite(_) => Databases::None,
        Database::Postgres(_) => Databases::Auto,
    };
    Settings {
        database,
        databases,
        owner_password: Some(Hidden::new(PASSWORD)),
        max_body: 1 << 20,
        check_answers: true,
        // It takes the real npm; tests that are about it say so.
        first_deployment: false,
        log_level: Level::Debug,
        ..Settings::for_data(folder)
    }
}

impl Instance {
    /// A platform on SQLite.
    pub(crate) async fn sqlite() -> Self {
        let folder = folder();
        let database = Database::Sqlite(folder.join("store.sqlite"));
        Self::start(folder, database, true).await
    }

    /// A platform on a database of a real Postgres.
    pub(crate) async fn postgres() -> Self {
        Self::start(folder(), crate::postgres::database(), true).await
    }

    /// A platform on Postgres that has a single connection.
    pub(crate) async fn narrow() -> Self {
        let folder = folder();
        let settings = Settings {
            connections: 1,
            ..settings(&folder, crate::postgres::database())
        };
        Self::with(folder, settings, true).await
    }

    /// One with the limits of the contract.
    pub(crate) async fn limited() -> Self {
        let folder = folder();
        let database = Database::Sqlite(folder.join("store.sqlite"));
        Self::start(folder, database, false).await
    }

    /// One with the limits of the contract on a database of a real Postgres.
    pub(crate) async fn limited_on_postgres() -> Self {
        Self::start(folder(), crate::postgres::database(), false).await
    }

    /// Another process on the same data, with the limits of the contract.
    pub(crate) async fn again_limited(&self) -> Self {
        Self::start(self.folder.clone(), self.platform.settings.database.clone(), false).await
    }

    /// Another process on the same data.
    pub(crate) async fn again(&self) -> Self {
        Self::start(self.folder.clone(), self.platform.settings.database.clone(), true).await
    }

    /// The same with some settings of its own.
    pub(crate) async fn again_with(&self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = settings(&self.folder, self.platform.settings.database.clone());
        change(&mut settings);
        Self::with(self.folder.clone(), settings, true).await
    }

    async fn start(folder: PathBuf, database: Database, unlimited: bool) -> Self {
        let settings = settings(&folder, database);
        Self::with(folder, settings, unlimited).await
    }

    /// A platform on SQLite with some settings of its own.
    pub(crate) async fn set(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = folder();
        let mut settings = settings(&folder, Database::Sqlite(folder.join("store.sqlite")));
        change(&mut settings);
        Self::with(folder, settings, true).await
    }

    /// The same on a database of a real Postgres.
    pub(crate) async fn set_on_postgres(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = folder();
        let mut settings = settings(&folder, crate::postgres::database());
        change(&mut settings);
        Self::with(folder, settings, true).await
    }

    /// The same with the limits of the contract.
    pub(crate) async fn limited_with(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = folder();
        let mut settings = settings(&folder, Database::Sqlite(folder.join("store.sqlite")));
        change(&mut settings);
        Self::with(folder, settings, false).await
    }

    async fn with(folder: PathBuf, settings: Settings, unlimited: bool) -> Self {
        let seconds = Arc::new(AtomicI64::new(0));
        let ahead = Arc::clone(&seconds);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&log);
        let replaced = Replaced {
            clock: Some(Clock::new(move || {
                Utc::now() + TimeDelta::seconds(ahead.load(Ordering::Relaxed))
            })),
            buckets: None,
            limiter: unlimited.then_some(|_| Box::new(Unlimited)),
            observer: Some(Box::new(Remembering(Arc::clone(&seen)))),
            lines: Some(Arc::new(move |line| lines.lock().unwrap().push(line.to_owned()))),
        };
        let platform = Platform::start_with(settings, replaced).await.unwrap();
        first_owner::ensure(&platform).await.unwrap();
        Self {
            router: flaresmith_runtime::pipeline::router(platform.clone()),
            platform,
            seen,
            log,
            seconds,
            folder,
        }
    }

    /// Moves the clock.
    pub(crate) fn later(&self, time: TimeDelta) {
        self.seconds.fetch_add(time.num_seconds(), Ordering::Relaxed);
    }

    /// Every line that was logged.
    pub(crate) fn logged(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// Every line of the log.
    pub(crate) fn log(&self) -> Vec<Value> {
        let lines = self.log.lock().unwrap();
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Waits until something was counted so often, over all labels.
    pub(crate) async fn has_counted(&self, name: &str, least: u32) {
        for _ in 0..1200 {
            let text = self.platform.metrics.text(self.platform.store.connections()).unwrap();
            let lines = text.lines().filter(|line| line.starts_with(&format!("{name}{{")));
            let values = lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
            if values.sum::<f64>() >= f64::from(least) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("{name} stays below {least}");
    }

    /// What was kept of an operation, such as `projects.createProject`.
    pub(crate) async fn kept(&self, action: &str) -> Vec<audit_events::Model> {
        audit_events::Entity::find()
            .filter(audit_events::Column::Action.eq(action))
            .all(self.platform.store.read())
            .await
            .unwrap()
    }

    /// Sends a request with any headers.
    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            if let ("authorization", Some(token)) = (*name, value.strip_prefix("Bearer ")) {
                scanned::note_text(token);
            }
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                scanned::note(&body);
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.answer(request.body(body).unwrap()).await
    }

    /// Sends a request as it is.
    pub(crate) async fn answer(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 64 << 20).await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        scanned::note(&body);
        for cookie in parts.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap().split([';', '=']).nth(1);
            scanned::note_text(cookie.unwrap_or_default());
        }
        let operation = parts.extensions.get::<&'static Operation>();
        if let (Some(operation), Some(code)) = (operation, body.pointer("/error/code").and_then(Value::as_str)) {
            assert!(
                is_listed(operation, code),
                "{} does not list {code}: {body}",
                operation.id
            );
        }
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
            raw: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    /// Sends a request with a token.
    pub(crate) async fn call(&self, token: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
        let bearer = format!("Bearer {token}");
        self.send(method, path, &[("authorization", &bearer)], body).await
    }

    /// Signs in; the whole answer.
    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Answer {
        let body = json!({"email": email, "password": password});
        self.send("POST", "/auth/sign-in", &[], Some(body)).await
    }

    /// An organization of the first owner's, and the token of the owner.
    pub(crate) async fn organization(&self, name: &str) -> (String, String) {
        let token = self.owner().await;
        let made = self
            .call(&token, "POST", "/organizations", Some(json!({ "name": name })))
            .await
            .is(201);
        (made.text("/id"), token)
    }

    /// A token of a new person with a role in an organization.
    pub(crate) async fn member(&self, owner: &str, organization: &str, email: &str, role: &str) -> String {
        let path = format!("/organizations/{organization}/members");
        let body = json!({"email": email, "role": role});
        let added = self.call(owner, "POST", &path, Some(body)).await.is(201);
        let body = json!({"token": added.text("/invitation/token"), "name": role, "password": PASSWORD});
        let answer = self
            .send("POST", "/auth/invitations/accept", &[], Some(body))
            .await
            .is(200);
        answer.text("/accessToken")
    }

    /// A project of an organization.
    pub(crate) async fn project(&self, token: &str, organization: &str, name: &str) -> String {
        let body = json!({"name": name, "organizationId": organization});
        self.call(token, "POST", "/projects", Some(body))
            .await
            .is(201)
            .text("/id")
    }

    /// An access token of the first owner.
    pub(crate) async fn owner(&self) -> String {
        self.sign_in(OWNER, PASSWORD).await.text("/accessToken")
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // What went on is worth reading when the test failed.
        if std::thread::panicking() {
            println!("{:#?}", self.seen.lock().unwrap());
        }
        scanned::log(self.log.lock().unwrap().iter().cloned());
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Answer {
    /// The text at a place of the body.
    #[track_caller]
    pub(crate) fn text(&self, pointer: &str) -> String {
        let found = self.body.pointer(pointer).and_then(Value::as_str);
        found
            .unwrap_or_else(|| panic!("no text at {pointer}: {self:?}"))
            .to_owned()
    }

    /// Checks the status.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self
    }

    /// Checks that the body is what the contract says of this type.
    #[track_caller]
    pub(crate) fn fits<T: Validate>(self) -> Self {
        let violations = check(T::schema(), &self.body);
        assert!(violations.is_empty(), "{violations:?}: {self:?}");
        self
    }

    /// Checks that it is a failure with this status and code, in the envelope.
    #[track_caller]
    pub(crate) fn fails(self, status: u16, code: &str) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.text("/error/code"), code, "{self:?}");
        let timestamp = self.text("/error/timestamp");
        assert!(chrono::DateTime::parse_from_rfc3339(&timestamp).is_ok(), "{timestamp}");
        assert!(
            self.body.pointer("/error/causeChain").is_some_and(Value::is_array),
            "{self:?}"
        );
        let id = self.headers.get("x-request-id").unwrap().to_str().unwrap();
        assert_eq!(self.text("/error/requestId"), id);
        self
    }
}

/// Whether an operation may answer with a code: the contract lists it there, or it can come from any operation.
fn is_listed(operation: &Operation, code: &str) -> bool {
    let anywhere = ["AUTH_", "REQUEST_", "IDEMPOTENCY_", "RATE_LIMIT_", "SERVER_"];
    anywhere.iter().any(|family| code.starts_with(family)) || operation.errors.iter().any(|own| own.as_str() == code)
}

#[tokio::test]
async fn an_answer_with_a_code_that_its_operation_does_not_list_fails_a_test() {
    let instance = Instance::sqlite().await;
    let request = Request::get("/auth/me").body(Body::empty()).unwrap();
    let answer = instance.router.clone().oneshot(request).await.unwrap();
    let operation = answer.extensions().get::<&'static Operation>().unwrap();
    assert!(is_listed(operation, "AUTH_TOKEN_MISSING") && !is_listed(operation, "FILE_NOT_FOUND"));
}

/// Runs a test on both stores.
pub(crate) async fn on_both(test: impl AsyncFn(&Instance)) {
    test(&Instance::sqlite().await).await;
    test(&Instance::postgres().await).await;
}
