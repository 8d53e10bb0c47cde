//! The pages and their anchors.
//!
//! Owns: which thing is told on which page under which heading, and links between pages. Must not know: what a page says.
//! A page's headings are its title and its things, in one order, so that every anchor is known before anything is written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::quote::{push_text, text};
use super::trace::{AllCarriers, Trace};
use crate::emit::{Input, files};
use crate::model::{Case, DomainId, Model, Name, Operation, TypeDef, TypeId};

/// Pages beside those of the domains.
pub(super) const README: &str = "README.md";
pub(super) const SCHEMAS: &str = "schemas.md";
pub(super) const ERRORS: &str = "errors.md";
pub(super) const LIFECYCLES: &str = "lifecycles.md";
pub(super) const REQUIREMENTS: &str = "requirements.md";
pub(super) const WEBHOOKS: &str = "webhooks.md";

/// A heading: where it stands and what it says.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    page: String,
    anchor: String,
    /// Without quoting.
    pub(super) heading: String,
}

/// Everything that pages ask about each other.
pub(super) struct Book<'a> {
    pub(super) model: &'a Model,
    pub(super) project: &'a str,
    pub(super) trace: Trace<'a>,
    index: Arc<Index>,
}

/// Where everything is told. It follows from what there is, what that is called, and what carries which requirement.
struct Index {
    carriers: Arc<AllCarriers>,
    /// File names of the domains, by their index.
    domains: Vec<String>,
    operations: Vec<Spot>,
    /// `None` for types that are not told.
    types: Vec<Option<Spot>>,
    errors: BTreeMap<String, Spot>,
    /// `None` for those of types that are not told.
    lifecycles: Vec<Option<Spot>>,
    /// By global id, or by the id as written where no feature has it.
    requirements: BTreeMap<String, Spot>,
}

impl Index {
    fn of(model: &Model) -> Self {
        let trace = Trace::new(model);
        let names: Vec<&Name> = model.domains.iter().map(|domain| &domain.name).collect();
        let mut index = Self {
            carriers: Arc::clone(&trace.carriers),
            domains: Case::Kebab.distinct(names, files::is_device),
            operations: Vec::new(),
            types: vec![None; model.types.len()],
            errors: BTreeMap::new(),
            lifecycles: Vec::new(),
            requirements: BTreeMap::new(),
        };
        index.place_operations(model);
        index.place_types(model);
        let mut slugs = Slugs::with_title("Errors");
        for code in model.errors.keys() {
            index.errors.insert(code.clone(), slugs.spot(ERRORS, code.clone()));
        }
        let mut slugs = Slugs::with_title("Lifecycles");
        for lifecycle in &model.lifecycles {
            let told = index.types.get(lifecycle.ty.index()).is_some_and(Option::is_some);
            let spot = told.then(|| slugs.spot(LIFECYCLES, label(&lifecycle.name, Case::Pascal)));
            for variant in lifecycle.variants.iter().filter(|_| told) {
                slugs.take(&variant_heading(&lifecycle.name, &variant.name));
            }
            index.lifecycles.push(spot);
        }
        let mut slugs = Slugs::with_title("Requirements");
        for (heading, ids) in trace.sections() {
            slugs.take(&heading);
            for id in ids {
                let spot = slugs.spot(REQUIREMENTS, id.clone());
                index.requirements.insert(id, spot);
            }
        }
        index
    }

    fn place_operations(&mut self, model: &Model) {
        let mut slugs: Vec<Slugs> = model
            .domains
            .iter()
            .map(|domain| Slugs::with_title(&domain.title))
            .collect();
        let mut spots = Vec::new();
        for operation in &model.operations {
            let heading = label(&operation.id, Case::Camel);
            let page = self.reference_page(operation.domain);
            let spot = match slugs.get_mut(operation.domain.index()) {
                Some(slugs) => slugs.spot(&page, heading),
                None => Slugs::default().spot(&page, heading),
            };
            spots.push(spot);
        }
        self.operations = spots;
    }

