//! Addresses: the path, query and fragment of a request.
//!
//! Owns: how a path template and parameters are written in a Postman URL. Must not know: headers, bodies, files.

use super::request::joined;
use super::variables::{Variables, example, plain};
use crate::model::{Location, Model, Operation, Parameter, PathPart, Style};
use crate::tree::{Value, json};

/// The URL of an operation, its parts beside the raw text.
pub(super) fn url(model: &Model, operation: &Operation, variables: &Variables) -> Value {
    let find = |name: &str| {
        operation
            .parameters
            .iter()
            .find(|parameter| parameter.location == Location::Path && parameter.wire == name)
    };
    let value_of = |name: &str| {
        find(name).map_or_else(
            || "value".to_owned(),
            |parameter| match variables.parameter(operation, parameter) {
                Some(variable) => format!("{}{variable}", lead(parameter)),
                None => in_path(parameter, &example(model, parameter)),
            },
        )
    };
    let template = Template::of(operation);
    let mut path = Vec::new();
    let mut named = Vec::new();
    for segment in &template.segments {
        match segment.as_slice() {
            [PathPart::Parameter(name)] if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => {
                path.push(format!(":{name}"));
                named.push(json!({ "key": name, "value": value_of(name) }));
            }
            // Postman knows a parameter only as a whole segment, and takes any segment that begins with a colon for one.
            parts => {
                let text = parts.iter().fold(String::new(), |text, part| match part {
                    PathPart::Fixed(fixed) => text + fixed.as_str(),
                    PathPart::Parameter(name) => text + value_of(name).as_str(),
                });
                path.push(match text.strip_prefix(':') {
                    Some(rest) => format!("%3A{rest}"),
                    None => text,
                });
            }
        }
    }
    let mut query: Vec<Value> = template
        .query
        .iter()
        .map(|(key, value)| json!({ "key": key, "value": value }))
        .collect();
    for parameter in operation
        .parameters
        .iter()
        .filter(|parameter| parameter.location == Location::Query)
    {
        let pairs = match variables.parameter(operation, parameter) {
            Some(variable) => vec![(parameter.wire.clone(), variable)],
            None => pairs(parameter, &example(model, parameter)),
        };
        for (key, value) in pairs {
            let mut entry = json!({ "key": key, "value": value });
            // What is to take a variable is sent.
            if !parameter.required && !operation.policy.postman.uses.contains_key(&parameter.wire) {
                entry["disabled"] = json!(true);
            }
            query.push(entry);
        }
    }
    let enabled: Vec<String> = query
        .iter()
        .filter(|entry| entry.get("disabled").is_none())
        .map(|entry| format!("{}={}", plain(&entry["key"]), plain(&entry["value"])))
        .collect();
    let mut raw = format!("{{{{baseUrl}}}}/{}", path.join("/"));
    if !enabled.is_empty() {
        raw = format!("{raw}?{}", enabled.join("&"));
    }
    let mut url = json!({ "raw": raw, "host": ["{{baseUrl}}"], "path": path, "query": query, "variable": named });
    if let Some(fragment) = template.fragment {
        url["raw"] = json!(format!("{raw}#{fragment}"));
        url["hash"] = json!(fragment);
    }
    url
}

/// A path template with what some contracts write behind the path taken apart. A fragment is never sent; it only tells
/// operations of one path apart.
struct Template {
    segments: Vec<Vec<PathPart>>,
    query: Vec<(String, String)>,
    fragment: Option<String>,
}

impl Template {
    fn of(operation: &Operation) -> Self {
        let mut segments = operation.path.segments.clone();
        let (path, fragment) = match operation.path.raw.split_once('#') {
            Some((path, fragment)) => (path, Some(fragment.to_owned())),
            None => (operation.path.raw.as_str(), None),
        };
        let query = path.split_once('?').map_or("", |(_, query)| query);
        cut(&mut segments, ['#', '?']);
        let pair = |text: &str| {
            let (key, value) = text.split_once('=').unwrap_or((text, ""));
            (key.to_owned(), value.to_owned())
        };
        Self {
            segments,
            query: query.split('&').filter(|text| !text.is_empty()).map(pair).collect(),
            fragment,
        }
    }
}

/// Leaves out everything from the first of the characters on.
fn cut(segments: &mut Vec<Vec<PathPart>>, ends: [char; 2]) {
    for at in 0..segments.len() {
        let Some(segment) = segments.get_mut(at) else { return };
        let end = segment.iter().enumerate().find_map(|(part, text)| match text {
            PathPart::Fixed(text) => text.find(ends).map(|place| (part, place)),
            PathPart::Parameter(_) => None,
        });
        let Some((part, place)) = end else { continue };
        segment.truncate(part + 1);
        if let Some(PathPart::Fixed(text)) = segment.last_mut() {
            text.truncate(place);
        }
        if matches!(segment.last(), Some(PathPart::Fixed(text)) if text.is_empty()) && segment.len() > 1 {
            segment.pop();
        }
        segments.truncate(at + 1);
        return;
    }
}

