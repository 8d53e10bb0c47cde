//! Revisions: in which round each part of the model and of the bundle changed last.
//!
//! Owns: comparing a compilation with the last one, and following a change to all that refers to it. Must not know: targets, or
//! what is kept of an earlier round.
//!
//! Two comparisons make a change certain. The bundle is compared with its order, since the author's order reaches the output.
//! The model is compared besides, since lowering knows effects at a distance: a name that is taken, the children of a schema,
//! the domain that alone uses a type. What either finds counts, with everything that refers to it at any distance. Whatever
//! changes the frame, which is all that belongs to no single type or operation, counts as a change of everything.

mod tables;
mod units;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::check::Looked;
use crate::diagnostics::Diagnostics;
use crate::lower::{FormerTables, Formerly, Lowered};
use crate::model::graph::{Edges, mentioned};
use crate::model::{Content, DomainId, Model, Operation, TypeDef, TypeId};
use crate::openapi::Bundle;
use crate::openapi::update::{Former, Linked};
use crate::pointer::below;
use crate::source::Sources;
use tables::Tables;
use units::{Unit, follow, same_rest, units};

pub(crate) use units::unit_of;

/// The number of a round, from 1 on.
pub type Round = u64;

/// What a round was made from, to compare the next one with.
#[derive(Debug)]
pub(crate) struct Baseline {
    pub(crate) sources: Sources,
    pub(crate) model: Arc<Model>,
    pub(crate) bundle: Arc<Bundle>,
    /// What was found in the texts.
    pub(crate) looked: Looked,
    /// What rules about the model told.
    pub(crate) ruled: Diagnostics,
    /// All else that reaches the output: settings and templates.
    pub(crate) around: String,
    pub(crate) revisions: Revisions,
    /// What linking and lowering found out.
    pub(crate) linked: Linked,
    pub(crate) lowered: Lowered,
}

/// In which round each part changed last, itself or anything that it refers to.
#[derive(Debug, Clone, Default)]
pub struct Revisions {
    /// The current round.
    pub now: Round,
    /// Settings and templates.
    around: Round,
    /// What of the bundle belongs to no unit, and where the bundle came from.
    rest: Round,
    /// All that belongs to no single type or operation.
    frame: Round,
    files: BTreeMap<Arc<str>, Round>,
    types: Vec<Round>,
    operations: Vec<Round>,
    /// The operations by themselves, whatever became of what they refer to.
    alone: Vec<Round>,
    /// Which types mention which.
    graph: Round,
    tables: Tables,
    /// Components and path items of the bundle, by pointer, with what they refer to.
    units: Arc<BTreeMap<String, Unit>>,
    /// Those that changed in this round, themselves or what they refer to, when only a few did.
    reached: Option<BTreeSet<String>>,
}

impl Revisions {
    /// Compares what is read with the last round.
    pub(crate) fn of_files(last: Option<&Baseline>, sources: &Sources, around: &str, now: Round) -> Self {
        let mut revisions = Self {
            now,
            around: now,
            ..Self::default()
        };
        if let Some(last) = last
            && last.around == around
        {
            revisions.around = last.revisions.around;
        }
        for (path, bytes) in sources.iter() {
            let known = last.filter(|last| last.sources.get(path) == Some(bytes));
            let round = known.and_then(|last| last.revisions.files.get(path)).copied();
            revisions.files.insert(Arc::clone(path), round.unwrap_or(now));
        }
        revisions
    }

    /// Whether anything is read but files that were read in the last round, or around them anything else.
    pub(crate) fn is_of_the_same_files(&self, last: &Baseline) -> bool {
        self.around != self.now && self.files.keys().eq(last.revisions.files.keys())
    }

    /// Files that changed in this round.
    pub(crate) fn changed_files(&self) -> impl Iterator<Item = &Arc<str>> {
        let changed = self.files.iter().filter(|(_, round)| **round == self.now);
        changed.map(|(path, _)| path)
    }

    /// Compares the bundle with the last round, too, when there is one; for a round after this one.
    pub(crate) fn with_bundle(mut self, last: Option<&Baseline>, bundle: &Bundle) -> Self {
        self.rest = self.now;
        self.units = Arc::new(units(last, &bundle.document, self.now));
        if let Some(last) = last
            && same_rest(&last.bundle.document, &bundle.document)
            && last.bundle.origins == bundle.origins
        {
            self.rest = last.revisions.rest;
        }
        self
    }

