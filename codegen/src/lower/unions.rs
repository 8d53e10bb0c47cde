//! Unions: `oneOf`, `anyOf` and lists of types.
//!
//! Owns: which branches a union keeps, and how what stands beside it is spread over them. Must not know: how tags are found
//! (`tags`).

use super::Lowering;
use super::enums::{Listed, only_lists};
use super::merge::{Merged, Types};
use super::names::{Context, distinct, from_title};
use super::node::Node;
use super::parts::{Member, Part};
use super::schema::{Reserved, Slot};
use super::tags::Discriminator;
use crate::diagnostics::schema as codes;
use crate::model::{Kind, Name, Shape, TextFormat, Type, TypeId, Union, Variant};
use crate::tree::Value;

/// The branches of a `oneOf` or `anyOf`.
#[derive(Debug, Clone)]
pub(super) struct Alternatives<'a> {
    /// Pointer of the schema that has them.
    at: String,
    branches: Vec<Node<'a>>,
    exclusive: bool,
    discriminator: Option<Node<'a>>,
}

impl<'a> Lowering<'a> {
    /// The union that shapes the values, when there is one. Branches that only demand members do not shape them.
    pub(super) fn alternatives(&mut self, merged: &Merged<'a>) -> Option<Alternatives<'a>> {
        let mut found: Option<Alternatives<'a>> = None;
        for part in merged.parts.iter().filter(|part| !part.plain) {
            for key in ["oneOf", "anyOf"] {
                let Some(node) = part.get(key) else { continue };
                let branches = self.flatten_branches(&node, key, 0);
                if branches.is_empty() || self.is_branch_of(&branches, part, merged) {
                    continue;
                }
                let shapes = branches.iter().any(|branch| !only_constrains(branch.value));
                if found.is_some() || !shapes {
                    self.guard(key, &part.at);
                    continue;
                }
                found = Some(Alternatives {
                    at: part.at.clone(),
                    branches,
                    exclusive: key == "oneOf",
                    discriminator: part.get("discriminator"),
                });
            }
        }
        found
    }

    /// Whether the schemas that apply together are one of the branches, which includes the union.
    fn is_branch_of(&mut self, branches: &[Node<'a>], part: &Part<'a>, merged: &Merged<'a>) -> bool {
        let is_opened = |branch: &&Node<'a>| branch.reference().is_some_and(|target| merged.opened.contains(target));
        let heir = branches
            .iter()
            .filter(is_opened)
            .find(|branch| self.is_heir(branch, &part.at));
        let Some(heir) = heir.and_then(Node::reference) else {
            return false;
        };
        let name = heir.rsplit('/').next().unwrap_or_default();
        let message = format!("`{name}` is a branch and includes the whole; it is read as having the rest of it");
        self.report_at(&codes::BRANCH_INCLUDES, message, &part.at);
        true
    }

    /// Branches that are unions of the same kind and nothing else are branches of the outer one.
    fn flatten_branches(&mut self, node: &Node<'a>, key: &str, depth: usize) -> Vec<Node<'a>> {
        let mut found = Vec::new();
        for branch in node.items() {
            let inner = branch
                .value
                .as_object()
                .filter(|map| map.keys().all(|k| k == key || k == "description"));
            match inner.and_then(|_| branch.get(key)) {
                Some(inner) if depth < 8 => found.extend(self.flatten_branches(&inner, key, depth + 1)),
                _ => found.push(branch),
            }
        }
        found
    }

    /// The type of a schema with branches.
    pub(super) fn union(&mut self, merged: &Merged<'a>, alternatives: &Alternatives<'a>, slot: Slot<'_>) -> Type {
        let (types, _) = merged.types();
        let mut nullable = types.is_some_and(|types| types.has(Types::NULL) && types != Types::NULL);
        let mut branches: Vec<&Node<'a>> = Vec::new();
        for branch in &alternatives.branches {
            if is_null(branch.value) {
                nullable = true;
            } else {
                branches.push(branch);
            }
        }
        if branches.is_empty() {
            return Type::of(Kind::Null);
        }
        if let Some(ty) = self.merged_lists(merged, types, alternatives, &branches, nullable, slot) {
            return ty;
        }
        let base: Vec<Member<'a>> = merged.parts.iter().map(base_member).collect();
        if let [branch] = branches.as_slice() {
            let mut members = base;
            if self.is_heir(branch, &alternatives.at) {
                members.clear();
            }
            members.push(Member::new((*branch).clone()));
            let mut ty = self.form(&members, slot);
            ty.nullable |= nullable && ty.kind != Kind::Any;
            return ty;
        }
        if branches.iter().any(|branch| says_nothing(branch.value))
            && base.iter().all(|member| says_nothing(member.node.value))
        {
            if alternatives.exclusive {
                self.guard("oneOf", &alternatives.at);
            }
            return Type::of(Kind::Any);
        }
        let (id, name) = match self.reserve(merged, nullable, slot) {
            Reserved::Known(ty) => return ty,
            Reserved::New(id, name) => (id, name),
        };
        let typed: Vec<Member<'a>> = base
            .iter()
            .filter(|member| says_type(member.node.value))
            .cloned()
            .collect();
        let shaping: Vec<Member<'a>> = base.into_iter().filter(|member| shapes(member.node.value)).collect();
        let mut variants = Vec::new();
        for (i, branch) in branches.iter().enumerate() {
            let word = branch_word(branch, i);
            let mut members: Vec<Member<'a>> = Vec::new();
            if !self.covers(branch, &shaping) {
                members.clone_from(&shaping);
            }
            // What a branch only bounds is of the type that stands beside the union.
            if !says_type(branch.value) && branch.reference().is_none() {
                members.extend(typed.iter().filter(|member| !shapes(member.node.value)).cloned());
            }
            members.push(Member::new((*branch).clone()));
            let mut ty = self.form(&members, Slot::Inline(Context::of(&name, &word)));
            if matches!(ty.kind, Kind::Null) {
                nullable = true;
                continue;
            }
            if ty.kind == Kind::Never {
                continue;
            }
            if ty.nullable {
                nullable = true;
                ty.nullable = false;
            }
            variants.push((ty, Some(word)));
        }
        let repeats = variants
            .iter()
            .enumerate()
            .any(|(i, (ty, _))| variants.iter().take(i).any(|(other, _)| other == ty));
        if repeats && alternatives.exclusive {
            self.guard("oneOf", &alternatives.at);
        }
        if let Some(node) = &alternatives.discriminator {
            let discriminator = Discriminator::read(node);
            self.discriminators.insert(id, discriminator);
        }
        self.finish_union(merged, id, variants, alternatives.exclusive, nullable)
    }

    /// A union of JSON types (`type: [string, integer]`), each with the keywords that concern it.
    pub(super) fn union_of_types(
        &mut self,
        merged: &Merged<'a>,
        several: &[Types],
        nullable: bool,
        slot: Slot<'_>,
    ) -> Type {
        let (id, name) = match self.reserve(merged, nullable, slot) {
            Reserved::Known(ty) => return ty,
            Reserved::New(id, name) => (id, name),
        };
        let mut variants = Vec::new();
        for one in several {
            let piece = Merged {
                parts: merged.parts.clone(),
                key: format!("{}:{}", merged.key, one.word()),
                opened: merged.opened.clone(),
            };
            let ty = self.one_type(&piece, *one, false, Slot::Inline(Context::of(&name, one.word())));
            variants.push((ty, None));
        }
        self.finish_union(merged, id, variants, false, nullable)
    }

    pub(super) fn finish_union(
        &mut self,
        merged: &Merged<'a>,
        id: TypeId,
        variants: Vec<(Type, Option<String>)>,
        exclusive: bool,
        nullable: bool,
    ) -> Type {
        let mut kept: Vec<(Type, Option<String>)> = Vec::new();
        for (ty, word) in variants {
            if !kept.iter().any(|(known, _)| *known == ty) {
                kept.push((ty, word));
            }
        }
        let shape = match kept.as_slice() {
            [] => Shape::Alias(Type::of(Kind::Never)),
            [(ty, _)] => Shape::Alias(ty.clone()),
            _ => {
                let names: Vec<Name> = kept
                    .iter()
                    .map(|(ty, word)| self.variant_name(ty, word.as_deref()))
                    .collect();
                let names = distinct(&names);
                let variants = names.into_iter().zip(kept).map(|(name, (ty, _))| Variant {
                    name,
                    ty,
                    tags: Vec::new(),
                });
                Shape::Union(Union {
                    variants: variants.collect(),
                    tag: None,
                    exclusive,
                })
            }
        };
        self.finish(merged, id, shape, nullable)
    }

    /// Branches that do nothing but list values are one list.
    fn merged_lists(
        &mut self,
        merged: &Merged<'a>,
        types: Option<Types>,
        alternatives: &Alternatives<'a>,
        branches: &[&Node<'a>],
        nullable: bool,
        slot: Slot<'_>,
    ) -> Option<Type> {
        let mut all: Vec<Listed> = Vec::new();
        let mut repeats = false;
        for branch in branches {
            let part = Part {
                at: branch.at.clone(),
                value: branch.value,
                map: branch.value.as_object()?,
                plain: false,
                own: true,
                depth: 0,
            };
            for entry in only_lists(&part)? {
                repeats |= all.iter().any(|known| known.value == entry.value);
                if !all.iter().any(|known| known.value == entry.value) {
                    all.push(entry);
                }
            }
        }
        if repeats && alternatives.exclusive {
            self.guard("oneOf", &alternatives.at);
        }
        let mut ty = self.listed(merged, types, all, slot);
        ty.nullable |= nullable;
        if let (Kind::Named(id), true) = (&ty.kind, nullable) {
            let shape = self.types.get(id.index()).map(|def| def.shape.clone());
            if let Some(shape) = shape {
                return Some(self.finish(merged, *id, shape, true));
            }
        }
        Some(ty)
    }

    /// Whether a branch already says everything that stands beside the union.
    fn covers(&self, branch: &Node<'a>, beside: &[Member<'a>]) -> bool {
        let Some(target) = branch.reference() else {
            return beside.is_empty();
        };
        let ancestors = self.ancestors(target);
        beside
            .iter()
            .all(|member| ancestors.contains(&member.node.at) || self.declares_all(target, &ancestors, member))
    }

    /// Whether a component, with what it includes, declares and demands all that a member does.
    fn declares_all(&self, target: &str, ancestors: &[String], member: &Member<'a>) -> bool {
        let mut pieces: Vec<&Value> = Vec::new();
        for pointer in ancestors.iter().map(String::as_str).chain([target]) {
            let Some(value) = self.lookup(pointer) else { continue };
            pieces.push(value);
            pieces.extend(value.get("allOf").and_then(Value::as_array).into_iter().flatten());
        }
        let Some(map) = member.node.value.as_object() else {
            return true;
        };
        let only_members = map
            .iter()
            .all(|(key, _)| !SHAPING.contains(&key.as_str()) || key == "properties" || key == "required");
        let declared = |name: &str| {
            pieces
                .iter()
                .any(|piece| piece.get("properties").and_then(|p| p.get(name)).is_some())
        };
        let demanded = |name: &str| {
            let lists = pieces.iter().filter_map(|piece| piece.get("required")?.as_array());
            lists.flatten().any(|item| item == name)
        };
        let properties = map.get("properties").and_then(Value::as_object);
        let required = map.get("required").and_then(Value::as_array);
        only_members
            && properties.into_iter().flatten().all(|(name, _)| declared(name))
            && required.into_iter().flatten().filter_map(Value::as_str).all(demanded)
    }

    fn variant_name(&self, ty: &Type, word: Option<&str>) -> Name {
        let by_kind = match &ty.kind {
            Kind::Named(id) => {
                let def = self.types.get(id.index()).filter(|def| def.component || word.is_none());
                return match (def, word) {
                    (Some(def), _) => def.name.clone(),
                    (None, Some(word)) => Name::new(word),
                    (None, None) => self.name_of(*id),
                };
            }
            Kind::Boolean => "boolean",
            Kind::Integer { .. } => "integer",
            Kind::Number => "number",
            Kind::Text(format) => format_word(format),
            Kind::List(_) => "list",
            Kind::Tuple { .. } => "tuple",
            Kind::Map(_) => "map",
            Kind::Literals(values) => {
                let text = values
                    .first()
                    .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
                return Name::new(&text.unwrap_or_default());
            }
            Kind::Any | Kind::Never | Kind::Null => "value",
        };
        Name::new(by_kind)
    }
}

/// Keywords that shape values, beside the type words.
const SHAPING: &[&str] = &[
    "properties",
    "required",
    "additionalProperties",
    "unevaluatedProperties",
    "patternProperties",
    "items",
    "prefixItems",
    "enum",
    "const",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
];

/// What stands beside a union, as a member of each branch.
pub(super) fn base_member<'a>(part: &Part<'a>) -> Member<'a> {
    Member {
        node: Node {
            at: part.at.clone(),
            value: part.value,
        },
        plain: true,
    }
}

fn shapes(value: &Value) -> bool {
    value.as_object().is_some_and(|map| {
        map.iter().any(|(key, value)| {
            SHAPING.contains(&key.as_str())
                && value
                    .as_object()
                    .is_none_or(|map| !map.is_empty() || key != "properties")
                && value.as_array().is_none_or(|list| !list.is_empty())
                && !(key == "additionalProperties" && value == &Value::Bool(true))
        })
    })
}

/// Whether a schema admits every value, as far as its keywords say.
fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Bool(says) => *says,
        Value::Object(map) => {
            const SAYING: &[&str] = &["$ref", "allOf", "oneOf", "anyOf", "type", "not", "format", "if"];
            !shapes(value) && !map.keys().any(|key| SAYING.contains(&key.as_str()))
        }
        _ => true,
    }
}

