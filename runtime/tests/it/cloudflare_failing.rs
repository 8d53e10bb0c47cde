//! Calls of Cloudflare that fail: once, for good, again and again, and what takes its time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use flaresmith_api::errors::Failure;
use flaresmith_runtime::providers::cloud::Access;
use flaresmith_runtime::providers::cloudflare::{Script, WantedVersion};
use flaresmith_runtime::providers::{Fate, Fence, Free, Mark};
use flaresmith_runtime::provisioning::Runner;
use flaresmith_runtime::settings::Hidden;
use flaresmith_runtime::store::Write;
use futures_util::future::BoxFuture;
use uuid::Uuid;

use crate::cloudflare::Fault;
use crate::cloudflare_projects::{ACCOUNT, TOKEN, begun, beside, connect, connection, is_whole};
use crate::neon_projects::{failed, gone, retried};
use crate::provisioning::until;

/// Every call that making a project makes of Cloudflare, by its end. That of a script ends in its name.
const CALLS: [(&str, &str); 5] = [
    ("GET", "/workers/subdomain"),
    ("GET", "/settings"),
    ("PUT", ""),
    ("GET", "/subdomain"),
    ("POST", "/subdomain"),
];

const ONCE: [Fault; 7] = [
    Fault::Fails(500),
    Fault::Fails(503),
    Fault::Refused(10013),
    Fault::Refused(10002),
    Fault::Lost,
    Fault::Limited(1),
    Fault::Last(1),
];

