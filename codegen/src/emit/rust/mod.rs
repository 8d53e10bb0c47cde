//! The `rust` target: a crate with types, validation, one trait a domain, an axum router, the operation table, a client.
//!
//! Owns: which files the crate is made of, and how they are printed. Must not know: other targets.
//!
//! Both halves return [`Module`]s: `types` the shapes of values and the rules on them, `server` everything about operations.
//! A half lists its top-level modules in `MODULES`, from which `lib.rs` is made.

mod docs;
mod manifest;
mod names;
mod server;
mod types;

use proc_macro2::TokenStream;
use rayon::prelude::*;

use super::{Artifact, GENERATED_BY, Input, Ownership};
use crate::diagnostics::{At, Diagnostic, Diagnostics, Place, settings as codes};
use names::RustNames;

/// Frames of this target: name and text.
pub(super) const FRAMES: &[(&str, &str)] = &[
    ("rust/crate/Cargo.toml", include_str!("../../../../templates/rust/crate/Cargo.toml")),
    ("rust/crate/README.md", include_str!("../../../../templates/rust/crate/README.md")),
    ("rust/crate/scalars.rs", include_str!("../../../../templates/rust/crate/scalars.rs")),
    ("rust/crate/validate/mod.rs", include_str!("../../../../templates/rust/crate/validate/mod.rs")),
    ("rust/crate/validate/check.rs", include_str!("../../../../templates/rust/crate/validate/check.rs")),
    ("rust/crate/validate/format.rs", include_str!("../../../../templates/rust/crate/validate/format.rs")),
    ("rust/crate/validate/number.rs", include_str!("../../../../templates/rust/crate/validate/number.rs")),
    ("rust/crate/validate/schema.rs", include_str!("../../../../templates/rust/crate/validate/schema.rs")),
];

/// The name that artifacts carry.
const TARGET: &str = "rust";

/// A file below `src/`.
struct Module {
    /// Path below `src/`: `server/mod.rs`.
    path: String,
    /// What is in it, without the line that says who made it.
    body: ModuleBody,
}

/// What is in a file.
enum ModuleBody {
    /// Items, which are formatted here; inner attributes and docs (`#![doc = "..."]`) may stand first.
    Tokens(TokenStream),
    /// Rust text that is laid out already.
    Text(String),
}

/// A top-level module, for `lib.rs`.
struct Root {
    /// Its name.
    name: &'static str,
    /// The cargo feature that it needs.
    feature: Option<&'static str>,
}

/// Makes the artifacts.
pub(super) fn emit(input: &Input<'_>, diagnostics: &mut Diagnostics) -> Vec<Artifact> {
    let names = RustNames::new(input.model);
    let mut modules = types::emit(&names, input, diagnostics);
    modules.extend(server::emit(&names, input, diagnostics));
    modules.push(manifest::lib(input));
    let folder = manifest::folder(input);
    let printed: Vec<Result<Artifact, String>> = modules
        .into_par_iter()
        .map(|module| {
            let text = match module.body {
                ModuleBody::Text(text) => text,
                ModuleBody::Tokens(tokens) => format_tokens(tokens).map_err(|error| format!("{}: {error}", module.path))?,
            };
            Ok(Artifact {
                path: format!("{folder}/src/{}", module.path),
                text: format!("// {GENERATED_BY}\n{text}"),
                ownership: Ownership::Managed,
                target: TARGET,
            })
        })
        .collect();
    let mut artifacts = manifest::files(input, diagnostics);
    for result in printed {
        match result {
            Ok(artifact) => artifacts.push(artifact),
            // Only a frame that the project replaced, or a mistake of ours, can lead here.
            Err(message) => report(diagnostics, message),
        }
    }
    artifacts.sort_by(|a, b| a.path.cmp(&b.path));
    artifacts
}

/// Tells that a file of this target could not be made.
fn report(diagnostics: &mut Diagnostics, message: String) {
    let place = Place {
        file: crate::settings::FILE.into(),
        at: At::Pointer("/templates".to_owned()),
    };
    diagnostics.push(Diagnostic::new(&codes::TEMPLATE, message, place));
}

/// Fills a frame; a frame that cannot be filled is told, and left out.
fn frame(input: &Input<'_>, name: &str, context: &impl serde::Serialize, diagnostics: &mut Diagnostics) -> Option<String> {
    match input.templates.render(name, context) {
        Ok(text) => Some(text),
        Err(error) => {
            report(diagnostics, format!("{}: {}", error.name, error.message));
            None
        }
    }
}

fn format_tokens(tokens: TokenStream) -> Result<String, syn::Error> {
    syn::parse2(tokens).map(|file| prettyplease::unparse(&file))
}
