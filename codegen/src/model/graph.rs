//! Which named types contain which: recursion, and what a set of types needs.
//!
//! Owns: the graph of references between named types. Must not know: what a target does about recursion.

use super::Model;
use super::types::{Extra, Kind, Shape, Type, TypeDef, TypeId};

/// Which references count as edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edges {
    /// A value holds the other in itself: fields, variants, tuple items, aliases; not lists and maps.
    Inline,
    /// Every reference, lists and maps included.
    All,
}

/// The named types that a type mentions, in order, with repetitions.
pub fn mentioned(ty: &Type, edges: Edges, found: &mut Vec<TypeId>) {
    match &ty.kind {
        Kind::Named(id) => found.push(*id),
        Kind::List(item) | Kind::Map(item) if edges == Edges::All => {
            mentioned(item, edges, found);
        }
        Kind::Tuple { items, rest } => {
            for item in items {
                mentioned(item, edges, found);
            }
            if let (Some(rest), Edges::All) = (rest, edges) {
                mentioned(rest, edges, found);
            }
        }
        _ => {}
    }
}

impl Model {
    /// The named types that a definition mentions.
    #[must_use]
    pub fn references(&self, id: TypeId, edges: Edges) -> Vec<TypeId> {
        self.type_def(id).references(edges)
    }
}

impl TypeDef {
    /// The named types that it mentions.
    #[must_use]
    pub fn references(&self, edges: Edges) -> Vec<TypeId> {
        let mut found = Vec::new();
        match &self.shape {
            Shape::Record(record) => {
                for field in &record.fields {
                    mentioned(&field.ty, edges, &mut found);
                }
                if let (Extra::Kept(extra), Edges::All) = (&record.extra, edges) {
                    mentioned(extra, edges, &mut found);
                }
            }
            Shape::Union(union) => {
                for variant in &union.variants {
                    mentioned(&variant.ty, edges, &mut found);
                }
            }
            Shape::Alias(ty) => mentioned(ty, edges, &mut found),
            Shape::Enumeration(_) => {}
        }
        found
    }
}

impl TypeDef {
    /// Whether it mentions what another does, in the same places.
    pub(crate) fn mentions_as(&self, other: &Self) -> bool {
        let both = [Edges::Inline, Edges::All].into_iter();
        both.map(|edges| (self.references(edges), other.references(edges)))
            .all(|(own, others)| own == others)
    }
}

impl Model {
    /// For each named type the number of its strongly connected component, and whether it can reach itself.
    /// Two types are mutually recursive when their numbers are equal and they are recursive.
    #[must_use]
    pub fn components(&self, edges: Edges) -> Components {
        let graph: Vec<Vec<TypeId>> = (0..self.types.len())
            .map(|i| self.references(TypeId(i as u32), edges))
            .collect();
        Components::of(&graph)
    }
}

/// Strongly connected components of the type graph.
#[derive(Debug, Clone)]
pub struct Components {
    number: Vec<u32>,
    recursive: Vec<bool>,
}

impl Components {
    /// Whether the type can reach itself.
    #[must_use]
    pub fn is_recursive(&self, id: TypeId) -> bool {
        self.recursive.get(id.index()).copied().unwrap_or(false)
    }

    /// Whether a mention of `to` inside `from` closes a circle.
    #[must_use]
    pub fn closes_circle(&self, from: TypeId, to: TypeId) -> bool {
        self.is_recursive(from) && self.number.get(from.index()) == self.number.get(to.index())
    }

    /// Number of the component of a type: those that it leads to have lower ones.
    #[must_use]
    pub fn number_of(&self, id: TypeId) -> u32 {
        self.number.get(id.index()).copied().unwrap_or_default()
    }

    /// Number of the component of a node that can reach itself.
    pub(crate) fn circle_of(&self, node: usize) -> Option<u32> {
        let turns = self.recursive.get(node).copied().unwrap_or(false);
        self.number.get(node).copied().filter(|_| turns)
    }

    /// Tarjan's algorithm with a stack of its own, so that depth of nesting cannot exhaust the thread's.
    #[allow(
        clippy::indexing_slicing,
        reason = "every vector has one entry a node, and edges name nodes only"
    )]
    pub(crate) fn of(graph: &[Vec<TypeId>]) -> Self {
        const UNSEEN: u32 = u32::MAX;
        let n = graph.len();
        let (mut order, mut low) = (vec![UNSEEN; n], vec![0_u32; n]);
        let (mut on_stack, mut stack) = (vec![false; n], Vec::new());
        let (mut number, mut recursive) = (vec![0_u32; n], vec![false; n]);
        let (mut clock, mut components) = (0_u32, 0_u32);
        for root in 0..n {
            if order[root] != UNSEEN {
                continue;
            }
            let mut work = vec![(root, 0_usize)];
            while let Some((node, edge)) = work.pop() {
                if edge == 0 {
                    order[node] = clock;
                    low[node] = clock;
                    clock += 1;
                    stack.push(node);
                    on_stack[node] = true;
                }
                if let Some(next) = graph[node].get(edge).map(|id| id.index()) {
                    work.push((node, edge + 1));
                    if next == node {
                        recursive[node] = true;
                    }
                    if order[next] == UNSEEN {
                        work.push((next, 0));
                    } else if on_stack[next] {
                        low[node] = low[node].min(order[next]);
                    }
                    continue;
                }
                if low[node] == order[node] {
                    let start = stack.iter().rposition(|member| *member == node).unwrap_or(0);
                    let members = stack.split_off(start);
                    for member in &members {
                        on_stack[*member] = false;
                        number[*member] = components;
                        recursive[*member] |= members.len() > 1;
                    }
                    components += 1;
                }
                if let Some((parent, _)) = work.last() {
                    low[*parent] = low[*parent].min(low[node]);
                }
            }
        }
        Self { number, recursive }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(list: &[u32]) -> Vec<TypeId> {
        list.iter().copied().map(TypeId).collect()
    }

    #[test]
    fn circles_are_found_and_chains_are_not() {
        // 0 -> 1 -> 2 -> 1, 3 -> 3, 4 -> 0
        let found = Components::of(&[ids(&[1]), ids(&[2]), ids(&[1]), ids(&[3]), ids(&[0])]);
        let recursive: Vec<bool> = (0..5).map(|i| found.is_recursive(TypeId(i))).collect();
        assert_eq!(recursive, [false, true, true, true, false]);
        assert!(found.closes_circle(TypeId(1), TypeId(2)));
        assert!(!found.closes_circle(TypeId(0), TypeId(1)));
        assert!(!found.closes_circle(TypeId(1), TypeId(3)));
    }

    #[test]
    fn long_chains_do_not_exhaust_the_stack() {
        let graph: Vec<Vec<TypeId>> = (0..200_000_u32).map(|i| ids(&[(i + 1) % 200_000])).collect();
        assert!(Components::of(&graph).is_recursive(TypeId(7)));
    }
}
