//! The model: what a service is, in words that belong to no target.
//!
//! Owns: the vocabulary that every emitter reads (operations, types, entities, policy, features) and questions about it that
//! more than one emitter asks (names, recursion). Must not know: OpenAPI's spelling, any target language, files.

pub mod entity;
pub mod feature;
pub mod graph;
pub mod name;
pub mod operation;
pub mod policy;
pub mod types;

pub use entity::{
    Column, ColumnDefault, ColumnKind, Entity, EntityId, ForeignKey, Index, Lifecycle, LifecycleVariant, OnDelete,
    Transition,
};
pub use feature::{Constitution, Feature, Requirement, RequirementKind};
pub use name::{Case, Name};
pub use operation::{
    Body, Content, Encoding, Example, Header, Location, MediaKind, Method, Operation, Parameter, PathPart,
    PathTemplate, Response, Sent, Status, Style, Webhook,
};
pub use policy::{
    Capture, Domain, DomainId, Environment, ErrorCode, Policy, PostmanPolicy, RateBucket, RateClass, RetryPolicy,
    SecurityScheme, Severity, ToolPolicy,
};
pub(crate) use types::is_uuid;
pub use types::{
    Enumeration, Extra, Field, Kind, Record, Rules, Shape, Tag, TextFormat, Type, TypeDef, TypeId, Union, Variant,
};

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

/// A whole service: the result of lowering every document of a repository.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// What the service calls itself.
    pub info: Info,
    /// Where it can be reached, from the contract's `servers`.
    pub servers: Vec<Server>,
    /// Groups of operations, in the order of the contract. Every operation has one.
    pub domains: Vec<Domain>,
    /// Operations in document order.
    pub operations: Vec<Operation>,
    /// Requests that the service sends.
    pub webhooks: Vec<Webhook>,
    /// The same in full, and callbacks: only in a model that is made to be compared, since no target speaks of them.
    pub sent: Vec<Sent>,
    /// Named types in document order; `TypeId` indexes into it.
    pub types: Vec<TypeDef>,
    /// Schemas that guards refer to, by their pointers in the bundle; `None` where no type has guards.
    pub guard_definitions: Option<BTreeMap<String, crate::tree::Value>>,
    /// Tables.
    pub entities: Vec<Entity>,
    /// State machines.
    pub lifecycles: Vec<Lifecycle>,
    /// Roles, lowest first.
    pub roles: Vec<String>,
    /// Token buckets by name.
    pub rate_buckets: IndexMap<String, RateBucket>,
    /// Rate classes by name.
    pub rate_classes: IndexMap<String, RateClass>,
    /// Error catalog by code.
    pub errors: IndexMap<String, ErrorCode>,
    /// The type of every failure's body, when the contract names one.
    pub error_envelope: Option<TypeId>,
    /// Where the service runs, by name.
    pub environments: IndexMap<String, Environment>,
    /// Ways to sign in, by the contract's name for them.
    pub security_schemes: IndexMap<String, SecurityScheme>,
    /// Feature specs in the order of their folders.
    pub features: Vec<Feature>,
    /// The constitution, when the repository has one.
    pub constitution: Option<Constitution>,
}

/// The head of a contract.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Info {
    /// Title of the API.
    pub title: String,
    /// Version of the API, as written in the source.
    pub version: String,
    /// One line.
    pub summary: Option<String>,
    /// CommonMark.
    pub description: Option<String>,
}

/// One place where the API is served.
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    /// URL template; variables stand in braces.
    pub url: String,
    /// What it is for.
    pub description: Option<String>,
    /// Values of the variables in the URL.
    pub variables: IndexMap<String, String>,
}

impl Model {
    /// The definition behind an id. Ids are made by lowering only, so they always have one.
    #[must_use]
    #[allow(
        clippy::indexing_slicing,
        reason = "a TypeId is only ever made for an entry of `types`"
    )]
    pub fn type_def(&self, id: TypeId) -> &TypeDef {
        &self.types[id.index()]
    }

    /// The domain behind an id.
    #[must_use]
    #[allow(
        clippy::indexing_slicing,
        reason = "a DomainId is only ever made for an entry of `domains`"
    )]
    pub fn domain(&self, id: DomainId) -> &Domain {
        &self.domains[id.index()]
    }

    /// Operations of one domain, in document order.
    pub fn operations_of(&self, domain: DomainId) -> impl Iterator<Item = &Operation> {
        self.operations
            .iter()
            .filter(move |operation| operation.domain == domain)
    }

    /// The named types, in document order.
    pub fn named(&self) -> impl Iterator<Item = (TypeId, &TypeDef)> {
        (0..).map(TypeId).zip(&self.types)
    }

    /// Follows aliases from a type to the first kind that is not one. Nullability of the aliases on the way adds up; the
    /// second value tells it. Alias cycles end at `Kind::Any`, which lowering has already reported.
    #[must_use]
    pub fn resolve<'a>(&'a self, ty: &'a Type) -> (&'a Type, bool) {
        let mut current = ty;
        let mut nullable = ty.nullable;
        for _ in 0..=self.types.len() {
            let Kind::Named(id) = &current.kind else {
                return (current, nullable);
            };
            let Shape::Alias(inner) = &self.type_def(*id).shape else {
                return (current, nullable);
            };
            current = inner;
            nullable |= inner.nullable;
        }
        (current, nullable)
    }

    /// Whether `null` is a value of a type, however that was said: of the type, of what it names, or of one of its alternatives.
    #[must_use]
    pub fn admits_null(&self, ty: &Type) -> bool {
        let mut seen = BTreeSet::new();
        let mut next = vec![ty];
        while let Some(ty) = next.pop() {
            let (ty, nullable) = self.resolve(ty);
            match &ty.kind {
                _ if nullable => return true,
                Kind::Any | Kind::Null => return true,
                Kind::Literals(values) if values.iter().any(crate::tree::Value::is_null) => return true,
                Kind::Named(id) if seen.insert(*id) => {
                    if let Shape::Union(union) = &self.type_def(*id).shape {
                        next.extend(union.variants.iter().map(|variant| &variant.ty));
                    }
                }
                _ => {}
            }
        }
        false
    }
}
