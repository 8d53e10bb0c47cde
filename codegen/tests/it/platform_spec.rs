//! The platform's own feature spec and constitution, as the reader sees them.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test reads the specs from the disk and fails by panicking"
)]

use flaresmith_codegen::diagnostics::Diagnostics;
use flaresmith_codegen::model::{Model, RequirementKind};
use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::trace::trace;
use flaresmith_codegen::{analyse, spec};

use crate::repository::{CONSTITUTION, SPEC, SPECS, sources};

#[test]
fn every_requirement_story_and_criterion_of_the_platform_is_read() {
    let sources = sources(&[SPEC, CONSTITUTION]);
    let mut diagnostics = Diagnostics::new();
    let (features, constitution) = spec::features(&sources, &Settings::default(), &mut diagnostics);
    assert_eq!(diagnostics, []);
    let feature = &features[0];
    assert_eq!(
        (feature.number.as_str(), feature.slug.as_str()),
        ("001", "platform-bootstrap")
    );
    let mut ids: Vec<&str> = feature
        .requirements
        .iter()
        .map(|requirement| requirement.id.as_str())
        .collect();
    ids.sort_unstable();
    let expected: Vec<String> = (1..=37)
        .map(|i| format!("FR-{i:03}"))
        .chain((1..=11).map(|i| format!("SC-{i:03}")))
        .collect();
    assert_eq!(ids, expected);
    for requirement in &feature.requirements {
        let functional = requirement.kind == RequirementKind::Functional;
        assert_eq!(functional, requirement.group.is_some(), "{}", requirement.id);
        assert!(
            requirement.text.len() > 20 && !requirement.removed,
            "{}",
            requirement.id
        );
    }
    let excused: Vec<&str> = feature
        .requirements
        .iter()
        .filter(|requirement| requirement.not_in_contract.is_some())
        .map(|requirement| requirement.id.as_str())
        .collect();
    assert_eq!(excused, ["FR-028", "FR-029", "SC-007"]);
    for story in &feature.stories {
        assert!(
            story.priority.is_some() && story.why.is_some() && story.independent_test.is_some(),
            "{story:?}"
        );
        assert!(!story.scenarios.is_empty(), "{story:?}");
        for scenario in &story.scenarios {
            assert!(
                !scenario.given.is_empty() && !scenario.when.is_empty() && !scenario.then.is_empty(),
                "{scenario:?}"
            );
        }
    }
    assert_eq!(
        (feature.stories.len(), feature.entities.len(), feature.edge_cases.len()),
        (4, 12, 9)
    );
    let constitution = constitution.unwrap();
    assert_eq!(constitution.version.as_deref(), Some("1.0.0"));
    assert_eq!(constitution.principles.len(), 9);
    assert_eq!(constitution.principles[2], "A Person's Work Is Never Lost");
}

#[test]
fn the_platforms_contract_is_traced_whole_and_breaks_no_rule() {
    let sources = sources(&SPECS);
    let compilation = analyse(&sources, &Settings::default());
    let told: Vec<String> = compilation
        .diagnostics
        .iter()
        .map(|one| format!("{}: {}", one.code.id, one.message))
        .collect();
    assert_eq!(told, Vec::<String>::new());
    let trace = trace(&compilation.model, None);
    assert_eq!((trace.requirements.len(), trace.coverage.requirements), (48, 37));
    assert_eq!(trace.coverage.covered + trace.coverage.explained, 37);
    assert!(trace.coverage.operations > 100 && trace.untraced.is_empty());
    let promotion = operations_of(&compilation.model, "001/FR-008");
    assert!(promotion.iter().any(|id| id == "promoteEnvironment"), "{promotion:?}");
    assert_eq!(promotion, operations_of(&compilation.model, "fr-008"));
}

fn operations_of(model: &Model, id: &str) -> Vec<String> {
    let found = trace(model, Some(id)).requirements;
    assert_eq!(found.len(), 1, "{id}");
    found
        .iter()
        .flat_map(|one| &one.operations)
        .map(|operation| operation.id.clone())
        .collect()
}