    /// The same when only some units of the bundle changed.
    pub(crate) fn with_units(mut self, last: &mut Baseline, bundle: &Bundle, changed: &[Former]) -> Self {
        // Nobody else has them but what the last round was made from.
        self.units = std::mem::take(&mut last.revisions.units);
        self.rest = last.revisions.rest;
        let changed: Vec<String> = changed.iter().map(|former| former.pointer.clone()).collect();
        self.reached = Some(follow(
            Arc::make_mut(&mut self.units),
            changed,
            &bundle.document,
            self.now,
        ));
        self
    }

    /// The same when only some parts of the model changed.
    pub(crate) fn with_parts(mut self, last: &Baseline, model: &Model, formerly: &Formerly) -> Self {
        let now = self.now;
        self.frame = match formerly.frame_differs(model) {
            true => now,
            false => last.revisions.frame.max(self.rest).max(self.around),
        };
        let differs = |id: TypeId| formerly.types.iter().any(|(known, _)| *known == id);
        self.types = types(&last.revisions.types, model, &self, differs);
        let differs = |i: usize| formerly.operations.iter().any(|(known, _)| *known == i);
        self.operations = operations(&last.revisions.operations, model, &self, differs);
        self.alone = alone(&last.revisions.alone, now, differs);
        self.graph = match formerly
            .types
            .iter()
            .all(|(id, former)| former.mentions_as(model.type_def(*id)))
        {
            true => last.revisions.graph,
            false => now,
        };
        self.tables = match &formerly.tables {
            FormerTables::All(before) => last.revisions.tables.following(before, model, now),
            FormerTables::Some(before) => last.revisions.tables.following_some(before, model, now),
        };
        self.with_frame(model)
    }

    /// Compares the model with the last round, too.
    pub(crate) fn with_model(mut self, last: Option<&Baseline>, model: &Model) -> Self {
        let now = self.now;
        self.frame = match last {
            Some(last) if same_frame(&last.model, model) => last.revisions.frame.max(self.rest).max(self.around),
            _ => now,
        };
        if let Some(last) = last
            && !self.is_frame_new()
        {
            let differ: Vec<bool> = last
                .model
                .types
                .par_iter()
                .zip(&model.types)
                .map(|(last, def)| last != def)
                .collect();
            let differs = |id: TypeId| differ.get(id.index()) != Some(&false);
            self.types = types(&last.revisions.types, model, &self, differs);
            let pairs = last.model.operations.par_iter().zip(&model.operations);
            let differ: Vec<bool> = pairs.map(|(last, operation)| last != operation).collect();
            let differs = |i: usize| differ.get(i) != Some(&false);
            self.operations = operations(&last.revisions.operations, model, &self, differs);
            self.alone = alone(&last.revisions.alone, now, differs);
            let pairs = last.model.types.iter().zip(&model.types);
            self.graph = match pairs.into_iter().all(|(last, def)| last.mentions_as(def)) {
                true => last.revisions.graph,
                false => now,
            };
            self.tables = last.revisions.tables.following(&last.model.entities, model, now);
        }
        self.with_frame(model)
    }

    /// Counts a change of the frame as one of everything.
    fn with_frame(mut self, model: &Model) -> Self {
        let now = self.now;
        if self.frame != now {
            let detached = detached(model).into_iter();
            if detached.map(|id| self.of_type(id)).any(|round| round == now) {
                self.frame = now;
            }
        }
        if self.frame == now {
            self.types = vec![now; model.types.len()];
            self.operations = vec![now; model.operations.len()];
            self.alone = vec![now; model.operations.len()];
            self.graph = now;
            self.tables = Tables::of(model, now);
        }
        self
    }

    /// Whether a unit changed in this round, itself or what it refers to. One that is not known has just come.
    fn is_reached(&self, pointer: &str) -> bool {
        match &self.reached {
            Some(reached) => reached.contains(pointer),
            None => self.units.get(pointer).is_none_or(|unit| unit.round == self.now),
        }
    }

    /// The units that changed since a round, themselves or what they refer to, when that was the last and only a few did.
    pub(crate) fn reached_since(&self, round: Round) -> Option<&BTreeSet<String>> {
        self.reached
            .as_ref()
            .filter(|_| round + 1 == self.now && !self.is_frame_new())
    }

    /// Whether anything changed in this round that belongs to no single type or operation.
    pub(crate) fn is_frame_new(&self) -> bool {
        self.frame == self.now
    }

    /// The round in which the settings or the templates changed last.
    pub(crate) fn of_around(&self) -> Round {
        self.around
    }

    /// The round in which a file changed last, or the settings.
    pub(crate) fn of_file(&self, path: &str) -> Round {
        self.files.get(path).copied().unwrap_or(self.now).max(self.around)
    }

