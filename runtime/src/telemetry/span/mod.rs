//! Spans: what a request or a job did, and how long each part of it took.
//!
//! Owns: traces, which of them are kept, and their roots; [`place`] has the parts below. Must not know: where spans go, what is worth
//! a span.
//!
//! A trace is decided on when its root ends, since only then is known whether it failed or took long. Until then its spans wait
//! beside it. What ends later shares its fate.

mod place;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use axum::http::HeaderValue;
use uuid::Uuid;

use super::context::{Parent, SpanBytes, TraceBytes};
pub use place::{
    Part, Place, believed, carried, carried_over, done, here, is_seen, note, outgoing, phase, timed, within,
};

/// Time after which a trace is kept whatever else holds.
pub const LONG: Duration = Duration::from_secs(2);

/// Most spans of one trace; further ones are left out.
const MOST: usize = 256;

/// How a span stands to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something inside of this server.
    Internal,
    /// A request that was answered.
    Server,
    /// A call of something else.
    Client,
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text.
    Text(Cow<'static, str>),
    /// A number.
    Number(i64),
}

/// Attributes of a span. They hold no secret and nothing that callers sent.
pub type Attributes = Vec<(&'static str, Value)>;

/// Something that was done.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// The trace that it belongs to.
    pub trace: TraceBytes,
    /// Its id.
    pub id: SpanBytes,
    /// The span that it is part of.
    pub parent: Option<SpanBytes>,
    /// What other systems hand on.
    pub state: Option<HeaderValue>,
    /// What was done, in few words that are the same each time.
    pub name: Cow<'static, str>,
    /// How it stands to others.
    pub kind: Kind,
    /// When it began.
    pub began: SystemTime,
    /// How long it took.
    pub took: Duration,
    /// What else is known of it.
    pub attributes: Attributes,
    /// Whether it failed.
    pub failed: bool,
}

/// Is given the spans of traces that are kept, and whether something critical happened in them.
pub type Sink = Arc<dyn Fn(Vec<Span>, bool) + Send + Sync>;

/// Sees every span that ends below a root, with the id of the request that it is part of.
pub type Watch = Arc<dyn Fn(&Span, Option<&str>) + Send + Sync>;

/// Begins traces.
#[derive(Clone, Default)]
pub struct Tracer {
    sink: Option<Sink>,
    watch: Option<Watch>,
    rate: f64,
}

/// What is decided about a trace.
enum Spans {
    /// Nothing yet.
    Open(Vec<Span>),
    /// It is kept.
    Kept,
    /// It is not.
    Dropped,
}

struct Trace {
    id: TraceBytes,
    /// The request that it belongs to here.
    request: Option<String>,
    state: Option<HeaderValue>,
    /// Whether it is kept even if nothing special happens.
    sampled: AtomicBool,
    /// Whether the caller, if it has part in the trace, wants it to be kept.
    wanted: Option<bool>,
    spans: Mutex<Spans>,
    /// What is noted of the root.
    notes: Mutex<Attributes>,
    tracer: Tracer,
}

/// The first span of a trace in this server.
pub struct Root {
    place: Place,
    parent: Option<SpanBytes>,
    kind: Kind,
    clock: Instant,
}

/// How a root ended.
#[derive(Debug, Default)]
pub struct End {
    /// What was done.
    pub name: Cow<'static, str>,
    /// What else is known of it.
    pub attributes: Attributes,
    /// Whether it failed; a trace with a failure is kept.
    pub failed: bool,
    /// Whether the failure is critical; then it is told at once.
    pub critical: bool,
}

impl Tracer {
    /// Traces of which this share is kept, from 0 to 1, and those that fail or take long.
    #[must_use]
    pub fn new(rate: f64, sink: Option<Sink>, watch: Option<Watch>) -> Self {
        Self { sink, watch, rate }
    }

