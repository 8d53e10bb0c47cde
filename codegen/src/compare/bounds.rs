//! Bounds: ranges, lengths, counts, patterns.
//!
//! Owns: whether a bound became narrower or wider. Must not know: which values it is about.

use std::cmp::Ordering;

use super::comparison::Comparison;
use super::rules;
use super::spot::Spot;
use crate::diagnostics::change::Rule;
use crate::model::{Kind, Rules, Type};
use crate::tree::{Number, Value};

/// A bound of numbers; whether the bound itself is outside.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bound {
    value: f64,
    exclusive: bool,
}

impl Comparison<'_> {
    /// The rules on two values of one kind.
    pub(super) fn bounds(&mut self, before: &Type, after: &Type, spot: &Spot) {
        if before.rules == after.rules {
            return;
        }
        let none = Rules::default();
        let old = before.rules.as_deref().unwrap_or(&none);
        let now = after.rules.as_deref().unwrap_or(&none);
        let whole = matches!(after.kind, Kind::Integer { .. });
        self.range(&low(old, whole), &low(now, whole), true, spot);
        self.range(&high(old, whole), &high(now, whole), false, spot);
        self.multiples(old.multiple_of.as_ref(), now.multiple_of.as_ref(), spot);
        self.count("character", old.min_length, now.min_length, true, spot);
        self.count("character", old.max_length, now.max_length, false, spot);
        self.count("item", old.min_items, now.min_items, true, spot);
        self.count("item", old.max_items, now.max_items, false, spot);
        self.count("member", old.min_properties, now.min_properties, true, spot);
        self.count("member", old.max_properties, now.max_properties, false, spot);
        let words = spot.words();
        match (old.unique_items, now.unique_items) {
            (false, true) => {
                self.said(
                    &rules::LENGTH_NARROWED,
                    spot,
                    format!("no two items of {words} may be equal now"),
                );
            }
            (true, false) => self.said(
                &rules::LENGTH_WIDENED,
                spot,
                format!("items of {words} may be equal now"),
            ),
            _ => {}
        }
        self.pattern(&words, old.pattern.as_ref(), now.pattern.as_ref(), spot);
        let keys = format!("every key of {words}");
        self.pattern(&keys, old.key_pattern.as_ref(), now.key_pattern.as_ref(), spot);
    }

    /// A number of characters, items or members.
    pub(super) fn count(&mut self, of: &str, before: Option<u64>, after: Option<u64>, least: bool, spot: &Spot) {
        if before == after {
            return;
        }
        let stricter = match (before, after) {
            (None, _) => true,
            (_, None) => false,
            (Some(old), Some(now)) => (now > old) == least,
        };
        let rule = match stricter {
            true => &rules::LENGTH_NARROWED,
            false => &rules::LENGTH_WIDENED,
        };
        let edge = |count: u64| {
            let (word, plural) = (
                if least { "at least" } else { "at most" },
                if count == 1 { "" } else { "s" },
            );
            format!("{word} {count} {of}{plural}")
        };
        self.bound(rule, "has", before.map(edge), after.map(edge), spot);
    }

    fn range(&mut self, before: &Option<Bound>, after: &Option<Bound>, least: bool, spot: &Spot) {
        if before == after {
            return;
        }
        let stricter = match (before, after) {
            (None, _) => true,
            (_, None) => false,
            (Some(old), Some(now)) => match now.value.total_cmp(&old.value) {
                Ordering::Equal => now.exclusive,
                Ordering::Greater => least,
                Ordering::Less => !least,
            },
        };
        let rule = match stricter {
            true => &rules::RANGE_NARROWED,
            false => &rules::RANGE_WIDENED,
        };
        let edge = |bound: &Bound| match (bound.exclusive, least) {
            (false, true) => format!("at least {}", bound.value),
            (false, false) => format!("at most {}", bound.value),
            (true, true) => format!("more than {}", bound.value),
            (true, false) => format!("less than {}", bound.value),
        };
        self.bound(rule, "is", before.as_ref().map(edge), after.as_ref().map(edge), spot);
    }

    /// One bound in words: `at least 3`.
    fn bound(&mut self, rule: &'static Rule, verb: &str, before: Option<String>, after: Option<String>, spot: &Spot) {
        let words = spot.words();
        match (before, after) {
            (Some(old), Some(now)) => {
                let message = format!("{words} {verb} {now} now, it was {old}");
                self.changed(rule, spot, message, old, now);
            }
            (None, Some(now)) => {
                let message = format!("{words} {verb} {now} now, it had no such bound");
                self.added(rule, spot, message, Some(now));
            }
            (Some(old), None) => {
                let message = format!("{words} is not held to {old} any more");
                self.removed(rule, spot, message, Some(old));
            }
            (None, None) => {}
        }
    }

    fn multiples(&mut self, before: Option<&Number>, after: Option<&Number>, spot: &Spot) {
        let words = spot.words();
        let whole = |left: &Number, right: &Number| match (left.as_f64(), right.as_f64()) {
            (Some(left), Some(right)) if right != 0.0 => (left / right).fract() == 0.0,
            _ => false,
        };
        match (before, after) {
            (Some(old), Some(now)) if old != now => {
                let rule = match (whole(now, old), whole(old, now)) {
                    (true, true) => return,
                    (true, false) => &rules::RANGE_NARROWED,
                    (false, true) => &rules::RANGE_WIDENED,
                    (false, false) => &rules::TYPE_CHANGED,
                };
                let message = format!("{words} is a multiple of {now} now, it was of {old}");
                self.changed(rule, spot, message, old.to_string(), now.to_string());
            }
            (None, Some(now)) => {
                let message = format!("{words} has to be a multiple of {now} now");
                self.added(&rules::RANGE_NARROWED, spot, message, Some(now.to_string()));
            }
            (Some(old), None) => {
                let message = format!("{words} need not be a multiple of {old} any more");
                self.removed(&rules::RANGE_WIDENED, spot, message, Some(old.to_string()));
            }
            _ => {}
        }
    }

    /// What two schemas say that no type shows.
    pub(super) fn guards(&mut self, before: &[&Value], after: &[&Value], spot: &Spot) {
        let lacks = |list: &[&Value], other: &[&Value]| list.iter().any(|guard| !other.contains(guard));
        let words = spot.words();
        let keywords = |guards: &[&Value]| {
            let all = guards.iter().filter_map(|guard| guard.as_object());
            let all: Vec<String> = all
                .flat_map(|guard| guard.keys().map(|key| format!("`{key}`")))
                .collect();
            all.join(", ")
        };
        match (lacks(before, after), lacks(after, before)) {
            (false, true) => {
                let message = format!("{words} is held against {} now", keywords(after));
                self.said(&rules::GUARD_ADDED, spot, message);
            }
            (true, false) => {
                let message = format!("{words} is not held against {} any more", keywords(before));
                self.removed(&rules::GUARD_REMOVED, spot, message, None);
            }
            (true, true) => {
                let message = format!("{words} is held against other {} now", keywords(after));
                self.said(&rules::GUARD_CHANGED, spot, message);
            }
            (false, false) => {}
        }
    }

    fn pattern(&mut self, words: &str, before: Option<&String>, after: Option<&String>, spot: &Spot) {
        match (before, after) {
            (None, Some(now)) => {
                let message = format!("{words} has to match `{now}` now");
                self.added(&rules::PATTERN_ADDED, spot, message, Some(now.clone()));
            }
            (Some(old), None) => {
                let message = format!("{words} need not match `{old}` any more");
                self.removed(&rules::PATTERN_REMOVED, spot, message, Some(old.clone()));
            }
            (Some(old), Some(now)) if old != now => {
                let message = format!("{words} has to match `{now}` now, it was `{old}`");
                self.changed(&rules::PATTERN_CHANGED, spot, message, old.clone(), now.clone());
            }
            _ => {}
        }
    }
}

