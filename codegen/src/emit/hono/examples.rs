//! Example answers: what each operation answers when nobody has written it, out of the contract's examples.
//!
//! Owns: which response is shown, and its spelling. Must not know: how examples are made.

use crate::emit::example::{self, Direction};
use crate::emit::typescript::layout::Layout;
use crate::emit::typescript::names::TsNames;
use crate::emit::{Input, is_plain};
use crate::model::{MediaKind, Model, Operation, Response, Status};
use crate::tree::{Map, Value, json};

/// The rows of the table: `createProject: { … },` each, without a line end behind the last.
pub(super) fn rows(input: &Input<'_>, names: &TsNames<'_>) -> String {
    let mut text = String::new();
    for (index, operation) in names.model.operations.iter().enumerate() {
        let name = names.operation(index);
        let round = input.revisions.of_operation(index);
        let row = input
            .memo
            .part(("hono example", name.to_owned()), round, input.revisions.now, || {
                let mut row = String::new();
                Layout::value(&answer(names.model, operation)).row(name, &mut row);
                row
            });
        text.push_str(&row);
    }
    text.truncate(text.trim_end().len());
    text
}

/// The answer of one operation: of its first success response, else of the first that it has.
fn answer(model: &Model, operation: &Operation) -> Value {
    let upgrades = operation
        .responses
        .iter()
        .any(|response| response.status == Status::Exact(101));
    if operation.success().is_none() && upgrades {
        return json!({ "status": 101 });
    }
    let default = |response: &&Response| response.status == Status::Default;
    let Some(response) = operation
        .success()
        .or_else(|| operation.responses.iter().find(default))
        .or_else(|| operation.responses.first())
    else {
        return json!({ "status": 204 });
    };
    let mut members = Map::new();
    let status = match response.status {
        Status::Exact(code) => code,
        Status::Range(hundred) => u16::from(hundred) * 100,
        Status::Default => 200,
    };
    members.insert("status", json!(status));
    let headers = headers(model, response);
    if !headers.is_empty() {
        members.insert("headers", Value::Object(headers));
    }
    if let Some(content) = response.contents.first() {
        if !content.media.contains('*') {
            members.insert("contentType", json!(content.media));
        }
        let made = example::of_content(model, content, Direction::Response);
        let (member, body) = match (content.kind, made) {
            (MediaKind::EventStream, made) => ("events", json!([{ "data": made }])),
            (MediaKind::Json, made) => ("body", made.unwrap_or(Value::Null)),
            (_, made) => ("body", made.unwrap_or_else(|| json!(""))),
        };
        members.insert(member.to_owned(), body);
    }
    Value::Object(members)
}

/// Example headers. `Content-Type` follows from the body; what HTTP cannot carry is left out.
fn headers(model: &Model, response: &Response) -> Map {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    response
        .headers
        .iter()
        .filter(|header| !header.wire.eq_ignore_ascii_case("content-type"))
        .filter(|header| !header.wire.is_empty() && header.wire.bytes().all(token))
        .filter_map(|header| {
            let said = header.docs.examples.first().cloned();
            let made = said.unwrap_or_else(|| example::of_type(model, &header.ty, Direction::Response));
            let visible = made.as_str().is_none_or(is_plain);
            (visible && !made.is_null()).then(|| (header.wire.clone(), made))
        })
        .collect()
}