    /// Begins the part of a trace that this server has.
    #[must_use]
    pub fn begin(&self, parent: Option<Parent>, request: Option<String>, kind: Kind) -> Root {
        let (id, span, wanted, state) = match parent {
            Some(parent) => (parent.trace, Some(parent.span), Some(parent.sampled), parent.state),
            None => (bytes(), None, None, None),
        };
        let trace = Trace {
            id,
            request,
            state,
            sampled: AtomicBool::new(is_among(id, self.rate)),
            wanted,
            spans: Mutex::new(Spans::Open(Vec::new())),
            notes: Mutex::default(),
            tracer: self.clone(),
        };
        Root {
            place: Place {
                trace: Arc::new(trace),
                span: bytes(),
                notes: None,
            },
            parent: span,
            kind,
            clock: Instant::now(),
        }
    }

    /// Does work of the server's own: as part of what goes on, or as a trace of its own.
    ///
    /// # Errors
    /// Those of the work.
    pub async fn job<T, E>(&self, name: &'static str, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        if here().is_some() {
            return within(name, Kind::Internal, Vec::new(), work).await;
        }
        // What nobody asked for has an id of its own, by which its lines are found.
        let root = self.begin(None, Some(Uuid::new_v4().to_string()), Kind::Internal);
        let done = root.place().clone().scope(work).await;
        root.end(End {
            name: name.into(),
            failed: done.is_err(),
            ..End::default()
        });
        done
    }
}

impl Root {
    /// The place for what is done as part of it.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// When it began.
    #[must_use]
    pub fn started(&self) -> Instant {
        self.clock
    }

    /// Whether anybody may come to see it, ending now. One that is not to be seen need not be ended: what ends later in its trace is
    /// not seen either.
    #[must_use]
    pub fn may_be_kept(&self, failed: bool) -> bool {
        let trace = &self.place.trace;
        let special = failed || self.clock.elapsed() > LONG / 2;
        trace.tracer.sink.is_some() && (special || trace.sampled.load(Ordering::Relaxed))
    }

    /// Ends it, and decides about its trace.
    pub fn end(self, end: End) {
        let took = self.clock.elapsed();
        let trace = &self.place.trace;
        let span = Span {
            trace: trace.id,
            id: self.place.span,
            parent: self.parent,
            state: trace.state.clone(),
            name: end.name,
            kind: self.kind,
            // The time of day is asked for what is kept alone.
            began: SystemTime::now().checked_sub(took).unwrap_or(SystemTime::UNIX_EPOCH),
            took,
            attributes: self.place.noted(end.attributes),
            failed: end.failed,
        };
        let kept = trace.sampled.load(Ordering::Relaxed) || end.failed || end.critical || took > LONG;
        let mut spans = trace.spans.lock().unwrap_or_else(PoisonError::into_inner);
        let now = if kept { Spans::Kept } else { Spans::Dropped };
        let Spans::Open(mut all) = std::mem::replace(&mut *spans, now) else {
            return;
        };
        drop(spans);
        if let (true, Some(sink)) = (kept, &trace.tracer.sink) {
            all.push(span);
            sink(all, end.critical);
        }
    }
}

/// Whether a trace is among this share of all: by its id, so that every server decides alike.
#[allow(
    clippy::cast_precision_loss,
    reason = "a share of all ids need not be exact to the last bit"
)]
fn is_among(trace: TraceBytes, rate: f64) -> bool {
    let [.., a, b, c, d, e, f, g] = trace;
    let number = u64::from_be_bytes([0, a, b, c, d, e, f, g]);
    (number as f64) < rate * (1_u64 << 56) as f64
}

/// Random bytes that are read at once, for several ids.
const STOCK: usize = 512;

thread_local! {
    /// Random bytes of this thread, and how many of them are used up.
    static RANDOM: RefCell<([u8; STOCK], usize)> = const { RefCell::new(([0; STOCK], STOCK)) };
}

/// Bytes at random for an id, which is never all zero. Such ids are no secrets.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    RANDOM.with_borrow_mut(|(stock, used)| {
        if *used + N > STOCK {
            // Without random bytes an id is as good as any.
            let _ = getrandom::fill(stock);
            *used = 0;
        }
        if let Some(fresh) = stock.get(*used..*used + N) {
            bytes.copy_from_slice(fresh);
        }
        *used += N;
    });
    if let Some(last) = bytes.last_mut().filter(|last| **last == 0) {
        *last = 1;
    }
    bytes
}
