//! Holding a value against a schema.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde_json::Value;

use super::Violation;
use super::format::matches;
{%- if guards %}
use super::guard;
{%- endif %}
use super::number::{canonical, equal};
use super::schema::{Extra, List, Literal, Map, Number, Range, Record, Schema, Text, Tuple, Union, Variant, Width};

/// Most violations that are told of one value.
const MOST: usize = 100;

/// Steps that a value may take beside those for its size: alternatives inside alternatives can take more than there is time for.
const STEPS: u64 = 1_000_000;

/// Deepest nesting that is looked into; JSON texts that are read are less deep.
const DEPTH: usize = 300;

/// Everything that a schema does not admit in a value, in the order of the schema.
#[must_use]
pub fn check(schema: &'static Schema, value: &Value) -> Vec<Violation> {
    let mut check = Check::of(value);
    check.value(schema, value, None);
    check.found
}

/// Which alternative of a union a value is.
///
/// # Errors
/// It is none of them; why, for people.
pub fn choose(schema: &'static Schema, value: &Value) -> Result<usize, String> {
    let mut schema = schema;
    let union = loop {
        match schema {
            Schema::Same(other) | Schema::Nullable(other){% if guards %} | Schema::Guarded(other, _){% endif %} => schema = other,
            Schema::Union(union) => break union,
            _ => return Err("is not one of several".to_owned()),
        }
    };
    let mut check = Check::of(value);
    let chosen = match union.tag {
        Some(tag) => check.tagged(union, tag, value).map(|(position, _)| position),
        None => check.first_fit(union, value),
    };
    chosen.ok_or_else(|| check.found.first().map_or_else(|| "matches no alternative".to_owned(), ToString::to_string))
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Member(&'a str),
    Item(usize),
}

struct Check<'a> {
    at: Vec<Step<'a>>,
    found: Vec<Violation>,
    most: usize,
    steps: u64,
    depth: usize,
}

impl<'a> Check<'a> {
    fn of(value: &'a Value) -> Self {
        let steps = STEPS.saturating_add(nodes(value).saturating_mul(50));
        Self { at: Vec::new(), found: Vec::new(), most: MOST, steps, depth: 0 }
    }

    fn violate(&mut self, keyword: &str, message: impl Into<String>) {
        if self.found.len() >= self.most {
            return;
        }
        let mut pointer = String::new();
        for step in &self.at {
            pointer.push('/');
            match step {
                Step::Member(name) => pointer.push_str(&name.replace('~', "~0").replace('/', "~1")),
                Step::Item(position) => pointer.push_str(&position.to_string()),
            }
        }
        self.found.push(Violation { pointer, keyword: keyword.to_owned(), message: message.into() });
    }

    fn is_full(&self) -> bool {
        self.found.len() >= self.most
    }

    fn inside(&mut self, step: Step<'a>, schema: &'static Schema, value: &'a Value) {
        self.at.push(step);
        self.value(schema, value, None);
        self.at.pop();
    }

    /// `tag`: a member that tells of which alternative the value is, which needs not be known to the schema itself.
    fn value(&mut self, schema: &'static Schema, value: &'a Value, tag: Option<&str>) {
        if self.is_full() {
            return;
        }
        if self.steps == 0 || self.depth >= DEPTH {
            return self.violate("depth", "is too deeply nested, or fits too many alternatives, to be checked");
        }
        self.steps -= 1;
        self.depth += 1;
        match schema {
            Schema::Any => {}
            Schema::Never => self.violate("not", "must not be present"),
            Schema::Null if !value.is_null() => self.violate("type", "must be null"),
            Schema::Boolean if !value.is_boolean() => self.violate("type", "must be true or false"),
            Schema::Null | Schema::Boolean => {}
            Schema::Integer(width, range) => self.integer(*width, range, value),
            Schema::Number(range) => match value {
                Value::Number(number) => self.range(range, Number::of(number)),
                _ => self.violate("type", "must be a number"),
            },
            Schema::Text(text) => match value {
                Value::String(string) => self.text(text, string),
                _ => self.violate("type", "must be a string"),
            },
            Schema::List(list) => self.list(&[], Some(list.item), list, value),
            Schema::Tuple(Tuple { items, rest }) => self.list(items, Some(rest.item), rest, value),
            Schema::Map(map) => self.map(map, value),
            Schema::Literals(literals) => self.literals(literals, value),
            Schema::Record(record) => self.record(record, value, tag),
            Schema::Union(union) => self.union(union, value),
            Schema::Nullable(other) if !value.is_null() => self.value(other, value, tag),
            Schema::Nullable(_) => {}
            Schema::Same(other) => self.value(other, value, tag),
{%- if guards %}
            Schema::Guarded(other, guards) => {
                let before = self.found.len();
                self.value(other, value, tag);
                let sound = self.found.len() == before;
                for guard in *guards {
                    for keyword in guard::broken(guard, value, sound, &mut self.steps) {
                        self.violate(keyword, guard::message(keyword));
                    }
                }
            }
{%- endif %}
        }
        self.depth -= 1;
    }

