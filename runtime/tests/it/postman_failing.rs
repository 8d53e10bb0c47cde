//! Calls of Postman that fail: once, for good, again and again.

use std::time::Duration;

use chrono::TimeDelta;
use flaresmith_runtime::provisioning::Runner;
use flaresmith_store::entities::resource_records;
use flaresmith_store::enums::ResourceKind;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use crate::instance::Instance;
use crate::neon_projects::{failed, gone, retried};
use crate::postman::{Element, Fault, Postman};
use crate::postman_projects::{KEY, begun, beside, connect, connection, is_whole};
use crate::provisioning::until;

/// Every call that making a project makes of Postman, and the step that it is of.
const CALLS: [(&str, &str, &str); 5] = [
    ("GET", "/workspaces", "postman-workspace"),
    ("POST", "/workspaces", "postman-workspace"),
    ("GET", "/workspaces/", "postman-base"),
    ("POST", "/collections", "postman-base"),
    ("POST", "/environments", "postman-collection-dev"),
];

/// Makes sure that collections are kept by what answers call them by, however they were found: what was made too late is told by that from
/// what stands.
async fn is_kept_by_its_name(instance: &Instance, postman: &Postman, project: &str) {
    let records = resource_records::Entity::find()
        .filter(resource_records::Column::ProjectId.eq(Uuid::parse_str(project).unwrap()))
        .filter(resource_records::Column::Resource.eq(ResourceKind::PostmanCollection))
        .all(instance.platform.store.read())
        .await
        .unwrap();
    let names = postman.elements(|all| all.iter().map(Element::uid).collect::<Vec<_>>());
    assert_eq!(records.len(), 4);
    for record in records {
        let kept = record.external_id.unwrap();
        assert!(names.contains(&kept), "{kept}");
    }
}

