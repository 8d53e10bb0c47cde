//! Tables: what is kept, and what a migration would do to it.
//!
//! Owns: columns, keys, indexes and references. Must not know: any dialect of SQL.

use super::change::Subject;
use super::comparison::Comparison;
use super::rules;
use super::spot::{Direction, Spot};
use crate::model::{Column, ColumnDefault, ColumnKind, Entity, Index, Model, OnDelete, Shape, TypeDef};
use crate::pointer::below;

impl Comparison<'_> {
    /// Every table.
    pub(super) fn tables(&mut self) {
        let (before, after) = (self.before.model, self.after.model);
        let mut found = Vec::new();
        for old in &before.entities {
            let pair = self.pairs.schemas.get(&old.ty);
            match after.entities.iter().find(|now| pair == Some(&now.ty)) {
                Some(now) => {
                    found.push(now.ty);
                    self.table(old, now);
                }
                None => {
                    let def = before.type_def(old.ty);
                    let message = format!("the table `{}` was removed", old.table);
                    self.removed(&rules::TABLE_REMOVED, &spot(old, def, def), message, None);
                }
            }
        }
        for now in after.entities.iter().filter(|now| !found.contains(&now.ty)) {
            let def = after.type_def(now.ty);
            let message = format!("the table `{}` was added", now.table);
            self.added(&rules::TABLE_ADDED, &spot(now, def, def), message, None);
        }
    }

    fn table(&mut self, before: &Entity, after: &Entity) {
        let (old, now) = (
            self.before.model.type_def(before.ty),
            self.after.model.type_def(after.ty),
        );
        let spot = &spot(after, old, now);
        if before.table != after.table {
            let (old, now) = (before.table.clone(), after.table.clone());
            let message = format!("the table is called `{now}` now, it was `{old}`");
            self.changed(&rules::TABLE_RENAMED, spot, message, old, now);
        }
        let at = |column: &Column| {
            let key = below("/properties", &column.field);
            spot.moved(
                Some(&format!("{}{key}", old.pointer)),
                Some(&format!("{}{key}", now.pointer)),
            )
        };
        for old in &before.columns {
            if !after.columns.iter().any(|now| now.field == old.field) {
                let message = format!("the column `{}` was removed", old.name);
                self.removed(&rules::COLUMN_REMOVED, &at(old), message, None);
            }
        }
        for now in &after.columns {
            let spot = &at(now);
            let Some(old) = before.columns.iter().find(|old| old.field == now.field) else {
                let (rule, message) = match now.nullable || now.default.is_some() {
                    true => (&rules::COLUMN_ADDED, format!("the column `{}` was added", now.name)),
                    false => (
                        &rules::COLUMN_ADDED_REQUIRED,
                        format!("the column `{}` was added, without a default and not null", now.name),
                    ),
                };
                self.added(rule, spot, message, None);
                continue;
            };
            self.column(old, now, spot);
        }
        self.keys(before, after, spot);
    }

    fn column(&mut self, before: &Column, after: &Column, spot: &Spot) {
        let name = &after.name;
        if before.name != after.name {
            let message = format!("the column is called `{name}` now, it was `{}`", before.name);
            self.changed(&rules::COLUMN_RENAMED, spot, message, before.name.clone(), name.clone());
        }
        let (old, now) = (kind(&before.kind), kind(&after.kind));
        if old != now {
            let rule = match holds(&after.kind, &before.kind) {
                true => &rules::COLUMN_TYPE_WIDENED,
                false => &rules::COLUMN_TYPE,
            };
            let message = format!("the column `{name}` is {now} now, it was {old}");
            self.changed(rule, spot, message, old.to_owned(), now.to_owned());
        }
        let lost: Vec<String> = values(self.before.model, &before.kind)
            .into_iter()
            .filter(|value| old == now && !values(self.after.model, &after.kind).contains(value))
            .collect();
        if !lost.is_empty() {
            let lost = lost.join(", ");
            let message = format!("the column `{name}` may not be {lost} any more");
            self.removed(&rules::COLUMN_VALUES_REMOVED, spot, message, Some(lost));
        }
        match (before.nullable, after.nullable) {
            (true, false) => self.said(
                &rules::COLUMN_NOT_NULL,
                spot,
                format!("the column `{name}` may not be null any more"),
            ),
            (false, true) => self.said(
                &rules::COLUMN_NULLABLE,
                spot,
                format!("the column `{name}` may be null now"),
            ),
            _ => {}
        }
        if before.default != after.default {
            let (old, now) = (default(before), default(after));
            let message = format!("the default of the column `{name}` is {now} now, it was {old}");
            self.changed(&rules::COLUMN_DEFAULT, spot, message, old, now);
        }
        match (before.unique, after.unique) {
            (false, true) => self.said(
                &rules::UNIQUE_ADDED,
                spot,
                format!("no two rows may agree in `{name}` now"),
            ),
            (true, false) => self.said(&rules::UNIQUE_REMOVED, spot, format!("rows may agree in `{name}` now")),
            _ => {}
        }
    }

    fn keys(&mut self, before: &Entity, after: &Entity, spot: &Spot) {
        let (old, now) = (fields(before, &before.primary_key), fields(after, &after.primary_key));
        if old != now {
            let message = format!("the primary key is {now} now, it was {old}");
            self.changed(&rules::TABLE_KEY, spot, message, old, now);
        }
        let indexes = |entity: &Entity, unique: bool| -> Vec<String> {
            let of = |index: &&Index| index.unique == unique;
            let found = entity.indexes.iter().filter(of);
            found.map(|index| fields(entity, &index.columns)).collect()
        };
        for unique in [true, false] {
            let (old, now) = (indexes(before, unique), indexes(after, unique));
            let (removed, added, what) = match unique {
                true => (&rules::UNIQUE_REMOVED, &rules::UNIQUE_ADDED, "unique index"),
                false => (&rules::INDEX_REMOVED, &rules::INDEX_ADDED, "index"),
            };
            for index in old.iter().filter(|index| !now.contains(index)) {
                let message = format!("the {what} over {index} was removed");
                self.removed(removed, spot, message, Some(index.clone()));
            }
            for index in now.iter().filter(|index| !old.contains(index)) {
                let message = format!("the {what} over {index} was added");
                self.added(added, spot, message, Some(index.clone()));
            }
        }
        // A reference is the same when it leads to the same schema, whatever that and its table are called now.
        let references = |model: &Model, entity: &Entity| -> Vec<(String, OnDelete)> {
            let keys = entity.foreign_keys.iter();
            keys.filter_map(|key| {
                let other = model.entities.get(key.entity.index())?;
                let now = self
                    .pairs
                    .schemas
                    .get(&other.ty)
                    .filter(|_| std::ptr::eq(model, self.before.model));
                let name = now.map_or(&other.name, |now| &self.after.model.type_def(*now).name);
                let (from, to) = (fields(entity, &key.columns), fields(other, &key.fields));
                Some((format!("from {from} to {to} of `{}`", name.raw), key.on_delete))
            })
            .collect()
        };
        let (old, now) = (
            references(self.before.model, before),
            references(self.after.model, after),
        );
        for (words, on_delete) in &old {
            match now.iter().find(|(other, _)| other == words) {
                None => {
                    let message = format!("the reference {words} was removed");
                    self.removed(&rules::REFERENCE_REMOVED, spot, message, Some(words.clone()));
                }
                Some((_, other)) if other != on_delete => {
                    let (old, now) = (word(*on_delete), word(*other));
                    let message = format!("on delete, the reference {words} is {now} now, it was {old}");
                    self.changed(
                        &rules::REFERENCE_ON_DELETE,
                        spot,
                        message,
                        old.to_owned(),
                        now.to_owned(),
                    );
                }
                Some(_) => {}
            }
        }
        for (words, _) in now
            .iter()
            .filter(|(words, _)| !old.iter().any(|(other, _)| other == words))
        {
            let message = format!("the reference {words} was added");
            self.added(&rules::REFERENCE_ADDED, spot, message, Some(words.clone()));
        }
    }
}

