//! Feature specs in every form that people write them in: each folder of `tests/corpus/spec-forms` is a small repository
//! with what the reader has to make of it in `expected.json`.
//!
//! What `expected.json` does not name is not compared, with two exceptions: lists have as many entries as it says, and
//! diagnostics are compared always. A case that compares nothing fails.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test reads its cases from the disk and fails by panicking"
)]

use std::path::Path;

use flaresmith_codegen::diagnostics::{At, Diagnostics, Place};
use flaresmith_codegen::model::feature::{Scenario, Story};
use flaresmith_codegen::model::{Constitution, Feature, Requirement, RequirementKind};
use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::spec;
use serde_json::{Value, json};

use crate::repository;

/// Fewest cases that the corpus has; fewer means that it was not found.
const CASES: usize = 25;

#[test]
fn every_form_of_a_spec_is_read_as_expected() {
    let cases = repository::cases("tests/corpus/spec-forms", CASES);
    let mut wrong = Vec::new();
    for case in &cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        if let Err(problems) = run(case) {
            wrong.push(format!("== {name}\n{problems}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} cases:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

fn run(case: &Path) -> Result<(), String> {
    let mut sources = Sources::default();
    collect(case, "", &mut sources);
    let text = std::fs::read_to_string(case.join("expected.json")).map_err(|error| error.to_string())?;
    let expected: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let mut diagnostics = Diagnostics::new();
    let (features, constitution) = spec::features(&sources, &Settings::default(), &mut diagnostics);
    let mut problems = Vec::new();
    for requirement in features.iter().flat_map(|feature| &feature.requirements) {
        let there = at(&sources, &requirement.place);
        if there != requirement.id {
            problems.push(format!("the place of {} leads to {there:?}", requirement.id));
        }
    }
    let told: Vec<Value> = diagnostics
        .iter()
        .map(|one| json!({ "code": one.code.id, "at": one.place.as_ref().map(|place| at(&sources, place)) }))
        .collect();
    let found = json!({
        "features": features.iter().map(feature).collect::<Vec<_>>(),
        "constitution": constitution.as_ref().map(constitution_value),
        "diagnostics": told,
    });
    let mut expected = expected;
    let object = expected.as_object_mut().ok_or("expected.json is no object")?;
    let speaks = object.keys().any(|key| key != "diagnostics")
        || object.get("diagnostics").is_some_and(|list| list != &json!([]));
    if !speaks {
        return Err("expected.json compares nothing".to_owned());
    }
    object.entry("diagnostics").or_insert_with(|| json!([]));
    let mut compared = 0;
    compare("", &expected, &found, &mut compared, &mut problems);
    if compared == 0 {
        problems.push("nothing was compared".to_owned());
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems.join("\n"))
    }
}

fn collect(folder: &Path, prefix: &str, sources: &mut Sources) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{path}/"), sources);
        } else if path != "expected.json" {
            sources.insert(&path, std::fs::read(entry.path()).unwrap());
        }
    }
}

/// The text that a place shows; nothing for a file as a whole.
fn at(sources: &Sources, place: &Place) -> String {
    let At::Bytes(range) = place.at else {
        return String::new();
    };
    let bytes = sources
        .get(&place.file)
        .and_then(|bytes| bytes.get(range.start..range.end));
    String::from_utf8_lossy(bytes.unwrap_or(b"(outside of the file)")).into_owned()
}

/// Every value that `expected` names has to be the same in `found`; lists are as long as expected.
fn compare(path: &str, expected: &Value, found: &Value, compared: &mut usize, problems: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(members), Value::Object(_)) => {
            for (key, member) in members {
                match found.get(key) {
                    Some(value) => compare(&format!("{path}/{key}"), member, value, compared, problems),
                    None => problems.push(format!("{path}/{key}: no such thing is compared")),
                }
            }
        }
        (Value::Array(items), Value::Array(others)) => {
            *compared += 1;
            if items.len() != others.len() {
                problems.push(format!(
                    "{path}: {} expected, {} found: {found}",
                    items.len(),
                    others.len()
                ));
                return;
            }
            for (i, (item, other)) in items.iter().zip(others).enumerate() {
                compare(&format!("{path}/{i}"), item, other, compared, problems);
            }
        }
        _ => {
            *compared += 1;
            if expected != found {
                problems.push(format!("{path}:\n  expected {expected}\n  found    {found}"));
            }
        }
    }
}

fn feature(feature: &Feature) -> Value {
    json!({
        "number": feature.number,
        "slug": feature.slug,
        "title": feature.title,
        "file": feature.file,
        "status": feature.status,
        "created": feature.created,
        "branch": feature.branch,
        "stories": feature.stories.iter().map(story).collect::<Vec<_>>(),
        "requirements": feature.requirements.iter().map(requirement).collect::<Vec<_>>(),
        "ids": feature.requirements.iter().map(|one| &one.id).collect::<Vec<_>>(),
        "entities": feature.entities,
        "clarifications": feature
            .clarifications
            .iter()
            .map(|one| json!({ "session": one.session, "question": one.question, "answer": one.answer }))
            .collect::<Vec<_>>(),
        "openQuestions": feature.open_questions.iter().map(|one| &one.text).collect::<Vec<_>>(),
        "edgeCases": feature.edge_cases,
        "assumptions": feature.assumptions,
        "otherSections": feature.other_sections,
    })
}

fn story(story: &Story) -> Value {
    json!({
        "number": story.number,
        "title": story.title,
        "priority": story.priority,
        "why": story.why,
        "independentTest": story.independent_test,
        "scenarios": story.scenarios.iter().map(scenario).collect::<Vec<_>>(),
    })
}

fn scenario(scenario: &Scenario) -> Value {
    json!({ "given": scenario.given, "when": scenario.when, "then": scenario.then })
}

fn requirement(requirement: &Requirement) -> Value {
    json!({
        "id": requirement.id,
        "globalId": requirement.global_id,
        "kind": match requirement.kind {
            RequirementKind::Functional => "functional",
            RequirementKind::NonFunctional => "nonFunctional",
            RequirementKind::SuccessCriterion => "successCriterion",
            RequirementKind::Other => "other",
        },
        "text": requirement.text,
        "group": requirement.group,
        "removed": requirement.removed,
        "notInContract": requirement.not_in_contract,
        "mentions": requirement.mentions,
    })
}

fn constitution_value(constitution: &Constitution) -> Value {
    json!({
        "file": constitution.file,
        "title": constitution.title,
        "version": constitution.version,
        "ratified": constitution.ratified,
        "amended": constitution.amended,
        "principles": constitution.principles,
    })
}
