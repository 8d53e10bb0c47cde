//! Tables: in which round each changed last, and what all of them have in common.
//!
//! Owns: comparing the tables of two models, and what each depends on. Must not know: who writes tables.

use super::{Revisions, Round};
use crate::model::graph::{Edges, mentioned};
use crate::model::{ColumnKind, Entity, EntityId, Model, Name};

/// In which round each table changed last, by itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Tables {
    pub(super) rounds: Vec<Round>,
    /// What any of them may depend on.
    pub(super) frame: Round,
}

impl Tables {
    /// All of them have just come.
    pub(super) fn of(model: &Model, now: Round) -> Self {
        Self {
            rounds: vec![now; model.entities.len()],
            frame: now,
        }
    }

    /// The same when only some of them changed, which were this at their positions.
    pub(super) fn following_some(&self, before: &[(usize, Entity)], model: &Model, now: Round) -> Self {
        let mut tables = self.clone();
        for (i, last) in before {
            let framed = model.entities.get(*i).is_some_and(|entity| is_framed_as(last, entity));
            match tables.rounds.get_mut(*i).filter(|_| framed) {
                Some(round) => *round = now,
                None => return Self::of(model, now),
            }
        }
        tables
    }

    /// What became of them in a round.
    pub(super) fn following(&self, before: &[Entity], model: &Model, now: Round) -> Self {
        let after = &model.entities;
        if before.len() != after.len()
            || !before
                .iter()
                .zip(after)
                .all(|(last, entity)| is_framed_as(last, entity))
        {
            return Self::of(model, now);
        }
        let pairs = before.iter().zip(after).zip(&self.rounds);
        let round = |((last, entity), round): ((&Entity, &Entity), &Round)| if last == entity { *round } else { now };
        Self {
            rounds: pairs.map(round).collect(),
            frame: self.frame,
        }
    }
}

impl Revisions {
    /// The round in which a table changed last, one that it refers to or a type that a column of these has; or what belongs to no
    /// table.
    pub(crate) fn of_table(&self, model: &Model, index: usize) -> Round {
        let entity = model.entities.get(index);
        let others = entity.into_iter().flat_map(|entity| &entity.foreign_keys);
        let near = others.map(|key| key.entity.index()).chain([index]);
        let near: Vec<Round> = near.map(|index| self.of_table_alone(model, index)).collect();
        near.into_iter().max().unwrap_or(self.now)
    }

    /// The same without the tables that it refers to.
    pub(crate) fn of_table_alone(&self, model: &Model, index: usize) -> Round {
        let entity = model.entities.get(index);
        let mut types = Vec::new();
        for column in entity.into_iter().flat_map(|entity| &entity.columns) {
            mentioned(&column.ty, Edges::All, &mut types);
            if let ColumnKind::Enumeration(id) = column.kind {
                types.push(id);
            }
        }
        let own = self.of(self.tables.rounds.get(index)).max(self.of_tables());
        self.of_types(&types).max(own)
    }

    /// The round in which it changed last which tables there are, what they are called, which refers to which by what, and which have
    /// an enumeration; or the frame.
    pub(crate) fn of_tables(&self) -> Round {
        self.tables.frame.max(self.frame)
    }
}

/// Whether nothing of a table changed that others may depend on: its name, what it refers to, and which enumerations it has.
fn is_framed_as(last: &Entity, entity: &Entity) -> bool {
    last.name == entity.name
        && last.table == entity.table
        && keys(last).eq(keys(entity))
        && enumerations(last).eq(enumerations(entity))
}

fn enumerations(entity: &Entity) -> impl Iterator<Item = &ColumnKind> {
    let kinds = entity.columns.iter().map(|column| &column.kind);
    kinds.filter(|kind| matches!(kind, ColumnKind::Enumeration(_)))
}

/// What a table refers to, and the names of the columns that do. Where these stand in either table is its own affair.
fn keys(entity: &Entity) -> impl Iterator<Item = (EntityId, Vec<(&str, &Name)>)> {
    entity.foreign_keys.iter().map(|key| {
        let columns = key.columns.iter().filter_map(|column| entity.columns.get(*column));
        let columns = columns.map(|column| (column.name.as_str(), &column.field_name));
        (key.entity, columns.collect())
    })
}
