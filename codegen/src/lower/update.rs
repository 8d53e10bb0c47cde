//! The model of the last round brought up to date: only what looked at something that changed is lowered again.
//!
//! Owns: which items those are, and when lowering them alone gives what lowering everything gives. Must not know: what any schema
//! means, or how the bundle came about.
//!
//! Items are lowered again one by one and held against the ledger: each must make the same definitions under the same names as
//! before, and come to the same where others build on it. What depends on several items at once (tags of unions, circles, tables,
//! lifecycles, who uses a type) is then found out anew from what was kept. Wherever something else happens, or anything is told,
//! everything is lowered anew; the answer is the same, and only takes longer.

use std::collections::{BTreeMap, BTreeSet};

use super::circles::stands_for;
use super::drafts::{FormerTables, Written};
use super::families::Family;
use super::ledger::{Deed, Entry, Item, Ledger};
use super::node::{Node, lookup};
use super::operations::Found;
use super::tags::{self, Discriminator, Tags};
use super::usage::{self, Mark};
use super::{Answer, BUDGET, Known, Lowering, Settling, drafts, entities, guards, lifecycles, visit};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::model::graph::Edges;
use crate::model::{Lifecycle, Method, Model, Operation, Parameter, Shape, Type, TypeDef, TypeId};
use crate::openapi::Bundle;
use crate::openapi::update::Former;
use crate::pointer::below;
use crate::revisions::{in_operation, unit_of};
use crate::source::changes::same;
use crate::tree::Value;

/// What lowering found out, for the next round.
#[derive(Debug, Default)]
pub(crate) struct Lowered {
    /// Everything that was told.
    pub(super) told: Vec<Diagnostic>,
    /// Whether any of it is about several items at once.
    pub(super) told_of_all: bool,
    /// How many schemas may still be looked into.
    pub(super) left: usize,
    /// Definitions as they are made, before any settling. Here and below they have their first numbers.
    pub(super) types: Vec<TypeDef>,
    pub(super) tags: Tags,
    /// Positions in the model of the types that may have a table or a lifecycle.
    pub(super) stored: Vec<usize>,
    /// What the tables of the model were made from, in their order.
    pub(super) written: Vec<Written>,
    /// Final numbers by first numbers.
    pub(super) numbers: Vec<TypeId>,
    /// Names of tools before they are made distinct, by the position of their operations.
    pub(super) tools: Vec<String>,
    entries: Vec<Entry>,
    named: BTreeMap<String, TypeId>,
    responses: BTreeMap<String, Known<Answer>>,
    parameters: BTreeMap<String, Known<Parameter>>,
    met: BTreeMap<String, Type>,
    nullable: BTreeSet<TypeId>,
    discriminators: BTreeMap<TypeId, Discriminator>,
    families: BTreeMap<String, Family>,
    filled: BTreeSet<TypeId>,
}

/// What became other in a model, as it was before.
#[derive(Debug, Default)]
pub(crate) struct Formerly {
    pub(crate) types: Vec<(TypeId, TypeDef)>,
    pub(crate) operations: Vec<(usize, Operation)>,
    /// `None`: they are what they were.
    pub(crate) lifecycles: Option<Vec<Lifecycle>>,
    pub(crate) tables: FormerTables,
    pub(crate) guard_definitions: Option<BTreeMap<String, Value>>,
}

impl Lowered {
    pub(crate) fn told(&self) -> &[Diagnostic] {
        &self.told
    }

    /// Takes what is not needed any more where it was found out.
    pub(super) fn keep(&mut self, mut lowering: Lowering<'_>) {
        self.entries = std::mem::take(&mut lowering.ledger.entries);
        self.keep_found(lowering);
    }

    fn keep_found(&mut self, lowering: Lowering<'_>) {
        self.named = lowering.named;
        self.responses = lowering.responses;
        self.parameters = lowering.parameters;
        self.met = lowering.met;
        self.nullable = lowering.nullable;
        self.discriminators = lowering.discriminators;
        self.families = lowering.families;
        self.filled = lowering.filled;
    }
}

