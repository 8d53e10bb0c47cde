//! Strings, numbers and lists.
//!
//! Owns: formats and the rules on single values. Must not know: objects, unions, names.

use super::Lowering;
use super::merge::{Merged, by_value};
use super::node::Node;
use super::parts::{Member, Part};
use super::schema::Slot;
use crate::model::{Kind, Rules, TextFormat, Type};
use crate::tree::{Number, Value};

impl<'a> Lowering<'a> {
    /// A string, with the format that its keywords amount to.
    pub(super) fn string(&mut self, merged: &Merged<'a>) -> Type {
        let patterns = merged.all("pattern");
        self.guard_but_first("pattern", merged);
        let rules = Rules {
            min_length: merged.most("minLength").filter(|n| *n > 0),
            max_length: merged.least("maxLength"),
            pattern: patterns.first().and_then(|node| node.value.as_str()).map(str::to_owned),
            ..Rules::default()
        };
        with_rules(Kind::Text(text_format(merged)), rules)
    }

    /// Says that of a keyword's values only the first is expressed.
    fn guard_but_first(&mut self, key: &'static str, merged: &Merged<'a>) {
        let mut said = merged.parts.iter().filter_map(|part| Some((part, part.map.get(key)?)));
        let first = said.next();
        for (part, value) in said {
            if first.is_some_and(|(_, first)| first != value) {
                self.guard(key, &part.at);
            }
        }
    }

    /// A whole number. Formats that are narrower than their type become bounds.
    pub(super) fn integer(&mut self, merged: &Merged<'a>) -> Type {
        let (narrow, low, high): (bool, Option<i64>, Option<i64>) = match merged.text("format") {
            Some("int32") => (true, None, None),
            Some("int8") => (true, Some(-128), Some(127)),
            Some("uint8") => (true, Some(0), Some(255)),
            Some("int16") => (true, Some(-32_768), Some(32_767)),
            Some("uint16") => (true, Some(0), Some(65_535)),
            Some("uint32") => (false, Some(0), Some(4_294_967_295)),
            Some("uint64" | "uint") => (false, Some(0), None),
            _ => (false, None, None),
        };
        self.guard_but_first("multipleOf", merged);
        let mut rules = number_rules(merged);
        let tighter = |known: &Option<Number>, bound: i64, greater: bool| {
            let bound = Number::from(bound);
            known.as_ref().is_none_or(|known| {
                let order = by_value(known, &bound);
                if greater { order.is_lt() } else { order.is_gt() }
            })
        };
        if let Some(low) = low
            && rules.exclusive_minimum.is_none()
            && tighter(&rules.minimum, low, true)
        {
            rules.minimum = Some(low.into());
        }
        if let Some(high) = high
            && rules.exclusive_maximum.is_none()
            && tighter(&rules.maximum, high, false)
        {
            rules.maximum = Some(high.into());
        }
        with_rules(Kind::Integer { narrow }, rules)
    }

    /// A number.
    pub(super) fn number(&mut self, merged: &Merged<'a>) -> Type {
        self.guard_but_first("multipleOf", merged);
        with_rules(Kind::Number, number_rules(merged))
    }

    /// A list or a tuple.
    pub(super) fn array(&mut self, merged: &Merged<'a>, slot: Slot<'_>) -> Type {
        let own_name;
        let context = match slot {
            Slot::Inline(context) => context,
            Slot::Given(id) => {
                own_name = self.name_of(id);
                super::names::Context::of(&own_name, "")
            }
        };
        let prefixes = merged.all("prefixItems");
        let members: Vec<Member<'a>> = merged.all("items").into_iter().map(Member::new).collect();
        let rest = if members.is_empty() {
            Type::of(Kind::Any)
        } else {
            let item = context.child("item");
            self.form(&members, Slot::Inline(item))
        };
        let unique_items = merged
            .all("uniqueItems")
            .iter()
            .any(|node| node.value == &Value::Bool(true));
        let mut rules = Rules {
            min_items: merged.most("minItems").filter(|n| *n > 0),
            max_items: merged.least("maxItems"),
            unique_items,
            ..Rules::default()
        };
        let Some(prefix) = prefixes.first() else {
            return with_rules(Kind::List(Box::new(rest)), rules);
        };
        // Where several schemas say something of items, what one calls the first ones is among the further ones of another.
        let says = |part: &&Part<'a>| part.map.contains_key("prefixItems") || part.map.contains_key("items");
        if merged.parts.iter().filter(says).count() > 1 {
            for part in merged.parts.iter().filter(says) {
                self.guard("items", &part.at);
                self.guard("prefixItems", &part.at);
            }
        }
        let mut items = Vec::new();
        let prefix_items: Vec<Node<'a>> = prefix.items().collect();
        for (i, node) in prefix_items.into_iter().enumerate() {
            let word = format!("item {}", i + 1);
            let child = context.child(&word);
            items.push(self.schema(node, child));
        }
        // A closed tuple says so by refusing further items, or by allowing no more than it names.
        let closed = rest.kind == Kind::Never || rules.max_items.is_some_and(|most| most <= items.len() as u64);
        if closed {
            rules.max_items = rules.max_items.filter(|most| *most < items.len() as u64);
        }
        let rest = (!closed).then(|| Box::new(rest));
        with_rules(Kind::Tuple { items, rest }, rules)
    }
}

/// A type with rules, when there are any.
pub(super) fn with_rules(kind: Kind, rules: Rules) -> Type {
    let mut ty = Type::of(kind);
    ty.rules = (rules != Rules::default()).then(|| Box::new(rules));
    ty
}

fn number_rules(merged: &Merged<'_>) -> Rules {
    let mut rules = Rules {
        minimum: merged.greatest("minimum"),
        exclusive_minimum: merged.greatest("exclusiveMinimum"),
        maximum: merged.smallest("maximum"),
        exclusive_maximum: merged.smallest("exclusiveMaximum"),
        multiple_of: None,
        ..Rules::default()
    };
    rules.multiple_of = merged
        .all("multipleOf")
        .iter()
        .filter_map(|node| node.value.as_number())
        .find(|number| number.as_f64().is_some_and(|f| f > 0.0))
        .cloned();
    rules
}

fn text_format(merged: &Merged<'_>) -> TextFormat {
    match merged.text("contentEncoding") {
        Some("base64") => return TextFormat::Base64,
        Some("binary") => return TextFormat::Bytes,
        _ => {}
    }
    let Some(format) = merged.text("format") else {
        // Bytes outside JSON are described by their media type alone since 3.1.
        return match merged.text("contentMediaType") {
            Some(media) if !media.starts_with("text/") && !media.contains("json") && !media.contains("xml") => {
                TextFormat::Bytes
            }
            _ => TextFormat::Plain,
        };
    };
    match format {
        "" => TextFormat::Plain,
        "uuid" => TextFormat::Uuid,
        "date-time" => TextFormat::DateTime,
        "date" => TextFormat::Date,
        "time" => TextFormat::Time,
        "duration" => TextFormat::Duration,
        "email" | "idn-email" => TextFormat::Email,
        "uri" | "url" | "iri" => TextFormat::Uri,
        "uri-reference" | "iri-reference" => TextFormat::UriReference,
        "hostname" | "idn-hostname" => TextFormat::Hostname,
        "ipv4" => TextFormat::Ipv4,
        "ipv6" => TextFormat::Ipv6,
        "byte" | "base64" => TextFormat::Base64,
        "binary" => TextFormat::Bytes,
        "decimal" => TextFormat::Decimal,
        "password" => TextFormat::Password,
        other => TextFormat::Other(other.to_owned()),
    }
}
