//! Units: the parts of a document that are written one by one. A unit is a path item, a webhook, or a component.
//!
//! Owns: taking a document apart and looking things up in the parts. Must not know: what becomes of a unit.
//!
//! What does not belong to a unit is the frame. A unit that has not changed, with all that it refers to, need not be written
//! again, and many units are written side by side.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::objects::{self, Behind, Object};
use crate::openapi::grammar::Place;
use crate::pointer::below;
use crate::tree::{Map, Text, Value};

/// Units of one kind, in the order of the document.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    /// Pointer of the map in which they stand.
    pub(super) pointer: String,
    /// Keys of that map, in order. Those of extensions are in the frame and are no units.
    pub(super) names: Vec<String>,
    /// What the units are.
    pub(super) object: Object,
}

impl Group {
    /// Pointers of its units, with their names.
    pub(super) fn units(&self) -> impl Iterator<Item = (String, &str)> {
        let names = self.names.iter().filter(|name| !self.is_extension(name));
        names.map(|name| (below(&self.pointer, name), name.as_str()))
    }

    /// Whether a key of its map is no name.
    pub(super) fn is_extension(&self, name: &str) -> bool {
        self.pointer == "/paths" && name.starts_with("x-")
    }
}

/// A document taken apart. The maps of its groups hold nothing but extensions.
pub(super) fn apart(document: &Value) -> (Value, Vec<Group>) {
    let mut groups = Vec::new();
    let mut frame = Map::new();
    for (key, value) in document.as_object().into_iter().flatten() {
        let root = Object::Of(Place::Document);
        let kept = match (objects::behind(root, key), value) {
            (Some(Behind::Map(object)), Value::Object(members)) => {
                group(format!("/{key}"), object, members, &mut groups)
            }
            (Some(Behind::One(components)), Value::Object(sections)) if key == "components" => {
                let sections = sections.iter().map(|(section, value)| {
                    let kept = match (objects::behind(components, section), value) {
                        (Some(Behind::Map(object)), Value::Object(members)) => {
                            group(below("/components", section), object, members, &mut groups)
                        }
                        _ => value.clone(),
                    };
                    (section.clone(), kept)
                });
                Value::Object(sections.collect())
            }
            _ => value.clone(),
        };
        frame.insert(key.clone(), kept);
    }
    (Value::Object(frame), groups)
}

/// Notes a group; what is left of its map.
fn group(pointer: String, object: Object, members: &Map, groups: &mut Vec<Group>) -> Value {
    let group = Group {
        pointer,
        names: members.keys().map(Text::to_string).collect(),
        object,
    };
    let kept = members.iter().filter(|(name, _)| group.is_extension(name));
    let kept = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
    groups.push(group);
    Value::Object(kept)
}

/// Puts the groups in the order in which their maps stand in a frame; those that it does not have are left out.
pub(super) fn in_order(frame: &Value, groups: Vec<Group>) -> Vec<Group> {
    let mut found = Vec::new();
    let mut groups: BTreeMap<String, Group> = groups.into_iter().map(|group| (group.pointer.clone(), group)).collect();
    for (key, value) in frame.as_object().into_iter().flatten() {
        if key == "components" {
            let sections = value.as_object().into_iter().flat_map(Map::keys);
            found.extend(sections.filter_map(|section| groups.remove(&below("/components", section))));
        } else {
            found.extend(groups.remove(&format!("/{key}")));
        }
    }
    found
}

/// A document in parts, to look things up in.
pub(super) struct Parts<'a, U> {
    pub(super) frame: &'a Value,
    pub(super) units: &'a BTreeMap<String, Arc<U>>,
    pub(super) value: fn(&U) -> &Value,
}

impl<'a, U> Parts<'a, U> {
    /// The value at a JSON pointer.
    pub(super) fn pointer(&self, pointer: &str) -> Option<&'a Value> {
        let tokens = if pointer.starts_with("/components/") { 3 } else { 2 };
        let end = pointer.match_indices('/').map(|(at, _)| at).nth(tokens);
        let (unit, rest) = pointer.split_at_checked(end.unwrap_or(pointer.len()))?;
        match self.units.get(unit) {
            Some(found) => (self.value)(found).pointer(rest),
            None => self.frame.pointer(pointer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::json;

    #[test]
    fn a_document_is_taken_apart_into_its_frame_and_its_groups() {
        let document = json!({"openapi": "3.1.0", "paths": {"/a": {}, "x-b": 1, "/c": 2}, "components": {"x-d": {"e": 1},
            "schemas": {"F": true}, "unknown": {"G": {}}}, "webhooks": []});
        let (frame, groups) = apart(&document);
        assert_eq!(
            frame,
            json!({"openapi": "3.1.0", "paths": {"x-b": 1}, "components": {"x-d": {"e": 1}, "schemas": {},
                "unknown": {"G": {}}}, "webhooks": []})
        );
        let units: Vec<(String, &str)> = groups.iter().flat_map(Group::units).collect();
        let expected = [
            ("/paths/~1a", "/a"),
            ("/paths/~1c", "/c"),
            ("/components/schemas/F", "F"),
        ];
        assert_eq!(units, expected.map(|(pointer, name)| (pointer.to_owned(), name)));
        let parts = Parts {
            frame: &frame,
            units: &BTreeMap::from([("/paths/~1a".to_owned(), Arc::new(json!({"get": {"x": 1}})))]),
            value: |value: &Value| value,
        };
        assert_eq!(parts.pointer("/paths/~1a/get/x"), Some(&json!(1)));
        assert_eq!(parts.pointer("/paths/~1a"), Some(&json!({"get": {"x": 1}})));
        assert_eq!(parts.pointer("/openapi"), Some(&json!("3.1.0")));
        assert_eq!(parts.pointer("/paths/x-b"), Some(&json!(1)));
    }
}
