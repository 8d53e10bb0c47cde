//! Projects whose collections are at Postman too.

use std::collections::BTreeSet;
use std::time::Duration;

use flaresmith_api::types::{EnvironmentMatrix, IntegrationConnected, IntegrationView};
use flaresmith_runtime::provisioning::Runner;
use flaresmith_store::entities::provider_credentials;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};

use crate::instance::{Answer, Instance};
use crate::neon_projects::{failed, gone, retried};
use crate::postman::{Fault, Postman};
use crate::provisioning::until;

pub(crate) const KEY: &str = "PMAK-integrationtestkey00000-00000000000000000000000000000000";

/// Who the key belongs to.
const USER: u64 = 12_345_678;

/// A platform beside a Postman that knows the key.
pub(crate) async fn beside(on_postgres: bool) -> (Instance, Postman) {
    let postman = Postman::start().await;
    postman.key(KEY, USER);
    let api = postman.api.clone();
    let set = |settings: &mut flaresmith_runtime::settings::Settings| settings.postman = api;
    let instance = match on_postgres {
        false => Instance::set(set).await,
        true => Instance::set_on_postgres(set).await,
    };
    (instance, postman)
}

pub(crate) fn connection(key: &str) -> Value {
    json!({
        "settings": { "provider": "postman" },
        "credential": { "kind": "token", "token": key },
    })
}

pub(crate) async fn connect(instance: &Instance, owner: &str, project: &str, body: Value) -> Answer {
    let path = format!("/projects/{project}/integrations/postman");
    instance.call(owner, "PUT", &path, Some(body)).await
}

/// A project that begins with Postman.
pub(crate) async fn begun(instance: &Instance, owner: &str, organization: &str, name: &str) -> String {
    let body = json!({ "name": name, "organizationId": organization, "integrations": [connection(KEY)] });
    let made = instance.call(owner, "POST", "/projects", Some(body)).await;
    made.is(201).text("/id")
}

pub(crate) async fn disconnect(instance: &Instance, owner: &str, project: &str) {
    let path = format!("/projects/{project}/integrations/postman");
    instance.call(owner, "DELETE", &path, None).await.is(204);
}

/// What the connection says.
pub(crate) async fn shown(instance: &Instance, owner: &str, project: &str) -> Answer {
    let path = format!("/projects/{project}/integrations/postman");
    let shown = instance.call(owner, "GET", &path, None).await.is(200);
    shown.fits::<IntegrationView>()
}

/// There is one workspace with the four collections of a project and the variables of its environments, and nobody asked amiss.
pub(crate) fn is_whole(postman: &Postman, name: &str) {
    assert_eq!(postman.wrong(), Vec::<String>::new());
    let own = postman.workspaces(|all| {
        let own: Vec<_> = all
            .iter()
            .filter(|one| one.about.contains("Flaresmith"))
            .cloned()
            .collect();
        own.into_iter().filter(|one| one.name == name).collect::<Vec<_>>()
    });
    assert_eq!(own.len(), 1, "{name}");
    let of = |kind: &str| {
        postman.elements(|all| {
            let inside = all.iter().filter(|one| one.workspace == own[0].id && one.kind == kind);
            let mut names: Vec<String> = inside.map(|one| one.name()).collect();
            names.sort();
            names
        })
    };
    let each = ["dev", "prod", "staging"].map(|environment| format!("CloudMake - {name} ({environment})"));
    assert_eq!(of("environments"), each);
    let mut collections = each.to_vec();
    collections.push(format!("CloudMake Base - {name}"));
    assert_eq!(of("collections"), collections);
}

/// A file of a project's default branch.
pub(crate) async fn file(instance: &Instance, owner: &str, project: &str, path: &str) -> Value {
    let listed = format!("/projects/{project}/files/tree?path=postman&recursive=true");
    let listed = instance.call(owner, "GET", &listed, None).await.is(200);
    let entry = listed.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["path"] == path);
    let sha = entry.unwrap()["sha"].as_str().unwrap();
    let whole = format!("/projects/{project}/files/blobs/{sha}/content");
    let found = instance.call(owner, "GET", &whole, None).await.is(200);
    serde_json::from_str(&found.raw).unwrap()
}

