//! Objects: records with known fields, and maps.
//!
//! Owns: fields, required members, further members. Must not know: unions, or how keywords of several schemas are merged.

use indexmap::{IndexMap, IndexSet};

use super::Lowering;
use super::merge::Merged;
use super::names::Context;
use super::node::Node;
use super::parts::{Member, Part};
use super::scalars::with_rules;
use super::schema::{Reserved, Slot};
use crate::diagnostics::schema as codes;
use crate::model::{Extra, Field, Kind, Name, Record, Rules, Shape, Type};
use crate::pointer::below;
use crate::tree::Value;

/// A property as the schemas that apply together declare it.
struct Property<'a> {
    members: Vec<Member<'a>>,
    /// Name of the component that declares it, when that is not the schema at hand: what stands inline in it is named after
    /// the component, so that every schema that includes it shares one definition with one name.
    home: Option<Name>,
}

impl<'a> Lowering<'a> {
    /// A record or a map.
    pub(super) fn object(&mut self, merged: &Merged<'a>, nullable: bool, slot: Slot<'_>) -> Type {
        let mut properties = self.properties(merged);
        let required: IndexSet<&'a str> = merged
            .parts
            .iter()
            .filter_map(|part| part.map.get("required")?.as_array())
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let further = self.further_members(merged);
        if properties.is_empty() && required.is_empty() && !matches!(further, Further::Refused) {
            return self.map(merged, further, nullable, slot);
        }
        let (id, name) = match self.reserve(merged, nullable, slot) {
            Reserved::Known(ty) => return ty,
            Reserved::New(id, name) => (id, name),
        };
        let further_members = match &further {
            Further::Typed(members) => members.clone(),
            _ => Vec::new(),
        };
        for key in &required {
            // Demanded but nowhere described: whatever further members may be.
            properties.entry(key).or_insert_with(|| Property {
                members: further_members.clone(),
                home: None,
            });
        }
        let mut fields = Vec::with_capacity(properties.len());
        for (wire, property) in properties {
            let required = required.contains(wire);
            fields.push(self.field(wire, &property, required, &name));
        }
        let extra = match further {
            Further::Unsaid => Extra::Ignored,
            Further::Refused => Extra::Refused,
            Further::Typed(members) if members.is_empty() => Extra::Kept(Type::of(Kind::Any)),
            Further::Typed(members) => {
                let ty = self.form(&members, Slot::Inline(Context::of(&name, "value")));
                if ty.kind == Kind::Never {
                    Extra::Refused
                } else {
                    Extra::Kept(ty)
                }
            }
        };
        let record = Record {
            fields,
            extra,
            min_properties: merged.most("minProperties").filter(|n| *n > 0),
            max_properties: merged.least("maxProperties"),
        };
        self.finish(merged, id, Shape::Record(record), nullable)
    }

    fn properties(&self, merged: &Merged<'a>) -> IndexMap<&'a str, Property<'a>> {
        let mut found: IndexMap<&'a str, Property<'a>> = IndexMap::new();
        for part in &merged.parts {
            let home = (!part.own).then(|| self.component_of(&part.at)).flatten();
            let Some(Value::Object(properties)) = part.map.get("properties") else {
                continue;
            };
            let at = below(&part.at, "properties");
            for (key, value) in properties {
                let member = Member::new(Node {
                    at: below(&at, key),
                    value,
                });
                match found.get_mut(key.as_str()) {
                    Some(property) => property.members.push(member),
                    None => {
                        let members = vec![member];
                        found.insert(
                            key,
                            Property {
                                members,
                                home: home.clone(),
                            },
                        );
                    }
                }
            }
        }
        for property in found.values_mut() {
            property
                .members
                .dedup_by(|left, right| left.node.value == right.node.value);
            if property.members.len() > 1 {
                property.home = None;
            }
        }
        found
    }

    fn field(&mut self, wire: &str, property: &Property<'a>, required: bool, owner: &Name) -> Field {
        let members = &property.members;
        let base = property.home.as_ref().unwrap_or(owner);
        let ty = self.form(members, Slot::Inline(Context::of(base, wire)));
        let parts = self.take_apart(members);
        let own = &parts.parts;
        let mut far: Vec<Part<'a>> = Vec::new();
        for target in &parts.refs {
            let value = self.lookup(target);
            if let Some((value, map)) = value.and_then(|value| Some((value, value.as_object()?))) {
                let at = target.clone();
                far.push(Part {
                    at,
                    value,
                    map,
                    plain: false,
                    own: false,
                    depth: 0,
                });
            }
        }
        let says = |key: &str| {
            own.iter()
                .chain(&far)
                .any(|part| part.map.get(key) == Some(&Value::Bool(true)))
        };
        let secret = own.iter().chain(&far).any(|part| {
            let extension = part.map.get("x-flaresmith");
            extension.and_then(|ext| ext.get("secret")) == Some(&Value::Bool(true))
        });
        let default = own.iter().find_map(|part| part.map.get("default")).cloned();
        Field {
            wire: wire.to_owned(),
            name: Name::new(wire),
            required,
            read_only: says("readOnly"),
            write_only: says("writeOnly"),
            secret,
            // `null` as a default only repeats that the field may be absent.
            default: default.filter(|value| !value.is_null()),
            docs: super::merge::docs(own),
            ty,
        }
    }

