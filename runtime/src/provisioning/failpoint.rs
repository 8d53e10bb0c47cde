//! Dying or freezing on purpose, so that tests can see what is left.
//!
//! Owns: counting the places where that may happen, and leases that are short so that nobody waits for long. Must not know: what happens there. In a release build it does nothing.

#[cfg(debug_assertions)]
use std::sync::OnceLock;
use std::time::Duration;

/// The environment variable with the number of the place to die at, counted from 1.
#[cfg(debug_assertions)]
const STOP_AT: &str = "FLARESMITH_STOP_AT";

/// The same of the place to freeze at, until somebody wakes the process.
#[cfg(debug_assertions)]
const FREEZE_AT: &str = "FLARESMITH_FREEZE_AT";

/// The same with how long a lease is good, in milliseconds.
#[cfg(debug_assertions)]
const TERM: &str = "FLARESMITH_LEASE_TERM";

/// How long a lease is good; `None`: as long as ever.
#[cfg(debug_assertions)]
pub(super) fn term() -> Option<Duration> {
    static TOLD: OnceLock<Option<Duration>> = OnceLock::new();
    *TOLD.get_or_init(|| Some(Duration::from_millis(std::env::var(TERM).ok()?.parse().ok()?)))
}

/// As long as ever.
#[cfg(not(debug_assertions))]
pub(super) fn term() -> Option<Duration> {
    None
}

/// A place where the process may die or freeze: before and after every write of the journal.
#[cfg(debug_assertions)]
pub(super) fn pass() {
    use std::sync::atomic::{AtomicU64, Ordering};

    static PASSED: AtomicU64 = AtomicU64::new(0);
    static WANTED: OnceLock<[Option<u64>; 2]> = OnceLock::new();
    let read = |name: &str| std::env::var(name).ok()?.parse().ok();
    let [stop, freeze] = *WANTED.get_or_init(|| [STOP_AT, FREEZE_AT].map(read));
    let place = Some(PASSED.fetch_add(1, Ordering::SeqCst) + 1);
    if stop == place {
        std::process::abort();
    }
    if freeze == place {
        let this = std::process::id().to_string();
        let _ = std::process::Command::new("kill").args(["-STOP", &this]).status();
    }
}

/// Nothing.
#[cfg(not(debug_assertions))]
pub(super) fn pass() {}
