//! Visits every use of a type in what lowering has made.
//!
//! Owns: knowing all the places where a type can stand. Must not know: why anyone wants to see them.

use crate::model::operation::{Body, Content};
use crate::model::{Extra, Kind, Model, Operation, Shape, Type, TypeDef, TypeId};

/// Calls `visit` on each type of a definition, outer ones before those inside.
pub(super) fn types_of_definition(def: &mut TypeDef, visit: &mut dyn FnMut(&mut Type)) {
    match &mut def.shape {
        Shape::Record(record) => {
            for field in &mut record.fields {
                within(&mut field.ty, visit);
            }
            if let Extra::Kept(ty) = &mut record.extra {
                within(ty, visit);
            }
        }
        Shape::Union(union) => {
            for variant in &mut union.variants {
                within(&mut variant.ty, visit);
            }
        }
        Shape::Alias(ty) => within(ty, visit),
        Shape::Enumeration(_) => {}
    }
}

/// Calls `visit` on each type that an operation uses.
pub(super) fn types_of_operation(operation: &mut Operation, visit: &mut dyn FnMut(&mut Type)) {
    for parameter in &mut operation.parameters {
        within(&mut parameter.ty, visit);
    }
    if let Some(body) = &mut operation.body {
        types_of_body(body, visit);
    }
    for response in &mut operation.responses {
        for header in &mut response.headers {
            within(&mut header.ty, visit);
        }
        types_of_contents(&mut response.contents, visit);
    }
}

/// Calls `visit` on each type that operations, webhooks, errors and columns use.
pub(super) fn types_of_uses(model: &mut Model, visit: &mut dyn FnMut(&mut Type)) {
    let sent = model.sent.iter_mut().map(|sent| &mut sent.request);
    for operation in model.operations.iter_mut().chain(sent) {
        types_of_operation(operation, visit);
    }
    for body in model.webhooks.iter_mut().filter_map(|webhook| webhook.body.as_mut()) {
        types_of_body(body, visit);
    }
    for details in model.errors.values_mut().filter_map(|error| error.details.as_mut()) {
        within(details, visit);
    }
}

fn types_of_body(body: &mut Body, visit: &mut dyn FnMut(&mut Type)) {
    types_of_contents(&mut body.contents, visit);
}

fn types_of_contents(contents: &mut [Content], visit: &mut dyn FnMut(&mut Type)) {
    for ty in contents.iter_mut().filter_map(|content| content.ty.as_mut()) {
        within(ty, visit);
    }
}

/// Depth is bounded where types are made.
fn within(ty: &mut Type, visit: &mut dyn FnMut(&mut Type)) {
    visit(ty);
    match &mut ty.kind {
        Kind::List(item) | Kind::Map(item) => within(item, visit),
        Kind::Tuple { items, rest } => {
            for item in items {
                within(item, visit);
            }
            if let Some(rest) = rest {
                within(rest, visit);
            }
        }
        _ => {}
    }
}

/// Puts definitions into the order of the document: each component followed by what stands inline in it, then the rest.
/// Returns the new number of each old one.
pub(super) fn document_order(types: &mut Vec<TypeDef>, owners: &[Option<TypeId>]) -> Vec<TypeId> {
    let mut order: Vec<usize> = (0..types.len()).collect();
    order.sort_by_key(|i| {
        let owner = owners.get(*i).copied().flatten();
        let component = types.get(*i).is_some_and(|def| def.component);
        match owner {
            Some(owner) => (owner.index(), 1, *i),
            None if component => (*i, 0, *i),
            None => (usize::MAX, 1, *i),
        }
    });
    let mut renumbered = vec![TypeId(0); types.len()];
    for (new, old) in order.iter().enumerate() {
        if let (Some(slot), Ok(new)) = (renumbered.get_mut(*old), u32::try_from(new)) {
            *slot = TypeId(new);
        }
    }
    let mut sorted: Vec<(TypeId, TypeDef)> = renumbered.iter().copied().zip(std::mem::take(types)).collect();
    sorted.sort_by_key(|(id, _)| *id);
    *types = sorted.into_iter().map(|(_, def)| def).collect();
    renumbered
}