    /// What the keywords about unnamed members come to. What cannot be told apart is admitted.
    fn further_members(&self, merged: &Merged<'a>) -> Further<'a> {
        let mut typed: Option<Vec<Member<'a>>> = None;
        let refused = self.are_closed(merged);
        for node in self.about_further_members(merged) {
            let members = typed.get_or_insert_default();
            if !node.value.is_boolean() {
                members.push(Member::new(node));
            }
        }
        match patterns(merged).as_slice() {
            [] if refused => Further::Refused,
            [] => typed.map_or(Further::Unsaid, Further::Typed),
            [(pattern, node)] if refused || matches_all(pattern) => Further::Typed(vec![Member::new(node.clone())]),
            _ => Further::Typed(Vec::new()),
        }
    }

    /// The keywords about members that are not named. What is evaluated elsewhere than by names is left to guards.
    fn about_further_members(&self, merged: &Merged<'a>) -> Vec<Node<'a>> {
        let mut found = merged.all("additionalProperties");
        for part in &merged.parts {
            found.extend(part.get("unevaluatedProperties").filter(|_| self.sees_all(part.value)));
        }
        found
    }

    /// Whether members that no keyword names are refused.
    fn are_closed(&self, merged: &Merged<'a>) -> bool {
        let about = self.about_further_members(merged);
        about.iter().any(|node| node.value == &Value::Bool(false))
    }

    fn map(&mut self, merged: &Merged<'a>, further: Further<'a>, nullable: bool, slot: Slot<'_>) -> Type {
        let own_name;
        let context = match slot {
            Slot::Inline(context) => context,
            Slot::Given(id) => {
                own_name = self.name_of(id);
                Context::of(&own_name, "")
            }
        };
        let value = match further {
            Further::Typed(members) if !members.is_empty() => {
                let child = context.child("value");
                self.form(&members, Slot::Inline(child))
            }
            _ => Type::of(Kind::Any),
        };
        let rules = Rules {
            min_properties: merged.most("minProperties").filter(|n| *n > 0),
            max_properties: merged.least("maxProperties"),
            key_pattern: self.key_pattern(merged),
            ..Rules::default()
        };
        let mut ty = with_rules(Kind::Map(Box::new(value)), rules);
        ty.nullable = nullable;
        ty
    }

    /// The pattern of a map's keys: from `propertyNames`, or from `patternProperties` when nothing else is admitted.
    fn key_pattern(&mut self, merged: &Merged<'a>) -> Option<String> {
        let names = merged
            .first("propertyNames")
            .and_then(|node| Some(node.text("pattern")?.to_owned()));
        let patterns = patterns(merged);
        let by_members = match patterns.as_slice() {
            [(pattern, _)] if self.are_closed(merged) && !matches_all(pattern) => Some(*pattern),
            _ => None,
        };
        names.or_else(|| by_members.map(str::to_owned))
    }

    /// Says which of the keywords about members no record and no map will express.
    pub(super) fn guard_members(&mut self, merged: &Merged<'a>, members: &[Member<'a>]) {
        let only = match members {
            [only] => Some(only.node.at.as_str()),
            _ => None,
        };
        let says = |key: &str| merged.parts.iter().any(|part| part.map.contains_key(key));
        // Only a map has rules on its keys.
        let fields = says("properties") || says("required") || says("oneOf") || says("anyOf");
        let exact = match patterns(merged).as_slice() {
            [(pattern, _)] => !fields && (self.are_closed(merged) || matches_all(pattern)),
            _ => false,
        };
        for part in merged.parts.iter().filter(|part| !part.plain) {
            if part.map.contains_key("patternProperties") && !exact {
                self.guard("patternProperties", &part.at);
            }
            if let Some(node) = part.get("propertyNames") {
                let only_pattern = node.value.as_object().is_some_and(|map| {
                    map.iter()
                        .all(|(key, value)| key == "pattern" || (key == "type" && value == "string"))
                });
                if !only_pattern || fields || merged.all("propertyNames").len() > 1 {
                    self.guard("propertyNames", &part.at);
                }
            }
            if part.map.contains_key("unevaluatedProperties") && !(only == Some(&part.at) && self.sees_all(part.value))
            {
                self.guard("unevaluatedProperties", &part.at);
            }
        }
        self.tell_closed_parts(merged);
    }

    /// Whether every member that a schema says something of is among the properties that are merged into one record.
    fn sees_all(&self, schema: &'a Value) -> bool {
        // The same schema may be reached in many ways, so there is a bound on how many are looked at.
        let mut budget = 256;
        let mut left = vec![schema];
        while let Some(schema) = left.pop() {
            budget -= 1;
            if budget == 0 || !self.is_plain_record(schema, budget == 255, &mut left) {
                return false;
            }
        }
        true
    }

    /// Whether a schema only declares and demands members; what applies together with it is left to be looked at.
    fn is_plain_record(&self, schema: &'a Value, outermost: bool, left: &mut Vec<&'a Value>) -> bool {
        const KNOWN: &[&str] = &[
            "properties",
            "required",
            "type",
            "minProperties",
            "maxProperties",
            "title",
            "description",
            "default",
            "deprecated",
            "example",
            "examples",
            "readOnly",
            "writeOnly",
            "externalDocs",
            "xml",
            "$comment",
            "$id",
            "$schema",
            "$defs",
            "discriminator",
        ];
        let Some(members) = schema.as_object() else {
            return schema == &Value::Bool(true);
        };
        members.iter().all(|(key, value)| match (key.as_str(), value) {
            ("unevaluatedProperties", _) => outermost,
            // Closed by itself alone, it would refuse what the others declare: it is read as about all of them.
            ("additionalProperties", Value::Bool(false)) => true,
            ("allOf", Value::Array(list)) => {
                left.extend(list);
                true
            }
            ("$ref", Value::String(target)) => {
                let found = self.lookup(target.strip_prefix('#').unwrap_or(target));
                left.extend(found);
                found.is_some()
            }
            (key, _) => KNOWN.contains(&key) || key.starts_with("x-"),
        })
    }

    /// Tells where `additionalProperties` knows fewer names than the record that it is merged into.
    fn tell_closed_parts(&mut self, merged: &Merged<'a>) {
        let names = |part: &Part<'a>| part.map.get("properties").and_then(Value::as_object);
        for part in merged.parts.iter().filter(|part| part.own) {
            let Some(node) = part.get("additionalProperties").filter(|node| !says_all(node.value)) else {
                continue;
            };
            let knows = |name: &str| names(part).is_some_and(|own| own.contains_key(name));
            let others = merged
                .parts
                .iter()
                .filter(|other| other.at != part.at)
                .filter_map(names);
            if let Some(name) = others.flat_map(|other| other.keys()).find(|name| !knows(name)) {
                let message = format!(
                    "`additionalProperties` does not know `{name}`, which another schema here declares; it is admitted"
                );
                self.report_at(&codes::PARTS_CLOSED, message, &node.at);
            }
        }
    }

    /// Tells that a keyword does not reach the generated code.
    pub(super) fn unsupported(&mut self, key: &str, at: &str) {
        let message = format!("`{key}` is not checked by generated code");
        self.report_at(&codes::KEYWORD_UNSUPPORTED, message, at);
    }

    /// Name of the component in which a pointer stands.
    fn component_of(&self, pointer: &str) -> Option<Name> {
        let rest = pointer.strip_prefix("/components/schemas/")?;
        let end = rest.find('/').unwrap_or(rest.len());
        let length = pointer.len() - rest.len() + end;
        let id = self.named.get(pointer.get(..length)?)?;
        Some(self.name_of(*id))
    }
}

/// Patterns of names, and the schemas of the members that have such names.
fn patterns<'a>(merged: &Merged<'a>) -> Vec<(&'a str, Node<'a>)> {
    let said = merged.all("patternProperties");
    said.iter().flat_map(Node::members).collect()
}

/// Whether a schema admits everything.
fn says_all(value: &Value) -> bool {
    value == &Value::Bool(true) || value.as_object().is_some_and(crate::tree::Map::is_empty)
}

/// Whether every name has the pattern.
fn matches_all(pattern: &str) -> bool {
    matches!(pattern.trim_start_matches('^').trim_end_matches('$'), "" | ".*")
}

/// What may stand beside the named members.
enum Further<'a> {
    Unsaid,
    Refused,
    /// Members that satisfy these; any when there are none.
    Typed(Vec<Member<'a>>),
}
