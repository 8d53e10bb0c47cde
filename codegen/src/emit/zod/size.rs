//! Sizes: how much the compiler has to write down where a schema's type is inferred.
//!
//! Owns: which types are too large for that. Must not know: how definitions are written.
//!
//! A constant has no name for its type: what it mentions is written out in it, at every mention, and so on to the leaves. The
//! compiler gives up on declarations of a million characters, and is slow long before. Where a type is that large it is written
//! out once under its own name, as those that reach themselves are.

use std::collections::BTreeSet;

use super::order::topological;
use crate::model::graph::Components;
use crate::model::{Kind, Model, Shape, Type, TypeId};

/// Characters of an inferred type from which on it gets a name.
const LARGE: usize = 200_000;

/// Characters of a type that has a name, and of other things that are not looked into.
const SMALL: usize = 40;

/// The types that are too large to be inferred. Those that reach themselves have names already and are not among them.
pub(super) fn large(model: &Model, components: &Components) -> BTreeSet<TypeId> {
    let ids: Vec<TypeId> = model.named().map(|(id, _)| id).collect();
    let mut large = BTreeSet::new();
    let mut sizes = vec![SMALL; ids.len()];
    for id in topological(model, components, &ids) {
        if components.is_recursive(id) {
            continue;
        }
        let size = of_definition(model, id, &sizes);
        if size > LARGE {
            large.insert(id);
        } else if let Some(known) = sizes.get_mut(id.index()) {
            *known = size;
        }
    }
    large
}

fn of_definition(model: &Model, id: TypeId, sizes: &[usize]) -> usize {
    match &model.type_def(id).shape {
        // Further members add nothing to the type that is inferred.
        Shape::Record(record) => {
            let fields = record.fields.iter();
            let fields = fields.map(|field| SMALL + field.wire.len() + of_type(&field.ty, sizes));
            fields.fold(SMALL, usize::saturating_add)
        }
        Shape::Union(union) => {
            let variants = union.variants.iter().map(|variant| of_type(&variant.ty, sizes));
            variants.fold(SMALL, usize::saturating_add)
        }
        Shape::Enumeration(list) => of_values(&list.values),
        Shape::Alias(ty) => of_type(ty, sizes),
    }
}

fn of_type(ty: &Type, sizes: &[usize]) -> usize {
    match &ty.kind {
        Kind::List(item) | Kind::Map(item) => of_type(item, sizes).saturating_add(SMALL),
        Kind::Tuple { items, rest } => {
            let parts = items.iter().chain(rest.as_deref());
            parts
                .map(|part| of_type(part, sizes))
                .fold(SMALL, usize::saturating_add)
        }
        Kind::Literals(values) => of_values(values),
        Kind::Named(id) => sizes.get(id.index()).copied().unwrap_or(SMALL),
        _ => SMALL,
    }
}

/// Values stand twice in the type of an enumeration, as keys and as values.
fn of_values(values: &[crate::tree::Value]) -> usize {
    let each = |value: &crate::tree::Value| value.as_str().map_or(8, |text| 2 * text.len() + 8);
    values.iter().map(each).sum()
}
