//! Decisions of a person's about single files: accept an edit, eject a file, restore it.
//!
//! Owns: what each of them needs and what it makes of the lock. A decision is a plan like any other, carried out the same way.
//! Must not know: how plans are carried out.

use std::collections::BTreeMap;

use flaresmith_codegen::diagnostics::nearest;
use flaresmith_codegen::emit::{Artifact, Ownership};
use flaresmith_codegen::rope::Rope;

use crate::digest::Digest;
use crate::error::SyncError;
use crate::lock::{Carried, Entry, Lock, Owner};
use crate::plan::{Change, Plan, Surroundings, base_changes};
use crate::snapshot::{OnDisk, Snapshot};
use crate::table::Held;
use crate::{fit, merge, spool, suggest};

/// What a person decided about files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision<'a> {
    /// The edit is right; every apply carries it along.
    Accept {
        /// Why.
        reason: &'a str,
    },
    /// The file becomes the team's own; it is neither written nor checked any more.
    Eject,
    /// The file goes back to what the specs give.
    Restore {
        /// Also when git does not hold the edit, which is lost then.
        discard: bool,
    },
}

/// The plan that carries a decision out. `snapshot` holds at least what [`crate::plan::paths`] names.
///
/// # Errors
/// A path is not of a generated file, or is not in a state in which the decision means anything; all of them are told. What was
/// generated cannot be read back.
pub fn decide(
    decision: Decision<'_>,
    paths: &[String],
    lock: &Lock,
    artifacts: &[Artifact],
    snapshot: &mut Snapshot,
    surroundings: &mut dyn Surroundings,
) -> Result<Plan, SyncError> {
    let all: Vec<&str> = paths.iter().map(String::as_str).collect();
    surroundings.ask_git(snapshot, &all);
    let mut plan = Plan {
        lock: lock.clone(),
        compared: paths.len(),
        ..Plan::default()
    };
    let mut bases = BTreeMap::new();
    let mut problems: Vec<SyncError> = Vec::new();
    for path in paths {
        let file = File {
            path,
            known: lock.files.get(path),
            new: artifacts.iter().find(|artifact| artifact.path == *path),
            disk: snapshot.get(path),
            held: snapshot.held(path),
        };
        let found = match decision {
            _ if file.known.is_none() && file.new.is_none() => Err(unknown(path, lock)),
            Decision::Accept { reason } => file.accept(reason, &mut plan.lock, &mut bases),
            Decision::Eject => file.eject(&mut plan.lock),
            Decision::Restore { discard } => file.restore(discard, &mut plan),
        };
        problems.extend(found.err());
    }
    if let Some(first) = problems.first() {
        let message: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
        let mut error = SyncError::new(first.code, message.join("; "));
        error.hint.clone_from(&first.hint);
        return Err(error);
    }
    spool::all_sound(artifacts)?;
    plan.bases = base_changes(lock, &plan.lock, bases, snapshot);
    plan.lock_changes = plan.lock != *lock;
    plan.due = plan.lock_changes || !plan.bases.is_empty();
    Ok(plan)
}

fn unknown(path: &str, lock: &Lock) -> SyncError {
    let hint = match nearest(path, lock.files.keys().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`flaresmith spec status` lists the files that were edited".to_owned(),
    };
    SyncError::new("PATH_NOT_GENERATED", format!("`{path}` is not a generated file")).hint(hint)
}

struct File<'a> {
    path: &'a str,
    known: Option<&'a Entry>,
    new: Option<&'a Artifact>,
    disk: &'a OnDisk,
    held: Held,
}

