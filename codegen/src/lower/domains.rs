//! Domains: the groups into which operations and their types fall.
//!
//! Owns: which domain an operation belongs to. Must not know: types.

use super::Lowering;
use super::node::Node;
use crate::model::{Domain, DomainId, Model, Name, PathPart, PathTemplate};

impl<'a> Lowering<'a> {
    /// The domains that the contract lists, before those that operations bring along.
    pub(super) fn domains(&mut self, model: &mut Model) {
        let listed = self.root().get("x-flaresmith").and_then(|node| node.get("domains"));
        for (key, node) in listed.iter().flat_map(Node::members) {
            let id = find_or_add(model, key);
            if let Some(domain) = model.domains.get_mut(id.index()) {
                if let Some(title) = node.text("title") {
                    title.clone_into(&mut domain.title);
                }
                domain.description = node.text("description").map(str::to_owned);
            }
        }
    }

    /// The domain of an operation: the one that lists a tag of it, else its first tag, else the first fixed part of its path.
    pub(super) fn domain_of(&mut self, operation: &Node<'a>, path: &PathTemplate, model: &mut Model) -> DomainId {
        let tags = operation.get("tags");
        let tags: Vec<&str> = tags
            .iter()
            .flat_map(Node::items)
            .filter_map(|node| node.value.as_str())
            .collect();
        let listed = self.root().get("x-flaresmith").and_then(|node| node.get("domains"));
        for tag in &tags {
            for (key, node) in listed.iter().flat_map(Node::members) {
                let mut of_domain = node
                    .get("tags")
                    .into_iter()
                    .flat_map(|list| list.items().collect::<Vec<_>>());
                if of_domain.any(|listed| listed.value == *tag) {
                    return find_or_add(model, key);
                }
            }
        }
        if let Some(tag) = tags.iter().find(|tag| !tag.trim().is_empty()) {
            let fresh = model.domains.len();
            let id = find_or_add(model, tag);
            if id.index() == fresh {
                self.describe(id, tag, model);
            }
            return id;
        }
        let fixed = path.segments.iter().find_map(|segment| match segment.as_slice() {
            [PathPart::Fixed(text)] => Some(text.as_str()),
            _ => None,
        });
        find_or_add(model, fixed.unwrap_or("default"))
    }

    /// Words about a tag, from the contract's list of tags.
    fn describe(&self, id: DomainId, tag: &str, model: &mut Model) {
        let tags = self.root().get("tags");
        let found = tags
            .iter()
            .flat_map(Node::items)
            .find(|node| node.text("name") == Some(tag));
        if let (Some(found), Some(domain)) = (found, model.domains.get_mut(id.index())) {
            domain.description = found.text("description").map(str::to_owned);
            if let Some(title) = found.text("x-displayName").or_else(|| found.text("summary")) {
                title.clone_into(&mut domain.title);
            }
        }
    }
}

/// The domain of that name. Names of the same words are the same domain.
fn find_or_add(model: &mut Model, raw: &str) -> DomainId {
    let whole = Name::new(raw);
    let title = whole.title();
    // Targets name files after domains.
    let name = whole.within_a_file_name();
    let spelt = |name: &Name| name.words().concat();
    let found = model
        .domains
        .iter()
        .position(|domain| spelt(&domain.name) == spelt(&name));
    let index = found.unwrap_or_else(|| {
        model.domains.push(Domain {
            title,
            name,
            description: None,
        });
        model.domains.len() - 1
    });
    DomainId(u32::try_from(index).unwrap_or(u32::MAX))
}
