//! Incremental equals clean, whatever happens to a contract and the files that it refers to: anything in them is moved, renamed,
//! copied, replaced or deleted, and a process that remembers makes what one makes that never ran before, with every target.
//!
//! `PROPTEST_CASES` sets how many sequences there are.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use flaresmith_codegen::memo::Memo;
use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::{Compilation, compile, compile_again};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value, json};

/// A contract in which parts depend on each other in every way that lowering and the targets know.
fn contract() -> Value {
    let failure = json!({ "$ref": "#/components/responses/Failure" });
    let of = |schema: &str| json!({ "application/json": { "schema": { "$ref": format!("#/components/schemas/{schema}") } } });
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Made", "version": "1", "license": { "name": "MIT", "identifier": "MIT" } },
        "servers": [{ "url": "https://{where}.example.com", "variables": { "where": { "default": "a", "enum": ["a", "b"] } } }],
        "tags": [{ "name": "pets", "description": "Pets." }, { "name": "owners" }],
        "security": [{ "bearer": [] }],
        "x-flaresmith": {
            "roles": ["reader", "owner"],
            "rateBuckets": { "user": { "capacity": 10, "refillPerMinute": 5 } },
            "rateLimits": { "read": { "tokens": 1, "buckets": ["user"] } },
            "errors": { "PET_GONE": { "status": 410, "message": "Gone.", "details": { "type": "object", "properties": {
                "pet": { "$ref": "#/components/schemas/Pet" } } } }, "PET_BUSY": { "status": 409, "message": "Busy." } },
            "errorEnvelope": { "$ref": "#/components/schemas/Failure" },
        },
        "paths": {
            "/pets": {
                "parameters": [{ "$ref": "#/components/parameters/Limit" }],
                "get": { "operationId": "listPets", "tags": ["pets"], "summary": "Lists pets.", "responses": { "200": { "description": "d",
                    "headers": { "X-Total": { "schema": { "type": "integer" } } }, "content": of("PetList") }, "default": failure },
                    "x-flaresmith": { "role": "reader", "rateLimit": "read", "errors": ["PET_BUSY"], "requirements": ["FR-001"] } },
                "post": { "operationId": "addPet", "tags": ["pets"], "requestBody": { "required": true, "content": of("NewPet") },
                    "responses": { "201": { "description": "d", "content": of("Pet") }, "400": failure } },
            },
            "/pets/{id}": { "get": { "tags": ["pets"], "parameters": [{ "name": "id", "in": "path", "required": true, "schema":
                { "$ref": "#/components/schemas/Id" } }, { "name": "filter", "in": "query", "style": "deepObject", "schema": { "type":
                "object", "properties": { "a": { "type": "string" } } } }, { "name": "state", "in": "query", "schema": { "anyOf": [
                { "$ref": "#/components/schemas/Status" }, { "type": "null" }] } }], "responses": { "200": { "description": "d", "content": { "application/json":
                { "schema": { "$ref": "#/components/schemas/Animal" }, "examples": { "one": { "value": { "kind": "cat", "lives": 9 } } } } } } } } },
            "/moved/{id}": { "$ref": "#/paths/~1pets~1{id}" },
            "/owners": { "put": { "operationId": "setOwner", "tags": ["owners"], "requestBody": { "content": { "multipart/form-data":
                { "schema": { "type": "object", "properties": { "name": { "type": "string" }, "photo": { "type": "string", "contentMediaType":
                "image/png" } } }, "encoding": { "photo": { "contentType": "image/png" } } } } }, "responses": { "204": { "description": "d" } } } },
        },
        "webhooks": { "petGone": { "post": { "requestBody": { "content": of("Pet") }, "responses": { "200": { "description": "d" } } } } },
        "components": {
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer" } },
            "parameters": { "Limit": { "name": "limit", "in": "query", "schema": { "type": "integer", "maximum": 100, "default": 20 } } },
            "responses": { "Failure": { "description": "d", "content": of("Failure") } },
            "schemas": {
                "Id": { "type": "string", "format": "uuid", "examples": ["6f1b8a52-3d0e-4c47-9b21-7e4ac0d358f6"] },
                "Failure": { "type": "object", "required": ["code"], "properties": { "code": { "type": "string" }, "details": {} } },
                "PetList": { "type": "object", "properties": { "items": { "type": "array", "items": { "$ref": "#/components/schemas/Pet" } },
                    "first": { "$ref": "#/components/schemas/Pet/properties/tag" } } },
                "NewPet": { "type": "object", "required": ["name"], "additionalProperties": false, "properties": { "name": { "type": "string",
                    "maxLength": 20 }, "status": { "$ref": "#/components/schemas/Status" }, "secret": { "type": "string", "x-flaresmith": { "secret": true } } } },
                "Pet": { "allOf": [{ "$ref": "#/components/schemas/NewPet" }, { "type": "object", "required": ["id"], "properties": {
                    "id": { "$ref": "#/components/schemas/Id" }, "tag": { "type": ["string", "null"], "enum": ["a", "b", null] },
                    "parent": { "$ref": "#/components/schemas/Pet" }, "owner": { "$ref": "../data-model.yaml#/$defs/Owner" },
                    "visit": { "$ref": "../more.json#/parts/visit" } } }], "unevaluatedProperties": false,
                    "x-flaresmith": { "table": { "name": "pets", "primaryKey": ["id"] }, "requirements": ["FR-002"] } },
                "Animal": { "type": "object", "required": ["kind"], "properties": { "kind": { "type": "string" } }, "discriminator":
                    { "propertyName": "kind", "mapping": { "cat": "Cat", "dog": "#/components/schemas/Dog" } } },
                "Cat": { "allOf": [{ "$ref": "#/components/schemas/Animal" }, { "type": "object", "properties": { "lives": { "type": "integer" } } }] },
                "Dog": { "allOf": [{ "$ref": "#/components/schemas/Animal" }, { "type": "object", "properties": { "barks": { "type": "boolean" } } }] },
                "Status": { "type": "string", "enum": ["new", "old", "won't fix"] },
                "Keeper": { "$ref": "../more.json#/parts/keeper" },
                "Loud": { "type": "object", "properties": { "inner": { "type": "object", "title": "InnerPart", "properties": { "deep": {
                    "type": "string", "enum": ["x", "y"] } } }, "flag": { "type": ["boolean", "null"] } } },
                "Hidden": { "type": "object", "properties": { "a": { "type": "string" } }, "not": { "$ref": "#/components/schemas/Cat" }, "x-flaresmith": { "internal": true } },
                "Either": { "oneOf": [{ "$ref": "#/components/schemas/Status" }, { "type": "integer" }, { "type": "array", "prefixItems":
                    [{ "type": "string" }], "items": false }], "examples": [{ "x": 1, "y": { "b": 1, "a": 2 } }] },
            },
        },
    })
}

