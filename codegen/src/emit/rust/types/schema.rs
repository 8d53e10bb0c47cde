//! Schemas: what a type admits, as an expression of `crate::validate::Schema`.
//!
//! Owns: the tables that the generated crate checks values against. Must not know: how types are written.

use std::collections::BTreeMap;

use super::super::docs::literal;
use super::super::layout::Node;
use super::super::names::RustNames;
use super::record::may_be_absent;
use crate::emit::is_plain;
use crate::model::{Extra, Kind, Record, Rules, Shape, TextFormat, Type, TypeDef, TypeId, Union};
use crate::tree::{Number, Value};

/// The names of `crate::validate` that expressions use.
pub(in super::super) const NAMES: &[&str] = &[
    "Extra", "Field", "Format", "List", "Literal", "Map", "Number", "Range", "Record", "Schema", "Text", "Tuple",
    "Union", "Validate", "Variant", "Width",
];

/// The expression of a use of a type, where [`NAMES`] and the module `schemas` are in scope.
pub(in super::super) fn expression(names: &RustNames<'_>, ty: &Type) -> Node {
    let writer = Writer {
        names,
        schemas: "schemas::",
    };
    writer.of(ty)
}

/// The expression of a definition, where the names of `crate::validate` are in scope.
pub(super) fn definition(names: &RustNames<'_>, id: TypeId) -> Node {
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
    writer.guarded(node, &def.guards)
}

/// The schemas that guards refer to, as an item of the crate's `schemas`.
pub(super) fn definitions(definitions: &BTreeMap<String, Value>) -> String {
    let entry = |(pointer, schema): (&String, &Value)| Node::leaf(format!("({}, {})", literal(pointer), json(schema)));
    let mut text = String::from("\n/// Schemas that guards refer to, by their pointers in the contract.\n");
    let head = "pub(crate) static DEFINITIONS: &[(&str, &str)] = ";
    Node::slice(definitions.iter().map(entry)).line(0, head, ";", &mut text);
    text
}

