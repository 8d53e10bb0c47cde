//! Bytes: contents that several hold and nobody changes.
//!
//! Owns: holding what was read and what was made alike, without a copy of either. Must not know: whose content it is.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A content. Taking it once more copies nothing.
#[derive(Clone)]
pub enum Bytes {
    /// What was read.
    Read(Arc<Vec<u8>>),
    /// A text that was made.
    Made(Arc<String>),
}

impl Default for Bytes {
    fn default() -> Self {
        Self::Read(Arc::default())
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Read(bytes) => bytes,
            Self::Made(text) => text.as_bytes(),
        }
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(read: Vec<u8>) -> Self {
        Self::Read(read.into())
    }
}

impl From<Arc<String>> for Bytes {
    fn from(made: Arc<String>) -> Self {
        Self::Made(made)
    }
}

impl PartialEq for Bytes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Bytes {}

impl fmt::Debug for Bytes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}", String::from_utf8_lossy(self))
    }
}
