//! One value of a tree.
//!
//! Owns: its six kinds, looking into it by key, place and pointer. Must not know: where it came from, how it is written to files.

use std::fmt;
use std::ops::{Index, IndexMut};

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::{List, Map, Number, Text};
use crate::pointer::unescape;

/// A value.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    String(Text),
    /// A list.
    Array(List),
    /// An object.
    Object(Map),
}

impl Value {
    /// The text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The boolean, if it is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, if it is one.
    #[must_use]
    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The number, if it is one that `i64` holds.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number()?.as_i64()
    }

    /// The number, if it is one that `u64` holds.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        self.as_number()?.as_u64()
    }

    /// The number, if it is one.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        self.as_number()?.as_f64()
    }

    /// The items, if it is a list.
    #[must_use]
    pub fn as_array(&self) -> Option<&List> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The items to be changed, if it is a list.
    pub fn as_array_mut(&mut self) -> Option<&mut List> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The members, if it is an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&Map> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The members to be changed, if it is an object.
    pub fn as_object_mut(&mut self) -> Option<&mut Map> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is a boolean.
    #[must_use]
    pub fn is_boolean(&self) -> bool {
        matches!(self, Self::Bool(_))
    }

    /// Whether it is a number.
    #[must_use]
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Number(_))
    }

    /// Whether it is a text.
    #[must_use]
    pub fn is_string(&self) -> bool {
        matches!(self, Self::String(_))
    }

    /// Whether it is a list.
    #[must_use]
    pub fn is_array(&self) -> bool {
        matches!(self, Self::Array(_))
    }

    /// Whether it is an object.
    #[must_use]
    pub fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// Whether it is a number that `i64` holds.
    #[must_use]
    pub fn is_i64(&self) -> bool {
        self.as_number().is_some_and(Number::is_i64)
    }

    /// Whether it is a number that `u64` holds.
    #[must_use]
    pub fn is_u64(&self) -> bool {
        self.as_number().is_some_and(Number::is_u64)
    }

    /// Whether it is a number with a fraction or an exponent.
    #[must_use]
    pub fn is_f64(&self) -> bool {
        self.as_number().is_some_and(Number::is_f64)
    }

    /// Whether both are one and the same object or list, or the same text, number or word. No look is taken into objects and lists, so
    /// others that are equal may count as different.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Object(left), Self::Object(right)) => left.is(right),
            (Self::Array(left), Self::Array(right)) => left.is(right),
            (Self::Object(_) | Self::Array(_), _) => false,
            (left, right) => left == right,
        }
    }

    /// The member of a key, or the item at a place.
    pub fn get<I: Step>(&self, step: I) -> Option<&Self> {
        step.below(self)
    }

    /// The same, to be changed.
    pub fn get_mut<I: Step>(&mut self, step: I) -> Option<&mut Self> {
        step.below_mut(self)
    }

    /// What a JSON pointer leads to.
    #[must_use]
    pub fn pointer(&self, pointer: &str) -> Option<&Self> {
        tokens(pointer)?.try_fold(self, |value, token| match value {
            Self::Object(members) => members.get(&unescape(token)),
            Self::Array(items) => items.get(place(token)?),
            _ => None,
        })
    }

    /// The same, to be changed.
    pub fn pointer_mut(&mut self, pointer: &str) -> Option<&mut Self> {
        tokens(pointer)?.try_fold(self, |value, token| match value {
            Self::Object(members) => members.get_mut(&unescape(token)),
            Self::Array(items) => items.get_mut(place(token)?),
            _ => None,
        })
    }

    /// The value, and `null` in its place.
    pub fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}

/// The tokens of a JSON pointer. `None`: it is none.
fn tokens(pointer: &str) -> Option<impl Iterator<Item = &str>> {
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return None;
    }
    Some(pointer.split('/').skip(1))
}

/// The place in a list that a token of a pointer names.
fn place(token: &str) -> Option<usize> {
    let other_spelling = token.starts_with('+') || (token.starts_with('0') && token.len() > 1);
    if other_spelling { None } else { token.parse().ok() }
}

/// What leads from a value to one in it: a key, or a place in a list.
pub trait Step {
    /// What it leads to.
    fn below(self, value: &Value) -> Option<&Value>;

    /// The same, to be changed.
    fn below_mut(self, value: &mut Value) -> Option<&mut Value>;
}

impl<K: AsRef<str> + ?Sized> Step for &K {
    fn below(self, value: &Value) -> Option<&Value> {
        value.as_object()?.get(self.as_ref())
    }

    fn below_mut(self, value: &mut Value) -> Option<&mut Value> {
        value.as_object_mut()?.get_mut(self.as_ref())
    }
}

