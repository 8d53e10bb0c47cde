//! The error catalog and the envelope.
//!
//! Owns: the catalog as a literal with the codes that every app needs, the envelope's expression, the word for a broken rule.
//! Must not know: who fails, and when.

use serde::Serialize;

use crate::emit::example::{self, Direction};
use crate::emit::typescript::layout::{Item, Layout};
use crate::model::{Kind, Model, Record, Shape, TextFormat, Type, TypeId};
use crate::tree::{Map, Value, json};

/// Codes that the app itself and hooks that look after callers answer with, for contracts whose catalog has none of their name:
/// status, retry policy, message.
const BUILT_IN: [(&str, u16, &str, &str); 12] = [
    (
        "AUTH_TOKEN_MISSING",
        401,
        "none",
        "The request carries no access token.",
    ),
    (
        "AUTH_TOKEN_INVALID",
        401,
        "none",
        "The access token cannot be verified.",
    ),
    ("AUTH_ROLE_INSUFFICIENT", 403, "none", "This needs a higher role."),
    (
        "REQUEST_PAYLOAD_TOO_LARGE",
        413,
        "none",
        "The request body is too large.",
    ),
    (
        "REQUEST_VALIDATION_FAILED",
        400,
        "none",
        "The request does not fit the contract.",
    ),
    ("REQUEST_MALFORMED", 400, "none", "The request body cannot be read."),
    (
        "REQUEST_ROUTE_UNKNOWN",
        404,
        "none",
        "There is nothing at this address.",
    ),
    (
        "REQUEST_METHOD_NOT_ALLOWED",
        405,
        "none",
        "This address does not take that method.",
    ),
    (
        "REQUEST_MEDIA_TYPE_UNSUPPORTED",
        415,
        "none",
        "The request body has a media type that is not taken here.",
    ),
    (
        "REQUEST_UPGRADE_REQUIRED",
        426,
        "none",
        "This address only speaks another protocol.",
    ),
    (
        "REQUEST_NOT_IMPLEMENTED",
        501,
        "none",
        "Nobody has written this operation yet.",
    ),
    ("SERVER_INTERNAL", 500, "none", "Something went wrong on our side."),
];

/// Fields of the frame `errors.ts`.
#[derive(Debug, Serialize)]
pub(super) struct Frame {
    generated_by: &'static str,
    catalog: String,
    envelope: String,
    violation_word: &'static str,
    request_id_pattern: &'static str,
}

/// What the frame needs.
pub(super) fn frame(model: &Model, generated_by: &'static str) -> Frame {
    let envelope = Envelope { model };
    Frame {
        generated_by,
        catalog: catalog(model),
        envelope: envelope.expression().behind("  return ".len(), 2, 1),
        violation_word: violation_word(model),
        request_id_pattern: match model.error_envelope.is_some_and(|id| envelope.wants_uuid(id, 0)) {
            true => "/^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/",
            false => "/^[A-Za-z0-9._:-]{1,128}$/",
        },
    }
}

fn catalog(model: &Model) -> String {
    let mut text = String::from("{\n");
    for (code, entry) in &model.errors {
        let mut members = json!({
            "severity": entry.severity.as_str(),
            "retryPolicy": entry.retry_policy.as_str(),
            "status": entry.status,
            "message": entry.message,
        });
        if let (Some(hint), Some(members)) = (&entry.hint, members.as_object_mut()) {
            members.insert("hint", json!(hint));
        }
        Layout::value(&members).row(code, &mut text);
    }
    for (code, status, retry_policy, message) in BUILT_IN {
        if !model.errors.contains_key(code) {
            let severity = if code == "SERVER_INTERNAL" { "critical" } else { "warn" };
            let entry =
                json!({ "severity": severity, "retryPolicy": retry_policy, "status": status, "message": message });
            Layout::value(&entry).row(code, &mut text);
        }
    }
    text.push('}');
    text
}

/// What the contract's own violations call the keyword that is not kept: `rule` where its schema says so.
fn violation_word(model: &Model) -> &'static str {
    let record = |ty: &Type| match &model.resolve(ty).0.kind {
        Kind::Named(id) => match &model.type_def(*id).shape {
            Shape::Record(record) => Some(record),
            _ => None,
        },
        _ => None,
    };
    let details = model
        .errors
        .get("REQUEST_VALIDATION_FAILED")
        .and_then(|entry| entry.details.as_ref());
    let violations = details
        .and_then(record)
        .and_then(|details| field(details, "violations"));
    let item = violations.and_then(|ty| match &model.resolve(ty).0.kind {
        Kind::List(item) => record(item),
        _ => None,
    });
    match item {
        Some(item) if field(item, "keyword").is_none() && field(item, "rule").is_some() => "rule",
        _ => "keyword",
    }
}