fn spot(entity: &Entity, before: &TypeDef, after: &TypeDef) -> Spot {
    let subject = Subject::Table {
        name: entity.table.clone(),
    };
    let pointer = |def: &TypeDef| format!("{}/x-flaresmith/table", def.pointer);
    Spot::new(subject, &pointer(before), &pointer(after), Direction::BOTH)
}

/// Columns by their fields: those keep their names when columns do not.
fn fields(entity: &Entity, columns: &[usize]) -> String {
    let names = columns.iter().filter_map(|i| entity.columns.get(*i));
    let names: Vec<String> = names.map(|column| format!("`{}`", column.field)).collect();
    names.join(", ")
}

fn kind(kind: &ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Uuid => "an id",
        ColumnKind::Timestamp => "a moment",
        ColumnKind::Date => "a day",
        ColumnKind::Integer => "an integer of 32 bits",
        ColumnKind::BigInteger => "an integer of 64 bits",
        ColumnKind::Double => "a number",
        ColumnKind::Decimal => "a decimal number",
        ColumnKind::Boolean => "a boolean",
        ColumnKind::Text => "a text",
        ColumnKind::Enumeration(_) => "an enumeration",
        ColumnKind::Bytes => "bytes",
        ColumnKind::Json => "JSON",
    }
}

/// Whether everything of one kind fits into another, and a database converts it by itself.
fn holds(wide: &ColumnKind, narrow: &ColumnKind) -> bool {
    matches!(
        (narrow, wide),
        (ColumnKind::Integer, ColumnKind::BigInteger | ColumnKind::Decimal)
            | (ColumnKind::BigInteger, ColumnKind::Decimal)
            | (ColumnKind::Integer, ColumnKind::Double)
    )
}

fn values(model: &Model, kind: &ColumnKind) -> Vec<String> {
    let ColumnKind::Enumeration(id) = kind else {
        return Vec::new();
    };
    match &model.type_def(*id).shape {
        Shape::Enumeration(list) => list.values.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}

fn default(column: &Column) -> String {
    match &column.default {
        None => "none".to_owned(),
        Some(ColumnDefault::Now) => "the moment of the insert".to_owned(),
        Some(ColumnDefault::Uuid) => "a fresh id".to_owned(),
        Some(ColumnDefault::Literal(value)) => value.to_string(),
    }
}

fn word(on_delete: OnDelete) -> &'static str {
    match on_delete {
        OnDelete::NoAction => "noAction",
        OnDelete::Restrict => "restrict",
        OnDelete::Cascade => "cascade",
        OnDelete::SetNull => "setNull",
    }
}
