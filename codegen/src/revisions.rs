//! Revisions: in which round each part of the model and of the bundle changed last.
//!
//! Owns: comparing a compilation with the last one, and following a change to all that refers to it. Must not know: targets, or
//! what is kept of an earlier round.
//!
//! Two comparisons make a change certain. The bundle is compared with its order, since the author's order reaches the output.
//! The model is compared besides, since lowering knows effects at a distance: a name that is taken, the children of a schema,
//! the domain that alone uses a type. What either finds counts, with everything that refers to it at any distance. Whatever
//! changes the frame, which is all that belongs to no single type or operation, counts as a change of everything.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::model::graph::{Edges, mentioned};
use crate::model::{Content, DomainId, Model, Operation, TypeDef, TypeId};
use crate::openapi::Bundle;
use crate::source::Sources;

/// The number of a round, from 1 on.
pub type Round = u64;

/// What a round was made from, to compare the next one with.
#[derive(Debug)]
pub(crate) struct Baseline {
    pub(crate) sources: Sources,
    pub(crate) model: Arc<Model>,
    pub(crate) bundle: Arc<Bundle>,
    /// All else that reaches the output: settings and templates.
    pub(crate) around: String,
    pub(crate) revisions: Revisions,
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
    /// Components and path items of the bundle, by pointer, with what they refer to.
    units: BTreeMap<String, Unit>,
}

#[derive(Debug, Clone, Default)]
struct Unit {
    round: Round,
    /// The units that it refers to.
    refers: Arc<[String]>,
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

    /// Compares the bundle with the last round, too.
    pub(crate) fn with_bundle(mut self, last: Option<&Baseline>, bundle: &Bundle) -> Self {
        self.rest = self.now;
        if let Some(last) = last {
            self.units = units(last, &bundle.document, self.now);
            if same_rest(&last.bundle.document, &bundle.document) && last.bundle.origins == bundle.origins {
                self.rest = last.revisions.rest;
            }
        }
        self
    }

