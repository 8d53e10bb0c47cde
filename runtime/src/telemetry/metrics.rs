//! Metrics: the catalog, and its text for Prometheus.
//!
//! Owns: names, kinds and labels. Must not know: who reads them.
//!
//! Values of labels come from closed sets alone: ids of operations, codes, buckets, classes, words that stand here. Nothing that
//! a caller sends and no id of a person or a project becomes one, so what is kept stays small and tells nothing of anybody.

use std::time::Duration;

use flaresmith_api::operations::{Operation, RateClass};
use prometheus::{
    Encoder as _, Error, Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec,
    IntGaugeVec, Opts, Registry, TextEncoder,
};

use crate::pipeline::observe::Answered;
use crate::store::Connections;

/// Bounds for times of requests and statements, in seconds.
const SHORT: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Bounds for times of work that is allowed to take long, in seconds.
const LONG: [f64; 8] = [0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// The operation that applies specs.
const APPLY: &str = "applySpecs";

/// The operation that takes back a key that signs.
const INVALIDATE: &str = "invalidateSigningKey";

/// What operations do to secrets.
const SECRETS: [(&str, &str); 4] = [
    ("getSecretsOverview", "read"),
    ("putSecret", "update"),
    ("deleteSecret", "update"),
    ("rotateSecret", "rotate"),
];

/// Everything that is counted. One for each platform.
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    request_time: HistogramVec,
    errors: IntCounterVec,
    auth_failures: IntCounterVec,
    consumed: IntCounterVec,
    remaining: GaugeVec,
    limit_time: Histogram,
    statements: HistogramVec,
    connections: IntGaugeVec,
    audit: IntCounterVec,
    replays: IntCounterVec,
    secrets: IntCounterVec,
    applies: Histogram,
    rotations: IntCounter,
    invalidations: IntCounter,
}

