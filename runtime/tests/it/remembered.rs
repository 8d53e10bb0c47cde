//! What a server remembers of callers and of answers: used while it holds, and gone at once when it does not.

use std::time::Duration;

use flaresmith_api::operations::RATE_CLASSES;
use flaresmith_runtime::pipeline::rate_limit::{Asked, Subject};
use flaresmith_runtime::store::changes::BOUND;
use futures_util::future::join_all;
use sea_orm::ConnectionTrait as _;
use serde_json::json;

use crate::instance::{Answer, Instance, OWNER, PASSWORD, on_both};

/// Statements that the server has carried out.
fn statements(instance: &Instance) -> u64 {
    let text = instance
        .platform
        .metrics
        .text(instance.platform.store.connections())
        .unwrap();
    let counted = text
        .lines()
        .filter(|line| line.starts_with("store_statement_duration_seconds_count"))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
    counted.sum()
}

/// Reads until an answer takes no statement: from then on it is remembered.
async fn warm(instance: &Instance, token: &str, path: &str) -> Answer {
    for _ in 0..1200 {
        let before = statements(instance);
        let answer = instance.call(token, "GET", path, None).await.is(200);
        if statements(instance) == before {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{path} is never remembered");
}

/// Reads until it is refused.
async fn refused(instance: &Instance, token: &str, path: &str) -> Answer {
    for _ in 0..1200 {
        let answer = instance.call(token, "GET", path, None).await;
        if answer.status != 200 {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{path} is never refused");
}

#[tokio::test]
async fn who_is_removed_is_refused_by_the_next_request() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let project = instance.project(&owner, &organization, "Storefront").await;
        let member = instance.member(&owner, &organization, "m@example.com", "viewer").await;
        let path = format!("/projects/{project}");
        warm(instance, &member, &path).await;
        let me = instance.call(&member, "GET", "/auth/me", None).await.text("/user/id");
        let members = format!("/organizations/{organization}/members");
        let all = instance.call(&owner, "GET", &members, None).await.is(200);
        let items = all.body["items"].as_array().unwrap();
        let theirs = items.iter().find(|item| item.to_string().contains(&me)).unwrap();
        let id = theirs["id"].as_str().unwrap();
        warm(instance, &member, &path).await;
        instance
            .call(
                &owner,
                "PATCH",
                &format!("{members}/{id}"),
                Some(json!({"role": "maintainer"})),
            )
            .await
            .is(200);
        let role = instance.call(&member, "GET", &path, None).await.is(200).text("/role");
        assert_eq!(role, "maintainer");
        warm(instance, &member, &path).await;
        instance
            .call(&owner, "DELETE", &format!("{members}/{id}"), None)
            .await
            .is(204);
        instance
            .call(&member, "GET", &path, None)
            .await
            .fails(404, "PROJECT_NOT_FOUND");
        let list = instance.call(&member, "GET", "/projects", None).await.is(200);
        assert_eq!(list.body["items"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_session_that_ended_and_a_key_that_was_taken_back_open_nothing_from_the_next_request_on() {
    on_both(async |instance| {
        let token = instance.owner().await;
        let other = instance.owner().await;
        warm(instance, &token, "/auth/me").await;
        instance.call(&token, "POST", "/auth/sign-out", None).await.is(204);
        instance
            .call(&token, "GET", "/auth/me", None)
            .await
            .fails(401, "AUTH_TOKEN_INVALID");
        warm(instance, &other, "/auth/me").await;
        let body = json!({"reason": "it was on a screen"});
        instance
            .call(&other, "POST", "/auth/keys/invalidate", Some(body))
            .await
            .is(200);
        instance
            .call(&other, "GET", "/auth/me", None)
            .await
            .fails(401, "AUTH_TOKEN_REVOKED");
    })
    .await;
}

#[tokio::test]
async fn a_service_token_is_remembered_until_it_is_revoked_or_its_time_is_over() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let project = instance.project(&owner, &organization, "Storefront").await;
        let (path, tokens) = (
            format!("/projects/{project}"),
            format!("/projects/{project}/service-tokens"),
        );
        let make = async |body| {
            let made = instance.call(&owner, "POST", &tokens, Some(body)).await.is(201);
            (made.text("/token"), made.text("/serviceToken/id"))
        };
        let (token, id) = make(json!({"name": "one", "role": "viewer"})).await;
        warm(instance, &token, &path).await;
        instance
            .call(&owner, "DELETE", &format!("{tokens}/{id}"), None)
            .await
            .is(204);
        instance
            .call(&token, "GET", &path, None)
            .await
            .fails(401, "AUTH_TOKEN_INVALID");
        let expires = instance.platform.clock.now() + chrono::TimeDelta::days(2);
        let body = json!({"name": "two", "role": "viewer", "expiresAt": expires.to_rfc3339()});
        let (token, _) = make(body).await;
        warm(instance, &token, &path).await;
        instance.later(chrono::TimeDelta::days(3));
        instance
            .call(&token, "GET", &path, None)
            .await
            .fails(401, "AUTH_TOKEN_EXPIRED");
    })
    .await;
}

#[tokio::test]
async fn who_writes_reads_what_was_written_with_its_version() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let project = instance.project(&owner, &organization, "Storefront").await;
        let path = format!("/projects/{project}");
        for number in 0..20 {
            let before = warm(instance, &owner, &path).await;
            warm(instance, &owner, "/projects").await;
            let name = format!("Storefront {number}");
            let changed = instance
                .call(&owner, "PATCH", &path, Some(json!({ "name": name })))
                .await
                .is(200);
            let after = instance.call(&owner, "GET", &path, None).await.is(200);
            assert_eq!(after.text("/name"), name);
            assert_eq!(after.headers["etag"], changed.headers["etag"]);
            assert_ne!(after.headers["etag"], before.headers["etag"]);
            let list = instance.call(&owner, "GET", "/projects", None).await.is(200);
            assert_eq!(list.text("/items/0/name"), name);
        }
    })
    .await;
}

