//! Guards: what schemas say that no shape and no rule can. It is handed on as it is written, for validation.
//!
//! Owns: which keywords of a schema those are, and the schema that holds them. Must not know: shapes, and what a target does
//! with a guard.
//!
//! A type admits at least what its schema admits; its guards refuse the rest. So whoever makes a type of a keyword only in
//! part says so (`guard`), and makes the type wide enough for the rest.

use std::collections::{BTreeMap, BTreeSet};

use super::Lowering;
use super::merge::Merged;
use super::node::lookup;
use super::parts::Part;
use super::schema::Slot;
use crate::diagnostics::schema as codes;
use crate::model::{Kind, Type};
use crate::pointer::below;
use crate::tree::{Map, Value, json};

/// Keywords that no shape and no rule expresses, with what each of them needs beside it.
const ALWAYS: &[(&str, &[&str])] = &[
    ("not", &[]),
    ("if", &["then", "else"]),
    ("dependentRequired", &[]),
    ("dependentSchemas", &[]),
    ("contains", &["minContains", "maxContains"]),
    ("unevaluatedItems", &WHOLE),
];

/// Stands for all keywords of a schema.
const WHOLE: [&str; 1] = ["*"];

/// Keywords that mean nothing in 2020-12, or something that no guard can check.
const UNSUPPORTED: [&str; 2] = ["dependencies", "$dynamicRef"];

