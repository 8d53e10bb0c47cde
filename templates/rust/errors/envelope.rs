//! The body of failures: facts put into the form that the contract gives them.
//!
//! Owns: finding the place of each fact by its name. Must not know: handlers, clients.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::validate::{Extra, Field, Literal, Record, Schema, Text, check};

/// What a failure tells.
pub(super) struct Facts<'a> {
    pub(super) code: &'a str,
    pub(super) status: u16,
    pub(super) message: &'a str,
    pub(super) severity: &'a str,
    pub(super) retry_policy: &'a str,
    pub(super) request_id: &'a str,
    pub(super) trace_id: &'a str,
    pub(super) timestamp: &'a str,
    pub(super) context: &'a BTreeMap<String, String>,
    pub(super) hint: Option<&'a str>,
    pub(super) cause_chain: &'a [String],
    pub(super) details: Option<&'a Value>,
}

/// `{"error": {"code", "message", "details"}}`, for contracts that say nothing.
pub(super) static PLAIN: Schema = Schema::Record(Record {
    fields: &[Field {
        name: "error",
        required: true,
        schema: &Schema::Record(Record {
            fields: &[
                Field { name: "code", required: true, schema: &Schema::Text(Text::ANY) },
                Field { name: "message", required: true, schema: &Schema::Text(Text::ANY) },
                Field { name: "details", required: false, schema: &Schema::Any },
            ],
            extra: Extra::Ignored,
            min_properties: None,
            max_properties: None,
        }),
    }],
    extra: Extra::Ignored,
    min_properties: None,
    max_properties: None,
});

/// Deepest place of a fact.
const DEPTH: usize = 6;

/// The body.
pub(super) fn fill(facts: &Facts<'_>) -> Value {
    let record = record(super::ENVELOPE, DEPTH).or_else(|| record(&PLAIN, DEPTH));
    record.map_or(Value::Null, |record| object(record, facts, DEPTH))
}

/// Whether the member of this name, if the envelope has one, may have this value.
#[cfg(feature = "server")]
pub(crate) fn admits(name: &str, value: &Value) -> bool {
    fn rule(schema: &'static Schema, name: &str, depth: usize) -> Option<&'static Schema> {
        let fields = record(schema, depth)?.fields;
        let own = fields.iter().find(|field| plain(field.name) == name).map(|field| field.schema);
        own.or_else(|| fields.iter().find_map(|field| rule(field.schema, name, depth.checked_sub(1)?)))
    }
    rule(super::ENVELOPE, name, DEPTH).is_none_or(|schema| check(schema, value).is_empty())
}

/// The object among the alternatives.
fn record(schema: &'static Schema, depth: usize) -> Option<&'static Record> {
    let depth = depth.checked_sub(1)?;
    match schema {
        Schema::Record(record) => Some(record),
        Schema::Same(other) | Schema::Nullable(other){% if guards %} | Schema::Guarded(other, _){% endif %} => record(other, depth),
        Schema::Union(union) => union.variants.iter().find_map(|variant| record(variant.schema, depth)),
        _ => None,
    }
}

fn object(record: &'static Record, facts: &Facts<'_>, depth: usize) -> Value {
    let mut members = Map::new();
    for field in record.fields {
        let found = facts.named(field.name);
        let fitting = found.iter().find(|value| check(field.schema, value).is_empty()).cloned();
        let value = match (fitting, self::record(field.schema, DEPTH)) {
            (Some(value), _) => Some(value),
            (None, Some(inner)) if depth > 1 && (field.required || plain(field.name) == "error") => {
                Some(object(inner, facts, depth - 1))
            }
            (None, _) if field.required => {
                Some(found.into_iter().next().unwrap_or_else(|| placeholder(field.schema, facts, DEPTH)))
            }
            _ => None,
        };
        if let Some(value) = value {
            members.insert(field.name.to_owned(), value);
        }
    }
    Value::Object(members)
}

/// A value for a member that must be there and of which nothing is known.
fn placeholder(schema: &'static Schema, facts: &Facts<'_>, depth: usize) -> Value {
    let Some(depth) = depth.checked_sub(1) else { return Value::Null };
    match schema {
        Schema::Same(other){% if guards %} | Schema::Guarded(other, _){% endif %} => placeholder(other, facts, depth),
        Schema::Text(_) => facts.message.into(),
        Schema::Integer(..) | Schema::Number(_) => facts.status.into(),
        Schema::Boolean => false.into(),
        Schema::List(_) | Schema::Tuple(_) => json!([]),
        Schema::Map(_) => json!({}),
        Schema::Record(record) => object(record, facts, depth),
        Schema::Union(union) => union.variants.first().map_or(Value::Null, |one| placeholder(one.schema, facts, depth)),
        Schema::Literals([Literal::Text(text), ..]) => (*text).into(),
        Schema::Literals([literal, ..]) => serde_json::from_str(&literal.to_string()).unwrap_or_default(),
        Schema::Literals([]) | Schema::Any | Schema::Never | Schema::Null | Schema::Nullable(_) => Value::Null,
    }
}

/// A name without what spellings differ in.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

impl Facts<'_> {
    /// What a member of this name may hold, the best first; nothing when the name says nothing.
    fn named(&self, name: &str) -> Vec<Value> {
        let status = || Value::from(self.status);
        match plain(name).as_str() {
            "code" | "errorcode" => vec![self.code.into(), status()],
            "status" | "statuscode" | "httpstatus" => vec![status(), self.status.to_string().into(), self.code.into()],
            "message" | "title" | "detail" | "description" | "reason" | "errordescription" | "errormessage" | "msg" => {
                vec![self.message.into()]
            }
            "error" => vec![self.code.into(), self.message.into()],
            "type" => vec!["about:blank".into(), self.code.into()],
            "severity" => vec![self.severity.into()],
            "retrypolicy" => vec![self.retry_policy.into()],
            "requestid" => vec![self.request_id.into()],
            "traceid" => vec![self.trace_id.into()],
            "timestamp" => vec![self.timestamp.into()],
            "context" => vec![json!(self.context)],
            "hint" => self.hint.into_iter().map(Value::from).collect(),
            "causechain" => vec![json!(self.cause_chain)],
            "details" => self.details.cloned().into_iter().collect(),
            "violations" => self.details.and_then(|details| details.get("violations")).cloned().into_iter().collect(),
            _ => Vec::new(),
        }
    }
}

/// What a caller can read from the body of a failure, whatever its form.
#[cfg(feature = "client")]
pub(crate) struct Told {
    pub(crate) code: Option<String>,
    pub(crate) message: String,
    pub(crate) details: Option<Value>,
}

/// Reads the body of a failure; `None`: it is no object.
#[cfg(feature = "client")]
pub(crate) fn read(body: &Value) -> Option<Told> {
    let outer = body.as_object()?;
    let members = outer.get("error").and_then(Value::as_object).unwrap_or(outer);
    let text = |names: &[&str]| {
        let found = names.iter().find_map(|name| members.iter().find(|(key, value)| plain(key) == *name && value.is_string()));
        found.and_then(|(_, value)| value.as_str()).map(str::to_owned)
    };
    Some(Told {
        code: text(&["code", "errorcode", "error", "status"]),
        message: text(&["message", "detail", "title", "description", "errordescription", "errormessage", "msg", "error"])
            .unwrap_or_default(),
        details: members.get("details").cloned(),
    })
}
