//! Contracts for tests of targets, written inline.
//!
//! Owns: the way from a document to a model or to artifacts in a test. Must not know: any target.

use std::collections::BTreeMap;

use crate::Compilation;
use crate::diagnostics::Severity;
use crate::model::Model;
use crate::settings::Settings;
use crate::source::Sources;
use crate::tree::Value;

/// The model of a contract without errors.
pub(in crate::emit) fn model(document: &Value) -> Model {
    std::sync::Arc::unwrap_or_clone(compiled(document, &[]).model)
}

/// What targets make of a contract without errors: path and text.
pub(in crate::emit) fn artifacts(document: &Value, targets: &[&str]) -> BTreeMap<String, String> {
    let made = compiled(document, targets).artifacts;
    made.into_iter()
        .map(|artifact| (artifact.path, artifact.text.to_string()))
        .collect()
}

fn compiled(document: &Value, targets: &[&str]) -> Compilation {
    let mut sources = Sources::default();
    sources.insert("api.json", document.to_string().into_bytes());
    let settings = Settings {
        contracts: vec!["api.json".to_owned()],
        targets: Some(targets.iter().map(|target| (*target).to_owned()).collect()),
        ..Settings::default()
    };
    let made = crate::compile(&sources, &settings, &BTreeMap::new());
    let errors: Vec<_> = made
        .diagnostics
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    made
}
