//! The page of the webhooks: what the service sends.
//!
//! Owns: what is told about a webhook. Must not know: operations.

use super::book::Book;
use super::quote::{code, opening, text};
use super::reference::{contents, paragraph};
use crate::emit::example::Direction;

/// The body of the page.
pub(super) fn page(book: &Book<'_>, from: &str) -> String {
    let mut out = String::new();
    for webhook in &book.model.webhooks {
        out.push_str(&format!("## {}\n\n", text(&webhook.name.raw)));
        out.push_str(&format!("Sent as {}\n\n", code(webhook.method.as_str())));
        if webhook.docs.deprecated {
            out.push_str("**Deprecated.**\n\n");
        }
        if let Some(summary) = &webhook.summary {
            out.push_str(&format!("{}\n\n", opening(summary)));
        }
        out.push_str(&webhook.docs.description.as_deref().map(paragraph).unwrap_or_default());
        if let Some(body) = &webhook.body {
            out.push_str("**Body**\n\n");
            out.push_str(&body.description.as_deref().map(paragraph).unwrap_or_default());
            // The service sends it, so read-only fields are there.
            contents(book, &body.contents, Direction::Response, from, &mut out);
        }
    }
    out
}
