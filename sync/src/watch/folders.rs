//! Which folders matter: those of everything that was read, and of everything that was written.
//!
//! Owns: the list. Must not know: how folders are watched.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use flaresmith_codegen::settings::is_inside;

use crate::root::Root;
use crate::sources::Inputs;

/// The folders to watch: the root; every folder below those with specs and templates, also empty ones, since a new file may
/// come there; those of contracts elsewhere; and those of generated files, which a person may edit.
#[must_use]
pub fn folders<'a>(root: &Root, inputs: &'a Inputs, generated: impl IntoIterator<Item = &'a str>) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::from([root.path().to_owned()]);
    let settings = &inputs.settings;
    let deep = settings.specs.iter().chain(&settings.templates);
    for folder in deep.filter(|folder| is_inside(folder)) {
        below(&root.path().join(folder), &mut found);
    }
    below(&root.path().join(".specify"), &mut found);
    let paths = inputs.digests.keys().map(String::as_str).chain(generated);
    let named: BTreeSet<&str> = paths.filter_map(|path| Some(path.rsplit_once('/')?.0)).collect();
    for folder in named {
        // The whole way down: a folder on it may go and come back.
        let mut way = root.path().to_owned();
        for part in folder.split('/') {
            way.push(part);
            found.insert(way.clone());
        }
    }
    found
}

/// A folder and all below it, links not followed.
fn below(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    found.insert(folder.to_owned());
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !hidden && entry.file_type().is_ok_and(|kind| kind.is_dir()) && entry.file_name() != "node_modules" {
            below(&entry.path(), found);
        }
    }
}
