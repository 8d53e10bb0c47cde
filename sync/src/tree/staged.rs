//! The tree of git's index: what a commit made now would hold.
//!
//! Owns: which entries of the index count. Must not know: the disk. Entries outside of a sparse checkout count, those of
//! `git add -N` do not: a commit takes the first and leaves out the second.

use std::collections::{BTreeMap, BTreeSet};

use git2::{Index, IndexEntryExtendedFlag, Oid};

use super::repository::{self, Opened};
use super::{Kind, Node, objects, revision};
use crate::error::SyncError;
use crate::root::Root;

/// Bits of an entry's flags that hold its stage: 0, or 1 to 3 for the sides of an unresolved merge.
const STAGE: u16 = 0x3000;
/// At most so many paths are listed in a message.
const LISTED: usize = 5;

pub(super) struct Staged {
    opened: Opened,
    /// Mode and id by path relative to the root.
    entries: BTreeMap<String, (u32, Oid)>,
    /// Paths with an unresolved merge.
    unmerged: BTreeSet<String>,
}

impl Staged {
    pub(super) fn open(root: &Root) -> Result<Self, SyncError> {
        let opened = repository::open(root)?;
        // A repository in which nothing was ever staged has no index file; it reads as an empty one.
        let index = Index::open(&opened.index).map_err(|error| repository::cannot_read_index(&opened.index, &error))?;
        let (mut entries, mut unmerged) = (BTreeMap::new(), BTreeSet::new());
        for entry in index.iter() {
            let Some(path) = entry.path.strip_prefix(opened.prefix.as_slice()) else {
                continue;
            };
            let Ok(path) = std::str::from_utf8(path) else { continue };
            if entry.flags & STAGE != 0 {
                unmerged.insert(path.to_owned());
            } else if entry.flags_extended & IndexEntryExtendedFlag::INTENT_TO_ADD.bits() == 0 {
                entries.insert(path.to_owned(), (entry.mode, entry.id));
            }
        }
        Ok(Self {
            opened,
            entries,
            unmerged,
        })
    }

    pub(super) fn look(&self, path: &str) -> Result<Node, SyncError> {
        if self.unmerged.contains(path) {
            return Err(self.unmerged_error());
        }
        if let Some((mode, id)) = self.entries.get(path) {
            return objects::node(&self.opened.repository, path, *mode, *id);
        }
        let folder = format!("{path}/");
        Ok(match self.entries.range(folder.clone()..).next() {
            Some((below, _)) if below.starts_with(&folder) => Node::Other,
            _ => Node::Absent,
        })
    }

    pub(super) fn is_executable(&self, path: &str) -> bool {
        let entry = self.entries.get(path);
        entry.is_some_and(|(mode, _)| objects::is_executable(*mode))
    }

    /// Whether HEAD has the same entry. A repository without a commit holds nothing.
    pub(super) fn is_committed(&self, path: &str) -> bool {
        let repository = &self.opened.repository;
        let Ok(head) = repository.head().and_then(|head| head.peel_to_tree()) else {
            return false;
        };
        let held = revision::find(repository, head.id(), &self.opened.inside(path));
        held.is_ok_and(|held| held.as_ref() == self.entries.get(path))
    }

    pub(super) fn keeps_line_ends(&self, path: &str) -> bool {
        self.opened.keeps_line_ends(path)
    }

    pub(super) fn is_ignored(&self, path: &str) -> bool {
        let inside = String::from_utf8(self.opened.inside(path)).ok();
        inside.is_some_and(|path| self.opened.repository.is_path_ignored(path).unwrap_or(false))
    }

    /// Unmerged files are listed as files, so that whoever reads them is told.
    pub(super) fn list(&self, folder: &str) -> Vec<(String, Kind)> {
        let prefix = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        let mut found = BTreeMap::new();
        for (path, (mode, _)) in self.entries.range(prefix.clone()..) {
            let Some(rest) = path.strip_prefix(&prefix) else { break };
            match rest.split_once('/') {
                Some((name, _)) => found.insert(name.to_owned(), Kind::Folder),
                None => found.insert(rest.to_owned(), objects::kind(*mode)),
            };
        }
        for path in self.unmerged.range(prefix.clone()..) {
            let Some(rest) = path.strip_prefix(&prefix) else { break };
            match rest.split_once('/') {
                Some((name, _)) => found.entry(name.to_owned()).or_insert(Kind::Folder),
                None => found.entry(rest.to_owned()).or_insert(Kind::File),
            };
        }
        found.into_iter().collect()
    }

    fn unmerged_error(&self) -> SyncError {
        let mut listed: Vec<&str> = self.unmerged.iter().take(LISTED).map(String::as_str).collect();
        if self.unmerged.len() > LISTED {
            listed.push("…");
        }
        SyncError::new(
            "STAGED_UNMERGED",
            format!(
                "a merge is not resolved yet, so nothing certain is staged: {}",
                listed.join(", ")
            ),
        )
        .hint(
            "resolve the specs first and `git add` them; generated files and flaresmith.lock follow by \
             `flaresmith spec apply`, then `git add` them too",
        )
    }
}
