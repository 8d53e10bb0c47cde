//! Listing: which files of a folder are looked at.
//!
//! Owns: what is passed over. Must not know: why the files are wanted. Uses the standard library only, so that the build script
//! of the command line lists specs in the same way.

use std::io;
use std::path::{Path, PathBuf};

/// Extensions of files that a spec folder may hold for us.
pub(crate) const SPEC_EXTENSIONS: [&str; 4] = ["md", "yaml", "yml", "json"];

/// A folder or one of its entries that could not be looked at, and why.
pub(crate) type Unlisted = (PathBuf, io::Error);

/// Adds the files of a folder, relative to the root, by name. Hidden entries, links and `node_modules` are left out; an empty
/// list of extensions means all. A folder that is not there has no files.
///
/// # Errors
/// A folder or an entry cannot be looked at.
pub(crate) fn list(
    root: &Path,
    folder: &str,
    extensions: &[&str],
    deep: bool,
    found: &mut Vec<String>,
) -> Result<(), Unlisted> {
    let path = root.join(folder);
    let entries = match std::fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err((path, error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| (path.clone(), error))?;
        let kind = entry.file_type().map_err(|error| (entry.path(), error))?;
        if let Ok(name) = entry.file_name().into_string() {
            names.push((name, kind));
        }
    }
    names.sort_by(|left, right| left.0.cmp(&right.0));
    for (name, kind) in names {
        if name.starts_with('.') || name == "node_modules" {
            continue;
        }
        let relative = if folder.is_empty() {
            name.clone()
        } else {
            format!("{folder}/{name}")
        };
        let wanted = extensions.is_empty() || name.rsplit_once('.').is_some_and(|(_, end)| extensions.contains(&end));
        if kind.is_dir() && deep {
            list(root, &relative, extensions, deep, found)?;
        } else if kind.is_file() && wanted {
            found.push(relative);
        }
    }
    Ok(())
}
