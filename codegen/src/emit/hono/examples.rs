//! Example answers: what each operation answers when nobody has written it, out of the contract's examples.
//!
//! Owns: which response is shown, and its spelling. Must not know: how examples are made.

use serde_json::Value;

use crate::emit::example::{self, Direction};
use crate::emit::typescript::names::TsNames;
use crate::emit::typescript::text::{key, string, value};
use crate::model::{MediaKind, Model, Operation, Response, Status};

/// The rows of the table: `createProject: { … },` each.
pub(super) fn rows(names: &TsNames<'_>) -> String {
    let mut text = String::new();
    for (index, operation) in names.model.operations.iter().enumerate() {
        text.push_str(&format!("  {}: {},\n", key(names.operation(index)), answer(names.model, operation)));
    }
    text
}

/// The answer of one operation: of its first success response, else of the first that it has.
fn answer(model: &Model, operation: &Operation) -> String {
    let upgrade = |response: &&Response| response.status == Status::Exact(101);
    if operation.success().is_none() && operation.responses.iter().any(|response| upgrade(&response)) {
        return "{ status: 101 }".to_owned();
    }
    let default = |response: &&Response| response.status == Status::Default;
    let Some(response) = operation
        .success()
        .or_else(|| operation.responses.iter().find(default))
        .or_else(|| operation.responses.first())
    else {
        return "{ status: 204 }".to_owned();
    };
    let status = match response.status {
        Status::Exact(code) => code,
        Status::Range(hundred) => u16::from(hundred) * 100,
        Status::Default => 200,
    };
    let mut text = format!("{{ status: {status}");
    let headers: Vec<String> = response
        .headers
        .iter()
        .filter(|header| !header.wire.eq_ignore_ascii_case("content-type"))
        .filter_map(|header| {
            let made = header.docs.examples.first().cloned();
            let made = made.unwrap_or_else(|| example::of_type(model, &header.ty, Direction::Response));
            // A header carries visible ASCII only, and the name must be a token.
            let sendable = made.as_str().is_none_or(|text| text.bytes().all(|b| (0x20..0x7f).contains(&b)));
            let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
            let named = !header.wire.is_empty() && header.wire.bytes().all(token);
            (sendable && named && !made.is_null()).then(|| format!("{}: {}", key(&header.wire), value(&made)))
        })
        .collect();
    if !headers.is_empty() {
        text.push_str(&format!(", headers: {{ {} }}", headers.join(", ")));
    }
    if let Some(content) = response.contents.first() {
        if !content.media.contains('*') {
            text.push_str(&format!(", contentType: {}", string(&content.media)));
        }
        let made = example::of_content(model, content, Direction::Response);
        let spelt = match (content.kind, made) {
            (MediaKind::EventStream, made) => format!("events: [{{ data: {} }}]", value(&made.unwrap_or(Value::Null))),
            (MediaKind::Json, made) => format!("body: {}", value(&made.unwrap_or(Value::Null))),
            (_, Some(Value::String(body))) => format!("body: {}", string(&body)),
            (_, None) => "body: ''".to_owned(),
            (_, Some(made)) => format!("body: {}", value(&made)),
        };
        text.push_str(&format!(", {spelt}"));
    }
    text.push_str(" }");
    text
}
