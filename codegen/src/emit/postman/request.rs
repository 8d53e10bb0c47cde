//! Requests: an operation as something that can be sent.
//!
//! Owns: headers, bodies, authorization, the example of an answer. Must not know: addresses, tests, files.

use super::url::url;
use super::variables::{Variables, example, plain};
use crate::emit::example::{Direction, of_content};
use crate::emit::json::pretty;
use crate::model::{Content, Kind, Location, MediaKind, Model, Operation, SecurityScheme, Status, TextFormat};
use crate::tree::{Map, Value, json};

/// The request of an operation.
pub(super) fn of(model: &Model, operation: &Operation, variables: &Variables) -> Value {
    let mut request = Map::new();
    if let Some(auth) = auth(model, operation) {
        request.insert("auth", auth);
    }
    request.insert("method", json!(operation.method.as_str()));
    request.insert("header", headers(model, operation, variables).into());
    request.insert("url", url(model, operation, variables));
    if let Some(body) = operation
        .body
        .as_ref()
        .and_then(|body| body.contents.first())
        .and_then(|content| body(model, operation, content, variables))
    {
        request.insert("body", body);
    }
    if let Some(text) = &operation.docs.description {
        request.insert("description", json!(text));
    }
    Value::Object(request)
}

fn headers(model: &Model, operation: &Operation, variables: &Variables) -> Vec<Value> {
    let mut found = Vec::new();
    let mut has_key = false;
    for parameter in operation
        .parameters
        .iter()
        .filter(|parameter| parameter.location == Location::Header)
    {
        let is_key = parameter.wire.eq_ignore_ascii_case("idempotency-key");
        has_key |= is_key;
        let value = if is_key {
            "{{$guid}}".to_owned()
        } else {
            variables
                .parameter(operation, parameter)
                .unwrap_or_else(|| joined(&example(model, parameter)))
        };
        let mut header = json!({ "key": parameter.wire, "value": value });
        if !parameter.required && !is_key && !operation.policy.postman.uses.contains_key(&parameter.wire) {
            header["disabled"] = json!(true);
        }
        found.push(header);
    }
    if operation.policy.idempotent && !has_key {
        found.push(json!({ "key": "Idempotency-Key", "value": "{{$guid}}" }));
    }
    let cookies: Vec<String> = operation
        .parameters
        .iter()
        .filter(|parameter| parameter.location == Location::Cookie && parameter.required)
        .map(|parameter| format!("{}={}", parameter.wire, joined(&example(model, parameter))))
        .collect();
    if !cookies.is_empty() {
        found.push(json!({ "key": "Cookie", "value": cookies.join("; ") }));
    }
    if let Some(content) = operation.body.as_ref().and_then(|body| body.contents.first())
        && !matches!(content.kind, MediaKind::Multipart | MediaKind::Form)
        && !content.media.contains('*')
    {
        found.push(json!({ "key": "Content-Type", "value": content.media }));
    }
    found
}

fn body(model: &Model, operation: &Operation, content: &Content, variables: &Variables) -> Option<Value> {
    let value = of_content(model, content, Direction::Request);
    Some(match content.kind {
        MediaKind::Json => {
            let value = with_variables(value?, &|name| variables.member(operation, name));
            json!({ "mode": "raw", "raw": pretty(&value), "options": { "raw": { "language": "json" } } })
        }
        MediaKind::Form => json!({ "mode": "urlencoded", "urlencoded": members(value.as_ref(), |key, value| {
            let value = variables.member(operation, key).unwrap_or_else(|| joined(value));
            json!({ "key": key, "value": value, "type": "text" })
        }) }),
        MediaKind::Multipart => json!({ "mode": "formdata", "formdata": members(value.as_ref(), |key, value| {
            // What the contract shows of a file can be sent; anything else is for a person to choose.
            match (is_file(model, content, key), content.examples.is_empty()) {
                (true, true) => json!({ "key": key, "type": "file", "src": [] }),
                (true, false) => file(content, key, value),
                (false, _) => {
                    let value = variables.member(operation, key).unwrap_or_else(|| plain(value));
                    json!({ "key": key, "value": value, "type": "text" })
                }
            }
        }) }),
        MediaKind::Bytes => json!({ "mode": "file", "file": {} }),
        MediaKind::Text | MediaKind::EventStream => {
            json!({ "mode": "raw", "raw": value.as_ref().map(plain).unwrap_or_default() })
        }
    })
}

