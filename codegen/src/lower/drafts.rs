//! Tables in their order, each with what it was made from.
//!
//! Owns: which tables there are, and which of them are made again when little changed. Must not know: what a column is, or when a
//! reference is sound; that is read in `entities`.

use std::collections::{BTreeMap, BTreeSet};

use super::entities::Reader;
use super::node::lookup;
use crate::diagnostics::Diagnostics;
use crate::model::graph::Edges;
use crate::model::{Entity, Model, Shape, TypeId};
use crate::openapi::Bundle;
use crate::openapi::extension::{self, KEY, ReferenceExtension, SchemaExtension, TableExtension};
use crate::pointer::below;

/// A table whose references are not resolved yet.
pub(super) struct Draft {
    pub(super) entity: Entity,
    pub(super) written: Written,
}

/// What a schema says of its table, and what the table was made from.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) said: TableExtension,
    /// For each column what it refers to.
    pub(super) references: Vec<Option<ReferenceExtension>>,
    /// Pointer of the extension.
    pub(super) at: String,
    /// Types that were looked at.
    pub(super) types: BTreeSet<TypeId>,
    /// Units that were looked at.
    pub(super) units: BTreeSet<String>,
}

/// Tables as they were before a round.
#[derive(Debug)]
pub(crate) enum FormerTables {
    /// All of them were made again.
    All(Vec<Entity>),
    /// These became others, at their positions; the rest is as it was.
    Some(Vec<(usize, Entity)>),
}

/// All are as they were.
impl Default for FormerTables {
    fn default() -> Self {
        Self::Some(Vec::new())
    }
}

impl FormerTables {
    /// Puts them back.
    pub(super) fn restore(self, model: &mut Model) {
        match self {
            Self::All(entities) => model.entities = entities,
            Self::Some(entities) => {
                for (i, former) in entities {
                    if let Some(entity) = model.entities.get_mut(i) {
                        *entity = former;
                    }
                }
            }
        }
    }
}

/// The types that a table of a type is made from: itself, those of its fields, and what these stand for.
pub(super) fn looked_at(model: &Model, id: TypeId) -> BTreeSet<TypeId> {
    let mut found = BTreeSet::from([id]);
    let mut next = model.references(id, Edges::All);
    while let Some(id) = next.pop() {
        if found.insert(id) && matches!(model.type_def(id).shape, Shape::Alias(_) | Shape::Union(_)) {
            next.extend(model.references(id, Edges::All));
        }
    }
    found
}

/// What the schema of a type says of a table, and where its extension is.
fn said(bundle: &Bundle, model: &Model, position: usize) -> Option<(TypeId, TableExtension, String)> {
    let def = model.types.get(position)?;
    let at = below(&def.pointer, KEY);
    let value = lookup(&bundle.document, &at).filter(|value| value.get("table").is_some())?;
    let said: SchemaExtension = extension::read(Some(value));
    Some((TypeId(u32::try_from(position).ok()?), said.table?, at))
}

/// Reads the tables of schemas: of those types that may have one, by their positions. What comes back is in the order of the
/// tables.
pub(super) fn lower(bundle: &Bundle, model: &mut Model, may: &[usize], diagnostics: &mut Diagnostics) -> Vec<Written> {
    let mut reader = Reader {
        bundle,
        model,
        diagnostics,
        units: BTreeSet::new(),
    };
    let tables = may.iter().filter_map(|position| said(bundle, model, *position));
    let drafts: Vec<Draft> = tables
        .filter_map(|(id, table, at)| reader.draft(id, table, &at))
        .collect();
    reader.tell_repeated_tables(&drafts);
    let all: Vec<&Entity> = drafts.iter().map(|draft| &draft.entity).collect();
    let names = positions(&all);
    let keys: Vec<_> = drafts
        .iter()
        .map(|draft| reader.foreign_keys(&draft.entity, &draft.written, &all, &names))
        .collect();
    let lifecycles: BTreeMap<TypeId, usize> = (0..).zip(&model.lifecycles).map(|(i, one)| (one.ty, i)).collect();
    let mut written = Vec::with_capacity(drafts.len());
    let mut entities = Vec::with_capacity(drafts.len());
    for (draft, foreign_keys) in drafts.into_iter().zip(keys) {
        entities.push(Entity {
            foreign_keys,
            lifecycle: lifecycles.get(&draft.entity.ty).copied(),
            ..draft.entity
        });
        written.push(draft.written);
    }
    model.entities = entities;
    written
}

/// Makes the tables again that were made from a type or a unit that changed. `None`: there may be others than before, by number or
/// by name, or something is to be told; the model is what it was, and all of them are to be read.
///
/// Lifecycles, and which types have one, are what they were.
pub(super) fn again(
    written: &mut [Written],
    bundle: &Bundle,
    model: &mut Model,
    is_changed: impl Fn(&Written) -> bool,
) -> Option<FormerTables> {
    let stale: Vec<usize> = (0..)
        .zip(&*written)
        .filter(|(_, one)| is_changed(one))
        .map(|(i, _)| i)
        .collect();
    let mut told = Diagnostics::new();
    let mut reader = Reader {
        bundle,
        model,
        diagnostics: &mut told,
        units: BTreeSet::new(),
    };
    let mut drafts: BTreeMap<usize, Draft> = BTreeMap::new();
    for i in &stale {
        let former = model.entities.get(*i)?;
        let (id, table, at) = said(bundle, model, former.ty.index())?;
        let mut draft = reader.draft(id, table, &at)?;
        if draft.entity.table != former.table || draft.entity.name != former.name {
            return None;
        }
        draft.entity.lifecycle = former.lifecycle;
        drafts.insert(*i, draft);
    }
    let known = (0..).zip(&model.entities);
    let all: Vec<&Entity> = known
        .map(|(i, former)| drafts.get(&i).map_or(former, |draft| &draft.entity))
        .collect();
    let names = positions(&all);
    let mut keys = Vec::new();
    for (i, (entity, one)) in all.iter().zip(&*written).enumerate() {
        let one = drafts.get(&i).map_or(one, |draft| &draft.written);
        // What a key says of the table that it leads to is where columns stand there.
        let refers = entity
            .foreign_keys
            .iter()
            .any(|key| drafts.contains_key(&key.entity.index()));
        if refers || drafts.contains_key(&i) {
            keys.push((i, reader.foreign_keys(entity, one, &all, &names)));
        }
    }
    if !told.is_empty() {
        return None;
    }
    let mut formerly = Vec::new();
    for (i, foreign_keys) in keys {
        let former = model.entities.get_mut(i)?;
        let entity = match drafts.remove(&i) {
            Some(draft) => {
                *written.get_mut(i)? = draft.written;
                draft.entity
            }
            None => former.clone(),
        };
        let entity = Entity { foreign_keys, ..entity };
        if *former != entity {
            formerly.push((i, std::mem::replace(former, entity)));
        }
    }
    Some(FormerTables::Some(formerly))
}

/// Where the table of each name stands.
fn positions<'a>(all: &[&'a Entity]) -> BTreeMap<&'a str, usize> {
    (0..)
        .zip(all)
        .map(|(i, entity)| (entity.name.raw.as_str(), i))
        .collect()
}
