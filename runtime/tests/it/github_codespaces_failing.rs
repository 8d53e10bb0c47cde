//! Calls about codespaces that fail: once, for good, and for a machine that there is not.

use flaresmith_runtime::provisioning::Runner;
use flaresmith_store::entities::resource_records;
use flaresmith_store::enums::ResourceKind;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::json;

use crate::github::{Fault, Github};
use crate::github_codespaces::{SCOPES, begun, connection, detail, retry, step};
use crate::instance::Instance;
use crate::integrations::{TOKEN, beside, connect};
use crate::provisioning::until;

/// Forgets that there is a codespace, on both sides, so that the next run makes one.
async fn forget(instance: &Instance, github: &Github) {
    github.put_codespaces("Deleted");
    resource_records::Entity::delete_many()
        .filter(resource_records::Column::Resource.eq(ResourceKind::GithubCodespace))
        .exec(instance.platform.store.read())
        .await
        .unwrap();
}

/// Every call that making a codespace takes.
const CALLS: [(&str, &str); 3] = [
    ("GET", "/api/v3/repos/northwind/shop/codespaces"),
    ("POST", "/api/v3/repos/northwind/shop/codespaces"),
    ("GET", "/api/v3/user/codespaces/"),
];

/// Shows 001/FR-032.
#[tokio::test(flavor = "multi_thread")]
async fn calls_about_codespaces_that_fail_once_each_way_converge_and_no_second_one_is_made() {
    let (instance, github) = beside(false).await;
    github.token(TOKEN, "northwind", Some(SCOPES));
    let (organization, owner) = instance.organization("Northwind").await;
    let project = begun(&instance, &owner, &organization).await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    runner.stop().await;
    let faults = [
        Fault::Fails(500),
        Fault::Fails(503),
        Fault::Lost,
        Fault::TooMany(1),
        Fault::Limited(1),
    ];
    for (method, path) in CALLS {
        for fault in faults {
            forget(&instance, &github).await;
            connect(&instance, &owner, &project, connection("shop")).await.is(200);
            github.fault(method, path, fault, 1);
            let runner = Runner::start(instance.platform.clone()).unwrap();
            let run = until(&instance, &owner, &project, "succeeded").await;
            runner.stop().await;
            let there = github.codespaces();
            assert_eq!(there.len(), 1, "{method} {path} {fault:?}: {there:?}");
            assert_eq!(
                step(&run, "github-codespace")["externalId"],
                there[0].name,
                "{method} {path} {fault:?}"
            );
            let shown = detail(&instance, &owner, &project).await;
            assert_eq!(shown.text("/codespace/name"), there[0].name);
            assert_eq!(shown.text("/codespace/state"), "available");
            github.mend();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_codespace_that_cannot_be_made_fails_the_run_which_goes_on_when_it_can() {
    let (instance, github) = beside(false).await;
    github.token(TOKEN, "northwind", Some(SCOPES));
    let (organization, owner) = instance.organization("Northwind").await;
    let project = begun(&instance, &owner, &organization).await;
    github.codespaces_end("Failed");
    let runner = Runner::start(instance.platform.clone()).unwrap();
    let run = until(&instance, &owner, &project, "failed").await;
    let failed = step(&run, "github-codespace");
    assert_eq!(failed["errorCode"], "INTEGRATION_GITHUB_REJECTED");
    assert!(failed["hint"].as_str().unwrap().contains("retry the run"), "{failed}");
    let shown = detail(&instance, &owner, &project).await;
    assert_eq!(shown.text("/codespace/state"), "failed");
    let first = shown.text("/codespace/name");

    // The one that failed gives way to another.
    github.codespaces_end("Available");
    retry(&instance, &owner, &project).await;
    until(&instance, &owner, &project, "succeeded").await;
    let there = github.codespaces();
    assert!(there.len() == 1 && there[0].name != first, "{there:?}");
    let shown = detail(&instance, &owner, &project).await;
    assert_eq!(shown.text("/codespace/name"), there[0].name);

    // A machine that there is not is named, and another one can be.
    forget(&instance, &github).await;
    let mut other = connection("shop");
    other["settings"]["machine"] = json!("quantumLinux");
    connect(&instance, &owner, &project, other).await.is(200);
    let run = until(&instance, &owner, &project, "failed").await;
    let failed = step(&run, "github-codespace");
    assert_eq!(failed["errorCode"], "INTEGRATION_GITHUB_REJECTED");
    assert!(failed["hint"].as_str().unwrap().contains("`machine`"), "{failed}");
    let change = json!({ "settings": connection("shop")["settings"] });
    let path = format!("/projects/{project}/integrations/github");
    instance.call(&owner, "PATCH", &path, Some(change)).await.is(200);
    retry(&instance, &owner, &project).await;
    until(&instance, &owner, &project, "succeeded").await;

    // Calls that fail for good fail the run, and nothing is made twice when they do not any more.
    for (method, path) in CALLS {
        for (status, code) in [
            (500, "INTEGRATION_GITHUB_TIMEOUT"),
            (422, "INTEGRATION_GITHUB_REJECTED"),
        ] {
            forget(&instance, &github).await;
            connect(&instance, &owner, &project, connection("shop")).await.is(200);
            github.fault(method, path, Fault::Fails(status), 1000);
            let run = until(&instance, &owner, &project, "failed").await;
            assert_eq!(
                step(&run, "github-codespace")["errorCode"],
                code,
                "{method} {path} {status}"
            );
            github.mend();
            retry(&instance, &owner, &project).await;
            until(&instance, &owner, &project, "succeeded").await;
            assert_eq!(github.codespaces().len(), 1, "{method} {path} {status}");
        }
    }
    runner.stop().await;
}
