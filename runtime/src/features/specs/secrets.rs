//! Secrets in spec files that are about to be committed: history keeps them for good, and every viewer reads it.
//!
//! Owns: which files are looked through. Must not know: what a secret looks like, or how the files got there.

use std::collections::BTreeSet;

use flaresmith_api::errors::Failure;
use flaresmith_codegen::diagnostics::{Diagnostics, rule};
use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;

use super::{problem, version};
use crate::repositories::Draft;

/// Refuses a draft that has a secret in one of the spec files among these paths.
pub(crate) fn refuse(draft: &Draft<'_>, paths: &BTreeSet<String>) -> Result<(), Failure> {
    let mut sources = Sources::default();
    for path in paths.iter().filter(|path| version::is_spec(path)) {
        if let Some(bytes) = draft.read(path)? {
            sources.insert(path, bytes);
        }
    }
    if sources.is_empty() {
        return Ok(());
    }
    let found = flaresmith_codegen::analyse(&sources, &Settings::default()).diagnostics;
    let secrets: Diagnostics = found
        .into_iter()
        .filter(|one| one.code == &rule::SECRET_PLAINTEXT)
        .collect();
    problem::of(&secrets, &sources, false).map_or(Ok(()), Err)
}
