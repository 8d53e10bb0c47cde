//! Reading: bytes of YAML or JSON into one tree.
//!
//! Owns: encodings, syntax errors with their place, duplicate keys, limits against hostile input. Must not know: what a
//! document means. JSON is read by the fast parser, everything else as YAML 1.2.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::{Sources, portions};
use crate::diagnostics::{At, Diagnostic, Place, document};
use crate::memo::Memo;
use crate::tree::{FEW, Map, Number, Text, Value};

/// No document may be larger, in bytes.
pub const LARGEST: usize = 64 << 20;

/// Reads a file of the sources.
///
/// # Errors
/// The file is not there, is not UTF-8, is too large, or is not YAML or JSON. The diagnostic tells where.
pub fn read(sources: &Sources, path: &str, memo: &Memo) -> Result<Value, Diagnostic> {
    let (path, bytes) = sources.entry(path).ok_or_else(|| {
        Diagnostic::new(
            &document::REF_UNRESOLVED,
            format!("`{path}` does not exist"),
            Place::file(path),
        )
    })?;
    memo.file(path, bytes, || {
        let text = text(path, bytes)?;
        if is_json(path, text) {
            json(path, text, memo)
        } else {
            yaml(path, text, memo)
        }
    })
}

/// The text of a file without its byte order mark.
///
/// # Errors
/// It is not UTF-8, or larger than any spec.
pub fn text<'a>(path: &str, bytes: &'a [u8]) -> Result<&'a str, Diagnostic> {
    if bytes.len() > LARGEST {
        let message = format!("the file has {} bytes; at most {LARGEST} are read", bytes.len());
        return Err(Diagnostic::new(&document::TOO_LARGE, message, Place::file(path)));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        Diagnostic::new(
            &document::ENCODING,
            format!("byte {at} is not UTF-8"),
            Place::bytes(path, at..at + 1),
        )
        .hint("save the file as UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

pub(super) fn is_json(path: &str, text: &str) -> bool {
    path.ends_with(".json") || text.trim_start().starts_with('{')
}

fn json(path: &str, text: &str, memo: &Memo) -> Result<Value, Diagnostic> {
    match serde_json::from_str::<Tree>(text) {
        Ok(tree) => Ok(tree.0),
        // A flow mapping of YAML begins like JSON does.
        Err(_) if !path.ends_with(".json") => yaml(path, text, memo),
        Err(error) => {
            let place = Place {
                file: Arc::from(path),
                at: At::LineColumn(as_u32(error.line()), as_u32(error.column())),
            };
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
            Err(problem(&message, place))
        }
    }
}

/// Reads an object of JSON that stands below so many others: as deep as it may go there, and no deeper.
pub(super) fn nested(text: &str, depth: usize) -> Option<Value> {
    let whole = format!("{}{text}{}", "[".repeat(depth), "]".repeat(depth));
    let Tree(mut value) = serde_json::from_str(&whole).ok()?;
    for _ in 0..depth {
        value = match value {
            Value::Array(mut items) if items.len() == 1 => items.pop()?,
            _ => return None,
        };
    }
    value.is_object().then_some(value)
}

fn yaml(path: &str, text: &str, memo: &Memo) -> Result<Value, Diagnostic> {
    if let Some(value) = portions::read(text, &|text| memo.piece(text, || piece(text))) {
        return Ok(value);
    }
    let whole = apart(|| {
        serde_saphyr::from_str_with_options::<Tree>(text, yaml_options(text.len()))
            .map(|tree| tree.0)
            .map_err(|error| refused(path, &error))
    });
    whole.unwrap_or_else(|| {
        Err(problem(
            "the system has no thread to read the file with",
            Place::file(path),
        ))
    })
}

/// Reads a piece of a document. It has no more to spare than its share, nor of the stack: one that needs more is read with the whole.
pub(super) fn piece(text: &str) -> Option<Value> {
    let tree = serde_saphyr::from_str_with_options::<Tree>(text, bounded(text.len(), 1_000, 64));
    tree.ok().map(|tree| tree.0)
}

fn refused(path: &str, error: &serde_saphyr::Error) -> Diagnostic {
    let place = error.location().map_or_else(
        || Place::file(path),
        |at| Place {
            file: Arc::from(path),
            at: At::LineColumn(
                at.line().try_into().unwrap_or(u32::MAX),
                at.column().try_into().unwrap_or(u32::MAX),
            ),
        },
    );
    let message = error.without_snippet().to_string();
    problem(message.lines().next().unwrap_or("the file cannot be read"), place)
}

/// Reads YAML where the stack holds what may be nested, which that of a worker does not in every build. `None`: the system gives
/// no thread.
pub(super) fn apart<T: Send>(read: impl FnOnce() -> T + Send) -> Option<T> {
    const STACK: usize = 32 << 20;
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, read);
        let read = thread.ok()?.join();
        Some(read.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// How YAML is read, here and where places are looked up: words are words (`no`, `on`, `0123`), and what a document may cost
/// is bounded by its own size, so that aliases cannot multiply it.
pub(super) fn yaml_options(length: usize) -> serde_saphyr::Options {
    bounded(length, 100_000, 128)
}

/// `spare`: how much more than its own size a text may come to. `deepest`: how many levels; the whole of a document may have as many as in JSON.
fn bounded(length: usize, spare: usize, deepest: usize) -> serde_saphyr::Options {
    serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        // JSON has no such numbers. As words they are told like any other word that stands where a number should.
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::AsString,
        // Nobody asks for comments; kept, so many in a row would be refused as some contracts have.
        emit_comments: false,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_nodes: spare + length,
            max_events: spare * 2 + length * 2,
            max_depth: deepest,
            max_total_scalar_bytes: spare * 10 + length * 4,
            max_recorded_anchor_events: spare * 10 + length,
            max_recorded_anchor_bytes: spare * 10 + length * 4,
            max_documents: 1,
            // One anchor that hundreds of places refer to is ordinary; what it comes to is bounded above.
            enforce_alias_anchor_ratio: false,
        },
    }
}

fn problem(message: &str, place: Place) -> Diagnostic {
    let code = if message.contains("duplicate") {
        &document::DUPLICATE_KEY
    } else {
        &document::SYNTAX
    };
    Diagnostic::new(code, message.to_owned(), place)
}

fn as_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A tree that refuses duplicate keys, which the plain tree would let pass in silence.
struct Tree(Value);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        TreeVisitor(&Open::default()).deserialize(deserializer).map(Tree)
    }
}

