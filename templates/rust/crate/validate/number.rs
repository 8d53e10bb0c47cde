//! Comparing numbers without losing digits.

use std::cmp::Ordering;

use serde_json::Value;

use super::schema::Number;

impl Number {
    /// A number of JSON.
    pub(super) fn of(number: &serde_json::Number) -> Self {
        let signed = number.as_i64().map(i128::from);
        match signed.or_else(|| number.as_u64().map(i128::from)) {
            Some(whole) => Self::Whole(whole),
            None => Self::of_float(number.as_f64().unwrap_or(f64::NAN)),
        }
    }

    fn of_float(float: f64) -> Self {
        // Beyond this, not every whole number has a float of its own; the float still is one.
        if float.fract() == 0.0 && float.abs() < 1e36 { Self::Whole(float as i128) } else { Self::Float(float) }
    }

    fn float(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Float(float) => float,
        }
    }

    /// Whether there is nothing behind its decimal point.
    pub(super) fn whole(self) -> Option<i128> {
        match self {
            Self::Whole(whole) => Some(whole),
            Self::Float(_) => None,
        }
    }

    pub(super) fn order(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Whole(a), Self::Whole(b)) => Some(a.cmp(&b)),
            (a, b) => a.float().partial_cmp(&b.float()),
        }
    }

    /// Whether it is a multiple of the other, as decimal numbers: 4.35 is a multiple of 0.01.
    pub(super) fn is_multiple_of(self, step: Self) -> bool {
        if let (Self::Whole(a), Self::Whole(b)) = (self, step) {
            return b == 0 || a % b == 0;
        }
        if let (Some((a, a_digits)), Some((b, b_digits))) = (decimal(self), decimal(step)) {
            let digits = a_digits.max(b_digits);
            let scaled = |value: i128, own: u32| value.checked_mul(10_i128.checked_pow(digits - own)?);
            if let (Some(a), Some(b)) = (scaled(a, a_digits), scaled(b, b_digits)) {
                return b == 0 || a % b == 0;
            }
        }
        let ratio = self.float() / step.float();
        ratio.is_finite() && (ratio - ratio.round()).abs() <= ratio.abs() * f64::EPSILON
    }
}

/// A number as a whole one and how many of its digits stand behind the point.
fn decimal(number: Number) -> Option<(i128, u32)> {
    let text = match number {
        Number::Whole(whole) => return Some((whole, 0)),
        Number::Float(float) => float.to_string(),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits = u32::try_from(fraction.len()).ok()?;
    format!("{whole}{fraction}").parse().ok().map(|value| (value, digits))
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(whole) => whole.fmt(f),
            Self::Float(float) => float.fmt(f),
        }
    }
}

/// Whether two values are equal as JSON: 1 is 1.0, and the order of members does not count.
pub(super) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => Number::of(a).order(Number::of(b)) == Some(Ordering::Equal),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        (a, b) => a == b,
    }
}

/// A text that equal values share and others do not.
pub(super) fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Number(number) => text.push_str(&Number::of(number).to_string()),
        Value::Array(items) => {
            text.push('[');
            for item in items {
                canonical(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<(&String, &Value)> = members.iter().collect();
            members.sort_by_key(|(key, _)| *key);
            text.push('(');
            for (key, member) in members {
                text.push_str(&format!("{key:?}:"));
                canonical(member, text);
                text.push(',');
            }
            text.push(')');
        }
        Value::String(string) => text.push_str(&format!("{string:?}")),
        Value::Bool(_) | Value::Null => text.push_str(&value.to_string()),
    }
}

/// Writes whole numbers without a point, so that `1.0` can stand where a whole number is wanted.
pub(super) fn normalise(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            if let Some(whole) = Number::of(number).whole() {
                let signed = i64::try_from(whole).map(serde_json::Number::from);
                if let Ok(plain) = signed.or_else(|_| u64::try_from(whole).map(serde_json::Number::from)) {
                    *number = plain;
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(normalise),
        Value::Object(members) => members.values_mut().for_each(normalise),
        _ => {}
    }
}
