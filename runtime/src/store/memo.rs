//! What was read before, for as long as nobody has written since.
//!
//! Owns: keeping values beside the moment they were read at, and how many. Must not know: what they are.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

use super::changes::{Changes, Moment, Part};

/// Values by their keys, made from one part of the store.
pub struct Memo<K, V> {
    changes: Arc<Changes>,
    part: Part,
    most: usize,
    held: RwLock<Held<K, V>>,
}

struct Held<K, V> {
    read_at: Option<Moment>,
    values: HashMap<K, V>,
}

impl<K: Eq + Hash, V: Clone> Memo<K, V> {
    /// Room for so many values that are made from this part of the store.
    pub(crate) fn new(changes: Arc<Changes>, part: Part, most: usize) -> Self {
        Self {
            changes,
            part,
            most,
            held: RwLock::new(Held {
                read_at: None,
                values: HashMap::new(),
            }),
        }
    }

    /// The moment that it is; taken before a value is read.
    pub(crate) fn moment(&self) -> Moment {
        self.changes.moment(self.part)
    }

    /// A value that still holds.
    pub(crate) fn get(&self, key: &K) -> Option<V> {
        if !self.changes.is_heard() {
            return None;
        }
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let value = held.values.get(key).cloned()?;
        // Looked at last: what is written while this goes on is asked for later.
        (held.read_at == Some(self.moment())).then_some(value)
    }

    /// Keeps what was read after a moment, unless something was written since.
    pub(crate) fn keep(&self, read_at: Moment, key: K, value: V) {
        if read_at != self.moment() {
            return;
        }
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let other = held.read_at != Some(read_at);
        if other && read_at != self.moment() {
            return;
        }
        if other || held.values.len() >= self.most {
            held.values.clear();
            held.read_at = Some(read_at);
        }
        held.values.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn memo() -> (Arc<Changes>, Memo<u32, u32>) {
        let changes = Arc::new(Changes::default());
        changes.heard(Instant::now() + Duration::from_secs(3600));
        (Arc::clone(&changes), Memo::new(changes, Part::Rows, 2))
    }

    #[test]
    fn a_value_holds_until_somebody_writes() {
        let (changes, memo) = memo();
        memo.keep(memo.moment(), 1, 10);
        assert_eq!(memo.get(&1), Some(10));
        changes.wrote(Part::Nothing);
        assert_eq!(memo.get(&1), Some(10));
        changes.wrote(Part::Rows);
        assert_eq!(memo.get(&1), None);
    }

    #[test]
    fn what_was_read_before_a_write_is_not_kept_after_it() {
        let (changes, memo) = memo();
        let before = memo.moment();
        changes.wrote(Part::Rows);
        memo.keep(before, 1, 10);
        assert_eq!(memo.get(&1), None);
        memo.keep(memo.moment(), 1, 11);
        memo.keep(before, 1, 10);
        assert_eq!(memo.get(&1), Some(11));
    }

    #[test]
    fn nothing_is_told_when_nothing_is_heard_and_there_is_room_for_so_many() {
        let (changes, memo) = memo();
        for key in 0..3 {
            memo.keep(memo.moment(), key, key);
        }
        assert_eq!((memo.get(&0), memo.get(&2)), (None, Some(2)));
        changes.deaf();
        memo.keep(memo.moment(), 1, 1);
        assert_eq!(memo.get(&1), None);
    }
}