/// A data model, all of which is part of the bundle.
fn data_model() -> Value {
    json!({ "$defs": {
        "Owner": { "type": "object", "required": ["id", "name"], "properties": { "id": { "type": "string", "format": "uuid" }, "name": { "type": "string",
            "maxLength": 40 }, "state": { "type": "string", "enum": ["in", "out"] } }, "x-flaresmith": { "table": {}, "lifecycle": { "field": "state",
            "initial": "in", "transitions": [{ "from": "in", "to": "out", "on": "leave" }] } } },
        "Lease": { "type": "object", "required": ["id", "owner"], "properties": { "id": { "type": "string", "format": "uuid" }, "owner": { "type": "string", "format":
            "uuid", "x-flaresmith": { "references": { "entity": "Owner" } } }, "rent": { "type": "integer" } }, "x-flaresmith": { "table": { "name": "leases" } } },
        "Amount": { "type": "integer", "minimum": 0 },
    } })
}

/// Parts of which only what is referred to is part of the bundle.
fn more() -> Value {
    json!({ "parts": {
        "visit": { "type": "object", "properties": { "at": { "type": "string", "format": "date-time" }, "keeper": { "$ref": "#/parts/keeper" } } },
        "keeper": { "type": "object", "properties": { "name": { "type": "string" }, "fee": { "$ref": "data-model.yaml#/$defs/Amount" } } },
        "unused": { "type": "string" },
    } })
}

