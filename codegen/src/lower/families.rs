//! Families: a parent with a discriminator that lists no branches stands for the components that include it.
//!
//! Owns: finding them, and which children a parent stands for. Must not know: how a union is made of its branches (`unions`).

use super::Lowering;
use super::merge::{Merged, Types};
use super::names::Context;
use super::node::Node;
use super::parts::Member;
use super::schema::Slot;
use super::tags::Discriminator;
use super::unions::base_member;
use crate::model::{Type, TypeId};

/// The components that include a parent with a discriminator.
#[derive(Debug, Clone, Default)]
pub(super) struct Family {
    /// Pointers of the children, in document order.
    pub(super) children: Vec<String>,
}

impl<'a> Lowering<'a> {
    /// A parent with a discriminator stands for any of its children where it is referred to.
    pub(super) fn family(&mut self, merged: &Merged<'a>, family: &Family, slot: Slot<'_>, id: TypeId) -> Type {
        let name = self.name_of(id);
        let discriminator = merged.first("discriminator").map(|node| Discriminator::read(&node));
        let own = merged.at().to_owned();
        let mut variants = Vec::new();
        let mapped_itself = discriminator.as_ref().is_some_and(|found| found.names(&own));
        if mapped_itself {
            let members: Vec<Member<'a>> = merged.parts.iter().map(base_member).collect();
            let ty = self.form(&members, Slot::Inline(Context::of(&name, "base")));
            variants.push((ty, None));
        }
        for child in &family.children {
            variants.push((self.refer(child, &own), None));
        }
        let (types, _) = merged.types();
        let nullable = types.is_some_and(|types| types.has(Types::NULL));
        if let Some(discriminator) = discriminator {
            self.discriminators.insert(id, discriminator);
        }
        debug_assert!(matches!(slot, Slot::Given(_)));
        self.finish_union(merged, id, variants, true, nullable)
    }

    /// Finds the parents that have a discriminator but list no branches themselves, and their children.
    pub(super) fn find_families(&mut self, components: &[(&'a str, Node<'a>)]) {
        let is_parent = |node: &Node<'a>| {
            node.get("discriminator")
                .is_some_and(|found| found.text("propertyName").is_some())
                && node.get("oneOf").is_none()
                && node.get("anyOf").is_none()
        };
        let parents: Vec<&Node<'a>> = components
            .iter()
            .map(|(_, node)| node)
            .filter(|node| is_parent(node))
            .collect();
        if parents.is_empty() {
            return;
        }
        let ancestors: Vec<(String, Vec<String>)> = components
            .iter()
            .map(|(_, node)| (node.at.clone(), self.ancestors(&node.at)))
            .collect();
        for parent in parents {
            let children = ancestors
                .iter()
                .filter(|(at, above)| *at != parent.at && above.contains(&parent.at));
            // A child that is a parent with children of its own stands for those.
            let children = children.filter(|(at, _)| {
                let inner = components.iter().any(|(_, node)| node.at == *at && is_parent(node));
                !inner || !ancestors.iter().any(|(other, above)| other != at && above.contains(at))
            });
            let children: Vec<String> = children.map(|(at, _)| at.clone()).collect();
            if !children.is_empty() {
                self.families.insert(parent.at.clone(), Family { children });
            }
        }
    }
}
