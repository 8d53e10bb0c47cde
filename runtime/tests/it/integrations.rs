//! Projects that are connected to providers.

use std::collections::BTreeMap;
use std::time::Duration;

use flaresmith_api::types::{IntegrationConnected, IntegrationPage, IntegrationView};
use flaresmith_runtime::provisioning::Runner;
use flaresmith_store::entities::provider_credentials;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};

use crate::files::write;
use crate::github::{Fault, Github};
use crate::instance::{Answer, Instance};
use crate::provisioning::until;

pub(crate) const TOKEN: &str = "ghp_integrationtesttoken0000000000000000";

/// A platform beside a GitHub that knows the token.
pub(crate) async fn beside(on_postgres: bool) -> (Instance, Github) {
    let github = Github::start().await;
    github.token(TOKEN, "northwind", Some("repo, workflow, delete_repo"));
    let place = github.place.clone();
    let set = |settings: &mut flaresmith_runtime::settings::Settings| settings.github = place;
    let instance = match on_postgres {
        false => Instance::set(set).await,
        true => Instance::set_on_postgres(set).await,
    };
    (instance, github)
}

fn settings(owner: &str, name: &str) -> Value {
    json!({ "provider": "github", "owner": owner, "repositoryName": name, "codespace": false })
}

pub(crate) fn connection(token: &str, owner: &str, name: &str) -> Value {
    json!({ "settings": settings(owner, name), "credential": { "kind": "token", "token": token } })
}

pub(crate) async fn connect(instance: &Instance, owner: &str, project: &str, body: Value) -> Answer {
    let path = format!("/projects/{project}/integrations/github");
    instance.call(owner, "PUT", &path, Some(body)).await
}

/// Branches and their heads.
pub(crate) fn heads(git: &git2::Repository) -> BTreeMap<String, String> {
    git.branches(Some(git2::BranchType::Local))
        .unwrap()
        .map(|branch| {
            let branch = branch.unwrap().0;
            let head = branch.get().target().unwrap().to_string();
            (branch.name().unwrap().unwrap().to_owned(), head)
        })
        .collect()
}

pub(crate) fn here(instance: &Instance, project: &str) -> git2::Repository {
    let folder = instance
        .platform
        .settings
        .data
        .join(format!("repositories/{project}.git"));
    git2::Repository::open_bare(folder).unwrap()
}

