//! Columns: kinds, defaults and what is said about one column alone.
//!
//! Owns: the expression of a column. Must not know: constraints of several columns.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Context, PG};
use crate::emit::typescript::imports::Imports;
use crate::emit::typescript::text::{string, value};
use crate::emit::typescript::types;
use crate::model::{Column, ColumnDefault, ColumnKind, Kind, TypeId};

/// The column up to its default: `text('name').notNull()`. `primary`: it alone is the primary key.
pub(super) fn column(
    context: &Context<'_>,
    column: &Column,
    primary: bool,
    imports: &mut Imports,
    mentioned: &mut BTreeSet<TypeId>,
) -> String {
    let name = string(&column.name);
    let mut call = |function: &'static str, options: &str| {
        imports.value(PG, function);
        format!("{function}({name}{options})")
    };
    let mut text = match column.kind {
        ColumnKind::Uuid => call("uuid", ""),
        // These two are the module's own.
        ColumnKind::Timestamp => format!("timestamptz({name})"),
        ColumnKind::Bytes => format!("bytea({name})"),
        ColumnKind::Date => call("date", ", { mode: 'string' }"),
        ColumnKind::Integer => call("integer", ""),
        ColumnKind::BigInteger => call("bigint", ", { mode: 'number' }"),
        ColumnKind::Double => call("doublePrecision", ""),
        ColumnKind::Decimal => call("numeric", ""),
        ColumnKind::Boolean => call("boolean", ""),
        ColumnKind::Text => call("text", ""),
        ColumnKind::Enumeration(id) => format!("{}({name})", context.names.enumeration(id)),
        ColumnKind::Json => {
            let mut text = call("jsonb", "");
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
            text.push_str(&format!(".$type<{spelt}>()"));
            text
        }
    };
    if primary {
        text.push_str(".primaryKey()");
    } else if !column.nullable {
        text.push_str(".notNull()");
    }
    if let Some(default) = column
        .default
        .as_ref()
        .and_then(|default| spelt_default(column, default, imports))
    {
        text.push_str(&default);
    }
    text
}

/// A default that fits the column; others have been told by the checks and are left out.
fn spelt_default(column: &Column, default: &ColumnDefault, imports: &mut Imports) -> Option<String> {
    let literal = match (default, &column.kind) {
        (ColumnDefault::Uuid, ColumnKind::Uuid) => return Some(".defaultRandom()".to_owned()),
        (ColumnDefault::Now, ColumnKind::Date) => return Some(".defaultNow()".to_owned()),
        (ColumnDefault::Now, ColumnKind::Timestamp) => {
            imports.value("drizzle-orm", "sql");
            return Some(".default(sql`now()`)".to_owned());
        }
        (ColumnDefault::Uuid, ColumnKind::Text) => {
            imports.value("drizzle-orm", "sql");
            return Some(".default(sql`gen_random_uuid()::text`)".to_owned());
        }
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
        (ColumnKind::Decimal, Value::Number(number)) => return Some(format!(".default('{number}')")),
        // Stored bytes are not what the text says.
        (ColumnKind::Bytes, _) => false,
        (_, literal) => literal.is_string(),
    };
    fits.then(|| match (&column.kind, &column.ty.kind, literal) {
        (ColumnKind::Json, Kind::List(_), Value::Array(items)) if items.is_empty() => ".default([])".to_owned(),
        (ColumnKind::Json, Kind::Map(_), Value::Object(members)) if members.is_empty() => ".default({})".to_owned(),
        // As SQL: drizzle-kit leaves quotes inside JSON as they are.
        (ColumnKind::Json, ..) => {
            imports.value("drizzle-orm", "sql");
            let quoted = literal.to_string().replace('\'', "''");
            format!(".default(sql.raw({}))", string(&format!("'{quoted}'::jsonb")))
        }
        _ => format!(".default({})", value(literal)),
    })
}