    fn integer(&mut self, width: Width, range: &Range, value: &Value) {
        let Value::Number(number) = value else { return self.violate("type", "must be a whole number") };
        let number = Number::of(number);
        let Some(whole) = number.whole() else { return self.violate("type", "must be a whole number") };
        self.range(range, number);
        let (fits, bits) = match width {
            Width::I32 => (i32::try_from(whole).is_ok(), "32"),
            Width::I64 => (i64::try_from(whole).is_ok(), "64"),
            Width::U64 => (whole < 0 || u64::try_from(whole).is_ok(), "64"),
        };
        if !fits {
            self.violate("format", format!("must fit into {bits} bits"));
        }
    }

    fn range(&mut self, range: &Range, number: Number) {
        let order = |limit: Number| number.order(limit);
        if let Some(limit) = range.minimum.filter(|limit| order(*limit) == Some(Ordering::Less)) {
            self.violate("minimum", format!("must be at least {limit}"));
        }
        let above = |limit: &Number| order(*limit) == Some(Ordering::Greater);
        if let Some(limit) = range.exclusive_minimum.filter(|limit| !above(limit)) {
            self.violate("exclusiveMinimum", format!("must be greater than {limit}"));
        }
        if let Some(limit) = range.maximum.filter(above) {
            self.violate("maximum", format!("must be at most {limit}"));
        }
        if let Some(limit) = range.exclusive_maximum.filter(|limit| order(*limit) != Some(Ordering::Less)) {
            self.violate("exclusiveMaximum", format!("must be less than {limit}"));
        }
        if let Some(step) = range.multiple_of.filter(|step| !number.is_multiple_of(*step)) {
            self.violate("multipleOf", format!("must be a multiple of {step}"));
        }
    }

    fn text(&mut self, rules: &Text, text: &str) {
        if rules.min_length.is_some() || rules.max_length.is_some() {
            let length = text.chars().count() as u64;
            if let Some(least) = rules.min_length.filter(|least| length < *least) {
                self.violate("minLength", format!("must have at least {}", counted(least, "character")));
            }
            if let Some(most) = rules.max_length.filter(|most| length > *most) {
                // A pattern is not tried on a text that is longer than the contract expects.
                return self.violate("maxLength", format!("must have at most {}", counted(most, "character")));
            }
        }
        if let Some(pattern) = rules.pattern.filter(|pattern| !matches(pattern, text)) {
            self.violate("pattern", format!("must match the pattern {pattern}"));
        }
        if !rules.format.admits(text) {
            let (_, words) = rules.format.describe();
            self.violate("format", format!("must be {words}"));
        }
    }

