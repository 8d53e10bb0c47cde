//! Projects whose workers are at Cloudflare.

use std::collections::BTreeSet;

use flaresmith_api::types::{IntegrationConnected, IntegrationView};
use flaresmith_runtime::provisioning::Runner;
use flaresmith_store::entities::{provider_credentials, resource_records};
use flaresmith_store::enums::ResourceKind;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};

use crate::cloudflare::{Cloudflare, Fault, Token, Version};
use crate::edge_host::get;
use crate::instance::{Answer, Instance};
use crate::neon_projects::{failed, gone, retried};
use crate::provisioning::until;

pub(crate) const TOKEN: &str = "cf_integrationtesttoken00000000000000000";

pub(crate) const ACCOUNT: &str = "023e105f4ecef8ad9ca31a8372d0c353";

/// A platform beside a Cloudflare that knows the token.
pub(crate) async fn beside(on_postgres: bool) -> (Instance, Cloudflare) {
    let cloudflare = Cloudflare::start().await;
    cloudflare.token(TOKEN, Token::whole(ACCOUNT));
    let place = cloudflare.place.clone();
    let set = |settings: &mut flaresmith_runtime::settings::Settings| settings.cloudflare = place;
    let instance = match on_postgres {
        false => Instance::set(set).await,
        true => Instance::set_on_postgres(set).await,
    };
    (instance, cloudflare)
}

pub(crate) fn connection(token: &str) -> Value {
    json!({
        "settings": {
            "provider": "cloudflare", "accountId": ACCOUNT, "pages": true, "variables": { "REGION": "eu" },
        },
        "credential": { "kind": "token", "token": token },
    })
}

pub(crate) async fn connect(instance: &Instance, owner: &str, project: &str, body: Value) -> Answer {
    let path = format!("/projects/{project}/integrations/cloudflare");
    instance.call(owner, "PUT", &path, Some(body)).await
}

/// A project that begins with Cloudflare.
pub(crate) async fn begun(instance: &Instance, owner: &str, organization: &str, name: &str) -> String {
    let body = json!({ "name": name, "organizationId": organization, "integrations": [connection(TOKEN)] });
    let made = instance.call(owner, "POST", "/projects", Some(body)).await;
    made.is(201).text("/id")
}

/// Every environment has a script of its own, at an address of its own, and nobody's was overwritten.
pub(crate) fn is_whole(cloudflare: &Cloudflare, slug: &str) {
    assert_eq!(cloudflare.wrong(), Vec::<String>::new());
    for environment in ["dev", "staging", "prod"] {
        let (name, script) = cloudflare.script(slug, environment);
        assert!(script.enabled && !script.previews, "{name}");
        assert_eq!((script.versions.len(), script.deployments.len()), (1, 1), "{name}");
    }
}

/// Makes sure that a project has its workers there, in which the version answers that was uploaded first, or one that is like it.
pub(crate) fn answers_first(cloudflare: &Cloudflare, slug: &str) {
    assert_eq!(cloudflare.wrong(), Vec::<String>::new());
    for environment in ["dev", "staging", "prod"] {
        let (name, script) = cloudflare.script(slug, environment);
        assert!(script.enabled && !script.previews, "{name}");
        let first = script.versions.last().unwrap();
        let is_like_it = |one: &Version| one.module == first.module && one.tag.is_none();
        assert!(script.versions.iter().all(is_like_it), "{name}");
        assert!(
            script.versions.iter().any(|one| one.id == script.deployments[0]),
            "{name}"
        );
    }
}

fn steps(run: &Answer) -> Vec<&str> {
    let all = run.body["steps"].as_array().unwrap().iter();
    all.map(|step| step["name"].as_str().unwrap()).collect()
}

