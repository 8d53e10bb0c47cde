//! Carrying a person's edit over to new output, as part of a plan.
//!
//! Owns: what becomes of the plan and the lock when a merge is whole, when it clashes, and when it cannot be tried; whether what
//! a person wrote still fits. Must not know: how texts are merged or compared, where bases come from.

use flaresmith_codegen::emit::Artifact;

use crate::digest::Digest;
use crate::fit::{self, Followed, Misfit};
use crate::lock::{Carried, Entry};
use crate::merge::{self, Clash, Merged};
use crate::plan::{Case, ChangeKind, Conflict, Plan, Surroundings, Wish, change, conflict, owner};
use crate::table::{Disk, Keeper, Row};

/// Where a person's bytes do not fit: signatures in a scaffold, the form of data in a managed file.
pub(crate) fn misfits(case: &Case<'_>) -> Vec<Misfit> {
    let Some((artifact, _)) = case.new else {
        return Vec::new();
    };
    if !matches!(case.disk, Disk::Edited | Disk::Accepted) || case.keeper == Keeper::Ejected {
        return Vec::new();
    }
    let mine = String::from_utf8_lossy(case.mine);
    if case.keeper == Keeper::Scaffold {
        return fit::misfits(case.path, &artifact.text.whole(), &mine);
    }
    let data = [".json", ".yaml", ".yml"].iter().any(|end| case.path.ends_with(end));
    let malformed = data
        .then(|| fit::malformed(case.path, &artifact.text.whole(), &mine))
        .flatten();
    malformed.into_iter().collect()
}

/// The bytes from which a merge starts.
fn base(case: &Case<'_>, surroundings: &mut dyn Surroundings) -> Option<String> {
    let (artifact, digest) = case.new?;
    let digests: Vec<Digest> = case.known?.bases().collect();
    if digests.contains(&digest) {
        return Some(artifact.text.to_string());
    }
    surroundings.base(case.path, &digests)
}

/// The lock's entry of a scaffold that fits the new output, and is not merged with it. Where a merge would bring nothing more
/// into it, the person has brought it up to date by hand, and the new output is its base: the next merge starts from there.
pub(crate) fn rebase(case: &Case<'_>, surroundings: &mut dyn Surroundings) -> Option<Entry> {
    let (artifact, digest) = case.new?;
    let theirs = &*artifact.text.whole();
    let up_to_date = std::str::from_utf8(case.mine).is_ok_and(|mine| {
        let merged = base(case, surroundings).map(|base| {
            let Followed { base, .. } = fit::follow(case.path, &base, mine, theirs);
            merge::merge(case.path, &base, mine, theirs)
        });
        match merged {
            Some(Merged::Whole(text)) => text == mine,
            // There is no merging from this base: what has all that is asked for has no use for it.
            Some(Merged::Clash(_)) | None => fit::is_complete(case.path, theirs, mine),
        }
    });
    if up_to_date {
        return Some(settled(case, artifact, digest, case.mine));
    }
    case.known.cloned()
}

/// The entry of a file that has `text` in it from now on, and the new output for its base. Where both differ the edit counts as
/// carried, so that the base is kept beside it: git need never have held it.
fn settled(case: &Case<'_>, artifact: &Artifact, digest: Digest, text: &[u8]) -> Entry {
    let edit = Digest::of(text);
    let reason = || case.known?.carried.as_ref()?.reason.clone();
    Entry {
        carried: (edit != digest).then(|| Carried {
            digest: edit,
            reason: reason(),
        }),
        ..Entry::pure(artifact.target, owner(case), digest)
    }
}

/// Carries the edit over to the new output. What comes back is the lock's entry.
pub(crate) fn carry(
    plan: &mut Plan,
    case: &Case<'_>,
    row: Row,
    wish: Wish,
    surroundings: &mut dyn Surroundings,
    misfits: &[Misfit],
) -> Option<Entry> {
    let (artifact, digest) = case.new?;
    let known = case.known?;
    let theirs = &*artifact.text.whole();
    let base = base(case, surroundings);
    let stuck = |note: String, clashes: Vec<Clash>| Conflict {
        note: Some(note),
        clashes,
        ..conflict(case, row, misfits.to_vec())
    };
    let (Some(base), Ok(mine)) = (base, std::str::from_utf8(case.mine)) else {
        // The team's own file is left alone when it cannot be helped, as long as it fits.
        if case.keeper != Keeper::Scaffold || !row.fits {
            let note = "what was generated before the edit cannot be had (it is neither in git nor does it come from the specs \
                        there), so there is nothing to merge from";
            plan.conflicts.push(stuck(note.to_owned(), Vec::new()));
        }
        return Some(known.clone());
    };
    let followed = match case.keeper {
        Keeper::Scaffold => fit::follow(case.path, &base, mine, theirs),
        _ => Followed::nothing(&base, mine),
    };
    let (base, mine) = (followed.base.as_str(), followed.mine.as_str());
    let why = |else_said: &str| followed.unclear.clone().unwrap_or_else(|| else_said.to_owned());
    match merge::merge(case.path, base, mine, theirs) {
        Merged::Whole(text) => {
            let left = if case.keeper == Keeper::Scaffold {
                fit::misfits(case.path, theirs, &text)
            } else {
                fit::malformed(case.path, theirs, &text).into_iter().collect()
            };
            if !left.is_empty() {
                let row = Row { fits: false, ..row };
                plan.conflicts.push(Conflict {
                    note: Some(why("a merge leaves it so")),
                    ..conflict(case, row, left)
                });
                return Some(known.clone());
            }
            let entry = settled(case, artifact, digest, text.as_bytes());
            if text.as_bytes() != case.mine {
                let carries = text != *theirs;
                let digest = Digest::of(text.as_bytes());
                let after = (text.into(), digest);
                plan.changes
                    .push(change(case, ChangeKind::Modified, Some(after), carries));
            }
            Some(entry)
        }
        // The team's own file that fits needs no help.
        Merged::Clash(_) if case.keeper == Keeper::Scaffold && row.fits => {
            let complete = fit::is_complete(case.path, theirs, mine);
            let entry = complete.then(|| settled(case, artifact, digest, case.mine));
            Some(entry.unwrap_or_else(|| known.clone()))
        }
        Merged::Clash(clashes) if wish.markers => {
            let text = merge::with_markers(case.path, base, mine, theirs);
            let note = "both sides stand in the file between markers".to_owned();
            plan.conflicts.push(Conflict {
                marked: true,
                ..stuck(note, clashes)
            });
            // The edit as it was before: what stands between markers is not accepted, and its base is kept.
            let entry = settled(case, artifact, digest, case.mine);
            let digest = Digest::of(text.as_bytes());
            let after = (text.into(), digest);
            plan.changes.push(change(case, ChangeKind::Modified, Some(after), true));
            Some(entry)
        }
        Merged::Clash(clashes) => {
            let note = why("the contract and the edit change the same thing");
            plan.conflicts.push(stuck(note, clashes));
            Some(known.clone())
        }
    }
}
