//! Secrets in plain text: in contracts and in feature specs.
//!
//! Owns: which texts are looked through, under which name a value stands, and what is known to be no secret. Must not know: what a
//! secret looks like. No message holds any character of what was found: it is named by a fingerprint.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::IndexMap;

use super::secret_forms::Found;
use super::{Texts, secret_forms};
use crate::diagnostics::{Diagnostic, Diagnostics, Place, Severity, rule as codes};
use crate::memo::Memo;
use crate::pointer::{below, push, unescape};
use crate::revisions::Revisions;
use crate::source::Sources;
use crate::tree::Value;

/// What was told about a part of the contracts, and every token of a certain form in it.
type OfPart = (Diagnostics, BTreeSet<String>);

/// What was found in each part of the contracts, by pointer, in their order.
pub(super) type ByPart = IndexMap<String, OfPart>;

/// Looks through every part of the contracts that changed: examples, defaults, descriptions, server URLs and every other text.
pub(super) fn by_part(texts: &Texts<'_>, last: Option<ByPart>) -> ByPart {
    let mut last = last.unwrap_or_default();
    let parts = parts(&texts.bundle.document).into_iter();
    let found = parts.map(|part| {
        let known = match texts.revisions.of_unit_of_bundle(&part.pointer) == texts.revisions.now {
            true => None,
            false => last.swap_remove(&part.pointer),
        };
        let found = known.unwrap_or_else(|| look(texts, &part.pointer, part.key, part.value));
        (part.pointer, found)
    });
    found.collect()
}

/// The same where nothing changed but some of the parts.
pub(super) fn look_again<'u>(texts: &Texts<'_>, changed: impl Iterator<Item = &'u str>, found: &mut ByPart) {
    for pointer in changed {
        let key = pointer.rsplit('/').next().unwrap_or_default();
        let key = unescape(key);
        if let (Some(value), Some(known)) = (texts.bundle.document.pointer(pointer), found.get_mut(pointer)) {
            *known = look(texts, pointer, &key, value);
        }
    }
}

fn look(texts: &Texts<'_>, pointer: &str, key: &str, value: &Value) -> OfPart {
    let mut walk = Walk {
        texts,
        pointer: pointer.to_owned(),
        seen: BTreeSet::new(),
        diagnostics: Diagnostics::new(),
    };
    walk.member(key, value, None, false);
    (walk.diagnostics, walk.seen)
}

/// Tells what was found in the contracts.
pub(super) fn in_contracts(texts: &Texts<'_>, found: &ByPart, diagnostics: &mut Diagnostics) {
    let mut seen = BTreeSet::new();
    for (told, tokens) in found.values() {
        diagnostics.extend(told.iter().cloned());
        seen.extend(tokens.iter().map(String::as_str));
    }
    beside(texts, &seen, diagnostics);
}

/// A part of the document that is looked through by itself.
struct Part<'a> {
    pointer: String,
    key: &'a str,
    value: &'a Value,
}

/// The members of the document; those of its large maps one by one.
fn parts(document: &Value) -> Vec<Part<'_>> {
    fn each<'a>(pointer: &str, value: &'a Value, depth: usize, parts: &mut Vec<Part<'a>>) {
        for (key, value) in value.as_object().into_iter().flatten() {
            let pointer = below(pointer, key);
            let deeper = match depth {
                0 => matches!(key.as_str(), "paths" | "webhooks" | "components"),
                1 => pointer.starts_with("/components/"),
                _ => false,
            };
            if deeper && value.is_object() {
                each(&pointer, value, depth + 1, parts);
            } else {
                parts.push(Part { pointer, key, value });
            }
        }
    }
    let mut parts = Vec::new();
    each("", document, 0, &mut parts);
    parts
}

/// Tokens of a certain form that no value of the bundle holds: in comments, in names, in settings, in what nothing refers to.
fn beside(texts: &Texts<'_>, seen: &BTreeSet<&str>, diagnostics: &mut Diagnostics) {
    for (file, _) in texts
        .sources
        .iter()
        .filter(|(file, _)| !texts.prose.contains(&&***file))
    {
        for (found, token) in texts.tokens.get(file).into_iter().flat_map(|tokens| &**tokens) {
            if !seen.contains(&**token) && !is_known(texts, token) {
                let place = Place::bytes(file, found.range.clone());
                diagnostics.push(told(found.what, true, token, place));
            }
        }
    }
}

/// What was found in a file, and its text.
type InFile = Arc<Vec<(Found, String)>>;

/// What was found in each file.
pub(crate) type Tokens = BTreeMap<Arc<str>, InFile>;

/// Tokens of a certain form in every file, whatever they stand in: for that nothing need be read but its text.
pub(crate) fn tokens(sources: &Sources, memo: &Memo, revisions: &Revisions) -> Tokens {
    let look = ("tokens in a file", secret_forms::certain as fn(&str) -> Vec<Found>);
    let found = sources
        .iter()
        .map(|(file, _)| (Arc::clone(file), in_file(sources, memo, revisions, file, look)));
    found.collect()
}