    fn place_types(&mut self, model: &Model) {
        let mut shared = Slugs::with_title("Schemas");
        let mut own: Vec<Slugs> = model
            .domains
            .iter()
            .map(|domain| Slugs::with_title(&schemas_title(&domain.title)))
            .collect();
        let mut spots = Vec::new();
        let internals = Internals::of(model);
        for def in &model.types {
            let told = !internals.has(def) || def.in_request || def.in_response;
            let heading = type_label(def);
            spots.push(told.then(
                || match def.domain.and_then(|id| Some((id, own.get_mut(id.index())?))) {
                    Some((id, slugs)) => slugs.spot(&self.schemas_page(Some(id)), heading),
                    None => shared.spot(SCHEMAS, heading),
                },
            ));
        }
        self.types = spots;
    }

    fn reference_page(&self, domain: DomainId) -> String {
        let name = self.domains.get(domain.index()).map_or("domain", String::as_str);
        format!("reference/{name}.md")
    }

    fn schemas_page(&self, domain: Option<DomainId>) -> String {
        match domain.and_then(|id| self.domains.get(id.index())) {
            Some(name) => format!("schemas/{name}.md"),
            None => SCHEMAS.to_owned(),
        }
    }
}

/// Where internal types stand in the contract.
struct Internals<'m>(BTreeSet<&'m str>);

impl<'m> Internals<'m> {
    fn of(model: &'m Model) -> Self {
        let internal = model.types.iter().filter(|def| def.internal);
        Self(internal.map(|def| def.pointer.as_str()).collect())
    }

    /// Whether a type, or the component in which it was written, is internal.
    fn has(&self, def: &TypeDef) -> bool {
        let mut above = def
            .pointer
            .match_indices('/')
            .filter_map(|(at, _)| def.pointer.get(..at));
        def.internal || (!def.component && above.any(|pointer| self.0.contains(pointer)))
    }
}

impl<'a> Book<'a> {
    pub(super) fn new(input: &Input<'a>) -> Self {
        let (model, revisions) = (input.model, input.revisions);
        let key = ("docs index", String::new());
        let index = input
            .memo
            .part(key, revisions.of_frame(), revisions.now, || Index::of(model));
        Self {
            model,
            project: input.project,
            trace: Trace {
                model,
                carriers: Arc::clone(&index.carriers),
            },
            index,
        }
    }

    /// The page of a domain's operations.
    pub(super) fn reference_page(&self, domain: DomainId) -> String {
        self.index.reference_page(domain)
    }

    /// The page of the types of a domain, or of those that several share.
    pub(super) fn schemas_page(&self, domain: Option<DomainId>) -> String {
        self.index.schemas_page(domain)
    }

    pub(super) fn operation(&self, index: usize) -> Option<&Spot> {
        self.index.operations.get(index)
    }

    pub(super) fn ty(&self, index: usize) -> Option<&Spot> {
        self.index.types.get(index).and_then(Option::as_ref)
    }

    pub(super) fn error(&self, code: &str) -> Option<&Spot> {
        self.index.errors.get(code)
    }

    pub(super) fn lifecycle(&self, index: usize) -> Option<&Spot> {
        self.index.lifecycles.get(index).and_then(Option::as_ref)
    }

    pub(super) fn requirement(&self, id: &str) -> Option<&Spot> {
        self.index.requirements.get(id)
    }

    /// Operations of a domain with their index, in document order.
    pub(super) fn operations_of(&self, domain: DomainId) -> impl Iterator<Item = (usize, &'a Operation)> {
        self.model
            .operations
            .iter()
            .enumerate()
            .filter(move |(_, operation)| operation.domain == domain)
    }

    /// A link to an operation.
    pub(super) fn operation_link(&self, index: usize, from: &str) -> String {
        self.operation(index).map_or_else(String::new, |spot| spot.link(from))
    }

    /// A link to a type, or its name when it is not told.
    pub(super) fn type_link(&self, id: TypeId, from: &str) -> String {
        match self.ty(id.index()) {
            Some(spot) => spot.link(from),
            None => text(&type_label(self.model.type_def(id))),
        }
    }

