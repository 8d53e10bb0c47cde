//! Names of the npm package: what every type, module, domain and operation is called in TypeScript.
//!
//! Owns: identifiers, file names, and which type stands in which module. Must not know: what is written about a type.
//!
//! What was decided here, for everyone who writes TypeScript:
//!
//! - A schema `Project` is exported twice: `ProjectSchema` (the Zod schema) and `Project` (its type). All exported names are
//!   unique in the whole package, types and values together.
//! - A type stands in `src/zod/<module>.ts`: the domain's module when one domain uses it, else `shared`; internal types that no
//!   public type mentions in `internal`. Modules of domains import from `shared` and from nothing else, `shared` from no other
//!   module, `internal` from all: so there are no circles of imports, and constants are there when they are used.
//! - A domain has a module name for files ([`TsNames::domain_module`], kebab case: `src/hono/<it>.ts`) and an identifier
//!   ([`TsNames::domain`]); an operation has an identifier for functions ([`TsNames::operation`]) and one for types
//!   ([`TsNames::operation_type`]), which may be the same as that of a schema: put a word behind it.
//! - The globals and types of libraries that generated modules use by their bare names are listed in [`is_reserved`]; no export shadows them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::emit::files;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

use crate::memo::Memo;
use crate::model::graph::Edges;
use crate::model::{Case, DomainId, Model, TypeId};
use crate::revisions::Revisions;

/// Every name of the package. Indexes are those of the model.
pub(in crate::emit) struct TsNames<'a> {
    /// The model that is named.
    pub(in crate::emit) model: &'a Model,
    words: Arc<Words>,
    places: Arc<Places>,
}

/// What is called in one way for as long as the same things are there.
struct Words {
    types: Vec<TypeNames>,
    /// Names of the modules of types: those of the domains, then `shared`, then `internal`.
    modules: Vec<String>,
    domains: Vec<String>,
    operations: Vec<String>,
    operation_types: Vec<String>,
}

/// In which module each type stands, which follows from which types mention which.
struct Places {
    modules: Vec<usize>,
    placement: u64,
}

struct TypeNames {
    name: String,
    schema: String,
}

/// File names that are taken in the folders of the package, beside those of domains.
const TAKEN_MODULES: [&str; 9] = [
    "shared",
    "internal",
    "index",
    "rules",
    "formats",
    "app",
    "types",
    "operations",
    "errors",
];

/// What stands in a module beside the handlers of a domain, which have its name.
const TAKEN_DOMAINS: [&str; 3] = ["createApp", "handlers", "notImplemented"];

impl<'a> TsNames<'a> {
    /// Names everything.
    #[cfg(test)]
    pub(in crate::emit) fn new(model: &'a Model) -> Self {
        Self {
            model,
            words: Arc::new(Words::of(model)),
            places: Arc::new(Places::of(model)),
        }
    }

    /// The same, with what a former round found out and still holds.
    pub(in crate::emit) fn again(model: &'a Model, memo: &Memo, revisions: &Revisions) -> Self {
        let key = |part: &str| ("typescript names", part.to_owned());
        let (frame, graph) = (revisions.of_frame(), revisions.of_graph());
        Self {
            model,
            words: memo.part(key("words"), frame, revisions.now, || Words::of(model)),
            places: memo.part(key("places"), graph, revisions.now, || Places::of(model)),
        }
    }

    /// What is different when a type stands in another module. Where it stands is decided by who mentions it, so the rounds in which
    /// it and what it refers to changed say nothing about that.
    pub(in crate::emit) fn placement(&self) -> u64 {
        self.places.placement
    }

    /// Name of the TypeScript type: `Project`.
    pub(in crate::emit) fn type_name(&self, id: TypeId) -> &str {
        self.words.types.get(id.index()).map_or("unknown", |names| &names.name)
    }

    /// Name of the Zod schema: `ProjectSchema`.
    pub(in crate::emit) fn schema_name(&self, id: TypeId) -> &str {
        self.words
            .types
            .get(id.index())
            .map_or("unknown", |names| &names.schema)
    }

    /// Name of the module in which a type stands, without folder and extension: `projects`.
    pub(in crate::emit) fn module(&self, id: TypeId) -> &str {
        let module = self.places.modules.get(id.index()).copied().unwrap_or(usize::MAX);
        self.words.modules.get(module).map_or("shared", String::as_str)
    }

    /// Every module that has types, with its types in document order: domains first, then `shared`, then `internal`.
    pub(in crate::emit) fn modules(&self) -> Vec<(&str, Vec<TypeId>)> {
        let mut found: Vec<(&str, Vec<TypeId>)> = self
            .words
            .modules
            .iter()
            .map(|name| (name.as_str(), Vec::new()))
            .collect();
        for (i, module) in self.places.modules.iter().enumerate() {
            if let (Some((_, ids)), Ok(i)) = (found.get_mut(*module), u32::try_from(i)) {
                ids.push(TypeId(i));
            }
        }
        found.retain(|(_, ids)| !ids.is_empty());
        found
    }

