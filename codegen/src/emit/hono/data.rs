//! Tables of data: rows laid out as the formatter would, without its cost.
//!
//! Owns: the layout of values. Must not know: what the values say. Every text in them goes through the same quoting as elsewhere,
//! so a table needs no second proof that it parses; the frame around it has had its own.

use serde_json::Value;

use crate::emit::typescript::text::{key, value};

/// Stands in a frame where the rows go.
pub(super) const MARK: &str = "rows: 0,";

/// Longest line on which a whole value stands.
const WIDTH: usize = 110;

/// The formatted frame with its rows.
pub(super) fn placed(frame: &str, rows: &str) -> String {
    let marked = format!("  {MARK}\n");
    match frame.split_once(&marked) {
        Some((before, after)) => format!("{before}{rows}{after}"),
        None => frame.to_owned(),
    }
}

/// One row: `  name: value,` and an end of line.
pub(super) fn row(name: &str, json: &Value) -> String {
    let mut text = format!("  {}: ", key(name));
    lay_out(json, 2, &mut text);
    text.push_str(",\n");
    text
}

/// A value on one line where it fits, else member by member.
fn lay_out(json: &Value, indent: usize, text: &mut String) {
    let column = text.len() - text.rfind('\n').map_or(0, |end| end + 1);
    if is_small(json) {
        let line = on_one_line(json);
        if column + line.chars().count() < WIDTH {
            text.push_str(&line);
            return;
        }
    }
    let inner = " ".repeat(indent + 2);
    let outer = " ".repeat(indent);
    match json {
        Value::Object(members) if !members.is_empty() => {
            text.push_str("{\n");
            for (name, member) in members {
                text.push_str(&format!("{inner}{}: ", key(name)));
                lay_out(member, indent + 2, text);
                text.push_str(",\n");
            }
            text.push_str(&format!("{outer}}}"));
        }
        Value::Array(items) if !items.is_empty() => {
            text.push_str("[\n");
            for item in items {
                text.push_str(&inner);
                lay_out(item, indent + 2, text);
                text.push_str(",\n");
            }
            text.push_str(&format!("{outer}]"));
        }
        other => text.push_str(&on_one_line(other)),
    }
}

fn on_one_line(json: &Value) -> String {
    match json {
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Object(members) => {
            let members: Vec<String> =
                members.iter().map(|(name, member)| format!("{}: {}", key(name), on_one_line(member))).collect();
            format!("{{ {} }}", members.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(on_one_line).collect::<Vec<_>>().join(", ")),
        other => value(other),
    }
}

/// Whether a value may fit on a line: nothing is printed only to be thrown away, level by level.
fn is_small(json: &Value) -> bool {
    fn size(json: &Value, left: usize) -> Option<usize> {
        match json {
            Value::String(text) => left.checked_sub(text.len() + 2),
            Value::Array(items) => items.iter().try_fold(left.checked_sub(2)?, |left, item| size(item, left)),
            Value::Object(members) => members
                .iter()
                .try_fold(left.checked_sub(4)?, |left, (name, member)| size(member, left.checked_sub(name.len())?)),
            Value::Null | Value::Bool(_) | Value::Number(_) => left.checked_sub(1),
        }
    }
    size(json, WIDTH).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Diagnostics;
    use crate::emit::typescript::format::format;
    use serde_json::json;

    #[test]
    fn rows_are_laid_out_as_the_formatter_would() {
        let long = "word ".repeat(12);
        let rows = row("a", &json!({ "id": 1, "b": [] }))
            + row("b-c", &json!({ "text": long, "more": { "x": [1, 2], "long": [long, long] }, "none": {} })).as_str();
        let module = format!("export const table = {{\n{rows}}};\n");
        let mut diagnostics = Diagnostics::new();
        assert_eq!(format("a.ts", module.clone(), &mut diagnostics), module);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
    }

    #[test]
    fn rows_of_hostile_text_parse() {
        let hostile = json!({ "`${x}`": "*/ \u{2028} ' \\ </script>", "__proto__": ["\n", null], "": -0.5 });
        let module = format!("export const table = {{\n{}}};\n", row("'+x+'", &hostile));
        let mut diagnostics = Diagnostics::new();
        format("a.ts", module, &mut diagnostics);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
    }

    #[test]
    fn rows_take_the_place_of_their_mark() {
        assert_eq!(placed("const a = {\n  rows: 0,\n};\n", "  x: 1,\n"), "const a = {\n  x: 1,\n};\n");
    }
}
