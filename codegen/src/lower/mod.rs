//! Lowering: the bundle and the features become the model.
//!
//! Owns: naming, merging, and what each keyword means for types. Must not know: any target.

mod circles;
mod columns;
mod domains;
mod entities;
mod enums;
mod families;
mod guards;
mod heirs;
mod lifecycles;
mod media;
mod merge;
mod names;
mod node;
mod objects;
mod operations;
mod parameters;
mod parts;
mod policy;
mod scalars;
mod schema;
mod security;
mod sent;
mod tags;
mod unions;
mod usage;
mod visit;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::diagnostics::Diagnostics;
use crate::model::{Constitution, Content, Feature, Header, Kind, Model, Name, Parameter, Type, TypeDef, TypeId};
use crate::openapi::Bundle;
use crate::settings::Settings;
use families::Family;
use names::TypeNames;
use node::Node;
use tags::Discriminator;

/// How deep schemas may be nested. What is deeper is told and becomes any value, so that no document exhausts the stack.
const DEPTH: usize = 100;

/// How many schemas may be looked into. Merging can multiply them, so that a small hostile document could ask for more than
/// any machine has.
const BUDGET: usize = 2_000_000;

/// Makes the model of a service from its bundle and features. Every problem is told; what is wrong becomes the most general
/// thing that is still right.
#[must_use]
pub fn lower(
    bundle: &Bundle,
    features: Vec<Feature>,
    constitution: Option<Constitution>,
    settings: &Settings,
    diagnostics: &mut Diagnostics,
) -> Model {
    let model = Model {
        features,
        constitution,
        ..Model::default()
    };
    lowered(bundle, model, settings.name.as_deref(), false, diagnostics)
}

/// The same model with everything that the service sends, and the types that stand inline in it. No target speaks of
/// callbacks, so what is emitted is made of a model without them.
#[must_use]
pub fn with_sent(bundle: &Bundle, model: &Model) -> Model {
    let known = Model {
        features: model.features.clone(),
        constitution: model.constitution.clone(),
        ..Model::default()
    };
    // What is wrong in the rest was told when the model was made, and nothing is made of callbacks that it could spoil.
    lowered(bundle, known, Some(&model.info.title), true, &mut Diagnostics::new())
}

fn lowered(bundle: &Bundle, mut model: Model, name: Option<&str>, sent: bool, diagnostics: &mut Diagnostics) -> Model {
    let mut lowering = Lowering::new(bundle, diagnostics);
    lowering.info(&mut model, name);
    lowering.register_components();
    lowering.security_schemes(&mut model);
    lowering.root_policy(&mut model);
    lowering.domains(&mut model);
    lowering.operations(&mut model);
    if sent {
        lowering.sent(&mut model);
    } else {
        lowering.webhooks(&mut model);
    }
    lowering.assign_tags();
    model.guard_definitions = lowering.guard_definitions();
    lowering.settle(&mut model);
    lifecycles::lower(bundle, &mut model, diagnostics);
    entities::lower(bundle, &mut model, diagnostics);
    policy::distinct_tools(&mut model);
    usage::mark(&mut model);
    model
}

/// What lowering knows while it runs.
struct Lowering<'a> {
    bundle: &'a Bundle,
    diagnostics: &'a mut Diagnostics,
    /// Names of types that are taken.
    names: TypeNames,
    /// Definitions made so far; those of components first.
    types: Vec<TypeDef>,
    /// Definitions that have their shape.
    filled: BTreeSet<TypeId>,
    /// For each definition the component in which it stands inline.
    owners: Vec<Option<TypeId>>,
    /// Pointers that may be referred to -> their definitions.
    named: BTreeMap<String, TypeId>,
    /// What responses and parameters that are components came to, by pointer.
    responses: BTreeMap<String, (Vec<Content>, Vec<Header>)>,
    parameters: BTreeMap<String, Parameter>,
    /// Inline schemas that got a definition -> the type they stand for.
    met: BTreeMap<String, Type>,
    /// Definitions that admit `null` wherever they are mentioned.
    nullable: BTreeSet<TypeId>,
    /// What unions say about telling their branches apart.
    discriminators: BTreeMap<TypeId, Discriminator>,
    /// Pointers of parents that stand for their children.
    families: BTreeMap<String, Family>,
    /// Problems already told.
    reported: BTreeSet<(&'static str, String)>,
    /// What the type being made does not express of its schemas.
    wanted: guards::Wanted,
    /// Pointers that guards refer to.
    referred: BTreeSet<String>,
    /// Whether any type has guards.
    any_guards: bool,
    /// The component being lowered.
    current: Option<TypeId>,
    depth: usize,
    budget: usize,
}

impl<'a> Lowering<'a> {
    fn new(bundle: &'a Bundle, diagnostics: &'a mut Diagnostics) -> Self {
        Self {
            bundle,
            diagnostics,
            names: TypeNames::default(),
            types: Vec::new(),
            filled: BTreeSet::new(),
            owners: Vec::new(),
            named: BTreeMap::new(),
            responses: BTreeMap::new(),
            parameters: BTreeMap::new(),
            met: BTreeMap::new(),
            nullable: BTreeSet::new(),
            discriminators: BTreeMap::new(),
            families: BTreeMap::new(),
            reported: BTreeSet::new(),
            wanted: guards::Wanted::new(),
            referred: BTreeSet::new(),
            any_guards: false,
            current: None,
            depth: 0,
            budget: BUDGET,
        }
    }

    /// The document.
    fn root(&self) -> Node<'a> {
        Node::root(&self.bundle.document)
    }

    /// The value at a pointer of the document.
    fn lookup(&self, pointer: &str) -> Option<&'a Value> {
        node::lookup(&self.bundle.document, pointer)
    }

    /// The node itself, or what it refers to, at any distance.
    fn resolve(&self, node: Node<'a>) -> Node<'a> {
        let mut current = node;
        for _ in 0..DEPTH {
            let Some(target) = current.reference() else { break };
            let Some(value) = self.lookup(target) else { break };
            current = Node {
                at: target.to_owned(),
                value,
            };
        }
        current
    }

    /// Name of a definition.
    fn name_of(&self, id: TypeId) -> Name {
        self.types
            .get(id.index())
            .map_or_else(|| Name::new(""), |def| def.name.clone())
    }

    /// Ends the making of types: circles of aliases are cut, `null` reaches every mention, definitions get their final order.
    fn settle(mut self, model: &mut Model) {
        self.cut_circles();
        let mut types = std::mem::take(&mut self.types);
        let renumbered = visit::document_order(&mut types, &self.owners);
        let nullable = std::mem::take(&mut self.nullable);
        let mut settle = |ty: &mut Type| {
            if let Kind::Named(id) = &mut ty.kind {
                ty.nullable |= nullable.contains(id);
                *id = renumbered.get(id.index()).copied().unwrap_or(*id);
            }
        };
        for def in &mut types {
            visit::types_of_definition(def, &mut settle);
        }
        visit::types_of_uses(model, &mut settle);
        if let Some(id) = &mut model.error_envelope {
            *id = renumbered.get(id.index()).copied().unwrap_or(*id);
        }
        model.types = types;
    }
}
