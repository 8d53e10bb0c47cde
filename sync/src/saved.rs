//! A saved plan: a plan as a JSON document, and refusing it when the world moved since.
//!
//! Owns: the document's form, and what makes it stale. Must not know: how plans come about, or how they are carried out.

use std::collections::BTreeMap;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base;
use crate::digest::Digest;
use crate::error::SyncError;
use crate::lock::{self, Lock};
use crate::plan::{Change, Plan};
use crate::reserved;
use crate::root::Root;
use crate::snapshot::{OnDisk, Snapshot};

/// A plan as it is written to a file. Applying needs nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SavedPlan {
    /// Version of this form: 1.
    pub version: u32,
    /// Version of the program that made the plan. Another one might generate something else.
    pub flaresmith: String,
    /// Digest of every file that was read, by path.
    pub sources: BTreeMap<String, String>,
    /// Digest of the lock file as it was; `null` when there was none.
    pub lock_before: Option<String>,
    /// The lock file as it will be; `null` when it stays.
    pub lock_after: Option<String>,
    /// Files to write or delete.
    pub changes: Vec<SavedChange>,
    /// Bases of carried edits to write or delete.
    pub bases: Vec<SavedChange>,
}

/// One file to write or delete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SavedChange {
    /// Path relative to the root.
    pub path: String,
    /// Digest of what stands there; `null` for nothing.
    pub before: Option<String>,
    /// What will stand there; `null` for nothing.
    pub after: Option<String>,
    /// Whether a person's edit is in it.
    #[serde(default)]
    pub carries: bool,
}

/// The plan as a document. `lock_before` is the text of the lock file, if there is one.
///
/// # Errors
/// The plan has conflicts: it cannot be carried out as it is.
pub fn save(plan: &Plan, lock_before: Option<&str>) -> Result<SavedPlan, SyncError> {
    if plan.is_blocked() {
        return Err(
            SyncError::new("PLAN_CONFLICTS", "the plan has conflicts, so it was not saved")
                .hint("solve them as the suggestions say, then make the plan again"),
        );
    }
    let saved = |change: &Change| SavedChange {
        path: change.path.clone(),
        before: change.from().map(|digest| digest.to_string()),
        after: change.to().map(|_| change.after.to_string()),
        carries: change.carries,
    };
    Ok(SavedPlan {
        version: 1,
        flaresmith: env!("CARGO_PKG_VERSION").to_owned(),
        sources: texts(&plan.lock.sources),
        lock_before: lock_before.map(|text| Digest::of(text.as_bytes()).to_string()),
        lock_after: plan.lock_changes.then(|| plan.lock.to_text()),
        changes: plan.changes.iter().map(saved).collect(),
        bases: plan.bases.iter().map(saved).collect(),
    })
}

fn texts(digests: &BTreeMap<String, Digest>) -> BTreeMap<String, String> {
    digests
        .iter()
        .map(|(path, digest)| (path.clone(), digest.to_string()))
        .collect()
}

/// Reads a saved plan.
///
/// # Errors
/// The text is not one, or one of another version.
pub fn parse(text: &str) -> Result<SavedPlan, SyncError> {
    let again = "make it anew with `flaresmith spec plan --out FILE`";
    let saved: SavedPlan = serde_json::from_str(text).map_err(|error| {
        SyncError::new("PLAN_INVALID", format!("the file is not a saved plan: {error}")).hint(again)
    })?;
    if saved.version != 1 {
        let message = format!("the plan has version {}, this program knows 1", saved.version);
        return Err(SyncError::new("PLAN_VERSION", message).hint(again));
    }
    Ok(saved)
}

/// The plan of a document, when nothing that it is about moved since it was made.
///
/// # Errors
/// `PLAN_STALE`: specs, templates, settings, the lock or a file that the plan touches moved; every one is named. A path leaves
/// the root, or a file cannot be read.
pub fn load(
    saved: &SavedPlan,
    root: &Root,
    sources: &BTreeMap<String, Digest>,
    lock_text: Option<&str>,
) -> Result<Plan, SyncError> {
    let mut moved: Vec<String> = Vec::new();
    if saved.flaresmith != env!("CARGO_PKG_VERSION") {
        moved.push(format!("it was made by flaresmith {}", saved.flaresmith));
    }
    let now = texts(sources);
    for path in saved
        .sources
        .keys()
        .chain(now.keys().filter(|path| !saved.sources.contains_key(*path)))
    {
        match (saved.sources.get(path), now.get(path)) {
            (Some(before), Some(now)) if before == now => {}
            (Some(_), Some(_)) => moved.push(format!("{path} changed")),
            (Some(_), None) => moved.push(format!("{path} is gone")),
            (None, _) => moved.push(format!("{path} is new")),
        }
    }
    let lock_now = lock_text.map(|text| Digest::of(text.as_bytes()).to_string());
    if saved.lock_before != lock_now {
        moved.push(format!("{} changed", lock::FILE));
    }
    let all: Vec<&SavedChange> = saved.changes.iter().chain(&saved.bases).collect();
    reserved::refuse(saved.changes.iter().map(|change| change.path.as_str()), sources)?;
    let kept = |change: &&SavedChange| change.path.starts_with(&base::path_of(""));
    if let Some(change) = saved.bases.iter().find(|change| !kept(change)) {
        let message = format!("`{}` is no place for a base", change.path);
        return Err(SyncError::new("PLAN_INVALID", message).hint("make it anew with `flaresmith spec plan --out FILE`"));
    }
    let snapshot = Snapshot::take(root, all.iter().map(|change| change.path.as_str()))?;
    let mut plan = Plan {
        lock: Lock::parse(saved.lock_after.as_deref().or(lock_text).unwrap_or("version = 1\n"))?,
        lock_changes: saved.lock_after.is_some(),
        due: saved.lock_after.is_some() || !saved.bases.is_empty(),
        compared: all.len(),
        ..Plan::default()
    };
    for (index, change) in all.into_iter().enumerate() {
        let (before, digest) = match snapshot.get(&change.path) {
            OnDisk::Absent => (None, None),
            OnDisk::File { bytes, digest, .. } => (Some((bytes.clone(), *digest)), Some(digest.to_string())),
            OnDisk::Other => (None, Some(String::new())),
        };
        if digest != change.before {
            moved.push(format!("{} changed", change.path));
        }
        let before = before.unwrap_or_else(|| (Bytes::default(), Digest::of(&[])));
        let after = change
            .after
            .as_deref()
            .map(|text| (text.into(), Digest::of(text.as_bytes())));
        let made = Change {
            seen: snapshot.seen(&change.path),
            carries: change.carries,
            ..match (&change.before, after) {
                (_, None) => Change::removed(&change.path, before),
                (None, Some(after)) => Change::added(&change.path, after),
                (Some(_), Some(after)) => Change::modified(&change.path, before, after),
            }
        };
        if index < saved.changes.len() {
            plan.changes.push(made);
        } else {
            plan.bases.push(made);
        }
    }
    if moved.is_empty() {
        return Ok(plan);
    }
    Err(
        SyncError::new("PLAN_STALE", format!("the plan is stale: {}", moved.join("; ")))
            .hint("make it anew with `flaresmith spec plan --out FILE`, and look at it again"),
    )
}
