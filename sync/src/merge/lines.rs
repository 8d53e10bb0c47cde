//! Three-way merge of two sequences that came from one.
//!
//! Owns: which stretches one side changed, both changed alike, or both changed differently. Changes that touch without
//! overlapping are not a clash. Must not know: what the elements are.

use std::hash::Hash;
use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// A stretch of the three sequences, as ranges of indices. One after the other they are the whole of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) change: Change,
    pub(crate) base: Range<usize>,
    pub(crate) mine: Range<usize>,
    pub(crate) theirs: Range<usize>,
}

/// Who changed a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nobody: all three are equal.
    Nobody,
    /// Only mine, or both did alike.
    Mine,
    /// Only theirs.
    Theirs,
    /// Both, differently.
    Clash,
}

/// A stretch of the base and what a side made of it.
#[derive(Debug, Clone)]
struct Hunk {
    base: Range<usize>,
    side: Range<usize>,
}

/// Merges two sequences that came from `base`.
pub(crate) fn three_way<T: Eq + Hash + Ord>(base: &[T], mine: &[T], theirs: &[T]) -> Vec<Stretch> {
    let (ours, others) = (hunks(base, mine), hunks(base, theirs));
    let (mut i, mut j) = (0, 0);
    // How far each sequence is told.
    let (mut b, mut m, mut t) = (0, 0, 0);
    let mut stretches = Vec::new();
    let mut tell = |change, to: [usize; 3]| {
        let stretch = Stretch {
            change,
            base: b..to[0],
            mine: m..to[1],
            theirs: t..to[2],
        };
        [b, m, t] = to;
        if !(stretch.base.is_empty() && stretch.mine.is_empty() && stretch.theirs.is_empty()) {
            stretches.push(stretch);
        }
        to
    };
    let mut at = [0, 0, 0];
    while let Some(first) = first_of(ours.get(i), others.get(j)) {
        let mut span = first.base.clone();
        let (from_i, from_j) = (i, j);
        loop {
            let before = (i, j);
            while let Some(hunk) = ours.get(i).filter(|hunk| meets(&span, &hunk.base)) {
                span = unite(&span, &hunk.base);
                i += 1;
            }
            while let Some(hunk) = others.get(j).filter(|hunk| meets(&span, &hunk.base)) {
                span = unite(&span, &hunk.base);
                j += 1;
            }
            if before == (i, j) {
                break;
            }
        }
        let unchanged = span.start - at[0];
        at = tell(Change::Nobody, [span.start, at[1] + unchanged, at[2] + unchanged]);
        let in_mine = end_in(&ours[from_i..i], &span);
        let in_theirs = end_in(&others[from_j..j], &span);
        let to = [
            span.end,
            in_mine.unwrap_or(at[1] + span.len()),
            in_theirs.unwrap_or(at[2] + span.len()),
        ];
        let alike = mine[at[1]..to[1]] == theirs[at[2]..to[2]];
        let change = match (in_mine, in_theirs) {
            (Some(_), None) => Change::Mine,
            (None, _) => Change::Theirs,
            (Some(_), Some(_)) if alike => Change::Mine,
            (Some(_), Some(_)) => Change::Clash,
        };
        at = tell(change, to);
    }
    tell(Change::Nobody, [base.len(), mine.len(), theirs.len()]);
    stretches
}

/// The one of two hunks that begins first.
fn first_of<'h>(a: Option<&'h Hunk>, b: Option<&'h Hunk>) -> Option<&'h Hunk> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if (a.base.start, a.base.end) <= (b.base.start, b.base.end) {
            a
        } else {
            b
        }),
        (a, b) => a.or(b),
    }
}

fn hunks<T: Eq + Hash + Ord>(base: &[T], side: &[T]) -> Vec<Hunk> {
    let mut hunks: Vec<Hunk> = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, base, side) {
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        let (old, new) = (op.old_range(), op.new_range());
        match hunks.last_mut() {
            Some(last) if last.base.end == old.start && last.side.end == new.start => {
                last.base.end = old.end;
                last.side.end = new.end;
            }
            _ => hunks.push(Hunk { base: old, side: new }),
        }
    }
    hunks
}

/// Whether two stretches of the base are of one another: they overlap, one lies within the other, or both are the same
/// empty place.
fn meets(a: &Range<usize>, b: &Range<usize>) -> bool {
    if a == b {
        return true;
    }
    match (a.is_empty(), b.is_empty()) {
        (true, true) => false,
        (true, false) => b.start < a.start && a.start < b.end,
        (false, true) => a.start < b.start && b.start < a.end,
        (false, false) => a.start < b.end && b.start < a.end,
    }
}

fn unite(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    a.start.min(b.start)..a.end.max(b.end)
}

/// Where a side's part ends that stands for a stretch of the base; the stretch covers the hunks whole.
fn end_in(hunks: &[Hunk], span: &Range<usize>) -> Option<usize> {
    let last = hunks.last()?;
    Some(last.side.end + (span.end - last.base.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(base: &str, mine: &str, theirs: &str) -> Option<String> {
        let cut = |text: &str| text.chars().collect::<Vec<char>>();
        let (base, mine, theirs) = (cut(base), cut(mine), cut(theirs));
        let mut out = String::new();
        for stretch in three_way(&base, &mine, &theirs) {
            match stretch.change {
                Change::Nobody => out.extend(&base[stretch.base]),
                Change::Mine => out.extend(&mine[stretch.mine]),
                Change::Theirs => out.extend(&theirs[stretch.theirs]),
                Change::Clash => return None,
            }
        }
        Some(out)
    }

    #[test]
    fn changes_apart_are_both_there() {
        assert_eq!(merged("abcdef", "aXcdef", "abcdYf").as_deref(), Some("aXcdYf"));
    }

    #[test]
    fn changes_that_touch_are_both_there() {
        assert_eq!(merged("abcd", "aXcd", "abYd").as_deref(), Some("aXYd"));
        assert_eq!(merged("abcd", "aXbcd", "aYcd").as_deref(), Some("aXYcd"));
    }

    #[test]
    fn the_same_change_of_both_is_there_once() {
        assert_eq!(merged("abc", "aXc", "aXc").as_deref(), Some("aXc"));
        assert_eq!(merged("abc", "abXc", "abXc").as_deref(), Some("abXc"));
    }

    #[test]
    fn different_changes_of_one_place_clash() {
        assert_eq!(merged("abc", "aXc", "aYc"), None);
        assert_eq!(merged("abc", "abXc", "abYc"), None);
        assert_eq!(merged("abc", "ac", "aYc"), None);
    }
}
