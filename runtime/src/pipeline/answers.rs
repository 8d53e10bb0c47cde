//! Answers held against the contract, before they go out.
//!
//! Owns: finding what the contract says of an answer, and whether it is so. Must not know: what operations do.
//!
//! Looked at are statuses, media types and JSON. Other bodies, streams among them, pass as they are.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use axum::body::{Body, to_bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::operations::Operation;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::features::system::CONTRACT;

/// Most faults that are told.
const MOST: usize = 5;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(CONTRACT).unwrap_or_default());

/// What was read of the contract before: for an operation and a status, what bodies of JSON have to be.
type Known = HashMap<(&'static str, u16), Arc<Expected>>;

static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);

/// What the contract says of answers with one status.
enum Expected {
    /// There are none.
    Never,
    /// Those without a body, or with one of other media.
    Other(Vec<String>),
    /// JSON that this admits.
    Json(Vec<String>, Box<Validator>),
    /// The contract's schema cannot be used.
    Unusable(String),
}

/// The answer, when it is one of the contract's.
///
/// # Errors
/// It is not; what is wrong with it is for the log.
pub(super) async fn demand(operation: &'static Operation, response: Response) -> Result<Response, Failure> {
    let status = response.status().as_u16();
    let expected = expected(operation, status);
    let media = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|media| media.to_str().ok());
    let media = media.map(|media| media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    let wrong = |what: String| {
        let source = format!("{} {status}: {what}", operation.id);
        Failure::new(ErrorCode::ServerResponseInvalid).with_source(source)
    };
    let (Expected::Other(known) | Expected::Json(known, _)) = &*expected else {
        return Err(wrong(match &*expected {
            Expected::Unusable(why) => why.clone(),
            _ => "the contract has no such status".to_owned(),
        }));
    };
    let fitting = media
        .as_ref()
        .is_some_and(|media| known.iter().any(|known| fits(known, media)));
    if !fitting && (media.is_some() || !known.is_empty()) {
        let media = media.as_deref().unwrap_or("answer without a content type");
        return Err(wrong(format!("the contract has no {media}")));
    }
    let (Expected::Json(_, validator), Some(true)) = (&*expected, media.as_deref().map(is_json)) else {
        return Ok(response);
    };
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.map_err(Failure::internal)?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
    let faults: Vec<String> = validator
        .iter_errors(&value)
        .take(MOST)
        // The words of a fault repeat the value, which may be a secret.
        .map(|fault| format!("{} breaks {}", fault.instance_path(), fault.schema_path()))
        .collect();
    if faults.is_empty() {
        return Ok(Response::from_parts(parts, Body::from(bytes)));
    }
    Err(wrong(faults.join("; ")))
}

fn expected(operation: &'static Operation, status: u16) -> Arc<Expected> {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let found = known.entry((operation.id, status));
    Arc::clone(found.or_insert_with(|| Arc::new(read(operation, status))))
}

/// Reads what the contract says.
fn read(operation: &Operation, status: u16) -> Expected {
    let responses = DOCUMENT
        .get("paths")
        .and_then(|paths| paths.get(operation.path))
        .and_then(|path| path.get(operation.method.to_ascii_lowercase()))
        .and_then(|operation| operation.get("responses"));
    let exact = responses.and_then(|responses| responses.get(status.to_string()));
    // What fails may fail in ways that are the same for all operations; what succeeds is named.
    let other = || {
        responses
            .and_then(|responses| responses.get("default"))
            .filter(|_| status >= 400)
    };
    let Some(response) = exact.or_else(other).and_then(followed) else {
        return Expected::Never;
    };
    let Some(content) = response.get("content").and_then(Value::as_object) else {
        return Expected::Other(Vec::new());
    };
    let media = content.keys().map(|media| media.to_ascii_lowercase()).collect();
    let json = content.iter().find(|(media, _)| is_json(media));
    let Some(schema) = json.and_then(|(_, content)| content.get("schema")) else {
        return Expected::Other(media);
    };
    let whole = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "allOf": [schema],
        "components": components(&DOCUMENT, schema),
    });
    match jsonschema::options().should_validate_formats(true).build(&whole) {
        Ok(validator) => Expected::Json(media, Box::new(validator)),
        Err(error) => Expected::Unusable(format!("the schema cannot be used: {error}")),
    }
}

/// The components of a document that a schema refers to, also by way of others: to read all of a contract for each answer takes long.
#[must_use]
pub fn components(document: &Value, schema: &Value) -> Value {
    let mut components = json!({});
    let mut open = vec![schema];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => open.extend(members.values()),
            Value::Array(items) => open.extend(items),
            Value::String(text) => {
                let mut steps = text
                    .strip_prefix("#/components/")
                    .into_iter()
                    .flat_map(|rest| rest.split('/'));
                if let (Some(kind), Some(name)) = (steps.next(), steps.next())
                    && components.get(kind).is_none_or(|known| known.get(name).is_none())
                    && let Some(found) = document.pointer(&format!("/components/{kind}/{name}"))
                {
                    components[kind][name] = found.clone();
                    open.push(found);
                }
            }
            _ => {}
        }
    }
    components
}

/// The response that a reference means.
fn followed(response: &'static Value) -> Option<&'static Value> {
    match response.get("$ref").and_then(Value::as_str) {
        Some(reference) => DOCUMENT.pointer(reference.strip_prefix('#')?),
        None => Some(response),
    }
}

fn is_json(media: &str) -> bool {
    media == "application/json" || media.ends_with("+json")
}

/// Whether a media type is one of a range.
fn fits(range: &str, media: &str) -> bool {
    match range.strip_suffix("/*") {
        Some("*") => true,
        Some(kind) => media.split('/').next() == Some(kind),
        None => range.split(';').next().unwrap_or_default().trim() == media,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use flaresmith_api::operations::OPERATIONS;

    use super::*;

    fn answer(status: u16, media: &str, body: &str) -> Response {
        let mut response = Response::new(Body::from(body.to_owned()));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        response.headers_mut().insert(CONTENT_TYPE, media.parse().unwrap());
        response
    }

    #[tokio::test]
    async fn only_answers_of_the_contract_go_out() {
        let operation = OPERATIONS
            .iter()
            .find(|operation| operation.id == "listProjects")
            .unwrap();
        let passes =
            async |status, media: &str, body: &str| demand(operation, answer(status, media, body)).await.is_ok();
        let page = r#"{"items":[],"nextCursor":null,"hasMore":false}"#;
        assert!(passes(200, "application/json", page).await);
        assert!(passes(200, "application/json; charset=utf-8", page).await);
        assert!(!passes(200, "application/json", "{\"items\":[]}").await);
        assert!(!passes(200, "application/json", "{").await);
        assert!(!passes(200, "text/html", page).await);
        assert!(!passes(201, "application/json", page).await);
        assert!(!passes(404, "application/json", page).await);
        let secret = r#"{"items":"hush-hush","nextCursor":null,"hasMore":false}"#;
        let failure = demand(operation, answer(200, "application/json", secret))
            .await
            .unwrap_err();
        let told = format!("{failure:?}");
        assert!(told.contains("/items") && !told.contains("hush"), "{told}");
    }

    #[test]
    fn every_schema_of_an_answer_can_be_used() {
        for operation in OPERATIONS {
            for status in [200, 201, 202, 204, 304, 400, 429, 500] {
                if let Expected::Unusable(why) = read(operation, status) {
                    panic!("{} {status}: {why}", operation.id);
                }
            }
        }
    }
}