    /// The round in which any of the files whose name ends so changed last, came or went, or the settings.
    pub(crate) fn of_files_named(&self, end: &str, last: Option<&Baseline>) -> Round {
        let is_named = |path: &&Arc<str>| path.ends_with(end);
        let files: Vec<&Arc<str>> = self.files.keys().filter(is_named).collect();
        let before = last.map(|last| last.revisions.files.keys().filter(is_named).collect::<Vec<_>>());
        if before.as_ref() != Some(&files) {
            return self.now;
        }
        files.iter().map(|path| self.of_file(path)).max().unwrap_or(self.around)
    }

    /// The round in which a unit changed last, or what of the bundle belongs to none. Before there is a model.
    pub(crate) fn of_unit_of_bundle(&self, pointer: &str) -> Round {
        self.units
            .get(pointer)
            .map_or(self.rest, |unit| unit.round.max(self.rest))
    }

    /// The round in which a type changed last, or the frame.
    pub(crate) fn of_type(&self, id: TypeId) -> Round {
        self.of(self.types.get(id.index()))
    }

    /// The round in which the operation at a position of the model changed last, or the frame.
    pub(crate) fn of_operation(&self, index: usize) -> Round {
        self.of(self.operations.get(index))
    }

    /// The round in which any operation changed last by itself, whatever became of the types that it mentions; or the frame.
    pub(crate) fn of_operations_alone(&self) -> Round {
        self.alone.iter().max().copied().unwrap_or_default().max(self.frame)
    }

    /// The round in which it changed last which types mention which, or the frame.
    pub(crate) fn of_graph(&self) -> Round {
        self.graph.max(self.frame)
    }

    /// The round in which a component or path item changed last by itself, whatever became of what it refers to; or the frame.
    pub(crate) fn of_unit_alone(&self, pointer: &str) -> Round {
        self.of(self.units.get(pointer).map(|unit| &unit.own))
    }

    /// The same, or anything that it refers to without a step between. What older versions write in place counts as part of it.
    pub(crate) fn of_unit_and_next(&self, pointer: &str) -> Round {
        const IN_PLACE: [&str; 4] = [
            "/paths/",
            "/webhooks/",
            "/components/callbacks/",
            "/components/pathItems/",
        ];
        let in_place = |pointer: &str| IN_PLACE.iter().any(|group| pointer.starts_with(group));
        let next = |pointer: &String| match self.units.get(pointer) {
            Some(unit) if unit.is_alias || in_place(pointer) => self.of(Some(&unit.round)),
            unit => self.of(unit.map(|unit| &unit.own)),
        };
        let refers = self.units.get(pointer).map(|unit| unit.refers.iter());
        let next = refers.into_iter().flatten().map(next).max();
        self.of_unit_alone(pointer).max(next.unwrap_or_default())
    }

    /// The round in which anything changed last.
    pub(crate) fn of_everything(&self) -> Round {
        let units = self.units.values().map(|unit| &unit.round).max();
        self.of_operations()
            .max(self.of(self.types.iter().max()))
            .max(self.of(units))
    }

    /// The round in which any operation of a domain changed last, or the frame.
    pub(crate) fn of_domain(&self, model: &Model, domain: DomainId) -> Round {
        let own = model
            .operations
            .iter()
            .enumerate()
            .filter(|(_, operation)| operation.domain == domain);
        own.map(|(index, _)| self.of_operation(index))
            .max()
            .unwrap_or(self.frame)
    }

    /// The round in which anything changed last that belongs to no single type or operation: names, files and requirements of all of
    /// them among it.
    pub(crate) fn of_frame(&self) -> Round {
        self.frame
    }

    /// The round in which any of these types changed last, or the frame.
    pub(crate) fn of_types(&self, types: &[TypeId]) -> Round {
        types.iter().map(|id| self.of_type(*id)).max().unwrap_or(self.frame)
    }

    /// The round in which any operation changed last, or the frame.
    pub(crate) fn of_operations(&self) -> Round {
        self.operations
            .iter()
            .max()
            .copied()
            .unwrap_or(self.frame)
            .max(self.frame)
    }

    /// What is not known has just come.
    fn of(&self, round: Option<&Round>) -> Round {
        round.copied().unwrap_or(self.now).max(self.frame)
    }
}

