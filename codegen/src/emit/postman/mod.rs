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

use std::sync::Arc;

use rayon::prelude::*;
use uuid::Uuid;

use super::json::{self, Lines};
use super::{AT_ONCE, Artifact, Input, Ownership, files};
use crate::diagnostics::Diagnostics;
use crate::model::{Model, Operation, SecurityScheme};
use crate::rope::{Piece, Rope};
use crate::tree::{Value, json};
use schemas::{Answers, Schemas};
use variables::Variables;

/// Frames of this target: none, the files are data.
pub(super) const FRAMES: &[(&str, &str)] = &[];

/// What all ids are made under.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1b_8a52_3d0e_5c47_9b21_7e4a_c0d3_58f6);

const COLLECTION_SCHEMA: &str = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";

/// One collection: the base, or that of an environment.
struct Collection<'a, 'i> {
    input: &'a Input<'i>,
    /// What ids are made of beside the operation.
    scope: &'a str,
    schemas: &'a Schemas,
    variables: &'a Variables,
    parts: &'a [Arc<Part>],
}

/// What the requests of one operation have in common in every collection: all but their ids.
struct Part {
    /// The request, its tests and an example of its answer, as JSON in the midst of a collection, taken apart where ids stand.
    texts: Vec<Piece>,
    /// What each of the ids is for.
    ids: Vec<&'static str>,
    answers: Answers,
}

impl Part {
    fn of(input: &Input<'_>, operation: &Operation, variables: &Variables) -> Self {
        let request = request::of(input.model, operation, variables);
        let written = operation.summary.clone().filter(|text| !text.trim().is_empty());
        let answers = Answers::of(input, operation);
        let (mut lines, mut spots) = (Lines::within(DEPTH), Vec::new());
        lines.key("id");
        spots.push((lines.written(), "request"));
        let name = written.unwrap_or_else(|| operation.id.title());
        lines.key("name").value(&json!(name));
        lines.key("event").list();
        lines.item().map();
        lines.key("listen").value(&json!("test"));
        lines.key("script").map();
        lines.key("id");
        spots.push((lines.written(), "tests"));
        lines.key("type").value(&json!("text/javascript"));
        lines.key("exec").value(&json!(tests::script(operation, &answers)));
        lines.close();
        lines.close();
        lines.close();
        lines.key("request").value(&request);
        lines.key("response").list();
        for response in request::examples(input.model, operation, &request) {
            lines.item().map();
            lines.key("id");
            spots.push((lines.written(), "example"));
            lines.members(&response);
            lines.close();
        }
        lines.close();
        let text = lines.finish_within();
        let text = text.whole();
        let begins = std::iter::once(0).chain(spots.iter().map(|(at, _)| *at));
        let ends = spots.iter().map(|(at, _)| *at).chain([text.len()]);
        let texts = begins.zip(ends).filter_map(|(begin, end)| text.get(begin..end));
        Self {
            texts: texts.map(|text| input.memo.aside_piece(text.to_owned())).collect(),
            ids: spots.into_iter().map(|(_, what)| what).collect(),
            answers,
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
    let model = input.model;
    let variables = Variables::of(model);
    let artifact = |name: &str, text: Rope| Artifact {
        path: format!("{folder}/{name}"),
        text,
        ownership: Ownership::Managed,
        target: "postman",
    };
    // Which variables there are depends on all operations, and reaches the request of each.
    let known = variables.names();
    let operations = model.operations.par_iter().with_max_len(AT_ONCE).enumerate();
    let parts: Vec<Arc<Part>> = operations
        .map(|(index, operation)| {
            let key = ("postman", format!("{}\n{known}", operation.id.raw));
            let round = input.revisions.of_operation(index);
            input.memo.part(key, round, input.revisions.now, || {
                Part::of(input, operation, &variables)
            })
        })
        .collect();
    let schemas = Schemas::of(input.definitions, parts.iter().map(|part| &part.answers), input.memo);
    let collection = |file: &str, scope: &str, name: &str, url: &str| {
        let collection = Collection {
            input,
            scope,
            schemas: &schemas,
            variables: &variables,
            parts: &parts,
        };
        artifact(&format!("{file}.postman_collection.json"), collection.text(name, url))
    };
    let environments = environments(model);
    let first = environments.first().map(|(_, url)| url.as_str()).unwrap_or_default();
    let names = files::distinct(environments.iter().map(|(name, _)| name.as_str()), &["base"]);
    let project = input.project;
    let (base, mut artifacts) = rayon::join(
        || collection("base", "base", &format!("CloudMake Base - {project}"), first),
        || {
            let of_each = environments
                .par_iter()
                .zip(&names)
                .flat_map_iter(|((environment, url), file)| {
                    let name = format!("CloudMake - {project} ({environment})");
                    let value = environment_file(model, project, environment, url);
                    [
                        collection(file, environment, &name, url),
                        artifact(
                            &format!("{file}.postman_environment.json"),
                            json::document(&value).into(),
                        ),
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

/// How deep the requests stand in a collection: in the list of a folder, which stands in the list of the collection.
const DEPTH: usize = 4;

impl<'a> Collection<'a, '_> {
    fn text(&self, name: &str, url: &str) -> Rope {
        let project = self.input.project;
        let model = self.input.model;
        let mut lines = Lines::new();
        lines.key("info").value(&json!({
            "_postman_id": id(&[project, self.scope, "collection"]),
            "name": name,
            "description": format!("{} {}. Generated from the contract.", model.info.title, model.info.version),
            "schema": COLLECTION_SCHEMA,
        }));
        lines.key("item").list();
        for (at, domain) in model.domains.iter().enumerate() {
            let mut own: Vec<(&Operation, &Arc<Part>)> = model
                .operations
                .iter()
                .zip(self.parts)
                .filter(|(operation, _)| operation.domain.index() == at)
                .collect();
            own.sort_by_key(|(operation, _)| operation.policy.postman.order.unwrap_or(i64::MAX));
            if own.is_empty() {
                continue;
            }
            lines.item().map();
            lines
                .key("id")
                .value(&json!(id(&[project, self.scope, "domain", &domain.name.raw])));
            lines.key("name").value(&json!(domain.title));
            lines
                .key("description")
                .value(&json!(domain.description.as_deref().unwrap_or_default()));
            lines.key("item").list();
            for (operation, part) in own {
                self.item(operation, part, lines.item());
            }
            lines.close();
            lines.close();
        }
        lines.close();
        lines.key("variable").list();
        let url = url.trim_end_matches('/');
        lines
            .item()
            .value(&json!({ "key": "baseUrl", "value": url, "type": "string" }));
        for (key, value) in self.variables.initial() {
            lines
                .item()
                .value(&json!({ "key": key, "value": value, "type": "string" }));
        }
        lines.item().map();
        lines.key("key").value(&json!("schemas"));
        lines.key("value").rope(self.schemas.quoted());
        lines.key("type").value(&json!("string"));
        lines.finish()
    }

    /// One operation: its request, tests and an example of its answer.
    fn item(&self, operation: &Operation, part: &Part, lines: &mut Lines) {
        let id = |what: &&str| id(&[self.input.project, self.scope, &operation.id.raw, what]);
        let mut ids = part.ids.iter();
        for text in &part.texts {
            lines.shared(text);
            if let Some(what) = ids.next() {
                lines.value(&json!(id(what)));
            }
        }
    }
}
