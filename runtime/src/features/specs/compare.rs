//! Comparing what the specs give with what a repository holds, at one commit.
//!
//! Owns: the way from a commit to a plan, and from a plan to changes of files; how much is compiled, and how many at once. Must not
//! know: branches, the store.

use std::collections::{BTreeMap, BTreeSet};

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::{DriftReport, DriftSummaryStatus};
use flaresmith_codegen::Compilation;
use flaresmith_sync::base::Within;
use flaresmith_sync::lock::{self, Entry, Lock};
use flaresmith_sync::plan::{self, Change, ChangeKind, Plan, Wish};
use flaresmith_sync::snapshot::Snapshot;
use flaresmith_sync::sources::{self, Inputs};
use flaresmith_sync::{Root, Tree, drift};
use git2::Oid;
use serde_json::json;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::problem::{self, shortened};
use crate::features::shown::shown;
use crate::repositories::{Edit, Local, View};
use crate::telemetry::span;

/// Most bytes of specs that are compiled here.
const MOST: usize = 16 << 20;

/// How many repositories are compiled at once: each compilation uses every core that is idle.
static TURNS: Semaphore = Semaphore::const_new(2);

/// Waits for a turn to compile.
///
/// # Errors
/// The server stops.
pub(super) async fn turn() -> Result<SemaphorePermit<'static>, Failure> {
    TURNS.acquire().await.map_err(Failure::internal)
}

/// Reads what is compiled at a commit. For whoever has a [`turn`].
///
/// # Errors
/// It cannot be read, or is too much.
pub(super) fn inputs(tree: &Tree) -> Result<Inputs, Failure> {
    let inputs = sources::read(tree).map_err(problem::failed)?;
    let size: usize = inputs.sources.iter().map(|(_, bytes)| bytes.len()).sum();
    if size > MOST {
        let message = format!("the specs have {size} bytes together; no more than {MOST} are compiled here");
        let problem = json!({ "code": "SPEC_SIZE", "path": "", "message": message });
        return Err(Failure::new(ErrorCode::SpecInvalid).with_details(json!({ "problems": [problem] })));
    }
    Ok(inputs)
}

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    /// Only these targets; all when nothing is said.
    pub(super) targets: Option<BTreeSet<String>>,
    /// Whether edits made by hand are carried over.
    pub(super) merge: bool,
}

impl Asked {
    fn wants(&self, target: &str) -> bool {
        let Some(targets) = &self.targets else {
            return true;
        };
        // The package around the TypeScript targets comes with any of them.
        let around = target == "package" && ["zod", "drizzle", "hono"].iter().any(|one| targets.contains(*one));
        around || targets.contains(target)
    }
}

/// A commit, compared.
pub(super) struct Compared {
    /// What was read.
    pub(super) inputs: Inputs,
    /// What it gives.
    pub(super) compilation: Compilation,
    plan: Plan,
    lock_before: Option<String>,
}

