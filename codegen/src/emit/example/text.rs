//! Example strings: by format, by pattern, within limits.
//!
//! Owns: making a string that a pattern matches. Must not know: types beyond strings.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::model::{Rules, TextFormat};

/// Examples longer than this help nobody; limits above it are not filled.
const LONGEST: u64 = 4096;

/// A string of a format that obeys its rules.
pub(super) fn of(format: &TextFormat, rules: &Rules) -> String {
    if let Some(text) = rules.pattern.as_deref().and_then(|pattern| matching(pattern, rules)) {
        return text;
    }
    let text = match format {
        TextFormat::Uuid => "3f2b8c1e-9a4d-4e6f-8b7a-5c0d1e2f3a4b",
        TextFormat::DateTime => "2026-01-15T09:30:00Z",
        TextFormat::Date => "2026-01-15",
        TextFormat::Time => "09:30:00Z",
        TextFormat::Duration => "PT15M",
        TextFormat::Email => "ada@example.com",
        TextFormat::Uri => "https://example.com/",
        TextFormat::UriReference => "/example",
        TextFormat::Hostname => "example.com",
        TextFormat::Ipv4 => "192.0.2.1",
        TextFormat::Ipv6 => "2001:db8::1",
        TextFormat::Base64 | TextFormat::Bytes => "ZXhhbXBsZQ==",
        TextFormat::Decimal => "12.50",
        TextFormat::Password => return placeholder(format, rules),
        TextFormat::Plain | TextFormat::Other(_) => return fitted("example", rules),
    };
    // A format leaves no freedom for lengths.
    text.to_owned()
}

/// What stands for a secret in an example: obviously none, and of the form that its format and rules demand.
pub(super) fn placeholder(format: &TextFormat, rules: &Rules) -> String {
    let made = rules.pattern.as_deref().and_then(|pattern| matching(pattern, rules));
    made.unwrap_or_else(|| match format {
        TextFormat::Plain | TextFormat::Password | TextFormat::Other(_) => fitted("not-a-real-secret", rules),
        // The same in Base64.
        TextFormat::Base64 | TextFormat::Bytes => "bm90LWEtcmVhbC1zZWNyZXQ=".to_owned(),
        _ => of(format, rules),
    })
}

/// A key of a map.
pub(super) fn key(rules: &Rules, number: u64) -> String {
    let key = rules
        .key_pattern
        .as_deref()
        .and_then(|pattern| matching(pattern, &Rules::default()));
    match (key, number) {
        (Some(key), _) => key,
        (None, 1) => "key".to_owned(),
        (None, number) => format!("key{number}"),
    }
}

/// The text, cut or repeated to fit the limits.
fn fitted(text: &str, rules: &Rules) -> String {
    let least = rules.min_length.unwrap_or(0).min(LONGEST) as usize;
    let most = rules.max_length.unwrap_or(u64::MAX).max(least as u64);
    let length = text.len().max(least).min(usize::try_from(most).unwrap_or(usize::MAX));
    text.chars().cycle().take(length).collect()
}

/// A string that the pattern matches and that is long enough, when one is easily found.
fn matching(pattern: &str, rules: &Rules) -> Option<String> {
    let hir = regex_syntax::ParserBuilder::new()
        .utf8(true)
        .build()
        .parse(pattern)
        .ok()?;
    let least = rules.min_length.unwrap_or(0).min(LONGEST);
    let most = rules.max_length.unwrap_or(u64::MAX);
    // Repetitions that may be longer are made longer until the string is long enough.
    (0..=least.min(256))
        .map(|more| written(&hir, more as u32))
        .find(|text| {
            let length = text.chars().count() as u64;
            length >= least && length <= most
        })
}

fn written(hir: &Hir, more: u32) -> String {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => String::new(),
        HirKind::Literal(literal) => String::from_utf8_lossy(&literal.0).into_owned(),
        HirKind::Class(Class::Unicode(class)) => class
            .iter()
            .map(|range| {
                (range.start()..=range.end())
                    .find(char::is_ascii_alphanumeric)
                    .unwrap_or(range.start())
            })
            .max_by_key(|c| (c.is_ascii_lowercase(), c.is_ascii_alphanumeric(), c.is_ascii_graphic()))
            .map_or_else(String::new, String::from),
        HirKind::Class(Class::Bytes(class)) => class
            .iter()
            .next()
            .map_or_else(String::new, |range| char::from(range.start()).to_string()),
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(u32::MAX);
            let count = repetition
                .min
                .saturating_add(more)
                .clamp(repetition.min, most)
                .min(LONGEST as u32);
            let once = written(&repetition.sub, 0);
            once.repeat(count as usize)
        }
        HirKind::Capture(capture) => written(&capture.sub, more),
        HirKind::Concat(parts) => parts.iter().map(|part| written(part, more)).collect(),
        HirKind::Alternation(parts) => parts.first().map_or_else(String::new, |part| written(part, more)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_match_their_patterns_and_lengths() {
        for (pattern, least, expected) in [
            ("^[a-z][a-z0-9-]*$", 3, "aaa"),
            ("^sha256:[0-9a-f]{8}$", 0, "sha256:aaaaaaaa"),
            ("^(dev|prod)$", 0, "dev"),
            ("^FR-\\d{3}$", 0, "FR-000"),
        ] {
            let rules = Rules {
                pattern: Some(pattern.to_owned()),
                min_length: Some(least),
                ..Rules::default()
            };
            assert_eq!(of(&TextFormat::Plain, &rules), expected);
        }
    }

    #[test]
    fn what_stands_for_a_secret_has_its_format() {
        let none = Rules::default();
        assert_eq!(placeholder(&TextFormat::Plain, &none), "not-a-real-secret");
        assert_eq!(placeholder(&TextFormat::Base64, &none), "bm90LWEtcmVhbC1zZWNyZXQ=");
        assert_eq!(placeholder(&TextFormat::Uri, &none), of(&TextFormat::Uri, &none));
    }

    #[test]
    fn limits_of_plain_strings_are_kept() {
        let rules = |min, max| Rules {
            min_length: min,
            max_length: max,
            ..Rules::default()
        };
        assert_eq!(of(&TextFormat::Plain, &rules(None, Some(3))), "exa");
        assert_eq!(of(&TextFormat::Plain, &rules(Some(10), None)), "exampleexa");
    }
}