    /// Module name of a domain, for files: `deploy-keys`.
    pub(in crate::emit) fn domain_module(&self, id: DomainId) -> &str {
        self.words.modules.get(id.index()).map_or("shared", String::as_str)
    }

    /// Identifier of a domain: `deployKeys`.
    pub(in crate::emit) fn domain(&self, id: DomainId) -> &str {
        self.words.domains.get(id.index()).map_or("unknown", String::as_str)
    }

    /// Identifier of an operation, by its index in `Model::operations`: `createProject`.
    pub(in crate::emit) fn operation(&self, index: usize) -> &str {
        self.words.operations.get(index).map_or("unknown", String::as_str)
    }

    /// Identifier of an operation where types are named: `CreateProject`.
    pub(in crate::emit) fn operation_type(&self, index: usize) -> &str {
        self.words.operation_types.get(index).map_or("unknown", String::as_str)
    }
}

impl Words {
    fn of(model: &Model) -> Self {
        let operations = || model.operations.iter().map(|operation| &operation.id);
        let domains = || model.domains.iter().map(|domain| &domain.name);
        let mut modules = Case::Kebab.distinct(domains(), |word| {
            TAKEN_MODULES.contains(&word) || files::is_device(word)
        });
        modules.push("shared".to_owned());
        modules.push("internal".to_owned());
        let types = type_names(model).into_iter().map(|name| TypeNames {
            schema: format!("{}Schema", name.trim_end_matches('_')),
            name,
        });
        Self {
            types: types.collect(),
            modules,
            domains: Case::Camel.distinct(domains(), |word| is_reserved(word) || TAKEN_DOMAINS.contains(&word)),
            operations: Case::Camel.distinct(operations(), is_reserved),
            operation_types: Case::Pascal.distinct(operations(), is_reserved),
        }
    }
}

impl Places {
    fn of(model: &Model) -> Self {
        let modules = place(model);
        let placement = BuildHasherDefault::<DefaultHasher>::default().hash_one(&modules);
        Self { modules, placement }
    }
}

/// Names of the types: neither the type nor its schema may have the name of another's.
fn type_names(model: &Model) -> Vec<String> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut names = Vec::with_capacity(model.types.len());
    for def in &model.types {
        let mut number = 1;
        loop {
            let mut name = match number {
                1 => def.name.to(Case::Pascal),
                number => def.name.numbered(number).to(Case::Pascal),
            };
            let schema = format!("{name}Schema");
            if is_reserved(&name) {
                name.push('_');
            }
            number += 1;
            if taken.contains(&name) || taken.contains(&schema) || is_reserved(&name) {
                continue;
            }
            taken.insert(name.clone());
            taken.insert(schema);
            names.push(name);
            break;
        }
    }
    names
}

/// The module of every type: index of its domain, behind those `shared`, then `internal`.
fn place(model: &Model) -> Vec<usize> {
    let shared = model.domains.len();
    let internal = shared + 1;
    let graph: Vec<Vec<TypeId>> = (0..model.types.len())
        .filter_map(|i| u32::try_from(i).ok())
        .map(|i| model.references(TypeId(i), Edges::All))
        .collect();
    let mut mentioned = vec![false; model.types.len()];
    let public = model.types.iter().zip(&graph).filter(|(def, _)| !def.internal);
    for id in public.flat_map(|(_, edges)| edges) {
        if let Some(mentioned) = mentioned.get_mut(id.index()) {
            *mentioned = true;
        }
    }
    let mut places: Vec<usize> = model
        .types
        .iter()
        .zip(&mentioned)
        .map(|(def, mentioned)| match def.domain {
            _ if def.internal && !mentioned => internal,
            Some(domain) => domain.index(),
            None => shared,
        })
        .collect();
    // What one module has and another mentions is shared; what shared types mention too.
    let mut queue: Vec<usize> = (0..places.len()).collect();
    while let Some(from) = queue.pop() {
        let Some(home) = places.get(from).copied().filter(|home| *home != internal) else {
            continue;
        };
        for id in graph.get(from).into_iter().flatten() {
            if let Some(place) = places.get_mut(id.index())
                && *place != home
                && *place != shared
            {
                *place = shared;
                queue.push(id.index());
            }
        }
    }
    places
}

