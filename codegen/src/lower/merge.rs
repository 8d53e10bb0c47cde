//! Keywords of schemas that apply together, taken as one.
//!
//! Owns: which types, values and bounds remain when several schemas hold at once. Must not know: shapes.

use std::collections::BTreeSet;

use super::node::Node;
use super::parts::Part;
use crate::model::types::Docs;
use crate::tree::{Number, Value};

/// A set of JSON types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Types(u8);

impl Types {
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOLEAN: Self = Self(2);
    pub(super) const INTEGER: Self = Self(4);
    /// Every number, whole ones included.
    pub(super) const NUMBER: Self = Self(4 | 8);
    pub(super) const STRING: Self = Self(16);
    pub(super) const ARRAY: Self = Self(32);
    pub(super) const OBJECT: Self = Self(64);
    pub(super) const ALL: Self = Self(127);
    const NONE: Self = Self(0);

    fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "null" => Self::NULL,
            "boolean" => Self::BOOLEAN,
            "integer" => Self::INTEGER,
            "number" => Self::NUMBER,
            "string" => Self::STRING,
            "array" => Self::ARRAY,
            "object" => Self::OBJECT,
            _ => return None,
        })
    }

    /// What a `type` keyword admits; `None` when it has no meaning.
    fn of_keyword(value: &Value) -> Option<Self> {
        match value {
            Value::String(word) => Self::of_word(word),
            Value::Array(words) => words
                .iter()
                .map(|word| word.as_str().and_then(Self::of_word))
                .try_fold(Self::NONE, |sum, types| types.map(|types| sum.or(types))),
            _ => None,
        }
    }

    /// The type of a value.
    pub(super) fn of_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(number) if is_whole(number) => Self::INTEGER,
            Value::Number(_) => Self(8),
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The types one by one, in a fixed order; `number` stands for `integer` too.
    pub(super) fn each(self) -> Vec<Self> {
        let mut found = Vec::new();
        for one in [
            Self::STRING,
            Self::NUMBER,
            Self::INTEGER,
            Self::BOOLEAN,
            Self::ARRAY,
            Self::OBJECT,
            Self::NULL,
        ] {
            if self.has(one) && !(one == Self::INTEGER && found.contains(&Self::NUMBER)) {
                found.push(one);
            }
        }
        found
    }

    /// What `type` calls it.
    pub(super) fn keyword(self) -> &'static str {
        match self {
            Self::ARRAY => "array",
            other => other.word(),
        }
    }

    /// A word for naming.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::NULL => "null",
            Self::BOOLEAN => "boolean",
            Self::INTEGER => "integer",
            Self::NUMBER => "number",
            Self::STRING => "string",
            Self::ARRAY => "list",
            Self::OBJECT => "object",
            _ => "value",
        }
    }
}

fn is_whole(number: &Number) -> bool {
    number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|f| f.fract() == 0.0 && f.abs() < 9.0e15)
}

/// The parts that hold at once. At least one of them was written in place, unless the set is empty.
#[derive(Debug)]
pub(super) struct Merged<'a> {
    pub(super) parts: Vec<Part<'a>>,
    /// Tells this set from every other, for schemas that are met more than once.
    pub(super) key: String,
    /// Pointers of the schemas that were opened for it, whether they left a part or not.
    pub(super) opened: BTreeSet<String>,
}

