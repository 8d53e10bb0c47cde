//! Dying on purpose, so that tests can see what is left.
//!
//! Owns: counting the places where the process may die. Must not know: what happens there. In a release build it does nothing.

/// The environment variable with the number of the place to die at, counted from 1.
#[cfg(debug_assertions)]
const STOP_AT: &str = "FLARESMITH_STOP_AT";

/// A place where the process may die: before and after every write of the journal.
#[cfg(debug_assertions)]
pub(super) fn pass() {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static PASSED: AtomicU64 = AtomicU64::new(0);
    static WANTED: OnceLock<Option<u64>> = OnceLock::new();
    let wanted = WANTED.get_or_init(|| std::env::var(STOP_AT).ok()?.parse().ok());
    if *wanted == Some(PASSED.fetch_add(1, Ordering::SeqCst) + 1) {
        std::process::abort();
    }
}

/// Nothing.
#[cfg(not(debug_assertions))]
pub(super) fn pass() {}
