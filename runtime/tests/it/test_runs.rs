//! Runs of collections, by the real newman against the real workerd.

use std::path::{Path, PathBuf};
use std::time::Duration;

use flaresmith_api::types::{PostmanTestRun, TestRunPage};
use flaresmith_runtime::provisioning::Runner;
use flaresmith_runtime::settings::Settings;
use serde_json::{Value, json};

use crate::deployments::{Shop, with_workerd};
use crate::edge_host::says;
use crate::instance::{Answer, Instance};
use crate::toolchain::packages;

/// The newman of the tools that prove what is generated.
fn newman() -> PathBuf {
    packages().join("newman/bin/newman.js")
}

fn with_newman(settings: &mut Settings) {
    with_workerd(settings);
    settings.newman = Some(newman());
}

/// A collection with one request, and what is asserted of its answer.
fn collection(before: &str, after: &str) -> String {
    let script = |listen: &str, text: &str| {
        let lines: Vec<&str> = text.lines().collect();
        json!({"listen": listen, "script": {"type": "text/javascript", "exec": lines}})
    };
    let document = json!({
        "info": {
            "name": "CloudMake - Shop (dev)",
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "item": [{
            "name": "Greet",
            "item": [{
                "name": "Greet it",
                "request": {"method": "GET", "url": "{{baseUrl}}/"},
                "event": [script("prerequest", before), script("test", after)],
            }],
        }],
    });
    document.to_string()
}

const SAYS_ONE: &str = "pm.test('it says one', () => pm.expect(pm.response.text()).to.include('one'));\n\
                        pm.test('it answers', () => pm.response.to.have.status(200));";

const PATH: &str = "generated/postman/dev.postman_collection.json";

/// Deploys a worker and a collection to dev.
async fn deployed(shop: &mut Shop<'_>, word: &str, collection: &str) {
    let commit = shop.commit(&[(PATH, collection), ("worker.js", &says(word))]).await;
    shop.deploy("dev", &commit).await;
}

async fn start(shop: &Shop<'_>, more: Value) -> Answer {
    let mut body = json!({"environmentId": shop.environments["dev"], "purpose": "promotion"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let path = format!("/projects/{}/test-runs", shop.files.id);
    let (instance, token) = (shop.files.instance, &shop.files.token);
    instance.call(token, "POST", &path, Some(body)).await
}

async fn ended(shop: &Shop<'_>, begun: &Answer) -> Answer {
    for _ in 0..2400 {
        let found = shop.get(&format!("test-runs/{}", begun.text("/id"))).await;
        if !["queued", "running"].contains(&found.text("/state").as_str()) {
            return found.fits::<PostmanTestRun>();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the test run does not end: {:?}", shop.files.instance.logged());
}

async fn ran(shop: &Shop<'_>, more: Value) -> Answer {
    let begun = start(shop, more).await.is(202).fits::<PostmanTestRun>();
    let place = format!("/projects/{}/test-runs/{}", shop.files.id, begun.text("/id"));
    assert_eq!(begun.headers["location"], place.as_str());
    ended(shop, &begun).await
}

/// Shows 001/FR-015.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_deployed_is_tested_with_the_collection_of_its_commit_and_then_promoted() {
    for postgres in [false, true] {
        let instance = match postgres {
            false => Instance::set(with_newman).await,
            true => Instance::set_on_postgres(with_newman).await,
        };
        let mut shop = Shop::new(&instance).await;
        start(&shop, json!({})).await.fails(409, "ENV_STATE_INVALID");
        let commit = shop.saying("one").await;
        shop.deploy("dev", &commit).await;
        // The collection of the template is not about this worker.
        deployed(&mut shop, "one", &collection("", SAYS_ONE)).await;
        let passed = ran(&shop, json!({})).await;
        assert_eq!(passed.text("/state"), "passed", "{passed:?}");
        assert_eq!(passed.text("/collection"), "CloudMake - Shop (dev)");
        assert_eq!(passed.body["assertionCount"], 2);
        assert_eq!(
            (&passed.body["failedCount"], &passed.body["failures"]),
            (&json!(0), &json!([]))
        );
        let staging = shop.done("dev", "promote", json!({"to": "staging"})).await;
        assert_eq!(staging.text("/testRunId"), passed.text("/id"));

        let folder = ran(&shop, json!({"folder": "Greet"})).await;
        assert_eq!(
            (folder.text("/state"), folder.text("/folder")),
            ("passed".into(), "Greet".into())
        );
        // A folder that is none is no reason to believe that anything holds.
        let none = ran(&shop, json!({"folder": "--bail"})).await;
        assert_ne!(none.text("/state"), "passed", "{none:?}");

        // What fails afterwards blocks the next promotion.
        deployed(&mut shop, "two", &collection("", SAYS_ONE)).await;
        let failed = ran(&shop, json!({})).await;
        assert_eq!(
            (failed.text("/state"), &failed.body["failedCount"]),
            ("failed".into(), &json!(1))
        );
        assert_eq!(failed.text("/failures/0/request"), "Greet it");
        assert_eq!(failed.text("/failures/0/assertion"), "it says one");
        let refused = shop.act("dev", "promote", json!({"to": "staging"})).await;
        refused.fails(409, "ENV_PROMOTION_UNTESTED");

        // To assert nothing is not to pass.
        deployed(&mut shop, "three", &collection("", "")).await;
        let nothing = ran(&shop, json!({})).await;
        assert_eq!(
            (nothing.text("/state"), &nothing.body["assertionCount"]),
            ("failed".into(), &json!(0))
        );

        let all = shop.get("test-runs").await.fits::<TestRunPage>();
        assert_eq!(all.body["items"].as_array().unwrap().len(), 5);
        let passed = shop.get("test-runs?state=passed").await.fits::<TestRunPage>();
        assert_eq!(passed.body["items"].as_array().unwrap().len(), 2);
        shop.end().await;
    }
}

/// Shows 001/FR-015.
#[tokio::test(flavor = "multi_thread")]
async fn a_test_run_whose_process_ends_is_carried_out_by_the_next_and_only_one_goes_on() {
    let instance = Instance::set(with_newman).await;
    let mut shop = Shop::new(&instance).await;
    let slow = collection("setTimeout(() => {}, 3000);", SAYS_ONE);
    deployed(&mut shop, "one", &slow).await;
    let begun = start(&shop, json!({})).await.is(202);
    let second = start(&shop, json!({})).await.fails(409, "TEST_RUN_ACTIVE");
    assert_eq!(second.text("/error/details/testRunId"), begun.text("/id"));
    while shop
        .get(&format!("test-runs/{}", begun.text("/id")))
        .await
        .text("/state")
        != "running"
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    shop.stop().await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    assert_eq!(ended(&shop, &begun).await.text("/state"), "passed");
    runner.stop().await;
}

/// Shows 001/FR-015.
#[tokio::test(flavor = "multi_thread")]
async fn a_collection_that_cannot_be_run_says_nothing_about_what_was_tested() {
    let instance = Instance::set(|settings| {
        with_workerd(settings);
        settings.newman = Some(Path::new("/nowhere/newman.js").to_owned());
    })
    .await;
    let mut shop = Shop::new(&instance).await;
    deployed(&mut shop, "one", &collection("", SAYS_ONE)).await;
    let errored = ran(&shop, json!({})).await;
    assert_eq!(errored.text("/state"), "errored", "{errored:?}");
    assert_eq!(errored.text("/failures/0/assertion"), "INTEGRATION_POSTMAN_UNAVAILABLE");
    shop.end().await;
}

/// Shows 001/FR-015.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_told_of_no_newman_installs_one() {
    let instance = Instance::set(with_workerd).await;
    let mut shop = Shop::new(&instance).await;
    deployed(&mut shop, "one", &collection("", SAYS_ONE)).await;
    for _ in 0..2 {
        let passed = ran(&shop, json!({})).await;
        assert_eq!(passed.text("/state"), "passed", "{passed:?} {:?}", instance.logged());
    }
    shop.end().await;
}