/// Whether all that belongs to no single type or operation is the same, and there are the same types and operations.
fn same_frame(last: &Model, model: &Model) -> bool {
    last.info == model.info
        && last.servers == model.servers
        && last.domains == model.domains
        && last.webhooks == model.webhooks
        && last.lifecycles == model.lifecycles
        && last.roles == model.roles
        && last.rate_buckets == model.rate_buckets
        && last.rate_classes == model.rate_classes
        && last.errors == model.errors
        && last.error_envelope == model.error_envelope
        && last.environments == model.environments
        && last.security_schemes == model.security_schemes
        && last.features == model.features
        && last.constitution == model.constitution
        && last.guard_definitions.is_some() == model.guard_definitions.is_some()
        && last.types.len() == model.types.len()
        && last.types.iter().zip(&model.types).all(|(last, def)| {
            last.name == def.name
                && last.pointer == def.pointer
                && last.domain == def.domain
                && (last.in_request, last.in_response) == (def.in_request, def.in_response)
                && (last.internal, last.component) == (def.internal, def.component)
                && last.requirements == def.requirements
                && last.place.file == def.place.file
                && std::mem::discriminant(&last.shape) == std::mem::discriminant(&def.shape)
        })
        && last.operations.len() == model.operations.len()
        && last.operations.iter().zip(&model.operations).all(|(last, operation)| {
            last.id == operation.id
                && last.domain == operation.domain
                && (last.method, &last.path) == (operation.method, &operation.path)
                && last.policy.requirements == operation.policy.requirements
                && last.place.file == operation.place.file
        })
}

/// Types that are mentioned outside of types and operations.
fn detached(model: &Model) -> Vec<TypeId> {
    let mut found = Vec::new();
    for details in model.errors.values().filter_map(|error| error.details.as_ref()) {
        mentioned(details, Edges::All, &mut found);
    }
    for body in model.webhooks.iter().filter_map(|webhook| webhook.body.as_ref()) {
        in_contents(&body.contents, &mut found);
    }
    found.extend(model.error_envelope);
    found
}

/// In which round each type changed last, from the rounds before and what differs in itself now.
fn types(last: &[Round], model: &Model, revisions: &Revisions, differs: impl Fn(TypeId) -> bool) -> Vec<Round> {
    let now = revisions.now;
    let mut rounds = last.to_vec();
    let mut changed = Vec::new();
    for ((id, def), round) in model.named().zip(&mut rounds) {
        if differs(id) || unit_changed(revisions, def) {
            *round = now;
            changed.push(id);
        }
    }
    if changed.is_empty() {
        return rounds;
    }
    let mut referring: Vec<Vec<TypeId>> = vec![Vec::new(); model.types.len()];
    for (id, _) in model.named() {
        for to in model.references(id, Edges::All) {
            if let Some(list) = referring.get_mut(to.index()) {
                list.push(id);
            }
        }
    }
    while let Some(id) = changed.pop() {
        for from in referring.get(id.index()).into_iter().flatten() {
            if let Some(round) = rounds.get_mut(from.index())
                && *round != now
            {
                *round = now;
                changed.push(*from);
            }
        }
    }
    rounds
}

fn unit_changed(revisions: &Revisions, def: &TypeDef) -> bool {
    revisions.is_reached(unit_of(&def.pointer))
}

fn operations(last: &[Round], model: &Model, revisions: &Revisions, differs: impl Fn(usize) -> bool) -> Vec<Round> {
    let now = revisions.now;
    let changed = |i: usize, operation: &Operation| {
        let pointer = below("/paths", &operation.path.raw);
        differs(i)
            || revisions.is_reached(&pointer)
            || in_operation(operation)
                .iter()
                .any(|id| revisions.types.get(id.index()).is_none_or(|round| *round == now))
    };
    let operations = model.operations.iter().zip(last).enumerate();
    operations
        .map(|(i, (operation, round))| if changed(i, operation) { now } else { *round })
        .collect()
}

/// In which round each operation changed last by itself.
fn alone(last: &[Round], now: Round, differs: impl Fn(usize) -> bool) -> Vec<Round> {
    let rounds = last.iter().enumerate();
    rounds.map(|(i, round)| if differs(i) { now } else { *round }).collect()
}

/// The named types that an operation mentions.
pub(crate) fn in_operation(operation: &Operation) -> Vec<TypeId> {
    let mut found = Vec::new();
    for parameter in &operation.parameters {
        mentioned(&parameter.ty, Edges::All, &mut found);
    }
    if let Some(body) = &operation.body {
        in_contents(&body.contents, &mut found);
    }
    for response in &operation.responses {
        for header in &response.headers {
            mentioned(&header.ty, Edges::All, &mut found);
        }
        in_contents(&response.contents, &mut found);
    }
    found
}

fn in_contents(contents: &[Content], found: &mut Vec<TypeId>) {
    for ty in contents.iter().filter_map(|content| content.ty.as_ref()) {
        mentioned(ty, Edges::All, found);
    }
}
