//! The collections of a commit.
//!
//! Owns: which file is the collection for an environment. Must not know: what is in it.

use flaresmith_api::errors::Failure;
use git2::{ObjectType, Oid, TreeWalkMode, TreeWalkResult};

use super::{Local, broken};

/// How the file of a collection ends, and how that of variables does.
const COLLECTION: &str = ".postman_collection.json";
const ENVIRONMENT: &str = ".postman_environment.json";

/// The collection for any environment that has none of its own.
const BASE: &str = "base";

/// Longest path that is kept.
const LONGEST: usize = 160;

/// Largest file, in bytes.
const LARGEST: usize = 32 << 20;

/// The path of the collection for an environment: its own, else the one for all; of several the first by its path.
///
/// # Errors
/// The commit cannot be read.
pub fn find(local: &Local, commit: Oid, environment: &str) -> Result<Option<String>, Failure> {
    let tree = local.commit(commit)?.tree().map_err(broken)?;
    let mut found: Vec<(bool, String)> = Vec::new();
    tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
        let name = entry.name().unwrap_or_default();
        if entry.kind() == Some(ObjectType::Blob)
            && let Some(of) = name.strip_suffix(COLLECTION)
            && (of == environment || of == BASE)
            && folder.len() + name.len() <= LONGEST
        {
            found.push((of != environment, format!("{folder}{name}")));
        }
        TreeWalkResult::Ok
    })
    .map_err(broken)?;
    Ok(found.into_iter().min().map(|(_, path)| path))
}

/// A collection and, beside it, the variables of an environment; `None`: there is no such file.
///
/// # Errors
/// The commit cannot be read.
pub fn read(
    local: &Local,
    commit: Oid,
    path: &str,
    environment: &str,
) -> Result<Option<(Vec<u8>, Option<Vec<u8>>)>, Failure> {
    let tree = local.commit(commit)?.tree().map_err(broken)?;
    let file = |path: &str| -> Result<Option<Vec<u8>>, Failure> {
        match tree.get_path(std::path::Path::new(path)) {
            Ok(entry) if entry.kind() == Some(ObjectType::Blob) => {
                let blob = local.blob(entry.id())?;
                Ok((blob.size() <= LARGEST).then(|| blob.content().to_vec()))
            }
            _ => Ok(None),
        }
    };
    let Some(collection) = file(path)? else {
        return Ok(None);
    };
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let beside = format!("{folder}/{environment}{ENVIRONMENT}");
    Ok(Some((collection, file(beside.trim_start_matches('/'))?)))
}
