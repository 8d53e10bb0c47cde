//! The bundle of the last round brought up to date: only the units that were written anew are copied.
//!
//! Owns: which units a change of a file reaches, and when copying them alone gives what bundling everything gives. Must not know:
//! what a unit means to the model.
//!
//! A component or path item depends on other files only by where its references lead. Those to what has its place from the start
//! (the contract itself, the definitions of a data model) always lead there. What is pulled in because something refers to it
//! has its name and position from the order of those references, so this order must be what it was. Whatever else moves, or is
//! told, is left to bundling everything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Bundle;
use super::circles;
use super::documents::{Document, Documents};
use super::grammar::{self, Place as Kind};
use super::link::{At, Linker};
use crate::diagnostics::Diagnostics;
use crate::memo::Memo;
use crate::source::Sources;
use crate::source::changes::same;
use crate::tree::Value;

/// What linking found out, for the next round.
#[derive(Debug, Default)]
pub(crate) struct Linked {
    /// Whether anything was told: then everything is bundled anew.
    pub(super) told: bool,
    /// Whether maps, lists or operations of a contract stand in files of their own.
    pub(super) split: bool,
    /// Whether there are several contracts, which are merged.
    pub(super) several: bool,
    /// The contract that is the frame.
    pub(super) main: Arc<str>,
    /// Files that are part of the bundle, and whether they are written in the terms of 3.0.
    pub(super) files: BTreeMap<Arc<str>, bool>,
    /// Components that were pulled in: file and pointer -> kind and pointer in the bundle.
    pub(super) pulled: BTreeMap<(Arc<str>, String), (Kind, String)>,
    /// Those of them that are there only because something refers to them.
    pub(super) on_demand: BTreeSet<String>,
    /// Everything that is referred to.
    pub(super) targets: BTreeSet<(Arc<str>, String)>,
    /// See [`Linker`].
    pub(super) placed: BTreeMap<Arc<str>, BTreeMap<String, String>>,
    pub(super) linked: BTreeMap<Arc<str>, BTreeMap<String, String>>,
    pub(super) taken: BTreeMap<&'static str, BTreeSet<String>>,
}

/// A unit as it was before.
#[derive(Debug)]
pub(crate) struct Former {
    /// Pointer in the bundle.
    pub(crate) pointer: String,
    pub(crate) value: Value,
}

/// A part of a file that is a unit of the bundle.
struct Reached {
    file: Arc<str>,
    pointer: String,
    kind: Kind,
    unit: String,
}

/// Sections whose components can be looked at by themselves.
const SECTIONS: [&str; 7] = [
    "schemas",
    "responses",
    "parameters",
    "requestBodies",
    "headers",
    "examples",
    "mediaTypes",
];

impl Linked {
    /// Whether a file is part of the bundle.
    pub(crate) fn has(&self, file: &str) -> bool {
        self.files.contains_key(file)
    }

    /// The unit of the main contract in which a pointer stands.
    fn unit_of_main(&self, pointer: &str) -> Option<Reached> {
        let mut tokens = pointer.split('/').skip(1);
        let (length, kind) = match (tokens.next()?, tokens.next()?, tokens.next()) {
            ("paths", path, _) if !path.starts_with("x-") => (1 + "paths".len() + 1 + path.len(), Kind::PathItem),
            ("components", section, Some(name)) if SECTIONS.contains(&section) => {
                let length = 1 + "components".len() + 1 + section.len() + 1 + name.len();
                (length, grammar::kind_of_section(section)?)
            }
            _ => return None,
        };
        let pointer = pointer.get(..length)?.to_owned();
        // What only refers to another file stands there as that.
        let is_pulled = self.pulled.values().any(|(_, unit)| *unit == pointer);
        (!is_pulled).then(|| Reached {
            file: Arc::clone(&self.main),
            unit: pointer.clone(),
            pointer,
            kind,
        })
    }

    /// The units that a change of a file reaches. `None`: it reaches more than units.
    fn reached(&self, file: &Arc<str>, changes: &[String]) -> Option<Vec<Reached>> {
        if **file == *self.main {
            return changes.iter().map(|pointer| self.unit_of_main(pointer)).collect();
        }
        let mut found = Vec::new();
        for change in changes {
            let mut tokens = change.split('/').skip(1);
            let frame = match tokens.next()? {
                "openapi" | "swagger" => true,
                // All of these are part of the bundle, whatever refers to them.
                "$defs" | "definitions" => tokens.next().is_none(),
                _ => false,
            };
            if frame {
                return None;
            }
            let of_file = self.pulled.iter().filter(|((known, _), _)| known == file);
            for ((_, pointer), (kind, unit)) in of_file {
                if is_within(change, pointer) || is_within(pointer, change) {
                    found.push(Reached {
                        file: Arc::clone(file),
                        pointer: pointer.clone(),
                        kind: *kind,
                        unit: unit.clone(),
                    });
                }
            }
        }
        Some(found)
    }
}

