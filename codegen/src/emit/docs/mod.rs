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

use serde::Serialize;

use self::book::{Book, ERRORS, LIFECYCLES, README, REQUIREMENTS, SCHEMAS, WEBHOOKS, page_link, schemas_title};
use super::{Artifact, GENERATED_BY, Input, Ownership};
use crate::diagnostics::{Diagnostic, Diagnostics, Place, emit as codes};
use crate::model::DomainId;

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

/// Makes the artifacts.
pub(super) fn emit(input: &Input<'_>, diagnostics: &mut Diagnostics) -> Vec<Artifact> {
    let book = Book::new(input);
    let model = input.model;
    let mut pages: Vec<(String, String, String)> = Vec::new();
    let mut listed: Vec<(&'static str, String)> = Vec::new();
    let domains = || (0..model.domains.len()).filter_map(|i| Some(DomainId(u32::try_from(i).ok()?)));
    for id in domains() {
        if book.operations_of(id).next().is_some() {
            let path = book.reference_page(id);
            let body = reference::page(&book, id, &path);
            pages.push((path, model.domain(id).title.clone(), body));
        }
        if !schemas::told(&book, Some(id)).is_empty() {
            let path = book.schemas_page(Some(id));
            let body = schemas::page(&book, Some(id), &path);
            pages.push((path, schemas_title(&model.domain(id).title), body));
        }
    }
    let mut add = |path: &'static str, title: &str, about: String, body: String| {
        pages.push((path.to_owned(), title.to_owned(), body));
        listed.push((path, about));
    };
    let types = (0..model.types.len()).filter(|i| book.ty(*i).is_some()).count();
    if types > 0 {
        add(SCHEMAS, "Schemas", counted(types, "schema"), schemas::page(&book, None, SCHEMAS));
    }
    if !model.webhooks.is_empty() {
        let about = counted(model.webhooks.len(), "request") + " that the service sends";
        add(WEBHOOKS, "Webhooks", about, webhooks::page(&book, WEBHOOKS));
    }
    if !model.errors.is_empty() {
        let about = counted(model.errors.len(), "error code");
        add(ERRORS, "Errors", about, errors::page(&book, ERRORS));
    }
    if !model.lifecycles.is_empty() {
        let about = counted(model.lifecycles.len(), "state machine");
        add(LIFECYCLES, "Lifecycles", about, lifecycles::page(&book, LIFECYCLES));
    }
    let requirements: usize = book.trace.sections().iter().map(|(_, ids)| ids.len()).sum();
    if requirements > 0 {
        let about = counted(requirements, "requirement") + " and what carries them";
        add(REQUIREMENTS, "Requirements", about, requirements::page(&book, REQUIREMENTS));
    }
    let folder = input.settings.docs.out.as_deref().unwrap_or(FOLDER);
    let mut artifacts = Vec::new();
    for (path, title, body) in pages {
        let page = Page {
            generated: GENERATED_BY,
            title: quote::text(&title),
            body,
            back: page_link("All pages", README, &path),
        };
        rendered(input, "docs/page.md", &page, &format!("{folder}/{path}"), &mut artifacts, diagnostics);
    }
    let first = readme::readme(&book, &listed);
    rendered(input, "docs/readme.md", &first, &format!("{folder}/{README}"), &mut artifacts, diagnostics);
    artifacts
}

fn counted(count: usize, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

fn rendered(
    input: &Input<'_>,
    frame: &str,
    context: &impl Serialize,
    path: &str,
    artifacts: &mut Vec<Artifact>,
    diagnostics: &mut Diagnostics,
) {
    match input.templates.render(frame, context) {
        Ok(text) => artifacts.push(Artifact {
            path: path.to_owned(),
            text: tidy(&text),
            ownership: Ownership::Managed,
            target: "docs",
        }),
        Err(error) => diagnostics.push(Diagnostic::new(&codes::TEMPLATE, error.message, Place::file(&error.name))),
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
