//! Definitions: a named type as an exported schema and an exported type.
//!
//! Owns: records, enumerations, aliases, and how recursion is typed. Must not know: unions ([`super::unions`]).
//!
//! A type that reaches itself is written out, and its schema has that type: nothing can be inferred from a constant that
//! mentions itself. So is one that is too large to be inferred ([`super::size`]). Its mentions of types on the same circle are lazy, so the order of constants does not matter.

use super::docs;
use super::expression::Writer;
use super::unions;
use crate::emit::typescript::layout::{Item, Layout};
use crate::emit::typescript::text::string;
use crate::emit::typescript::types::{self, may_be_absent};
use crate::model::{Extra, Record, Shape, TypeDef, TypeId};

/// The two exports of a definition. The words about it stand at the first; the second leads there.
pub(super) fn write(writer: &mut Writer<'_>, id: TypeId) -> String {
    let names = writer.names;
    let def = names.model.type_def(id);
    let (name, schema) = (names.type_name(id), names.schema_name(id));
    writer.within = Some(id);
    let schema_of = match &def.shape {
        Shape::Record(shape) => record(writer, def, shape),
        Shape::Union(union) => unions::expression(writer, union),
        Shape::Enumeration(list) => writer.literals(&list.values),
        Shape::Alias(ty) => writer.expression(ty),
    };
    let schema_of = writer.guarded(schema_of, &def.guards);
    let mut text = docs::definition(def);
    let beside = |of: &str| {
        if text.is_empty() {
            String::new()
        } else {
            docs::beside(def, of)
        }
    };
    if writer.is_written_out(id) {
        let spelt = types::definition(names, def, &mut |mentioned| writer.mention_type(mentioned));
        let comment = beside(name);
        spelt.line(0, &format!("export type {name} = "), ";", &mut text);
        text.push('\n');
        text.push_str(&comment);
        let head = format!("export const {schema}: z.ZodType<{name}, {name}> = ");
        schema_of.line(0, &head, ";", &mut text);
    } else {
        let comment = beside(schema);
        schema_of.line(0, &format!("export const {schema} = "), ";", &mut text);
        text.push('\n');
        text.push_str(&comment);
        let inferred = Layout::generic("z.infer", vec![Layout::text(format!("typeof {schema}"))]);
        inferred.line(0, &format!("export type {name} = "), ";", &mut text);
    }
    text
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

fn record(writer: &mut Writer<'_>, def: &TypeDef, record: &Record) -> Layout {
    let kind = match &record.extra {
        _ if types::is_open(record) => "z.looseObject",
        Extra::Refused => "z.strictObject",
        _ => "z.object",
    };
    let members = record.fields.iter().map(|field| {
        let mut schema = writer.expression(&field.ty);
        if may_be_absent(def, field) {
            schema = schema.then("optional", Vec::new());
        }
        Item::member(&field.wire, schema).about(docs::field(writer.names.model, field))
    });
    let mut object = Layout::object(members.collect());
    if !record.fields.is_empty() {
        object = object.on_lines();
    }
    let mut schema = Layout::call(kind, vec![object]);
    if let Extra::Kept(ty) = &record.extra
        && ty.kind != crate::model::Kind::Any
    {
        let known = record.fields.iter().map(|field| Layout::text(string(&field.wire)));
        let further = vec![Layout::list(known.collect()), writer.expression(ty)];
        let check = Layout::call(writer.support("rules", "furtherMembers"), further);
        schema = schema.then("check", vec![check]);
    }
    schema = writer.counted(schema, "minProperties", record.min_properties);
    schema = writer.counted(schema, "maxProperties", record.max_properties);
    match has_inherited_names(record) {
        true => Layout::call(writer.support("rules", "ownMembers"), vec![schema]),
        false => schema,
    }
}
