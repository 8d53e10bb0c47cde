//! References between parts that are no schemas: how far they lead.
//!
//! Owns: finding parts that hold themselves, leaving out callbacks that do, refusing all else that does, and bounding what references come
//! to together. Must not know: schemas, which may hold themselves; files.
//!
//! Whoever goes through a contract goes on into what such a reference leads to, as if that stood there. What is seen to here is why
//! everybody comes to an end, soon and with the stack that there is.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Bundle;
use super::grammar::{self, Place as Kind, Step};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, document as codes};
use crate::pointer::{escape, push, unescape};
use crate::tree::{Map, Value};

/// Most levels of objects and lists, counted through references.
const DEEPEST: usize = 256;

/// Most objects that a part comes to with everything that it refers to, again wherever it does; and most of all parts together.
const LARGEST: u64 = 1_000_000;
const ALL: u64 = 10 * LARGEST;

/// Cuts callbacks that lead back to themselves out of a bundle, and tells what else leads in a circle or too far.
pub(super) fn settle(bundle: &mut Bundle, diagnostics: &mut Diagnostics) {
    let mut walk = Walk {
        document: &bundle.document,
        known: BTreeMap::new(),
        open: Vec::new(),
        through: Vec::new(),
        found: Vec::new(),
    };
    let mut all: u64 = 0;
    for (pointer, kind) in parts(&bundle.document) {
        all = all.saturating_add(walk.part(&pointer, kind, 0).size);
        if all > ALL {
            walk.tell(&pointer, Problem::Large);
            break;
        }
    }
    let found = std::mem::take(&mut walk.found);
    for (pointer, problem) in &found {
        diagnostics.push(problem.told(bundle, pointer));
    }
    for (pointer, problem) in &found {
        match problem {
            Problem::Callback => remove(&mut bundle.document, pointer),
            // Whoever resolves it comes to an end, as it does with a circle of schemas.
            Problem::Nothing => {}
            // Nothing is generated from it. Whoever looks for further problems comes to an end, too.
            Problem::Circle | Problem::Deep | Problem::Large => {
                if let Some(place) = bundle.document.pointer_mut(pointer) {
                    *place = Value::Object(Map::new());
                }
            }
        }
    }
}

/// What references of a part lead to, where that is no schema; in order.
pub(super) fn references(value: &Value, kind: Kind) -> Vec<&str> {
    let mut found = Vec::new();
    each_reference(value, kind, &mut found);
    found
}

fn each_reference<'v>(value: &'v Value, kind: Kind, found: &mut Vec<&'v str>) {
    if !is_followed(kind) {
        return;
    }
    found.extend(value.get("$ref").and_then(Value::as_str));
    for (key, member) in value.as_object().into_iter().flatten() {
        match (grammar::step(kind, key), member) {
            (Some(Step::One(inner)), member) => each_reference(member, inner, found),
            (Some(Step::Map(inner)), Value::Object(members)) => {
                members.values().for_each(|member| each_reference(member, inner, found));
            }
            (Some(Step::List(inner)), Value::Array(items)) => {
                items.iter().for_each(|item| each_reference(item, inner, found));
            }
            _ => {}
        }
    }
}

/// Whether references of a kind of object are looked at here.
fn is_followed(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Schema | Kind::Discriminator | Kind::Extension | Kind::ErrorEntry
    )
}

/// Every part of a document that others can refer to and that is no schema: pointer and kind.
fn parts(document: &Value) -> Vec<(String, Kind)> {
    let mut found = Vec::new();
    let mut add = |above: &str, map: Option<&Value>, kind: Kind| {
        for name in map.and_then(Value::as_object).into_iter().flat_map(|map| map.keys()) {
            found.push((format!("{above}/{}", escape(name)), kind));
        }
    };
    for key in ["paths", "webhooks"] {
        add(&format!("/{key}"), document.get(key), Kind::PathItem);
    }
    let sections = document.get("components").and_then(Value::as_object);
    for (section, map) in sections.into_iter().flatten() {
        if let Some(kind) = grammar::kind_of_section(section).filter(|kind| is_followed(*kind)) {
            add(&format!("/components/{section}"), Some(map), kind);
        }
    }
    found
}

/// What a part comes to with all that it refers to.
#[derive(Debug, Clone, Copy, Default)]
struct Reach {
    /// Objects.
    size: u64,
    /// Levels.
    depth: usize,
}

