//! Rows: a SeaORM entity for each table.
//!
//! Owns: `entities/`. Must not know: SQL, enumerations beyond their name.

use std::fmt::Write as _;

use super::Context;
use crate::emit::rust::docs::{about, comment, literal};
use crate::emit::rust::layout::Node;
use crate::model::{Column, ColumnKind, Entity, ForeignKey, OnDelete};

/// The list of modules.
pub(super) fn index(context: &Context<'_>) -> String {
    let mut modules: Vec<&str> = (0..context.model.entities.len())
        .map(|at| context.names.module(at))
        .collect();
    modules.sort_unstable();
    let mut text = "//! Rows of every table, one module each.\n\n".to_owned();
    for module in modules {
        let _ = writeln!(text, "pub mod {module};");
    }
    text
}

/// The module of one table.
pub(super) fn entity(context: &Context<'_>, at: usize, entity: &Entity) -> String {
    let names = context.names.columns(at);
    let words = about(
        &entity.docs,
        &format!("A row of `{}`.", entity.table.escape_debug()),
        &[],
    );
    let mut text = format!(
        "//! Rows of one table.\n\nuse sea_orm::entity::prelude::*;\nuse serde::Serialize;\n\n{}\
         #[derive(Debug, Clone, PartialEq, DeriveEntityModel, Serialize)]\n#[sea_orm(table_name = {})]\npub struct Model {{\n",
        comment(&words, ""),
        literal(&entity.table)
    );
    for (n, (column, name)) in entity.columns.iter().zip(names).enumerate() {
        let mut attributes = Vec::new();
        if entity.primary_key.contains(&n) {
            attributes.push("primary_key, auto_increment = false".to_owned());
        }
        if name.field.trim_start_matches("r#") != column.name {
            attributes.push(format!("column_name = {}", literal(&column.name)));
        }
        if camel(name.field.trim_start_matches("r#")) != name.variant {
            attributes.push(format!("enum_name = {}", literal(&name.variant)));
        }
        if column.kind == ColumnKind::Json {
            attributes.push("column_type = \"JsonBinary\"".to_owned());
        }
        let words = about(&column.docs, &format!("`{}`", column.name.escape_debug()), &[]);
        text.push_str(&comment(&words, "    "));
        if !attributes.is_empty() {
            let _ = writeln!(text, "    #[sea_orm({})]", attributes.join(", "));
        }
        let wire = on_the_wire(column, name.field.trim_start_matches("r#"));
        if !wire.is_empty() {
            let _ = writeln!(text, "    #[serde({})]", wire.join(", "));
        }
        let _ = writeln!(text, "    pub {}: {},", name.field, ty(context, column));
    }
    text.push_str("}\n\n");
    text.push_str(&relations(context, at, entity));
    text.push_str("\nimpl ActiveModelBehavior for ActiveModel {}\n");
    text
}

/// How a row is written as JSON: as a value of its schema, without what is secret.
fn on_the_wire(column: &Column, field: &str) -> Vec<String> {
    if column.secret {
        return vec!["skip".to_owned()];
    }
    let mut said = Vec::new();
    if column.field != field {
        said.push(format!("rename = {}", literal(&column.field)));
    }
    // What may be absent but not null is left out.
    if column.nullable && !column.ty.nullable {
        said.push("skip_serializing_if = \"Option::is_none\"".to_owned());
    }
    if column.kind == ColumnKind::Bytes {
        let function = if column.nullable { "optional" } else { "required" };
        said.push(format!("serialize_with = \"crate::base64_text::{function}\""));
    }
    said
}

/// Rust type of a column.
fn ty(context: &Context<'_>, column: &Column) -> String {
    let mut ty = match &column.kind {
        ColumnKind::Uuid => "Uuid".to_owned(),
        ColumnKind::Timestamp => "DateTimeUtc".to_owned(),
        ColumnKind::Date => "Date".to_owned(),
        ColumnKind::Integer => "i32".to_owned(),
        ColumnKind::BigInteger => "i64".to_owned(),
        ColumnKind::Double => "f64".to_owned(),
        ColumnKind::Decimal => "Decimal".to_owned(),
        ColumnKind::Boolean => "bool".to_owned(),
        ColumnKind::Text => "String".to_owned(),
        ColumnKind::Bytes => "Vec<u8>".to_owned(),
        ColumnKind::Json => "Json".to_owned(),
        ColumnKind::Enumeration(id) => format!("crate::enums::{}", context.names.type_name(*id)),
    };
    if column.secret {
        ty = format!("crate::Secret<{ty}>");
    }
    if column.nullable {
        ty = format!("Option<{ty}>");
    }
    ty
}

/// The rows that a row refers to.
fn relations(context: &Context<'_>, at: usize, entity: &Entity) -> String {
    let mut text =
        "/// What a row refers to.\n#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]\npub enum Relation {\n"
            .to_owned();
    for (key, name) in entity.foreign_keys.iter().zip(context.names.relations(at)) {
        let other = key.entity.index();
        let module = match other == at {
            true => String::new(),
            false => format!("super::{}::", context.names.module(other)),
        };
        text.push_str("    /// By its key.\n");
        let mut told = vec![
            Node::leaf(format!("belongs_to = \"{module}Entity\"")),
            Node::leaf(format!("from = \"{}\"", columns(context, at, "", &key.columns))),
            Node::leaf(format!("to = \"{}\"", columns(context, other, &module, &key.fields))),
        ];
        told.extend(on_delete(key).map(Node::leaf));
        Node::block("#[sea_orm(", told, ")]").line(1, "", "", &mut text);
        let _ = writeln!(text, "    {name},");
    }
    text.push_str("}\n");
    text
}

/// `Column::Id`, or `(Column::A, Column::B)`.
fn columns(context: &Context<'_>, entity: usize, module: &str, indexes: &[usize]) -> String {
    let names = context.names.columns(entity);
    let list: Vec<String> = indexes
        .iter()
        .filter_map(|index| names.get(*index))
        .map(|name| format!("{module}Column::{}", name.variant))
        .collect();
    match list.as_slice() {
        [only] => only.clone(),
        _ => format!("({})", list.join(", ")),
    }
}

fn on_delete(key: &ForeignKey) -> Option<&'static str> {
    match key.on_delete {
        OnDelete::NoAction => None,
        OnDelete::Restrict => Some("on_delete = \"Restrict\""),
        OnDelete::Cascade => Some("on_delete = \"Cascade\""),
        OnDelete::SetNull => Some("on_delete = \"SetNull\""),
    }
}

/// What SeaORM makes of a field's name when nothing is said.
fn camel(field: &str) -> String {
    field
        .split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_ascii_uppercase().to_string() + letters.as_str()
            })
        })
        .collect()
}
