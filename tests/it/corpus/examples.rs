//! What contracts say as examples is a value of their generated types.
//!
//! Examples stand beside schemas (`example`, `examples`), parameters, headers and media types. An independent validator of JSON
//! Schema decides whether an example satisfies the schema that it stands with; those that do must be admitted by the generated
//! Rust and Zod. Inline schemas have no type that could be asked by name, so the contract gets further components: records
//! with a member for each schema that has examples.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use flaresmith_codegen::model::Name;
use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::{analyse, compile};
use jsonschema::{Registry, Validator};
use serde_json::{Map, Value, json};

use super::{BUILT, Contract, chosen};
use crate::bench::write;
use crate::instances::{Generated, Instance};

/// How many schemas one added component asks about.
const MEMBERS: usize = 40;

/// Examples by the pointer of their schema.
type Examples = BTreeMap<String, Vec<Value>>;

/// Finds examples by the grammar of OpenAPI.
struct Finder<'a> {
    document: &'a Value,
    found: Examples,
}

impl<'a> Finder<'a> {
    fn document(document: &'a Value) -> Examples {
        let mut finder = Finder {
            document,
            found: Examples::new(),
        };
        for section in ["paths", "webhooks"] {
            finder.each(&document[section], &format!("/{section}"), Self::path_item);
        }
        let components = &document["components"];
        let mut section = |key: &str, of: fn(&mut Self, &Value, &str)| {
            finder.each(&components[key], &format!("/components/{key}"), of);
        };
        section("schemas", Self::schema);
        section("parameters", Self::value);
        section("headers", Self::value);
        section("mediaTypes", Self::value);
        section("requestBodies", Self::message);
        section("responses", Self::message);
        section("pathItems", Self::path_item);
        finder.found
    }

    fn each(&mut self, map: &Value, at: &str, of: fn(&mut Self, &Value, &str)) {
        for (key, value) in map.as_object().into_iter().flatten() {
            of(
                self,
                value,
                &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")),
            );
        }
    }

    fn list(&mut self, list: &Value, at: &str, of: fn(&mut Self, &Value, &str)) {
        for (index, value) in list.as_array().into_iter().flatten().enumerate() {
            of(self, value, &format!("{at}/{index}"));
        }
    }

    fn path_item(&mut self, item: &Value, at: &str) {
        self.list(&item["parameters"], &format!("{at}/parameters"), Self::value);
        for method in [
            "get", "put", "post", "delete", "options", "head", "patch", "trace", "query",
        ] {
            let (operation, at) = (&item[method], format!("{at}/{method}"));
            self.list(&operation["parameters"], &format!("{at}/parameters"), Self::value);
            self.message(&operation["requestBody"], &format!("{at}/requestBody"));
            self.each(&operation["responses"], &format!("{at}/responses"), Self::message);
        }
    }

    /// A request body or a response.
    fn message(&mut self, message: &Value, at: &str) {
        self.each(&message["content"], &format!("{at}/content"), Self::value);
        self.each(&message["headers"], &format!("{at}/headers"), Self::value);
    }

    /// A parameter, a header or a media type.
    fn value(&mut self, value: &Value, at: &str) {
        self.each(&value["content"], &format!("{at}/content"), Self::value);
        if value["schema"].is_null() {
            return;
        }
        let at = format!("{at}/schema");
        self.schema(&value["schema"], &at);
        let named = value["examples"].as_object().into_iter().flat_map(Map::values);
        let named = named.filter_map(|example| match example["$ref"].as_str() {
            Some(target) => self.document.pointer(target.strip_prefix('#')?)?.get("value"),
            None => example.get("value"),
        });
        let all = value.get("example").into_iter().chain(named).cloned();
        self.found.entry(at).or_default().extend(all);
    }

    fn schema(&mut self, schema: &Value, at: &str) {
        if !schema.is_object() {
            return;
        }
        let listed = schema["examples"].as_array().into_iter().flatten();
        let own: Vec<Value> = schema.get("example").into_iter().chain(listed).cloned().collect();
        self.found.entry(at.to_owned()).or_default().extend(own);
        for key in ["properties", "patternProperties", "$defs"] {
            self.each(&schema[key], &format!("{at}/{key}"), Self::schema);
        }
        for key in ["allOf", "anyOf", "oneOf", "prefixItems"] {
            self.list(&schema[key], &format!("{at}/{key}"), Self::schema);
        }
        for key in ["items", "additionalProperties"] {
            self.schema(&schema[key], &format!("{at}/{key}"));
        }
    }
}

