//! What must hold of the whole: the command line on real files, and what it generates in the hands of the real tools.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed, and tells what it could not compare"
)]

mod bench;
mod command_line;
mod corpus;
mod determinism;
#[cfg(unix)]
mod histories;
mod hono;
#[cfg(target_os = "linux")]
mod interrupted;
mod platform;
mod repository;
mod rust_crate;
#[cfg(target_os = "linux")]
mod strace;
mod toolchain;
