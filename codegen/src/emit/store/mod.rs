//! The `store` target: a crate with SeaORM entities and the schema of the database.
//!
//! Owns: which files the crate is made of. Must not know: other targets, beyond how Rust code spells names and comments.
//!
//! Entities and SQL come from the same model as the Drizzle tables, with the same names of constraints and enumerations, so
//! that a database that one of them made serves the others as well. A contract without tables makes no crate.

mod entities;
mod enumerations;
mod names;
mod schema;
#[cfg(test)]
mod tests;

use serde::Serialize;

use super::rust::docs;
use super::rust::manifest::{crate_name, is_package_name, one_line, toml_string};
use super::{Artifact, GENERATED_BY, Input, Ownership};
use crate::diagnostics::{Diagnostic, Diagnostics, Place, emit as codes};
use crate::model::{Column, ColumnKind, Model};
use names::StoreNames;
use schema::Dialect;

/// Frames of this target: name and text.
pub(super) const FRAMES: &[(&str, &str)] = &[
    (
        "store/Cargo.toml",
        include_str!("../../../../templates/store/Cargo.toml"),
    ),
    (
        "store/base64_text.rs",
        include_str!("../../../../templates/store/base64_text.rs"),
    ),
    (
        "store/enumeration.rs",
        include_str!("../../../../templates/store/enumeration.rs"),
    ),
    ("store/lib.rs", include_str!("../../../../templates/store/lib.rs")),
    ("store/secret.rs", include_str!("../../../../templates/store/secret.rs")),
];

/// What frames may use.
#[derive(Serialize)]
struct Frame {
    generated_by: &'static str,
    package: String,
    description: String,
    title: String,
    decimal: bool,
    bytes: bool,
}

/// What the writers of entities and statements share.
struct Context<'c> {
    model: &'c Model,
    names: StoreNames<'c>,
}

/// Makes the artifacts.
pub(super) fn emit(input: &Input<'_>, diagnostics: &mut Diagnostics) -> Vec<Artifact> {
    let model = input.model;
    if model.entities.is_empty() {
        return Vec::new();
    }
    let context = Context {
        model,
        names: StoreNames::new(model, input.names.rust(model)),
    };
    let title = one_line(&input.model.info.title);
    let frame = Frame {
        generated_by: GENERATED_BY,
        package: package(input),
        description: toml_string(&format!("Tables and rows of {title}")),
        title: docs::lines(&title).join(" "),
        decimal: columns(model).any(|column| column.kind == ColumnKind::Decimal),
        bytes: columns(model).any(|column| column.kind == ColumnKind::Bytes && !column.secret),
    };
    let mut render = |name: &str| {
        input.templates.render(name, &frame).unwrap_or_else(|error| {
            let place = Place::file(&format!("templates/{}", error.name));
            diagnostics.push(Diagnostic::new(&codes::TEMPLATE, error.message, place));
            String::new()
        })
    };
    let rust = |text: &str| format!("// {GENERATED_BY}\n{text}");
    let sql = |dialect| format!("-- {GENERATED_BY}\n{}", schema::statements(&context, dialect));
    let mut files = vec![
        ("Cargo.toml".to_owned(), render("store/Cargo.toml")),
        ("rustfmt.toml".to_owned(), render("rust/crate/rustfmt.toml")),
        ("src/lib.rs".to_owned(), rust(&render("store/lib.rs"))),
        ("src/secret.rs".to_owned(), rust(&render("store/secret.rs"))),
        ("src/enumeration.rs".to_owned(), rust(&render("store/enumeration.rs"))),
        ("src/enums.rs".to_owned(), rust(&enumerations::module(&context))),
        ("src/entities/mod.rs".to_owned(), rust(&entities::index(&context))),
        ("src/schema/sqlite.sql".to_owned(), sql(Dialect::Sqlite)),
        ("src/schema/postgres.sql".to_owned(), sql(Dialect::Postgres)),
    ];
    if frame.bytes {
        files.push(("src/base64_text.rs".to_owned(), rust(&render("store/base64_text.rs"))));
    }
    files.extend((0..model.entities.len()).map(|at| {
        let path = format!("src/entities/{}.rs", context.names.module(at));
        (path, rust(&entities::entity(&context, at)))
    }));
    let folder = input.settings.store.out.as_deref().unwrap_or("generated/store");
    let folder = folder.trim_end_matches('/');
    let mut artifacts: Vec<Artifact> = files
        .into_iter()
        .map(|(path, text)| Artifact {
            path: format!("{folder}/{path}"),
            text: text.into(),
            ownership: Ownership::Managed,
            target: "store",
        })
        .collect();
    artifacts.sort_by(|a, b| a.path.cmp(&b.path));
    artifacts
}

/// Columns of all tables.
fn columns(model: &Model) -> impl Iterator<Item = &Column> {
    model.entities.iter().flat_map(|entity| &entity.columns)
}

/// Name of the crate: of the settings, else the project's with `-store` behind it.
fn package(input: &Input<'_>) -> String {
    let given = input.settings.store.package.as_deref();
    match given.filter(|name| !name.trim().is_empty()) {
        Some(name) if is_package_name(name) => name.to_owned(),
        Some(name) => crate_name(name),
        None => format!("{}-store", crate_name(input.project)),
    }
}
