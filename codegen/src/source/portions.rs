//! Portions: a large YAML document read in pieces, side by side.
//!
//! Owns: where a block mapping may be cut, and putting the pieces together. Must not know: what a document means, or how a piece
//! is read. Whatever is out of the ordinary gives `None`, and the document is read as a whole: a cut in the wrong place leaves a
//! piece that is no mapping, so that it shows.

use rayon::prelude::*;

use crate::tree::{Map, Text, Value};

/// Documents below this size are read at once, in bytes.
pub(super) const SMALL: usize = 32 * 1024;

/// About how much is read at once, in bytes.
const PORTION: usize = 8 * 1024;

/// How many mappings inside each other are cut. Each is looked through once more, so that depth must not multiply the text.
const DEEPEST: usize = 8;

/// The members of a block mapping, a stretch of text with the lines of some of them at a time.
pub(super) enum Stretch<'a> {
    /// Members that are read together.
    Members(&'a str),
    /// One member: the line of its key, and the stretches of its value, a block mapping too.
    Nested(&'a str, Vec<Stretch<'a>>),
}

/// Reads a piece.
pub(super) type Read<'r> = dyn Fn(&str) -> Option<Value> + Sync + 'r;

/// The document, when it can be read in pieces by `read`. `None`: read it as a whole.
pub(super) fn read(text: &str, read: &Read<'_>) -> Option<Value> {
    if text.len() < SMALL {
        return None;
    }
    let stretches = stretches(text, 0, 0)?;
    members(&stretches, read).map(Value::Object)
}

fn members(stretches: &[Stretch<'_>], read: &Read<'_>) -> Option<Map> {
    let read: Vec<Map> = stretches
        .par_iter()
        .map(|stretch| match stretch {
            Stretch::Members(text) => object(read(text)?),
            Stretch::Nested(key, nested) => {
                let key = object(read(key)?)?;
                let (key, Value::Null) = one(key)? else { return None };
                let value = Value::Object(members(nested, read)?);
                Some(Map::from_iter([(key, value)]))
            }
        })
        .collect::<Option<_>>()?;
    let mut all = Map::new();
    for (key, value) in read.into_iter().flatten() {
        // A key that stands twice is an error, which reading the whole tells with its place.
        if all.insert(key, value).is_some() {
            return None;
        }
    }
    Some(all)
}

/// The members of an object.
pub(super) fn object(value: Value) -> Option<Map> {
    match value {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

pub(super) fn one(members: Map) -> Option<(Text, Value)> {
    let mut members = members.into_iter();
    let first = members.next()?;
    members.next().is_none().then_some(first)
}

/// Cuts a block mapping whose keys are indented by `indent` spaces.
pub(super) fn stretches(text: &str, indent: usize, depth: usize) -> Option<Vec<Stretch<'_>>> {
    let starts = starts(text, indent)?;
    let mut found = Vec::new();
    let mut from = 0;
    let ends = starts.iter().copied().skip(1).chain([text.len()]);
    for (start, end) in starts.iter().copied().zip(ends) {
        let member = text.get(start..end)?;
        if member.len() > PORTION
            && depth < DEEPEST
            && let Some((key, value)) = member.split_once('\n')
            && key.trim_end().ends_with(':')
            && let Some(deeper) = first_indent(value)
            && deeper > indent
            && let Some(nested) = stretches(value, deeper, depth + 1)
        {
            if from < start {
                found.push(Stretch::Members(text.get(from..start)?));
            }
            found.push(Stretch::Nested(key, nested));
            from = end;
        } else if end - from >= PORTION {
            found.push(Stretch::Members(text.get(from..end)?));
            from = end;
        }
    }
    let rest = text.get(from..)?;
    // Comments alone are no members.
    if first_indent(rest).is_some() {
        found.push(Stretch::Members(rest));
    }
    Some(found)
}

/// Where the members begin. What stands before the first, comments only, belongs to it.
pub(super) fn starts(text: &str, indent: usize) -> Option<Vec<usize>> {
    let mut starts = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let here = at;
        at += line.len();
        let Some(depth) = depth(line)? else { continue };
        if depth < indent {
            return None;
        }
        if depth > indent {
            continue;
        }
        let line = line.get(depth..)?.trim_end();
        // An item belongs to the key above it; the forms of explicit keys, documents and directives are left to the reader.
        if line == "-" || line.starts_with("- ") {
            continue;
        }
        if line.starts_with(['?', ':', '%', '{', '[', '|', '>']) || line.starts_with("---") || line.starts_with("...") {
            return None;
        }
        starts.push(if starts.is_empty() { 0 } else { here });
    }
    (!starts.is_empty()).then_some(starts)
}

/// The indentation of the first line that says something.
pub(super) fn first_indent(text: &str) -> Option<usize> {
    text.split_inclusive('\n').find_map(|line| depth(line).ok_or(()).ok()?)
}

/// By how many spaces a line is indented; nothing for an empty line or a comment. `None`: it is indented by tabs.
#[allow(
    clippy::option_option,
    reason = "a line that says nothing is not a line that cannot be told"
)]
fn depth(line: &str) -> Option<Option<usize>> {
    let rest = line.trim_start_matches(' ');
    match rest.bytes().next() {
        Some(b'\t') => None,
        None | Some(b'\n' | b'\r' | b'#') => Some(None),
        Some(_) => Some(Some(line.len() - rest.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Option<Value> {
        serde_saphyr::from_str::<Value>(text).ok()
    }

    fn in_pieces(text: &str) -> Option<Value> {
        read(text, &|text| whole(text))
    }

    /// A document of some size with one odd part in the midst of it.
    fn document(odd: &str) -> String {
        let member = |i: usize| format!("  member{i}:\n    text: 'of {i}'\n    list:\n    - 1\n    - a: b\n");
        let members: String = (0..1200).map(member).collect();
        format!("# head\nfirst: 1\npaths:\n{members}{odd}\nlast:\n  - x\n")
    }

    #[test]
    fn pieces_together_are_the_whole() {
        for odd in [
            "",
            "  text: |\n    member: of text\n\n    # no comment\n  after: 1",
            "  # a comment\n  'quoted: key': {a: [1,\n    2]}",
            "  said: \"over\n    two lines\"",
            "  anchored: &x {a: 1}\n  again: *x",
            "# at the margin\n  after: >-\n    folded\n    text",
        ] {
            let text = document(odd);
            let expected = whole(&text).unwrap_or_else(|| panic!("{odd}"));
            let found = in_pieces(&text).unwrap_or_else(|| panic!("not read in pieces: {odd}"));
            assert_eq!(found, expected, "{odd}");
            assert_eq!(found.to_string(), expected.to_string(), "the order of keys: {odd}");
        }
    }

    #[test]
    fn what_is_out_of_the_ordinary_is_left_to_the_whole() {
        for odd in [
            "  member1: twice",
            "  ? explicit\n  : value",
            "\tx: tab",
            "---\nsecond: document",
            "  open: \"quote",
            "  flow: {\n  a: 1\n  }",
            "  flow: [1,\n  2]",
            " less: deep",
            "first: twice",
        ] {
            let text = document(odd);
            if let Some(found) = in_pieces(&text) {
                assert_eq!(Some(found), whole(&text), "{odd}");
            }
        }
        assert_eq!(in_pieces("a: 1\n"), None);
        assert_eq!(in_pieces(&"- a\n".repeat(20_000)), None);
    }
}
