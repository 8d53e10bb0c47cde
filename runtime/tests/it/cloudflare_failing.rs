//! Calls of Cloudflare that fail: once, for good, again and again, and what takes its time.

use chrono::TimeDelta;
use flaresmith_runtime::provisioning::Runner;

use crate::cloudflare::Fault;
use crate::cloudflare_projects::{TOKEN, begun, beside, connect, connection, is_whole};
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
