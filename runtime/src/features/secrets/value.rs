//! The value of a secret.
//!
//! Owns: that it cannot be shown by accident, and what of it may be. Must not know: where it is kept. It implements neither
//! `Debug` nor `Display`, so no line of a log can be made of it; its memory is wiped.

use flaresmith_store::enums::SecretType;
use zeroize::Zeroizing;

/// How tokens begin whose kind can be told, and what is shown of that: at most eight characters.
const KINDS: [(&str, &str); 13] = [
    ("github_pat_", "github_"),
    ("ghp_", "ghp_"),
    ("gho_", "gho_"),
    ("ghu_", "ghu_"),
    ("ghs_", "ghs_"),
    ("ghr_", "ghr_"),
    ("napi_", "napi_"),
    ("neon_", "neon_"),
    ("PMAK-", "PMAK"),
    ("sk_live_", "sk_live_"),
    ("sk_test_", "sk_test_"),
    ("whsec_", "whsec_"),
    ("AKIA", "AKIA"),
];

/// Values shorter than this show nothing of themselves: four characters would be too much of them.
const SHORT: usize = 16;

/// A value that is wiped when it goes out of scope and cannot be formatted.
pub(super) struct SecretValue(Zeroizing<String>);

impl SecretValue {
    /// Takes a value in.
    pub(super) fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The value that these bytes are; `None`: they are no text.
    pub(super) fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        let bytes = Zeroizing::new(bytes);
        std::str::from_utf8(&bytes)
            .ok()
            .map(|text| Self(Zeroizing::new(text.to_owned())))
    }

    /// The bytes themselves, to be encrypted or compared.
    pub(super) fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// What a mask begins with: of tokens whose kind can be told, nothing that is particular to this one.
    pub(super) fn mask_prefix(&self, kind: SecretType) -> Option<&'static str> {
        let told = KINDS.iter().find(|(begin, _)| self.0.starts_with(begin));
        match told {
            Some((_, shown)) => Some(shown),
            None => (kind == SecretType::NeonCredential).then_some("neon_"),
        }
    }

    /// The last four characters, for those who may see them. Nothing of a short value, and no white space.
    pub(super) fn last_four(&self) -> &str {
        if self.0.chars().count() < SHORT {
            return "";
        }
        let text = self.0.trim_end();
        let start = text.char_indices().rev().nth(3).map_or(0, |(at, _)| at);
        let last = text.get(start..).unwrap_or_default();
        if last.contains(char::is_whitespace) { "" } else { last }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;
    use std::marker::PhantomData;

    use super::*;

    struct Debugs<T>(PhantomData<T>);
    struct Displays<T>(PhantomData<T>);

    /// What holds where a type has no constant of its own.
    trait No {
        const YES: bool = false;
    }
    impl<T> No for T {}

    impl<T: fmt::Debug> Debugs<T> {
        const YES: bool = true;
    }
    impl<T: fmt::Display> Displays<T> {
        const YES: bool = true;
    }

    #[test]
    fn a_value_cannot_be_formatted() {
        const { assert!(Debugs::<String>::YES && Displays::<String>::YES) };
        const { assert!(!Debugs::<SecretValue>::YES && !Displays::<SecretValue>::YES) };
        let _ = (Debugs(PhantomData::<u8>), Displays(PhantomData::<u8>));
    }

    #[test]
    fn a_mask_tells_the_kind_and_little_of_the_value() {
        let action = SecretType::GithubActionSecret;
        for (value, kind, prefix, last) in [
            ("ghp_0123456789abcdefWXYZ", action, Some("ghp_"), "WXYZ"),
            ("github_pat_0123456789abcd", action, Some("github_"), "abcd"),
            ("short-value", action, None, ""),
            ("0123456789abcdef\n", action, None, "cdef"),
            ("0123456789abc d f", action, None, ""),
            ("schlüssel-schlüß-äöü", action, None, "-äöü"),
            (
                "postgres://a:b@host/name",
                SecretType::NeonCredential,
                Some("neon_"),
                "name",
            ),
        ] {
            let value_of = SecretValue::new(value.to_owned());
            assert_eq!(
                (value_of.mask_prefix(kind), value_of.last_four()),
                (prefix, last),
                "{value}"
            );
        }
        assert!(
            KINDS
                .iter()
                .all(|(begin, shown)| begin.starts_with(shown) && shown.len() <= 8)
        );
    }
}
