//! Schemas: what a type admits, as an expression of `crate::validate::Schema`.
//!
//! Owns: the tables that the generated crate checks values against. Must not know: how types are written.

use std::collections::BTreeMap;

use serde_json::{Number, Value};

use super::super::docs::literal;
use super::super::names::RustNames;
use super::record::may_be_absent;
use crate::model::{Extra, Kind, Record, Rules, Shape, TextFormat, Type, TypeDef, TypeId, Union};

/// An expression that stands on one line as long as it is short.
enum Node {
    Leaf(String),
    /// What it begins with, its parts, what it ends with.
    Block(String, Vec<Node>, &'static str),
}

impl Node {
    fn leaf(text: impl Into<String>) -> Self {
        Self::Leaf(text.into())
    }

    fn prefixed(self, prefix: &str) -> Self {
        match self {
            Self::Leaf(text) => Self::Leaf(format!("{prefix}{text}")),
            Self::Block(open, parts, close) => Self::Block(format!("{prefix}{open}"), parts, close),
        }
    }

    fn length(&self) -> usize {
        match self {
            Self::Leaf(text) => text.len(),
            Self::Block(open, parts, close) => {
                open.len() + close.len() + 2 + parts.iter().map(|part| part.length() + 2).sum::<usize>()
            }
        }
    }

    fn write(&self, indent: usize, text: &mut String) {
        match self {
            Self::Leaf(leaf) => text.push_str(leaf),
            Self::Block(open, parts, close) => {
                let braced = open.ends_with('{');
                text.push_str(open);
                if parts.is_empty() || indent * 4 + self.length() <= 110 {
                    let space = if braced && !parts.is_empty() { " " } else { "" };
                    text.push_str(space);
                    for (i, part) in parts.iter().enumerate() {
                        text.push_str(if i > 0 { ", " } else { "" });
                        part.write(indent, text);
                    }
                    text.push_str(space);
                } else if let ([only @ Self::Block(..)], false) = (parts.as_slice(), braced) {
                    only.write(indent, text);
                } else {
                    for (i, part) in parts.iter().enumerate() {
                        text.push('\n');
                        text.extend(std::iter::repeat_n("    ", indent + 1));
                        part.write(indent + 1, text);
                        // The rest of a struct takes no comma.
                        let rest = i + 1 == parts.len() && matches!(part, Self::Leaf(leaf) if leaf.starts_with(".."));
                        text.push_str(if rest { "" } else { "," });
                    }
                    text.push('\n');
                    text.extend(std::iter::repeat_n("    ", indent));
                }
                text.push_str(close);
            }
        }
    }
}

/// The names of `crate::validate` that expressions use.
pub(in super::super) const NAMES: &[&str] = &[
    "Extra", "Field", "Format", "List", "Literal", "Map", "Number", "Range", "Record", "Schema", "Text", "Tuple",
    "Union", "Variant", "Width",
];

/// The expression of a use of a type, where [`NAMES`] and the module `schemas` are in scope.
pub(in super::super) fn expression(names: &RustNames<'_>, ty: &Type) -> String {
    let mut text = String::new();
    Writer {
        names,
        schemas: "schemas::",
    }
    .of(ty)
    .write(0, &mut text);
    text
}

/// The expression of a definition, where the names of `crate::validate` are in scope.
pub(super) fn definition(names: &RustNames<'_>, id: TypeId) -> String {
    let writer = Writer {
        names,
        schemas: "super::",
    };
    let def = names.model.type_def(id);
    let node = match &def.shape {
        Shape::Record(record) => writer.record(def, record),
        Shape::Union(union) => writer.union(union),
        Shape::Enumeration(list) => writer.literals(&list.values),
        Shape::Alias(ty) => writer.of(ty),
    };
    let node = writer.guarded(node, &def.guards);
    let mut text = String::new();
    node.write(0, &mut text);
    text
}

/// The schemas that guards refer to, as an item of the crate's `schemas`.
pub(super) fn definitions(definitions: &BTreeMap<String, Value>) -> String {
    let entry = |(pointer, schema): (&String, &Value)| Node::leaf(format!("({}, {})", literal(pointer), json(schema)));
    let entries = Node::Block("&[".to_owned(), definitions.iter().map(entry).collect(), "]");
    let mut text = String::from(
        "\n/// Schemas that guards refer to, by their pointers in the contract.\npub(crate) static DEFINITIONS: &[(&str, &str)] = ",
    );
    entries.write(0, &mut text);
    text.push_str(";\n");
    text
}

/// A JSON value as a literal that can be read, where its text allows one.
fn json(value: &Value) -> String {
    let text = value.to_string();
    let readable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && !text.contains("\"#");
    if readable {
        format!("r#\"{text}\"#")
    } else {
        literal(&text)
    }
}

struct Writer<'n> {
    names: &'n RustNames<'n>,
    /// What stands before the names of schemas.
    schemas: &'static str,
}

