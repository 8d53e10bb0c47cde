//! Unions: enums with content.
//!
//! Owns: how they are written and read. Must not know: other shapes.
//!
//! A union reads a value as a whole and asks its schema which variant it is; the variant then takes the value with its tag, which
//! is among the variant's own fields.

use std::fmt::Write as _;

use super::super::docs::literal;
use super::super::names::RustNames;
use super::super::spell::Within;
use super::definition_docs;
use crate::model::{Kind, Shape, Type, TypeId, Union, Variant};

/// Writes a definition.
pub(super) fn write(names: &RustNames<'_>, id: TypeId, union: &Union, text: &mut String) {
    let name = names.type_name(id);
    let members = names.members(id);
    text.push_str(&definition_docs(names, id));
    let tagless = |variant: &Variant| match &union.tag {
        Some(tag) => !carries(names, &variant.ty, &tag.wire),
        None => false,
    };
    let plain = !union.variants.iter().any(tagless);
    text.push_str("#[derive(Debug, Clone, PartialEq");
    text.push_str(if plain {
        ", Serialize)]\n#[serde(untagged)]\n"
    } else {
        ")]\n"
    });
    let _ = writeln!(text, "pub enum {name} {{");
    for (variant, member) in union.variants.iter().zip(members) {
        let about = match (&union.tag, variant.tags.as_slice()) {
            (Some(tag), tags @ [_, ..]) => {
                let tags: Vec<String> = tags.iter().map(|value| format!("{value:?}")).collect();
                format!("Where `{}` is {}.", tag.wire, tags.join(" or "))
            }
            _ => format!("{}.", variant.name.title()),
        };
        text.push_str(&super::super::docs::comment(&super::super::docs::lines(&about), "    "));
        let _ = writeln!(text, "    {member}({}),", names.spell(&variant.ty, Within::Type(id)));
    }
    text.push_str("}\n");
    if let (Some(tag), false) = (&union.tag, plain) {
        write_serialize(name, union, &tag.wire, members, tagless, text);
    }
    write_deserialize(names, id, members, text);
    write_from(names, id, union, members, text);
}

/// Whether values of the type have the member among their own.
fn carries(names: &RustNames<'_>, ty: &Type, wire: &str) -> bool {
    match names.model.resolve(ty).0.kind {
        Kind::Named(id) => match &names.model.type_def(id).shape {
            Shape::Record(record) => record.fields.iter().any(|field| field.wire == wire),
            // A union inside writes its own tag.
            Shape::Union(_) => true,
            _ => false,
        },
        _ => false,
    }
}

fn write_serialize(
    name: &str,
    union: &Union,
    tag: &str,
    members: &[String],
    tagless: impl Fn(&Variant) -> bool,
    text: &mut String,
) {
    let mut arms = String::new();
    for (variant, member) in union.variants.iter().zip(members) {
        let _ = match variant.tags.first().filter(|_| tagless(variant)) {
            Some(value) => writeln!(
                arms,
                "            Self::{member}(value) => crate::scalars::tagged(value, {}, {}, serializer),",
                literal(tag),
                literal(value)
            ),
            None => writeln!(
                arms,
                "            Self::{member}(value) => value.serialize(serializer),"
            ),
        };
    }
    let _ = write!(
        text,
        r#"
impl serde::Serialize for {name} {{
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {{
        match self {{
{arms}        }}
    }}
}}
"#
    );
}

fn write_deserialize(names: &RustNames<'_>, id: TypeId, members: &[String], text: &mut String) {
    let mut arms = String::new();
    for (i, member) in members.iter().enumerate() {
        // The last one takes the rest: the schema has as many variants as the type.
        let pattern = if i + 1 == members.len() {
            "Ok(_)".to_owned()
        } else {
            format!("Ok({i})")
        };
        let _ = writeln!(
            arms,
            "            {pattern} => serde_json::from_value(value).map(Self::{member}).map_err(serde::de::Error::custom),"
        );
    }
    let _ = write!(
        text,
        r#"
impl<'de> serde::Deserialize<'de> for {name} {{
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {{
        let value = serde_json::Value::deserialize(deserializer)?;
        match crate::validate::choose(&{schema}, &value) {{
{arms}            Err(message) => Err(serde::de::Error::custom(message)),
        }}
    }}
}}
"#,
        name = names.type_name(id),
        schema = names.schema_path(id),
    );
}

/// `From` for every variant whose content no other variant has.
fn write_from(names: &RustNames<'_>, id: TypeId, union: &Union, members: &[String], text: &mut String) {
    let resolved: Vec<(String, &Type)> = union
        .variants
        .iter()
        .map(|variant| {
            let (inner, _) = names.model.resolve(&variant.ty);
            (names.spell(inner, Within::Elsewhere), &variant.ty)
        })
        .collect();
    for ((spelt, ty), member) in resolved.iter().zip(members) {
        let Kind::Named(target) = ty.kind else { continue };
        let record = matches!(
            names.model.type_def(target).shape,
            Shape::Record(_) | Shape::Enumeration(_)
        );
        if !record || ty.nullable || resolved.iter().filter(|(other, _)| other == spelt).count() > 1 {
            continue;
        }
        let held = names.spell(ty, Within::Type(id));
        let boxed = held.strip_prefix("Box<").and_then(|held| held.strip_suffix('>'));
        let _ = write!(
            text,
            r#"
impl From<{path}> for {name} {{
    fn from(value: {path}) -> Self {{
        Self::{member}(value{into})
    }}
}}
"#,
            name = names.type_name(id),
            path = boxed.unwrap_or(&held),
            into = if boxed.is_some() { ".into()" } else { "" },
        );
    }
}
