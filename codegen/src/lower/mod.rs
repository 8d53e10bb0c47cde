//! Lowering: the bundle and the features become the model.
//!
//! Owns: naming, merging, and what each keyword means for types. Must not know: any target.

mod circles;
mod columns;
mod domains;
mod drafts;
mod entities;
mod enums;
mod families;
mod guards;
mod heirs;
mod ledger;
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
mod update;
mod usage;
mod visit;

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::{Diagnostics, schema as codes};
use crate::model::{Constitution, Content, Feature, Header, Kind, Model, Name, Parameter, Type, TypeDef, TypeId};
use crate::openapi::Bundle;
use crate::settings::Settings;
use crate::tree::Value;
pub(crate) use drafts::FormerTables;
use families::Family;
use ledger::{Item, Ledger};
use names::TypeNames;
use node::Node;
use tags::Discriminator;
pub(crate) use update::{Formerly, Lowered, update};

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
    lower_for_more(bundle, features, constitution, settings, false, diagnostics).0
}

/// The same with what lowering found out, for a round after this one if there will be one.
#[must_use]
pub(crate) fn lower_for_more(
    bundle: &Bundle,
    features: Vec<Feature>,
    constitution: Option<Constitution>,
    settings: &Settings,
    more: bool,
    diagnostics: &mut Diagnostics,
) -> (Model, Lowered) {
    let mut model = Model {
        features,
        constitution,
        ..Model::default()
    };
    let mut lowering = Lowering::new(bundle, diagnostics);
    lowering.ledger.kept = more;
    let lowered = lowering.all(&mut model, settings.name.as_deref(), false);
    (model, lowered)
}

/// The same model with everything that the service sends, and the types that stand inline in it. No target speaks of
/// callbacks, so what is emitted is made of a model without them.
#[must_use]
pub fn with_sent(bundle: &Bundle, model: &Model) -> Model {
    let mut all = Model {
        features: model.features.clone(),
        constitution: model.constitution.clone(),
        ..Model::default()
    };
    // What is wrong in the rest was told when the model was made, and nothing is made of callbacks that it could spoil.
    let mut unheard = Diagnostics::new();
    Lowering::new(bundle, &mut unheard).all(&mut all, Some(&model.info.title), true);
    all
}

/// What a response holds, and the headers with it.
type Answer = (Vec<Content>, Vec<Header>);

/// What something came to, and the units that were looked at for it.
type Known<T> = (T, BTreeSet<String>);

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
    responses: BTreeMap<String, Known<Answer>>,
    parameters: BTreeMap<String, Known<Parameter>>,
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
    ledger: Ledger,
    /// How much was told before the item at hand.
    told_before: usize,
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
            ledger: Ledger::default(),
            told_before: 0,
        }
    }

    /// Every part in its order. What comes back is empty unless the ledger is kept.
    fn all(mut self, model: &mut Model, name: Option<&str>, sent: bool) -> Lowered {
        let first = self.diagnostics.len();
        self.info(model, name);
        self.register_components();
        self.open(Item::Rest, "/x-flaresmith");
        self.security_schemes(model);
        self.root_policy(model);
        self.domains(model);
        self.close();
        self.operations(model);
        self.open(Item::Rest, "/webhooks");
        if sent {
            self.sent(model);
        } else {
            self.webhooks(model);
        }
        self.close();
        self.finish_all(model, first)
    }

    /// What is left when every part was looked at: all that depends on several of them.
    fn finish_all(mut self, model: &mut Model, first: usize) -> Lowered {
        let before = self.diagnostics.len();
        let mut useless = Vec::new();
        let tags = tags::tags(&self.types, &self.discriminators, &mut useless);
        for (message, at) in useless {
            self.report_at(&codes::DISCRIMINATOR, message, &at);
        }
        let mut guards = self.any_guards;
        let mut referred = std::mem::take(&mut self.referred);
        for entry in &self.ledger.entries {
            guards |= entry.guards;
            referred.extend(entry.referred.iter().cloned());
        }
        model.guard_definitions = guards.then(|| guards::definitions(&self.bundle.document, referred));
        let mut lowered = Lowered::default();
        if self.ledger.kept {
            lowered.types.clone_from(&self.types);
        }
        for (id, def) in (0..).map(TypeId).zip(&mut self.types) {
            tags::put(&tags, id, def);
        }
        self.cut_circles();
        let mut types = std::mem::take(&mut self.types);
        let numbers = visit::document_order(&mut types, &self.owners);
        let settling = Settling {
            numbers: &numbers,
            nullable: &self.nullable,
        };
        settling.model(model, types);
        let stored = entities::candidates(self.bundle, model);
        lifecycles::lower(self.bundle, model, &stored, self.diagnostics);
        let written = drafts::lower(self.bundle, model, &stored, self.diagnostics);
        if self.ledger.kept {
            lowered.tools = model.operations.iter().map(|one| one.policy.mcp.name.clone()).collect();
        }
        policy::distinct_tools(model);
        for (mark, def) in usage::marks(model).into_iter().zip(&mut model.types) {
            mark.put(def);
        }
        if self.ledger.kept {
            lowered.stored = stored;
            lowered.written = written;
            lowered.tags = tags;
            lowered.numbers = numbers;
            lowered.told_of_all = self.diagnostics.len() > before;
            lowered.told = self.diagnostics.get(first..).unwrap_or_default().to_vec();
            lowered.left = self.budget;
            lowered.keep(self);
        }
        lowered
    }

    /// The document.
    fn root(&self) -> Node<'a> {
        Node::root(&self.bundle.document)
    }

    /// The value at a pointer of the document.
    fn lookup(&self, pointer: &str) -> Option<&'a Value> {
        self.ledger.reads(pointer);
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
}

/// The last step of types: `null` reaches every mention, and definitions get their final numbers.
struct Settling<'s> {
    /// The final number of each.
    numbers: &'s [TypeId],
    /// Definitions that admit `null` wherever they are mentioned, by their first numbers.
    nullable: &'s BTreeSet<TypeId>,
}

impl Settling<'_> {
    fn number(&self, id: TypeId) -> TypeId {
        self.numbers.get(id.index()).copied().unwrap_or(id)
    }

    fn ty(&self, ty: &mut Type) {
        if let Kind::Named(id) = &mut ty.kind {
            ty.nullable |= self.nullable.contains(id);
            *id = self.number(*id);
        }
    }

    fn definition(&self, def: &mut TypeDef) {
        visit::types_of_definition(def, &mut |ty| self.ty(ty));
    }

    fn model(&self, model: &mut Model, mut types: Vec<TypeDef>) {
        for def in &mut types {
            self.definition(def);
        }
        visit::types_of_uses(model, &mut |ty| self.ty(ty));
        if let Some(id) = &mut model.error_envelope {
            *id = self.number(*id);
        }
        model.types = types;
    }
}
