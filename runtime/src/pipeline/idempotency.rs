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
use axum::response::Response;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::operations::Operation;

use super::layer::Next;
use super::observe::Known;
use super::scope::buffered;
use crate::identity::Caller;
use crate::platform::Platform;
use crate::sealing::digest;
use crate::store::idempotency::{self, Answer, Turn};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Set on an answer that was given before.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The media type of forms with files.
const FORM: &str = "multipart/form-data";

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

/// Digest of everything that is asked for: method, address, media type, condition and body. Of a form its parts: whoever sends one
/// again makes another boundary for it.
fn fingerprint(request: &Request, body: &[u8]) -> String {
    let header = |name| request.headers().get(name).map_or(&b""[..], HeaderValue::as_bytes);
    let address = request.uri().path_and_query().map_or("", |address| address.as_str());
    let media = header(CONTENT_TYPE);
    let (media, pieces) = match boundary(media) {
        Some(boundary) => (FORM.as_bytes(), pieces(body, boundary)),
        None => (media, vec![body]),
    };
    let mut parts = vec![
        request.method().as_str().as_bytes(),
        address.as_bytes(),
        media,
        header(IF_MATCH),
    ];
    parts.extend(pieces);
    // The length before each part keeps one from running into the next.
    let mut message = Vec::new();
    for part in parts {
        message.extend(part.len().to_be_bytes());
        message.extend(part);
    }
    digest(&message)
}

/// What stands between the parts of a form; `None`: it is no form.
fn boundary(media: &[u8]) -> Option<&str> {
    let mut parts = std::str::from_utf8(media).ok()?.split(';').map(str::trim);
    parts.next().filter(|media| media.eq_ignore_ascii_case(FORM))?;
    let boundary = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("boundary")
            .then(|| value.trim().trim_matches('"'))
    });
    boundary.filter(|boundary| !boundary.is_empty())
}

/// What stands before, between and after the boundaries of a form.
fn pieces<'b>(body: &'b [u8], boundary: &str) -> Vec<&'b [u8]> {
    let between = format!("\r\n--{boundary}");
    let mut pieces = Vec::new();
    // The first boundary begins the body or a line of it.
    let mut rest = body;
    if let Some(after) = body.strip_prefix(between.trim_start().as_bytes()) {
        pieces.push(&b""[..]);
        rest = after;
    }
    while let Some((piece, after)) = split(rest, between.as_bytes()) {
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

/// What stands before and after the first place of something.
fn split<'b>(text: &'b [u8], at: &[u8]) -> Option<(&'b [u8], &'b [u8])> {
    let start = text.windows(at.len()).position(|part| part == at)?;
    let (before, rest) = text.split_at_checked(start)?;
    Some((before, rest.get(at.len()..)?))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(boundary: &str, parts: &[&str]) -> String {
        let mut body: String = parts
            .iter()
            .map(|part| format!("--{boundary}\r\n\r\n{part}\r\n"))
            .collect();
        body.push_str(&format!("--{boundary}--\r\n"));
        let media = format!("Multipart/Form-Data; charset=utf-8; boundary=\"{boundary}\"");
        let request = Request::post("/a").header(CONTENT_TYPE, media).body(Body::empty());
        fingerprint(&request.unwrap(), body.as_bytes())
    }

    #[test]
    fn a_form_is_the_same_whatever_stands_between_its_parts() {
        let first = of("one", &["a", "b\r\nc"]);
        assert_eq!(of("two-----2", &["a", "b\r\nc"]), first);
        for other in [
            &["a", "b"][..],
            &["b\r\nc", "a"],
            &["a"],
            &["a", "b\r\nc", ""],
            &["a\r\nb", "c"],
        ] {
            assert_ne!(of("one", other), first, "{other:?}");
        }
        assert_eq!(boundary(b"application/json; boundary=x"), None);
        assert_eq!(boundary(b"multipart/form-data"), None);
    }
}
