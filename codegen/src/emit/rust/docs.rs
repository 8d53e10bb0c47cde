//! Doc comments: words of a spec as Rust comments that can do no harm.
//!
//! Owns: making text safe for comments. Must not know: what is documented.

use proc_macro2::TokenStream;
use quote::quote;

use crate::model::types::Docs;

/// Lines of a doc comment, without the slashes. Fences get a language that rustdoc does not run, signs that a comment must not
/// hold are left out. Each line ends before the next: no line break is left inside one.
pub(super) fn lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut fence: Option<(char, usize)> = None;
    for line in text.split(['\n', '\r', '\u{2028}', '\u{2029}', '\u{b}', '\u{c}', '\u{85}']) {
        let line: String = line.trim_end().chars().filter(|c| !is_unfit(*c)).collect();
        let mark = line.trim_start();
        let sign = mark.chars().next().filter(|sign| matches!(sign, '`' | '~'));
        let run = sign.map_or(0, |sign| mark.chars().take_while(|c| *c == sign).count());
        let mut shown = line.clone();
        if let (Some(sign), 3..) = (sign, run) {
            match fence {
                None => {
                    let indent = line.len() - mark.len();
                    let ticks: String = std::iter::repeat_n(sign, run).collect();
                    shown = format!("{}{ticks}text", " ".repeat(indent.min(3)));
                    fence = Some((sign, run));
                }
                Some((open, length)) if open == sign && run >= length => fence = None,
                Some(_) => {}
            }
        }
        if !(shown.is_empty() && lines.last().is_none_or(String::is_empty)) {
            lines.push(shown);
        }
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// Control signs, and signs that change the direction of text, which the compiler refuses in comments.
fn is_unfit(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
}

/// What is told about something: title or `fallback`, description, remarks.
pub(super) fn about(docs: &Docs, fallback: &str, remarks: &[String]) -> Vec<String> {
    let mut all = lines(docs.title.as_deref().unwrap_or_default());
    let description = lines(docs.description.as_deref().unwrap_or_default());
    if description.first() == all.first() {
        all.clear();
    }
    for paragraph in [description, remarks.iter().flat_map(|remark| lines(remark)).collect()] {
        if !all.is_empty() && !paragraph.is_empty() {
            all.push(String::new());
        }
        all.extend(paragraph);
    }
    if docs.deprecated {
        if !all.is_empty() {
            all.push(String::new());
        }
        all.push("**Deprecated.**".to_owned());
    }
    if all.is_empty() {
        all = lines(fallback);
    }
    all
}

/// Lines as comments, each indented.
pub(super) fn comment(lines: &[String], indent: &str) -> String {
    let mut text = String::new();
    for line in lines {
        text.push_str(indent);
        text.push_str("///");
        // A fourth slash would make it a plain comment.
        if !line.is_empty() {
            text.push(' ');
            text.push_str(line);
        }
        text.push('\n');
    }
    text
}

/// Lines as attributes, for token streams; prettyplease prints them as comments.
pub(super) fn attributes(lines: &[String]) -> TokenStream {
    let lines = lines
        .iter()
        .map(|line| if line.is_empty() { String::new() } else { format!(" {line}") });
    quote!(#(#[doc = #lines])*)
}

/// A Rust string literal.
pub(super) fn literal(text: &str) -> String {
    format!("{text:?}")
}
