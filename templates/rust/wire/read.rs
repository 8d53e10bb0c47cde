//! From texts to values.

use serde_json::{Map, Number, Value};

use super::{Parameter, Style, percent_decode};
use crate::validate::{Literal, Schema};

/// What was found where a parameter may stand.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// Nothing.
    Absent,
    /// A value; whether it fits the type is not decided here.
    Value(Value),
    /// A text that is not written as it has to be.
    Broken(&'static str),
}

const NOT_UTF8: Found = Found::Broken("is not UTF-8");
const NOT_JSON: Found = Found::Broken("is not a JSON text");
const REPEATED: Found = Found::Broken("is given more than once");

/// Names and values of a query or a form, in their order. Names are decoded; values are not, so that an encoded comma can be
/// told from one that parts items.
#[derive(Debug, Clone, Default)]
pub struct Pairs {
    entries: Vec<(String, String)>,
}

impl Pairs {
    /// Takes `a=1&b=2` apart.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let entries = text
            .split('&')
            .filter(|piece| !piece.is_empty())
            .filter_map(|piece| {
                let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
                Some((percent_decode(name, true)?, value.to_owned()))
            })
            .collect();
        Self { entries }
    }

    fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let of_name = move |(key, value): &'a (String, String)| (key == name).then_some(value.as_str());
        self.entries.iter().filter_map(of_name)
    }
}

/// The value that a text stands for: `12` is a number where a number may stand. A text that fits nothing stays a string, so
/// that checking the type tells what is wrong.
#[must_use]
pub fn scalar(schema: &Schema, text: &str) -> Value {
    try_scalar(schema, text, 16).unwrap_or_else(|| Value::String(text.to_owned()))
}

fn try_scalar(schema: &Schema, text: &str, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    match schema {
        Schema::Text(_) | Schema::Any => Some(Value::String(text.to_owned())),
        // `1.0` is a whole number too; checking the type tells what is none.
        Schema::Integer(..) | Schema::Number(_) => integer(text)
            .or_else(|| text.parse().ok().filter(|_| text.starts_with(plain)).and_then(Number::from_f64))
            .map(Value::Number),
        Schema::Boolean => text.parse().ok().map(Value::Bool),
        Schema::Null => null(text),
        Schema::Never => None,
        Schema::Same(other){% if guards %} | Schema::Guarded(other, _){% endif %} => try_scalar(other, text, depth),
        Schema::Nullable(other) => try_scalar(other, text, depth).or_else(|| null(text)),
        Schema::Literals(literals) => literals.iter().find_map(|literal| match literal {
            Literal::Text(known) => (*known == text).then(|| Value::String(text.to_owned())),
            literal => {
                let value = serde_json::from_str(text).ok()?;
                (literal.to_string() == text).then_some(value)
            }
        }),
        Schema::List(_) | Schema::Tuple(_) | Schema::Map(_) | Schema::Record(_) => serde_json::from_str(text).ok(),
        Schema::Union(union) => {
            let schemas = || union.variants.iter().map(|variant| variant.schema);
            let is_text = schemas().any(Schema::is_text);
            let narrow = schemas().filter(|schema| !schema.is_text() && !(is_text && matches!(schema, Schema::Null)));
            narrow.chain(schemas().filter(|schema| schema.is_text())).find_map(|schema| try_scalar(schema, text, depth))
        }
    }
}

fn null(text: &str) -> Option<Value> {
    (text.is_empty() || text == "null").then_some(Value::Null)
}

fn plain(first: char) -> bool {
    first == '-' || first.is_ascii_digit()
}

fn integer(text: &str) -> Option<Number> {
    if !text.starts_with(plain) {
        return None;
    }
    let signed = text.parse::<i64>().map(Number::from);
    signed.or_else(|_| text.parse::<u64>().map(Number::from)).ok()
}

