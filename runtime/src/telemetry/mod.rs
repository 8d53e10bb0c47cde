//! Telemetry: what the server tells about itself.
//!
//! Owns: the log, traces, metrics, and the way of the last two to a collector. Must not know: domains.
//!
//! | module | owns |
//! |---|---|
//! | [`log`] | lines of JSON, and which are written |
//! | [`writer`] | the thread that writes them |
//! | [`redact`] | what goes out of texts before they are written |
//! | [`context`] | W3C Trace Context, in and out |
//! | [`span`] | spans, and which traces are kept |
//! | [`metrics`] | the catalog of metrics, and their text for Prometheus |
//! | [`otlp`] | batches for a collector, and trying again |

pub mod context;
pub mod log;
pub mod metrics;
pub mod otlp;
pub mod redact;
pub mod span;
pub(crate) mod statements;
pub mod writer;

pub use metrics::Metrics;