/// Copies the units that changes reach into the bundle: file -> pointers of what changed in it. What is not the same as before
/// comes back as it was. `None`: everything is to be bundled anew; the bundle is what it was.
pub(crate) fn update(
    linked: &mut Linked,
    bundle: &mut Bundle,
    changes: &[(Arc<str>, Vec<String>)],
    sources: &Sources,
    memo: &Memo,
) -> Option<Vec<Former>> {
    // Where maps stand in files of their own, a change of these files may be one of names.
    if linked.told || linked.several || linked.split {
        return None;
    }
    let mut reached = Vec::new();
    for (file, pointers) in changes {
        reached.extend(linked.reached(file, pointers)?);
    }
    reached.sort_by(|left, right| left.unit.cmp(&right.unit));
    reached.dedup_by(|left, right| left.unit == right.unit);
    let mut found = Diagnostics::new();
    let mut documents = Documents::new(sources, memo);
    let mut read: BTreeMap<Arc<str>, Arc<Document>> = BTreeMap::new();
    for (file, old) in &linked.files {
        let document = documents.get(file, *old, &mut found)?;
        if document.old != *old {
            return None;
        }
        read.insert(Arc::clone(file), document);
    }
    if !linked.leads_where_it_led(changes, &read) {
        return None;
    }
    let mut linker = Linker::resume(documents, &mut found, linked);
    let mut copied = Vec::new();
    for one in reached {
        let document = read.get(&one.file)?;
        let value = document.value.pointer(&one.pointer)?;
        let mut at = At {
            document,
            pointer: one.pointer,
        };
        copied.push((one.unit, one.kind, linker.copy(value, one.kind, &mut at)));
    }
    let quiet = linker.suspend(linked) && found.is_empty() && !linked.split;
    if !quiet {
        return None;
    }
    linked.exchange(copied, bundle)
}

impl Linked {
    /// Whether all that is referred to in files that changed is still there.
    fn leads_where_it_led(
        &self,
        changes: &[(Arc<str>, Vec<String>)],
        read: &BTreeMap<Arc<str>, Arc<Document>>,
    ) -> bool {
        let of_changed = self.targets.iter().filter_map(|(file, target)| {
            let (_, pointers) = changes.iter().find(|(changed, _)| changed == file)?;
            let reached = pointers.iter().any(|pointer| is_within(target, pointer));
            reached.then_some((file, target))
        });
        of_changed.into_iter().all(|(file, target)| {
            let document = read.get(file);
            document.is_some_and(|document| document.value.pointer(target).is_some())
        })
    }

    /// Puts units in the place of those before, when that is all there is to do.
    fn exchange(&self, copied: Vec<(String, Kind, Value)>, bundle: &mut Bundle) -> Option<Vec<Former>> {
        for (unit, kind, value) in &copied {
            let former = bundle.document.pointer(unit)?;
            if circles::references(former, *kind) != circles::references(value, *kind) {
                return None;
            }
            if !self.on_demand.is_empty()
                && (self.demands(former) != self.demands(value) || mapped(former) != mapped(value))
            {
                return None;
            }
        }
        let mut formers = Vec::new();
        for (pointer, _, mut value) in copied {
            if let Some(place) = bundle.document.pointer_mut(&pointer)
                && !same(place, &value)
            {
                std::mem::swap(place, &mut value);
                formers.push(Former { pointer, value });
            }
        }
        Some(formers)
    }

    /// What a unit refers to of that which is there on demand, in order.
    fn demands(&self, value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        texts(value, &mut |text| {
            let unit = text.strip_prefix('#').unwrap_or(text);
            if let Some(demanded) = self.on_demand.iter().find(|known| is_within(unit, known)) {
                found.push(demanded.clone());
            }
        });
        found
    }
}

/// What discriminators of a value map to, in order: a name there may be that of a component or of a file.
fn mapped(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().flat_map(mapped).collect(),
        Value::Object(members) => {
            let own = members.get("discriminator").and_then(|one| one.get("mapping"));
            own.into_iter().chain(members.values().flat_map(mapped)).collect()
        }
        _ => Vec::new(),
    }
}

/// Every text of a value: whatever could be a reference counts as one.
fn texts(value: &Value, tell: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => tell(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, tell)),
        Value::Object(members) => members.values().for_each(|member| texts(member, tell)),
        _ => {}
    }
}

/// Whether a pointer leads to what another leads to, or into it.
fn is_within(pointer: &str, outer: &str) -> bool {
    pointer
        .strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Puts every unit back.
pub(crate) fn restore(bundle: &mut Bundle, formers: Vec<Former>) {
    for former in formers {
        if let Some(place) = bundle.document.pointer_mut(&former.pointer) {
            *place = former.value;
        }
    }
}
