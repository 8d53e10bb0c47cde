//! Files as git keeps them: blobs.
//!
//! Owns: from an id and a mode to what stands there. Must not know: how the id was found.

use git2::{ErrorCode, Oid, Repository};

use super::{Kind, Node, lfs};
use crate::error::SyncError;

/// Mask of the bits of a mode that tell the type.
const TYPE: u32 = 0o170_000;
/// The type of a regular file.
const FILE: u32 = 0o100_000;
/// The mode of a folder.
pub(super) const FOLDER: u32 = 0o040_000;

/// The kind of an entry with this mode.
pub(super) fn kind(mode: u32) -> Kind {
    match mode & TYPE {
        FILE => Kind::File,
        FOLDER => Kind::Folder,
        _ => Kind::Other,
    }
}

/// Whether a mode is that of a regular file which may be executed.
pub(super) fn is_executable(mode: u32) -> bool {
    kind(mode) == Kind::File && mode & 0o111 != 0
}

/// What stands at a path with this mode and id.
pub(super) fn node(repository: &Repository, path: &str, mode: u32, id: Oid) -> Result<Node, SyncError> {
    if kind(mode) != Kind::File {
        return Ok(Node::Other);
    }
    let blob = repository.find_blob(id).map_err(|error| {
        if error.code() == ErrorCode::NotFound {
            return SyncError::new(
                "GIT_OBJECT_MISSING",
                format!("git does not have the content of {path} ({id})"),
            )
            .hint("fetch it (`git fetch --refetch origin` in a partial clone), or look at `git fsck`");
        }
        failed(&error)
    })?;
    let bytes = match lfs::pointer(blob.content()) {
        Some(pointer) => pointer.content(repository, path)?,
        None => blob.content().to_vec(),
    };
    Ok(Node::File {
        bytes,
        executable: is_executable(mode),
    })
}

/// A failure of git that has no better words.
pub(super) fn failed(error: &git2::Error) -> SyncError {
    SyncError::new("GIT_FAILED", format!("git: {}", error.message()))
}
