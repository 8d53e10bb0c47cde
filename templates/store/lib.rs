//! What {{ title }} stores.
//!
//! Owns: the rows of every table as SeaORM entities, and the schema of the database as SQL for SQLite and for Postgres. The two
//! come from one model, and so do the Drizzle tables: none of them can differ from another. Written as JSON, a row is a value of
//! its schema, without what is secret.

#![forbid(unsafe_code)]
// What a contract names and how much of this crate somebody uses is not for lints to judge.
#![allow(dead_code, unused_imports, rustdoc::all, clippy::all, clippy::pedantic)]

{% if bytes %}mod base64_text;
{% endif %}pub mod entities;
mod enumeration;
pub mod enums;
mod secret;

pub use secret::{Secret, SecretBytes, SecretText};

/// Statements that make the whole schema in an empty SQLite database. Enumerations are texts with a check, ids and bytes are
/// blobs, moments RFC 3339 texts in UTC, and rows bring their ids themselves.
pub const SQLITE: &str = include_str!("schema/sqlite.sql");

/// Statements that make the whole schema in an empty Postgres database.
pub const POSTGRES: &str = include_str!("schema/postgres.sql");