/// The lower bound. More than 0 is at least 1, where numbers are whole.
fn low(rules: &Rules, whole: bool) -> Option<Bound> {
    let closed = rules.minimum.as_ref().and_then(Number::as_f64);
    let open = rules.exclusive_minimum.as_ref().and_then(Number::as_f64);
    let open = open.map(|value| settled(value, 1.0, whole));
    let closed = closed.map(|value| Bound {
        value,
        exclusive: false,
    });
    match (closed, open) {
        (Some(closed), Some(open)) if open.value >= closed.value => Some(open),
        (closed, open) => closed.or(open),
    }
}

/// The upper bound.
fn high(rules: &Rules, whole: bool) -> Option<Bound> {
    let closed = rules.maximum.as_ref().and_then(Number::as_f64);
    let open = rules.exclusive_maximum.as_ref().and_then(Number::as_f64);
    let open = open.map(|value| settled(value, -1.0, whole));
    let closed = closed.map(|value| Bound {
        value,
        exclusive: false,
    });
    match (closed, open) {
        (Some(closed), Some(open)) if open.value <= closed.value => Some(open),
        (closed, open) => closed.or(open),
    }
}

fn settled(value: f64, step: f64, whole: bool) -> Bound {
    match whole && value.fract() == 0.0 {
        true => Bound {
            value: value + step,
            exclusive: false,
        },
        false => Bound { value, exclusive: true },
    }
}
