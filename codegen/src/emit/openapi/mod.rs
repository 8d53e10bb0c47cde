//! The `openapi` target.
//!
//! Owns: the bundled document in canonical form and its down-conversion to 3.0. Must not know: other targets.
//!
//! Both are the public view of the contract: internal schemas that no public part refers to, and how things are stored, are
//! not published. `openapi.json` is what a server answers with; the YAML files say the same.

mod canonical;
mod downgrade;
mod objects;
mod public;
mod tally;
mod typed;
mod yaml;

use serde_json::Value;

use self::canonical::canonical;
use self::downgrade::downgrade;
use self::tally::Tally;
use super::{Artifact, GENERATED_BY, Input, Ownership, json};
use crate::diagnostics::{Diagnostic, Diagnostics, downgrade as codes};

/// Frames of this target: name and text.
pub(super) const FRAMES: &[(&str, &str)] = &[];

/// Where the documents go when nothing is said.
const FOLDER: &str = "generated/openapi";

/// Makes the artifacts.
pub(super) fn emit(input: &Input<'_>, diagnostics: &mut Diagnostics) -> Vec<Artifact> {
    let bundle = input.bundle;
    let mut dropped = Tally::default();
    let mut document = canonical(&bundle.document, &mut dropped);
    dropped.tell(&codes::KEYWORD_DROPPED, bundle, diagnostics);
    for name in public::keep_public(&mut document) {
        let mut pointer = "/components/schemas".to_owned();
        tally::push(&mut pointer, &name);
        let message = format!("`{name}` is internal, but a public part of the contract refers to it");
        diagnostics.push(Diagnostic::new(
            &codes::INTERNAL_PUBLISHED,
            message,
            bundle.place(&pointer),
        ));
    }
    let mut losses = Tally::default();
    let older = downgrade(&document, &mut losses);
    losses.tell(&codes::DOWNCONVERTED, bundle, diagnostics);
    let folder = input.settings.openapi.out.as_deref().unwrap_or(FOLDER);
    // Writing a document costs more than making it, and no text needs another.
    let pair = |name: &str, document: &Value| {
        let (json, yaml) = rayon::join(
            || artifact(format!("{folder}/{name}.json"), json::document(document)),
            || artifact(format!("{folder}/{name}.yaml"), yaml(document)),
        );
        [json, yaml]
    };
    let (written, refused) = rayon::join(
        || rayon::join(|| pair("openapi", &document), || pair("openapi-3.0", &older)),
        || typed::check(&older),
    );
    refused.tell(&codes::DOWNCONVERT_REFUSED, bundle, diagnostics);
    written.0.into_iter().chain(written.1).collect()
}

fn yaml(document: &Value) -> String {
    format!("# {GENERATED_BY}\n{}", yaml::document(document))
}

fn artifact(path: String, text: String) -> Artifact {
    Artifact {
        path,
        text: text.into(),
        ownership: Ownership::Managed,
        target: "openapi",
    }
}
