//! The codespace of a project at GitHub.

use std::time::Duration;

use flaresmith_api::types::{IntegrationView, ProjectDetail};
use flaresmith_runtime::provisioning::Runner;
use flaresmith_store::entities::{codespaces, resource_records};
use flaresmith_store::enums::{CodespaceState, ResourceKind};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};

use crate::github::Fault;
use crate::instance::{Answer, Instance};
use crate::integrations::{TOKEN, beside, connect};
use crate::provisioning::until;

/// What a classic token needs for all of it.
pub(crate) const SCOPES: &str = "repo, workflow, delete_repo, codespace";

/// A connection that wants a codespace.
pub(crate) fn connection(name: &str) -> Value {
    json!({
        "settings": { "provider": "github", "owner": "northwind", "repositoryName": name, "machine": "basicLinux32gb" },
        "credential": { "kind": "token", "token": TOKEN },
    })
}

/// A project that begins with GitHub and is to have a codespace.
pub(crate) async fn begun(instance: &Instance, owner: &str, organization: &str) -> String {
    let body = json!({ "name": "Shop", "organizationId": organization, "integrations": [connection("shop")] });
    let made = instance.call(owner, "POST", "/projects", Some(body)).await.is(201);
    made.text("/id")
}

/// Once what is asked for is so.
async fn once<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    for _ in 0..600 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what}");
}

pub(crate) fn step<'a>(run: &'a Answer, name: &str) -> &'a Value {
    let steps = run.body["steps"].as_array().unwrap();
    steps.iter().find(|step| step["name"] == name).unwrap()
}

pub(crate) async fn detail(instance: &Instance, owner: &str, project: &str) -> Answer {
    let answer = instance.call(owner, "GET", &format!("/projects/{project}"), None).await;
    answer.is(200).fits::<ProjectDetail>()
}

async fn integration(instance: &Instance, owner: &str, project: &str) -> Answer {
    let path = format!("/projects/{project}/integrations/github");
    let answer = instance.call(owner, "GET", &path, None).await;
    answer.is(200).fits::<IntegrationView>()
}

pub(crate) async fn retry(instance: &Instance, owner: &str, project: &str) {
    let path = format!("/projects/{project}/provisioning/retry");
    instance.call(owner, "POST", &path, None).await.is(202);
}

/// Whether the project is gone, with all that was made for it.
async fn delete(instance: &Instance, owner: &str, project: &str) {
    let path = format!("/projects/{project}?projectSlug=shop");
    instance.call(owner, "DELETE", &path, None).await.is(202);
    let gone = || async {
        let path = format!("/projects/{project}");
        instance.call(owner, "GET", &path, None).await.status == 404
    };
    once("the project is not gone", gone).await;
}

