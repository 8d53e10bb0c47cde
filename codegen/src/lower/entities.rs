//! Entities: tables written on schemas.
//!
//! Owns: columns, keys, indexes, references, and whether a database could have them. Must not know: any SQL dialect beyond
//! what the word "table" means, lifecycles.

use std::collections::{BTreeMap, BTreeSet};

use super::columns::{column_kind, fits};
use super::drafts::{Draft, Written, looked_at};
use super::node::{Node, lookup};
use crate::diagnostics::{Diagnostic, Diagnostics, Place, extension as codes, nearest};
use crate::model::entity::{LONGEST_NAME, shortened};
use crate::model::{
    Case, Column, ColumnDefault, ColumnKind, Entity, EntityId, Field, ForeignKey, Index, Kind, Model, OnDelete, Record,
    Shape, TextFormat, TypeId,
};
use crate::openapi::Bundle;
use crate::openapi::extension::{
    self, ColumnExtension, ColumnWord, KEY, OnDeleteWord, SchemaExtension, TableExtension,
};
use crate::pointer::below;
use crate::revisions::unit_of;
use crate::tree::Value;

/// How far included schemas are looked through for a property.
const DEPTH: usize = 16;

/// Positions of the types that may have a table or a lifecycle.
pub(super) fn candidates(bundle: &Bundle, model: &Model) -> Vec<usize> {
    let types = model.types.iter().enumerate();
    types
        .filter(|(_, def)| is_candidate(bundle, &def.pointer))
        .map(|(i, _)| i)
        .collect()
}

/// Whether the schema at a pointer says something of its table or of its lifecycle.
pub(super) fn says(bundle: &Bundle, pointer: &str, word: &str) -> bool {
    let extension = lookup(&bundle.document, pointer).and_then(|schema| schema.get(KEY));
    extension.is_some_and(|extension| extension.get(word).is_some())
}

/// Whether the schema at a pointer says anything that a table or a lifecycle could be in.
pub(super) fn is_candidate(bundle: &Bundle, pointer: &str) -> bool {
    lookup(&bundle.document, pointer).is_some_and(|schema| schema.get(KEY).is_some())
}

/// Reads what schemas say of tables.
pub(super) struct Reader<'a> {
    pub(super) bundle: &'a Bundle,
    pub(super) model: &'a Model,
    pub(super) diagnostics: &'a mut Diagnostics,
    /// Units that were looked at since the last table began.
    pub(super) units: BTreeSet<String>,
}

