//! The server: an axum router over implementations of the traits in [`crate::api`].
//!
//! Owns: routes, taking requests apart, putting answers together. Must not know: what operations do, who may call them. A host
//! reads the policy of an operation from the [`Operation`](crate::operations::Operation) that every request carries as an
//! extension, in layers that it puts around the routes ([`router_with`]); layers around the whole router find it in the extensions of
//! the response.

mod call;
mod failure;
mod form;
mod handlers;
mod reply;
mod routes;

pub use call::{Call, Context};
pub use failure::{FailureReport, RequestId, TraceId};
pub use handlers::*;
pub use reply::Reply;
pub use routes::{Answer, Endpoint, Handler, Routes, Served};