impl Metrics {
    /// Metrics that have counted nothing, of a process that started at this moment, in seconds since 1970.
    ///
    /// # Errors
    /// Two have the same name.
    pub fn new(started: f64) -> Result<Self, Error> {
        let registry = Registry::new();
        let built = Opts::new("build_info", "The version that runs; the value is always 1.");
        let built = Gauge::with_opts(built.const_label("version", env!("CARGO_PKG_VERSION")))?;
        built.set(1.0);
        registry.register(Box::new(built))?;
        let start = Gauge::new("process_start_time_seconds", "When the process started, since 1970.")?;
        start.set(started);
        registry.register(Box::new(start))?;
        let rotations = IntCounter::new("key_rotation_total", "Keys that sign, replaced.")?;
        registry.register(Box::new(rotations.clone()))?;
        let invalidations = IntCounter::new(
            "emergency_key_invalidations_total",
            "Keys that sign, taken back at once.",
        )?;
        registry.register(Box::new(invalidations.clone()))?;

        let counter = |name: &str, help: &str, labels: &[&str]| {
            let made = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(made.clone()))?;
            Ok::<_, Error>(made)
        };
        let times = |name: &str, help: &str, labels: &[&str], bounds: &[f64]| {
            let made = HistogramVec::new(HistogramOpts::new(name, help).buckets(bounds.to_vec()), labels)?;
            registry.register(Box::new(made.clone()))?;
            Ok::<_, Error>(made)
        };
        let remaining = Opts::new("rate_limit_remaining", "Tokens that the last call left in its bucket.");
        let remaining = GaugeVec::new(remaining, &["scope"])?;
        registry.register(Box::new(remaining.clone()))?;
        let connections = Opts::new("store_connections", "Connections to the database.");
        let connections = IntGaugeVec::new(connections, &["state"])?;
        registry.register(Box::new(connections.clone()))?;
        let alone = |times: HistogramVec| times.get_metric_with_label_values(&[] as &[&str]);
        Ok(Self {
            requests: counter(
                "http_requests_total",
                "Requests that were answered.",
                &["operation", "status"],
            )?,
            request_time: times(
                "http_request_duration_seconds",
                "From head to head.",
                &["operation"],
                &SHORT,
            )?,
            errors: counter("errors_total", "Answers that were failures.", &["code", "severity"])?,
            auth_failures: counter("auth_failures_total", "Callers who were not let in.", &["code"])?,
            consumed: counter(
                "rate_limit_consumed_total",
                "Tokens taken.",
                &["scope", "endpointClass"],
            )?,
            remaining,
            limit_time: alone(times(
                "rate_limit_check_duration_seconds",
                "Time to take tokens.",
                &[],
                &SHORT,
            )?)?,
            statements: times(
                "store_statement_duration_seconds",
                "Time in the database.",
                &["outcome"],
                &SHORT,
            )?,
            connections,
            audit: counter(
                "audit_events_total",
                "What was to be kept in the audit log.",
                &["outcome"],
            )?,
            replays: counter(
                "idempotency_replays_total",
                "Answers that were given before.",
                &["operation"],
            )?,
            secrets: counter(
                "secret_access_total",
                "Operations on secrets that succeeded.",
                &["operation"],
            )?,
            applies: alone(times(
                "spec_apply_duration_seconds",
                "Time to apply specs.",
                &[],
                &LONG,
            )?)?,
            rotations,
            invalidations,
            registry,
        })
    }

    /// A request was answered.
    pub fn answered(&self, answered: &Answered<'_>) {
        let operation = answered.operation.map_or("none", |operation| operation.id);
        let status = match answered.status.as_u16() {
            ..200 => "1xx",
            200..300 => "2xx",
            300..400 => "3xx",
            400..500 => "4xx",
            _ => "5xx",
        };
        let seconds = answered.duration.as_secs_f64();
        self.requests.with_label_values(&[operation, status]).inc();
        self.request_time.with_label_values(&[operation]).observe(seconds);
        if let Some(failure) = answered.failure {
            let code = failure.code.as_str();
            let severity = failure.code.severity().as_str();
            self.errors.with_label_values(&[code, severity]).inc();
            if code.starts_with("AUTH_") {
                self.auth_failures.with_label_values(&[code]).inc();
            }
        }
        if answered.status.is_success() {
            if let Some((_, access)) = SECRETS.iter().find(|(id, _)| *id == operation) {
                self.secrets.with_label_values(&[*access]).inc();
            }
            if operation == INVALIDATE {
                self.invalidations.inc();
            }
            if operation == APPLY {
                self.applies.observe(seconds);
            }
        }
    }

    /// Tokens were asked for: what each bucket has left, and whether they were taken.
    pub fn limited(&self, class: &RateClass, left: &[(&'static str, f64)], taken: bool, time: Duration) {
        self.limit_time.observe(time.as_secs_f64());
        for (bucket, left) in left {
            self.remaining.with_label_values(&[*bucket]).set(left.max(0.0).floor());
            if taken {
                self.consumed
                    .with_label_values(&[*bucket, class.name])
                    .inc_by(class.tokens);
            }
        }
    }

    /// An answer was given again.
    pub fn replayed(&self, operation: &'static Operation) {
        self.replays.with_label_values(&[operation.id]).inc();
    }

    /// What a request did is in the audit log, or could not be put there.
    pub fn audited(&self, kept: bool) {
        self.audit
            .with_label_values(&[if kept { "kept" } else { "lost" }])
            .inc();
    }

    /// A key that signs was replaced.
    pub fn rotated(&self) {
        self.rotations.inc();
    }

    /// What is told about statements of a store.
    pub fn statements(&self) -> impl Fn(Duration, bool) + Send + Sync + use<> {
        let statements = self.statements.clone();
        move |time, failed| {
            let outcome = if failed { "failed" } else { "done" };
            statements.with_label_values(&[outcome]).observe(time.as_secs_f64());
        }
    }

    /// All of it as Prometheus reads it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn text(&self, connections: &Connections) -> Result<String, Error> {
        let busy = connections.all.saturating_sub(connections.idle);
        for (state, number) in [("idle", connections.idle), ("busy", busy)] {
            self.connections.with_label_values(&[state]).set(i64::from(number));
        }
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}
