//! The schema of the database as SQL.
//!
//! Owns: statements of both dialects. Must not know: Rust, Drizzle.
//!
//! Postgres gets what drizzle-kit makes of the Drizzle tables: types, tables, then references, since these may lead in a circle,
//! then indexes. SQLite has no types of its own and takes references only inside a table, in any order.

use std::fmt::Write as _;

use super::Context;
use crate::emit::database::{columns, constraint, reference};
use crate::model::entity::shortened;
use crate::model::{Column, ColumnDefault, ColumnKind, Entity, ForeignKey, OnDelete, Shape};
use crate::tree::Value;

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// SQLite, 3.37 or later.
    Sqlite,
    /// Postgres.
    Postgres,
}

/// The statements of one table.
pub(super) struct Statements {
    sqlite: String,
    postgres: String,
    /// What Postgres is told of its references, once all tables are there.
    references: String,
    indexes: String,
}

impl Statements {
    /// Writes them.
    pub(super) fn of(context: &Context<'_>, entity: &Entity) -> Self {
        Self {
            sqlite: table(context, entity, Dialect::Sqlite),
            postgres: table(context, entity, Dialect::Postgres),
            references: references(context, entity),
            indexes: indexes(entity),
        }
    }
}

/// Everything that an empty database needs, of the statements of all tables.
pub(super) fn statements<'s>(
    context: &Context<'_>,
    dialect: Dialect,
    tables: impl Iterator<Item = &'s Statements> + Clone,
) -> String {
    let mut text = String::new();
    if dialect == Dialect::Postgres {
        for (id, stored) in context.names.enums() {
            let values: Vec<String> = values(context, &ColumnKind::Enumeration(id));
            let _ = writeln!(
                text,
                "\nCREATE TYPE {} AS ENUM ({});",
                identifier(stored),
                values.join(", ")
            );
        }
    }
    let of_dialect = |table: &'s Statements| match dialect {
        Dialect::Sqlite => table.sqlite.as_str(),
        Dialect::Postgres => &table.postgres,
    };
    text.extend(tables.clone().map(of_dialect));
    if dialect == Dialect::Postgres {
        text.push('\n');
        text.extend(tables.clone().map(|table| table.references.as_str()));
    }
    text.push('\n');
    text.extend(tables.map(|table| table.indexes.as_str()));
    text
}

fn references(context: &Context<'_>, entity: &Entity) -> String {
    let mut text = String::new();
    for key in &entity.foreign_keys {
        let _ = writeln!(
            text,
            "ALTER TABLE {} ADD {};",
            identifier(&entity.table),
            foreign_key(context, entity, key)
        );
    }
    text
}

fn indexes(entity: &Entity) -> String {
    let mut text = String::new();
    for index in entity.indexes.iter().filter(|index| !index.unique) {
        let _ = writeln!(
            text,
            "CREATE INDEX {} ON {} ({});",
            identifier(&shortened(&index.name)),
            identifier(&entity.table),
            list(entity, &index.columns)
        );
    }
    text
}

fn table(context: &Context<'_>, entity: &Entity, dialect: Dialect) -> String {
    let mut lines: Vec<String> = entity
        .columns
        .iter()
        .map(|column| column_line(context, column, dialect))
        .collect();
    let primary = match entity.primary_key.len() {
        // What Postgres calls it when nothing is said.
        1 => shortened(&format!("{}_pkey", entity.table)),
        _ => constraint(entity, &entity.primary_key, "pk"),
    };
    lines.push(format!(
        "CONSTRAINT {} PRIMARY KEY ({})",
        identifier(&primary),
        list(entity, &entity.primary_key)
    ));
    for (n, _) in entity.columns.iter().enumerate().filter(|(_, column)| column.unique) {
        lines.push(unique(&constraint(entity, &[n], "unique"), entity, &[n]));
    }
    for index in entity.indexes.iter().filter(|index| index.unique) {
        lines.push(unique(&shortened(&index.name), entity, &index.columns));
    }
    if dialect == Dialect::Sqlite {
        for (n, column) in entity.columns.iter().enumerate() {
            lines.extend(check(context, entity, n, column));
        }
        lines.extend(entity.foreign_keys.iter().map(|key| foreign_key(context, entity, key)));
    }
    let end = if dialect == Dialect::Sqlite { " STRICT" } else { "" };
    format!(
        "\nCREATE TABLE {} (\n  {}\n){end};\n",
        identifier(&entity.table),
        lines.join(",\n  ")
    )
}

fn column_line(context: &Context<'_>, column: &Column, dialect: Dialect) -> String {
    let mut line = format!("{} {}", identifier(&column.name), kind(context, column, dialect));
    if let Some(default) = default(column, dialect) {
        let _ = write!(line, " DEFAULT {default}");
    }
    if !column.nullable {
        line.push_str(" NOT NULL");
    }
    line
}

