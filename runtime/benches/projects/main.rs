//! A hundred projects made side by side on the local providers: how long until all are there, and what the time goes to.
//!
//! Owns: making them and telling the time of each step. Must not know: how a step works. First deployments are left out: what they
//! take is npm's and the build's own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement that cannot go on has failed"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use axum::Router;
use flaresmith_runtime::identity::first_owner;
use flaresmith_runtime::pipeline::rate_limit::{Asked, RateLimiter, Taken};
use flaresmith_runtime::platform::{Platform, Replaced};
use flaresmith_runtime::provisioning::Runner;
use flaresmith_runtime::settings::{Database, Hidden, Settings};
use flaresmith_store::entities::{provisioning_runs, run_steps};
use flaresmith_store::enums::RunState;
use futures_util::future::{BoxFuture, join_all};
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};
use serde_json::{Value, json};
use tower::ServiceExt as _;

#[path = "../../tests/it/postgres.rs"]
mod postgres;

/// How many projects.
const PROJECTS: usize = 100;

const PASSWORD: &str = "correct horse battery staple";

/// One person makes no hundred projects a minute.
struct Unlimited;

impl RateLimiter for Unlimited {
    fn take<'a>(&'a self, _: &'a Asked) -> BoxFuture<'a, Taken> {
        Box::pin(async { Taken::default() })
    }
}

fn main() {
    // `cargo test --benches` looks whether it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be made");
    runtime.block_on(async {
        println!("| store | projects | s | projects/s | processor s of the server |");
        println!("|---|--:|--:|--:|--:|");
        let mut tables = Vec::new();
        for name in ["SQLite", "Postgres"] {
            tables.push((name, measured(name).await));
        }
        for (name, steps) in tables {
            println!("\n| step on {name} | times | mean ms | all s |");
            println!("|---|--:|--:|--:|");
            for (step, took) in steps {
                let all: f64 = took.iter().map(Duration::as_secs_f64).sum();
                let count = took.len();
                println!(
                    "| {step} | {count} | {:.1} | {all:.1} |",
                    all * 1000.0 / f64::from(u32::try_from(count).unwrap())
                );
            }
        }
    });
}

/// Makes the projects on a store and prints what that took; the times of each step.
async fn measured(name: &str) -> BTreeMap<String, Vec<Duration>> {
    let folder = std::env::temp_dir().join(format!("flaresmith-projects-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let database = match name {
        "SQLite" => Database::Sqlite(folder.join("store.sqlite")),
        _ => postgres::database(),
    };
    let (platform, router) = started(&folder, database).await;
    let body = json!({ "email": "owner@flaresmith.localhost", "password": PASSWORD });
    let signed_in = asked(&router, "/auth/sign-in", None, &body).await;
    let token = signed_in["accessToken"].as_str().expect("a token").to_owned();
    let runner = Runner::start(platform.clone()).expect("it starts");
    let (begun, processor) = (Instant::now(), processor_time());
    join_all((0..PROJECTS).map(|number| {
        let (router, token) = (router.clone(), token.clone());
        async move {
            asked(
                &router,
                "/projects",
                Some(&token),
                &json!({ "name": format!("p{number}") }),
            )
            .await
        }
    }))
    .await;
    loop {
        let done = provisioning_runs::Entity::find()
            .filter(provisioning_runs::Column::State.eq(RunState::Succeeded))
            .count(platform.store.read())
            .await
            .expect("it can be read");
        if done == PROJECTS as u64 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let took = begun.elapsed().as_secs_f64();
    let processor = processor_time() - processor;
    #[allow(clippy::cast_precision_loss, reason = "there are not that many")]
    let rate = PROJECTS as f64 / took;
    println!("| {name} | {PROJECTS} | {took:.1} | {rate:.1} | {processor:.1} |");
    let rows = run_steps::Entity::find()
        .all(platform.store.read())
        .await
        .expect("it can be read");
    let mut steps: BTreeMap<String, Vec<Duration>> = BTreeMap::new();
    for row in rows {
        let (Some(began), Some(ended)) = (row.started_at, row.finished_at) else {
            continue;
        };
        let environment = row.environment.map(|name| format!("-{name}")).unwrap_or_default();
        let step = row.name.trim_end_matches(environment.as_str()).to_owned();
        steps
            .entry(step)
            .or_default()
            .push((ended - began).to_std().unwrap_or_default());
    }
    runner.stop().await;
    let _ = std::fs::remove_dir_all(folder);
    steps
}

async fn started(folder: &Path, database: Database) -> (Platform, Router) {
    let settings = Settings {
        database,
        owner_password: Some(Hidden::new(PASSWORD)),
        first_deployment: false,
        ..Settings::for_data(folder)
    };
    let replaced = Replaced {
        limiter: Some(|_| Box::new(Unlimited)),
        ..Replaced::default()
    };
    let platform = Platform::start_with(settings, replaced).await.expect("it starts");
    first_owner::ensure(&platform).await.expect("it has an owner");
    let router = flaresmith_runtime::pipeline::router(platform.clone());
    (platform, router)
}

/// Seconds that this process has had a processor for, where the system tells.
fn processor_time() -> f64 {
    let told = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = told.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

async fn asked(router: &Router, path: &str, token: Option<&str>, body: &Value) -> Value {
    let mut request = axum::http::Request::builder()
        .method("POST")
        .uri(path)
        .header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request
        .body(axum::body::Body::from(body.to_string()))
        .expect("it is a request");
    let response = router.clone().oneshot(request).await.expect("it is answered");
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20)
        .await
        .expect("it has a body");
    assert!(status.is_success(), "{path}: {}", String::from_utf8_lossy(&bytes));
    serde_json::from_slice(&bytes).expect("it is JSON")
}
