//! What holds of every file that a target writes, whatever the contract says.
//!
//! Owns: the parser for each kind of file, and looking for text that left its place: the probe, as a number of the language.
//! Must not know: how any file is written.

use std::collections::BTreeSet;
use std::sync::Arc;

use deno_ast::swc::lexer::token::Token;
use deno_ast::{MediaType, ModuleSpecifier, ParseParams, SourceRangedForSpanned, StartSourcePos};
use flaresmith_codegen::emit::Artifact;
use flaresmith_codegen::memo::Memo;
use flaresmith_codegen::source::{Sources, read};
use proc_macro2::{TokenStream, TokenTree};
use pulldown_cmark::{CodeBlockKind, Event, Options, Tag};
use serde_json::Value;
use sqlparser::ast::Statement;
use sqlparser::dialect::{Dialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;

use super::choices::PROBE;

/// Every file can be written anywhere and parses.
pub(super) fn artifacts(artifacts: &[Artifact]) {
    paths(artifacts);
    for artifact in artifacts {
        if let Err(problem) = file(&artifact.path, &artifact.text.whole()) {
            panic!("{}: {problem}\n{}", artifact.path, artifact.text);
        }
    }
}

/// What is wrong with a file, by the parser of its kind.
pub fn file(path: &str, text: &str) -> Result<(), String> {
    match path.rsplit_once('.').map_or("", |(_, end)| end) {
        "rs" => rust(text),
        "ts" => typescript(text, MediaType::TypeScript),
        "json" => json(path, text),
        "yaml" => yaml(path, text),
        "md" => markdown(text),
        "sql" => sql(path, text),
        "toml" => toml::from_str::<toml::Table>(text)
            .map(drop)
            .map_err(|error| error.to_string()),
        "gitignore" => Ok(()),
        _ => Err("nothing is known about files of this kind".to_owned()),
    }
}

fn rust(text: &str) -> Result<(), String> {
    let file = syn::parse_file(text).map_err(|error| error.to_string())?;
    let tokens: TokenStream = text.parse().map_err(|error| format!("{error}"))?;
    if has_probe(tokens) {
        return Err("text of the contract became Rust".to_owned());
    }
    let mut types = BTreeSet::new();
    for item in &file.items {
        let name = match item {
            syn::Item::Struct(item) => {
                let fields = item.fields.iter().filter_map(|field| field.ident.as_ref());
                once(&item.ident, fields)?;
                &item.ident
            }
            syn::Item::Enum(item) => {
                once(&item.ident, item.variants.iter().map(|variant| &variant.ident))?;
                &item.ident
            }
            syn::Item::Type(item) => &item.ident,
            syn::Item::Trait(item) => {
                let methods = item.items.iter().filter_map(|item| match item {
                    syn::TraitItem::Fn(method) => Some(&method.sig.ident),
                    _ => None,
                });
                once(&item.ident, methods)?;
                &item.ident
            }
            _ => continue,
        };
        if !types.insert(name.to_string()) {
            return Err(format!("two types are called `{name}`"));
        }
    }
    Ok(())
}

fn once<'a>(owner: &syn::Ident, names: impl Iterator<Item = &'a syn::Ident>) -> Result<(), String> {
    let mut known = BTreeSet::new();
    for name in names {
        if !known.insert(name.to_string()) {
            return Err(format!("`{owner}` has two of `{name}`"));
        }
    }
    Ok(())
}

fn has_probe(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => has_probe(group.stream()),
        TokenTree::Literal(literal) => literal.to_string().starts_with(PROBE),
        _ => false,
    })
}

fn typescript(text: &str, media_type: MediaType) -> Result<(), String> {
    let specifier = ModuleSpecifier::parse("file:///text").map_err(|error| error.to_string())?;
    let parsed = deno_ast::parse_module(ParseParams {
        specifier,
        text: Arc::from(text),
        media_type,
        capture_tokens: true,
        scope_analysis: false,
        maybe_syntax: None,
    });
    let parsed = parsed.map_err(|problem| problem.to_string())?;
    if let Some(problem) = parsed.diagnostics().first() {
        return Err(problem.to_string());
    }
    for token in parsed.tokens().iter() {
        let start = token.start().as_byte_index(StartSourcePos::START_SOURCE_POS);
        let number = matches!(token.token, Token::Num { .. });
        if number && text.get(start..).is_some_and(|rest| rest.starts_with(PROBE)) {
            return Err("text of the contract became TypeScript".to_owned());
        }
    }
    let mut exports = BTreeSet::new();
    for line in text.lines() {
        if line.trim_start() == "rows: 0," {
            return Err("a mark stands where a table should".to_owned());
        }
        let Some(rest) = line.strip_prefix("export const ") else {
            continue;
        };
        let name: String = rest
            .chars()
            .take_while(|c| c.is_alphanumeric() || "_$".contains(*c))
            .collect();
        if !exports.insert(name.clone()) {
            return Err(format!("two constants are called `{name}`"));
        }
    }
    Ok(())
}

