//! Circles of types that add nothing: aliases of aliases, unions whose branches are themselves.
//!
//! Owns: finding and cutting them. Must not know: recursion through fields, which is fine.

use std::collections::{BTreeMap, BTreeSet};

use super::Lowering;
use crate::diagnostics::schema as codes;
use crate::model::graph::Components;
use crate::model::{Kind, Shape, Type, TypeId};
use crate::tree::Text;

impl Lowering<'_> {
    /// Cuts every circle at the first of its members, in document order, and tells it.
    pub(super) fn cut_circles(&mut self) {
        let all = u32::try_from(self.types.len()).unwrap_or(u32::MAX);
        let mut groups: BTreeMap<TypeId, BTreeSet<TypeId>> = BTreeMap::new();
        self.regroup(&(0..all).map(TypeId).collect(), &mut groups);
        while let Some((first, members)) = groups.pop_first() {
            if let Some(circle) = self.circle_from(first, &members) {
                self.cut(&circle);
                self.regroup(&members, &mut groups);
            }
        }
    }

    /// The groups of types that stand for each other in circles, by their first members. Looking for circles in nothing else
    /// keeps the time of long chains in proportion to their length.
    fn regroup(&self, members: &BTreeSet<TypeId>, groups: &mut BTreeMap<TypeId, BTreeSet<TypeId>>) {
        let order: Vec<TypeId> = members.iter().copied().collect();
        let local = |id: TypeId| {
            order
                .binary_search(&id)
                .ok()
                .and_then(|at| u32::try_from(at).ok())
                .map(TypeId)
        };
        let graph: Vec<Vec<TypeId>> = order
            .iter()
            .map(|id| self.bare(*id).into_iter().filter_map(local).collect())
            .collect();
        let components = Components::of(&graph);
        let mut found: BTreeMap<u32, BTreeSet<TypeId>> = BTreeMap::new();
        for (at, id) in order.iter().enumerate() {
            if let Some(number) = components.circle_of(at) {
                found.entry(number).or_default().insert(*id);
            }
        }
        for group in found.into_values() {
            if let Some(first) = group.first().copied() {
                groups.insert(first, group);
            }
        }
    }

    /// A way from a type back to itself over aliases and branches within its group.
    fn circle_from(&self, start: TypeId, group: &BTreeSet<TypeId>) -> Option<Vec<TypeId>> {
        let mut seen: BTreeSet<TypeId> = BTreeSet::new();
        // Each entry is a way, shared by parent index, so that long chains cost no more than their length.
        let mut ways: Vec<(TypeId, Option<usize>)> = vec![(start, None)];
        let mut next = 0;
        while let Some((id, _)) = ways.get(next).copied() {
            for inner in self.bare(id) {
                if inner == start {
                    let mut circle = Vec::new();
                    let mut at = Some(next);
                    while let Some((id, parent)) = at.and_then(|at| ways.get(at).copied()) {
                        circle.push(id);
                        at = parent;
                    }
                    circle.reverse();
                    return Some(circle);
                }
                if group.contains(&inner) && seen.insert(inner) {
                    ways.push((inner, Some(next)));
                }
            }
            next += 1;
        }
        None
    }

    /// The types that a definition stands for without adding anything.
    fn bare(&self, id: TypeId) -> Vec<TypeId> {
        let def = self.types.get(id.index());
        def.map(|def| stands_for(&def.shape)).unwrap_or_default()
    }

    fn cut(&mut self, circle: &[TypeId]) {
        let (Some(first), names) = (circle.first().copied(), circle.iter().map(|id| self.name_of(*id).raw)) else {
            return;
        };
        let mut names: Vec<Text> = names.collect();
        names.push(self.name_of(first).raw);
        let message = format!("schemas refer to nothing but each other: {}", names.join(" -> "));
        let at = self
            .types
            .get(first.index())
            .map_or_else(String::new, |def| def.pointer.clone());
        self.report_at(&codes::ALIAS_CYCLE, message, &at);
        let second = circle.get(1).copied().unwrap_or(first);
        let Some(def) = self.types.get_mut(first.index()) else {
            return;
        };
        match &mut def.shape {
            Shape::Union(union) => union.variants.retain(|variant| variant.ty.kind != Kind::Named(second)),
            _ => def.shape = Shape::Alias(Type::of(Kind::Any)),
        }
        if matches!(&def.shape, Shape::Union(union) if union.variants.is_empty()) {
            def.shape = Shape::Alias(Type::of(Kind::Any));
        }
    }
}

/// The types that a shape stands for without adding anything.
pub(super) fn stands_for(shape: &Shape) -> Vec<TypeId> {
    let named = |ty: &Type| match ty.kind {
        Kind::Named(id) => Some(id),
        _ => None,
    };
    match shape {
        Shape::Alias(ty) => named(ty).into_iter().collect(),
        Shape::Union(union) => union.variants.iter().filter_map(|variant| named(&variant.ty)).collect(),
        _ => Vec::new(),
    }
}
