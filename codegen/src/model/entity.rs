//! Entities: what is stored, in which tables; and lifecycles, the ways their state may change.
//!
//! Owns: tables, columns, keys, references, state machines. Must not know: any SQL dialect or ORM.

use super::name::Name;
use super::types::{Docs, Type, TypeId};
use crate::diagnostics::Place;
use crate::tree::Value;

/// How long a name may be for a database to keep it, in bytes. Postgres cuts longer ones off, so that two of them may become one.
pub(crate) const LONGEST_NAME: usize = 63;

/// A name that a database keeps whole: a long one ends in a digest of itself instead.
pub(crate) fn shortened(name: &str) -> String {
    if name.len() <= LONGEST_NAME {
        return name.to_owned();
    }
    let digest = blake3::hash(name.as_bytes()).to_hex();
    let mut end = LONGEST_NAME - 9;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    let digest = digest.get(..8).unwrap_or_default();
    format!("{}_{digest}", name.get(..end).unwrap_or_default())
}

/// Index of an entity in `Model::entities`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityId(pub(crate) u32);

impl EntityId {
    /// Position in `Model::entities`.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A stored thing: one table.
#[derive(Debug, Clone, PartialEq)]
pub struct Entity {
    /// Name of its schema.
    pub name: Name,
    /// Its type: always a record.
    pub ty: TypeId,
    /// Name of its table; unique.
    pub table: String,
    /// Columns in the order of the fields.
    pub columns: Vec<Column>,
    /// Columns of the primary key, as indexes into `columns`; at least one.
    pub primary_key: Vec<usize>,
    /// Indexes, unique ones of several columns included.
    pub indexes: Vec<Index>,
    /// References to other tables, single-column ones included.
    pub foreign_keys: Vec<ForeignKey>,
    /// Index into `Model::lifecycles`.
    pub lifecycle: Option<usize>,
    /// Not part of the public API.
    pub internal: bool,
    /// Words about it.
    pub docs: Docs,
    /// Where it was written.
    pub place: Place,
}

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The field's name on the wire.
    pub field: String,
    /// The field's name as words.
    pub field_name: Name,
    /// Name in the table; unique there.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
    /// The type of the field, for typed JSON columns.
    pub ty: Type,
    /// May be null.
    pub nullable: bool,
    /// No two rows have the same value.
    pub unique: bool,
    /// Value of rows that say nothing.
    pub default: Option<ColumnDefault>,
    /// Holds a secret.
    pub secret: bool,
    /// Words about it.
    pub docs: Docs,
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnKind {
    /// An id.
    Uuid,
    /// A moment, with its offset normalised.
    Timestamp,
    /// A day.
    Date,
    /// 32-bit whole number.
    Integer,
    /// 64-bit whole number.
    BigInteger,
    /// Floating-point number.
    Double,
    /// Exact decimal number.
    Decimal,
    /// Truth value.
    Boolean,
    /// String.
    Text,
    /// One of the values of an enumeration of strings.
    Enumeration(TypeId),
    /// Bytes.
    Bytes,
    /// Any JSON.
    Json,
}

/// Value of a column that an insert does not mention.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnDefault {
    /// The moment of the insert.
    Now,
    /// A fresh random id.
    Uuid,
    /// This value.
    Literal(Value),
}

/// An index over columns of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its name; unique in the database.
    pub name: String,
    /// Indexes into `Entity::columns`; at least one.
    pub columns: Vec<usize>,
    /// No two rows agree in all of them.
    pub unique: bool,
}

/// A reference to rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// Indexes into `Entity::columns`.
    pub columns: Vec<usize>,
    /// The table referred to.
    pub entity: EntityId,
    /// Indexes into that entity's columns, as many as `columns`.
    pub fields: Vec<usize>,
    /// What happens to this row when the other goes.
    pub on_delete: OnDelete,
}

/// What happens to a row when the row it refers to is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the variants are SQL's own words")]
pub enum OnDelete {
    NoAction,
    Restrict,
    Cascade,
    SetNull,
}

/// The ways in which the state of a thing may change.
#[derive(Debug, Clone, PartialEq)]
pub struct Lifecycle {
    /// Name of the schema it belongs to.
    pub name: Name,
    /// That schema's type.
    pub ty: TypeId,
    /// The field that holds the state, on the wire.
    pub field: String,
    /// The enumeration of states.
    pub state_type: TypeId,
    /// States, in the order of the enumeration.
    pub states: Vec<String>,
    /// Where it begins.
    pub initial: String,
    /// What may happen, one entry a (from, on) pair.
    pub transitions: Vec<Transition>,
    /// Other rules for some instances.
    pub variants: Vec<LifecycleVariant>,
    /// Where it was written.
    pub place: Place,
}

/// One permitted change of state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// State before.
    pub from: String,
    /// State after.
    pub to: String,
    /// The event that causes it.
    pub on: String,
}

/// A lifecycle for the instances that match a condition.
#[derive(Debug, Clone, PartialEq)]
pub struct LifecycleVariant {
    /// Its name.
    pub name: Name,
    /// Fields and the values that select it.
    pub when: Vec<(String, Value)>,
    /// Where it begins.
    pub initial: String,
    /// What may happen.
    pub transitions: Vec<Transition>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_stay_apart_when_postgres_would_cut_them() {
        let long = "a".repeat(70);
        let one = shortened(&format!("{long}_one"));
        let two = shortened(&format!("{long}_two"));
        assert_eq!((one.len(), two.len()), (63, 63));
        assert_ne!(one, two);
        assert_eq!(shortened("projects_id_fk"), "projects_id_fk");
        assert!(shortened(&"é".repeat(40)).len() <= LONGEST_NAME);
    }
}