impl File<'_> {
    fn accept(&self, reason: &str, lock: &mut Lock, bases: &mut BTreeMap<String, Rope>) -> Result<(), SyncError> {
        let path = self.path;
        if self.known.is_some_and(|entry| entry.owner != Owner::Managed) {
            return Err(SyncError::new("ACCEPT_OWN", format!("`{path}` is your own already"))
                .hint("edit it as you like; there is nothing to accept"));
        }
        let Some(artifact) = self.new else {
            return Err(
                SyncError::new("ACCEPT_GONE", format!("the contract no longer has `{path}`"))
                    .hint(format!("keep it as your own with `flaresmith spec eject {path}`")),
            );
        };
        let OnDisk::File { bytes, digest, .. } = self.disk else {
            return Err(SyncError::new("ACCEPT_ABSENT", format!("`{path}` is no file on disk")));
        };
        let base = Digest::of_rope(&artifact.text);
        if base == *digest {
            return Err(
                SyncError::new("ACCEPT_NOTHING", format!("`{path}` is what the specs give"))
                    .hint("there is no edit to accept"),
            );
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|_| SyncError::new("ACCEPT_UNREADABLE", format!("`{path}` is not UTF-8")))?;
        let refused = merge::parses(path, text)
            .err()
            .or_else(|| fit::malformed(path, &artifact.text.whole(), text).map(|misfit| suggest::misfit(&misfit)));
        if let Some(why) = refused {
            return Err(
                SyncError::new("ACCEPT_UNREADABLE", format!("`{path}` cannot be accepted: {why}"))
                    .hint("correct the file first"),
            );
        }
        let entry = Entry {
            carried: Some(Carried {
                digest: *digest,
                reason: Some(reason.to_owned()),
            }),
            ..Entry::pure(artifact.target, Owner::Managed, base)
        };
        lock.files.insert(path.to_owned(), entry);
        bases.insert(path.to_owned(), artifact.text.clone());
        Ok(())
    }

    fn eject(&self, lock: &mut Lock) -> Result<(), SyncError> {
        let path = self.path;
        if self.known.is_some_and(|entry| entry.owner == Owner::Ejected) {
            return Err(SyncError::new("EJECT_DONE", format!("`{path}` was ejected already"))
                .hint(format!("take it back with `flaresmith spec restore {path}`")));
        }
        match self.new {
            Some(artifact) => {
                let digest = Digest::of_rope(&artifact.text);
                lock.files
                    .insert(path.to_owned(), Entry::pure(artifact.target, Owner::Ejected, digest));
            }
            // Out of the contract and out of the lock: nobody will look at it again.
            None => {
                lock.files.remove(path);
            }
        }
        Ok(())
    }

    fn restore(&self, discard: bool, plan: &mut Plan) -> Result<(), SyncError> {
        let path = self.path;
        let new = self.new.map(|artifact| (artifact, Digest::of_rope(&artifact.text)));
        let before = match self.disk {
            OnDisk::Absent => None,
            OnDisk::File { bytes, digest, .. } => Some((bytes.clone(), *digest)),
            OnDisk::Other => {
                return Err(
                    SyncError::new("RESTORE_FOREIGN", format!("`{path}` is no regular file"))
                        .hint("move what stands there out of the way first"),
                );
            }
        };
        if let OnDisk::File { digest, .. } = self.disk {
            let generated = new.is_some_and(|(_, new)| new == *digest)
                || self
                    .known
                    .is_some_and(|entry| entry.bases().any(|base| base == *digest));
            if !generated && self.held != Held::Committed && !discard {
                return Err(
                    SyncError::new("RESTORE_UNCOMMITTED", format!("git does not hold the edit of `{path}`")).hint(
                        format!("commit it first, or lose it with `flaresmith spec restore --discard {path}`"),
                    ),
                );
            }
        }
        match new {
            Some((artifact, digest)) => {
                let after = (artifact.text.clone(), digest);
                match before {
                    Some((bytes, _)) if *bytes == *artifact.text.whole().as_bytes() => {}
                    Some(before) => plan.changes.push(Change::modified(path, before, after)),
                    None => plan.changes.push(Change::added(path, after)),
                }
                let owner = match artifact.ownership {
                    Ownership::Managed => Owner::Managed,
                    Ownership::Scaffold => Owner::Scaffold,
                };
                plan.lock
                    .files
                    .insert(path.to_owned(), Entry::pure(artifact.target, owner, digest));
            }
            None => {
                plan.changes.extend(before.map(|before| Change::removed(path, before)));
                plan.lock.files.remove(path);
            }
        }
        Ok(())
    }
}
