//! Answers: from a response of the API to the result of a tool.
//!
//! Owns: their form. Must not know: operations. What failed is a result too, and no error of the protocol: the model reads it, and
//! may do better.

use axum::body::to_bytes;
use axum::http::header::ETAG;
use axum::response::Response;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::server::{RequestId, TraceId};
use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::Value;

/// Largest answer that a tool hands on, in bytes.
const LARGEST: usize = 16 << 20;

/// The result that a response is.
pub(super) async fn of(response: Response, ids: &(RequestId, TraceId)) -> CallToolResult {
    let status = response.status();
    let tag = response.headers().get(ETAG).and_then(|tag| tag.to_str().ok());
    let tag = tag.map(str::to_owned);
    let Ok(bytes) = to_bytes(response.into_body(), LARGEST).await else {
        let large = Failure::new(ErrorCode::ServerInternal)
            .with_message("The answer is larger than a tool hands on.")
            .with_hint("Ask for less of it at once.");
        return failed(&large, ids);
    };
    let value: Option<Value> = serde_json::from_slice(&bytes).ok();
    let mut result = match value {
        Some(value @ Value::Object(_)) if status.is_success() => CallToolResult::structured(value),
        _ => {
            let text = String::from_utf8_lossy(&bytes);
            let text = if text.is_empty() {
                status.to_string()
            } else {
                text.into_owned()
            };
            let content = vec![ContentBlock::text(text)];
            if status.is_success() {
                CallToolResult::success(content)
            } else {
                CallToolResult::error(content)
            }
        }
    };
    // What a change of the same thing has to name.
    if let Some(tag) = tag {
        result.content.push(ContentBlock::text(format!("ETag: {tag}")));
    }
    result
}

/// The result that a failure is: its envelope as text. Structured content would have to fit what the tool says it gives, and
/// clients refuse what does not.
pub(super) fn failed(failure: &Failure, (request, trace): &(RequestId, TraceId)) -> CallToolResult {
    let body = failure.body(&request.0, &trace.0).to_string();
    CallToolResult::error(vec![ContentBlock::text(body)])
}
