//! Example values that satisfy a type.
//!
//! Owns: choosing the author's examples where there are some, and making values that obey every rule where there are none.
//! Must not know: which target shows them. Secrets never become examples.

mod fits;
mod text;

use crate::model::{Content, Enumeration, Extra, Field, Kind, Model, Record, Rules, Shape, Type, TypeId, Union};
use crate::tree::{Map, Number, Value, json};

/// Who sends the value: read-only fields are left out of requests, write-only ones out of responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// A caller sends it.
    Request,
    /// The service sends it.
    Response,
}

/// Deeper values are cut off where the type allows it; a record of records of records tells enough.
const DEEPEST: usize = 12;

/// An example of a body: the author's first that is one of the type, else one made from the type. `None`: nothing is said about
/// the body.
#[must_use]
pub fn of_content(model: &Model, content: &Content, direction: Direction) -> Option<Value> {
    let mut written = content.examples.iter().map(|example| &example.value);
    match &content.ty {
        Some(ty) => {
            let fitting = written.find(|value| fits::fits(model, ty, value, direction));
            Some(fitting.cloned().unwrap_or_else(|| of_type(model, ty, direction)))
        }
        None => written.next().cloned(),
    }
}

/// An example of a type.
#[must_use]
pub fn of_type(model: &Model, ty: &Type, direction: Direction) -> Value {
    Maker {
        model,
        direction,
        open: Vec::new(),
    }
    .make(ty)
}

struct Maker<'a> {
    model: &'a Model,
    direction: Direction,
    /// Named types being made, outermost first: where one returns, the value is cut off.
    open: Vec<TypeId>,
}

impl Maker<'_> {
    fn make(&mut self, ty: &Type) -> Value {
        let none = Rules::default();
        let rules = ty.rules.as_deref().unwrap_or(&none);
        match &ty.kind {
            Kind::Any => json!({}),
            Kind::Never | Kind::Null => Value::Null,
            Kind::Boolean => Value::Bool(true),
            Kind::Integer { .. } => number(rules, true),
            Kind::Number => number(rules, false),
            Kind::Text(format) => text::of(format, rules).into(),
            Kind::List(item) => self.list(item, rules),
            Kind::Tuple { items, rest } => {
                let mut values: Vec<Value> = items.iter().map(|item| self.make(item)).collect();
                while let (Some(rest), true) = (
                    rest,
                    rules
                        .min_items
                        .is_some_and(|least| (values.len() as u64) < least.min(16)),
                ) {
                    values.push(self.make(rest));
                }
                values.into()
            }
            Kind::Map(item) => {
                let count = rules.min_properties.unwrap_or(1).clamp(1, 16);
                let members = (1..=count).map(|n| (text::key(rules, n), self.make(item))).collect();
                Value::Object(members)
            }
            Kind::Literals(values) => values.first().cloned().unwrap_or(Value::Null),
            Kind::Named(id) => self.named(*id, ty.nullable),
        }
    }

    fn list(&mut self, item: &Type, rules: &Rules) -> Value {
        let least = rules.min_items.unwrap_or(0).min(16) as usize;
        let most = rules
            .max_items
            .map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
        // A list that may be empty ends a circle.
        if self.leads_back(item, 0) && least == 0 {
            return json!([]);
        }
        let mut values = Vec::new();
        while values.len() < least.max(1).min(most) {
            let value = self.make(item);
            let value = if rules.unique_items {
                distinct(value, values.len())
            } else {
                value
            };
            values.push(value);
        }
        values.into()
    }

    fn named(&mut self, id: TypeId, nullable: bool) -> Value {
        let model = self.model;
        let def = model.type_def(id);
        let ty = Type::of(Kind::Named(id));
        let mut written = def.docs.examples.iter();
        if let Some(example) = written.find(|value| fits::fits(model, &ty, value, self.direction)) {
            return example.clone();
        }
        if (self.open.contains(&id) && nullable) || self.open.len() >= DEEPEST {
            return Value::Null;
        }
        if self.open.iter().filter(|open| **open == id).count() > 1 {
            return Value::Null;
        }
        self.open.push(id);
        let value = match &def.shape {
            Shape::Record(record) => self.record(record),
            Shape::Union(union) => self.union(union),
            Shape::Enumeration(Enumeration { values, .. }) => values.first().cloned().unwrap_or(Value::Null),
            Shape::Alias(ty) => self.make(ty),
        };
        self.open.pop();
        value
    }

    fn record(&mut self, record: &Record) -> Value {
        let mut members = Map::new();
        for field in &record.fields {
            let other_way = match self.direction {
                Direction::Request => field.read_only,
                Direction::Response => field.write_only,
            };
            let skipped = other_way || (!field.required && (self.leads_back(&field.ty, 0) || self.open.len() > 3));
            if !skipped {
                members.insert(field.wire.clone(), self.field(field));
            }
        }
        if let Extra::Kept(ty) = &record.extra {
            let missing = record
                .min_properties
                .unwrap_or(0)
                .saturating_sub(members.len() as u64)
                .min(16);
            for n in 1..=missing {
                let value = self.make(ty);
                members.insert(text::key(&Rules::default(), n), value);
            }
        }
        Value::Object(members)
    }

    fn field(&mut self, field: &Field) -> Value {
        if field.secret {
            let (ty, _) = self.model.resolve(&field.ty);
            let rules = (field.ty.rules.as_deref().or(ty.rules.as_deref())).cloned();
            return match &ty.kind {
                Kind::Text(format) => text::placeholder(format, &rules.unwrap_or_default()).into(),
                _ => self.make(&field.ty),
            };
        }
        let fitting = |value: &&Value| fits::fits(self.model, &field.ty, value, self.direction);
        if let Some(example) = field.docs.examples.iter().find(fitting) {
            return example.clone();
        }
        field
            .default
            .clone()
            .filter(|value| !value.is_null())
            .unwrap_or_else(|| self.make(&field.ty))
    }

    fn union(&mut self, union: &Union) -> Value {
        // The first alternative that does not lead back; circles end there.
        let variant = union
            .variants
            .iter()
            .find(|variant| !self.leads_back(&variant.ty, 0))
            .or(union.variants.first());
        let Some(variant) = variant else { return Value::Null };
        let mut value = self.make(&variant.ty);
        if let (Some(tag), Some(selected), Value::Object(members)) = (&union.tag, variant.tags.first(), &mut value) {
            members.insert(tag.wire.clone(), selected.into());
        }
        value
    }

    /// Whether a type mentions one that is being made. What is deeper than any value that is made does not lead back.
    fn leads_back(&self, ty: &Type, depth: usize) -> bool {
        if depth > fits::DEEPEST {
            return false;
        }
        match &ty.kind {
            Kind::Named(id) => {
                self.open.contains(id)
                    || matches!(&self.model.type_def(*id).shape, Shape::Alias(inner) if !matches!(inner.kind, Kind::Named(_)) && self.leads_back(inner, depth + 1))
            }
            Kind::List(item) | Kind::Map(item) => self.leads_back(item, depth + 1),
            Kind::Tuple { items, .. } => items.iter().any(|item| self.leads_back(item, depth + 1)),
            _ => false,
        }
    }
}

