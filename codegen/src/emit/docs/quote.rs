//! Quoting for Markdown: text that stays text.
//!
//! Owns: escapes of running text, code spans, fences, addresses. Must not know: where a text comes from; all of it is taken to
//! be hostile. What comes out may stand in a paragraph, a heading, a list or a table cell.

use std::fmt::Write as _;

use crate::emit;
use crate::tree::Value;

/// A character that may be shown; others (controls, changes of writing direction) become a replacement sign.
fn shown(c: char) -> char {
    match c {
        '\n' | '\t' | '\r' => ' ',
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => {
            '\u{fffd}'
        }
        '\u{2028}' | '\u{2029}' => ' ',
        c => c,
    }
}

/// Running text on one line. It can open neither markup nor HTML, nor end a table cell. Where it begins a line, [`opening`]
/// must guard it.
pub(super) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    push_text(&mut out, text);
    out
}

/// The same behind a text that is there.
pub(super) fn push_text(out: &mut String, text: &str) {
    let text = text.trim();
    if is_plain(text) {
        return out.push_str(text);
    }
    let mut before = ' ';
    let mut rest = text.chars().map(shown).peekable();
    while let Some(c) = rest.next() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // Inside a word an underscore is only that.
            '_' if before.is_alphanumeric() && rest.peek().is_some_and(|next| next.is_alphanumeric()) => out.push('_'),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        before = c;
    }
}

/// Whether a text has nothing but signs that mean nothing else and stay as they are. Most have no others.
pub(super) fn is_plain(text: &str) -> bool {
    let means_more = |byte: u8| {
        matches!(
            byte,
            b'<' | b'>' | b'&' | b'\\' | b'`' | b'*' | b'_' | b'[' | b']' | b'|' | b'~' | b'$'
        )
    };
    text.bytes()
        .all(|byte| matches!(byte, b' '..=b'~') && !means_more(byte))
}

/// The same as a paragraph of its own.
pub(super) fn opening(words: &str) -> String {
    guarded(&text(words))
}

/// A line of quoted text, so that its start opens no heading, list, quote or rule.
pub(super) fn guarded(line: &str) -> String {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let ends = |at: usize| matches!(line.as_bytes().get(at), None | Some(b' '));
    let numbered = digits > 0 && matches!(line.as_bytes().get(digits), Some(b'.' | b')')) && ends(digits + 1);
    if line.starts_with(['#', '-', '+', '=', ':']) {
        format!("\\{line}")
    } else if numbered {
        let (number, rest) = line.split_at(digits);
        format!("{number}\\{rest}")
    } else {
        line.to_owned()
    }
}

/// A code span. Safe in a table cell too.
pub(super) fn code(text: &str) -> String {
    if emit::is_plain(text) && !text.contains(['`', '|']) && !text.is_empty() && text.trim().len() == text.len() {
        return ["`", text, "`"].concat();
    }
    let plain: String = text.chars().map(shown).collect();
    if plain.trim().is_empty() {
        return if plain.is_empty() {
            "(empty)".to_owned()
        } else {
            "(blank)".to_owned()
        };
    }
    // A bar ends a table cell even inside a code span, and is shown with a backslash outside of tables: HTML is the same in both.
    if plain.contains('|') {
        let mut out = String::from("<code>");
        for c in plain.chars() {
            match c {
                'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' => out.push(c),
                c if !c.is_ascii() => out.push(c),
                c => {
                    let _ = write!(out, "&#{};", c as u32);
                }
            }
        }
        out.push_str("</code>");
        return out;
    }
    let ticks = "`".repeat(longest_run(&plain) + 1);
    let pad = if plain.starts_with(['`', ' ']) || plain.ends_with(['`', ' ']) {
        " "
    } else {
        ""
    };
    format!("{ticks}{pad}{plain}{pad}{ticks}")
}

/// A JSON value as a code span.
pub(super) fn literal(value: &Value) -> String {
    code(&value.to_string())
}

/// A fenced block with its line end.
pub(super) fn fence(language: &str, body: &str) -> String {
    let mut out = String::with_capacity(body.len() + language.len() + 10);
    push_fence(&mut out, language, body);
    out
}

/// The same behind a text that is there.
pub(super) fn push_fence(out: &mut String, language: &str, body: &str) {
    let ticks = "`".repeat(longest_run(body).max(2) + 1);
    let _ = writeln!(out, "{ticks}{language}");
    let body = body.trim_end_matches('\n');
    if body.bytes().all(|byte| matches!(byte, b'\n' | b'\t' | b' '..=b'~')) {
        out.push_str(body);
    } else {
        out.extend(body.chars().map(|c| if c == '\n' || c == '\t' { c } else { shown(c) }));
    }
    let _ = writeln!(out, "\n{ticks}");
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// An address that leaves the documents, ready for `[…](…)`; `None` when it is not one that people may be sent to.
pub(super) fn address(url: &str) -> Option<String> {
    let begins_with = |scheme: &str| {
        let head = url.as_bytes().get(..scheme.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(scheme.as_bytes()))
    };
    if !["http://", "https://", "mailto:"].into_iter().any(begins_with) {
        return None;
    }
    let mut out = String::with_capacity(url.len());
    for c in url.chars() {
        let safe =
            c.is_ascii_alphanumeric() || "-._~:/?#@!$&*+,;=%".contains(c) || (!c.is_ascii() && c.is_alphanumeric());
        if safe {
            // In an address these would start markup or an entity.
            match c {
                '&' => out.push_str("&amp;"),
                '_' | '*' | '~' | '$' => {
                    let _ = write!(out, "%{:02X}", c as u32);
                }
                c => out.push(c),
            }
        } else {
            let mut buffer = [0; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_opens_nothing() {
        assert_eq!(
            text("<b>*a*|_b_ `c` [d](e) & $f$"),
            "&lt;b&gt;\\*a\\*\\|\\_b\\_ \\`c\\` \\[d\\](e) &amp; \\$f\\$"
        );
        assert_eq!(text("\u{202e}a\u{0}"), "\u{fffd}a\u{fffd}");
        assert_eq!(text("A_B a__b _c"), "A_B a\\_\\_b \\_c");
    }

    #[test]
    fn a_line_opens_nothing() {
        assert_eq!(opening("# a\n## b"), "\\# a ## b");
        assert_eq!(opening("1. a"), "1\\. a");
        assert_eq!(opening("1.0"), "1.0");
        assert_eq!(opening("--- "), "\\---");
        assert_eq!(opening("=="), "\\==");
    }

    #[test]
    fn code_and_fences_are_longer_than_what_they_hold() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a``b`"), "``` a``b` ```");
        assert_eq!(code("a|b<"), "<code>a&#124;b&#60;</code>");
        assert_eq!(fence("json", "```\nx"), "````json\n```\nx\n````\n");
    }

    #[test]
    fn only_addresses_that_people_may_be_sent_to_are_links() {
        assert_eq!(
            address("https://a.b/c(d)?e=1&f"),
            Some("https://a.b/c%28d%29?e=1&amp;f".to_owned())
        );
        assert_eq!(address("HTTP://äa.b"), Some("HTTP://äa.b".to_owned()));
        for bad in ["javascript:alert(1)", "./a.md", "#a", "data:text/html,x", ""] {
            assert_eq!(address(bad), None, "{bad}");
        }
    }
}
