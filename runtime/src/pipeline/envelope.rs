//! The envelope: every failure as the contract has it, whatever failed.
//!
//! Owns: turning failures and panics into answers, and what surrounds every request. Must not know: operations.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::extract::Request;
use axum::http::{Extensions, HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use flaresmith_api::errors::Failure;
use flaresmith_api::operations::Operation;
use flaresmith_api::server::{FailureReport, RequestId, TraceId};
use futures_util::FutureExt as _;

use super::observe::{Answered, Known};
use super::{protect, trace};
use crate::platform::Platform;

/// What a request is known by.
#[derive(Debug, Clone)]
pub struct Ids {
    /// The request.
    pub request: RequestId,
    /// Its trace.
    pub trace: TraceId,
}

impl Ids {
    /// The ids that were given to a request.
    pub(super) fn of(extensions: &Extensions, headers: &HeaderMap) -> Self {
        Self {
            request: RequestId::of(extensions, headers),
            trace: TraceId::of(extensions, headers),
        }
    }
}

/// The answer for a failure.
pub(super) fn answer(failure: Failure, ids: &Ids) -> Response {
    failure.answer(&ids.request, &ids.trace)
}

/// What surrounds every request, known to the contract or not.
pub(super) async fn around(platform: Platform, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let ids = trace::enter(&mut request);
    let method = request.method().clone();
    protect::name_caller(&platform.settings.trusted_proxy, &mut request);
    let (request, arrived) = protect::watched(request);
    let work = AssertUnwindSafe(next.run(request)).catch_unwind();
    let mut response = match tokio::time::timeout(platform.settings.limits.request, work).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => answer(Failure::internal(words(&*panic)), &ids),
        Err(_) => answer(protect::too_late(&arrived), &ids),
    };
    if let Ok(value) = HeaderValue::try_from(&ids.request.0) {
        response.headers_mut().entry("x-request-id").or_insert(value);
    }
    let extensions = response.extensions();
    let answered = Answered {
        ids: &ids,
        method: &method,
        operation: extensions.get::<&'static Operation>().copied(),
        status: response.status(),
        failure: extensions.get::<FailureReport>(),
        known: extensions.get::<Known>(),
        duration: started.elapsed(),
        at: platform.clock.now(),
    };
    platform.metrics.answered(&answered);
    platform.observer.answered(&answered);
    response
}

/// What a panic says, for the log.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panic: {}", text.unwrap_or("without words"))
}
