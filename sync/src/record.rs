//! The record of a settled repository: with these specs, this program, this lock and these files, there is nothing to do.
//!
//! Owns: what has to be the same for that to hold again, and where the record is kept (in the git folder, never committed).
//! Must not know: how a plan is made. A record is only ever made from a clean plan, or from one that was just carried out; a
//! plan follows from exactly what the record names, so it need not be made again. Losing a record costs time, nothing else.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::SystemTime;

use flaresmith_codegen::diagnostics::Diagnostics;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::plan::{ChangeKind, Plan};
use crate::root::Root;
use crate::snapshot::{OnDisk, Snapshot};
use crate::sources::Inputs;
use crate::stamp::Stamp;

/// What was settled.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Record {
    /// Everything that output follows from: the program itself, and every file that was read.
    key: String,
    /// Digest of the lock file.
    lock: String,
    /// What stood at every path that the plan looked at.
    files: BTreeMap<String, Seen>,
    /// What was told about the specs.
    diagnostics: Diagnostics,
    /// How many files were compared.
    compared: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    /// Digest of the file; `None` for nothing at all.
    digest: Option<String>,
    /// What the file system said of it; `None` when that is no proof.
    stamp: Option<Stamp>,
}

/// Stamps with the digests that they stand for.
pub type Stamps = BTreeMap<String, (Stamp, Digest)>;

impl Record {
    /// The record of a root; an empty one when there is none that can be read.
    #[must_use]
    pub fn load(root: &Root) -> Self {
        place(root)
            .and_then(|path| std::fs::read(path).ok())
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    /// Stamps that may stand in for reading files.
    #[must_use]
    pub fn stamps(&self) -> Stamps {
        self.files
            .iter()
            .filter_map(|(path, seen)| {
                let digest = Digest::parse(seen.digest.as_deref()?)?;
                Some((path.clone(), (seen.stamp?, digest)))
            })
            .collect()
    }

    /// The paths that were looked at.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Whether the specs, the program and the lock are those of the record.
    #[must_use]
    pub fn applies(&self, inputs: &Inputs, lock_text: Option<&str>) -> bool {
        !self.key.is_empty() && self.key == key(inputs) && self.lock == lock_digest(lock_text)
    }

    /// Whether every file is what it was.
    #[must_use]
    pub fn holds(&self, snapshot: &Snapshot) -> bool {
        self.files.iter().all(|(path, seen)| match snapshot.get(path) {
            OnDisk::Absent => seen.digest.is_none(),
            OnDisk::File { digest, executable, .. } => {
                !executable && seen.digest.as_deref() == Some(digest.to_string().as_str())
            }
            OnDisk::Other => false,
        })
    }

    /// What was told about the specs, and how many files were compared.
    #[must_use]
    pub fn told(self) -> (Diagnostics, usize) {
        (self.diagnostics, self.compared)
    }
}

/// Remembers that a repository is settled: the plan was clean, or has been carried out. A record that cannot be written is not
/// missed. `diagnostics` are those of the run.
pub fn remember(root: &Root, inputs: &Inputs, diagnostics: &Diagnostics, plan: &Plan, snapshot: &Snapshot) {
    let Some(path) = place(root) else { return };
    let mut files: BTreeMap<String, Seen> = snapshot
        .iter()
        .filter_map(|(path, disk)| {
            let digest = match disk {
                OnDisk::Absent => None,
                OnDisk::File { executable: true, .. } | OnDisk::Other => return None,
                OnDisk::File { digest, .. } => Some(digest.to_string()),
            };
            let stamp = snapshot.stamp(path);
            Some((path.to_owned(), Seen { digest, stamp }))
        })
        .collect();
    // A person's own executable, or what is no file: the record could not tell whether it is the same, so there is none.
    if files.len() != snapshot.iter().count() {
        let _ = std::fs::remove_file(path);
        return;
    }
    for change in plan.all_changes() {
        let digest = (change.kind != ChangeKind::Removed).then(|| Digest::of(change.after.as_bytes()).to_string());
        files.insert(change.path.clone(), Seen { digest, stamp: None });
    }
    let record = Record {
        key: key(inputs),
        lock: lock_digest(Some(&plan.lock.to_text())),
        files,
        diagnostics: diagnostics.clone(),
        compared: plan.compared,
    };
    let Ok(bytes) = serde_json::to_vec(&record) else { return };
    let Some(folder) = path.parent() else { return };
    let _ = std::fs::create_dir_all(folder);
    // Whole or not at all, without waiting for the disk, since nothing is lost with it; under one name, so that a killed run
    // leaves nothing that the next does not write over.
    let fresh = path.with_extension("new");
    if std::fs::write(&fresh, &bytes).is_ok() {
        let _ = std::fs::rename(&fresh, path);
    }
}

/// Where the record of a root is kept: in the folder of git's that belongs to its work tree.
fn place(root: &Root) -> Option<PathBuf> {
    let git = git2::Repository::discover(root.path()).ok()?;
    let root = root.path().canonicalize().ok()?;
    let name = Digest::of(root.as_os_str().as_encoded_bytes());
    Some(git.path().join("flaresmith").join(format!("settled-{name}.json")))
}

fn lock_digest(text: Option<&str>) -> String {
    text.map_or_else(String::new, |text| Digest::of(text.as_bytes()).to_string())
}

/// Everything that output follows from.
fn key(inputs: &Inputs) -> String {
    let mut text = program();
    for (path, digest) in &inputs.digests {
        text.push_str(&format!("\n{path} {digest}"));
    }
    Digest::of(text.as_bytes()).to_string()
}

/// The program that generates: its version, and the very file that runs, since a build of one's own has the same version.
fn program() -> String {
    let file: Option<(PathBuf, std::fs::Metadata)> = std::env::current_exe()
        .ok()
        .and_then(|path| std::fs::metadata(&path).ok().map(|metadata| (path, metadata)));
    let told = file.map_or_else(String::new, |(path, metadata)| {
        let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        format!("{} {} {modified:?}", path.display(), metadata.len())
    });
    format!("{} {told}", env!("CARGO_PKG_VERSION"))
}
