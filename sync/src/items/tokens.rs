//! Whether two texts differ in white space alone.
//!
//! Owns: what white space means in a language. Must not know: grammar.

use super::Language;
use super::outline::slice;

/// Whether two texts say the same: they differ in white space outside of strings and comments, or in a comma after a
/// last element, and in nothing else.
pub(crate) fn alike(language: Language, a: &str, b: &str) -> bool {
    match language {
        Language::Rust | Language::TypeScript | Language::Json => tokens(language, a) == tokens(language, b),
        Language::Toml => lines(a, str::trim).eq(lines(b, str::trim)),
        Language::Yaml | Language::Lines => lines(a, str::trim_end).eq(lines(b, str::trim_end)),
    }
}

fn lines(text: &str, trim: fn(&str) -> &str) -> impl Iterator<Item = &str> {
    text.lines().map(trim).filter(|line| !line.is_empty())
}

/// The words, signs, strings and comments of a text.
pub(crate) fn tokens(language: Language, text: &str) -> Vec<&str> {
    let mut tokens: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(first) = slice(text, at..text.len()).chars().next() {
        let rest = slice(text, at..text.len());
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let length = length(language, rest, first);
        let token = slice(rest, 0..length).trim_end();
        let closes = matches!(token, ")" | "]" | "}");
        if closes && tokens.last() == Some(&",") {
            tokens.pop();
        }
        tokens.push(token);
        at += length;
    }
    tokens
}

/// How many bytes the token at the beginning has; at least one character.
fn length(language: Language, rest: &str, first: char) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return rest.find("*/").map_or(rest.len(), |end| end + 2);
    }
    match (language, first) {
        (_, '"') | (Language::TypeScript, '\'' | '`') => quoted(rest, first),
        (Language::Rust, 'r' | 'b' | 'c') if raw(rest).is_some() => raw(rest).unwrap_or(1),
        (Language::Rust, '\'') => character(rest),
        _ if is_word(first) => rest.find(|next| !is_word(next)).unwrap_or(rest.len()),
        _ => first.len_utf8(),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// A string with escapes, up to its end.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (i, c) in rest.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return i + c.len_utf8();
        }
    }
    rest.len()
}

/// A raw string of Rust.
fn raw(rest: &str) -> Option<usize> {
    let marks = rest.trim_start_matches(['b', 'c']);
    let after = marks.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let opened = after.get(hashes..)?.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let start = rest.len() - opened.len();
    Some(opened.find(&end).map_or(rest.len(), |at| start + at + end.len()))
}

/// A character of Rust, else the mark of a lifetime.
fn character(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some(_)) => quoted(rest, '\''),
        (Some((_, _)), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_and_last_commas_say_nothing() {
        assert!(alike(
            Language::Rust,
            "fn a(b: u8, c: u8) {}",
            "fn a(\n    b: u8,\n    c: u8,\n) {}"
        ));
        assert!(alike(Language::Json, "[1, 2]", "[\n\t1,\n\t2\n]"));
    }

    #[test]
    fn spaces_in_strings_and_comments_do() {
        assert!(!alike(Language::Rust, "a(\"b c\")", "a(\"b  c\")"));
        assert!(!alike(Language::Rust, "r#\"a \" b\"#", "r#\"a \"  b\"#"));
        assert!(!alike(Language::TypeScript, "`a\nb`", "`a\n b`"));
        assert!(!alike(Language::TypeScript, "// a b", "// a  b"));
    }

    #[test]
    fn an_indent_says_something_in_yaml() {
        assert!(!alike(Language::Yaml, "a:\n  b: 1", "a:\nb: 1"));
        assert!(alike(Language::Yaml, "a: 1  \n\n", "a: 1\n"));
    }
}
