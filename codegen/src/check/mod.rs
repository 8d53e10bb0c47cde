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

use crate::diagnostics::Diagnostics;
use crate::model::Model;
use crate::openapi::Bundle;
use crate::source::Sources;
use crate::trace::Resolver;

/// What rules look at.
struct Input<'a> {
    model: &'a Model,
    bundle: &'a Bundle,
    sources: &'a Sources,
    resolver: Resolver<'a>,
}

/// Every rule, in the order in which they tell.
const RULES: &[fn(&Input<'_>, &mut Diagnostics)] = &[
    trace::unknown,
    trace::uncovered,
    trace::untraced,
    operations::no_success,
    operations::no_id,
    types::unknown,
    plaintext::in_contracts,
    plaintext::in_features,
];

/// Runs every rule.
pub fn check(model: &Model, bundle: &Bundle, sources: &Sources, diagnostics: &mut Diagnostics) {
    let input = Input {
        model,
        bundle,
        sources,
        resolver: Resolver::new(model),
    };
    for rule in RULES {
        rule(&input, diagnostics);
    }
}
