//! What Rust and TypeScript are made of, in words.
//!
//! Owns: the word for each kind of item. Must not know: phrases.

use super::phrases::Thing;
use crate::items::Language;
use crate::items::outline::{Body, Item, slice};
use crate::items::tokens::tokens;

/// The things of a file.
pub(crate) fn things(language: Language, text: &str, file: &Body) -> Vec<Thing> {
    file.items
        .iter()
        .map(|item| thing(language, text, item, None))
        .collect()
}

fn thing(language: Language, text: &str, item: &Item, outer: Option<&Item>) -> Thing {
    let noun = noun(text, item, outer);
    let is_import = noun == "import";
    let mut own = item.after(text);
    let mut inside = Vec::new();
    match &item.body {
        // What an import says itself is nothing but where from.
        Some(body) if is_import => {
            inside.extend(body.items.iter().map(|inner| thing(language, text, inner, Some(item))))
        }
        Some(body) => {
            own.insert_str(0, slice(text, body.close..item.front.end));
            own.insert_str(0, slice(text, item.front.start..body.open));
            inside.extend(body.items.iter().map(|inner| thing(language, text, inner, Some(item))));
        }
        None => own.insert_str(0, slice(text, item.front.clone())),
    }
    let own = tokens(language, &own);
    if language == Language::Rust && noun != "import" && inside.is_empty() {
        inside = routes(&own);
    }
    Thing {
        noun,
        name: item.name.clone(),
        title: title(item, is_import),
        own: own.join(" "),
        inside,
    }
}

fn title(item: &Item, is_import: bool) -> Option<String> {
    match item.kind {
        _ if is_import => None,
        "impl" if item.name.contains(" for ") => Some(format!("impl {}", item.name)),
        "export default" => Some("the default export".to_owned()),
        "fn" => None,
        _ => Some(item.name.clone()),
    }
}

fn noun(text: &str, item: &Item, outer: Option<&Item>) -> &'static str {
    let in_type = outer.is_some_and(|outer| matches!(outer.kind, "impl" | "trait"));
    match item.kind {
        "fn" if in_type => "method",
        "fn" => "function",
        "use" | "pub use" | "import" | "import type" | "name" => "import",
        "export" | "export *" | "export type" => "re-export",
        "export default" => "default export",
        "mod" => "module",
        "const" | "let" | "var" | "static" => "constant",
        "type" => "type",
        "member" => member(text, outer),
        other => other,
    }
}

/// Members of an object that is given to a call are fields, of a schema or a table.
fn member(text: &str, outer: Option<&Item>) -> &'static str {
    let Some((outer, body)) = outer.and_then(|outer| Some((outer, outer.body.as_ref()?))) else {
        return "member";
    };
    let head = slice(text, outer.core..body.open);
    if outer.name.ends_with("Routes") || outer.name == "routes" {
        "route"
    } else if head.contains('(') && outer.kind == "const" {
        "field"
    } else {
        "member"
    }
}

/// The routes that a function adds to a router, by their paths.
fn routes(own: &[&str]) -> Vec<Thing> {
    let calls = own
        .windows(4)
        .filter(|window| matches!(window, [".", "route", "(", path] if path.starts_with('"')));
    let routes = calls.map(|window| Thing {
        noun: "route",
        name: window[3].to_owned(),
        title: None,
        own: String::new(),
        inside: Vec::new(),
    });
    routes.collect()
}