    fn list(&mut self, first: &'static [&'static Schema], rest: Option<&'static Schema>, rules: &List, value: &'a Value) {
        let Value::Array(items) = value else { return self.violate("type", "must be a list") };
        self.count(items.len(), rules.min_items, rules.max_items, ["minItems", "maxItems"], "item");
        if rules.unique {
            let mut seen = BTreeSet::new();
            let repeated = items.iter().position(|item| {
                let mut text = String::new();
                canonical(item, &mut text);
                !seen.insert(text)
            });
            if let Some(position) = repeated {
                self.violate("uniqueItems", format!("must not have equal items; item {position} repeats another"));
            }
        }
        for (position, item) in items.iter().enumerate() {
            if self.is_full() {
                return;
            }
            if let Some(schema) = first.get(position).copied().or(rest) {
                self.inside(Step::Item(position), schema, item);
            }
        }
    }

    fn count(&mut self, length: usize, least: Option<u64>, most: Option<u64>, keywords: [&str; 2], what: &str) {
        let [at_least, at_most] = keywords;
        let length = length as u64;
        if let Some(least) = least.filter(|least| length < *least) {
            self.violate(at_least, format!("must have at least {}", counted(least, what)));
        }
        if let Some(most) = most.filter(|most| length > *most) {
            self.violate(at_most, format!("must have at most {}", counted(most, what)));
        }
    }

    fn map(&mut self, map: &Map, value: &'a Value) {
        let Value::Object(members) = value else { return self.violate("type", "must be an object") };
        self.count(members.len(), map.min_properties, map.max_properties, ["minProperties", "maxProperties"], "member");
        for (name, member) in members {
            if let Some(pattern) = map.key_pattern.filter(|pattern| !matches(pattern, name)) {
                self.at.push(Step::Member(name));
                self.violate("propertyNames", format!("must have a name that matches the pattern {pattern}"));
                self.at.pop();
            }
            self.inside(Step::Member(name), map.value, member);
        }
    }

    fn literals(&mut self, literals: &'static [Literal], value: &Value) {
        if literals.iter().any(|literal| literal.is(value)) {
            return;
        }
        if let [only] = literals {
            return self.violate("const", format!("must be {only}"));
        }
        let shown: Vec<String> = literals.iter().take(20).map(ToString::to_string).collect();
        let more = if literals.len() > shown.len() { ", …" } else { "" };
        self.violate("enum", format!("must be one of {}{more}", shown.join(", ")));
    }

    fn record(&mut self, record: &Record, value: &'a Value, tag: Option<&str>) {
        let Value::Object(members) = value else { return self.violate("type", "must be an object") };
        self.count(members.len(), record.min_properties, record.max_properties, ["minProperties", "maxProperties"], "member");
        for field in record.fields {
            match members.get(field.name) {
                Some(member) => self.inside(Step::Member(field.name), field.schema, member),
                None if field.required => {
                    self.at.push(Step::Member(field.name));
                    self.violate("required", "is missing");
                    self.at.pop();
                }
                None => {}
            }
        }
        if matches!(record.extra, Extra::Ignored) {
            return;
        }
        for (name, member) in members {
            if tag == Some(name) || record.fields.iter().any(|field| field.name == name) {
                continue;
            }
            match record.extra {
                Extra::Kept(schema) => self.inside(Step::Member(name), schema, member),
                _ => {
                    self.at.push(Step::Member(name));
                    self.violate("additionalProperties", "is not known here");
                    self.at.pop();
                }
            }
        }
    }

    /// The alternative that the tag of a value names; when there is none, why.
    fn tagged(&mut self, union: &Union, tag: &'static str, value: &'a Value) -> Option<(usize, &'static Schema)> {
        let Value::Object(members) = value else {
            self.violate("type", "must be an object");
            return None;
        };
        let named = members.get(tag);
        let is_named = |variant: &Variant| named.and_then(Value::as_str).is_some_and(|name| variant.tags.contains(&name));
        if let Some(position) = union.variants.iter().position(is_named) {
            return union.variants.get(position).map(|variant| (position, variant.schema));
        }
        self.at.push(Step::Member(tag));
        if named.is_none() {
            self.violate("required", "is missing");
        } else {
            let tags: Vec<String> = union.variants.iter().flat_map(|variant| variant.tags).map(|tag| format!("{tag:?}")).collect();
            self.violate("enum", format!("must be one of {}", tags.join(", ")));
        }
        self.at.pop();
        None
    }

    /// Runs a part of the check whose violations are not told.
    fn quietly(&mut self, most: usize, schema: &'static Schema, value: &'a Value) -> Vec<Violation> {
        let found = std::mem::take(&mut self.found);
        let before = std::mem::replace(&mut self.most, most);
        self.value(schema, value, None);
        self.most = before;
        std::mem::replace(&mut self.found, found)
    }

    fn first_fit(&mut self, union: &Union, value: &'a Value) -> Option<usize> {
        let fits = |variant: &Variant| self.quietly(1, variant.schema, value).is_empty();
        union.variants.iter().position(fits)
    }

    fn union(&mut self, union: &Union, value: &'a Value) {
        if let Some(tag) = union.tag {
            if let Some((_, schema)) = self.tagged(union, tag, value) {
                self.value(schema, value, Some(tag));
            }
            return;
        }
        let keyword = if union.exclusive { "oneOf" } else { "anyOf" };
        let Some(first) = self.first_fit(union, value) else { return self.no_fit(union, keyword, value) };
        if union.exclusive {
            let others = union.variants.get(first + 1..).unwrap_or_default();
            if others.iter().any(|variant| self.quietly(1, variant.schema, value).is_empty()) {
                self.violate(keyword, "must match exactly one of the alternatives, and matches several");
            }
        }
    }

    /// Tells why a value is none of the alternatives: the violations of the one that it comes closest to.
    fn no_fit(&mut self, union: &Union, keyword: &str, value: &'a Value) {
        if self.most == 1 {
            return self.violate(keyword, "matches none of the alternatives");
        }
        let alike: Vec<&Variant> = union.variants.iter().filter(|variant| variant.schema.is_like(value)).collect();
        let tries = alike.iter().map(|variant| self.quietly(MOST, variant.schema, value));
        let closest = tries.min_by_key(Vec::len).unwrap_or_default();
        if alike.len() != 1 {
            self.violate(keyword, format!("matches none of the {} alternatives", union.variants.len()));
        }
        let room = self.most.saturating_sub(self.found.len());
        self.found.extend(closest.into_iter().take(room));
    }
}

