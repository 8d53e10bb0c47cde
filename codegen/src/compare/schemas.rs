//! Named schemas: which there are, what they are called, and who uses them.
//!
//! Owns: the direction in which a schema's values travel. Must not know: what its shape is made of.

use super::change::Subject;
use super::comparison::Comparison;
use super::rules;
use super::spot::{Direction, Spot};
use super::types::form_of;
use crate::model::{Shape, TypeDef, TypeId};
use crate::tree::Value;

impl Comparison<'_> {
    /// Every component.
    pub(super) fn schemas(&mut self) {
        for id in self.pairs.schemas_removed.clone() {
            let def = self.before.model.type_def(id);
            let message = format!("the schema `{}` was removed", def.name.raw);
            self.removed(&rules::SCHEMA_REMOVED, &spot(def, def, uses(def)), message, None);
        }
        for id in self.pairs.schemas_added.clone() {
            let def = self.after.model.type_def(id);
            let message = format!("the schema `{}` was added", def.name.raw);
            self.added(&rules::SCHEMA_ADDED, &spot(def, def, uses(def)), message, None);
        }
        for (old, now) in self.pairs.schemas.clone() {
            self.schema(old, now);
        }
    }

    fn schema(&mut self, old: TypeId, now: TypeId) {
        let (before, after) = (self.before.model.type_def(old), self.after.model.type_def(now));
        let (was, is) = (uses(before), uses(after));
        // Who began to use it only now was not there to be broken.
        let direction = Direction::new(was.request && is.request, was.response && is.response);
        let spot = &spot(before, after, direction);
        if before.name.raw != after.name.raw {
            let (old, now) = (before.name.raw.to_string(), after.name.raw.to_string());
            let message = format!("the schema is called `{now}` now, it was `{old}`");
            self.changed(&rules::SCHEMA_RENAMED, spot, message, old, now);
        }
        if before.internal != after.internal {
            let word = if after.internal { "internal" } else { "public" };
            self.said(&rules::SCHEMA_INTERNAL, spot, format!("the schema is {word} now"));
        }
        if let Some((was, is)) = self.own_null(old, now) {
            self.null(was, is, spot);
        }
        self.visited.clear();
        match (&before.shape, &after.shape) {
            // A name for another name: what it stands for has changes of its own.
            (Shape::Alias(left), Shape::Alias(right))
                if matches!((&left.kind, &right.kind), (crate::model::Kind::Named(left), crate::model::Kind::Named(right))
                    if self.pairs.same(*left, *right)) => {}
            _ => self.forms(form_of(self.before.model, old), form_of(self.after.model, now), spot),
        }
        self.docs(&before.docs, &after.docs, spot);
        self.requirements(&before.requirements, &after.requirements, spot);
    }

    /// Whether a schema itself admits `null`, on both sides, when that differs. Every mention of it then differs too, which
    /// is told once, here.
    pub(super) fn own_null(&self, before: TypeId, after: TypeId) -> Option<(bool, bool)> {
        let own = |contract: super::Contract<'_>, id: TypeId| {
            let def = contract.model.type_def(id);
            let value = contract.bundle.document.pointer(&def.pointer).unwrap_or(&Value::Null);
            admits_null(value) || matches!(&def.shape, Shape::Alias(ty) if ty.nullable)
        };
        let (was, is) = (own(self.before, before), own(self.after, after));
        (was != is).then_some((was, is))
    }
}

/// Whether a schema names `null` among its types, values or alternatives.
fn admits_null(schema: &Value) -> bool {
    let null = |value: &Value| value.as_str() == Some("null");
    let of_type = |schema: &Value| match schema.get("type") {
        Some(Value::Array(types)) => types.iter().any(null),
        Some(one) => null(one),
        None => false,
    };
    let listed = |key: &str| schema.get(key).and_then(Value::as_array).into_iter().flatten();
    of_type(schema)
        || (schema.get("type").is_none() && listed("enum").any(Value::is_null))
        || listed("oneOf").chain(listed("anyOf")).any(of_type)
}

fn uses(def: &TypeDef) -> Direction {
    Direction::new(def.in_request, def.in_response)
}

fn spot(before: &TypeDef, after: &TypeDef, direction: Direction) -> Spot {
    let subject = Subject::Schema {
        name: after.name.raw.to_string(),
    };
    Spot::new(subject, &before.pointer, &after.pointer, direction)
}
