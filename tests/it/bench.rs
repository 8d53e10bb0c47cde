//! The work bench of these proofs: packages on disk, tools of the toolchain, requests made of examples.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use flaresmith_codegen::emit::example::{Direction, of_content, of_type};
use flaresmith_codegen::model::{Location, MediaKind, Model, Operation, PathPart};
use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::{Compilation, compile};
use serde_json::{Value, json};

use crate::toolchain::{root, tool};

/// Compiles the texts and writes the package into a folder of its own.
fn package(name: &str, sources: &Sources, contracts: &[&str]) -> (Compilation, PathBuf) {
    let mut settings = Settings {
        targets: Some(vec!["hono".to_owned()]),
        contracts: contracts.iter().map(|path| (*path).to_owned()).collect(),
        ..Settings::default()
    };
    settings.typescript.out = Some("ts".to_owned());
    let compilation = compile(sources, &settings, &BTreeMap::new());
    assert!(!compilation.artifacts.is_empty(), "{:#?}", compilation.diagnostics);
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&dir);
    for artifact in &compilation.artifacts {
        write(&dir.join(&artifact.path), &artifact.text.whole());
    }
    (compilation, dir.join("ts"))
}

pub(crate) fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

pub(crate) fn inline(name: &str, contract: &Value) -> (Compilation, PathBuf) {
    let mut sources = Sources::default();
    sources.insert("contract.json", contract.to_string().into_bytes());
    package(name, &sources, &["contract.json"])
}

/// The platform's contract as a model.
pub(crate) fn platform_model() -> Compilation {
    flaresmith_codegen::analyse(&platform_sources(), &Settings::default())
}

pub(crate) fn platform(name: &str) -> (Compilation, PathBuf) {
    package(name, &platform_sources(), &[])
}

/// The settings of this repository.
pub(crate) fn settings_of() -> Settings {
    let text = fs::read_to_string(root().join("flaresmith.toml")).unwrap();
    let mut diagnostics = Vec::new();
    let settings = Settings::parse(&text, &mut diagnostics);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    settings
}

/// The specs of this repository.
pub(crate) fn platform_sources() -> Sources {
    let mut sources = Sources::default();
    let mut folders = vec![root().join("specs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
                sources.insert(&name, fs::read(&path).unwrap());
            }
        }
    }
    sources
}

pub(crate) fn typecheck(package: &Path) {
    let said = tool("typecheck.mjs", [package]);
    assert_eq!(said["ok"], true, "{said:#}");
}

/// Sends requests to a module in workerd and gives back the answers.
pub(crate) fn serve(entry: &Path, requests: &[Value]) -> Vec<Value> {
    let file = entry.with_extension("requests.json");
    write(&file, &Value::Array(requests.to_vec()).to_string());
    let said = tool("worker.mjs", [entry, file.as_path()]);
    let answers = said["responses"]
        .as_array()
        .cloned()
        .unwrap_or_else(|| panic!("{said:#}"));
    assert_eq!(answers.len(), requests.len(), "{said:#}");
    answers
}

/// A module whose handlers all answer with their own name and input.
pub(crate) fn echo(package: &Path) -> PathBuf {
    let entry = package.join("src/echo.ts");
    let text = "import { createApp } from './hono/app.js';
        import { operations } from './hono/operations.js';
        const handlers = Object.keys(operations).map((name) => [name, (input: object) => Response.json({ name, ...input })]);
        export default createApp(Object.fromEntries(handlers));";
    write(&entry, text);
    entry
}

/// A request that the contract allows, made of its examples. `None`: its body cannot be written as text.
pub(crate) fn valid(model: &Model, operation: &Operation) -> Option<Value> {
    let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let given = |location: Location, name: &str| {
        let found = operation
            .parameters
            .iter()
            .find(|one| one.location == location && one.wire == name)
            .unwrap();
        let example = found.docs.examples.first().cloned();
        let example = example.unwrap_or_else(|| of_type(model, &found.ty, Direction::Request));
        text(Value::from(&example))
    };
    let mut path = String::new();
    for segment in &operation.path.segments {
        path.push('/');
        for part in segment {
            match part {
                PathPart::Fixed(fixed) => path.push_str(fixed),
                PathPart::Parameter(name) => path.push_str(&given(Location::Path, name).replace('/', "%2F")),
            }
        }
    }
    let mut headers = BTreeMap::new();
    for parameter in operation.parameters.iter().filter(|parameter| parameter.required) {
        match parameter.location {
            Location::Query => {
                path.push(if path.contains('?') { '&' } else { '?' });
                path.push_str(&format!(
                    "{}={}",
                    parameter.wire,
                    given(Location::Query, &parameter.wire)
                ));
            }
            Location::Header => {
                headers.insert(parameter.wire.clone(), given(Location::Header, &parameter.wire));
            }
            Location::Path | Location::Cookie => {}
        }
    }
    let mut request = json!({ "method": operation.method.as_str(), "path": path });
    if let Some(content) = operation.body.as_ref().and_then(|body| body.contents.first()) {
        if content.kind != MediaKind::Json {
            return None;
        }
        headers.insert("content-type".to_owned(), content.media.clone());
        request["body"] = json!(
            of_content(model, content, Direction::Request)
                .unwrap_or_default()
                .to_string()
        );
    }
    request["headers"] = json!(headers);
    Some(request)
}
