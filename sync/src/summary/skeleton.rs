//! Skeletons: two texts without most of what they have in common, so that telling a small change of a large file costs little.
//!
//! Owns: which lines are left out. Must not know: any language but by its indentation and brackets.
//!
//! Texts are laid out by their nesting: what is inside something is indented deeper, and a line with a closing bracket at the
//! depth of the line that opened it ends it. Of a text with few changes there is kept: every line that changed; what it stands
//! in, line by line to the margin; what a comment among them is about; and of each of those everything directly inside, hollow.
//! All else is the same on both sides.
//! Where a text is laid out otherwise, its skeleton is hardly readable in its language, and the whole is read.

use std::ops::Range;

use memchr::memchr_iter;
use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Texts below this size are read whole, in bytes.
const SMALL: usize = 8 * 1024;

/// So much is compared at once where texts are the same, in bytes.
const CHUNK: usize = 256;

/// Of both texts what is needed to tell them apart. `None`: they are small, or differ in much.
pub(super) fn skeletons(before: &str, after: &str, hollow_at_margin: bool) -> Option<(String, String)> {
    if before.len().min(after.len()) < SMALL || before.len().max(after.len()) >= EMPTY as usize {
        return None;
    }
    let (head, tail) = around(before, after);
    let (old, same, rest) = Layout::of(before, head, tail);
    let new = old.with(after, same..old.len() - rest, head..after.len() - tail);
    let (old_part, new_part) = (old.part(same, rest), new.part(same, rest));
    let (mut old_changes, mut new_changes) = (Vec::new(), Vec::new());
    for op in capture_diff_slices(Algorithm::Myers, &old_part, &new_part) {
        if !matches!(op, DiffOp::Equal { .. }) {
            let shifted = |range: Range<usize>| range.start + same..range.end + same;
            old_changes.push(shifted(op.old_range()));
            new_changes.push(shifted(op.new_range()));
        }
    }
    let old_kept = old.kept(&old_changes, hollow_at_margin);
    let new_kept = new.kept(&new_changes, hollow_at_margin);
    let count = |kept: &[bool]| kept.iter().filter(|kept| **kept).count();
    if (count(&old_kept) + count(&new_kept)) * 2 > old.len() + new.len() {
        return None;
    }
    Some((old.skeleton(&old_kept), new.skeleton(&new_kept)))
}

/// How many bytes of whole lines both texts begin with, and how many they end with.
fn around(before: &str, after: &str) -> (usize, usize) {
    let (old, new) = (before.as_bytes(), after.as_bytes());
    let chunks = old.chunks(CHUNK).zip(new.chunks(CHUNK));
    let alike = chunks
        .take_while(|(old, new)| old == new)
        .map(|(old, _)| old.len())
        .sum();
    let more = old.iter().skip(alike).zip(new.iter().skip(alike));
    let head = alike + more.take_while(|(old, new)| old == new).count();
    let head = old
        .iter()
        .take(head)
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |end| end + 1);

    let most = old.len().min(new.len()) - head;
    let chunks = old.rchunks(CHUNK).zip(new.rchunks(CHUNK));
    let alike: usize = chunks
        .take_while(|(old, new)| old == new)
        .map(|(old, _)| old.len())
        .sum();
    let more = old.iter().rev().skip(alike).zip(new.iter().rev().skip(alike));
    let tail = (alike + more.take_while(|(old, new)| old == new).count()).min(most);
    let ends = old.iter().skip(old.len() - tail).position(|byte| *byte == b'\n');
    (head, ends.map_or(0, |end| tail - end - 1))
}

/// A line of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Line {
    start: u32,
    end: u32,
    /// How deep it is indented; [`EMPTY`] for empty ones.
    depth: u32,
}

/// In the place of a depth where there is nothing to be indented.
const EMPTY: u32 = u32::MAX;

/// The lines of a text.
struct Layout<'t> {
    text: &'t str,
    lines: Vec<Line>,
}

impl<'t> Layout<'t> {
    /// All lines, how many of them stand in the first `head` bytes, and how many in the last `tail`.
    fn of(text: &'t str, head: usize, tail: usize) -> (Self, usize, usize) {
        let mut lines = Vec::with_capacity(text.len() / 16);
        push(text, 0..head, &mut lines);
        let same = lines.len();
        push(text, head..text.len() - tail, &mut lines);
        let rest = lines.len();
        push(text, text.len() - tail..text.len(), &mut lines);
        let rest = lines.len() - rest;
        (Self { text, lines }, same, rest)
    }

