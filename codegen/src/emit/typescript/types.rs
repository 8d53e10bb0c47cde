//! Types: what a use of a type is in TypeScript's own words.
//!
//! Owns: the spelling of types without Zod, for recursion (where nothing can be inferred) and for typed JSON columns. Must not
//! know: schemas. What is spelt here is what Zod infers from the schema of the same type.

use serde_json::Value;

use super::names::TsNames;
use super::text::{string, type_key};
use crate::model::{
    Extra, Field, Kind, Model, Record, Rules, Shape, TextFormat, Type, TypeDef, TypeId, Union, Variant,
};

/// Whether a value of the type can do without the field: it is optional, or belongs to the other direction only.
pub(in crate::emit) fn may_be_absent(def: &TypeDef, field: &Field) -> bool {
    !field.required || (field.read_only && def.in_request) || (field.write_only && def.in_response)
}

/// The type of a use. `mention` is told of every named type that stands in it.
pub(in crate::emit) fn spell(names: &TsNames<'_>, ty: &Type, mention: &mut impl FnMut(TypeId)) -> String {
    let text = kind(names, ty, mention);
    if ty.nullable && !matches!(ty.kind, Kind::Any | Kind::Null) {
        format!("{text} | null")
    } else {
        text
    }
}

/// The type of a definition.
pub(in crate::emit) fn definition(names: &TsNames<'_>, def: &TypeDef, mention: &mut impl FnMut(TypeId)) -> String {
    match &def.shape {
        Shape::Record(shape) => record(names, def, shape, mention),
        Shape::Union(shape) => union(names, shape, mention),
        Shape::Enumeration(list) => literals(&list.values),
        Shape::Alias(ty) => spell(names, ty, mention),
    }
}

fn kind(names: &TsNames<'_>, ty: &Type, mention: &mut impl FnMut(TypeId)) -> String {
    match &ty.kind {
        Kind::Any => "unknown".to_owned(),
        Kind::Never => "never".to_owned(),
        Kind::Null => "null".to_owned(),
        Kind::Boolean => "boolean".to_owned(),
        Kind::Integer { .. } | Kind::Number => "number".to_owned(),
        Kind::Text(TextFormat::Bytes) => "string | Blob".to_owned(),
        Kind::Text(_) => "string".to_owned(),
        Kind::List(item) => format!("{}[]", grouped(spell(names, item, mention))),
        Kind::Tuple { items, rest } => {
            let needed = needed_items(items.len(), ty.rules.as_deref());
            let mut parts: Vec<String> = Vec::with_capacity(items.len() + 1);
            for (i, item) in items.iter().enumerate() {
                let optional = if i < needed { "" } else { "?" };
                parts.push(format!("{}{optional}", grouped(spell(names, item, mention))));
            }
            if let Some(rest) = rest {
                parts.push(format!("...{}[]", grouped(spell(names, rest, mention))));
            }
            format!("[{}]", parts.join(", "))
        }
        Kind::Map(value) => format!("{{ [key: string]: {} }}", spell(names, value, mention)),
        Kind::Literals(values) => literals(values),
        Kind::Named(id) => {
            mention(*id);
            names.type_name(*id).to_owned()
        }
    }
}

/// The type as an operand: in parentheses unless it is one word.
fn grouped(text: String) -> String {
    if text.contains(' ') { format!("({text})") } else { text }
}

/// How many of a tuple's own items must be there.
pub(in crate::emit) fn needed_items(own: usize, rules: Option<&Rules>) -> usize {
    let least = rules.and_then(|rules| rules.min_items).unwrap_or(0);
    usize::try_from(least).unwrap_or(usize::MAX).min(own)
}

fn record(names: &TsNames<'_>, def: &TypeDef, record: &Record, mention: &mut impl FnMut(TypeId)) -> String {
    let mut text = String::from("{\n");
    for field in &record.fields {
        let absent = may_be_absent(def, field);
        let spelt = spell(names, &field.ty, mention);
        let (mark, end) = if absent { ("?", " | undefined") } else { ("", "") };
        text.push_str(&format!("  {}{mark}: {spelt}{end};\n", type_key(&field.wire)));
    }
    if is_open(record) {
        text.push_str("  [key: string]: unknown;\n");
    }
    text.push('}');
    text
}

/// Whether further members are part of the type.
pub(in crate::emit) fn is_open(record: &Record) -> bool {
    let counted = record.min_properties.is_some() || record.max_properties.is_some();
    matches!(record.extra, Extra::Kept(_)) || (counted && record.extra == Extra::Ignored)
}

/// The type of a union. With a tag, each variant is told by its values of it, so that comparing the tag narrows the type.
pub(in crate::emit) fn union(names: &TsNames<'_>, union: &Union, mention: &mut impl FnMut(TypeId)) -> String {
    let variants: Vec<String> = union
        .variants
        .iter()
        .map(|variant| {
            let spelt = spell(names, &variant.ty, mention);
            match &union.tag {
                Some(tag) if !has_tags(names.model, variant, &tag.wire) => {
                    let tags: Vec<String> = variant.tags.iter().map(|tag| string(tag)).collect();
                    format!(
                        "({} & {{ {}: {} }})",
                        grouped(spelt),
                        type_key(&tag.wire),
                        tags.join(" | ")
                    )
                }
                _ => spelt,
            }
        })
        .collect();
    if variants.is_empty() {
        "never".to_owned()
    } else {
        variants.join(" | ")
    }
}

/// Whether a variant's own record takes exactly its tags, and always has one.
pub(in crate::emit) fn has_tags(model: &Model, variant: &Variant, wire: &str) -> bool {
    let (ty, nullable) = model.resolve(&variant.ty);
    let Kind::Named(id) = ty.kind else { return false };
    let Shape::Record(record) = &model.type_def(id).shape else {
        return false;
    };
    let Some(field) = record.fields.iter().find(|field| field.wire == wire) else {
        return false;
    };
    let (ty, field_nullable) = model.resolve(&field.ty);
    let values = match &ty.kind {
        Kind::Literals(values) => values,
        Kind::Named(id) => match &model.type_def(*id).shape {
            Shape::Enumeration(list) => &list.values,
            _ => return false,
        },
        _ => return false,
    };
    let is_tag = |value: &Value| {
        value
            .as_str()
            .is_some_and(|value| variant.tags.iter().any(|tag| tag == value))
    };
    let same = values.len() == variant.tags.len() && values.iter().all(is_tag);
    // A field of one direction only may be absent in the other.
    same && field.required && !field.read_only && !field.write_only && !nullable && !field_nullable
}

fn literals(values: &[Value]) -> String {
    let spelt: Vec<String> = values.iter().map(literal).collect();
    if spelt.is_empty() {
        "never".to_owned()
    } else {
        spelt.join(" | ")
    }
}

/// The type that has one JSON value only.
pub(in crate::emit) fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => string(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(literal).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(key, value)| format!("{}: {}", type_key(key), literal(value)))
                .collect();
            format!("{{ {} }}", members.join("; "))
        }
        other => super::text::value(other),
    }
}
