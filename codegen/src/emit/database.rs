//! Names of what a database holds beside tables and columns: constraints and enumerations.
//!
//! Owns: those names, for every target that writes tables, so that all of them make the same database. Must not know: any
//! target's language, how statements are written.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::entity::shortened;
use crate::model::{Case, Column, ColumnKind, Entity, ForeignKey, Model, Name, TypeId};

/// Enumerations that columns have, in the order of their types, and what the database calls each.
pub(super) fn enumerations(model: &Model) -> BTreeMap<TypeId, String> {
    // A table is a type too: no enumeration may have its name.
    let mut taken: BTreeSet<String> = model.entities.iter().map(|entity| entity.table.clone()).collect();
    let mut found = BTreeMap::new();
    for column in model.entities.iter().flat_map(|entity| &entity.columns) {
        let ColumnKind::Enumeration(id) = column.kind else {
            continue;
        };
        found.entry(id).or_insert_with(|| {
            let snake = model.type_def(id).name.to(Case::Snake);
            let mut number = 1;
            let mut stored = shortened(&snake);
            while !taken.insert(stored.clone()) {
                number += 1;
                stored = shortened(&format!("{snake}_{number}"));
            }
            stored
        });
    }
    found
}

/// Names of columns by their indexes.
pub(super) fn columns<'e>(entity: &'e Entity, indexes: &[usize]) -> Vec<&'e Column> {
    indexes.iter().filter_map(|index| entity.columns.get(*index)).collect()
}

/// Name of a constraint over columns of a table: `environments_project_id_name_fk`.
pub(super) fn constraint(entity: &Entity, indexes: &[usize], end: &str) -> String {
    let columns: Vec<&str> = columns(entity, indexes)
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    shortened(&format!("{}_{}_{end}", entity.table, columns.join("_")))
}

/// Name of a reference: of one column with both its ends, as Drizzle has it; else, or when that is too long, with its own columns
/// alone, unless other references have the same.
pub(super) fn reference(model: &Model, entity: &Entity, key: &ForeignKey) -> String {
    if let Some(name) = inline_reference(model, entity, key) {
        return name;
    }
    let alike = entity.foreign_keys.iter().filter(|other| other.columns == key.columns);
    match model.entities.get(key.entity.index()) {
        Some(target) if alike.count() > 1 => {
            let fields: Vec<&str> = columns(target, &key.fields)
                .iter()
                .map(|column| column.name.as_str())
                .collect();
            constraint(
                entity,
                &key.columns,
                &format!("{}_{}_fk", target.table, fields.join("_")),
            )
        }
        _ => constraint(entity, &key.columns, "fk"),
    }
}

/// The name of a reference that can stand at its column: there is one column, one reference from it, and its name is not too
/// long for Postgres.
pub(super) fn inline_reference(model: &Model, entity: &Entity, key: &ForeignKey) -> Option<String> {
    let ([own], [theirs]) = (key.columns.as_slice(), key.fields.as_slice()) else {
        return None;
    };
    let target = model.entities.get(key.entity.index())?;
    let (own_column, theirs) = (entity.columns.get(*own)?, target.columns.get(*theirs)?);
    let name = format!(
        "{}_{}_{}_{}_fk",
        entity.table, own_column.name, target.table, theirs.name
    );
    let of_column = entity
        .foreign_keys
        .iter()
        .filter(|other| other.columns == [*own])
        .count();
    (of_column == 1 && shortened(&name) == name).then_some(name)
}

/// What a reference of one column leads to: the column without its `Id`; of several columns, what the other schema is called.
pub(super) fn leads_to(entity: &Entity, key: &ForeignKey, target: &Entity) -> Name {
    if let [only] = columns(entity, &key.columns).as_slice() {
        let words = only.field_name.words();
        if let Some((last, rest)) = words.split_last()
            && last == "id"
            && !rest.is_empty()
        {
            return Name::new(&rest.join(" "));
        }
    }
    target.name.clone()
}
