//! Projects whose databases are at Neon.

use std::collections::BTreeSet;
use std::time::Duration;

use flaresmith_api::types::{IntegrationConnected, IntegrationView};
use flaresmith_runtime::provisioning::Runner;
use flaresmith_store::entities::{database_branches, provider_credentials, resource_records};
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};

use crate::instance::{Answer, Instance};
use crate::neon::{Fault, Neon};
use crate::provisioning::{databases, until};

pub(crate) const KEY: &str = "napi_integrationtestkey0000000000000000";

pub(crate) const ORGANIZATION: &str = "org-northwind";

pub(crate) const REGION: &str = "aws-eu-central-1";

/// A platform beside a Neon that knows the key.
pub(crate) async fn beside(on_postgres: bool) -> (Instance, Neon) {
    let neon = Neon::start().await;
    neon.key(KEY, ORGANIZATION);
    let api = neon.api.clone();
    let set = |settings: &mut flaresmith_runtime::settings::Settings| settings.neon = api;
    let instance = match on_postgres {
        false => Instance::set(set).await,
        true => Instance::set_on_postgres(set).await,
    };
    (instance, neon)
}

/// A connection without a standby, which takes nothing that the tests of anything else ask for.
pub(crate) fn connection(key: &str) -> Value {
    json!({
        "settings": { "provider": "neon", "region": REGION, "organizationId": ORGANIZATION, "standby": false },
        "credential": { "kind": "token", "token": key },
    })
}

pub(crate) async fn connect(instance: &Instance, owner: &str, project: &str, body: Value) -> Answer {
    let path = format!("/projects/{project}/integrations/neon");
    instance.call(owner, "PUT", &path, Some(body)).await
}

/// A project that begins with Neon.
pub(crate) async fn begun(instance: &Instance, owner: &str, organization: &str, name: &str) -> String {
    let body = json!({ "name": name, "organizationId": organization, "integrations": [connection(KEY)] });
    let made = instance.call(owner, "POST", "/projects", Some(body)).await;
    made.is(201).text("/id")
}

pub(crate) async fn retried(instance: &Instance, owner: &str, project: &str) {
    let retry = format!("/projects/{project}/provisioning/retry");
    instance.call(owner, "POST", &retry, None).await.is(202);
}

