//! The platform: everything that operations work with.
//!
//! Owns: putting the parts together. Must not know: what any of them does, HTTP. What serves each domain is in
//! [`features`](crate::features).

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use flaresmith_api::operations::{RATE_BUCKETS, RateBucket};
use tokio::sync::{Notify, RwLock};

use crate::builds::Builds;
use crate::clock::Clock;
use crate::collections::Collections;
use crate::identity::remembered::Remembered;
use crate::identity::signing_keys::SigningKeys;
use crate::master_key;
use crate::node::tools::Tools;
use crate::pipeline::audit::{AuditLog, StoredAudit};
use crate::pipeline::observe::Observer;
use crate::pipeline::rate_limit::stored::Stored;
use crate::pipeline::rate_limit::{Buckets, RateLimiter};
use crate::pipeline::remembered::Answers;
use crate::problem::Problem;
use crate::providers::Providers;
use crate::providers::cloud::{Breakers, Client};
use crate::repositories::Repositories;
use crate::sealing::{MasterKeys, Sealer};
use crate::settings::{Database, Settings};
use crate::store::Store;
use crate::store::cursor::Cursors;
use crate::telemetry::log::{Level, Lines, Log};
use crate::telemetry::otlp::Exporter;
use crate::telemetry::span::{Tracer, Watch};
use crate::telemetry::{Metrics, statements};

/// Everything that operations work with. Clones are the same platform.
#[derive(Clone)]
pub struct Platform(Arc<Parts>);

/// The parts of a platform.
pub struct Parts {
    /// What the server was told.
    pub settings: Settings,
    /// Where rows are.
    pub store: Store,
    /// Encrypts what is secret at rest.
    pub sealer: Sealer,
    /// The git repositories of projects.
    pub repositories: Repositories,
    /// Makes builds of commits.
    pub builds: Builds,
    /// Programs that the server installs for itself.
    pub tools: Tools,
    /// Runs collections.
    pub collections: Collections,
    /// What makes the things outside of the store that a project needs.
    pub providers: Providers,
    /// Rung when there is a run to carry out.
    pub bell: Notify,
    /// Makes and reads cursors of lists.
    pub cursors: Cursors,
    /// The time of day.
    pub clock: Clock,
    /// What is remembered of callers.
    pub remembered: Remembered,
    /// Answers that were given before.
    pub answers: Answers,
    /// The keys that sign access tokens.
    pub keys: SigningKeys,
    /// Says whether a caller may call now.
    pub limiter: Limiter,
    /// Keeps what was done and by whom.
    pub audit: Box<dyn AuditLog>,
    /// Is told about every request that was answered.
    pub observer: Box<dyn Observer>,
    /// Counts what goes on.
    pub metrics: Metrics,
    /// Begins traces.
    pub tracer: Tracer,
    /// Sends traces and metrics to a collector, if there is one.
    pub exporter: Option<Arc<Exporter>>,
    /// Whether the server is about to stop.
    pub draining: AtomicBool,
    /// Held for reading by every request that changes something, until it is through.
    pub under_way: Arc<RwLock<()>>,
    /// When it started.
    pub started: Instant,
}

/// Says whether a caller may call now.
pub type Limiter = Box<dyn RateLimiter>;

/// Parts that are not the usual ones. What is absent is as usual.
#[derive(Default)]
pub struct Replaced {
    /// Another clock.
    pub clock: Option<Clock>,
    /// Other buckets than those of the contract, under the same names.
    pub buckets: Option<&'static [RateBucket]>,
    /// Makes other limits of the usual ones.
    pub limiter: Option<fn(Limiter) -> Limiter>,
    /// Another observer of requests, beside the log.
    pub observer: Option<Box<dyn Observer>>,
    /// Takes the lines of the log; without it they are lost.
    pub lines: Option<Lines>,
}

impl Platform {
    /// Opens the store and makes sure that there is a key that signs.
    ///
    /// # Errors
    /// What keeps the server from starting.
    pub async fn start(settings: Settings) -> Result<Self, Problem> {
        Self::start_with(settings, Replaced::default()).await
    }

