//! Changes: which parts of a file are written anew, found without reading all of it.
//!
//! Owns: bringing what is in a file up to date, and telling below which pointers it changed. Must not know: what any part means.
//!
//! Between two saves hardly anything of a text changes. Where it does is found by comparing the bytes; the members of the block
//! mapping there are read anew, with the care that `portions` takes, and take their places in the tree that is there. As many
//! members must stand there as before, under the same keys: whatever else happened, the file is read anew, and its tree compared
//! with the old one.
//!
//! In JSON it is the innermost object around the change that is read anew, whatever its keys: as long as it is an object, all around it
//! reads as before.

use std::ops::Range;
use std::sync::Arc;

use super::portions::{Read, SMALL, Stretch, first_indent, object, one, starts, stretches};
use super::{Sources, members, read};
use crate::memo::Memo;
use crate::pointer::push;
use crate::tree::{Map, Value};

/// How many steps from the root of a file parts of it are told apart.
const STEPS: usize = 3;

/// What is in a file, and where it stands there.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) bytes: Arc<[u8]>,
    pub(crate) value: Value,
    /// Found out when the file changes for the first time.
    pieces: Option<Arc<Vec<Piece>>>,
}

impl File {
    pub(crate) fn new(bytes: Arc<[u8]>, value: Value) -> Self {
        Self {
            bytes,
            value,
            pieces: None,
        }
    }
}

/// Reads a file that was read before and has other bytes now: pointers of the values that are not what they were, where all the
/// keys around them are the same. `None`: it was not read before, or cannot be read now.
pub(crate) fn of_file(sources: &Sources, path: &str, memo: &Memo) -> Option<Vec<String>> {
    let (path, bytes) = sources.entry(path)?;
    let mut file = memo.take_file(path)?;
    let found = in_place(&mut file, path, bytes, memo);
    if found.is_some() {
        memo.keep_file(path, file);
        return found;
    }
    let value = read::read(sources, path, memo).ok()?;
    let mut found = Vec::new();
    differences(&file.value, &value, &mut String::new(), STEPS, &mut found);
    Some(found)
}

fn in_place(file: &mut File, path: &str, bytes: &Arc<[u8]>, memo: &Memo) -> Option<Vec<String>> {
    let (old, new) = (read::text(path, &file.bytes).ok()?, read::text(path, bytes).ok()?);
    if old.len() < SMALL || new.len() < SMALL {
        return None;
    }
    if path.ends_with(".json") {
        let found = object_in_place(&mut file.value, old, new)?;
        file.bytes = Arc::clone(bytes);
        return Some(found);
    }
    if read::is_json(path, old) || read::is_json(path, new) {
        return None;
    }
    let read = |text: &str| memo.piece(text, || read::piece(text));
    let mut pieces = match file.pieces.take() {
        Some(pieces) => pieces,
        None => Arc::new(pieces_of(old, &read)?),
    };
    // What stands between two saves is not likely to come back.
    let anew = |text: &str| read::piece(text);
    let replaced = replaced(Arc::make_mut(&mut pieces).as_mut_slice(), old, new, &anew)?;
    let mut pointer = String::new();
    for key in &replaced.path {
        push(&mut pointer, key);
    }
    let mapping = file.value.pointer_mut(&pointer)?.as_object_mut()?;
    let same_keys = replaced.members.len() == replaced.count
        && mapping
            .keys()
            .skip(replaced.first)
            .zip(replaced.members.keys())
            .all(|(old, new)| old == new)
        && replaced.first + replaced.count <= mapping.len();
    if !same_keys {
        return None;
    }
    let mut found = Vec::new();
    for (key, value) in replaced.members {
        let length = push(&mut pointer, &key);
        if let Some(known) = mapping.get_mut(&key) {
            let steps = STEPS.saturating_sub(replaced.path.len() + 1);
            differences(known, &value, &mut pointer, steps, &mut found);
            *known = value;
        }
        pointer.truncate(length);
    }
    file.pieces = Some(pieces);
    file.bytes = Arc::clone(bytes);
    Some(found)
}

/// Reads the object of a JSON text anew in which the new text differs, and puts it in the place of the old one.
fn object_in_place(document: &mut Value, old: &str, new: &str) -> Option<Vec<String>> {
    let (from, end) = difference(old.as_bytes(), new.as_bytes());
    let around = members::around(old, &(from..end), STEPS)?;
    let new_end = (around.range.end + new.len()).checked_sub(old.len())?;
    let mut pointer = String::new();
    for key in &around.keys {
        let key: String = serde_json::from_str(old.get(key.clone())?).ok()?;
        push(&mut pointer, &key);
    }
    let value = read::nested(new.get(around.range.start..new_end)?, around.keys.len())?;
    let known = document.pointer_mut(&pointer)?;
    let steps = STEPS.saturating_sub(around.keys.len());
    let mut found = Vec::new();
    differences(known, &value, &mut pointer, steps, &mut found);
    *known = value;
    Some(found)
}

