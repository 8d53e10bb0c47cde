//! The sync engine: the only place that writes generated files.
//!
//! Owns: reading a repository's specs, the lock, the snapshot of disk and git, the plan, the drift report, applying.
//! Must not know: what any artifact means, or how anything is printed.
//!
//! The way of the data is `root -> sources -> (codegen) -> artifacts + snapshot + lock -> plan -> disk`.

pub mod apply;
pub mod base;
mod carry;
mod change;
pub mod codes;
pub mod command;
pub mod decision;
pub mod digest;
pub mod drift;
pub mod error;
pub mod fit;
pub mod form;
pub mod hook;
mod items;
mod listing;
pub mod lock;
pub mod mentions;
pub mod merge;
mod merged;
pub mod output;
pub mod plan;
pub mod record;
pub mod reserved;
pub mod root;
pub mod saved;
pub mod snapshot;
pub mod sources;
pub mod spool;
pub mod staging;
pub mod stamp;
pub mod status;
pub mod suggest;
pub mod summary;
pub mod table;
pub mod tree;
pub mod watch;

pub use error::SyncError;
pub use root::Root;
pub use tree::Tree;
