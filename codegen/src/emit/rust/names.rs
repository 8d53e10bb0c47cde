//! Names: how everything of the model is spelt in the generated crate.
//!
//! Owns: identifiers of types, fields, variants, operations and modules. Must not know: what is written about a type, routers,
//! clients.
//!
//! What was decided here, for everyone who writes Rust:
//!
//! - Types live in `crate::types::<module>`, one module a domain and `shared` for the rest, and all are re-exported, so that
//!   `crate::types::Project` is the path to use. Names are free of the prelude's (`Option_` for a schema named `Option`).
//! - What a type admits stands in `crate::schemas` as data: [`RustNames::schema_path`] for a named type,
//!   [`super::types::schema::expression`] for any use of a type. A value is checked first (`crate::validate::check(&SCHEMA,
//!   &value)` tells all violations) and turned into its Rust type afterwards; every value that passes the check deserializes.
//! - `T` is required, `Option<T>` may be absent or is nullable, `Option<Option<T>>` both: absent, `Some(None)` for `null`.
//!   Kinds that hold `null` anyway (`serde_json::Value`, `()`) are not wrapped for it.
//! - Aliases are type aliases. Only one that is defined by itself is a newtype, since Rust has no recursive
//!   aliases.
//! - `uuid::Uuid`, `chrono::DateTime<chrono::Utc>`, `chrono::NaiveDate`, `crate::scalars::Base64`; other formats are `String`.
//!   Bytes outside JSON have no type here: bodies and files are the server's and client's own (`crate::bodies`).
//! - Whole numbers are `i32` when narrow, `u64` when never negative, else `i64`. Numbers are `f64`, decimals `String`.
//! - Keywords are raw identifiers (`r#type`) as fields and methods; as modules they get an underscore (`type_`), since a module
//!   is a file too.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use crate::emit::files;
use crate::memo::Memo;
use crate::model::graph::{Components, Edges, mentioned};
use crate::model::{Case, DomainId, Extra, Kind, Model, Name, Shape, TypeId, Union};
use crate::revisions::Revisions;

/// Every name of the generated crate. Indexes are those of the model.
pub(in crate::emit) struct RustNames<'a> {
    /// The model that is named.
    pub(super) model: &'a Model,
    words: Arc<Words>,
    circles: Arc<Circles>,
    /// Of each type, found when somebody asks: most types are those of the last round.
    members: Vec<OnceLock<Vec<String>>>,
    /// Records that some union tells apart by a member that they do not have.
    tagless: BTreeSet<TypeId>,
}

/// What is called in one way for as long as the same things are there.
struct Words {
    types: Vec<TypeNames>,
    domains: Vec<String>,
    operations: Vec<String>,
    operation_types: Vec<String>,
}

struct TypeNames {
    pascal: String,
    constant: String,
}

/// What follows from which types mention which.
struct Circles {
    aliases: Components,
    inline: Components,
}

/// Name of the module of types that belong to no single domain.
pub(super) const SHARED: &str = "shared";

impl<'a> RustNames<'a> {
    /// Names everything.
    #[cfg(test)]
    pub(in crate::emit) fn new(model: &'a Model) -> Self {
        Self::of(model, Arc::new(Words::of(model)), Arc::new(Circles::of(model)))
    }

    /// The same, with what a former round found out and still holds.
    pub(in crate::emit) fn again(model: &'a Model, memo: &Memo, revisions: &Revisions) -> Self {
        let key = |part: &str| ("rust names", part.to_owned());
        let (frame, graph) = (revisions.of_frame(), revisions.of_graph());
        let words = memo.part(key("words"), frame, revisions.now, || Words::of(model));
        let circles = memo.part(key("circles"), graph, revisions.now, || Circles::of(model));
        Self::of(model, words, circles)
    }

    fn of(model: &'a Model, words: Arc<Words>, circles: Arc<Circles>) -> Self {
        Self {
            model,
            words,
            circles,
            members: model.types.iter().map(|_| OnceLock::new()).collect(),
            tagless: tagless(model),
        }
    }

    /// Name of a type: `Project`.
    pub(in crate::emit) fn type_name(&self, id: TypeId) -> &str {
        self.words.types.get(id.index()).map_or("", |names| &names.pascal)
    }

    /// Name of a type's schema in `crate::schemas`: `PROJECT`.
    pub(super) fn schema_name(&self, id: TypeId) -> &str {
        self.words.types.get(id.index()).map_or("", |names| &names.constant)
    }

    /// Path of a type's schema: `crate::schemas::PROJECT`.
    pub(super) fn schema_path(&self, id: TypeId) -> String {
        format!("crate::schemas::{}", self.schema_name(id))
    }

    /// Identifiers of a record's fields, a union's variants or an enumeration's values, in the order of the model. Keywords are
    /// raw identifiers already.
    pub(in crate::emit) fn members(&self, id: TypeId) -> &[String] {
        let members = self.members.get(id.index());
        members.map_or(&[], |known| {
            known.get_or_init(|| members_of(&self.model.type_def(id).shape))
        })
    }

