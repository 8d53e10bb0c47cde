//! What a schema says about texts: as much as is needed to tell the text `12` from the number 12.

use crate::validate::{Extra, Schema};

/// Alternatives inside alternatives that are looked into; a schema may lead back to itself.
const DEPTH: usize = 16;

impl Schema {
    /// The schema of the items, when a list is among the alternatives.
    pub(crate) fn items(&self) -> Option<&'static Schema> {
        self.find(DEPTH, &|schema| match schema {
            Self::List(list) => Some(list.item),
            Self::Tuple(tuple) => Some(tuple.items.first().copied().unwrap_or(tuple.rest.item)),
            _ => None,
        })
    }

    /// The schema of a member, when an object is among the alternatives.
    pub(crate) fn member(&self, name: &str) -> Option<&'static Schema> {
        self.find(DEPTH, &|schema| match schema {
            Self::Map(map) => Some(map.value),
            Self::Record(record) => {
                let named = record.fields.iter().find(|field| field.name == name);
                named.map(|field| field.schema).or(match record.extra {
                    Extra::Kept(schema) => Some(schema),
                    Extra::Ignored | Extra::Refused => None,
                })
            }
            _ => None,
        })
    }

    /// Whether an object is among the alternatives.
    pub(crate) fn is_object(&self) -> bool {
        self.find(DEPTH, &|schema| matches!(schema, Self::Map(_) | Self::Record(_)).then_some(())).is_some()
    }

    /// Whether a single text can be such a value.
    pub(crate) fn is_scalar(&self) -> bool {
        self.find(DEPTH, &|schema| {
            let alone = matches!(
                schema,
                Self::Any | Self::Boolean | Self::Integer(..) | Self::Number(_) | Self::Text(_) | Self::Literals(_)
            );
            alone.then_some(())
        })
        .is_some()
    }

    /// Whether any text is such a value.
    pub(crate) fn is_text(&self) -> bool {
        self.find(DEPTH, &|schema| matches!(schema, Self::Any | Self::Text(_)).then_some(())).is_some()
    }

    /// The first of the alternatives of which something can be told.
    fn find<T>(&self, depth: usize, tell: &dyn Fn(&Self) -> Option<T>) -> Option<T> {
        let depth = depth.checked_sub(1)?;
        match self {
            Self::Same(other) | Self::Nullable(other){% if guards %} | Self::Guarded(other, _){% endif %} => other.find(depth, tell),
            Self::Union(union) => union.variants.iter().find_map(|variant| variant.schema.find(depth, tell)),
            schema => tell(schema),
        }
    }
}
