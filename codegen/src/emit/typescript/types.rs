//! Types: what a use of a type is in TypeScript's own words.
//!
//! Owns: the spelling of types without Zod, for recursion (where nothing can be inferred) and for typed JSON columns. Must not
//! know: schemas. What is spelt here is what Zod infers from the schema of the same type.

use super::layout::{Item, Layout};
use super::names::TsNames;
use super::text::string;
use crate::model::{
    Extra, Field, Kind, Model, Record, Rules, Shape, TextFormat, Type, TypeDef, TypeId, Union, Variant,
};
use crate::tree::Value;

/// Whether a value of the type can do without the field: it is optional, or belongs to the other direction only.
pub(in crate::emit) fn may_be_absent(def: &TypeDef, field: &Field) -> bool {
    !field.required || (field.read_only && def.in_request) || (field.write_only && def.in_response)
}

/// The type of a use. `mention` is told of every named type that stands in it.
pub(in crate::emit) fn spell(names: &TsNames<'_>, ty: &Type, mention: &mut impl FnMut(TypeId)) -> Layout {
    let mut variants = kind(names, ty, mention);
    if ty.nullable && !matches!(ty.kind, Kind::Any | Kind::Null) {
        variants.push(Layout::text("null"));
    }
    Layout::union(variants)
}

/// The type of a definition.
pub(in crate::emit) fn definition(names: &TsNames<'_>, def: &TypeDef, mention: &mut impl FnMut(TypeId)) -> Layout {
    match &def.shape {
        Shape::Record(shape) => record(names, def, shape, mention),
        Shape::Union(shape) => union(names, shape, mention),
        Shape::Enumeration(list) => Layout::union(list.values.iter().map(literal).collect()),
        Shape::Alias(ty) => spell(names, ty, mention),
    }
}

/// The types of which it is one; none is a union itself.
fn kind(names: &TsNames<'_>, ty: &Type, mention: &mut impl FnMut(TypeId)) -> Vec<Layout> {
    let word = match &ty.kind {
        Kind::Any => "unknown",
        Kind::Never => "never",
        Kind::Null => "null",
        Kind::Boolean => "boolean",
        Kind::Integer { .. } | Kind::Number => "number",
        Kind::Text(TextFormat::Bytes) => return vec![Layout::text("string"), Layout::text("Blob")],
        Kind::Text(_) => "string",
        Kind::List(item) => return vec![list_of(spell(names, item, mention))],
        Kind::Tuple { items, rest } => {
            let needed = needed_items(items.len(), ty.rules.as_deref());
            let mut parts: Vec<Layout> = Vec::with_capacity(items.len() + 1);
            for (i, item) in items.iter().enumerate() {
                let spelt = spell(names, item, mention);
                parts.push(match i < needed {
                    true => spelt.grouped(),
                    // What may be absent may be said to be so, as it may in an object.
                    false => {
                        let absent = Layout::union(vec![spelt, Layout::text("undefined")]);
                        Layout::run(vec![absent.grouped(), Layout::text("?")])
                    }
                });
            }
            if let Some(rest) = rest {
                let spelt = list_of(spell(names, rest, mention));
                parts.push(Layout::run(vec![Layout::text("..."), spelt]));
            }
            return vec![Layout::list(parts)];
        }
        Kind::Map(value) => {
            let member = Item::keyed("[key: string]".to_owned(), spell(names, value, mention));
            return vec![Layout::type_object(vec![member])];
        }
        Kind::Literals(values) => return values.iter().map(literal).collect(),
        Kind::Named(id) => {
            mention(*id);
            return vec![Layout::text(names.type_name(*id).to_owned())];
        }
    };
    vec![Layout::text(word)]
}

fn list_of(item: Layout) -> Layout {
    Layout::run(vec![item.grouped(), Layout::text("[]")])
}

/// How many of a tuple's own items must be there.
pub(in crate::emit) fn needed_items(own: usize, rules: Option<&Rules>) -> usize {
    let least = rules.and_then(|rules| rules.min_items).unwrap_or(0);
    usize::try_from(least).unwrap_or(usize::MAX).min(own)
}

fn record(names: &TsNames<'_>, def: &TypeDef, record: &Record, mention: &mut impl FnMut(TypeId)) -> Layout {
    let mut members = Vec::with_capacity(record.fields.len() + 1);
    for field in &record.fields {
        let absent = may_be_absent(def, field);
        let mut variants = vec![spell(names, &field.ty, mention)];
        if absent {
            variants.push(Layout::text("undefined"));
        }
        members.push(Item::type_member(&field.wire, absent, Layout::union(variants)));
    }
    if is_open(record) {
        members.push(Item::keyed("[key: string]".to_owned(), Layout::text("unknown")));
    }
    Layout::type_object(members).on_lines()
}

/// Whether further members are part of the type.
pub(in crate::emit) fn is_open(record: &Record) -> bool {
    let counted = record.min_properties.is_some() || record.max_properties.is_some();
    matches!(record.extra, Extra::Kept(_)) || (counted && record.extra == Extra::Ignored)
}

/// The type of a union. With a tag, each variant is told by its values of it, so that comparing the tag narrows the type.
pub(in crate::emit) fn union(names: &TsNames<'_>, union: &Union, mention: &mut impl FnMut(TypeId)) -> Layout {
    let variants = union.variants.iter().map(|variant| {
        let spelt = spell(names, &variant.ty, mention);
        match &union.tag {
            Some(tag) if !has_tags(names.model, variant, &tag.wire) => {
                let tags = variant.tags.iter().map(|tag| Layout::text(string(tag)));
                let tags = Item::type_member(&tag.wire, false, Layout::union(tags.collect()));
                both(spelt, Layout::type_object(vec![tags]))
            }
            _ => spelt,
        }
    });
    Layout::union(variants.collect())
}

/// What is of both types: `(A & B)`.
pub(in crate::emit) fn both(one: Layout, other: Layout) -> Layout {
    let (one, other) = (one.grouped(), other.grouped());
    Layout::run(vec![
        Layout::text("("),
        one,
        Layout::text(" & "),
        other,
        Layout::text(")"),
    ])
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

/// The type that has one JSON value only.
pub(in crate::emit) fn literal(value: &Value) -> Layout {
    match value {
        Value::Array(items) => Layout::list(items.iter().map(literal).collect()),
        Value::Object(members) => {
            let members = members
                .iter()
                .map(|(key, value)| Item::type_member(key, false, literal(value)));
            Layout::type_object(members.collect())
        }
        scalar => Layout::text(super::text::scalar(scalar)),
    }
}
