//! The runtime: the generated API, hosted.
//!
//! Owns: everything between a request and the rows it reads or changes. Must not know: routes and parsing, which the generated
//! crate has; tables, which the generated store has.
//!
//! | module | what it owns |
//! |---|---|
//! | [`settings`] | flags, environment, file |
//! | [`store`] | connections, migrations, transactions, cursors, versions, idempotency records |
//! | [`sealing`] | encryption at rest, digests, random tokens |
//! | [`master_key`] | which master key encrypts, and encrypting anew what an older one did |
//! | [`identity`] | passwords, sessions, tokens, signing keys, roles |
//! | [`pipeline`] | what happens to every request around its handler |
//! | [`builds`] | from a commit to the module that an edge host runs |
//! | [`collections`] | running those of a project against what it has deployed |
//! | [`node`] | programs of Node.js, and those of them that the server installs for itself |
//! | [`postgres`] | a Postgres cluster of the server's own |
//! | [`repositories`] | the git repositories of projects |
//! | [`providers`] | what makes the things outside of the store that a project needs |
//! | [`provisioning`] | runs that make and take away what a project needs |
//! | [`mcp`] | the operations as tools for language models |
//! | [`features`] | the operations, one folder a domain |
//! | [`telemetry`] | what the server counts about itself |
//! | [`platform`] | the parts put together |
//! | [`mod@serve`] | listening and stopping |

mod backoff;
pub mod builds;
pub mod clock;
pub mod collections;
pub mod features;
mod guarded;
pub mod identity;
pub mod master_key;
pub mod mcp;
pub mod node;
pub mod pipeline;
pub mod platform;
pub mod postgres;
pub mod problem;
pub mod providers;
pub mod provisioning;
pub mod repositories;
pub mod sealing;
pub mod serve;
pub mod settings;
pub mod store;
pub mod telemetry;

pub use platform::{Platform, Replaced};
pub use settings::Settings;
