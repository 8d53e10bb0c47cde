//! From values to texts.

use serde_json::Value;

use super::{Parameter, Style, percent_encode};

/// The text of a value that has no parts; values with parts are written as JSON.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn encoded(value: &Value) -> String {
    percent_encode(&text(value))
}

/// What stands in the place of a path parameter.
#[must_use]
pub fn write_path(parameter: &Parameter, value: &Value) -> String {
    let name = parameter.name;
    match parameter.style {
        Style::Json => percent_encode(&value.to_string()),
        Style::Label => {
            let sign = if parameter.explode { "." } else { "," };
            format!(".{}", joined(value, sign, parameter.explode, encoded))
        }
        Style::Matrix => match value {
            Value::Array(items) if parameter.explode => {
                items.iter().map(|item| format!(";{name}={}", encoded(item))).collect()
            }
            Value::Object(_) if parameter.explode => format!(";{}", joined(value, ";", true, encoded)),
            value => format!(";{name}={}", joined(value, ",", false, encoded)),
        },
        _ => joined(value, ",", parameter.explode, encoded),
    }
}

/// Items, or names and values, with a sign between them.
fn joined(value: &Value, sign: &str, keyed: bool, write: impl Fn(&Value) -> String) -> String {
    match value {
        Value::Array(items) => items.iter().map(write).collect::<Vec<_>>().join(sign),
        Value::Object(members) => {
            let between = if keyed { "=" } else { sign };
            let pair = |(name, value): (&String, &Value)| {
                format!("{}{between}{}", write(&Value::String(name.clone())), write(value))
            };
            members.iter().filter(|(_, value)| !value.is_null()).map(pair).collect::<Vec<_>>().join(sign)
        }
        other => write(other),
    }
}

/// Adds a query parameter or a field of a form, as `name=value` pieces that are encoded already.
pub fn write_pairs(parameter: &Parameter, value: &Value, out: &mut Vec<String>) {
    let name = percent_encode(parameter.name);
    match (parameter.style, value) {
        (Style::Json, value) => out.push(format!("{name}={}", percent_encode(&value.to_string()))),
        (Style::DeepObject, Value::Object(_)) => write_deep(parameter.name, value, out),
        (_, Value::Array(items)) if parameter.explode => {
            out.extend(items.iter().map(|item| format!("{name}={}", encoded(item))));
        }
        (_, Value::Object(members)) if parameter.explode => {
            for (key, member) in members {
                let key = percent_encode(key);
                match member {
                    Value::Null => {}
                    Value::Array(items) => out.extend(items.iter().map(|item| format!("{key}={}", encoded(item)))),
                    member => out.push(format!("{key}={}", encoded(member))),
                }
            }
        }
        (style, value) => {
            let sign = match style {
                Style::SpaceDelimited => "%20",
                Style::PipeDelimited => "%7C",
                _ => ",",
            };
            out.push(format!("{name}={}", joined(value, sign, false, encoded)));
        }
    }
}

fn write_deep(prefix: &str, value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                write_deep(&format!("{prefix}[{key}]"), member, out);
            }
        }
        Value::Array(items) => {
            for item in items {
                out.push(format!("{}={}", percent_encode(prefix), encoded(item)));
            }
        }
        Value::Null => {}
        other => out.push(format!("{}={}", percent_encode(prefix), encoded(other))),
    }
}

/// The text of a header.
#[must_use]
pub fn write_header(parameter: &Parameter, value: &Value) -> String {
    match parameter.style {
        Style::Json => value.to_string(),
        _ => joined(value, ",", parameter.explode, text),
    }
}

/// The piece `name=value` of a `Cookie` header.
#[must_use]
pub fn write_cookie(parameter: &Parameter, value: &Value) -> String {
    let text = match parameter.style {
        Style::Json => percent_encode(&value.to_string()),
        _ => joined(value, ",", false, encoded),
    };
    format!("{}={text}", parameter.name)
}
