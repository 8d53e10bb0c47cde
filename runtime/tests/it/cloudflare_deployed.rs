//! Deployments, promotions and rollbacks of workers at Cloudflare, answered by the real workerd.

use std::time::Duration;

use flaresmith_api::types::HealthCheckPage;
use flaresmith_runtime::settings::Settings;
use serde_json::json;

use crate::cloudflare::{Cloudflare, Fault, Token};
use crate::cloudflare_projects::{ACCOUNT, TOKEN, connect, connection};
use crate::deployments::{Shop, with_workerd};
use crate::edge_host::{answers, get};
use crate::instance::Instance;
use crate::provisioning::until;

/// A worker that says a word and what it finds in its environment.
fn says(word: &str) -> String {
    format!(
        "export default {{ fetch: (_, env) => new Response(`{word} ${{env.GREETING ?? ''}} ${{env.REGION}} \
         ${{env.ENVIRONMENT}} ${{env.DATABASE_URL ? 'database' : ''}}`) }};\n"
    )
}

fn with_cloudflare(settings: &mut Settings, cloudflare: &Cloudflare) {
    with_workerd(settings);
    settings.cloudflare = cloudflare.place.clone();
}

async fn secret(shop: &Shop<'_>, value: &str) {
    let path = format!(
        "/projects/{}/secrets/GREETING?environment=dev&type=cloudflareBinding",
        shop.files.id
    );
    let body = Some(json!({ "value": value }));
    let answer = shop.files.instance.call(&shop.files.token, "PUT", &path, body).await;
    assert!(answer.status.is_success(), "{answer:?}");
}

async fn connected(shop: &Shop<'_>) {
    let (instance, token, id) = (shop.files.instance, &shop.files.token, &shop.files.id);
    connect(instance, token, id, connection(TOKEN)).await.is(201);
    until(instance, token, id, "succeeded").await;
}

