//! Schemas become types: the way from a schema object, wherever it stands, to a type or a named definition.
//!
//! Owns: definitions and their slots, references, and which kind of schema goes to which module. Must not know: the details of
//! any kind (`objects`, `scalars`, `enums`, `unions`).

use std::collections::{BTreeMap, BTreeSet};

use super::Lowering;
use super::ledger::{Deed, Item};
use super::merge::{Merged, Types, docs};
use super::names::{Context, from_pointer, from_title};
use super::node::Node;
use super::parts::{Member, Part};
use crate::diagnostics::{document, schema as codes};
use crate::model::types::Docs;
use crate::model::{Kind, Name, Shape, Type, TypeDef, TypeId};
use crate::tree::Value;

/// Where a schema's shape goes when it turns out to need a definition of its own.
#[derive(Debug, Clone, Copy)]
pub(super) enum Slot<'s> {
    /// Into a definition that exists already.
    Given(TypeId),
    /// Into a new one, named after the place.
    Inline(Context<'s>),
}

/// What asking for a definition gives.
pub(super) enum Reserved {
    /// It was made before.
    Known(Type),
    /// It is to be filled; with the name that its parts are named after.
    New(TypeId, Name),
}

impl<'a> Lowering<'a> {
    /// Gives every component schema its name and number before any is looked into.
    pub(super) fn register_components(&mut self) {
        let Some(schemas) = self.root().get("components").and_then(|node| node.get("schemas")) else {
            return;
        };
        let components: Vec<(&str, Node<'a>)> = schemas.members().collect();
        // Of two whose names meet, the first by key keeps its own: where they stand in the document means nothing.
        let mut sorted: Vec<&str> = components.iter().map(|(key, _)| *key).collect();
        sorted.sort_unstable();
        let mut names: BTreeMap<&str, Name> = BTreeMap::new();
        for key in sorted {
            names.insert(key, self.names.take(&Name::new(key)));
        }
        for (key, node) in &components {
            let Some(name) = names.remove(key) else { continue };
            let id = self.push_definition(name, &node.at, true);
            self.named.insert(node.at.clone(), id);
        }
        self.find_families(&components);
        for (_, node) in components {
            if let Some(id) = self.named.get(&node.at).copied() {
                self.component(id, node);
            }
        }
    }

    /// Fills the definition of a component.
    pub(super) fn component(&mut self, id: TypeId, node: Node<'a>) {
        self.open(Item::Component(id), &node.at);
        self.current = Some(id);
        self.define(id, node);
        self.current = None;
        self.close();
    }

    /// The type of the schema at a node.
    pub(super) fn schema(&mut self, node: Node<'a>, context: Context<'_>) -> Type {
        self.form(&[Member::new(node)], Slot::Inline(context))
    }

    /// The type that satisfies all members.
    pub(super) fn form(&mut self, members: &[Member<'a>], slot: Slot<'_>) -> Type {
        let at = members.first().map_or("", |member| member.node.at.as_str());
        if self.depth >= super::DEPTH {
            self.too_deep(at);
            return Type::of(Kind::Any);
        }
        if !self.may_look_into_one_more() {
            return Type::of(Kind::Any);
        }
        self.budget = self.budget.saturating_sub(members.len().saturating_sub(1));
        self.depth += 1;
        let ty = self.form_members(members, slot);
        self.depth -= 1;
        ty
    }

    fn form_members(&mut self, members: &[Member<'a>], slot: Slot<'_>) -> Type {
        let mut parts = self.take_apart(members);
        if parts.never {
            return Type::of(Kind::Never);
        }
        let own = match slot {
            Slot::Given(id) => Some(self.pointer_of(id)),
            Slot::Inline(_) => None,
        };
        if let [target] = parts.refs.as_slice() {
            // A component that is nothing but one member of a family is that member, not another name for the family.
            let heir = own.is_some() && self.families.contains_key(target);
            if !heir && parts.parts.iter().all(Part::is_annotation) {
                let target = target.clone();
                let at = members.first().map_or("", |member| member.node.at.as_str());
                let mut ty = self.refer(&target, at);
                ty.nullable |= parts.parts.iter().any(Part::says_null) && ty.kind != Kind::Any;
                return ty;
            }
        }
        let mut opened = BTreeSet::new();
        if !parts.refs.is_empty() {
            opened = self.follow_all(&mut parts, own.as_deref());
            if parts.never {
                return Type::of(Kind::Never);
            }
        }
        opened.extend(members.iter().map(|member| member.node.at.clone()));
        let key: Vec<String> = members
            .iter()
            .map(|member| [&*member.node.at, if member.plain { "!" } else { "" }].concat())
            .collect();
        let merged = Merged {
            parts: parts.parts,
            key: key.join("&"),
            opened,
        };
        let outer = std::mem::take(&mut self.wanted);
        self.guard_members(&merged, members);
        let ty = self.form_merged(&merged, slot);
        let wanted = std::mem::replace(&mut self.wanted, outer);
        self.guarded(&merged, wanted, ty, slot)
    }

    fn form_merged(&mut self, merged: &Merged<'a>, slot: Slot<'_>) -> Type {
        if let Slot::Given(id) = slot
            && let Some(family) = self.families.get(&self.pointer_of(id)).cloned()
        {
            return self.family(merged, &family, slot, id);
        }
        if let Some(alternatives) = self.alternatives(merged) {
            return self.union(merged, &alternatives, slot);
        }
        let (types, contradict) = merged.types();
        if contradict {
            let message = "schemas that apply together have no type in common; the first one counts";
            self.report_at(&codes::TYPE_CONFLICT, message, merged.at());
        }
        if let Some(values) = merged.values() {
            return self.closed_list(merged, types, values, slot);
        }
        let Some(types) = types.or_else(|| self.implied(merged)) else {
            return Type::of(Kind::Any);
        };
        let nullable = types.has(Types::NULL);
        let real = types.without(Types::NULL);
        if real.or(Types::NULL) == Types::ALL {
            let all = if nullable { &["type"][..] } else { &[] };
            self.guard_all_but(all, merged);
            return Type::of(Kind::Any);
        }
        match real.each().as_slice() {
            [] => Type::of(Kind::Null),
            [one] => self.one_type(merged, *one, nullable, slot),
            several => self.union_of_types(merged, several, nullable, slot),
        }
    }

    /// The type that a schema without `type` means. Where nothing tells it, a value of any type is admitted, and guards hold
    /// the keywords against it.
    fn implied(&mut self, merged: &Merged<'a>) -> Option<Types> {
        let implied = merged.implied();
        match implied {
            Some(types) => {
                let message = format!(
                    "there is no `type`; the schema is read as one of type {}",
                    types.keyword()
                );
                self.report_at(&codes::TYPE_IMPLIED, message, merged.at());
            }
            None => self.guard_all_but(&["type"], merged),
        }
        implied
    }

    /// The type of a schema that admits one JSON type, and perhaps `null`.
    pub(super) fn one_type(&mut self, merged: &Merged<'a>, one: Types, nullable: bool, slot: Slot<'_>) -> Type {
        let mut ty = match one {
            Types::OBJECT => return self.object(merged, nullable, slot),
            Types::ARRAY => self.array(merged, slot),
            Types::STRING => self.string(merged),
            Types::BOOLEAN => Type::of(Kind::Boolean),
            Types::INTEGER => self.integer(merged),
            _ => self.number(merged),
        };
        ty.nullable = nullable;
        ty
    }

    /// The type behind a pointer. What is referred to has a definition of its own, component or not.
    pub(super) fn refer(&mut self, target: &str, from: &str) -> Type {
        if let Some(id) = self.named.get(target).copied() {
            // Components have their definitions before anything is lowered.
            if self.types.get(id.index()).is_none_or(|def| !def.component) {
                self.did(|| Deed::Knew(target.to_owned()));
            }
            return Type::of(Kind::Named(id));
        }
        let Some(value) = self.lookup(target) else {
            // The bundler tells what it cannot resolve; a bundle that was made otherwise is told here.
            let message = format!("`#{target}` does not exist");
            self.report_at(&document::REF_UNRESOLVED, message, from);
            return Type::of(Kind::Any);
        };
        let node = Node {
            at: target.to_owned(),
            value,
        };
        let name = self.take_name(&from_pointer(target));
        let id = self.push_definition(name, target, false);
        self.named.insert(target.to_owned(), id);
        self.did(|| Deed::Named(target.to_owned()));
        self.define(id, node);
        Type::of(Kind::Named(id))
    }

    /// Fills a definition from its schema.
    fn define(&mut self, id: TypeId, node: Node<'a>) {
        let member = [Member::new(node)];
        let ty = self.form(&member, Slot::Given(id));
        let docs = self.docs_of(&member);
        self.annotate(id, &member, docs);
        if ty.kind == Kind::Named(id) {
            if ty.nullable {
                self.nullable.insert(id);
            }
            if !self.filled.contains(&id) {
                let at = self.pointer_of(id);
                self.report_at(&codes::ALIAS_CYCLE, "the schema refers to nothing but itself", &at);
            }
        } else {
            self.fill(id, Shape::Alias(ty));
        }
    }

    /// The definition for a schema that needs one: the given one, or a new one unless this very schema was met before.
    pub(super) fn reserve(&mut self, merged: &Merged<'a>, nullable: bool, slot: Slot<'_>) -> Reserved {
        match slot {
            Slot::Given(id) => {
                let name = self
                    .types
                    .get(id.index())
                    .map_or_else(|| Name::new(""), |def| def.name.clone());
                Reserved::New(id, name)
            }
            Slot::Inline(context) => {
                if let Some(ty) = self.met.get(&merged.key).cloned() {
                    self.did(|| Deed::Knew(merged.key.clone()));
                    return Reserved::Known(ty);
                }
                let docs = merged.docs();
                let titled = docs.title.as_deref().and_then(from_title);
                let wanted = titled
                    .filter(|name| self.is_free(name))
                    .unwrap_or_else(|| context.name());
                let name = self.take_name(&wanted);
                let id = self.push_definition(name.clone(), merged.at(), false);
                let own: Vec<Part<'a>> = merged.parts.iter().filter(|part| part.own).cloned().collect();
                self.annotate_parts(id, &own, docs);
                let mut ty = Type::of(Kind::Named(id));
                ty.nullable = nullable;
                self.met.insert(merged.key.clone(), ty);
                self.did(|| Deed::Met(merged.key.clone()));
                Reserved::New(id, name)
            }
        }
    }

    /// Gives a definition its shape, and the type that stands for it where it was met.
    pub(super) fn finish(&mut self, merged: &Merged<'a>, id: TypeId, shape: Shape, nullable: bool) -> Type {
        self.fill(id, shape);
        let mut ty = Type::of(Kind::Named(id));
        ty.nullable = nullable;
        if let Some(met) = self.met.get_mut(&merged.key)
            && met.kind == ty.kind
        {
            met.nullable = nullable;
        }
        ty
    }

    fn fill(&mut self, id: TypeId, shape: Shape) {
        if let Some(def) = self.types.get_mut(id.index()) {
            def.shape = shape;
            self.filled.insert(id);
        }
    }

    fn push_definition(&mut self, name: Name, pointer: &str, component: bool) -> TypeId {
        let again = self.ledger.made(&name, pointer);
        let id = again.unwrap_or_else(|| TypeId(u32::try_from(self.types.len()).unwrap_or(u32::MAX)));
        self.did(|| Deed::Made {
            id,
            name: name.clone(),
            pointer: pointer.to_owned(),
        });
        let fresh = TypeDef {
            name,
            docs: Docs::default(),
            shape: Shape::Alias(Type::of(Kind::Any)),
            domain: None,
            in_request: false,
            in_response: false,
            internal: false,
            requirements: Vec::new(),
            guards: Vec::new(),
            pointer: pointer.to_owned(),
            component,
            place: self.bundle.place(pointer),
        };
        match self.types.get_mut(id.index()) {
            Some(known) => *known = fresh,
            None => {
                self.types.push(fresh);
                self.owners.push(self.current);
            }
        }
        id
    }

    fn annotate(&mut self, id: TypeId, members: &[Member<'a>], docs: Docs) {
        let parts = self.take_apart(members);
        self.annotate_parts(id, &parts.parts, docs);
    }

    fn annotate_parts(&mut self, id: TypeId, parts: &[Part<'a>], docs: Docs) {
        let Some(def) = self.types.get_mut(id.index()) else {
            return;
        };
        def.docs = docs;
        for part in parts {
            let Some(extension) = part.map.get("x-flaresmith") else {
                continue;
            };
            def.internal |= extension.get("internal").and_then(Value::as_bool) == Some(true);
            let ids = extension.get("requirements").and_then(Value::as_array);
            for id in ids.into_iter().flatten().filter_map(Value::as_str) {
                if !def.requirements.iter().any(|known| known == id) {
                    def.requirements.push(id.to_owned());
                }
            }
        }
    }

    /// Words written in place about what the members describe.
    pub(super) fn docs_of(&mut self, members: &[Member<'a>]) -> Docs {
        docs(&self.take_apart(members).parts)
    }

    fn pointer_of(&self, id: TypeId) -> String {
        self.types
            .get(id.index())
            .map_or_else(String::new, |def| def.pointer.clone())
    }
}
