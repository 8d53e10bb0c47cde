//! The `postman` target: collections and environments.
//!
//! Owns: which files there are, their names and ids. Must not know: other targets.
//!
//! Ids are made from project, environment and operation (UUID v5), so they differ between collections and never change.

mod request;
mod schemas;
mod tests;
mod url;
mod variables;

use rayon::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::json::document;
use super::{Artifact, Input, Ownership};
use crate::diagnostics::Diagnostics;
use crate::model::{Model, Operation, SecurityScheme};
use schemas::Schemas;
use variables::Variables;

/// Frames of this target: none, the files are data.
pub(super) const FRAMES: &[(&str, &str)] = &[];

/// What all ids are made under.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1b_8a52_3d0e_5c47_9b21_7e4a_c0d3_58f6);

const COLLECTION_SCHEMA: &str = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";

/// One collection: the base, or that of an environment.
struct Collection<'a> {
    input: &'a Input<'a>,
    /// What ids are made of beside the operation.
    scope: &'a str,
    schemas: &'a Schemas,
    variables: &'a Variables,
    parts: &'a [Part],
}

/// What the requests of one operation have in common in every collection: all but their ids.
struct Part {
    name: String,
    script: Value,
    request: Value,
    responses: Vec<Value>,
}

impl Part {
    fn of(model: &Model, operation: &Operation, schemas: &Schemas, variables: &Variables) -> Self {
        let request = request::of(model, operation, variables);
        let written = operation.summary.clone().filter(|text| !text.trim().is_empty());
        Self {
            name: written.unwrap_or_else(|| operation.id.title()),
            script: json!(tests::script(operation, schemas)),
            responses: request::examples(model, operation, &request),
            request,
        }
    }
}

/// Makes the artifacts: of the operations, and of nothing else.
pub(super) fn emit(input: &Input<'_>, diagnostics: &mut Diagnostics) -> Vec<Artifact> {
    let round = input.revisions.of_operations();
    input.again("postman", "", round, diagnostics, |_| collections(input))
}

fn collections(input: &Input<'_>) -> Vec<Artifact> {
    let folder = input.settings.postman.out.as_deref().unwrap_or("generated/postman");
    let schemas = Schemas::of(input.model, &input.bundle.document);
    let variables = Variables::of(input.model);
    let artifact = |name: &str, value: &Value| Artifact {
        path: format!("{folder}/{name}"),
        text: document(value).into(),
        ownership: Ownership::Managed,
        target: "postman",
    };
    let model = input.model;
    let operations = model.operations.par_iter();
    let parts: Vec<Part> = operations
        .map(|operation| Part::of(model, operation, &schemas, &variables))
        .collect();
    let collection = |file: &str, scope: &str, name: &str, url: &str| {
        let collection = Collection {
            input,
            scope,
            schemas: &schemas,
            variables: &variables,
            parts: &parts,
        };
        artifact(&format!("{file}.postman_collection.json"), &collection.value(name, url))
    };
    let environments = environments(model);
    let first = environments.first().map(|(_, url)| url.as_str()).unwrap_or_default();
    let project = input.project;
    let (base, mut artifacts) = rayon::join(
        || collection("base", "base", &format!("CloudMake Base - {project}"), first),
        || {
            let of_each = environments.par_iter().flat_map_iter(|(environment, url)| {
                let file = file_name(environment);
                let name = format!("CloudMake - {project} ({environment})");
                let value = environment_file(model, project, environment, url);
                [
                    collection(&file, environment, &name, url),
                    artifact(&format!("{file}.postman_environment.json"), &value),
                ]
            });
            of_each.collect::<Vec<_>>()
        },
    );
    artifacts.push(base);
    artifacts
}