/// Shows 001/FR-016.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_deployed_promoted_and_rolled_back_answers_at_cloudflare_and_no_more_here() {
    let cloudflare = Cloudflare::start().await;
    cloudflare.token(TOKEN, Token::whole(ACCOUNT));
    let instance = Instance::set_on_postgres(|settings| with_cloudflare(settings, &cloudflare)).await;
    let mut shop = Shop::new(&instance).await;
    let commit = shop.commit(&[("worker.js", &says("here"))]).await;
    shop.deploy("dev", &commit).await;
    let here = shop.url("dev").await;
    assert!(get(&here).await.unwrap().1.starts_with("here"));
    connected(&shop).await;
    // What runs goes on where it is.
    assert_eq!(shop.url("dev").await, here);
    assert!(get(&here).await.unwrap().1.starts_with("here"));

    secret(&shop, "good \"day\"").await;
    cloudflare.slow(2);
    let one = shop.commit(&[("worker.js", &says("one"))]).await;
    let first = shop.deploy("dev", &one).await;
    let url = shop.url("dev").await;
    let (name, _) = cloudflare.script("shop", "dev");
    assert!(url.contains(&format!("//{name}.northwind.workers.localhost")), "{url}");
    assert_eq!(first.text("/workerVersion/scriptName"), name);
    assert_eq!(first.text("/workerVersion/url"), url);
    cloudflare.mend();
    assert_eq!(
        get(&url).await.unwrap(),
        (200, "one good \"day\" eu dev database".into())
    );
    for _ in 0..200 {
        if get(&here).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(get(&here).await.is_err(), "it goes on here");
    // Everything secret is bound as such, and everything that was there before is bound again.
    let (_, script) = cloudflare.script("shop", "dev");
    let mut bound: Vec<(&str, &str)> = script.versions[0]
        .bindings
        .iter()
        .map(|(kind, name, _)| (name.as_str(), kind.as_str()))
        .collect();
    bound.sort_unstable();
    let secret_text = "secret_text";
    assert_eq!(
        bound,
        [
            ("DATABASE_URL", secret_text),
            ("ENVIRONMENT", secret_text),
            ("GREETING", secret_text),
            ("REGION", "plain_text"),
        ]
    );

    secret(&shop, "good night").await;
    let two = shop.commit(&[("worker.js", &says("two"))]).await;
    shop.deploy("dev", &two).await;
    assert_eq!(get(&url).await.unwrap().1, "two good night eu dev database");
    shop.tested("dev", 3, 0).await;
    let staging = shop.done("dev", "promote", json!({ "to": "staging" })).await;
    assert_eq!(staging.text("/state"), "succeeded", "{staging:?}");
    assert_eq!(
        get(&shop.url("staging").await).await.unwrap().1,
        "two  eu staging database"
    );

    // Back to code and secrets of before, without another upload, and from there again.
    let uploaded = cloudflare.script("shop", "dev").1.versions.len();
    cloudflare.page(1);
    cloudflare.changed_secrets();
    let back = shop.done("dev", "rollback", json!({ "reason": "it is slow" })).await;
    assert_eq!(back.text("/state"), "succeeded", "{back:?} {:?}", instance.logged());
    assert_eq!(get(&url).await.unwrap().1, "one good \"day\" eu dev database");
    let three = shop.commit(&[("worker.js", &says("three"))]).await;
    shop.deploy("dev", &three).await;
    assert_eq!(get(&url).await.unwrap().1, "three good night eu dev database");
    // The one before is itself one that went back.
    let to = json!({ "toDeploymentId": back.text("/id") });
    let again = shop.done("dev", "rollback", to).await;
    assert_eq!(again.text("/state"), "succeeded", "{again:?} {:?}", instance.logged());
    assert_eq!(get(&url).await.unwrap().1, "one good \"day\" eu dev database");
    let (_, script) = cloudflare.script("shop", "dev");
    assert_eq!(script.versions.len(), uploaded + 1);
    assert!(script.enabled && !script.previews);

    // What ran here before is not at Cloudflare, nor is what somebody removed there.
    let all = shop.get("deployments").await;
    let all = all.body["items"].as_array().unwrap();
    let oldest = all
        .iter()
        .rev()
        .find(|row| row["commitSha"] == commit.as_str())
        .unwrap();
    let to = json!({ "toDeploymentId": oldest["id"] });
    let refused = shop.done("dev", "rollback", to).await;
    assert_eq!(refused.text("/errorCode"), "ENV_ROLLBACK_UNAVAILABLE");
    assert_eq!(get(&url).await.unwrap().1, "one good \"day\" eu dev database");
    assert_eq!(cloudflare.wrong(), Vec::<String>::new());
    shop.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_cannot_be_run_or_does_not_answer_leaves_the_former_answering() {
    let cloudflare = Cloudflare::start().await;
    cloudflare.token(TOKEN, Token::whole(ACCOUNT));
    let instance = Instance::set(|settings| with_cloudflare(settings, &cloudflare)).await;
    let mut shop = Shop::new(&instance).await;
    connected(&shop).await;
    let good = shop.commit(&[("worker.js", &says("good"))]).await;
    shop.deploy("dev", &good).await;
    let url = shop.url("dev").await;
    let (_, before) = cloudflare.script("shop", "dev");
    for broken in [
        "throw new Error('at start');\n",
        "export default { fetch() { throw new Error('at every request'); } };\n",
    ] {
        let commit = shop.commit(&[("worker.js", broken)]).await;
        let failed = shop.done("dev", "deploy", json!({ "ref": commit })).await;
        assert_eq!(
            failed.text("/errorCode"),
            "DEPLOYMENT_NOT_READY",
            "{broken} {:?}",
            instance.logged()
        );
        assert!(get(&url).await.unwrap().1.starts_with("good"), "{broken}");
        let (_, script) = cloudflare.script("shop", "dev");
        assert_eq!(script.deployments, before.deployments);
        assert!(!script.previews, "versions that failed are not left to be found");
    }
    // One that has nothing at its root answers all the same, of whatever kind that is.
    for kind in ["text/html", "application/json"] {
        let nothing = format!(
            "export default {{ fetch: () => new Response('none', {{ status: 404, headers: {{ 'content-type': '{kind}' }} }}) }};\n"
        );
        let commit = shop.commit(&[("worker.js", &nothing)]).await;
        shop.deploy("dev", &commit).await;
        assert_eq!(get(&url).await.unwrap(), (404, "none".into()));
    }
    assert_eq!(cloudflare.wrong(), Vec::<String>::new());
    shop.end().await;
}

/// Forgets versions that never answered: those of deployments that failed.
fn forget_unused(cloudflare: &Cloudflare) {
    cloudflare.scripts(|all| {
        for script in all.values_mut() {
            let kept = &script.deployments;
            script.versions.retain(|version| kept.contains(&version.id));
        }
    });
}

/// Every call that a deployment makes of Cloudflare.
const CALLS: [(&str, &str); 7] = [
    ("GET", "/settings"),
    ("GET", "/versions"),
    ("POST", "/versions"),
    ("GET", "/deployments"),
    ("POST", "/deployments"),
    ("POST", "/subdomain"),
    ("GET", "/workers/subdomain"),
];

/// Shows 001/FR-032.
#[tokio::test(flavor = "multi_thread")]
async fn calls_of_a_deployment_that_fail_once_each_way_converge_and_those_that_fail_for_good_are_told() {
    let cloudflare = Cloudflare::start().await;
    cloudflare.token(TOKEN, Token::whole(ACCOUNT));
    let instance = Instance::set(|settings| with_cloudflare(settings, &cloudflare)).await;
    let mut shop = Shop::new(&instance).await;
    connected(&shop).await;
    let mut number = 0;
    let faults = [Fault::Fails(503), Fault::Refused(10013), Fault::Lost, Fault::Limited(1)];
    for (method, path) in CALLS {
        for fault in faults {
            number += 1;
            let word = format!("v{number}");
            let commit = shop.commit(&[("worker.js", &says(&word))]).await;
            cloudflare.fault(method, path, fault, 1);
            shop.deploy("dev", &commit).await;
            assert!(cloudflare.is_sound(), "nobody calls {method} {path}");
            let said = get(&shop.url("dev").await).await.unwrap().1;
            assert!(
                said.starts_with(&format!("{word} ")),
                "{method} {path} {fault:?}: {said}"
            );
            let (_, script) = cloudflare.script("shop", "dev");
            assert_eq!(script.versions.len(), number + 1, "{method} {path} {fault:?}");
            assert_eq!(script.deployments.len(), number + 1, "{method} {path} {fault:?}");
            assert!(script.enabled && !script.previews);
        }
        // A refusal for good leaves the former one answering, and goes once it is over.
        let word = format!("v{number}");
        number += 1;
        let commit = shop.commit(&[("worker.js", &says(&format!("v{number}")))]).await;
        cloudflare.fault(method, path, Fault::Fails(403), 1000);
        let failed = shop.done("dev", "deploy", json!({ "ref": commit })).await;
        let code = failed.text("/errorCode");
        assert_eq!(code, "INTEGRATION_CLOUDFLARE_REJECTED", "{method} {path}");
        let url = shop.url("dev").await;
        assert!(
            get(&url).await.unwrap().1.starts_with(&format!("{word} ")),
            "{method} {path}"
        );
        cloudflare.mend();
        forget_unused(&cloudflare);
        shop.act("dev", "retry", json!({})).await.is(202);
        answers(&url, &format!("v{number}  eu dev ")).await;
        shop.settled("dev").await;
    }
    assert_eq!(cloudflare.wrong(), Vec::<String>::new());
    shop.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_worker_is_at_cloudflare_no_other_is_taken_for_it() {
    let cloudflare = Cloudflare::start().await;
    cloudflare.token(TOKEN, Token::whole(ACCOUNT));
    let instance = Instance::set(|settings| with_cloudflare(settings, &cloudflare)).await;
    let mut shop = Shop::new(&instance).await;
    connected(&shop).await;
    let one = shop.commit(&[("worker.js", &says("one"))]).await;
    shop.deploy("dev", &one).await;
    let path = format!("/projects/{}/integrations/cloudflare", shop.files.id);
    instance.call(&shop.files.token, "DELETE", &path, None).await.is(204);
    let refused = shop.done("dev", "deploy", json!({ "ref": one })).await;
    assert_eq!(refused.text("/errorCode"), "INTEGRATION_NOT_CONNECTED");
    assert!(get(&shop.url("dev").await).await.unwrap().1.starts_with("one"));
    connected(&shop).await;
    let two = shop.commit(&[("worker.js", &says("two"))]).await;
    shop.deploy("dev", &two).await;
    assert!(get(&shop.url("dev").await).await.unwrap().1.starts_with("two"));

    // Somebody puts their own in its place: it is left alone, and told.
    let (name, _) = cloudflare.script("shop", "dev");
    cloudflare.somebody(&name, "export default { fetch: () => new Response('theirs') };\n");
    let refused = shop.done("dev", "deploy", json!({ "ref": two })).await;
    assert_eq!(refused.text("/errorCode"), "PROVISION_RESOURCE_FOREIGN");
    assert_eq!(get(&shop.url("dev").await).await.unwrap().1, "theirs");
    assert_eq!(cloudflare.wrong(), Vec::<String>::new());
    shop.end().await;
}

/// Shows 001/FR-025.
#[tokio::test(flavor = "multi_thread")]
async fn workers_at_cloudflare_are_asked_whether_they_answer() {
    let cloudflare = Cloudflare::start().await;
    cloudflare.token(TOKEN, Token::whole(ACCOUNT));
    let instance = Instance::set_on_postgres(|settings| with_cloudflare(settings, &cloudflare)).await;
    let mut shop = Shop::new(&instance).await;
    connected(&shop).await;
    let path = format!("/projects/{}", shop.files.id);
    let read = instance.call(&shop.files.token, "GET", &path, None).await.is(200);
    let (bearer, tag) = (
        format!("Bearer {}", shop.files.token),
        read.headers["etag"].to_str().unwrap(),
    );
    let headers = [("authorization", bearer.as_str()), ("if-match", tag)];
    let body = json!({ "settings": { "healthCheckSeconds": 10 } });
    instance.send("PATCH", &path, &headers, Some(body)).await.is(200);
    // It goes well for six seconds from its first request on.
    let module = "let first;\nexport default { fetch() {\n  first ??= Date.now();\n  const status = Date.now() - first > 6000 ? 503 : 200;\n  \
                  return new Response('one', { status });\n} };\n";
    let commit = shop.commit(&[("worker.js", module)]).await;
    shop.deploy("dev", &commit).await;
    let path = format!("environments/{}/health-checks?probe=api", shop.environments["dev"]);
    for healthy in [true, false] {
        let mut found = json!(null);
        for _ in 0..1200 {
            let page = shop.get(&path).await.fits::<HealthCheckPage>();
            found = page.body["items"][0].clone();
            if found["healthy"] == healthy {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(found["healthy"], healthy, "{found}");
        let code = if healthy {
            json!(null)
        } else {
            json!("DEPLOYMENT_NOT_READY")
        };
        assert_eq!(
            (&found["probe"], &found["errorCode"]),
            (&json!("api"), &code),
            "{found}"
        );
    }
    assert_eq!(cloudflare.wrong(), Vec::<String>::new());
    shop.end().await;
}