    /// The lines of a text that differs in some of its lines alone: those there are read, all others are where they were.
    fn with<'n>(&self, text: &'n str, differ: Range<usize>, there: Range<usize>) -> Layout<'n> {
        let mut lines = Vec::with_capacity(self.lines.len() + there.len() / 8);
        lines.extend_from_slice(self.lines.get(..differ.start).unwrap_or_default());
        push(text, there, &mut lines);
        let (now, before) = (offset(text.len()), offset(self.text.len()));
        let moved = |at: u32| now - (before - at);
        lines.extend(self.lines.iter().skip(differ.end).map(|line| Line {
            start: moved(line.start),
            end: moved(line.end),
            depth: line.depth,
        }));
        Layout { text, lines }
    }

    fn len(&self) -> usize {
        self.lines.len()
    }

    fn line(&self, line: usize) -> &'t str {
        let line = self
            .lines
            .get(line)
            .and_then(|line| self.text.get(line.start as usize..line.end as usize));
        line.unwrap_or_default()
    }

    /// All lines but those in front and those behind.
    fn part(&self, front: usize, behind: usize) -> Vec<&'t str> {
        (front..self.len() - behind).map(|line| self.line(line)).collect()
    }

    fn depth(&self, line: usize) -> Option<usize> {
        let depth = self.lines.get(line)?.depth;
        (depth != EMPTY).then_some(depth as usize)
    }

    /// What a line begins with behind its indentation.
    fn first(&self, line: usize) -> Option<u8> {
        let line = self.lines.get(line).filter(|line| line.depth != EMPTY)?;
        self.text.as_bytes().get((line.start + line.depth) as usize).copied()
    }

    /// Whether a line ends what a line above it opened.
    fn closes(&self, line: usize) -> bool {
        self.line(line).trim_start().starts_with(['}', ']', ')'])
    }

    /// Which lines are kept for changes at these lines.
    fn kept(&self, changes: &[Range<usize>], hollow_at_margin: bool) -> Vec<bool> {
        let mut kept = vec![false; self.len()];
        let mut opened = Vec::new();
        for change in changes {
            change.clone().for_each(|line| keep(&mut kept, line));
            let margin = change.clone().filter_map(|line| self.depth(line)).min();
            for line in change.clone() {
                if self.depth(line) == margin && !self.closes(line) {
                    opened.push(line);
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
                    opened.push(line);
                }
            }
        }
        opened.sort_unstable();
        opened.dedup();
        for line in opened {
            let mut open = Some(line);
            while let Some(line) = open {
                keep(&mut kept, line);
                self.hollow_inside(line + 1, self.depth(line), &mut kept);
                // What ends one thing may open the next of the same whole: `}, (t) => [`.
                let end = self.end(line);
                end.into_iter().for_each(|line| keep(&mut kept, line));
                let next = end.filter(|line| self.line(*line).ends_with(['{', '[', '(']));
                // A comment says something about what stands below it.
                open = next.or_else(|| self.below(line).filter(|_| self.is_comment(line)));
            }
        }
        if hollow_at_margin {
            self.hollow_inside(0, None, &mut kept);
        }
        kept
    }

    /// Whether a line is a comment or begins one, in the languages that have brackets.
    fn is_comment(&self, line: usize) -> bool {
        self.line(line).trim_start().starts_with(['/', '#', '*'])
    }

    /// The next line that stands beside a line.
    fn below(&self, line: usize) -> Option<usize> {
        let depth = self.depth(line)?;
        let next = (line + 1..self.len()).find(|next| self.depth(*next).is_some_and(|next| next <= depth))?;
        (self.depth(next) == Some(depth) && !self.closes(next)).then_some(next)
    }

    /// The line that ends what a line opens.
    fn end(&self, line: usize) -> Option<usize> {
        let depth = self.depth(line)?;
        let next = (line + 1..self.len()).find(|next| self.depth(*next).is_some_and(|next| next <= depth))?;
        (self.depth(next) == Some(depth) && self.closes(next)).then_some(next)
    }

    /// Keeps what stands directly inside something that is indented `outer` deep and begins before `from`.
    fn hollow_inside(&self, from: usize, outer: Option<usize>, kept: &mut [bool]) {
        let inside = |depth: usize| outer.is_none_or(|outer| depth > outer);
        let mut depth = None;
        let mut goes_on = false;
        for line in from..self.len() {
            let Some(found) = self.depth(line) else { continue };
            if !inside(found) {
                return;
            }
            let own = *depth.get_or_insert(found);
            // A call that goes on below, `.references(…),`, is part of what stands above it.
            goes_on = found > own && (goes_on || self.first(line) == Some(b'.'));
            if found <= own || goes_on {
                keep(kept, line);
            }
        }
    }

    /// The kept lines as a text. What was the last but one of a list may be the last now: then nothing separates it from the end.
    fn skeleton(&self, kept: &[bool]) -> String {
        let mut out = String::new();
        for line in (0..)
            .zip(kept)
            .filter(|(_, kept)| **kept)
            .map(|(line, _)| self.line(line))
        {
            if line.trim_start().starts_with(['}', ']']) && out.ends_with(",\n") {
                out.truncate(out.len() - 2);
                out.push('\n');
            }
            out.push_str(line);
            out.push('\n');
        }
        out
    }
}

