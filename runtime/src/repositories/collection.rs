//! The collections of a commit.
//!
//! Owns: which file is the collection for an environment. Must not know: what is in it.

use std::path::Path;

use flaresmith_api::errors::Failure;
use git2::{ObjectType, Oid, TreeWalkMode, TreeWalkResult};

use super::{Local, broken};

/// How the file of a collection ends, and how that of variables does.
const COLLECTION: &str = ".postman_collection.json";
const ENVIRONMENT: &str = ".postman_environment.json";

/// The collection for any environment that has none of its own.
pub const BASE: &str = "base";

/// Largest file, in bytes.
const LARGEST: usize = 32 << 20;

/// A collection with the variables of an environment.
#[derive(Debug)]
pub struct Collection {
    /// The collection, a document of Postman.
    pub document: Vec<u8>,
    /// The variables beside it, another one.
    pub environment: Option<Vec<u8>>,
}

/// The collection for an environment: its own, else the one for all; of several the first by its path.
///
/// # Errors
/// The commit cannot be read.
pub fn read(local: &Local, commit: Oid, environment: &str) -> Result<Option<Collection>, Failure> {
    named(local, commit, environment, &[environment, BASE])
}

/// The collection of this very name, the base or that of an environment; of several the first by its path.
///
/// # Errors
/// The commit cannot be read.
pub fn read_own(local: &Local, commit: Oid, name: &str) -> Result<Option<Collection>, Failure> {
    named(local, commit, name, &[name])
}

fn named(local: &Local, commit: Oid, environment: &str, names: &[&str]) -> Result<Option<Collection>, Failure> {
    let tree = local.commit(commit)?.tree().map_err(broken)?;
    let mut found: Vec<(bool, String)> = Vec::new();
    tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
        if entry.kind() == Some(ObjectType::Blob)
            && let Ok(name) = entry.name()
            && let Some(of) = name.strip_suffix(COLLECTION)
            && names.contains(&of)
        {
            found.push((of != environment, format!("{folder}{name}")));
        }
        TreeWalkResult::Ok
    })
    .map_err(broken)?;
    let Some((_, path)) = found.into_iter().min() else {
        return Ok(None);
    };
    let file = |path: &str| -> Result<Option<Vec<u8>>, Failure> {
        match tree.get_path(Path::new(path)) {
            Ok(entry) if entry.kind() == Some(ObjectType::Blob) => {
                let blob = local.blob(entry.id())?;
                Ok((blob.size() <= LARGEST).then(|| blob.content().to_vec()))
            }
            _ => Ok(None),
        }
    };
    let Some(document) = file(&path)? else {
        return Ok(None);
    };
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let beside = format!("{folder}/{environment}{ENVIRONMENT}");
    Ok(Some(Collection {
        document,
        environment: file(beside.trim_start_matches('/'))?,
    }))
}
