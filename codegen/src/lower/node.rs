//! A value of the bundle together with the pointer it stands under.
//!
//! Owns: stepping through the document and following references in it. Must not know: what any object means.

use crate::pointer::{below, unescape};
use crate::tree::{Map, Value};

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
            at: below(&self.at, key),
            value,
        })
    }

    /// The string under that name.
    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.value.as_object()?.get(key)?.as_str()
    }

    /// Whether `true` stands under that name.
    pub(super) fn flag(&self, key: &str) -> bool {
        let value = self.value.as_object().and_then(|members| members.get(key));
        value.and_then(Value::as_bool).unwrap_or(false)
    }

    /// The members of an object, or nothing.
    pub(super) fn members(&self) -> impl Iterator<Item = (&'a str, Self)> + use<'a> {
        let at = self.at.clone();
        self.value
            .as_object()
            .into_iter()
            .flat_map(Map::iter)
            .map(move |(key, value)| {
                let at = below(&at, key);
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

/// The value at a pointer of the document.
pub(super) fn lookup<'a>(document: &'a Value, pointer: &str) -> Option<&'a Value> {
    if pointer.is_empty() {
        return Some(document);
    }
    let mut tokens = pointer.strip_prefix('/')?.split('/');
    tokens.try_fold(document, |value, token| match value {
        Value::Object(members) => members.get(&unescape(token)),
        value => value.pointer(&format!("/{token}")),
    })
}
