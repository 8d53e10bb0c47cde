//! Where Postman is.
//!
//! Owns: the address of its API and what that may look like. Must not know: what is called there.

use reqwest::Url;

use super::github::{https, plain};
use crate::problem::Problem;

/// The address that was given. What is wrong is not repeated: it may hold a password.
pub(super) fn given(text: &str) -> Result<Url, Problem> {
    plain(text).ok_or_else(|| {
        Problem::new("SETTINGS_POSTMAN", "the address of Postman is no plain one of HTTP")
            .at("--postman-api")
            .hint("write `--postman-api https://HOST/PATH`, without a name, a password or a query")
    })
}

/// The usual one.
pub(super) fn usual() -> Url {
    https("api.postman.com")
}
