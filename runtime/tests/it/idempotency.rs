//! Requests that are repeated under an `Idempotency-Key`.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Request;
use chrono::TimeDelta;
use futures_util::stream;
use serde_json::{Value, json};

use tokio::sync::oneshot;
use tower::ServiceExt as _;

use crate::instance::{Answer, Instance, on_both};

async fn make(instance: &Instance, token: &str, key: &str, body: Value) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
    instance.send("POST", "/organizations", &headers, Some(body)).await
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_and_another_request_under_its_key_is_refused() {
    on_both(async |instance| {
        let owner = instance.owner().await;
        let body = json!({"name": "Northwind"});
        let first = make(instance, &owner, "key-00000001", body.clone()).await.is(201);
        let again = make(instance, &owner, "\"key-00000001\"", body.clone()).await.is(201);
        assert_eq!(first.body, again.body);
        assert_eq!(first.headers.get("location"), again.headers.get("location"));
        assert_eq!(again.headers.get("idempotency-replayed").unwrap(), "true");
        assert_eq!(instance.kept("organizations.createOrganization").await.len(), 1);
        let other = make(instance, &owner, "key-00000001", json!({"name": "Other"})).await;
        assert_eq!(other.text("/error/code"), "IDEMPOTENCY_KEY_REUSED");
        let bearer = format!("Bearer {owner}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("idempotency-key", "key-00000001"),
            ("if-match", "\"a\""),
        ];
        let other = instance
            .send("POST", "/organizations", &headers, Some(body.clone()))
            .await;
        assert_eq!(other.text("/error/code"), "IDEMPOTENCY_KEY_REUSED");
        // What did nothing leaves the key free.
        make(instance, &owner, "key-00000002", body.clone())
            .await
            .fails(409, "ORGANIZATION_SLUG_TAKEN");
        make(instance, &owner, "key-00000002", json!({"name": "Free"}))
            .await
            .is(201);
        instance.later(TimeDelta::hours(25));
        let owner = instance.owner().await;
        make(instance, &owner, "key-00000001", body)
            .await
            .fails(409, "ORGANIZATION_SLUG_TAKEN");
    })
    .await;
}

#[tokio::test]
async fn of_many_repeats_at_once_one_is_carried_out() {
    on_both(async |instance| {
        let owner = instance.owner().await;
        let many = (0..8).map(|_| make(instance, &owner, "key-00000003", json!({"name": "Once"})));
        let answers = futures_util::future::join_all(many).await;
        assert!(answers.iter().any(|answer| answer.status == 201));
        for answer in &answers {
            let busy = answer.body.pointer("/error/code") == Some(&json!("IDEMPOTENCY_IN_PROGRESS"));
            assert!(answer.status == 201 || busy, "{answer:?}");
        }
        let list = instance.call(&owner, "GET", "/organizations", None).await.is(200);
        assert_eq!(list.body.pointer("/items").unwrap().as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn the_keys_of_two_callers_are_two_keys() {
    let instance = Instance::sqlite().await;
    let (organization, owner) = instance.organization("Northwind").await;
    let other = instance.member(&owner, &organization, "o@example.com", "viewer").await;
    make(&instance, &owner, "key-00000004", json!({"name": "One"}))
        .await
        .is(201);
    make(&instance, &other, "key-00000004", json!({"name": "Two"}))
        .await
        .is(201);
}

#[tokio::test]
async fn a_request_whose_caller_hangs_up_is_carried_out_once_and_kept() {
    on_both(async |instance| {
        let owner = instance.owner().await;
        let text = json!({"name": "Once"}).to_string();
        let (reached, is_read) = oneshot::channel();
        let (rest, awaited) = oneshot::channel::<()>();
        let sent = Bytes::from(text);
        let body = stream::once(async move {
            let _ = reached.send(());
            let _ = awaited.await;
            Ok::<_, Infallible>(sent)
        });
        let request = Request::post("/organizations")
            .header("authorization", format!("Bearer {owner}"))
            .header("idempotency-key", "key-00000005")
            .header("content-type", "application/json")
            .body(Body::from_stream(body))
            .unwrap();
        let mut sending = Box::pin(instance.router.clone().oneshot(request));
        tokio::select! {
            answer = &mut sending => panic!("{answer:?}"),
            read = is_read => read.unwrap(),
        }
        drop(sending);
        let _ = rest.send(());
        let mut made = false;
        for _ in 0..500 {
            let list = instance.call(&owner, "GET", "/organizations", None).await.is(200);
            made = list.body.pointer("/items/1").is_some();
            if made {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(made, "the request ended with its caller");
        let again = loop {
            let answer = make(instance, &owner, "key-00000005", json!({"name": "Once"})).await;
            if answer.body.pointer("/error/code") != Some(&json!("IDEMPOTENCY_IN_PROGRESS")) {
                break answer.is(201);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert_eq!(again.headers.get("idempotency-replayed").unwrap(), "true");
        let list = instance.call(&owner, "GET", "/organizations", None).await.is(200);
        assert!(list.body.pointer("/items/2").is_none(), "{list:?}");
    })
    .await;
}
