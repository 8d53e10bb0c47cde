//! Formats and patterns of strings.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use chrono::Timelike as _;

use super::schema::Format;

impl Format {
    /// What a text of this format is called.
    pub(super) fn describe(self) -> (&'static str, &'static str) {
        match self {
            Self::Plain => ("string", "a string"),
            Self::Uuid => ("uuid", "a UUID"),
            Self::DateTime => ("date-time", "a date and time of RFC 3339, such as 2024-01-31T12:00:00Z"),
            Self::Date => ("date", "a date, such as 2024-01-31"),
            Self::Time => ("time", "a time with its offset, such as 12:00:00Z"),
            Self::Duration => ("duration", "a duration of ISO 8601, such as PT15M"),
            Self::Email => ("email", "a mail address"),
            Self::Uri => ("uri", "an absolute URI"),
            Self::UriReference => ("uri-reference", "a URI or a relative reference"),
            Self::Hostname => ("hostname", "a host name"),
            Self::Ipv4 => ("ipv4", "an IPv4 address"),
            Self::Ipv6 => ("ipv6", "an IPv6 address"),
            Self::Base64 => ("base64", "Base64"),
            Self::Decimal => ("decimal", "a decimal number"),
        }
    }

    /// Whether a text has it.
    pub(super) fn admits(self, text: &str) -> bool {
        match self {
            Self::Plain => true,
            Self::Uuid => text.len() == 36 && uuid::Uuid::try_parse(text).is_ok(),
            Self::DateTime => is_date_time(text),
            Self::Date => is_date(text),
            Self::Time => is_time(text),
            Self::Duration => is_duration(text),
            Self::Email => is_email(text),
            Self::Uri => is_uri(text),
            Self::UriReference => is_uri_text(text),
            Self::Hostname => is_hostname(text),
            Self::Ipv4 => text.parse::<std::net::Ipv4Addr>().is_ok(),
            Self::Ipv6 => text.parse::<std::net::Ipv6Addr>().is_ok(),
            Self::Base64 => crate::scalars::decode_base64(text).is_some(),
            Self::Decimal => is_decimal(text),
        }
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let widths = year.len() == 4 && month.len() == 2 && day.len() == 2;
    widths && parts.iter().all(|part| digits(part)) && text.parse::<chrono::NaiveDate>().is_ok()
}

fn is_time(text: &str) -> bool {
    // A whole moment is made of it, since the offset cannot be read without one.
    is_date_time(&format!("2000-01-01T{text}"))
}

fn is_date_time(text: &str) -> bool {
    let separated = matches!(text.as_bytes().get(10), Some(b'T' | b't'));
    // A leap second is the last one of a day in UTC.
    let sound = |moment: chrono::NaiveDateTime| {
        moment.nanosecond() < 1_000_000_000 || (moment.hour(), moment.minute()) == (23, 59)
    };
    let parsed = || chrono::DateTime::parse_from_rfc3339(text).is_ok_and(|moment| sound(moment.naive_utc()));
    separated && text.is_ascii() && text.get(..10).is_some_and(is_date) && parsed()
}

fn is_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('P') else { return false };
    let (date, time) = match rest.split_once('T') {
        Some((_, "")) => return false,
        Some((date, time)) => (date, time),
        None => (rest, ""),
    };
    // Units come in their order, each at most once; only the last number may have a fraction.
    let units = |mut text: &str, names: &str| {
        let mut names = names.chars();
        while !text.is_empty() {
            let Some(end) = text.find(|c: char| c.is_ascii_alphabetic()) else { return false };
            let (number, rest) = text.split_at(end);
            let mut rest = rest.chars();
            let Some(unit) = rest.next() else { return false };
            let whole = digits(number);
            let fraction = number.split_once(['.', ',']).is_some_and(|(a, b)| digits(a) && digits(b));
            if !(whole || fraction && unit == 'S') || !names.any(|name| name == unit) {
                return false;
            }
            text = rest.as_str();
        }
        true
    };
    !(date.is_empty() && time.is_empty()) && units(date, "YMWD") && units(time, "HMS")
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let allowed = |c: char| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~-.".contains(c);
    let dots = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
    let unicode = domain.chars().any(|c| !c.is_ascii());
    let labels = domain.split('.').all(|label| !label.is_empty() && !label.contains(char::is_whitespace));
    let domain_fits = if unicode { labels } else { is_hostname(domain) };
    !local.is_empty() && text.len() <= 320 && local.chars().all(allowed) && dots && domain_fits && domain.contains('.')
}

fn is_uri_text(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let fits = match byte {
            b'%' => (0..2).all(|_| bytes.next().is_some_and(|digit| digit.is_ascii_hexdigit())),
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' => false,
            byte => byte > b' ' && byte != 0x7f,
        };
        if !fits {
            return false;
        }
    }
    true
}

fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let has_host = !matches!(scheme, "http" | "https" | "ws" | "wss" | "ftp")
        || rest.strip_prefix("//").is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', '#']));
    named && !rest.is_empty() && has_host && is_uri_text(text)
}

fn is_hostname(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    !text.is_empty() && text.len() <= 253 && text.split('.').all(label)
}

fn is_decimal(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    digits(whole) && digits(fraction) && digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))
}

type Compiled = Option<Arc<regress::Regex>>;

/// Patterns are compiled when they are first needed, once.
static PATTERNS: LazyLock<RwLock<HashMap<&'static str, Compiled>>> = LazyLock::new(Default::default);

/// Whether a pattern matches somewhere in a text. A pattern that cannot be compiled refuses nothing.
pub(super) fn matches(pattern: &'static str, text: &str) -> bool {
    let known = PATTERNS.read().unwrap_or_else(PoisonError::into_inner).get(pattern).cloned();
    let compiled = known.unwrap_or_else(|| {
        // Most patterns mean the same with and without the flag; those that do not are written for one of the two.
        let compiled = regress::Regex::with_flags(pattern, "u").or_else(|_| regress::Regex::new(pattern));
        let compiled = compiled.ok().map(Arc::new);
        PATTERNS.write().unwrap_or_else(PoisonError::into_inner).insert(pattern, compiled.clone());
        compiled
    });
    compiled.is_none_or(|regex| regex.find(text).is_some())
}