/// A request of a collection, by folder and name.
pub(crate) fn request<'a>(collection: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    let folders = collection["item"].as_array_mut()?;
    let mut all = folders
        .iter_mut()
        .flat_map(|folder| folder["item"].as_array_mut().into_iter().flatten());
    all.find(|one| one["name"] == name)
}

/// Name of the first request of a collection.
pub(crate) fn first(collection: &Value) -> String {
    collection["item"][0]["item"][0]["name"].as_str().unwrap().to_owned()
}

/// Shows 001/FR-006, 001/FR-021, 001/FR-029.
#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_begins_with_postman_has_its_workspace_collections_and_environments_there() {
    for on_postgres in [false, true] {
        let (instance, postman) = beside(on_postgres).await;
        let (organization, owner) = instance.organization("Northwind").await;
        // What others have there bears the same names.
        for inside in ["CloudMake Base - Shop", "CloudMake - Shop (dev)"] {
            postman.somebody(USER, "Shop", inside);
        }
        let others = postman.elements(|all| all.len());
        let project = begun(&instance, &owner, &organization, "Shop").await;
        let runner = Runner::start(instance.platform.clone()).unwrap();
        let run = until(&instance, &owner, &project, "succeeded").await;
        is_whole(&postman, "Shop");
        assert_eq!(postman.elements(|all| all.len()), others + 7);
        let keys: BTreeSet<&str> = run.body["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| step["requestKey"].as_str().unwrap())
            .collect();
        for key in [
            "postmanWorkspace-all",
            "postmanCollection-all",
            "postmanCollection-dev",
            "postmanCollection-staging",
            "postmanCollection-prod",
        ] {
            assert!(keys.contains(format!("{project}-{key}").as_str()), "{keys:?}");
        }
        // Every request of the base has its tests there, and no two collections share an id.
        let base = postman.elements(|all| {
            let own = all
                .iter()
                .find(|one| one.name() == "CloudMake Base - Shop" && one.body["variable"].is_array());
            own.unwrap().clone()
        });
        let file = file(&instance, &owner, &project, "postman/base.postman_collection.json").await;
        let name = first(&file);
        let mut body = base.body.clone();
        let there = request(&mut body, &name).unwrap();
        let mut here = file.clone();
        assert_eq!(
            there["event"][0]["script"]["exec"],
            request(&mut here, &name).unwrap()["event"][0]["script"]["exec"]
        );
        assert_ne!(there["id"], request(&mut here, &name).unwrap()["id"]);
        // Nothing that signs in is sent but as a secret, and empty.
        let dev = postman.elements(|all| {
            let own = all
                .iter()
                .find(|one| one.name() == "CloudMake - Shop (dev)" && one.body["values"][0].is_object());
            own.unwrap().body.clone()
        });
        let token = dev["values"]
            .as_array()
            .unwrap()
            .iter()
            .find(|value| value["key"] == "token");
        assert_eq!(token.unwrap()["type"], "secret");
        assert_eq!(token.unwrap()["value"], "");

        let path = format!("/projects/{project}/environments");
        let matrix = instance
            .call(&owner, "GET", &path, None)
            .await
            .is(200)
            .fits::<EnvironmentMatrix>();
        let cards = matrix.body["environments"].as_array().unwrap();
        let dev = cards.iter().find(|card| card["name"] == "dev").unwrap();
        assert_eq!(dev["postmanEnvironment"], "CloudMake - Shop (dev)");

        let kept = provider_credentials::Entity::find()
            .all(instance.platform.store.read())
            .await
            .unwrap();
        assert!(kept.len() == 1 && !kept[0].ciphertext.expose().windows(5).any(|five| five == b"PMAK-"));
        let shown = shown(&instance, &owner, &project).await;
        assert_eq!(shown.text("/integration/accountName"), "Taylor Lee");
        assert!(!shown.raw.contains(KEY));

        // Looked at again nothing is written.
        let before = postman.changes();
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert_eq!(postman.changes(), before);

        // With the project goes what was made for it, and nothing else.
        let path = format!("/projects/{project}?projectSlug=shop");
        instance.call(&owner, "DELETE", &path, None).await.is(202);
        gone(&instance, &owner, &project).await;
        assert_eq!(postman.elements(|all| all.len()), others);
        assert_eq!(postman.workspaces(|all| all.len()), 2);
        assert_eq!(postman.wrong(), Vec::<String>::new());
        let log = instance.logged().join("\n");
        assert!(!log.contains(KEY), "{log}");
        runner.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_put_into_the_workspace_is_kept_when_the_project_goes_and_so_is_all_that_is_to_be_kept() {
    let (instance, postman) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    let project = begun(&instance, &owner, &organization, "Shop").await;
    until(&instance, &owner, &project, "succeeded").await;
    let workspace = postman.workspaces(|all| all[0].id.clone());
    // A copy that somebody made of a collection has its mark too.
    postman.elements(|all| {
        let mut copy = all
            .iter()
            .find(|one| one.name() == "CloudMake Base - Shop")
            .unwrap()
            .clone();
        copy.id = "0f0f0f0f-0000-4000-8000-000000000003".to_owned();
        copy.body["info"]["name"] = json!("My copy");
        copy.created = "2099-01-01T00:00:00.000Z".to_owned();
        all.push(copy);
    });
    let path = format!("/projects/{project}?projectSlug=shop");
    instance.call(&owner, "DELETE", &path, None).await.is(202);
    gone(&instance, &owner, &project).await;
    assert_eq!(postman.names("collections"), ["My copy"]);
    assert!(postman.names("environments").is_empty());
    assert_eq!(postman.workspaces(|all| all[0].id.clone()), workspace);

    for (number, ends) in [(1, false), (2, true)] {
        let name = format!("Shop {number}");
        let project = begun(&instance, &owner, &organization, &name).await;
        until(&instance, &owner, &project, "succeeded").await;
        if ends {
            disconnect(&instance, &owner, &project).await;
        }
        let keep = if ends { "" } else { "&keepResources=true" };
        let path = format!("/projects/{project}?projectSlug=shop-{number}{keep}");
        instance.call(&owner, "DELETE", &path, None).await.is(202);
        gone(&instance, &owner, &project).await;
        is_whole(&postman, &name);
    }
    runner.stop().await;
}

/// Shows 001/FR-022.
#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_is_there_gets_its_collections_at_postman_and_nothing_else_changes() {
    let (instance, postman) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    let answer = connect(&instance, &owner, &project, connection(KEY)).await.is(201);
    let answer = answer.fits::<IntegrationConnected>();
    assert!(!answer.raw.contains(KEY));
    assert_eq!(answer.text("/provisioning/kind"), "extend");
    let run = until(&instance, &owner, &project, "succeeded").await;
    let steps = run.body["steps"].as_array().unwrap();
    let made: BTreeSet<&str> = steps.iter().filter_map(|step| step["name"].as_str()).collect();
    let of_postman: Vec<&&str> = made.iter().filter(|name| name.starts_with("postman-")).collect();
    assert_eq!(of_postman.len(), 5, "{made:?}");
    is_whole(&postman, "Shop");
    // Connected again, nothing is missing.
    connect(&instance, &owner, &project, connection(KEY)).await.is(200);
    let run = until(&instance, &owner, &project, "succeeded").await;
    let steps = run.body["steps"].as_array().unwrap();
    assert!(
        steps
            .iter()
            .all(|step| step["name"].as_str().unwrap().starts_with("source-")),
        "{steps:?}"
    );
    runner.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_postman_refuses_or_that_may_do_too_little_is_not_kept() {
    let (instance, postman) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    let asks = async |body: Value| connect(&instance, &owner, &project, body).await;
    for wrong in ["PMAK-nobody", "PMAK-of\ttwo"] {
        asks(connection(wrong))
            .await
            .fails(422, "INTEGRATION_CREDENTIAL_REFUSED");
    }
    let mut of_team = connection(KEY);
    of_team["settings"]["workspaceType"] = json!("team");
    let refused = asks(of_team.clone()).await.fails(422, "INTEGRATION_CREDENTIAL_REFUSED");
    assert_eq!(refused.body["error"]["details"]["missingScopes"], json!(["a team"]));
    postman.team_key("PMAK-team", 2, 77);
    of_team["credential"]["token"] = json!("PMAK-team");
    of_team["settings"]["teamId"] = json!("78");
    let refused = asks(of_team.clone()).await.fails(422, "INTEGRATION_CREDENTIAL_REFUSED");
    assert!(refused.text("/error/hint").contains("77"), "{refused:?}");
    // What is used up is no fault of the key.
    postman.fault("GET", "/me", Fault::Exhausted, 1);
    let refused = asks(connection(KEY)).await.fails(502, "INTEGRATION_POSTMAN_REJECTED");
    assert!(refused.text("/error/hint").contains("month"), "{refused:?}");
    let kept = provider_credentials::Entity::find()
        .all(instance.platform.store.read())
        .await
        .unwrap();
    assert!(kept.is_empty());

    of_team["settings"]["teamId"] = json!("77");
    asks(of_team).await.is(201);
    until(&instance, &owner, &project, "succeeded").await;
    is_whole(&postman, "Shop");
    let (kind, team) = postman.workspaces(|all| (all[0].kind.clone(), all[0].team.clone()));
    assert_eq!((kind.as_str(), team.as_deref()), ("team", Some("77")));
    // Another key has to see the workspace.
    let refused = asks(connection(KEY)).await.fails(422, "INTEGRATION_CREDENTIAL_REFUSED");
    assert!(refused.text("/error/message").contains("workspace"), "{refused:?}");
    runner.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cancels_takes_back_what_the_run_made_at_postman_and_nothing_that_people_made_of_it() {
    let (instance, postman) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    let cancelled = async |edits: bool| {
        connect(&instance, &owner, &project, connection(KEY)).await;
        postman.fault("POST", "/environments", Fault::Fails(403), 2);
        let run = until(&instance, &owner, &project, "failed").await;
        assert_eq!(
            failed(&run),
            (
                "postman-collection-dev".to_owned(),
                "INTEGRATION_POSTMAN_REJECTED".to_owned()
            )
        );
        postman.mend();
        if edits {
            postman.edit("collections", "CloudMake Base - Shop", |body| {
                body["item"][0]["name"] = json!("Mine");
            });
        }
        let path = format!("/projects/{project}/provisioning/cancel");
        instance.call(&owner, "POST", &path, None).await.is(202);
        until(&instance, &owner, &project, "undone").await;
        let shown = instance
            .call(&owner, "GET", &format!("/projects/{project}"), None)
            .await;
        assert_eq!(shown.is(200).text("/state"), "active");
        (postman.workspaces(|all| all.len()), postman.names("collections"))
    };
    assert_eq!(cancelled(false).await, (0, Vec::new()));
    // What a person changed stays, and so does the workspace around it.
    assert_eq!(cancelled(true).await, (1, vec!["CloudMake Base - Shop".to_owned()]));
    retried(&instance, &owner, &project).await;
    until(&instance, &owner, &project, "succeeded").await;
    is_whole(&postman, "Shop");
    let base = postman.element("collections", "CloudMake Base - Shop").body;
    assert_eq!(base["item"][0]["name"], "Mine");
    runner.stop().await;
}
