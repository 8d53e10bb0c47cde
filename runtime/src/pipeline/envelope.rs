//! The envelope: every failure as the contract has it, whatever failed.
//!
//! Owns: turning failures and panics into answers, and what surrounds every request. Must not know: operations.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{Extensions, HeaderMap, HeaderValue};
use axum::response::Response;
use flaresmith_api::errors::Failure;
use flaresmith_api::server::{RequestId, TraceId};
use futures_util::FutureExt as _;

use super::layer::Next;
use super::observe::Served;
use super::protect;
use super::telling::{Telling, Waiting};
use crate::platform::Platform;

/// What a request is known by.
#[derive(Debug, Clone)]
pub struct Ids {
    /// The request.
    pub request: RequestId,
    /// Its trace.
    pub trace: TraceId,
    /// Its span, in hexadecimal digits.
    pub span: String,
}

impl Ids {
    /// The ids that were given to a request.
    pub(crate) fn of(extensions: &Extensions, headers: &HeaderMap) -> Self {
        let given = Telling::of(extensions).map(|telling| telling.ids().clone());
        given.unwrap_or_else(|| Self {
            request: RequestId::of(extensions, headers),
            trace: TraceId::of(extensions, headers),
            span: String::new(),
        })
    }
}

/// The answer for a failure.
pub(super) fn answer(failure: Failure, ids: &Ids) -> Response {
    failure.answer(&ids.request, &ids.trace)
}

/// What surrounds every request, known to the contract or not.
pub(crate) async fn around(platform: Platform, served: Served, mut request: Request, next: Next) -> Response {
    protect::name_caller(&platform.settings.trusted_proxy, &mut request);
    let telling = Telling::begin(&platform, served, &mut request);
    let waiting = Waiting(Arc::clone(&telling));
    let ids = telling.ids();
    let (request, arrived) = protect::watched(request);
    let work = telling.place().scope(unbroken(next.run(request), ids));
    let mut response = match tokio::time::timeout(platform.settings.limits.request, work).await {
        Ok(response) => response,
        Err(_) => answer(protect::too_late(arrived.as_deref()), ids),
    };
    if let Ok(value) = HeaderValue::try_from(&ids.request.0) {
        response.headers_mut().entry("x-request-id").or_insert(value);
    }
    telling.answered(&response);
    drop(waiting);
    response
}

/// The answer of work, which is one as well when it panics.
pub(super) async fn unbroken(work: impl Future<Output = Response>, ids: &Ids) -> Response {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => answer(Failure::internal(words(&*panic)), ids),
    }
}

/// What a panic says, for the log.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panic: {}", text.unwrap_or("without words"))
}
