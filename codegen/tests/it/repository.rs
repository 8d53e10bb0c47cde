//! Files of this repository that tests read: the platform's own specs, and cases in folders.
//!
//! Owns: where they are. Must not know: what is done with them.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test reads its cases from the disk and fails by panicking"
)]

use std::path::{Path, PathBuf};

use flaresmith_codegen::source::Sources;

pub(crate) const SPEC: &str = "specs/001-platform-bootstrap/spec.md";
pub(crate) const CONTRACT: &str = "specs/001-platform-bootstrap/contracts/openapi.yaml";
pub(crate) const MODEL: &str = "specs/001-platform-bootstrap/data-model.yaml";
pub(crate) const CONSTITUTION: &str = "specs/constitution.md";

/// The platform's specs.
pub(crate) const SPECS: [&str; 4] = [SPEC, CONTRACT, MODEL, CONSTITUTION];

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub(crate) fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

pub(crate) fn sources(paths: &[&str]) -> Sources {
    let mut sources = Sources::default();
    for path in paths {
        sources.insert(path, text(path).into_bytes());
    }
    sources
}

/// Folders in a folder, of which there must be so many.
pub(crate) fn cases(folder: &str, least: usize) -> Vec<PathBuf> {
    let folder = root().join(folder);
    let entries = std::fs::read_dir(&folder).unwrap();
    let mut cases: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    assert!(
        cases.len() >= least,
        "only {} cases in {}",
        cases.len(),
        folder.display()
    );
    cases
}
