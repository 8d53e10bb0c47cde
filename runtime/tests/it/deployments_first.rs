//! The first deployment of each environment of a new project, answered by the real workerd.

use std::time::Duration;

use flaresmith_api::types::EnvironmentMatrix;
use flaresmith_runtime::provisioning::Runner;
use flaresmith_runtime::settings::Settings;
use serde_json::{Value, json};

use crate::deployments::{COPIES, frame, with_workerd};
use crate::edge_host::{get, says};
use crate::files::{Project, write};
use crate::instance::Instance;
use crate::provisioning::until;

/// The real workerd, and the first deployment of each environment.
fn deploying(settings: &mut Settings) {
    with_workerd(settings);
    settings.first_deployment = true;
}

/// A project whose repository can be built from the beginning; nobody has provisioned it yet.
async fn buildable<'a>(instance: &'a Instance, script: &str) -> Project<'a> {
    let files = Project::new(instance).await;
    let base = files.head().await;
    let mut changes: Vec<Value> = frame(script).iter().map(|(path, text)| write(path, text)).collect();
    changes.push(write("worker.js", &says("hello")));
    let head = files.commit(&base, json!(changes)).await.is(201).text("/sha");
    let git = git2::Repository::open_bare(files.folder()).unwrap();
    let head = git2::Oid::from_str(&head).unwrap();
    git.reference("refs/heads/main", head, true, "test").unwrap();
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_project_answers_in_all_environments_from_its_first_commit() {
    for instance in [
        Instance::set(deploying).await,
        Instance::set_on_postgres(deploying).await,
    ] {
        let instance = &instance;
        let files = buildable(instance, COPIES).await;
        let runner = Runner::start(instance.platform.clone()).unwrap();
        until(instance, &files.token, &files.id, "succeeded").await;
        let path = format!("/projects/{}", files.id);
        let call = async |rest: &str| {
            instance
                .call(&files.token, "GET", &format!("{path}{rest}"), None)
                .await
                .is(200)
        };
        let matrix = call("/environments").await.fits::<EnvironmentMatrix>();
        for at in 0..3 {
            assert_eq!(matrix.text(&format!("/environments/{at}/state")), "active");
            assert_eq!(
                matrix.text(&format!("/environments/{at}/lastDeployment/state")),
                "succeeded"
            );
            let url = matrix.text(&format!("/environments/{at}/url"));
            assert_eq!(get(&url).await.unwrap(), (200, "hello ".into()));
        }
        let builds = call("/builds").await;
        assert_eq!(
            builds.body["items"].as_array().unwrap().len(),
            1,
            "a build a commit: {builds:?}"
        );
        runner.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_commit_that_cannot_be_built_keeps_no_project_from_being_made() {
    let instance = Instance::set(deploying).await;
    let files = buildable(&instance, "throw new Error('not yet');\n").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    let progress = until(&instance, &files.token, &files.id, "succeeded").await;
    let steps = progress.body["steps"].as_array().unwrap();
    let dev = steps.iter().find(|step| step["name"] == "deployment-dev").unwrap();
    let hint = dev["hint"].as_str().unwrap();
    assert!(hint.starts_with("DEPLOYMENT_BUILD_FAILED"), "{hint}");
    let path = format!("/projects/{}", files.id);
    let call = async |method: &str, rest: &str, body: Option<Value>| {
        instance
            .call(&files.token, method, &format!("{path}{rest}"), body)
            .await
    };
    let matrix = call("GET", "/environments", None).await.is(200);
    let dev = matrix.text("/environments/0/id");
    assert_eq!(matrix.text("/environments/0/state"), "active");
    assert_eq!(matrix.text("/environments/0/lastErrorCode"), "DEPLOYMENT_BUILD_FAILED");
    assert_eq!(matrix.text("/environments/0/lastDeployment/state"), "failed");
    let head = call("GET", "/files/tree?ref=feature/x", None)
        .await
        .is(200)
        .text("/commitSha");
    let mended = files.commit(&head, json!([write("build.mjs", COPIES)])).await.is(201);
    let body = json!({"ref": mended.text("/sha")});
    call("POST", &format!("/environments/{dev}/deploy"), Some(body))
        .await
        .is(202);
    let mut url = None;
    for _ in 0..900 {
        let found = call("GET", &format!("/environments/{dev}"), None).await.is(200);
        url = found.body["url"].as_str().map(str::to_owned);
        if url.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(get(&url.unwrap()).await.unwrap(), (200, "hello ".into()));
    runner.stop().await;
}
