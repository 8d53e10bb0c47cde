//! Text: no text of a request holds U+0000.
//!
//! Owns: finding it in addresses and JSON; who reads the parts of a form hands its texts to [`demand_parts`]. Must not know: what the
//! text is for. JSON and percent encoding can spell the character and schemas admit it, but
//! Postgres keeps no text with it; a request that one store would take and the other would not is refused in front of both.

use axum::extract::Request;
use axum::http::Uri;
use axum::http::header::CONTENT_TYPE;
use flaresmith_api::errors::{ErrorCode, Failure, RequestViolation};
use flaresmith_codegen::pointer::below;
use serde_json::{Value, json};

use super::scope::buffered;

/// How JSON spells it.
const ESCAPED: &[u8] = b"\\u0000";

/// The request, if it holds none.
///
/// # Errors
/// It does, or its body does not arrive.
pub(super) async fn demand(request: Request) -> Result<Request, Failure> {
    let mut found: Vec<RequestViolation> = in_address(request.uri()).collect();
    let media = request.headers().get(CONTENT_TYPE);
    let is_json = media.is_some_and(|media| {
        media
            .as_bytes()
            .windows(4)
            .any(|part| part.eq_ignore_ascii_case(b"json"))
    });
    let request = if is_json {
        let (bytes, request) = Box::pin(buffered(request)).await?;
        let may_have_it = bytes.windows(ESCAPED.len()).any(|part| part == ESCAPED);
        if let (true, Ok(body)) = (may_have_it, serde_json::from_slice(&bytes)) {
            in_body(&body, "", &mut found);
        }
        request
    } else {
        request
    };
    refuse(&found)?;
    Ok(request)
}

/// The same of parts of a form that are texts, by name.
///
/// # Errors
/// One of them holds it.
pub(crate) fn demand_parts<'a>(parts: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> Result<(), Failure> {
    let has_it = |text: Option<&str>| text.is_some_and(|text| text.contains('\0'));
    let found = parts.into_iter().filter(|(_, text)| has_it(*text));
    let found: Vec<RequestViolation> = found.map(|(name, _)| violation("body", &format!("/{name}"))).collect();
    refuse(&found)
}

fn refuse(found: &[RequestViolation]) -> Result<(), Failure> {
    if found.is_empty() {
        return Ok(());
    }
    Err(Failure::new(ErrorCode::RequestValidationFailed).with_details(json!({ "violations": found })))
}

fn in_address(address: &Uri) -> impl Iterator<Item = RequestViolation> {
    let parts = [("path", Some(address.path())), ("query", address.query())];
    parts
        .into_iter()
        .filter(|(_, part)| part.is_some_and(|part| part.contains("%00")))
        .map(|(location, _)| violation(location, ""))
}

fn in_body(value: &Value, pointer: &str, found: &mut Vec<RequestViolation>) {
    match value {
        Value::String(text) if text.contains('\0') => found.push(violation("body", pointer)),
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                in_body(item, &format!("{pointer}/{i}"), found);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                if key.contains('\0') {
                    found.push(violation("body", pointer));
                }
                in_body(member, &below(pointer, key), found);
            }
        }
        _ => {}
    }
}

fn violation(location: &str, pointer: &str) -> RequestViolation {
    RequestViolation {
        location: location.to_owned(),
        pointer: pointer.to_owned(),
        keyword: "pattern".to_owned(),
        message: "no text may hold the character U+0000".to_owned(),
    }
}