impl Step for usize {
    fn below(self, value: &Value) -> Option<&Value> {
        value.as_array()?.get(self)
    }

    fn below_mut(self, value: &mut Value) -> Option<&mut Value> {
        value.as_array_mut()?.get_mut(self)
    }
}

/// What is not there is `null`.
impl<S: Step> Index<S> for Value {
    type Output = Self;

    fn index(&self, step: S) -> &Self {
        step.below(self).unwrap_or(&Self::Null)
    }
}

/// A key that is not there is made, as `null`, and so is the object that it stands in.
impl IndexMut<&str> for Value {
    fn index_mut(&mut self, key: &str) -> &mut Self {
        if !self.is_object() {
            *self = Self::Object(Map::new());
        }
        match self {
            Self::Object(members) => members.entry(key).or_insert_with(|| Self::Null),
            other => other,
        }
    }
}

/// As JSON on one line; with `{:#}`, indented.
impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match out.alternate() {
            true => serde_json::to_string_pretty(self),
            false => serde_json::to_string(self),
        };
        out.write_str(&text.map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => out.write_str("Null"),
            Self::Bool(value) => out.debug_tuple("Bool").field(value).finish(),
            Self::Number(number) => fmt::Debug::fmt(number, out),
            Self::String(text) => out.debug_tuple("String").field(text).finish(),
            Self::Array(items) => {
                out.write_str("Array ")?;
                out.debug_list().entries(items.iter()).finish()
            }
            Self::Object(members) => {
                out.write_str("Object ")?;
                fmt::Debug::fmt(members, out)
            }
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(members) => members.serialize(serializer),
        }
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (key, value) in self {
            map.serialize_entry(key.as_str(), value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::tree::json;

    #[test]
    fn a_pointer_leads_to_what_the_same_pointer_of_another_reader_leads_to() {
        let value = json!({"a": [{"b/c": 1, "~": [true]}, "x"], "": {"": 2}, "0": 3});
        let other = serde_json::Value::from(&value);
        for pointer in [
            "",
            "/",
            "//",
            "/a",
            "/a/0",
            "/a/0/b~1c",
            "/a/0/~0/0",
            "/a/1",
            "/a/2",
            "/a/01",
            "/a/+1",
            "/a/-1",
            "/0",
            "a",
            "/a/1/x",
            "/a/",
        ] {
            let found = value.pointer(pointer).map(serde_json::Value::from);
            assert_eq!(found.as_ref(), other.pointer(pointer), "{pointer}");
            assert_eq!(
                value.clone().pointer_mut(pointer).is_some(),
                found.is_some(),
                "{pointer}"
            );
        }
    }

    #[test]
    fn a_value_is_written_and_read_as_by_anybody_else() {
        let value = json!({"a": [1, -2, 2.5, u64::MAX, true, null, "t\n\"ä"], "b": {}, "c": [[], {"d": {}}]});
        let other = serde_json::Value::from(&value);
        assert_eq!(value.to_string(), other.to_string());
        assert_eq!(format!("{value:#}"), format!("{other:#}"));
        assert_eq!(format!("{value:?}"), format!("{other:?}"));
        assert_eq!(Value::from(other), value);
    }

    #[test]
    fn types_are_read_from_a_value_as_from_its_text() {
        #[derive(Debug, PartialEq, Deserialize)]
        enum Kind {
            Plain,
            With { number: f64 },
            Of(String),
        }
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Whole {
            kinds: Vec<Kind>,
            pair: (u8, Option<bool>),
            #[serde(default)]
            more: std::collections::BTreeMap<String, Value>,
        }
        let values = [
            json!({"kinds": ["Plain", {"With": {"number": 1}}, {"Of": "x"}], "pair": [1, null], "more": {"k": [{}]}}),
            json!({"kinds": [], "pair": [255, true]}),
            json!({"kinds": ["Unknown"], "pair": [1, null]}),
            json!({"kinds": [{"With": {}}], "pair": [1, null]}),
            json!({"kinds": [], "pair": [256, null]}),
            json!({"kinds": [], "pair": [1, null, 2]}),
            json!({"kinds": [], "pair": [1, null], "other": 1}),
            json!([1]),
            json!("text"),
        ];
        let mut sound = 0;
        for value in values {
            let read = Whole::deserialize(&value);
            let other = Whole::deserialize(serde_json::Value::from(&value));
            sound += usize::from(read.is_ok());
            assert_eq!(read.ok(), other.ok(), "{value}");
        }
        assert_eq!(sound, 2);
    }
}