/// Names and base URLs of the environments: those of the contract, else its servers.
fn environments(model: &Model) -> Vec<(String, String)> {
    if !model.environments.is_empty() {
        let named = model.environments.iter();
        return named
            .map(|(name, environment)| (name.clone(), environment.url.clone()))
            .collect();
    }
    let url = model.servers.first().map(|server| {
        let mut url = server.url.clone();
        for (name, value) in &server.variables {
            url = url.replace(&format!("{{{name}}}"), value);
        }
        url
    });
    vec![(
        "default".to_owned(),
        url.unwrap_or_else(|| "http://localhost:8787".to_owned()),
    )]
}

/// A name that is a file's name everywhere.
fn file_name(name: &str) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' || c == '_' {
            c
        } else {
            '-'
        }
    };
    name.chars().map(safe).collect()
}

fn id(parts: &[&str]) -> String {
    Uuid::new_v5(&NAMESPACE, parts.join("\n").as_bytes()).to_string()
}

/// An environment: the base URL, and what requests sign in with, empty, to be filled in.
fn environment_file(model: &Model, project: &str, name: &str, url: &str) -> Value {
    let mut values = vec![
        json!({ "key": "baseUrl", "value": url.trim_end_matches('/'), "type": "default", "enabled": true }),
        json!({ "key": "token", "value": "", "type": "secret", "enabled": true }),
    ];
    if model
        .security_schemes
        .values()
        .any(|scheme| matches!(scheme, SecurityScheme::Basic))
    {
        values.push(json!({ "key": "username", "value": "", "type": "default", "enabled": true }));
        values.push(json!({ "key": "password", "value": "", "type": "secret", "enabled": true }));
    }
    json!({
        "id": id(&[project, name, "environment"]),
        "name": format!("CloudMake - {project} ({name})"),
        "values": values,
        "_postman_variable_scope": "environment",
    })
}

impl<'a> Collection<'a> {
    fn value(&self, name: &str, url: &str) -> Value {
        let project = self.input.project;
        let model = self.input.model;
        let mut folders = Vec::new();
        for (at, domain) in model.domains.iter().enumerate() {
            let mut own: Vec<(&Operation, &Part)> = model
                .operations
                .iter()
                .zip(self.parts)
                .filter(|(operation, _)| operation.domain.index() == at)
                .collect();
            own.sort_by_key(|(operation, _)| operation.policy.postman.order.unwrap_or(i64::MAX));
            if own.is_empty() {
                continue;
            }
            let items: Vec<Value> = own.iter().map(|(operation, part)| self.item(operation, part)).collect();
            folders.push(json!({
                "id": id(&[project, self.scope, "domain", &domain.name.raw]),
                "name": domain.title,
                "description": domain.description.as_deref().unwrap_or_default(),
                "item": items,
            }));
        }
        let mut variable = vec![json!({ "key": "baseUrl", "value": url.trim_end_matches('/'), "type": "string" })];
        variable.extend(
            self.variables
                .initial()
                .map(|(key, value)| json!({ "key": key, "value": value, "type": "string" })),
        );
        variable.push(json!({ "key": "schemas", "value": self.schemas.text(), "type": "string" }));
        json!({
            "info": {
                "_postman_id": id(&[project, self.scope, "collection"]),
                "name": name,
                "description": format!("{} {}. Generated from the contract.", model.info.title, model.info.version),
                "schema": COLLECTION_SCHEMA,
            },
            "item": folders,
            "variable": variable,
        })
    }

    /// One operation: its request, tests and an example of its answer.
    fn item(&self, operation: &Operation, part: &Part) -> Value {
        let id = |what: &str| id(&[self.input.project, self.scope, &operation.id.raw, what]);
        let mut responses = part.responses.clone();
        for response in &mut responses {
            response["id"] = Value::String(id("example"));
        }
        json!({
            "id": id("request"),
            "name": part.name,
            "event": [{
                "listen": "test",
                "script": { "id": id("tests"), "type": "text/javascript", "exec": part.script },
            }],
            "request": part.request,
            "response": responses,
        })
    }
}
