//! Secrets in specs.
//!
//! Owns: the forms of tokens that providers give out. Must not know: where a string came from. The message never shows the
//! string.

use serde_json::Value;

use crate::diagnostics::{Diagnostic, Diagnostics, Place, feature as codes};
use crate::model::Model;
use crate::openapi::Bundle;

/// Beginnings of tokens, whose they are, and how many letters, digits, `_` and `-` follow at least.
const TOKENS: [(&str, &str, usize); 13] = [
    ("ghp_", "a GitHub token", 36),
    ("gho_", "a GitHub token", 36),
    ("ghs_", "a GitHub token", 36),
    ("github_pat_", "a GitHub token", 50),
    ("PMAK-", "a Postman key", 50),
    ("napi_", "a Neon key", 40),
    ("sk_live_", "a Stripe key", 20),
    ("rk_live_", "a Stripe key", 20),
    ("xoxb-", "a Slack token", 30),
    ("xoxp-", "a Slack token", 30),
    ("AKIA", "an AWS key id", 16),
    ("AIza", "a Google key", 35),
    ("glpat-", "a GitLab token", 20),
];

/// Tells every string of the bundle and every requirement that has the form of a secret.
pub(super) fn plaintext(model: &Model, bundle: &Bundle, diagnostics: &mut Diagnostics) {
    let mut stack: Vec<(String, &Value)> = vec![(String::new(), &bundle.document)];
    while let Some((pointer, value)) = stack.pop() {
        match value {
            Value::String(text) => {
                if let Some(what) = form(text) {
                    tell(what, bundle.place(&pointer), diagnostics);
                }
            }
            Value::Array(items) => {
                let holds_text = |item: &Value| item.is_string() || item.is_array() || item.is_object();
                let items = items.iter().enumerate().filter(|(_, item)| holds_text(item));
                stack.extend(items.map(|(i, item)| (format!("{pointer}/{i}"), item)));
            }
            Value::Object(members) => {
                for (key, member) in members {
                    if member.is_string() && member.as_str().is_some_and(|text| text.len() < 20) {
                        continue;
                    }
                    if member.is_string() || member.is_array() || member.is_object() {
                        let key = key.replace('~', "~0").replace('/', "~1");
                        stack.push((format!("{pointer}/{key}"), member));
                    }
                }
            }
            _ => {}
        }
    }
    for requirement in model.features.iter().flat_map(|feature| &feature.requirements) {
        if let Some(what) = form(&requirement.text) {
            tell(what, requirement.place.clone(), diagnostics);
        }
    }
}

fn tell(what: &str, place: Place, diagnostics: &mut Diagnostics) {
    let message = format!("this looks like {what}");
    let hint = "revoke it, then write a placeholder such as `<token>`";
    diagnostics.push(Diagnostic::new(&codes::SECRET_PLAINTEXT, message, place).hint(hint));
}

/// What a text looks like, when it holds something in the form of a secret. Repetitions of one character are placeholders.
fn form(text: &str) -> Option<&'static str> {
    if text.len() < 20 {
        return None;
    }
    if text.contains("-----BEGIN") && text.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    TOKENS.iter().find_map(|(prefix, what, least)| {
        let at = text.find(prefix)?;
        let before = text.get(..at)?.chars().next_back();
        if before.is_some_and(|c| c.is_ascii_alphanumeric()) {
            return None;
        }
        let body: Vec<char> = text
            .get(at + prefix.len()..)?
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
            .collect();
        let mut kinds = body.clone();
        kinds.sort_unstable();
        kinds.dedup();
        (body.len() >= *least && kinds.len() > 6).then_some(*what)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_known_by_their_form_and_placeholders_are_not() {
        let token = format!("Bearer ghp_{}", "a1B2c3D4e5F6".repeat(3));
        assert_eq!(form(&token), Some("a GitHub token"));
        assert_eq!(form("-----BEGIN RSA PRIVATE KEY-----\nx"), Some("a private key"));
        for harmless in [
            "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "ghp_<your token>",
            "a plain sentence about ghp_ tokens",
        ] {
            assert_eq!(form(harmless), None, "{harmless}");
        }
    }
}
