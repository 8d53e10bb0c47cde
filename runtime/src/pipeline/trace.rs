//! Trace: the trace that a request belongs to.
//!
//! Owns: the ids that a request is known by, from its headers or new, and the span of the whole request. Must not know: where spans
//! go.

use axum::extract::Request;
use axum::http::Method;
use flaresmith_api::errors::Severity;
use flaresmith_api::server::{RequestId, TraceId};
use uuid::Builder;
use uuid::fmt::Hyphenated;

use super::envelope::Ids;
use super::observe::{Answered, Served};
use crate::identity::roles::Scope;
use crate::telemetry::context::Parent;
use crate::telemetry::span::{self, End, Kind, Root, Tracer, Value};

/// Gives a request its ids, as extensions, so that every stage and the handler see the same, and begins its span.
pub(crate) fn enter(tracer: &Tracer, request: &mut Request) -> (Ids, Root) {
    let id = if request.headers().contains_key("x-request-id") {
        RequestId::of(request.extensions(), request.headers())
    } else {
        let id = Builder::from_random_bytes(span::bytes()).into_uuid();
        RequestId(id.as_hyphenated().encode_lower(&mut [0; Hyphenated::LENGTH]).to_owned())
    };
    let root = tracer.begin(Parent::of(request.headers()), Some(id.0.clone()), Kind::Server);
    let ids = Ids {
        request: id,
        trace: TraceId(root.place().trace_id()),
        span: root.place().span_id(),
    };
    request.extensions_mut().insert(ids.request.clone());
    request.extensions_mut().insert(ids.trace.clone());
    (ids, root)
}

/// Ends the span of a request. Its name and attributes are words of the contract and ids; what the caller sent is not among them.
pub(super) fn leave(root: Root, answered: &Answered<'_>) {
    let severity = answered.failure.map(|failure| failure.code.severity());
    let failed = matches!(severity, Some(Severity::Error | Severity::Critical));
    if !root.may_be_kept(failed) {
        return;
    }
    let text = |text: String| Value::Text(text.into());
    let mut attributes = vec![
        ("http.request.method", Value::Text(method(answered.method).into())),
        (
            "http.response.status_code",
            Value::Number(answered.status.as_u16().into()),
        ),
        ("flaresmith.request_id", text(answered.ids.request.0.clone())),
    ];
    let operation = answered.served.operation();
    if let Some(operation) = operation {
        attributes.push(("http.route", Value::Text(operation.path.into())));
        attributes.push(("flaresmith.operation", Value::Text(operation.id.into())));
    }
    if let Some(failure) = answered.failure {
        attributes.push(("error.type", Value::Text(failure.code.as_str().into())));
    }
    let known = answered.known;
    if let Some(user) = known.caller.user() {
        attributes.push(("flaresmith.user_id", text(user.to_string())));
    }
    if let Some(Scope::Project(project)) = known.scope {
        attributes.push(("flaresmith.project_id", text(project.to_string())));
    }
    if let Some(environment) = known.environment {
        attributes.push(("flaresmith.environment_id", text(environment.to_string())));
    }
    root.end(End {
        name: match (operation, answered.served) {
            (Some(operation), _) => format!("{} {}", operation.method, operation.path).into(),
            (None, Served::Mcp) => format!("{} /mcp", method(answered.method)).into(),
            (None, _) => method(answered.method).into(),
        },
        attributes,
        failed,
        critical: severity == Some(Severity::Critical),
    });
}

/// A method as it is named in telemetry: one of those that are known.
pub(crate) fn method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "_OTHER",
    }
}
