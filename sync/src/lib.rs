//! The sync engine: the only place that writes generated files.
//!
//! Owns: lock, snapshot, plan, drift, apply. Must not know: what any artifact means.
