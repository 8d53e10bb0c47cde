//! Paths that no generated file may have: what is read, the lock, the settings, and the bases of edits.
//!
//! Owns: which those are. A lock that somebody wrote by hand, a plan from elsewhere and settings all pass here before a path
//! is looked at. Must not know: where paths come from. That none leaves the root or is git's own, `root.rs` sees to.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use flaresmith_codegen::settings;

use crate::digest::Digest;
use crate::error::SyncError;
use crate::lock;

/// The folder that is Flaresmith's own.
const OWN: &str = ".flaresmith";

/// Refuses paths that no generated file may have. `sources` are the files that were read.
///
/// # Errors
/// `PATH_RESERVED`: every such path is named.
pub fn refuse<'p>(
    paths: impl IntoIterator<Item = &'p str>,
    sources: &BTreeMap<String, Digest>,
) -> Result<(), SyncError> {
    let read = sources.keys().map(String::as_str);
    let taken: BTreeSet<Cow<'_, str>> = read.chain([settings::FILE, lock::FILE]).map(folded).collect();
    let refused: Vec<String> = paths
        .into_iter()
        .filter(|path| {
            let path = folded(path);
            let own = path
                .strip_prefix(OWN)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            own || taken.contains(&path)
        })
        .map(|path| format!("`{path}`"))
        .collect();
    if refused.is_empty() {
        return Ok(());
    }
    let message = format!(
        "{} cannot be generated: Flaresmith reads or keeps it",
        refused.join(", ")
    );
    Err(SyncError::new("PATH_RESERVED", message).hint(format!(
        "generate into another folder (`out` in {}); a path that only {} has goes with `git checkout -- {}`",
        settings::FILE,
        lock::FILE,
        lock::FILE
    )))
}

/// A path as file systems that fold case see it. Of most it is the path itself.
pub(crate) fn folded(path: &str) -> Cow<'_, str> {
    match path.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        true => Cow::Borrowed(path),
        false => Cow::Owned(path.to_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_or_kept_is_refused_and_named() {
        let sources = BTreeMap::from([("specs/a.yaml".to_owned(), Digest::of(b""))]);
        let bad = [
            "flaresmith.toml",
            "Flaresmith.LOCK",
            "specs/A.yaml",
            ".flaresmith/base/x",
            ".Flaresmith",
        ];
        let error = refuse(bad, &sources).unwrap_err();
        assert_eq!(error.code, "PATH_RESERVED");
        for path in bad {
            assert!(error.message.contains(path), "{}", error.message);
        }
        assert!(refuse(["specs/b.yaml", "generated/flaresmith.toml", ".flaresmithy"], &sources).is_ok());
    }
}
