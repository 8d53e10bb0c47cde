//! Identity: who calls, and what they may do.
//!
//! Owns: passwords, sessions, tokens, the keys that sign them, and roles. Must not know: HTTP, the operations that use it.

pub mod access_token;
pub mod caller;
pub mod first_owner;
pub mod passwords;
pub mod remembered;
pub mod roles;
pub mod service_tokens;
pub mod sessions;
mod signatures;
pub mod signing_keys;

pub use caller::Caller;
