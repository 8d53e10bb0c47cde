//! Closed lists of values: enumerations of strings or whole numbers, and lists of other literals.
//!
//! Owns: `enum`, `const`, and the names and words of values. Must not know: unions that are not such lists.

use indexmap::IndexMap;
use regex_syntax::hir::{Class, HirKind, Look};

use super::Lowering;
use super::merge::{Merged, Types};
use super::names::distinct;
use super::parts::Part;
use super::schema::{Reserved, Slot};
use crate::diagnostics::schema as codes;
use crate::model::{Enumeration, Kind, Name, Shape, Type};
use crate::tree::Value;

/// A value of a list, with what the source says about it.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    pub(super) value: Value,
    /// Its name, when the source gives one.
    pub(super) name: Option<String>,
    pub(super) docs: Option<String>,
}

impl<'a> Lowering<'a> {
    /// The type of a schema with `enum` or `const`.
    pub(super) fn closed_list(
        &mut self,
        merged: &Merged<'a>,
        types: Option<Types>,
        values: Vec<&'a Value>,
        slot: Slot<'_>,
    ) -> Type {
        if values.is_empty() {
            let message = "no value is left that all the lists of values here admit";
            self.report_at(&codes::NO_VALUE, message, merged.at());
            return Type::of(Kind::Never);
        }
        let met: Vec<&str> = RULES
            .iter()
            .filter(|rule| all_meet(rule, merged, &values))
            .copied()
            .collect();
        self.guard_all_but(&[&["enum", "const", "type", "format"], met.as_slice()].concat(), merged);
        let names = first_of(merged, &["x-enum-varnames", "x-enumNames", "x-enum-names"]);
        let docs = first_of(merged, &["x-enum-descriptions", "x-enumDescriptions"]);
        // Names beside a list count by position, so they hold only for the list they stand beside.
        let listed_beside = merged
            .parts
            .iter()
            .find_map(|part| part.map.get("enum").and_then(Value::as_array));
        let about = |table: Option<&Value>, value: &Value| -> Option<String> {
            let text = match table? {
                Value::Array(list) => {
                    let at = listed_beside?.iter().position(|listed| listed == value)?;
                    list.get(at)?.as_str()
                }
                Value::Object(map) => map.get(value.as_str().unwrap_or(&value.to_string()))?.as_str(),
                _ => None,
            };
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let listed: Vec<Listed> = values
            .into_iter()
            .map(|value| Listed {
                value: value.clone(),
                name: about(names, value),
                docs: about(docs, value),
            })
            .collect();
        self.listed(merged, types, listed, slot)
    }

    /// The type whose values are those listed; `types` is what a `type` keyword says beside the list.
    pub(super) fn listed(
        &mut self,
        merged: &Merged<'a>,
        types: Option<Types>,
        mut listed: Vec<Listed>,
        slot: Slot<'_>,
    ) -> Type {
        let mut nullable = types.is_some_and(|types| types.has(Types::NULL));
        listed.retain(|entry| {
            nullable |= entry.value.is_null();
            !entry.value.is_null()
        });
        if listed.is_empty() {
            return Type::of(Kind::Null);
        }
        if let Some(types) = types {
            self.fit_to_types(merged, types, &mut listed);
            if listed.is_empty() {
                // The type is the safer half of a contradiction.
                return match types.without(Types::NULL).each().as_slice() {
                    [one] => self.one_type(merged, *one, nullable, slot),
                    _ => Type::of(Kind::Any),
                };
            }
        }
        let is = |wanted: Types| listed.iter().all(|entry| Types::of_value(&entry.value) == wanted);
        let strings = is(Types::STRING);
        let whole = is(Types::INTEGER) && listed.iter().all(|entry| entry.value.is_i64() || entry.value.is_u64());
        let given = matches!(slot, Slot::Given(_));
        if is(Types::BOOLEAN) && listed.len() == 2 {
            let mut ty = Type::of(Kind::Boolean);
            ty.nullable = nullable;
            return ty;
        }
        let literal = !(strings || whole) || (listed.len() == 1 && !(strings && given));
        if literal {
            let mut ty = Type::of(Kind::Literals(listed.into_iter().map(|entry| entry.value).collect()));
            ty.nullable = nullable;
            return ty;
        }
        let id = match self.reserve(merged, nullable, slot) {
            Reserved::Known(ty) => return ty,
            Reserved::New(id, _) => id,
        };
        let names = listed.iter().map(|entry| match (&entry.name, &entry.value) {
            (Some(name), _) => Name::new(name),
            (None, Value::String(text)) => Name::new(text),
            (None, value) => Name::new(&value.to_string()),
        });
        let names = distinct(&names.collect::<Vec<_>>());
        let has_docs = listed.iter().any(|entry| entry.docs.is_some());
        let docs = if has_docs {
            listed.iter().map(|entry| entry.docs.clone()).collect()
        } else {
            Vec::new()
        };
        let values = listed.into_iter().map(|entry| entry.value).collect();
        let shape = Shape::Enumeration(Enumeration { values, names, docs });
        self.finish(merged, id, shape, nullable)
    }

    /// Drops the values that the `type` beside them does not admit. Numbers and truth values in a list of strings are what
    /// YAML made of words without quotes, and are read as the words.
    fn fit_to_types(&mut self, merged: &Merged<'a>, types: Types, listed: &mut Vec<Listed>) {
        let misfits: Vec<String> = listed
            .iter()
            .filter(|entry| !types.has(Types::of_value(&entry.value)))
            .map(|entry| entry.value.to_string())
            .collect();
        if misfits.is_empty() {
            return;
        }
        let as_words = types.has(Types::STRING)
            && listed
                .iter()
                .all(|entry| !entry.value.is_array() && !entry.value.is_object());
        let message = if as_words {
            format!("{} in a list of strings is read as a string", misfits.join(", "))
        } else {
            format!(
                "{} can never be a value here: `type` does not admit it",
                misfits.join(", ")
            )
        };
        self.report_at(&codes::ENUM_TYPE, message, merged.at());
        if as_words {
            for entry in listed.iter_mut().filter(|entry| !entry.value.is_string()) {
                entry.value = entry.value.to_string().into();
            }
            let mut seen = IndexMap::new();
            listed.retain(|entry| seen.insert(entry.value.to_string(), ()).is_none());
        } else {
            listed.retain(|entry| types.has(Types::of_value(&entry.value)));
        }
    }
}

/// Rules that listed values often meet, so that nobody need check them again.
const RULES: [&str; 5] = ["minLength", "maxLength", "pattern", "minimum", "maximum"];

/// Whether every value certainly meets a rule.
fn all_meet(rule: &str, merged: &Merged<'_>, values: &[&Value]) -> bool {
    let said = merged.all(rule);
    let texts = || values.iter().filter_map(|value| value.as_str());
    let numbers = || values.iter().filter_map(|value| value.as_f64());
    said.iter()
        .all(|node| match (rule, node.value.as_f64(), node.value.as_str()) {
            ("minLength", Some(least), _) => texts().all(|text| text.chars().count() as f64 >= least),
            ("maxLength", Some(most), _) => texts().all(|text| text.chars().count() as f64 <= most),
            ("minimum", Some(least), _) => numbers().all(|number| number >= least),
            ("maximum", Some(most), _) => numbers().all(|number| number <= most),
            ("pattern", _, Some(pattern)) => texts().all(|text| is_of_class(pattern, text)),
            _ => false,
        })
}

/// Whether a text certainly matches a pattern: one that repeats a class of characters from end to end.
fn is_of_class(pattern: &str, text: &str) -> bool {
    let Ok(parsed) = regex_syntax::Parser::new().parse(pattern) else {
        return false;
    };
    let HirKind::Concat(parts) = parsed.kind() else {
        return false;
    };
    let [start, middle, end] = parts.as_slice() else {
        return false;
    };
    let (HirKind::Look(Look::Start), HirKind::Repetition(repeated), HirKind::Look(Look::End)) =
        (start.kind(), middle.kind(), end.kind())
    else {
        return false;
    };
    let HirKind::Class(Class::Unicode(class)) = repeated.sub.kind() else {
        return false;
    };
    let count = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    let within = |c: char| {
        class
            .ranges()
            .iter()
            .any(|range| (range.start()..=range.end()).contains(&c))
    };
    count >= repeated.min && repeated.max.is_none_or(|most| count <= most) && text.chars().all(within)
}

/// The values that one branch of a union lists, when it does nothing but list them.
pub(super) fn only_lists(part: &Part<'_>) -> Option<Vec<Listed>> {
    const BESIDE: [&str; 9] = [
        "type",
        "title",
        "description",
        "deprecated",
        "enum",
        "const",
        "format",
        "example",
        "default",
    ];
    let map = part.map;
    let plain = map
        .keys()
        .all(|key| BESIDE.contains(&key.as_str()) || key.starts_with("x-"));
    let scalar = |value: &Value| !value.is_array() && !value.is_object();
    if !plain {
        return None;
    }
    let text = |key: &str| map.get(key).and_then(Value::as_str).map(str::to_owned);
    if let Some(value) = map.get("const").filter(|value| scalar(value)) {
        let (name, docs) = (text("title"), text("description"));
        let value = value.clone();
        return Some(vec![Listed { value, name, docs }]);
    }
    let values = map.get("enum")?.as_array()?;
    let single = values.len() == 1;
    let listed = values.iter().filter(|value| scalar(value)).map(|value| Listed {
        value: value.clone(),
        name: text("title").filter(|_| single),
        docs: text("description").filter(|_| single),
    });
    Some(listed.collect())
}

fn first_of<'a>(merged: &Merged<'a>, keys: &[&str]) -> Option<&'a Value> {
    keys.iter().find_map(|key| merged.first(key)).map(|node| node.value)
}
