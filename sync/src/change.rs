//! A change: one file to write or delete, as data.
//!
//! Owns: what is known of both contents, so that nobody has to digest them again. Must not know: why it is made, or how.

use bytes::Bytes;
use flaresmith_codegen::rope::Rope;

use crate::digest::Digest;
use crate::stamp::Stamp;

/// One file to write or delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Path relative to the root.
    pub path: String,
    /// What happens.
    pub kind: ChangeKind,
    /// Content before; empty for added files.
    pub before: Bytes,
    /// Its digest.
    pub before_digest: Digest,
    /// What the file system said of it when it was looked at, where it was.
    pub seen: Option<Stamp>,
    /// Content after; empty for removed files.
    pub after: Rope,
    /// Its digest.
    pub after_digest: Digest,
    /// Whether a person's edit is in the content after.
    pub carries: bool,
}

impl Change {
    /// A file that is new.
    #[must_use]
    pub fn added(path: &str, after: (Rope, Digest)) -> Self {
        Self::new(path, ChangeKind::Added, (Bytes::default(), Digest::of(&[])), after)
    }

    /// A file that gets another content.
    #[must_use]
    pub fn modified(path: &str, before: (Bytes, Digest), after: (Rope, Digest)) -> Self {
        Self::new(path, ChangeKind::Modified, before, after)
    }

    /// A file that goes.
    #[must_use]
    pub fn removed(path: &str, before: (Bytes, Digest)) -> Self {
        Self::new(path, ChangeKind::Removed, before, (Rope::default(), Digest::of(&[])))
    }

    pub(crate) fn new(path: &str, kind: ChangeKind, before: (Bytes, Digest), after: (Rope, Digest)) -> Self {
        let ((before, before_digest), (after, after_digest)) = (before, after);
        Self {
            path: path.to_owned(),
            kind,
            before,
            before_digest,
            seen: None,
            after,
            after_digest,
            carries: false,
        }
    }

    /// The digest of the content before; `None` for added files.
    #[must_use]
    pub fn from(&self) -> Option<Digest> {
        (self.kind != ChangeKind::Added).then_some(self.before_digest)
    }

    /// The digest of the content after; `None` for removed files.
    #[must_use]
    pub fn to(&self) -> Option<Digest> {
        (self.kind != ChangeKind::Removed).then_some(self.after_digest)
    }
}

/// What happens to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It gets another content, or its mode is put right.
    Modified,
    /// It goes.
    Removed,
}