/// Waits until a project is gone.
pub(crate) async fn gone(instance: &Instance, owner: &str, project: &str) {
    for _ in 0..600 {
        let found = instance.call(owner, "GET", &format!("/projects/{project}"), None).await;
        if found.status == 404 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the project is never gone: {:?}", instance.logged());
}

/// The step of the latest run that has failed.
pub(crate) fn failed(run: &Answer) -> (String, String) {
    let steps = run.body["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["state"] == "failed").unwrap();
    let text = |name: &str| step[name].as_str().unwrap_or_default().to_owned();
    (text("name"), text("errorCode"))
}

fn steps(run: &Answer) -> Vec<&str> {
    let all = run.body["steps"].as_array().unwrap().iter();
    all.map(|step| step["name"].as_str().unwrap()).collect()
}

/// Every environment has a branch with a compute and a password of its own, and nobody asked for what was not ready.
pub(crate) fn is_whole(neon: &Neon) {
    assert_eq!(neon.wrong(), Vec::<String>::new());
    assert_eq!(neon.branches(), ["prod", "dev", "staging"]);
    let all = ["prod", "dev", "staging"].map(|name| neon.branch(name));
    let passwords: BTreeSet<&str> = all.iter().map(|branch| branch.password.as_str()).collect();
    assert_eq!(passwords.len(), 3);
    assert!(all.iter().all(|branch| branch.computes == 1));
    assert!(all[1..].iter().all(|branch| branch.parent.as_ref() == Some(&all[0].id)));
}

/// Shows 001/FR-004, 001/FR-021.
#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_begins_with_neon_has_a_branch_for_every_environment_there_and_none_here() {
    for on_postgres in [false, true] {
        let (instance, neon) = beside(on_postgres).await;
        let (organization, owner) = instance.organization("Northwind").await;
        let project = begun(&instance, &owner, &organization, "Shop").await;
        // What others have there is found by the same search.
        for name in [project.as_str(), "Shop", "shop"] {
            neon.somebody(ORGANIZATION, name, "prod");
        }
        let runner = Runner::start(instance.platform.clone()).unwrap();
        let run = until(&instance, &owner, &project, "succeeded").await;
        is_whole(&neon);
        assert_eq!(neon.projects(|all| all.len()), 4);
        let (name, region, version) = neon.projects(|all| {
            let one = all.last().unwrap();
            (one.name.clone(), one.region.clone(), one.version)
        });
        assert!(
            name.starts_with("shop (Flaresmith ") && name.contains(&project),
            "{name}"
        );
        assert_eq!((region.as_str(), version), (REGION, 17));
        assert!(databases(&instance, &project).await.is_empty());
        let keys: BTreeSet<&str> = run.body["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| step["requestKey"].as_str().unwrap())
            .collect();
        for key in [
            "neonProject-all",
            "neonBranch-dev",
            "neonBranch-staging",
            "neonBranch-prod",
        ] {
            assert!(keys.contains(format!("{project}-{key}").as_str()), "{keys:?}");
        }
        let rows = database_branches::Entity::find()
            .all(instance.platform.store.read())
            .await
            .unwrap();
        for row in rows {
            assert_eq!(row.region.as_deref(), Some(REGION));
            assert_eq!(row.external_id.as_ref(), Some(&neon.branch(&row.name).id));
        }
        let kept = provider_credentials::Entity::find()
            .all(instance.platform.store.read())
            .await
            .unwrap();
        assert!(kept.len() == 1 && !kept[0].ciphertext.expose().windows(5).any(|five| five == b"napi_"));
        let path = format!("/projects/{project}/integrations/neon");
        let shown = instance
            .call(&owner, "GET", &path, None)
            .await
            .is(200)
            .fits::<IntegrationView>();
        assert_eq!(shown.text("/integration/accountName"), "Northwind");
        assert!(!shown.raw.contains(KEY));

        // Where the data are cannot be changed.
        let mut elsewhere = connection(KEY);
        elsewhere["settings"]["region"] = json!("aws-us-east-2");
        connect(&instance, &owner, &project, elsewhere)
            .await
            .fails(400, "REQUEST_VALIDATION_FAILED");

        // With the project goes what was made for it, and nothing else.
        let path = format!("/projects/{project}?projectSlug=shop");
        instance.call(&owner, "DELETE", &path, None).await.is(202);
        gone(&instance, &owner, &project).await;
        assert_eq!(neon.projects(|all| all.len()), 3);
        assert_eq!(neon.wrong(), Vec::<String>::new());
        let log = instance.logged().join("\n");
        assert!(!log.contains("npg_") && !log.contains(KEY), "{log}");
        runner.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_or_no_longer_connected_stays_at_neon() {
    let (instance, neon) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    for (number, ends) in [(1, false), (2, true)] {
        let project = begun(&instance, &owner, &organization, &format!("Shop {number}")).await;
        until(&instance, &owner, &project, "succeeded").await;
        if ends {
            let path = format!("/projects/{project}/integrations/neon");
            instance.call(&owner, "DELETE", &path, None).await.is(204);
        }
        let keep = if ends { "" } else { "&keepResources=true" };
        let path = format!("/projects/{project}?projectSlug=shop-{number}{keep}");
        instance.call(&owner, "DELETE", &path, None).await.is(202);
        gone(&instance, &owner, &project).await;
        assert_eq!(neon.projects(|all| all.len()), number);
        is_whole(&neon);
    }
    runner.stop().await;
}

/// Shows 001/FR-022.
#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_is_there_moves_to_neon_and_its_databases_here_stay_as_they_are() {
    for on_postgres in [false, true] {
        let (instance, neon) = beside(on_postgres).await;
        let (organization, owner) = instance.organization("Northwind").await;
        let project = instance.project(&owner, &organization, "Shop").await;
        let runner = Runner::start(instance.platform.clone()).unwrap();
        until(&instance, &owner, &project, "succeeded").await;
        let here = databases(&instance, &project).await;
        assert_eq!(here.len(), 3);

        let answer = connect(&instance, &owner, &project, connection(KEY)).await.is(201);
        let answer = answer.fits::<IntegrationConnected>();
        assert!(!answer.raw.contains(KEY));
        assert_eq!(answer.text("/provisioning/kind"), "extend");
        let run = until(&instance, &owner, &project, "succeeded").await;
        let mut made = steps(&run);
        made.retain(|name| !name.starts_with("source-"));
        // What was there is not made again.
        assert_eq!(
            made,
            [
                "neon-branch-dev",
                "neon-branch-prod",
                "neon-branch-staging",
                "neon-project"
            ]
        );
        let hint = run.body["steps"]
            .as_array()
            .unwrap()
            .iter()
            .find(|step| step["name"] == "neon-branch-dev");
        assert!(
            hint.unwrap()["hint"].as_str().unwrap().contains("stays with its data"),
            "{hint:?}"
        );
        is_whole(&neon);
        assert_eq!(databases(&instance, &project).await, here);
        let records = resource_records::Entity::find()
            .all(instance.platform.store.read())
            .await
            .unwrap();
        assert!(
            records
                .iter()
                .any(|record| record.external_id == Some(neon.branch("dev").id))
        );

        // Connected again, nothing is missing.
        connect(&instance, &owner, &project, connection(KEY)).await.is(200);
        let run = until(&instance, &owner, &project, "succeeded").await;
        assert!(
            steps(&run).iter().all(|name| name.starts_with("source-")),
            "{:?}",
            steps(&run)
        );

        // With the project goes what is here and what is there.
        let path = format!("/projects/{project}?projectSlug=shop");
        instance.call(&owner, "DELETE", &path, None).await.is(202);
        gone(&instance, &owner, &project).await;
        assert_eq!(neon.projects(|all| all.len()), 0);
        assert!(databases(&instance, &project).await.is_empty());
        runner.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_neon_refuses_or_that_may_do_too_little_is_not_kept() {
    let (instance, neon) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let asks = async |body: Value| connect(&instance, &owner, &project, body).await;
    asks(connection("napi_nobody"))
        .await
        .fails(422, "INTEGRATION_CREDENTIAL_REFUSED");

    neon.personal_key("napi_person", "org-tailwind");
    let refused = asks(connection("napi_person"))
        .await
        .fails(422, "INTEGRATION_CREDENTIAL_REFUSED");
    assert_eq!(
        refused.body["error"]["details"]["missingScopes"],
        json!([format!("organization {ORGANIZATION}")])
    );
    let mut unnamed = connection("napi_person");
    unnamed["settings"].as_object_mut().unwrap().remove("organizationId");
    let refused = asks(unnamed).await.fails(422, "INTEGRATION_CREDENTIAL_REFUSED");
    assert!(refused.text("/error/hint").contains("org-tailwind"), "{refused:?}");

    let mut nowhere = connection(KEY);
    nowhere["settings"]["region"] = json!("aws-nowhere-1");
    let refused = asks(nowhere).await.fails(400, "REQUEST_VALIDATION_FAILED");
    assert!(refused.text("/error/hint").contains(REGION), "{refused:?}");

    let kept = provider_credentials::Entity::find()
        .all(instance.platform.store.read())
        .await
        .unwrap();
    assert!(kept.is_empty());
    assert_eq!(neon.wrong(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_key_may_not_do_is_told_at_the_step_and_another_key_goes_on() {
    let (instance, neon) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = begun(&instance, &owner, &organization, "Shop").await;
    neon.narrow_key(KEY, ORGANIZATION);
    let runner = Runner::start(instance.platform.clone()).unwrap();
    let run = until(&instance, &owner, &project, "failed").await;
    assert_eq!(
        failed(&run),
        ("neon-project".to_owned(), "INTEGRATION_NEON_REJECTED".to_owned())
    );
    neon.key("napi_another", ORGANIZATION);
    neon.revoke(KEY);
    let path = format!("/projects/{project}/integrations/neon");
    let change = json!({ "credential": { "kind": "token", "token": "napi_another" } });
    instance.call(&owner, "PATCH", &path, Some(change)).await.is(200);
    retried(&instance, &owner, &project).await;
    until(&instance, &owner, &project, "succeeded").await;
    is_whole(&neon);
    runner.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cancels_takes_back_what_the_run_made_at_neon_and_nothing_else() {
    let (instance, neon) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    let here = databases(&instance, &project).await;
    let mut name = String::new();
    let mut cancelled = async |of_others: bool| {
        // The last branch is refused, so the run can be cancelled.
        connect(&instance, &owner, &project, connection(KEY)).await;
        neon.fault("POST", "/reset_password", Fault::Fails(403), 2);
        let run = until(&instance, &owner, &project, "failed").await;
        assert_eq!(
            failed(&run),
            ("neon-branch-dev".to_owned(), "INTEGRATION_NEON_REJECTED".to_owned())
        );
        neon.mend();
        name = neon.projects(|all| all.last().unwrap().name.clone());
        if of_others {
            neon.projects(|all| all.last_mut().unwrap().branches[0].name = "theirs".to_owned());
        }
        let path = format!("/projects/{project}/provisioning/cancel");
        instance.call(&owner, "POST", &path, None).await.is(202);
        until(&instance, &owner, &project, "undone").await;
        assert_eq!(databases(&instance, &project).await, here);
        let shown = instance
            .call(&owner, "GET", &format!("/projects/{project}"), None)
            .await
            .is(200);
        assert_eq!(shown.text("/state"), "active");
        let rows = database_branches::Entity::find()
            .all(instance.platform.store.read())
            .await
            .unwrap();
        assert!(
            rows.len() == 3 && rows.iter().all(|row| row.region.is_none()),
            "{rows:?}"
        );
        let name = name.clone();
        (name, neon.projects(|all| all.len()))
    };
    let (marked, left) = cancelled(false).await;
    assert_eq!(left, 0);
    // A project that has more than was made for this one stays.
    let (_, left) = cancelled(true).await;
    assert_eq!(left, 1);
    neon.projects(Vec::clear);

    // Whoever copies the name has not the branch that it is made with.
    neon.somebody(ORGANIZATION, &marked, "main");
    connect(&instance, &owner, &project, connection(KEY)).await;
    let run = until(&instance, &owner, &project, "failed").await;
    assert_eq!(
        failed(&run),
        ("neon-project".to_owned(), "PROVISION_RESOURCE_FOREIGN".to_owned())
    );
    neon.projects(Vec::clear);
    retried(&instance, &owner, &project).await;
    until(&instance, &owner, &project, "succeeded").await;
    is_whole(&neon);
    runner.stop().await;
}
