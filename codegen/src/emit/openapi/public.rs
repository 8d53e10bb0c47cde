//! Which schemas callers need.
//!
//! Owns: leaving out internal schemas that nothing public refers to. Must not know: how a document is written.
//! An internal schema that a public part refers to stays, for a document must hold what it refers to; that is told.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::objects::{self, Behind, Object};
use crate::openapi::grammar::Place;

/// Prefix of references to schemas.
pub(super) const SCHEMAS: &str = "#/components/schemas/";

/// Takes the internal schemas that nobody needs out of the document. Returns the names of those that had to stay.
pub(super) fn keep_public(document: &mut Value) -> Vec<String> {
    let Some(Value::Object(schemas)) = document.pointer("/components/schemas") else {
        return Vec::new();
    };
    let internal: BTreeSet<String> = schemas
        .iter()
        .filter(|(_, schema)| is_internal(schema))
        .map(|(name, _)| name.clone())
        .collect();
    if internal.is_empty() {
        return Vec::new();
    }
    let mut reached = BTreeSet::new();
    let root = Object::Of(Place::Document);
    let note = |name: String, reached: &mut BTreeSet<String>| internal.contains(&name) && reached.insert(name);
    let mut open: Vec<String> = Vec::new();
    for (key, value) in document.as_object().into_iter().flatten() {
        if key == "components" {
            for (section, members) in value.as_object().into_iter().flatten() {
                for (name, member) in members.as_object().into_iter().flatten() {
                    if section == "schemas" && internal.contains(name) {
                        continue;
                    }
                    if let Some(Behind::Map(object)) = objects::behind(Object::Of(Place::Components), section) {
                        references(member, object, &mut |name| {
                            if note(name.clone(), &mut reached) {
                                open.push(name);
                            }
                        });
                    }
                }
            }
        } else {
            member(root, key, value, &mut |name| {
                if note(name.clone(), &mut reached) {
                    open.push(name);
                }
            });
        }
    }
    while let Some(name) = open.pop() {
        if let Some(schema) = schemas.get(&name) {
            references(schema, Object::Of(Place::Schema), &mut |name| {
                if note(name.clone(), &mut reached) {
                    open.push(name);
                }
            });
        }
    }
    let kept: Vec<String> = schemas.keys().filter(|name| reached.contains(*name)).cloned().collect();
    if let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") {
        schemas.retain(|name, _| !internal.contains(name) || reached.contains(name));
    }
    kept
}

fn is_internal(schema: &Value) -> bool {
    schema
        .get("x-flaresmith")
        .and_then(|extension| extension.get("internal"))
        == Some(&Value::Bool(true))
}

/// Tells the name of every schema that a value refers to.
fn references(value: &Value, object: Object, tell: &mut impl FnMut(String)) {
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
fn mapped(members: &Map<String, Value>, tell: &mut impl FnMut(String)) {
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
    Some(unescape(name))
}

/// A segment of a JSON pointer in a fragment, as the name it stands for.
pub(super) fn unescape(segment: &str) -> String {
    segment.replace("%20", " ").replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn internal_schemas_go_unless_something_public_needs_them() {
        let internal =
            |refers: &str| json!({"x-flaresmith": {"internal": true}, "properties": {"r": {"$ref": refers}}});
        let mut document = json!({"openapi": "3.1.0", "paths": {"/a": {"get": {"responses": {"200": {"description": "d", "content":
        {"application/json": {"schema": {"$ref": "#/components/schemas/Public"}}}}}}}},
        "components": {"schemas": {
            "Public": {"properties": {"x": {"$ref": "#/components/schemas/Needed"}}, "example": {"$ref": "#/components/schemas/Secret"}},
            "Needed": internal("#/components/schemas/NeededToo"),
            "NeededToo": internal("#/components/schemas/Public"),
            "Secret": internal("#/components/schemas/SecretToo"),
            "SecretToo": internal("#/components/schemas/Public"),
            "Unused": {"type": "string"},
        }}});
        assert_eq!(keep_public(&mut document), ["Needed", "NeededToo"]);
        let names: Vec<&String> = document["components"]["schemas"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["Public", "Needed", "NeededToo", "Unused"]);
    }
}