/// Pointers of the values that differ, at most so many steps below: beyond that, or where keys differ, the whole is told.
fn differences(old: &Value, new: &Value, pointer: &mut String, steps: usize, found: &mut Vec<String>) {
    if let (Value::Object(old), Value::Object(new), 1..) = (old, new, steps)
        && old.len() == new.len()
        && old.keys().eq(new.keys())
    {
        for ((key, old), new) in old.iter().zip(new.values()) {
            let length = push(pointer, key);
            differences(old, new, pointer, steps - 1, found);
            pointer.truncate(length);
        }
    } else if !same(old, new) {
        found.push(pointer.clone());
    }
}

/// Whether two values are written alike: with the same keys in the same order, and the same numbers to the last bit.
pub(crate) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            let pairs = || left.iter().zip(right);
            let alike =
                || pairs().all(|((left_key, left), (right_key, right))| left_key == right_key && same(left, right));
            left.is(right) || (left.len() == right.len() && alike())
        }
        (Value::Array(left), Value::Array(right)) => {
            left.is(right)
                || (left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right)))
        }
        (Value::Number(left), Value::Number(right)) => {
            left == right && left.as_f64().map(f64::to_bits) == right.as_f64().map(f64::to_bits)
        }
        (left, right) => left == right,
    }
}

/// Where some members of a mapping stand in the text.
#[derive(Debug, Clone)]
struct Piece {
    range: Range<usize>,
    /// How far their keys are indented.
    indent: usize,
    /// Keys of the mappings around them.
    path: Vec<String>,
    /// Position of the first of them in its mapping.
    first: usize,
}

/// Members that a change of the text replaces: as many as before, under the same keys.
struct Replaced {
    /// Keys of the mappings around them.
    path: Vec<String>,
    /// Position of the first of them in its mapping.
    first: usize,
    /// How many there were.
    count: usize,
    members: Map,
}

/// The pieces of a document that is read in pieces.
fn pieces_of(text: &str, read: &Read<'_>) -> Option<Vec<Piece>> {
    let mut found = Vec::new();
    list(text, &stretches(text, 0, 0)?, &mut Vec::new(), 0, read, &mut found)?;
    Some(found)
}

