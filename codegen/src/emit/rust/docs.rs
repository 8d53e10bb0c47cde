//! Doc comments: words of a spec as Rust comments that can do no harm.
//!
//! Owns: making text safe for comments. Must not know: what is documented.

use super::layout::WIDTH;
use crate::emit::is_plain;
use crate::emit::wrap::{Fence, wrap};
use crate::model::types::Docs;

/// Lines of a doc comment, without the slashes. Fences get a language that rustdoc does not run, signs that a comment must not
/// hold are left out. Each line ends before the next: no line break is left inside one.
pub(in crate::emit) fn lines(text: &str) -> Vec<String> {
    // Most texts are one line of plain letters.
    if is_plain(text) && !text.contains(['`', '~']) {
        let line = text.trim_end();
        return if line.is_empty() {
            Vec::new()
        } else {
            vec![line.to_owned()]
        };
    }
    let mut lines = Vec::new();
    let mut fence = None;
    for line in text.split(['\n', '\r', '\u{2028}', '\u{2029}', '\u{b}', '\u{c}', '\u{85}']) {
        let mut line = line.trim_end().to_owned();
        // Most lines have nothing but plain letters, and cost a look.
        if !is_plain(&line) {
            line.retain(|c| !is_unfit(c));
        }
        let open = Fence::after(fence, &line);
        let shown = match (fence, open) {
            (None, Some(Fence { sign, run })) => {
                let indent = line.len() - line.trim_start().len();
                let ticks: String = std::iter::repeat_n(sign, run).collect();
                format!("{}{ticks}text", " ".repeat(indent.min(3)))
            }
            _ => line,
        };
        fence = open;
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
pub(in crate::emit) fn about(docs: &Docs, fallback: &str, remarks: &[String]) -> Vec<String> {
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

/// The first line of a text, as a heading.
pub(in crate::emit) fn heading(text: &str) -> String {
    lines(text).into_iter().next().unwrap_or_default()
}

/// One word of a contract as code in a comment.
pub(in crate::emit) fn code(word: &str) -> String {
    let word: String = word
        .chars()
        .filter(|c| !c.is_control() && !is_unfit(*c) && *c != '`')
        .collect();
    format!("`{word}`")
}

/// Lines as comments, each indented.
pub(in crate::emit) fn comment(lines: &[String], indent: &str) -> String {
    let lines = wrap(lines, WIDTH - indent.len() - "/// ".len());
    let mut text = String::with_capacity(lines.iter().map(|line| indent.len() + line.len() + 5).sum());
    for line in lines.iter() {
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

/// A Rust string literal.
pub(in crate::emit) fn literal(text: &str) -> String {
    if is_plain(text) && !text.contains(['"', '\\']) {
        return ["\"", text, "\""].concat();
    }
    format!("{text:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_can_leave_its_comment() {
        for text in [
            "a\r\nfn evil() {}",
            "a\rb",
            "a\u{2028}b\u{85}c\u{b}d",
            "/ a",
            "*/ a /*",
            "\u{202e}a",
            "\0a",
        ] {
            let comment = comment(&lines(text), "");
            assert!(
                comment.lines().all(|line| line == "///" || line.starts_with("/// ")),
                "{comment:?}"
            );
            assert!(!comment.contains(['\r', '\u{202e}', '\0']), "{comment:?}");
            let file = syn::parse_file(&format!("{comment}struct A;"));
            assert_eq!(file.map(|file| file.items.len()).ok(), Some(1), "{comment:?}");
        }
    }

    #[test]
    fn a_word_stays_one_word_of_code() {
        assert_eq!(code("a`\u{202e}b\r\n\tc"), "`abc`");
    }

    #[test]
    fn fences_say_that_they_are_no_programs() {
        assert_eq!(
            lines("```\nx\n```\n~~~rust,ignore\n```\n~~~"),
            ["```text", "x", "```", "~~~text", "```", "~~~"]
        );
        assert_eq!(lines("      ```js\n```"), ["   ```text", "```"]);
        assert_eq!(lines("```js``` is code"), ["```js``` is code"]);
    }

    #[test]
    fn empty_lines_are_kept_once_and_only_inside() {
        assert_eq!(lines("\n\na\n\n\nb\n\n"), ["a", "", "b"]);
        assert!(lines(" \n ").is_empty());
    }

    #[test]
    fn a_title_that_the_description_repeats_is_told_once() {
        let docs = Docs {
            title: Some("A".to_owned()),
            description: Some("A".to_owned()),
            deprecated: true,
            ..Docs::default()
        };
        assert_eq!(
            about(&docs, "x", &["Default: `1`.".to_owned()]),
            ["A", "", "Default: `1`.", "", "**Deprecated.**"]
        );
        assert_eq!(about(&Docs::default(), "Some thing.", &[]), ["Some thing."]);
    }
}
