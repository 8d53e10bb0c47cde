//! Schemas that apply together: a schema, the members of its `allOf`, and what those refer to, laid out flat.
//!
//! Owns: deciding whether such a set is one reference with words about it, or a schema to be merged. Must not know: what the
//! merged keywords mean (`merge`), or any shape.

use std::collections::{BTreeSet, VecDeque};

use super::Lowering;
use super::node::Node;
use crate::diagnostics::{Diagnostic, schema as codes};
use crate::pointer::below;
use crate::tree::{Map, Value};

/// One of the schemas that a value must satisfy at once.
#[derive(Debug, Clone)]
pub(super) struct Member<'a> {
    pub(super) node: Node<'a>,
    /// Only its own keywords count, not its references, `allOf`, `oneOf`, `anyOf` and `discriminator`: those were taken apart
    /// before, and it is now merged into one branch of its own union.
    pub(super) plain: bool,
}

impl<'a> Member<'a> {
    /// A schema with everything it says.
    pub(super) fn new(node: Node<'a>) -> Self {
        Self { node, plain: false }
    }
}

/// A schema object without its references and its `allOf`.
#[derive(Debug, Clone)]
pub(super) struct Part<'a> {
    pub(super) at: String,
    pub(super) value: &'a Value,
    pub(super) map: &'a Map,
    pub(super) plain: bool,
    /// Written here, rather than at the far end of a reference.
    pub(super) own: bool,
    /// How many `allOf` stand around it.
    pub(super) depth: usize,
}

impl<'a> Part<'a> {
    /// A keyword's value with its pointer.
    pub(super) fn get(&self, key: &str) -> Option<Node<'a>> {
        let value = self.map.get(key)?;
        Some(Node {
            at: below(&self.at, key),
            value,
        })
    }
}

/// What a set of members comes down to.
#[derive(Debug, Default)]
pub(super) struct Parts<'a> {
    /// Pointers referred to, without repetitions.
    pub(super) refs: Vec<String>,
    /// Everything else, in the order in which fields are to appear.
    pub(super) parts: Vec<Part<'a>>,
    /// A `false` was among them: no value satisfies all.
    pub(super) never: bool,
}

/// Keywords that tell nothing about the shape of values.
const ANNOTATIONS: &[&str] = &[
    "$ref",
    "allOf",
    "title",
    "description",
    "default",
    "deprecated",
    "example",
    "examples",
    "readOnly",
    "writeOnly",
    "type",
    "nullable",
    "externalDocs",
    "xml",
    "$comment",
    "$id",
    "$schema",
    "$anchor",
    "$defs",
    "definitions",
    "discriminator",
];

impl Part<'_> {
    /// Whether it only says words about a type that something else describes.
    pub(super) fn is_annotation(&self) -> bool {
        self.map.iter().all(|(key, value)| match key.as_str() {
            "properties" => value.as_object().is_some_and(Map::is_empty),
            "required" => value.as_array().is_some_and(|list| list.is_empty()),
            "additionalProperties" => value == &Value::Bool(true),
            "oneOf" | "anyOf" => self.plain,
            key => ANNOTATIONS.contains(&key) || key.starts_with("x-"),
        })
    }

    /// Whether its own `type` list admits `null`.
    pub(super) fn says_null(&self) -> bool {
        match self.map.get("type") {
            Some(Value::Array(types)) => types.iter().any(|ty| ty == "null"),
            Some(Value::String(ty)) => ty == "null",
            _ => false,
        }
    }
}

