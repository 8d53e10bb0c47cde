//! Status: which files are not, or not only, the generator's.
//!
//! Owns: the report's form, and telling edits from the lock, the disk and the kept bases. Must not know: the specs; it is
//! told without generating anything.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base;
use crate::error::SyncError;
use crate::lock::{Lock, Owner};
use crate::root::Root;
use crate::snapshot::{OnDisk, Snapshot};
use crate::summary;

/// Which files are not, or not only, the generator's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Edits that every apply carries along, by path.
    pub carried: Vec<CarriedEdit>,
    /// Files that were ejected, by path.
    pub ejected: Vec<String>,
    /// Scaffolds that were edited or deleted since they were written, by path.
    pub own: Vec<String>,
    /// Generated files that differ from what was written, by path: conflicts of the next apply.
    pub edited: Vec<String>,
    /// Number of files in the lock.
    pub files: usize,
}

/// An edit that is carried along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CarriedEdit {
    /// Path relative to the root.
    pub path: String,
    /// Why, in the words of whoever accepted it.
    pub reason: Option<String>,
    /// What the edit does to what was generated.
    pub edit: String,
}

/// Looks at every file of the lock.
///
/// # Errors
/// A path leaves the root, or a file cannot be read.
pub fn status(root: &Root, lock: &Lock) -> Result<Status, SyncError> {
    let carried = lock.files.iter().filter(|(_, entry)| entry.carried.is_some());
    let bases: Vec<String> = carried.map(|(path, _)| base::path_of(path)).collect();
    let paths = lock.files.keys().chain(&bases);
    let snapshot = Snapshot::take(root, paths.map(String::as_str))?;
    let mut status = Status {
        files: lock.files.len(),
        ..Status::default()
    };
    for (path, entry) in &lock.files {
        let disk = match snapshot.get(path) {
            OnDisk::File { digest, bytes, .. } => Some((*digest, bytes)),
            OnDisk::Absent | OnDisk::Other => None,
        };
        let generated = disk.is_some_and(|(digest, _)| entry.bases().any(|base| base == digest));
        match (entry.owner, &entry.carried) {
            (Owner::Ejected, _) => status.ejected.push(path.clone()),
            (Owner::Scaffold, _) if !generated => status.own.push(path.clone()),
            (Owner::Managed, Some(carried)) if disk.is_some_and(|(digest, _)| digest == carried.digest) => {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let base = match snapshot.get(&base::path_of(path)) {
                    OnDisk::File { bytes, .. } => Some(text(bytes)),
                    OnDisk::Absent | OnDisk::Other => None,
                };
                let mine = disk.map(|(_, bytes)| text(bytes));
                status.carried.push(CarriedEdit {
                    path: path.clone(),
                    reason: carried.reason.clone(),
                    edit: match base {
                        Some(base) => summary::summary(path, Some(&base), mine.as_deref()),
                        None => format!("{} is missing; run `flaresmith spec apply`", base::path_of(path)),
                    },
                });
            }
            (Owner::Managed, _) if disk.is_some() && !generated => status.edited.push(path.clone()),
            _ => {}
        }
    }
    Ok(status)
}
