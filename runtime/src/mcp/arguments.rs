//! Arguments: from what a model gives to a request.
//!
//! Owns: names of arguments, holding each against the contract, writing the request. Must not know: tools, answers.
//!
//! Values are held against their schemas before anything is written: a value of another type could otherwise become several
//! parameters, or another path.

use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, Request};
use flaresmith_api::errors::RequestViolation;
use flaresmith_api::operations::{Media, Operation, PathPart};
use flaresmith_api::validate::{Schema, check};
use flaresmith_api::wire::{
    Location, Parameter, percent_encode_reserved, write_cookie, write_header, write_pairs, write_path,
};
use flaresmith_codegen::pointer::below;
use serde_json::{Map, Value};

use super::form;

/// The argument that is the body.
pub(super) const BODY: &str = "body";

/// Headers that come with the request of the client, not from the model.
const OF_THE_CLIENT: [&str; 5] = [
    "idempotency-key",
    "x-request-id",
    "traceparent",
    "tracestate",
    "authorization",
];

/// Most faults that are told.
const MOST: usize = 50;

/// The parameters of an operation by the names that its descriptor has.
pub(super) fn named(operation: &'static Operation) -> Vec<(String, &'static Parameter)> {
    let mut named: Vec<(String, &Parameter)> = Vec::new();
    for parameter in operation.parameters {
        let lower = parameter.name.to_ascii_lowercase();
        if parameter.location == Location::Header && OF_THE_CLIENT.contains(&lower.as_str()) {
            continue;
        }
        let mut name = parameter.name.to_owned();
        while name == BODY || named.iter().any(|(taken, _)| *taken == name) {
            name = format!("{name}_{}", parameter.location.as_str());
        }
        named.push((name, parameter));
    }
    named
}

