//! Builds, deployments, promotions and rollbacks, answered by the real workerd.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::Utc;
use flaresmith_api::types::{
    Build, BuildPage, Deployment, DeploymentDetail, DeploymentPage, Environment, EnvironmentDetail, EnvironmentMatrix,
};
use flaresmith_runtime::provisioning::Runner;
use flaresmith_runtime::provisioning::lease::WAITING;
use flaresmith_runtime::settings::Settings;
use flaresmith_store::entities::{postman_test_runs, provisioning_runs};
use flaresmith_store::enums::{PostmanTestRunPurpose, TestRunState};
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, EntityTrait as _};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::edge_host::{answers, get, says, workerd};
use crate::files::{Project, write};
use crate::instance::{Answer, Instance};
use crate::provisioning::until;

/// What a repository needs for being built, but for its worker: no packages, so that nothing is fetched.
pub(crate) fn frame(script: &str) -> Vec<(&'static str, String)> {
    let package = json!({"name": "shop", "version": "1.0.0", "private": true, "scripts": {"build": "node build.mjs"}});
    let lock = json!({
        "name": "shop", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
        "packages": {"": {"name": "shop", "version": "1.0.0"}},
    });
    vec![
        ("package.json", package.to_string()),
        ("package-lock.json", lock.to_string()),
        ("build.mjs", script.to_owned()),
    ]
}

/// A build script that copies the worker.
pub(crate) const COPIES: &str = "import { cpSync } from 'node:fs';\ncpSync('worker.js', 'dist/worker.js');\n";

/// A project that can be built, with its environments.
pub(crate) struct Shop<'a> {
    pub(crate) files: Project<'a>,
    runner: Option<Runner>,
    pub(crate) environments: BTreeMap<String, String>,
    head: String,
}

impl<'a> Shop<'a> {
    pub(crate) async fn new(instance: &'a Instance) -> Self {
        let files = Project::new(instance).await;
        let runner = Runner::start(instance.platform.clone()).unwrap();
        until(instance, &files.token, &files.id, "succeeded").await;
        let head = files.head().await;
        let mut shop = Self {
            files,
            runner: Some(runner),
            environments: BTreeMap::new(),
            head,
        };
        let matrix = shop.get("environments").await.fits::<EnvironmentMatrix>();
        for card in matrix.body["environments"].as_array().unwrap() {
            let text = |name: &str| card[name].as_str().unwrap().to_owned();
            shop.environments.insert(text("name"), text("id"));
        }
        let frame = frame(COPIES);
        let frame: Vec<(&str, &str)> = frame.iter().map(|(path, text)| (*path, text.as_str())).collect();
        shop.commit(&frame).await;
        shop
    }

    pub(crate) async fn commit(&mut self, changed: &[(&str, &str)]) -> String {
        let changes: Vec<Value> = changed.iter().map(|(path, text)| write(path, text)).collect();
        let made = self.files.commit(&self.head, json!(changes)).await.is(201);
        self.head = made.text("/sha");
        self.head.clone()
    }

    /// A commit whose worker says a word.
    pub(crate) async fn saying(&mut self, word: &str) -> String {
        self.commit(&[("worker.js", &says(word))]).await
    }

    pub(crate) async fn get(&self, rest: &str) -> Answer {
        let path = format!("/projects/{}/{rest}", self.files.id);
        self.files
            .instance
            .call(&self.files.token, "GET", &path, None)
            .await
            .is(200)
    }

    pub(crate) async fn act(&self, environment: &str, action: &str, body: Value) -> Answer {
        let id = &self.environments[environment];
        let path = format!("/projects/{}/environments/{id}/{action}", self.files.id);
        self.files
            .instance
            .call(&self.files.token, "POST", &path, Some(body))
            .await
    }

    /// Acts and follows the deployment to its end.
    pub(crate) async fn done(&self, environment: &str, action: &str, body: Value) -> Answer {
        let begun = self.act(environment, action, body).await.is(202).fits::<Deployment>();
        self.ended(&begun.text("/id")).await
    }