/// A number that obeys its rules: the least one if there is a least, else the greatest, else 1.
fn number(rules: &Rules, whole: bool) -> Value {
    let float = |number: &Option<Number>| number.as_ref().and_then(Number::as_f64);
    let step = float(&rules.multiple_of).filter(|step| *step > 0.0);
    let gap = step.unwrap_or(if whole { 1.0 } else { 0.5 });
    let least = match (float(&rules.minimum), float(&rules.exclusive_minimum)) {
        (Some(least), Some(above)) if least > above => Some(least),
        (_, Some(above)) => Some(if whole { above.floor() + 1.0 } else { above + gap }),
        (least, None) => least,
    };
    let most = match (float(&rules.maximum), float(&rules.exclusive_maximum)) {
        (Some(most), Some(below)) if most < below => Some(most),
        (_, Some(below)) => Some(if whole { below.ceil() - 1.0 } else { below - gap }),
        (most, None) => most,
    };
    let mut value = match (least, most) {
        (Some(least), Some(most)) if least > most => f64::midpoint(least, most),
        (Some(least), most) if !(least <= 1.0 && most.is_none_or(|most| most >= 1.0)) => least,
        (_, Some(most)) if most < 1.0 => most,
        _ => 1.0,
    };
    if let Some(step) = step {
        value = (value / step).ceil() * step;
    } else if whole {
        value = value.ceil();
    }
    if value.fract() == 0.0 && value.abs() < 9e15 {
        json!(value as i64)
    } else {
        json!(value)
    }
}

/// A value like the given one that differs from the ones before it in a list of unique items, where that is easy.
fn distinct(value: Value, position: usize) -> Value {
    match value {
        Value::String(text) if position > 0 => format!("{text}{position}").into(),
        Value::Number(number) => number
            .as_i64()
            .map_or(Value::Number(number), |n| json!(n.saturating_add(position as i64))),
        other => other,
    }
}
