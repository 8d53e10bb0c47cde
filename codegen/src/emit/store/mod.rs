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

use std::sync::Arc;

use serde::Serialize;

use super::rust::docs;
use super::rust::manifest::{crate_name, is_package_name, one_line, toml_string};
use super::{Artifact, GENERATED_BY, Input, Ownership};
use crate::diagnostics::{Diagnostic, Diagnostics, Place, emit as codes};
use crate::model::{Column, ColumnKind, Entity, Model, TypeId};
use crate::rope::Rope;
use names::StoreNames;
use schema::{Dialect, Statements};

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
        names: StoreNames::new(model, input.names.rust(input)),
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
    let tables: Vec<Arc<Written>> = (0..)
        .zip(&model.entities)
        .map(|(at, entity)| written(input, &context, at, entity))
        .collect();
    let mut files = fixed(input, &context, &frame, diagnostics);
    for (path, dialect) in [("sqlite", Dialect::Sqlite), ("postgres", Dialect::Postgres)] {
        let statements = schema::statements(&context, dialect, tables.iter().map(|table| &table.statements));
        let text = format!("-- {GENERATED_BY}\n{statements}");
        files.push((format!("src/schema/{path}.sql"), text.into()));
    }
    files.extend(tables.iter().enumerate().map(|(at, table)| {
        let path = format!("src/entities/{}.rs", context.names.module(at));
        (path, table.entity.clone())
    }));
    let folder = input.settings.store.out.as_deref().unwrap_or("generated/store");
    let folder = folder.trim_end_matches('/');
    let mut artifacts: Vec<Artifact> = files
        .into_iter()
        .map(|(path, text)| Artifact {
            path: format!("{folder}/{path}"),
            text,
            ownership: Ownership::Managed,
            target: "store",
        })
        .collect();
    artifacts.sort_by(|a, b| a.path.cmp(&b.path));
    artifacts
}

/// A file below the folder of the crate: its path and its text.
type File = (String, Rope);

/// What is written about a table.
struct Written {
    entity: Rope,
    statements: Statements,
}

/// A table as it was written when it or what it depends on changed last.
fn written(input: &Input<'_>, context: &Context<'_>, at: usize, entity: &Entity) -> Arc<Written> {
    let round = input.revisions.of_table(input.model, at);
    let key = ("store table", at.to_string());
    input.memo.part(key, round, input.revisions.now, || Written {
        entity: rust(&entities::entity(context, at, entity)).into(),
        statements: Statements::of(context, entity),
    })
}

/// The files that are no single table's, but for the statements.
fn fixed(input: &Input<'_>, context: &Context<'_>, frame: &Frame, diagnostics: &mut Diagnostics) -> Vec<File> {
    let enumerations: Vec<TypeId> = context.names.enums().map(|(id, _)| id).collect();
    let revisions = input.revisions;
    let round = revisions.of_types(&enumerations).max(revisions.of_tables());
    let key = ("store", format!("{} {}", frame.decimal, frame.bytes));
    let made = input.memo.part(key, round, revisions.now, || {
        let mut found = Diagnostics::new();
        let mut render = |name: &str| {
            input.templates.render(name, frame).unwrap_or_else(|error| {
                let place = Place::file(&format!("templates/{}", error.name));
                found.push(Diagnostic::new(&codes::TEMPLATE, error.message, place));
                String::new()
            })
        };
        let mut files = vec![
            ("Cargo.toml", render("store/Cargo.toml")),
            ("rustfmt.toml", render("rust/crate/rustfmt.toml")),
            ("src/lib.rs", rust(&render("store/lib.rs"))),
            ("src/secret.rs", rust(&render("store/secret.rs"))),
            ("src/enumeration.rs", rust(&render("store/enumeration.rs"))),
            ("src/enums.rs", rust(&enumerations::module(context))),
            ("src/entities/mod.rs", rust(&entities::index(context))),
        ];
        if frame.bytes {
            files.push(("src/base64_text.rs", rust(&render("store/base64_text.rs"))));
        }
        let files = files.into_iter().map(|(path, text)| (path.to_owned(), text.into()));
        (files.collect::<Vec<File>>(), found)
    });
    diagnostics.extend(made.1.iter().cloned());
    made.0.clone()
}

fn rust(text: &str) -> String {
    format!("// {GENERATED_BY}\n{text}")
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
