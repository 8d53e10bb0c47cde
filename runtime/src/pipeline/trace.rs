//! Trace: the trace that a request belongs to.
//!
//! Owns: the ids that a request is known by, from its headers or new. Must not know: where spans go; what watches requests is an
//! [`Observer`](super::observe::Observer).

use axum::extract::Request;

use super::envelope::Ids;

/// Gives a request its ids, as extensions, so that every stage and the handler see the same.
pub(super) fn enter(request: &mut Request) -> Ids {
    let ids = Ids::of(request.extensions(), request.headers());
    request.extensions_mut().insert(ids.request.clone());
    request.extensions_mut().insert(ids.trace.clone());
    ids
}
