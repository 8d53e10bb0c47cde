//! Whether an edited document still is of the form that was generated.
//!
//! Owns: kinds of values at the same place. Must not know: what a document is for.

use serde_json::Value;

use crate::items::{Language, line_of, parse};

/// Members that may hold any value.
const FREE: [&str; 6] = ["value", "default", "example", "examples", "const", "enum"];

/// Members that tell elements of a list apart.
const IDS: [&str; 4] = ["id", "_postman_id", "key", "name"];

pub(super) fn malformed(path: &str, generated: &str, found: &str) -> Option<String> {
    if let Err(problem) = parse::readable(path, found) {
        return Some(format!("it is not readable: {problem}"));
    }
    let generated = read(path, generated)?;
    let value = read(path, found)?;
    let mut way = Vec::new();
    let (expected, got) = differing(&generated, &value, &mut way)?;
    let pointer: String = way
        .iter()
        .map(|step| format!("/{}", step.replace('~', "~0").replace('/', "~1")))
        .collect();
    let at = if pointer.is_empty() { "the document" } else { &pointer };
    let line = line_of(path, found, &pointer);
    Some(format!("line {line}: {at} is {got} where {expected} was generated"))
}

fn read(path: &str, text: &str) -> Option<Value> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if Language::of(path) == Language::Yaml {
        serde_saphyr::from_str_with_options(text, parse::yaml_options()).ok()
    } else {
        serde_json::from_str(text).ok()
    }
}

/// The first place where a value is of another kind; `way` leads there.
fn differing(generated: &Value, found: &Value, way: &mut Vec<String>) -> Option<(&'static str, &'static str)> {
    match (generated, found) {
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::Object(generated), Value::Object(found)) => generated.iter().find_map(|(name, value)| {
            let other = found.get(name).filter(|_| !FREE.contains(&name.as_str()))?;
            down(name.clone(), value, other, way)
        }),
        (Value::Array(generated), Value::Array(found)) => found.iter().enumerate().find_map(|(i, element)| {
            let like = alike(generated, element)?;
            down(i.to_string(), like, element, way)
        }),
        _ => {
            let kinds = (kind(generated), kind(found));
            (kinds.0 != kinds.1).then_some(kinds)
        }
    }
}

fn down(step: String, generated: &Value, found: &Value, way: &mut Vec<String>) -> Option<(&'static str, &'static str)> {
    way.push(step);
    let differs = differing(generated, found, way);
    if differs.is_none() {
        way.pop();
    }
    differs
}

/// The generated element that an element is to be like: the one of the same identity; for an element of no known
/// kind, any.
fn alike<'v>(generated: &'v [Value], element: &Value) -> Option<&'v Value> {
    let same = |other: &&Value| {
        let shared = IDS.iter().find_map(|id| Some(element.get(id)? == other.get(id)?));
        shared == Some(true)
    };
    let of_kind = |other: &Value| kind(other) == kind(element);
    match generated.iter().find(same) {
        None if !generated.iter().any(of_kind) => generated.first(),
        found => found,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