/// Keywords whose value is one schema.
const ONE: &[&str] = &[
    "not",
    "if",
    "then",
    "else",
    "contains",
    "items",
    "additionalProperties",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// Keywords whose value is a list of schemas.
const SEVERAL: &[&str] = &["allOf", "anyOf", "oneOf", "prefixItems"];

/// Keywords whose value has schemas by name.
const NAMED: &[&str] = &["properties", "patternProperties", "dependentSchemas"];

/// Keywords whose value is data.
const DATA: &[&str] = &[
    "type",
    "const",
    "enum",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "minContains",
    "maxContains",
    "minItems",
    "maxItems",
    "uniqueItems",
    "required",
    "minProperties",
    "maxProperties",
    "dependentRequired",
];

/// A guard that is longer than this is not repeated in every schema that includes it.
const LONG: usize = 400;

/// How deep the schemas of a guard may be nested; what is deeper admits everything.
const DEPTH: usize = 100;

/// The keywords of one schema object that guards must check.
pub(super) type Wanted = BTreeMap<String, BTreeSet<&'static str>>;

impl<'a> Lowering<'a> {
    /// Says that the type being made does not express a keyword of the schema at a pointer.
    pub(super) fn guard(&mut self, key: &'static str, at: &str) {
        self.wanted.entry(at.to_owned()).or_default().insert(key);
    }

    /// Says that the type being made expresses nothing of what a schema says about values, but for the keywords given.
    pub(super) fn guard_all_but(&mut self, expressed: &[&str], merged: &Merged<'a>) {
        for part in &merged.parts {
            // What else applies together was taken apart before, and branches are told by whoever drops them.
            let keys = [DATA, ONE, NAMED, &["prefixItems"]].concat();
            for key in keys {
                if part.map.contains_key(key) && !expressed.contains(&key) {
                    self.guard(key, &part.at);
                }
            }
        }
    }

    /// Puts the guards of a schema on the type that was made of it.
    pub(super) fn guarded(&mut self, merged: &Merged<'a>, wanted: Wanted, mut ty: Type, slot: Slot<'_>) -> Type {
        if matches!(ty.kind, Kind::Never) {
            return ty;
        }
        let guards = self.guards_of(merged, wanted);
        if guards.is_empty() {
            return ty;
        }
        let own = match (&ty.kind, slot) {
            (Kind::Named(id), Slot::Given(given)) => Some(*id).filter(|id| *id == given),
            (Kind::Named(id), Slot::Inline(_)) => Some(*id),
            _ => None,
        };
        let def = own.and_then(|id| self.types.get_mut(id.index()));
        let given = matches!(slot, Slot::Given(_));
        match def.filter(|def| given || (!def.component && def.pointer == merged.at())) {
            Some(def) => def.guards = guards,
            None => ty.rules.get_or_insert_default().guards.extend(guards),
        }
        ty
    }

    fn guards_of(&mut self, merged: &Merged<'a>, mut wanted: Wanted) -> Vec<Value> {
        let mut guards = Vec::new();
        for part in &merged.parts {
            let mut keys = wanted.remove(&part.at).unwrap_or_default();
            let always = ALWAYS.iter().map(|(key, _)| *key);
            if part.plain {
                // What stands beside a union is guarded where the union is, but for what its branch was to express.
                for key in always.chain(["unevaluatedProperties"]) {
                    keys.remove(key);
                }
            } else {
                keys.extend(always.filter(|key| part.map.contains_key(key)));
                for key in UNSUPPORTED {
                    if let Some(node) = part.get(key) {
                        self.unsupported(key, &node.at);
                    }
                }
            }
            if keys.is_empty() {
                continue;
            }
            if part.own {
                for key in &keys {
                    let message = format!("`{key}` is checked in values, but their type does not show it");
                    self.report_at(&codes::KEYWORD_UNTYPED, message, &below(&part.at, key));
                }
            }
            let whole = || json!({ "$ref": format!("#{}", part.at) });
            let unevaluated = ["unevaluatedItems", "unevaluatedProperties"];
            let mut guard = if unevaluated.iter().any(|key| keys.contains(key)) {
                whole()
            } else {
                fragment(part, &keys)
            };
            if (!part.own || part.plain) && guard.to_string().len() > LONG {
                guard = whole();
            }
            self.note_references(&guard);
            self.any_guards = true;
            if !guards.contains(&guard) {
                guards.push(guard);
            }
        }
        guards
    }

    /// Remembers which schemas a guard refers to.
    fn note_references(&mut self, guard: &Value) {
        let mut found = Vec::new();
        references(guard, &mut found);
        self.referred.extend(found);
    }
}

/// Every schema that guards refer to, by pointer, with those that it refers to in turn.
pub(super) fn definitions(document: &Value, mut referred: BTreeSet<String>) -> BTreeMap<String, Value> {
    let mut definitions = BTreeMap::new();
    while let Some(pointer) = referred.pop_first() {
        if definitions.contains_key(&pointer) {
            continue;
        }
        let schema = lookup(document, &pointer).map_or(Value::Bool(true), |schema| plain(schema, 0));
        let mut found = Vec::new();
        references(&schema, &mut found);
        referred.extend(found.into_iter().filter(|other| !definitions.contains_key(other)));
        definitions.insert(pointer, schema);
    }
    definitions
}

/// The keywords of a part that are wanted, with those that they need beside them.
fn fragment(part: &Part<'_>, keys: &BTreeSet<&'static str>) -> Value {
    let mut wanted: BTreeSet<&str> = keys.iter().copied().collect();
    for (key, beside) in ALWAYS.iter().filter(|(key, _)| keys.contains(key)) {
        wanted.insert(key);
        wanted.extend(beside.iter());
    }
    if keys.contains("items") {
        wanted.insert("prefixItems");
    }
    let mut members = Map::new();
    for (key, value) in part.map.iter().filter(|(key, _)| wanted.contains(key.as_str())) {
        members.insert(key.clone(), member(key, value, 0));
    }
    // Which members are the additional ones depends on the names of the others, which are checked by their own types.
    let additional = ["patternProperties", "additionalProperties"]
        .iter()
        .any(|key| keys.contains(key));
    if additional && !keys.contains("properties") {
        for key in ["patternProperties", "additionalProperties"] {
            if let Some(value) = part.map.get(key) {
                members.insert(key.to_owned(), member(key, value, 0));
            }
        }
        if let Some(Value::Object(properties)) = part
            .map
            .get("properties")
            .filter(|_| members.contains_key("additionalProperties"))
        {
            let names = properties.keys().map(|name| (name.clone(), Value::Bool(true)));
            members.insert("properties", Value::Object(names.collect()));
        }
    }
    Value::Object(members)
}

/// A schema without what says nothing about values.
fn plain(schema: &Value, depth: usize) -> Value {
    match schema {
        Value::Object(_) if depth > DEPTH => Value::Bool(true),
        Value::Object(members) => {
            let known = |key: &str| key == "$ref" || [DATA, ONE, SEVERAL, NAMED].iter().any(|list| list.contains(&key));
            let kept = members.iter().filter(|(key, _)| known(key));
            Value::Object(
                kept.map(|(key, value)| (key.clone(), member(key, value, depth)))
                    .collect(),
            )
        }
        other => other.clone(),
    }
}

fn member(key: &str, value: &Value, depth: usize) -> Value {
    match value {
        Value::Object(named) if NAMED.contains(&key) => named
            .iter()
            .map(|(name, schema)| (name.clone(), plain(schema, depth + 1)))
            .collect(),
        Value::Array(list) if SEVERAL.contains(&key) => list.iter().map(|schema| plain(schema, depth + 1)).collect(),
        schema if ONE.contains(&key) => plain(schema, depth + 1),
        data => data.clone(),
    }
}

/// Pointers that a schema made by [`plain`] refers to.
fn references(schema: &Value, found: &mut Vec<String>) {
    let Value::Object(members) = schema else { return };
    for (key, value) in members {
        match value {
            Value::String(target) if key == "$ref" => {
                found.push(target.strip_prefix('#').unwrap_or(target).to_owned());
            }
            Value::Object(named) if NAMED.contains(&key.as_str()) => {
                named.values().for_each(|schema| references(schema, found));
            }
            Value::Array(list) if SEVERAL.contains(&key.as_str()) => {
                list.iter().for_each(|schema| references(schema, found));
            }
            schema if ONE.contains(&key.as_str()) => references(schema, found),
            _ => {}
        }
    }
}
