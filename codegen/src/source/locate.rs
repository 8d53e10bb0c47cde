//! Places: from a pointer or offset to line and column.
//!
//! Owns: the position-keeping parse, which only happens when there is something to print. Must not know: what is printed.
//!
//! In JSON no more is looked at than what leads to a place: a contract of many megabytes costs a pass over its text.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_saphyr::{Location, Spanned};

use super::members::{self, Member, Members};
use super::{Sources, read};
use crate::diagnostics::{At, Diagnostic, Place};
use crate::pointer::unescape;

/// Places that were looked up before.
pub type Places = BTreeMap<Place, Located>;

/// A place as people count: line and column from 1, with the line's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Located {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The line without its end.
    pub text: String,
}

/// Looks places up; parses each file at most once.
pub struct Locator<'a> {
    sources: &'a Sources,
    known: Option<&'a Places>,
    trees: RefCell<BTreeMap<Arc<str>, Option<Spanned<Node>>>>,
    /// What stands in objects and lists of JSON files.
    members: RefCell<BTreeMap<Opened, Option<Known>>>,
}

/// An object or list of a JSON file: the file, and where in it the object begins.
type Opened = (Arc<str>, usize);

/// What stands in one object or list.
type Known = Rc<Vec<Member>>;

/// Where something stands in a text.
enum Spot {
    Bytes(Range<usize>),
    LineColumn(u32, u32),
}

impl<'a> Locator<'a> {
    /// A locator over the texts of a run.
    #[must_use]
    pub fn new(sources: &'a Sources) -> Self {
        Self {
            sources,
            known: None,
            trees: RefCell::default(),
            members: RefCell::default(),
        }
    }

    /// The same for places of which some were looked up before, in the same texts.
    #[must_use]
    pub fn knowing(sources: &'a Sources, known: Option<&'a Places>) -> Self {
        Self {
            known,
            ..Self::new(sources)
        }
    }

    /// All places that problems are about.
    #[must_use]
    pub fn places(&self, found: &[Diagnostic]) -> Places {
        let all = found.iter().flat_map(Diagnostic::places);
        all.filter_map(|place| Some((place.clone(), self.locate(place)?)))
            .collect()
    }

    /// Where a place is. A pointer to something that does not exist is located at the nearest thing above it that does.
    /// `None`: the place is a whole file, or a file that is not there.
    #[must_use]
    pub fn locate(&self, place: &Place) -> Option<Located> {
        if let Some(known) = self.known.and_then(|known| known.get(place)) {
            return Some(known.clone());
        }
        let Some(bytes) = self.sources.get(&place.file) else {
            // A file that is no source, such as a template: whoever found the place knew the file.
            let At::LineColumn(line, column) = place.at else {
                return None;
            };
            return Some(Located {
                line,
                column,
                text: String::new(),
            });
        };
        // Nothing is looked up in a file as a whole, which may be too large for that.
        if place.at == At::File {
            return None;
        }
        let text = read::text(&place.file, bytes).ok();
        let lossy;
        let text = match text {
            Some(text) => text,
            None => {
                lossy = String::from_utf8_lossy(bytes).into_owned();
                &lossy
            }
        };
        let spot = match &place.at {
            At::File => return None,
            At::LineColumn(line, column) => Spot::LineColumn(*line, *column),
            At::Bytes(range) => Spot::Bytes(range.start..range.end),
            At::Pointer(pointer) => self.pointed(place, text, pointer, false)?,
            At::Key(pointer) => self.pointed(place, text, pointer, true)?,
        };
        Some(match spot {
            Spot::Bytes(range) => located(text, range.start),
            Spot::LineColumn(line, column) => Located {
                line,
                column,
                text: text
                    .lines()
                    .nth(line.saturating_sub(1) as usize)
                    .unwrap_or_default()
                    .to_owned(),
            },
        })
    }

    /// The text of the scalar at a pointer, as written, without quotes: what a number or date looked like before it was read.
    #[must_use]
    pub fn scalar(&self, file: &str, pointer: &str) -> Option<String> {
        let text = read::text(file, self.sources.get(file)?).ok()?;
        let range = match self.find_in_json(file, text, pointer, false) {
            Some(range) => range,
            None => {
                let location = self.find(file, text, pointer, false)?;
                let start = usize::try_from(location.span().byte_offset()?).ok()?;
                start..start + usize::try_from(location.span().byte_len()?).ok()?
            }
        };
        Some(text.get(range)?.trim().trim_matches(['"', '\'']).to_owned())
    }

