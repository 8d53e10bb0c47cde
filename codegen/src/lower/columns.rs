//! Kinds of columns: what a table holds for a type.
//!
//! Owns: the kind of each type, and which literals fit it. Must not know: names, keys, any SQL dialect.

use crate::model::{ColumnKind, Kind, Model, Shape, TextFormat, Type, is_uuid};
use crate::tree::Value;

/// What a column of a type holds. Aliases have been followed.
pub(super) fn column_kind(model: &Model, ty: &Type) -> ColumnKind {
    match &ty.kind {
        Kind::Boolean => ColumnKind::Boolean,
        Kind::Integer { narrow: true } => ColumnKind::Integer,
        Kind::Integer { narrow: false } => ColumnKind::BigInteger,
        Kind::Number => ColumnKind::Double,
        Kind::Text(format) => match format {
            TextFormat::Uuid => ColumnKind::Uuid,
            TextFormat::DateTime => ColumnKind::Timestamp,
            TextFormat::Date => ColumnKind::Date,
            TextFormat::Decimal => ColumnKind::Decimal,
            TextFormat::Base64 | TextFormat::Bytes => ColumnKind::Bytes,
            _ => ColumnKind::Text,
        },
        Kind::Named(id) => match &model.type_def(*id).shape {
            Shape::Enumeration(enumeration) if enumeration.values.iter().all(Value::is_string) => {
                ColumnKind::Enumeration(*id)
            }
            Shape::Enumeration(_) => ColumnKind::BigInteger,
            _ => ColumnKind::Json,
        },
        Kind::Literals(values) if values.iter().all(Value::is_string) => ColumnKind::Text,
        Kind::Literals(values) if values.iter().all(Value::is_boolean) => ColumnKind::Boolean,
        Kind::Literals(values) if values.iter().all(Value::is_i64) => ColumnKind::BigInteger,
        _ => ColumnKind::Json,
    }
}

/// Whether a literal can stand in a column.
pub(super) fn fits(model: &Model, value: &Value, kind: &ColumnKind) -> bool {
    match kind {
        ColumnKind::Boolean => value.is_boolean(),
        ColumnKind::Integer | ColumnKind::BigInteger => value.is_i64(),
        ColumnKind::Double => value.is_number(),
        ColumnKind::Enumeration(id) => match &model.type_def(*id).shape {
            Shape::Enumeration(enumeration) => enumeration.values.contains(value),
            _ => false,
        },
        ColumnKind::Json => true,
        ColumnKind::Bytes => false,
        ColumnKind::Uuid => value.as_str().is_some_and(is_uuid),
        ColumnKind::Timestamp | ColumnKind::Date | ColumnKind::Decimal | ColumnKind::Text => value.is_string(),
    }
}