/// The type of the body that a model can write: JSON, else a form.
pub(super) fn body_of(operation: &'static Operation) -> Option<&'static Media> {
    let of = |kind: &str| {
        let mut all = operation.consumes.iter();
        all.find(|media| media.media.contains(kind))
    };
    of("json").or_else(|| of("multipart/"))
}

/// A request under construction.
struct Writing {
    operation: &'static Operation,
    path: Vec<(&'static str, String)>,
    query: Vec<String>,
    cookies: Vec<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
    faults: Vec<RequestViolation>,
}

/// The request that the arguments make.
///
/// # Errors
/// Everything that the contract does not admit.
pub(super) fn request(
    operation: &'static Operation,
    mut arguments: Map<String, Value>,
) -> Result<Request<Body>, Vec<RequestViolation>> {
    let mut writing = Writing {
        operation,
        path: Vec::new(),
        query: Vec::new(),
        cookies: Vec::new(),
        headers: Vec::new(),
        faults: Vec::new(),
    };
    for (name, parameter) in named(operation) {
        let location = parameter.location.as_str();
        match arguments.remove(&name) {
            Some(value) if writing.admits(location, &name, parameter.schema, &value) => {
                writing.parameter(parameter, &value);
            }
            None if parameter.required => writing.fault(location, &name, "required", "is missing"),
            _ => {}
        }
    }
    let media = body_of(operation);
    let given = if media.is_some() { arguments.remove(BODY) } else { None };
    let body = match (media, given) {
        (Some(media), Some(value)) => writing.body(media, &value),
        (Some(_), None) if operation.body_required => {
            writing.fault(BODY, "", "required", "is missing");
            Body::empty()
        }
        _ => Body::empty(),
    };
    for name in arguments.keys() {
        writing.fault("query", name, "additionalProperties", "is no argument of this tool");
    }
    writing.finish(body)
}

impl Writing {
    fn fault(&mut self, location: &str, name: &str, keyword: &str, message: &str) {
        self.faults.push(RequestViolation {
            location: location.to_owned(),
            pointer: if name.is_empty() {
                String::new()
            } else {
                below("", name)
            },
            keyword: keyword.to_owned(),
            message: message.to_owned(),
        });
    }

    fn admits(&mut self, location: &str, name: &str, schema: &'static Schema, value: &Value) -> bool {
        let found = check(schema, value);
        for fault in &found {
            self.fault(location, name, &fault.keyword, &fault.message);
            if let Some(told) = self.faults.last_mut() {
                told.pointer.push_str(&fault.pointer);
            }
        }
        found.is_empty()
    }

    fn body(&mut self, media: &'static Media, value: &Value) -> Body {
        self.admits(BODY, "", media.schema, value);
        if media.media.contains("json") {
            self.header(CONTENT_TYPE, "application/json");
            return Body::from(value.to_string());
        }
        let Value::Object(members) = value else {
            self.fault(BODY, "", "type", "is no object");
            return Body::empty();
        };
        for (name, value) in members {
            match media.fields.iter().find(|field| field.name == name) {
                Some(field) => {
                    self.admits(BODY, name, field.schema, value);
                }
                None if value.is_string() => {}
                None => self.fault(BODY, name, "type", "is no text"),
            }
        }
        let (kind, bytes) = form::multipart(media, members);
        self.header(CONTENT_TYPE, &kind);
        Body::from(bytes)
    }

    fn parameter(&mut self, parameter: &'static Parameter, value: &Value) {
        match parameter.location {
            Location::Path => {
                let text = write_path(parameter, value);
                // An empty segment would be another path, and `..` would climb.
                if text.is_empty() || text == "." || text == ".." {
                    return self.fault("path", parameter.name, "pattern", "cannot stand in a path");
                }
                self.path.push((parameter.name, text));
            }
            Location::Query | Location::Body => write_pairs(parameter, value, &mut self.query),
            Location::Cookie => self.cookies.push(write_cookie(parameter, value)),
            Location::Header => match HeaderName::try_from(parameter.name) {
                Ok(name) => self.header(name, &write_header(parameter, value)),
                Err(_) => self.fault("header", parameter.name, "pattern", "is no name of a header"),
            },
        }
    }

    fn header(&mut self, name: HeaderName, value: &str) {
        match HeaderValue::try_from(value) {
            Ok(value) => self.headers.push((name, value)),
            Err(_) => self.fault("header", name.as_str(), "pattern", "cannot stand in a header"),
        }
    }

    fn target(&self) -> String {
        let mut target = String::new();
        for segment in self.operation.segments {
            target.push('/');
            for part in *segment {
                match part {
                    PathPart::Fixed(fixed) => target.push_str(&percent_encode_reserved(fixed)),
                    PathPart::Parameter(name) => {
                        let value = self.path.iter().find(|(known, _)| known == name);
                        target.push_str(value.map_or("", |(_, value)| value));
                    }
                }
            }
        }
        if !self.query.is_empty() {
            target.push('?');
            target.push_str(&self.query.join("&"));
        }
        target
    }

    fn finish(mut self, body: Body) -> Result<Request<Body>, Vec<RequestViolation>> {
        if !self.cookies.is_empty() {
            let cookies = self.cookies.join("; ");
            self.header(axum::http::header::COOKIE, &cookies);
        }
        if !self.operation.produces.is_empty() {
            self.header(ACCEPT, &self.operation.produces.join(", "));
        }
        if self.faults.is_empty() {
            let request = Request::builder().method(self.operation.method).uri(self.target());
            match request.body(body) {
                Ok(mut request) => {
                    request.headers_mut().extend(self.headers);
                    return Ok(request);
                }
                Err(_) => self.fault("path", "", "pattern", "makes no address"),
            }
        }
        self.faults.truncate(MOST);
        Err(self.faults)
    }
}

#[cfg(test)]
mod tests {
    use flaresmith_api::operations::find;
    use serde_json::json;

    use super::*;

    fn made(operation: &str, arguments: Value) -> Result<Request<Body>, Vec<RequestViolation>> {
        let Value::Object(arguments) = arguments else { panic!() };
        request(find(operation).unwrap(), arguments)
    }

    #[test]
    fn arguments_become_the_request_that_the_contract_means() {
        let id = "0196f000-0000-7000-8000-000000000001";
        let arguments = json!({ "limit": 2, "state": ["active", "degraded"], "name": "a&b=c" });
        let request = made("listProjects", arguments).unwrap();
        assert_eq!(
            request.uri(),
            "/projects?limit=2&state=active&state=degraded&name=a%26b%3Dc"
        );
        let request = made("getProject", json!({ "projectId": id })).unwrap();
        assert_eq!(
            (request.method().as_str(), request.uri().path()),
            ("GET", format!("/projects/{id}").as_str())
        );
        let request = made("createProject", json!({ "body": { "name": "Shop" } })).unwrap();
        assert_eq!(request.headers()["content-type"], "application/json");
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let arguments = json!({ "limit": { "name": "x" }, "stat": ["active"], "name": "" });
        let faults = made("listProjects", arguments).unwrap_err();
        let told: Vec<(&str, &str)> = faults
            .iter()
            .map(|fault| (fault.pointer.as_str(), fault.keyword.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("/limit", "type"),
                ("/name", "minLength"),
                ("/stat", "additionalProperties")
            ]
        );
        let faults = made("getProject", json!({ "projectId": "../users" })).unwrap_err();
        assert_eq!(faults[0].keyword, "format");
        assert_eq!(made("getProject", json!({})).unwrap_err()[0].keyword, "required");
        let faults = made("createProject", json!({ "body": { "name": 1 } })).unwrap_err();
        assert_eq!(
            (faults[0].location.as_str(), faults[0].pointer.as_str()),
            ("body", "/name")
        );
        assert_eq!(made("createProject", json!({})).unwrap_err()[0].location, "body");
    }
}