    /// The same with some parts replaced.
    ///
    /// # Errors
    /// What keeps the server from starting.
    pub async fn start_with(settings: Settings, replaced: Replaced) -> Result<Self, Problem> {
        let clock = replaced.clock.unwrap_or_default();
        let sealer = Sealer::new(MasterKeys::load(std::env::vars_os(), &settings.master_keys)?);
        #[allow(clippy::cast_precision_loss, reason = "seconds of this age fit")]
        let metrics = Metrics::new(clock.now().timestamp() as f64)
            .map_err(|error| Problem::new("SERVER_STOPPED", format!("nothing can be counted: {error}")))?;
        let log = Log::new(settings.log_level, replaced.lines.unwrap_or_else(|| Arc::new(|_| ())));
        let exporter = settings.otlp.as_ref();
        let exporter = exporter
            .map(|otlp| Exporter::new(otlp, metrics.exports(), log.clone()))
            .transpose()?;
        let tracer = Tracer::new(
            settings.sample_rate,
            exporter.as_ref().map(Exporter::sink),
            log.writes(Level::Debug).then(|| parts(&log)),
        );
        let mut store = Store::open(&settings.database, settings.connections, &clock).await?;
        statements::tell(&mut store, &metrics);
        let keys = SigningKeys::new(store.clone(), sealer.clone(), clock.clone());
        let unusable = |failure| {
            Problem::of("SERVER_KEYS", "what is encrypted cannot be used", &failure)
                .hint("start with the master key that this database was made with, beside any newer one")
        };
        master_key::settle(&store, &sealer, &clock).await.map_err(unusable)?;
        if keys.rotate_due().await.map_err(unusable)? {
            metrics.rotated();
        }
        keys.signing().await.map_err(unusable)?;
        let repositories = Repositories::new(&settings.data, store.clone(), clock.clone());
        let tools = Tools::new(&settings.data);
        let cloud = Client::new(Breakers::new(store.clone(), clock.clone(), metrics.clone()))?;
        Ok(Self(Arc::new(Parts {
            providers: Providers::new(&settings, &store, &repositories, &sealer, cloud),
            bell: Notify::new(),
            builds: Builds::new(&settings.data, settings.limits.build),
            collections: Collections::new(
                &settings.data,
                settings.newman.clone(),
                tools.clone(),
                settings.limits.test,
            ),
            tools,
            repositories,
            cursors: Cursors::new(&sealer),
            remembered: Remembered::new(&store),
            answers: Answers::new(&store),
            audit: Box::new(StoredAudit::new(store.clone(), clock.clone())),
            limiter: {
                let usual = limiter(
                    &settings.database,
                    &store,
                    &clock,
                    replaced.buckets.unwrap_or(RATE_BUCKETS),
                );
                match replaced.limiter {
                    Some(other) => other(usual),
                    None => usual,
                }
            },
            observer: match replaced.observer {
                Some(other) => Box::new((log, other)),
                None => Box::new(log),
            },
            settings,
            metrics,
            tracer,
            exporter,
            store,
            sealer,
            clock,
            keys,
            draining: AtomicBool::new(false),
            under_way: Arc::default(),
            started: Instant::now(),
        })))
    }
}

/// Has the parts of requests written to the log.
fn parts(log: &Log) -> Watch {
    let log = log.clone();
    Arc::new(move |span, request| log.part(span, request))
}

/// Processes on one Postgres database share their buckets; a SQLite file has one process.
fn limiter(database: &Database, store: &Store, clock: &Clock, buckets: &'static [RateBucket]) -> Limiter {
    match database {
        Database::Sqlite(_) => Box::new(Buckets::new(clock.clone(), buckets)),
        Database::Postgres(_) => Box::new(Stored::new(store.clone(), clock.clone(), buckets)),
    }
}

impl Deref for Platform {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
