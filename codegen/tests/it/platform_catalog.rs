//! The platform's own catalog of errors and its entities held against what was asked for.

use std::collections::{BTreeMap, BTreeSet};

use flaresmith_codegen::tree::{Value, json};

use crate::platform_contract::platform;

#[test]
fn every_code_of_the_requirements_is_in_the_catalog_and_every_entry_is_whole() {
    let compilation = platform();
    let catalog = &compilation.model.errors;
    for (code, entry) in catalog {
        assert!(
            code.split('_').count() > 1 && entry.hint.is_some() && entry.details.is_some(),
            "{code}: {entry:?}"
        );
        assert!(
            (400..600).contains(&entry.status) && !entry.message.is_empty(),
            "{code}: {entry:?}"
        );
    }
    let policies = |code: &str| {
        let entry = catalog
            .get(code)
            .unwrap_or_else(|| panic!("{code} is not in the catalog"));
        let text = format!("{:?} {:?} {}", entry.severity, entry.retry_policy, entry.status);
        text.to_lowercase()
    };
    for (code, expected) in [
        ("ENV_PREVIEW_EXPIRED", "error none 404"),
        ("ENV_PREVIEW_LIMIT_REACHED", "error none 409"),
        ("INTEGRATION_NEON_CONFLICT", "error idempotent 409"),
        ("RATE_LIMIT_USER", "warn safe 429"),
        ("RATE_LIMIT_PROJECT", "warn safe 429"),
        ("SPEC_DRIFT_CONFLICT", "error none 409"),
        ("SEC_SECRET_ACCESS", "info none 403"),
        ("ENV_PREVIEW_TTL_EXPIRED", "info none 404"),
        ("INTEGRATION_CLOUDFLARE_TIMEOUT", "error idempotent 504"),
    ] {
        assert_eq!(policies(code), expected, "{code}");
    }
    assert_eq!(
        catalog["ENV_PREVIEW_LIMIT_REACHED"].hint.as_deref(),
        Some("Archive an existing preview or wait for TTL expiry")
    );
    for provider in ["GITHUB", "CLOUDFLARE", "NEON", "POSTMAN"] {
        assert_eq!(
            policies(&format!("INTEGRATION_{provider}_UNAVAILABLE")),
            "error none 503"
        );
        let refresh = policies(&format!("INTEGRATION_{provider}_TOKEN_REFRESH_FAILED"));
        assert!(refresh.starts_with("error idempotent"), "{provider}: {refresh}");
    }
}

#[test]
fn the_twelve_entities_are_tables_with_uuids_and_environments_live_as_required() {
    let compilation = platform();
    let model = &compilation.model;
    let tables: BTreeMap<&str, &flaresmith_codegen::model::Entity> = model
        .entities
        .iter()
        .map(|entity| (model.type_def(entity.ty).name.raw.as_str(), entity))
        .collect();
    for name in [
        "Project",
        "Environment",
        "IntegrationConfig",
        "Deployment",
        "Build",
        "User",
        "Organization",
        "SpecArtifact",
        "MCPToolDescriptor",
        "ChatSession",
        "Codespace",
        "Repo",
    ] {
        assert!(tables.contains_key(name), "{name} of {:?}", tables.keys());
    }
    let contract = &compilation.bundle.document["components"]["schemas"];
    for name in tables.keys() {
        assert_eq!(contract[*name]["properties"]["id"]["format"], "uuid", "{name}");
    }
    let lifecycle = &contract["Environment"]["x-flaresmith"]["lifecycle"];
    let steps = |value: &Value| -> BTreeSet<String> {
        let words = |value: &Value| -> Vec<String> {
            let one = value.as_str().map(|text| vec![text.to_owned()]);
            one.unwrap_or_else(|| {
                value
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|text| text.as_str().unwrap().to_owned())
                    .collect()
            })
        };
        let all = value["transitions"].as_array().unwrap().iter();
        all.flat_map(|step| {
            let to = step["to"].as_str().unwrap().to_owned();
            words(&step["from"]).into_iter().map(move |from| format!("{from} {to}"))
        })
        .collect()
    };
    let set = |list: &[&str]| -> BTreeSet<String> { list.iter().map(|text| (*text).to_owned()).collect() };
    assert_eq!(lifecycle["initial"], "pending");
    assert_eq!(
        steps(lifecycle),
        set(&[
            "pending provisioning",
            "provisioning active",
            "provisioning error",
            "active updating",
            "updating validating",
            "updating error",
            "validating active",
            "validating error",
            "error updating",
            "error provisioning",
            "error failed",
            "failed archived",
            "failed provisioning",
            "active archived",
        ])
    );
    let preview = &lifecycle["variants"][0];
    assert_eq!(
        (&preview["name"], &preview["when"]),
        (&json!("preview"), &json!({ "kind": "preview" }))
    );
    assert_eq!(
        steps(preview),
        set(&[
            "provisioning active",
            "provisioning error",
            "active provisioning",
            "error provisioning",
            "active archived",
            "error archived",
        ])
    );
}
