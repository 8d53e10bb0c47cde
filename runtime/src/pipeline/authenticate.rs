//! Authentication: from the `Authorization` header to a caller.
//!
//! Owns: the header. Must not know: tokens.

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::operations::Operation;

use crate::identity::{Caller, caller};
use crate::platform::Platform;

/// Who sent a request. A public operation asks nobody, and so looks at no token.
///
/// # Errors
/// There is no token, or it is not honoured.
pub(super) async fn caller(platform: &Platform, operation: &Operation, headers: &HeaderMap) -> Result<Caller, Failure> {
    if operation.public {
        return Ok(Caller::Anonymous);
    }
    of_headers(platform, headers).await
}

/// Who sent these headers.
///
/// # Errors
/// There is no token, or it is not honoured.
pub(crate) async fn of_headers(platform: &Platform, headers: &HeaderMap) -> Result<Caller, Failure> {
    let token = bearer(headers)
        .ok_or_else(|| Failure::new(ErrorCode::AuthTokenMissing).with_header(WWW_AUTHENTICATE.as_str(), "Bearer"))?;
    caller::of_token(platform, token).await.map_err(|failure| {
        if failure.code().status() == 401 {
            failure.with_header(WWW_AUTHENTICATE.as_str(), "Bearer error=\"invalid_token\"")
        } else {
            failure
        }
    })
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    let only = values.next().is_none();
    (only && scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
