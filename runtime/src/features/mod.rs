//! The operations, one folder a domain.
//!
//! Owns: what operations do. Must not know: HTTP, tokens, limits; the pipeline has them. A handler asks
//! [`Access::of`](crate::pipeline::Access::of) who calls and with which role; that the role is enough for the operation has been
//! made sure of before. What nobody wrote answers 501.

mod audit;
mod auth;
mod chat;
mod deployments;
pub(crate) mod environments;
pub(crate) mod files;
pub(crate) mod incidents;
mod organizations;
pub(crate) mod projects;
mod retirement;
pub(crate) mod secrets;
pub(crate) mod shown;
pub(crate) mod slug;
pub(crate) mod specs;
pub(crate) mod system;
mod tests;
pub(crate) mod tools;
pub(crate) mod users;