    pub(crate) async fn ended(&self, id: &str) -> Answer {
        for _ in 0..1800 {
            let found = self.get(&format!("deployments/{id}")).await.fits::<DeploymentDetail>();
            if !["pending", "running", "validating"].contains(&found.text("/state").as_str()) {
                self.over(id).await;
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the deployment does not end");
    }

    /// Waits until the run of a deployment that has ended is over too: it is a moment later, and until then nothing else may begin
    /// that a run keeps out.
    async fn over(&self, id: &str) {
        let id: Uuid = id.parse().unwrap();
        for _ in 0..600 {
            let read = self.files.instance.platform.store.read();
            let run = provisioning_runs::Entity::find_by_id(id).one(read).await.unwrap();
            if run.is_none_or(|run| !WAITING.contains(&run.state)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the run of the deployment is never over");
    }

    pub(crate) async fn deploy(&self, environment: &str, commit: &str) -> Answer {
        let found = self.done(environment, "deploy", json!({"ref": commit})).await;
        assert_eq!(
            found.text("/state"),
            "succeeded",
            "{found:?} {:?}",
            self.files.instance.logged()
        );
        found
    }

    pub(crate) async fn environment(&self, name: &str) -> Answer {
        let rest = format!("environments/{}", self.environments[name]);
        self.get(&rest).await.fits::<EnvironmentDetail>()
    }

    /// Sets the secret that workers greet with.
    async fn secret(&self, value: &str) {
        let rest = "secrets/GREETING?environment=dev&type=cloudflareBinding";
        let path = format!("/projects/{}/{rest}", self.files.id);
        let body = Some(json!({ "value": value }));
        let answer = self.files.instance.call(&self.files.token, "PUT", &path, body).await;
        assert!(answer.status.is_success(), "{answer:?}");
    }

    pub(crate) async fn url(&self, name: &str) -> String {
        self.environment(name).await.text("/url")
    }

    /// A test run of what runs in an environment.
    pub(crate) async fn tested(&self, environment: &str, assertions: i32, failed: i32) -> Uuid {
        let now = Utc::now();
        let passed = failed == 0;
        let row = postman_test_runs::ActiveModel {
            id: Set(Uuid::new_v4()),
            project_id: Set(self.files.id.parse().unwrap()),
            environment_id: Set(self.environments[environment].parse().unwrap()),
            state: Set(if passed {
                TestRunState::Passed
            } else {
                TestRunState::Failed
            }),
            collection: Set("dev".to_owned()),
            folder: Set(None),
            purpose: Set(PostmanTestRunPurpose::Promotion),
            assertion_count: Set(assertions),
            failed_count: Set(failed),
            critical_count: Set(0),
            duration_ms: Set(Some(1)),
            failures: Set(json!([])),
            requested_by_id: Set(None),
            started_at: Set(Some(now)),
            finished_at: Set(Some(now)),
            created_at: Set(now),
            updated_at: Set(now),
        };
        let write = self.files.instance.platform.store.begin().await.unwrap();
        let id = row.insert(&*write).await.unwrap().id;
        write.commit().await.unwrap();
        id
    }

    /// Waits until an environment is active.
    pub(crate) async fn settled(&self, environment: &str) {
        for _ in 0..600 {
            if self.environment(environment).await.text("/state") == "active" {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{environment} is never active");
    }

    pub(crate) async fn end(mut self) {
        self.stop().await;
    }

    /// Ends what carries out runs.
    pub(crate) async fn stop(&mut self) {
        if let Some(runner) = self.runner.take() {
            runner.stop().await;
        }
    }
}

pub(crate) fn with_workerd(settings: &mut Settings) {
    settings.workerd = Some(workerd());
}

async fn on_both(test: impl AsyncFn(&Instance)) {
    test(&Instance::set(with_workerd).await).await;
    test(&Instance::set_on_postgres(with_workerd).await).await;
}

/// Shows 001/FR-008, 001/FR-015, 001/FR-024.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_built_once_deployed_and_promoted_after_its_tests() {
    on_both(async |instance| {
        let mut shop = Shop::new(instance).await;
        let commit = shop.saying("one").await;
        let dev = shop.deploy("dev", &commit).await;
        let url = shop.url("dev").await;
        assert_eq!(get(&url).await.unwrap(), (200, "one ".into()));
        assert_eq!(dev.text("/workerVersion/url"), url);
        assert_eq!(dev.text("/build/commitSha"), commit);
        let detail = shop.environment("dev").await;
        assert_eq!(
            (detail.text("/state"), detail.text("/commitSha")),
            ("active".into(), commit.clone())
        );
        assert_eq!(detail.text("/workerVersion/deploymentId"), dev.text("/id"));
        assert_eq!(detail.body.pointer("/updateCause"), Some(&Value::Null));

        // Not without tests, nor with some that have nothing to say or fail, nor past an environment.
        let to = |name: &str| json!({"to": name});
        let refused = shop.act("dev", "promote", to("staging")).await;
        refused.fails(409, "ENV_PROMOTION_UNTESTED");
        for (assertions, failed) in [(0, 0), (3, 1)] {
            let id = shop.tested("dev", assertions, failed).await;
            let refused = shop
                .act("dev", "promote", to("staging"))
                .await
                .fails(409, "ENV_PROMOTION_UNTESTED");
            assert_eq!(refused.text("/error/details/testRunId"), id.to_string());
        }
        shop.act("dev", "promote", to("prod"))
            .await
            .fails(409, "ENV_PROMOTION_ORDER");
        shop.act("staging", "promote", to("prod"))
            .await
            .fails(409, "ENV_STATE_INVALID");
        let id = shop.tested("dev", 3, 0).await;
        let staging = shop.done("dev", "promote", to("staging")).await;
        assert_eq!(staging.text("/state"), "succeeded");
        assert_eq!(staging.text("/testRunId"), id.to_string());
        assert_eq!(staging.text("/sourceEnvironmentId"), shop.environments["dev"]);
        assert_eq!(staging.text("/buildId"), dev.text("/buildId"), "the same build");
        shop.tested("staging", 1, 0).await;
        let prod = shop.done("staging", "promote", to("prod")).await;
        assert_eq!(
            (prod.text("/state"), prod.text("/buildId")),
            ("succeeded".into(), dev.text("/buildId"))
        );
        for name in ["dev", "staging", "prod"] {
            answers(&shop.url(name).await, "one ").await;
        }

        let builds = shop.get("builds").await.fits::<BuildPage>();
        assert_eq!(builds.body["items"].as_array().unwrap().len(), 1);
        let build = dev.text("/buildId");
        let build = shop.get(&format!("builds/{build}")).await.fits::<Build>();
        assert_eq!(build.text("/state"), "succeeded");
        assert_eq!(build.body["sizeBytes"], says("one").len());
        let log = shop.get(&format!("builds/{}/log", build.text("/id"))).await.raw;
        assert!(log.contains("$ npm ci") && log.contains("$ npm run build"), "{log}");
        let tail = shop.get(&format!("builds/{}/log?tail=1", build.text("/id"))).await.raw;
        assert!(
            !tail.contains("$ npm ci") && log.trim_end().ends_with(tail.trim_end()),
            "{tail}"
        );
        let all = shop.get("deployments").await.fits::<DeploymentPage>();
        let kinds: Vec<&str> = all.body["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["kind"].as_str().unwrap())
            .collect();
        assert_eq!(kinds, ["promote", "promote", "deploy"]);
        let some = format!("deployments?environmentId={}&state=succeeded", shop.environments["dev"]);
        let some = shop.get(&some).await.fits::<DeploymentPage>();
        assert_eq!(some.body["items"].as_array().unwrap().len(), 1);
        // What provisioned the project is what its provisioning tells of.
        let progress = shop.get("provisioning").await;
        assert_eq!(progress.text("/run/kind"), "create");
        shop.end().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_version_or_build_leaves_the_former_answering_and_can_be_mended() {
    on_both(async |instance| {
        let mut shop = Shop::new(instance).await;
        let good = shop.saying("good").await;
        shop.deploy("dev", &good).await;
        let url = shop.url("dev").await;
        let broken = shop.commit(&[("worker.js", "throw new Error('at start');\n")]).await;
        let failed = shop.done("dev", "deploy", json!({"ref": broken})).await;
        assert_eq!(
            (failed.text("/state"), failed.text("/errorCode")),
            ("failed".into(), "DEPLOYMENT_NOT_READY".into())
        );
        assert_eq!(get(&url).await.unwrap(), (200, "good ".into()));
        let detail = shop.environment("dev").await;
        assert_eq!(
            (detail.text("/state"), detail.text("/lastErrorCode")),
            ("error".into(), "DEPLOYMENT_NOT_READY".into())
        );
        assert_eq!(
            (detail.text("/commitSha"), detail.text("/url")),
            (good.clone(), url.clone())
        );
        shop.act("dev", "promote", json!({"to": "staging"}))
            .await
            .fails(409, "ENV_STATE_INVALID");
        shop.act("dev", "rollback", json!({}))
            .await
            .fails(409, "ENV_STATE_INVALID");

        let unbuilt = shop
            .commit(&[(
                "build.mjs",
                "console.log('so far'); throw new Error('no such thing');\n",
            )])
            .await;
        let failed = shop.done("dev", "deploy", json!({"ref": unbuilt})).await;
        assert_eq!(failed.text("/errorCode"), "DEPLOYMENT_BUILD_FAILED");
        assert_eq!(failed.text("/build/state"), "failed");
        let log = shop.get(&format!("builds/{}/log", failed.text("/buildId"))).await.raw;
        assert!(log.contains("so far") && log.contains("no such thing"), "{log}");
        assert_eq!(get(&url).await.unwrap(), (200, "good ".into()));

        // The same again fails again, and as often as anything is tried, it is given up.
        for failures in 3..=5 {
            let answer = shop.act("dev", "retry", json!({})).await.is(202).fits::<Environment>();
            assert_eq!(answer.text("/state"), "updating");
            let newest = shop.get("deployments?limit=1").await;
            shop.ended(&newest.text("/items/0/id")).await;
            let detail = shop.environment("dev").await;
            assert_eq!(detail.body["failureCount"], failures);
        }
        assert_eq!(shop.environment("dev").await.text("/state"), "failed");
        shop.act("dev", "retry", json!({}))
            .await
            .fails(409, "ENV_RETRY_EXHAUSTED");
        shop.act("dev", "deploy", json!({"ref": good}))
            .await
            .fails(409, "ENV_STATE_INVALID");
        let reset = shop
            .act("dev", "reset", json!(null))
            .await
            .is(202)
            .fits::<Environment>();
        assert_eq!(reset.text("/state"), "provisioning");
        for _ in 0..600 {
            if shop.environment("dev").await.text("/state") == "active" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(shop.environment("dev").await.body["failureCount"], 0);
        assert_eq!(get(&url).await.unwrap(), (200, "good ".into()));
        let mended = shop
            .commit(&[("build.mjs", COPIES), ("worker.js", &says("mended"))])
            .await;
        shop.deploy("dev", &mended).await;
        answers(&url, "mended ").await;
        shop.end().await;
    })
    .await;
}

/// Shows 001/FR-016.
#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_takes_code_and_secrets_back_together() {
    on_both(async |instance| {
        let mut shop = Shop::new(instance).await;
        let nothing = shop.act("dev", "rollback", json!({})).await;
        nothing.fails(409, "ENV_ROLLBACK_UNAVAILABLE");
        shop.secret("first-value-of-it").await;
        let one = shop.saying("one").await;
        let first = shop.deploy("dev", &one).await;
        let url = shop.url("dev").await;
        answers(&url, "one first-value-of-it").await;
        shop.act("dev", "rollback", json!({}))
            .await
            .fails(409, "ENV_ROLLBACK_UNAVAILABLE");
        shop.secret("second-value-of-it").await;
        let two = shop.saying("two").await;
        let second = shop.deploy("dev", &two).await;
        answers(&url, "two second-value-of-it").await;
        let answer = shop
            .act("dev", "rollback", json!({"toDeploymentId": Uuid::new_v4()}))
            .await;
        answer.fails(404, "DEPLOYMENT_NOT_FOUND");
        let back = shop.done("dev", "rollback", json!({"reason": "it is slow"})).await;
        assert_eq!(
            (back.text("/state"), back.text("/kind")),
            ("succeeded".into(), "rollback".into())
        );
        assert_eq!(
            (back.text("/rollbackOfId"), back.text("/commitSha")),
            (second.text("/id"), one.clone())
        );
        answers(&url, "one first-value-of-it").await;
        let state = async |answer: &Answer| {
            shop.get(&format!("deployments/{}", answer.text("/id")))
                .await
                .text("/state")
        };
        assert_eq!(state(&second).await, "rolledBack");
        assert_eq!(state(&first).await, "superseded");
        assert_eq!(shop.environment("dev").await.text("/commitSha"), one);
        // And forth again, by name.
        let forth = shop
            .done("dev", "rollback", json!({"toDeploymentId": second.text("/id")}))
            .await;
        assert_eq!(forth.text("/state"), "succeeded");
        answers(&url, "two second-value-of-it").await;
        shop.end().await;
    })
    .await;
}