fn kind(context: &Context<'_>, column: &Column, dialect: Dialect) -> String {
    let word = match (&column.kind, dialect) {
        (ColumnKind::Enumeration(id), Dialect::Postgres) => return identifier(context.names.stored(*id)),
        (ColumnKind::Uuid, Dialect::Postgres) => "uuid",
        (ColumnKind::Timestamp, Dialect::Postgres) => "timestamp with time zone",
        (ColumnKind::Date, Dialect::Postgres) => "date",
        (ColumnKind::Integer, Dialect::Postgres) => "integer",
        (ColumnKind::BigInteger, Dialect::Postgres) => "bigint",
        (ColumnKind::Double, Dialect::Postgres) => "double precision",
        (ColumnKind::Decimal, Dialect::Postgres) => "numeric",
        (ColumnKind::Boolean, Dialect::Postgres) => "boolean",
        (ColumnKind::Text, Dialect::Postgres) => "text",
        (ColumnKind::Bytes, Dialect::Postgres) => "bytea",
        (ColumnKind::Json, Dialect::Postgres) => "jsonb",
        (ColumnKind::Uuid | ColumnKind::Bytes, Dialect::Sqlite) => "BLOB",
        (ColumnKind::Integer | ColumnKind::BigInteger | ColumnKind::Boolean, Dialect::Sqlite) => "INTEGER",
        (ColumnKind::Double | ColumnKind::Decimal, Dialect::Sqlite) => "REAL",
        (
            ColumnKind::Timestamp | ColumnKind::Date | ColumnKind::Text | ColumnKind::Json | ColumnKind::Enumeration(_),
            Dialect::Sqlite,
        ) => "TEXT",
    };
    word.to_owned()
}

/// The default of a column. SQLite makes no ids.
fn default(column: &Column, dialect: Dialect) -> Option<String> {
    let postgres = dialect == Dialect::Postgres;
    let literal = match (column.default.as_ref()?, &column.kind) {
        (ColumnDefault::Uuid, ColumnKind::Uuid) => return postgres.then(|| "gen_random_uuid()".to_owned()),
        (ColumnDefault::Uuid, ColumnKind::Text) => return postgres.then(|| "gen_random_uuid()::text".to_owned()),
        (ColumnDefault::Now, ColumnKind::Timestamp | ColumnKind::Date) if postgres => return Some("now()".to_owned()),
        (ColumnDefault::Now, ColumnKind::Timestamp) => {
            return Some("(strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now'))".to_owned());
        }
        (ColumnDefault::Now, ColumnKind::Date) => return Some("(date('now'))".to_owned()),
        (ColumnDefault::Literal(literal), _) => literal,
        _ => return None,
    };
    match (&column.kind, literal) {
        (ColumnKind::Json, value) if !value.is_null() => {
            let cast = if postgres { "::jsonb" } else { "" };
            Some(string(&value.to_string()) + cast)
        }
        (ColumnKind::Boolean, Value::Bool(value)) if postgres => Some(value.to_string()),
        (ColumnKind::Boolean, Value::Bool(value)) => Some(u8::from(*value).to_string()),
        (ColumnKind::Integer | ColumnKind::BigInteger | ColumnKind::Double, Value::Number(number)) => {
            Some(number.to_string())
        }
        (ColumnKind::Uuid, Value::String(text)) if !postgres => Some(format!("x'{}'", text.as_str().replace('-', ""))),
        // Stored bytes are not what a text says.
        (ColumnKind::Bytes, _) => None,
        (_, Value::String(text)) => Some(string(text)),
        // `null` is what no default means; the model holds nothing else that is no value of its column.
        _ => None,
    }
}

/// What SQLite checks where Postgres has a type.
fn check(context: &Context<'_>, entity: &Entity, at: usize, column: &Column) -> Option<String> {
    let name = identifier(&column.name);
    let rule = match &column.kind {
        kind @ ColumnKind::Enumeration(_) => format!("{name} IN ({})", values(context, kind).join(", ")),
        ColumnKind::Boolean => format!("{name} IN (0, 1)"),
        ColumnKind::Uuid => format!("length({name}) = 16"),
        ColumnKind::Json => format!("json_valid({name})"),
        _ => return None,
    };
    let constraint = constraint(entity, &[at], "check");
    Some(format!("CONSTRAINT {} CHECK ({rule})", identifier(&constraint)))
}

fn foreign_key(context: &Context<'_>, entity: &Entity, key: &ForeignKey) -> String {
    let Some(target) = context.model.entities.get(key.entity.index()) else {
        return String::new();
    };
    let delete = match key.on_delete {
        OnDelete::NoAction => "",
        OnDelete::Restrict => " ON DELETE RESTRICT",
        OnDelete::Cascade => " ON DELETE CASCADE",
        OnDelete::SetNull => " ON DELETE SET NULL",
    };
    format!(
        "CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({}){delete}",
        identifier(&reference(context.model, entity, key)),
        list(entity, &key.columns),
        identifier(&target.table),
        list(target, &key.fields)
    )
}

fn unique(name: &str, entity: &Entity, indexes: &[usize]) -> String {
    format!("CONSTRAINT {} UNIQUE ({})", identifier(name), list(entity, indexes))
}

/// Values of an enumeration, quoted.
fn values(context: &Context<'_>, kind: &ColumnKind) -> Vec<String> {
    let ColumnKind::Enumeration(id) = kind else {
        return Vec::new();
    };
    match &context.model.type_def(*id).shape {
        Shape::Enumeration(list) => list.values.iter().filter_map(Value::as_str).map(string).collect(),
        _ => Vec::new(),
    }
}

/// `"a", "b"`
fn list(entity: &Entity, indexes: &[usize]) -> String {
    let names: Vec<String> = columns(entity, indexes)
        .iter()
        .map(|column| identifier(&column.name))
        .collect();
    names.join(", ")
}

/// A name in quotes. Neither database can hold a NUL in one.
fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('\0', "").replace('"', "\"\""))
}

/// A text in quotes.
fn string(text: &str) -> String {
    format!("'{}'", text.replace('\0', "").replace('\'', "''"))
}