impl<'a> Merged<'a> {
    /// Every value of a keyword, in order.
    pub(super) fn all(&self, key: &str) -> Vec<Node<'a>> {
        self.parts.iter().filter_map(|part| part.get(key)).collect()
    }

    /// The value of a keyword that wins where only one can: the part written in place before those far away.
    pub(super) fn first(&self, key: &str) -> Option<Node<'a>> {
        let mut own = self.parts.iter().filter(|part| part.own);
        let mut far = self.parts.iter().rev().filter(|part| !part.own);
        own.find_map(|part| part.get(key))
            .or_else(|| far.find_map(|part| part.get(key)))
    }

    /// The string of a keyword that wins.
    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.first(key)?.value.as_str()
    }

    /// Pointer of the schema as a whole: of the first part written in place.
    pub(super) fn at(&self) -> &str {
        let own = self.parts.iter().find(|part| part.own);
        own.or(self.parts.first()).map_or("", |part| part.at.as_str())
    }

    /// The types that every part admits; `None` when no part says any. The second value tells that they contradict.
    pub(super) fn types(&self) -> (Option<Types>, bool) {
        let said: Vec<Types> = self
            .all("type")
            .iter()
            .filter_map(|node| Types::of_keyword(node.value))
            .collect();
        let Some(first) = said.first().copied() else {
            return (None, false);
        };
        let common = said.iter().fold(Types::ALL, |sum, types| sum.and(*types));
        let real = common.without(Types::NULL);
        let contradict = real.is_empty() && said.iter().any(|types| !types.without(Types::NULL).is_empty());
        (Some(if contradict { first } else { common }), contradict)
    }

    /// The type that a schema without `type` means, when its keywords describe the parts of values of one type, or bytes and
    /// words as OpenAPI has them. Keywords that only bound a value do not tell what it is.
    pub(super) fn implied(&self) -> Option<Types> {
        const MEMBERS: &[&str] = &["properties", "required", "additionalProperties", "patternProperties"];
        const ITEMS: &[&str] = &["items", "prefixItems"];
        const CONTENT: &[&str] = &["contentEncoding", "contentMediaType"];
        const BOUNDS: [(Types, &[&str]); 4] = [
            (Types::OBJECT, &["minProperties", "maxProperties", "propertyNames"]),
            (Types::ARRAY, &["minItems", "maxItems", "uniqueItems"]),
            (Types::STRING, &["minLength", "maxLength", "pattern"]),
            (
                Types::NUMBER,
                &[
                    "minimum",
                    "maximum",
                    "exclusiveMinimum",
                    "exclusiveMaximum",
                    "multipleOf",
                ],
            ),
        ];
        let says = |keys: &[&str]| {
            keys.iter()
                .any(|key| self.parts.iter().any(|part| part.map.contains_key(key)))
        };
        let format = match self.text("format") {
            Some("int32" | "int64") => Some(Types::INTEGER),
            Some("float" | "double") => Some(Types::NUMBER),
            Some("binary" | "byte" | "password") => Some(Types::STRING),
            _ => None,
        };
        let parts = [
            says(MEMBERS).then_some(Types::OBJECT),
            says(ITEMS).then_some(Types::ARRAY),
            says(CONTENT).then_some(Types::STRING),
            format,
        ];
        let mut found: Vec<Types> = parts.into_iter().flatten().collect();
        found.dedup();
        let [only] = found.as_slice() else { return None };
        let bounds = BOUNDS.iter().filter(|(_, keys)| says(keys));
        bounds
            .map(|(types, _)| types)
            .all(|types| types.has(*only))
            .then_some(*only)
    }

    /// The closed list of values that remains, when one is given: every `enum` and `const` together, without repetitions.
    pub(super) fn values(&self) -> Option<Vec<&'a Value>> {
        let mut lists: Vec<Vec<&'a Value>> = Vec::new();
        for part in &self.parts {
            if let Some(Value::Array(values)) = part.map.get("enum") {
                lists.push(values.iter().collect());
            }
            if let Some(value) = part.map.get("const") {
                lists.push(vec![value]);
            }
        }
        let mut lists = lists.into_iter();
        let mut values = lists.next()?;
        for list in lists {
            values.retain(|value| list.contains(value));
        }
        let mut distinct: Vec<&Value> = Vec::new();
        let mut seen = BTreeSet::new();
        for value in values {
            if seen.insert(value.to_string()) {
                distinct.push(value);
            }
        }
        Some(distinct)
    }

    /// The greatest of a keyword's whole numbers.
    pub(super) fn most(&self, key: &str) -> Option<u64> {
        self.all(key).iter().filter_map(|node| whole(node.value)).max()
    }

    /// The least of a keyword's whole numbers.
    pub(super) fn least(&self, key: &str) -> Option<u64> {
        self.all(key).iter().filter_map(|node| whole(node.value)).min()
    }

    /// The greatest of a keyword's numbers.
    pub(super) fn greatest(&self, key: &str) -> Option<Number> {
        self.numbers(key).into_iter().max_by(by_value)
    }

    /// The smallest of a keyword's numbers.
    pub(super) fn smallest(&self, key: &str) -> Option<Number> {
        self.numbers(key).into_iter().min_by(by_value)
    }

    fn numbers(&self, key: &str) -> Vec<Number> {
        let nodes = self.all(key);
        nodes
            .iter()
            .filter_map(|node| node.value.as_number().cloned())
            .collect()
    }

    /// Words that were written in place.
    pub(super) fn docs(&self) -> Docs {
        docs(&self.parts)
    }
}

/// The words that parts say in place: for each kind of words the outermost that has it.
pub(super) fn docs(parts: &[Part<'_>]) -> Docs {
    let mut docs = Docs::default();
    let mut parts: Vec<&Part<'_>> = parts.iter().filter(|part| part.own).collect();
    parts.sort_by_key(|part| part.depth);
    for part in parts {
        let text = |key: &str| part.map.get(key).and_then(Value::as_str).map(str::to_owned);
        docs.title = docs.title.or_else(|| text("title"));
        docs.description = docs.description.or_else(|| text("description"));
        docs.deprecated |= part.map.get("deprecated") == Some(&Value::Bool(true));
        if docs.examples.is_empty() {
            match part.map.get("examples") {
                Some(Value::Array(examples)) => docs.examples.clone_from(examples),
                Some(Value::Object(examples)) => docs.examples = examples.values().cloned().collect(),
                _ => docs.examples = part.map.get("example").cloned().into_iter().collect(),
            }
        }
    }
    docs
}

fn whole(value: &Value) -> Option<u64> {
    // `2.0` is a whole number in JSON Schema.
    value.as_u64().or_else(|| {
        value
            .as_f64()
            .filter(|f| f.fract() == 0.0 && *f >= 0.0 && *f < 9.0e15)
            .map(|f| f as u64)
    })
}

/// Orders numbers by value; whole ones exactly, beyond the precision of a float.
pub(super) fn by_value(left: &Number, right: &Number) -> std::cmp::Ordering {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => {
            let value = |number: &Number| number.as_f64().unwrap_or(0.0);
            value(left).total_cmp(&value(right))
        }
    }
}
