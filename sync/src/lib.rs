//! The sync engine: the only place that writes generated files.
//!
//! Owns: reading a repository's specs, the lock, the snapshot of disk and git, the plan, the drift report, applying.
//! Must not know: what any artifact means, or how anything is printed.
//!
//! The way of the data is `root -> sources -> (codegen) -> artifacts + snapshot + lock -> plan -> disk`.

pub mod apply;
pub mod codes;
pub mod digest;
pub mod drift;
pub mod error;
pub mod lock;
pub mod mentions;
pub mod plan;
pub mod root;
pub mod snapshot;
pub mod sources;

pub use error::SyncError;
pub use root::Root;
