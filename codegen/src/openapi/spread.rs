//! Maps of a contract that stand in files of their own: `paths: { $ref: paths.yaml }`.
//!
//! Owns: writing such a map out as references to its members, so that each has its place in the contract. Must not know: how
//! references are followed.
//!
//! No version of OpenAPI has references there, but people split contracts so, and tools that bundle them follow every reference.

use super::grammar::kind_of_section;
use super::reference::{self, Target};
use crate::pointer::below;
use crate::tree::{Map, Text, Value, json};

/// What stands at a place in a file; `None`: nothing does, which has been told. It is given the pointer of the reference, its text and
/// where that leads.
pub(super) type Look<'l> = dyn FnMut(&str, &str, &Target) -> Option<Value> + 'l;

/// A contract with these maps written out. `None`: it has none.
pub(super) fn spread(contract: &Value, path: &str, look: &mut Look<'_>) -> Option<Value> {
    let contract = contract.as_object()?;
    let components = contract.get("components");
    let is_split = ["paths", "webhooks", "components"]
        .iter()
        .any(|key| reference_of(contract.get(key)).is_some())
        || sections(components).any(|section| reference_of(components.and_then(|all| all.get(section))).is_some());
    if !is_split {
        return None;
    }
    let mut spread = contract.clone();
    for key in ["paths", "webhooks", "components"] {
        if let Some(value) = spread.get_mut(key) {
            write_out(value, path, &format!("/{key}"), look);
        }
    }
    if let Some(components) = spread.get_mut("components") {
        for section in sections(Some(&*components)).map(str::to_owned).collect::<Vec<_>>() {
            if let Some(value) = components.get_mut(&section) {
                write_out(value, path, &format!("/components/{section}"), look);
            }
        }
    }
    Some(Value::Object(spread))
}

fn reference_of(value: Option<&Value>) -> Option<&str> {
    value?.get("$ref")?.as_str()
}

fn sections(components: Option<&Value>) -> impl Iterator<Item = &str> {
    let all = components.and_then(Value::as_object).into_iter().flat_map(Map::keys);
    all.map(Text::as_str)
        .filter(|section| kind_of_section(section).is_some())
}

/// Puts references to the members of a map in the place of the reference to the map. What stands beside that counts. What leads to
/// another reference, or out of the repository, stays: it is told as a path or a component of that name.
fn write_out(value: &mut Value, path: &str, pointer: &str, look: &mut Look<'_>) {
    let Some(text) = reference_of(Some(&*value)).map(str::to_owned) else {
        return;
    };
    let (Value::Object(own), Ok(target)) = (value, reference::parse(&text, path)) else {
        return;
    };
    own.remove("$ref");
    let Some(Value::Object(members)) = look(pointer, &text, &target) else {
        return;
    };
    let file = text.split('#').next().unwrap_or_default();
    for (name, member) in members {
        let is_data = name == "$ref" || name.starts_with("x-");
        let referred = match is_data {
            true => member,
            false => json!({ "$ref": format!("{file}#{}", fragment(&target.pointer, &name)) }),
        };
        own.entry(name).or_insert(referred);
    }
}

/// A member of what a pointer leads to, as the fragment of a reference.
fn fragment(pointer: &str, name: &str) -> String {
    below(pointer, name).replace('%', "%25")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_in_files_of_their_own_become_references_to_their_members() {
        let contract = json!({ "openapi": "3.1.0", "paths": { "$ref": "a/paths.yaml" }, "components": {
            "schemas": { "$ref": "s.yaml#/all", "Own": true }, "responses": { "None": {} } } });
        let mut look = |_: &str, text: &str, target: &Target| {
            assert!(text.contains(&target.file));
            Some(match target.file.as_str() {
                "a/paths.yaml" => json!({ "/a/{b}": {}, "/50%": {}, "x-c": 1 }),
                _ => json!({ "Thing": {}, "Own": {} }),
            })
        };
        let spread = spread(&contract, "api.yaml", &mut look).unwrap();
        assert_eq!(
            spread,
            json!({ "openapi": "3.1.0", "paths": { "/a/{b}": { "$ref": "a/paths.yaml#/~1a~1{b}" },
                "/50%": { "$ref": "a/paths.yaml#/~150%25" }, "x-c": 1 }, "components": {
                "schemas": { "Own": true, "Thing": { "$ref": "s.yaml#/all/Thing" } }, "responses": { "None": {} } } })
        );
    }

    #[test]
    fn a_contract_in_one_piece_is_left_as_it_is() {
        let contract = json!({ "paths": { "/a": { "$ref": "a.yaml" } }, "components": { "schemas": { "A": { "$ref": "a.yaml" } } } });
        assert_eq!(spread(&contract, "api.yaml", &mut |_, _, _| None), None);
    }

    #[test]
    fn what_leads_to_another_reference_or_out_of_the_repository_stays_to_be_told() {
        let contract = json!({ "paths": { "$ref": "a.yaml" }, "webhooks": { "$ref": "../out.yaml" } });
        let spread = spread(&contract, "api.yaml", &mut |_, _, _| Some(json!({ "$ref": "b.yaml" })));
        assert_eq!(
            spread.unwrap(),
            json!({ "paths": { "$ref": "b.yaml" }, "webhooks": { "$ref": "../out.yaml" } })
        );
    }
}