/// Brings a model up to date with a bundle in which some units changed. `None`: everything is to be lowered anew; the model is
/// what it was, and what was kept is of no more use.
pub(crate) fn update(
    lowered: &mut Lowered,
    bundle: &Bundle,
    changed: &[Former],
    model: &mut Model,
) -> Option<Formerly> {
    if lowered.told_of_all || lowered.left == 0 || !changed.iter().all(|former| is_contained(former, bundle)) {
        return None;
    }
    let reads_changed = |entry: &Entry| changed.iter().any(|former| entry.reads.contains(&former.pointer));
    let again: Vec<usize> = (0..)
        .zip(&lowered.entries)
        .filter_map(|(i, entry)| reads_changed(entry).then_some(i))
        .collect();
    let entries = || again.iter().filter_map(|i| lowered.entries.get(*i));
    if entries().any(|entry| entry.told || entry.item == Item::Rest) {
        return None;
    }
    let ids: BTreeSet<TypeId> = entries().flat_map(Entry::made).collect();
    let former_types: Vec<(TypeId, TypeDef)> = ids
        .iter()
        .filter_map(|id| Some((*id, lowered.types.get(id.index())?.clone())))
        .collect();
    let operations = lower_again(lowered, bundle, &again, &ids, model)?;
    let circles_may_change = former_types.iter().any(|(id, former)| {
        let now = lowered.types.get(id.index());
        now.is_none_or(|now| stands_for(&now.shape) != stands_for(&former.shape))
    });
    if circles_may_change {
        return None;
    }
    let mut useless = Vec::new();
    let tags = tags::tags(&lowered.types, &lowered.discriminators, &mut useless);
    if !useless.is_empty() {
        return None;
    }
    let retagged = (0..).map(TypeId).take(lowered.types.len());
    let mut ids = ids;
    ids.extend(retagged.filter(|id| tags.get(id) != lowered.tags.get(id)));
    lowered.tags = tags;
    let stored = look_for_stored(lowered, bundle, changed, model);
    settle(lowered, bundle, &ids, operations, (changed, stored), model)
}

/// Whether a unit changed in nothing that is looked at outside of items: what it includes, which operations it has and how they
/// are called.
fn is_contained(former: &Former, bundle: &Bundle) -> bool {
    let Some(now) = lookup(&bundle.document, &former.pointer) else {
        return false;
    };
    let differs = |left: Option<&Value>, right: Option<&Value>| match (left, right) {
        (Some(left), Some(right)) => !same(left, right),
        (left, right) => left.is_some() != right.is_some(),
    };
    if former.pointer.starts_with("/paths/") {
        let apart = ["$ref", "servers", "query", "additionalOperations"];
        let frame = |value: &Value| apart.iter().skip(1).any(|key| value.get(key).is_some());
        let operations = Method::ALL.iter().all(|method| {
            let (left, right) = (former.value.get(method.key()), now.get(method.key()));
            left.is_some() == right.is_some()
                && ["operationId", "tags"].iter().all(|key| {
                    !differs(
                        left.and_then(|operation| operation.get(key)),
                        right.and_then(|operation| operation.get(key)),
                    )
                })
        });
        operations && !frame(&former.value) && !frame(now) && !differs(former.value.get("$ref"), now.get("$ref"))
    } else if former.pointer.starts_with("/components/schemas/") {
        let is_parent = |value: &Value| value.get("discriminator").is_some();
        !is_parent(&former.value) && !is_parent(now) && included(&former.value) == included(now)
    } else {
        true
    }
}

/// What a schema includes by references of its `allOf`, in the way in which families are found.
fn included(schema: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    let mut queue = vec![schema];
    while let Some(value) = queue.pop() {
        for item in value.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            found.extend(item.get("$ref").and_then(Value::as_str));
            queue.push(item);
        }
    }
    found
}

/// Lowers items again, and puts what they come to among what was kept. What comes back are operations, by position.
fn lower_again(
    lowered: &mut Lowered,
    bundle: &Bundle,
    again: &[usize],
    ids: &BTreeSet<TypeId>,
    model: &mut Model,
) -> Option<Vec<(usize, Operation)>> {
    let mut told = Diagnostics::new();
    let mut lowering = Lowering::new(bundle, &mut told);
    lowering.types = std::mem::take(&mut lowered.types);
    lowering.named = std::mem::take(&mut lowered.named);
    lowering.responses = std::mem::take(&mut lowered.responses);
    lowering.parameters = std::mem::take(&mut lowered.parameters);
    lowering.met = std::mem::take(&mut lowered.met);
    lowering.discriminators = std::mem::take(&mut lowered.discriminators);
    lowering.families = std::mem::take(&mut lowered.families);
    lowering.filled = std::mem::take(&mut lowered.filled);
    lowering.nullable = lowered.nullable.clone();
    for id in ids {
        lowering.filled.remove(id);
        lowering.nullable.remove(id);
        lowering.discriminators.remove(id);
    }
    for entry in again.iter().filter_map(|i| lowered.entries.get(*i)) {
        lowering.forget(entry);
    }
    let mut operations = Vec::new();
    for i in again {
        let entry = lowered.entries.get_mut(*i)?;
        lowering.ledger = Ledger::again(std::mem::take(&mut entry.deeds));
        lowering.budget = BUDGET;
        match entry.item {
            Item::Component(id) => {
                let at = lowering.types.get(id.index())?.pointer.clone();
                let value = lookup(&bundle.document, &at)?;
                lowering.component(id, Node { at, value });
            }
            Item::Operation(position) => {
                operations.push((position, lowering.operation_again(position, model)?));
            }
            Item::Rest => return None,
        }
        let made = lowering.ledger.entries.pop()?;
        let left = (lowered.left + entry.spent)
            .checked_sub(made.spent)
            .filter(|left| *left > 0);
        lowered.left = left?;
        if lowering.ledger.differs || made.told {
            return None;
        }
        *entry = made;
    }
    let same_nullable = lowering.nullable == lowered.nullable;
    lowered.types = std::mem::take(&mut lowering.types);
    lowered.keep_found(lowering);
    (same_nullable && told.is_empty()).then_some(operations)
}

