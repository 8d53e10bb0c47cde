//! Trace: the trace that a request belongs to.
//!
//! Owns: the ids that a request is known by, from its headers or new. Must not know: where spans go; what watches requests is an
//! [`Observer`](super::observe::Observer).

use axum::extract::Request;
use flaresmith_api::server::{RequestId, TraceId};

/// Gives a request its ids, as extensions, so that every stage and the handler see the same.
pub(super) fn enter(request: &mut Request) -> (RequestId, TraceId) {
    let request_id = RequestId::of(request.extensions(), request.headers());
    let trace_id = TraceId::of(request.extensions(), request.headers());
    request.extensions_mut().insert(request_id.clone());
    request.extensions_mut().insert(trace_id.clone());
    (request_id, trace_id)
}
