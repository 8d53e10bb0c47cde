//! Text of a spec as TypeScript: strings, keys, comments, values, regular expressions.
//!
//! Owns: quoting. Must not know: what is quoted. Whatever text is given, what comes back is one token (or one comment), and
//! stays one inside an HTML script element too.

use std::fmt::Write as _;

use super::layout::WIDTH;
use crate::emit::is_plain;
use crate::emit::wrap::wrap;
use crate::tree::Value;

/// A string literal: in single quotes, or in double ones where it has single quotes and no double ones.
pub(in crate::emit) fn string(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::with_capacity(text.len() + 4);
    out.push(quote);
    if is_plain(text) && !text.contains(['\'', '\\', '<']) {
        out.push_str(text);
        out.push(quote);
        return out;
    }
    let mut before = ' ';
    for c in text.chars() {
        match c {
            '\'' if quote == '\'' => out.push_str("\\'"),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '/' | '!' if before == '<' => {
                out.push('\\');
                out.push(c);
            }
            c if is_hidden(c) => escaped(c, &mut out),
            c => out.push(c),
        }
        before = c;
    }
    out.push(quote);
    out
}

/// A key of an object literal. `__proto__` is computed, since it would set the prototype otherwise.
pub(in crate::emit) fn key(text: &str) -> String {
    if text == "__proto__" {
        "['__proto__']".to_owned()
    } else {
        type_key(text)
    }
}

/// A key of an object type.
pub(in crate::emit) fn type_key(text: &str) -> String {
    if is_identifier(text) {
        // With room for what comes behind a key.
        let mut key = String::with_capacity(text.len() + 3);
        key.push_str(text);
        key
    } else {
        string(text)
    }
}

/// Access to a member: `.name` or `['the name']`.
pub(in crate::emit) fn member(text: &str) -> String {
    if is_identifier(text) {
        format!(".{text}")
    } else {
        format!("[{}]", string(text))
    }
}

/// Whether the text can be a key without quotes.
fn is_identifier(text: &str) -> bool {
    let mut bytes = text.bytes();
    let start = |b: u8| b.is_ascii_alphabetic() || b == b'_' || b == b'$';
    bytes.next().is_some_and(start) && bytes.all(|b| start(b) || b.is_ascii_digit()) && text != "__proto__"
}

/// Characters that cannot be seen, that end lines, or that turn the reading direction around.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(c, '\u{fff0}'..='\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
}

fn escaped(c: char, out: &mut String) {
    let mut units = [0_u16; 2];
    for unit in c.encode_utf16(&mut units) {
        let _ = write!(out, "\\u{unit:04x}");
    }
}

/// A documentation comment, every line with `indent` before it and an end of line behind it; nothing for an empty text. Lines that
/// are too long are broken where Markdown allows it.
pub(in crate::emit) fn comment(text: &str, indent: &str) -> String {
    comment_with_tags(text, &[], indent)
}

