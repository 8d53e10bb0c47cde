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
pub(crate) use plaintext::{Tokens, tokens};
pub use secret_forms::token_prefixes;

use crate::diagnostics::Diagnostics;
use crate::lower::Formerly;
use crate::memo::Memo;
use crate::model::Model;
use crate::openapi::Bundle;
use crate::openapi::update::Former;
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
pub(crate) struct Texts<'a> {
    /// The contracts.
    pub bundle: &'a Bundle,
    /// Every file.
    pub sources: &'a Sources,
    /// Tokens of a certain form in every file.
    pub tokens: &'a Tokens,
    /// Files of features and of the constitution.
    pub prose: Vec<&'a str>,
    /// Fingerprints of what is known to be no secret.
    pub no_secrets: &'a [String],
    /// What was found before.
    pub memo: &'a Memo,
    /// What has changed since then.
    pub revisions: &'a Revisions,
}

/// What was found in the contracts, for a round after this one.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    types: Diagnostics,
    secrets: plaintext::ByPart,
}

/// Every rule about the model, in the order in which they tell.
const RULES: &[fn(&Input<'_>, &mut Diagnostics)] = &[
    trace::unknown,
    trace::uncovered,
    trace::untraced,
    operations::no_success,
    operations::no_id,
    operations::uncaptured,
];

/// Runs every rule about texts. `last` is what was found in the last round, when the revisions know of it.
pub(crate) fn texts(texts: &Texts<'_>, last: Option<Looked>, diagnostics: &mut Diagnostics) -> Looked {
    let mut looked = Looked::default();
    types::unknown(texts.bundle, &mut looked.types);
    looked.secrets = plaintext::by_part(texts, last.map(|last| last.secrets));
    tell(texts, &looked, diagnostics);
    looked
}

/// The same where nothing of the contracts changed but some units.
pub(crate) fn texts_of_units(
    texts: &Texts<'_>,
    changed: &[Former],
    looked: &mut Looked,
    diagnostics: &mut Diagnostics,
) {
    let changed = || changed.iter().map(|former| &*former.pointer);
    if !looked.types.is_empty() || types::is_any_unknown(texts.bundle, changed()) {
        looked.types.clear();
        types::unknown(texts.bundle, &mut looked.types);
    }
    plaintext::look_again(texts, changed(), &mut looked.secrets);
    tell(texts, looked, diagnostics);
}

fn tell(texts: &Texts<'_>, looked: &Looked, diagnostics: &mut Diagnostics) {
    diagnostics.extend(looked.types.iter().cloned());
    plaintext::in_contracts(texts, &looked.secrets, diagnostics);
    plaintext::in_features(texts, diagnostics);
}

/// Whether rules about the model may tell otherwise than in the last round, if nothing changed but these units: of schemas they ask no
/// more than what the frame of the model is made of.
pub(crate) fn concerns_rules(changed: &[Former], formerly: &Formerly) -> bool {
    let is_schema = |unit: &Former| unit.pointer.starts_with("/components/schemas/");
    !formerly.operations.is_empty() || !changed.iter().all(is_schema)
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
