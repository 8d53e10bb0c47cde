//! Files that Git LFS keeps: their blob is a pointer, their content lies beside the objects.
//!
//! Owns: reading a pointer and its content. Must not know: git's configuration; nothing is downloaded.

use std::path::Path;

use git2::Repository;

use crate::error::SyncError;

/// First line of every pointer.
const VERSION: &[u8] = b"version https://git-lfs.github.com/spec/v1\n";
/// Pointers are small, by their definition.
const LONGEST: usize = 1024;

/// The SHA-256 of a content, as 64 hexadecimal digits.
pub(super) struct Pointer<'a>(&'a str);

/// The pointer that a blob is, if it is one.
pub(super) fn pointer(blob: &[u8]) -> Option<Pointer<'_>> {
    if blob.len() > LONGEST || !blob.starts_with(VERSION) {
        return None;
    }
    let id = std::str::from_utf8(blob)
        .ok()?
        .lines()
        .find_map(|line| line.strip_prefix("oid sha256:"))?;
    (id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(Pointer(id))
}

impl Pointer<'_> {
    /// The content, from the store that staging a file fills.
    pub(super) fn content(&self, repository: &Repository, path: &str) -> Result<Vec<u8>, SyncError> {
        let (first, second) = (self.0.get(..2).unwrap_or(""), self.0.get(2..4).unwrap_or(""));
        let place = repository
            .commondir()
            .join("lfs/objects")
            .join(first)
            .join(second)
            .join(self.0);
        std::fs::read(&place).map_err(|_| {
            SyncError::new(
                "GIT_LFS_MISSING",
                format!("{path} is kept by Git LFS, and its content is not here"),
            )
            .at(Path::new(path))
            .hint("`git lfs pull` fetches it; generated files and specs are better kept by git itself")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_pointer_is_one() {
        let id = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";
        let text = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{id}\nsize 12345\n");
        assert_eq!(pointer(text.as_bytes()).unwrap().0, id);
        assert!(pointer(text.replace("sha256:4d", "sha256:../").as_bytes()).is_none());
        assert!(pointer(format!("{text}{}", " ".repeat(1024)).as_bytes()).is_none());
        assert!(pointer(b"openapi: 3.1.0\n").is_none());
    }
}
