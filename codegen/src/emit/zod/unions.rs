//! Unions: by tag where there is one, else by trying.
//!
//! Owns: which of Zod's unions says what the contract says. Must not know: other shapes.
//!
//! - With a tag, `z.discriminatedUnion`: each variant is extended by the values of the tag that select it, since a variant's
//!   own schema often takes any string there, or does not know the property at all.
//! - With a tag, but with a variant that cannot be extended (recursive, large, not a record, or with checks of its own): `tagged` of
//!   `rules.ts`, which looks at the tag and then at one variant only. Trying all of them would take time that grows with the
//!   power of the nesting.
//! - Without a tag, `z.xor` for `oneOf` and `z.union` for `anyOf`.

use super::definition::has_inherited_names;
use super::expression::Writer;
use crate::emit::typescript::layout::{Item, Layout};
use crate::emit::typescript::text::string;
use crate::emit::typescript::types;
use crate::model::{Extra, Kind, Model, Shape, Type, Union, Variant};

/// The schema of a union.
pub(super) fn expression(writer: &mut Writer<'_>, union: &Union) -> Layout {
    let Some(tag) = &union.tag else {
        let mut options: Vec<Layout> = union
            .variants
            .iter()
            .map(|variant| writer.expression(&variant.ty))
            .collect();
        return match (options.pop(), options.is_empty()) {
            (None, _) => Layout::text("z.never()"),
            (Some(only), true) => only,
            (Some(last), false) => {
                options.push(last);
                let kind = if union.exclusive { "z.xor" } else { "z.union" };
                Layout::call(kind, vec![Layout::list(options)])
            }
        };
    };
    if union.variants.is_empty() || !union.variants.iter().all(|variant| is_extensible(writer, &variant.ty)) {
        return by_tag(writer, union, &tag.wire);
    }
    let mut options = Vec::new();
    for variant in &union.variants {
        let mut schema = writer.expression(&variant.ty);
        if !types::has_tags(writer.names.model, variant, &tag.wire) {
            let tag = Item::member(&tag.wire, tags(variant));
            schema = schema.then("extend", vec![Layout::object(vec![tag])]);
        }
        options.push(schema);
    }
    Layout::call(
        "z.discriminatedUnion",
        vec![Layout::text(string(&tag.wire)), Layout::list(options)],
    )
}

fn by_tag(writer: &mut Writer<'_>, union: &Union, wire: &str) -> Layout {
    let names = writer.names;
    let spelt = types::union(names, union, &mut |mentioned| writer.mention_type(mentioned));
    let name = writer.support("rules", "tagged");
    let variants = union.variants.iter().map(|variant| {
        let tags = variant.tags.iter().map(|tag| Layout::text(string(tag)));
        let carries = if carries(names.model, &variant.ty, wire) {
            "true"
        } else {
            "false"
        };
        Layout::object(vec![
            Item::member("tags", Layout::list(tags.collect())),
            Item::member("schema", writer.expression(&variant.ty)),
            Item::member("carries", Layout::text(carries)),
        ])
    });
    let mut variants = Layout::list(variants.collect());
    if !union.variants.is_empty() {
        variants = variants.on_lines();
    }
    Layout::run(vec![
        Layout::generic(name, vec![spelt]),
        Layout::call("", vec![Layout::text(string(wire)), variants]),
    ])
}

/// Whether a variant's own schema knows the tag. Unions inside do: they are told apart by it.
fn carries(model: &Model, ty: &Type, wire: &str) -> bool {
    let (ty, _) = model.resolve(ty);
    let Kind::Named(id) = ty.kind else { return true };
    match &model.type_def(id).shape {
        Shape::Record(record) => record.fields.iter().any(|field| field.wire == wire),
        _ => true,
    }
}

/// The values of the tag that select a variant.
fn tags(variant: &Variant) -> Layout {
    let tags: Vec<Layout> = variant.tags.iter().map(|tag| Layout::text(string(tag))).collect();
    match tags.len() {
        1 => Layout::call("z.literal", tags),
        _ => Layout::call("z.enum", vec![Layout::list(tags)]),
    }
}

/// Whether the schema of a variant is an object without checks, which can be extended.
fn is_extensible(writer: &Writer<'_>, ty: &Type) -> bool {
    let mut ty = ty;
    for _ in 0..=writer.names.model.types.len() {
        let Kind::Named(id) = ty.kind else { return false };
        let guarded = ty.rules.is_some() || !writer.names.model.type_def(id).guards.is_empty();
        if ty.nullable || guarded || writer.is_written_out(id) {
            return false;
        }
        match &writer.names.model.type_def(id).shape {
            Shape::Alias(inner) => ty = inner,
            Shape::Record(record) => {
                let typed = matches!(&record.extra, Extra::Kept(ty) if ty.kind != Kind::Any);
                let checked = typed || record.min_properties.is_some() || record.max_properties.is_some();
                return !checked && !has_inherited_names(record);
            }
            _ => return false,
        }
    }
    false
}
