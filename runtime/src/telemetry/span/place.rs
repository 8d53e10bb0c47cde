//! The place in a trace that work is at.
//!
//! Owns: which span what is done now is part of, in tasks and threads, adding parts to it, and the context that goes out with calls.
//! Must not know: which traces are kept.

use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use axum::http::{HeaderName, HeaderValue};

use super::super::context::{SpanBytes, TRACEPARENT, TRACESTATE, hexadecimal, traceparent};
use super::super::redact::redacted;
use super::{Attributes, Kind, MOST, Span, Spans, Trace, Value, bytes};

/// A place in a trace: what is done now is part of this span.
#[derive(Clone)]
pub struct Place {
    pub(super) trace: Arc<Trace>,
    pub(super) span: SpanBytes,
    /// What is noted of the span; `None`: the trace has it, as that of its root.
    pub(super) notes: Option<Arc<Mutex<Attributes>>>,
}

tokio::task_local! {
    static HERE: Place;
}

/// Something that was done as part of a span.
pub struct Part {
    /// What.
    pub name: Cow<'static, str>,
    /// How it stands to others.
    pub kind: Kind,
    /// When it began.
    pub began: SystemTime,
    /// How long it took.
    pub took: Duration,
    /// What else is known of it.
    pub attributes: Attributes,
}

impl Place {
    /// The id of the trace, in hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> String {
        hexadecimal(&self.trace.id)
    }

    /// The id of the request, or of the job, that the trace is about here.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.trace.request.as_deref()
    }

    /// The id of the span, in hexadecimal digits.
    #[must_use]
    pub fn span_id(&self) -> String {
        hexadecimal(&self.span)
    }

    /// Does work as part of the span.
    pub async fn scope<T>(self, work: impl Future<Output = T>) -> T {
        HERE.scope(self, work).await
    }

    /// The headers of a call that is made as part of the span.
    #[must_use]
    pub fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        let trace = &self.trace;
        let parent =
            HeaderValue::try_from(traceparent(trace.id, self.span, trace.sampled.load(Ordering::Relaxed))).ok();
        let state = trace.state.clone().map(|state| (TRACESTATE, state));
        parent
            .map(|parent| (TRACEPARENT, parent))
            .into_iter()
            .chain(state)
            .collect()
    }

    pub(super) fn noted(&self, mut attributes: Attributes) -> Attributes {
        attributes.append(&mut self.notes().lock().unwrap_or_else(PoisonError::into_inner));
        attributes
    }

    fn notes(&self) -> &Mutex<Attributes> {
        self.notes.as_deref().unwrap_or(&self.trace.notes)
    }

    /// A place below this one.
    fn below(&self) -> Self {
        Self {
            trace: Arc::clone(&self.trace),
            span: bytes(),
            notes: Some(Arc::default()),
        }
    }

    fn add(&self, span: Span) {
        let tracer = &self.trace.tracer;
        if let Some(watch) = &tracer.watch {
            watch(&span, self.trace.request.as_deref());
        }
        let Some(sink) = &tracer.sink else { return };
        let mut spans = self.trace.spans.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *spans {
            Spans::Open(all) if all.len() < MOST => all.push(span),
            Spans::Kept => {
                drop(spans);
                sink(vec![span], false);
            }
            Spans::Open(_) | Spans::Dropped => {}
        }
    }

    fn ended(&self, parent: SpanBytes, done: Part, failed: bool) {
        self.add(Span {
            trace: self.trace.id,
            id: self.span,
            parent: Some(parent),
            state: self.trace.state.clone(),
            name: done.name,
            kind: done.kind,
            began: done.began,
            took: done.took,
            attributes: self.noted(done.attributes),
            failed,
        });
    }
}

/// Where in a trace the work that asks is; `None`: in none.
#[must_use]
pub fn here() -> Option<Place> {
    HERE.try_with(Clone::clone).ok()
}

/// The caller is known, so what it wants for the trace holds. A stranger's wishes would let anybody fill the way to the collector.
pub fn believed() {
    let _ = HERE.try_with(|place| {
        if let Some(wanted) = place.trace.wanted {
            place.trace.sampled.store(wanted, Ordering::Relaxed);
        }
    });
}

/// Whether anybody wants to know what is done here.
#[must_use]
pub fn is_seen() -> bool {
    HERE.try_with(|place| place.trace.tracer.sink.is_some() || place.trace.tracer.watch.is_some())
        .unwrap_or(false)
}

/// Adds something that was done just now to the span that it was part of.
pub fn done(part: Part, failed: bool) {
    if let Some(place) = here() {
        place.below().ended(place.span, part, failed);
    }
}

/// Adds an attribute to the span that the work is part of, without what is not shown.
pub fn note(name: &'static str, value: impl Into<Cow<'static, str>>) {
    if let Some(place) = here() {
        let mut notes = place.notes().lock().unwrap_or_else(PoisonError::into_inner);
        notes.push((name, Value::Text(redacted(&value.into()).into_owned().into())));
    }
}

/// Does work as a span of its own, below the one that it is part of.
///
/// # Errors
/// Those of the work; the span failed then.
pub async fn within<T, E>(
    name: &'static str,
    kind: Kind,
    attributes: Attributes,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let Some(above) = here() else {
        return work.await;
    };
    let place = above.below();
    let (began, clock) = (SystemTime::now(), Instant::now());
    let result = place.clone().scope(work).await;
    let part = Part {
        name: name.into(),
        kind,
        began,
        took: clock.elapsed(),
        attributes,
    };
    place.ended(above.span, part, result.is_err());
    result
}

/// The same for work that waits for nothing.
///
/// # Errors
/// Those of the work; the span failed then.
pub fn phase<T, E>(name: &'static str, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let Some(above) = here() else { return work() };
    let place = above.below();
    let (began, clock) = (SystemTime::now(), Instant::now());
    let result = HERE.sync_scope(place.clone(), work);
    let part = Part {
        name: name.into(),
        kind: Kind::Internal,
        began,
        took: clock.elapsed(),
        attributes: Vec::new(),
    };
    place.ended(above.span, part, result.is_err());
    result
}

/// The same for work that cannot fail.
pub fn timed<T>(name: &'static str, work: impl FnOnce() -> T) -> T {
    match phase(name, || Ok::<T, Infallible>(work())) {
        Ok(done) => done,
        Err(never) => match never {},
    }
}

/// Work for a task of its own that stays part of the span it was begun in.
pub async fn carried<T>(place: Option<Place>, work: impl Future<Output = T>) -> T {
    match place {
        Some(place) => place.scope(work).await,
        None => work.await,
    }
}

/// The same for a thread of its own.
pub fn carried_over<T>(place: Option<Place>, work: impl FnOnce() -> T) -> T {
    match place {
        Some(place) => HERE.sync_scope(place, work),
        None => work(),
    }
}

/// The headers of a call that is made as part of the span that the work is in.
#[must_use]
pub fn outgoing() -> Vec<(HeaderName, HeaderValue)> {
    here().map(|place| place.headers()).unwrap_or_default()
}
