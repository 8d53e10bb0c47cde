//! Authentication: from the `Authorization` header to a caller.
//!
//! Owns: the header. Must not know: tokens.

use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{Extensions, HeaderMap};
use flaresmith_api::errors::{ErrorCode, Failure};

use super::rate_limit::Asked;
use crate::identity::{Caller, caller};
use crate::platform::Platform;
use crate::telemetry::span;

/// Who sent a request. Whoever cannot say so uses up tokens of the place that it comes from.
///
/// # Errors
/// There is no token, or it is not honoured, or too many of that place were not.
pub(crate) async fn caller(
    platform: &Platform,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> Result<Caller, Failure> {
    let failure = match of_headers(platform, headers).await {
        Ok(caller) => {
            span::believed();
            return Ok(caller);
        }
        Err(failure) => failure,
    };
    if failure.code().status() != 401 {
        return Err(failure);
    }
    let asked = Asked::of_stranger(extensions);
    let taken = platform.limiter.take(&asked).await;
    Err(taken.refused.unwrap_or(failure))
}

async fn of_headers(platform: &Platform, headers: &HeaderMap) -> Result<Caller, Failure> {
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