/// A value out of texts that were parted already. Pairs are `name=value` when `keyed`, else they follow each other.
fn compose(schema: &Schema, pieces: &[&str], keyed: bool, plus: bool) -> Found {
    let decoded: Option<Vec<String>> = pieces.iter().map(|piece| percent_decode(piece, plus)).collect();
    let Some(texts) = decoded else { return NOT_UTF8 };
    if schema.is_object() && (keyed || pieces.len() > 1 || !schema.is_scalar()) {
        let mut object = Map::new();
        let mut insert = |name: String, text: &str| {
            let value = schema.member(&name).map_or_else(|| Value::String(text.to_owned()), |schema| scalar(schema, text));
            object.insert(name, value);
        };
        if keyed {
            for piece in pieces {
                let (name, text) = piece.split_once('=').unwrap_or((piece, ""));
                let (Some(name), Some(text)) = (percent_decode(name, plus), percent_decode(text, plus)) else {
                    return NOT_UTF8;
                };
                insert(name, &text);
            }
        } else {
            for pair in texts.chunks(2) {
                let [name, text] = pair else { return Found::Broken("has a name without a value") };
                insert(name.clone(), text);
            }
        }
        return Found::Value(Value::Object(object));
    }
    match (schema.items(), texts.as_slice()) {
        (Some(item), texts) if texts.len() != 1 || !schema.is_scalar() => {
            let texts = if texts == [""] { &[] } else { texts };
            Found::Value(Value::Array(texts.iter().map(|text| scalar(item, text)).collect()))
        }
        (_, [text]) => Found::Value(scalar(schema, text)),
        _ => REPEATED,
    }
}

fn json(text: Option<String>) -> Found {
    let Some(text) = text else { return NOT_UTF8 };
    serde_json::from_str(&text).map_or(NOT_JSON, Found::Value)
}

/// Reads a path parameter out of the raw text that stands in its place.
#[must_use]
pub fn read_path(parameter: &Parameter, raw: &str) -> Found {
    let Parameter { name, schema, explode, .. } = parameter;
    let compound = schema.is_object() || schema.items().is_some();
    match parameter.style {
        Style::Json => json(percent_decode(raw, false)),
        Style::Label => {
            let Some(raw) = raw.strip_prefix('.') else { return Found::Broken("does not begin with a dot") };
            let pieces = parted(raw, if *explode { '.' } else { ',' }, compound);
            compose(schema, &pieces, *explode && schema.is_object(), false)
        }
        Style::Matrix => {
            let Some(raw) = raw.strip_prefix(';') else { return Found::Broken("does not begin with a semicolon") };
            if *explode && schema.is_object() {
                return compose(schema, &parted(raw, ';', true), true, false);
            }
            let mut values = Vec::new();
            for piece in raw.split(';') {
                match piece.split_once('=').unwrap_or((piece, "")) {
                    (key, value) if key == *name => values.push(value),
                    _ => return Found::Broken("does not name its parameter"),
                }
            }
            if let ([value], true, false) = (values.as_slice(), compound, *explode) {
                values = parted(value, ',', true);
            }
            compose(schema, &values, false, false)
        }
        _ => compose(schema, &parted(raw, ',', compound), *explode && schema.is_object(), false),
    }
}

fn parted(raw: &str, sign: char, compound: bool) -> Vec<&str> {
    if compound { raw.split(sign).collect() } else { vec![raw] }
}

/// Reads a query parameter or a field of a form. `others` are the parameters beside it: their names are not members of an
/// object that is spread over the query.
#[must_use]
pub fn read_pairs(parameter: &Parameter, pairs: &Pairs, others: &[Parameter]) -> Found {
    let Parameter { name, schema, explode, .. } = parameter;
    let values: Vec<&str> = pairs.named(name).collect();
    let separators: &[&str] = match parameter.style {
        Style::Json => {
            return match values.as_slice() {
                [] => Found::Absent,
                [value] => json(percent_decode(value, true)),
                _ => REPEATED,
            };
        }
        Style::DeepObject => return read_deep(parameter, pairs),
        Style::SpaceDelimited => &["%20", "+"],
        Style::PipeDelimited => &["|", "%7C", "%7c"],
        _ => &[","],
    };
    if *explode && schema.is_object() {
        let spread = read_spread(parameter, pairs, others);
        if spread != Found::Absent || values.is_empty() {
            return match spread {
                Found::Absent => read_deep(parameter, pairs),
                found => found,
            };
        }
    }
    let compound = schema.is_object() || schema.items().is_some();
    match values.as_slice() {
        [] => Found::Absent,
        [value] if compound && !explode => {
            let mut pieces = vec![*value];
            for separator in separators {
                pieces = pieces.iter().flat_map(|piece| piece.split(separator)).collect();
            }
            compose(schema, &pieces, false, true)
        }
        values => compose(schema, values, false, true),
    }
}