/// Compares a commit with its own specs.
///
/// # Errors
/// The specs have errors, or hold a secret.
pub(super) fn compare(local: &Local, commit: Oid, asked: &Asked) -> Result<Compared, Failure> {
    let view = View::of(local, commit)?;
    let root = Root::at(view.path()).map_err(problem::failed)?;
    let tree = Tree::revision(&root, &commit.to_string()).map_err(problem::failed)?;
    let inputs = span::phase("specs.read", || inputs(&tree))?;
    let mut compilation = span::timed("specs.compile", || {
        flaresmith_codegen::compile(&inputs.sources, &inputs.settings, &inputs.templates)
    });
    let found: Vec<_> = inputs
        .diagnostics
        .iter()
        .chain(&compilation.diagnostics)
        .cloned()
        .collect();
    if let Some(failure) = problem::of(&found, &inputs.sources, inputs.settings.strict) {
        return Err(failure);
    }
    let lock_before = tree.read(lock::FILE).map_err(problem::failed)?;
    let lock_before = lock_before.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let mut lock = match &lock_before {
        Some(text) => Lock::parse(text).map_err(|error| problem::failed(error.at(lock::FILE.as_ref())))?,
        None => Lock::default(),
    };
    // Files of other targets are as if nobody knew of them, and stay.
    let known: (BTreeMap<String, Entry>, BTreeMap<String, Entry>) = std::mem::take(&mut lock.files)
        .into_iter()
        .partition(|(_, entry)| asked.wants(&entry.target));
    let (files, mut others) = known;
    lock.files = files;
    let applied = lock.sources.clone();
    compilation.artifacts.retain(|artifact| asked.wants(artifact.target));

    let artifacts = &compilation.artifacts;
    let paths = plan::paths(&lock, artifacts, &inputs.digests).map_err(problem::failed)?;
    let mut snapshot = Snapshot::of_tree(&tree, paths.iter().map(String::as_str)).map_err(problem::failed)?;
    let wish = Wish {
        merge: asked.merge,
        markers: false,
    };
    let around = &mut Within::new(&tree);
    let digests = inputs.digests.clone();
    let planned = || plan::plan(&lock, artifacts, digests, &mut snapshot, wish, around);
    let mut plan = span::phase("specs.plan", planned).map_err(problem::failed)?;
    if !others.is_empty() {
        // They are still those of the specs that were applied before.
        plan.lock.files.append(&mut others);
        plan.lock.sources = applied;
    }
    Ok(Compared {
        inputs,
        compilation,
        plan,
        lock_before,
    })
}

impl Compared {
    /// What is told of it; with paths, only of files below one of them.
    pub(super) fn report(&self, below: Option<&[String]>) -> Result<DriftReport, Failure> {
        let told = |path: &str| {
            let is_below = |folder: &String| {
                let folder = folder.trim_end_matches('/');
                path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
            };
            below.is_none_or(|folders| folders.iter().any(is_below))
        };
        let mut report: DriftReport = shown(&drift::report(&self.plan))?;
        report.changed_files.retain(|file| told(&file.path));
        report.conflicts.retain(|conflict| told(&conflict.path));
        for file in &mut report.changed_files {
            file.diff_summary = shortened(&file.diff_summary);
        }
        for conflict in &mut report.conflicts {
            conflict.suggestion = shortened(&conflict.suggestion);
        }
        let (changed, conflicts) = (report.changed_files.len(), report.conflicts.len());
        report.summary.changed_count = i32::try_from(changed).unwrap_or(i32::MAX);
        report.summary.conflict_count = i32::try_from(conflicts).unwrap_or(i32::MAX);
        report.summary.status = match (conflicts, changed) {
            (0, 0) => DriftSummaryStatus::Clean,
            (0, _) => DriftSummaryStatus::Drift,
            _ => DriftSummaryStatus::Conflicts,
        };
        Ok(report)
    }

    /// Whether a person has to decide about a file before anything is written.
    pub(super) fn is_blocked(&self) -> bool {
        self.plan.is_blocked()
    }

    /// What has to be done to the files of the commit: removals first, the lock last.
    pub(super) fn edits(&self) -> Vec<Edit> {
        let changes = || self.plan.changes.iter().chain(&self.plan.bases);
        let removed = changes().filter(|change| change.kind == ChangeKind::Removed);
        let written = changes().filter(|change| change.kind != ChangeKind::Removed);
        let removed = removed.map(|change| Edit::Delete {
            path: change.path.clone(),
        });
        let written = written.map(|change: &Change| put(&change.path, &change.after.whole()));
        let lock = self.plan.lock.to_text();
        let lock = (self.lock_before.as_ref() != Some(&lock)).then(|| put(lock::FILE, &lock));
        removed.chain(written).chain(lock).collect()
    }
}

/// What is generated is never executable.
fn put(path: &str, text: &str) -> Edit {
    Edit::Write {
        path: path.to_owned(),
        bytes: text.as_bytes().to_vec(),
        executable: Some(false),
    }
}