/// Shows 001/FR-003.
#[tokio::test(flavor = "multi_thread")]
async fn a_project_at_github_has_a_codespace_for_dev_and_says_where_its_ports_are_seen() {
    for on_postgres in [false, true] {
        let (instance, github) = beside(on_postgres).await;
        github.token(TOKEN, "northwind", Some(SCOPES));
        let (organization, owner) = instance.organization("Northwind").await;
        let project = begun(&instance, &owner, &organization).await;
        let runner = Runner::start(instance.platform.clone()).unwrap();
        let run = until(&instance, &owner, &project, "succeeded").await;
        let made = step(&run, "github-codespace");
        assert_eq!(made["requestKey"], format!("{project}-githubCodespace-dev"));
        assert_eq!(made["state"], "succeeded");

        let all = github.codespaces();
        assert_eq!(all.len(), 1, "{all:?}");
        let there = &all[0];
        assert_eq!(there.state, "Available");
        assert_eq!(
            (there.machine.as_deref(), there.branch.as_str()),
            (Some("basicLinux32gb"), "dev")
        );
        assert!(
            there.display_name.starts_with("shop (Flaresmith "),
            "{}",
            there.display_name
        );
        assert_eq!(made["externalId"], there.name);

        let shown = detail(&instance, &owner, &project).await;
        assert_eq!(shown.text("/state"), "active");
        assert_eq!(shown.text("/codespace/name"), there.name);
        assert_eq!(shown.text("/codespace/state"), "available");
        assert_eq!(
            shown.text("/codespace/webUrl"),
            format!("https://{}.github.dev", there.name)
        );
        let seen = json!([{ "port": 8787, "url": format!("https://{}-8787.app.github.dev", there.name) }]);
        assert_eq!(shown.body["codespace"]["previewUrls"], seen);
        let told = integration(&instance, &owner, &project).await;
        assert_eq!(told.body["integration"]["missingScopes"], json!([]));

        // Connecting again makes no other.
        connect(&instance, &owner, &project, connection("shop")).await.is(200);
        let run = until(&instance, &owner, &project, "succeeded").await;
        let steps = run.body["steps"].as_array().unwrap();
        assert!(steps.iter().all(|step| step["name"] != "github-codespace"), "{steps:?}");

        // With the project goes what was made for it, and nothing else.
        github.somebodys_codespace("northwind", "northwind/shop", "shop (Flaresmith 00000000000000000000)");
        github.somebodys_codespace("tailwind", "northwind/shop", &there.display_name);
        delete(&instance, &owner, &project).await;
        let left = github.codespaces();
        assert!(
            left.len() == 2 && left.iter().all(|one| one.name != there.name),
            "{left:?}"
        );
        assert!(github.repositories().is_empty());
        runner.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_codespace_of_somebody_is_not_taken_over_whatever_it_is_called() {
    let (instance, github) = beside(false).await;
    github.token(TOKEN, "northwind", Some(SCOPES));
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    let mut without = connection("shop");
    without["settings"]["codespace"] = json!(false);
    connect(&instance, &owner, &project, without).await.is(201);
    until(&instance, &owner, &project, "succeeded").await;
    assert!(github.codespaces().is_empty());
    assert_eq!(detail(&instance, &owner, &project).await.body["codespace"], Value::Null);
    for name in ["shop", "shop (Flaresmith 00000000000000000000)", "dev"] {
        github.somebodys_codespace("northwind", "northwind/shop", name);
    }
    // More than one page of them.
    for number in 0..100 {
        github.somebodys_codespace("northwind", "northwind/shop", &format!("theirs {number}"));
    }
    connect(&instance, &owner, &project, connection("shop")).await.is(200);
    let run = until(&instance, &owner, &project, "succeeded").await;
    let own = step(&run, "github-codespace")["externalId"].clone();
    assert_eq!(github.codespaces().len(), 104);

    // One that is found again is found by its mark, behind all others.
    resource_records::Entity::delete_many()
        .filter(resource_records::Column::Resource.eq(ResourceKind::GithubCodespace))
        .exec(instance.platform.store.read())
        .await
        .unwrap();
    codespaces::Entity::delete_many()
        .exec(instance.platform.store.read())
        .await
        .unwrap();
    connect(&instance, &owner, &project, connection("shop")).await.is(200);
    let run = until(&instance, &owner, &project, "succeeded").await;
    assert_eq!(step(&run, "github-codespace")["externalId"], own);
    assert_eq!(github.codespaces().len(), 104);
    runner.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_without_the_scope_leaves_the_codespace_out_until_it_is_granted() {
    let (instance, github) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = begun(&instance, &owner, &organization).await;
    // It is known as soon as the token is checked.
    let told = integration(&instance, &owner, &project).await;
    assert_eq!(told.body["integration"]["missingScopes"], json!(["codespace"]));
    let runner = Runner::start(instance.platform.clone()).unwrap();
    for _ in 0..2 {
        let run = until(&instance, &owner, &project, "incomplete").await;
        assert_eq!(run.text("/run/errorCode"), "PROVISION_SCOPE_MISSING");
        let left_out = step(&run, "github-codespace");
        assert_eq!(
            (&left_out["state"], &left_out["errorCode"]),
            (&json!("skipped"), &json!("PROVISION_SCOPE_MISSING"))
        );
        assert_eq!(left_out["hint"], "Grant the scope codespace, then retry the run.");
        // A look at the repository that began before the run wrote this down may end after it; the next one sees it.
        once("what is withheld is not told", async || {
            let told = integration(&instance, &owner, &project).await;
            told.body["integration"]["lastErrorCode"] == "PROVISION_SCOPE_MISSING"
        })
        .await;
        let told = integration(&instance, &owner, &project).await;
        assert_eq!(told.body["integration"]["missingScopes"], json!(["codespace"]));
        assert_eq!(told.text("/integration/state"), "connected");
        // Everything else is there.
        let shown = detail(&instance, &owner, &project).await;
        assert_eq!(shown.text("/state"), "degraded");
        assert_eq!(shown.body["codespace"], Value::Null);
        let environments = shown.body["environments"].as_array().unwrap();
        assert!(
            environments.iter().all(|one| one["state"] == "active"),
            "{environments:?}"
        );
        assert_eq!(github.repositories(), ["northwind/shop"]);
        retry(&instance, &owner, &project).await;
    }
    until(&instance, &owner, &project, "incomplete").await;
    // Looking after the repository does not make anybody forget it.
    runner.stop().await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    let before = github.requests().len();
    once("GitHub is never looked at", || async {
        github.requests().len() >= before + 2
    })
    .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let told = integration(&instance, &owner, &project).await;
    assert_eq!(told.text("/integration/lastErrorCode"), "PROVISION_SCOPE_MISSING");

    github.token(TOKEN, "northwind", Some(SCOPES));
    retry(&instance, &owner, &project).await;
    let run = until(&instance, &owner, &project, "succeeded").await;
    assert_eq!(run.body["run"]["errorCode"], Value::Null);
    let made = step(&run, "github-codespace");
    assert_eq!((&made["errorCode"], &made["hint"]), (&Value::Null, &Value::Null));
    assert_eq!(github.codespaces().len(), 1);
    let told = integration(&instance, &owner, &project).await;
    assert_eq!(told.body["integration"]["missingScopes"], json!([]));
    assert_eq!(told.body["integration"]["lastErrorCode"], Value::Null);
    let shown = detail(&instance, &owner, &project).await;
    assert_eq!(
        (shown.text("/state"), shown.text("/codespace/state")),
        ("active".to_owned(), "available".to_owned())
    );
    delete(&instance, &owner, &project).await;
    assert!(github.codespaces().is_empty());
    runner.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_github_withholds_is_left_out_and_a_project_that_never_had_one_can_be_deleted() {
    let (instance, github) = beside(false).await;
    // One of a kind that GitHub tells nothing about.
    github.token(TOKEN, "northwind", None);
    let (organization, owner) = instance.organization("Northwind").await;
    let project = begun(&instance, &owner, &organization).await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    let path = "/api/v3/repos/northwind/shop/codespaces";
    let cases = [
        ("GET", 403, "PROVISION_SCOPE_MISSING"),
        ("GET", 404, "PROVISION_SCOPE_MISSING"),
        ("POST", 403, "PROVISION_SCOPE_MISSING"),
        ("POST", 402, "PROVISION_PAYMENT_REQUIRED"),
    ];
    for (number, (method, status, code)) in cases.into_iter().enumerate() {
        github.mend();
        github.fault(method, path, Fault::Fails(status), 1000);
        if number > 0 {
            retry(&instance, &owner, &project).await;
        }
        let left_out = || async {
            let path = format!("/projects/{project}/provisioning");
            let run = instance.call(&owner, "GET", &path, None).await.is(200);
            run.text("/run/state") == "incomplete" && run.text("/run/errorCode") == code
        };
        once(&format!("{method} {status}"), left_out).await;
        let told = integration(&instance, &owner, &project).await;
        assert_eq!(told.text("/integration/lastErrorCode"), code, "{method} {status}");
        let missing = if status == 402 { json!([]) } else { json!(["codespace"]) };
        assert_eq!(told.body["integration"]["missingScopes"], missing, "{method} {status}");
    }
    let run = until(&instance, &owner, &project, "incomplete").await;
    let hint = step(&run, "github-codespace")["hint"].as_str().unwrap();
    assert!(hint.contains("billing"), "{hint}");
    assert!(github.codespaces().is_empty());

    // A project that is not to have one any more lacks nothing.
    let mut without = connection("shop");
    without["settings"]["codespace"] = json!(false);
    let change = json!({ "settings": without["settings"] });
    let of_github = format!("/projects/{project}/integrations/github");
    instance.call(&owner, "PATCH", &of_github, Some(change)).await.is(200);
    retry(&instance, &owner, &project).await;
    let run = until(&instance, &owner, &project, "succeeded").await;
    let count = run.body["steps"].as_array().unwrap().len();
    assert_eq!(
        (&run.body["run"]["stepCount"], &run.body["run"]["doneCount"]),
        (&json!(count), &json!(count))
    );
    let shown = detail(&instance, &owner, &project).await;
    assert_eq!(shown.text("/state"), "active");
    let told = integration(&instance, &owner, &project).await;
    assert_eq!(told.body["integration"]["lastErrorCode"], Value::Null);
    github.mend();
    github.fault("GET", path, Fault::Fails(403), 1000);
    delete(&instance, &owner, &project).await;
    runner.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_becomes_of_a_codespace_is_seen_and_one_that_was_removed_can_be_had_again() {
    let (instance, github) = beside(false).await;
    github.token(TOKEN, "northwind", Some(SCOPES));
    let (organization, owner) = instance.organization("Northwind").await;
    let project = begun(&instance, &owner, &organization).await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    runner.stop().await;
    for (there, here) in [
        ("Shutdown", "shutdown"),
        // On the way somewhere, it is what it was.
        ("Rebuilding", "shutdown"),
        ("Available", "available"),
        ("Failed", "failed"),
        ("Available", "available"),
        ("Archived", "shutdown"),
    ] {
        github.put_codespaces(there);
        let before = github.requests().len();
        let runner = Runner::start(instance.platform.clone()).unwrap();
        let looked = || async {
            let requests = github.requests();
            requests[before..]
                .iter()
                .any(|one| one.starts_with("GET /api/v3/user/codespaces/"))
        };
        once("nobody looks at it", looked).await;
        let is_told = || async { detail(&instance, &owner, &project).await.text("/codespace/state") == here };
        once(&format!("it is never told that it is {there}"), is_told).await;
        runner.stop().await;
    }
    // As long as nobody may look, it is as it was.
    github.token(TOKEN, "northwind", Some("repo, workflow, delete_repo"));
    github.put_codespaces("Available");
    let runner = Runner::start(instance.platform.clone()).unwrap();
    let is_told = || async {
        let told = integration(&instance, &owner, &project).await;
        told.body["integration"]["lastErrorCode"] == "PROVISION_SCOPE_MISSING"
    };
    once("nobody tells that it cannot be looked at", is_told).await;
    assert_eq!(
        detail(&instance, &owner, &project).await.text("/codespace/state"),
        "shutdown"
    );
    runner.stop().await;

    github.token(TOKEN, "northwind", Some(SCOPES));
    github.put_codespaces("Deleted");
    let runner = Runner::start(instance.platform.clone()).unwrap();
    let is_gone = || async { detail(&instance, &owner, &project).await.body["codespace"].is_null() };
    once("it is never told that it is gone", is_gone).await;
    let rows = codespaces::Entity::find()
        .all(instance.platform.store.read())
        .await
        .unwrap();
    assert!(rows.len() == 1 && rows[0].state == CodespaceState::Deleted, "{rows:?}");
    connect(&instance, &owner, &project, connection("shop")).await.is(200);
    until(&instance, &owner, &project, "succeeded").await;
    let there = github.codespaces();
    assert_eq!(there.len(), 1);
    let shown = detail(&instance, &owner, &project).await;
    assert_eq!(shown.text("/codespace/name"), there[0].name);
    runner.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_gets_another_repository_gets_a_codespace_of_that() {
    let (instance, github) = beside(false).await;
    github.token(TOKEN, "northwind", Some(SCOPES));
    let (organization, owner) = instance.organization("Northwind").await;
    let project = begun(&instance, &owner, &organization).await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    let first = detail(&instance, &owner, &project).await.text("/codespace/name");

    // A repository that was renamed is the same, and so is its codespace.
    github.rename("northwind/shop", "store");
    connect(&instance, &owner, &project, connection("shop")).await.is(200);
    until(&instance, &owner, &project, "succeeded").await;
    connect(&instance, &owner, &project, connection("shop")).await.is(200);
    let run = until(&instance, &owner, &project, "succeeded").await;
    assert_eq!(step(&run, "github-codespace")["externalId"], first);
    assert_eq!(github.codespaces().len(), 1);

    connect(&instance, &owner, &project, connection("other")).await.is(200);
    let run = until(&instance, &owner, &project, "succeeded").await;
    let second = step(&run, "github-codespace")["externalId"].clone();
    assert_eq!(github.codespaces().len(), 2);
    let shown = detail(&instance, &owner, &project).await;
    assert!(shown.text("/codespace/name") == second && second != first, "{second}");
    let records = resource_records::Entity::find()
        .filter(resource_records::Column::Resource.eq(ResourceKind::GithubCodespace))
        .all(instance.platform.store.read())
        .await
        .unwrap();
    assert!(records.len() == 1 && records[0].name == second, "{records:?}");

    // The former one stays with its repository.
    delete(&instance, &owner, &project).await;
    let left = github.codespaces();
    assert!(left.len() == 1 && left[0].name == first, "{left:?}");
    runner.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cancels_takes_the_codespace_back_unless_somebody_has_worked_in_it() {
    for has_work in [false, true] {
        let (instance, github) = beside(false).await;
        github.token(TOKEN, "northwind", Some(SCOPES));
        let (organization, owner) = instance.organization("Northwind").await;
        let project = begun(&instance, &owner, &organization).await;
        // It never comes up.
        github.codespaces_end("Starting");
        let runner = Runner::start(instance.platform.clone()).unwrap();
        let comes_up = || async {
            let shown = detail(&instance, &owner, &project).await;
            shown.body["codespace"]["state"] == "provisioning"
        };
        once("it never begins", comes_up).await;
        if has_work {
            github.work_in_codespaces();
        }
        let path = format!("/projects/{project}/provisioning/cancel");
        instance.call(&owner, "POST", &path, None).await.is(202);
        until(&instance, &owner, &project, "undone").await;
        assert_eq!(github.codespaces().len(), usize::from(has_work));
        assert_eq!(detail(&instance, &owner, &project).await.body["codespace"], Value::Null);
        runner.stop().await;
    }
}
