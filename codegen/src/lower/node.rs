//! A value of the bundle together with the pointer it stands under.
//!
//! Owns: stepping through the document and following references in it. Must not know: what any object means.

use serde_json::{Map, Value};

/// A value and its JSON pointer in the bundle.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    /// RFC 6901 pointer from the root of the bundle.
    pub(super) at: String,
    /// What stands there.
    pub(super) value: &'a Value,
}

impl<'a> Node<'a> {
    /// The document itself.
    pub(super) fn root(document: &'a Value) -> Self {
        Self {
            at: String::new(),
            value: document,
        }
    }

    /// The member of that name.
    pub(super) fn get(&self, key: &str) -> Option<Self> {
        let value = self.value.as_object()?.get(key)?;
        Some(Self {
            at: step(&self.at, key),
            value,
        })
    }

    /// The string under that name.
    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.value.as_object()?.get(key)?.as_str()
    }

    /// Whether `true` stands under that name.
    pub(super) fn flag(&self, key: &str) -> bool {
        self.value.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The members of an object, or nothing.
    pub(super) fn members(&self) -> impl Iterator<Item = (&'a str, Self)> + use<'a> {
        let at = self.at.clone();
        self.value
            .as_object()
            .into_iter()
            .flat_map(Map::iter)
            .map(move |(key, value)| {
                let at = step(&at, key);
                (key.as_str(), Self { at, value })
            })
    }

    /// The members of an object whose other names are fixed: those that begin with `x-` are extensions.
    pub(super) fn fixed_members(&self) -> impl Iterator<Item = (&'a str, Self)> + use<'a> {
        self.members().filter(|(key, _)| !key.starts_with("x-"))
    }

    /// The items of an array, or nothing.
    pub(super) fn items(&self) -> impl Iterator<Item = Self> + use<'a> {
        let at = self.at.clone();
        let items = self.value.as_array().into_iter().flatten();
        items.enumerate().map(move |(i, value)| Self {
            at: format!("{at}/{i}"),
            value,
        })
    }

    /// The pointer that a `$ref` among its members names.
    pub(super) fn reference(&self) -> Option<&'a str> {
        let target = self.text("$ref")?;
        Some(target.strip_prefix('#').unwrap_or(target))
    }
}

/// The pointer one step further.
pub(super) fn step(at: &str, key: &str) -> String {
    if key.contains(['~', '/']) {
        format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"))
    } else {
        format!("{at}/{key}")
    }
}

/// A token of a pointer as the key it stands for.
pub(super) fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}
