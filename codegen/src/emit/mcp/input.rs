//! What a tool takes and gives: the schemas of its parameters, body and answer.
//!
//! Owns: finding them in the bundle and making each stand alone. Must not know: forms of lists of tools.

use crate::emit::schema::{Definitions, Standalone, standalone};
use crate::model::{Content, Kind, Location, MediaKind, Model, Operation, Shape, Status};
use crate::tree::{Map, Value, json};

/// Headers that a client sets by itself, not the model that chooses arguments.
const OF_THE_CLIENT: [&str; 5] = [
    "idempotency-key",
    "x-request-id",
    "traceparent",
    "tracestate",
    "authorization",
];

/// The object that a call of an operation takes: its parameters by name, and its body as `body`.
pub(super) fn input(document: &Value, definitions: &Definitions, operation: &Operation) -> Standalone {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for parameter in &operation.parameters {
        let header = parameter.location == Location::Header;
        if header && OF_THE_CLIENT.contains(&parameter.wire.to_ascii_lowercase().as_str()) {
            continue;
        }
        let mut name = parameter.wire.clone();
        while name == "body" || properties.contains_key(&name) {
            name = format!("{name}_{}", word(parameter.location));
        }
        let mut schema = parameter_schema(document, operation, parameter.location, &parameter.wire)
            .cloned()
            .unwrap_or(json!({}));
        if let (Some(text), Some(schema)) = (&parameter.docs.description, schema.as_object_mut()) {
            schema.insert("description", json!(brief(text)));
        }
        if parameter.required {
            required.push(json!(name));
        }
        properties.insert(name, schema);
    }
    if let Some((body, content)) = operation
        .body
        .as_ref()
        .and_then(|body| Some((body, readable(&body.contents)?)))
    {
        let schema = document.pointer(&format!("{}/schema", content.pointer)).cloned();
        properties.insert("body", schema.unwrap_or(json!({})));
        if body.required {
            required.push(json!("body"));
        }
    }
    let mut object = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if let (false, Some(members)) = (required.is_empty(), object.as_object_mut()) {
        members.insert("required", required.into());
    }
    standalone(definitions, &object)
}

/// The object that an operation answers with when it works; `None` when that is no object.
pub(super) fn output(
    document: &Value,
    definitions: &Definitions,
    model: &Model,
    operation: &Operation,
) -> Option<Standalone> {
    let success = operation
        .responses
        .iter()
        .find(|response| matches!(response.status, Status::Exact(200..300)))?;
    let content = success
        .contents
        .iter()
        .find(|content| content.kind == MediaKind::Json)?;
    let (ty, nullable) = model.resolve(content.ty.as_ref()?);
    let object = match &ty.kind {
        Kind::Map(_) => true,
        Kind::Named(id) => matches!(model.type_def(*id).shape, Shape::Record(_)),
        _ => false,
    };
    if !object || nullable {
        return None;
    }
    let schema = document.pointer(&format!("{}/schema", content.pointer))?;
    Some(standalone(definitions, schema))
}

/// The body that a model can write: JSON, else a form, else text.
fn readable(contents: &[Content]) -> Option<&Content> {
    [MediaKind::Json, MediaKind::Form, MediaKind::Multipart, MediaKind::Text]
        .into_iter()
        .find_map(|kind| contents.iter().find(|content| content.kind == kind))
        .or(contents.first())
}

/// The schema of a parameter, of the operation or of its path.
fn parameter_schema<'d>(
    document: &'d Value,
    operation: &Operation,
    location: Location,
    wire: &str,
) -> Option<&'d Value> {
    let item = operation.pointer.rsplit_once('/').map_or("", |(item, _)| item);
    [operation.pointer.as_str(), item].iter().find_map(|owner| {
        let list = document.pointer(&format!("{owner}/parameters"))?.as_array()?;
        let mut all = list.iter().map(|parameter| resolved(document, parameter));
        let found = all.find(|parameter| parameter["name"] == wire && parameter["in"] == word(location))?;
        found
            .get("schema")
            .or_else(|| found.get("content")?.as_object()?.values().next()?.get("schema"))
    })
}

fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    let mut current = value;
    for _ in 0..16 {
        let target = current
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|target| target.strip_prefix('#'));
        match target.and_then(|pointer| document.pointer(pointer)) {
            Some(next) => current = next,
            None => break,
        }
    }
    current
}

fn word(location: Location) -> &'static str {
    match location {
        Location::Path => "path",
        Location::Query => "query",
        Location::Header => "header",
        Location::Cookie => "cookie",
    }
}

/// The first paragraph of a description in one line: what a model needs to choose. Characters that no person would see are
/// left out, since a model reads them as well.
pub(super) fn brief(text: &str) -> String {
    let first = text.trim().split("\n\n").next().unwrap_or("");
    let mut line = String::with_capacity(first.len());
    for (i, word) in first.split_whitespace().enumerate() {
        if i > 0 {
            line.push(' ');
        }
        match word.bytes().all(|byte| byte.is_ascii_graphic()) {
            true => line.push_str(word),
            false => line.extend(word.chars().filter(|c| !invisible(*c))),
        }
    }
    if line.len() > 300 && line.chars().count() > 300 {
        let cut = line.char_indices().nth(299).map_or(line.len(), |(at, _)| at);
        line.truncate(cut);
        line.push('…');
    }
    line
}

/// Controls, changes of writing direction, joiners without width, tags.
fn invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}
