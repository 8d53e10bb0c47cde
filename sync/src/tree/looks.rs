//! Looks: every question that was put to the disk while specs were read, and its answer.
//!
//! Owns: whether the disk would answer the same once more. Must not know: what was asked for, or what followed from it: whoever
//! reads asks by answers alone, so the same answers lead to the same reading.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use super::Kind;
use crate::digest::Digest;
use crate::listing;
use crate::root::Root;
use crate::stamp::Stamp;

/// Questions and answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looks {
    /// Files that were read, or found not to be there, by path.
    pub(crate) files: BTreeMap<String, Found>,
    /// Digests of the entries of folders that were listed, by path; `None` where two answers differed.
    pub(crate) folders: BTreeMap<String, Option<Digest>>,
}

/// What was found where a file was wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// No regular file.
    Nothing,
    /// A file; without a stamp nobody can tell whether it is still the same.
    File(Option<Stamp>),
}

impl Looks {
    /// A file was wanted. One that was another a moment later cannot be told again.
    pub(super) fn file(&mut self, path: &str, found: Found) {
        let first = self.files.entry(path.to_owned()).or_insert(found);
        if *first != found {
            *first = Found::File(None);
        }
    }

    /// A folder was listed.
    pub(super) fn folder(&mut self, folder: &str, entries: &[(String, Kind)]) {
        let digest = Some(digest(entries));
        let first = self.folders.entry(folder.to_owned()).or_insert(digest);
        if *first != digest {
            *first = None;
        }
    }

    /// Whether the disk would answer every question in the same way. Reads no file.
    #[must_use]
    pub fn hold(&self, root: &Root) -> bool {
        let now = SystemTime::now();
        let listed = |(folder, known): (&String, &Option<Digest>)| {
            let entries = listing::entries(&root.path().join(folder)).ok();
            known.is_some() && entries.map(|entries| digest(&entries)) == *known
        };
        let found = |(path, known): (&String, &Found)| match known {
            Found::Nothing => look(&root.path().join(path), now) == Found::Nothing,
            Found::File(None) => false,
            known => look(&root.path().join(path), now) == *known,
        };
        !self.files.is_empty() && self.folders.iter().all(listed) && self.files.iter().all(found)
    }
}

/// What the file system says of a file, which must be asked before the file is read: what is written later has another stamp.
pub(super) fn look(path: &Path, now: SystemTime) -> Found {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_file() => Found::File(Stamp::of(&metadata, now)),
        _ => Found::Nothing,
    }
}

fn digest(entries: &[(String, Kind)]) -> Digest {
    let mut text = String::new();
    for (name, kind) in entries {
        // No name has a slash.
        text.push_str(name);
        text.push_str(match kind {
            Kind::Folder => "/d",
            Kind::File => "/f",
            Kind::Other => "/o",
        });
    }
    Digest::of(text.as_bytes())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::tree::Tree;

    /// A root with files that are old enough to have stamps.
    fn old() -> (tempfile::TempDir, Root) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("specs")).unwrap();
        std::fs::write(folder.path().join("specs/a.yaml"), "a").unwrap();
        std::thread::sleep(Duration::from_millis(1_100));
        let root = Root::at(folder.path()).unwrap();
        (folder, root)
    }

    fn looks(root: &Root) -> Looks {
        let tree = Tree::disk(root);
        tree.list("specs").unwrap();
        tree.read("specs/a.yaml").unwrap();
        tree.read("specs/none.yaml").unwrap();
        tree.looks()
    }

    #[test]
    fn the_same_answers_hold_and_any_other_does_not() {
        let (_folder, root) = old();
        let known = looks(&root);
        assert!(known.hold(&root));
        let path = |name: &str| root.path().join("specs").join(name);
        std::fs::write(path("none.yaml"), "").unwrap();
        assert!(!known.hold(&root), "a file that was wanted came");
        std::fs::remove_file(path("none.yaml")).unwrap();
        assert!(known.hold(&root));
        std::fs::write(path("more.yaml"), "").unwrap();
        assert!(!known.hold(&root), "a file that nobody asked for came");
        std::fs::remove_file(path("more.yaml")).unwrap();
        std::fs::write(path("a.yaml"), "b").unwrap();
        assert!(!known.hold(&root), "a file has another content of the same size");
        assert!(!looks(&root).hold(&root), "a file that was just written has no stamp");
        std::fs::remove_file(path("a.yaml")).unwrap();
        assert!(!known.hold(&root), "a file went");
    }

    #[test]
    fn where_nothing_was_asked_or_answers_differed_nothing_holds() {
        let (_folder, root) = old();
        assert!(!Looks::default().hold(&root));
        let mut differed = looks(&root);
        differed.file("specs/a.yaml", Found::Nothing);
        assert!(!differed.hold(&root));
        let mut differed = looks(&root);
        differed.folder("specs", &[]);
        assert!(!differed.hold(&root));
    }
}
