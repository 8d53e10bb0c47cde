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
    let mut out = String::with_capacity(frame.len() + rows.len());
    for line in frame.split_inclusive('\n') {
        // No text of a contract reads like this: every line of a comment begins with a star.
        let Some(indent) = line.strip_suffix('\n').and_then(|line| line.strip_suffix(MARK)) else {
            out.push_str(line);
            continue;
        };
        if !indent.bytes().all(|byte| byte == b' ') {
            out.push_str(line);
            continue;
        }
        // Where the name before it is long, the formatter begins the table on a line of its own, further in.
        let further = indent.get(2..).unwrap_or("");
        for row in rows.split_inclusive('\n') {
            out.push_str(further);
            out.push_str(row);
        }
    }
    out
}

/// What a table holds.
#[derive(Debug, Clone)]
pub(super) enum Expression {
    /// An expression that is written already, on one line.
    Text(String),
    /// An object literal; keys are names, not yet quoted.
    Object(Vec<(String, Expression)>),
    /// A list.
    List(Vec<Expression>),
}

impl From<Value> for Expression {
    fn from(json: Value) -> Self {
        match json {
            Value::Object(members) => {
                Self::Object(members.into_iter().map(|(name, value)| (name, value.into())).collect())
            }
            Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            other => Self::Text(value(&other)),
        }
    }
}

/// One row: `  name: value,` and an end of line.
pub(super) fn row(name: &str, expression: &Expression) -> String {
    let mut text = String::from("  ");
    member(name, expression, 2, &mut text);
    text
}

/// `name: value,` and an end of line; lines begin at `indent`, which stands in the text already.
fn member(name: &str, expression: &Expression, indent: usize, text: &mut String) {
    let key = key(name);
    text.push_str(&key);
    text.push_str(": ");
    lay_out(expression, indent, indent + key.chars().count() + 2, text);
    text.push_str(",\n");
}

/// A value on one line where it fits behind `column`, else member by member.
fn lay_out(expression: &Expression, indent: usize, column: usize, text: &mut String) {
    // A comma follows.
    if let Some(line) = on_one_line(expression, WIDTH.saturating_sub(column + 1)) {
        text.push_str(&line);
        return;
    }
    let inner = " ".repeat(indent + 2);
    match expression {
        Expression::Text(written) => text.push_str(written),
        Expression::Object(members) => {
            text.push_str("{\n");
            for (name, expression) in members {
                text.push_str(&inner);
                member(name, expression, indent + 2, text);
            }
            text.push_str(&" ".repeat(indent));
            text.push('}');
        }
        Expression::List(items) => {
            text.push_str("[\n");
            for item in items {
                text.push_str(&inner);
                lay_out(item, indent + 2, indent + 2, text);
                text.push_str(",\n");
            }
            text.push_str(&" ".repeat(indent));
            text.push(']');
        }
    }
}

/// The expression on one line of at most so many characters.
fn on_one_line(expression: &Expression, room: usize) -> Option<String> {
    let mut text = String::new();
    write_line(expression, room, &mut text).then_some(text)
}

/// Gives up as soon as there is no room, so that big values cost no more than small ones on every level.
fn write_line(expression: &Expression, room: usize, text: &mut String) -> bool {
    let fits = |text: &str| text.len() <= room || text.chars().count() <= room;
    match expression {
        Expression::Text(written) => text.push_str(written),
        Expression::Object(members) if members.is_empty() => text.push_str("{}"),
        Expression::Object(members) => {
            for (i, (name, expression)) in members.iter().enumerate() {
                text.push_str(if i == 0 { "{ " } else { ", " });
                text.push_str(&key(name));
                text.push_str(": ");
                if !write_line(expression, room, text) {
                    return false;
                }
            }
            text.push_str(" }");
        }
        Expression::List(items) => {
            text.push('[');
            for (i, item) in items.iter().enumerate() {
                text.push_str(if i == 0 { "" } else { ", " });
                if !write_line(item, room, text) {
                    return false;
                }
            }
            text.push(']');
        }
    }
    fits(text)
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
        let rows = row("a", &json!({ "id": 1, "b": [] }).into())
            + row(
                "b-c",
                &json!({ "text": long, "more": { "x": [1, 2], "long": [long, long] }, "none": {} }).into(),
            )
            .as_str();
        let module = format!("export const table = {{\n{rows}}};\n");
        let mut diagnostics = Diagnostics::new();
        assert_eq!(
            format(&crate::memo::Memo::default(), "a.ts", module.clone(), &mut diagnostics),
            module
        );
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
    }

    #[test]
    fn rows_of_hostile_text_parse() {
        let hostile = json!({ "`${x}`": "*/ \u{2028} ' \\ </script>", "__proto__": ["\n", null], "": -0.5 });
        let module = format!("export const table = {{\n{}}};\n", row("'+x+'", &hostile.into()));
        let mut diagnostics = Diagnostics::new();
        format(&crate::memo::Memo::default(), "a.ts", module, &mut diagnostics);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
    }

    #[test]
    fn rows_take_the_place_of_their_mark() {
        let frame = "/**\n * {\n *   rows: 0,\n * }\n */\nconst a = {\n  rows: 0,\n};\n";
        assert_eq!(placed(frame, "  x: 1,\n"), frame.replace("\n  rows: 0", "\n  x: 1"));
        let further = "const a =\n  {\n    rows: 0,\n  };\n";
        assert_eq!(
            placed(further, "  x: {\n    y: 1,\n  },\n"),
            "const a =\n  {\n    x: {\n      y: 1,\n    },\n  };\n"
        );
    }
}