/// Shows 001/FR-005, 001/FR-021.
#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_begins_with_cloudflare_has_a_worker_for_every_environment_there_and_none_here() {
    for on_postgres in [false, true] {
        let (instance, cloudflare) = beside(on_postgres).await;
        let (organization, owner) = instance.organization("Northwind").await;
        cloudflare.somebody("shop-dev", "theirs");
        let project = begun(&instance, &owner, &organization, "Shop").await;
        let runner = Runner::start(instance.platform.clone()).unwrap();
        let run = until(&instance, &owner, &project, "succeeded").await;
        is_whole(&cloudflare, "shop");
        assert_eq!(cloudflare.names().len(), 4);
        assert!(instance.platform.providers.edge.marked().await.unwrap().is_empty());
        let keys: BTreeSet<&str> = run.body["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| step["requestKey"].as_str().unwrap())
            .collect();
        for name in ["dev", "staging", "prod"] {
            let key = format!("{project}-cloudflareWorker-{name}");
            assert!(keys.contains(key.as_str()), "{keys:?}");
        }
        let records = resource_records::Entity::find()
            .all(instance.platform.store.read())
            .await
            .unwrap();
        let workers = records
            .iter()
            .filter(|record| record.resource == ResourceKind::CloudflareWorker);
        for record in workers {
            let (name, _) = cloudflare.script("shop", &record.environment);
            assert_eq!(record.name, name);
            let url = record.url.clone().unwrap();
            assert!(url.contains(&format!("//{name}.northwind.")), "{url}");
            // Until somebody deploys, it says that nothing is deployed.
            assert_eq!(get(&url).await.unwrap().0, 503);
        }
        let kept = provider_credentials::Entity::find()
            .all(instance.platform.store.read())
            .await
            .unwrap();
        assert!(kept.len() == 1 && !kept[0].ciphertext.expose().windows(3).any(|three| three == b"cf_"));
        let path = format!("/projects/{project}/integrations/cloudflare");
        let shown = instance
            .call(&owner, "GET", &path, None)
            .await
            .is(200)
            .fits::<IntegrationView>();
        assert_eq!(shown.text("/integration/accountName"), "Northwind");
        assert!(!shown.raw.contains(TOKEN));

        // Where the workers are cannot be changed.
        let mut elsewhere = connection(TOKEN);
        elsewhere["settings"]["accountId"] = json!("f".repeat(32));
        let token = Token {
            account: "ffffffffffffffffffffffffffffffff",
            ..Token::whole(ACCOUNT)
        };
        cloudflare.token(TOKEN, token);
        let refused = connect(&instance, &owner, &project, elsewhere).await;
        refused.fails(400, "REQUEST_VALIDATION_FAILED");
        cloudflare.token(TOKEN, Token::whole(ACCOUNT));

        let path = format!("/projects/{project}?projectSlug=shop");
        instance.call(&owner, "DELETE", &path, None).await.is(202);
        gone(&instance, &owner, &project).await;
        assert_eq!(cloudflare.names(), ["shop-dev"]);
        assert_eq!(cloudflare.wrong(), Vec::<String>::new());
        runner.stop().await;
    }
}

