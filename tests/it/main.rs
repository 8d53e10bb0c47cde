//! What must hold of the whole: the command line on real files, and what it generates in the hands of the real tools.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed, and tells what it could not compare"
)]

mod agreement;
mod bench;
mod branches;
mod build_script;
mod carried;
mod ci_forms;
#[cfg(feature = "client")]
mod client;
mod collections;
mod command_line;
mod conformance;
mod corpus;
mod determinism;
mod documents;
mod edits;
#[cfg(feature = "client")]
mod env_change;
mod git;
#[cfg(unix)]
mod histories;
mod hono;
mod hook;
#[cfg(feature = "client")]
mod hosted;
mod hostile;
#[cfg(target_os = "linux")]
mod hostile_input;
#[cfg(unix)]
mod incremental;
mod instances;
mod integration;
#[cfg(target_os = "linux")]
mod interrupted;
mod journey;
#[cfg(feature = "client")]
mod login_at_github;
#[cfg(feature = "client")]
mod mcp;
mod misfits;
mod newcomer;
mod nullability;
mod plaintext;
mod platform;
mod project_plan;
#[cfg(unix)]
mod record;
mod renamed;
mod repository;
mod requirements;
mod reserved;
mod rust_crate;
mod schemas;
mod serve;
mod servers;
mod spec_diff;
mod split;
mod staged;
mod staged_forms;
mod store;
#[cfg(target_os = "linux")]
mod strace;
#[cfg(feature = "client")]
mod template;
mod toolchain;
#[cfg(unix)]
mod watch;
#[cfg(unix)]
mod watch_beside;
#[cfg(unix)]
mod watching;