#[tokio::test]
async fn a_remembered_answer_has_the_headers_of_its_own_request_and_is_for_its_caller_alone() {
    let instance = Instance::sqlite().await;
    let (organization, owner) = instance.organization("Northwind").await;
    instance.project(&owner, &organization, "Storefront").await;
    let stranger = instance.member(&owner, &organization, "m@example.com", "viewer").await;
    let one = warm(&instance, &owner, "/auth/me").await;
    let other = warm(&instance, &owner, "/auth/me").await;
    assert_ne!(one.headers["x-request-id"], other.headers["x-request-id"]);
    assert_eq!(other.headers["content-type"], "application/json");
    assert_eq!(one.headers.len(), other.headers.len());
    let theirs = warm(&instance, &stranger, "/auth/me").await;
    assert_ne!(theirs.text("/user/id"), one.text("/user/id"));
}

#[tokio::test]
async fn what_another_process_changes_is_seen() {
    let one = Instance::postgres().await;
    let other = one.again().await;
    let (organization, owner) = one.organization("Northwind").await;
    let project = one.project(&owner, &organization, "Storefront").await;
    let path = format!("/projects/{project}");
    let signed_in = one.sign_in(OWNER, PASSWORD).await.text("/accessToken");
    warm(&other, &signed_in, &path).await;
    one.call(&owner, "PATCH", &path, Some(json!({"name": "Other"})))
        .await
        .is(200);
    for _ in 0..1200 {
        if other.call(&signed_in, "GET", &path, None).await.is(200).text("/name") == "Other" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(warm(&other, &signed_in, &path).await.text("/name"), "Other");
    one.call(&signed_in, "POST", "/auth/sign-out", None).await.is(204);
    refused(&other, &signed_in, &path)
        .await
        .fails(401, "AUTH_TOKEN_INVALID");
}

#[tokio::test]
async fn a_process_that_hears_nothing_of_others_believes_nothing() {
    let one = Instance::postgres().await;
    let other = one.again().await;
    let owner = one.owner().await;
    let signed_in = one.owner().await;
    warm(&other, &signed_in, "/auth/me").await;
    // The connections that hear of changes end.
    let write = one.platform.store.begin().await.unwrap();
    let deaf = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    write.execute_unprepared(deaf).await.unwrap();
    write.commit().await.unwrap();
    one.call(&signed_in, "POST", "/auth/sign-out", None).await.is(204);
    tokio::time::sleep(BOUND).await;
    other
        .call(&signed_in, "GET", "/auth/me", None)
        .await
        .fails(401, "AUTH_TOKEN_INVALID");
    // It listens again.
    warm(&other, &owner, "/auth/me").await;
}

#[tokio::test]
async fn what_somebody_writes_into_the_file_by_hand_is_seen() {
    let instance = Instance::sqlite().await;
    let other = instance.again().await;
    let token = instance.owner().await;
    let name = |answer: Answer| answer.text("/user/name");
    warm(&other, &token, "/auth/me").await;
    instance
        .call(&token, "PATCH", "/auth/me", Some(json!({"name": "Ada"})))
        .await
        .is(200);
    for _ in 0..1200 {
        if name(other.call(&token, "GET", "/auth/me", None).await.is(200)) == "Ada" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it is never seen");
}

#[tokio::test]
async fn a_bucket_that_is_asked_often_takes_few_statements_and_gives_no_more_than_it_has() {
    let one = Instance::limited_on_postgres().await;
    let other = one.again_limited().await;
    let class = RATE_CLASSES.iter().find(|class| class.name == "read").unwrap();
    let asked = Asked {
        class: Some(class),
        caller: Some(Subject::User(uuid::Uuid::from_u128(1))),
        project: None,
        network: None,
    };
    let before = statements(&one) + statements(&other);
    let began = one.platform.clock.now();
    let mut granted = 0;
    for _ in 0..60 {
        let calls = [&one, &other, &one, &other].map(|process| process.platform.limiter.take(&asked));
        let taken = join_all(calls).await;
        granted += taken.iter().filter(|taken| taken.refused.is_none()).count();
    }
    // A token comes back each second.
    let back = (one.platform.clock.now() - began).num_seconds() as usize + 1;
    assert!((100..=120 + back).contains(&granted), "{granted} in {back} s");
    let made = statements(&one) + statements(&other) - before;
    assert!(made < 120, "{made} statements for 240 calls");
}
