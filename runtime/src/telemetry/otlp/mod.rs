//! OTLP: traces and metrics sent to a collector, over HTTP as protobuf.
//!
//! Owns: batches, when they are sent, trying again, and what waits while the collector is away. Must not know: what spans and
//! metrics are about.
//!
//! Every few seconds what has come together becomes messages in a [`ring`]; then the ring is sent, the oldest first. A message
//! that the collector cannot take now stays and is tried again as calls of integrations are: five times, after waits at random up
//! to 100, 200, 400, 800 and 1600 milliseconds; then with the next batch.

pub mod encode;
pub mod ring;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use prometheus::proto::MetricFamily;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, StatusCode, redirect};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use super::log::Log;
use super::metrics::Exports;
use super::span::{Sink, Span};
use crate::backoff;
use crate::problem::Problem;
use crate::settings::Otlp;
use encode::Who;
use ring::{Message, Ring, Signal};

/// Time after which everything is sent at the latest.
const EVERY: Duration = Duration::from_secs(5);

/// Most spans in one message.
const BATCH: usize = 512;

/// Most spans that wait to become messages.
const PENDING: usize = 8192;

/// Room for what waits to be sent, in bytes.
const ROOM: usize = 4 << 20;

/// Longest time for one attempt.
const ATTEMPT: Duration = Duration::from_secs(5);

/// Longest time that a collector may ask to be left alone for.
const ALONE: Duration = Duration::from_secs(60);

/// Longest time to send the rest in when the server stops.
const LAST: Duration = Duration::from_secs(2);

/// Sends spans and metrics to a collector.
pub struct Exporter {
    address: String,
    client: Client,
    who: Who,
    counts: Exports,
    pending: Mutex<VecDeque<Span>>,
    at_once: Notify,
    log: Log,
    collector: Mutex<Collector>,
}

/// What the collector does with what it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collector {
    /// It takes it.
    Takes,
    /// It takes none of it, with this status.
    Refuses(u16),
    /// It is not there, or cannot take it now.
    IsAway,
}

/// What came of an attempt.
enum Tried {
    /// It was taken.
    Taken,
    /// It will never be taken, for what this status says.
    Refused(StatusCode),
    /// It may be taken later, after this time if the collector says one.
    Later(Option<Duration>),
}

