//! The first page: what the service is, and the way to every other page.
//!
//! Owns: the overview. Must not know: what the other pages say.

use serde::Serialize;

use super::book::{Book, README, page_link};
use super::prose::line;
use super::quote::{address, code, opening, text};
use super::reference::{paragraph, rate};
use super::table::table;
use crate::emit::GENERATED_BY;
use crate::model::{DomainId, Location, SecurityScheme};

/// What the frame is filled with; everything is Markdown already.
#[derive(Serialize)]
pub(super) struct Readme {
    generated: &'static str,
    title: String,
    about: String,
    places: String,
    access: String,
    domains: String,
    pages: String,
}

/// The first page; `pages` are the others that exist: path and what is on them.
pub(super) fn readme(book: &Book<'_>, pages: &[(&'static str, String)]) -> Readme {
    let model = book.model;
    let mut about = String::new();
    if !model.info.version.is_empty() {
        about.push_str(&format!("Version {}\n\n", text(&model.info.version)));
    }
    if let Some(summary) = &model.info.summary {
        about.push_str(&format!("{}\n\n", opening(summary)));
    }
    about.push_str(&model.info.description.as_deref().map(paragraph).unwrap_or_default());
    let rows: Vec<Vec<String>> = model
        .domains
        .iter()
        .enumerate()
        .filter_map(|(i, domain)| {
            let id = DomainId(u32::try_from(i).ok()?);
            let count = book.operations_of(id).count();
            (count > 0).then(|| {
                vec![
                    page_link(&domain.title, &book.reference_page(id), README),
                    count.to_string(),
                    domain.description.as_deref().map(line).unwrap_or_default(),
                ]
            })
        })
        .collect();
    let mut domains = String::new();
    match rows.as_slice() {
        [] => domains.push_str("The contract has no operations.\n"),
        rows => table(&["Domain", "Operations", "About"], rows, &mut domains),
    }
    let list: Vec<String> = pages
        .iter()
        .map(|(page, about)| {
            let name = page.trim_end_matches(".md");
            let mut chars = name.chars();
            let title = chars.next().map_or_else(String::new, |first| {
                first.to_ascii_uppercase().to_string() + chars.as_str()
            });
            format!("- {}: {about}\n", page_link(&title, page, README))
        })
        .collect();
    Readme {
        generated: GENERATED_BY,
        title: text(if model.info.title.is_empty() {
            book.project
        } else {
            &model.info.title
        }),
        about,
        places: places(book),
        access: access(book),
        domains,
        pages: list.concat(),
    }
}

/// Environments where the contract names them, else servers.
fn places(book: &Book<'_>) -> String {
    let url = |url: &str| address(url).map_or_else(|| code(url), |target| format!("[{}]({target})", text(url)));
    let rows: Vec<Vec<String>> = if book.model.environments.is_empty() {
        let servers = book.model.servers.iter();
        servers
            .map(|server| {
                let shown = if server.variables.is_empty() {
                    url(&server.url)
                } else {
                    code(&server.url)
                };
                vec![
                    String::new(),
                    shown,
                    server.description.as_deref().map(line).unwrap_or_default(),
                ]
            })
            .collect()
    } else {
        let environments = book.model.environments.iter();
        environments
            .map(|(name, one)| {
                vec![
                    text(name),
                    url(&one.url),
                    one.description.as_deref().map(line).unwrap_or_default(),
                ]
            })
            .collect()
    };
    let mut out = String::new();
    table(&["Environment", "Address", "About"], &rows, &mut out);
    out
}

/// Ways to sign in, roles, and how often may be called.
fn access(book: &Book<'_>) -> String {
    let model = book.model;
    let mut out = String::new();
    let schemes: Vec<Vec<String>> = model
        .security_schemes
        .iter()
        .map(|(name, scheme)| vec![text(name), scheme_words(scheme)])
        .collect();
    if !schemes.is_empty() {
        out.push_str("Signing in:\n\n");
        table(&["Scheme", "How"], &schemes, &mut out);
    }
    if !model.roles.is_empty() {
        let roles: Vec<String> = model.roles.iter().map(|role| text(role)).collect();
        out.push_str(&format!(
            "Roles, lowest first: {}. A role may do all that a lower one may.\n\n",
            roles.join(", ")
        ));
    }
    if !model.rate_classes.is_empty() {
        out.push_str("Rate limits:\n\n");
        for class in model.rate_classes.keys() {
            out.push_str(&format!("- {}\n", rate(model, class)));
        }
        out.push('\n');
    }
    let buckets: Vec<Vec<String>> = model
        .rate_buckets
        .iter()
        .map(|(name, bucket)| {
            vec![
                text(name),
                bucket.capacity.to_string(),
                bucket.refill_per_minute.to_string(),
            ]
        })
        .collect();
    table(&["Bucket", "Holds", "Gains a minute"], &buckets, &mut out);
    out
}

fn scheme_words(scheme: &SecurityScheme) -> String {
    match scheme {
        SecurityScheme::Bearer => "a token in `Authorization: Bearer`".to_owned(),
        SecurityScheme::Basic => "name and password in `Authorization: Basic`".to_owned(),
        SecurityScheme::OAuth => {
            "a token of an OAuth 2 or OpenID Connect provider in `Authorization: Bearer`".to_owned()
        }
        SecurityScheme::ApiKey { location, wire } => {
            let place = match location {
                Location::Header => "header",
                Location::Query => "query parameter",
                Location::Cookie => "cookie",
                Location::Path => "path",
            };
            format!("a key in the {place} {}", code(wire))
        }
        SecurityScheme::Other(name) => code(name),
    }
}
