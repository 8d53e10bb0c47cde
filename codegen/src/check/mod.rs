//! Rules over the model.
//!
//! Owns: the table of rules. Must not know: documents' syntax, targets. A rule only tells; it changes nothing. A new rule is a
//! function in the file of its family and one line in the table.

mod operations;
mod plaintext;
mod secret_forms;
mod trace;
mod types;

pub use plaintext::redacted;
pub use secret_forms::token_prefixes;

use crate::diagnostics::Diagnostics;
use crate::memo::Memo;
use crate::model::Model;
use crate::openapi::Bundle;
use crate::revisions::Revisions;
use crate::source::Sources;
use crate::trace::Resolver;

/// What rules about the model look at.
struct Input<'a> {
    model: &'a Model,
    bundle: &'a Bundle,
    resolver: Resolver<'a>,
}

/// What rules about texts look at: there need be no model.
pub struct Texts<'a> {
    /// The contracts.
    pub bundle: &'a Bundle,
    /// Every file.
    pub sources: &'a Sources,
    /// Files of features and of the constitution.
    pub prose: Vec<&'a str>,
    /// What was found before.
    pub memo: &'a Memo,
    /// What has changed since then.
    pub revisions: &'a Revisions,
}

/// Every rule about texts, in the order in which they tell.
const OF_TEXTS: &[fn(&Texts<'_>, &mut Diagnostics)] =
    &[types::unknown, plaintext::in_contracts, plaintext::in_features];

/// Every rule about the model, in the order in which they tell.
const RULES: &[fn(&Input<'_>, &mut Diagnostics)] = &[
    trace::unknown,
    trace::uncovered,
    trace::untraced,
    operations::no_success,
    operations::no_id,
    operations::uncaptured,
];

/// Runs every rule about texts.
pub fn texts(texts: &Texts<'_>, diagnostics: &mut Diagnostics) {
    for rule in OF_TEXTS {
        rule(texts, diagnostics);
    }
}

/// Runs every rule about the model.
pub fn check(model: &Model, bundle: &Bundle, diagnostics: &mut Diagnostics) {
    let input = Input {
        model,
        bundle,
        resolver: Resolver::new(model),
    };
    for rule in RULES {
        rule(&input, diagnostics);
    }
}
