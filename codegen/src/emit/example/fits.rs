//! Whether a value written as an example is one of its type.
//!
//! Owns: types, members that must be there, listed values, lengths and bounds. Must not know: formats and patterns, which are
//! left to whoever reads the value; a value is only refused when it certainly is none of the type.

use super::Direction;
use crate::model::{Extra, Kind, Model, Record, Rules, Shape, Type};
use crate::tree::{Number, Value};

/// Deeper parts are not looked at.
pub(super) const DEEPEST: usize = 48;

/// Whether a value may be one of the type.
pub(super) fn fits(model: &Model, ty: &Type, value: &Value, direction: Direction) -> bool {
    Judge { model, direction }.fits(ty, value, 0)
}

struct Judge<'a> {
    model: &'a Model,
    direction: Direction,
}

impl Judge<'_> {
    fn fits(&self, ty: &Type, value: &Value, depth: usize) -> bool {
        if depth > DEEPEST || (ty.nullable && value.is_null()) {
            return true;
        }
        let rules = ty.rules.as_deref();
        let depth = depth + 1;
        match (&ty.kind, value) {
            (Kind::Any, _) => true,
            (Kind::Never, _) => false,
            (Kind::Null, value) => value.is_null(),
            (Kind::Boolean, value) => value.is_boolean(),
            (Kind::Integer { .. }, Value::Number(number)) => {
                number.as_f64().is_some_and(|number| number.fract() == 0.0) && bounded(number, rules)
            }
            (Kind::Number, Value::Number(number)) => bounded(number, rules),
            (Kind::Text(_), Value::String(text)) => {
                let length = text.chars().count() as u64;
                counted(length, rules, |rules| (rules.min_length, rules.max_length))
            }
            (Kind::List(item), Value::Array(items)) => {
                counted(items.len() as u64, rules, |rules| (rules.min_items, rules.max_items))
                    && items.iter().all(|value| self.fits(item, value, depth))
            }
            (Kind::Tuple { items, rest }, Value::Array(values)) => values.iter().enumerate().all(|(i, value)| {
                let ty = items.get(i).or(rest.as_deref());
                ty.is_some_and(|ty| self.fits(ty, value, depth))
            }),
            (Kind::Map(item), Value::Object(members)) => members.values().all(|value| self.fits(item, value, depth)),
            (Kind::Literals(values), value) => values.contains(value),
            (Kind::Named(id), value) => match &self.model.type_def(*id).shape {
                Shape::Record(record) => self.record(record, value, depth),
                Shape::Union(union) => union
                    .variants
                    .iter()
                    .any(|variant| self.fits(&variant.ty, value, depth)),
                Shape::Enumeration(listed) => listed.values.contains(value),
                Shape::Alias(ty) => self.fits(ty, value, depth),
            },
            _ => false,
        }
    }

    fn record(&self, record: &Record, value: &Value, depth: usize) -> bool {
        let Value::Object(members) = value else { return false };
        let all = record.fields.iter().all(|field| {
            let other_way = match self.direction {
                Direction::Request => field.read_only,
                Direction::Response => field.write_only,
            };
            match members.get(&field.wire) {
                Some(value) => self.fits(&field.ty, value, depth),
                None => !field.required || other_way,
            }
        });
        let known = |name: &str| record.fields.iter().any(|field| field.wire == name);
        let mut extra = members.iter().filter(|(name, _)| !known(name));
        all && match &record.extra {
            Extra::Ignored => true,
            Extra::Refused => extra.next().is_none(),
            Extra::Kept(ty) => extra.all(|(_, value)| self.fits(ty, value, depth)),
        }
    }
}

fn counted(count: u64, rules: Option<&Rules>, of: fn(&Rules) -> (Option<u64>, Option<u64>)) -> bool {
    let (least, most) = rules.map_or((None, None), of);
    least.is_none_or(|least| count >= least) && most.is_none_or(|most| count <= most)
}

fn bounded(number: &Number, rules: Option<&Rules>) -> bool {
    let (Some(number), Some(rules)) = (number.as_f64(), rules) else {
        return true;
    };
    let holds = |bound: &Option<Number>, test: fn(f64, f64) -> bool| {
        let bound = bound.as_ref().and_then(Number::as_f64);
        bound.is_none_or(|bound| test(number, bound))
    };
    holds(&rules.minimum, |number, bound| number >= bound)
        && holds(&rules.maximum, |number, bound| number <= bound)
        && holds(&rules.exclusive_minimum, |number, bound| number > bound)
        && holds(&rules.exclusive_maximum, |number, bound| number < bound)
}

#[cfg(test)]
mod tests {
    use super::super::{Direction, of_content};
    use crate::emit::testing::model;
    use crate::tree::json;

    /// The example that is chosen for a body with these written examples.
    fn chosen(examples: &crate::tree::Value) -> crate::tree::Value {
        let model = model(&json!({
            "openapi": "3.1.0", "info": { "title": "T", "version": "1" },
            "paths": { "/a": { "post": { "operationId": "a", "responses": { "204": { "description": "Done." } },
                "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/A" }, "examples": examples } } } } } },
            "components": { "schemas": { "A": { "type": "object", "required": ["id", "name", "kind"], "additionalProperties": false, "properties": {
                "id": { "type": "string", "readOnly": true },
                "name": { "type": "string", "maxLength": 3 },
                "kind": { "enum": ["a", "b"] },
                "count": { "type": "integer", "example": "7" },
                "many": { "type": "array", "items": { "oneOf": [{ "type": "integer", "minimum": 5 }, { "type": "null" }] } },
            } } } },
        }));
        let content = &model.operations[0].body.as_ref().unwrap().contents[0];
        of_content(&model, content, Direction::Request).unwrap()
    }

    #[test]
    fn the_first_written_example_that_is_one_is_shown() {
        let good = json!({ "name": "Ada", "kind": "b", "many": [5, null] });
        for bad in [
            json!({ "name": "Ada" }),
            json!({ "name": "long name", "kind": "a" }),
            json!({ "name": "Ada", "kind": "c" }),
            json!({ "name": "Ada", "kind": "a", "more": 1 }),
            json!({ "name": "Ada", "kind": "a", "many": [4] }),
            json!({ "name": null, "kind": "a" }),
            json!([]),
        ] {
            let examples = json!({ "one": { "value": bad }, "two": { "value": good } });
            assert_eq!(chosen(&examples), good, "{bad}");
            let made = chosen(&json!({ "one": { "value": bad } }));
            assert_ne!(made, bad);
            assert_eq!((made["kind"].as_str(), made.get("id")), (Some("a"), None), "{made}");
            assert_eq!(
                made["count"], 1,
                "an example of a member counts only when it is of its type"
            );
        }
        assert_eq!(chosen(&json!({ "one": { "value": good } })), good);
    }
}
