//! A memo of texts that were formatted before: what a watching process need not do again.
//!
//! Owns: finding a formatted text by the unformatted one, and forgetting what the last compilation did not use. Must not know:
//! how texts are formatted. It cannot change any output: the same text is always formatted alike, and the text itself is the
//! key.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Texts that were formatted before.
#[derive(Debug, Default)]
pub struct Memo(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    current: BTreeMap<String, Arc<str>>,
    previous: BTreeMap<String, Arc<str>>,
}

impl Memo {
    /// Begins a compilation: what the one before the last used, and the last did not, is forgotten.
    pub fn turn_over(&self) {
        let mut generations = self.lock();
        generations.previous = std::mem::take(&mut generations.current);
    }

    /// The formatted text, when it is known.
    pub(in crate::emit) fn find(&self, text: &str) -> Option<Arc<str>> {
        let mut generations = self.lock();
        if let Some(found) = generations.current.get(text) {
            return Some(Arc::clone(found));
        }
        let (key, found) = generations.previous.remove_entry(text)?;
        generations.current.insert(key, Arc::clone(&found));
        Some(found)
    }

    /// Remembers a formatted text.
    pub(in crate::emit) fn keep(&self, text: String, formatted: &str) {
        self.lock().current.insert(text, formatted.into());
    }

    /// A thread that panicked while it held the memo has not left it half changed: every change is one insertion.
    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_compilation_does_not_use_is_forgotten_after_it() {
        let memo = Memo::default();
        memo.keep("a".to_owned(), "A");
        memo.turn_over();
        assert_eq!(memo.find("a").as_deref(), Some("A"));
        memo.turn_over();
        memo.turn_over();
        assert_eq!(memo.find("a"), None);
    }
}