/// Shows 001/FR-022.
#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_is_connected_to_github_has_its_repository_there_with_every_branch() {
    for on_postgres in [false, true] {
        let (instance, github) = beside(on_postgres).await;
        let (organization, owner) = instance.organization("Northwind").await;
        let project = instance.project(&owner, &organization, "Shop").await;
        let runner = Runner::start(instance.platform.clone()).unwrap();
        until(&instance, &owner, &project, "succeeded").await;

        let answer = connect(&instance, &owner, &project, connection(TOKEN, "northwind", "shop")).await;
        let answer = answer.is(201);
        let answer = answer.fits::<IntegrationConnected>();
        assert_eq!(answer.text("/integration/accountName"), "northwind");
        assert!(!answer.raw.contains(TOKEN));
        assert_eq!(answer.text("/provisioning/kind"), "extend");
        let run = until(&instance, &owner, &project, "succeeded").await;
        let steps: Vec<&str> = run.body["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| step["name"].as_str().unwrap())
            .filter(|name| !name.starts_with("source-"))
            .collect();
        // What was there is not made again.
        assert_eq!(steps, ["github-repository", "github-secrets"]);

        let told = github.shown("northwind/shop");
        assert_eq!(
            (&told["private"], &told["default_branch"]),
            (&json!(true), &json!("main"))
        );
        assert!(told["description"].as_str().unwrap().contains(&project), "{told}");
        assert_eq!(heads(&github.git("northwind/shop")), heads(&here(&instance, &project)));
        assert_eq!(heads(&here(&instance, &project)).len(), 3);
        let shown = instance
            .call(&owner, "GET", &format!("/projects/{project}"), None)
            .await
            .is(200);
        assert_eq!(shown.text("/repo/host"), "github");
        assert_eq!(shown.text("/repo/url"), "https://github.example/northwind/shop");
        assert_eq!(shown.text("/integrations/0/state"), "connected");
        assert_eq!(shown.text("/integrations/0/breaker/state"), "closed");
        let rows = provider_credentials::Entity::find()
            .all(instance.platform.store.read())
            .await
            .unwrap();
        assert!(rows.len() == 1 && !rows[0].ciphertext.expose().windows(4).any(|four| four == b"ghp_"));

        // With the project goes what was made for it.
        let path = format!("/projects/{project}?projectSlug=shop");
        instance.call(&owner, "DELETE", &path, None).await.is(202);
        for _ in 0..600 {
            if github.repositories().is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(github.repositories().is_empty());
        runner.stop().await;
    }
}

/// Shows 001/FR-001.
#[tokio::test(flavor = "multi_thread")]
async fn a_project_can_begin_with_github_and_commits_go_both_ways() {
    let (instance, github) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let body = json!({
        "name": "Shop",
        "organizationId": organization,
        "integrations": [{ "settings": { "provider": "github", "owner": "tailwind", "codespace": false }, "credential": { "kind": "token", "token": TOKEN } }],
    });
    github.organization("tailwind");
    let made = instance.call(&owner, "POST", "/projects", Some(body)).await.is(201);
    let project = made.text("/id");
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    assert_eq!(github.repositories(), ["tailwind/shop"]);

    // It begins with what the template has.
    let there = github.git("tailwind/shop");
    let main = there.find_branch("main", git2::BranchType::Local).unwrap();
    let tree = main.get().peel_to_tree().unwrap();
    for file in [
        "package.json",
        "postman/base.postman_collection.json",
        ".github/workflows",
    ] {
        assert!(tree.get_path(std::path::Path::new(file)).is_ok(), "{file} is not there");
    }

    // What is committed here is there soon.
    let path = format!("/projects/{project}/files/tree?ref=dev");
    let base = instance
        .call(&owner, "GET", &path, None)
        .await
        .is(200)
        .text("/commitSha");
    let ours = commit(&instance, &owner, &project, "feature/x", &base, ("ours", "1\n")).await;
    in_step(|| heads(&there).get("feature/x") == Some(&ours)).await;

    // What is pushed there is here within the minute after, or with the next commit of ours.
    let theirs = committed(&there, "feature/x", "theirs");
    let pushed = committed(&there, "main", "new there");
    commit(&instance, &owner, &project, "feature/y", &base, ("more", "1\n")).await;
    let local = here(&instance, &project);
    in_step(|| heads(&local).get("feature/x") == Some(&theirs) && heads(&local).get("main") == Some(&pushed)).await;
    in_step(|| heads(&there) == heads(&local)).await;

    // What people take away or put back there is not brought back, and what goes on here goes on there.
    there
        .find_branch("feature/x", git2::BranchType::Local)
        .unwrap()
        .delete()
        .unwrap();
    let kept = heads(&local)["feature/x"].clone();
    let base = heads(&local)["dev"].clone();
    let z = commit(&instance, &owner, &project, "feature/z", &base, ("z", "1\n")).await;
    in_step(|| heads(&there).get("feature/z") == Some(&z)).await;
    assert!(!heads(&there).contains_key("feature/x") && heads(&local)["feature/x"] == kept);
    let reference = "refs/heads/feature/z";
    there
        .reference(reference, git2::Oid::from_str(&base).unwrap(), true, "put back")
        .unwrap();
    let w = commit(&instance, &owner, &project, "feature/w", &base, ("w", "1\n")).await;
    in_step(|| heads(&there).get("feature/w") == Some(&w)).await;
    assert_eq!((&heads(&there)["feature/z"], &heads(&local)["feature/z"]), (&base, &z));
    there
        .reference(reference, git2::Oid::from_str(&z).unwrap(), true, "again")
        .unwrap();

    // What moved on both sides stays on both, and is told.
    let apart = committed(&there, "feature/y", "elsewhere");
    let local_head = heads(&local)["feature/y"].clone();
    let mine = commit(&instance, &owner, &project, "feature/y", &local_head, ("more", "2\n")).await;
    let path = format!("/projects/{project}/integrations/github");
    let mut code = String::new();
    for _ in 0..400 {
        let shown = instance.call(&owner, "GET", &path, None).await.is(200);
        let shown = shown.fits::<IntegrationView>();
        code = shown.body["integration"]["lastErrorCode"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        if !code.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(code, "INTEGRATION_GITHUB_CONFLICT");
    assert_eq!(
        (&heads(&there)["feature/y"], &heads(&local)["feature/y"]),
        (&apart, &mine)
    );
    runner.stop().await;
}

/// Shows 001/FR-022.
#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_is_renamed_at_github_stays_the_projects() {
    let (instance, github) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    connect(&instance, &owner, &project, connection(TOKEN, "northwind", "shop"))
        .await
        .is(201);
    until(&instance, &owner, &project, "succeeded").await;
    github.rename("northwind/shop", "store");

    // Secrets find it at once, and commits within seconds; its new name is told from then on.
    let path = format!("/projects/{project}/secrets/DEPLOY_KEY?environment=all&type=githubActionSecret");
    let value = json!({ "value": "value-one" });
    instance.call(&owner, "PUT", &path, Some(value)).await.is(201);
    assert_eq!(github.secrets()["actions/secrets/DEPLOY_KEY"], "value-one");
    let base = heads(&here(&instance, &project))["dev"].clone();
    let ours = commit(&instance, &owner, &project, "feature/x", &base, ("ours", "1\n")).await;
    let there = github.git("northwind/store");
    in_step(|| heads(&there).get("feature/x") == Some(&ours)).await;
    let shown = instance
        .call(&owner, "GET", &format!("/projects/{project}"), None)
        .await
        .is(200);
    assert_eq!(shown.text("/repo/url"), "https://github.example/northwind/store");

    // Another that gets the former name is not the project's, and stays when the project goes.
    github.fork("northwind", "shop", "somebody else's");
    let path = format!("/projects/{project}?projectSlug=shop");
    instance.call(&owner, "DELETE", &path, None).await.is(202);
    for _ in 0..600 {
        if github.repositories().len() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(github.repositories(), ["northwind/shop"]);
    runner.stop().await;
}

/// Commits a file here, on top of what a branch has; the new head.
async fn commit(
    instance: &Instance,
    owner: &str,
    project: &str,
    branch: &str,
    base: &str,
    (file, text): (&str, &str),
) -> String {
    let body = json!({"branch": branch, "baseSha": base, "message": file, "changes": [write(file, text)]});
    let path = format!("/projects/{project}/files/commit");
    instance
        .call(owner, "POST", &path, Some(body))
        .await
        .is(201)
        .text("/sha")
}

async fn in_step(is: impl Fn() -> bool) {
    for _ in 0..1200 {
        if is() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the two are never in step");
}

/// Commits a file on top of a branch, as somebody who pushes to GitHub.
fn committed(git: &git2::Repository, branch: &str, file: &str) -> String {
    let head = git.find_branch(branch, git2::BranchType::Local).unwrap();
    let parent = head.get().peel_to_commit().unwrap();
    let mut tree = git.treebuilder(Some(&parent.tree().unwrap())).unwrap();
    tree.insert(file, git.blob(file.as_bytes()).unwrap(), 0o100_644)
        .unwrap();
    let tree = git.find_tree(tree.write().unwrap()).unwrap();
    let somebody = git2::Signature::now("Somebody", "somebody@example.com").unwrap();
    let name = format!("refs/heads/{branch}");
    let commit = git
        .commit(Some(&name), &somebody, &somebody, file, &tree, &[&parent])
        .unwrap();
    commit.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_github_refuses_or_that_may_do_too_little_is_not_kept() {
    let (instance, github) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let path = format!("/projects/{project}/integrations");
    let refused = connect(
        &instance,
        &owner,
        &project,
        connection("ghp_nobody00000", "northwind", "shop"),
    )
    .await;
    refused.fails(422, "INTEGRATION_CREDENTIAL_REFUSED");
    github.token("ghp_toolittle00", "northwind", Some("repo"));
    let refused = connect(
        &instance,
        &owner,
        &project,
        connection("ghp_toolittle00", "northwind", "shop"),
    )
    .await;
    let refused = refused.fails(422, "INTEGRATION_CREDENTIAL_REFUSED");
    assert_eq!(refused.body["error"]["details"]["missingScopes"], json!(["workflow"]));
    let wrong = instance
        .call(
            &owner,
            "PUT",
            &format!("{path}/neon"),
            Some(connection(TOKEN, "a", "b")),
        )
        .await;
    wrong.fails(400, "REQUEST_VALIDATION_FAILED");
    let page = instance.call(&owner, "GET", &path, None).await.is(200);
    assert_eq!(page.fits::<IntegrationPage>().body["items"], json!([]));
    let kept = provider_credentials::Entity::find()
        .all(instance.platform.store.read())
        .await
        .unwrap();
    assert!(kept.is_empty());
    instance
        .call(&owner, "GET", &format!("{path}/github"), None)
        .await
        .fails(409, "INTEGRATION_NOT_CONNECTED");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_made_under_the_name_is_neither_taken_nor_removed() {
    let (instance, github) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    let mark = format!("Shop (Flaresmith {project})");
    github.fork("northwind", "shop", &mark);
    connect(&instance, &owner, &project, connection(TOKEN, "northwind", "shop"))
        .await
        .is(201);
    let run = until(&instance, &owner, &project, "failed").await;
    let step = run.body["steps"]
        .as_array()
        .unwrap()
        .iter()
        .find(|step| step["name"] == "github-repository");
    assert_eq!(step.unwrap()["errorCode"], "PROVISION_RESOURCE_FOREIGN");
    assert!(heads(&github.git("northwind/shop")).is_empty());
    // Another name, and the same run goes on.
    let path = format!("/projects/{project}/integrations/github");
    let change = json!({ "settings": settings("northwind", "shop-2") });
    instance.call(&owner, "PATCH", &path, Some(change)).await.is(200);
    let retry = format!("/projects/{project}/provisioning/retry");
    instance.call(&owner, "POST", &retry, None).await.is(202);
    until(&instance, &owner, &project, "succeeded").await;
    assert_eq!(heads(&github.git("northwind/shop-2")).len(), 3);
    // Who ends the connection keeps what was made.
    instance.call(&owner, "DELETE", &path, None).await.is(204);
    let path = format!("/projects/{project}?projectSlug=shop");
    instance.call(&owner, "DELETE", &path, None).await.is(202);
    for _ in 0..600 {
        let gone = instance
            .call(&owner, "GET", &format!("/projects/{project}"), None)
            .await;
        if gone.status == 404 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(github.repositories(), ["northwind/shop", "northwind/shop-2"]);
    runner.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cancels_takes_back_the_repository_at_github_unless_it_has_what_is_not_here() {
    let (instance, github) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    runner.stop().await;
    let secret = format!("/projects/{project}/secrets/A_KEY?environment=all&type=githubActionSecret");
    instance
        .call(&owner, "PUT", &secret, Some(json!({ "value": "value" })))
        .await
        .is(201);
    for (has_more, is_old) in [(false, false), (true, false), (false, true)] {
        if is_old {
            // One that was there before the run.
            github.age("northwind/shop");
        }
        connect(&instance, &owner, &project, connection(TOKEN, "northwind", "shop")).await;
        // Handing on a secret fails, so the run can be cancelled.
        github.fault("GET", "/api/v3/repos/northwind/shop/actions", Fault::Fails(404), 1);
        let runner = Runner::start(instance.platform.clone()).unwrap();
        until(&instance, &owner, &project, "failed").await;
        if has_more {
            committed(&github.git("northwind/shop"), "dev", "theirs");
        }
        let path = format!("/projects/{project}/provisioning/cancel");
        instance.call(&owner, "POST", &path, None).await.is(202);
        until(&instance, &owner, &project, "undone").await;
        assert_eq!(github.repositories().len(), usize::from(has_more || is_old));
        runner.stop().await;
    }
    // All that the project had is there as before.
    let path = format!("/projects/{project}");
    let shown = instance.call(&owner, "GET", &path, None).await.is(200);
    assert_eq!(
        (shown.text("/repo/host").as_str(), shown.text("/state").as_str()),
        ("github", "active")
    );
}