impl Exporter {
    /// One that sends nothing yet.
    ///
    /// # Errors
    /// The network cannot be used.
    pub fn new(settings: &Otlp, counts: Exports, log: Log) -> Result<Arc<Self>, Problem> {
        // Another part of the process may have chosen already; then that holds.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let headers: HeaderMap = settings
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let client = Client::builder()
            .timeout(ATTEMPT)
            .default_headers(headers)
            // What the headers hold goes to this collector, and to no other.
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|error| Problem::new("SERVER_TELEMETRY", format!("the network cannot be used: {error}")))?;
        Ok(Arc::new(Self {
            address: settings.endpoint.clone(),
            client,
            who: Who {
                instance: Uuid::new_v4().to_string(),
                since: SystemTime::now(),
            },
            counts,
            pending: Mutex::default(),
            at_once: Notify::new(),
            log,
            collector: Mutex::new(Collector::Takes),
        }))
    }

    /// Where spans of traces that are kept go.
    #[must_use]
    pub fn sink(self: &Arc<Self>) -> Sink {
        let exporter = Arc::clone(self);
        Arc::new(move |spans, critical| exporter.take(spans, critical))
    }

    fn take(&self, spans: Vec<Span>, critical: bool) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.extend(spans);
        let more = pending.len().saturating_sub(PENDING);
        pending.drain(..more);
        let full = pending.len() >= BATCH;
        drop(pending);
        self.counts.dropped(Signal::Traces.name(), more);
        if critical || full {
            self.at_once.notify_one();
        }
    }

    /// Sends what comes together until `stop` is over, and then what is left, in the time for it.
    pub async fn run(&self, gather: impl Fn() -> Vec<MetricFamily>, stop: impl Future<Output = ()>) {
        let mut ring = Ring::new(ROOM);
        let mut stop = std::pin::pin!(stop);
        let mut metrics_at = Instant::now() + EVERY;
        let mut alone_until = Instant::now();
        loop {
            let stopped = tokio::select! {
                () = &mut stop => true,
                () = self.at_once.notified() => false,
                () = tokio::time::sleep_until(metrics_at) => false,
            };
            if stopped {
                break;
            }
            self.collect(&mut ring);
            if Instant::now() >= metrics_at {
                self.count(&mut ring, &gather());
                metrics_at = Instant::now() + EVERY;
            }
            if Instant::now() < alone_until {
                continue;
            }
            tokio::select! {
                () = &mut stop => break,
                asked = self.send(&mut ring) => alone_until = Instant::now() + asked,
            }
        }
        self.collect(&mut ring);
        self.count(&mut ring, &gather());
        let _ = timeout(LAST, self.send(&mut ring)).await;
    }

    /// Makes a message of what has been counted.
    fn count(&self, ring: &mut Ring, families: &[MetricFamily]) {
        let bytes = encode::metrics(&self.who, families, SystemTime::now());
        self.wait(ring, Signal::Metrics, bytes);
    }

    /// Makes messages of the spans that have come together.
    fn collect(&self, ring: &mut Ring) {
        let spans: Vec<Span> = {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            pending.drain(..).collect()
        };
        for batch in spans.chunks(BATCH) {
            self.wait(ring, Signal::Traces, encode::spans(&self.who, batch));
        }
    }

    fn wait(&self, ring: &mut Ring, signal: Signal, bytes: Vec<u8>) {
        for gone in ring.push(Message { signal, bytes }) {
            self.counts.dropped(gone.signal.name(), 1);
        }
    }

    /// Sends what waits. How long the collector wants to be left alone.
    async fn send(&self, ring: &mut Ring) -> Duration {
        while let Some(message) = ring.first() {
            match self.tried_again(message).await {
                Tried::Taken => {
                    self.counts.sent(message.signal.name());
                    self.tell(Collector::Takes);
                }
                Tried::Refused(status) => {
                    self.counts.dropped(message.signal.name(), 1);
                    self.tell(Collector::Refuses(status.as_u16()));
                }
                Tried::Later(asked) => {
                    self.tell(Collector::IsAway);
                    return asked.unwrap_or_default().min(ALONE);
                }
            }
            ring.pop();
        }
        Duration::ZERO
    }

    /// Tells the log when the collector does something else than before.
    fn tell(&self, now: Collector) {
        let mut before = self.collector.lock().unwrap_or_else(PoisonError::into_inner);
        if *before != now {
            *before = now;
            self.log.collector(now);
        }
    }

    async fn tried_again(&self, message: &Message) -> Tried {
        let mut tried = self.tried(message).await;
        for wait in backoff::waits() {
            // Who says how long is not asked again before.
            let Tried::Later(None) = tried else { break };
            sleep(wait).await;
            tried = self.tried(message).await;
        }
        tried
    }

    async fn tried(&self, message: &Message) -> Tried {
        let tried = self.attempt(message).await;
        if !matches!(tried, Tried::Taken) {
            self.counts.failed(message.signal.name());
        }
        tried
    }

    async fn attempt(&self, message: &Message) -> Tried {
        let request = self
            .client
            .post(format!("{}{}", self.address, message.signal.path()))
            .header(CONTENT_TYPE, "application/x-protobuf")
            .body(message.bytes.clone());
        let Ok(answer) = request.send().await else {
            return Tried::Later(None);
        };
        match answer.status() {
            status if status.is_success() => Tried::Taken,
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => {
                let asked = answer.headers().get(RETRY_AFTER);
                let seconds = asked.and_then(|asked| asked.to_str().ok()?.parse().ok());
                Tried::Later(seconds.map(Duration::from_secs))
            }
            status => Tried::Refused(status),
        }
    }
}
