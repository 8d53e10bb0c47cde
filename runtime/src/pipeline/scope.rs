//! Scope: the project or organization that a request names.
//!
//! Owns: finding its id in the path or the body. Must not know: roles.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest as _, Request};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use flaresmith_api::errors::{ErrorCode, Failure, RequestViolation};
use flaresmith_api::operations::{Operation, PathPart};
use flaresmith_api::validate::{Schema, check};
use flaresmith_api::wire::percent_decode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::identity::roles::Scope;

const PROJECT: &str = "projectId";
const ORGANIZATION: &str = "organizationId";
const ENVIRONMENT: &str = "environmentId";

/// Where a role is asked for, and the request, whose body may have been read. `None`: the operation asks for no role, or the
/// segment of the id or the whole body is nothing that the router's validation lets through.
///
/// # Errors
/// The body cannot be read, or is an object without the id: what validation says of that may not be left to it, since it may
/// come to admit more than is read here.
pub(super) async fn of(operation: &Operation, request: Request) -> Result<(Option<Scope>, Request), Failure> {
    for (name, scope) in [
        (PROJECT, Scope::Project as fn(Uuid) -> Scope),
        (ORGANIZATION, Scope::Organization),
    ] {
        if has_parameter(operation, name) {
            let id = in_path(operation, request.uri().path(), name);
            return Ok((id.map(scope), request));
        }
    }
    if operation.role.is_none() {
        return Ok((None, request));
    }
    for (name, scope) in [
        (PROJECT, Scope::Project as fn(Uuid) -> Scope),
        (ORGANIZATION, Scope::Organization),
    ] {
        if has_member(operation, name) {
            let (bytes, request) = Box::pin(buffered(request)).await?;
            let Ok(Value::Object(body)) = serde_json::from_slice(&bytes) else {
                return Ok((None, request));
            };
            let id = body.get(name).and_then(Value::as_str).and_then(parse);
            let id = id.ok_or_else(|| without_id(operation, &Value::Object(body)))?;
            return Ok((Some(scope(id)), request));
        }
    }
    Ok((Some(Scope::Installation), request))
}

/// The environment that the path of a request names.
pub(super) fn environment(operation: &Operation, path: &str) -> Option<Uuid> {
    in_path(operation, path, ENVIRONMENT)
}

/// Most faults of a body that are told.
const MOST: usize = 50;

/// The failure of a body that lacks its id, with everything else that is wrong with it.
fn without_id(operation: &Operation, body: &Value) -> Failure {
    let faults = operation.consumes.iter().flat_map(|media| check(media.schema, body));
    let violations: Vec<RequestViolation> = faults
        .take(MOST)
        .map(|fault| RequestViolation {
            location: "body".to_owned(),
            pointer: fault.pointer,
            keyword: fault.keyword.to_owned(),
            message: fault.message,
        })
        .collect();
    let failure = Failure::new(ErrorCode::RequestValidationFailed);
    if violations.is_empty() {
        return failure;
    }
    failure.with_details(json!({ "violations": violations }))
}

/// Reads the body of a request, within the limit that the server set, and puts it back.
///
/// # Errors
/// It is too large, or does not arrive.
pub(super) async fn buffered(request: Request) -> Result<(Bytes, Request), Failure> {
    let (parts, body) = request.into_parts();
    let mut reading = Request::new(body);
    // The limit is kept there.
    *reading.extensions_mut() = parts.extensions.clone();
    let bytes = Bytes::from_request(reading, &()).await.map_err(|rejection| {
        let too_large = rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE;
        Failure::new(if too_large {
            ErrorCode::RequestPayloadTooLarge
        } else {
            ErrorCode::RequestMalformed
        })
    })?;
    Ok((bytes.clone(), Request::from_parts(parts, Body::from(bytes))))
}

fn has_parameter(operation: &Operation, name: &str) -> bool {
    let parts = operation.segments.iter().flat_map(|segment| segment.iter());
    parts.into_iter().any(|part| is_parameter(part, name))
}

fn is_parameter(part: &PathPart, name: &str) -> bool {
    matches!(part, PathPart::Parameter(own) if *own == name)
}

/// The id in the segment that is the parameter alone.
fn in_path(operation: &Operation, path: &str, name: &str) -> Option<Uuid> {
    let segments = path.strip_prefix('/').unwrap_or(path).split('/');
    let mut fitting = operation.segments.iter().zip(segments);
    let (_, raw) = fitting.find(|(parts, _)| matches!(parts, [part] if is_parameter(part, name)))?;
    if raw.contains('%') {
        return parse(&percent_decode(raw, false)?);
    }
    parse(raw)
}

fn parse(text: &str) -> Option<Uuid> {
    Uuid::parse_str(text).ok()
}

/// Whether a JSON body of the operation has such a member.
fn has_member(operation: &Operation, name: &str) -> bool {
    fn named(schema: &Schema, name: &str, depth: usize) -> bool {
        match schema {
            Schema::Record(record) => record.fields.iter().any(|field| field.name == name),
            Schema::Same(other) | Schema::Nullable(other) => depth > 0 && named(other, name, depth - 1),
            _ => false,
        }
    }
    operation.consumes.iter().any(|media| named(media.schema, name, 8))
}