    /// A link to an error of the catalog, or its code when the catalog lacks it.
    pub(super) fn error_link(&self, code: &str, from: &str) -> String {
        self.error(code).map_or_else(|| text(code), |spot| spot.link(from))
    }

    /// Links to requirements as something refers to them.
    pub(super) fn requirement_links(&self, ids: &[String], file: &str, from: &str) -> String {
        let links: Vec<String> = ids
            .iter()
            .map(|id| match self.requirement(&self.trace.resolve(id, file)) {
                Some(spot) => link(id, spot, from),
                None => text(id),
            })
            .collect();
        links.join(", ")
    }
}

/// A link with words of its own.
pub(super) fn link(words: &str, spot: &Spot, from: &str) -> String {
    let mut out = String::with_capacity(2 * words.len() + spot.page.len() + spot.anchor.len() + 8);
    out.push('[');
    push_text(&mut out, words);
    out.push_str("](");
    spot.push_target(&mut out, from);
    out.push(')');
    out
}

/// A link to a whole page.
pub(super) fn page_link(words: &str, page: &str, from: &str) -> String {
    let mut out = String::from("[");
    push_text(&mut out, words);
    out.push_str("](");
    push_relative(&mut out, page, from);
    out.push(')');
    out
}

impl Spot {
    /// Where it is, seen from a page, behind what is there.
    fn push_target(&self, out: &mut String, from: &str) {
        if self.page != from {
            push_relative(out, &self.page, from);
        }
        out.push('#');
        out.push_str(&self.anchor);
    }

    /// A link to it with its heading as words.
    pub(super) fn link(&self, from: &str) -> String {
        link(&self.heading, self, from)
    }

    /// The heading as a line of the page.
    pub(super) fn title(&self, level: usize) -> String {
        format!("{} {}\n\n", "#".repeat(level), text(&self.heading))
    }
}

fn push_relative(out: &mut String, page: &str, from: &str) {
    if let (Some((folder, name)), Some((own, _))) = (page.split_once('/'), from.split_once('/'))
        && folder == own
    {
        return out.push_str(name);
    }
    from.matches('/').for_each(|_| out.push_str("../"));
    out.push_str(page);
}

/// Title of the page with the types of one domain.
pub(super) fn schemas_title(domain: &str) -> String {
    format!("{domain}: schemas")
}

/// Heading of a lifecycle's variant.
pub(super) fn variant_heading(lifecycle: &Name, variant: &Name) -> String {
    format!("{}: {}", label(lifecycle, Case::Pascal), label(variant, Case::Kebab))
}

/// A name as the contract spells it where that is a plain word, else in one style.
fn label(name: &Name, case: Case) -> String {
    let plain = name.raw.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .raw
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if plain { name.raw.to_string() } else { name.to(case) }
}

/// A type's name for people.
pub(super) fn type_label(def: &TypeDef) -> String {
    if def.component {
        label(&def.name, Case::Pascal)
    } else {
        def.name.to(Case::Pascal)
    }
}

/// Anchors as the common hosts make them of headings: small letters, hyphens for spaces, numbers for repetitions.
#[derive(Debug, Default)]
pub(super) struct Slugs {
    taken: BTreeMap<String, usize>,
}

impl Slugs {
    fn with_title(title: &str) -> Self {
        let mut slugs = Self::default();
        slugs.take(title);
        slugs
    }

    /// The anchor of the next heading.
    pub(super) fn take(&mut self, heading: &str) -> String {
        let heading = heading.trim().to_lowercase();
        let mut base = String::with_capacity(heading.len());
        base.extend(
            heading
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
                .map(|c| if c == ' ' { '-' } else { c }),
        );
        let mut slug = base.clone();
        while self.taken.contains_key(&slug) {
            let count = self.taken.entry(base.clone()).or_insert(0);
            *count += 1;
            slug = format!("{base}-{count}");
        }
        self.taken.insert(slug.clone(), 0);
        slug
    }

    fn spot(&mut self, page: &str, heading: String) -> Spot {
        Spot {
            page: page.to_owned(),
            anchor: self.take(&heading),
            heading,
        }
    }
}
