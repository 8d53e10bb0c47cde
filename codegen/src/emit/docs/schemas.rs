//! The pages of the types: those of one domain, and those that several share.
//!
//! Owns: what is told about a type. Must not know: operations.

use std::sync::Arc;

use rayon::prelude::*;

use super::book::{Book, page_link, schemas_title};
use super::prose::line;
use super::quote::{code, literal, push_fence, text};
use super::reference::paragraph;
use super::table::table;
use super::words::{rules, sentences, ty};
use crate::emit::{AT_ONCE, Input, json};
use crate::model::{DomainId, Extra, Field, Record, Shape, TypeDef, TypeId, Union};

/// The body of the page with the types of a domain, or of the shared page, which lists all of them.
pub(super) fn page(
    input: &Input<'_>,
    book: &Book<'_>,
    domain: Option<DomainId>,
    types: &[TypeId],
    from: &str,
) -> String {
    let mut out = String::new();
    if domain.is_none() {
        for (i, one) in book.model.domains.iter().enumerate() {
            let id = DomainId(u32::try_from(i).unwrap_or(u32::MAX));
            let links = names(book, Some(id), from);
            if !links.is_empty() {
                let page = book.schemas_page(Some(id));
                out.push_str(&format!(
                    "- {}: {links}\n",
                    page_link(&schemas_title(&one.title), &page, from)
                ));
            }
        }
        let shared = names(book, None, from);
        if !shared.is_empty() {
            out.push_str(&format!("- On this page: {shared}\n"));
        }
        out.push('\n');
    }
    // The page of the shared types alone can be a third of all pages.
    let told = types.par_iter().with_max_len(AT_ONCE).map(|id| {
        // A type stands on one page.
        let key = ("docs type", id.index().to_string());
        let round = input.revisions.of_type(*id);
        input.memo.part(key, round, input.revisions.now, || {
            json::drafted(|text| {
                text.push_str(&book.ty(id.index()).map(|spot| spot.title(2)).unwrap_or_default());
                definition(book, book.model.type_def(*id), from, text);
            })
        })
    });
    let told: Vec<Arc<String>> = told.collect();
    out.reserve(told.iter().map(|text| text.len()).sum());
    told.iter().for_each(|text| out.push_str(text));
    out
}

/// The types that a page tells, with their index.
pub(super) fn told<'a>(book: &Book<'a>, domain: Option<DomainId>) -> Vec<(usize, &'a TypeDef)> {
    let all = book.model.types.iter().enumerate();
    all.filter(|(i, def)| def.domain == domain && book.ty(*i).is_some())
        .collect()
}

fn names(book: &Book<'_>, domain: Option<DomainId>, from: &str) -> String {
    let links: Vec<String> = told(book, domain)
        .into_iter()
        .filter_map(|(i, _)| book.ty(i))
        .map(|spot| spot.link(from))
        .collect();
    links.join(", ")
}

fn definition(book: &Book<'_>, def: &TypeDef, from: &str, out: &mut String) {
    if def.docs.deprecated {
        out.push_str("**Deprecated.**\n\n");
    }
    if let Some(title) = def.docs.title.as_ref().filter(|title| **title != def.name.raw) {
        out.push_str(&format!("*{}*\n\n", text(title)));
    }
    if let Some(description) = &def.docs.description {
        out.push_str(&paragraph(description));
    }
    match &def.shape {
        Shape::Record(record) => self::record(book, record, from, out),
        Shape::Union(union) => self::union(book, union, from, out),
        Shape::Enumeration(list) => {
            out.push_str("One of:\n\n");
            for (i, value) in list.values.iter().enumerate() {
                let about = list
                    .docs
                    .get(i)
                    .and_then(Option::as_deref)
                    .map(line)
                    .filter(|about| !about.is_empty());
                let about = about.map_or_else(String::new, |about| format!(": {about}"));
                out.push_str(&format!("- {}{about}\n", literal(value)));
            }
            out.push('\n');
        }
        Shape::Alias(inner) => {
            let mut words = vec![ty(book, inner, from)];
            words.extend(rules(inner));
            out.push_str(&format!("{}\n\n", sentences(&words)));
        }
    }
    if !def.requirements.is_empty() {
        let links = book.requirement_links(&def.requirements, &def.place.file, from);
        out.push_str(&format!("Requirements: {links}\n\n"));
    }
    if let Some(example) = def.docs.examples.first() {
        out.push_str("Example\n\n");
        push_fence(out, "json", &json::pretty(example));
        out.push('\n');
    }
}

fn record(book: &Book<'_>, record: &Record, from: &str, out: &mut String) {
    let rows: Vec<Vec<String>> = record
        .fields
        .iter()
        .map(|field| {
            vec![
                code(&field.wire),
                ty(book, &field.ty, from),
                if field.required { "yes" } else { "" }.to_owned(),
                about(field),
            ]
        })
        .collect();
    if rows.is_empty() {
        out.push_str("An object.\n\n");
    }
    table(&["Field", "Type", "Required", "About"], &rows, out);
    match &record.extra {
        Extra::Ignored => {}
        Extra::Refused => out.push_str("No other fields are accepted.\n\n"),
        Extra::Kept(kept) => out.push_str(&format!("Other fields are kept; each is {}.\n\n", ty(book, kept, from))),
    }
}

fn about(field: &Field) -> String {
    let mut parts = Vec::new();
    if field.docs.deprecated {
        parts.push("*Deprecated*".to_owned());
    }
    parts.extend(
        field
            .docs
            .description
            .as_deref()
            .or(field.docs.title.as_deref())
            .map(line),
    );
    parts.extend(rules(&field.ty));
    if field.read_only {
        parts.push("only in answers".to_owned());
    }
    if field.write_only {
        parts.push("only in requests".to_owned());
    }
    if field.secret {
        parts.push("secret".to_owned());
    } else {
        parts.extend(
            field
                .default
                .as_ref()
                .map(|value| format!("default {}", literal(value))),
        );
        parts.extend(
            field
                .docs
                .examples
                .first()
                .map(|value| format!("for example {}", literal(value))),
        );
    }
    sentences(&parts)
}

fn union(book: &Book<'_>, union: &Union, from: &str, out: &mut String) {
    let how = if union.exclusive {
        "Exactly one of"
    } else {
        "At least one of"
    };
    let by = union
        .tag
        .as_ref()
        .map_or_else(String::new, |tag| format!(", told apart by {}", code(&tag.wire)));
    out.push_str(&format!("{how}{by}:\n\n"));
    for variant in &union.variants {
        let tags: Vec<String> = variant.tags.iter().map(|tag| code(tag)).collect();
        let tags = if tags.is_empty() {
            String::new()
        } else {
            format!(", for {}", tags.join(", "))
        };
        out.push_str(&format!("- {}{tags}\n", ty(book, &variant.ty, from)));
    }
    out.push('\n');
}
