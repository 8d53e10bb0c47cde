//! The page of the error catalog.
//!
//! Owns: what is told about a failure. Must not know: how a server answers with it.

use super::book::Book;
use super::quote::{opening, text};
use super::table::table;
use super::words::ty;
use crate::model::{Kind, RetryPolicy, Type};

/// The body of the page.
pub(super) fn page(book: &Book<'_>, from: &str) -> String {
    let mut out = String::new();
    if let Some(envelope) = book.model.error_envelope {
        let words = ty(book, &Type::of(Kind::Named(envelope)), from);
        out.push_str(&format!("The body of every failure is {words}.\n\n"));
    }
    let rows: Vec<Vec<String>> = book
        .model
        .errors
        .iter()
        .map(|(code, error)| {
            vec![
                book.error_link(code, from),
                error.status.to_string(),
                error.severity.as_str().to_owned(),
                text(&error.message),
            ]
        })
        .collect();
    table(&["Code", "Status", "Severity", "Message"], &rows, &mut out);
    let mut answered: std::collections::BTreeMap<&str, Vec<usize>> = std::collections::BTreeMap::new();
    for (i, operation) in book.model.operations.iter().enumerate() {
        for code in &operation.policy.errors {
            answered.entry(code).or_default().push(i);
        }
    }
    for (code, error) in &book.model.errors {
        if let Some(spot) = book.error(code) {
            out.push_str(&spot.title(2));
        }
        out.push_str(&format!("{}\n\n", opening(&error.message)));
        if let Some(hint) = &error.hint {
            out.push_str(&format!("What to do: {}\n\n", text(hint)));
        }
        let mut facts = vec![
            ("Status", error.status.to_string()),
            ("Severity", error.severity.as_str().to_owned()),
            ("Repeat", retry(error.retry_policy).to_owned()),
        ];
        facts.extend(
            error
                .details
                .as_ref()
                .map(|details| ("Details", ty(book, details, from))),
        );
        if !error.requirements.is_empty() {
            facts.push((
                "Requirements",
                book.requirement_links(&error.requirements, &error.place.file, from),
            ));
        }
        if let Some(operations) = answered.get(code.as_str()) {
            let links: Vec<String> = operations.iter().map(|i| book.operation_link(*i, from)).collect();
            facts.push(("Operations", links.join(", ")));
        }
        for (name, value) in facts {
            out.push_str(&format!("- {name}: {value}\n"));
        }
        out.push('\n');
    }
    out
}

fn retry(policy: RetryPolicy) -> &'static str {
    match policy {
        RetryPolicy::None => "not by itself",
        RetryPolicy::Safe => "may be repeated",
        RetryPolicy::Idempotent => "may be repeated with the same `Idempotency-Key`",
    }
}
