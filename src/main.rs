//! The `flaresmith` command line.
//!
//! Owns: starting the command that was asked for. Must not know: what any command does.

fn main() {}
