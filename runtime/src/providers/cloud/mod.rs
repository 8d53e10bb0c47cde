//! Calling providers in the cloud.
//!
//! Owns: what all such calls have in common: one client, what failures are called, breakers, and waiting. Must not know: what any provider
//! offers, runs, requests of people.

mod breaker;
mod client;
mod failures;
mod names;
mod waits;

pub use breaker::{Breakers, refuse_open};
pub use client::{Access, Answer, Asked, Call, Client};
pub(in crate::providers) use client::{SILENCE, resets_in};
pub(super) use client::{bearer, below};
pub use failures::{Failures, refused};
pub use waits::Waits;
