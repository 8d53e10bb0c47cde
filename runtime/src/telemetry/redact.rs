//! Redaction: what looks like a secret or names a person goes out of texts that are written down.
//!
//! Owns: the forms that are replaced. Must not know: where a text comes from or goes.
//!
//! This is the second net. The first is that what is secret cannot be formatted: [`Hidden`](crate::settings::Hidden), sealed
//! values, and the secret columns of the store print `***`.

use std::borrow::Cow;
use std::sync::LazyLock;

use flaresmith_codegen::check::token_prefixes;
use regex::{Captures, Regex};

use crate::sealing::TokenKind;

/// What stands in place of what is not shown.
pub const MASK: &str = "***";

/// Shortest stretch behind a provider's prefix that makes a token of it.
const LEAST: usize = 8;

/// How long what stands between two slashes is on average, at least, in bytes that were written as base64.
const STRETCH: usize = 16;

/// How tokens begin, those of providers and our own.
fn prefixes() -> impl Iterator<Item = &'static str> {
    token_prefixes().chain(TokenKind::ALL.map(TokenKind::prefix))
}

/// Everything that is replaced, as one expression; `None` cannot be, since its parts are fixed.
static FORMS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let prefixes: Vec<String> = prefixes().map(regex::escape).collect();
    let forms = [
        // A person: whatever could be an email address.
        r"[^\s@,;:<>()\[\]{}\x22'=/?&%]+(?:@|%40)[^\s@,;:<>()\[\]{}\x22'=/]+".to_owned(),
        // A token of a provider.
        format!(r"(?:{})[A-Za-z0-9_.+/=-]{{{LEAST},}}", prefixes.join("|")),
        // A signed token: three parts, of which the first two are JSON in base64.
        r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.?[A-Za-z0-9_-]*".to_owned(),
        // A private key, to its end or that of the text.
        r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)".to_owned(),
        // Who is named in an address, with the password.
        r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?:[^\s/?#\x22'`<>]*|[^\s/?#:\x22'`<>]*:[^\s?#\x22'`<>]*)@".to_owned(),
        // The credentials of a request.
        r"(?i)(?P<kind>bearer|basic)\s+[A-Za-z0-9._~+/=-]+".to_owned(),
        // What stands under a telling name, as a field, a parameter or an assignment.
        r#"(?i)(?P<name>[\w-]*(?:password|passwd|passphrase|secret|token|(?:api|access|private)[_-]?key|enc_master|authorization|ticket|cookie|session)[\w-]*\\*["']?\s*[=:]\s*)(?:\\*"[^"]*"?|\\*'[^']*'?|(?:(?:bearer|basic)\s+)?[^\s"'&,;}]+)"#
            .to_owned(),
        // Bytes at random: long, and of letters of both sizes and digits.
        r"[A-Za-z0-9_+/-]{32,}={0,2}".to_owned(),
    ];
    Regex::new(&forms.map(|form| format!("(?:{form})")).join("|")).ok()
});

/// A text without what looks like a secret or an email address.
#[must_use]
pub fn redacted(text: &str) -> Cow<'_, str> {
    match &*FORMS {
        Some(forms) => forms.replace_all(text, |found: &Captures<'_>| masked(found)),
        None => Cow::Borrowed(MASK),
    }
}

/// What stands in place of something that was found.
fn masked(found: &Captures<'_>) -> String {
    let whole = found.get(0).map_or("", |whole| whole.as_str());
    if let Some(scheme) = found.name("scheme") {
        return format!("{}{MASK}@", scheme.as_str());
    }
    if let Some(kind) = found.name("kind") {
        return format!("{} {MASK}", kind.as_str());
    }
    if let Some(name) = found.name("name") {
        return format!("{}{MASK}", name.as_str());
    }
    let has = |is: fn(&char) -> bool| whole.chars().any(|letter| is(&letter));
    let plain = whole
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/' | b'='));
    let mixed = has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase) && has(char::is_ascii_digit);
    // Where slashes are many it is a path.
    let random = mixed && whole.matches('/').count() * STRETCH <= whole.len();
    let is_prefixed = prefixes().any(|prefix| whole.starts_with(prefix));
    // Ids, digests and names of types are long as well; they have letters of one size, or no digits.
    if plain && !random && !is_prefixed {
        whole.to_owned()
    } else {
        MASK.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_secret_or_names_a_person_goes() {
        for (text, hidden) in [
            ("key AKIAIOSFODNN7EXAMPLE is refused", "AKIAIOSFODNN7EXAMPLE"),
            ("AKIAAAAAAAAAAAAAAAAA", "AAAAAAA"),
            ("remote: ghp_0123456789abcdefghijABCDEFGHIJ012345.", "0123456789abcdef"),
            ("Key (email)=(ada@example.com) already exists.", "ada"),
            ("to <Ada.Lovelace+x@mail.example.co.uk>", "Lovelace"),
            ("postgres://me:hush@host/name is away", "hush"),
            ("https://token-abc@host/x.git", "token-abc"),
            ("no postgres://app:p@ss@db:5/x here", "ss"),
            ("Authorization: Bearer abc.def", "abc.def"),
            ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "eyJzdWIi"),
            ("GET /chat?ticket=hush&x=1", "hush"),
            (r#"{"password": "hush hush"}"#, "hush"),
            ("FLARESMITH_OWNER_PASSWORD=hush", "hush"),
            ("fls_ZmvYmFyYmFzMTIzNDUNzgMGFiYRlZmdoaWprbGA", "ZmvYmFy"),
            ("flr_abcdefghijklmnopqrstuvwxyzabcdefghijklmno", "klmnop"),
            ("Zm9vYmFyYmF6MTIzNDU2Nzg5MGFi/2RlZmdoaWp+bG1=", "Zm9vYmFy"),
            (r#"sent {\"password\": \"hush hush\"}"#, "hush"),
            ("GET /invitations?email=ada%40example.com", "ada"),
            ("CM_ENC_MASTER_V1=0123456789abcdef", "abcdef"),
            ("secret_key=hush private_key: hush", "hush"),
            ("cookie: session=hush", "hush"),
            ("passphrase = hush", "hush"),
            ("postgres://me:hu/sh@db/name is away", "hu/sh"),
            (
                "-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\n-----END EC PRIVATE KEY-----",
                "MHcCAQ",
            ),
            ("-----BEGIN PRIVATE KEY-----\nMHcCAQ", "MHcCAQ"),
        ] {
            let shown = redacted(text);
            assert!(!shown.contains(hidden) && shown.contains(MASK), "{text} -> {shown}");
        }
    }

    #[test]
    fn what_helps_to_find_a_cause_stays() {
        for text in [
            "4bf92f3577b34da6a3ce929d0e0e4736 and 123e4567-e89b-42d3-a456-426614174000",
            "a4f1c2d3e4b5a6978877665544332211aabbccdd is no commit",
            "error returned from database: (code: 2067) UNIQUE constraint failed: users.email",
            "panic: index out of bounds: the len is 3 but the index is 7",
            "/var/lib/Flaresmith/repositories/0b8f7c52-9a3e-4d6f-8b1a-2c3d4e5f6a7b.git is locked",
            "flaresmith_runtime::pipeline::rate_limit::stored::statement_about_buckets",
            "AUTH_TOKEN_MISSING at 2026-11-26T10:15:30.123Z",
        ] {
            assert_eq!(redacted(text), text);
        }
    }
}
