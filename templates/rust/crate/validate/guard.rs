//! Guards: what the contract says about values that no [`Schema`](super::Schema) can, as JSON Schema.
//!
//! Owns: holding a value against a JSON Schema as it is written. Must not know: the other schemas.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::sync::{LazyLock, PoisonError, RwLock};

use serde_json::{Map, Value};

use super::format::matches;
use super::number::{canonical, equal};
use super::schema::{Format, Number};

/// Deepest nesting of schemas that is followed.
const DEPTH: u32 = 300;

/// A keyword that a value breaks.
pub(super) type Broken = &'static str;

/// The keywords of a guard that a value breaks. `sound`: whether nothing else is wrong with it. `steps`: how many schemas it may
/// still be held against.
pub(super) fn broken(guard: &'static str, value: &Value, sound: bool, steps: &mut u64) -> Vec<Broken> {
    let mut schema = parsed(guard);
    // A guard that is a schema as a whole would tell once more what is wrong already.
    if let Some(target) = schema.get("$ref").and_then(Value::as_str).and_then(definition) {
        if !sound {
            return Vec::new();
        }
        schema = target;
    }
    let mut reader = Reader { steps, depth: 0 };
    let found = reader.broken(schema, value, &mut Seen::default());
    if *reader.steps == 0 { vec!["depth"] } else { found }
}

/// What is wrong with a value that breaks a keyword, for people.
pub(super) fn message(keyword: Broken) -> &'static str {
    match keyword {
        "not" => "must not be what the contract excludes",
        "if" => "must be what the contract demands under its condition",
        "required" | "dependentRequired" => "lacks members that its other members demand",
        "dependentSchemas" => "must be what its members demand",
        "contains" => "must have the right number of items that the contract asks for",
        "propertyNames" => "must have other names of members",
        "patternProperties" => "must have members that are what their names demand",
        "additionalProperties" | "unevaluatedProperties" => "must not have members that the contract does not know",
        "unevaluatedItems" => "must not have items that the contract does not know",
        "anyOf" => "matches none of the alternatives",
        "oneOf" => "must match exactly one of the alternatives",
        "depth" => "is too deeply nested, or fits too many alternatives, to be checked",
        _ => "must be what its schema admits",
    }
}

/// Guards are parsed when they are first needed, once.
static PARSED: LazyLock<RwLock<HashMap<&'static str, &'static Value>>> = LazyLock::new(Default::default);

fn parsed(text: &'static str) -> &'static Value {
    let known = PARSED.read().unwrap_or_else(PoisonError::into_inner).get(text).copied();
    known.unwrap_or_else(|| {
        let value: &'static Value = Box::leak(Box::new(serde_json::from_str(text).unwrap_or(Value::Bool(true))));
        PARSED.write().unwrap_or_else(PoisonError::into_inner).entry(text).or_insert(value)
    })
}

/// What a reference leads to.
fn definition(reference: &str) -> Option<&'static Value> {
    static BY_POINTER: LazyLock<HashMap<&'static str, &'static str>> =
        LazyLock::new(|| crate::schemas::DEFINITIONS.iter().copied().collect());
    let text = BY_POINTER.get(reference.strip_prefix('#')?)?;
    Some(parsed(text))
}

/// Members and items of one value that some keyword has looked at.
#[derive(Default)]
struct Seen<'v> {
    members: BTreeSet<&'v str>,
    items: BTreeSet<usize>,
}

struct Reader<'s> {
    steps: &'s mut u64,
    depth: u32,
}

