//! Order: definitions of a module such that constants stand before their use.
//!
//! Owns: sorting. Must not know: what is written. Mentions that close a circle are lazy and do not count.

use std::collections::BTreeMap;

use crate::model::graph::{Components, Edges};
use crate::model::{Model, TypeId};

/// The types of a module, each behind those that it mentions; otherwise in the order given.
pub(super) fn topological(model: &Model, components: &Components, ids: &[TypeId]) -> Vec<TypeId> {
    // Whether a type of this module was begun.
    let mut begun: BTreeMap<TypeId, bool> = ids.iter().map(|id| (*id, false)).collect();
    let mut order = Vec::with_capacity(ids.len());
    let mentions = |id: TypeId| -> Vec<TypeId> {
        let mut found = model.references(id, Edges::All);
        found.retain(|to| !components.closes_circle(id, *to));
        found.reverse();
        found
    };
    for id in ids {
        // Each entry: a type and what it still waits for. A stack of our own, since chains may be long.
        let mut work: Vec<(TypeId, Option<Vec<TypeId>>)> = vec![(*id, None)];
        while let Some((current, waiting)) = work.pop() {
            let mut waiting = match waiting {
                Some(waiting) => waiting,
                None => match begun.get_mut(&current) {
                    Some(begun) if !*begun => {
                        *begun = true;
                        mentions(current)
                    }
                    _ => continue,
                },
            };
            match waiting.pop() {
                Some(next) => {
                    work.push((current, Some(waiting)));
                    work.push((next, None));
                }
                None => order.push(current),
            }
        }
    }
    order
}