    fn pointed(&self, place: &Place, text: &str, pointer: &str, key: bool) -> Option<Spot> {
        if place.file.ends_with(".toml") {
            let (line, column) = toml_key(text, pointer)?;
            return Some(Spot::LineColumn(line, column));
        }
        if let Some(range) = self.find_in_json(&place.file, text, pointer, key) {
            return Some(Spot::Bytes(range));
        }
        let at = self.find(&place.file, text, pointer, key)?;
        Some(Spot::LineColumn(
            at.line().try_into().ok()?,
            at.column().try_into().ok()?,
        ))
    }

    /// What [`Self::find`] finds, in JSON. `None`: the file is something else, or not sound.
    fn find_in_json(&self, file: &str, text: &str, pointer: &str, key: bool) -> Option<Range<usize>> {
        if !file.ends_with(".json") {
            return None;
        }
        let start = members::root(text)?;
        let mut value = start;
        let mut found = start..start + 1;
        for segment in pointer.split('/').skip(1) {
            let segment = unescape(segment);
            let Some(members) = self.members(file, text, value) else {
                // Nothing stands in a scalar, and everything in what opens and is not sound.
                match text.as_bytes().get(value) {
                    Some(b'{' | b'[') => return None,
                    _ => break,
                }
            };
            let is_named = |member: &Member| match &member.key {
                Some(key) => text.get(key.clone()).is_some_and(|key| is_key(key, &segment)),
                None => false,
            };
            let next = match text.as_bytes().get(value) {
                Some(b'{') => members.iter().find(|member| is_named(member)),
                _ => segment.parse::<usize>().ok().and_then(|index| members.get(index)),
            };
            let Some(next) = next else { break };
            let is_open = matches!(text.as_bytes().get(next.value.start), Some(b'{' | b'['));
            found = match &next.key {
                Some(name) if key || is_open => name.clone(),
                _ => next.value.clone(),
            };
            value = next.value.start;
        }
        Some(found)
    }

    /// What stands in the object or list of a JSON file that begins at an offset.
    fn members(&self, file: &str, text: &str, start: usize) -> Option<Known> {
        let mut known = self.members.borrow_mut();
        let found = known.entry((file.into(), start));
        found
            .or_insert_with(|| Members::of(text, start)?.all().map(Rc::new))
            .clone()
    }