    /// Name of a domain's module: `projects`. Free of keywords, of `shared` and of names that file systems refuse.
    pub(super) fn domain(&self, id: DomainId) -> &str {
        self.words.domains.get(id.index()).map_or(SHARED, String::as_str)
    }

    /// Name of the method of the operation at this position in the model: `create_project`, `r#move`.
    pub(super) fn operation(&self, index: usize) -> &str {
        self.words.operations.get(index).map_or("", String::as_str)
    }

    /// Stem of the types that belong to the operation at this position: `CreateProject`.
    pub(super) fn operation_type(&self, index: usize) -> &str {
        self.words.operation_types.get(index).map_or("", String::as_str)
    }

    /// Name of the module where a type is defined.
    pub(super) fn module_of(&self, id: TypeId) -> &str {
        self.model
            .type_def(id)
            .domain
            .map_or(SHARED, |domain| self.domain(domain))
    }

    /// Whether a named type is written as a newtype around the type it stands for.
    pub(super) fn is_newtype(&self, id: TypeId) -> bool {
        self.circles.aliases.is_recursive(id)
    }

    /// Whether a value of one type would hold itself, if the other lay in it without a box.
    pub(super) fn closes_circle(&self, from: TypeId, to: TypeId) -> bool {
        self.circles.inline.closes_circle(from, to)
    }

    /// Whether some union tells the record apart by a member that the record does not have.
    pub(super) fn lacks_tag(&self, id: TypeId) -> bool {
        self.tagless.contains(&id)
    }
}

impl Words {
    fn of(model: &Model) -> Self {
        let names = || model.types.iter().map(|def| &def.name);
        let pascal = Case::Pascal.distinct(names(), is_taken);
        let constants = Case::Screaming.distinct(names(), |text| text == "DEFINITIONS");
        let types = pascal.into_iter().zip(constants);
        let domains = model.domains.iter().map(|domain| &domain.name);
        let operations = || model.operations.iter().map(|operation| &operation.id);
        Self {
            types: types.map(|(pascal, constant)| TypeNames { pascal, constant }).collect(),
            domains: Case::Snake.distinct(domains, is_no_module),
            operations: raw(Case::Snake.distinct(operations(), never_raw)),
            operation_types: Case::Pascal.distinct(operations(), is_taken),
        }
    }
}

impl Circles {
    fn of(model: &Model) -> Self {
        Self {
            aliases: aliases(model),
            inline: model.components(Edges::Inline),
        }
    }
}

/// The graph of type aliases alone. One that can reach itself would be defined by itself: no record or union is on its circle.
fn aliases(model: &Model) -> Components {
    let graph: Vec<Vec<TypeId>> = model
        .types
        .iter()
        .map(|def| {
            let mut found = Vec::new();
            if let Shape::Alias(ty) = &def.shape {
                mentioned(ty, Edges::All, &mut found);
            }
            found
        })
        .collect();
    Components::of(&graph)
}

fn tagless(model: &Model) -> BTreeSet<TypeId> {
    let mut found = BTreeSet::new();
    for def in &model.types {
        let Shape::Union(Union {
            variants,
            tag: Some(tag),
            ..
        }) = &def.shape
        else {
            continue;
        };
        for variant in variants {
            let Kind::Named(id) = model.resolve(&variant.ty).0.kind else {
                continue;
            };
            if let Shape::Record(record) = &model.type_def(id).shape
                && !record.fields.iter().any(|field| field.wire == tag.wire)
            {
                found.insert(id);
            }
        }
    }
    found
}

fn members_of(shape: &Shape) -> Vec<String> {
    match shape {
        Shape::Record(record) => {
            let keeps = matches!(record.extra, Extra::Kept(_));
            let names = record.fields.iter().map(|field| &field.name);
            raw(Case::Snake.distinct(names, |text| never_raw(text) || (keeps && text == "extra")))
        }
        Shape::Union(union) => pascal(union.variants.iter().map(|variant| &variant.name)),
        Shape::Enumeration(list) => pascal(&list.names),
        Shape::Alias(_) => Vec::new(),
    }
}

fn pascal<'n>(names: impl IntoIterator<Item = &'n Name>) -> Vec<String> {
    Case::Pascal.distinct(names, |text| text == "Self")
}

pub(in crate::emit) fn raw(names: Vec<String>) -> Vec<String> {
    names
        .into_iter()
        .map(|name| if is_keyword(&name) { format!("r#{name}") } else { name })
        .collect()
}

/// Words that cannot even be raw identifiers.
pub(in crate::emit) fn never_raw(text: &str) -> bool {
    matches!(text, "self" | "super" | "crate" | "_")
}

/// Words that edition 2024 reserves, in small letters.
pub(in crate::emit) fn is_keyword(text: &str) -> bool {
    const WORDS: [&str; 52] = [
        "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
        "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
        "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super",
        "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
        "_",
    ];
    WORDS.contains(&text)
}

