//! Depth: how far the compiler has to look into the types of the crate.
//!
//! Owns: the limit of recursion that `lib.rs` sets. Must not know: how types are written.
//!
//! Whether a value may go to another thread, what is dropped with it and how large it is are questions that the compiler asks a
//! type, then each type in it, and so on: a step for each type, and several for a container. By itself it takes 128 of them.

use super::names::RustNames;
use crate::model::graph::{Edges, mentioned};
use crate::model::{Extra, Kind, Shape, Type, TypeId};

/// Steps that the compiler takes by itself.
const STANDARD: usize = 128;

/// Steps of what stands around a type and at the end of the way: futures, answers, results; a map of any values.
const AROUND: usize = 40;

/// Steps into a list, a map, a box.
const CONTAINER: usize = 6;

/// The limit that the types need, if they need more than the standard one.
pub(super) fn recursion_limit(names: &RustNames<'_>) -> Option<usize> {
    let steps = in_operations(names) + steps(names) + AROUND;
    (steps > STANDARD).then(|| (steps + AROUND).next_power_of_two())
}

/// Steps through what operations put around types.
fn in_operations(names: &RustNames<'_>) -> usize {
    let operations = names.model.operations.iter();
    let uses = operations.flat_map(|operation| {
        let body = operation.body.iter().flat_map(|body| &body.contents);
        let answers = operation.responses.iter().flat_map(|response| &response.contents);
        let parameters = operation.parameters.iter().map(|parameter| &parameter.ty);
        body.chain(answers)
            .filter_map(|content| content.ty.as_ref())
            .chain(parameters)
    });
    uses.map(through).max().unwrap_or_default()
}

/// Steps from a type to the last of those in it, for the type with most of them. On a circle each type is met once.
fn steps(names: &RustNames<'_>) -> usize {
    let components = names.model.components(Edges::All);
    let mut order: Vec<TypeId> = names.model.named().map(|(id, _)| id).collect();
    order.sort_by_key(|id| components.number_of(*id));
    // By component: those that it leads to are known before it is.
    let mut known: Vec<usize> = Vec::new();
    for members in order.chunk_by(|a, b| components.number_of(*a) == components.number_of(*b)) {
        let (mut own, mut further, mut found) = (0, 0, Vec::new());
        for id in members {
            own += into(names, *id, components.is_recursive(*id));
            found.clear();
            uses(names, *id, &mut |ty| mentioned(ty, Edges::All, &mut found));
            let others = found.iter().map(|id| components.number_of(*id) as usize);
            further = others
                .filter_map(|number| known.get(number))
                .copied()
                .fold(further, usize::max);
        }
        known.push(own + further);
    }
    known.into_iter().max().unwrap_or_default()
}

/// Steps from a type to the types that it mentions.
fn into(names: &RustNames<'_>, id: TypeId, recursive: bool) -> usize {
    let mut most = 0;
    uses(names, id, &mut |ty| most = most.max(through(ty)));
    let boxed = if recursive { CONTAINER } else { 0 };
    match names.model.type_def(id).shape {
        Shape::Alias(_) if !recursive => most,
        // The type itself, and the option around a field.
        _ => 2 + boxed + most,
    }
}

fn uses(names: &RustNames<'_>, id: TypeId, each: &mut dyn FnMut(&Type)) {
    match &names.model.type_def(id).shape {
        Shape::Record(record) => {
            record.fields.iter().for_each(|field| each(&field.ty));
            if let Extra::Kept(ty) = &record.extra {
                each(&Type::of(Kind::Map(Box::new(ty.clone()))));
            }
        }
        Shape::Union(union) => union.variants.iter().for_each(|variant| each(&variant.ty)),
        Shape::Alias(ty) => each(ty),
        Shape::Enumeration(_) => {}
    }
}

/// Steps through what is around the types that a use mentions.
fn through(ty: &Type) -> usize {
    let option = usize::from(ty.nullable);
    let around = match &ty.kind {
        Kind::List(item) => CONTAINER + through(item),
        Kind::Map(value) => CONTAINER + through(value),
        Kind::Tuple { items, .. } => 1 + items.iter().map(through).max().unwrap_or_default(),
        _ => 0,
    };
    option + around
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emit::testing::model;
    use crate::tree::{Map, Value, json};

    /// So many types, each with a member that is made of the next one.
    fn limit(count: usize, member: fn(Value) -> Value) -> Option<usize> {
        let mut schemas = Map::new();
        for i in 0..count {
            let next = json!({"$ref": format!("#/components/schemas/D{}", i + 1)});
            let member = if i + 1 < count {
                member(next)
            } else {
                json!({"type": "string"})
            };
            schemas.insert(format!("D{i}"), json!({"type": "object", "properties": {"a": member}}));
        }
        let info = json!({"title": "T", "version": "1"});
        let model = model(&json!({"openapi": "3.1.0", "info": info, "paths": {}, "components": {"schemas": schemas}}));
        recursion_limit(&RustNames::new(&model))
    }

    #[test]
    fn only_types_that_lie_deep_in_each_other_need_a_limit_of_their_own() {
        assert_eq!(limit(40, |next| next), None);
        assert_eq!(limit(60, |next| next), Some(256));
        assert_eq!(limit(10, |next| json!({"type": "array", "items": next})), None);
        assert_eq!(limit(20, |next| json!({"type": "array", "items": next})), Some(256));
        assert_eq!(limit(300, |next| json!({"type": "array", "items": next})), Some(4096));
    }

    #[test]
    fn on_a_circle_every_type_counts_once() {
        let to_all = |_| json!({"anyOf": [{"$ref": "#/components/schemas/D0"}, {"$ref": "#/components/schemas/D1"}]});
        assert_eq!(limit(4, to_all), None);
        let around = |next| json!({"type": "array", "items": {"anyOf": [next, {"$ref": "#/components/schemas/D0"}]}});
        assert_eq!(limit(3, around), None);
        assert_eq!(limit(100, around), Some(4096));
    }
}
