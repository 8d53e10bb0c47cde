//! Whether an edited document still is what was generated: readable, and of the form that it declares.
//!
//! Owns: which form a document is held against, the place of what is wrong, and kinds of values where no form is declared.
//! Must not know: the forms themselves.

use flaresmith_codegen::analyse;
use flaresmith_codegen::diagnostics::{Diagnostic, Severity};
use flaresmith_codegen::pointer::escape;
use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::source::locate::Locator;
use serde_json::Value;

use super::form::{self, kind};
use super::{Misfit, declared};
use crate::items::{Language, line_of, parse};

/// Members that may hold values of any kind, or of several: data, and what schemas say in more than one way.
const FREE: [&str; 10] = [
    "value",
    "default",
    "example",
    "examples",
    "const",
    "enum",
    "type",
    "items",
    "exclusiveMinimum",
    "exclusiveMaximum",
];

/// Members that tell elements of a list apart.
const IDS: [&str; 4] = ["id", "_postman_id", "key", "name"];

pub(super) fn malformed(path: &str, generated: &str, found: &str) -> Option<Misfit> {
    let told = |what: String, line: u32| Misfit {
        what,
        line,
        expected: None,
        found: None,
    };
    if let Err(problem) = parse::readable(path, found) {
        // The parser's words begin with the place: `line 3, column 1: …`.
        let line = problem.strip_prefix("line ").and_then(|rest| rest.split(',').next());
        let line = line.and_then(|line| line.parse().ok()).unwrap_or(0);
        return Some(told(format!("it is not readable: {problem}"), line));
    }
    let origin = read(path, generated)?;
    let value = read(path, found)?;
    let mut way = Vec::new();
    if origin.get("openapi").is_some()
        && let Some((what, line)) = refused(path, generated, found)
    {
        return Some(told(what, line));
    }
    let problem = if let Some(form) = declared::form(&origin) {
        form::problem(form, &value, &mut way)?
    } else {
        let (expected, got) = differing(&origin, &value, &mut way)?;
        format!("is {got} where {expected} was generated")
    };
    let pointer: String = way.iter().map(|step| format!("/{}", escape(step))).collect();
    let at = if pointer.is_empty() { "the document" } else { &pointer };
    Some(told(format!("{at} {problem}"), line_of(path, found, &pointer)))
}

/// What a reader of API descriptions refuses in an edited one, and did not in the generated one, with its line.
fn refused(path: &str, generated: &str, found: &str) -> Option<(String, u32)> {
    let errors = |text: &str| {
        let mut sources = Sources::default();
        sources.insert(path, text.as_bytes().to_vec());
        let settings = Settings {
            specs: Vec::new(),
            contracts: vec![path.to_owned()],
            ..Settings::default()
        };
        let mut found = analyse(&sources, &settings).diagnostics;
        found.retain(|diagnostic| diagnostic.severity == Severity::Error);
        (sources, found)
    };
    let same = |one: &Diagnostic, other: &Diagnostic| one.code == other.code && one.message == other.message;
    let (sources, all) = errors(found);
    if all.is_empty() {
        return None;
    }
    let (_, before) = errors(generated);
    let new = all.iter().find(|one| !before.iter().any(|other| same(one, other)))?;
    let at = new
        .place
        .as_ref()
        .and_then(|place| Locator::new(&sources).locate(place));
    Some((format!("{} ({})", new.message, new.code.id), at.map_or(0, |at| at.line)))
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
        // A schema may be written as true or false.
        (Value::Object(_), Value::Bool(_)) | (Value::Bool(_), Value::Object(_)) => None,
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