/// An object whose members stand as parameters of their own.
fn read_spread(parameter: &Parameter, pairs: &Pairs, others: &[Parameter]) -> Found {
    let schema = parameter.schema;
    let mut object = Map::new();
    for (key, raw) in &pairs.entries {
        let claimed = others.iter().any(|other| other.name == key || key.starts_with(&format!("{}[", other.name)));
        let Some(member) = schema.member(key) else { continue };
        if claimed || key == parameter.name {
            continue;
        }
        let Some(text) = percent_decode(raw, true) else { return NOT_UTF8 };
        insert(&mut object, key, member, &text);
    }
    if object.is_empty() { Found::Absent } else { Found::Value(Value::Object(object)) }
}

/// Puts a text under a name; the second text of a name makes a list where a list may stand.
fn insert(object: &mut Map<String, Value>, key: &str, schema: &'static Schema, text: &str) {
    match (schema.items(), object.get_mut(key)) {
        (Some(item), Some(Value::Array(list))) => list.push(scalar(item, text)),
        (Some(item), _) if !schema.is_scalar() => {
            object.insert(key.to_owned(), Value::Array(vec![scalar(item, text)]));
        }
        _ => {
            object.insert(key.to_owned(), scalar(schema, text));
        }
    }
}

/// `name[a]=1&name[b][c]=2`.
fn read_deep(parameter: &Parameter, pairs: &Pairs) -> Found {
    let mut object = Map::new();
    for (key, raw) in &pairs.entries {
        let Some(path) = key.strip_prefix(parameter.name).and_then(brackets) else { continue };
        let Some(text) = percent_decode(raw, true) else { return NOT_UTF8 };
        if !place(&mut object, parameter.schema, &path, &text) {
            return Found::Broken("has members that contradict each other");
        }
    }
    if object.is_empty() { Found::Absent } else { Found::Value(Value::Object(object)) }
}

/// The names in `[a][b]`.
fn brackets(text: &str) -> Option<Vec<&str>> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    Some(inner.split("][").collect())
}

fn place(object: &mut Map<String, Value>, schema: &Schema, path: &[&str], text: &str) -> bool {
    let [name, rest @ ..] = path else { return false };
    let member = schema.member(name).unwrap_or(&Schema::Any);
    match rest {
        // `a[]=1` and `a[0]=1` are items of a list where a list may stand.
        [] | [_] if member.items().is_some() && (rest.is_empty() || !member.is_object()) => {
            insert(object, name, member, text);
            true
        }
        [] => object.insert((*name).to_owned(), scalar(member, text)).is_none(),
        rest => {
            let inner = object.entry(*name).or_insert_with(|| Value::Object(Map::new()));
            inner.as_object_mut().is_some_and(|inner| place(inner, member, rest, text))
        }
    }
}

/// Reads a header that stands once or several times.
#[must_use]
pub fn read_header(parameter: &Parameter, lines: &[&str]) -> Found {
    if lines.is_empty() {
        return Found::Absent;
    }
    let line = lines.join(",");
    if parameter.style == Style::Json {
        return serde_json::from_str(&line).map_or(NOT_JSON, Found::Value);
    }
    let schema = parameter.schema;
    if !schema.is_object() && schema.items().is_none() {
        return match lines {
            [line] => Found::Value(scalar(schema, line.trim())),
            _ => REPEATED,
        };
    }
    // Headers know no percent-encoding: signs that would be decoded are protected first.
    let escaped = line.replace('%', "%25");
    let pieces: Vec<&str> = escaped.split(',').map(str::trim).collect();
    compose(schema, &pieces, parameter.explode && schema.is_object(), false)
}

/// Reads a cookie out of the raw texts that stand behind its name.
#[must_use]
pub fn read_cookie(parameter: &Parameter, values: &[&str]) -> Found {
    match values {
        [] => Found::Absent,
        _ if parameter.style == Style::Json => match values {
            [value] => json(percent_decode(value, false)),
            _ => REPEATED,
        },
        [value] if parameter.schema.is_object() || parameter.schema.items().is_some() => {
            let pieces: Vec<&str> = value.split(',').collect();
            compose(parameter.schema, &pieces, false, false)
        }
        values => compose(parameter.schema, values, false, false),
    }
}
