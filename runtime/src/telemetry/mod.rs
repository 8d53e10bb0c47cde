//! Telemetry: what the server counts about itself.
//!
//! Owns: the catalog of metrics and the text of them. Must not know: domains; a log of requests is an
//! [`Observer`](crate::pipeline::observe::Observer).

mod metrics;

pub use metrics::Metrics;
