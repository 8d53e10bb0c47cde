//! Names of tables, enumerations and relations in TypeScript.
//!
//! Owns: identifiers of `schema.ts`, the ways between tables. Must not know: how they are written.

use std::collections::{BTreeMap, BTreeSet};

use crate::emit::database::{self, constraint};
use crate::emit::typescript::names::{TsNames, is_reserved};
use crate::model::{Case, Entity, EntityId, ForeignKey, Model, Name, TypeId};

/// Functions and types that `schema.ts` imports, has for itself, or calls as globals.
const TAKEN: [&str; 28] = [
    "pgTable",
    "pgEnum",
    "uuid",
    "date",
    "integer",
    "bigint",
    "doublePrecision",
    "numeric",
    "boolean",
    "text",
    "jsonb",
    "customType",
    "timestamptz",
    "bytea",
    "primaryKey",
    "unique",
    "index",
    "foreignKey",
    "relations",
    "sql",
    "one",
    "many",
    "AnyPgColumn",
    "PgTableExtraConfigValue",
    "t",
    "process",
    "atob",
    "btoa",
];

/// A relation that queries can follow.
pub(super) struct Relation {
    /// Its name among the columns of the table.
    pub(super) name: String,
    /// The table at the other end.
    pub(super) other: EntityId,
    /// The foreign key behind it, by the entity that has it and its place there. `None`: the other table has it.
    pub(super) own_key: Option<usize>,
    /// What tells it from other relations between the two tables, when there are any.
    pub(super) label: Option<String>,
}

/// Every name of the schema.
pub(super) struct DrizzleNames {
    tables: Vec<String>,
    relations: Vec<String>,
    enums: BTreeMap<TypeId, (String, String)>,
}

impl DrizzleNames {
    /// Names everything.
    pub(super) fn new(model: &Model, names: &TsNames<'_>) -> Self {
        let mut taken: BTreeSet<String> = TAKEN.iter().map(|word| (*word).to_owned()).collect();
        let words: Vec<Name> = model.entities.iter().map(|entity| Name::new(&entity.table)).collect();
        let tables: Vec<String> = words.iter().map(|name| distinct(name, "", &mut taken)).collect();
        let relations = words
            .iter()
            .map(|name| distinct(name, "Relations", &mut taken))
            .collect();
        let enums = database::enumerations(model)
            .into_iter()
            .map(|(id, stored)| {
                let name = Name::new(names.type_name(id));
                (id, (distinct(&name, "Enum", &mut taken), stored))
            })
            .collect();
        Self {
            tables,
            relations,
            enums,
        }
    }

    /// Constant of a table: `deployKeys`.
    pub(super) fn table(&self, id: EntityId) -> &str {
        self.tables.get(id.index()).map_or("unknown", String::as_str)
    }

    /// Constant of a table's relations: `deployKeysRelations`.
    pub(super) fn relations_constant(&self, id: EntityId) -> &str {
        self.relations.get(id.index()).map_or("unknown", String::as_str)
    }

    /// Enumerations that columns have: their type, constant, and name in the database.
    pub(super) fn enums(&self) -> impl Iterator<Item = (TypeId, &str, &str)> {
        self.enums
            .iter()
            .map(|(id, (constant, stored))| (*id, constant.as_str(), stored.as_str()))
    }

    /// Constant of an enumeration.
    pub(super) fn enumeration(&self, id: TypeId) -> &str {
        self.enums.get(&id).map_or("unknown", |(constant, _)| constant)
    }
}

/// The identifier in camel case with an end of its own, numbered when it is taken.
fn distinct(name: &Name, end: &str, taken: &mut BTreeSet<String>) -> String {
    let mut number = 1;
    loop {
        let word = match number {
            1 => name.to(Case::Camel),
            number => name.numbered(number).to(Case::Camel),
        };
        let word = word + end;
        if !is_reserved(&word) && taken.insert(word.clone()) {
            return word;
        }
        number += 1;
    }
}

/// The relations of every table, its own keys first, then those of others that lead to it.
pub(super) fn relations(model: &Model) -> Vec<Vec<Relation>> {
    let mut found: Vec<Vec<Relation>> = model.entities.iter().map(|_| Vec::new()).collect();
    let mut taken: Vec<BTreeSet<String>> = model
        .entities
        .iter()
        .map(|entity| entity.columns.iter().map(|column| column.field.clone()).collect())
        .collect();
    let keys: Vec<(usize, usize, &Entity, &ForeignKey)> = model
        .entities
        .iter()
        .enumerate()
        .flat_map(|(at, entity)| {
            entity
                .foreign_keys
                .iter()
                .enumerate()
                .map(move |(n, key)| (at, n, entity, key))
        })
        .collect();
    let between = |a: usize, b: usize| {
        let same = |from: usize, to: usize| (from, to) == (a, b) || (from, to) == (b, a);
        keys.iter()
            .filter(|(at, _, _, key)| same(*at, key.entity.index()))
            .count()
    };
    let mut others = Vec::new();
    for (at, n, entity, key) in &keys {
        let Some(target) = model.entities.get(key.entity.index()) else {
            continue;
        };
        let labelled = *at == key.entity.index() || between(*at, key.entity.index()) > 1;
        let label = labelled.then(|| constraint(entity, &key.columns, "fk"));
        let base = database::leads_to(entity, key, target);
        let Some(words) = taken.get_mut(*at) else { continue };
        let name = distinct_in(&base, words);
        let by = labelled.then(|| base.clone());
        others.push((*at, key.entity, by, label.clone()));
        if let Some(list) = found.get_mut(*at) {
            list.push(Relation {
                name,
                other: key.entity,
                own_key: Some(*n),
                label,
            });
        }
    }
    for (at, target, by, label) in others {
        let Some(source) = model.entities.get(at) else { continue };
        let table = Name::new(&source.table);
        let base = match by {
            Some(by) => Name::join([&table, &Name::new("by"), &by]),
            None => table,
        };
        let Some(words) = taken.get_mut(target.index()) else {
            continue;
        };
        let name = distinct_in(&base, words);
        if let (Some(list), Ok(at)) = (found.get_mut(target.index()), u32::try_from(at)) {
            list.push(Relation {
                name,
                other: EntityId(at),
                own_key: None,
                label,
            });
        }
    }
    found
}

fn distinct_in(name: &Name, taken: &mut BTreeSet<String>) -> String {
    let mut number = 1;
    loop {
        let word = match number {
            1 => name.to(Case::Camel),
            number => name.numbered(number).to(Case::Camel),
        };
        if taken.insert(word.clone()) {
            return word;
        }
        number += 1;
    }
}