impl Reader<'_> {
    fn admits(&mut self, schema: &'static Value, value: &Value) -> bool {
        self.broken(schema, value, &mut Seen::default()).is_empty()
    }

    /// The same for a schema about the same value: what it has seen counts, unless it does not admit the value.
    fn applies<'v>(&mut self, schema: &'static Value, value: &'v Value, seen: &mut Seen<'v>) -> bool {
        let mut inner = Seen::default();
        let admits = self.broken(schema, value, &mut inner).is_empty();
        if admits {
            seen.members.append(&mut inner.members);
            seen.items.append(&mut inner.items);
        }
        admits
    }

    fn broken<'v>(&mut self, schema: &'static Value, value: &'v Value, seen: &mut Seen<'v>) -> Vec<Broken> {
        let members = match schema {
            Value::Bool(false) => return vec!["not"],
            Value::Object(members) => members,
            _ => return Vec::new(),
        };
        if *self.steps == 0 || self.depth >= DEPTH {
            *self.steps = 0;
            return vec!["depth"];
        }
        *self.steps -= 1;
        self.depth += 1;
        // What remains unevaluated is known when everything else was looked at.
        let last = |name: &str| matches!(name, "unevaluatedItems" | "unevaluatedProperties");
        let (late, early): (Vec<_>, Vec<_>) = members.iter().partition(|(name, _)| last(name));
        let mut found = Vec::new();
        for (name, says) in early.into_iter().chain(late) {
            let holds = match value {
                Value::Array(items) => self.about_items(name, says, members, items, seen),
                Value::Object(object) => self.about_members(name, says, members, object, seen),
                Value::String(text) => about_text(name, says, text),
                Value::Number(number) => about_number(name, says, Number::of(number)),
                Value::Null | Value::Bool(_) => true,
            };
            if !holds || !self.about_any(name, says, members, value, seen) {
                found.push(name.as_str());
            }
        }
        self.depth -= 1;
        found
    }

    fn about_any<'v>(
        &mut self,
        name: &str,
        says: &'static Value,
        beside: &'static Map<String, Value>,
        value: &'v Value,
        seen: &mut Seen<'v>,
    ) -> bool {
        match name {
            "$ref" => match says.as_str().and_then(definition) {
                Some(target) => self.applies(target, value, seen),
                None => true,
            },
            "type" => list(says).iter().chain(says.is_string().then_some(says)).any(|word| has_type(word, value)),
            "const" => equal(says, value),
            "enum" => list(says).iter().any(|one| equal(one, value)),
            "allOf" | "anyOf" | "oneOf" => {
                let branches = list(says);
                let fit = branches.iter().filter(|branch| self.applies(branch, value, seen)).count();
                match name {
                    "allOf" => fit == branches.len(),
                    "anyOf" => fit > 0,
                    _ => fit == 1,
                }
            }
            "not" => !self.admits(says, value),
            "dependentSchemas" => named(says)
                .filter(|(name, _)| value.get(name).is_some())
                .fold(true, |all, (_, schema)| self.applies(schema, value, seen) && all),
            "if" => {
                let branch = if self.applies(says, value, seen) { "then" } else { "else" };
                beside.get(branch).is_none_or(|schema| self.applies(schema, value, seen))
            }
            _ => true,
        }
    }

    fn about_items<'v>(
        &mut self,
        name: &str,
        says: &'static Value,
        beside: &'static Map<String, Value>,
        items: &'v [Value],
        seen: &mut Seen<'v>,
    ) -> bool {
        let count = |key: &str| beside.get(key).and_then(Value::as_f64);
        let fits = |reader: &mut Self, schema: &'static Value, item: &Value| reader.admits(schema, item);
        match name {
            "prefixItems" => list(says).iter().zip(items).enumerate().fold(true, |all, (position, (schema, item))| {
                seen.items.insert(position);
                fits(self, schema, item) && all
            }),
            "items" => {
                let first = beside.get("prefixItems").map_or(0, |prefix| list(prefix).len());
                items.iter().enumerate().skip(first).fold(true, |all, (position, item)| {
                    seen.items.insert(position);
                    fits(self, says, item) && all
                })
            }
            "contains" => {
                let mut found = 0.0;
                for (position, item) in items.iter().enumerate() {
                    if fits(self, says, item) {
                        seen.items.insert(position);
                        found += 1.0;
                    }
                }
                found >= count("minContains").unwrap_or(1.0) && found <= count("maxContains").unwrap_or(f64::MAX)
            }
            "unevaluatedItems" => items.iter().enumerate().fold(true, |all, (position, item)| {
                (!seen.items.insert(position) || fits(self, says, item)) && all
            }),
            "minItems" => is_at_least(items.len(), says),
            "maxItems" => is_at_most(items.len(), says),
            "uniqueItems" if says == &Value::Bool(true) => {
                let mut known = BTreeSet::new();
                items.iter().all(|item| {
                    let mut text = String::new();
                    canonical(item, &mut text);
                    known.insert(text)
                })
            }
            _ => true,
        }
    }

    fn about_members<'v>(
        &mut self,
        name: &str,
        says: &'static Value,
        beside: &'static Map<String, Value>,
        members: &'v Map<String, Value>,
        seen: &mut Seen<'v>,
    ) -> bool {
        let whole = |list: &Value| self::list(list).iter().filter_map(Value::as_str).all(|name| members.contains_key(name));
        let mut look = |reader: &mut Self, schema: &'static Value, member: (&'v String, &'v Value)| {
            seen.members.insert(member.0);
            reader.admits(schema, member.1)
        };
        match name {
            "properties" => named(says).fold(true, |all, (name, schema)| match members.get_key_value(name) {
                Some(member) => look(self, schema, member) && all,
                None => all,
            }),
            "patternProperties" => named(says).fold(true, |all, (pattern, schema)| {
                let with = members.iter().filter(|(name, _)| matches(pattern, name));
                with.fold(all, |all, member| look(self, schema, member) && all)
            }),
            "additionalProperties" => {
                let known = |name: &String| {
                    beside.get("properties").is_some_and(|schemas| schemas.get(name).is_some())
                        || beside.get("patternProperties").is_some_and(|schemas| named(schemas).any(|(pattern, _)| matches(pattern, name)))
                };
                members.iter().filter(|(name, _)| !known(name)).fold(true, |all, member| look(self, says, member) && all)
            }
            "unevaluatedProperties" => members.iter().fold(true, |all, (name, member)| {
                (!seen.members.insert(name) || self.admits(says, member)) && all
            }),
            "propertyNames" => members.keys().all(|name| self.admits(says, &Value::String(name.clone()))),
            "required" => whole(says),
            "minProperties" => is_at_least(members.len(), says),
            "maxProperties" => is_at_most(members.len(), says),
            "dependentRequired" => named(says).all(|(name, demanded)| !members.contains_key(name) || whole(demanded)),
            _ => true,
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn named(value: &'static Value) -> impl Iterator<Item = (&'static str, &'static Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

fn is_at_least(length: usize, says: &Value) -> bool {
    says.as_f64().is_none_or(|least| length as f64 >= least)
}

fn is_at_most(length: usize, says: &Value) -> bool {
    says.as_f64().is_none_or(|most| length as f64 <= most)
}

fn has_type(word: &Value, value: &Value) -> bool {
    match word.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.as_number().is_some_and(|number| Number::of(number).whole().is_some()),
        Some("number") => value.is_number(),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => false,
    }
}

fn about_text(name: &str, says: &'static Value, text: &str) -> bool {
    match name {
        "minLength" => is_at_least(text.chars().count(), says),
        "maxLength" => is_at_most(text.chars().count(), says),
        "pattern" => says.as_str().is_none_or(|pattern| matches(pattern, text)),
        "format" => says.as_str().is_none_or(|format| Format::named(format).admits(text)),
        _ => true,
    }
}

fn about_number(name: &str, says: &Value, number: Number) -> bool {
    let Some(limit) = says.as_number().map(Number::of) else { return true };
    let order = number.order(limit);
    match name {
        "minimum" => order != Some(Ordering::Less),
        "exclusiveMinimum" => order == Some(Ordering::Greater),
        "maximum" => order != Some(Ordering::Greater),
        "exclusiveMaximum" => order == Some(Ordering::Less),
        "multipleOf" => number.is_multiple_of(limit),
        _ => true,
    }
}

impl Format {
    /// The format of that name, when it is one that is checked.
    fn named(name: &str) -> Self {
        match name {
            "uuid" => Self::Uuid,
            "date-time" => Self::DateTime,
            "date" => Self::Date,
            "time" => Self::Time,
            "duration" => Self::Duration,
            "email" | "idn-email" => Self::Email,
            "uri" | "url" | "iri" => Self::Uri,
            "uri-reference" | "iri-reference" => Self::UriReference,
            "hostname" | "idn-hostname" => Self::Hostname,
            "ipv4" => Self::Ipv4,
            "ipv6" => Self::Ipv6,
            "byte" | "base64" => Self::Base64,
            "decimal" => Self::Decimal,
            _ => Self::Plain,
        }
    }
}
