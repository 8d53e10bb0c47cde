//! Size: no body is larger than the server takes, and whoever sends one is told how large it may be.
//!
//! Owns: the failure. Must not know: what bodies hold. A body that does not say how large it is is cut off where it is read.

use axum::extract::Request;
use axum::http::header::CONTENT_LENGTH;
use flaresmith_api::errors::{ErrorCode, Failure};
use serde_json::json;

/// Refuses a request that says its body is larger than this, in bytes.
///
/// # Errors
/// It does.
pub(super) fn demand(largest: usize, request: &Request) -> Result<(), Failure> {
    let said = request.headers().get(CONTENT_LENGTH);
    let said = said.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let fits = said.is_none_or(|said| usize::try_from(said).is_ok_and(|said| said <= largest));
    match fits {
        true => Ok(()),
        false => Err(told(largest, Failure::new(ErrorCode::RequestPayloadTooLarge))),
    }
}

/// The same failure with the limit, if it is that of a body that is too large.
pub(super) fn told(largest: usize, failure: Failure) -> Failure {
    match failure.code() {
        ErrorCode::RequestPayloadTooLarge => failure.with_details(json!({ "limitBytes": largest })),
        _ => failure,
    }
}
