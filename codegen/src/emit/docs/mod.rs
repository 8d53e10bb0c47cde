//! The `docs` target.
//!
//! Owns: the Markdown reference: operations, schemas, errors, lifecycles, and the trace of the requirements. Must not know: other
//! targets.
//!
//! Every heading is one of ours and every link leads to a page of this target or to the web, so that all of them resolve.
//! What authors write is quoted in [`quote`] and [`prose`] before it gets anywhere.

mod book;
mod errors;
mod lifecycles;
mod prose;
mod quote;
mod readme;
mod reference;
mod requirements;
mod schemas;
mod table;
mod trace;
mod webhooks;
mod words;

use rayon::prelude::*;
use serde::Serialize;

use self::book::{Book, ERRORS, LIFECYCLES, README, REQUIREMENTS, SCHEMAS, WEBHOOKS, page_link, schemas_title};
use super::{Artifact, GENERATED_BY, Input, Ownership};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::model::{DomainId, TypeId};

/// Frames of this target: name and text.
pub(super) const FRAMES: &[(&str, &str)] = &[
    ("docs/page.md", include_str!("../../../../templates/docs/page.md")),
    ("docs/readme.md", include_str!("../../../../templates/docs/readme.md")),
];

/// Where the pages go when nothing is said.
const FOLDER: &str = "generated/docs";

/// What the frame of a page is filled with; everything is Markdown already.
#[derive(Serialize)]
struct Page {
    generated: &'static str,
    title: String,
    body: String,
    back: String,
}

/// What a page is about.
enum Tells {
    Operations(DomainId),
    /// Of one domain, or those that several share.
    Schemas(Option<DomainId>),
    Webhooks,
    Errors,
    Lifecycles,
    Requirements,
}

/// A page: its path, its title, what it is about, and the types that it tells.
struct Planned {
    path: String,
    title: String,
    tells: Tells,
    types: Vec<TypeId>,
}

