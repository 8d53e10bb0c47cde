//! The runtime: the generated API, hosted.
//!
//! Owns: which value serves which domain. Must not know: routes, parsing, the envelope of failures; the generated crate has
//! them. An operation that nobody wrote answers 501 in the envelope.

mod platform;

use std::sync::Arc;

use axum::Router;

pub use platform::Platform;

/// The router of the whole platform.
pub fn router(platform: Platform) -> Router {
    flaresmith_api::server::router(Arc::new(platform))
}
