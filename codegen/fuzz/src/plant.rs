//! Seeds with hostile text planted in them: contracts that use every feature as it is meant, until one word of theirs attacks.
//!
//! Owns: which places of a document are changed, and keeping it whole meanwhile: a word is replaced wherever it stands, so that
//! references and lists of required properties still hold. Must not know: what any target makes of it.

use flaresmith_codegen::memo::Memo;
use flaresmith_codegen::pointer::below;
use flaresmith_codegen::source::{Sources, read};
use flaresmith_codegen::tree::Value;

use super::choices::Choices;
use super::grow;
use super::seeds::CONTRACTS;

/// Words of OpenAPI, JSON Schema and `x-flaresmith` that a document cannot do without.
const WORDS: &[&str] = &[
    "openapi",
    "info",
    "paths",
    "components",
    "schemas",
    "parameters",
    "responses",
    "requestBodies",
    "securitySchemes",
    "headers",
    "get",
    "put",
    "post",
    "delete",
    "patch",
    "head",
    "query",
    "header",
    "path",
    "cookie",
    "name",
    "in",
    "required",
    "schema",
    "content",
    "description",
    "title",
    "version",
    "type",
    "properties",
    "items",
    "string",
    "integer",
    "number",
    "boolean",
    "null",
    "object",
    "array",
    "oneOf",
    "anyOf",
    "allOf",
    "not",
    "$ref",
    "enum",
    "const",
    "format",
    "pattern",
    "x-flaresmith",
    "table",
    "references",
    "entity",
    "column",
    "lifecycle",
    "field",
    "initial",
    "transitions",
    "from",
    "to",
    "on",
    "variants",
    "when",
    "roles",
    "role",
    "errors",
    "severity",
    "retryPolicy",
    "status",
    "message",
    "hint",
    "error",
    "none",
    "environments",
    "url",
    "domains",
    "tags",
    "mcp",
    "postman",
    "captures",
    "discriminator",
    "propertyName",
    "mapping",
    "additionalProperties",
    "default",
    "example",
    "examples",
    "value",
    "summary",
    "operationId",
    "servers",
    "variables",
    "requestBody",
    "security",
    "application/json",
    "3.1.0",
    "3.0.3",
    "rateLimits",
    "rateBuckets",
    "rateLimit",
    "buckets",
    "tokens",
    "capacity",
    "now",
    "uuid",
    "bearer",
    "http",
    "scheme",
    "cascade",
    "primaryKey",
    "indexes",
    "unique",
    "columns",
    "fields",
    "errorEnvelope",
    "onDelete",
];

/// One of the seeds, changed in a few places.
pub(super) fn contract(choices: &mut Choices<'_>) -> Value {
    let mut document = seed(choices.below(CONTRACTS.len()));
    for _ in 0..=choices.below(6) {
        match choices.below(8) {
            0..=3 => rename(&mut document, choices),
            4 | 5 => retext(&mut document, choices),
            6 => graft(&mut document, choices),
            _ => strike(&mut document, choices),
        }
    }
    document
}

/// A committed contract as a tree.
pub(super) fn seed(number: usize) -> Value {
    let Some((name, text)) = CONTRACTS.get(number) else {
        return Value::Null;
    };
    let mut sources = Sources::default();
    sources.insert(name, text.as_bytes());
    let tree = read::read(&sources, name, &Memo::default());
    tree.unwrap_or_default()
}

/// A word of the author becomes another everywhere.
fn rename(document: &mut Value, choices: &mut Choices<'_>) {
    let mut words = Vec::new();
    collect(document, &mut words);
    let Some(from) = choices.of(&words).cloned() else {
        return;
    };
    let to = if choices.one_in(2) {
        choices.name()
    } else {
        choices.text()
    };
    *document = replaced(document, &from, &to);
}

fn collect(value: &Value, words: &mut Vec<String>) {
    let mut add = |word: &str| {
        if !WORDS.contains(&word) && !word.starts_with(['/', '#']) && !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    };
    match value {
        Value::String(text) => add(text),
        Value::Array(items) => items.iter().for_each(|item| collect(item, words)),
        Value::Object(members) => {
            members.keys().for_each(|key| add(key));
            members.values().for_each(|member| collect(member, words));
        }
        _ => {}
    }
}

fn replaced(value: &Value, from: &str, to: &str) -> Value {
    match value {
        Value::String(text) => replaced_text(text, from, to).into(),
        Value::Array(items) => items.iter().map(|item| replaced(item, from, to)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, member)| (replaced_text(key, from, to), replaced(member, from, to)))
            .collect(),
        other => other.clone(),
    }
}

fn replaced_text(text: &str, from: &str, to: &str) -> String {
    if text == from {
        return to.to_owned();
    }
    if let Some(pointer) = text.strip_prefix("#/") {
        let parts = pointer.split('/').map(|part| {
            if part == from {
                grow::segment(to)
            } else {
                part.to_owned()
            }
        });
        return format!("#/{}", parts.collect::<Vec<_>>().join("/"));
    }
    if text.starts_with('/') {
        return text.replace(&format!("{{{from}}}"), &format!("{{{to}}}"));
    }
    text.to_owned()
}

/// One text becomes another, where it stands and nowhere else.
fn retext(document: &mut Value, choices: &mut Choices<'_>) {
    let places = places(document, &|_, value| value.is_string());
    if let Some(value) = choices.of(&places).and_then(|place| document.pointer_mut(place)) {
        *value = choices.text().into();
    }
}

/// A schema becomes whatever grows.
fn graft(document: &mut Value, choices: &mut Choices<'_>) {
    let schema = |place: &str, _: &Value| {
        let parts: Vec<&str> = place.rsplit('/').take(2).collect();
        matches!(parts.first(), Some(&("schema" | "items" | "additionalProperties")))
            || matches!(
                parts.get(1),
                Some(&("properties" | "schemas" | "oneOf" | "anyOf" | "allOf"))
            )
    };
    let places = places(document, &schema);
    let names = document.pointer("/components/schemas").and_then(Value::as_object);
    let names = names
        .map(|all| all.keys().map(ToString::to_string).collect())
        .unwrap_or_default();
    let grown = grow::schema(choices, names);
    if let Some(value) = choices.of(&places).and_then(|place| document.pointer_mut(place)) {
        *value = grown;
    }
}

/// A member of an object goes.
fn strike(document: &mut Value, choices: &mut Choices<'_>) {
    let places = places(document, &|place, _| place.matches('/').count() > 2);
    if let Some((parent, key)) = choices.of(&places).and_then(|place| place.rsplit_once('/'))
        && let Some(Value::Object(members)) = document.pointer_mut(parent)
    {
        members.remove(&key.replace("~1", "/").replace("~0", "~"));
    }
}

fn places(document: &Value, fits: &dyn Fn(&str, &Value) -> bool) -> Vec<String> {
    fn walk(value: &Value, at: &str, fits: &dyn Fn(&str, &Value) -> bool, found: &mut Vec<String>) {
        if fits(at, value) {
            found.push(at.to_owned());
        }
        match value {
            Value::Array(items) => {
                for (number, item) in items.iter().enumerate() {
                    walk(item, &format!("{at}/{number}"), fits, found);
                }
            }
            Value::Object(members) => {
                for (key, member) in members {
                    walk(member, &below(at, key), fits, found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(document, "", fits, &mut found);
    found
}
