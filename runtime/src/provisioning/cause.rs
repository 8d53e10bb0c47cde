//! What is kept of a failure.
//!
//! Owns: that no secret is in it, and that it is told to the log. Must not know: steps, rows.
//!
//! Errors of providers and drivers repeat what they were asked, addresses with passwords among it.

use flaresmith_api::errors::Failure;
use flaresmith_codegen::check::redacted;
use serde_json::{Value, json};

/// Longest text that is kept.
const LONGEST: usize = 2000;

/// A failure for the journal. Callers see its code alone.
pub(super) fn line(failure: &Failure) -> Value {
    json!({"failure": plain(&failure.to_string()), "source": failure.log_source().map(|source| plain(&source.to_string()))})
}

/// A failure for the log.
pub(super) fn text(failure: &Failure) -> String {
    match failure.log_source() {
        Some(source) => plain(&source.to_string()),
        None => plain(&failure.to_string()),
    }
}

/// A text without secrets.
fn plain(text: &str) -> String {
    let text = redacted(text);
    let mut out = String::new();
    let mut rest: &str = &text;
    // Whoever wrote an address with a name and a password in it meant nobody to see them, however they look.
    while let Some((before, after)) = rest.split_once("://") {
        out.push_str(before);
        out.push_str("://");
        let end = after
            .find(|sign: char| sign.is_whitespace() || "/?#\"'`<>".contains(sign))
            .unwrap_or(after.len());
        let (authority, more) = after.split_at(end);
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                out.push_str("****@");
                out.push_str(host);
            }
            None => out.push_str(authority),
        }
        rest = more;
    }
    out.push_str(rest);
    out.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_passwords_of_addresses_are_not_kept() {
        for (text, expected) in [
            ("no postgres://app:p@ss@db:5/x here", "no postgres://****@db:5/x here"),
            (
                "'https://t0ken@host' https://host/a@b",
                "'https://****@host' https://host/a@b",
            ),
            ("postgres://app:example@localhost", "postgres://****@localhost"),
            ("nothing :// else", "nothing :// else"),
        ] {
            assert_eq!(plain(text), expected);
        }
    }
}
