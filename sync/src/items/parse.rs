//! Whether a text is readable in its language.
//!
//! Owns: the parsers, and telling line and column of what they refuse. Must not know: what the text is for.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use deno_ast::diagnostics::Diagnostic as _;
use deno_ast::{MediaType, ModuleSpecifier, ParseParams, ParsedSource};
use serde::de::IgnoredAny;

use super::tokens::tokens;
use super::{Language, extension, place};

/// Stack of the thread that reads code, in bytes: parsers recurse, and deep nesting must not end the process.
const STACK: usize = 256 << 20;

/// Most brackets around a place, and most signs before a value.
const DEEPEST: usize = 256;

/// What is nested no deeper is read on any stack. A thread of its own, with the memory that comes with it, costs more than reading
/// a short text does.
const SHALLOW: usize = 16;

/// Refuses a text that its language's parser does not read; the error names line and column.
pub(crate) fn readable(path: &str, text: &str) -> Result<(), String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match Language::of(path) {
        Language::Rust => rust(text, |_| ()),
        Language::TypeScript => typescript(path, text, |_| ()),
        Language::Json => json(text),
        Language::Yaml => yaml(text),
        Language::Toml => toml(text),
        Language::Lines => Ok(()),
    }
}

/// Reads Rust and hands the file on.
pub(crate) fn rust<T: Send>(text: &str, read: impl FnOnce(&syn::File) -> T + Send) -> Result<T, String> {
    not_too_deep(Language::Rust, text)?;
    apart(|| match syn::parse_file(text) {
        Ok(file) => Ok(read(&file)),
        Err(error) => {
            let at = error.span().start();
            Err(format!("line {}, column {}: {error}", at.line, at.column + 1))
        }
    })
}

/// Does something on a thread of its own: the places of Rust's tokens are kept a thread long, and its stack is deep.
fn apart<T: Send>(work: impl FnOnce() -> Result<T, String> + Send) -> Result<T, String> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        let thread = thread.map_err(|error| format!("cannot read the text: {error}"))?;
        thread.join().unwrap_or_else(|_| gave_up())
    })
}

fn gave_up<T>() -> Result<T, String> {
    Err("line 1, column 1: the parser gave up".to_owned())
}

/// Refuses what is nested deeper than parsers, which recurse, can follow; how deep it is.
fn not_too_deep(language: Language, text: &str) -> Result<usize, String> {
    let (mut depth, mut run, mut deepest) = (0_usize, 0_usize, 0_usize);
    for token in tokens(language, text) {
        match token {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        run = if matches!(token, "!" | "-" | "+" | "~" | "&" | "*") {
            run + 1
        } else {
            0
        };
        deepest = deepest.max(depth).max(run);
        if deepest > DEEPEST {
            let offset = token.as_ptr() as usize - text.as_ptr() as usize;
            let (line, column) = place(text, offset);
            return Err(format!("line {line}, column {column}: nested more than {DEEPEST} deep"));
        }
    }
    Ok(deepest)
}

/// Reads TypeScript or JavaScript and hands it on; the path tells which, and whether it holds JSX.
pub(crate) fn typescript<T: Send>(
    path: &str,
    text: &str,
    read: impl FnOnce(&ParsedSource) -> T + Send,
) -> Result<T, String> {
    let depth = not_too_deep(Language::TypeScript, text)?;
    let read = || Ok(read(&parsed(path, text)?));
    if depth > SHALLOW {
        return apart(read);
    }
    std::panic::catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| gave_up())
}

fn parsed(path: &str, text: &str) -> Result<ParsedSource, String> {
    if text.starts_with('\u{feff}') {
        return Err("line 1, column 1: a byte order mark within the text".to_owned());
    }
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
    not_too_deep(Language::Json, text)?;
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
