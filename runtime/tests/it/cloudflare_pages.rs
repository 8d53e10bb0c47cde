//! The Pages project that a project has at Cloudflare.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use flaresmith_runtime::providers::cloud::Access;
use flaresmith_runtime::providers::cloudflare::WantedPage;
use flaresmith_runtime::providers::{Fence, Free, Mark, Never};
use flaresmith_runtime::provisioning::Runner;
use flaresmith_runtime::settings::Hidden;
use flaresmith_store::entities::resource_records;
use flaresmith_store::enums::ResourceKind;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cloudflare::{Fault, Token};
use crate::cloudflare_projects::{ACCOUNT, TOKEN, begun, beside, connect, connection, is_whole};
use crate::instance::{Answer, Instance};
use crate::neon_projects::{failed, gone, retried};
use crate::provisioning::until;

fn step<'a>(run: &'a Answer, name: &str) -> &'a Value {
    let steps = run.body["steps"].as_array().unwrap();
    let found = steps.iter().find(|step| step["name"] == name);
    found.unwrap_or_else(|| panic!("no {name}: {run:?}"))
}

async fn delete(instance: &Instance, owner: &str, project: &str) {
    let path = format!("/projects/{project}?projectSlug=shop");
    instance.call(owner, "DELETE", &path, None).await.is(202);
    gone(instance, owner, project).await;
}

/// The address of the worker of an environment.
async fn worker(instance: &Instance, environment: &str) -> String {
    let record = resource_records::Entity::find()
        .filter(resource_records::Column::Resource.eq(ResourceKind::CloudflareWorker))
        .filter(resource_records::Column::Environment.eq(environment))
        .one(instance.platform.store.read())
        .await
        .unwrap();
    record.unwrap().url.unwrap()
}

async fn integration(instance: &Instance, owner: &str, project: &str) -> Answer {
    let path = format!("/projects/{project}/integrations/cloudflare");
    instance.call(owner, "GET", &path, None).await.is(200)
}

