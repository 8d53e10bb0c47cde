//! A spool: where texts stand that wait to be written, so that memory never holds all of them.
//!
//! Owns: what is asked of one, and a text in it. Must not know: what a spool is made of, or what the texts are.

use std::fmt;
use std::sync::Arc;

/// A shorter text is not put aside: where it stands would take as much room.
pub(crate) const LONG: usize = 512;

/// Keeps texts, and hands them out again.
pub trait Spool: fmt::Debug + Send + Sync {
    /// Keeps a text. Where it stands; `None` when there is no room for it, or no need.
    fn put(&self, text: &[u8]) -> Option<u64>;
    /// Reads what was kept, from a place on. What cannot be read any more comes as zeros, and [`Self::is_sound`] says so from then
    /// on: whoever only shows a text need not be asked what to do then, and whoever acts on one asks.
    fn get(&self, at: u64, into: &mut [u8]);
    /// Whether everything could be read until now.
    fn is_sound(&self) -> bool;
}

/// A text in a spool. A copy of it is the same one.
#[derive(Debug, Clone)]
pub(crate) struct Aside {
    spool: Arc<dyn Spool>,
    /// Where it begins.
    at: u64,
    /// Number of bytes.
    len: usize,
}

impl Aside {
    /// Puts a text aside. `None`: it is short, or there is no room, and it has to stay where it is.
    pub(crate) fn put(spool: &Arc<dyn Spool>, text: &str) -> Option<Self> {
        let at = (text.len() >= LONG).then(|| spool.put(text.as_bytes()))??;
        Some(Self {
            at,
            len: text.len(),
            spool: Arc::clone(spool),
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_sound(&self) -> bool {
        self.spool.is_sound()
    }

    /// Reads it from a byte on.
    pub(crate) fn read(&self, from: usize, into: &mut [u8]) {
        let from = u64::try_from(from).unwrap_or(u64::MAX);
        self.spool.get(self.at.saturating_add(from), into);
    }

    /// The text in one piece.
    pub(crate) fn whole(&self) -> String {
        let mut bytes = vec![0; self.len];
        self.read(0, &mut bytes);
        String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}
