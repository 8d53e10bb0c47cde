//! Targets: pure functions from the model to artifacts.
//!
//! Owns: the table of targets, what they are given and what they return. Must not know: disk, git, or each other's output.
//! A new target is one file or folder here and one line in [`TARGETS`].

mod ahead;
mod database;
mod docs;
mod drizzle;
pub mod example;
mod files;
mod hono;
mod json;
mod mcp;
mod openapi;
mod package;
mod postman;
mod rust;
pub mod schema;
mod store;
pub mod templates;
#[cfg(test)]
mod testing;
mod typescript;
mod wrap;
mod zod;

use std::sync::OnceLock;

use crate::diagnostics::Diagnostics;
use crate::memo::Memo;
use crate::model::Model;
use crate::openapi::Bundle;
use crate::revisions::{Revisions, Round};
use crate::rope::Rope;
use crate::settings::Settings;
pub use ahead::Ahead;
use rust::names::RustNames;
use schema::Definitions;
use templates::Templates;
use typescript::names::TsNames;

/// What every target is given. Nothing else may influence its output.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// What the service is.
    pub model: &'a Model,
    /// The same as one OpenAPI document, for targets that hand schemas on as they are.
    pub bundle: &'a Bundle,
    /// The project's settings.
    pub settings: &'a Settings,
    /// Fixed frames, some of them replaced by the project.
    pub templates: &'a Templates,
    /// Name of the project.
    pub project: &'a str,
    /// What everything is called in each language.
    pub names: &'a Names<'a>,
    /// Which targets are being emitted, so that a package can list what is in it.
    pub selected: &'a [&'static str],
    /// The components of the bundle, for targets that hand schemas on.
    pub definitions: &'a Definitions,
    /// What was made of the bundle already, while there was no model yet.
    pub ahead: &'a Ahead,
    /// What was made before. It saves time and changes nothing.
    pub memo: &'a Memo,
    /// What has changed since then.
    pub revisions: &'a Revisions,
}

impl<'a> Input<'a> {
    /// All of it that does not wait for a model.
    fn contract(&self) -> ahead::Contract<'a> {
        ahead::Contract {
            bundle: self.bundle,
            settings: self.settings,
            memo: self.memo,
            revisions: self.revisions,
        }
    }

    /// Artifacts that were made in `round` or later, with what was told about them; else what `make` makes now. `round` must be
    /// the last in which anything changed that they are made from.
    fn again(
        &self,
        target: &'static str,
        name: &str,
        round: Round,
        diagnostics: &mut Diagnostics,
        make: impl FnOnce(&mut Diagnostics) -> Vec<Artifact>,
    ) -> Vec<Artifact> {
        let made = self
            .memo
            .part((target, name.to_owned()), round, self.revisions.now, || {
                let mut found = Diagnostics::new();
                let made = make(&mut found).into_iter().map(|artifact| artifact.aside(self.memo));
                (made.collect::<Vec<_>>(), found)
            });
        let (artifacts, found) = &*made;
        diagnostics.extend(found.iter().cloned());
        artifacts.clone()
    }
}

/// Names of the model in the languages of several targets, found when the first of these asks.
#[derive(Default)]
pub struct Names<'a> {
    rust: OnceLock<RustNames<'a>>,
    typescript: OnceLock<TsNames<'a>>,
}

impl<'a> Names<'a> {
    fn rust(&self, input: &Input<'a>) -> &RustNames<'a> {
        self.rust
            .get_or_init(|| RustNames::again(input.model, input.memo, input.revisions))
    }

    fn typescript(&self, input: &Input<'a>) -> &TsNames<'a> {
        self.typescript
            .get_or_init(|| TsNames::again(input.model, input.memo, input.revisions))
    }
}

/// A file to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Path relative to the root, with `/`.
    pub path: String,
    /// Its text, with `\n` ends. One that is the same as in an earlier round is often the very same one.
    pub text: Rope,
    /// Who keeps it.
    pub ownership: Ownership,
    /// The target that made it.
    pub target: &'static str,
}

impl Artifact {
    /// The same with its text where it can wait to be written.
    pub(crate) fn aside(self, memo: &Memo) -> Self {
        Self {
            text: memo.aside(self.text),
            ..self
        }
    }
}

/// Who keeps a file after it was written first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// Regenerated, and checked for drift.
    Managed,
    /// Written once; then the team's own.
    Scaffold,
}

/// One row of the table of targets.
pub struct Target {
    /// Its name in settings and on the command line.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// Targets that it cannot do without; they are emitted with it.
    pub needs: &'static [&'static str],
    /// Not a choice of its own: a frame that other targets need.
    pub hidden: bool,
    /// Makes the artifacts. Problems are told, never panicked about.
    pub emit: fn(&Input<'_>, &mut Diagnostics) -> Vec<Artifact>,
}

/// Everything that Flaresmith can produce.
pub const TARGETS: &[Target] = &[
    Target {
        name: "openapi",
        about: "One bundled OpenAPI 3.1 document (JSON and YAML) and its 3.0 down-conversion",
        needs: &[],
        hidden: false,
        emit: openapi::emit,
    },
    Target {
        name: "rust",
        about: "A Rust crate: types, validation, one trait a domain, axum router, operation table, client",
        needs: &[],
        hidden: false,
        emit: rust::emit,
    },
    Target {
        name: "package",
        about: "Frame of the npm package that holds the zod, drizzle and hono targets",
        needs: &[],
        hidden: true,
        emit: package::emit,
    },
    Target {
        name: "zod",
        about: "Zod 4 schemas and inferred types, one module a domain",
        needs: &["package"],
        hidden: false,
        emit: zod::emit,
    },
    Target {
        name: "drizzle",
        about: "Drizzle pg-core tables, enums, indexes and relations",
        needs: &["package"],
        hidden: false,
        emit: drizzle::emit,
    },
    Target {
        name: "store",
        about: "A Rust crate: SeaORM entities, and the same tables as SQL for SQLite and Postgres",
        needs: &[],
        hidden: false,
        emit: store::emit,
    },
    Target {
        name: "hono",
        about: "A typed Hono app: routes, validation, error envelope, operation table",
        needs: &["package", "zod"],
        hidden: false,
        emit: hono::emit,
    },
    Target {
        name: "postman",
        about: "Postman collections and environments",
        needs: &[],
        hidden: false,
        emit: postman::emit,
    },
    Target {
        name: "mcp",
        about: "MCP tool descriptors and their token budget",
        needs: &[],
        hidden: false,
        emit: mcp::emit,
    },
    Target {
        name: "docs",
        about: "API reference, error catalog, lifecycle diagrams, requirement trace",
        needs: &[],
        hidden: false,
        emit: docs::emit,
    },
];

/// The fixed frames of every target.
const FRAMES: &[&[(&str, &str)]] = &[
    docs::FRAMES,
    drizzle::FRAMES,
    hono::FRAMES,
    mcp::FRAMES,
    openapi::FRAMES,
    package::FRAMES,
    postman::FRAMES,
    rust::FRAMES,
    rust::SERVER_FRAMES,
    store::FRAMES,
    zod::FRAMES,
];

/// Whether a text has nothing but signs of ASCII that can be seen, and spaces: most have, and need little quoting.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// How many small things a thread makes in one go. Left to itself it would take a quarter of them, and another that has nothing else to
/// do could not help with those.
const AT_ONCE: usize = 16;

/// First line of every generated file that can have comments: which command made it from what.
pub const GENERATED_BY: &str = "Generated by `flaresmith spec apply` from the contract. Edits are kept only through `flaresmith spec apply --merge`.";
