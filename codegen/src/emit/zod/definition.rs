//! Definitions: a named type as an exported schema and an exported type.
//!
//! Owns: records, enumerations, aliases, and how recursion is typed. Must not know: unions ([`super::unions`]).
//!
//! A type that reaches itself is written out, and its schema has that type: nothing can be inferred from a constant that
//! mentions itself. So is one that is too large to be inferred ([`super::size`]). Its mentions of types on the same circle are lazy, so the order of constants does not matter.

use super::docs;
use super::expression::Writer;
use super::unions;
use crate::emit::typescript::text::{key, string};
use crate::emit::typescript::types::{self, may_be_absent};
use crate::model::{Extra, Record, Shape, TypeDef, TypeId};

/// The two exports of a definition.
pub(super) fn write(writer: &mut Writer<'_>, id: TypeId) -> String {
    let names = writer.names;
    let def = names.model.type_def(id);
    let (name, schema) = (names.type_name(id), names.schema_name(id));
    writer.within = Some(id);
    let expression = match &def.shape {
        Shape::Record(shape) => record(writer, def, shape),
        Shape::Union(union) => unions::expression(writer, union),
        Shape::Enumeration(list) => writer.literals(&list.values),
        Shape::Alias(ty) => writer.expression(ty),
    };
    let expression = writer.guarded(expression, &def.guards);
    let comment = docs::definition(def);
    if writer.is_written_out(id) {
        let spelt = types::definition(names, def, &mut |mentioned| writer.mention_type(mentioned));
        format!(
            "{comment}export type {name} = {spelt};\n\n{comment}export const {schema}: z.ZodType<{name}, {name}> = {expression};\n"
        )
    } else {
        format!(
            "{comment}export const {schema} = {expression};\n\n{comment}export type {name} = z.infer<typeof {schema}>;\n"
        )
    }
}

/// Whether fields have names under which every object of JavaScript has something.
pub(super) fn has_inherited_names(record: &Record) -> bool {
    const INHERITED: [&str; 12] = [
        "__defineGetter__",
        "__defineSetter__",
        "__lookupGetter__",
        "__lookupSetter__",
        "__proto__",
        "constructor",
        "hasOwnProperty",
        "isPrototypeOf",
        "propertyIsEnumerable",
        "toLocaleString",
        "toString",
        "valueOf",
    ];
    record
        .fields
        .iter()
        .any(|field| INHERITED.contains(&field.wire.as_str()))
}

fn record(writer: &mut Writer<'_>, def: &TypeDef, record: &Record) -> String {
    let kind = match &record.extra {
        _ if types::is_open(record) => "looseObject",
        Extra::Refused => "strictObject",
        _ => "object",
    };
    let mut text = format!("z.{kind}({{");
    for field in &record.fields {
        let optional = if may_be_absent(def, field) { ".optional()" } else { "" };
        let comment = docs::field(writer.names.model, field);
        let spelt = writer.expression(&field.ty);
        text.push_str(&format!("\n{comment}  {}: {spelt}{optional},", key(&field.wire)));
    }
    if !record.fields.is_empty() {
        text.push('\n');
    }
    text.push_str("})");
    if let Extra::Kept(ty) = &record.extra
        && ty.kind != crate::model::Kind::Any
    {
        let known: Vec<String> = record.fields.iter().map(|field| string(&field.wire)).collect();
        let check = writer.support("rules", "furtherMembers");
        let spelt = writer.expression(ty);
        text.push_str(&format!(".check({check}([{}], {spelt}))", known.join(", ")));
    }
    writer.counted(&mut text, "minProperties", record.min_properties);
    writer.counted(&mut text, "maxProperties", record.max_properties);
    if has_inherited_names(record) {
        return format!("{}({text})", writer.support("rules", "ownMembers"));
    }
    text
}
