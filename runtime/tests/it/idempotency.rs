//! Requests that are repeated under an `Idempotency-Key`.

use chrono::TimeDelta;
use serde_json::{Value, json};

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
        let other = make(instance, &owner, "key-00000001", json!({"name": "Other"})).await;
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