fn list(
    text: &str,
    stretches: &[Stretch<'_>],
    path: &mut Vec<String>,
    indent: usize,
    read: &Read<'_>,
    found: &mut Vec<Piece>,
) -> Option<()> {
    let mut first = 0;
    for stretch in stretches {
        match stretch {
            Stretch::Members(members) => {
                let start = (members.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
                found.push(Piece {
                    range: start..start + members.len(),
                    indent,
                    path: path.clone(),
                    first,
                });
                first += starts(members, indent)?.len();
            }
            Stretch::Nested(key, nested) => {
                let (key, _) = one(object(read(key)?)?)?;
                path.push(key.to_string());
                let deeper = nested.iter().find_map(|stretch| match stretch {
                    Stretch::Members(text) | Stretch::Nested(text, _) => first_indent(text),
                })?;
                list(text, nested, path, deeper, read, found)?;
                path.pop();
                first += 1;
            }
        }
    }
    Some(())
}

/// The members that are written anew between two texts, which differ within one of the pieces of the old one. The pieces are those
/// of the new text afterwards. `None`: the document is to be read anew, and its pieces as well.
///
/// Only the members between the first and the last byte that changed are read, unless an anchor may carry a change to others.
fn replaced(pieces: &mut [Piece], old: &str, new: &str, read: &Read<'_>) -> Option<Replaced> {
    let (from, end) = difference(old.as_bytes(), new.as_bytes());
    let which = pieces
        .iter()
        .position(|piece| piece.range.start <= from && end <= piece.range.end)?;
    let moved = |at: usize| (at + new.len()).checked_sub(old.len());
    let piece = pieces.get(which)?;
    let (start, indent, path) = (piece.range.start, piece.indent, piece.path.clone());
    let old_text = old.get(piece.range.clone())?;
    let new_text = new.get(start..moved(piece.range.end)?)?;
    let (old_starts, new_starts) = (starts(old_text, indent)?, starts(new_text, indent)?);
    let (from, end) = (from - start, end - start);
    let before = old_starts.iter().rposition(|at| *at < from).unwrap_or_default();
    let after = old_starts.iter().position(|at| *at >= end);
    let low = old_starts.get(before).copied()?;
    let high = after
        .and_then(|after| old_starts.get(after).copied())
        .unwrap_or(old_text.len());
    let new_high = moved(high)?;
    let cut = new_starts.contains(&low) && (new_high == new_text.len() || new_starts.contains(&new_high));
    let (old_members, new_members) = (old_text.get(low..high)?, new_text.get(low..new_high)?);
    let (position, count, members) = if cut && !old_members.contains('&') && !new_members.contains('&') {
        let count = after.unwrap_or(old_starts.len()) - before;
        (before, count, new_members)
    } else {
        (0, old_starts.len(), new_text)
    };
    let replaced = Replaced {
        path,
        first: piece.first + position,
        count,
        members: object(read(members)?)?,
    };
    for (i, piece) in pieces.iter_mut().enumerate() {
        if i == which || piece.range.start > start {
            if i != which {
                piece.range.start = moved(piece.range.start)?;
            }
            piece.range.end = moved(piece.range.end)?;
        }
    }
    Some(replaced)
}

/// Where the old of two texts begins to differ from the new one, and where it ceases to.
fn difference(old: &[u8], new: &[u8]) -> (usize, usize) {
    const BLOCK: usize = 64;
    let shortest = old.len().min(new.len());
    let blocks = old.chunks_exact(BLOCK).zip(new.chunks_exact(BLOCK));
    let mut from = blocks.take_while(|(old, new)| old == new).count() * BLOCK;
    let rest = |at: usize| old.iter().skip(at).zip(new.iter().skip(at));
    from += rest(from).take_while(|(old, new)| old == new).count();
    let blocks = old.rchunks_exact(BLOCK).zip(new.rchunks_exact(BLOCK));
    let mut same = blocks.take_while(|(old, new)| old == new).count() * BLOCK;
    let rest = |at: usize| old.iter().rev().skip(at).zip(new.iter().rev().skip(at));
    same += rest(same).take_while(|(old, new)| old == new).count();
    (from, old.len() - same.min(shortest - from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_keys_is_a_change_and_so_is_the_sign_of_zero() {
        let object = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
        assert!(same(
            &object(r#"{"a":[1,{"b":0.0}]}"#),
            &object(r#"{"a":[1,{"b":0.0}]}"#)
        ));
        for (left, right) in [
            (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#),
            ("0.0", "-0.0"),
            ("1", "1.0"),
            ("[1]", "[1,2]"),
        ] {
            assert!(!same(&object(left), &object(right)), "{left} {right}");
        }
    }

    fn sources(text: &str) -> Sources {
        let mut sources = Sources::default();
        sources.insert("a.yaml", text.as_bytes());
        sources
    }

    /// A document of some size.
    fn document() -> String {
        let member = |i: usize| format!("    member{i}:\n      text: 'of {i}'\n      list:\n      - 1\n      - a: b\n");
        let members: String = (0..1200).map(member).collect();
        format!(
            "# head\nfirst: 1\nsmall: {{ a: {{ b: 1 }} }}\npaths:\n\n  # All of them.\n  deep:\n{members}\n  other: {{ x: 1 }}\nlast:\n  - x\n"
        )
    }

    /// What is told about a change of the text, after it was held against reading the new text alone.
    fn told(memo: &Memo, old: &str, new: &str) -> Option<Vec<String>> {
        read::read(&sources(old), "a.yaml", memo).unwrap();
        let found = of_file(&sources(new), "a.yaml", memo);
        if found.is_some() {
            let kept = read::read(&sources(new), "a.yaml", memo).unwrap();
            let clean = read::read(&sources(new), "a.yaml", &Memo::default()).unwrap();
            assert!(same(&kept, &clean), "{found:?}");
        }
        found
    }

    #[test]
    fn a_change_is_told_below_the_pointer_where_it_is() {
        let document = document();
        let memo = Memo::lasting();
        for (from, to, expected) in [
            ("'of 700'", "'of 7000'", Some("/paths/deep/member700")),
            (
                "    member700:\n",
                "    member700:\n      more: 1\n",
                Some("/paths/deep/member700"),
            ),
            ("      text: 'of 0'\n", "", Some("/paths/deep/member0")),
            (
                "      text: 'of 1199'\n",
                "      text: 'of 1199' # last\n      z: 1\n",
                Some("/paths/deep/member1199"),
            ),
            ("first: 1", "first: 2", Some("/first")),
            ("b: 1", "b: 2", Some("/small/a/b")),
            ("{ x: 1 }", "{ x: 1, y: 2 }", Some("/paths/other")),
            ("  - x\n", "  - y\n", Some("/last")),
            // What is there more or less is told of the mapping around it.
            ("    member700:\n", "    renamed:\n", Some("/paths/deep")),
            (
                "    member700:\n",
                "    member7000: 1\n    member700:\n",
                Some("/paths/deep"),
            ),
            ("\nlast:", "\nmore: 1\nlast:", Some("")),
        ] {
            assert!(document.contains(from), "{from}");
            let new = document.replacen(from, to, 1);
            let expected = expected.map(|pointer| vec![pointer.to_owned()]);
            assert_eq!(told(&memo, &document, &new), expected, "{from:?} -> {to:?}");
            assert_eq!(told(&memo, &new, &document), expected, "{to:?} -> {from:?}");
        }
    }

    #[test]
    fn in_json_the_object_around_a_change_is_read_anew() {
        let paths: String = (0..1200)
            .map(|i| format!("    \"/a~{i}\": {{ \"get\": {{ \"text\": \"of {i}\", \"list\": [1, {{ \"a\": {{}} }}] }}, \"n\": {i} }},\n"))
            .collect();
        let document = format!(
            "{{\n  \"first\": 1,\n  \"paths\": {{\n{paths}    \"/other\": {{}}\n  }},\n  \"last\": [\"x\"]\n}}\n"
        );
        let told = |old: &str, new: &str| {
            let sources = |text: &str| {
                let mut sources = Sources::default();
                sources.insert("a.json", text.as_bytes());
                sources
            };
            let memo = Memo::lasting();
            read::read(&sources(old), "a.json", &memo).unwrap();
            let found = of_file(&sources(new), "a.json", &memo);
            if found.is_some() {
                let kept = read::read(&sources(new), "a.json", &memo).unwrap();
                let clean = read::read(&sources(new), "a.json", &Memo::default()).unwrap();
                assert!(same(&kept, &clean), "{found:?}");
            }
            found
        };
        for (from, to, expected) in [
            ("of 700", "of 7000", Some("/paths/~1a~0700/get")),
            ("of 700\"", "of 700\", \"more\": {}", Some("/paths/~1a~0700/get")),
            ("\"n\": 700", "\"n\": 70", Some("/paths/~1a~0700/n")),
            ("\"n\": 700", "\"m\": 700", Some("/paths/~1a~0700")),
            ("\"/a~700\"", "\"/b\"", Some("/paths")),
            ("\"/other\": {}", "\"/other\": []", Some("/paths/~1other")),
            ("\"/other\": {}", "\"/other\": { }", None),
            ("\"first\": 1", "\"first\": 2", Some("/first")),
            ("[\"x\"]", "[\"y\"]", Some("/last")),
        ] {
            assert!(document.contains(from), "{from}");
            let new = document.replacen(from, to, 1);
            let expected = Some(expected.map(str::to_owned).into_iter().collect());
            assert_eq!(told(&document, &new), expected, "{from:?} -> {to:?}");
            assert_eq!(told(&new, &document), expected, "{to:?} -> {from:?}");
        }
        for (from, to) in [
            ("of 700", "of \"700"),
            ("\"n\": 700", "\"get\": 700"),
            ("\"n\": 700 }", "\"n\": 700"),
            ("\"n\": 700 }", "\"n\": 700 } }"),
            ("{ \"a\": {} }", &format!("{}{}", "[".repeat(200), "]".repeat(200))),
            ("{ \"a\": {} }", &format!("{}{}", "[".repeat(124), "]".repeat(124))),
        ] {
            let new = document.replacen(from, to, 1);
            assert_eq!(told(&document, &new), None, "{from:?} -> {to:?}");
        }
    }

    #[test]
    fn comments_change_nothing_and_what_is_wrong_is_not_taken() {
        let document = document();
        let memo = Memo::lasting();
        for (from, to) in [
            ("# head", "# a\n# head"),
            ("  # All of them.\n", ""),
            ("'of 9'", "'of 9'  # nine"),
        ] {
            let new = document.replacen(from, to, 1);
            assert_eq!(told(&memo, &document, &new), Some(Vec::new()), "{from:?} -> {to:?}");
        }
        for (from, to) in [
            ("    member700:\n", "    member3:\n"),
            ("'of 700'", "'of 700"),
            ("    member700:\n", "   member700:\n"),
            ("      text: 'of 700'", "\ttext: 'of 700'"),
            ("'of 700'", "*nothing"),
        ] {
            let new = document.replacen(from, to, 1);
            assert_eq!(told(&memo, &document, &new), None, "{from:?} -> {to:?}");
        }
    }

    #[test]
    fn what_repeats_an_anchor_changes_with_it() {
        let memo = Memo::lasting();
        let document = document()
            .replacen("'of 700'", "&word 'of 700'", 1)
            .replacen("'of 701'", "*word", 1);
        let new = document.replacen("'of 700'", "'of 7000'", 1);
        let expected = ["/paths/deep/member700", "/paths/deep/member701"].map(str::to_owned);
        assert_eq!(told(&memo, &document, &new), Some(expected.to_vec()));
    }
}
