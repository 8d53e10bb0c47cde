//! Sources: the texts of a repository, and the trees read from them.
//!
//! Owns: the set of given files, reading YAML and JSON, turning a place into line and column.
//! Must not know: what any document means, or where the texts came from.

pub(crate) mod changes;
pub mod locate;
mod members;
mod portions;
pub mod read;

use std::collections::BTreeMap;
use std::sync::Arc;

/// The texts that a compilation may read, by path relative to the root (with `/`, normalised, never climbing out).
/// What is not in here does not exist, whatever a reference says.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: BTreeMap<Arc<str>, Arc<[u8]>>,
}

impl Sources {
    /// Adds or replaces a file.
    pub fn insert(&mut self, path: &str, bytes: impl Into<Arc<[u8]>>) {
        self.files.insert(path.into(), bytes.into());
    }

    /// The bytes of a file.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Arc<[u8]>> {
        self.files.get(path)
    }

    /// A file's path and bytes.
    #[must_use]
    pub fn entry(&self, path: &str) -> Option<(&Arc<str>, &Arc<[u8]>)> {
        self.files.get_key_value(path)
    }

    /// Paths and bytes, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<[u8]>)> {
        self.files.iter()
    }

    /// Number of files.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}