/// Shows 001/FR-022.
#[tokio::test(flavor = "multi_thread")]
async fn cloudflare_can_be_connected_later_and_makes_just_what_is_missing_there() {
    let (instance, cloudflare) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    let here = instance.platform.providers.edge.marked().await.unwrap();
    assert_eq!(here.len(), 3);

    let answer = connect(&instance, &owner, &project, connection(TOKEN)).await.is(201);
    let answer = answer.fits::<IntegrationConnected>();
    assert!(!answer.raw.contains(TOKEN));
    let run = until(&instance, &owner, &project, "succeeded").await;
    let mut made = steps(&run);
    made.retain(|name| !name.starts_with("source-"));
    assert_eq!(
        made,
        [
            "cloudflare-pages",
            "cloudflare-worker-dev",
            "cloudflare-worker-prod",
            "cloudflare-worker-staging"
        ]
    );
    let step = run.body["steps"].as_array().unwrap();
    let step = step
        .iter()
        .find(|step| step["name"] == "cloudflare-worker-dev")
        .unwrap();
    assert!(step["hint"].as_str().unwrap().contains("next deployment"), "{step:?}");
    is_whole(&cloudflare, "shop");
    // What runs here goes on until something is deployed there.
    assert_eq!(instance.platform.providers.edge.marked().await.unwrap(), here);

    // Connected again, nothing is missing.
    connect(&instance, &owner, &project, connection(TOKEN)).await.is(200);
    let run = until(&instance, &owner, &project, "succeeded").await;
    assert!(
        steps(&run).iter().all(|name| name.starts_with("source-")),
        "{:?}",
        steps(&run)
    );

    // With the project goes what is here and what is there.
    let path = format!("/projects/{project}?projectSlug=shop");
    instance.call(&owner, "DELETE", &path, None).await.is(202);
    gone(&instance, &owner, &project).await;
    assert!(cloudflare.names().is_empty());
    assert!(instance.platform.providers.edge.marked().await.unwrap().is_empty());
    runner.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_cloudflare_refuses_or_that_may_do_too_little_is_not_kept() {
    let (instance, cloudflare) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    runner.stop().await;
    let asks = async |token: &str| connect(&instance, &owner, &project, connection(token)).await;
    let whole = Token::whole(ACCOUNT);
    let cases = [
        (
            "cf_disabled",
            Token {
                status: "disabled",
                ..whole.clone()
            },
            None,
        ),
        (
            "cf_expired",
            Token {
                status: "expired",
                ..whole.clone()
            },
            None,
        ),
        (
            "cf_elsewhere",
            Token {
                account: "ffffffffffffffffffffffffffffffff",
                ..whole.clone()
            },
            Some(format!("account {ACCOUNT}")),
        ),
        (
            "cf_blind",
            Token {
                sees: false,
                ..whole.clone()
            },
            Some(format!("Workers Scripts: Read in account {ACCOUNT}")),
        ),
        (
            "cf_reads",
            Token {
                edits: false,
                ..whole.clone()
            },
            Some("Workers Scripts: Edit".to_owned()),
        ),
    ];
    asks("cf_nobody").await.fails(422, "INTEGRATION_CREDENTIAL_REFUSED");
    for (token, may, missing) in cases {
        cloudflare.token(token, may);
        let refused = asks(token).await.fails(422, "INTEGRATION_CREDENTIAL_REFUSED");
        let told = &refused.body["error"]["details"]["missingScopes"];
        assert_eq!(told, &json!(Vec::from_iter(missing)), "{token}");
    }
    // An account whose workers would answer nowhere.
    cloudflare.subdomain(None);
    let refused = asks(TOKEN).await.fails(502, "INTEGRATION_CLOUDFLARE_REJECTED");
    assert!(
        refused.text("/error/hint").contains("workers.dev subdomain"),
        "{refused:?}"
    );
    cloudflare.subdomain(Some("northwind"));
    let kept = provider_credentials::Entity::find()
        .all(instance.platform.store.read())
        .await
        .unwrap();
    assert!(kept.is_empty() && cloudflare.names().is_empty());

    // Those of an account are told elsewhere, and what a token need not have is not asked for.
    let narrow = Token {
        of_account: true,
        names: false,
        ..whole
    };
    cloudflare.token("cf_narrow", narrow);
    let answer = asks("cf_narrow").await.is(201);
    assert_eq!(answer.text("/integration/accountName"), ACCOUNT);
    assert_eq!(cloudflare.wrong(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_taken_back_fails_the_step_and_another_one_goes_on() {
    let (instance, cloudflare) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = begun(&instance, &owner, &organization, "Shop").await;
    cloudflare.revoke(TOKEN);
    let runner = Runner::start(instance.platform.clone()).unwrap();
    let run = until(&instance, &owner, &project, "failed").await;
    let (name, code) = failed(&run);
    assert!(name.starts_with("deployment-"), "{name}");
    assert_eq!(code, "INTEGRATION_CLOUDFLARE_REJECTED");
    cloudflare.token("cf_another", Token::whole(ACCOUNT));
    let path = format!("/projects/{project}/integrations/cloudflare");
    let change = json!({ "credential": { "kind": "token", "token": "cf_another" } });
    instance.call(&owner, "PATCH", &path, Some(change)).await.is(200);
    retried(&instance, &owner, &project).await;
    until(&instance, &owner, &project, "succeeded").await;
    is_whole(&cloudflare, "shop");
    runner.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_of_somebody_else_is_neither_taken_over_nor_removed() {
    let (instance, cloudflare) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    // The name is known once it was made; somebody takes it before it is made again.
    connect(&instance, &owner, &project, connection(TOKEN)).await.is(201);
    cloudflare.fault("POST", "/subdomain", Fault::Fails(403), 3);
    until(&instance, &owner, &project, "failed").await;
    let (name, _) = cloudflare.script("shop", "dev");
    cloudflare.mend();
    cloudflare.somebody(&name, "theirs");
    retried(&instance, &owner, &project).await;
    let run = until(&instance, &owner, &project, "failed").await;
    assert_eq!(
        failed(&run),
        (
            "cloudflare-worker-dev".to_owned(),
            "PROVISION_RESOURCE_FOREIGN".to_owned()
        )
    );
    let theirs = || cloudflare.scripts(|all| all.get(&name).is_some_and(|one| one.versions[0].module == b"theirs"));
    assert!(theirs());
    // Neither taking back what the run made nor deleting the project touches it.
    let path = format!("/projects/{project}/provisioning/cancel");
    instance.call(&owner, "POST", &path, None).await.is(202);
    until(&instance, &owner, &project, "undone").await;
    assert_eq!(cloudflare.names(), [name.as_str()]);
    let path = format!("/projects/{project}?projectSlug=shop");
    instance.call(&owner, "DELETE", &path, None).await.is(202);
    gone(&instance, &owner, &project).await;
    assert!(theirs());
    assert_eq!(cloudflare.wrong(), Vec::<String>::new());
    runner.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cancels_takes_back_what_the_run_made_at_cloudflare() {
    let (instance, cloudflare) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    let here = instance.platform.providers.edge.marked().await.unwrap();
    let records = async || {
        let mut rows = resource_records::Entity::find()
            .all(instance.platform.store.read())
            .await
            .unwrap();
        rows.sort_by(|a, b| a.key.cmp(&b.key));
        rows.into_iter()
            .map(|row| (row.key, row.name, row.url))
            .collect::<Vec<_>>()
    };
    let before = records().await;
    // The last of them is refused, so the run can be cancelled.
    connect(&instance, &owner, &project, connection(TOKEN)).await.is(201);
    cloudflare.fault("POST", "/subdomain", Fault::Fails(403), 1);
    let run = until(&instance, &owner, &project, "failed").await;
    assert_eq!(failed(&run).1, "INTEGRATION_CLOUDFLARE_REJECTED");
    assert!(!cloudflare.names().is_empty());
    let path = format!("/projects/{project}/provisioning/cancel");
    instance.call(&owner, "POST", &path, None).await.is(202);
    until(&instance, &owner, &project, "undone").await;
    assert!(cloudflare.names().is_empty(), "{:?}", cloudflare.names());
    assert_eq!(records().await, before);
    assert_eq!(instance.platform.providers.edge.marked().await.unwrap(), here);
    let shown = instance
        .call(&owner, "GET", &format!("/projects/{project}"), None)
        .await
        .is(200);
    assert_eq!(shown.text("/state"), "active");
    retried(&instance, &owner, &project).await;
    until(&instance, &owner, &project, "succeeded").await;
    is_whole(&cloudflare, "shop");
    runner.stop().await;
}
