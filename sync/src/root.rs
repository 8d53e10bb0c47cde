//! The root of a repository: the folder that every path is relative to.
//!
//! Owns: finding it, and turning relative paths into places on disk that lie inside it.
//! Must not know: which files matter.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use flaresmith_codegen::settings;

use crate::error::SyncError;
use crate::lock;
use crate::tree::repository::{self, Kept};

/// An existing folder, as an absolute path.
#[derive(Debug, Clone)]
pub struct Root {
    path: PathBuf,
    /// Where git keeps things of ours, once that was found. A command asks several times; whoever goes on for longer takes a root
    /// anew, since a repository may come or go.
    kept: Arc<OnceLock<Kept>>,
}

/// Folders, relative to a root, that lie inside it and were seen to be no symbolic links a moment ago.
#[derive(Debug, Default)]
pub(crate) struct Folders(HashSet<String>);

impl Root {
    /// The folder itself is the root.
    ///
    /// # Errors
    /// It does not exist or is not a folder.
    pub fn at(path: &Path) -> Result<Self, SyncError> {
        let path = std::path::absolute(path).map_err(|error| SyncError::io("cannot use", path, &error))?;
        if path.is_dir() {
            return Ok(Self::of(path));
        }
        Err(
            SyncError::new("ROOT_NOT_FOUND", format!("{} is not a folder", path.display()))
                .at(&path)
                .hint("give an existing folder to `--root`"),
        )
    }

    /// The nearest folder at or above `start` that has a `flaresmith.toml`, else the nearest that has `.git`, else `start`.
    ///
    /// # Errors
    /// `start` does not exist.
    pub fn find(start: &Path) -> Result<Self, SyncError> {
        let start = Self::at(start)?;
        let mut above = start.path.ancestors();
        let found = above
            .find(|folder| folder.join(settings::FILE).exists())
            .or_else(|| repository::top_above(&start.path))
            .map(Path::to_owned);
        Ok(found.map_or(start, Self::of))
    }

    fn of(path: PathBuf) -> Self {
        Self {
            path,
            kept: Arc::default(),
        }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where git keeps things of ours for this root; `None` outside of a repository, which is asked about every time.
    pub(crate) fn kept(&self) -> Option<&Kept> {
        if self.kept.get().is_none()
            && let Some(found) = repository::kept(self)
        {
            let _ = self.kept.set(found);
        }
        self.kept.get()
    }

    /// The way from the top of the git repository to the root: `""`, or a path that ends in `/`. The top is the nearest folder
    /// with `.git`; without one it is the root.
    #[must_use]
    pub fn below_git(&self) -> String {
        let Some(top) = repository::top_above(&self.path) else {
            return String::new();
        };
        let below = self.path.strip_prefix(top).unwrap_or(Path::new(""));
        below.components().fold(String::new(), |path, part| {
            format!("{path}{}/", part.as_os_str().to_string_lossy())
        })
    }

    /// Where a path relative to the root lies on disk.
    ///
    /// # Errors
    /// The path climbs out, or one of its folders is a symbolic link, which could lead anywhere.
    pub fn resolve(&self, relative: &str) -> Result<PathBuf, SyncError> {
        self.resolve_among(relative, &mut Folders::default())
    }

    /// The same for one of many paths that are only looked at: a folder that they share is asked about once.
    ///
    /// # Errors
    /// Those of [`Self::resolve`].
    pub(crate) fn resolve_among(&self, relative: &str, folders: &mut Folders) -> Result<PathBuf, SyncError> {
        if let Some((folder, name)) = relative.rsplit_once('/')
            && folders.0.contains(folder)
            && name != "."
            && settings::is_inside(name)
        {
            return Ok(self.path.join(relative));
        }
        if !settings::is_inside(relative) {
            return Err(SyncError::new(
                "PATH_OUTSIDE_ROOT",
                format!("`{relative}` is not a path inside the repository"),
            )
            .hint(format!(
                "paths are relative, use `/`, and have no `..` or `.git`; if it stands in {}, restore that with `git checkout -- {}`",
                lock::FILE,
                lock::FILE
            )));
        }
        for (end, _) in relative.match_indices('/') {
            let Some(folder) = relative.get(..end).filter(|folder| !folders.0.contains(*folder)) else {
                continue;
            };
            let path = self.path.join(folder);
            if path.is_symlink() {
                return Err(SyncError::new(
                    "PATH_SYMLINK",
                    format!("{} is a symbolic link; nothing is written through it", path.display()),
                )
                .at(&path)
                .hint("make it a real folder, or change `out` in flaresmith.toml"));
            }
            folders.0.insert(folder.to_owned());
        }
        Ok(self.path.join(relative))
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_known_does_not_let_a_name_out_of_the_root() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
        std::os::unix::fs::symlink("b", folder.path().join("a/link")).unwrap();
        let root = Root::at(folder.path()).unwrap();
        let mut folders = Folders::default();
        let mut code = |path: &str| root.resolve_among(path, &mut folders).map_err(|error| error.code);
        assert_eq!(code("a/b/c"), Ok(root.path().join("a/b/c")));
        assert_eq!(code("a/b/d"), Ok(root.path().join("a/b/d")));
        for path in [
            "a/b/..",
            "a/b/.",
            "a/b/",
            "a/b/.git",
            "a/b/GIT~1",
            "a/b/../../../x",
            "a/b/x\\y",
        ] {
            assert_eq!(code(path), Err("PATH_OUTSIDE_ROOT"), "{path}");
            assert_eq!(root.resolve(path).unwrap_err().code, "PATH_OUTSIDE_ROOT", "{path}");
        }
        assert_eq!(code("a/link/c"), Err("PATH_SYMLINK"));
        assert_eq!(code("a/link/c"), Err("PATH_SYMLINK"));
    }
}
