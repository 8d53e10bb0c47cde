//! Spelling: a use of a type as Rust writes it.
//!
//! Owns: the Rust type of every kind, `Option` and `Box` around it. Must not know: how definitions are written. What was decided is
//! told in [`names`](super::names).

use super::names::RustNames;
use crate::model::{Kind, Rules, TextFormat, Type, TypeId};

/// Where a use of a type stands, which decides how short it can be spelt and whether it must be boxed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    /// Outside the modules of types, where `types` and `bodies` are in scope.
    Elsewhere,
    /// In the definition of a type.
    Type(TypeId),
}

impl RustNames<'_> {
    /// A use of a type, as text.
    pub(super) fn spell(&self, ty: &Type, within: Within) -> String {
        self.spell_boxed(ty, within, true)
    }

    /// `inline`: the value lies in its owner, not on the heap behind a list or map.
    fn spell_boxed(&self, ty: &Type, within: Within, inline: bool) -> String {
        let text = match &ty.kind {
            Kind::Any => return "serde_json::Value".to_owned(),
            Kind::Null => return "()".to_owned(),
            Kind::Never => "crate::scalars::Never".to_owned(),
            Kind::Boolean => "bool".to_owned(),
            Kind::Integer { narrow } => integer(*narrow, ty.rules.as_deref()).to_owned(),
            Kind::Number => "f64".to_owned(),
            Kind::Text(format) => match format {
                TextFormat::Uuid => "uuid::Uuid",
                TextFormat::DateTime => "chrono::DateTime<chrono::Utc>",
                TextFormat::Date => "chrono::NaiveDate",
                TextFormat::Base64 => "crate::scalars::Base64",
                _ => "String",
            }
            .to_owned(),
            Kind::List(item) => format!("Vec<{}>", self.spell_boxed(item, within, false)),
            Kind::Map(value) if value.kind == Kind::Any => "serde_json::Map<String, serde_json::Value>".to_owned(),
            Kind::Map(value) => {
                format!(
                    "std::collections::BTreeMap<String, {}>",
                    self.spell_boxed(value, within, false)
                )
            }
            Kind::Tuple { items, rest } => match exact_tuple(items, rest.as_deref(), ty.rules.as_deref()) {
                true => {
                    let items: Vec<String> = items
                        .iter()
                        .map(|item| self.spell_boxed(item, within, inline) + ",")
                        .collect();
                    format!("({})", items.join(" "))
                }
                false => "Vec<serde_json::Value>".to_owned(),
            },
            Kind::Literals(values) => match literal_type(values) {
                Some(text) => text.to_owned(),
                None => return "serde_json::Value".to_owned(),
            },
            Kind::Named(id) => {
                let name = self.type_name(*id);
                match within {
                    Within::Elsewhere => format!("types::{name}"),
                    Within::Type(from) => {
                        let path = match self.module_of(from) == self.module_of(*id) {
                            true => name.to_owned(),
                            false => format!("super::{name}"),
                        };
                        match inline && self.closes_circle(from, *id) {
                            true => format!("Box<{path}>"),
                            false => path,
                        }
                    }
                }
            }
        };
        if ty.nullable { format!("Option<{text}>") } else { text }
    }
}

/// The Rust type of a whole number.
pub(super) fn integer(narrow: bool, rules: Option<&Rules>) -> &'static str {
    let never_negative = |rules: &Rules| {
        let least = rules.minimum.as_ref().or(rules.exclusive_minimum.as_ref());
        least
            .and_then(crate::tree::Number::as_f64)
            .is_some_and(|least| least >= 0.0)
    };
    match (narrow, rules.is_some_and(never_negative)) {
        (true, _) => "i32",
        (false, true) => "u64",
        (false, false) => "i64",
    }
}

/// Whether every value of a tuple has exactly its items. Rust has tuples for nothing else: a shorter or longer list is one of
/// any values, which the schema checks.
pub(super) fn exact_tuple(items: &[Type], rest: Option<&Type>, rules: Option<&Rules>) -> bool {
    let least = rules.and_then(|rules| rules.min_items).unwrap_or(0);
    rest.is_none() && (1..=12).contains(&items.len()) && least >= items.len() as u64
}

/// The Rust type that holds all of these values, when there is a closer one than any JSON.
fn literal_type(values: &[crate::tree::Value]) -> Option<&'static str> {
    let all = |is: fn(&crate::tree::Value) -> bool| values.iter().all(is);
    match () {
        () if all(crate::tree::Value::is_string) => Some("String"),
        () if all(crate::tree::Value::is_boolean) => Some("bool"),
        () if all(crate::tree::Value::is_i64) => Some("i64"),
        () if all(crate::tree::Value::is_number) => Some("f64"),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_as_wide_as_their_rules_allow() {
        let at_least = |least: f64| Rules {
            minimum: crate::tree::Number::from_f64(least),
            ..Rules::default()
        };
        assert_eq!(integer(true, None), "i32");
        assert_eq!(integer(false, None), "i64");
        assert_eq!(integer(false, Some(&at_least(-1.0))), "i64");
        assert_eq!(integer(false, Some(&at_least(0.0))), "u64");
    }

    #[test]
    fn a_tuple_is_one_only_when_it_is_always_complete() {
        let items = [Type::of(Kind::Boolean), Type::of(Kind::Any)];
        let least = |min_items| Rules {
            min_items,
            ..Rules::default()
        };
        assert!(exact_tuple(&items, None, Some(&least(Some(2)))));
        assert!(!exact_tuple(&items, None, Some(&least(Some(1)))));
        assert!(!exact_tuple(&items, None, None));
        assert!(!exact_tuple(&items, Some(&items[0]), Some(&least(Some(2)))));
    }
}
