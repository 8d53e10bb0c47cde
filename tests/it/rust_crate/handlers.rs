//! The team's crate as it was written first: every operation is there, and says that nobody wrote it yet.

use axum::body::Body;
use axum::http::Request;
use serde_json::Value;
use team::handlers::{Handlers, router};
use tower::ServiceExt;

async fn ask(method: &str, path: &str) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let response = router(Handlers::default()).oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn every_handler_answers_that_it_is_not_written() {
    for (method, path) in [
        ("GET", "/books"),
        ("GET", "/books/1"),
        ("DELETE", "/books/1"),
        ("POST", "/books/1:lend"),
        ("GET", "/events"),
    ] {
        let (status, body) = ask(method, path).await;
        assert_eq!(status, 501, "{method} {path}: {body}");
        assert_eq!(body["error"]["code"], "REQUEST_NOT_IMPLEMENTED", "{method} {path}: {body}");
    }
}

#[tokio::test]
async fn what_the_contract_refuses_does_not_reach_a_handler() {
    assert_eq!(ask("GET", "/books/one").await.0, 400);
    assert_eq!(ask("GET", "/nowhere").await.0, 404);
}
