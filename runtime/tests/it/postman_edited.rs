//! What people change at Postman, what commits and deployments change, and both together.

use std::time::Duration;

use flaresmith_runtime::provisioning::Runner;
use serde_json::{Value, json};

use crate::deployments::{Shop, with_workerd};
use crate::instance::Instance;
use crate::postman::Postman;
use crate::postman_projects::{
    KEY, begun, beside, connect, connection, disconnect, file, first, is_whole, request, shown,
};
use crate::provisioning::until;

/// Commits a change of a collection's file to the default branch, as somebody who pushes.
async fn changed(instance: &Instance, owner: &str, project: &str, file_name: &str, change: impl FnOnce(&mut Value)) {
    let path = format!("postman/{file_name}");
    let mut document = file(instance, owner, project, &path).await;
    change(&mut document);
    let text = serde_json::to_string_pretty(&document).unwrap();
    let git = crate::integrations::here(instance, project);
    let head = git.find_branch("main", git2::BranchType::Local).unwrap();
    let parent = head.get().peel_to_commit().unwrap();
    let all = parent.tree().unwrap();
    let folder = all.get_name("postman").unwrap().to_object(&git).unwrap();
    let mut inside = git.treebuilder(folder.as_tree()).unwrap();
    inside
        .insert(file_name, git.blob(text.as_bytes()).unwrap(), 0o100_644)
        .unwrap();
    let mut outside = git.treebuilder(Some(&all)).unwrap();
    outside.insert("postman", inside.write().unwrap(), 0o040_000).unwrap();
    let tree = git.find_tree(outside.write().unwrap()).unwrap();
    let somebody = git2::Signature::now("Somebody", "somebody@example.com").unwrap();
    git.commit(
        Some("refs/heads/main"),
        &somebody,
        &somebody,
        "Generate",
        &tree,
        &[&parent],
    )
    .unwrap();
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

/// Shows 001/FR-029.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_changes_a_collection_reaches_postman_and_what_a_person_changed_there_stays() {
    for renumbers in [false, true] {
        let (instance, postman) = beside(false).await;
        if renumbers {
            postman.renumbers();
        }
        let (organization, owner) = instance.organization("Northwind").await;
        let project = begun(&instance, &owner, &organization, "Shop").await;
        let runner = Runner::start(instance.platform.clone()).unwrap();
        until(&instance, &owner, &project, "succeeded").await;
        let base = "CloudMake Base - Shop";
        let generated = first(&postman.element("collections", base).body);
        let of = |name: &str| {
            let mut body = postman.element("collections", base).body;
            request(&mut body, name).cloned()
        };
        let id = of(&generated).unwrap()["id"].clone();

        // A person adds a request and a script, and describes one that is generated.
        postman.edit("collections", base, |body| {
            let own = json!({
                "id": "8a0d2f60-0000-4000-8000-000000000001", "name": "By hand",
                "request": { "method": "GET", "header": [], "url": { "raw": "{{baseUrl}}/by-hand" } }, "response": [],
            });
            body["item"][0]["item"].as_array_mut().unwrap().push(own);
            let one = request(body, &generated).unwrap();
            one["request"]["description"] = json!("Ask Ada first.");
            let script = json!({ "type": "text/javascript", "exec": ["console.log('mine');"] });
            let events = one["event"].as_array_mut().unwrap();
            events.push(json!({ "listen": "prerequest", "script": script }));
        });
        // The generator adds one as well, and asks for more with another.
        changed(&instance, &owner, &project, "base.postman_collection.json", |file| {
            let own = json!({
                "id": "5e6cf0a2-0000-5000-8000-000000000002", "name": "Newly generated",
                "request": { "method": "GET", "header": [], "url": { "raw": "{{baseUrl}}/new" } }, "response": [],
            });
            file["item"][0]["item"].as_array_mut().unwrap().push(own);
            let one = request(file, &generated).unwrap();
            one["request"]["header"]
                .as_array_mut()
                .unwrap()
                .push(json!({ "key": "X-New", "value": "1" }));
        })
        .await;
        in_step(|| of("Newly generated").is_some()).await;
        let one = of(&generated).unwrap();
        assert_eq!(one["id"], id, "renumbered: {renumbers}");
        assert_eq!(one["request"]["description"], "Ask Ada first.");
        let listens: Vec<&str> = one["event"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["listen"].as_str().unwrap())
            .collect();
        assert!(
            listens.contains(&"test") && listens.contains(&"prerequest"),
            "{listens:?}"
        );
        let headers = one["request"]["header"].as_array().unwrap();
        assert!(headers.iter().any(|header| header["key"] == "X-New"), "{headers:?}");
        assert_eq!(of("By hand").unwrap()["id"], "8a0d2f60-0000-4000-8000-000000000001");
        is_whole(&postman, "Shop");

        // Both change the same thing: what is there stays, and the connection says so.
        postman.edit("collections", base, |body| {
            request(body, &generated).unwrap()["name"] = json!("Mine")
        });
        let before = postman.changes();
        changed(&instance, &owner, &project, "base.postman_collection.json", |file| {
            request(file, &generated).unwrap()["name"] = json!("Theirs");
        })
        .await;
        for _ in 0..1200 {
            if shown(&instance, &owner, &project).await.body["integration"]["lastErrorCode"]
                == "INTEGRATION_POSTMAN_CONFLICT"
            {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let told = shown(&instance, &owner, &project).await;
        assert_eq!(told.text("/integration/lastErrorCode"), "INTEGRATION_POSTMAN_CONFLICT");
        assert!(of("Mine").is_some() && of("Theirs").is_none());
        let places = instance.logged();
        assert!(
            places.iter().any(|line| line.contains(base) && line.contains("/ Mine")),
            "{places:?}"
        );
        assert_eq!(postman.changes(), before);

        // Once the person gave in, it is written at the next change.
        postman.edit("collections", base, |body| {
            request(body, "Mine").unwrap()["name"] = json!(generated)
        });
        changed(&instance, &owner, &project, "base.postman_collection.json", |file| {
            request(file, "Theirs").unwrap()["name"] = json!("Theirs too");
        })
        .await;
        in_step(|| of("Theirs too").is_some()).await;
        assert_eq!(of("Theirs too").unwrap()["request"]["description"], "Ask Ada first.");
        for _ in 0..1200 {
            if shown(&instance, &owner, &project).await.body["integration"]["lastErrorCode"].is_null() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(shown(&instance, &owner, &project).await.body["integration"]["lastErrorCode"].is_null());
        is_whole(&postman, "Shop");
        runner.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_that_people_filled_in_stay_and_the_mark_they_removed_keeps_everything_as_it_is() {
    let (instance, postman) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = begun(&instance, &owner, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    let base = "CloudMake Base - Shop";
    // A person takes the mark away, and so nobody can tell what else.
    postman.edit("collections", base, |body| body["info"]["description"] = json!("Ours."));
    let before = postman.changes();
    changed(&instance, &owner, &project, "base.postman_collection.json", |file| {
        file["item"][0]["description"] = json!("Generated anew.");
    })
    .await;
    for _ in 0..1200 {
        if shown(&instance, &owner, &project).await.body["integration"]["lastErrorCode"]
            == "INTEGRATION_POSTMAN_CONFLICT"
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(postman.changes(), before);
    assert_eq!(
        postman.element("collections", base).body["info"]["description"],
        "Ours."
    );

    // Ended and connected again, what is there is found again, whatever it is called by now.
    postman.edit("environments", "CloudMake - Shop (dev)", |body| {
        body["name"] = json!("Ours");
        let values = body["values"].as_array_mut().unwrap();
        let token = values.iter_mut().find(|value| value["key"] == "token").unwrap();
        token["value"] = json!("a-person-filled-this-in");
        values.push(json!({ "key": "mine", "value": "1", "type": "default", "enabled": true }));
    });
    disconnect(&instance, &owner, &project).await;
    let count = postman.elements(|all| all.len());
    connect(&instance, &owner, &project, connection(KEY)).await.is(201);
    until(&instance, &owner, &project, "succeeded").await;
    // The one without a mark is nobody's any more.
    assert_eq!(postman.elements(|all| all.len()), count + 1);
    let ours = postman.element("environments", "Ours").body;
    let value = |name: &str| {
        let all = ours["values"].as_array().unwrap();
        all.iter()
            .find(|value| value["key"] == name)
            .cloned()
            .unwrap_or_default()
    };
    assert_eq!(value("token")["value"], "a-person-filled-this-in");
    assert_eq!(value("mine")["value"], "1");
    assert_eq!(postman.wrong(), Vec::<String>::new());
    let log = instance.logged().join("\n");
    assert!(!log.contains("a-person-filled-this-in"), "{log}");
    runner.stop().await;
}

/// Shows 001/FR-029.
#[tokio::test(flavor = "multi_thread")]
async fn where_an_environment_answers_is_in_its_collection_and_its_variables_once_it_is_deployed() {
    let postman = Postman::start().await;
    postman.key(KEY, 1);
    let api = postman.api.clone();
    let instance = Instance::set(|settings| {
        with_workerd(settings);
        settings.postman = api;
    })
    .await;
    let mut shop = Shop::new(&instance).await;
    let (owner, project) = (shop.files.token.clone(), shop.files.id.clone());
    connect(&instance, &owner, &project, connection(KEY)).await.is(201);
    until(&instance, &owner, &project, "succeeded").await;
    is_whole(&postman, "Shop");
    let address = |kind: &str, environment: &str| {
        let body = postman.element(kind, &format!("CloudMake - Shop ({environment})")).body;
        let list = body["variable"].as_array().or(body["values"].as_array()).unwrap();
        let found = list.iter().find(|one| one["key"] == "baseUrl").unwrap();
        found["value"].as_str().unwrap().to_owned()
    };
    let before = address("collections", "staging");
    let commit = shop.saying("hello").await;
    shop.deploy("dev", &commit).await;
    let url = shop.url("dev").await;
    for kind in ["collections", "environments"] {
        in_step(|| address(kind, "dev") == url).await;
        assert_eq!(address(kind, "staging"), before);
    }
    assert_eq!(postman.wrong(), Vec::<String>::new());
    shop.end().await;
}