impl Reach {
    fn add(&mut self, inner: Self) {
        self.size = self.size.saturating_add(inner.size);
        self.depth = self.depth.max(inner.depth + 1);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Problem {
    /// A callback leads back to itself.
    Callback,
    /// A component refers to nothing but itself, on whatever ways.
    Nothing,
    /// Something else holds itself.
    Circle,
    /// There are too many levels.
    Deep,
    /// It comes to too much.
    Large,
}

impl Problem {
    fn told(self, bundle: &Bundle, pointer: &str) -> Diagnostic {
        let (code, message): (&'static Code, String) = match self {
            Self::Callback => (
                &codes::CALLBACK_CIRCULAR,
                "this callback leads back to itself; from here on it is left out".to_owned(),
            ),
            Self::Nothing => (
                &codes::REF_CIRCULAR,
                format!("`{}` refers to nothing but itself", name_of(pointer)),
            ),
            Self::Circle => (
                &codes::REF_CIRCULAR,
                "this reference leads to something that it stands in".to_owned(),
            ),
            Self::Deep => (
                &codes::REFS_TOO_FAR,
                format!("what this refers to lies more than {DEEPEST} levels deep"),
            ),
            Self::Large => (
                &codes::REFS_TOO_FAR,
                format!(
                    "with all that it refers to this comes to more than {LARGEST} objects, or everything to more than {ALL}"
                ),
            ),
        };
        Diagnostic::new(code, message, bundle.place(pointer))
    }
}

struct Walk<'d> {
    document: &'d Value,
    /// Parts that were gone through, by pointer.
    known: BTreeMap<String, Reach>,
    /// Parts in which the walk stands, and in each but the last the place of the reference that it follows.
    open: Vec<String>,
    through: Vec<String>,
    found: Vec<(String, Problem)>,
}

impl<'d> Walk<'d> {
    /// Goes through a part that others can refer to.
    fn part(&mut self, pointer: &str, kind: Kind, level: usize) -> Reach {
        if let Some(known) = self.known.get(pointer) {
            return *known;
        }
        let document = self.document;
        let Some(value) = document.pointer(pointer) else {
            return Reach::default();
        };
        self.open.push(pointer.to_owned());
        let mut at = pointer.to_owned();
        let mut reach = self.value(value, kind, &mut at, level);
        if reach.size > LARGEST {
            self.tell(pointer, Problem::Large);
            // What refers to it is not to blame.
            reach.size = 0;
        }
        self.open.pop();
        self.known.insert(pointer.to_owned(), reach);
        reach
    }

    fn value(&mut self, value: &'d Value, kind: Kind, at: &mut String, level: usize) -> Reach {
        let mut reach = Reach { size: 1, depth: 0 };
        let (Value::Object(members), true) = (value, is_followed(kind)) else {
            return reach;
        };
        if level > DEEPEST {
            self.tell(at, Problem::Deep);
            return reach;
        }
        if let Some(target) = members.get("$ref").and_then(Value::as_str)
            && let Some(inner) = self.followed(target, kind, at, level)
        {
            reach.add(inner);
        }
        for (key, member) in members {
            let Some(step) = grammar::step(kind, key) else { continue };
            let length = push(at, key);
            match (step, member) {
                (Step::One(inner), member) => reach.add(self.value(member, inner, at, level + 1)),
                (Step::Map(inner), Value::Object(members)) => {
                    for (name, member) in members.iter().filter(|(name, _)| !name.starts_with("x-")) {
                        let length = push(at, name);
                        reach.add(self.value(member, inner, at, level + 2));
                        at.truncate(length);
                    }
                }
                (Step::List(inner), Value::Array(items)) => {
                    for (i, item) in items.iter().enumerate() {
                        let length = push(at, &i.to_string());
                        reach.add(self.value(item, inner, at, level + 2));
                        at.truncate(length);
                    }
                }
                _ => {}
            }
            at.truncate(length);
        }
        reach
    }

    /// What a reference comes to; `None`: it leads nowhere, or is not to be followed, which has been told.
    fn followed(&mut self, target: &str, kind: Kind, at: &str, level: usize) -> Option<Reach> {
        let pointer = target.strip_prefix('#')?;
        let problem = if let Some(first) = self.open.iter().position(|open| open == pointer) {
            if let Some(component) = self.nothing_but_itself(first, at) {
                self.tell(&component, Problem::Nothing);
                return None;
            }
            // A component that is nothing but a reference is no part of anything that could be left out.
            match at.contains("/callbacks/") && !self.open.iter().any(|open| open == at) {
                true => Problem::Callback,
                false => Problem::Circle,
            }
        } else {
            self.through.push(at.to_owned());
            let inner = self.part(pointer, kind, level + 1);
            self.through.pop();
            if level + inner.depth <= DEEPEST {
                return Some(inner);
            }
            Problem::Deep
        };
        self.tell(at, problem);
        None
    }

    /// A component of the circle that closes here, if none of its parts says anything but where it leads.
    fn nothing_but_itself(&self, first: usize, at: &str) -> Option<String> {
        let places = self.through.iter().map(String::as_str).chain([at]);
        let mut circle = self.open.iter().zip(places).skip(first);
        let component = circle.clone().find(|(open, _)| open.starts_with("/components/"))?.0;
        circle.all(|(open, place)| open == place).then(|| component.clone())
    }

