//! Answers to reads that were given before, for as long as nobody has written since.
//!
//! Owns: which operations answer with nothing but rows of the store, and what their answers depend on. Must not know: what they say.
//!
//! An answer is given again to the same caller alone, after the same stages: whoever lost a role is refused before anybody looks
//! here.

use std::sync::Arc;

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::extract::Request;
use axum::http::header::IF_NONE_MATCH;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use flaresmith_api::errors::Failure;
use flaresmith_api::operations::{Operation, Role};

use super::access::Access;
use super::layer::Next;
use crate::identity::Caller;
use crate::platform::Platform;
use crate::store::Store;
use crate::store::changes::Part;
use crate::store::memo::Memo;

/// Operations whose answers are made from rows, the caller, its role and the address, and from nothing else: no clock, no file.
const FROM_ROWS: [&str; 7] = [
    "getCurrentUser",
    "getOrganization",
    "getProject",
    "listMembers",
    "listOrganizationMembers",
    "listOrganizations",
    "listProjects",
];

/// Largest answer that is kept, in bytes.
const LARGEST: u64 = 64 << 10;

/// How many answers are kept.
const MOST: usize = 1000;

/// Room for the headers that every answer gets.
const FURTHER: usize = 16;

/// What an answer depends on: the operation, the caller, its role, path and query.
type Key = (&'static str, Caller, Option<Role>, String);

/// An answer that succeeded.
struct Given {
    headers: HeaderMap,
    body: Bytes,
}

/// Answers that were given.
pub struct Answers(Memo<Key, Arc<Given>>);

impl Answers {
    /// None yet, of this store.
    #[must_use]
    pub fn new(store: &Store) -> Self {
        Self(Memo::new(Arc::clone(store.changes()), Part::Rows, MOST))
    }
}

/// The answer of the handler, or the one that it gave before.
///
/// # Errors
/// The body of the answer breaks off.
pub(super) async fn answer(
    platform: &Platform,
    operation: &'static Operation,
    access: Access,
    mut request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let plain = request.body().is_end_stream() && !request.headers().contains_key(IF_NONE_MATCH);
    if !plain || !FROM_ROWS.contains(&operation.id) {
        request.extensions_mut().insert(access);
        return Ok(next.run(request).await);
    }
    let address = request
        .uri()
        .path_and_query()
        .map(|address| address.as_str().to_owned());
    let key = (
        operation.id,
        access.caller.clone(),
        access.role,
        address.unwrap_or_default(),
    );
    let answers = &platform.answers.0;
    if let Some(given) = answers.get(&key) {
        let mut response = Response::new(Body::from(given.body.clone()));
        // Those of every answer are still to come.
        let mut headers = HeaderMap::with_capacity(given.headers.len() + FURTHER);
        headers.extend(given.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
        *response.headers_mut() = headers;
        return Ok(response);
    }
    request.extensions_mut().insert(access);
    let read_at = answers.moment();
    let response = next.run(request).await;
    let size = response.body().size_hint().exact();
    if response.status() != StatusCode::OK || size.is_none_or(|size| size > LARGEST) {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.map_err(Failure::internal)?;
    let mut headers = parts.headers.clone();
    // That of this request.
    headers.remove("x-request-id");
    let given = Given {
        headers,
        body: body.clone(),
    };
    answers.keep(read_at, key, Arc::new(given));
    Ok(Response::from_parts(parts, Body::from(body)))
}

#[cfg(test)]
mod tests {
    use flaresmith_api::operations::OPERATIONS;

    use super::FROM_ROWS;

    #[test]
    fn what_is_given_again_are_reads_of_callers_who_are_known() {
        for name in FROM_ROWS {
            let operation = OPERATIONS.iter().find(|operation| operation.id == name).unwrap();
            assert!(operation.is_safe() && !operation.public, "{name}");
        }
    }
}
