//! The half of the crate that is about values: types, schemas, validation.
//!
//! Owns: the modules `types`, `schemas`, `validate`, `scalars` and `lifecycles`. Must not know: operations.

mod alias;
mod enumeration;
mod lifecycle;
mod record;
mod rename;
pub(super) mod schema;
mod union;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use indexmap::IndexMap;
use rayon::prelude::*;

use super::super::json::drafted;
use super::super::{AT_ONCE, Input};
use super::imports::{imports_of, used};
use super::names::{RustNames, SHARED};
use super::{Frame, Module, Root, made_by};
use crate::diagnostics::Diagnostics;
use crate::model::{DomainId, Shape, TypeId};
use crate::rope::{Piece, Rope, Strands};

/// Top-level modules of this half.
pub(super) const MODULES: &[Root] = &[
    Root {
        name: "lifecycles",
        feature: None,
    },
    Root {
        name: "scalars",
        feature: None,
    },
    Root {
        name: "schemas",
        feature: None,
    },
    Root {
        name: "types",
        feature: None,
    },
    Root {
        name: "validate",
        feature: None,
    },
];

/// Frames that are files of the crate as they are: frame and path below `src/`.
const FILES: &[(&str, &str)] = &[
    ("rust/crate/scalars.rs", "scalars.rs"),
    ("rust/crate/validate/mod.rs", "validate/mod.rs"),
    ("rust/crate/validate/check.rs", "validate/check.rs"),
    ("rust/crate/validate/format.rs", "validate/format.rs"),
    (GUARD, "validate/guard.rs"),
    ("rust/crate/validate/number.rs", "validate/number.rs"),
    ("rust/crate/validate/schema.rs", "validate/schema.rs"),
];

/// The frame that only a contract with guards needs.
const GUARD: &str = "rust/crate/validate/guard.rs";

/// Makes the modules.
pub(super) fn emit(names: &RustNames<'_>, input: &Input<'_>, diagnostics: &mut Diagnostics) -> Vec<Module> {
    let mut modules = fixed(names, input, diagnostics);
    let groups = groups(names);
    let homes: Vec<&str> = groups.keys().copied().collect();
    modules.push(Module::text("types/mod.rs", index(TYPES, &homes)));
    let definitions = input.model.guard_definitions.as_ref().map(schema::definitions);
    let schemas = index(SCHEMAS, &homes) + definitions.as_deref().unwrap_or_default();
    modules.push(Module::text("schemas/mod.rs", schemas));
    let groups: Vec<(&str, Vec<TypeId>)> = groups.into_iter().collect();
    modules.par_extend(groups.par_iter().with_max_len(1).flat_map_iter(|(home, ids)| {
        let round = input.revisions.of_types(ids);
        // Whether a record lacks a tag is decided by who refers to it, which its round says nothing about.
        let lacking: Vec<&TypeId> = ids.iter().filter(|id| names.lacks_tag(**id)).collect();
        let key = ("rust", format!("types/{home} {lacking:?}"));
        let made = input.memo.part(key, round, input.revisions.now, || {
            let written: Vec<Arc<Written>> = ids
                .par_iter()
                .with_max_len(AT_ONCE)
                .map(|id| {
                    let key = ("rust type", format!("{} {}", id.index(), names.lacks_tag(*id)));
                    let round = input.revisions.of_type(*id);
                    input
                        .memo
                        .part(key, round, input.revisions.now, || Written::of(names, *id))
                })
                .collect();
            let types = Module {
                path: format!("types/{home}.rs"),
                text: types_of(names, home, &written),
            };
            let schemas = Module {
                path: format!("schemas/{home}.rs"),
                text: schemas_of(names, home, &written),
            };
            [types, schemas].map(|module| module.aside(input.memo))
        });
        (*made).clone()
    }));
    modules
}

/// Modules that no type of its own has to do with.
fn fixed(names: &RustNames<'_>, input: &Input<'_>, diagnostics: &mut Diagnostics) -> Vec<Module> {
    let lifecycles = names.model.lifecycles.iter();
    let types: Vec<TypeId> = lifecycles.flat_map(|one| [one.state_type, one.ty]).collect();
    let round = input.revisions.of_types(&types);
    let key = ("rust", "types".to_owned());
    let made = input.memo.part(key, round, input.revisions.now, || {
        let mut found = Diagnostics::new();
        let mut modules = Vec::new();
        let context = Frame::of(names.model);
        for (frame, path) in FILES.iter().filter(|(frame, _)| context.guards || *frame != GUARD) {
            if let Some(text) = super::frame(input, frame, &context, &mut found) {
                modules.push(Module::text(*path, text));
            }
        }
        let none = IndexMap::<String, String>::new();
        if let Some(frame) = super::frame(input, "rust/crate/lifecycle.rs", &none, &mut found) {
            modules.push(Module::text("lifecycles.rs", lifecycle::module(names, &frame)));
        }
        (modules, found)
    });
    diagnostics.extend(made.1.iter().cloned());
    made.0.clone()
}

const TYPES: &str =
    "//! The types of the contract: one module a domain, and `shared` for those of several or none.\n\n";
const SCHEMAS: &str = "//! What the contract admits, as data for [`crate::validate`].\n\n";

