//! Slugs: names as they stand in addresses.
//!
//! Owns: making one of a name. Must not know: what is named.

/// Longest slug.
const LONGEST: usize = 40;

/// The slug of a name: small letters, digits and single hyphens. A name without any gives `fallback`.
pub(crate) fn of(name: &str, fallback: &str) -> String {
    let mut slug = String::new();
    for sign in name.chars().flat_map(char::to_lowercase) {
        if sign.is_ascii_alphanumeric() {
            slug.push(sign);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= LONGEST {
            break;
        }
    }
    let slug = slug.trim_matches('-');
    if slug.is_empty() {
        fallback.to_owned()
    } else {
        slug.to_owned()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn any_name_becomes_a_slug() {
        for (name, slug) in [
            ("Shop Floor", "shop-floor"),
            ("  --a__b!! ", "a-b"),
            ("Zürich", "z-rich"),
            ("日本", "project"),
            (&"x-".repeat(60), &"x-".repeat(20)[..39]),
        ] {
            assert_eq!(super::of(name, "project"), slug, "{name}");
        }
    }
}
