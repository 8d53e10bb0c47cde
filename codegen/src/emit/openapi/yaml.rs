//! JSON values as YAML that every parser reads the same.
//!
//! Owns: quoting. Must not know: OpenAPI. A string is left bare only when no schema of YAML 1.1 or 1.2 can take it for anything
//! else; numbers are written so that both versions see a number.

use memchr::memchr2_iter;

use crate::emit::is_plain;
use crate::emit::json::indent;
use crate::tree::{Map, Number, Value};

/// Longest key that is written before a colon; the standard's own limit for it is 1024.
const LONGEST_KEY: usize = 512;

/// Words that some parser takes for something other than a string, in small letters.
const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
const LONGEST_WORD: usize = 5;

/// Writes a value as a YAML document.
#[cfg(test)]
pub(super) fn document(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(members) if !members.is_empty() => map(&mut out, members, 0),
        Value::Array(items) if !items.is_empty() => list(&mut out, items, 0),
        scalar => {
            inline(&mut out, scalar, 0);
            out.push('\n');
        }
    }
    out
}

/// Members on lines of their own; the first continues the current line, which is already indented.
fn map(out: &mut String, members: &Map, depth: usize) {
    for (i, (key, value)) in members.iter().enumerate() {
        if i > 0 {
            indent(out, depth);
        }
        self::key(out, key, depth);
        behind(out, value, depth);
    }
}

/// A key with its colon, on a line that is indented already.
pub(super) fn key(out: &mut String, key: &str, depth: usize) {
    if key.len() > LONGEST_KEY {
        out.push_str("? ");
        double(out, key);
        out.push('\n');
        indent(out, depth);
    } else {
        string(out, key);
    }
    out.push(':');
}

/// The value behind a key that stands at `depth`, to the end of its last line.
pub(super) fn behind(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(inner) if !inner.is_empty() => {
            out.push('\n');
            indent(out, depth + 1);
            map(out, inner, depth + 1);
        }
        Value::Array(inner) if !inner.is_empty() => {
            out.push('\n');
            indent(out, depth + 1);
            list(out, inner, depth + 1);
        }
        scalar => {
            out.push(' ');
            inline(out, scalar, depth + 1);
            out.push('\n');
        }
    }
}

fn list(out: &mut String, items: &[Value], depth: usize) {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            indent(out, depth);
        }
        out.push_str("- ");
        match item {
            Value::Object(inner) if !inner.is_empty() => map(out, inner, depth + 1),
            Value::Array(inner) if !inner.is_empty() => list(out, inner, depth + 1),
            scalar => {
                inline(out, scalar, depth + 1);
                out.push('\n');
            }
        }
    }
}

/// A value without members, without the line end after it. `depth` is that of further lines.
fn inline(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(value) => number(out, value),
        Value::String(text) if is_block(text) => block(out, text, depth),
        Value::String(text) => string(out, text),
        Value::Array(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
    }
}

/// YAML 1.1 knows a float only by its point and the sign of its exponent.
fn number(out: &mut String, number: &Number) {
    let text = number.to_string();
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        out.push_str(&text);
        return;
    };
    out.push_str(mantissa);
    if !mantissa.contains('.') {
        out.push_str(".0");
    }
    out.push('e');
    if !exponent.starts_with(['+', '-']) {
        out.push('+');
    }
    out.push_str(exponent);
}

fn string(out: &mut String, text: &str) {
    if is_bare(text) {
        out.push_str(text);
    } else if text.chars().all(is_printable) {
        out.push('\'');
        out.push_str(&text.replace('\'', "''"));
        out.push('\'');
    } else {
        double(out, text);
    }
}

/// Whether a string means itself without quotes, as a key and as a value.
fn is_bare(text: &str) -> bool {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '_' || c == '$');
    if !starts || text.ends_with([' ', ':']) {
        return false;
    }
    // Every text of a document is asked about, and most have neither sign.
    let bytes = text.as_bytes();
    let means_more = |at: usize| match bytes.get(at) {
        Some(b':') => bytes.get(at + 1) == Some(&b' '),
        _ => at > 0 && bytes.get(at - 1) == Some(&b' '),
    };
    !memchr2_iter(b':', b'#', bytes).any(means_more)
        && (is_plain(text) || text.chars().all(is_printable))
        && !is_power(text)
        && !is_word(text)
}

/// Whether some parser takes a text for something other than a string.
fn is_word(text: &str) -> bool {
    text.len() <= LONGEST_WORD && WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// `E12` is a string by the standards and a number without digits to one of the parsers.
fn is_power(text: &str) -> bool {
    let mut bytes = text.bytes();
    matches!(bytes.next(), Some(b'e' | b'E')) && matches!(bytes.next(), Some(b'0'..=b'9' | b'+' | b'-'))
}

/// Whether a character may stand unescaped on one line in every version.
fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a1}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
        || (c >= '\u{10000}' && (c as u32) & 0xfffe != 0xfffe)
}

/// Whether a text is best read, and safely written, as lines of its own.
fn is_block(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with(['\n', ' ', '\t'])
        && text.chars().all(|c| c == '\n' || is_printable(c))
        && text
            .split('\n')
            .all(|line| line.is_empty() || !line.trim_matches(' ').is_empty())
}

