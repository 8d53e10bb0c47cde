//! Waits between looks at what passes by itself.
//!
//! Owns: how long they are. Must not know: what is looked at, and when to stop.

use std::time::Duration;

/// The first and the longest.
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// Waits that grow.
pub struct Waits(Duration);

impl Waits {
    /// Those that begin with the shortest.
    #[must_use]
    pub fn begin() -> Self {
        Self(FIRST)
    }

    /// How long is waited next.
    pub fn following(&mut self) -> Duration {
        let wait = self.0;
        self.0 = (wait * 3 / 2).min(LONGEST);
        wait
    }
}