impl Reader<'_> {
    /// A table as its schema has it, at the pointer of its extension. It refers to nothing yet.
    pub(super) fn draft(&mut self, id: TypeId, said: TableExtension, at: &str) -> Option<Draft> {
        let def = self.model.type_def(id);
        let Shape::Record(record) = &def.shape else {
            self.tell(
                &below(at, "table"),
                "only an object with properties can be a table".to_owned(),
                None,
            );
            return None;
        };
        let table = said
            .name
            .clone()
            .unwrap_or_else(|| shortened(&plural(&def.name.to(Case::Snake))));
        self.units.clear();
        let mut columns = Vec::new();
        let mut references = Vec::new();
        let mut indexes = Vec::new();
        for field in &record.fields {
            let pointer = self.property(&def.pointer, &field.wire, 0);
            let value = pointer
                .as_deref()
                .and_then(|pointer| lookup(&self.bundle.document, &below(pointer, KEY)));
            let extension: SchemaExtension = extension::read(value);
            let said = match extension.column {
                Some(ColumnWord::Name(name)) => ColumnExtension {
                    name: Some(name),
                    ..ColumnExtension::default()
                },
                Some(ColumnWord::Full(full)) => full,
                None => ColumnExtension::default(),
            };
            if said.skip {
                continue;
            }
            let column = self.column(field, &said, pointer.as_deref().unwrap_or(at));
            if said.index && !said.unique {
                indexes.push(Index {
                    name: shortened(&format!("{table}_{}_idx", column.name)),
                    columns: vec![columns.len()],
                    unique: false,
                });
            }
            columns.push(column);
            references.push(extension.references);
        }
        self.demand_names(&table, &columns, at);
        self.tell_repeated_columns(&columns, at);
        let primary_key = self.primary_key(&said, &columns, record, at);
        self.indexes(&said, &columns, &table, at, &mut indexes);
        Some(Draft {
            entity: Entity {
                name: def.name.clone(),
                ty: id,
                table,
                columns,
                primary_key,
                indexes,
                foreign_keys: Vec::new(),
                lifecycle: None,
                internal: def.internal,
                docs: def.docs.clone(),
                place: def.place.clone(),
            },
            written: Written {
                said,
                references,
                at: below(at, "table"),
                types: looked_at(self.model, id),
                units: std::mem::take(&mut self.units),
            },
        })
    }

    /// Where a property of a schema is written: in the schema itself, or in one that it includes.
    fn property(&mut self, schema: &str, wire: &str, depth: usize) -> Option<String> {
        if depth > DEPTH {
            return None;
        }
        let unit = unit_of(schema);
        if !self.units.contains(unit) {
            self.units.insert(unit.to_owned());
        }
        let node = Node {
            at: schema.to_owned(),
            value: lookup(&self.bundle.document, schema)?,
        };
        if let Some(found) = node.get("properties").and_then(|properties| properties.get(wire)) {
            return Some(found.at);
        }
        if let Some(target) = node.reference()
            && let Some(found) = self.property(target, wire, depth + 1)
        {
            return Some(found);
        }
        let parts = node.get("allOf")?;
        parts.items().find_map(|part| self.property(&part.at, wire, depth + 1))
    }

    fn column(&mut self, field: &Field, said: &ColumnExtension, at: &str) -> Column {
        let (ty, _) = self.model.resolve(&field.ty);
        let kind = column_kind(self.model, ty);
        let default = match &said.default {
            Some(Value::String(word)) if word == "now" && matches!(kind, ColumnKind::Timestamp | ColumnKind::Date) => {
                Some(ColumnDefault::Now)
            }
            Some(Value::String(word)) if word == "uuid" && kind == ColumnKind::Uuid => Some(ColumnDefault::Uuid),
            Some(value) => {
                self.demand_fitting(value, &kind, &format!("{at}/{KEY}/column/default"));
                Some(ColumnDefault::Literal(value.clone()))
            }
            None => field
                .default
                .clone()
                .filter(|value| fits(self.model, value, &kind))
                .map(ColumnDefault::Literal),
        };
        Column {
            field: field.wire.clone(),
            field_name: field.name.clone(),
            name: (said.name.clone()).unwrap_or_else(|| shortened(&field.name.to(Case::Snake))),
            kind,
            ty: field.ty.clone(),
            nullable: !field.required || self.model.admits_null(&field.ty),
            unique: said.unique,
            default,
            secret: field.secret || ty.kind == Kind::Text(TextFormat::Password),
            docs: field.docs.clone(),
        }
    }

    fn demand_fitting(&mut self, value: &Value, kind: &ColumnKind, at: &str) {
        if !fits(self.model, value, kind) {
            let message = format!("{value} is no value of this column");
            let hint = match kind {
                ColumnKind::Timestamp | ColumnKind::Date => "write `now`, or a value of the column's type",
                ColumnKind::Uuid => "write `uuid`, or a value of the column's type",
                _ => "write a value of the column's type",
            };
            self.tell(at, message, Some(hint.to_owned()));
        }
    }

    fn primary_key(&mut self, said: &TableExtension, columns: &[Column], record: &Record, at: &str) -> Vec<usize> {
        if said.primary_key.is_empty() {
            if let Some(id) = columns.iter().position(|column| column.field == "id") {
                return vec![id];
            }
            let first = record.fields.first().map_or("id", |field| field.wire.as_str());
            let place = self.bundle.place(&below(at, "table"));
            self.diagnostics.push(
                Diagnostic::new(&codes::TABLE_KEY_MISSING, "the table has no primary key", place).hint(format!(
                    "write `primaryKey: [{first}]`, or give the schema a property `id`"
                )),
            );
            return Vec::new();
        }
        let at = format!("{at}/table/primaryKey");
        let key = self.positions(&said.primary_key, columns, &at);
        for column in key
            .iter()
            .filter_map(|i| columns.get(*i))
            .filter(|column| column.nullable)
        {
            let message = format!(
                "`{}` is part of the primary key but may be absent or null",
                column.field
            );
            let hint = format!("list `{}` under `required`, and do not let it be null", column.field);
            self.tell(&at, message, Some(hint));
        }
        key
    }

    fn indexes(&mut self, said: &TableExtension, columns: &[Column], table: &str, at: &str, found: &mut Vec<Index>) {
        let plain = said
            .indexes
            .iter()
            .map(|index| (&index.columns, index.unique, index.name.clone()));
        let unique = said.unique.iter().map(|list| (list, true, None));
        for (i, (fields, unique, name)) in plain.chain(unique).enumerate() {
            let at = match i.checked_sub(said.indexes.len()) {
                None => format!("{at}/table/indexes/{i}/columns"),
                Some(i) => format!("{at}/table/unique/{i}"),
            };
            let positions = self.positions(fields, columns, &at);
            if positions.is_empty() {
                continue;
            }
            let names: Vec<&str> = positions
                .iter()
                .filter_map(|i| columns.get(*i))
                .map(|column| column.name.as_str())
                .collect();
            let end = if unique { "key" } else { "idx" };
            let name = name.unwrap_or_else(|| shortened(&format!("{table}_{}_{end}", names.join("_"))));
            if found.iter().any(|known| known.name == name) {
                self.tell(&at, format!("there is an index `{name}` already"), None);
                continue;
            }
            found.push(Index {
                name,
                columns: positions,
                unique,
            });
        }
    }

    /// Properties as columns. Unknown ones are told and left out.
    fn positions(&mut self, fields: &[String], columns: &[Column], at: &str) -> Vec<usize> {
        let mut found = Vec::new();
        for (i, field) in fields.iter().enumerate() {
            match columns.iter().position(|column| column.field == *field) {
                Some(position) if found.contains(&position) => {
                    self.tell(&format!("{at}/{i}"), format!("`{field}` stands twice"), None);
                }
                Some(position) => found.push(position),
                None => {
                    let near = nearest(field, columns.iter().map(|column| column.field.as_str()));
                    let hint = near.map(|near| format!("did you mean `{near}`?"));
                    self.tell(&format!("{at}/{i}"), format!("there is no property `{field}`"), hint);
                }
            }
        }
        found
    }

    /// What a table refers to among all of them, whose positions `names` has.
    pub(super) fn foreign_keys(
        &mut self,
        own: &Entity,
        written: &Written,
        all: &[&Entity],
        names: &BTreeMap<&str, usize>,
    ) -> Vec<ForeignKey> {
        let mut found = Vec::new();
        for (i, reference) in written.references.iter().enumerate() {
            let (Some(reference), Some(column)) = (reference, own.columns.get(i)) else {
                continue;
            };
            let schema = written
                .at
                .trim_end_matches("/table")
                .trim_end_matches(KEY)
                .trim_end_matches('/');
            let property = self.property(schema, &column.field, 0).unwrap_or_default();
            let at = format!("{property}/{KEY}/references");
            let Some((entity, other)) = self.other(&reference.entity, all, names, &format!("{at}/entity")) else {
                continue;
            };
            let fields = match &reference.field {
                Some(field) => self.positions(std::slice::from_ref(field), &other.columns, &format!("{at}/field")),
                None => other.primary_key.clone(),
            };
            let key = ForeignKey {
                columns: vec![i],
                entity,
                fields,
                on_delete: on_delete(reference.on_delete),
            };
            found.extend(self.sound(key, own, other, &at));
        }
        for (i, reference) in written.said.references.iter().enumerate() {
            let at = format!("{}/references/{i}", written.at);
            let Some((entity, other)) = self.other(&reference.entity, all, names, &format!("{at}/entity")) else {
                continue;
            };
            let key = ForeignKey {
                columns: self.positions(&reference.columns, &own.columns, &format!("{at}/columns")),
                entity,
                fields: self.positions(&reference.fields, &other.columns, &format!("{at}/fields")),
                on_delete: on_delete(reference.on_delete),
            };
            found.extend(self.sound(key, own, other, &at));
        }
        found
    }

    fn other<'d>(
        &mut self,
        name: &str,
        all: &[&'d Entity],
        names: &BTreeMap<&str, usize>,
        at: &str,
    ) -> Option<(EntityId, &'d Entity)> {
        let position = names.get(name).copied();
        if let Some(entity) = position.and_then(|i| all.get(i)) {
            let id = EntityId(u32::try_from(position.unwrap_or(0)).unwrap_or(u32::MAX));
            return Some((id, entity));
        }
        let hint = match nearest(name, names.keys().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "a reference names a schema that has a `table`".to_owned(),
        };
        self.tell(at, format!("there is no table of a schema `{name}`"), Some(hint));
        None
    }

    /// A reference that a database would take.
    fn sound(&mut self, key: ForeignKey, own: &Entity, other: &Entity, at: &str) -> Option<ForeignKey> {
        if key.columns.is_empty() || key.columns.len() != key.fields.len() {
            let message = format!("{} columns refer to {}", key.columns.len(), key.fields.len());
            self.tell(at, message, Some("name as many properties on both sides".to_owned()));
            return None;
        }
        let single = |i: &usize| other.columns.get(*i).is_some_and(|column| column.unique);
        let same = |listed: &[usize]| listed.len() == key.fields.len() && listed.iter().all(|i| key.fields.contains(i));
        let distinct = same(&other.primary_key)
            || other.indexes.iter().any(|index| index.unique && same(&index.columns))
            || (key.fields.len() == 1 && key.fields.iter().all(single));
        if !distinct {
            let message = format!(
                "the properties of `{}` that are referred to are not unique",
                other.name.raw
            );
            self.tell(
                at,
                message,
                Some("refer to its primary key, or make them unique".to_owned()),
            );
            return None;
        }
        for (column, field) in key.columns.iter().zip(&key.fields) {
            let (Some(column), Some(field)) = (own.columns.get(*column), other.columns.get(*field)) else {
                continue;
            };
            if column.kind != field.kind {
                let message = format!("`{}` and `{}` have different types", column.field, field.field);
                self.tell(at, message, None);
            }
            if key.on_delete == OnDelete::SetNull && !column.nullable {
                let message = format!("`{}` can never be null", column.field);
                self.tell(
                    at,
                    message,
                    Some("choose another `onDelete`, or let the property be null".to_owned()),
                );
            }
        }
        Some(key)
    }

    /// Names that a database keeps whole, and that can be quoted in SQL.
    fn demand_names(&mut self, table: &str, columns: &[Column], at: &str) {
        for name in std::iter::once(table).chain(columns.iter().map(|column| column.name.as_str())) {
            let quotable = !name.is_empty() && !name.contains(|c: char| c == '"' || c.is_control());
            if !quotable || name.len() > LONGEST_NAME {
                let message = format!("`{}` is no name for a table or column", name.escape_debug());
                let hint = format!("use 1 to {LONGEST_NAME} bytes without quotes and control characters");
                self.tell(&below(at, "table"), message, Some(hint));
            }
        }
    }

    /// Two tables of one name.
    pub(super) fn tell_repeated_tables(&mut self, drafts: &[Draft]) {
        let mut seen: BTreeMap<&str, &Place> = BTreeMap::new();
        for draft in drafts {
            if let Some(first) = seen.insert(&draft.entity.table, &draft.entity.place) {
                let message = format!("there are two tables `{}`", draft.entity.table);
                let place = self.bundle.place(&draft.written.at);
                self.diagnostics.push(
                    Diagnostic::new(&codes::TABLE_INVALID, message, place)
                        .hint("give one of them another `name`")
                        .related(first.clone(), "the other one"),
                );
            }
        }
    }

    fn tell_repeated_columns(&mut self, columns: &[Column], at: &str) {
        let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
        for column in columns {
            if let Some(first) = seen.insert(&column.name, &column.field) {
                let message = format!("`{first}` and `{}` are both the column `{}`", column.field, column.name);
                let hint = "give one of them another name: `column: other_name`";
                self.tell(&below(at, "table"), message, Some(hint.to_owned()));
            }
        }
    }

    fn tell(&mut self, at: &str, message: String, hint: Option<String>) {
        let place = self.bundle.place(at);
        self.diagnostics
            .push(Diagnostic::new(&codes::TABLE_INVALID, message, place).maybe_hint(hint));
    }
}

fn on_delete(word: OnDeleteWord) -> OnDelete {
    match word {
        OnDeleteWord::NoAction => OnDelete::NoAction,
        OnDeleteWord::Restrict => OnDelete::Restrict,
        OnDeleteWord::Cascade => OnDelete::Cascade,
        OnDeleteWord::SetNull => OnDelete::SetNull,
    }
}

/// The plural of an English word in snake case.
fn plural(word: &str) -> String {
    let vowel_before_y = word.ends_with("ay") || word.ends_with("ey") || word.ends_with("oy") || word.ends_with("uy");
    if let (Some(stem), false) = (word.strip_suffix('y'), vowel_before_y) {
        format!("{stem}ies")
    } else if ["s", "x", "z", "ch", "sh"].iter().any(|end| word.ends_with(end)) {
        format!("{word}es")
    } else {
        format!("{word}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Name;

    #[test]
    fn tables_are_named_in_the_plural() {
        for (word, expected) in [
            ("project", "projects"),
            ("entry", "entries"),
            ("key", "keys"),
            ("address", "addresses"),
        ] {
            assert_eq!(plural(&Name::new(word).to(Case::Snake)), expected);
        }
    }
}