/// A pointer as the fragment of a reference.
fn fragment(pointer: &str) -> String {
    let mut text = String::from("#");
    for byte in pointer.bytes() {
        match byte {
            b'/' | b'~' | b'-' | b'_' | b'.' => text.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => text.push(char::from(byte)),
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}

/// The judge of a schema, `None` when it cannot read the schema.
fn judge(registry: &Registry<'_>, pointer: &str) -> Option<Validator> {
    jsonschema::options()
        .with_registry(registry)
        .should_validate_formats(true)
        .build(&json!({ "$ref": format!("urn:contract{}", fragment(pointer)) }))
        .ok()
}

/// What came of a contract's examples.
#[derive(Debug, Default)]
struct Count {
    examples: usize,
    /// Those that satisfy their schema; all of them were shown to the types.
    sound: usize,
    refused: Vec<String>,
}

fn compare(contract: &Contract) -> Count {
    let mut sources = Sources::default();
    sources.insert(&contract.file, std::fs::read(&contract.path).unwrap());
    let mut settings = Settings {
        contracts: vec![contract.file.clone()],
        targets: Some(["rust", "zod"].map(str::to_owned).to_vec()),
        ..Settings::default()
    };
    let package = format!("examples-{}", contract.name());
    settings.rust.package = Some(package.clone());
    let mut document = Value::from(&analyse(&sources, &settings).bundle.document);

    let mut count = Count::default();
    let registry = Registry::new().add("urn:contract", document.clone()).unwrap();
    let registry = registry.prepare().unwrap();
    let mut sound: Vec<(String, Vec<Value>)> = Vec::new();
    for (pointer, examples) in Finder::document(&document) {
        count.examples += examples.len();
        let Some(judge) = (!examples.is_empty()).then(|| judge(&registry, &pointer)).flatten() else {
            continue;
        };
        let admitted: Vec<Value> = examples.into_iter().filter(|value| judge.is_valid(value)).collect();
        count.sound += admitted.len();
        if !admitted.is_empty() {
            sound.push((pointer, admitted));
        }
    }
    if sound.is_empty() {
        return count;
    }

    let mut instances = Vec::new();
    let mut pointers = Vec::new();
    for (number, schemas) in sound.chunks(MEMBERS).enumerate() {
        let holder = format!("ExampleHolder{number}");
        let member = |place: usize| format!("value{place}");
        let properties: Map<String, Value> = (schemas.iter().enumerate())
            .map(|(place, (pointer, _))| (member(place), json!({ "$ref": fragment(pointer) })))
            .collect();
        document["components"]["schemas"][&holder] = json!({ "type": "object", "properties": properties });
        for (place, (pointer, values)) in schemas.iter().enumerate() {
            for value in values {
                pointers.push(pointer);
                instances.push(Instance {
                    ty: Name::new(&holder),
                    value: json!({ member(place): value }),
                });
            }
        }
    }
    let mut sources = Sources::default();
    sources.insert(&contract.file, document.to_string().into_bytes());
    let made = compile(&sources, &settings, &BTreeMap::new());
    assert!(!made.artifacts.is_empty(), "{}: {:#?}", contract.file, made.diagnostics);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&package);
    let _ = std::fs::remove_dir_all(&folder);
    for artifact in &made.artifacts {
        write(&folder.join(&artifact.path), &artifact.text.whole());
    }
    let generated = Generated {
        name: &package,
        ts: folder.join("generated/ts"),
        rust: folder.join("generated/rust"),
        package: &package,
    };
    for ((instance, answer), pointer) in instances.iter().zip(generated.ask(&instances)).zip(pointers) {
        if !(answer.parsed && answer.zod) {
            count.refused.push(format!(
                "{}#{pointer}: Rust {}, Zod {}: {}",
                contract.file, answer.parsed, answer.zod, instance.value
            ));
        }
    }
    count
}

#[test]
fn what_real_contracts_say_as_examples_is_admitted_by_the_generated_types() {
    let Some(contracts) = chosen(&BUILT) else { return };
    let (mut compared, mut refused) = (0, Vec::new());
    for contract in &contracts {
        let count = compare(contract);
        println!(
            "{}: {} examples, {} of them satisfy their schema, {} of those are refused",
            contract.file,
            count.examples,
            count.sound,
            count.refused.len()
        );
        compared += count.sound;
        refused.extend(count.refused);
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert!(compared > 100, "only {compared} examples were compared");
}
