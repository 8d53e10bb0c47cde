//! Flaresmith's pure half: texts of specs in, artifacts and diagnostics out.
//!
//! Owns: reading, the model, the checks and every target. Must not know: disk, clock, environment, network, git. The stages,
//! each of which uses only those before it: source, openapi and spec, lower, check, emit; `compile` runs them, `again` as far as a
//! change goes.

mod again;
pub mod check;
pub mod compare;
mod compile;
pub mod diagnostics;
pub mod emit;
pub mod lower;
pub mod memo;
pub mod model;
pub mod openapi;
pub mod pointer;
pub mod revisions;
pub mod rope;
pub mod settings;
pub mod source;
pub mod spec;
pub mod spool;
pub mod trace;
pub mod tree;

pub use compile::{Compilation, analyse, compile, compile_again};
