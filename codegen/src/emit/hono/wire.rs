//! How values stand on the wire: what a text in a parameter or in a field of a form may stand for.
//!
//! Owns: the wire of a type, styles, fields of forms. Must not know: schemas, which judge the value that was read.

use crate::emit::typescript::layout::{Item, Layout};
use crate::emit::typescript::text::string;
use crate::model::{Content, Encoding, Extra, Kind, MediaKind, Model, Parameter, Shape, Style, TextFormat, Type};
use crate::tree::Value;

/// Levels of members that `name[a][b]=1` can write. In all other styles a member that has members itself is a JSON text, of which
/// nothing more needs to be known.
const DEEP: usize = 4;

/// What a text may stand for. The frame `serve/wire.ts` has the same type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wire {
    /// A string.
    Text,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Nothing, or the word.
    Null,
    /// A file.
    Bytes,
    /// Nothing is said.
    Any,
    /// Items.
    List(Box<Wire>),
    /// Members by name, and what the others are.
    Members(Vec<(String, Wire)>, Option<Box<Wire>>),
    /// One of several.
    Either(Vec<Wire>),
}

impl Wire {
    /// The wire of a type in one style.
    pub(super) fn of(model: &Model, ty: &Type, style: Style) -> Self {
        match style {
            Style::Json => Self::Any,
            Style::DeepObject => Self::at(model, ty, DEEP),
            _ => Self::at(model, ty, 1),
        }
    }

    /// The wire of a type, with so many levels of members and items.
    fn at(model: &Model, ty: &Type, levels: usize) -> Self {
        let (resolved, nullable) = model.resolve(ty);
        let inner = |ty: &Type| match levels.checked_sub(1) {
            Some(levels) => Self::at(model, ty, levels),
            None => Self::leaf(model, ty),
        };
        let wire = match &resolved.kind {
            Kind::Any => Self::Any,
            Kind::Never | Kind::Null => Self::Null,
            Kind::Boolean => Self::Boolean,
            Kind::Integer { .. } | Kind::Number => Self::Number,
            Kind::Text(TextFormat::Bytes) => Self::Bytes,
            Kind::Text(_) => Self::Text,
            Kind::List(item) => Self::List(Box::new(inner(item))),
            Kind::Tuple { items, rest } => {
                let items = items.iter().chain(rest.as_deref());
                Self::List(Box::new(Self::either(items.map(inner))))
            }
            Kind::Map(item) => Self::Members(Vec::new(), Some(Box::new(inner(item)))),
            Kind::Literals(values) => Self::either(values.iter().map(of_value)),
            Kind::Named(id) => match &model.type_def(*id).shape {
                Shape::Record(_) if levels == 0 => Self::Members(Vec::new(), Some(Box::new(Self::Any))),
                Shape::Record(record) => {
                    let fields = record.fields.iter().filter(|field| !field.read_only);
                    let members = fields.map(|field| (field.wire.clone(), inner(&field.ty)));
                    let rest = match &record.extra {
                        Extra::Kept(ty) => Some(Box::new(inner(ty))),
                        Extra::Ignored | Extra::Refused => None,
                    };
                    Self::Members(members.collect(), rest)
                }
                Shape::Union(union) => {
                    // Alternatives are on the level of their union, unless they lead back to it.
                    let direct = |ty: &Type| match &model.resolve(ty).0.kind {
                        Kind::Named(id) if matches!(model.type_def(*id).shape, Shape::Union(_)) => inner(ty),
                        _ => Self::at(model, ty, levels),
                    };
                    Self::either(union.variants.iter().map(|variant| direct(&variant.ty)))
                }
                Shape::Enumeration(list) => Self::either(list.values.iter().map(of_value)),
                // Only a circle of aliases is one still.
                Shape::Alias(_) => Self::Any,
            },
        };
        if nullable {
            Self::either([wire, Self::Null])
        } else {
            wire
        }
    }