/// Where something stands in a text that is short enough to have a skeleton.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(EMPTY)
}

fn keep(kept: &mut [bool], line: usize) {
    if let Some(kept) = kept.get_mut(line) {
        *kept = true;
    }
}

/// Adds the lines of a part of a text that begins where a line does.
fn push(text: &str, part: Range<usize>, lines: &mut Vec<Line>) {
    let bytes = text.as_bytes().get(part.clone()).unwrap_or_default();
    let mut start = 0;
    let last = (bytes.last().is_some_and(|byte| *byte != b'\n')).then_some(bytes.len());
    for end in memchr_iter(b'\n', bytes).chain(last) {
        let line = bytes.get(start..end).unwrap_or_default();
        let spaces = line.iter().position(|byte| *byte != b' ');
        lines.push(Line {
            start: offset(part.start + start),
            end: offset(part.start + end),
            depth: spaces.map_or(EMPTY, offset),
        });
        start = end + 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_texts_share_is_read_once_and_each_has_all_its_lines(
            front in "(é|a|  b|\n| ){0,300}",
            (old, new) in ("(a|  c|\n){0,8}", "(a|  c|\n){0,8}"),
            back in "(é|a|  b|\n| ){0,300}",
        ) {
            let (before, after) = (format!("{front}{old}{back}"), format!("{front}{new}{back}"));
            let (head, tail) = around(&before, &after);
            prop_assert_eq!(before.get(..head), after.get(..head));
            prop_assert_eq!(&before[before.len() - tail..], &after[after.len() - tail..]);
            prop_assert!(head + tail <= before.len().min(after.len()));
            let (layout, same, rest) = Layout::of(&before, head, tail);
            let with = layout.with(&after, same..layout.len() - rest, head..after.len() - tail);
            for (layout, text) in [(&layout, &before), (&with, &after)] {
                let lines: Vec<&str> = (0..layout.len()).map(|line| layout.line(line)).collect();
                prop_assert_eq!(lines, text.lines().collect::<Vec<_>>());
                for line in 0..layout.len() {
                    let own = layout.line(line);
                    let spaces = own.len() - own.trim_start_matches(' ').len();
                    prop_assert_eq!(layout.depth(line), (spaces < own.len()).then_some(spaces));
                }
            }
        }
    }

    #[test]
    fn what_ends_one_thing_and_begins_another_is_kept_to_its_end() {
        let fields: String = (0..400).map(|i| format!("  f{i}: text('f{i}'),\n")).collect();
        let other = "const other = f({\n  a: 1,\n});\n".repeat(400);
        let file =
            |more: &str| format!("const t = table('t', {{\n{more}{fields}}}, (t) => [\n  index(t.f1),\n]);\n{other}");
        let (_, new) = skeletons(&file(""), &file("  more: text('more'),\n"), false).unwrap();
        assert!(new.ends_with("}, (t) => [\n  index(t.f1)\n]);\n"), "{new}");
    }

    #[test]
    fn a_call_that_goes_on_below_is_kept_to_its_end() {
        let fields: String = (0..400).map(|i| format!("  f{i}: text('f{i}'),\n")).collect();
        let long = "  owner: uuid('owner').notNull()\n    .references(() => users.id, {\n      onDelete: 'cascade',\n    }),\n";
        let other = "const other = f({\n  a: 1,\n});\n".repeat(400);
        let file = |more: &str| format!("const t = table('t', {{\n{more}{long}{fields}}});\n{other}");
        let (_, new) = skeletons(&file(""), &file("  more: text('more'),\n"), false).unwrap();
        assert!(new.contains(&long.replace("',\n    })", "'\n    })")), "{new}");
    }
}
