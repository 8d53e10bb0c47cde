//! Names: how tables, columns and enumerations are spelt in the crate.
//!
//! Owns: its identifiers. Must not know: what is written about them; names in the database.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::emit::database;
use crate::emit::rust::names::{RustNames, is_no_module, never_raw, raw};
use crate::model::{Case, Entity, Model, Name, TypeId};

/// Every name of the crate. Indexes are those of the model.
pub(super) struct StoreNames<'m> {
    model: &'m Model,
    rust: &'m RustNames<'m>,
    modules: Vec<String>,
    /// Names in each table, found when somebody asks: most tables are those of the last round.
    within: Vec<OnceLock<Within>>,
    enums: BTreeMap<TypeId, String>,
}

/// Names in one table.
#[derive(Default)]
struct Within {
    columns: Vec<ColumnName>,
    relations: Vec<String>,
}

/// How one column is spelt.
pub(super) struct ColumnName {
    /// Field of the row: `created_at`, `r#type`.
    pub(super) field: String,
    /// Variant of the columns: `CreatedAt`.
    pub(super) variant: String,
}

impl<'m> StoreNames<'m> {
    /// Names everything.
    pub(super) fn new(model: &'m Model, rust: &'m RustNames<'m>) -> Self {
        let tables: Vec<Name> = model.entities.iter().map(|entity| Name::new(&entity.table)).collect();
        Self {
            model,
            rust,
            modules: Case::Snake.distinct(&tables, is_no_module),
            within: model.entities.iter().map(|_| OnceLock::new()).collect(),
            enums: database::enumerations(model),
        }
    }

    /// Module of a table: `projects`.
    pub(super) fn module(&self, entity: usize) -> &str {
        self.modules.get(entity).map_or("", String::as_str)
    }

    /// Columns of a table, in its order.
    pub(super) fn columns(&self, entity: usize) -> &[ColumnName] {
        self.within(entity).map_or(&[], |within| &within.columns)
    }

    /// Variants for the foreign keys of a table, in their order.
    pub(super) fn relations(&self, entity: usize) -> &[String] {
        self.within(entity).map_or(&[], |within| &within.relations)
    }

    fn within(&self, at: usize) -> Option<&Within> {
        let entity = self.model.entities.get(at)?;
        Some(self.within.get(at)?.get_or_init(|| Within::of(self.model, entity)))
    }

    /// Enumerations that columns have: their type, and their name in the database.
    pub(super) fn enums(&self) -> impl Iterator<Item = (TypeId, &str)> {
        self.enums.iter().map(|(id, stored)| (*id, stored.as_str()))
    }

    /// Name of an enumeration in the database.
    pub(super) fn stored(&self, id: TypeId) -> &str {
        self.enums.get(&id).map_or("", String::as_str)
    }

    /// Name of an enumeration's Rust type; the crate of the API calls it the same.
    pub(super) fn type_name(&self, id: TypeId) -> &str {
        self.rust.type_name(id)
    }

    /// Variants of an enumeration, in the order of its values.
    pub(super) fn variants(&self, id: TypeId) -> &[String] {
        self.rust.members(id)
    }
}

impl Within {
    fn of(model: &Model, entity: &Entity) -> Self {
        let names = || entity.columns.iter().map(|column| &column.field_name);
        let fields = raw(Case::Snake.distinct(names(), never_raw));
        let variants = Case::Pascal.distinct(names(), |text| text == "Self");
        let columns = fields.into_iter().zip(variants);
        let keys = entity.foreign_keys.iter();
        let leads: Vec<Name> = keys
            .filter_map(|key| Some((key, model.entities.get(key.entity.index())?)))
            .map(|(key, target)| database::leads_to(entity, key, target))
            .collect();
        Self {
            columns: columns.map(|(field, variant)| ColumnName { field, variant }).collect(),
            relations: Case::Pascal.distinct(&leads, |text| text == "Self"),
        }
    }
}