/// Words that no export may have: those of the language, and globals and types of libraries that generated modules use by their
/// bare names.
pub(in crate::emit) fn is_reserved(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "abstract",
        "any",
        "arguments",
        "as",
        "async",
        "await",
        "boolean",
        "break",
        "case",
        "catch",
        "class",
        "const",
        "constructor",
        "continue",
        "debugger",
        "declare",
        "default",
        "delete",
        "do",
        "else",
        "enum",
        "eval",
        "export",
        "extends",
        "false",
        "finally",
        "for",
        "from",
        "function",
        "get",
        "globalThis",
        "if",
        "implements",
        "import",
        "in",
        "infer",
        "instanceof",
        "interface",
        "is",
        "keyof",
        "let",
        "module",
        "namespace",
        "never",
        "new",
        "null",
        "number",
        "object",
        "of",
        "package",
        "private",
        "protected",
        "prototype",
        "public",
        "readonly",
        "require",
        "return",
        "set",
        "static",
        "string",
        "super",
        "switch",
        "symbol",
        "this",
        "throw",
        "true",
        "try",
        "type",
        "typeof",
        "undefined",
        "unique",
        "unknown",
        "var",
        "void",
        "while",
        "with",
        "yield",
        "z",
    ];
    const GLOBALS: &[&str] = &[
        "AnyPgColumn",
        "Array",
        "Awaited",
        "Blob",
        "Boolean",
        "File",
        "FormData",
        "Headers",
        "Infinity",
        "JSON",
        "Map",
        "Math",
        "NaN",
        "Number",
        "Object",
        "Partial",
        "PgTableExtraConfigValue",
        "Promise",
        "ReadableStream",
        "Readonly",
        "ReadonlyArray",
        "Record",
        "RegExp",
        "Request",
        "Response",
        "Set",
        "String",
        "Symbol",
        "TypeError",
        "URL",
        "Uint8Array",
    ];
    WORDS.binary_search(&word).is_ok() || GLOBALS.binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emit::testing::model;
    use crate::tree::json;

    fn with_schemas(schemas: &crate::tree::Value) -> Model {
        let answer = |name: &str| {
            let schema = json!({"$ref": format!("#/components/schemas/{name}")});
            json!({"200": {"description": "ok", "content": {"application/json": {"schema": schema}}}})
        };
        model(&json!({
            "openapi": "3.1.0", "info": {"title": "T", "version": "1"},
            "paths": {
                "/a": {"get": {"operationId": "getA", "tags": ["Shared"], "responses": answer("A")}},
                "/b": {"get": {"operationId": "getB", "tags": ["Deploy Keys"], "responses": answer("B")}},
            },
            "components": {"schemas": schemas},
        }))
    }

    #[test]
    fn types_and_their_schemas_never_share_a_name_or_shadow_a_global() {
        let model = with_schemas(&json!({
            "A": {"type": "string"}, "B": {"type": "string"}, "ASchema": {"type": "string"},
            "Record": {"type": "string"}, "RecordSchema": {"type": "string"}, "a": {"type": "string"},
        }));
        let names = TsNames::new(&model);
        let mut all = BTreeSet::new();
        for (_, ids) in names.modules() {
            for id in ids {
                assert!(
                    all.insert(names.type_name(id).to_owned()),
                    "{} twice",
                    names.type_name(id)
                );
                assert!(
                    all.insert(names.schema_name(id).to_owned()),
                    "{} twice",
                    names.schema_name(id)
                );
                assert!(!is_reserved(names.type_name(id)));
            }
        }
        assert!(all.contains("Record_") && all.contains("RecordSchema"), "{all:?}");
    }

    #[test]
    fn modules_import_from_shared_only_and_shared_from_none() {
        let model = with_schemas(&json!({
            "A": {"type": "object", "properties": {"both": {"$ref": "#/components/schemas/Both"}}},
            "B": {"type": "object", "properties": {"both": {"$ref": "#/components/schemas/Both"}}},
            "Both": {"type": "object", "properties": {"x": {"type": "string", "enum": ["a"]}}},
            "Unused": {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/A"}}},
            "Inner": {"type": "object", "properties": {"b": {"$ref": "#/components/schemas/B"}}, "x-flaresmith": {"internal": true}},
        }));
        let names = TsNames::new(&model);
        for (module, ids) in names.modules() {
            for id in ids {
                for to in model.references(id, Edges::All) {
                    let other = names.module(to);
                    assert!(
                        module == "internal" || other == module || other == "shared",
                        "{module} needs {other}"
                    );
                }
            }
        }
        let inner = names.modules().into_iter().find(|(module, _)| *module == "internal");
        assert_eq!(inner.map(|(_, ids)| ids.len()), Some(1));
        let domains: Vec<&str> = model
            .operations
            .iter()
            .map(|operation| names.domain_module(operation.domain))
            .collect();
        assert_eq!(
            domains,
            ["shared-2", "deploy-keys"],
            "a domain cannot take the name of a module of ours"
        );
    }

    #[test]
    fn lists_of_reserved_words_are_sorted() {
        assert!(is_reserved("abstract") && is_reserved("z") && is_reserved("Array") && is_reserved("Uint8Array"));
        assert!(!is_reserved("project"));
    }
}
