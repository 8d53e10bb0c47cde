//! Names in JSON: the rule by which serde makes them of names in Rust.
//!
//! Owns: serde's rules, and which one leaves the fewest exceptions. Must not know: what is named.

/// A rule: what serde calls it, and what it makes of a name.
pub(super) type Rule = (&'static str, fn(&str) -> String);

/// Rules for members of structs, whose names in Rust are in snake case.
pub(super) const MEMBERS: &[Rule] = &[
    ("camelCase", |name| lower_first(&joined(name))),
    ("PascalCase", joined),
    ("kebab-case", |name| name.replace('_', "-")),
    ("SCREAMING_SNAKE_CASE", str::to_ascii_uppercase),
];

/// Rules for variants of enums, whose names in Rust are in Pascal case.
pub(super) const VARIANTS: &[Rule] = &[
    ("lowercase", str::to_ascii_lowercase),
    ("snake_case", |name| apart(name)),
    ("camelCase", lower_first),
    ("kebab-case", |name| apart(name).replace('_', "-")),
    ("UPPERCASE", str::to_ascii_uppercase),
    ("SCREAMING_SNAKE_CASE", |name| apart(name).to_ascii_uppercase()),
];

/// The rule that saves the most of these pairs of Rust and JSON from being written out, if it saves any. One is enough: so the next
/// such name changes nothing about the others.
pub(super) fn rule<'n>(rules: &[Rule], names: &(impl Iterator<Item = (&'n str, &'n str)> + Clone)) -> Option<Rule> {
    let exceptions = |make: fn(&str) -> String| names.clone().filter(|(name, wire)| make(plain(name)) != *wire).count();
    let without = names.clone().filter(|(name, wire)| plain(name) != *wire).count();
    if without == 0 {
        return None;
    }
    let best = rules.iter().min_by_key(|(_, make)| exceptions(*make))?;
    (exceptions(best.1) < without).then_some(*best)
}

/// Whether a name has to be written out under the rule.
pub(super) fn is_exception(rule: Option<Rule>, name: &str, wire: &str) -> bool {
    match rule {
        Some((_, make)) => make(plain(name)) != wire,
        None => plain(name) != wire,
    }
}

/// Serde knows nothing of raw identifiers.
fn plain(name: &str) -> &str {
    name.strip_prefix("r#").unwrap_or(name)
}

fn joined(name: &str) -> String {
    let mut joined = String::new();
    let mut begins = true;
    for c in name.chars() {
        if c == '_' {
            begins = true;
        } else {
            joined.push(if begins { c.to_ascii_uppercase() } else { c });
            begins = false;
        }
    }
    joined
}

fn lower_first(name: &str) -> String {
    let mut signs = name.chars();
    signs
        .next()
        .map(|first| first.to_ascii_lowercase().to_string() + signs.as_str())
        .unwrap_or_default()
}

fn apart(name: &str) -> String {
    let mut apart = String::new();
    for (i, c) in name.chars().enumerate() {
        if i > 0 && c.is_uppercase() {
            apart.push('_');
        }
        apart.push(c.to_ascii_lowercase());
    }
    apart
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_with_the_fewest_exceptions_is_chosen_where_it_pays() {
        let chosen = |rules, names: &[(&str, &str)]| rule(rules, &names.iter().copied()).map(|(name, _)| name);
        let camel = [
            ("ticket_id", "ticketId"),
            ("ticket_date", "ticketDate"),
            ("r#type", "type"),
            ("external_url", "external_url"),
            ("is_open", "isOpen"),
        ];
        assert_eq!(chosen(MEMBERS, &camel), Some("camelCase"));
        assert_eq!(chosen(MEMBERS, &camel[2..4]), None);
        assert_eq!(chosen(MEMBERS, &camel[..1]), Some("camelCase"));
        assert_eq!(
            chosen(VARIANTS, &[("InUse", "in-use"), ("Free", "free")]),
            Some("kebab-case")
        );
        assert_eq!(
            chosen(VARIANTS, &[("InUse", "IN_USE"), ("Free", "FREE")]),
            Some("SCREAMING_SNAKE_CASE")
        );
        assert_eq!(chosen(VARIANTS, &[("A", "+1"), ("B", "-1")]), None);
        assert_eq!(chosen(VARIANTS, &[]), None);
    }

    #[test]
    fn what_the_rule_does_not_give_is_an_exception() {
        let camel = MEMBERS.first().copied();
        let kebab = VARIANTS.iter().copied().find(|(name, _)| *name == "kebab-case");
        assert!(is_exception(kebab, "Self_", "self_") && !is_exception(kebab, "NotFound", "not-found"));
        assert!(!is_exception(camel, "r#type", "type") && !is_exception(camel, "a_b2", "aB2"));
        assert!(
            is_exception(camel, "a_b", "a_b") && is_exception(None, "a_b", "aB") && !is_exception(None, "a_b", "a_b")
        );
    }
}
