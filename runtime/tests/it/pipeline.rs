//! What happens to every request around its handler.

use axum::body::Body;
use axum::http::Request;
use flaresmith_api::operations::OPERATIONS;
use serde_json::json;

use crate::instance::{Instance, OWNER, on_both};

#[tokio::test]
async fn a_character_that_one_store_cannot_keep_is_refused_in_front_of_both() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let body = json!({"name": "a\0b", "slug": "ab"});
        let answer = instance.call(&owner, "POST", "/organizations", Some(body)).await;
        assert_eq!(
            answer
                .fails(400, "REQUEST_VALIDATION_FAILED")
                .text("/error/details/violations/0/pointer"),
            "/name"
        );
        for path in [
            "/users?name=a%00".to_owned(),
            format!("/organizations/{organization}?a=%00"),
        ] {
            let answer = instance.call(&owner, "GET", &path, None).await;
            answer.fails(400, "REQUEST_VALIDATION_FAILED");
        }
        // The letters that spell it are no such character.
        let body = json!({"name": "a\\u0000b", "slug": "ab"});
        instance
            .call(&owner, "POST", "/organizations", Some(body))
            .await
            .is(201);
    })
    .await;
}

/// Shows 001/FR-020.
#[tokio::test]
async fn every_operation_of_the_contract_is_routed_and_asks_who_calls() {
    let instance = Instance::sqlite().await;
    assert!(OPERATIONS.len() > 100, "{}", OPERATIONS.len());
    for operation in OPERATIONS.iter().filter(|operation| !operation.public) {
        let path = operation.path.replace(['{', '}'], "");
        let answer = instance.send(operation.method, &path, &[], None).await;
        answer.fails(401, "AUTH_TOKEN_MISSING");
    }
}

#[tokio::test]
async fn whatever_fails_is_answered_in_the_envelope() {
    let instance = Instance::sqlite().await;
    let get = async |method: &str, path: &str| instance.send(method, path, &[], None).await;
    get("GET", "/nowhere").await.fails(404, "REQUEST_ROUTE_UNKNOWN");
    let answer = get("DELETE", "/projects")
        .await
        .fails(405, "REQUEST_METHOD_NOT_ALLOWED");
    assert!(answer.headers.get("allow").is_some());
    let token = instance.owner().await;
    let answer = instance.call(&token, "GET", "/auth/me", None).await.is(200);
    assert!(answer.headers.get("x-request-id").is_some());

    let large = "a".repeat(2 << 20);
    let body = json!({"email": OWNER, "password": large});
    instance
        .send("POST", "/auth/sign-in", &[], Some(body))
        .await
        .fails(413, "REQUEST_PAYLOAD_TOO_LARGE");
    let broken = Request::post("/auth/sign-in")
        .header("content-type", "application/json")
        .body(Body::from("{"))
        .unwrap();
    instance.answer(broken).await.fails(400, "REQUEST_MALFORMED");
    let other = Request::post("/auth/sign-in")
        .header("content-type", "text/csv")
        .body(Body::from("a"))
        .unwrap();
    instance
        .answer(other)
        .await
        .fails(415, "REQUEST_MEDIA_TYPE_UNSUPPORTED");
    let answer = instance
        .send("POST", "/auth/sign-in", &[], Some(json!({"email": 1})))
        .await;
    let answer = answer.fails(400, "REQUEST_VALIDATION_FAILED");
    assert!(
        answer.body.pointer("/error/details/violations/1").is_some(),
        "{answer:?}"
    );
}

/// Shows 001/FR-017.
#[tokio::test]
async fn callers_name_their_requests_and_get_the_name_back() {
    let instance = Instance::sqlite().await;
    let id = "7b1c1f1e-6c0b-4d4e-9a52-0c8a3c6f0f11";
    let answer = instance
        .send("GET", "/health/live", &[("x-request-id", id)], None)
        .await;
    assert_eq!(answer.is(200).headers.get("x-request-id").unwrap(), id);
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let answer = instance.send("GET", "/nowhere", &[("traceparent", trace)], None).await;
    assert_eq!(answer.text("/error/traceId"), "4bf92f3577b34da6a3ce929d0e0e4736");
}

