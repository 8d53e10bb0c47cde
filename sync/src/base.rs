//! Bases: the bytes that were once generated at a path, from which a three-way merge starts.
//!
//! Owns: where they are looked for. A base is known by its digest, so it is found or not had; it is never guessed. Must not
//! know: what is merged.
//!
//! In this order: `.flaresmith/base/`, which holds the bases of carried edits wherever the repository is cloned; git, which
//! holds what was committed; and the specs of a commit, from which it can be generated again.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use flaresmith_codegen::emit::Artifact;
use flaresmith_codegen::rope::Rope;
use git2::{ObjectType, Oid, Sort};

use crate::digest::Digest;
use crate::error::SyncError;
use crate::merged;
use crate::output::Digested;
use crate::plan::Surroundings;
use crate::root::Root;
use crate::snapshot::Snapshot;
use crate::sources;
use crate::tree::{Tree, repository};

/// Where the bases of carried edits are kept, relative to the root.
pub const FOLDER: &str = ".flaresmith/base";

/// How many commits are looked through for one path. A base is rarely older than the last few.
const COMMITS: usize = 2_000;

/// Where the base of a path is kept.
#[must_use]
pub fn path_of(path: &str) -> String {
    format!("{FOLDER}/{path}")
}

/// The disk and the git repository around a root.
pub struct Around<'a> {
    root: &'a Root,
    digested: Option<&'a mut Digested>,
    /// What the specs of HEAD give, by path; made when it is first asked for.
    of_head: OnceCell<BTreeMap<String, Rope>>,
}

impl<'a> Around<'a> {
    /// The surroundings of a root.
    #[must_use]
    pub fn new(root: &'a Root) -> Self {
        Self {
            root,
            digested: None,
            of_head: OnceCell::new(),
        }
    }

    /// The same, for one of several plans for the root: what was digested for the last one is remembered.
    #[must_use]
    pub fn again(root: &'a Root, digested: &'a mut Digested) -> Self {
        Self {
            digested: Some(digested),
            ..Self::new(root)
        }
    }

    /// The first version of the file in the history of HEAD, newest first, that has one of the digests.
    fn in_history(&self, path: &str, digests: &[Digest]) -> Option<String> {
        let opened = repository::open(self.root).ok()?;
        let (repository, path) = (&opened.repository, opened.place(path));
        let mut seen: BTreeSet<Oid> = BTreeSet::new();
        let mut matches = |id: Oid| {
            let fresh = seen.insert(id);
            let blob = fresh.then(|| repository.find_blob(id).ok()).flatten()?;
            let found = digests.contains(&Digest::of(blob.content()));
            found.then(|| String::from_utf8(blob.content().to_vec()).ok()).flatten()
        };
        if let Some(entry) = repository.index().ok().and_then(|index| index.get_path(&path, 0))
            && let Some(text) = matches(entry.id)
        {
            return Some(text);
        }
        let mut walk = repository.revwalk().ok()?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME).ok()?;
        walk.push_head().ok()?;
        for id in walk.take(COMMITS) {
            // A shallow clone ends where its history does.
            let Ok(tree) = id
                .and_then(|id| repository.find_commit(id))
                .and_then(|commit| commit.tree())
            else {
                continue;
            };
            let Ok(entry) = tree.get_path(&path) else { continue };
            if entry.kind() == Some(ObjectType::Blob)
                && let Some(text) = matches(entry.id())
            {
                return Some(text);
            }
        }
        None
    }

    /// What the specs of HEAD give at the path, if it has one of the digests: for repositories that do not commit what is
    /// generated.
    fn out_of_specs_of_head(&self, path: &str, digests: &[Digest]) -> Option<String> {
        let text = self
            .of_head
            .get_or_init(|| self.output_of_head().unwrap_or_default())
            .get(path)?;
        digests.contains(&Digest::of_rope(text)).then(|| text.to_string())
    }

    /// `None`: there is no HEAD, or its specs cannot be read.
    fn output_of_head(&self) -> Option<BTreeMap<String, Rope>> {
        let tree = Tree::revision(self.root, "HEAD").ok()?;
        let inputs = sources::read(&tree).ok()?;
        let compilation = flaresmith_codegen::compile(&inputs.sources, &inputs.settings, &inputs.templates);
        let artifacts = compilation.artifacts.into_iter();
        Some(artifacts.map(|artifact| (artifact.path, artifact.text)).collect())
    }
}

impl Surroundings for Around<'_> {
    fn read(&mut self, snapshot: &mut Snapshot, paths: &[&str]) -> Result<(), SyncError> {
        let digested = self.digested.as_deref();
        snapshot.read(self.root, paths.iter().copied(), |path, digest| {
            digested?.bytes(path, digest)
        })
    }

    fn ask_git(&mut self, snapshot: &mut Snapshot, paths: &[&str]) {
        snapshot.ask_git(self.root, paths.iter().copied());
    }

    fn base(&mut self, path: &str, digests: &[Digest]) -> Option<String> {
        let kept = self.root.resolve(&path_of(path)).ok();
        let kept = kept.and_then(|path| std::fs::read_to_string(path).ok());
        kept.filter(|text| digests.contains(&Digest::of(text.as_bytes())))
            .or_else(|| self.in_history(path, digests))
            .or_else(|| self.out_of_specs_of_head(path, digests))
    }

    fn merged_by_git(&mut self, path: &str, digests: &[Digest], bytes: &[u8]) -> bool {
        merged::by_git(self.root, path, digests, bytes)
    }

    fn digests(&mut self, artifacts: &[Artifact]) -> Vec<Digest> {
        match &mut self.digested {
            Some(digested) => digested.of(artifacts),
            None => Digested::default().of(artifacts),
        }
    }
}

/// A tree that is not the disk, with the history around it.
pub struct Within<'a> {
    tree: &'a Tree,
    around: Around<'a>,
}

impl<'a> Within<'a> {
    /// The surroundings of a tree.
    #[must_use]
    pub fn new(tree: &'a Tree) -> Self {
        Self {
            tree,
            around: Around::new(tree.root()),
        }
    }
}

impl Surroundings for Within<'_> {
    /// Everything was read at once.
    fn read(&mut self, _: &mut Snapshot, _: &[&str]) -> Result<(), SyncError> {
        Ok(())
    }

    fn ask_git(&mut self, snapshot: &mut Snapshot, paths: &[&str]) {
        snapshot.ask_tree(self.tree, paths.iter().copied());
    }

    fn base(&mut self, path: &str, digests: &[Digest]) -> Option<String> {
        let kept = self.tree.read(&path_of(path)).ok().flatten();
        let kept = kept.and_then(|bytes| String::from_utf8(bytes).ok());
        kept.filter(|text| digests.contains(&Digest::of(text.as_bytes())))
            .or_else(|| self.around.in_history(path, digests))
            .or_else(|| self.around.out_of_specs_of_head(path, digests))
    }
}