/// A value as YAML in block style.
fn yaml(value: &Value, indent: usize, out: &mut String) {
    let margin = " ".repeat(indent);
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (key, value) in members {
                let plain = key.bytes().all(|byte| byte.is_ascii_alphabetic());
                let key = if plain { key.clone() } else { json!(key).to_string() };
                out.push_str(&format!("{margin}{key}:"));
                if value.as_object().is_some_and(|members| !members.is_empty()) {
                    out.push('\n');
                    yaml(value, indent + 2, out);
                } else {
                    out.push_str(&format!(" {value}\n"));
                }
            }
        }
        value => out.push_str(&format!("{margin}{value}\n")),
    }
}

/// A document as it is saved. One that is large is read in pieces; comments and words make it so, and move all lines.
fn saved(document: &Value, padding: usize, path: &str) -> Vec<u8> {
    if path.ends_with(".json") {
        return document.to_string().into_bytes();
    }
    let mut text = format!("# {}\n", "padding ".repeat(padding));
    yaml(document, 0, &mut text);
    text.into_bytes()
}

const PATHS: [&str; 3] = [
    "specs/001-pets/contracts/api.yaml",
    "specs/001-pets/data-model.yaml",
    "specs/001-pets/more.json",
];

const SPEC: &str = "# Feature\n\n## Requirements\n\n- **FR-001**: Pets are listed.\n- **FR-002**: Pets are kept.\n";

/// What happens to the contract. Places are chosen among all objects, or all values, of it.
#[derive(Debug, Clone)]
enum Edit {
    /// The member of an object moves to its end.
    Move(Index, Index, Index),
    Remove(Index, Index, Index),
    /// A member is there again under another name.
    Copy(Index, Index, Index, usize),
    Rename(Index, Index, Index, usize),
    /// A value is replaced.
    Set(Index, Index, usize),
    /// A schema has a property more, or another in its place.
    Field(Index, Index, usize, usize),
    /// A word stands before all else.
    Padding(usize),
    /// All is as it was at first.
    Undo,
    Spec(usize),
    Targets(usize),
}

const NAMES: [&str; 6] = ["added", "Pet2", "status", "/more", "kind", "x-other"];
const TARGETS: [&[&str]; 4] = [
    &[],
    &["rust", "openapi"],
    &["zod", "hono", "docs"],
    &["postman", "mcp", "drizzle"],
];
const SPECS: [&str; 3] = [
    "",
    "- **FR-003**: Pets are fed.\n",
    "- **FR-003**: More.\n\n## Success Criteria\n\n- **SC-001**: Fast.\n",
];

fn replacements() -> Vec<Value> {
    let to = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    vec![
        json!("other"),
        json!(["string", "null"]),
        json!(7),
        json!(true),
        json!("integer"),
        to("Pet"),
        to("Hidden"),
        to("Status"),
        json!({ "type": "object", "properties": { "z": { "type": "string" }, "a": to("Either") } }),
        json!([]),
    ]
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = any::<Index>;
    prop_oneof![
        3 => (at(), at(), at()).prop_map(|(file, object, member)| Edit::Move(file, object, member)),
        2 => (at(), at(), at()).prop_map(|(file, object, member)| Edit::Remove(file, object, member)),
        2 => (at(), at(), at(), 0..NAMES.len()).prop_map(|(file, object, member, name)| Edit::Copy(file, object, member, name)),
        2 => (at(), at(), at(), 0..NAMES.len()).prop_map(|(file, object, member, name)| Edit::Rename(file, object, member, name)),
        4 => (at(), at(), 0..replacements().len()).prop_map(|(file, value, new)| Edit::Set(file, value, new)),
        6 => (at(), at(), 0..NAMES.len(), 0..replacements().len()).prop_map(|(file, at, name, new)| Edit::Field(file, at, name, new)),
        1 => (0..2usize).prop_map(|more| Edit::Padding(5_000 * more)),
        2 => Just(Edit::Undo),
        1 => (0..SPECS.len()).prop_map(Edit::Spec),
        1 => (0..TARGETS.len()).prop_map(Edit::Targets),
    ]
}