/// A JSON value as a literal that can be read, where its text allows one.
fn json(value: &Value) -> String {
    let text = value.to_string();
    let readable = is_plain(&text) && !text.contains("\"#");
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
    /// A struct of so many members that begins with `open`. Those that are not there are of `any`.
    fn strukt(&self, open: &'static str, members: usize, any: &'static str, mut parts: Vec<Node>) -> Node {
        if parts.len() < members {
            parts.push(Node::leaf(any));
        }
        Node::block(open, parts, "}")
    }

    /// A reference to the schema of a use.
    fn reference(&self, ty: &Type) -> Node {
        match ty.kind {
            Kind::Named(id) if !ty.nullable && ty.rules.is_none() => {
                Node::leaf(["&", self.schemas, self.names.schema_name(id)].concat())
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
        let guards = Node::texts(guards.iter().map(json));
        Node::block("Schema::Guarded(", vec![node.prefixed("&"), guards], ")")
    }

    fn unguarded(&self, ty: &Type) -> Node {
        match ty.kind {
            Kind::Named(id) => {
                let kind = if ty.nullable {
                    "Schema::Nullable("
                } else {
                    "Schema::Same("
                };
                Node::block(
                    kind,
                    vec![Node::leaf(["&", self.schemas, self.names.schema_name(id)].concat())],
                    ")",
                )
            }
            Kind::Any => Node::leaf("Schema::Any"),
            Kind::Null => Node::leaf("Schema::Null"),
            _ if ty.nullable => Node::block("Schema::Nullable(", vec![self.kind(ty).prefixed("&")], ")"),
            _ => self.kind(ty),
        }
    }

    fn kind(&self, ty: &Type) -> Node {
        let none = Rules::default();
        let rules = ty.rules.as_deref().unwrap_or(&none);
        match &ty.kind {
            Kind::Any | Kind::Named(_) => Node::leaf("Schema::Any"),
            Kind::Never => Node::leaf("Schema::Never"),
            Kind::Null => Node::leaf("Schema::Null"),
            Kind::Boolean => Node::leaf("Schema::Boolean"),
            Kind::Integer { narrow } => {
                let width = super::super::spell::integer(*narrow, ty.rules.as_deref()).to_uppercase();
                let width = Node::leaf(format!("Width::{width}"));
                Node::block("Schema::Integer(", vec![width, self.range(rules)], ")")
            }
            Kind::Number => Node::block("Schema::Number(", vec![self.range(rules)], ")"),
            Kind::Text(format) => self.text(format, rules),
            Kind::List(item) => Node::block("Schema::List(", vec![self.list(Some(item), rules)], ")"),
            Kind::Tuple { items, rest } => {
                let never = Type::of(Kind::Never);
                let items = Node::member("items", Node::slice(items.iter().map(|item| self.reference(item))));
                let mut rules = rules.clone();
                if rest.is_none() {
                    let most = items.parts() as u64;
                    rules.max_items = Some(rules.max_items.map_or(most, |known| known.min(most)));
                }
                let rest = self
                    .list(Some(rest.as_deref().unwrap_or(&never)), &rules)
                    .prefixed("rest: ");
                Node::block(
                    "Schema::Tuple(",
                    vec![Node::block("Tuple {", vec![items, rest], "}")],
                    ")",
                )
            }
            Kind::Map(value) => {
                let mut parts = vec![self.reference(value).prefixed("value: ")];
                self.bound("min_properties", rules.min_properties, &mut parts);
                self.bound("max_properties", rules.max_properties, &mut parts);
                if let Some(pattern) = &rules.key_pattern {
                    parts.push(Node::leaf(format!("key_pattern: Some({})", literal(pattern))));
                }
                Node::block("Schema::Map(", vec![self.strukt("Map {", 4, "..Map::ANY", parts)], ")")
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
        self.strukt("Range {", bounds.len(), "..Range::ANY", parts)
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
            return Node::block("Schema::Text(", vec![Node::leaf("Text::ANY")], ")");
        }
        Node::block(
            "Schema::Text(",
            vec![self.strukt("Text {", 4, "..Text::ANY", parts)],
            ")",
        )
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
        self.strukt("List {", 4, "..List::ANY", parts)
    }

    fn literals(&self, values: &[Value]) -> Node {
        let values = values.iter().map(|value| {
            Node::leaf(match value {
                Value::Null => "Literal::Null".to_owned(),
                Value::Bool(value) => format!("Literal::Boolean({value})"),
                Value::Number(number) => format!("Literal::Number({})", self.number(number)),
                Value::String(text) => format!("Literal::Text({})", literal(text)),
                other => format!("Literal::Json({})", literal(&other.to_string())),
            })
        });
        Node::block("Schema::Literals(", vec![Node::slice(values)], ")")
    }

    fn record(&self, def: &TypeDef, record: &Record) -> Node {
        let fields = record.fields.iter().map(|field| {
            let required = field.required && !may_be_absent(def, field);
            Node::block(
                "Field {",
                vec![
                    Node::member("name", Node::leaf(literal(&field.wire))),
                    Node::leaf(if required { "required: true" } else { "required: false" }),
                    Node::member("schema", self.reference(&field.ty)),
                ],
                "}",
            )
        });
        let mut parts = vec![Node::member("fields", Node::slice(fields))];
        match &record.extra {
            Extra::Ignored => {}
            Extra::Refused => parts.push(Node::leaf("extra: Extra::Refused")),
            Extra::Kept(ty) => {
                let extra = Node::block("extra: Extra::Kept(", vec![self.reference(ty)], ")");
                parts.push(extra);
            }
        }
        self.bound("min_properties", record.min_properties, &mut parts);
        self.bound("max_properties", record.max_properties, &mut parts);
        Node::block(
            "Schema::Record(",
            vec![self.strukt("Record {", 4, "..Record::ANY", parts)],
            ")",
        )
    }

    fn union(&self, union: &Union) -> Node {
        let variants = union.variants.iter().map(|variant| {
            let tags = Node::texts(variant.tags.iter().map(|tag| literal(tag)));
            let schema = self.reference(&variant.ty);
            let members = vec![Node::member("tags", tags), Node::member("schema", schema)];
            Node::block("Variant {", members, "}")
        });
        let tag = union
            .tag
            .as_ref()
            .map_or_else(|| "None".to_owned(), |tag| format!("Some({})", literal(&tag.wire)));
        let parts = vec![
            Node::member("variants", Node::slice(variants)),
            Node::leaf(format!("tag: {tag}")),
            Node::leaf(format!("exclusive: {}", union.exclusive)),
        ];
        Node::block("Schema::Union(", vec![Node::block("Union {", parts, "}")], ")")
    }
}
