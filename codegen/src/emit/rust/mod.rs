//! The `rust` target: a crate with types, validation, one trait a domain, an axum router, the operation table, a client.
//!
//! Owns: which files the crate is made of, and how they are printed. Must not know: other targets.
//!
//! Both halves return [`Module`]s: `types` the shapes of values and the rules on them, `server` everything about operations.
//! A half lists its top-level modules in `MODULES`, from which `lib.rs` is made.

mod depth;
pub(super) mod docs;
mod imports;
pub(super) mod layout;
pub(super) mod manifest;
pub(super) mod names;
mod server;
mod spell;
mod types;

use super::{Artifact, GENERATED_BY, Input, Ownership};
use crate::diagnostics::{Diagnostic, Diagnostics, Place, emit as codes};
use crate::memo::Memo;
use crate::model::Model;
use crate::rope::Rope;
pub(super) use server::FRAMES as SERVER_FRAMES;

/// Frames of this target: name and text.
pub(super) const FRAMES: &[(&str, &str)] = &[
    (
        "rust/crate/Cargo.toml",
        include_str!("../../../../templates/rust/crate/Cargo.toml"),
    ),
    (
        "rust/crate/README.md",
        include_str!("../../../../templates/rust/crate/README.md"),
    ),
    (
        "rust/crate/rustfmt.toml",
        include_str!("../../../../templates/rust/crate/rustfmt.toml"),
    ),
    (
        "rust/crate/lifecycle.rs",
        include_str!("../../../../templates/rust/crate/lifecycle.rs"),
    ),
    (
        "rust/crate/scalars.rs",
        include_str!("../../../../templates/rust/crate/scalars.rs"),
    ),
    (
        "rust/crate/validate/mod.rs",
        include_str!("../../../../templates/rust/crate/validate/mod.rs"),
    ),
    (
        "rust/crate/validate/check.rs",
        include_str!("../../../../templates/rust/crate/validate/check.rs"),
    ),
    (
        "rust/crate/validate/format.rs",
        include_str!("../../../../templates/rust/crate/validate/format.rs"),
    ),
    (
        "rust/crate/validate/guard.rs",
        include_str!("../../../../templates/rust/crate/validate/guard.rs"),
    ),
    (
        "rust/crate/validate/number.rs",
        include_str!("../../../../templates/rust/crate/validate/number.rs"),
    ),
    (
        "rust/crate/validate/schema.rs",
        include_str!("../../../../templates/rust/crate/validate/schema.rs"),
    ),
];

/// The name that artifacts carry.
const TARGET: &str = "rust";

/// What frames may use.
#[derive(serde::Serialize)]
struct Frame {
    /// Whether any type has guards.
    guards: bool,
}

impl Frame {
    fn of(model: &Model) -> Self {
        let guards = model.guard_definitions.is_some();
        Self { guards }
    }
}

/// The line that says who made a file.
fn made_by() -> String {
    format!("// {GENERATED_BY}\n")
}

/// A file below `src/`.
#[derive(Clone)]
struct Module {
    /// Path below `src/`: `server/mod.rs`.
    path: String,
    /// Its text.
    text: Rope,
}

impl Module {
    /// A file of Rust text that is laid out already. The line that says who made it is put before it.
    fn text(path: impl Into<String>, text: impl AsRef<str>) -> Self {
        Self {
            path: path.into(),
            text: [&made_by(), text.as_ref()].concat().into(),
        }
    }

    /// The same with its text where it can wait to be written.
    fn aside(self, memo: &Memo) -> Self {
        Self {
            text: memo.aside(self.text),
            ..self
        }
    }
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
    let names = input.names.rust(input);
    let mut modules = types::emit(names, input, diagnostics);
    let round = input.revisions.of_operations();
    let server = input
        .memo
        .part((TARGET, "server".to_owned()), round, input.revisions.now, || {
            let mut found = Diagnostics::new();
            (server::emit(names, input, &mut found), found)
        });
    modules.extend(server.0.iter().cloned());
    diagnostics.extend(server.1.iter().cloned());
    let recursion_limit = depth::recursion_limit(names);
    let folder = manifest::folder(input);
    let round = input.revisions.of_frame();
    let name = format!("{recursion_limit:?}");
    let mut artifacts = input.again(TARGET, &name, round, diagnostics, |found| {
        let lib = manifest::lib(input, recursion_limit);
        let mut around = manifest::files(input, recursion_limit, found);
        around.push(artifact(folder, lib));
        around
    });
    artifacts.extend(modules.into_iter().map(|module| artifact(folder, module)));
    if let Some(handlers) = &input.settings.rust.handlers {
        let handlers = handlers.trim_end_matches('/');
        let files = server::scaffolds(names, &manifest::krate(input));
        artifacts.extend(files.into_iter().map(|(name, text)| Artifact {
            path: format!("{handlers}/{name}"),
            text: text.into(),
            ownership: Ownership::Scaffold,
            target: TARGET,
        }));
    }
    artifacts.sort_by(|a, b| a.path.cmp(&b.path));
    artifacts
}

fn artifact(folder: &str, module: Module) -> Artifact {
    Artifact {
        path: format!("{folder}/src/{}", module.path),
        text: module.text,
        ownership: Ownership::Managed,
        target: TARGET,
    }
}

/// A place in the settings: what leads to a file that cannot be made is a template or a setting, never a line of a spec.
fn settings_file(pointer: &str) -> Place {
    Place::pointer(crate::settings::FILE, pointer)
}

/// Fills a frame; a frame that cannot be filled is told, and left out.
fn frame(
    input: &Input<'_>,
    name: &str,
    context: &impl serde::Serialize,
    diagnostics: &mut Diagnostics,
) -> Option<String> {
    match input.templates.render(name, context) {
        Ok(text) => Some(text),
        Err(error) => {
            let message = format!("{}: {}", error.name, error.message);
            diagnostics.push(Diagnostic::new(&codes::TEMPLATE, message, settings_file("/templates")));
            None
        }
    }
}
