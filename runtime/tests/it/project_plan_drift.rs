//! Drift of projects: what went at a provider or with a database is told, and what cannot be seen is unknown.

use flaresmith_api::types::{ProjectDrift, ProjectPlan};
use flaresmith_runtime::provisioning::Runner;
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};

use crate::instance::{Answer, Instance};
use crate::neon_projects::KEY as NEON_KEY;
use crate::project_plan::{Beside, PROVIDERS};
use crate::provisioning::{databases, until};

/// Kind, and key behind the project's id, of every finding.
fn findings(drift: &Answer) -> Vec<(String, String)> {
    let all = drift.body["findings"].as_array().unwrap().iter();
    all.map(|one| {
        let text = |name: &str| one[name].as_str().unwrap().to_owned();
        (text("kind"), text("resourceKey")[37..].to_owned())
    })
    .collect()
}

/// Shows 001/FR-037.
#[tokio::test(flavor = "multi_thread")]
async fn what_went_at_a_provider_is_told_and_one_that_does_not_answer_is_unknown() {
    let beside = Beside::all().await;
    let (instance, owner) = (&beside.instance, beside.owner.as_str());
    let all: Vec<Value> = PROVIDERS
        .iter()
        .map(|provider| Beside::connection(provider, "shop"))
        .collect();
    let body = json!({ "name": "Shop", "organizationId": beside.organization, "integrations": all });
    let project = instance
        .call(owner, "POST", "/projects", Some(body))
        .await
        .is(201)
        .text("/id");
    beside.carried_out(&project).await;
    let before = beside.plan(&project).await.text("/digest");

    // What people make of a collection is theirs, and no drift.
    beside
        .providers
        .postman
        .edit("collections", "CloudMake - Shop (dev)", |body| {
            body["item"][0]["item"][0]["description"] = json!("Asked every morning.");
        });
    let (_, drift) = beside.looks(&project).await;
    assert_eq!(drift.text("/status"), "clean", "{drift:?}");

    let gone = beside.providers.neon.branch("staging").id;
    beside
        .providers
        .neon
        .projects(|all| all.last_mut().unwrap().branches.retain(|branch| branch.id != gone));
    let (dev, _) = beside.providers.cloudflare.script("shop", "dev");
    beside.providers.cloudflare.scripts(|all| all.remove(&dev));
    let (prod, _) = beside.providers.cloudflare.script("shop", "prod");
    beside
        .providers
        .cloudflare
        .scripts(|all| all.get_mut(&prod).unwrap().tags.clear());
    let git = beside.providers.github.git("northwind/shop");
    git.find_reference("refs/heads/dev").unwrap().delete().unwrap();
    beside
        .providers
        .postman
        .elements(|all| all.retain(|one| one.name() != "CloudMake - Shop (prod)" || one.kind != "collections"));
    let (plan, drift) = beside.looks(&project).await;
    let expected = [
        ("missing", "cloudflareWorker-dev"),
        ("foreign", "cloudflareWorker-prod"),
        ("missing", "neonBranch-staging"),
        ("missing", "postmanCollection-prod"),
        ("differs", "github-repository-all"),
    ];
    let expected = expected.map(|(kind, key)| (kind.to_owned(), key.to_owned()));
    assert_eq!(findings(&drift), expected, "{drift:?}");
    assert_eq!(drift.text("/status"), "drift");
    assert_ne!(plan.text("/digest"), before);

    // A provider that lets nobody in any more has not shown anything.
    beside.providers.neon.revoke(NEON_KEY);
    let drift = beside.drift(&project).await;
    let unknown: Vec<(String, String)> = findings(&drift)
        .into_iter()
        .filter(|(kind, _)| kind == "unknown")
        .collect();
    let expected = [
        "neonBranch-dev",
        "neonBranch-prod",
        "neonBranch-staging",
        "neonProject-all",
    ];
    let expected = expected.map(|key| ("unknown".to_owned(), key.to_owned()));
    assert_eq!(unknown, expected, "{drift:?}");
    let plan = beside.plan(&project).await;
    assert_eq!(
        (
            plan.body["unknown"].as_array().unwrap().len(),
            plan.body["isEmpty"].as_bool()
        ),
        (4, Some(false))
    );
    let dev = plan.body["environments"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == "dev")
        .unwrap();
    assert!(
        dev["migrationsUnknown"]
            .as_str()
            .is_some_and(|why| why.contains("INTEGRATION_NEON_")),
        "{dev:#}"
    );
}

/// Shows 001/FR-037.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_went_is_told_and_looking_makes_none() {
    let instance = Instance::postgres().await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    runner.stop().await;
    let get = async |rest: &str| {
        let path = format!("/projects/{project}/{rest}");
        instance.call(&owner, "GET", &path, None).await.is(200)
    };
    let plan = get("plan").await.fits::<ProjectPlan>();
    let names: Vec<Value> = plan.body["environments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!([one["name"], one["migrations"][0]["name"], one["migrationsUnknown"]]))
        .collect();
    let all = ["dev", "staging", "prod"].map(|name| json!([name, "0000_begin", null]));
    assert_eq!(names, all, "{plan:?}");

    let before = databases(&instance, &project).await;
    assert_eq!(before.len(), 3);
    let of = |end: &str| before.iter().find(|name| name.ends_with(end)).unwrap();
    for statement in [
        format!("DROP DATABASE \"{}\" WITH (FORCE)", of("_staging")),
        format!("COMMENT ON DATABASE \"{}\" IS 'somebody''s'", of("_prod")),
    ] {
        instance
            .platform
            .store
            .read()
            .execute_unprepared(&statement)
            .await
            .unwrap();
    }
    let drift = get("resources/drift").await.fits::<ProjectDrift>();
    let expected = [("foreign", "neonBranch-prod"), ("missing", "neonBranch-staging")];
    let expected = expected.map(|(kind, key)| (kind.to_owned(), key.to_owned()));
    assert_eq!(findings(&drift), expected, "{drift:?}");
    let moved = get("plan").await.fits::<ProjectPlan>();
    assert_ne!(moved.text("/digest"), plan.text("/digest"));
    // What is somebody else's is not asked which migrations it has seen.
    let prod = moved.body["environments"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == "prod")
        .unwrap();
    assert!(
        prod["migrationsUnknown"]
            .as_str()
            .is_some_and(|why| why.contains("PROVISION_RESOURCE_FOREIGN")),
        "{prod:#}"
    );
    assert_eq!(databases(&instance, &project).await.len(), 2, "looking made none");
}