/// Which pages there are, but for the first: those of the domains, and further ones with their paths and what is on them.
struct Plan {
    pages: Vec<Planned>,
    listed: Vec<(&'static str, String)>,
}

impl Plan {
    fn of(book: &Book<'_>) -> Self {
        let model = book.model;
        let mut pages: Vec<Planned> = Vec::new();
        let mut listed: Vec<(&'static str, String)> = Vec::new();
        let told = |domain: Option<DomainId>| -> Vec<TypeId> {
            let told = schemas::told(book, domain).into_iter();
            told.filter_map(|(i, _)| Some(TypeId(u32::try_from(i).ok()?))).collect()
        };
        for id in (0..model.domains.len()).filter_map(|i| Some(DomainId(u32::try_from(i).ok()?))) {
            let title = &model.domain(id).title;
            if book.operations_of(id).next().is_some() {
                pages.push(Planned {
                    path: book.reference_page(id),
                    title: title.clone(),
                    tells: Tells::Operations(id),
                    types: Vec::new(),
                });
            }
            let types = told(Some(id));
            if !types.is_empty() {
                pages.push(Planned {
                    path: book.schemas_page(Some(id)),
                    title: schemas_title(title),
                    tells: Tells::Schemas(Some(id)),
                    types,
                });
            }
        }
        let mut add = |path: &'static str, title: &str, tells: Tells, count: usize, thing: &str, more: &str| {
            if count > 0 {
                let types = match tells {
                    Tells::Schemas(domain) => told(domain),
                    _ => Vec::new(),
                };
                pages.push(Planned {
                    path: path.to_owned(),
                    title: title.to_owned(),
                    tells,
                    types,
                });
                listed.push((path, counted(count, thing) + more));
            }
        };
        let types = (0..model.types.len()).filter(|i| book.ty(*i).is_some()).count();
        let lifecycles = (0..model.lifecycles.len())
            .filter(|i| book.lifecycle(*i).is_some())
            .count();
        let requirements = book.trace.sections().iter().map(|(_, ids)| ids.len()).sum();
        add(SCHEMAS, "Schemas", Tells::Schemas(None), types, "schema", "");
        let sent = " that the service sends";
        add(
            WEBHOOKS,
            "Webhooks",
            Tells::Webhooks,
            model.webhooks.len(),
            "request",
            sent,
        );
        add(ERRORS, "Errors", Tells::Errors, model.errors.len(), "error code", "");
        add(
            LIFECYCLES,
            "Lifecycles",
            Tells::Lifecycles,
            lifecycles,
            "state machine",
            "",
        );
        let carried = " and what carries them";
        add(
            REQUIREMENTS,
            "Requirements",
            Tells::Requirements,
            requirements,
            "requirement",
            carried,
        );
        Self { pages, listed }
    }
}

/// Makes the artifacts.
pub(super) fn emit(input: &Input<'_>, diagnostics: &mut Diagnostics) -> Vec<Artifact> {
    let book = Book::new(input);
    let model = input.model;
    let folder = input.settings.docs.out.as_deref().unwrap_or(FOLDER);
    let revisions = input.revisions;
    // Which pages there are follows from where everything is told, and so does all that the first page says.
    let key = ("docs plan", String::new());
    let plan = input.memo.part(key, revisions.of_frame(), revisions.now, || {
        let plan = Plan::of(&book);
        let first = readme::readme(&book, &plan.listed);
        let first = rendered(input, "docs/readme.md", &first, format!("{folder}/{README}"));
        (plan, first)
    });
    let (Plan { pages, .. }, first) = &*plan;
    let mut made: Vec<Result<Artifact, Diagnostic>> = pages
        .par_iter()
        .with_max_len(1)
        .map(|planned| {
            let Planned {
                path,
                title,
                tells,
                types,
            } = planned;
            let round = match tells {
                Tells::Operations(domain) => revisions.of_domain(model, *domain),
                Tells::Schemas(_) => revisions.of_types(types),
                Tells::Webhooks => revisions.of_operations(),
                // Of operations their names, and which errors they answer with.
                Tells::Errors => revisions.of_operations_alone(),
                // Names, places and states, and nothing that is said about an operation or a type itself.
                Tells::Lifecycles | Tells::Requirements => revisions.of_frame(),
            };
            let key = ("docs", path.clone());
            let made = input.memo.part(key, round, revisions.now, || {
                let body = match tells {
                    Tells::Operations(domain) => reference::page(&book, *domain, path),
                    Tells::Schemas(domain) => schemas::page(input, &book, *domain, types, path),
                    Tells::Webhooks => webhooks::page(&book, path),
                    Tells::Errors => errors::page(&book, path),
                    Tells::Lifecycles => lifecycles::page(&book, path),
                    Tells::Requirements => requirements::page(&book, path),
                };
                let page = Page {
                    generated: GENERATED_BY,
                    title: quote::text(title),
                    body,
                    back: page_link("All pages", README, path),
                };
                rendered(input, "docs/page.md", &page, format!("{folder}/{path}"))
            });
            (*made).clone()
        })
        .collect();
    made.push(first.clone());
    let mut artifacts = Vec::new();
    for one in made {
        match one {
            Ok(artifact) => artifacts.push(artifact),
            // One frame makes many pages and fails on all of them alike.
            Err(problem) if diagnostics.contains(&problem) => {}
            Err(problem) => diagnostics.push(problem),
        }
    }
    artifacts
}

fn counted(count: usize, thing: &str) -> String {
    if count == 1 {
        format!("1 {thing}")
    } else {
        format!("{count} {thing}s")
    }
}

fn rendered(input: &Input<'_>, frame: &str, context: &impl Serialize, path: String) -> Result<Artifact, Diagnostic> {
    match input.templates.render(frame, context) {
        Ok(text) => Ok(Artifact {
            path,
            text: input.memo.aside(tidy(&text).into()),
            ownership: Ownership::Managed,
            target: "docs",
        }),
        Err(error) => Err(error.diagnostic(input.settings.templates.as_deref())),
    }
}

/// No two empty lines outside of code, and one line end at the end.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut fence: Option<&str> = None;
    let mut empty = true;
    for line in text.lines() {
        // A fence may stand in a list.
        let start = line.trim_start();
        let ticks = start.len() - start.trim_start_matches('`').len();
        match fence {
            Some(open) if start == open => fence = None,
            None if ticks >= 3 => fence = start.get(..ticks),
            _ => {}
        }
        if line.is_empty() && fence.is_none() {
            if !empty {
                out.push('\n');
            }
            empty = true;
            continue;
        }
        out.push_str(line);
        out.push('\n');
        empty = false;
    }
    out.truncate(out.trim_end_matches('\n').len());
    out.push('\n');
    out
}

#[cfg(test)]
mod tests;
