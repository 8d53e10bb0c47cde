//! The documents of a round, kept to be brought up to date in the next.
//!
//! Owns: both versions in all their parts, and changing a few units of them in their places. Must not know: how a unit is written.
//!
//! A unit that is another by now takes its place in all four texts if nothing else can follow from it: it refers to what it referred
//! to, is as public as it was, and loses what it lost. Whatever else happened, the documents are made anew.

use std::sync::Arc;

use super::Units;
use super::assemble::{Spots, replaced};
use super::downgrade::Context;
use super::units::{Group, Parts, apart};
use super::written::{Older, Texts, Unit};
use crate::diagnostics::Diagnostics;
use crate::emit::Artifact;
use crate::emit::ahead::Contract;
use crate::tree::Value;

/// More units than this are as soon written with all others.
const MANY: usize = 64;

/// A version of the document: its units, its texts, and where the units stand in these.
pub(super) struct Volume<U> {
    pub(super) units: Units<U>,
    pub(super) json: (Artifact, Spots),
    pub(super) yaml: (Artifact, Spots),
}

/// All of it.
pub(in crate::emit) struct Book {
    /// What the bundle was taken apart to.
    pub(super) apart: (Value, Vec<Group>),
    /// The frame of the public document, and its groups.
    pub(super) frame: Value,
    pub(super) groups: Vec<Group>,
    pub(super) newer: Volume<Unit>,
    /// The groups of the older document.
    pub(super) older_groups: Vec<Group>,
    pub(super) older: Volume<Older>,
    pub(super) diagnostics: Diagnostics,
}

impl Book {
    /// The files, and what there is to tell of them.
    pub(super) fn artifacts(&self, diagnostics: &mut Diagnostics) -> Vec<Artifact> {
        diagnostics.extend(self.diagnostics.iter().cloned());
        let (newer, older) = (&self.newer, &self.older);
        let all = [&newer.json, &newer.yaml, &older.json, &older.yaml];
        all.map(|(artifact, _)| artifact.clone()).into()
    }

    /// What nobody will bring up to date needs no units any more, which are as large as the documents.
    pub(super) fn closed(mut self) -> Self {
        self.newer.units.clear();
        self.older.units.clear();
        self
    }

    /// The book of a former round, brought up to date. `None`: it is to be made anew.
    pub(super) fn followed(mut self, made: u64, input: &Contract<'_>) -> Option<Self> {
        let reached = input.revisions.reached_since(made)?;
        if reached.len() > MANY || apart(&input.bundle.document) != self.apart {
            return None;
        }
        let mut newer: Vec<(&String, Arc<Unit>)> = Vec::new();
        for pointer in reached {
            let Some((former, group)) = self.newer.units.get(pointer).zip(group(&self.apart.1, pointer)) else {
                continue;
            };
            let unit = super::newer(input, pointer, group);
            if !unit.follows_as(former) {
                return None;
            }
            if !Arc::ptr_eq(&unit, former) {
                newer.push((pointer, unit));
            }
        }
        for (pointer, unit) in &newer {
            if let Some(known) = self.newer.units.get_mut(*pointer) {
                *known = Arc::clone(unit);
            }
        }
        let parts = Parts {
            frame: &self.frame,
            units: &self.newer.units,
            value: |unit: &Unit| &unit.value,
        };
        let context = Context::of(&parts, &self.groups);
        if !context.is_plain() {
            return None;
        }
        let mut older: Vec<(&String, Arc<Older>)> = Vec::new();
        for pointer in reached {
            let Some((former, group)) = self.older.units.get(pointer).zip(group(&self.older_groups, pointer)) else {
                continue;
            };
            let unit = super::older_unit(input, &context, pointer, group)?;
            if !unit.follows_as(former) {
                return None;
            }
            if !Arc::ptr_eq(&unit, former) {
                older.push((pointer, unit));
            }
        }
        self.newer.replace(&newer, |unit| &unit.text);
        self.older.replace(&older, |unit| &unit.text);
        for (pointer, unit) in older {
            self.older.units.insert(pointer.clone(), unit);
        }
        Some(self)
    }
}

impl<U: Send + Sync> Volume<U> {
    fn replace(&mut self, units: &[(&String, Arc<U>)], texts: fn(&U) -> &Texts) {
        let of = |pointer: &str| {
            units
                .iter()
                .find(|(known, _)| *known == pointer)
                .map(|(_, unit)| texts(unit))
        };
        let (json, spots) = &mut self.json;
        json.text = replaced(&json.text, spots, &|pointer| of(pointer).map(|texts| &texts.json));
        let (yaml, spots) = &mut self.yaml;
        yaml.text = replaced(&yaml.text, spots, &|pointer| of(pointer).map(|texts| &texts.yaml));
    }
}

/// The group of a unit.
fn group<'g>(groups: &'g [Group], pointer: &str) -> Option<&'g Group> {
    let (above, _) = pointer.rsplit_once('/')?;
    groups.iter().find(|group| group.pointer == above)
}
