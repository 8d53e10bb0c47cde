//! Asks the generated router, none of whose handlers is written: 501 is the answer to a request that the contract admits.

use api::server::router;
use axum::body::{Body, to_bytes};
use serde_json::{Value, json};
use tower::ServiceExt;

struct Unwritten;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let file = std::env::args().nth(1).unwrap();
    let requests: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let app = router(std::sync::Arc::new(Unwritten));
    let mut answers = Vec::new();
    for request in requests {
        let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
        let mut made = axum::http::Request::builder().method(text("method").as_str()).uri(text("path"));
        for (name, value) in request["headers"].as_object().unwrap() {
            made = made.header(name, value.as_str().unwrap());
        }
        let answer = app.clone().oneshot(made.body(Body::from(text("body"))).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        answers.push(json!({ "status": status, "body": String::from_utf8_lossy(&body) }));
    }
    println!("{}", Value::Array(answers));
}