/// Pointers of all values that satisfy a condition.
fn places(value: &Value, at: &str, wanted: fn(&Value) -> bool, found: &mut Vec<String>) {
    if wanted(value) {
        found.push(at.to_owned());
    }
    let mut below = |key: &str, value: &Value| {
        let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        places(value, &at, wanted, found);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| below(key, value)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(i, value)| below(&i.to_string(), value)),
        _ => {}
    }
}

fn object<'v>(contract: &'v mut Value, index: &Index) -> &'v mut Map<String, Value> {
    let mut found = Vec::new();
    places(
        contract,
        "",
        |value| value.as_object().is_some_and(|members| !members.is_empty()),
        &mut found,
    );
    let at = &found[index.index(found.len())];
    contract.pointer_mut(at).unwrap().as_object_mut().unwrap()
}

fn key(members: &Map<String, Value>, index: &Index) -> String {
    members.keys().nth(index.index(members.len())).unwrap().clone()
}

struct Project {
    /// What is in the files of [`PATHS`].
    files: [Value; 3],
    padding: usize,
    spec: usize,
    targets: usize,
}

impl Project {
    fn first() -> Self {
        Self {
            files: [contract(), data_model(), more()],
            padding: 0,
            spec: 0,
            targets: 0,
        }
    }

    fn carry_out(&mut self, edit: &Edit) {
        match edit {
            Edit::Move(file, at, member) => {
                let members = object(&mut self.files[file.index(3)], at);
                let key = key(members, member);
                let value = members.shift_remove(&key).unwrap();
                members.insert(key, value);
            }
            Edit::Remove(file, at, member) => {
                let members = object(&mut self.files[file.index(3)], at);
                // An empty document is no contract, and has no more places.
                if members.len() > 1 {
                    let key = key(members, member);
                    members.shift_remove(&key);
                }
            }
            Edit::Copy(file, at, member, name) => {
                let members = object(&mut self.files[file.index(3)], at);
                let value = members[&key(members, member)].clone();
                members.insert(NAMES[*name].to_owned(), value);
            }
            Edit::Rename(file, at, member, name) => {
                let members = object(&mut self.files[file.index(3)], at);
                let key = key(members, member);
                let renamed = std::mem::take(members).into_iter();
                members.extend(renamed);
                if let Some(value) = members.shift_remove(&key) {
                    members.insert(NAMES[*name].to_owned(), value);
                }
            }
            Edit::Set(file, at, new) => {
                let file = &mut self.files[file.index(3)];
                let mut found = Vec::new();
                places(file, "", |_| true, &mut found);
                // Not the root.
                if let Some(at) = found.get(1 + at.index(found.len().max(2) - 1)) {
                    *file.pointer_mut(at).unwrap() = replacements()[*new].clone();
                }
            }
            Edit::Field(file, at, name, new) => {
                let file = &mut self.files[file.index(3)];
                let mut found = Vec::new();
                places(
                    file,
                    "",
                    |value| value.get("properties").is_some_and(Value::is_object),
                    &mut found,
                );
                if !found.is_empty() {
                    let schema = file.pointer_mut(&found[at.index(found.len())]).unwrap();
                    schema["properties"][NAMES[*name]] = match &replacements()[*new] {
                        Value::Object(schema) => json!(schema),
                        _ => json!({ "type": "string", "maxLength": new }),
                    };
                }
            }
            Edit::Padding(padding) => self.padding = *padding,
            Edit::Undo => self.files = [contract(), data_model(), more()],
            Edit::Spec(spec) => self.spec = *spec,
            Edit::Targets(targets) => self.targets = *targets,
        }
    }

