//! What stands around schemas: paths, operations, parameters, bodies, security, servers, webhooks.
//!
//! Owns: which constructs there are and how often. Must not know: how a schema is grown.

use flaresmith_codegen::tree::{Map, Value, json};

use super::Grower;

const METHODS: &[&str] = &["get", "post", "put", "delete", "patch", "head", "options", "trace"];

const MEDIA: &[&str] = &[
    "application/json",
    "application/problem+json",
    "text/plain",
    "application/octet-stream",
    "multipart/form-data",
    "application/x-www-form-urlencoded",
    "text/event-stream",
    "application/xml",
    "*/*",
    "image/png",
    "application/json; charset=utf-8",
    "application/vnd.a+json;v=\"*/\"",
];

const STATUSES: &[&str] = &[
    "200", "201", "204", "2XX", "default", "400", "404", "4XX", "500", "302", "304", "101",
];

impl Grower<'_, '_> {
    pub(super) fn path(&mut self, number: usize) -> (String, Value) {
        let (mut path, mut parameters) = (format!("/p{number}"), Vec::new());
        for _ in 0..self.choices.below(3) {
            let name = self.choices.name();
            if name.is_empty() || name.contains(['{', '}', '/', '?', '#']) || path.contains(&format!("{{{name}}}")) {
                path.push('/');
                path.extend(self.choices.text().chars().filter(|c| !"{}/?#".contains(*c)));
                continue;
            }
            path.push_str(self.choices.word(&["/", "/:", "/x-", ":"]));
            path.push_str(&format!("{{{name}}}"));
            path.push_str(self.choices.word(&["", ".json", ":verb", "`"]));
            parameters.push(
                json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" },
                "description": self.choices.text() }),
            );
        }
        let mut item = Map::new();
        if !parameters.is_empty() {
            item.insert("parameters".to_owned(), json!(parameters));
        }
        for _ in 0..=self.choices.below(2) {
            let method = self.choices.word(METHODS);
            let operation = self.operation(method, 0);
            item.insert(method.to_owned(), operation);
        }
        (path, Value::Object(item))
    }

    fn operation(&mut self, method: &str, depth: usize) -> Value {
        let mut responses = Map::new();
        for _ in 0..=self.choices.below(3) {
            let status = self.choices.word(STATUSES);
            let mut response = json!({ "description": self.choices.text() });
            if !self.choices.one_in(4) {
                response["content"] = self.content();
            }
            if self.choices.one_in(5) {
                response["headers"] =
                    json!({ (self.choices.name()): { "schema": self.schema(2), "description": self.choices.text() } });
            }
            if self.choices.one_in(12) {
                response["links"] = json!({ (self.choices.name()): { "operationId": self.choices.name(), "description": self.choices.text() } });
            }
            responses.insert(status.to_owned(), response);
        }
        let mut operation = json!({ "summary": self.choices.text(), "responses": responses });
        if self.choices.one_in(2) {
            operation["operationId"] = json!(format!("{}{}", self.choices.name(), self.choices.below(60_000)));
        }
        if self.choices.one_in(3) {
            operation["description"] = json!(self.choices.text());
            operation["tags"] = json!([self.choices.name()]);
        }
        if method != "get" && method != "head" && method != "trace" && !self.choices.one_in(3) {
            operation["requestBody"] = json!({ "description": self.choices.text(), "required": self.choices.one_in(2), "content": self.content() });
        }
        let parameters = self.parameters();
        if !parameters.is_empty() {
            operation["parameters"] = json!(parameters);
        }
        if self.choices.one_in(6) {
            operation["x-flaresmith"] = json!({
                "mcp": { "name": self.choices.plain() }, "postman": { "captures": { (self.choices.name()): "/id" } } });
        }
        if depth == 0 && self.choices.one_in(12) {
            let call = self.operation("post", 1);
            operation["callbacks"] = json!({ (self.choices.name()): { "{$request.body#/url}": { "post": call } } });
        }
        operation
    }

    fn parameters(&mut self) -> Vec<Value> {
        let mut found: Vec<Value> = Vec::new();
        for _ in 0..self.choices.below(4) {
            let (name, place) = (self.choices.name(), self.choices.word(&["query", "header", "cookie"]));
            if name.is_empty()
                || found
                    .iter()
                    .any(|one| one["name"] == json!(name) && one["in"] == json!(place))
            {
                continue;
            }
            let mut parameter = json!({ "name": name, "in": place, "description": self.choices.text() });
            if self.choices.one_in(8) {
                parameter["content"] = json!({ "application/json": { "schema": self.schema(1) } });
            } else {
                parameter["schema"] = self.schema(2);
                if place == "query" && self.choices.one_in(3) {
                    parameter["style"] =
                        json!(
                            self.choices
                                .word(&["form", "deepObject", "pipeDelimited", "spaceDelimited"])
                        );
                    parameter["explode"] = json!(self.choices.one_in(2));
                }
            }
            if self.choices.one_in(3) {
                parameter["required"] = json!(true);
                parameter["example"] = json!(self.choices.text());
            }
            found.push(parameter);
        }
        found
    }

    fn content(&mut self) -> Value {
        let mut content = Map::new();
        for _ in 0..=self.choices.below(2) {
            let media = self.choices.word(MEDIA);
            let mut body = json!({ "schema": self.schema(1) });
            if self.choices.one_in(5) {
                body["examples"] =
                    json!({ (self.choices.name()): { "summary": self.choices.text(), "value": self.choices.text() } });
            }
            if media.starts_with("multipart") && self.choices.one_in(2) {
                body["encoding"] = json!({ (self.choices.name()): { "contentType": self.choices.text() } });
            }
            content.insert(media.to_owned(), body);
        }
        Value::Object(content)
    }

    pub(super) fn security_schemes(&mut self) -> Value {
        let mut schemes = Map::new();
        for _ in 0..self.choices.below(3) {
            let scheme = match self.choices.below(4) {
                0 => json!({ "type": "http", "scheme": "bearer", "description": self.choices.text() }),
                1 => {
                    json!({ "type": "apiKey", "in": self.choices.word(&["query", "header", "cookie"]), "name": self.choices.name() })
                }
                2 => json!({ "type": "http", "scheme": "basic" }),
                _ => json!({ "type": "oauth2", "flows": { "clientCredentials": { "tokenUrl": "https://a.test/t",
                    "scopes": { (self.choices.name()): self.choices.text() } } } }),
            };
            schemes.insert(self.choices.name(), scheme);
        }
        Value::Object(schemes)
    }

    /// What stands beside paths and components.
    pub(super) fn around(&mut self, document: &mut Value) {
        if let Some(name) = document["components"]["securitySchemes"]
            .as_object()
            .and_then(|all| all.keys().next())
        {
            document["security"] = json!([{ name: [] }]);
        }
        if self.choices.one_in(3) {
            document["servers"] = json!([{ "url": format!("https://{{v}}.test/{}", self.choices.text()), "description": self.choices.text(),
                "variables": { "v": { "default": self.choices.text(), "description": self.choices.text() } } }]);
        }
        if self.choices.one_in(3) {
            document["tags"] = json!([{ "name": self.choices.name(), "description": self.choices.text(),
                "externalDocs": { "url": self.choices.text() } }]);
        }
        if self.choices.one_in(4) {
            document["x-flaresmith"] = json!({
                "roles": [self.choices.plain()],
                "environments": { (self.choices.name()): { "url": "https://a.test", "description": self.choices.text() } },
                "errors": { "A_B": { "severity": "error", "retryPolicy": "none", "status": 404, "message": self.choices.text(),
                    "hint": self.choices.text() } },
            });
        }
        if self.choices.one_in(8) {
            let hook = self.operation("post", 1);
            document["webhooks"] = json!({ (self.choices.name()): { "post": hook } });
        }
    }
}
