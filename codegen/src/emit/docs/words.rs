//! Types and their rules in words.
//!
//! Owns: how a type reads in a table cell. Must not know: tables or pages.

use super::book::Book;
use super::quote::{code, literal};
use crate::model::{Kind, Rules, TextFormat, Type};

/// Values of a closed list that are shown before the rest is cut.
const SHOWN: usize = 24;

/// A type in words, with links to the named ones.
pub(super) fn ty(book: &Book<'_>, ty: &Type, from: &str) -> String {
    let words = kind(book, &ty.kind, from);
    if ty.nullable && !matches!(ty.kind, Kind::Null | Kind::Any) {
        format!("{words} or `null`")
    } else {
        words
    }
}

fn kind(book: &Book<'_>, kind: &Kind, from: &str) -> String {
    match kind {
        Kind::Any => "any value".to_owned(),
        Kind::Never => "nothing".to_owned(),
        Kind::Null => "`null`".to_owned(),
        Kind::Boolean => "boolean".to_owned(),
        Kind::Integer { narrow: true } => "integer (32 bits)".to_owned(),
        Kind::Integer { narrow: false } => "integer".to_owned(),
        Kind::Number => "number".to_owned(),
        Kind::Text(format) => match format_word(format) {
            Some(word) => format!("string ({word})"),
            None => "string".to_owned(),
        },
        Kind::List(item) => format!("list of {}", ty(book, item, from)),
        Kind::Map(item) => format!("map of {}", ty(book, item, from)),
        Kind::Tuple { items, rest } => {
            let mut words: Vec<String> = items.iter().map(|item| ty(book, item, from)).collect();
            if let Some(rest) = rest {
                words.push(format!("then any number of {}", ty(book, rest, from)));
            }
            format!("list of exactly: {}", words.join(", "))
        }
        Kind::Literals(values) => {
            let mut words: Vec<String> = values.iter().take(SHOWN).map(literal).collect();
            if values.len() > SHOWN {
                words.push(format!("{} more", values.len() - SHOWN));
            }
            words.join(" or ")
        }
        Kind::Named(id) => book.type_link(*id, from),
    }
}

fn format_word(format: &TextFormat) -> Option<String> {
    Some(match format {
        TextFormat::Plain => return None,
        TextFormat::Uuid => "UUID".to_owned(),
        TextFormat::DateTime => "date and time".to_owned(),
        TextFormat::Date => "date".to_owned(),
        TextFormat::Time => "time".to_owned(),
        TextFormat::Duration => "duration".to_owned(),
        TextFormat::Email => "mail address".to_owned(),
        TextFormat::Uri => "URI".to_owned(),
        TextFormat::UriReference => "URI or relative reference".to_owned(),
        TextFormat::Hostname => "host name".to_owned(),
        TextFormat::Ipv4 => "IPv4 address".to_owned(),
        TextFormat::Ipv6 => "IPv6 address".to_owned(),
        TextFormat::Base64 => "base64".to_owned(),
        TextFormat::Bytes => "bytes".to_owned(),
        TextFormat::Decimal => "decimal number".to_owned(),
        TextFormat::Password => "password".to_owned(),
        TextFormat::Other(name) => code(name),
    })
}

/// The rules on a type in words; empty when there are none.
pub(super) fn rules(ty: &Type) -> Vec<String> {
    let Some(rules) = ty.rules.as_deref() else {
        return Vec::new();
    };
    let Rules {
        min_length,
        max_length,
        pattern,
        minimum,
        exclusive_minimum,
        maximum,
        exclusive_maximum,
        multiple_of,
        min_items,
        max_items,
        unique_items,
        min_properties,
        max_properties,
        key_pattern,
        guards,
    } = rules;
    let mut words = Vec::new();
    words.extend(range(*min_length, *max_length, "character"));
    words.extend(range(*min_items, *max_items, "item"));
    words.extend(range(*min_properties, *max_properties, "member"));
    let limits = [
        ("at least", minimum),
        ("more than", exclusive_minimum),
        ("at most", maximum),
        ("less than", exclusive_maximum),
    ];
    for (what, limit) in limits {
        words.extend(limit.as_ref().map(|limit| format!("{what} {limit}")));
    }
    words.extend(multiple_of.as_ref().map(|step| format!("a multiple of {step}")));
    if *unique_items {
        words.push("no two items alike".to_owned());
    }
    words.extend(pattern.as_ref().map(|pattern| format!("matches {}", code(pattern))));
    words.extend(
        key_pattern
            .as_ref()
            .map(|pattern| format!("keys match {}", code(pattern))),
    );
    if !guards.is_empty() {
        words.push("further rules of its schema".to_owned());
    }
    words
}

fn range(least: Option<u64>, most: Option<u64>, thing: &str) -> Option<String> {
    let things = |count: u64| {
        if count == 1 {
            thing.to_owned()
        } else {
            format!("{thing}s")
        }
    };
    Some(match (least.filter(|least| *least > 0), most) {
        (Some(least), Some(most)) if least == most => format!("exactly {least} {}", things(least)),
        (Some(least), Some(most)) => format!("{least} to {most} {}", things(most)),
        (Some(least), None) => format!("at least {least} {}", things(least)),
        (None, Some(most)) => format!("at most {most} {}", things(most)),
        (None, None) => return None,
    })
}

/// Sentences for one cell: each begins with a capital and ends with a full stop.
pub(super) fn sentences(parts: &[String]) -> String {
    let mut out = String::with_capacity(parts.iter().map(|part| part.len() + 2).sum());
    for part in parts.iter().filter(|part| !part.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        let mut chars = part.chars();
        out.extend(chars.next().into_iter().flat_map(char::to_uppercase));
        out.push_str(chars.as_str());
        if !part.ends_with(['.', '!', '?', ':']) {
            out.push('.');
        }
    }
    out
}