    fn inputs(&self) -> (Sources, Settings) {
        let mut sources = Sources::default();
        for (path, file) in PATHS.iter().zip(&self.files) {
            sources.insert(path, saved(file, self.padding, path));
        }
        let spec = format!("{SPEC}{}", SPECS[self.spec]);
        sources.insert("specs/001-pets/spec.md", spec.into_bytes());
        let targets = TARGETS[self.targets];
        let settings = Settings {
            targets: (!targets.is_empty()).then(|| targets.iter().map(|name| (*name).to_owned()).collect()),
            ..Settings::default()
        };
        (sources, settings)
    }
}

/// Everything that comes out, to be compared.
fn told(compilation: &Compilation) -> String {
    let mut text = format!("{:#?}\n", compilation.diagnostics);
    text.push_str(&format!("{:#?}\n", compilation.model));
    text.push_str(&format!(
        "{:#}\n{:#?}\n",
        compilation.bundle.document, compilation.bundle.origins
    ));
    for artifact in &compilation.artifacts {
        text.push_str(&format!("{}\n{}\n", artifact.path, artifact.text));
    }
    text
}

fn compiled(project: &Project, memo: Option<&Memo>) -> Compilation {
    let (sources, settings) = project.inputs();
    match memo {
        Some(memo) => compile_again(&sources, &settings, &BTreeMap::new(), memo),
        None => compile(&sources, &settings, &BTreeMap::new()),
    }
}

#[test]
fn the_contract_is_sound_and_reaches_every_target() {
    let project = Project::first();
    let made = compiled(&project, None);
    let targets: std::collections::BTreeSet<&str> = made.artifacts.iter().map(|artifact| artifact.target).collect();
    assert!(targets.len() >= 8, "{targets:?} {:#?}", made.diagnostics);
}

#[test]
fn what_a_path_refers_to_is_written_in_its_place_as_it_is_now() {
    let query = json!({ "name": "q", "in": "query", "schema": { "anyOf": [{ "$ref": "#/components/schemas/S" }, { "type": "null" }] } });
    let memo = Memo::lasting();
    for ty in ["string", "integer", "boolean", "string", "integer"] {
        let project = Project {
            files: [
                json!({
                    "openapi": "3.1.0", "info": { "title": "Made", "version": "1" },
                    "paths": { "/a": { "$ref": "#/paths/~1b" }, "/b": { "get": { "parameters": [query], "responses": { "204": { "description": "d" } } } } },
                    "components": { "schemas": { "S": { "type": ty } } },
                }),
                data_model(),
                more(),
            ],
            ..Project::first()
        };
        let (again, clean) = (told(&compiled(&project, Some(&memo))), told(&compiled(&project, None)));
        let differs = again.lines().zip(clean.lines()).find(|(again, clean)| again != clean);
        assert_eq!(differs, None, "{ty}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn whatever_happens_to_a_contract_a_memo_changes_no_byte_and_no_problem(edits in prop::collection::vec(edit(), 2..12)) {
        let memo = Memo::lasting();
        let mut project = Project::first();
        compiled(&project, Some(&memo));
        for edit in &edits {
            project.carry_out(edit);
            let (again, clean) = (told(&compiled(&project, Some(&memo))), told(&compiled(&project, None)));
            if again != clean {
                let differs = again.lines().zip(clean.lines()).find(|(again, clean)| again != clean);
                return Err(TestCaseError::fail(format!("{edit:?}: {differs:#?}\n{:?}", project.files)));
            }
        }
    }
}