/// The types of each module, modules and types in the order of the model; `shared` comes last and is always there.
fn groups<'n>(names: &'n RustNames<'_>) -> IndexMap<&'n str, Vec<TypeId>> {
    let model = names.model;
    let mut groups: IndexMap<&str, Vec<TypeId>> = (0..model.domains.len())
        .filter_map(|i| Some(names.domain(DomainId(u32::try_from(i).ok()?))))
        .map(|home| (home, Vec::new()))
        .collect();
    groups.insert(SHARED, Vec::new());
    for id in (0..model.types.len()).filter_map(|i| Some(TypeId(u32::try_from(i).ok()?))) {
        groups.entry(names.module_of(id)).or_default().push(id);
    }
    groups.retain(|home, ids| *home == SHARED || !ids.is_empty());
    groups
}

fn index(head: &str, homes: &[&str]) -> String {
    let mut text = head.to_owned();
    for home in homes {
        let _ = writeln!(text, "pub mod {home};");
    }
    text.push('\n');
    for home in homes {
        let _ = writeln!(text, "pub use self::{home}::*;");
    }
    text
}

fn heading(names: &RustNames<'_>, home: &str, what: &str) -> String {
    let domain = names
        .model
        .domains
        .iter()
        .enumerate()
        .find(|(i, _)| u32::try_from(*i).is_ok_and(|i| names.domain(DomainId(i)) == home));
    let title = domain.map_or("several domains, or of none", |(_, domain)| domain.title.as_str());
    format!("//! {what} of {}.\n", super::docs::heading(title))
}

/// A type as it is written.
struct Written {
    /// Its definition.
    definition: Item,
    /// What the contract admits, as a constant.
    schema: Item,
}

/// An item of a module, and which of the names that it may need it uses.
struct Item {
    text: Piece,
    uses: BTreeSet<&'static str>,
}

impl Item {
    fn of(text: String, wanted: Wanted) -> Self {
        Self {
            uses: used(&text, wanted),
            text: text.into(),
        }
    }
}

impl Written {
    fn of(names: &RustNames<'_>, id: TypeId) -> Self {
        let shape = &names.model.type_def(id).shape;
        let definition = drafted(|text| match shape {
            Shape::Record(record) => record::write(names, id, record, text),
            Shape::Union(union) => union::write(names, id, union, text),
            Shape::Enumeration(list) => enumeration::write(names, id, list, text),
            Shape::Alias(ty) => alias::write(names, id, ty, text),
        });
        let (name, constant) = (names.type_name(id), names.schema_name(id));
        let schema = drafted(|text| {
            let _ = writeln!(text, "/// What [`{name}`](crate::types::{name}) admits.");
            let head = ["pub static ", constant, ": Schema = "].concat();
            schema::definition(names, id).line(0, &head, ";", text);
            // An alias is another type, which has its own.
            if !matches!(shape, Shape::Alias(_)) || names.is_newtype(id) {
                let _ = write!(
                    text,
                    "\nimpl Validate for types::{name} {{\n    fn schema() -> &'static Schema {{\n        &{constant}\n    }}\n}}\n"
                );
            }
        });
        Self {
            definition: Item::of(definition, FOR_TYPES),
            schema: Item::of(schema, FOR_SCHEMAS),
        }
    }
}

/// What definitions of types may import.
const FOR_TYPES: Wanted = &[("serde", &["Deserialize", "Serialize"])];

/// What schemas may import.
const FOR_SCHEMAS: Wanted = &[("crate::types", &[]), ("crate::validate", schema::NAMES)];

type Wanted = &'static [(&'static str, &'static [&'static str])];

fn types_of(names: &RustNames<'_>, home: &str, written: &[Arc<Written>]) -> Rope {
    let definitions = written.iter().map(|one| &one.definition);
    module(&heading(names, home, "Types"), definitions, FOR_TYPES)
}

fn schemas_of(names: &RustNames<'_>, home: &str, written: &[Arc<Written>]) -> Rope {
    let schemas = written.iter().map(|one| &one.schema);
    module(&heading(names, home, "Schemas"), schemas, FOR_SCHEMAS)
}

/// A module of items: what is said of it, what it imports, the items with a line between them.
fn module<'w>(heading: &str, items: impl Iterator<Item = &'w Item> + Clone, wanted: Wanted) -> Rope {
    let used = items.clone().flat_map(|item| &item.uses).copied().collect();
    let mut text = Strands::default();
    text.own.push_str(&made_by());
    text.own.push_str(heading);
    let imports = imports_of(&used, wanted);
    if !imports.is_empty() {
        text.own.push('\n');
        text.own.push_str(&imports);
    }
    for item in items {
        text.own.push('\n');
        text.share(&item.text);
    }
    text.into()
}

/// Docs of a definition, with its requirements.
fn definition_docs(names: &RustNames<'_>, id: TypeId) -> String {
    let def = names.model.type_def(id);
    let mut remarks = Vec::new();
    if !def.requirements.is_empty() {
        remarks.push(format!("Requirements: {}.", def.requirements.join(", ")));
    }
    super::docs::comment(
        &super::docs::about(&def.docs, &format!("{}.", def.name.title()), &remarks),
        "",
    )
}