fn block(out: &mut String, text: &str, depth: usize) {
    let body = text.trim_end_matches('\n');
    out.push_str(match text.len() - body.len() {
        0 => "|-",
        1 => "|",
        _ => "|+",
    });
    for line in body.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            indent(out, depth);
            out.push_str(line);
        }
    }
    // The caller ends the last line; further empty ones are part of the text.
    for _ in 1..text.len() - body.len() {
        out.push('\n');
    }
}

fn double(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_printable(c) => out.push(c),
            c if (c as u32) > 0xffff => out.push_str(&format!("\\U{:08x}", c as u32)),
            c => out.push_str(&format!("\\u{:04x}", c as u32)),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    use crate::tree::json;

    fn read(text: &str) -> Value {
        let mut sources = crate::source::Sources::default();
        sources.insert("x.yaml", text.as_bytes());
        let read = crate::source::read::read(&sources, "x.yaml", &Default::default());
        read.unwrap_or_else(|problem| panic!("{problem:?}\n{text}"))
    }

    /// Strings that some YAML parser is known to take for something else.
    pub(crate) const TRAPS: &[&str] = &[
        "",
        " ",
        "no",
        "No",
        "y",
        "Y",
        "on",
        "off",
        "TRUE",
        "null",
        "Null",
        "~",
        "1e3",
        "1E3",
        "E12",
        "e-1",
        "0x1f",
        "0o17",
        "017",
        "1_000",
        "1:30",
        "190:20:30",
        "2024-01-01",
        "2024-01-01T00:00:00Z",
        ".5",
        ".inf",
        "-.INF",
        ".nan",
        "=",
        "<<",
        "-",
        "- a",
        "? a",
        ": a",
        "a: b",
        "a:",
        "a #b",
        "#a",
        "&a",
        "*a",
        "!a",
        "!!str a",
        "|",
        ">",
        "%a",
        "@a",
        "`a",
        "'a",
        "\"a",
        "{a}",
        "[a]",
        "a, b",
        "a\tb",
        " a",
        "a ",
        "a\n",
        "a\nb",
        "a\n\nb\n\n\n",
        "\na",
        "\n",
        "\n\n",
        "a\n b\n",
        " a\nb",
        "a\n \nb",
        "a\n\tb",
        "a\r\nb",
        "a\u{85}b",
        "a\u{2028}b",
        "\u{feff}a",
        "\u{0}",
        "\u{7f}",
        "ä",
        "日本\n語",
        "🙂",
        "🙂\n🙂",
        "---",
        "...",
        "--- a\n...\n",
        "a\n---\nb\n...\nc",
        "a\\nb",
        "a'b",
        "a\"b",
        "+1",
        "-1",
        "1.0",
        "0",
        "00",
        "1.10",
        "$ref",
        "/a/{b}",
        "\u{fffe}",
        "é: x",
        "http://a/b#c",
        "a\n# b\n",
        "{{ x }}",
        "a\u{a0}b",
    ];

    #[test]
    fn strings_that_look_like_something_else_stay_strings() {
        let values: Vec<Value> = TRAPS.iter().map(|text| json!(text)).collect();
        let keys: Map = TRAPS.iter().map(|text| ((*text).to_owned(), json!([text]))).collect();
        let value = json!({"values": values, "keys": keys, "deep": [[["a"], {"x": [{}]}], [], {}, null]});
        let text = document(&value);
        assert_eq!(read(&text), value, "{text}");
        assert!(text.contains("- 'no'\n") && text.contains("- '1e3'\n") && text.contains("- '2024-01-01'\n"));
    }

    #[test]
    fn keys_too_long_for_one_line_are_still_keys() {
        let long = "k: 'x' ".repeat(300);
        for inner in [
            json!(1),
            json!("a\nb\n"),
            json!([]),
            json!([1, [2]]),
            json!({"a": {"b": []}}),
            json!({}),
        ] {
            let value = json!([{(long.clone()): inner, "z": {(long.clone()): [{(long.clone()): inner}]}}]);
            let text = document(&value);
            assert_eq!(read(&text), value, "{text}");
        }
    }

    #[test]
    fn numbers_stay_numbers_in_both_versions() {
        let value = json!({"a": 1e300, "b": -1.5e-9, "c": 0.1, "d": u64::MAX, "e": i64::MIN, "f": 3.0});
        let text = document(&value);
        assert!(
            text.contains("a: 1.0e+300\n") && text.contains("b: -1.5e-9\n"),
            "{text}"
        );
        assert_eq!(read(&text), value);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let trap = prop::sample::select(TRAPS.to_vec());
        let text = prop_oneof![
            "\\PC{0,12}",
            "[ \\n\\t#:a'\"\\-{}\\\\]{0,10}",
            trap.prop_map(str::to_owned)
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            text.clone().prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 40, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((text.clone(), inner), 0..5)
                    .prop_map(|pairs| Value::Object(pairs.into_iter().collect()))
            ]
        })
    }

    proptest! {
        #[test]
        fn any_value_comes_back_as_it_was(value in any_json()) {
            let text = document(&json!({"root": value}));
            prop_assert_eq!(read(&text), json!({"root": value}), "{}", text);
        }
    }
}
