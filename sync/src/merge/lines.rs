//! Three-way merge of two sequences that came from one.
//!
//! Owns: which stretches one side changed, both changed alike, or both changed differently. Changes that touch without
//! overlapping are not a clash. Must not know: what the elements are.

use std::hash::Hash;
use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// A stretch of the merged sequence; ranges are indices of elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stretch {
    /// Neither side changed it. The range is of the base.
    Base(Range<usize>),
    /// Only mine changed it, or both did alike. The range is of mine.
    Mine(Range<usize>),
    /// Only theirs changed it.
    Theirs(Range<usize>),
    /// Both changed it, differently.
    Clash {
        /// What it was.
        base: Range<usize>,
        /// What mine made of it.
        mine: Range<usize>,
        /// What theirs made of it.
        theirs: Range<usize>,
    },
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
    let (mut i, mut j, mut done) = (0, 0, 0);
    let mut stretches = Vec::new();
    loop {
        let (a, b) = (ours.get(i), others.get(j));
        let first = match (a, b) {
            (None, None) => break,
            (Some(only), None) | (None, Some(only)) => only,
            (Some(a), Some(b)) if (a.base.start, a.base.end) <= (b.base.start, b.base.end) => a,
            (_, Some(b)) => b,
        };
        let mut span = first.base.clone();
        let (from_i, from_j) = (i, j);
        loop {
            let before = (i, j);
            while ours.get(i).is_some_and(|hunk| meets(&span, &hunk.base)) {
                span = unite(&span, &ours[i].base);
                i += 1;
            }
            while others.get(j).is_some_and(|hunk| meets(&span, &hunk.base)) {
                span = unite(&span, &others[j].base);
                j += 1;
            }
            if before == (i, j) {
                break;
            }
        }
        if done < span.start {
            stretches.push(Stretch::Base(done..span.start));
        }
        done = span.end;
        let in_mine = reach(&ours[from_i..i], &span);
        let in_theirs = reach(&others[from_j..j], &span);
        stretches.push(match (in_mine, in_theirs) {
            (Some(mine), None) => Stretch::Mine(mine),
            (None, Some(theirs)) => Stretch::Theirs(theirs),
            (Some(m), Some(t)) if mine[m.clone()] == theirs[t.clone()] => Stretch::Mine(m),
            (Some(mine), Some(theirs)) => Stretch::Clash {
                base: span,
                mine,
                theirs,
            },
            (None, None) => break,
        });
    }
    if done < base.len() {
        stretches.push(Stretch::Base(done..base.len()));
    }
    stretches
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

/// What a side has in place of a stretch of the base that covers some of its hunks whole.
fn reach(hunks: &[Hunk], span: &Range<usize>) -> Option<Range<usize>> {
    let (first, last) = (hunks.first()?, hunks.last()?);
    let start = first.side.start - (first.base.start - span.start);
    let end = last.side.end + (span.end - last.base.end);
    Some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(base: &str, mine: &str, theirs: &str) -> Option<String> {
        let cut = |text: &str| text.chars().collect::<Vec<char>>();
        let (base, mine, theirs) = (cut(base), cut(mine), cut(theirs));
        let mut out = String::new();
        for stretch in three_way(&base, &mine, &theirs) {
            match stretch {
                Stretch::Base(range) => out.extend(&base[range]),
                Stretch::Mine(range) => out.extend(&mine[range]),
                Stretch::Theirs(range) => out.extend(&theirs[range]),
                Stretch::Clash { .. } => return None,
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
