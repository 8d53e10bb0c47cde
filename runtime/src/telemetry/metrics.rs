//! Metrics: the catalog, and its text for Prometheus.
//!
//! Owns: names, kinds and labels. Must not know: who reads them.
//!
//! Values of labels come from closed sets alone: ids of operations, codes, buckets, classes, words that stand here. Nothing that
//! a caller sends and no id of a person or a project becomes one, so what is kept stays small and tells nothing of anybody.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use flaresmith_api::errors::ErrorCode;
use flaresmith_api::operations::{Operation, RATE_BUCKETS, RATE_CLASSES, RateBucket, RateClass};
use prometheus::proto::MetricFamily;
use prometheus::{
    Encoder as _, Error, Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec,
    IntGaugeVec, Opts, Registry, TextEncoder,
};

use crate::pipeline::observe::Answered;
use crate::store::Connections;

/// Bounds for times of requests and statements, in seconds.
const SHORT: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Bounds for times of work that is allowed to take long, in seconds.
const LONG: [f64; 10] = [0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 90.0, 300.0];

/// Bounds for numbers of attempts.
const ATTEMPTS: [f64; 5] = [1.0, 2.0, 3.0, 4.0, 5.0];

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

/// Everything that is counted. Clones count the same.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    request_time: HistogramVec,
    errors: IntCounterVec,
    auth_failures: IntCounterVec,
    buckets: Arc<[OfBucket]>,
    limit_time: Histogram,
    statements: HistogramVec,
    connections: IntGaugeVec,
    audit: IntCounterVec,
    replays: IntCounterVec,
    secrets: IntCounterVec,
    applies: Histogram,
    rotations: IntCounter,
    invalidations: IntCounter,
    provisionings: HistogramVec,
    deployments: HistogramVec,
    transitions: IntCounterVec,
    opened: IntCounterVec,
    half_opened: IntCounterVec,
    retries: HistogramVec,
    previews: Gauge,
    chats: HistogramVec,
    exports: Exports,
}

/// What is counted about the way to a collector.
#[derive(Clone)]
pub struct Exports {
    sent: IntCounterVec,
    failed: IntCounterVec,
    dropped: IntCounterVec,
}

/// What is counted about a bucket. Each is asked for by its labels once: calls take tokens more often than anything else is counted.
struct OfBucket {
    name: &'static str,
    remaining: GaugeVec,
    left: OnceLock<Gauge>,
    consumed: IntCounterVec,
    /// Tokens that were taken, by class.
    taken: Vec<(&'static str, OnceLock<IntCounter>)>,
}

impl OfBucket {
    fn all(remaining: &GaugeVec, consumed: &IntCounterVec) -> Arc<[Self]> {
        let of = |bucket: &RateBucket| Self {
            name: bucket.name,
            remaining: remaining.clone(),
            left: OnceLock::new(),
            consumed: consumed.clone(),
            taken: RATE_CLASSES.iter().map(|class| (class.name, OnceLock::new())).collect(),
        };
        RATE_BUCKETS.iter().map(of).collect()
    }

    fn left(&self) -> &Gauge {
        self.left.get_or_init(|| self.remaining.with_label_values(&[self.name]))
    }

    fn taken(&self, class: &str) -> Option<&IntCounter> {
        let (class, taken) = self.taken.iter().find(|(name, _)| *name == class)?;
        Some(taken.get_or_init(|| self.consumed.with_label_values(&[self.name, class])))
    }
}

impl Exports {
    /// A message was taken.
    pub fn sent(&self, signal: &'static str) {
        self.sent.with_label_values(&[signal]).inc();
    }

    /// An attempt was in vain.
    pub fn failed(&self, signal: &'static str) {
        self.failed.with_label_values(&[signal]).inc();
    }

