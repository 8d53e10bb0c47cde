//! The tree on disk.
//!
//! Owns: what counts as a regular file there. Must not know: git.

use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::SystemTime;

use super::looks::{Found, Looks, look};
use super::{Kind, Node, Reading};
use crate::error::SyncError;
use crate::listing;
use crate::root::Root;
use crate::stamp::Stamp;

pub(super) struct Disk {
    folder: PathBuf,
    looks: Mutex<Looks>,
}

impl Disk {
    pub(super) fn new(root: &Root) -> Self {
        Self {
            folder: root.path().to_owned(),
            looks: Mutex::default(),
        }
    }

    /// What was asked until now by [`Self::read`] and [`Self::list`].
    pub(super) fn looks(&self) -> Looks {
        self.looks.lock().map(|looks| looks.clone()).unwrap_or_default()
    }

    fn found(&self, path: &str, found: Found) {
        if let Ok(mut looks) = self.looks.lock() {
            looks.file(path, found);
        }
    }

    pub(super) fn look(&self, path: &str) -> Result<Node, SyncError> {
        match self.folder.join(path).symlink_metadata() {
            Ok(metadata) if metadata.is_file() => Ok(match self.read(path)? {
                Some(bytes) => Node::File {
                    bytes,
                    executable: is_executable(&metadata),
                },
                None => Node::Absent,
            }),
            Ok(_) => Ok(Node::Other),
            Err(_) => Ok(Node::Absent),
        }
    }

    pub(super) fn is_executable(&self, path: &str) -> bool {
        let metadata = self.folder.join(path).symlink_metadata();
        metadata.is_ok_and(|metadata| metadata.is_file() && is_executable(&metadata))
    }

    /// The bytes of a regular file. One that went away between the look and the reading is absent.
    pub(super) fn read(&self, path: &str) -> Result<Option<Vec<u8>>, SyncError> {
        Ok(match self.read_again(path, None)? {
            Reading::Other(bytes, _) => Some(bytes),
            Reading::Absent | Reading::Same => None,
        })
    }

    /// The same, unless the file system says of the file what it said when it was `known`.
    pub(super) fn read_again(&self, path: &str, known: Option<Stamp>) -> Result<Reading, SyncError> {
        let full = self.folder.join(path);
        let found = look(&full, SystemTime::now());
        self.found(path, found);
        let stamp = match found {
            Found::Nothing => return Ok(Reading::Absent),
            Found::File(stamp) => stamp,
        };
        if stamp.is_some() && stamp == known {
            return Ok(Reading::Same);
        }
        match fs::read(&full) {
            Ok(bytes) => Ok(Reading::Other(bytes, stamp)),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.found(path, Found::Nothing);
                Ok(Reading::Absent)
            }
            Err(error) => Err(SyncError::io("cannot read", &full, &error)),
        }
    }

    pub(super) fn list(&self, folder: &str) -> Result<Vec<(String, Kind)>, SyncError> {
        let entries = listing::entries(&self.folder.join(folder))
            .map_err(|(path, error)| SyncError::io("cannot list", &path, &error))?;
        if let Ok(mut looks) = self.looks.lock() {
            looks.folder(folder, &entries);
        }
        Ok(entries)
    }
}

#[cfg(unix)]
fn is_executable(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &Metadata) -> bool {
    false
}