fn members(value: Option<&Value>, part: impl Fn(&str, &Value) -> Value) -> Vec<Value> {
    let all = value.and_then(Value::as_object).into_iter().flatten();
    all.map(|(key, value)| part(key, value)).collect()
}

/// Whether a part of a form is a file.
fn is_file(model: &Model, content: &Content, name: &str) -> bool {
    let Some(ty) = &content.ty else { return false };
    let (ty, _) = model.resolve(ty);
    let Kind::Named(id) = ty.kind else { return false };
    let crate::model::Shape::Record(record) = &model.type_def(id).shape else {
        return false;
    };
    let field = record.fields.iter().find(|field| field.wire == name);
    field.is_some_and(|field| matches!(model.resolve(&field.ty).0.kind, Kind::Text(TextFormat::Bytes)))
}

/// A file whose text the contract shows.
fn file(content: &Content, name: &str, value: &Value) -> Value {
    let mut part = json!({ "key": name, "value": plain(value), "type": "text" });
    if let Some(media) = content.encodings.get(name).and_then(|part| part.content_type.as_ref()) {
        part["contentType"] = json!(media);
    }
    part
}

/// Members of a body that were captured take the captured value. Only strings: a variable stands in quotes.
fn with_variables(value: Value, variable: &dyn Fn(&str) -> Option<String>) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(key, value)| {
                    let captured = if value.is_string() { variable(&key) } else { None };
                    let value = captured.map_or_else(|| with_variables(value, variable), Value::from);
                    (key, value)
                })
                .collect(),
        ),
        other => other,
    }
}

/// How a request shows who sends it; `None` when the contract says nothing about it.
fn auth(model: &Model, operation: &Operation) -> Option<Value> {
    if operation.public {
        return Some(json!({ "type": "noauth" }));
    }
    let name = operation.security.first()?.keys().next()?;
    let entry = |key: &str, value: &str| json!({ "key": key, "value": value, "type": "string" });
    Some(match model.security_schemes.get(name)? {
        SecurityScheme::Bearer | SecurityScheme::OAuth => {
            json!({ "type": "bearer", "bearer": [entry("token", "{{token}}")] })
        }
        SecurityScheme::Basic => {
            json!({ "type": "basic", "basic": [entry("username", "{{username}}"), entry("password", "{{password}}")] })
        }
        SecurityScheme::ApiKey { location, wire } => {
            let place = if *location == Location::Query {
                "query"
            } else {
                "header"
            };
            let cookie = *location == Location::Cookie;
            let (key, value) = if cookie {
                ("Cookie", format!("{wire}={{{{token}}}}"))
            } else {
                (wire.as_str(), "{{token}}".to_owned())
            };
            json!({ "type": "apikey", "apikey": [entry("key", key), entry("value", &value), entry("in", place)] })
        }
        SecurityScheme::Other(_) => return None,
    })
}

/// A value in one text: lists and objects with commas, as the style `simple` writes them.
pub(super) fn joined(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| format!("{key},{}", plain(value)))
            .collect::<Vec<_>>()
            .join(","),
        value => plain(value),
    }
}

