//! A text cut into the things it is made of, in the terms of its language.
//!
//! Owns: which language a path is in, and whether a text is readable in it. Must not know: targets, disk, or what is
//! done with the cuts.

pub(crate) mod json;
pub(crate) mod outline;
pub(crate) mod parse;
pub(crate) mod rust;
pub(crate) mod tokens;
pub(crate) mod typescript;
pub(crate) mod yaml;

use flaresmith_codegen::pointer::unescape;
use outline::Body;

/// The languages that texts are read in; all others are lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// Rust, read by syn.
    Rust,
    /// TypeScript and JavaScript, with or without JSX.
    TypeScript,
    /// JSON.
    Json,
    /// YAML 1.2.
    Yaml,
    /// TOML.
    Toml,
    /// Anything else: lines.
    Lines,
}

impl Language {
    /// The language of a path, by how its name ends.
    pub(crate) fn of(path: &str) -> Self {
        match extension(path) {
            "rs" => Self::Rust,
            "ts" | "tsx" | "mts" | "cts" | "js" | "jsx" | "mjs" | "cjs" => Self::TypeScript,
            "json" => Self::Json,
            "yaml" | "yml" => Self::Yaml,
            "toml" => Self::Toml,
            _ => Self::Lines,
        }
    }
}

/// A text cut into its items; `None` where the language has no items or the text is not readable in it.
pub(crate) fn outline(path: &str, text: &str) -> Option<Body> {
    match Language::of(path) {
        Language::Json => json::outline(text).ok(),
        Language::Rust => rust::outline(text).ok(),
        Language::TypeScript => typescript::outline(path, text).ok(),
        Language::Yaml => yaml::outline(text).ok(),
        Language::Toml | Language::Lines => None,
    }
}

/// How a path's name ends, without the dot; empty if it has no dot.
pub(crate) fn extension(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.rsplit_once('.').map_or("", |(_, end)| end)
}

/// Line and column of a byte offset, both from 1; the column counts characters.
pub(crate) fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (
        before.matches('\n').count() + 1,
        before.get(start..).unwrap_or("").chars().count() + 1,
    )
}

/// The line of what a JSON pointer leads to in a JSON or YAML text, from 1; of the nearest thing above it that is
/// there.
pub(crate) fn line_of(path: &str, text: &str, pointer: &str) -> u32 {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some(file) = outline(path, text) else {
        return 1;
    };
    let mut body = match file.items.as_slice() {
        [only] if only.kind == "document" => only.body.as_ref(),
        _ => Some(&file),
    };
    let mut at = 0;
    for step in pointer.split('/').skip(1) {
        let step = unescape(step);
        let items = body.map_or(&[][..], |body| body.items.as_slice());
        let named = items.iter().find(|item| item.kind == "member" && item.name == step);
        let Some(item) = named.or_else(|| items.get(step.parse::<usize>().ok()?)) else {
            break;
        };
        at = item.core;
        body = item.body.as_ref();
    }
    u32::try_from(place(text, at).0).unwrap_or(u32::MAX)
}