/// Shows 001/FR-005, 001/FR-021.
#[tokio::test(flavor = "multi_thread")]
async fn a_project_has_one_pages_project_that_knows_where_its_workers_answer_and_goes_with_it() {
    let (instance, cloudflare) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    // Its address is somebody else's, so Cloudflare gives it another.
    let project = begun(&instance, &owner, &organization, "Taken").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    let run = until(&instance, &owner, &project, "succeeded").await;
    let made = step(&run, "cloudflare-pages");
    assert_eq!(made["requestKey"], json!(format!("{project}-cloudflarePage-all")));
    let all = cloudflare.pages(|all| all.clone());
    let (name, there) = all.first_key_value().unwrap();
    assert_eq!(all.len(), 1);
    assert!(name.starts_with("taken-"), "{name}");
    assert_eq!(there["production_branch"], "main");
    let variables = |of: &str| there["deployment_configs"][of]["env_vars"].clone();
    assert_eq!(
        variables("production")["API_URL"]["value"],
        json!(worker(&instance, "prod").await)
    );
    assert_eq!(
        variables("preview")["API_URL"]["value"],
        json!(worker(&instance, "dev").await)
    );
    let record = resource_records::Entity::find()
        .filter(resource_records::Column::Resource.eq(ResourceKind::CloudflarePage))
        .one(instance.platform.store.read())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(record.name, *name);
    assert_eq!(record.external_id.as_deref(), there["id"].as_str());
    assert_eq!(record.url.unwrap(), format!("https://{name}-4kd.pages.dev"));
    let told = integration(&instance, &owner, &project).await;
    assert_eq!(told.body["integration"]["missingScopes"], json!([]));

    // What people set there stays when the project is looked after.
    cloudflare.pages(|all| {
        let there = all.values_mut().next().unwrap();
        there["deployment_configs"]["production"]["env_vars"]["API_URL"]["value"] = json!("https://api.example");
    });
    connect(&instance, &owner, &project, connection(TOKEN)).await.is(200);
    until(&instance, &owner, &project, "succeeded").await;
    let set = cloudflare.pages(|all| {
        let there = all.values().next().unwrap();
        there["deployment_configs"]["production"]["env_vars"]["API_URL"]["value"].clone()
    });
    assert_eq!(set, "https://api.example");

    // Once somebody removes it, whoever compares is told.
    cloudflare.pages(BTreeMap::clear);
    let path = format!("/projects/{project}/resources/drift");
    let drift = instance.call(&owner, "GET", &path, None).await.is(200);
    let findings = drift.body["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(
        (&findings[0]["kind"], &findings[0]["resourceKey"]),
        (&json!("missing"), &json!(format!("{project}-cloudflarePage-all")))
    );
    // Ending the connection forgets it, and the next one has it made anew.
    let path = format!("/projects/{project}/integrations/cloudflare");
    instance.call(&owner, "DELETE", &path, None).await.is(204);
    connect(&instance, &owner, &project, connection(TOKEN)).await;
    until(&instance, &owner, &project, "succeeded").await;
    assert_eq!(cloudflare.pages(|all| all.len()), 1);

    // Domains of one's own are people's to take away.
    cloudflare.pages(|all| all.values_mut().next().unwrap()["domains"] = json!(["shop.example"]));
    let path = format!("/projects/{project}?projectSlug=taken");
    instance.call(&owner, "DELETE", &path, None).await.is(202);
    let run = until(&instance, &owner, &project, "failed").await;
    assert_eq!(failed(&run).0, "remove-cloudflare-pages");
    assert!(
        step(&run, "remove-cloudflare-pages")["hint"]
            .as_str()
            .unwrap()
            .contains("domains"),
        "{run:?}"
    );
    cloudflare.pages(|all| all.values_mut().next().unwrap()["domains"] = json!([]));
    retried(&instance, &owner, &project).await;
    gone(&instance, &owner, &project).await;
    assert!(cloudflare.pages(|all| all.is_empty()));
    assert_eq!(cloudflare.wrong(), Vec::<String>::new());
    runner.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_may_have_no_pages_leaves_them_out_until_it_may_or_nobody_wants_them() {
    let (instance, cloudflare) = beside(false).await;
    let narrow = Token {
        pages: false,
        ..Token::whole(ACCOUNT)
    };
    cloudflare.token(TOKEN, narrow);
    let (organization, owner) = instance.organization("Northwind").await;
    let project = begun(&instance, &owner, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    let run = until(&instance, &owner, &project, "incomplete").await;
    let left_out = step(&run, "cloudflare-pages");
    assert_eq!(
        (&left_out["state"], &left_out["errorCode"]),
        (&json!("skipped"), &json!("PROVISION_SCOPE_MISSING"))
    );
    assert!(
        left_out["hint"].as_str().unwrap().contains("Cloudflare Pages: Edit"),
        "{left_out}"
    );
    let missing = async || {
        let told = integration(&instance, &owner, &project).await;
        told.body["integration"]["missingScopes"].clone()
    };
    assert_eq!(missing().await, json!(["Cloudflare Pages: Edit"]));
    is_whole(&cloudflare, "shop");

    // A token that may is enough.
    cloudflare.token("cf_whole", Token::whole(ACCOUNT));
    let path = format!("/projects/{project}/integrations/cloudflare");
    let change = json!({ "credential": { "kind": "token", "token": "cf_whole" } });
    instance.call(&owner, "PATCH", &path, Some(change)).await.is(200);
    assert_eq!(missing().await, json!([]));
    retried(&instance, &owner, &project).await;
    until(&instance, &owner, &project, "succeeded").await;
    assert_eq!(cloudflare.pages(|all| all.len()), 1);
    delete(&instance, &owner, &project).await;
    assert!(cloudflare.pages(|all| all.is_empty()));

    // So is wanting none.
    let project = begun(&instance, &owner, &organization, "Shop").await;
    until(&instance, &owner, &project, "incomplete").await;
    let path = format!("/projects/{project}/integrations/cloudflare");
    let mut none = connection(TOKEN);
    none["settings"]["pages"] = json!(false);
    let change = json!({ "settings": none["settings"] });
    instance.call(&owner, "PATCH", &path, Some(change)).await.is(200);
    let told = integration(&instance, &owner, &project).await;
    assert_eq!(told.body["integration"]["missingScopes"], json!([]));
    retried(&instance, &owner, &project).await;
    let run = until(&instance, &owner, &project, "succeeded").await;
    let steps = run.body["steps"].as_array().unwrap();
    assert!(steps.iter().all(|step| step["name"] != "cloudflare-pages"), "{steps:?}");
    delete(&instance, &owner, &project).await;
    assert!(cloudflare.names().is_empty());
    assert_eq!(cloudflare.wrong(), Vec::<String>::new());
    runner.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_somebody_else_are_neither_taken_over_nor_removed() {
    let (instance, cloudflare) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = begun(&instance, &owner, &organization, "Shop").await;
    // The name is known once it was asked for; it was made, and nobody heard of it.
    cloudflare.fault("POST", "/pages/projects", Fault::Lost, 1);
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    assert_eq!(cloudflare.pages(|all| all.len()), 1);
    delete(&instance, &owner, &project).await;

    // Somebody else's stands there.
    let project = instance.project(&owner, &organization, "Shop").await;
    until(&instance, &owner, &project, "succeeded").await;
    connect(&instance, &owner, &project, connection(TOKEN)).await.is(201);
    until(&instance, &owner, &project, "succeeded").await;
    let theirs = cloudflare.pages(|all| {
        let (name, there) = all.first_key_value().unwrap();
        let (name, mut there) = (name.clone(), there.clone());
        there["deployment_configs"] = json!({ "production": { "env_vars": {} }, "preview": {} });
        all.insert(name, there);
        all.clone()
    });
    let path = format!("/projects/{project}/resources/drift");
    let drift = instance.call(&owner, "GET", &path, None).await.is(200);
    assert_eq!(drift.body["findings"][0]["kind"], "foreign", "{drift:?}");
    delete(&instance, &owner, &project).await;
    assert_eq!(cloudflare.pages(std::mem::take), theirs);

    assert_eq!(cloudflare.wrong(), Vec::<String>::new());
    runner.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_uploaded_stays_when_a_run_is_taken_back() {
    let (instance, cloudflare) = beside(false).await;
    let project = Uuid::new_v4();
    let mark = |fence: Arc<dyn Fence>| Mark {
        project,
        environment: "all".to_owned(),
        key: format!("{project}-cloudflarePage-all"),
        fence,
    };
    let own = mark(Arc::new(Free));
    let began = Utc::now();
    let access = Access::of(project, Hidden::new(TOKEN));
    let there = &instance.platform.providers.cloudflare;
    let page = there.page(ACCOUNT, "shop", &own);
    let wanted = WantedPage {
        branch: "main".to_owned(),
        production: None,
        preview: None,
    };
    let made = there.ensure_page(&access, &own, &page, &wanted).await.unwrap();
    let again = there.ensure_page(&access, &own, &page, &wanted).await.unwrap();
    assert_eq!((again.external_id, again.url), (made.external_id, made.url));
    cloudflare.pages(|all| all.values_mut().next().unwrap()["latest_deployment"] = json!({ "id": "one" }));
    there.remove_page(&access, &own, &page, Some(began)).await.unwrap();
    assert_eq!(cloudflare.pages(|all| all.len()), 1);
    there.remove_page(&access, &own, &page, None).await.unwrap();
    assert!(cloudflare.pages(|all| all.is_empty()));

    // Who may not act any more makes nothing.
    let refused = there.ensure_page(&access, &mark(Arc::new(Never)), &page, &wanted).await;
    assert!(refused.is_err() && cloudflare.pages(|all| all.is_empty()));
    there.ensure_page(&access, &own, &page, &wanted).await.unwrap();
    // What was there before the run stays.
    let later = Utc::now() + TimeDelta::seconds(5);
    there.remove_page(&access, &own, &page, Some(later)).await.unwrap();
    assert_eq!(cloudflare.pages(|all| all.len()), 1);
    there.remove_page(&access, &own, &page, Some(began)).await.unwrap();
    assert!(cloudflare.pages(|all| all.is_empty()));
    assert_eq!(cloudflare.wrong(), Vec::<String>::new());
}
