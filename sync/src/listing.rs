//! Listing: which files of a folder are looked at.
//!
//! Owns: the entries of a folder on disk, and what is passed over, wherever a folder is listed. Must not know: why the files are
//! wanted. Uses the standard library only, so that the build script of the command line lists specs in the same way.

use std::io;
use std::path::{Path, PathBuf};

/// Extensions of files that a spec folder may hold for us.
pub(crate) const SPEC_EXTENSIONS: [&str; 4] = ["md", "yaml", "yml", "json"];

/// The kind of an entry in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A folder.
    Folder,
    /// A regular file.
    File,
    /// A symbolic link, a submodule, or something else.
    Other,
}

/// The entries of a folder: names and kinds.
pub(crate) type Entries = Vec<(String, Kind)>;

/// A folder or one of its entries that could not be looked at, and why.
pub(crate) type Unlisted = (PathBuf, io::Error);

/// The entries of a folder on disk, by name. A folder that is not there has none. Names that are not UTF-8 are left out: no
/// setting and no reference can name them.
///
/// # Errors
/// The folder or an entry cannot be looked at.
pub(crate) fn entries(folder: &Path) -> Result<Entries, Unlisted> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err((folder.to_owned(), error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| (folder.to_owned(), error))?;
        let kind = entry.file_type().map_err(|error| (entry.path(), error))?;
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

/// Adds the files of a folder by name, with their paths from where `entries` starts. Hidden entries, links and `node_modules`
/// are left out; an empty list of extensions means all.
///
/// # Errors
/// Those of `entries`.
pub(crate) fn list<E>(
    entries: &dyn Fn(&str) -> Result<Entries, E>,
    folder: &str,
    extensions: &[&str],
    deep: bool,
    found: &mut Vec<String>,
) -> Result<(), E> {
    for (name, kind) in entries(folder)? {
        if name.starts_with('.') || name == "node_modules" {
            continue;
        }
        let relative = if folder.is_empty() {
            name.clone()
        } else {
            format!("{folder}/{name}")
        };
        let wanted = extensions.is_empty() || name.rsplit_once('.').is_some_and(|(_, end)| extensions.contains(&end));
        match kind {
            Kind::Folder if deep => list(entries, &relative, extensions, deep, found)?,
            Kind::File if wanted => found.push(relative),
            _ => {}
        }
    }
    Ok(())
}