/// The same with tags of ours behind the text: each is a whole line such as `@deprecated`.
pub(in crate::emit) fn comment_with_tags(text: &str, tags: &[&str], indent: &str) -> String {
    // Comments of members are written before it is known where they stand: two signs in, or more.
    let indented = indent.len().max(2);
    let lines: Vec<String> = text.trim().lines().map(str::to_owned).collect();
    let lines = wrap(&lines, WIDTH - indented - " * ".len());
    let lines: Vec<String> = lines.iter().map(|line| comment_line(line)).collect();
    if tags.is_empty() {
        match lines.as_slice() {
            [] => return String::new(),
            [line] if line.is_empty() => return String::new(),
            [line] if indented + line.chars().count() + "/**  */".len() <= WIDTH => {
                return [indent, "/** ", line, " */\n"].concat();
            }
            _ => {}
        }
    }
    let room = lines.iter().map(|line| indent.len() + line.len() + 4).sum::<usize>();
    let mut out = String::with_capacity(room + 2 * indent.len() + 16 * (tags.len() + 1));
    out.push_str(indent);
    out.push_str("/**\n");
    for line in lines.iter().map(String::as_str).chain(tags.iter().copied()) {
        out.push_str(indent);
        out.push_str(" * ");
        out.push_str(line);
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    out.push_str(indent);
    out.push_str(" */\n");
    out
}

/// A line of text that neither ends a comment nor reads as a tag of it (`@ts-nocheck`, `@deprecated`).
fn comment_line(line: &str) -> String {
    let mut line = line.trim_end().to_owned();
    if !is_plain(&line) {
        line = line.chars().map(|c| if is_hidden(c) { ' ' } else { c }).collect();
    }
    if line.contains("*/") {
        line = line.replace("*/", "*\\/");
    }
    // A line that begins with a slash would end the comment behind the star of its own line.
    match line.trim_start() {
        rest if rest.starts_with(['@', '/']) => format!("\\{rest}"),
        _ => line,
    }
}

/// A JSON value that holds no others, as a literal.
pub(in crate::emit) fn scalar(json: &Value) -> String {
    match json {
        Value::String(text) => string(text),
        other => other.to_string(),
    }
}

/// A regular expression literal with the flag `u`, when the pattern certainly is one; JavaScript's own judgement is not at hand
/// here, and a literal that it refuses would break the module. `None`: make it when the program runs.
pub(in crate::emit) fn regex(pattern: &str) -> Option<String> {
    if pattern.is_empty() || regex_syntax::Parser::new().parse(pattern).is_err() {
        return None;
    }
    let mut out = String::from("/");
    let mut chars = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let next = chars.next()?;
                let known = if in_class {
                    "dDwWsS\\-].^/["
                } else {
                    "dDwWsSbB\\.*+?()[]{}|^$/nrt"
                };
                if !known.contains(next) {
                    return None;
                }
                out.push(c);
                out.push(next);
                // A class escape at the end of a range means nothing with the flag.
                if in_class && next.is_ascii_alphabetic() && chars.peek() == Some(&'-') {
                    return None;
                }
                continue;
            }
            '[' if in_class => return None,
            '[' => {
                in_class = true;
                out.push(c);
                // `[]` and `[^]` are classes of their own in JavaScript.
                if chars.peek() == Some(&'^') {
                    out.push('^');
                    chars.next();
                }
                if chars.peek() == Some(&']') {
                    return None;
                }
                continue;
            }
            ']' if in_class => in_class = false,
            ']' | '}' if !in_class => return None,
            '{' if !in_class => {
                // A quantifier, whole: `{2}`, `{2,}`, `{2,5}`.
                out.push(c);
                loop {
                    let next = chars.next()?;
                    out.push(next);
                    match next {
                        '}' => break,
                        '0'..='9' | ',' => {}
                        _ => return None,
                    }
                }
                continue;
            }
            '(' if !in_class && chars.peek() == Some(&'?') => {
                chars.next();
                if chars.next() != Some(':') {
                    return None;
                }
                out.push_str("(?:");
                continue;
            }
            '&' | '~' if in_class && chars.peek() == Some(&c) => return None,
            '-' if in_class && (chars.peek() == Some(&'-') || chars.peek() == Some(&'\\')) => return None,
            '/' => out.push('\\'),
            '*' | '+' | '?' | '}' if chars.peek() == Some(&'+') => return None,
            c if !c.is_ascii() || c.is_control() => return None,
            _ => {}
        }
        out.push(c);
    }
    out.push_str("/u");
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_escape_what_could_end_or_hide_them() {
        assert_eq!(string("it's"), r#""it's""#);
        assert_eq!(string("it's \"it\""), r#"'it\'s "it"'"#);
        assert_eq!(string("a\u{2028}b\u{202e}"), r"'a\u2028b\u202e'");
        assert_eq!(string("</script><!--"), r"'<\/script><\!--'");
        assert_eq!(string("`${x}`"), "'`${x}`'");
        assert_eq!(string("é 😀"), "'é 😀'");
    }

    #[test]
    fn keys_are_bare_only_when_they_are_identifiers() {
        assert_eq!(key("name"), "name");
        assert_eq!(key("x-y"), "'x-y'");
        assert_eq!(key("1"), "'1'");
        assert_eq!(key("__proto__"), "['__proto__']");
        assert_eq!(key(""), "''");
    }

    #[test]
    fn comments_cannot_be_ended_by_their_text() {
        assert_eq!(comment("a */ b", ""), "/** a *\\/ b */\n");
        assert_eq!(comment("/ b", ""), "/** \\/ b */\n");
        assert_eq!(
            comment("one\n/two\n@three", " "),
            " /**\n  * one\n  * \\/two\n  * \\@three\n  */\n"
        );
        assert_eq!(comment("  \n ", ""), "");
    }

    #[test]
    fn lines_of_comments_are_broken_and_no_break_makes_a_tag() {
        let words = "word ".repeat(21);
        assert_eq!(comment(&words[..101], ""), format!("/** {} */\n", words[..101].trim()));
        let broken = comment(&format!("{words}@deprecated"), "");
        assert_eq!(broken, format!("/**\n * {}\n * \\@deprecated\n */\n", words.trim()));
        assert!(
            comment_with_tags(&words.repeat(9), &["@internal"], "  ")
                .lines()
                .all(|line| line.len() <= WIDTH)
        );
        let code = format!("```\n{words}{words}\n```");
        assert_eq!(comment(&code, "").lines().count(), 5);
    }

    #[test]
    fn only_patterns_that_mean_the_same_everywhere_become_literals() {
        for (pattern, literal) in [
            ("^[a-z][a-z0-9-]{1,38}$", Some("/^[a-z][a-z0-9-]{1,38}$/u")),
            ("a/b", Some("/a\\/b/u")),
            ("^(?:a|b)+\\.\\d$", Some("/^(?:a|b)+\\.\\d$/u")),
            ("(?<=a)b", None),
            ("(?P<a>b)", None),
            ("\\p{L}", None),
            ("[[a]]", None),
            ("a]", None),
            ("\\-", None),
            ("a++", None),
            ("(", None),
            ("", None),
            ("[\\w-.]", None),
            ("\u{2028}", None),
        ] {
            assert_eq!(regex(pattern).as_deref(), literal, "{pattern:?}");
        }
    }
}
