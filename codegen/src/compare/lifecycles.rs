//! Lifecycles: states, transitions and variants.
//!
//! Owns: what changed about the ways in which states may follow each other. Must not know: schemas beyond their names.

use super::change::Subject;
use super::comparison::Comparison;
use super::rules;
use super::spot::{Direction, Spot};
use crate::model::{Lifecycle, Model, Transition, TypeDef};

impl Comparison<'_> {
    /// Every lifecycle.
    pub(super) fn lifecycles(&mut self) {
        let (before, after) = (self.before.model, self.after.model);
        let mut found = Vec::new();
        for old in &before.lifecycles {
            // A lifecycle goes with its schema, whatever that is called now.
            let now = self.pairs.schemas.get(&old.ty);
            match after.lifecycles.iter().find(|other| now == Some(&other.ty)) {
                Some(now) => {
                    found.push(now.ty);
                    self.lifecycle(old, now);
                }
                None => {
                    let message = format!("`{}` has no lifecycle any more", old.name.raw);
                    let def = before.type_def(old.ty);
                    self.removed(&rules::LIFECYCLE_REMOVED, &spot(old, def, def), message, None);
                }
            }
        }
        for now in after.lifecycles.iter().filter(|now| !found.contains(&now.ty)) {
            let message = format!("`{}` has a lifecycle now", now.name.raw);
            let def = after.type_def(now.ty);
            self.added(&rules::LIFECYCLE_ADDED, &spot(now, def, def), message, None);
        }
    }

    fn lifecycle(&mut self, before: &Lifecycle, after: &Lifecycle) {
        let (old, now) = (self.before.model, self.after.model);
        let spot = &spot(after, old.type_def(before.ty), now.type_def(after.ty));
        if before.field != after.field {
            let (old, now) = (before.field.clone(), after.field.clone());
            let message = format!("the state is kept in `{now}` now, it was `{old}`");
            self.changed(&rules::LIFECYCLE_FIELD, spot, message, old, now);
        }
        let travels = |model: &Model, lifecycle: &Lifecycle| {
            let def = model.type_def(lifecycle.state_type);
            (def.in_request, def.in_response)
        };
        let (was, is) = (travels(old, before), travels(now, after));
        let states = spot.clone().toward(Direction::new(was.0 && is.0, was.1 && is.1));
        for state in before.states.iter().filter(|state| !after.states.contains(state)) {
            let message = format!("the state `{state}` was removed");
            self.removed(&rules::STATE_REMOVED, &states, message, Some(state.clone()));
        }
        for state in after.states.iter().filter(|state| !before.states.contains(state)) {
            let message = format!("the state `{state}` was added");
            self.added(&rules::STATE_ADDED, &states, message, Some(state.clone()));
        }
        self.initial("", &before.initial, &after.initial, spot);
        self.transitions("", &before.transitions, &after.transitions, spot);
        for old in &before.variants {
            let name = &old.name.raw;
            let Some(now) = after.variants.iter().find(|now| now.name.raw == *name) else {
                let message = format!("the variant `{name}` was removed");
                self.removed(&rules::LIFECYCLE_VARIANT, spot, message, None);
                continue;
            };
            if old.when != now.when {
                let message = format!("the variant `{name}` is chosen by another condition");
                self.said(&rules::LIFECYCLE_VARIANT, spot, message);
            }
            let of = format!(" of the variant `{name}`");
            self.initial(&of, &old.initial, &now.initial, spot);
            self.transitions(&of, &old.transitions, &now.transitions, spot);
        }
        for now in &after.variants {
            if !before.variants.iter().any(|old| old.name.raw == now.name.raw) {
                let message = format!("the variant `{}` was added", now.name.raw);
                self.added(&rules::LIFECYCLE_VARIANT, spot, message, None);
            }
        }
    }

    fn initial(&mut self, of: &str, before: &str, after: &str, spot: &Spot) {
        if before != after {
            let message = format!("the initial state{of} is `{after}` now, it was `{before}`");
            let (before, after) = (before.to_owned(), after.to_owned());
            self.changed(&rules::STATE_INITIAL, spot, message, before, after);
        }
    }

    fn transitions(&mut self, of: &str, before: &[Transition], after: &[Transition], spot: &Spot) {
        let same = |left: &Transition, right: &Transition| left.from == right.from && left.on == right.on;
        let words = |one: &Transition| format!("{} → {} on `{}`", one.from, one.to, one.on);
        for old in before {
            match after.iter().find(|now| same(old, now)) {
                None => {
                    let message = format!("the transition {}{of} was removed", words(old));
                    self.removed(&rules::TRANSITION_REMOVED, spot, message, Some(words(old)));
                }
                Some(now) if now.to != old.to => {
                    let message = format!(
                        "`{}` in the state `{}`{of} leads to `{}` now, it was `{}`",
                        now.on, now.from, now.to, old.to
                    );
                    self.changed(&rules::TRANSITION_TARGET, spot, message, old.to.clone(), now.to.clone());
                }
                Some(_) => {}
            }
        }
        for now in after.iter().filter(|now| !before.iter().any(|old| same(old, now))) {
            let message = format!("the transition {}{of} was added", words(now));
            self.added(&rules::TRANSITION_ADDED, spot, message, Some(words(now)));
        }
    }
}

fn spot(lifecycle: &Lifecycle, before: &TypeDef, after: &TypeDef) -> Spot {
    let subject = Subject::Lifecycle {
        name: lifecycle.name.raw.to_string(),
    };
    let pointer = |def: &TypeDef| format!("{}/x-flaresmith/lifecycle", def.pointer);
    Spot::new(subject, &pointer(before), &pointer(after), Direction::BOTH)
}