fn json(path: &str, text: &str) -> Result<(), String> {
    let document: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if path.contains("postman") {
        scripts(&document)?;
    }
    Ok(())
}

/// Scripts of a collection are JavaScript.
fn scripts(value: &Value) -> Result<(), String> {
    match value {
        Value::Array(items) => items.iter().try_for_each(scripts),
        Value::Object(members) => {
            if let Some(Value::Array(lines)) = members.get("exec") {
                let lines: Vec<&str> = lines.iter().filter_map(Value::as_str).collect();
                typescript(&lines.join("\n"), MediaType::JavaScript)?;
            }
            members.values().try_for_each(scripts)
        }
        _ => Ok(()),
    }
}

/// YAML is read as a document of this kind is.
fn yaml(path: &str, text: &str) -> Result<(), String> {
    let mut sources = Sources::default();
    sources.insert(path, text.as_bytes());
    match read::read(&sources, path, &Memo::default()) {
        Ok(_) => Ok(()),
        Err(problem) => Err(format!("{:?}: {}", problem.place, problem.message)),
    }
}

/// Statements that make something, and nothing else.
fn sql(path: &str, text: &str) -> Result<(), String> {
    let dialect: &dyn Dialect = if path.contains("sqlite") {
        &SQLiteDialect {}
    } else {
        &PostgreSqlDialect {}
    };
    let statements = Parser::parse_sql(dialect, text).map_err(|error| error.to_string())?;
    for statement in statements {
        let makes = matches!(
            statement,
            Statement::CreateTable(_)
                | Statement::CreateType { .. }
                | Statement::CreateIndex(_)
                | Statement::AlterTable { .. }
        );
        if !makes {
            return Err(format!("text of the contract became SQL: {statement}"));
        }
    }
    Ok(())
}

fn markdown(text: &str) -> Result<(), String> {
    if text.contains(|c: char| c.is_control() && c != '\n' && c != '\t') {
        return Err("a control character stands in it".to_owned());
    }
    for (event, range) in pulldown_cmark::Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) => {
                let block = text.get(range).unwrap_or("");
                let fence: String = block.chars().take_while(|c| "`~".contains(*c)).collect();
                // In a quotation its signs stand before every line of the block.
                let signs = |c: char| c == '>' || c.is_whitespace();
                let last = block.trim_end().lines().last().unwrap_or("").trim_start_matches(signs);
                if block.lines().count() < 2 || last != fence {
                    return Err(format!("a fence stays open: {block}"));
                }
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                let ours =
                    html.starts_with("<!-- Generated by") || ["<br>", "<code>", "</code>"].contains(&html.trim());
                if !ours {
                    return Err(format!("text became HTML: {html}"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Paths that every file system can hold side by side, and that do not leave the root.
fn paths(artifacts: &[Artifact]) {
    let mut known = BTreeSet::new();
    for path in artifacts.iter().map(|artifact| artifact.path.as_str()) {
        for part in path.split('/') {
            let stem = part.split('.').next().unwrap_or("").to_ascii_lowercase();
            let reserved = ["con", "prn", "aux", "nul"].contains(&stem.as_str())
                || (stem.len() == 4
                    && (stem.starts_with("com") || stem.starts_with("lpt"))
                    && stem.ends_with(|c: char| c.is_ascii_digit()));
            let odd = |c: char| c.is_control() || "\\:*?\"<>|".contains(c);
            assert!(
                !part.is_empty()
                    && part != "."
                    && part != ".."
                    && part.len() <= 200
                    && !reserved
                    && !part.contains(odd)
                    && !part.ends_with(['.', ' '])
                    && !part.starts_with(' '),
                "`{path}` is no path for every file system"
            );
        }
        assert!(
            known.insert(path.to_lowercase()),
            "`{path}` is there twice for a file system that folds case"
        );
    }
}