impl Lowering<'_> {
    /// Takes back what an item did.
    fn forget(&mut self, entry: &Entry) {
        for deed in &entry.deeds {
            match deed {
                Deed::Met(key) => drop(self.met.remove(key)),
                Deed::Named(pointer) => drop(self.named.remove(pointer)),
                Deed::Response(pointer) => drop(self.responses.remove(pointer)),
                Deed::Parameter(pointer) => drop(self.parameters.remove(pointer)),
                Deed::Took { .. } | Deed::Asked { .. } | Deed::Made { .. } | Deed::Knew(_) => {}
            }
        }
        if let Item::Component(id) = entry.item
            && let Some(def) = self.types.get_mut(id.index())
        {
            def.internal = false;
            def.requirements.clear();
            def.guards.clear();
        }
    }

    /// An operation as it is now. Its domain must be what it was.
    fn operation_again(&mut self, position: usize, model: &mut Model) -> Option<Operation> {
        let former = model.operations.get(position)?;
        let (path, method, id, domain) = (former.path.clone(), former.method, former.id.clone(), former.domain);
        let at = below("/paths", &path.raw);
        let value = lookup(&self.bundle.document, &at)?;
        let item = self.resolve(Node { at, value });
        let operation = item.get(method.key())?;
        let found = Found {
            method,
            path,
            item,
            operation,
        };
        let domains = model.domains.len();
        let made = self.operation_at(position, &found, id, model);
        let more = model.domains.len() > domains;
        model.domains.truncate(domains);
        (!more && made.domain == domain).then_some(made)
    }
}

/// What is to be read again of what types store.
#[derive(Debug, Clone, Copy, Default)]
struct Stored {
    /// Whether there may be another table, or one less.
    tables: bool,
    /// Whether a unit that changed says something of a lifecycle, or did.
    lifecycles: bool,
}

/// Looks again which types in the units that changed may have a table or a lifecycle.
fn look_for_stored(lowered: &mut Lowered, bundle: &Bundle, changed: &[Former], model: &Model) -> Stored {
    let mut stored = Stored::default();
    let is_changed = |def: &TypeDef| changed.iter().any(|former| *former.pointer == *unit_of(&def.pointer));
    for (i, def) in model.types.iter().enumerate().filter(|(_, def)| is_changed(def)) {
        let now = entities::is_candidate(bundle, &def.pointer);
        match (lowered.stored.binary_search(&i), now) {
            (Ok(at), false) => drop(lowered.stored.remove(at)),
            (Err(at), true) => lowered.stored.insert(at, i),
            _ => {}
        }
        let says = |word: &str| entities::says(bundle, &def.pointer, word);
        let has_table = model.entities.iter().any(|entity| entity.ty.index() == i);
        let has_lifecycle = model.lifecycles.iter().any(|lifecycle| lifecycle.ty.index() == i);
        stored.tables |= says("table") != has_table;
        stored.lifecycles |= says("lifecycle") || has_lifecycle;
    }
    stored
}

