//! The record of a settled repository: with these specs, this program, this lock and these files, there is nothing to do.
//!
//! Owns: what has to be the same for that to hold again, and where the record is kept (in the git folder, never committed).
//! Must not know: how a plan is made. A record is only ever made from a clean plan, or from one that was just carried out; a
//! plan follows from exactly what the record names, so it need not be made again. Losing a record costs time, nothing else.

mod form;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;

use flaresmith_codegen::diagnostics::Diagnostics;
use flaresmith_codegen::source::locate::Places;

use crate::digest::Digest;
use crate::plan::Plan;
use crate::root::{Folders, Root};
use crate::snapshot::{self, OnDisk, Snapshot};
use crate::sources::Inputs;
use crate::stamp::Stamp;
use crate::tree::Looks;

/// Most bytes of lines of specs that are kept.
const LONGEST: usize = 64 * 1024;

/// What was settled.
#[derive(Debug, Default, PartialEq)]
pub struct Record {
    /// The program that made it. What another has to say is not believed, not even what it takes for the same content.
    program: String,
    /// Everything else that output follows from: every file that was read.
    key: String,
    /// Digest of the lock file.
    lock: String,
    /// How many files were compared.
    compared: usize,
    /// What was told about the specs.
    diagnostics: Diagnostics,
    /// Where in the specs that is, once somebody has looked.
    places: Option<Places>,
    /// What the disk was asked for the specs, so that they need not be read to be known.
    looks: Looks,
    /// What stood at every path that the plan looked at, by path.
    files: Vec<(String, Seen)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    /// Digest of the file; `None` for nothing at all.
    digest: Option<Digest>,
    /// What the file system said of it; `None` when that is no proof.
    stamp: Option<Stamp>,
}

/// Stamps with the digests that they stand for.
pub type Stamps = BTreeMap<String, (Stamp, Digest)>;

impl Record {
    /// The record of a root; an empty one when there is none that can be read.
    #[must_use]
    pub fn load(root: &Root) -> Self {
        let text = place(root).and_then(|path| std::fs::read_to_string(path).ok());
        text.zip(program())
            .and_then(|(text, program)| Self::parse(&text, program))
            .unwrap_or_default()
    }

    /// Stamps that may stand in for reading files.
    #[must_use]
    pub fn stamps(&self) -> Stamps {
        self.files
            .iter()
            .filter_map(|(path, seen)| Some((path.clone(), (seen.stamp?, seen.digest?))))
            .collect()
    }

    /// The paths that were looked at.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|(path, _)| path.as_str())
    }

    /// Whether the specs, the program and the lock are those of the record.
    #[must_use]
    pub fn applies(&self, inputs: &Inputs, lock_text: Option<&str>) -> bool {
        !self.key.is_empty() && key(inputs).as_ref() == Some(&self.key) && self.lock == lock_digest(lock_text)
    }

    /// Whether nothing at all has moved, as far as that can be told without reading a spec or a generated file. If not, it
    /// may still be that [`Self::applies`] and [`Self::holds`].
    #[must_use]
    pub fn is_untouched(&self, root: &Root, lock_text: Option<&str>) -> bool {
        !self.key.is_empty() && self.lock == lock_digest(lock_text) && self.looks.hold(root) && self.stand(root)
    }

    /// Whether every file has the stamp that it had, or is not there as it was not.
    fn stand(&self, root: &Root) -> bool {
        let mut folders = Folders::default();
        let paths = || self.files.iter().map(|(path, _)| path.as_str());
        self.files.iter().all(|(path, seen)| {
            let Ok(full) = root.resolve_among(path, &mut folders) else {
                return false;
            };
            match (full.symlink_metadata(), seen) {
                (Ok(metadata), Seen { stamp: Some(stamp), .. }) => {
                    metadata.is_file() && !snapshot::executable(&metadata) && Stamp::seen(&metadata) == Some(*stamp)
                }
                (Err(_), Seen { digest: None, .. }) => true,
                _ => false,
            }
        }) && !snapshot::has_twins(paths())
    }

    /// Whether every file is what it was.
    #[must_use]
    pub fn holds(&self, snapshot: &Snapshot) -> bool {
        self.files.iter().all(|(path, seen)| match snapshot.get(path) {
            OnDisk::Absent => seen.digest.is_none(),
            OnDisk::File { digest, executable, .. } => !executable && seen.digest == Some(*digest),
            OnDisk::Other => false,
        })
    }

    /// Remembers what the file system says of files now, for a record that was seen to hold. What was written a moment ago may
    /// have no stamp that tells; the first look after a while has.
    pub fn refresh(&mut self, root: &Root, inputs: &Inputs, snapshot: &Snapshot) {
        let mut fresh = self.looks != inputs.looks;
        self.looks.clone_from(&inputs.looks);
        for (path, seen) in &mut self.files {
            let stamp = snapshot.stamp(path);
            if stamp.is_some() && seen.stamp != stamp {
                seen.stamp = stamp;
                fresh = true;
            }
        }
        if let (true, Some(path)) = (fresh, place(root)) {
            self.save(&path);
        }
    }

    /// Writes it whole or not at all, without waiting for the disk, since nothing is lost with it; under one name, so that a
    /// killed run leaves nothing that the next does not write over.
    fn save(&self, path: &Path) {
        let Some(text) = self.to_text() else {
            let _ = std::fs::remove_file(path);
            return;
        };
        let Some(folder) = path.parent() else { return };
        let _ = std::fs::create_dir_all(folder);
        let fresh = path.with_extension("new");
        if std::fs::write(&fresh, &text).is_ok() {
            let _ = std::fs::rename(&fresh, path);
        }
    }

    /// Where in the specs that is what was told; `None`: nobody has looked yet.
    #[must_use]
    pub fn places(&self) -> Option<&Places> {
        self.places.as_ref()
    }

    /// Remembers where in the specs that is what was told. Lines that go on for long, as in a file without any, are read again instead.
    pub fn keep_places(&mut self, root: &Root, places: Places) {
        let is_short = places.values().map(|located| located.text.len()).sum::<usize>() <= LONGEST;
        self.places = Some(places);
        if let (true, Some(path)) = (is_short, place(root)) {
            self.save(&path);
        }
    }

    /// What was told about the specs, and how many files were compared.
    #[must_use]
    pub fn told(&self) -> (Diagnostics, usize) {
        (self.diagnostics.clone(), self.compared)
    }
}