    /// The wire of a type where no more levels can be written: what has members or items is a JSON text.
    fn leaf(model: &Model, ty: &Type) -> Self {
        match &model.resolve(ty).0.kind {
            Kind::List(_) | Kind::Tuple { .. } => Self::List(Box::new(Self::Any)),
            Kind::Map(_) => Self::Members(Vec::new(), Some(Box::new(Self::Any))),
            Kind::Named(id) if matches!(model.type_def(*id).shape, Shape::Union(_)) => Self::Any,
            _ => Self::at(model, ty, 0),
        }
    }

    /// One of several; alternatives of alternatives are its own, and none stands twice.
    fn either(wires: impl IntoIterator<Item = Self>) -> Self {
        let mut found: Vec<Self> = Vec::new();
        for wire in wires {
            let inner = if let Self::Either(inner) = wire {
                inner
            } else {
                vec![wire]
            };
            for one in inner {
                if !found.contains(&one) {
                    found.push(one);
                }
            }
        }
        match (found.pop(), found.is_empty()) {
            (None, _) => Self::Any,
            (Some(only), true) => only,
            (Some(last), false) => {
                found.push(last);
                Self::Either(found)
            }
        }
    }

    /// As a TypeScript literal.
    pub(super) fn literal(&self) -> Layout {
        let word = match self {
            Self::Text => "'text'",
            Self::Number => "'number'",
            Self::Boolean => "'boolean'",
            Self::Null => "'null'",
            Self::Bytes => "'bytes'",
            Self::Any => "'any'",
            Self::List(item) => return Layout::object(vec![Item::member("list", item.literal())]),
            Self::Members(members, rest) => {
                let pair =
                    |(name, wire): &(String, Self)| Layout::list(vec![Layout::text(string(name)), wire.literal()]);
                let mut wire = vec![Item::member(
                    "members",
                    Layout::list(members.iter().map(pair).collect()),
                )];
                wire.extend(rest.as_ref().map(|rest| Item::member("rest", rest.literal())));
                return Layout::object(wire);
            }
            Self::Either(wires) => {
                let wires = Layout::list(wires.iter().map(Self::literal).collect());
                return Layout::object(vec![Item::member("either", wires)]);
            }
        };
        Layout::text(word)
    }

    /// Whether a value is written as members or as a list of such values.
    fn is_structured(&self) -> bool {
        match self {
            Self::Members(..) => true,
            Self::List(item) => item.is_structured() || matches!(**item, Self::List(_)),
            Self::Either(wires) => wires.iter().any(Self::is_structured),
            _ => false,
        }
    }

    /// The members that a form of this wire has as its fields, and what its other fields are.
    fn fields(self) -> (Vec<(String, Self)>, Option<Self>) {
        match self {
            Self::Members(members, rest) => (members, rest.map(|rest| *rest)),
            Self::Either(wires) => {
                let mut members: Vec<(String, Self)> = Vec::new();
                let mut rest = None;
                for (more, others) in wires.into_iter().map(Self::fields) {
                    for (name, wire) in more {
                        match members.iter_mut().find(|(known, _)| *known == name) {
                            Some((_, known)) => *known = Self::either([known.clone(), wire]),
                            None => members.push((name, wire)),
                        }
                    }
                    rest = rest.or(others);
                }
                (members, rest)
            }
            Self::Any => (Vec::new(), Some(Self::Any)),
            _ => (Vec::new(), None),
        }
    }
}

fn of_value(value: &Value) -> Wire {
    match value {
        Value::Null => Wire::Null,
        Value::Bool(_) => Wire::Boolean,
        Value::Number(_) => Wire::Number,
        Value::String(_) => Wire::Text,
        Value::Array(_) => Wire::List(Box::new(Wire::Any)),
        Value::Object(_) => Wire::Members(Vec::new(), Some(Box::new(Wire::Any))),
    }
}

/// A parameter as a call of `parameter(…)`.
pub(super) fn parameter(model: &Model, parameter: &Parameter) -> Layout {
    let wire = Wire::of(model, &parameter.ty, parameter.style);
    spelt(&parameter.wire, &wire, style(parameter.style), parameter.explode)
}