    /// Compares the model with the last round, too.
    pub(crate) fn with_model(mut self, last: Option<&Baseline>, model: &Model) -> Self {
        let now = self.now;
        self.frame = match last {
            Some(last) if same_frame(&last.model, model) => last.revisions.frame.max(self.rest).max(self.around),
            _ => now,
        };
        if let Some(last) = last
            && self.frame != now
        {
            self.types = types(last, model, &self);
            self.operations = operations(last, model, &self);
            let detached = detached(model).into_iter();
            if detached.map(|id| self.of_type(id)).any(|round| round == now) {
                self.frame = now;
            }
        }
        if self.frame == now {
            self.types = vec![now; model.types.len()];
            self.operations = vec![now; model.operations.len()];
        }
        self
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

    /// The round in which a component or path item of the bundle changed last, or the frame.
    pub(crate) fn of_unit(&self, pointer: &str) -> Round {
        self.of(self.units.get(pointer).map(|unit| &unit.round))
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
                && std::mem::discriminant(&last.shape) == std::mem::discriminant(&def.shape)
        })
        && last.operations.len() == model.operations.len()
        && last.operations.iter().zip(&model.operations).all(|(last, operation)| {
            last.id == operation.id
                && last.domain == operation.domain
                && (last.method, &last.path) == (operation.method, &operation.path)
                && last.policy.requirements == operation.policy.requirements
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

fn types(last: &Baseline, model: &Model, revisions: &Revisions) -> Vec<Round> {
    let now = revisions.now;
    let mut rounds = last.revisions.types.clone();
    let mut changed = Vec::new();
    let pairs = last.model.types.iter().zip(&model.types).zip(&mut rounds);
    for (id, ((last, def), round)) in (0..).map(TypeId).zip(pairs) {
        if last != def || unit_changed(revisions, def) {
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
    let unit = revisions.units.get(unit_of(&def.pointer));
    unit.is_none_or(|unit| unit.round == revisions.now)
}

fn operations(last: &Baseline, model: &Model, revisions: &Revisions) -> Vec<Round> {
    let now = revisions.now;
    let pairs = last.model.operations.iter().zip(&model.operations);
    let mut rounds = last.revisions.operations.clone();
    for ((last, operation), round) in pairs.zip(&mut rounds) {
        let mut pointer = String::from("/paths");
        push(&mut pointer, &operation.path.raw);
        let unit = revisions.units.get(&pointer);
        if last != operation
            || unit.is_none_or(|unit| unit.round == now)
            || in_operation(operation)
                .iter()
                .any(|id| revisions.types.get(id.index()).is_none_or(|round| *round == now))
        {
            *round = now;
        }
    }
    rounds
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

/// The component or path item of a pointer: what the first three tokens name under `components`, the first two elsewhere.
fn unit_of(pointer: &str) -> &str {
    let tokens = if pointer.starts_with("/components/") { 4 } else { 3 };
    let mut ends = pointer.match_indices('/').map(|(at, _)| at).skip(tokens - 1);
    ends.next().and_then(|end| pointer.get(..end)).unwrap_or(pointer)
}

/// The groups of units: their pointer, and what they hold.
fn groups(document: &Value) -> impl Iterator<Item = (String, &Map<String, Value>)> {
    let top = ["paths", "webhooks"]
        .into_iter()
        .filter_map(|key| Some((format!("/{key}"), document.get(key)?.as_object()?)));
    let sections = document
        .get("components")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let sections = sections.filter_map(move |(key, section)| {
        let mut pointer = "/components".to_owned();
        push(&mut pointer, key);
        Some((pointer, section.as_object()?))
    });
    top.chain(sections)
}

fn units(last: &Baseline, document: &Value, now: Round) -> BTreeMap<String, Unit> {
    let mut units = BTreeMap::new();
    let mut changed: Vec<String> = Vec::new();
    let before: BTreeMap<String, &Map<String, Value>> = groups(&last.bundle.document).collect();
    for (group, members) in groups(document) {
        let old_members = before.get(&group);
        for (key, value) in members {
            let mut pointer = group.clone();
            push(&mut pointer, key);
            let known = old_members.and_then(|members| members.get(key));
            let unit = match (last.revisions.units.get(&pointer), known) {
                (Some(unit), Some(known)) if same(known, value) => unit.clone(),
                _ => {
                    changed.push(pointer.clone());
                    let mut refers = Vec::new();
                    references(value, &mut refers);
                    refers.sort_unstable();
                    refers.dedup();
                    Unit {
                        round: now,
                        refers: refers.into(),
                    }
                }
            };
            units.insert(pointer, unit);
        }
    }
    // What went is a change for all that referred to it.
    let gone = last
        .revisions
        .units
        .keys()
        .filter(|pointer| !units.contains_key(*pointer));
    changed.extend(gone.cloned());
    if changed.is_empty() {
        return units;
    }
    let mut referring: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let lists: Vec<(String, Arc<[String]>)> = units
        .iter()
        .map(|(pointer, unit)| (pointer.clone(), Arc::clone(&unit.refers)))
        .collect();
    for (pointer, refers) in &lists {
        for to in refers.iter() {
            referring.entry(to).or_default().push(pointer);
        }
    }
    while let Some(pointer) = changed.pop() {
        for from in referring.get(pointer.as_str()).into_iter().flatten() {
            if let Some(unit) = units.get_mut(*from)
                && unit.round != now
            {
                unit.round = now;
                changed.push((*from).to_owned());
            }
        }
    }
    units
}

/// The units that a value refers to. Any text that could be a reference counts as one: mappings name schemas as well.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            if let Some(pointer) = text.strip_prefix("#/") {
                found.push(format!("/{}", unit_of(&format!("/{pointer}")).trim_start_matches('/')));
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(members) => {
            for (key, member) in members {
                match (key.as_str(), member) {
                    ("mapping", Value::Object(mapping)) => {
                        for name in mapping.values().filter_map(Value::as_str) {
                            found.push(format!("/components/schemas/{name}"));
                        }
                        references(member, found);
                    }
                    _ => references(member, found),
                }
            }
        }
        _ => {}
    }
}

/// Whether a document is the same outside of its units, and has them in the same order.
fn same_rest(last: &Value, document: &Value) -> bool {
    let (Value::Object(last), Value::Object(now)) = (last, document) else {
        return false;
    };
    let names = |map: &Value| -> Vec<String> {
        let members = map.as_object();
        members.into_iter().flatten().map(|(key, _)| key.clone()).collect()
    };
    last.len() == now.len()
        && last.iter().zip(now).all(|((old_key, old), (key, value))| {
            old_key == key
                && match key.as_str() {
                    "paths" | "webhooks" => names(old) == names(value),
                    "components" => {
                        names(old) == names(value)
                            && old.as_object().into_iter().flatten().all(|(section, members)| {
                                value.get(section).is_some_and(|now| names(members) == names(now))
                            })
                    }
                    _ => same(old, value),
                }
        })
}

/// Whether two values are written alike: with the same keys in the same order, and the same numbers to the last bit.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|((left_key, left), (right_key, right))| left_key == right_key && same(left, right))
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Number(left), Value::Number(right)) => {
            left == right && left.as_f64().map(f64::to_bits) == right.as_f64().map(f64::to_bits)
        }
        (left, right) => left == right,
    }
}

/// A pointer with a key behind it.
pub(crate) fn below(pointer: &str, key: &str) -> String {
    let mut pointer = pointer.to_owned();
    push(&mut pointer, key);
    pointer
}

fn push(pointer: &mut String, key: &str) {
    pointer.push('/');
    if key.contains(['~', '/']) {
        pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
    } else {
        pointer.push_str(key);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_keys_is_a_change_and_so_is_the_sign_of_zero() {
        let object = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
        assert!(same(
            &object(r#"{"a":[1,{"b":0.0}]}"#),
            &object(r#"{"a":[1,{"b":0.0}]}"#)
        ));
        for (left, right) in [
            (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#),
            ("0.0", "-0.0"),
            ("1", "1.0"),
            ("[1]", "[1,2]"),
        ] {
            assert!(!same(&object(left), &object(right)), "{left} {right}");
        }
    }

    #[test]
    fn a_unit_is_a_component_or_a_path_item() {
        assert_eq!(unit_of("/components/schemas/A/properties/b"), "/components/schemas/A");
        assert_eq!(unit_of("/components/schemas/A"), "/components/schemas/A");
        assert_eq!(unit_of("/paths/~1a~1{b}/get/responses"), "/paths/~1a~1{b}");
        assert_eq!(unit_of("/info"), "/info");
    }

    #[test]
    fn references_are_found_in_mappings_by_name_too() {
        let mut found = Vec::new();
        let value =
            json!({"oneOf": [{"$ref": "#/components/schemas/A/items"}], "discriminator": {"mapping": {"b": "B"}}});
        references(&value, &mut found);
        assert_eq!(found, ["/components/schemas/A", "/components/schemas/B"]);
    }
}