/// Whether a branch only demands or forbids members that something else declares.
fn only_constrains(value: &Value) -> bool {
    value.as_object().is_some_and(|map| {
        let constrains = map.contains_key("required") || map.contains_key("not");
        constrains
            && map.iter().all(|(key, value)| match key.as_str() {
                "required" | "not" | "title" | "description" => true,
                "type" => value == "object",
                _ => false,
            })
    })
}

fn says_type(value: &Value) -> bool {
    value.get("type").is_some()
}

fn is_null(value: &Value) -> bool {
    let null = |value: &Value| match value {
        Value::Array(list) => matches!(list.as_slice(), [one] if one == "null"),
        value => value == "null",
    };
    value.get("type").is_some_and(null)
        || value.get("const").is_some_and(Value::is_null)
        || value
            .get("enum")
            .and_then(Value::as_array)
            .is_some_and(|list| matches!(list.as_slice(), [Value::Null]))
}

/// A word for a branch: its title, the constant that tells it from the others, or its position.
fn branch_word(branch: &Node<'_>, position: usize) -> String {
    let title = branch
        .text("title")
        .filter(|title| from_title(title).is_some() || (title.len() <= 40 && title.split_whitespace().count() <= 4));
    if let Some(title) = title {
        return title.to_owned();
    }
    let properties = branch.get("properties");
    let constant = properties.iter().flat_map(Node::members).find_map(|(_, node)| {
        let value = node.get("const").or_else(|| {
            let listed = node.get("enum")?;
            (listed.value.as_array()?.len() == 1).then(|| listed.items().next())?
        });
        value?
            .value
            .as_str()
            .filter(|text| !text.is_empty() && text.len() <= 40)
            .map(str::to_owned)
    });
    let by_type = || match branch.text("type")? {
        "array" => Some("list".to_owned()),
        "object" => None,
        other => Some(other.to_owned()),
    };
    constant
        .or_else(by_type)
        .unwrap_or_else(|| format!("option {}", position + 1))
}

fn format_word(format: &TextFormat) -> &'static str {
    match format {
        TextFormat::Uuid => "uuid",
        TextFormat::DateTime => "date time",
        TextFormat::Date => "date",
        TextFormat::Bytes | TextFormat::Base64 => "bytes",
        _ => "string",
    }
}
