//! What git made by itself out of two branches' generated files: nobody's edit, although neither branch generated it.
//!
//! Owns: being sure of that. Both sides are bytes that were generated, and merging them again gives just what stands there;
//! anything else counts as a person's. Must not know: what follows from it.

use git2::{MergeFileInput, MergeFileOptions, Oid, merge_file};

use crate::digest::Digest;
use crate::root::Root;
use crate::tree::repository;

/// The commits that git may just have merged: ours, theirs, and where both come from; `None`: their merge base.
const MERGES: [(&str, &str, Option<&str>); 4] = [
    ("HEAD", "MERGE_HEAD", None),
    ("HEAD^1", "HEAD^2", None),
    ("HEAD", "CHERRY_PICK_HEAD", Some("CHERRY_PICK_HEAD^")),
    ("HEAD", "REBASE_HEAD", Some("REBASE_HEAD^")),
];

/// Whether git made the bytes of a path out of two texts that both were generated: each has one of the digests.
pub(crate) fn by_git(root: &Root, path: &str, digests: &[Digest], bytes: &[u8]) -> bool {
    let Ok(opened) = repository::open(root) else {
        return false;
    };
    let (repository, place) = (&opened.repository, opened.place(path));
    let commit = |name: &str| Some(repository.revparse_single(name).ok()?.peel_to_commit().ok()?.id());
    let text = |commit: Oid| {
        let tree = repository.find_commit(commit).and_then(|commit| commit.tree()).ok()?;
        let blob = tree
            .get_path(&place)
            .and_then(|entry| repository.find_blob(entry.id()))
            .ok()?;
        Some(blob.content().to_vec())
    };
    MERGES.iter().any(|(ours, theirs, from)| {
        let (Some(ours), Some(theirs)) = (commit(ours), commit(theirs)) else {
            return false;
        };
        let from = from.map_or_else(|| repository.merge_base(ours, theirs).ok(), commit);
        let (Some(from), Some(ours), Some(theirs)) = (from.and_then(text), text(ours), text(theirs)) else {
            return false;
        };
        let generated = |text: &[u8]| digests.contains(&Digest::of(text));
        generated(&ours) && generated(&theirs) && is_merge(&from, &ours, &theirs, bytes)
    })
}

/// Whether a text is what merging two others gives, markers included. What stands behind a marker is a name of git's.
fn is_merge(from: &[u8], ours: &[u8], theirs: &[u8], found: &[u8]) -> bool {
    [false, true].into_iter().any(|with_origin| {
        let mut options = MergeFileOptions::new();
        options.style_diff3(with_origin).style_standard(!with_origin);
        let input = |text| {
            let mut input = MergeFileInput::new();
            input.content(text);
            input
        };
        let merged = merge_file(&input(from), &input(ours), &input(theirs), Some(&mut options));
        merged.is_ok_and(|merged| unnamed(merged.content()) == unnamed(found))
    })
}

/// Lines without what stands behind a marker.
fn unnamed(text: &[u8]) -> Vec<&[u8]> {
    const MARKERS: [&[u8]; 3] = [b"<<<<<<<", b"|||||||", b">>>>>>>"];
    let lines = text.split(|byte| *byte == b'\n');
    let plain = |line| {
        MARKERS
            .into_iter()
            .find(|marker| <[u8]>::starts_with(line, marker))
            .unwrap_or(line)
    };
    lines.map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: &[u8] = b"a\nb\nc\nd\ne\n";

    #[test]
    fn only_what_a_merge_gives_is_one() {
        let (ours, theirs) = (b"1\nb\nc\nd\ne\n", b"a\nb\nc\nd\n2\n");
        assert!(is_merge(FROM, ours, theirs, b"1\nb\nc\nd\n2\n"));
        for edited in [&b"1\nb\nc\nd\n2\nmine\n"[..], b"1\nb\nd\n2\n", b"1\nc\nb\nd\n2\n", b""] {
            assert!(!is_merge(FROM, ours, theirs, edited));
        }
    }

    #[test]
    fn what_is_left_half_merged_is_one_until_somebody_touches_it() {
        let (ours, theirs) = (b"a\n1\nc\nd\ne\n", b"a\n2\nc\nd\ne\n");
        let left = b"a\n<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> feature\nc\nd\ne\n";
        assert!(is_merge(FROM, ours, theirs, left));
        assert!(is_merge(
            FROM,
            ours,
            theirs,
            b"a\n<<<<<<< HEAD\n1\n||||||| 1234567\nb\n=======\n2\n>>>>>>> feature\nc\nd\ne\n"
        ));
        assert!(!is_merge(
            FROM,
            ours,
            theirs,
            b"a\n<<<<<<< HEAD\n1 mine\n=======\n2\n>>>>>>> feature\nc\nd\ne\n"
        ));
    }
}