fn field<'a>(record: &'a Record, wire: &str) -> Option<&'a Type> {
    record
        .fields
        .iter()
        .find(|field| field.wire == wire)
        .map(|field| &field.ty)
}

/// Writes the expression that makes the body of a failure out of the members of `failure`.
struct Envelope<'a> {
    model: &'a Model,
}

/// Envelopes within envelopes end here.
const DEEPEST: usize = 3;

impl Envelope<'_> {
    fn expression(&self) -> Layout {
        match self.model.error_envelope.and_then(|id| self.record(id)) {
            Some(record) => self.object(record, 0),
            None => {
                let member = |name| Item::member(name, Layout::text(format!("failure.{name}")));
                let members = ["code", "message", "details"].map(member);
                let error = Item::member("error", Layout::object(members.into()));
                Layout::object(vec![error])
            }
        }
    }

    fn record(&self, id: TypeId) -> Option<&Record> {
        match &self.model.type_def(id).shape {
            Shape::Record(record) => Some(record),
            Shape::Alias(ty) => match &self.model.resolve(ty).0.kind {
                Kind::Named(inner) if *inner != id => match &self.model.type_def(*inner).shape {
                    Shape::Record(record) => Some(record),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }

    fn object(&self, record: &Record, depth: usize) -> Layout {
        let members = record.fields.iter().filter_map(|field| {
            let spelt = self
                .member(&field.name.words().join("_"), &field.ty, depth)
                .or_else(|| {
                    // Nothing is known about it, yet it must be there.
                    let made = || example::of_type(self.model, &field.ty, Direction::Response);
                    field.required.then(|| Layout::value(&made()))
                })?;
            Some(Item::member(&field.wire, spelt))
        });
        Layout::object(members.collect())
    }

    /// The expression of a member, told by its name and what it can hold.
    fn member(&self, name: &str, ty: &Type, depth: usize) -> Option<Layout> {
        let (resolved, _) = self.model.resolve(ty);
        let holds = Holds::of(self.model, resolved);
        let found = match (name, holds) {
            ("code" | "error_code" | "error" | "type" | "reason" | "title", Holds::Text) => match name {
                "title" => "failure.message",
                _ => "failure.code",
            },
            ("message" | "detail" | "description" | "error_message" | "error_description", Holds::Text) => {
                "failure.message"
            }
            ("severity", Holds::Text) => "failure.severity",
            ("retry_policy", Holds::Text) => "failure.retryPolicy",
            ("code" | "status" | "status_code" | "http_status", Holds::Number) => "failure.status",
            ("status" | "status_code" | "http_status", Holds::Text) => "String(failure.status)",
            ("hint" | "help" | "suggestion", Holds::Text) => "failure.hint",
            ("request_id" | "correlation_id" | "request", Holds::Text) => "failure.requestId",
            ("trace_id" | "trace", Holds::Text) => "failure.traceId",
            ("timestamp" | "time" | "at", Holds::Text) => "failure.timestamp",
            ("details", Holds::Object(_) | Holds::Any) => "failure.details",
            ("context" | "meta" | "metadata", Holds::Object(_)) => "failure.context",
            ("cause_chain" | "causes", Holds::List) => "failure.causeChain",
            (_, Holds::Object(Some(id))) if depth < DEEPEST => {
                return self.record(id).map(|record| self.object(record, depth + 1));
            }
            _ => return None,
        };
        Some(Layout::text(found))
    }

    /// Whether the envelope tells the request's id as a UUID; no other id may be taken over from the caller then.
    fn wants_uuid(&self, id: TypeId, depth: usize) -> bool {
        let Some(record) = self.record(id) else { return false };
        record.fields.iter().any(|field| {
            let (ty, _) = self.model.resolve(&field.ty);
            match &ty.kind {
                Kind::Text(TextFormat::Uuid) => {
                    matches!(field.name.words().join("_").as_str(), "request_id" | "correlation_id")
                }
                Kind::Named(inner) if depth < DEEPEST => self.wants_uuid(*inner, depth + 1),
                _ => false,
            }
        })
    }
}

/// What a member of the envelope can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Text,
    Number,
    List,
    Object(Option<TypeId>),
    Any,
    Other,
}

impl Holds {
    fn of(model: &Model, ty: &Type) -> Self {
        match &ty.kind {
            Kind::Any => Self::Any,
            Kind::Text(_) => Self::Text,
            Kind::Integer { .. } | Kind::Number => Self::Number,
            Kind::List(_) => Self::List,
            Kind::Map(_) => Self::Object(None),
            Kind::Named(id) => match &model.type_def(*id).shape {
                Shape::Record(_) => Self::Object(Some(*id)),
                Shape::Enumeration(list) if list.values.iter().all(Value::is_string) => Self::Text,
                Shape::Enumeration(_) => Self::Number,
                _ => Self::Other,
            },
            Kind::Literals(values) if values.iter().all(Value::is_string) => Self::Text,
            _ => Self::Other,
        }
    }
}

/// Rate buckets and classes as literals, for the operation table.
pub(super) fn rates(model: &Model) -> (Layout, Layout) {
    let buckets: Map = model
        .rate_buckets
        .iter()
        .map(|(name, bucket)| {
            let members = json!({ "capacity": bucket.capacity, "refillPerMinute": bucket.refill_per_minute });
            (name.clone(), members)
        })
        .collect();
    let classes: Map = model
        .rate_classes
        .iter()
        .map(|(name, class)| {
            let mut members = json!({ "tokens": class.tokens, "buckets": class.buckets });
            if let (Some(seconds), Some(members)) = (class.every_seconds, members.as_object_mut()) {
                members.insert("everySeconds", json!(seconds));
            }
            (name.clone(), members)
        })
        .collect();
    (
        Layout::value(&Value::Object(buckets)),
        Layout::value(&Value::Object(classes)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use crate::source::Sources;

    fn model(extension: &Value, schemas: &Value) -> Model {
        let contract = json!({
            "openapi": "3.1.0", "info": { "title": "t", "version": "1" }, "x-flaresmith": extension,
            "paths": { "/a": { "get": { "responses": { "default": { "description": "failed", "content": { "application/json": {
                "schema": { "$ref": "#/components/schemas/Failure" },
            } } } } } } },
            "components": { "schemas": schemas },
        });
        let mut sources = Sources::default();
        sources.insert("contract.json", contract.to_string().into_bytes());
        let settings = Settings {
            contracts: vec!["contract.json".to_owned()],
            ..Settings::default()
        };
        std::sync::Arc::unwrap_or_clone(crate::analyse(&sources, &settings).model)
    }

    #[test]
    fn the_envelope_has_the_form_that_the_contract_gives_it() {
        let model = model(
            &json!({ "errorEnvelope": { "$ref": "#/components/schemas/Failure" } }),
            &json!({ "Failure": { "type": "object", "required": ["ok", "fault"], "properties": {
                "ok": { "type": "boolean", "const": false },
                "fault": { "type": "object", "required": ["error_code", "request_id"], "properties": {
                    "error_code": { "type": "string" },
                    "status": { "type": "integer" },
                    "request_id": { "type": "string", "format": "uuid" },
                    "colour": { "type": "string" },
                    "it's */": { "type": "string" },
                } },
            } } }),
        );
        let frame = frame(&model, "");
        let envelope = frame.envelope.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(
            envelope,
            "{ ok: false, fault: { error_code: failure.code, status: failure.status, request_id: failure.requestId }, }"
        );
        assert!(
            frame.request_id_pattern.contains("{8}"),
            "an id that is no UUID would break the envelope"
        );
    }

    #[test]
    fn without_an_envelope_the_built_in_one_stands_in() {
        let model = model(&json!({}), &json!({ "Failure": { "type": "object" } }));
        let frame = frame(&model, "");
        assert!(
            frame.envelope.starts_with("{ error: { code: failure.code"),
            "{}",
            frame.envelope
        );
        assert_eq!(frame.violation_word, "keyword");
        for (code, ..) in BUILT_IN {
            assert!(frame.catalog.contains(code), "{code}");
        }
    }

    #[test]
    fn the_contracts_own_entry_of_a_code_stands_alone_and_quoted() {
        let entry = json!({ "severity": "error", "retryPolicy": "none", "status": 400, "message": "it's `${x}` */",
            "details": { "$ref": "#/components/schemas/Details" } });
        let model = model(
            &json!({ "errors": { "REQUEST_VALIDATION_FAILED": entry } }),
            &json!({
                "Failure": { "type": "object" },
                "Details": { "type": "object", "properties": { "violations": { "type": "array", "items": {
                    "type": "object", "properties": { "rule": { "type": "string" } } } } } },
            }),
        );
        let frame = frame(&model, "");
        assert_eq!(frame.catalog.matches("REQUEST_VALIDATION_FAILED").count(), 1);
        assert!(
            frame.catalog.contains(r#"message: "it's `${x}` */""#),
            "{}",
            frame.catalog
        );
        assert_eq!(frame.violation_word, "rule", "the contract's own word");
    }
}