/// Shows 001/FR-006, 001/FR-021, 001/FR-032.
#[tokio::test(flavor = "multi_thread")]
async fn calls_of_postman_that_fail_once_each_way_converge_and_nothing_is_made_twice() {
    let (instance, postman) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let faults = [
        Fault::Fails(500),
        Fault::Fails(503),
        Fault::Lost,
        Fault::Limited(1),
        Fault::LimitedOtherwise(1),
    ];
    let mut number = 0;
    for (method, path, _) in CALLS {
        for fault in faults {
            number += 1;
            let name = format!("P {number}");
            let project = begun(&instance, &owner, &organization, &name).await;
            // The key was checked by now; what fails is the run.
            postman.fault(method, path, fault, 1);
            // What was made and not answered may not be shown at once. Before it is made one look finds nothing anyway.
            postman.late(2 * usize::from(path == "/collections"));
            let runner = Runner::start(instance.platform.clone()).unwrap();
            until(&instance, &owner, &project, "succeeded").await;
            runner.stop().await;
            assert!(postman.is_sound(), "nobody calls {method} {path}");
            is_whole(&postman, &name);
            is_kept_by_its_name(&instance, &postman, &project).await;
            assert_eq!(postman.workspaces(|all| all.len()), number, "{method} {path} {fault:?}");
            assert_eq!(
                postman.elements(|all| all.len()),
                number * 7,
                "{method} {path} {fault:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_postman_that_fails_for_good_ends_in_a_run_that_goes_on_when_postman_does() {
    let (instance, postman) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let mut number = 0;
    for (method, path, step) in CALLS {
        for fault in [Fault::Fails(403), Fault::Exhausted] {
            number += 1;
            let name = format!("P {number}");
            let project = begun(&instance, &owner, &organization, &name).await;
            postman.fault(method, path, fault, 1000);
            let before = postman.requests().len();
            let runner = Runner::start(instance.platform.clone()).unwrap();
            let run = until(&instance, &owner, &project, "failed").await;
            let (failing, code) = failed(&run);
            assert_eq!(failing, step, "{method} {path}");
            assert_eq!(code, "INTEGRATION_POSTMAN_REJECTED", "{method} {path}");
            // What is refused for good is not asked for again.
            let asked = postman.requests().split_off(before);
            let refused = asked.iter().filter(|line| **line == format!("{method} {path}")).count();
            assert!(refused <= 1, "{asked:?}");
            postman.mend();
            retried(&instance, &owner, &project).await;
            until(&instance, &owner, &project, "succeeded").await;
            runner.stop().await;
            is_whole(&postman, &name);
            assert_eq!(postman.workspaces(|all| all.len()), number, "{method} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_away_at_postman_is_gone_however_often_it_has_to_be_asked_for() {
    let (instance, postman) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    let faults = [Fault::Fails(500), Fault::Fails(503), Fault::Lost, Fault::Limited(1)];
    let mut number = 0;
    for part in ["/collections/", "/environments/", "/workspaces/"] {
        for fault in faults {
            number += 1;
            let project = begun(&instance, &owner, &organization, &format!("P {number}")).await;
            until(&instance, &owner, &project, "succeeded").await;
            postman.fault("DELETE", part, fault, 1);
            let path = format!("/projects/{project}?projectSlug=p-{number}");
            instance.call(&owner, "DELETE", &path, None).await.is(202);
            gone(&instance, &owner, &project).await;
            assert!(postman.is_sound(), "{part} {fault:?}");
            assert_eq!(postman.workspaces(|all| all.len()), 0, "{part} {fault:?}");
            assert_eq!(postman.elements(|all| all.len()), 0, "{part} {fault:?}");
        }
    }
    assert_eq!(postman.wrong(), Vec::<String>::new());
    runner.stop().await;
}

/// Ids are everybody's there, and stay taken by what was removed.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_removed_there_is_told_and_made_anew_by_whoever_connects_again() {
    let (instance, postman) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = begun(&instance, &owner, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    postman.elements(|all| all.retain(|one| one.name() != "CloudMake Base - Shop"));
    // Another process looks at everything anew.
    runner.stop().await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    let path = format!("/projects/{project}/integrations/postman");
    let mut told = String::new();
    for _ in 0..1200 {
        let shown = instance.call(&owner, "GET", &path, None).await.is(200);
        told = shown.body["integration"]["lastErrorCode"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        if !told.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(told, "INTEGRATION_POSTMAN_REJECTED");
    assert_eq!(postman.names("collections").len(), 3);
    instance.call(&owner, "DELETE", &path, None).await.is(204);
    connect(&instance, &owner, &project, connection(KEY)).await.is(201);
    until(&instance, &owner, &project, "succeeded").await;
    is_whole(&postman, "Shop");
    runner.stop().await;
}

/// Shows 001/FR-032, 001/SC-009.
#[tokio::test(flavor = "multi_thread")]
async fn postman_is_left_alone_when_it_keeps_failing_and_a_limit_is_no_failure() {
    let (instance, postman) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    runner.stop().await;
    let asks = || async { connect(&instance, &owner, &project, connection(KEY)).await };
    let before = postman.requests().len();
    for _ in 0..12 {
        postman.fault("GET", "/me", Fault::Limited(7), 1);
        let limited = asks().await.fails(503, "INTEGRATION_POSTMAN_RATE_LIMITED");
        assert_eq!(limited.headers["retry-after"], "7");
    }
    assert_eq!(postman.requests().len() - before, 12);
    let before = postman.requests().len();
    postman.fault("GET", "/me", Fault::Fails(502), 1000);
    // Each asks six times.
    asks().await.fails(504, "INTEGRATION_POSTMAN_TIMEOUT");
    asks().await.fails(503, "INTEGRATION_POSTMAN_UNAVAILABLE");
    assert_eq!(postman.requests().len() - before, 10);
    for _ in 0..50 {
        asks().await.fails(503, "INTEGRATION_POSTMAN_UNAVAILABLE");
    }
    assert_eq!(postman.requests().len() - before, 10);
    postman.mend();
    instance.later(TimeDelta::seconds(31));
    asks().await.is(201);
}