    /// Messages, or spans that were in none yet, were given up.
    pub fn dropped(&self, signal: &'static str, number: usize) {
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        self.dropped.with_label_values(&[signal]).inc_by(number);
    }
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
        let previews = Gauge::new("preview_env_active_total", "Preview environments that are active.")?;
        registry.register(Box::new(previews.clone()))?;
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
            buckets: OfBucket::all(
                &remaining,
                &counter(
                    "rate_limit_consumed_total",
                    "Tokens taken.",
                    &["scope", "endpointClass"],
                )?,
            ),
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
            provisionings: times(
                "provision_duration_seconds",
                "Time to provision.",
                &["provider", "environmentKind"],
                &LONG,
            )?,
            deployments: times(
                "deployment_duration_seconds",
                "Time to deploy.",
                &["environmentKind"],
                &LONG,
            )?,
            transitions: counter(
                "environment_state_transitions_total",
                "Changes of environments' states.",
                &["from", "to"],
            )?,
            opened: counter("circuit_breaker_open_total", "Breakers that opened.", &["provider"])?,
            half_opened: counter(
                "circuit_breaker_half_open_total",
                "Breakers that tried a call.",
                &["provider"],
            )?,
            retries: times(
                "retry_attempts",
                "Attempts that a call took.",
                &["provider", "operation", "code"],
                &ATTEMPTS,
            )?,
            previews,
            chats: times("chat_latency_seconds", "Time until a chat answers.", &["phase"], &SHORT)?,
            exports: Exports {
                sent: counter("telemetry_sent_total", "Messages that a collector took.", &["signal"])?,
                failed: counter(
                    "telemetry_failures_total",
                    "Attempts to reach a collector that were in vain.",
                    &["signal"],
                )?,
                dropped: counter(
                    "telemetry_dropped_total",
                    "Messages and spans that no collector got.",
                    &["signal"],
                )?,
            },
            registry,
        })
    }

    /// A request was answered.
    pub fn answered(&self, answered: &Answered<'_>) {
        let operation = answered.served.name();
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
        if answered.status.is_success() && !answered.replayed {
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
    pub fn limited(&self, class: &RateClass, left: &[(&'static RateBucket, f64)], taken: bool, time: Duration) {
        self.limit_time.observe(time.as_secs_f64());
        for (bucket, left) in left {
            let Some(own) = self.buckets.iter().find(|own| own.name == bucket.name) else {
                continue;
            };
            own.left().set(left.max(0.0).floor());
            if taken && let Some(counted) = own.taken(class.name) {
                counted.inc_by(class.tokens);
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

    /// A provider made what an environment of this kind needs.
    pub fn provisioned(&self, provider: &'static str, environment: &'static str, time: Duration) {
        let times = self.provisionings.with_label_values(&[provider, environment]);
        times.observe(time.as_secs_f64());
    }

    /// An environment of this kind was deployed to.
    pub fn deployed(&self, environment: &'static str, time: Duration) {
        let times = self.deployments.with_label_values(&[environment]);
        times.observe(time.as_secs_f64());
    }

    /// An environment went from one state into another.
    pub fn transitioned(&self, from: &'static str, to: &'static str) {
        self.transitions.with_label_values(&[from, to]).inc();
    }

    /// The breaker of a provider opened.
    pub fn breaker_opened(&self, provider: &'static str) {
        self.opened.with_label_values(&[provider]).inc();
    }

    /// The breaker of a provider let a call through, to see whether it can close.
    pub fn breaker_half_opened(&self, provider: &'static str) {
        self.half_opened.with_label_values(&[provider]).inc();
    }

    /// A call of a provider took so many attempts, and ended with a code if it failed.
    pub fn attempted(&self, provider: &'static str, operation: &'static str, code: Option<ErrorCode>, attempts: u32) {
        let code = code.map_or("", ErrorCode::as_str);
        let times = self.retries.with_label_values(&[provider, operation, code]);
        times.observe(f64::from(attempts));
    }

    /// So many preview environments are active.
    pub fn previews(&self, active: u32) {
        self.previews.set(f64::from(active));
    }

    /// A chat was set up (`setup`), or gave its first token (`firstToken`).
    pub fn chatted(&self, phase: &'static str, time: Duration) {
        self.chats.with_label_values(&[phase]).observe(time.as_secs_f64());
    }

    /// What is told about the way to a collector.
    #[must_use]
    pub fn exports(&self) -> Exports {
        self.exports.clone()
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
    pub fn text(&self, connections: Connections) -> Result<String, Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.gather(connections), &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// All of it as it is now.
    #[must_use]
    pub fn gather(&self, connections: Connections) -> Vec<MetricFamily> {
        let busy = connections.all.saturating_sub(connections.idle);
        for (state, number) in [("idle", connections.idle), ("busy", busy)] {
            self.connections.with_label_values(&[state]).set(i64::from(number));
        }
        self.registry.gather()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows what the feature spec lists: its table of metrics, with the labels that it names.
    #[test]
    fn every_metric_of_the_catalog_is_counted_with_its_labels() {
        let metrics = Metrics::new(0.0).unwrap();
        let second = Duration::from_secs(1);
        metrics.provisioned("github", "dev", second);
        metrics.deployed("dev", second);
        metrics.transitioned("pending", "active");
        metrics.breaker_opened("github");
        metrics.breaker_half_opened("github");
        metrics.attempted("github", "createRepository", None, 2);
        metrics.previews(3);
        metrics.chatted("setup", second);
        let user = RATE_BUCKETS.iter().find(|bucket| bucket.name == "user").unwrap();
        metrics.limited(&RATE_CLASSES[0], &[(user, 1.0)], true, second);
        metrics.errors.with_label_values(&["SERVER_INTERNAL", "critical"]).inc();
        metrics.secrets.with_label_values(&["read"]).inc();
        let text = metrics.text(Connections { all: 1, idle: 1 }).unwrap();
        let spec = include_str!("../../../specs/001-platform-bootstrap/spec.md");
        let table = spec.split("| Metric | Kind | Labels |").nth(1).unwrap();
        let mut seen = 0;
        for row in table.lines().skip(2).take_while(|line| line.starts_with('|')) {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let name = cells[1].trim_matches('`');
            let kind = format!("# TYPE {name} {}", cells[2]);
            assert!(text.contains(&kind), "{kind}");
            let own: String = text.lines().filter(|line| line.starts_with(name)).collect();
            let labels = cells[3].split(" (").next().unwrap().split(';').next().unwrap();
            let words = labels.split(',').map(str::trim);
            for label in words.filter(|word| !word.is_empty() && !word.contains(' ')) {
                assert!(own.contains(&format!("{label}=\"")), "{name} has no {label}: {own}");
            }
            seen += 1;
        }
        assert!(seen >= 15, "{seen}");
    }
}