fn spelt(name: &str, wire: &Wire, style: &str, explode: bool) -> Layout {
    let arguments = vec![
        Layout::text(string(name)),
        wire.literal(),
        Layout::text(format!("'{style}'")),
        Layout::text(if explode { "true" } else { "false" }),
    ];
    Layout::call("parameter", arguments)
}

fn style(style: Style) -> &'static str {
    match style {
        Style::Simple => "simple",
        Style::Label => "label",
        Style::Matrix => "matrix",
        Style::Form => "form",
        Style::SpaceDelimited => "space",
        Style::PipeDelimited => "pipe",
        Style::DeepObject => "deep",
        Style::Json => "json",
    }
}

/// The fields of a form, and the wire of fields that are not named.
pub(super) fn form(model: &Model, content: &Content) -> (Vec<Layout>, Option<Layout>) {
    let deep = content
        .encodings
        .values()
        .any(|encoding| encoding.style == Some(Style::DeepObject));
    let levels = if deep { DEEP } else { 2 };
    let wire = content.ty.as_ref().map_or(Wire::Any, |ty| Wire::at(model, ty, levels));
    let (members, rest) = wire.fields();
    let fields = members
        .iter()
        .map(|(name, wire)| {
            let encoding = content.encodings.get(name).cloned().unwrap_or_default();
            let (style, explode) = field_style(wire, &encoding, content.kind);
            let wire = if style == "json" { &Wire::Any } else { wire };
            spelt(name, wire, style, explode)
        })
        .collect();
    (fields, rest.map(|rest| rest.literal()))
}

/// Without a style of its own a field is written by its media type, which is JSON for what has members.
fn field_style(wire: &Wire, encoding: &Encoding, kind: MediaKind) -> (&'static str, bool) {
    let json = encoding.content_type.as_deref().is_some_and(|media| {
        let essence = media.split(';').next().unwrap_or_default().trim();
        essence == "application/json" || essence.ends_with("+json")
    });
    // The parts of a list come one by one in a multipart form, whatever each of them is.
    let parts = kind == MediaKind::Multipart && matches!(wire, Wire::List(_));
    match encoding.style {
        Some(chosen) => (style(chosen), encoding.explode.unwrap_or(chosen == Style::Form)),
        None if (json || wire.is_structured()) && !parts => ("json", false),
        None => ("form", true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_are_flat_and_distinct() {
        let wire = Wire::either([Wire::Text, Wire::Either(vec![Wire::Number, Wire::Text]), Wire::Number]);
        assert_eq!(wire.literal().behind(0, 0, 0), "{ either: ['text', 'number'] }");
        assert_eq!(Wire::either([Wire::Text, Wire::Text]), Wire::Text);
        assert_eq!(Wire::either([]), Wire::Any);
    }

    #[test]
    fn names_of_members_are_quoted_and_never_keys() {
        let wire = Wire::Members(
            vec![("__proto__".to_owned(), Wire::Text), ("it's".to_owned(), Wire::Any)],
            None,
        );
        assert_eq!(
            wire.literal().behind(0, 0, 0),
            r#"{ members: [['__proto__', 'text'], ["it's", 'any']] }"#
        );
    }

    #[test]
    fn fields_with_members_are_json_unless_the_contract_says_how() {
        let object = Wire::Members(vec![], None);
        let plain = Encoding::default();
        let deep = Encoding {
            style: Some(Style::DeepObject),
            ..Encoding::default()
        };
        assert_eq!(field_style(&object, &plain, MediaKind::Form), ("json", false));
        assert_eq!(field_style(&object, &deep, MediaKind::Form), ("deep", false));
        assert_eq!(field_style(&Wire::Text, &plain, MediaKind::Form), ("form", true));
        let list = Wire::List(Box::new(object));
        assert_eq!(field_style(&list, &plain, MediaKind::Form), ("json", false));
        assert_eq!(field_style(&list, &plain, MediaKind::Multipart), ("form", true));
    }
}
