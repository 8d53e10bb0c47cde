//! Which schemas callers need.
//!
//! Owns: leaving out internal schemas that nothing public refers to. Must not know: how a document is written.
//! An internal schema that a public part refers to stays, for a document must hold what it refers to; that is told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::objects::{self, Behind, Object};
use super::units::Group;
use super::written::Unit;
use crate::openapi::grammar::Place;
use crate::pointer::of_fragment;
use crate::tree::{Map, Value};

/// Prefix of references to schemas.
pub(super) const SCHEMAS: &str = "#/components/schemas/";

/// Takes the internal schemas that nobody needs out of their group. Returns the names of those that had to stay.
pub(super) fn keep_public(frame: &Value, groups: &mut [Group], units: &BTreeMap<String, Arc<Unit>>) -> Vec<String> {
    let mut needed: BTreeSet<String> = BTreeSet::new();
    references(frame, Object::Of(Place::Document), &mut |name| {
        needed.insert(name);
    });
    let mut internal: BTreeMap<String, &Unit> = BTreeMap::new();
    for (pointer, name) in groups.iter().flat_map(Group::units) {
        match units.get(&pointer) {
            Some(unit) if unit.internal => {
                internal.insert(name.to_owned(), unit);
            }
            Some(unit) => needed.extend(unit.refers.iter().cloned()),
            None => {}
        }
    }
    if internal.is_empty() {
        return Vec::new();
    }
    let mut open: Vec<String> = needed
        .iter()
        .filter(|name| internal.contains_key(*name))
        .cloned()
        .collect();
    let mut reached: BTreeSet<String> = open.iter().cloned().collect();
    while let Some(unit) = open.pop().and_then(|name| internal.get(&name)) {
        for name in &unit.refers {
            if internal.contains_key(name) && reached.insert(name.clone()) {
                open.push(name.clone());
            }
        }
    }
    let mut kept = Vec::new();
    for group in groups
        .iter_mut()
        .filter(|group| group.object == Object::Of(Place::Schema))
    {
        group
            .names
            .retain(|name| !internal.contains_key(name) || reached.contains(name));
        kept.extend(group.names.iter().filter(|name| reached.contains(*name)).cloned());
    }
    kept
}

/// Whether a schema is no part of the public API.
pub(super) fn is_internal(schema: &Value) -> bool {
    schema
        .get("x-flaresmith")
        .and_then(|extension| extension.get("internal"))
        == Some(&Value::Bool(true))
}

/// Tells the name of every schema that a value refers to.
pub(super) fn references(value: &Value, object: Object, tell: &mut impl FnMut(String)) {
    let Value::Object(members) = value else { return };
    if let Some(name) = members.get("$ref").and_then(Value::as_str).and_then(schema_name) {
        tell(name);
    }
    if object == Object::Of(Place::Discriminator) {
        mapped(members, tell);
    }
    for (key, value) in members {
        member(object, key, value, tell);
    }
}

fn member(object: Object, key: &str, value: &Value, tell: &mut impl FnMut(String)) {
    match (objects::behind(object, key), value) {
        (Some(Behind::One(inner)), value) => references(value, inner, tell),
        (Some(Behind::Map(inner)), Value::Object(members)) => {
            for value in members.values() {
                references(value, inner, tell);
            }
        }
        (Some(Behind::List(inner)), Value::Array(items)) => {
            for item in items {
                references(item, inner, tell);
            }
        }
        _ => {}
    }
}

/// A mapping names schemas by reference or by bare name.
fn mapped(members: &Map, tell: &mut impl FnMut(String)) {
    for target in members
        .get("mapping")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::values)
    {
        if let Some(target) = target.as_str() {
            tell(schema_name(target).unwrap_or_else(|| target.to_owned()));
        }
    }
}

/// The component that a reference leads to or into.
pub(super) fn schema_name(reference: &str) -> Option<String> {
    let rest = reference.strip_prefix(SCHEMAS)?;
    let name = rest.split('/').next().unwrap_or(rest);
    Some(of_fragment(name))
}

#[cfg(test)]
mod tests {
    use super::super::units::apart;
    use super::*;
    use crate::memo::Memo;
    use crate::tree::json;

    #[test]
    fn internal_schemas_go_unless_something_public_needs_them() {
        let internal =
            |refers: &str| json!({"x-flaresmith": {"internal": true}, "properties": {"r": {"$ref": refers}}});
        let document = json!({"openapi": "3.1.0", "paths": {"/a": {"get": {"responses": {"200": {"description": "d", "content":
        {"application/json": {"schema": {"$ref": "#/components/schemas/Public"}}}}}}}},
        "components": {"schemas": {
            "Public": {"properties": {"x": {"$ref": "#/components/schemas/Needed"}}, "example": {"$ref": "#/components/schemas/Secret"}},
            "Needed": internal("#/components/schemas/NeededToo"),
            "NeededToo": internal("#/components/schemas/Public"),
            "Secret": internal("#/components/schemas/SecretToo"),
            "SecretToo": internal("#/components/schemas/Public"),
            "Unused": {"type": "string"},
        }}});
        let (frame, mut groups) = apart(&document);
        let units = groups.iter().flat_map(|group| {
            group.units().map(|(pointer, _)| {
                let value = document.pointer(&pointer).unwrap();
                let unit = Unit::of(&document, &pointer, value, group, &Memo::default());
                (pointer, Arc::new(unit))
            })
        });
        let units: BTreeMap<String, Arc<Unit>> = units.collect();
        assert_eq!(keep_public(&frame, &mut groups, &units), ["Needed", "NeededToo"]);
        let names: Vec<&String> = groups
            .iter()
            .filter(|group| group.pointer.ends_with("schemas"))
            .flat_map(|group| &group.names)
            .collect();
        assert_eq!(names, ["Public", "Needed", "NeededToo", "Unused"]);
    }
}