/// What was read of the lists and objects that are not at their end, those inside behind those around them. Each takes as much room in
/// the tree as it needs when its end is reached; most have few members, and one that grows has room for more than it gets.
#[derive(Default)]
struct Open {
    items: RefCell<Vec<Value>>,
    members: RefCell<Vec<(Text, Value)>>,
}

/// A key. Most are so short that they need no memory of their own.
struct Key(Text);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_string(KeyVisitor).map(Self)
    }
}

struct KeyVisitor;

impl Visitor<'_> for KeyVisitor {
    type Value = Text;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a string")
    }

    fn visit_str<E>(self, key: &str) -> Result<Text, E> {
        Ok(key.into())
    }
}

#[derive(Clone, Copy)]
struct TreeVisitor<'o>(&'o Open);

impl<'de> DeserializeSeed<'de> for TreeVisitor<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TreeVisitor<'_> {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i128<E: serde::de::Error>(self, value: i128) -> Result<Value, E> {
        #[allow(
            clippy::cast_precision_loss,
            reason = "JSON numbers beyond 64 bits are floating-point numbers"
        )]
        self.visit_f64(value as f64)
    }

    fn visit_u128<E: serde::de::Error>(self, value: u128) -> Result<Value, E> {
        #[allow(
            clippy::cast_precision_loss,
            reason = "JSON numbers beyond 64 bits are floating-point numbers"
        )]
        self.visit_f64(value as f64)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("not a number that JSON can hold"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let start = self.0.items.borrow().len();
        while let Some(item) = items.next_element_seed(self)? {
            self.0.items.borrow_mut().push(item);
        }
        let items = self.0.items.borrow_mut().drain(start..).collect();
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let start = self.0.members.borrow().len();
        // Holds all members once they are many.
        let mut map = Map::new();
        while let Some(Key(key)) = members.next_key()? {
            let is_known = |few: &[(Text, Value)]| few.iter().any(|(known, _)| *known == key);
            if self.0.members.borrow().get(start..).is_some_and(is_known) || map.contains_key(&key) {
                return Err(A::Error::custom(format!("duplicate key `{key}`")));
            }
            let value = members.next_value_seed(self)?;
            if !map.is_empty() {
                map.insert(key, value);
                continue;
            }
            let mut few = self.0.members.borrow_mut();
            few.push((key, value));
            if few.len() - start > FEW {
                map = few.drain(start..).collect();
            }
        }
        if map.is_empty() {
            map = Map::of_distinct(self.0.members.borrow_mut().drain(start..).collect());
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::json;

    fn tree(path: &str, text: &str) -> Result<Value, Diagnostic> {
        let mut sources = Sources::default();
        sources.insert(path, text.as_bytes());
        read(&sources, path, &Memo::default())
    }

    #[test]
    fn yaml_and_json_give_the_same_tree() {
        let expected = json!({"a": [1, 2.5, "x", null, true], "200": {"no": "on"}});
        assert_eq!(
            tree("a.json", r#"{"a":[1,2.5,"x",null,true],"200":{"no":"on"}}"#).unwrap(),
            expected
        );
        assert_eq!(
            tree("a.yaml", "a: [1, 2.5, x, null, true]\n200:\n  no: on\n").unwrap(),
            expected
        );
    }

    #[test]
    fn words_and_dates_stay_words() {
        let found = tree("a.yaml", "a: no\nb: 2026-01-15\nc: 0123\nd: 1_000\ne: ~\n").unwrap();
        assert_eq!(
            found,
            json!({"a": "no", "b": "2026-01-15", "c": "0123", "d": "1_000", "e": null})
        );
    }

    #[test]
    fn numbers_that_json_has_not_are_words() {
        let found = tree("a.yaml", "a: .nan\nb: [.inf, -.inf, 1.5]\n").unwrap();
        assert_eq!(found, json!({"a": ".nan", "b": [".inf", "-.inf", 1.5]}));
    }

    #[test]
    fn comments_may_be_any_number_of_lines() {
        let comments = "  # - in: query\n".repeat(5_000);
        for text in [
            format!("{comments}a:\n{comments}  b: 1\n{comments}  c:\n{comments}"),
            format!("a:\n  b: 1\n  c:\n{comments}    # deeper\n"),
            format!("a: {{\n{comments} b: 1,\n{comments} c: ~\n{comments} }}\n"),
        ] {
            assert_eq!(tree("a.yaml", &text).unwrap(), json!({"a": {"b": 1, "c": null}}));
        }
    }

    #[test]
    fn duplicate_keys_are_told_with_their_line_in_both() {
        for (path, text) in [
            ("a.yaml", "a: 1\nb: 2\na: 3\n"),
            ("a.json", "{\"a\": 1,\n\"b\": 2,\n\"a\": 3}"),
        ] {
            let error = tree(path, text).unwrap_err();
            assert_eq!(error.code.id, "SPEC_DUPLICATE_KEY", "{error:?}");
            assert!(matches!(error.place.unwrap().at, At::LineColumn(3, _)), "{path}");
        }
    }

    #[test]
    fn hostile_documents_are_errors() {
        let deep = "[".repeat(100_000);
        let bomb = (0..40).fold("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, n| {
            text + format!("a{}: &a{} [{}]\n", n + 1, n + 1, vec![format!("*a{n}"); 10].join(", ")).as_str()
        });
        for (path, text) in [
            ("a.json", deep.as_str()),
            ("a.yaml", &deep),
            ("b.yaml", &bomb),
            ("c.yaml", "a: b: c"),
        ] {
            assert!(tree(path, text).is_err(), "{path}");
        }
        let mut sources = Sources::default();
        sources.insert("a.yaml", [b'a', b':', b' ', 0xff]);
        assert_eq!(
            read(&sources, "a.yaml", &Memo::default()).unwrap_err().code.id,
            "SPEC_ENCODING"
        );
    }
}