/// Puts what was made anew into the model, and finds out what depends on it.
fn settle(
    lowered: &mut Lowered,
    bundle: &Bundle,
    ids: &BTreeSet<TypeId>,
    operations: Vec<(usize, Operation)>,
    (changed, stored): (&[Former], Stored),
    model: &mut Model,
) -> Option<Formerly> {
    let settling = Settling {
        numbers: &lowered.numbers,
        nullable: &lowered.nullable,
    };
    let mut formerly = Formerly {
        guard_definitions: model.guard_definitions.take(),
        ..Formerly::default()
    };
    let mut uses_change = false;
    for id in ids {
        let number = settling.number(*id);
        let Some((made, place)) = lowered.types.get(id.index()).zip(model.types.get_mut(number.index())) else {
            restore(model, formerly);
            return None;
        };
        let mut def = made.clone();
        tags::put(&lowered.tags, *id, &mut def);
        settling.definition(&mut def);
        Mark::of(place).put(&mut def);
        if *place != def {
            let before = references(place);
            uses_change |= before != references(&def);
            formerly.types.push((number, std::mem::replace(place, def)));
        }
    }
    for (position, mut operation) in operations {
        let known = model.operations.get(position).zip(lowered.tools.get(position));
        let same_tool = known.is_some_and(|(_, tool)| *tool == operation.policy.mcp.name);
        if let (true, Some(place)) = (same_tool, model.operations.get_mut(position)) {
            operation.policy.mcp.name.clone_from(&place.policy.mcp.name);
            visit::types_of_operation(&mut operation, &mut |ty| settling.ty(ty));
            if *place != operation {
                uses_change |= in_operation(place) != in_operation(&operation);
                formerly
                    .operations
                    .push((position, std::mem::replace(place, operation)));
            }
        } else {
            restore(model, formerly);
            return None;
        }
    }
    if uses_change {
        for (i, mark) in usage::marks(model).into_iter().enumerate() {
            let Some((def, number)) = model.types.get_mut(i).zip(u32::try_from(i).ok().map(TypeId)) else {
                continue;
            };
            if Mark::of(def) != mark {
                if formerly.types.iter().all(|(known, _)| *known != number) {
                    formerly.types.push((number, def.clone()));
                }
                mark.put(def);
            }
        }
    }
    if !store(lowered, bundle, changed, stored, model, &mut formerly) {
        restore(model, formerly);
        return None;
    }
    if lowered.entries.iter().any(|entry| entry.guards) {
        let referred = lowered.entries.iter().flat_map(|entry| entry.referred.iter().cloned());
        model.guard_definitions = Some(guards::definitions(&bundle.document, referred.collect()));
    }
    Some(formerly)
}

/// Reads again what types store, as far as it was made from what changed. Whether nothing is to be told of it.
fn store(
    lowered: &mut Lowered,
    bundle: &Bundle,
    changed: &[Former],
    stored: Stored,
    model: &mut Model,
    formerly: &mut Formerly,
) -> bool {
    let types: BTreeSet<TypeId> = formerly.types.iter().map(|(id, _)| *id).collect();
    let mut told = Diagnostics::new();
    let looks_at_changed = |ty: TypeId| !drafts::looked_at(model, ty).is_disjoint(&types);
    let mut all = stored.tables;
    if stored.lifecycles || model.lifecycles.iter().any(|lifecycle| looks_at_changed(lifecycle.ty)) {
        let former = std::mem::take(&mut model.lifecycles);
        lifecycles::lower(bundle, model, &lowered.stored, &mut told);
        let of = |lifecycles: &[Lifecycle]| lifecycles.iter().map(|one| one.ty).collect::<Vec<_>>();
        // Tables know lifecycles by their numbers.
        all |= of(&former) != of(&model.lifecycles);
        formerly.lifecycles = Some(former);
    }
    let is_changed = |one: &Written| {
        let units = changed.iter().any(|former| one.units.contains(&former.pointer));
        units || !one.types.is_disjoint(&types)
    };
    let again = match all {
        true => None,
        false => drafts::again(&mut lowered.written, bundle, model, is_changed),
    };
    formerly.tables = again.unwrap_or_else(|| {
        let former = std::mem::take(&mut model.entities);
        lowered.written = drafts::lower(bundle, model, &lowered.stored, &mut told);
        FormerTables::All(former)
    });
    told.is_empty()
}

fn references(def: &TypeDef) -> Vec<TypeId> {
    let mut found = def.references(Edges::All);
    found.sort_unstable();
    found.dedup();
    found
}

/// Puts everything back.
fn restore(model: &mut Model, formerly: Formerly) {
    for (id, former) in formerly.types {
        if let Some(def) = model.types.get_mut(id.index()) {
            *def = former;
        }
    }
    for (position, former) in formerly.operations {
        if let Some(operation) = model.operations.get_mut(position) {
            *operation = former;
        }
    }
    if let Some(lifecycles) = formerly.lifecycles {
        model.lifecycles = lifecycles;
    }
    formerly.tables.restore(model);
    model.guard_definitions = formerly.guard_definitions;
}

impl Formerly {
    /// Whether anything changed that belongs to no single type or operation, or that all of them may depend on.
    pub(crate) fn frame_differs(&self, model: &Model) -> bool {
        let kind = |shape: &Shape| std::mem::discriminant(shape);
        self.lifecycles
            .as_ref()
            .is_some_and(|former| *former != model.lifecycles)
            || self.guard_definitions.is_some() != model.guard_definitions.is_some()
            || self.types.iter().any(|(id, former)| {
                let def = model.type_def(*id);
                Mark::of(former) != Mark::of(def)
                    || former.internal != def.internal
                    || former.requirements != def.requirements
                    || former.name != def.name
                    || former.place.file != def.place.file
                    || kind(&former.shape) != kind(&def.shape)
            })
            || self.operations.iter().any(|(position, former)| {
                let now = model.operations.get(*position);
                now.is_none_or(|now| {
                    now.policy.requirements != former.policy.requirements || now.place.file != former.place.file
                })
            })
    }
}
