//! Skeletons: two texts without most of what they have in common, so that telling a small change of a large file costs little.
//!
//! Owns: which lines are left out. Must not know: any language but by its indentation and brackets.
//!
//! Texts are laid out by their nesting: what is inside something is indented deeper, and a line with a closing bracket at the
//! depth of the line that opened it ends it. Of a text with few changes there is kept: every line that changed; what it stands
//! in, line by line to the margin; and of each of those everything directly inside, hollow. All else is the same on both sides.
//! Where a text is laid out otherwise, its skeleton is hardly readable in its language, and the whole is read.

use std::collections::BTreeSet;
use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Texts below this size are read whole, in bytes.
const SMALL: usize = 8 * 1024;

/// Of both texts what is needed to tell them apart. `None`: they are small, or differ in much.
pub(super) fn skeletons(before: &str, after: &str, hollow_at_margin: bool) -> Option<(String, String)> {
    if before.len().min(after.len()) < SMALL {
        return None;
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let most = old.len().min(new.len()) - same;
    let tail = old.iter().rev().zip(new.iter().rev());
    let tail = tail.take(most).take_while(|(old, new)| old == new).count();
    let (old_part, new_part) = (old.get(same..old.len() - tail)?, new.get(same..new.len() - tail)?);
    let (mut old_changes, mut new_changes) = (Vec::new(), Vec::new());
    for op in capture_diff_slices(Algorithm::Myers, old_part, new_part) {
        if !matches!(op, DiffOp::Equal { .. }) {
            let shifted = |range: Range<usize>| range.start + same..range.end + same;
            old_changes.push(shifted(op.old_range()));
            new_changes.push(shifted(op.new_range()));
        }
    }
    let old_kept = Layout::of(&old).kept(&old_changes, hollow_at_margin);
    let new_kept = Layout::of(&new).kept(&new_changes, hollow_at_margin);
    if (old_kept.len() + new_kept.len()) * 2 > old.len() + new.len() {
        return None;
    }
    Some((text(&old, &old_kept), text(&new, &new_kept)))
}

/// The lines of a text, and how deep each is indented; `None` for empty ones.
struct Layout<'t> {
    lines: &'t [&'t str],
    depths: Vec<Option<usize>>,
}

impl<'t> Layout<'t> {
    fn of(lines: &'t [&'t str]) -> Self {
        let depth = |line: &&str| {
            let rest = line.trim_start_matches(' ');
            (!rest.is_empty()).then_some(line.len() - rest.len())
        };
        Self {
            lines,
            depths: lines.iter().map(depth).collect(),
        }
    }

    fn depth(&self, line: usize) -> Option<usize> {
        self.depths.get(line).copied().flatten()
    }

    /// Whether a line ends what a line above it opened.
    fn closes(&self, line: usize) -> bool {
        let text = self.lines.get(line).map_or("", |line| line.trim_start());
        text.starts_with(['}', ']', ')'])
    }

    /// The lines that are kept for changes at these lines.
    fn kept(&self, changes: &[Range<usize>], hollow_at_margin: bool) -> BTreeSet<usize> {
        let mut kept = BTreeSet::new();
        let mut opened = BTreeSet::new();
        for change in changes {
            kept.extend(change.clone());
            let margin = change.clone().filter_map(|line| self.depth(line)).min();
            for line in change.clone() {
                if self.depth(line) == margin && !self.closes(line) {
                    opened.insert(line);
                }
            }
            // The first lines may belong to what stands before them. Where lines went, those around tell what they stood in.
            let first = change.clone().find_map(|line| self.depth(line));
            let around = || {
                self.depth(change.end)
                    .max(change.start.checked_sub(1).and_then(|line| self.depth(line)))
            };
            let mut depth = first.max(around()).unwrap_or(0);
            let mut line = change.start;
            while depth > 0 && line > 0 {
                line -= 1;
                if let Some(found) = self.depth(line)
                    && found < depth
                {
                    depth = found;
                    opened.insert(line);
                }
            }
        }
        for line in &opened {
            kept.insert(*line);
            self.hollow_inside(*line + 1, self.depth(*line), &mut kept);
            kept.extend(self.end(*line));
        }
        if hollow_at_margin {
            self.hollow_inside(0, None, &mut kept);
        }
        kept
    }

    /// The line that ends what a line opens.
    fn end(&self, line: usize) -> Option<usize> {
        let depth = self.depth(line)?;
        let next = (line + 1..self.lines.len()).find(|next| self.depth(*next).is_some_and(|next| next <= depth))?;
        (self.depth(next) == Some(depth) && self.closes(next)).then_some(next)
    }

    /// Keeps what stands directly inside something that is indented `outer` deep and begins before `from`.
    fn hollow_inside(&self, from: usize, outer: Option<usize>, kept: &mut BTreeSet<usize>) {
        let inside = |depth: usize| outer.is_none_or(|outer| depth > outer);
        let mut depth = None;
        for line in from..self.lines.len() {
            let Some(found) = self.depth(line) else { continue };
            if !inside(found) {
                return;
            }
            let own = *depth.get_or_insert(found);
            if found <= own {
                kept.insert(line);
            }
        }
    }
}

/// The kept lines as a text. What was the last but one of a list may be the last now: then nothing separates it from the end.
fn text(lines: &[&str], kept: &BTreeSet<usize>) -> String {
    let mut out = String::new();
    for line in kept.iter().filter_map(|line| lines.get(*line)) {
        if line.trim_start().starts_with(['}', ']']) && out.ends_with(",\n") {
            out.truncate(out.len() - 2);
            out.push('\n');
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}
