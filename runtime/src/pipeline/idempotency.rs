//! Idempotency: a request that is repeated under its key is carried out once.
//!
//! Owns: the header, what a request's digest is made of, which answers are kept. Must not know: how records are kept.
//!
//! Answers of success are kept. After any other the key is free again: a handler that fails leaves nothing behind, or something
//! that the repeat finds.

use std::collections::BTreeMap;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, IF_MATCH, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::operations::Operation;

use super::observe::Known;
use super::scope::buffered;
use crate::identity::Caller;
use crate::platform::Platform;
use crate::sealing::digest;
use crate::store::idempotency::{self, Answer, Turn};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Set on an answer that was given before.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Largest answer that is kept, in bytes.
const LARGEST: usize = 4 << 20;

/// The answer of the handler, or the one that it gave before.
///
/// # Errors
/// The key cannot be used, or was used with another request.
pub(super) async fn answer(
    platform: &Platform,
    operation: &'static Operation,
    known: &Known,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let sent = request.headers().get(KEY).filter(|_| operation.idempotent);
    let Some(sent) = sent.filter(|_| known.caller != Caller::Anonymous) else {
        return Ok(next.run(request).await);
    };
    let key = key(sent).ok_or_else(|| Failure::new(ErrorCode::IdempotencyKeyInvalid))?;
    let (bytes, request) = buffered(request).await?;
    let asked = idempotency::Request {
        caller: known.caller.key(),
        operation: operation.id,
        key,
        fingerprint: fingerprint(&request, &bytes),
    };
    let now = platform.clock.now();
    let record = match idempotency::claim(&platform.store, &platform.sealer, &asked, now).await? {
        Turn::Again(answer) => return Ok(again(answer)),
        Turn::Go(record) => record,
    };
    let response = next.run(request).await;
    if !response.status().is_success() {
        // A key that is not freed here is free after a while; what the handler said is the answer all the same.
        let _ = idempotency::release(&platform.store, record).await;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, LARGEST).await.map_err(Failure::internal)?;
    let answer = Answer {
        status: parts.status.as_u16(),
        headers: kept(&parts.headers),
        body: body.to_vec(),
    };
    let kept = idempotency::finish(&platform.store, &platform.sealer, record, &answer, now).await;
    if kept.is_err() {
        // It was done, and whoever is told otherwise does it again.
        known.notes.add("repeat", "the answer could not be kept");
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// The key without its quotes, when it is one.
fn key(sent: &HeaderValue) -> Option<String> {
    let text = sent.to_str().ok()?.trim();
    let text = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text);
    let fits = (8..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte));
    fits.then(|| text.to_owned())
}

/// Digest of everything that is asked for: method, address, media type, condition and body.
fn fingerprint(request: &Request, body: &[u8]) -> String {
    let header = |name| request.headers().get(name).map_or(&b""[..], HeaderValue::as_bytes);
    let address = request.uri().path_and_query().map_or("", |address| address.as_str());
    let parts = [
        request.method().as_str().as_bytes(),
        address.as_bytes(),
        header(CONTENT_TYPE),
        header(IF_MATCH),
        body,
    ];
    // The length before each part keeps one from running into the next.
    let mut message = Vec::new();
    for part in parts {
        message.extend(part.len().to_be_bytes());
        message.extend(part);
    }
    digest(&message)
}

/// What the handler said in headers. A cookie is for one person at one time, and the body's length follows from the body.
fn kept(headers: &HeaderMap) -> BTreeMap<String, String> {
    let repeated = headers
        .iter()
        .filter(|(name, _)| ![SET_COOKIE, CONTENT_LENGTH].contains(name));
    repeated
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect()
}

fn again(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
