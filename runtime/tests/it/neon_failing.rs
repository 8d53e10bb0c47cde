//! Calls of Neon that fail: once, for good, again and again, and what takes its time.

use chrono::TimeDelta;
use flaresmith_runtime::provisioning::Runner;

use crate::neon::Fault;
use crate::neon_projects::{KEY, begun, beside, connect, connection, failed, gone, is_whole, retried};
use crate::provisioning::until;

/// Every call that making a project makes of Neon, and the step that it is of.
const CALLS: [(&str, &str, &str); 8] = [
    ("GET", "/api/v2/projects", "neon-project"),
    ("POST", "/api/v2/projects", "neon-project"),
    ("GET", "/operations/", "neon-project"),
    ("GET", "/branches", "database-"),
    ("POST", "/branches", "database-"),
    ("GET", "/endpoints", "database-"),
    ("GET", "/connection_uri", "database-"),
    ("POST", "/reset_password", "database-"),
];

/// Shows 001/FR-021, 001/FR-032.
#[tokio::test(flavor = "multi_thread")]
async fn calls_of_neon_that_fail_once_each_way_converge_and_nothing_is_made_twice() {
    let (instance, neon) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let faults = [
        Fault::Fails(500),
        Fault::Fails(503),
        Fault::Fails(423),
        Fault::Lost,
        Fault::Limited(1),
    ];
    let mut number = 0;
    for (method, path, _) in CALLS {
        for fault in faults {
            number += 1;
            let project = begun(&instance, &owner, &organization, &format!("P {number}")).await;
            // The key was checked by now; what fails is the run.
            neon.fault(method, path, fault, 1);
            let runner = Runner::start(instance.platform.clone()).unwrap();
            until(&instance, &owner, &project, "succeeded").await;
            runner.stop().await;
            assert!(neon.is_sound(), "nobody calls {method} {path}");
            is_whole(&neon);
            assert_eq!(neon.projects(|all| all.len()), number, "{method} {path} {fault:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_neon_that_fails_for_good_ends_in_a_run_that_goes_on_when_neon_does() {
    let (instance, neon) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    for (number, (method, path, step)) in CALLS.into_iter().enumerate() {
        let project = begun(&instance, &owner, &organization, &format!("P {number}")).await;
        neon.fault(method, path, Fault::Fails(422), 1000);
        let runner = Runner::start(instance.platform.clone()).unwrap();
        let run = until(&instance, &owner, &project, "failed").await;
        let (name, code) = failed(&run);
        assert!(name.starts_with(step), "{method} {path}: {name}");
        assert_eq!(code, "INTEGRATION_NEON_REJECTED", "{method} {path}");
        neon.mend();
        retried(&instance, &owner, &project).await;
        until(&instance, &owner, &project, "succeeded").await;
        runner.stop().await;
        is_whole(&neon);
        assert_eq!(neon.projects(|all| all.len()), number + 1, "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_neon_began_is_waited_for_and_a_project_that_others_hold_too() {
    let (instance, neon) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = begun(&instance, &owner, &organization, "Shop").await;
    neon.slow(4);
    // Longer than what passes is tried again for.
    neon.fault("POST", "/branches", Fault::Fails(423), 12);
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    assert!(neon.is_sound());
    is_whole(&neon);

    // One that comes to no good end is told, and the run goes on with what there is.
    let another = begun(&instance, &owner, &organization, "Another").await;
    neon.failing("create_branch");
    let run = until(&instance, &owner, &another, "failed").await;
    assert_eq!(
        failed(&run),
        ("database-dev".to_owned(), "INTEGRATION_NEON_REJECTED".to_owned())
    );
    neon.mend();
    // Who made the branch meanwhile gave it no compute.
    neon.projects(|all| all.last_mut().unwrap().branches[1].computes = 0);
    // What begins with a branch that is protected has a password of its own already.
    neon.projects(|all| all.last_mut().unwrap().branches[0].protected = true);
    let changed = || {
        neon.requests()
            .iter()
            .filter(|line| line.ends_with("/reset_password"))
            .count()
    };
    let before = changed();
    neon.fault("POST", "/endpoints", Fault::Lost, 1);
    retried(&instance, &owner, &another).await;
    until(&instance, &owner, &another, "succeeded").await;
    assert!(neon.is_sound());
    is_whole(&neon);
    assert_eq!(changed() - before, 1);
    runner.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_away_at_neon_is_gone_however_often_it_has_to_be_asked_for() {
    let (instance, neon) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    let faults = [
        Fault::Fails(500),
        Fault::Fails(503),
        Fault::Fails(423),
        Fault::Lost,
        Fault::Limited(1),
    ];
    let mut number = 0;
    for part in ["/branches/", "/api/v2/projects"] {
        for fault in faults {
            number += 1;
            let project = begun(&instance, &owner, &organization, &format!("P {number}")).await;
            until(&instance, &owner, &project, "succeeded").await;
            neon.slow(1);
            neon.fault("DELETE", part, fault, 1);
            let path = format!("/projects/{project}?projectSlug=p-{number}");
            instance.call(&owner, "DELETE", &path, None).await.is(202);
            gone(&instance, &owner, &project).await;
            assert!(
                neon.is_sound() && neon.projects(|all| all.is_empty()),
                "{part} {fault:?}"
            );
            neon.mend();
        }
    }
    // One that is protected there is not removed behind the back of whoever did that.
    let project = begun(&instance, &owner, &organization, "Last").await;
    until(&instance, &owner, &project, "succeeded").await;
    neon.projects(|all| all[0].branches[2].protected = true);
    let path = format!("/projects/{project}?projectSlug=last");
    instance.call(&owner, "DELETE", &path, None).await.is(202);
    let run = until(&instance, &owner, &project, "failed").await;
    assert_eq!(
        failed(&run),
        (
            "remove-database-staging".to_owned(),
            "INTEGRATION_NEON_REJECTED".to_owned()
        )
    );
    neon.projects(|all| {
        all[0].branches[2].protected = false;
        all[0].branches[0].protected = true;
    });
    retried(&instance, &owner, &project).await;
    let run = until(&instance, &owner, &project, "failed").await;
    assert_eq!(failed(&run).0, "remove-neon-project");
    neon.projects(|all| all[0].branches[0].protected = false);
    retried(&instance, &owner, &project).await;
    gone(&instance, &owner, &project).await;
    assert!(neon.projects(|all| all.is_empty()));
    runner.stop().await;
}

/// Shows 001/FR-032, 001/SC-009.
#[tokio::test(flavor = "multi_thread")]
async fn neon_is_left_alone_when_it_keeps_failing_and_a_lock_or_a_limit_is_no_failure() {
    let (instance, neon) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    runner.stop().await;
    let asks = || async { connect(&instance, &owner, &project, connection(KEY)).await };
    let before = neon.requests().len();
    for _ in 0..12 {
        neon.fault("GET", "/auth", Fault::Limited(7), 1);
        let limited = asks().await.fails(503, "INTEGRATION_NEON_RATE_LIMITED");
        assert_eq!(limited.headers["retry-after"], "7");
    }
    assert_eq!(neon.requests().len() - before, 12);
    let before = neon.requests().len();
    neon.fault("GET", "/auth", Fault::Fails(502), 1000);
    // Each asks six times.
    asks().await.fails(504, "INTEGRATION_NEON_TIMEOUT");
    asks().await.fails(503, "INTEGRATION_NEON_UNAVAILABLE");
    assert_eq!(neon.requests().len() - before, 10);
    for _ in 0..50 {
        asks().await.fails(503, "INTEGRATION_NEON_UNAVAILABLE");
    }
    assert_eq!(neon.requests().len() - before, 10);
    neon.mend();
    instance.later(TimeDelta::seconds(31));
    asks().await.is(201);
    let path = format!("/projects/{project}/environments");
    let matrix = instance.call(&owner, "GET", &path, None).await.is(200);
    assert_eq!(matrix.text("/integrations/0/breaker/state"), "closed");
}