/// Shows 001/FR-021, 001/FR-032.
#[tokio::test(flavor = "multi_thread")]
async fn calls_of_cloudflare_that_fail_once_each_way_converge_and_nothing_is_made_twice() {
    let (instance, cloudflare) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let mut number = 0;
    for (method, path) in CALLS {
        for fault in ONCE {
            number += 1;
            let project = begun(&instance, &owner, &organization, &format!("P {number}")).await;
            // The token was checked by now; what fails is the run.
            cloudflare.fault(method, path, fault, 1);
            let runner = Runner::start(instance.platform.clone()).unwrap();
            until(&instance, &owner, &project, "succeeded").await;
            runner.stop().await;
            assert!(cloudflare.is_sound(), "nobody calls {method} {path}");
            is_whole(&cloudflare, &format!("p-{number}"));
            assert_eq!(cloudflare.names().len(), 3 * number, "{method} {path} {fault:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_cloudflare_that_fails_for_good_ends_in_a_run_that_goes_on_when_cloudflare_does() {
    let (instance, cloudflare) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let mut number = 0;
    for (method, path) in CALLS {
        for (fault, expected) in [
            (Fault::Fails(403), "INTEGRATION_CLOUDFLARE_REJECTED"),
            (Fault::Fails(400), "INTEGRATION_CLOUDFLARE_REJECTED"),
            (Fault::Fails(409), "INTEGRATION_CLOUDFLARE_CONFLICT"),
            (Fault::Refused(10027), "INTEGRATION_CLOUDFLARE_REJECTED"),
        ] {
            number += 1;
            let project = begun(&instance, &owner, &organization, &format!("P {number}")).await;
            cloudflare.fault(method, path, fault, 1000);
            let runner = Runner::start(instance.platform.clone()).unwrap();
            let run = until(&instance, &owner, &project, "failed").await;
            let (name, code) = failed(&run);
            assert!(name.starts_with("deployment-"), "{method} {path}: {name}");
            assert_eq!(code, expected, "{method} {path} {fault:?}");
            cloudflare.mend();
            retried(&instance, &owner, &project).await;
            until(&instance, &owner, &project, "succeeded").await;
            runner.stop().await;
            is_whole(&cloudflare, &format!("p-{number}"));
            assert_eq!(cloudflare.names().len(), 3 * number, "{method} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_was_made_and_is_not_found_at_first_is_waited_for() {
    let (instance, cloudflare) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = begun(&instance, &owner, &organization, "Shop").await;
    cloudflare.slow(4);
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    runner.stop().await;
    is_whole(&cloudflare, "shop");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_away_at_cloudflare_is_gone_however_often_it_has_to_be_asked_for() {
    let (instance, cloudflare) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    for (number, fault) in ONCE.into_iter().enumerate() {
        let project = begun(&instance, &owner, &organization, &format!("P {number}")).await;
        until(&instance, &owner, &project, "succeeded").await;
        cloudflare.fault("DELETE", "", fault, 1);
        let path = format!("/projects/{project}?projectSlug=p-{number}");
        instance.call(&owner, "DELETE", &path, None).await.is(202);
        gone(&instance, &owner, &project).await;
        assert!(cloudflare.is_sound() && cloudflare.names().is_empty(), "{fault:?}");
    }
    // One that others use is not removed behind their backs.
    let project = begun(&instance, &owner, &organization, "Last").await;
    until(&instance, &owner, &project, "succeeded").await;
    let (name, _) = cloudflare.script("last", "staging");
    cloudflare.scripts(|all| all.get_mut(&name).unwrap().used = true);
    let path = format!("/projects/{project}?projectSlug=last");
    instance.call(&owner, "DELETE", &path, None).await.is(202);
    let run = until(&instance, &owner, &project, "failed").await;
    assert_eq!(
        failed(&run),
        (
            "remove-worker-staging".to_owned(),
            "INTEGRATION_CLOUDFLARE_REJECTED".to_owned()
        )
    );
    cloudflare.scripts(|all| all.get_mut(&name).unwrap().used = false);
    retried(&instance, &owner, &project).await;
    gone(&instance, &owner, &project).await;
    assert!(cloudflare.names().is_empty());
    runner.stop().await;
}

/// Shows 001/FR-032, 001/SC-009.
#[tokio::test(flavor = "multi_thread")]
async fn cloudflare_is_left_alone_when_it_keeps_failing_and_while_it_asks_for_it() {
    let (instance, cloudflare) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    runner.stop().await;
    let asks = |token: &'static str| {
        let (instance, owner, project) = (&instance, &owner, &project);
        async move { connect(instance, owner, project, connection(token)).await }
    };
    // Nothing goes out while it lasts, and what another token asks for does.
    let before = cloudflare.requests().len();
    cloudflare.fault("GET", "/verify", Fault::Limited(0), 1);
    for _ in 0..12 {
        let limited = asks("cf_limited")
            .await
            .fails(503, "INTEGRATION_CLOUDFLARE_RATE_LIMITED");
        let told: u64 = limited.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((200..=300).contains(&told), "{told}");
    }
    assert_eq!(cloudflare.requests().len() - before, 1);
    let before = cloudflare.requests().len();
    cloudflare.fault("GET", "/verify", Fault::Fails(502), 1000);
    // Each asks six times.
    asks(TOKEN).await.fails(504, "INTEGRATION_CLOUDFLARE_TIMEOUT");
    asks(TOKEN).await.fails(503, "INTEGRATION_CLOUDFLARE_UNAVAILABLE");
    assert_eq!(cloudflare.requests().len() - before, 10);
    for _ in 0..50 {
        asks(TOKEN).await.fails(503, "INTEGRATION_CLOUDFLARE_UNAVAILABLE");
    }
    assert_eq!(cloudflare.requests().len() - before, 10);
    cloudflare.mend();
    instance.later(TimeDelta::seconds(31));
    asks(TOKEN).await.is(201);
    let path = format!("/projects/{project}/environments");
    let matrix = instance.call(&owner, "GET", &path, None).await.is(200);
    assert_eq!(matrix.text("/integrations/0/breaker/state"), "closed");
}

/// Lets one upload through and no more; what another process does while that is on its way is done when it is asked.
#[derive(Debug)]
struct Frozen {
    other: Other,
    fate: Fate,
    asked: AtomicUsize,
}

/// Another process at the same worker.
#[derive(Clone)]
struct Other {
    at: flaresmith_runtime::providers::cloudflare::Cloudflare,
    access: Access,
    mark: Mark,
    script: Script,
    deploys: Uuid,
}

impl std::fmt::Debug for Other {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}", self.script.name)
    }
}

impl Other {
    async fn deploy(&self) -> Result<(), Failure> {
        let (access, mark, script) = (&self.access, &self.mark, &self.script);
        self.at.ensure_script(access, mark, script).await?;
        let wanted = WantedVersion {
            id: self.deploys,
            module: b"export default { fetch: () => new Response('hello') };".to_vec(),
            secrets: Vec::new(),
            variables: Vec::new(),
        };
        self.at.put_version(access, mark, script, wanted).await?;
        let version = self.at.version(access, script, self.deploys).await?.unwrap();
        self.at.deploy(access, mark, script, &version, self.deploys).await
    }
}

impl Fence for Frozen {
    fn check<'a>(&'a self, _: Option<&'a Write>) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async {
            match self.asked.fetch_add(1, Ordering::SeqCst) {
                0 if self.fate == Fate::Other => self.other.deploy().await,
                0 => Ok(()),
                _ => Err(Failure::internal("it is another process's now")),
            }
        })
    }

    fn fate<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Fate, Failure>> {
        Box::pin(async { Ok(self.fate) })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_at_cloudflare_that_comes_too_late_does_not_stay_in_front() {
    let (instance, cloudflare) = beside(false).await;
    let project = Uuid::new_v4();
    let mark = |environment: &str, fence: Arc<dyn Fence>| Mark {
        project,
        environment: environment.to_owned(),
        key: format!("{project}-cloudflareWorker-{environment}"),
        fence,
    };
    let at = instance.platform.providers.cloudflare.clone();
    let access = Access::of(project, Hidden::new(TOKEN));
    for (environment, fate) in [("dev", Fate::Other), ("staging", Fate::Nothing), ("prod", Fate::Gone)] {
        let free = mark(environment, Arc::new(Free));
        let script = at.script(ACCOUNT, "shop", &free);
        let other = Other {
            at: at.clone(),
            access: access.clone(),
            mark: free,
            script: script.clone(),
            deploys: Uuid::new_v4(),
        };
        let frozen = Frozen {
            other: other.clone(),
            fate,
            asked: AtomicUsize::new(0),
        };
        let late = at
            .ensure_script(&access, &mark(environment, Arc::new(frozen)), &script)
            .await;
        assert!(late.is_err(), "{environment}");
        // It is put right by whoever was late, and by nobody else.
        for _ in 0..200 {
            let is_right = match fate {
                Fate::Other => {
                    let wanted = at.version(&access, &script, other.deploys).await.unwrap();
                    let versions = cloudflare.scripts(|all| all[&script.name].versions.len());
                    versions == 3 && at.deployed(&access, &script).await.unwrap() == wanted
                }
                _ => !cloudflare.names().contains(&script.name),
            };
            if is_right {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        match fate {
            Fate::Other => {
                let wanted = at.version(&access, &script, other.deploys).await.unwrap();
                assert_eq!(at.deployed(&access, &script).await.unwrap(), wanted);
                // Nobody but the late upload was overwritten.
                assert_eq!(cloudflare.wrong(), [format!("{} is overwritten", script.name)]);
            }
            _ => assert!(!cloudflare.names().contains(&script.name), "{environment}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_at_cloudflare_that_comes_too_late_does_not_stay_in_front() {
    let (instance, cloudflare) = beside(false).await;
    let project = Uuid::new_v4();
    let mark = |environment: &str, fence: Arc<dyn Fence>| Mark {
        project,
        environment: environment.to_owned(),
        key: format!("{project}-cloudflareWorker-{environment}"),
        fence,
    };
    let at = instance.platform.providers.cloudflare.clone();
    let access = Access::of(project, Hidden::new(TOKEN));
    for (environment, fate) in [("dev", Fate::Other), ("staging", Fate::Kept)] {
        let free = mark(environment, Arc::new(Free));
        let script = at.script(ACCOUNT, "shop", &free);
        let other = |deploys: Uuid| Other {
            at: at.clone(),
            access: access.clone(),
            mark: free.clone(),
            script: script.clone(),
            deploys,
        };
        let (first, second) = (other(Uuid::new_v4()), other(Uuid::new_v4()));
        first.deploy().await.unwrap();
        let id = |deploys: Uuid| {
            let (at, access, script) = (at.clone(), access.clone(), script.clone());
            async move { at.version(&access, &script, deploys).await.unwrap().unwrap() }
        };
        let former = id(first.deploys).await;
        // The fence lets it through; before Cloudflare hears of it another process has deployed.
        let frozen = Frozen {
            other: second.clone(),
            fate,
            asked: AtomicUsize::new(0),
        };
        if fate == Fate::Kept {
            second.deploy().await.unwrap();
        }
        let late = at
            .deploy(
                &access,
                &mark(environment, Arc::new(frozen)),
                &script,
                &former,
                first.deploys,
            )
            .await;
        assert!(late.is_err(), "{environment}");
        let wanted = match fate {
            Fate::Other => id(second.deploys).await,
            _ => former.clone(),
        };
        for _ in 0..200 {
            if at.deployed(&access, &script).await.unwrap().as_ref() == Some(&wanted) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(
            at.deployed(&access, &script).await.unwrap(),
            Some(wanted),
            "{environment}"
        );
    }
    assert_eq!(cloudflare.wrong(), Vec::<String>::new());
}
