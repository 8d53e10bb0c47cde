//! What the hosted API answers where nobody wrote code yet.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use flaresmith_runtime::{Platform, router};
use serde_json::Value;
use tower::ServiceExt as _;

async fn answer(method: &str, path: &str) -> (StatusCode, Value) {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let response = router(Platform::default()).oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

#[tokio::test]
async fn an_operation_that_nobody_wrote_answers_501_in_the_envelope() {
    let (status, body) = answer("GET", "/projects").await;
    assert_eq!(status, StatusCode::NOT_IMPLEMENTED, "{body}");
    assert!(body.pointer("/error/code").is_some(), "{body}");
}

#[tokio::test]
async fn unknown_paths_and_methods_answer_in_the_envelope() {
    let (status, body) = answer("GET", "/nowhere").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{body}");
    assert!(body.pointer("/error/code").is_some(), "{body}");
    let (status, body) = answer("TRACE", "/projects").await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{body}");
    assert!(body.pointer("/error/code").is_some(), "{body}");
}

#[tokio::test]
async fn every_operation_of_the_contract_is_routed() {
    let operations = flaresmith_api::operations::OPERATIONS;
    assert!(operations.len() > 100, "{}", operations.len());
    for operation in operations {
        let path = operation.path.replace(['{', '}'], "");
        let (status, body) = answer(operation.method, &path).await;
        assert!(
            ![StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED].contains(&status),
            "{} {path}: {status} {body}",
            operation.method
        );
    }
}