/// A way to look through a file, and what it is remembered by.
type Look = (&'static str, fn(&str) -> Vec<Found>);

/// What is found in a file, and its text.
fn in_file(sources: &Sources, memo: &Memo, revisions: &Revisions, file: &str, (name, find): Look) -> InFile {
    let (round, now) = (revisions.of_file(file), revisions.now);
    memo.part((name, file.to_owned()), round, now, || {
        let bytes = sources.get(file);
        let text = bytes
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default();
        let found = find(text).into_iter();
        let found = found.map(|found| {
            let token = text.get(found.range.clone()).unwrap_or_default().to_owned();
            (found, token)
        });
        found.collect()
    })
}

/// A text with everything that looks like a secret put out of sight, for output that quotes what stood in a spec.
#[must_use]
pub fn redacted(text: &str) -> Cow<'_, str> {
    let found = secret_forms::find(text);
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = text.to_owned();
    for secret in found.iter().rev() {
        if out.get(secret.range.clone()).is_some() {
            out.replace_range(secret.range.clone(), "****");
        }
    }
    Cow::Owned(out)
}

struct Walk<'a> {
    texts: &'a Texts<'a>,
    pointer: String,
    /// Every token of a certain form that was told.
    seen: BTreeSet<String>,
    diagnostics: Diagnostics,
}

impl Walk<'_> {
    /// `name`: of the field whose schema or value this is. `data`: inside an example, where every key is a field.
    fn value(&mut self, value: &Value, name: Option<&str>, data: bool) {
        match value {
            Value::String(text) => self.text(text, name),
            Value::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    self.step(&i.to_string(), |walk| walk.value(item, name, data));
                }
            }
            Value::Object(members) => {
                let parameter = members
                    .get("name")
                    .and_then(Value::as_str)
                    .filter(|_| members.contains_key("in"));
                let name = parameter.or(name);
                for (key, member) in members {
                    self.step(key, |walk| walk.member(key, member, name, data));
                }
            }
            _ => {}
        }
    }

    fn member(&mut self, key: &str, member: &Value, name: Option<&str>, data: bool) {
        match (key, member) {
            _ if data => self.value(member, Some(key), true),
            ("properties", Value::Object(fields)) => {
                for (field, schema) in fields {
                    self.step(field, |walk| walk.value(schema, Some(field), false));
                }
            }
            ("example" | "examples" | "default" | "const" | "enum" | "value", _) => self.value(member, name, true),
            // Words and rules about a field are not its value.
            ("description" | "title" | "summary" | "pattern" | "format" | "$ref" | "operationId", _) => {
                self.value(member, None, false);
            }
            ("schema" | "items" | "content" | "allOf" | "oneOf" | "anyOf" | "application/json", _) => {
                self.value(member, name, false);
            }
            _ => self.value(member, None, false),
        }
    }

    fn step(&mut self, key: &str, inner: impl FnOnce(&mut Self)) {
        let length = push(&mut self.pointer, key);
        inner(self);
        self.pointer.truncate(length);
    }

    fn text(&mut self, text: &str, name: Option<&str>) {
        if text.len() < 8 {
            return;
        }
        let mut all = secret_forms::find(text);
        let of = |found: &Found| text.get(found.range.clone()).unwrap_or_default();
        all.retain(|found| !is_known(self.texts, of(found)));
        if all.iter().any(|found| found.certain) {
            let tokens = secret_forms::certain(text).into_iter();
            let tokens = tokens.filter_map(|found| text.get(found.range));
            self.seen.extend(tokens.map(str::to_owned));
        }
        let found = all.first().map(|found| (found.what, found.certain, of(found)));
        let found = found.or_else(|| {
            let what = secret_forms::named(name?, text).filter(|_| !is_known(self.texts, text))?;
            Some((what, false, text))
        });
        if let Some((what, certain, token)) = found {
            let place = self.texts.bundle.place(&self.pointer);
            self.diagnostics.push(told(what, certain, token, place));
        }
    }
}

/// What tells a secret from all others and nothing about it.
fn fingerprint(secret: &str) -> String {
    let digest = blake3::hash(secret.as_bytes()).to_hex();
    digest.as_str().get(..16).unwrap_or_default().to_owned()
}

/// Whether the settings say that it is no secret.
fn is_known(texts: &Texts<'_>, secret: &str) -> bool {
    !texts.no_secrets.is_empty() && texts.no_secrets.contains(&fingerprint(secret))
}

fn told(what: &str, certain: bool, secret: &str, place: Place) -> Diagnostic {
    let message = format!("what looks like a secret stands in plain text: {what}");
    let print = fingerprint(secret);
    let hint = format!(
        "revoke it at its provider, then write a placeholder such as `<token>`; if it was never good, write `no_secrets = [\"{print}\"]` \
         into flaresmith.toml"
    );
    let mut told = Diagnostic::new(&codes::SECRET_PLAINTEXT, message, place).hint(hint);
    if !certain {
        told.severity = Severity::Warning;
    }
    told
}

/// The texts of the features and the constitution, code included.
pub(super) fn in_features(texts: &Texts<'_>, diagnostics: &mut Diagnostics) {
    for file in &texts.prose {
        let look = ("secrets in a file", secret_forms::find as fn(&str) -> Vec<Found>);
        for (found, secret) in in_file(texts.sources, texts.memo, texts.revisions, file, look).iter() {
            if !is_known(texts, secret) {
                let place = Place::bytes(file, found.range.clone());
                diagnostics.push(told(found.what, found.certain, secret, place));
            }
        }
    }
}