/// Remembers that a repository is settled: the plan was clean, or has been carried out. A record that cannot be written is not
/// missed; it comes back all the same. `diagnostics` are those of the run; `written` are stamps of what was written, as an apply
/// gives them.
pub fn remember(
    root: &Root,
    inputs: &Inputs,
    diagnostics: &Diagnostics,
    plan: &Plan,
    snapshot: &Snapshot,
    written: &BTreeMap<String, Stamp>,
) -> Option<Record> {
    let (path, program, key) = (place(root)?, program()?, key(inputs)?);
    let mut files: BTreeMap<String, Seen> = snapshot
        .iter()
        .filter_map(|(path, disk)| {
            let digest = match disk {
                OnDisk::Absent => None,
                OnDisk::File { executable: true, .. } | OnDisk::Other => return None,
                OnDisk::File { digest, .. } => Some(*digest),
            };
            let stamp = snapshot.stamp(path);
            Some((path.to_owned(), Seen { digest, stamp }))
        })
        .collect();
    // A person's own executable, or what is no file: the record could not tell whether it is the same, so there is none.
    if files.len() != snapshot.iter().count() {
        let _ = std::fs::remove_file(path);
        return None;
    }
    for change in plan.all_changes() {
        let (digest, stamp) = (change.to(), written.get(&change.path).copied());
        files.insert(change.path.clone(), Seen { digest, stamp });
    }
    let record = Record {
        program: program.to_owned(),
        key,
        lock: lock_digest(Some(&plan.lock.to_text())),
        compared: plan.compared,
        diagnostics: diagnostics.clone(),
        places: None,
        looks: inputs.looks.clone(),
        files: files.into_iter().collect(),
    };
    record.save(&path);
    Some(record)
}

/// Where the record of a root is kept: in the folder of git's that belongs to its work tree.
fn place(root: &Root) -> Option<PathBuf> {
    let folder = &root.kept()?.folder;
    let root = root.path().canonicalize().ok()?;
    let name = Digest::of(root.as_os_str().as_encoded_bytes());
    Some(folder.join(format!("settled-{name}")))
}

fn lock_digest(text: Option<&str>) -> String {
    text.map_or_else(String::new, |text| Digest::of(text.as_bytes()).to_string())
}

/// Everything that output follows from, byte for byte: the digests of the lock make no difference between line ends. What was
/// found while reading belongs to it: a folder that the settings name and that is not there leaves no digest.
fn key(inputs: &Inputs) -> Option<String> {
    let mut hash = blake3::Hasher::new();
    let mut add = |part: &[u8]| {
        // With its length, so that no two lists of parts read alike.
        hash.update(&part.len().to_le_bytes());
        hash.update(part);
    };
    for (path, bytes) in inputs.sources.iter() {
        add(path.as_bytes());
        add(bytes);
    }
    add(b"templates");
    for (name, text) in &inputs.templates {
        add(name.as_bytes());
        add(text.as_bytes());
    }
    for (path, digest) in &inputs.digests {
        add(path.as_bytes());
        add(digest.to_string().as_bytes());
    }
    add(&serde_json::to_vec(&inputs.diagnostics).ok()?);
    Some(hash.finalize().to_hex().to_string())
}

/// The program that generates: its version, and the very file that runs, since a build of one's own has the same version. It is
/// looked at once, as early as may be: a process that runs on may find another file at its place. `None`: it cannot be told, so
/// nothing that this process says can be remembered.
fn program() -> Option<&'static str> {
    static PROGRAM: OnceLock<Option<String>> = OnceLock::new();
    let told = PROGRAM.get_or_init(|| {
        let metadata = std::fs::metadata(running()?).ok()?;
        Some(format!("{} {}", env!("CARGO_PKG_VERSION"), identity(&metadata)?))
    });
    told.as_deref()
}

/// Where the running file is found: on Linux the file itself, even when another one has taken its name.
fn running() -> Option<PathBuf> {
    if cfg!(target_os = "linux") {
        return Some(PathBuf::from("/proc/self/exe"));
    }
    std::env::current_exe().ok()
}

/// Packages may all have the same time of modification, so what nobody can set is part of it.
#[cfg(unix)]
fn identity(metadata: &std::fs::Metadata) -> Option<String> {
    let stamp = Stamp::of(metadata, SystemTime::now())?;
    Some(stamp.to_string())
}

#[cfg(not(unix))]
fn identity(metadata: &std::fs::Metadata) -> Option<String> {
    let path = std::env::current_exe().ok()?;
    let modified = metadata.modified().ok()?;
    Some(format!("{} {} {modified:?}", path.display(), metadata.len()))
}
