//! Sizes: how much the compiler has to write down where a schema's type is inferred.
//!
//! Owns: which types are too large for that. Must not know: how definitions are written.
//!
//! A constant has no name for its type: what it mentions is written out in it, at every mention, and so on to the leaves. The
//! compiler gives up on declarations of a million characters, and is slow long before. Where a type is that large it is written
//! out once under its own name, as those that reach themselves are.

use std::collections::BTreeSet;

use crate::model::graph::{Components, Edges};
use crate::model::{Kind, Model, Shape, Type, TypeId};

/// Characters of an inferred type from which on it gets a name.
const LARGE: usize = 200_000;

/// Characters of a type that has a name, and of other things that are not looked into.
const SMALL: usize = 40;

/// The types that are too large to be inferred. Those that reach themselves have names already and are not among them.
pub(super) fn large(model: &Model, components: &Components) -> BTreeSet<TypeId> {
    let mut large = BTreeSet::new();
    let ids = || (0..model.types.len()).filter_map(|i| Some(TypeId(u32::try_from(i).ok()?)));
    let mut sizes: Vec<Option<usize>> = ids().map(|id| components.is_recursive(id).then_some(SMALL)).collect();
    for id in ids() {
        // A stack of our own, since chains may be long. It ends: what is on a circle has its size.
        let mut work = vec![id];
        while let Some(current) = work.last().copied() {
            let is_open = |id: &TypeId| sizes.get(id.index()).is_some_and(Option::is_none);
            if !is_open(&current) {
                work.pop();
                continue;
            }
            let waiting: Vec<TypeId> = model
                .references(current, Edges::All)
                .into_iter()
                .filter(is_open)
                .collect();
            if waiting.is_empty() {
                let mut size = of_definition(model, current, &sizes);
                if size > LARGE {
                    large.insert(current);
                    size = SMALL;
                }
                if let Some(place) = sizes.get_mut(current.index()) {
                    *place = Some(size);
                }
            }
            work.extend(waiting);
        }
    }
    large
}

fn of_definition(model: &Model, id: TypeId, sizes: &[Option<usize>]) -> usize {
    match &model.type_def(id).shape {
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

fn of_type(ty: &Type, sizes: &[Option<usize>]) -> usize {
    match &ty.kind {
        Kind::List(item) | Kind::Map(item) => of_type(item, sizes).saturating_add(SMALL),
        Kind::Tuple { items, rest } => {
            let parts = items.iter().chain(rest.as_deref());
            parts
                .map(|part| of_type(part, sizes))
                .fold(SMALL, usize::saturating_add)
        }
        Kind::Literals(values) => of_values(values),
        Kind::Named(id) => sizes.get(id.index()).copied().flatten().unwrap_or(SMALL),
        _ => SMALL,
    }
}

/// Values stand twice in the type of an enumeration, as keys and as values.
fn of_values(values: &[serde_json::Value]) -> usize {
    let each = |value: &serde_json::Value| value.as_str().map_or(8, |text| 2 * text.len() + 8);
    values.iter().map(each).sum()
}