/// What the style of a path parameter writes before its first value.
fn lead(parameter: &Parameter) -> String {
    match parameter.style {
        Style::Label => ".".to_owned(),
        Style::Matrix => format!(";{}=", parameter.wire),
        _ => String::new(),
    }
}

/// A value of a path parameter as its style writes it.
fn in_path(parameter: &Parameter, value: &Value) -> String {
    let wire = &parameter.wire;
    let each = |between: &str, before: &str| -> Option<String> {
        let parts: Vec<String> = match value {
            Value::Array(items) => items.iter().map(|item| format!("{before}{}", plain(item))).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(key, value)| format!("{key}={}", plain(value)))
                .collect(),
            _ => return None,
        };
        Some(parts.join(between))
    };
    match parameter.style {
        Style::Json => value.to_string(),
        Style::Label if parameter.explode => {
            each(".", "").map_or_else(|| format!(".{}", plain(value)), |text| format!(".{text}"))
        }
        Style::Matrix if parameter.explode => each(";", &format!("{wire}="))
            .map_or_else(|| format!(";{wire}={}", plain(value)), |text| format!(";{text}")),
        _ if parameter.explode && value.is_object() => each(",", "").unwrap_or_default(),
        _ => format!("{}{}", lead(parameter), joined(value)),
    }
}

/// A value of a query parameter as the pairs that its style writes.
fn pairs(parameter: &Parameter, value: &Value) -> Vec<(String, String)> {
    let wire = &parameter.wire;
    match (value, parameter.style) {
        (value, Style::Json) => vec![(wire.clone(), value.to_string())],
        (Value::Array(items), _) if parameter.explode => items.iter().map(|item| (wire.clone(), plain(item))).collect(),
        (Value::Array(items), style) => {
            let between = match style {
                Style::SpaceDelimited => " ",
                Style::PipeDelimited => "|",
                _ => ",",
            };
            vec![(wire.clone(), items.iter().map(plain).collect::<Vec<_>>().join(between))]
        }
        (Value::Object(members), Style::DeepObject) => members
            .iter()
            .map(|(key, value)| (format!("{wire}[{key}]"), plain(value)))
            .collect(),
        (Value::Object(members), _) if parameter.explode => members
            .iter()
            .map(|(key, value)| (key.to_string(), plain(value)))
            .collect(),
        (value, _) => vec![(wire.clone(), joined(value))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emit::testing::model;

    /// The URL of the only operation of a contract.
    fn of(path: &str, parameters: &Value) -> Value {
        let model = model(&json!({
            "openapi": "3.1.0", "info": { "title": "T", "version": "1" },
            "paths": { path: { "get": { "operationId": "it", "parameters": parameters, "responses": { "200": { "description": "Ok." } } } } },
        }));
        url(&model, &model.operations[0], &Variables::of(&model))
    }

    #[test]
    fn what_stands_behind_a_path_is_not_part_of_it() {
        let id =
            json!([{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" }, "example": "7" }]);
        let found = of("/files/{id}#shared", &id);
        assert_eq!(found["raw"], "{{baseUrl}}/files/:id#shared");
        assert_eq!(
            (&found["path"], &found["hash"]),
            (&json!(["files", ":id"]), &json!("shared"))
        );
        assert_eq!(found["variable"], json!([{ "key": "id", "value": "7" }]));
        let found = of("/files/{id}/do?action=x&y#z/w", &id);
        assert_eq!(found["raw"], "{{baseUrl}}/files/:id/do?action=x&y=#z/w");
        assert_eq!(found["path"], json!(["files", ":id", "do"]));
        assert_eq!(found["query"][0], json!({ "key": "action", "value": "x" }));
    }

    #[test]
    fn fixed_text_is_never_taken_for_a_variable() {
        assert_eq!(of("/a/:b", &json!([]))["path"], json!(["a", "%3Ab"]));
        let id =
            json!([{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" }, "example": "7" }]);
        assert_eq!(of("/a/{id}:cancel", &id)["path"], json!(["a", "7:cancel"]));
    }

    #[test]
    fn values_in_a_path_have_the_form_of_their_style() {
        for (style, explode, list, object) in [
            ("simple", false, "3,4", "x,1,y,2"),
            ("simple", true, "3,4", "x=1,y=2"),
            ("label", false, ".3,4", ".x,1,y,2"),
            ("label", true, ".3.4", ".x=1.y=2"),
            ("matrix", false, ";p=3,4", ";p=x,1,y,2"),
            ("matrix", true, ";p=3;p=4", ";x=1;y=2"),
        ] {
            for (value, expected) in [(json!([3, 4]), list), (json!({ "x": 1, "y": 2 }), object)] {
                let schema = if value.is_array() {
                    json!({ "type": "array", "items": { "type": "integer" } })
                } else {
                    json!({ "type": "object", "properties": { "x": { "type": "integer" }, "y": { "type": "integer" } } })
                };
                let parameter = json!([{ "name": "p", "in": "path", "required": true, "style": style, "explode": explode, "schema": schema, "example": value }]);
                assert_eq!(
                    of("/a/{p}", &parameter)["variable"][0]["value"],
                    expected,
                    "{style} {explode}"
                );
            }
        }
    }
}
