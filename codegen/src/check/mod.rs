//! Rules over the model.
//!
//! Owns: the table of rules. Must not know: documents' syntax, targets.

mod responses;
mod secrets;
mod tracing;

use crate::diagnostics::Diagnostics;
use crate::model::Model;
use crate::openapi::Bundle;

/// A rule: looks at everything, tells what it finds.
type Rule = fn(&Model, &Bundle, &mut Diagnostics);

/// Every rule. A new one is a function and a line here.
const RULES: &[Rule] = &[
    tracing::requirements,
    tracing::unknown,
    tracing::operations,
    responses::success,
    secrets::plaintext,
];

/// Runs every rule.
pub fn check(model: &Model, bundle: &Bundle, diagnostics: &mut Diagnostics) {
    for rule in RULES {
        rule(model, bundle, diagnostics);
    }
}
