//! Calls of GitHub that fail: once, for good, again and again, and for lack of a token that is still good.

use chrono::TimeDelta;
use flaresmith_runtime::provisioning::Runner;
use flaresmith_store::enums::RepoHost;
use sea_orm::EntityTrait as _;
use serde_json::json;

use crate::github::Fault;
use crate::integrations::{TOKEN, beside, connect, connection, heads, here};
use crate::provisioning::until;

/// Every call that connecting a project makes of GitHub.
const CALLS: [(&str, &str); 6] = [
    ("GET", "/api/v3/repos/"),
    ("GET", "/api/v3/user"),
    ("POST", "/api/v3/user/repos"),
    ("PATCH", "/api/v3/repos/"),
    ("GET", "/web/"),
    ("POST", "/web/"),
];

/// Shows 001/FR-032.
#[tokio::test(flavor = "multi_thread")]
async fn calls_that_fail_once_each_way_converge_and_nothing_is_made_twice() {
    let (instance, github) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let faults = [Fault::Fails(500), Fault::Fails(503), Fault::Lost, Fault::Limited(1)];
    let mut number = 0;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    runner.stop().await;
    for (method, path) in CALLS {
        for fault in faults {
            number += 1;
            let name = format!("p{number}");
            connect(&instance, &owner, &project, connection(TOKEN, "northwind", &name)).await;
            // The credential was checked by now; what fails is the run.
            github.fault(method, path, fault, 1);
            let runner = Runner::start(instance.platform.clone()).unwrap();
            until(&instance, &owner, &project, "succeeded").await;
            runner.stop().await;
            let there = heads(&github.git(&format!("northwind/{name}")));
            assert_eq!(there, heads(&here(&instance, &project)), "{method} {path} {fault:?}");
            github.mend();
        }
    }
    assert_eq!(github.repositories().len(), number);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_fails_for_good_ends_in_a_run_that_goes_on_when_github_does() {
    let (instance, github) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    runner.stop().await;
    for (number, (method, path)) in CALLS.into_iter().enumerate() {
        let name = format!("p{number}");
        connect(&instance, &owner, &project, connection(TOKEN, "northwind", &name)).await;
        github.fault(method, path, Fault::Fails(422), 1000);
        let runner = Runner::start(instance.platform.clone()).unwrap();
        let run = until(&instance, &owner, &project, "failed").await;
        let step = run.body["steps"]
            .as_array()
            .unwrap()
            .iter()
            .find(|step| step["name"] == "github-repository");
        let code = step.unwrap()["errorCode"].as_str().unwrap();
        assert!(code.starts_with("INTEGRATION_"), "{method} {path}: {code}");
        github.mend();
        let retry = format!("/projects/{project}/provisioning/retry");
        instance.call(&owner, "POST", &retry, None).await.is(202);
        until(&instance, &owner, &project, "succeeded").await;
        runner.stop().await;
        let there = heads(&github.git(&format!("northwind/{name}")));
        assert_eq!(there, heads(&here(&instance, &project)), "{method} {path}");
    }
    assert_eq!(github.repositories().len(), CALLS.len());
}

/// Shows 001/FR-032, 001/SC-009.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_keeps_failing_is_left_alone_and_tried_again_after_half_a_minute() {
    let (instance, github) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    connect(&instance, &owner, &project, connection(TOKEN, "northwind", "shop"))
        .await
        .fails(409, "PROVISION_RUN_ACTIVE");
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    runner.stop().await;
    let asks = || async { connect(&instance, &owner, &project, connection(TOKEN, "northwind", "shop")).await };
    github.fault("GET", "/api/v3/user", Fault::Fails(502), 1000);
    let before = github.requests().len();
    // Each asks six times.
    asks().await.fails(504, "INTEGRATION_GITHUB_TIMEOUT");
    let open = asks().await.fails(503, "INTEGRATION_GITHUB_UNAVAILABLE");
    assert_eq!(github.requests().len() - before, 10);
    assert_eq!(open.body["error"]["details"]["breakerState"], "open");
    assert!(open.headers.contains_key("retry-after"));
    // Nothing goes out meanwhile: of a hundred attempts none reaches GitHub.
    for _ in 0..100 {
        asks().await.fails(503, "INTEGRATION_GITHUB_UNAVAILABLE");
    }
    assert_eq!(github.requests().len() - before, 10);
    // One call is tried, and fails: it is left alone again.
    instance.later(TimeDelta::seconds(31));
    asks().await.fails(503, "INTEGRATION_GITHUB_UNAVAILABLE");
    assert_eq!(github.requests().len() - before, 11);
    github.mend();
    instance.later(TimeDelta::seconds(31));
    asks().await.is(201);
    let path = format!("/projects/{project}/environments");
    let matrix = instance.call(&owner, "GET", &path, None).await.is(200);
    assert_eq!(matrix.text("/integrations/0/breaker/state"), "closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_taken_back_fails_the_run_until_another_is_given() {
    let (instance, github) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    runner.stop().await;
    connect(&instance, &owner, &project, connection(TOKEN, "northwind", "shop"))
        .await
        .is(201);
    github.revoke(TOKEN);
    let runner = Runner::start(instance.platform.clone()).unwrap();
    let run = until(&instance, &owner, &project, "failed").await;
    let step = run.body["steps"]
        .as_array()
        .unwrap()
        .iter()
        .find(|step| step["name"] == "github-repository");
    assert_eq!(step.unwrap()["errorCode"], "INTEGRATION_GITHUB_REJECTED");
    github.token("github_pat_another000", "northwind", None);
    let path = format!("/projects/{project}/integrations/github");
    let stale = [("if-match", "\"v9\"")];
    let bearer = format!("Bearer {owner}");
    let headers = [("authorization", bearer.as_str()), stale[0]];
    let change = json!({ "credential": { "kind": "token", "token": "github_pat_another000" } });
    instance
        .send("PATCH", &path, &headers, Some(change.clone()))
        .await
        .fails(412, "REQUEST_PRECONDITION_FAILED");
    instance.call(&owner, "PATCH", &path, Some(change)).await.is(200);
    let retry = format!("/projects/{project}/provisioning/retry");
    instance.call(&owner, "POST", &retry, None).await.is(202);
    until(&instance, &owner, &project, "succeeded").await;
    let repo = flaresmith_store::entities::repos::Entity::find()
        .one(instance.platform.store.read())
        .await
        .unwrap();
    assert_eq!(repo.unwrap().host, RepoHost::Github);
    runner.stop().await;
}
