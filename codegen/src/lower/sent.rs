//! What the service sends, in full: webhooks, and the callbacks of operations.
//!
//! Owns: finding these requests. Must not know: parameters, bodies and answers in detail.

use super::Lowering;
use super::node::Node;
use super::operations::text_of;
use crate::model::types::Docs;
use crate::model::{DomainId, Method, Model, Name, Operation, PathPart, PathTemplate, Policy, Sent};

impl<'a> Lowering<'a> {
    /// Every request that is sent: webhooks, then callbacks operation by operation. Callbacks of callbacks are left out.
    pub(super) fn sent(&mut self, model: &mut Model) {
        let webhooks = self.root().get("webhooks");
        for (name, item) in webhooks.iter().flat_map(Node::fixed_members) {
            let found = self.requests(None, name, "", item);
            model.sent.extend(found);
        }
        for (i, operation) in model.operations.iter().enumerate() {
            let Some(value) = self.lookup(&operation.pointer) else {
                continue;
            };
            let node = Node {
                at: operation.pointer.clone(),
                value,
            };
            for (name, callback) in node.get("callbacks").iter().flat_map(Node::fixed_members) {
                let callback = self.resolve(callback);
                for (url, item) in callback.fixed_members() {
                    let found = self.requests(Some(i), name, url, item);
                    model.sent.extend(found);
                }
            }
        }
    }

    fn requests(&mut self, by: Option<usize>, name: &str, url: &str, item: Node<'a>) -> Vec<Sent> {
        let item = self.resolve(item);
        let path = PathTemplate {
            raw: url.to_owned(),
            segments: vec![vec![PathPart::Fixed(url.to_owned())]],
        };
        let mut found = Vec::new();
        for method in Method::ALL {
            let Some(node) = item.get(method.key()) else {
                continue;
            };
            let id = Name::join([&Name::new(name), &Name::new("sent")]);
            let request = Operation {
                method,
                path: path.clone(),
                domain: DomainId(0),
                summary: text_of(&node, &item, "summary"),
                docs: Docs {
                    title: None,
                    description: text_of(&node, &item, "description"),
                    deprecated: node.flag("deprecated"),
                    examples: Vec::new(),
                },
                parameters: self.parameters(&item, &node, &path, &id),
                body: node.get("requestBody").and_then(|body| self.body(body, &id)),
                responses: self.responses(&node, &id),
                security: Vec::new(),
                public: false,
                policy: Policy::default(),
                place: self.bundle.place(&node.at),
                pointer: node.at,
                id,
            };
            found.push(Sent {
                by,
                name: name.to_owned(),
                request,
            });
        }
        found
    }
}