/// Names that a module of a domain cannot have: keywords, `shared`, crates that stand beside it, and files that some systems keep for
/// devices.
pub(in crate::emit) fn is_no_module(text: &str) -> bool {
    is_keyword(text) || matches!(text, SHARED | "std" | "axum") || files::is_device(text)
}

/// Names of the prelude and of what generated code uses unqualified: a type of that name would shadow it.
pub(in crate::emit) fn is_taken(text: &str) -> bool {
    const WORDS: [&str; 49] = [
        "Self",
        "Serialize",
        "Deserialize",
        "Option",
        "Some",
        "None",
        "Result",
        "Ok",
        "Err",
        "Box",
        "String",
        "Vec",
        "Send",
        "Sync",
        "Sized",
        "Copy",
        "Drop",
        "Fn",
        "FnMut",
        "FnOnce",
        "AsyncFn",
        "AsyncFnMut",
        "AsyncFnOnce",
        "AsMut",
        "AsRef",
        "From",
        "Into",
        "Default",
        "Iterator",
        "Extend",
        "IntoIterator",
        "DoubleEndedIterator",
        "ExactSizeIterator",
        "Eq",
        "Ord",
        "PartialEq",
        "PartialOrd",
        "Clone",
        "ToOwned",
        "ToString",
        "TryFrom",
        "TryInto",
        "FromIterator",
        "Future",
        "IntoFuture",
        "Debug",
        "Hash",
        "Unpin",
        "Display",
    ];
    WORDS.contains(&text)
}

#[cfg(test)]
mod tests {
    use super::super::spell::Within;
    use super::*;
    use crate::model::TypeDef;
    use crate::model::types::Docs;
    use crate::model::{Field, Record};
    use crate::model::{TextFormat, Type};

    fn def(name: &str, shape: Shape) -> TypeDef {
        TypeDef {
            name: Name::new(name),
            docs: Docs::default(),
            shape,
            domain: None,
            in_request: true,
            in_response: true,
            internal: false,
            requirements: Vec::new(),
            guards: Vec::new(),
            pointer: String::new(),
            component: true,
            place: crate::diagnostics::Place::file("contract.yaml"),
        }
    }

    fn record(fields: &[(&str, Type)]) -> Shape {
        let fields = fields.iter().map(|(wire, ty)| Field {
            wire: (*wire).to_owned(),
            name: Name::new(wire),
            ty: ty.clone(),
            required: true,
            read_only: false,
            write_only: false,
            secret: false,
            default: None,
            docs: Docs::default(),
        });
        Shape::Record(Record {
            fields: fields.collect(),
            extra: Extra::Kept(Type::of(Kind::Any)),
            ..Record::default()
        })
    }

    fn named(id: u32) -> Type {
        Type::of(Kind::Named(TypeId(id)))
    }

    fn list(ty: Type) -> Type {
        Type::of(Kind::List(Box::new(ty)))
    }

    #[test]
    fn names_of_the_prelude_and_keywords_are_kept_apart() {
        let text = || Type::of(Kind::Text(TextFormat::Plain));
        let fields = [
            ("type", text()),
            ("self", text()),
            ("extra", text()),
            ("a-b", text()),
            ("aB", text()),
        ];
        let model = Model {
            types: vec![def("Option", record(&fields)), def("option", Shape::Alias(text()))],
            ..Model::default()
        };
        let names = RustNames::new(&model);
        assert_eq!(names.type_name(TypeId(0)), "Option_");
        assert_ne!(names.type_name(TypeId(1)), "Option_");
        assert_eq!(names.members(TypeId(0)), ["r#type", "self_", "extra_", "a_b", "a_b_2"]);
    }

    #[test]
    fn only_a_circle_without_a_list_is_boxed() {
        let fields = [
            ("direct", named(0).or_null()),
            ("listed", list(named(0))),
            ("other", named(1)),
        ];
        let model = Model {
            types: vec![def("node", record(&fields)), def("leaf", record(&[]))],
            ..Model::default()
        };
        let names = RustNames::new(&model);
        let within = Within::Type(TypeId(0));
        assert_eq!(names.spell(&fields[0].1, within), "Option<Box<Node>>");
        assert_eq!(names.spell(&fields[1].1, within), "Vec<Node>");
        assert_eq!(names.spell(&fields[2].1, within), "Leaf");
        assert_eq!(names.spell(&fields[0].1, Within::Elsewhere), "Option<types::Node>");
    }

    #[test]
    fn only_an_alias_of_itself_is_a_newtype() {
        let model = Model {
            types: vec![
                def("nest", Shape::Alias(list(named(0)))),
                def("nodes", Shape::Alias(list(named(2)))),
                def("node", record(&[("below", named(1))])),
            ],
            ..Model::default()
        };
        let names = RustNames::new(&model);
        assert!(names.is_newtype(TypeId(0)));
        assert!(!names.is_newtype(TypeId(1)));
    }
}