/// An example of the answer that an operation gives when it works, without its id, which differs between collections.
pub(super) fn examples(model: &Model, operation: &Operation, request: &Value) -> Vec<Map> {
    let Some(success) = operation.success() else {
        return Vec::new();
    };
    let Status::Exact(code) = success.status else {
        return Vec::new();
    };
    let content = success.contents.iter().find(|content| content.kind == MediaKind::Json);
    let body = content.and_then(|content| of_content(model, content, Direction::Response));
    let media = content.map(|content| json!([{ "key": "Content-Type", "value": content.media }]));
    let example = json!({
        "name": if success.description.is_empty() { "Success" } else { success.description.as_str() },
        "originalRequest": request,
        "status": reason(code),
        "code": code,
        "header": media.unwrap_or_else(|| json!([])),
        "body": body.as_ref().map(pretty).unwrap_or_default(),
        "_postman_previewlanguage": if content.is_some() { "json" } else { "text" },
    });
    example.as_object().cloned().into_iter().collect()
}

/// The words of a status.
fn reason(code: u16) -> &'static str {
    match code {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        _ => "Success",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emit::testing::model;

    #[test]
    fn what_a_request_uses_takes_the_variable_and_is_sent() {
        let body =
            json!({ "type": "object", "properties": { "token": { "type": "string" }, "base": { "type": "string" } } });
        let form = json!({ "type": "object", "properties": {
            "file": { "type": "string", "format": "binary" }, "base": { "type": "string" } } });
        let answer = json!({ "204": { "description": "Done." } });
        let upload = |content: Value| {
            json!({ "operationId": format!("upload{}", content.get("examples").is_some()),
            "x-flaresmith": { "postman": { "uses": { "base": "commit" } } },
            "requestBody": { "content": { "multipart/form-data": content } }, "responses": answer })
        };
        let encoding = json!({ "file": { "contentType": "text/markdown" } });
        let shown = json!({ "shown": { "value": { "file": "# Notes\n", "base": "b" } } });
        let model = model(&json!({
            "openapi": "3.1.0", "info": { "title": "T", "version": "1" },
            "paths": {
                "/invitations": { "post": { "operationId": "invite", "responses": answer,
                    "x-flaresmith": { "postman": { "captures": { "invitation": "/token", "commit": "/sha" } } } } },
                "/accounts": { "post": { "operationId": "accept",
                    "parameters": [
                        { "name": "at", "in": "query", "schema": { "type": "string" } },
                        { "name": "X-At", "in": "header", "schema": { "type": "string" } },
                        { "name": "commit", "in": "query", "schema": { "type": "string" } },
                    ],
                    "x-flaresmith": { "postman": { "uses": { "token": "invitation", "at": "commit", "X-At": "commit" } } },
                    "requestBody": { "content": { "application/json": { "schema": body } } }, "responses": answer } },
                "/files": { "post": upload(json!({ "schema": form })),
                    "put": upload(json!({ "schema": form, "encoding": encoding, "examples": shown })) },
            },
        }));
        let variables = Variables::of(&model);
        let made = |id: &str| {
            let operation = model.operations.iter().find(|one| one.id.raw == id).unwrap();
            of(&model, operation, &variables)
        };
        let accept = made("accept");
        let sent: Value = serde_json::from_str(accept["body"]["raw"].as_str().unwrap()).unwrap();
        assert_eq!(sent["token"], "{{invitation}}");
        let query = json!([
            { "key": "at", "value": "{{commit}}" },
            { "key": "commit", "value": "{{commit}}", "disabled": true },
        ]);
        assert_eq!(accept["url"]["query"], query);
        assert_eq!(accept["header"][0], json!({ "key": "X-At", "value": "{{commit}}" }));
        let chosen = made("uploadfalse");
        assert_eq!(
            chosen["body"]["formdata"][0],
            json!({ "key": "file", "type": "file", "src": [] })
        );
        let written = made("uploadtrue");
        assert_eq!(
            written["body"]["formdata"],
            json!([
                { "key": "file", "value": "# Notes\n", "type": "text", "contentType": "text/markdown" },
                { "key": "base", "value": "{{commit}}", "type": "text" },
            ])
        );
    }
}