impl<'a> Lowering<'a> {
    /// Takes members apart: references on one side, everything that is written in place on the other.
    pub(super) fn take_apart(&mut self, members: &[Member<'a>]) -> Parts<'a> {
        let mut parts = Parts::default();
        for member in members {
            self.expand(member, true, &mut parts, 0);
        }
        self.drop_implied(&mut parts);
        parts
    }

    /// Replaces every reference by what it refers to, and that by what it refers to in turn. `own` is the pointer of the
    /// schema itself, where it has one that others can refer to: it must not come back to it. What comes back are the pointers of
    /// all that was referred to.
    pub(super) fn follow_all(&mut self, parts: &mut Parts<'a>, own: Option<&str>) -> BTreeSet<String> {
        let mut done: BTreeSet<String> = BTreeSet::new();
        // A parent's fields come before those of the child that refers to it: the last that is found comes first.
        let mut followed: Vec<Vec<Part<'a>>> = Vec::new();
        let mut queue: VecDeque<String> = std::mem::take(&mut parts.refs).into();
        while let Some(target) = queue.pop_front() {
            if !done.insert(target.clone()) {
                continue;
            }
            if own == Some(target.as_str()) {
                self.report_at(
                    &codes::ALIAS_CYCLE,
                    "the schema includes itself through `allOf`",
                    &target,
                );
                continue;
            }
            let Some(value) = self.lookup(&target) else { continue };
            if !self.may_look_into_one_more() {
                break;
            }
            let node = Node { at: target, value };
            let mut inner = Parts::default();
            self.expand(&Member::new(node), false, &mut inner, 0);
            // What stands inline in it is looked into as well.
            self.budget = self.budget.saturating_sub(inner.parts.len());
            followed.push(inner.parts);
            parts.never |= inner.never;
            queue.extend(inner.refs);
        }
        let own_parts = std::mem::take(&mut parts.parts);
        parts.parts = followed.into_iter().rev().flatten().chain(own_parts).collect();
        done
    }

    fn expand(&mut self, member: &Member<'a>, own: bool, parts: &mut Parts<'a>, depth: usize) {
        let node = &member.node;
        let map = match node.value {
            Value::Bool(true) => return,
            Value::Bool(false) => {
                parts.never = true;
                return;
            }
            Value::Object(map) => map,
            _ => {
                let message = "a schema is an object or a truth value";
                self.report_at(&codes::NOT_A_SCHEMA, message, &node.at);
                return;
            }
        };
        if depth > super::DEPTH {
            self.too_deep(&node.at);
            return;
        }
        if let Some(target) = node.reference().filter(|_| !member.plain)
            && !parts.refs.iter().any(|known| known == target)
        {
            parts.refs.push(target.to_owned());
        }
        let own_part = || Part {
            at: node.at.clone(),
            value: node.value,
            map,
            plain: member.plain,
            own,
            depth,
        };
        let bare = map.keys().all(|key| key == "$ref" || key == "allOf");
        // The order of the keywords is the author's order of the fields.
        let first = map
            .keys()
            .find(|key| matches!(key.as_str(), "properties" | "allOf"))
            .is_none_or(|key| key == "properties");
        if !bare && first {
            parts.parts.push(own_part());
        }
        let all_of = node.get("allOf").filter(|_| !member.plain);
        for item in all_of.iter().flat_map(Node::items) {
            self.expand(&Member::new(item), own, parts, depth + 1);
        }
        if !bare && !first {
            parts.parts.push(own_part());
        }
    }

    /// Drops references that another reference already includes by its own `allOf`.
    fn drop_implied(&mut self, parts: &mut Parts<'a>) {
        if parts.refs.len() < 2 {
            return;
        }
        let ancestors: Vec<Vec<String>> = parts.refs.iter().map(|target| self.ancestors(target)).collect();
        let refs = parts.refs.clone();
        // Schemas that include each other are a circle, which is told elsewhere; none of them is dropped.
        parts.refs.retain(|target| {
            !refs
                .iter()
                .zip(&ancestors)
                .any(|(other, known)| other != target && known.contains(target) && !known.contains(other))
        });
    }

    /// Pointers that a schema includes through references of its `allOf`, at any distance.
    pub(super) fn ancestors(&self, pointer: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let mut known: BTreeSet<String> = BTreeSet::new();
        let mut queue = vec![pointer.to_owned()];
        while let Some(current) = queue.pop() {
            for parent in self.parents(&current) {
                if known.insert(parent.clone()) {
                    found.push(parent.clone());
                    queue.push(parent);
                }
            }
        }
        found
    }

    /// Pointers that a schema's `allOf` refers to directly.
    pub(super) fn parents(&self, pointer: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut queue: Vec<&Value> = self.lookup(pointer).into_iter().collect();
        let mut budget = 1_000;
        while let Some(value) = queue.pop() {
            for item in value.get("allOf").and_then(Value::as_array).into_iter().flatten() {
                if let Some(target) = item.get("$ref").and_then(Value::as_str) {
                    found.push(target.strip_prefix('#').unwrap_or(target).to_owned());
                }
                budget -= 1;
                if budget > 0 {
                    queue.push(item);
                }
            }
        }
        found
    }

    /// Reports a problem at a pointer of the bundle.
    pub(super) fn report_at(&mut self, code: &'static crate::diagnostics::Code, message: impl Into<String>, at: &str) {
        self.ledger.tells();
        // Merging visits a schema once for every schema that includes it; its author is told once.
        if self.reported.insert((code.id, at.to_owned())) {
            let place = self.bundle.place(at);
            self.diagnostics.push(Diagnostic::new(code, message, place));
        }
    }

    /// Takes one schema off what may be looked into; tells it when nothing is left.
    pub(super) fn may_look_into_one_more(&mut self) -> bool {
        if self.budget == 0 {
            let message = "lowering this contract would take too many schemas";
            self.report_at(&codes::TOO_MANY, message, "");
            return false;
        }
        self.budget -= 1;
        true
    }

    /// Reports nesting beyond all measure.
    pub(super) fn too_deep(&mut self, at: &str) {
        let message = format!("schemas are nested more than {} deep", super::DEPTH);
        self.report_at(&codes::TOO_DEEP, message, at);
    }
}
