//! Incidents: begun and ended by health checks of the real worker and the real database, listed, and in the way of promotions.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use flaresmith_api::types::{EnvironmentMatrix, Incident, IncidentPage};
use flaresmith_runtime::settings::Database;
use flaresmith_store::entities::{circuit_breakers, incidents};
use flaresmith_store::enums::{BreakerState, IncidentKind, IncidentState, Provider, Severity};
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, ConnectionTrait as _};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::deployments::{Shop, with_workerd};
use crate::instance::Instance;

/// A worker that answers well for a while, and then no more.
const FAILS: &str = "let since;\nexport default { fetch() {\n  since ??= Date.now();\n  \
    return new Response('x', { status: Date.now() - since > 6000 ? 500 : 200 });\n} };\n";

/// The only incident, once it is in a state.
async fn incident(shop: &Shop<'_>, state: &str) -> Value {
    let mut last = Value::Null;
    for _ in 0..1200 {
        let page = shop.get("incidents").await.fits::<IncidentPage>();
        let items = page.body["items"].as_array().unwrap().clone();
        assert!(items.len() < 2, "{items:?}");
        if let Some(found) = items.into_iter().next() {
            if found["state"] == state {
                return found;
            }
            last = found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no incident is {state}: {last} {:?}", shop.files.instance.logged());
}

pub(crate) async fn looked_at_often(shop: &Shop<'_>) {
    let path = format!("/projects/{}", shop.files.id);
    let instance = shop.files.instance;
    let version = instance.call(&shop.files.token, "GET", &path, None).await.is(200);
    let bearer = format!("Bearer {}", shop.files.token);
    let tag = version.headers["etag"].to_str().unwrap().to_owned();
    let headers = [("authorization", bearer.as_str()), ("if-match", tag.as_str())];
    let body = json!({"settings": {"healthCheckSeconds": 10}});
    instance.send("PATCH", &path, &headers, Some(body)).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_stops_answering_is_an_incident_until_a_better_one_answers() {
    let instance = &Instance::set(with_workerd).await;
    let mut shop = Shop::new(instance).await;
    looked_at_often(&shop).await;
    let commit = shop.commit(&[("worker.js", FAILS)]).await;
    shop.deploy("dev", &commit).await;
    let found = incident(&shop, "open").await;
    assert_eq!(
        (&found["kind"], &found["severity"]),
        (&json!("apiDown"), &json!("error"))
    );
    assert_eq!(found["environmentId"], shop.environments["dev"]);
    assert!(
        found["detectedAt"].as_str() < found["createdAt"].as_str(),
        "the first sign: {found}"
    );
    let refused = shop.act("dev", "promote", json!({"to": "staging"})).await;
    let refused = refused.fails(409, "ENV_PROMOTION_UNHEALTHY");
    assert_eq!(refused.text("/error/details/incidentId"), found["id"]);
    let matrix = shop.get("environments").await.fits::<EnvironmentMatrix>();
    assert_eq!(matrix.body.pointer("/environments/0/healthy"), Some(&json!(false)));
    assert!(matrix.body["errorBudget"]["spentSeconds"].as_f64().unwrap() > 0.0);

    let good = shop.saying("good").await;
    shop.deploy("dev", &good).await;
    let ended = incident(&shop, "resolved").await;
    assert!(ended["downtimeSeconds"].as_f64().unwrap() > 0.0 && ended["resolvedAt"].is_string());
    let one = shop
        .get(&format!("incidents/{}", ended["id"].as_str().unwrap()))
        .await
        .fits::<Incident>();
    assert_eq!(one.body, ended);
    shop.act("dev", "promote", json!({"to": "staging"}))
        .await
        .fails(409, "ENV_PROMOTION_UNTESTED");
    shop.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_takes_no_connections_is_an_incident_until_it_does() {
    let instance = &Instance::set_on_postgres(with_workerd).await;
    let mut shop = Shop::new(instance).await;
    looked_at_often(&shop).await;
    let good = shop.saying("good").await;
    shop.deploy("dev", &good).await;
    let Database::Postgres(_) = &instance.platform.settings.database else {
        panic!("it is a Postgres");
    };
    let name = format!("fs_{}_dev", shop.files.id.replace('-', ""));
    let store = instance.platform.store.read();
    let allow = |whether: bool| format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {whether}");
    store.execute_unprepared(&allow(false)).await.unwrap();
    let found = incident(&shop, "open").await;
    assert_eq!(found["kind"], "databaseDown");
    store.execute_unprepared(&allow(true)).await.unwrap();
    incident(&shop, "resolved").await;
    shop.end().await;
}

fn past(project: &str, hours: i64, state: IncidentState) -> incidents::ActiveModel {
    let at = Utc::now() - TimeDelta::hours(hours);
    incidents::ActiveModel {
        id: Set(Uuid::new_v4()),
        project_id: Set(project.parse().unwrap()),
        environment_id: Set(None),
        kind: Set(IncidentKind::ProviderOutage),
        state: Set(state),
        severity: Set(Severity::Error),
        summary: Set(format!("{hours} hours ago")),
        failover_branch_id: Set(None),
        lost_window_seconds: Set(None),
        downtime_seconds: Set(Some(1.0)),
        detected_at: Set(at),
        mitigated_at: Set(None),
        resolved_at: Set((state == IncidentState::Resolved).then_some(at)),
        created_at: Set(at),
        updated_at: Set(at),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_are_listed_newest_first_by_state_and_day_and_those_of_others_are_not_there() {
    crate::instance::on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let project = instance.project(&owner, &organization, "Shop").await;
        let other = instance.project(&owner, &organization, "Other").await;
        let write = instance.platform.store.begin().await.unwrap();
        let mut ids = Vec::new();
        for (of, hours, state) in [
            (&project, 1, IncidentState::Open),
            (&project, 100, IncidentState::Resolved),
            (&other, 2, IncidentState::Open),
        ] {
            ids.push(past(of, hours, state).insert(&*write).await.unwrap().id);
        }
        write.commit().await.unwrap();
        let listed = async |query: &str| {
            let path = format!("/projects/{project}/incidents{query}");
            let page = instance
                .call(&owner, "GET", &path, None)
                .await
                .is(200)
                .fits::<IncidentPage>();
            let items = page.body["items"].as_array().unwrap().iter();
            items
                .map(|item| item["summary"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(listed("").await, ["1 hours ago", "100 hours ago"]);
        assert_eq!(listed("?limit=1").await, ["1 hours ago"]);
        assert_eq!(listed("?state=resolved").await, ["100 hours ago"]);
        let day = (Utc::now() - TimeDelta::hours(48)).format("%Y-%m-%d");
        assert_eq!(listed(&format!("?since={day}")).await, ["1 hours ago"]);
        let path = format!("/projects/{project}/incidents/{}", ids[2]);
        instance
            .call(&owner, "GET", &path, None)
            .await
            .fails(404, "INCIDENT_NOT_FOUND");
    })
    .await;
}

/// Shows 001/FR-032.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_promoted_while_a_breaker_is_open() {
    let instance = &Instance::set(with_workerd).await;
    let mut shop = Shop::new(instance).await;
    let good = shop.saying("good").await;
    shop.deploy("dev", &good).await;
    let now = Utc::now();
    let breaker = circuit_breakers::ActiveModel {
        id: Set(Uuid::new_v4()),
        project_id: Set(Some(shop.files.id.parse().unwrap())),
        provider: Set(Provider::Neon),
        state: Set(BreakerState::Open),
        failure_count: Set(10),
        window_started_at: Set(Some(now)),
        opened_at: Set(Some(now)),
        half_open_at: Set(Some(now + TimeDelta::minutes(5))),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let write = instance.platform.store.begin().await.unwrap();
    breaker.insert(&*write).await.unwrap();
    write.commit().await.unwrap();
    let promote = async || shop.act("dev", "promote", json!({"to": "staging"})).await;
    let refused = promote().await.fails(503, "INTEGRATION_NEON_UNAVAILABLE");
    assert_eq!(refused.text("/error/details/breakerState"), "open");
    instance.later(TimeDelta::minutes(6));
    promote().await.fails(409, "ENV_PROMOTION_UNTESTED");
    shop.end().await;
}