    fn find(&self, file: &str, text: &str, pointer: &str, key: bool) -> Option<Location> {
        let mut trees = self.trees.borrow_mut();
        let tree = trees.entry(file.into()).or_insert_with(|| {
            read::apart(|| serde_saphyr::from_str_with_options(text, read::yaml_options(text.len())).ok()).flatten()
        });
        let mut node = tree.as_ref()?;
        let mut found = node.referenced;
        for segment in pointer.split('/').skip(1) {
            let segment = unescape(segment);
            let next = match &node.value {
                Node::Map(members) => members
                    .iter()
                    .find(|(name, _)| name.value == segment)
                    .map(|(name, value)| {
                        found = if key || matches!(value.value, Node::Map(_) | Node::List(_)) {
                            name.referenced
                        } else {
                            value.referenced
                        };
                        value
                    }),
                Node::List(items) => segment
                    .parse::<usize>()
                    .ok()
                    .and_then(|index| items.get(index))
                    .inspect(|item| {
                        found = item.referenced;
                    }),
                Node::Scalar => None,
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        Some(found)
    }
}

/// Whether a key as JSON writes it, with its quotation marks, is this one.
fn is_key(written: &str, key: &str) -> bool {
    match written.contains('\\') {
        true => serde_json::from_str::<String>(written).is_ok_and(|read| read == key),
        false => written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) == Some(key),
    }
}

/// The line and column of an offset.
fn located(text: &str, offset: usize) -> Located {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let (before, after) = text.split_at_checked(end).unwrap_or((text, ""));
    let line = before.matches('\n').count() + 1;
    let head = before.rsplit('\n').next().unwrap_or_default();
    let tail = after.split('\n').next().unwrap_or_default();
    let whole = format!("{head}{tail}");
    Located {
        line: u32::try_from(line).unwrap_or(u32::MAX),
        column: u32::try_from(head.chars().count() + 1).unwrap_or(u32::MAX),
        text: whole.strip_suffix('\r').unwrap_or(&whole).to_owned(),
    }
}

/// A document of which only the form is kept: keys and places.
enum Node {
    Scalar,
    List(Vec<Spanned<Node>>),
    Map(Vec<(Spanned<String>, Spanned<Node>)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_str<E>(self, _: &str) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(member) = members.next_entry()? {
            list.push(member);
        }
        Ok(Node::Map(list))
    }
}

/// Where a key of a TOML document is written: `/rust/out` is `out` below `[rust]`. What stands deeper is located at its key.
fn toml_key(text: &str, pointer: &str) -> Option<(u32, u32)> {
    let mut keys = pointer.split('/').skip(1).filter(|key| key.parse::<usize>().is_err());
    let (first, second) = (keys.next()?, keys.next());
    let (wanted_table, wanted_key) = match second {
        Some(key) => (first, key),
        None => ("", first),
    };
    let mut table = "";
    for (line, number) in text.lines().zip(1u32..) {
        let bare = line.trim_start();
        if let Some(rest) = bare.strip_prefix('[') {
            table = rest.split(']').next().unwrap_or("").trim();
        }
        let key = bare.split('=').next().unwrap_or("").trim().trim_matches('"');
        if table == wanted_table && key == wanted_key && bare.contains('=') {
            let column = line.chars().count() - bare.chars().count() + 1;
            return Some((number, u32::try_from(column).unwrap_or(u32::MAX)));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(file: &str, text: &str, at: At) -> Option<Located> {
        let mut sources = Sources::default();
        sources.insert(file, text.as_bytes());
        Locator::new(&sources).locate(&Place { file: file.into(), at })
    }

    fn locate(text: &str, at: At) -> (u32, u32) {
        let found = found("a.yaml", text, at).unwrap();
        (found.line, found.column)
    }

    #[test]
    fn pointers_become_lines_and_columns() {
        let text = "a:\n  b: [1, two]\n  c/d:\n    e: x\n200: y\n";
        assert_eq!(locate(text, At::Pointer("/a/b/1".to_owned())), (2, 10));
        assert_eq!(locate(text, At::Key("/a/b".to_owned())), (2, 3));
        assert_eq!(locate(text, At::Pointer("/a/c~1d/e".to_owned())), (4, 8));
        assert_eq!(locate(text, At::Pointer("/200".to_owned())), (5, 6));
        assert_eq!(locate(text, At::Pointer("/a/c~1d/nothing/here".to_owned())), (3, 3));
    }

    #[test]
    fn json_is_located_too() {
        let text = "{\n  \"a\": {\"b\": \"\\ud83d\\ude00\", \"c\": 1}\n}\n";
        assert_eq!(locate(text, At::Pointer("/a/c".to_owned())), (2, 35));
    }

    #[test]
    fn a_place_in_json_is_the_one_that_the_same_text_has_as_yaml() {
        let text = "\r\n{\r\n  \"a\": {\"b/c\": [1, \"ä\", [true, {}], {\"x\": null}],\r\n \"q\\\"~\": {\"e\": -1.5e3}},\n\t\"c\": \"[\"\n}";
        let pointers = [
            "",
            "/a",
            "/a/b~1c",
            "/a/b~1c/0",
            "/a/b~1c/1",
            "/a/b~1c/2",
            "/a/b~1c/2/1",
            "/a/b~1c/3/x",
            "/a/b~1c/9",
            "/a/q\"~0/e",
            "/a/q",
            "/c",
            "/c/1",
            "/nothing/here",
            "/a/b~1c/x",
        ];
        for pointer in pointers {
            for at in [At::Pointer(pointer.to_owned()), At::Key(pointer.to_owned())] {
                let (json, yaml) = (found("a.json", text, at.clone()), found("a.yaml", text, at.clone()));
                assert!(json.is_some());
                assert_eq!(json, yaml, "{at:?}");
            }
        }
        assert_eq!(found("a.json", "{\"a\": [1", At::Pointer("/a/0".to_owned())), None);
        let mut sources = Sources::default();
        sources.insert("a.json", text.as_bytes());
        let scalar = |pointer: &str| Locator::new(&sources).scalar("a.json", pointer);
        assert_eq!(scalar("/a/q\"~0/e").as_deref(), Some("-1.5e3"));
        assert_eq!(scalar("/a/b~1c/1").as_deref(), Some("ä"));
    }

    #[test]
    fn offsets_count_characters_not_bytes() {
        assert_eq!(locate("é\néa", At::Bytes((5..6).into())), (2, 2));
    }

    #[test]
    fn a_scalar_keeps_the_spelling_it_had() {
        let mut sources = Sources::default();
        sources.insert("a.yaml", "info:\n  version: 1.10\n".as_bytes());
        assert_eq!(
            Locator::new(&sources).scalar("a.yaml", "/info/version").as_deref(),
            Some("1.10")
        );
    }

    #[test]
    fn keys_of_toml_are_found_in_their_table() {
        let text = "# out = 1\ncontracts = [\"a\"]\n out = 2\n[rust]\n  out = \"x\"\n[docs]\nout = \"y\"\n";
        for (pointer, expected) in [
            ("/contracts/0", Some((2, 1))),
            ("/out", Some((3, 2))),
            ("/rust/out", Some((5, 3))),
            ("/docs/out", Some((7, 1))),
            ("/mcp/out", None),
        ] {
            assert_eq!(toml_key(text, pointer), expected, "{pointer}");
        }
    }
}
