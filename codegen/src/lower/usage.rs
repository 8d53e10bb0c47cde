//! Who uses which type: requests, responses, and the one domain that a type may belong to.
//!
//! Owns: walking from operations to types. Must not know: schemas.

use std::collections::BTreeSet;

use crate::model::graph::{Edges, mentioned};
use crate::model::{Content, DomainId, Model, Operation, Type, TypeDef, TypeId};

/// Who uses a type, directly or through others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Mark {
    in_request: bool,
    in_response: bool,
    domain: Option<DomainId>,
}

impl Mark {
    pub(super) fn of(def: &TypeDef) -> Self {
        Self {
            in_request: def.in_request,
            in_response: def.in_response,
            domain: def.domain,
        }
    }

    pub(super) fn put(self, def: &mut TypeDef) {
        def.in_request = self.in_request;
        def.in_response = self.in_response;
        def.domain = self.domain;
    }
}

/// Who uses each type of a model.
pub(super) fn marks(model: &Model) -> Vec<Mark> {
    let mut marks = vec![Mark::default(); model.types.len()];
    let graph: Vec<Vec<TypeId>> = (0..model.types.len())
        .filter_map(|i| Some(TypeId(u32::try_from(i).ok()?)))
        .map(|id| model.references(id, Edges::All))
        .collect();
    let mut uses: Vec<(TypeId, Side, Option<DomainId>)> = Vec::new();
    for operation in &model.operations {
        let sides = (Side::Request, Side::Response);
        of_operation(operation, sides, Some(operation.domain), &mut uses);
    }
    // What the service sends is read by others, as its answers are.
    for sent in &model.sent {
        of_operation(&sent.request, (Side::Response, Side::Request), None, &mut uses);
    }
    for body in model.webhooks.iter().filter_map(|webhook| webhook.body.as_ref()) {
        of_contents(&body.contents, Side::Response, None, &mut uses);
    }
    for details in model.errors.values().filter_map(|error| error.details.as_ref()) {
        collect(details, Side::Response, None, &mut uses);
    }
    uses.extend(model.error_envelope.map(|id| (id, Side::Response, None)));

    uses.sort_unstable();
    uses.dedup();
    let mut domains: Vec<BTreeSet<Option<DomainId>>> = vec![BTreeSet::new(); model.types.len()];
    // One walk for each side and domain: so many domains there are not, and each walk is linear.
    let mut groups: Vec<(Side, Option<DomainId>)> = uses.iter().map(|(_, side, domain)| (*side, *domain)).collect();
    groups.sort_unstable();
    groups.dedup();
    for (side, domain) in groups {
        let mut seen = vec![false; model.types.len()];
        let roots = uses.iter().filter(|(_, s, d)| *s == side && *d == domain);
        let mut queue: Vec<TypeId> = roots.map(|(id, _, _)| *id).collect();
        while let Some(id) = queue.pop() {
            match seen.get_mut(id.index()) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            if let Some(found) = domains.get_mut(id.index()) {
                found.insert(domain);
            }
            if let Some(mark) = marks.get_mut(id.index()) {
                mark.in_request |= side == Side::Request;
                mark.in_response |= side == Side::Response;
            }
            queue.extend(graph.get(id.index()).into_iter().flatten());
        }
    }
    for (mark, found) in marks.iter_mut().zip(domains) {
        let mut found = found.into_iter();
        mark.domain = match (found.next(), found.next()) {
            (Some(only), None) => only,
            _ => None,
        };
    }
    marks
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Request,
    Response,
}

/// Uses of an operation, with the side of what is asked and the side of what is answered.
fn of_operation(
    operation: &Operation,
    (asked, answered): (Side, Side),
    domain: Option<DomainId>,
    uses: &mut Vec<(TypeId, Side, Option<DomainId>)>,
) {
    for parameter in &operation.parameters {
        collect(&parameter.ty, asked, domain, uses);
    }
    if let Some(body) = &operation.body {
        of_contents(&body.contents, asked, domain, uses);
    }
    for response in &operation.responses {
        for header in &response.headers {
            collect(&header.ty, answered, domain, uses);
        }
        of_contents(&response.contents, answered, domain, uses);
    }
}

fn of_contents(
    contents: &[Content],
    side: Side,
    domain: Option<DomainId>,
    uses: &mut Vec<(TypeId, Side, Option<DomainId>)>,
) {
    for ty in contents.iter().filter_map(|content| content.ty.as_ref()) {
        collect(ty, side, domain, uses);
    }
}

fn collect(ty: &Type, side: Side, domain: Option<DomainId>, uses: &mut Vec<(TypeId, Side, Option<DomainId>)>) {
    let mut found = Vec::new();
    mentioned(ty, Edges::All, &mut found);
    uses.extend(found.into_iter().map(|id| (id, side, domain)));
}
