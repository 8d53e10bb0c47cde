//! What was seen of contents: whether they are text.
//!
//! Owns: remembering it, for as many as fit. Must not know: how it is found out. An id stands for the same bytes in every
//! repository and for ever, so what is remembered is never wrong; whether a repository has them is asked before.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use git2::Oid;

/// How many are remembered at least, and half of how many at most.
const KEPT: usize = 1 << 16;

static SEEN: LazyLock<Mutex<Seen>> = LazyLock::new(Mutex::default);

/// When the newer ones are many, those before them are forgotten.
#[derive(Default)]
struct Seen {
    newer: HashMap<Oid, bool>,
    older: HashMap<Oid, bool>,
}

impl Seen {
    fn get(&mut self, id: Oid) -> Option<bool> {
        if let Some(known) = self.newer.get(&id) {
            return Some(*known);
        }
        let known = self.older.get(&id).copied()?;
        self.put(id, known);
        Some(known)
    }

    fn put(&mut self, id: Oid, is_binary: bool) {
        if self.newer.len() >= KEPT {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(id, is_binary);
    }
}

/// Whether the content of this id is binary, looked at when that is not remembered.
pub(super) fn is_binary<E>(id: Oid, look: impl FnOnce() -> Result<bool, E>) -> Result<bool, E> {
    let known = SEEN.lock().unwrap_or_else(PoisonError::into_inner).get(id);
    if let Some(known) = known {
        return Ok(known);
    }
    let is_binary = look()?;
    SEEN.lock().unwrap_or_else(PoisonError::into_inner).put(id, is_binary);
    Ok(is_binary)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> Oid {
        Oid::hash_object(git2::ObjectType::Blob, &number.to_be_bytes()).unwrap()
    }

    #[test]
    fn a_content_is_looked_at_once_and_memory_has_an_end() {
        let mut looks = 0;
        for _ in 0..3 {
            let found = is_binary(id(usize::MAX), || {
                looks += 1;
                Ok::<_, ()>(true)
            });
            assert_eq!(found, Ok(true));
        }
        assert_eq!(looks, 1);
        let mut seen = Seen::default();
        for number in 0..3 * KEPT {
            seen.put(id(number), number % 2 == 0);
            assert_eq!(seen.get(id(0)), Some(true), "what is asked for again and again stays");
        }
        assert!(seen.newer.len() + seen.older.len() <= 2 * KEPT);
        assert_eq!((seen.get(id(1)), seen.get(id(3 * KEPT - 1))), (None, Some(false)));
    }
}