#[tokio::test]
async fn a_token_that_is_not_ours_is_refused() {
    let instance = Instance::sqlite().await;
    let token = instance.owner().await;
    let (signed, _) = token.rsplit_once('.').unwrap();
    for bad in [
        "x",
        "a.b.c",
        "fls_unknown",
        &format!("{signed}.AAAA"),
        &format!("{token}A"),
    ] {
        let answer = instance.call(bad, "GET", "/auth/me", None).await;
        let answer = answer.fails(401, "AUTH_TOKEN_INVALID");
        assert!(answer.headers.get("www-authenticate").is_some(), "{bad}");
    }
    instance
        .send("GET", "/auth/me", &[("authorization", "Basic eDp5")], None)
        .await
        .fails(401, "AUTH_TOKEN_MISSING");
}

#[tokio::test]
async fn what_is_not_there_and_what_is_not_the_callers_answer_alike() {
    let instance = Instance::sqlite().await;
    let token = instance.owner().await;
    let path = "/projects/0b0e3a0e-0000-4000-8000-000000000000";
    instance
        .call(&token, "GET", path, None)
        .await
        .fails(404, "PROJECT_NOT_FOUND");
    let path = "/organizations/0b0e3a0e-0000-4000-8000-000000000000";
    instance
        .call(&token, "GET", path, None)
        .await
        .fails(404, "ORGANIZATION_NOT_FOUND");
    instance
        .call(&token, "GET", "/projects/none", None)
        .await
        .fails(400, "REQUEST_VALIDATION_FAILED");
    let body = json!({"projectId": "0b0e3a0e-0000-4000-8000-000000000000", "dryRun": true});
    instance
        .call(&token, "POST", "/specs/apply", Some(body))
        .await
        .fails(404, "PROJECT_NOT_FOUND");
}

/// Shows 001/FR-033.
#[tokio::test]
async fn calls_are_limited_and_told_what_is_left() {
    let instance = Instance::limited().await;
    let token = instance.owner().await;
    let answer = instance.call(&token, "GET", "/auth/me", None).await.is(200);
    assert_eq!(answer.headers.get("x-ratelimit-limit-user").unwrap(), "120");
    let left = |answer: &crate::instance::Answer| {
        let left = answer.headers.get("x-ratelimit-remaining-user").unwrap();
        left.to_str().unwrap().parse::<u32>().unwrap()
    };
    assert!(left(&answer) < 120);
    let mut refused = None;
    for _ in 0..200 {
        let answer = instance.call(&token, "GET", "/auth/me", None).await;
        if answer.status != 200 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.unwrap().fails(429, "RATE_LIMIT_USER");
    assert!(refused.headers.get("retry-after").is_some() && left(&refused) == 0);
    instance.later(chrono::TimeDelta::minutes(1));
    instance.call(&token, "GET", "/auth/me", None).await.is(200);
}

/// Shows 001/FR-018.
#[tokio::test]
async fn health_and_the_contract_are_there_for_everybody() {
    on_both(async |instance| {
        let get = async |path: &str| instance.send("GET", path, &[], None).await;
        get("/health/live").await.is(200);
        get("/health/ready").await.is(200);
        let answer = get("/openapi.json").await.is(200);
        let tag = answer.headers.get("etag").unwrap().to_str().unwrap().to_owned();
        assert_eq!(answer.body.pointer("/openapi"), Some(&json!("3.1.0")));
        let again = [("if-none-match", tag.as_str())];
        instance.send("GET", "/openapi.json", &again, None).await.is(304);
    })
    .await;
}

#[tokio::test]
async fn an_entry_that_the_audit_log_does_not_take_is_told_to_the_observer() {
    use sea_orm::ConnectionTrait as _;

    on_both(async |instance| {
        let owner = instance.owner().await;
        instance
            .platform
            .store
            .read()
            .execute_unprepared("DROP TABLE audit_events")
            .await
            .unwrap();
        let body = Some(json!({"name": "Northwind"}));
        instance.call(&owner, "POST", "/organizations", body).await.is(201);
        let seen = instance.logged();
        let told = |line: &String| line.starts_with("createOrganization not kept") && line.contains("audit_events");
        assert!(seen.iter().any(told), "{seen:?}");
    })
    .await;
}
