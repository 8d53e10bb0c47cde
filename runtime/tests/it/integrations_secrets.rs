//! Secrets of workflows, which are handed on to GitHub.

use std::collections::BTreeMap;

use flaresmith_runtime::provisioning::Runner;
use serde_json::json;

use crate::github::Fault;
use crate::integrations::{TOKEN, beside, connect, connection};
use crate::provisioning::until;

#[tokio::test(flavor = "multi_thread")]
async fn secrets_of_workflows_are_handed_to_github_in_boxes_that_it_alone_opens() {
    let (instance, github) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    let path = |name: &str, environment: &str, kind: &str| {
        format!("/projects/{project}/secrets/{name}?environment={environment}&type={kind}")
    };
    let put = async |name: &str, environment: &str, kind: &str, value: &str| {
        let body = json!({ "value": value });
        instance
            .call(&owner, "PUT", &path(name, environment, kind), Some(body))
            .await
    };
    // What was set before is handed on with the repository.
    put("DEPLOY_KEY", "all", "githubActionSecret", "value-one")
        .await
        .is(201);
    assert!(github.secrets().is_empty());
    connect(&instance, &owner, &project, connection(TOKEN, "northwind", "shop"))
        .await
        .is(201);
    until(&instance, &owner, &project, "succeeded").await;
    put("STAGE_KEY", "staging", "githubEnvironmentSecret", "value-two")
        .await
        .is(201);
    // Those of workers are nothing of GitHub's, whatever people keep there under the same name.
    github.keep("environments/staging/secrets/API_KEY", "theirs");
    put("API_KEY", "staging", "cloudflareBinding", "value-three")
        .await
        .is(201);
    let there = |names: &[(&str, &str)]| {
        let expected = names
            .iter()
            .map(|(path, value)| ((*path).to_owned(), (*value).to_owned()));
        assert_eq!(github.secrets(), expected.collect::<BTreeMap<_, _>>());
    };
    let theirs = ("environments/staging/secrets/API_KEY", "theirs");
    there(&[
        ("actions/secrets/DEPLOY_KEY", "value-one"),
        ("environments/staging/secrets/STAGE_KEY", "value-two"),
        theirs,
    ]);
    put("DEPLOY_KEY", "all", "githubActionSecret", "value-four")
        .await
        .is(200);
    instance
        .call(
            &owner,
            "DELETE",
            &path("STAGE_KEY", "staging", "githubEnvironmentSecret"),
            None,
        )
        .await
        .is(204);
    there(&[("actions/secrets/DEPLOY_KEY", "value-four"), theirs]);
    // A change that GitHub does not hear of fails, and its repeat hands it on.
    github.fault("PUT", "/api/v3/repos/northwind/shop/actions", Fault::Fails(502), 6);
    put("DEPLOY_KEY", "all", "githubActionSecret", "value-five")
        .await
        .fails(504, "INTEGRATION_GITHUB_TIMEOUT");
    put("DEPLOY_KEY", "all", "githubActionSecret", "value-five")
        .await
        .is(200);
    there(&[("actions/secrets/DEPLOY_KEY", "value-five"), theirs]);
    let gone = path("DEPLOY_KEY", "all", "githubActionSecret");
    github.fault("DELETE", "/api/v3/repos/northwind/shop/actions", Fault::Fails(422), 1);
    let refused = instance.call(&owner, "DELETE", &gone, None).await;
    refused.fails(502, "INTEGRATION_GITHUB_REJECTED");
    instance
        .call(&owner, "DELETE", &gone, None)
        .await
        .fails(404, "SEC_SECRET_NOT_FOUND");
    there(&[theirs]);
    runner.stop().await;
}
