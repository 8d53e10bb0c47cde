//! Deployments side by side, refused, ended and taken away; builds that must not tell anything.

use std::time::Duration;

use flaresmith_api::types::HealthCheckPage;
use serde_json::{Value, json};

use crate::deployments::{COPIES, Shop, with_workerd};
use crate::edge_host::{answers, files, get};
use crate::instance::Instance;

#[tokio::test(flavor = "multi_thread")]
async fn environments_and_projects_change_side_by_side_and_one_change_of_each_at_a_time() {
    let instance = Instance::set(with_workerd).await;
    let mut shop = Shop::new(&instance).await;
    let (one, two) = (shop.saying("one").await, shop.saying("two").await);
    let body = |commit: &str| json!({"ref": commit});
    let dev = shop.act("dev", "deploy", body(&one)).await.is(202);
    let staging = shop.act("staging", "deploy", body(&two)).await.is(202);
    let prod = shop.act("prod", "deploy", body(&two)).await.is(202);
    shop.act("dev", "deploy", body(&two)).await.fails(409, "ENV_BUSY");
    for begun in [&dev, &staging, &prod] {
        assert_eq!(shop.ended(&begun.text("/id")).await.text("/state"), "succeeded");
    }
    assert_eq!(
        shop.get("builds").await.body["items"].as_array().unwrap().len(),
        2,
        "a build a commit"
    );
    answers(&shop.url("dev").await, "one ").await;
    answers(&shop.url("staging").await, "two ").await;
    answers(&shop.url("prod").await, "two ").await;
    shop.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_of_a_deployment_is_refused_where_it_cannot_be() {
    let instance = Instance::set(with_workerd).await;
    let mut shop = Shop::new(&instance).await;
    let commit = shop.saying("one").await;
    for unknown in ["no-such-branch", &"0".repeat(40)] {
        let answer = shop.act("dev", "deploy", json!({"ref": unknown})).await;
        answer.fails(422, "DEPLOYMENT_COMMIT_UNKNOWN");
    }
    let member = instance
        .member(
            &shop.files.token,
            &organization(&shop).await,
            "c@example.com",
            "contributor",
        )
        .await;
    let call = async |name: &str, action: &str, body: Value| {
        let path = format!(
            "/projects/{}/environments/{}/{action}",
            shop.files.id, shop.environments[name]
        );
        instance.call(&member, "POST", &path, Some(body)).await
    };
    call("prod", "deploy", json!({"ref": commit}))
        .await
        .fails(403, "AUTH_ROLE_INSUFFICIENT");
    call("staging", "deploy", json!({"ref": commit}))
        .await
        .fails(403, "AUTH_ROLE_INSUFFICIENT");
    call("dev", "promote", json!({"to": "staging"}))
        .await
        .fails(403, "AUTH_ROLE_INSUFFICIENT");
    call("dev", "rollback", json!({}))
        .await
        .fails(403, "AUTH_ROLE_INSUFFICIENT");
    let begun = call("dev", "deploy", json!({"ref": commit})).await.is(202);
    assert_eq!(shop.ended(&begun.text("/id")).await.text("/state"), "succeeded");
    shop.act("dev", "retry", json!({}))
        .await
        .fails(409, "ENV_STATE_INVALID");
    shop.act("dev", "reset", json!(null))
        .await
        .fails(409, "ENV_STATE_INVALID");
    shop.end().await;
}

async fn organization(shop: &Shop<'_>) -> String {
    let path = format!("/projects/{}", shop.files.id);
    let found = shop.files.instance.call(&shop.files.token, "GET", &path, None).await;
    found.is(200).text("/organizationId")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_sees_nothing_of_the_server_and_its_log_shows_no_secret() {
    let instance = Instance::set(with_workerd).await;
    let mut shop = Shop::new(&instance).await;
    let token = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    let script = format!(
        "console.log(Object.keys(process.env).sort().join(' '));\nconsole.log('cloning with {token}');\n{COPIES}"
    );
    let script = script.replace("ghp_", "ghp' + '_");
    shop.commit(&[("build.mjs", &script)]).await;
    let commit = shop.saying("one").await;
    let done = shop.deploy("dev", &commit).await;
    let log = shop.get(&format!("builds/{}/log", done.text("/buildId"))).await.raw;
    assert!(
        log.contains("cloning with ***") && !log.contains("0123456789abcdef"),
        "{log}"
    );
    for name in ["CM_ENC_MASTER", "FLARESMITH", "CARGO", "RUST"] {
        assert!(!log.contains(name), "{name}: {log}");
    }
    // Nothing of it lies around either.
    let builds = instance.platform.settings.data.join("builds");
    for file in files(&builds) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(token), "{}", file.display());
    }
    shop.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_takes_too_long_is_ended() {
    let instance = Instance::set(|settings| {
        with_workerd(settings);
        settings.limits.build = Duration::from_secs(6);
    })
    .await;
    let mut shop = Shop::new(&instance).await;
    shop.commit(&[("build.mjs", "console.log('waiting'); setTimeout(() => {}, 600_000);\n")])
        .await;
    let commit = shop.saying("one").await;
    let failed = shop.done("dev", "deploy", json!({"ref": commit})).await;
    assert_eq!(failed.text("/errorCode"), "DEPLOYMENT_BUILD_FAILED");
    let log = shop.get(&format!("builds/{}/log", failed.text("/buildId"))).await.raw;
    assert!(log.contains("it took longer than 6 s"), "{log}");
    shop.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_a_project_takes_its_workers_away() {
    let instance = Instance::set(with_workerd).await;
    let mut shop = Shop::new(&instance).await;
    let commit = shop.saying("one").await;
    shop.deploy("dev", &commit).await;
    let url = shop.url("dev").await;
    let path = format!("/projects/{}", shop.files.id);
    let resources = shop.get("resources").await;
    let keys = resources.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["resource"] == "cloudflareWorker");
    assert_eq!(keys.count(), 3);
    instance
        .call(&shop.files.token, "DELETE", &format!("{path}?projectSlug=shop"), None)
        .await
        .is(202);
    for _ in 0..600 {
        if instance.call(&shop.files.token, "GET", &path, None).await.status == 404 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    instance
        .call(&shop.files.token, "GET", &path, None)
        .await
        .fails(404, "PROJECT_NOT_FOUND");
    let data = &instance.platform.settings.data;
    assert!(!data.join("edge").join(&shop.files.id).exists());
    assert!(!data.join("builds").join(&shop.files.id).exists());
    assert!(files(&data.join("edge/ports")).is_empty());
    for _ in 0..100 {
        if get(&url).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(get(&url).await.is_err());
    shop.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_an_environment_answers_is_looked_at_and_listed() {
    let instance = Instance::set(with_workerd).await;
    let mut shop = Shop::new(&instance).await;
    let commit = shop.saying("one").await;
    shop.deploy("dev", &commit).await;
    let rest = format!("environments/{}/health-checks", shop.environments["dev"]);
    let mut checks = shop.get(&rest).await.fits::<HealthCheckPage>();
    for _ in 0..900 {
        if checks.body["items"] != json!([]) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        checks = shop.get(&rest).await.fits::<HealthCheckPage>();
    }
    assert_eq!(checks.body.pointer("/items/0/healthy"), Some(&json!(true)));
    assert_eq!(checks.body.pointer("/items/0/consecutiveFailures"), Some(&json!(0)));
    let none = shop.get(&format!("{rest}?healthy=false")).await;
    assert_eq!(none.body["items"], json!([]));
    shop.end().await;
}
