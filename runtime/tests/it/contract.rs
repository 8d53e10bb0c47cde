//! The published contract of a provider, and holding requests and answers against it.
//!
//! Owns: which operation a request is one of, and what that takes. Must not know: what is there.

use std::path::{Path, PathBuf};

use flaresmith_runtime::pipeline::answers::components;
use serde_json::{Value, json};

/// The contract, for whoever has it.
pub(crate) struct Contract(Option<Value>);

impl Contract {
    /// The published one; without it nothing is held against it.
    #[allow(clippy::print_stderr, reason = "a test that compares less says so")]
    pub(crate) fn read(file: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/contracts");
        let folder = std::env::var_os("FLARESMITH_CONTRACTS").map_or(root, PathBuf::from);
        match std::fs::read(folder.join(file)) {
            Ok(bytes) => {
                let mut contract = serde_json::from_slice(&bytes).unwrap();
                admit_null(&mut contract);
                Self(Some(contract))
            }
            Err(_) => {
                eprintln!(
                    "FLARESMITH_CONTRACTS names no folder with {file}: requests are not held against that contract"
                );
                Self(None)
            }
        }
    }

    /// What of a request is not as the operation has it.
    pub(crate) fn request(
        &self,
        method: &str,
        template: &str,
        query: &[(String, String)],
        body: &Value,
    ) -> Vec<String> {
        let Some(contract) = &self.0 else { return Vec::new() };
        let operation = &contract["paths"][template][method.to_lowercase()];
        if !operation.is_object() {
            return vec![format!("the contract has no {method} {template}")];
        }
        let mut wrong = Vec::new();
        let own = operation["parameters"].as_array().into_iter().flatten();
        let shared = contract["paths"][template]["parameters"]
            .as_array()
            .into_iter()
            .flatten();
        let parameters: Vec<&Value> = own.chain(shared).map(|one| resolved(contract, one)).collect();
        for (name, value) in query {
            let found = parameters
                .iter()
                .find(|one| one["in"] == "query" && one["name"] == name.as_str());
            let Some(found) = found else {
                wrong.push(format!("{method} {template} knows no `{name}`"));
                continue;
            };
            let value = match resolved(contract, &found["schema"])["type"].as_str() {
                Some("integer") => json!(value.parse::<i64>().unwrap()),
                Some("boolean") => json!(value.parse::<bool>().unwrap()),
                _ => json!(value),
            };
            wrong.extend(errors(contract, &found["schema"], &value));
        }
        for needed in parameters
            .iter()
            .filter(|one| one["in"] == "query" && one["required"] == true)
        {
            if !query.iter().any(|(name, _)| needed["name"] == name.as_str()) {
                wrong.push(format!("{method} {template} needs {}", needed["name"]));
            }
        }
        let taken = resolved(contract, &operation["requestBody"]);
        let schema = &taken["content"]["application/json"]["schema"];
        match (schema.is_null(), body.is_null()) {
            (true, false) => wrong.push(format!("{method} {template} takes no body")),
            (false, false) => {
                wrong.extend(errors(contract, schema, body));
                wrong.extend(unknown(contract, schema, body, ""));
            }
            (_, true) => {}
        }
        wrong
    }

    /// What of the part `metadata` of a request of several parts is not as the operation has it.
    pub(crate) fn metadata(&self, method: &str, template: &str, metadata: &Value) -> Vec<String> {
        let Some(contract) = &self.0 else { return Vec::new() };
        let operation = &contract["paths"][template][method.to_lowercase()];
        let body = resolved(contract, &operation["requestBody"]);
        let schema = resolved(contract, &body["content"]["multipart/form-data"]["schema"]);
        let mut parts = Vec::new();
        properties(contract, schema, &mut parts);
        let Some((_, schema)) = parts.iter().find(|(name, _)| *name == "metadata") else {
            return vec![format!("{method} {template} takes no metadata")];
        };
        let mut wrong = errors(contract, schema, metadata);
        wrong.extend(unknown(contract, schema, metadata, ""));
        wrong
    }

    /// What of an answer that succeeded is not as the operation has it.
    pub(crate) fn answer(&self, method: &str, template: &str, status: u16, body: &Value) -> Vec<String> {
        let Some(contract) = &self.0 else { return Vec::new() };
        let operation = &contract["paths"][template][method.to_lowercase()];
        let told = resolved(contract, &operation["responses"][status.to_string()]);
        if told.is_null() {
            return vec![format!("{method} {template} answers no {status}")];
        }
        match &told["content"]["application/json"]["schema"] {
            Value::Null => Vec::new(),
            schema => errors(contract, schema, body),
        }
    }
}

/// Says of schemas that are `nullable` in the way of JSON Schema that null is one of their values.
fn admit_null(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if members.get("nullable") == Some(&Value::Bool(true)) {
                if let Some(ty) = members.get_mut("type").filter(|ty| ty.is_string()) {
                    *ty = json!([ty.take(), "null"]);
                }
                if let Some(Value::Array(values)) = members.get_mut("enum")
                    && !values.contains(&Value::Null)
                {
                    values.push(Value::Null);
                }
            }
            members.values_mut().for_each(admit_null);
        }
        Value::Array(items) => items.iter_mut().for_each(admit_null),
        _ => {}
    }
}

fn resolved<'a>(contract: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => contract.pointer(reference.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

fn errors(contract: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let whole = json!({ "allOf": [schema], "components": components(contract, schema) });
    let validator = jsonschema::draft7::new(&whole).unwrap();
    let errors = validator.iter_errors(value);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// Members that no schema knows, which would be passed over in silence.
fn unknown(contract: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let Some(members) = value.as_object() else {
        return Vec::new();
    };
    let mut known = Vec::new();
    properties(contract, schema, &mut known);
    let mut wrong = Vec::new();
    for (name, value) in members {
        match known.iter().find(|(of, _)| *of == name) {
            Some((_, schema)) => wrong.extend(unknown(contract, schema, value, &format!("{at}/{name}"))),
            None if !known.is_empty() => wrong.push(format!("nobody knows `{at}/{name}`")),
            None => {}
        }
    }
    wrong
}

fn properties<'a>(contract: &'a Value, schema: &'a Value, known: &mut Vec<(&'a String, &'a Value)>) {
    let schema = resolved(contract, schema);
    known.extend(schema["properties"].as_object().into_iter().flatten());
    for part in ["allOf", "oneOf", "anyOf"]
        .iter()
        .flat_map(|of| schema[of].as_array().into_iter().flatten())
    {
        properties(contract, part, known);
    }
}