impl Writer<'_> {
    fn schema(&self, kind: &str, parts: Vec<Node>) -> Node {
        Node::Block(format!("Schema::{kind}("), parts, ")")
    }

    fn strukt(&self, name: &str, mut parts: Vec<Node>, complete: bool) -> Node {
        if !complete {
            parts.push(Node::leaf(format!("..{name}::ANY")));
        }
        Node::Block(format!("{name} {{"), parts, "}")
    }

    fn plain(&self, kind: &str) -> Node {
        Node::leaf(format!("Schema::{kind}"))
    }

    /// A reference to the schema of a use.
    fn reference(&self, ty: &Type) -> Node {
        match ty.kind {
            Kind::Named(id) if !ty.nullable && ty.rules.is_none() => {
                Node::leaf(format!("&{}{}", self.schemas, self.names.schema_name(id)))
            }
            _ => self.of(ty).prefixed("&"),
        }
    }

    fn of(&self, ty: &Type) -> Node {
        let guards = ty.rules.as_deref().map_or(&[][..], |rules| &rules.guards);
        self.guarded(self.unguarded(ty), guards)
    }

    fn guarded(&self, node: Node, guards: &[Value]) -> Node {
        if guards.is_empty() {
            return node;
        }
        let guards = guards.iter().map(|guard| Node::leaf(json(guard))).collect();
        let guards = Node::Block("&[".to_owned(), guards, "]");
        self.schema("Guarded", vec![node.prefixed("&"), guards])
    }

    fn unguarded(&self, ty: &Type) -> Node {
        match ty.kind {
            Kind::Named(id) => {
                let kind = if ty.nullable { "Nullable" } else { "Same" };
                self.schema(
                    kind,
                    vec![Node::leaf(format!("&{}{}", self.schemas, self.names.schema_name(id)))],
                )
            }
            Kind::Any => self.plain("Any"),
            Kind::Null => self.plain("Null"),
            _ if ty.nullable => self.schema("Nullable", vec![self.kind(ty).prefixed("&")]),
            _ => self.kind(ty),
        }
    }

    fn kind(&self, ty: &Type) -> Node {
        let none = Rules::default();
        let rules = ty.rules.as_deref().unwrap_or(&none);
        match &ty.kind {
            Kind::Any | Kind::Named(_) => self.plain("Any"),
            Kind::Never => self.plain("Never"),
            Kind::Null => self.plain("Null"),
            Kind::Boolean => self.plain("Boolean"),
            Kind::Integer { narrow } => {
                let width = super::super::spell::integer(*narrow, ty.rules.as_deref()).to_uppercase();
                let width = Node::leaf(format!("Width::{width}"));
                self.schema("Integer", vec![width, self.range(rules)])
            }
            Kind::Number => self.schema("Number", vec![self.range(rules)]),
            Kind::Text(format) => self.text(format, rules),
            Kind::List(item) => self.schema("List", vec![self.list(Some(item), rules)]),
            Kind::Tuple { items, rest } => {
                let never = Type::of(Kind::Never);
                let items = items.iter().map(|item| self.reference(item)).collect();
                let items = Node::Block("items: &[".to_owned(), items, "]");
                let mut rules = rules.clone();
                if rest.is_none() {
                    let most = if let Node::Block(_, parts, _) = &items {
                        parts.len() as u64
                    } else {
                        0
                    };
                    rules.max_items = Some(rules.max_items.map_or(most, |known| known.min(most)));
                }
                let rest = self
                    .list(Some(rest.as_deref().unwrap_or(&never)), &rules)
                    .prefixed("rest: ");
                self.schema("Tuple", vec![self.strukt("Tuple", vec![items, rest], true)])
            }
            Kind::Map(value) => {
                let mut parts = vec![self.reference(value).prefixed("value: ")];
                self.bound("min_properties", rules.min_properties, &mut parts);
                self.bound("max_properties", rules.max_properties, &mut parts);
                if let Some(pattern) = &rules.key_pattern {
                    parts.push(Node::leaf(format!("key_pattern: Some({})", literal(pattern))));
                }
                let complete = parts.len() == 4;
                self.schema("Map", vec![self.strukt("Map", parts, complete)])
            }
            Kind::Literals(values) => self.literals(values),
        }
    }

    fn bound(&self, name: &str, bound: Option<u64>, parts: &mut Vec<Node>) {
        parts.extend(bound.map(|bound| Node::leaf(format!("{name}: Some({bound})"))));
    }

    fn range(&self, rules: &Rules) -> Node {
        let bounds = [
            ("minimum", &rules.minimum),
            ("exclusive_minimum", &rules.exclusive_minimum),
            ("maximum", &rules.maximum),
            ("exclusive_maximum", &rules.exclusive_maximum),
            ("multiple_of", &rules.multiple_of),
        ];
        let parts: Vec<Node> = bounds
            .into_iter()
            .filter_map(|(name, bound)| Some(Node::leaf(format!("{name}: Some({})", self.number(bound.as_ref()?)))))
            .collect();
        if parts.is_empty() {
            return Node::leaf("Range::ANY");
        }
        let complete = parts.len() == bounds.len();
        self.strukt("Range", parts, complete)
    }

    fn number(&self, number: &Number) -> String {
        match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(whole), ..) => format!("Number::Whole({whole})"),
            (_, Some(whole), _) => format!("Number::Whole({whole})"),
            (.., Some(float)) if float.is_finite() => match float.fract() == 0.0 && float.abs() < 1e36 {
                true => format!("Number::Whole({})", float as i128),
                false => format!("Number::Float({float:?})"),
            },
            _ => "Number::Float(f64::MAX)".to_owned(),
        }
    }

    fn text(&self, format: &TextFormat, rules: &Rules) -> Node {
        let mut parts = Vec::new();
        let format = match format {
            TextFormat::Uuid => Some("Uuid"),
            TextFormat::DateTime => Some("DateTime"),
            TextFormat::Date => Some("Date"),
            TextFormat::Time => Some("Time"),
            TextFormat::Duration => Some("Duration"),
            TextFormat::Email => Some("Email"),
            TextFormat::Uri => Some("Uri"),
            TextFormat::UriReference => Some("UriReference"),
            TextFormat::Hostname => Some("Hostname"),
            TextFormat::Ipv4 => Some("Ipv4"),
            TextFormat::Ipv6 => Some("Ipv6"),
            TextFormat::Base64 => Some("Base64"),
            TextFormat::Decimal => Some("Decimal"),
            TextFormat::Plain | TextFormat::Bytes | TextFormat::Password | TextFormat::Other(_) => None,
        };
        parts.extend(format.map(|format| Node::leaf(format!("format: Format::{format}"))));
        self.bound("min_length", rules.min_length, &mut parts);
        self.bound("max_length", rules.max_length, &mut parts);
        if let Some(pattern) = &rules.pattern {
            parts.push(Node::leaf(format!("pattern: Some({})", literal(pattern))));
        }
        if parts.is_empty() {
            return self.schema("Text", vec![Node::leaf("Text::ANY")]);
        }
        let complete = parts.len() == 4;
        self.schema("Text", vec![self.strukt("Text", parts, complete)])
    }

    fn list(&self, item: Option<&Type>, rules: &Rules) -> Node {
        let mut parts: Vec<Node> = item
            .map(|item| self.reference(item).prefixed("item: "))
            .into_iter()
            .collect();
        self.bound("min_items", rules.min_items, &mut parts);
        self.bound("max_items", rules.max_items, &mut parts);
        if rules.unique_items {
            parts.push(Node::leaf("unique: true"));
        }
        let complete = parts.len() == 4;
        self.strukt("List", parts, complete)
    }

    fn literals(&self, values: &[Value]) -> Node {
        let values = values
            .iter()
            .map(|value| {
                Node::leaf(match value {
                    Value::Null => "Literal::Null".to_owned(),
                    Value::Bool(value) => format!("Literal::Boolean({value})"),
                    Value::Number(number) => format!("Literal::Number({})", self.number(number)),
                    Value::String(text) => format!("Literal::Text({})", literal(text)),
                    other => format!("Literal::Json({})", literal(&other.to_string())),
                })
            })
            .collect();
        self.schema("Literals", vec![Node::Block("&[".to_owned(), values, "]")])
    }

    fn record(&self, def: &TypeDef, record: &Record) -> Node {
        let fields: Vec<Node> = record
            .fields
            .iter()
            .map(|field| {
                let required = field.required && !may_be_absent(def, field);
                Node::Block(
                    "Field {".to_owned(),
                    vec![
                        Node::leaf(format!("name: {}", literal(&field.wire))),
                        Node::leaf(format!("required: {required}")),
                        self.reference(&field.ty).prefixed("schema: "),
                    ],
                    "}",
                )
            })
            .collect();
        let mut parts = vec![Node::Block("fields: &[".to_owned(), fields, "]")];
        match &record.extra {
            Extra::Ignored => {}
            Extra::Refused => parts.push(Node::leaf("extra: Extra::Refused")),
            Extra::Kept(ty) => {
                let extra = Node::Block("extra: Extra::Kept(".to_owned(), vec![self.reference(ty)], ")");
                parts.push(extra);
            }
        }
        self.bound("min_properties", record.min_properties, &mut parts);
        self.bound("max_properties", record.max_properties, &mut parts);
        let complete = parts.len() == 4;
        self.schema("Record", vec![self.strukt("Record", parts, complete)])
    }

    fn union(&self, union: &Union) -> Node {
        let variants = union
            .variants
            .iter()
            .map(|variant| {
                let tags = variant.tags.iter().map(|tag| Node::leaf(literal(tag))).collect();
                Node::Block(
                    "Variant {".to_owned(),
                    vec![
                        Node::Block("tags: &[".to_owned(), tags, "]"),
                        self.reference(&variant.ty).prefixed("schema: "),
                    ],
                    "}",
                )
            })
            .collect();
        let tag = union
            .tag
            .as_ref()
            .map_or_else(|| "None".to_owned(), |tag| format!("Some({})", literal(&tag.wire)));
        let parts = vec![
            Node::Block("variants: &[".to_owned(), variants, "]"),
            Node::leaf(format!("tag: {tag}")),
            Node::leaf(format!("exclusive: {}", union.exclusive)),
        ];
        self.schema("Union", vec![self.strukt("Union", parts, true)])
    }
}
