//! The crate around the modules: `Cargo.toml`, `README.md`, `rustfmt.toml`, `lib.rs`.
//!
//! Owns: names of the crate and its folder, the list of its modules. Must not know: what is in them.

use std::fmt::Write as _;

use serde::Serialize;

use super::super::{Artifact, GENERATED_BY, Input, Ownership};
use super::{Module, Root, docs, server, types};
use crate::diagnostics::Diagnostics;
use crate::model::{Case, Name};

/// Folder of the crate, relative to the root.
pub(super) fn folder<'a>(input: &Input<'a>) -> &'a str {
    input
        .settings
        .rust
        .out
        .as_deref()
        .unwrap_or("generated/rust")
        .trim_end_matches('/')
}

/// Name of the crate: of the settings, else the project's with `-api` behind it. Always one that cargo takes.
fn package(input: &Input<'_>) -> String {
    let given = input
        .settings
        .rust
        .package
        .as_deref()
        .filter(|name| !name.trim().is_empty());
    match given {
        Some(name) if is_package_name(name) => name.to_owned(),
        Some(name) => crate_name(name),
        None => {
            let name = crate_name(input.project);
            if name.ends_with("-api") || name == "api" {
                name
            } else {
                format!("{name}-api")
            }
        }
    }
}

/// What Rust code calls the crate.
pub(super) fn krate(input: &Input<'_>) -> String {
    package(input).replace('-', "_")
}

pub(in crate::emit) fn is_package_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        && !is_reserved(name)
}

pub(in crate::emit) fn crate_name(text: &str) -> String {
    let name = Name::new(text).to(Case::Kebab);
    if is_reserved(&name) {
        format!("{name}-api")
    } else {
        name
    }
}

/// Names that cargo refuses, or that a dependency of the crate has.
fn is_reserved(name: &str) -> bool {
    const WORDS: [&str; 24] = [
        "test",
        "core",
        "std",
        "alloc",
        "proc-macro",
        "proc_macro",
        "build",
        "deps",
        "examples",
        "incremental",
        "con",
        "nul",
        "serde",
        "serde_json",
        "uuid",
        "chrono",
        "regress",
        "base64",
        "axum",
        "reqwest",
        "http",
        "bytes",
        "futures-util",
        "futures-core",
    ];
    WORDS.contains(&name) || super::names::is_keyword(name)
}

#[derive(Serialize)]
struct Manifest {
    generated_by: &'static str,
    package: String,
    description: String,
    krate: String,
    title: String,
    version: String,
    /// How deep the compiler must look, if deeper than it does by itself.
    recursion_limit: Option<usize>,
}

/// `Cargo.toml`, `README.md` and `rustfmt.toml`.
pub(super) fn files(input: &Input<'_>, recursion_limit: Option<usize>, diagnostics: &mut Diagnostics) -> Vec<Artifact> {
    let package = package(input);
    let title = one_line(&input.model.info.title);
    let context = Manifest {
        generated_by: GENERATED_BY,
        // Debug formatting of a string without control signs is a basic string of TOML, once `\u{..}` cannot occur in it.
        description: toml_string(&format!("Types, server and client of {title}")),
        krate: krate(input),
        package,
        version: markdown(&one_line(&input.model.info.version)),
        title: markdown(&title),
        recursion_limit,
    };
    let mut files = Vec::new();
    for (frame, path) in [
        ("rust/crate/Cargo.toml", "Cargo.toml"),
        ("rust/crate/README.md", "README.md"),
        ("rust/crate/rustfmt.toml", "rustfmt.toml"),
    ] {
        if let Some(text) = super::frame(input, frame, &context, diagnostics) {
            files.push(Artifact {
                path: format!("{}/{path}", folder(input)),
                text: text.into(),
                ownership: Ownership::Managed,
                target: super::TARGET,
            });
        }
    }
    files
}

pub(in crate::emit) fn one_line(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(in crate::emit) fn toml_string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push(' '),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Text that Markdown shows as it is.
pub(in crate::emit) fn markdown(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if c.is_ascii_punctuation() && !matches!(c, '.' | ',' | ':' | '\'' | '-' | '/' | '(' | ')') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// `lib.rs`.
pub(super) fn lib(input: &Input<'_>, recursion_limit: Option<usize>) -> Module {
    let mut text = String::new();
    for line in docs::lines(&format!(
        "{} {}",
        one_line(&input.model.info.title),
        one_line(&input.model.info.version)
    )) {
        let _ = writeln!(text, "//! {line}");
    }
    text.push_str(concat!(
        "//!\n",
        "//! Types and schemas are always there; the cargo feature `server` adds the router, `client` the client.\n",
    ));
    if let Some(limit) = recursion_limit {
        let _ = write!(
            text,
            "//!\n//! Types lie in each other so deep that a crate which uses them may have to begin with `#![recursion_limit = \"{limit}\"]`, too.\n\n#![recursion_limit = \"{limit}\"]"
        );
    }
    text.push_str(concat!(
        "\n#![forbid(unsafe_code)]\n",
        "// What a contract names and how much of this crate somebody uses is not for lints to judge.\n",
        "#![allow(dead_code, unused_imports, rustdoc::all, clippy::all, clippy::pedantic)]\n\n",
    ));
    let mut roots: Vec<&Root> = types::MODULES.iter().chain(server::MODULES).collect();
    roots.sort_by_key(|root| root.name);
    for root in roots {
        if let Some(feature) = root.feature {
            let _ = writeln!(text, "#[cfg(feature = {feature:?})]");
        }
        let _ = writeln!(text, "pub mod {};", root.name);
    }
    Module::text("lib.rs", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_have_names_that_cargo_takes() {
        for (project, name) in [
            ("Redocly Museum API", "redocly-museum-api"),
            ("serde", "serde-api"),
            ("1st", "n-1st"),
            ("", "empty"),
            ("\"]\n[evil]", "evil"),
        ] {
            assert_eq!(crate_name(project), name, "{project:?}");
            assert!(is_package_name(&crate_name(project)));
        }
        assert!(!is_package_name("a b") && !is_package_name("test") && !is_package_name("1a"));
    }

    #[test]
    fn words_of_the_contract_stay_inside_their_string() {
        for text in ["\"\n[dependencies]", "\\", "a\u{7f}b", "é\u{202e}"] {
            let line = format!("description = {}", toml_string(text));
            let table = line.parse::<toml::Table>();
            assert_eq!(table.map(|table| table.len()).ok(), Some(1), "{line}");
        }
    }
}
