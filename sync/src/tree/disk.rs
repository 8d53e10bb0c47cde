//! The tree on disk.
//!
//! Owns: what counts as a regular file there. Must not know: git.

use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::path::PathBuf;

use super::{Kind, Node};
use crate::error::SyncError;
use crate::root::Root;

pub(super) struct Disk(PathBuf);

impl Disk {
    pub(super) fn new(root: &Root) -> Self {
        Self(root.path().to_owned())
    }

    pub(super) fn look(&self, path: &str) -> Result<Node, SyncError> {
        match self.0.join(path).symlink_metadata() {
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
        let metadata = self.0.join(path).symlink_metadata();
        metadata.is_ok_and(|metadata| metadata.is_file() && is_executable(&metadata))
    }

    /// The bytes of a regular file. One that went away between the look and the reading is absent.
    pub(super) fn read(&self, path: &str) -> Result<Option<Vec<u8>>, SyncError> {
        let full = self.0.join(path);
        if !full.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
            return Ok(None);
        }
        match fs::read(&full) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(SyncError::io("cannot read", &full, &error)),
        }
    }

    pub(super) fn list(&self, folder: &str) -> Result<Vec<(String, Kind)>, SyncError> {
        let path = self.0.join(folder);
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(SyncError::io("cannot list", &path, &error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| SyncError::io("cannot list", &path, &error))?;
            let kind = entry
                .file_type()
                .map_err(|error| SyncError::io("cannot look at", &entry.path(), &error))?;
            let kind = match () {
                () if kind.is_dir() => Kind::Folder,
                () if kind.is_file() => Kind::File,
                () => Kind::Other,
            };
            if let Ok(name) = entry.file_name().into_string() {
                found.push((name, kind));
            }
        }
        found.sort_by(|left, right| left.0.cmp(&right.0));
        Ok(found)
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