    /// Notes a problem. One chain that leads too far makes every other that has a part of it do so too; the first of them is told.
    fn tell(&mut self, at: &str, problem: Problem) {
        let is_too_far = |problem: Problem| matches!(problem, Problem::Deep | Problem::Large);
        if !is_too_far(problem) || self.found.iter().all(|(_, known)| !is_too_far(*known)) {
            self.found.push((at.to_owned(), problem));
        }
    }
}

/// What a part is called in the map in which it stands.
fn name_of(pointer: &str) -> Cow<'_, str> {
    unescape(pointer.rsplit('/').next().unwrap_or_default())
}

/// Takes a member out of the map in which it stands.
fn remove(document: &mut Value, pointer: &str) {
    let above = pointer.rsplit_once('/').map_or("", |(above, _)| above);
    if let Some(map) = document.pointer_mut(above).and_then(Value::as_object_mut) {
        map.remove(&name_of(pointer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::json;

    fn settled(document: Value) -> (Value, Vec<String>) {
        let mut bundle = Bundle {
            document,
            origins: Vec::new(),
        };
        let mut found = Diagnostics::new();
        settle(&mut bundle, &mut found);
        let told = found.iter().map(|one| one.code.id.to_owned()).collect();
        (bundle.document, told)
    }

    #[test]
    fn a_callback_that_leads_back_to_itself_is_left_out_where_it_does() {
        let callback = |inner: Value| json!({"{$url}": {"post": {"callbacks": inner, "responses": {}}}});
        let (document, told) = settled(json!({
            "paths": {"/a": {"post": {"callbacks": {"again": {"$ref": "#/components/callbacks/C"}}}}},
            "components": {"callbacks": {
                "C": callback(json!({"again": {"$ref": "#/components/callbacks/C"}, "other": {"$ref": "#/components/callbacks/D"}})),
                "D": callback(json!({})),
            }},
        }));
        assert_eq!(told, ["SPEC_CALLBACK_CIRCULAR"]);
        assert_eq!(
            document["components"]["callbacks"]["C"],
            callback(json!({"other": {"$ref": "#/components/callbacks/D"}}))
        );
        assert_eq!(
            document["paths"]["/a"]["post"]["callbacks"]["again"]["$ref"],
            "#/components/callbacks/C"
        );
        assert_eq!(settled(document).1, Vec::<String>::new());
    }

    #[test]
    fn what_holds_itself_otherwise_is_refused_and_a_schema_may() {
        let media = json!({"schema": {"$ref": "#/components/schemas/S"}, "encoding": {"x": {"headers": {"H": {"content":
            {"a/b": {"$ref": "#/components/mediaTypes/M"}}}}}}});
        let (_, told) = settled(json!({"components": {"mediaTypes": {"M": media}}}));
        assert_eq!(told, ["SPEC_REF_CIRCULAR"]);
        let own = json!({"properties": {"own": {"$ref": "#/components/schemas/S"}}});
        let response = json!({"content": {"a/b": {"schema": {"$ref": "#/components/schemas/S"}}}});
        let (_, told) = settled(json!({
            "paths": {"/a": {"get": {"responses": {"200": {"$ref": "#/components/responses/R"},
                "201": {"$ref": "#/paths/~1a/get/responses/200"}}}}},
            "components": {"schemas": {"S": own}, "responses": {"R": response}},
        }));
        assert_eq!(told, Vec::<String>::new());
    }

    #[test]
    fn references_that_multiply_each_other_or_lie_too_deep_in_each_other_are_refused() {
        let header = |targets: Vec<usize>| {
            let headers = targets.iter().enumerate().map(|(i, target)| {
                (
                    format!("H{i}"),
                    json!({"$ref": format!("#/components/headers/H{target}")}),
                )
            });
            let headers: Map = headers.collect();
            json!({"content": {"a/b": {"encoding": {"x": {"headers": headers}}}}})
        };
        let chain = |length: usize, each: usize| {
            let headers = (0..length).map(|i| {
                let targets = if i + 1 < length { vec![i + 1; each] } else { Vec::new() };
                (format!("H{i}"), header(targets))
            });
            let headers: Map = headers.collect();
            json!({"components": {"headers": headers}})
        };
        assert_eq!(settled(chain(6, 3)).1, Vec::<String>::new());
        assert_eq!(
            settled(chain(20, 10)).1.first().map(String::as_str),
            Some("SPEC_REFS_TOO_FAR")
        );
        assert_eq!(
            settled(chain(5_000, 1)).1.first().map(String::as_str),
            Some("SPEC_REFS_TOO_FAR")
        );
    }
}
