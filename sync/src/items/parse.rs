//! Whether a text is readable in its language.
//!
//! Owns: the parsers, and telling line and column of what they refuse. Must not know: what the text is for.

use std::sync::Arc;

use deno_ast::diagnostics::Diagnostic as _;
use deno_ast::{MediaType, ModuleSpecifier, ParseParams, ParsedSource};
use serde::de::IgnoredAny;

use super::{Language, extension, place};

/// Stack of the thread that reads Rust, in bytes: syn recurses, and deep nesting must not end the process.
const STACK: usize = 64 << 20;

/// Refuses a text that its language's parser does not read; the error names line and column.
pub(crate) fn readable(path: &str, text: &str) -> Result<(), String> {
    match Language::of(path) {
        Language::Rust => rust(text, |_| ()),
        Language::TypeScript => typescript(path, text).map(|_| ()),
        Language::Json => json(text),
        Language::Yaml => yaml(text),
        Language::Toml => toml(text),
        Language::Lines => Ok(()),
    }
}

/// Reads Rust and hands the file on. It happens on a thread of its own: the places of tokens are kept a thread long, and
/// its stack is deep.
pub(crate) fn rust<T: Send>(text: &str, read: impl FnOnce(&syn::File) -> T + Send) -> Result<T, String> {
    let work = move || match syn::parse_file(text) {
        Ok(file) => Ok(read(&file)),
        Err(error) => {
            let at = error.span().start();
            Err(format!("line {}, column {}: {error}", at.line, at.column + 1))
        }
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        let thread = thread.map_err(|error| format!("cannot read the text: {error}"))?;
        thread
            .join()
            .unwrap_or_else(|_| Err("line 1, column 1: the parser gave up".to_owned()))
    })
}

/// Reads TypeScript or JavaScript; the path tells which, and whether it holds JSX.
pub(crate) fn typescript(path: &str, text: &str) -> Result<ParsedSource, String> {
    let media_type = match extension(path) {
        "tsx" => MediaType::Tsx,
        "mts" => MediaType::Mts,
        "cts" => MediaType::Cts,
        "js" => MediaType::JavaScript,
        "jsx" => MediaType::Jsx,
        "mjs" => MediaType::Mjs,
        "cjs" => MediaType::Cjs,
        _ => MediaType::TypeScript,
    };
    let specifier = ModuleSpecifier::parse("file:///text").map_err(|error| error.to_string())?;
    let parsed = deno_ast::parse_program(ParseParams {
        specifier,
        text: Arc::from(text),
        media_type,
        capture_tokens: false,
        scope_analysis: false,
        maybe_syntax: None,
    });
    let told = |problem: &deno_ast::ParseDiagnostic| {
        let at = problem.display_position();
        format!(
            "line {}, column {}: {}",
            at.line_number,
            at.column_number,
            problem.message()
        )
    };
    let parsed = parsed.map_err(|problem| told(&problem))?;
    match parsed.diagnostics().first() {
        Some(problem) => Err(told(problem)),
        None => Ok(parsed),
    }
}

fn json(text: &str) -> Result<(), String> {
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => Ok(()),
        Err(error) => {
            let (line, column) = (error.line().max(1), error.column().max(1));
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            Err(format!("line {line}, column {column}: {message}"))
        }
    }
}

fn yaml(text: &str) -> Result<(), String> {
    let read = serde_saphyr::from_multiple_with_options::<IgnoredAny>(text, yaml_options());
    match read {
        Ok(_) => Ok(()),
        Err(error) => {
            let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
            let message = error.to_string();
            let message = message.lines().next().unwrap_or_default();
            Err(format!("line {line}, column {column}: {message}"))
        }
    }
}

/// How YAML is read: a generated document may be large.
pub(crate) fn yaml_options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_nodes: 5_000_000 },
        with_snippet: false,
    }
}

fn toml(text: &str) -> Result<(), String> {
    match toml::from_str::<toml::Table>(text) {
        Ok(_) => Ok(()),
        Err(error) => {
            let (line, column) = place(text, error.span().map_or(0, |span| span.start));
            Err(format!("line {line}, column {column}: {}", error.message()))
        }
    }
}
