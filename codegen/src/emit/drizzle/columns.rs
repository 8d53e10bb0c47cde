//! Columns: kinds, defaults and what is said about one column alone.
//!
//! Owns: the expression of a column. Must not know: constraints of several columns.

use std::collections::BTreeSet;

use super::{Context, PG};
use crate::emit::typescript::imports::Imports;
use crate::emit::typescript::layout::{Item, Layout};
use crate::emit::typescript::text::string;
use crate::emit::typescript::types;
use crate::model::{Column, ColumnDefault, ColumnKind, Kind, TypeId};
use crate::tree::Value;

/// The column up to its default: `text('name').notNull()`. `primary`: it alone is the primary key.
pub(super) fn column(
    context: &Context<'_>,
    column: &Column,
    primary: bool,
    imports: &mut Imports,
    mentioned: &mut BTreeSet<TypeId>,
) -> Layout {
    let name = Layout::text(string(&column.name));
    let mut call = |function: &'static str, mode: Option<&'static str>| {
        imports.value(PG, function);
        let mode = mode.map(|mode| Layout::object(vec![Item::member("mode", Layout::text(mode))]));
        Layout::call(function, std::iter::once(name.clone()).chain(mode).collect())
    };
    let mut text = match column.kind {
        ColumnKind::Uuid => call("uuid", None),
        // These two are the module's own.
        ColumnKind::Timestamp => Layout::call("timestamptz", vec![name]),
        ColumnKind::Bytes => Layout::call("bytea", vec![name]),
        ColumnKind::Date => call("date", Some("'string'")),
        ColumnKind::Integer => call("integer", None),
        ColumnKind::BigInteger => call("bigint", Some("'number'")),
        ColumnKind::Double => call("doublePrecision", None),
        ColumnKind::Decimal => call("numeric", None),
        ColumnKind::Boolean => call("boolean", None),
        ColumnKind::Text => call("text", None),
        ColumnKind::Enumeration(id) => Layout::call(context.names.enumeration(id), vec![name]),
        ColumnKind::Json => {
            let text = call("jsonb", None);
            let mut ty = column.ty.clone();
            // The column says by itself whether it may be null.
            ty.nullable = false;
            let spelt = types::spell(context.ts, &ty, &mut |id| {
                mentioned.insert(id);
                let from = match context.zod {
                    true => format!("../zod/{}.js", context.ts.module(id)),
                    false => "./types.js".to_owned(),
                };
                imports.ty(&from, context.ts.type_name(id));
            });
            text.then_of("$type", spelt)
        }
    };
    if primary {
        text = text.then("primaryKey", Vec::new());
    } else if !column.nullable {
        text = text.then("notNull", Vec::new());
    }
    let default = column.default.as_ref();
    match default.and_then(|default| spelt_default(column, default, imports)) {
        Some((method, argument)) => text.then(method, argument.into_iter().collect()),
        None => text,
    }
}

/// A default that fits the column, as the name of a method and its argument; others have been told by the checks and are left
/// out.
fn spelt_default(
    column: &Column,
    default: &ColumnDefault,
    imports: &mut Imports,
) -> Option<(&'static str, Option<Layout>)> {
    let sql = |text: String, imports: &mut Imports| {
        imports.value("drizzle-orm", "sql");
        Some(("default", Some(Layout::text(text))))
    };
    let literal = match (default, &column.kind) {
        (ColumnDefault::Uuid, ColumnKind::Uuid) => return Some(("defaultRandom", None)),
        (ColumnDefault::Now, ColumnKind::Date) => return Some(("defaultNow", None)),
        (ColumnDefault::Now, ColumnKind::Timestamp) => return sql("sql`now()`".to_owned(), imports),
        (ColumnDefault::Uuid, ColumnKind::Text) => return sql("sql`gen_random_uuid()::text`".to_owned(), imports),
        (ColumnDefault::Literal(literal), _) => literal,
        _ => return None,
    };
    let fits = match (&column.kind, literal) {
        // Stored as `null`, which is what no default means.
        (_, Value::Null) => false,
        (ColumnKind::Json, _) => true,
        (ColumnKind::Boolean, literal) => literal.is_boolean(),
        (ColumnKind::Integer | ColumnKind::BigInteger, literal) => literal.is_i64() || literal.is_u64(),
        (ColumnKind::Double, literal) => literal.is_number(),
        (ColumnKind::Decimal, Value::Number(number)) => {
            return Some(("default", Some(Layout::text(format!("'{number}'")))));
        }
        // Stored bytes are not what the text says.
        (ColumnKind::Bytes, _) => false,
        (_, literal) => literal.is_string(),
    };
    if !fits {
        return None;
    }
    match (&column.kind, &column.ty.kind, literal) {
        (ColumnKind::Json, Kind::List(_), Value::Array(items)) if items.is_empty() => {}
        (ColumnKind::Json, Kind::Map(_), Value::Object(members)) if members.is_empty() => {}
        // As SQL: drizzle-kit leaves quotes inside JSON as they are.
        (ColumnKind::Json, ..) => {
            let quoted = literal.to_string().replace('\'', "''");
            return sql(format!("sql.raw({})", string(&format!("'{quoted}'::jsonb"))), imports);
        }
        _ => {}
    }
    Some(("default", Some(Layout::value(literal))))
}