impl Schema {
    /// Whether values of the same JSON type are admitted at all.
    fn is_like(&self, value: &Value) -> bool {
        let mut schema = self;
        for _ in 0..DEPTH {
            return match schema {
                Self::Nullable(_) if value.is_null() => true,
                Self::Nullable(other) | Self::Same(other){% if guards %} | Self::Guarded(other, _){% endif %} => {
                    schema = other;
                    continue;
                }
                Self::Any | Self::Union(_) | Self::Literals(_) => true,
                Self::Never => false,
                Self::Null => value.is_null(),
                Self::Boolean => value.is_boolean(),
                Self::Integer(..) | Self::Number(_) => value.is_number(),
                Self::Text(_) => value.is_string(),
                Self::List(_) | Self::Tuple(_) => value.is_array(),
                Self::Map(_) | Self::Record(_) => value.is_object(),
            };
        }
        false
    }
}

impl Literal {
    fn is(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Null, Value::Null) => true,
            (Self::Boolean(a), Value::Bool(b)) => a == b,
            (Self::Number(a), Value::Number(b)) => a.order(Number::of(b)) == Some(Ordering::Equal),
            (Self::Text(a), Value::String(b)) => a == b,
            (Self::Json(a), b) => serde_json::from_str(a).is_ok_and(|a| equal(&a, b)),
            _ => false,
        }
    }
}

impl std::fmt::Display for Literal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::Text(value) => write!(f, "{value:?}"),
            Self::Json(value) => f.write_str(value),
        }
    }
}

/// How many values a value is made of. It may be nested deeper than this thread's stack could follow.
fn nodes(value: &Value) -> u64 {
    let mut left = vec![value];
    let mut count = 0;
    while let Some(value) = left.pop() {
        count += 1;
        match value {
            Value::Array(items) => left.extend(items),
            Value::Object(members) => left.extend(members.values()),
            _ => {}
        }
    }
    count
}

fn counted(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
