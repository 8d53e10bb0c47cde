//! Forms of secrets: what a real token, key or password looks like.
//!
//! Owns: prefixes and lengths of providers' tokens, private keys, passwords in URLs, random values under telling names.
//! Must not know: where a text comes from.
//!
//! A warning about a placeholder teaches people to overlook warnings, so whatever reads like one is let pass.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::model::is_uuid;

/// A token of a provider: what it begins with, then at least so many characters of its alphabet.
struct Form {
    what: &'static str,
    prefix: &'static str,
    least: usize,
    alphabet: fn(u8) -> bool,
}

const fn form(what: &'static str, prefix: &'static str, least: usize, alphabet: fn(u8) -> bool) -> Form {
    Form {
        what,
        prefix,
        least,
        alphabet,
    }
}

const FORMS: &[Form] = &[
    form("GitHub token", "ghp_", 36, letters),
    form("GitHub token", "gho_", 36, letters),
    form("GitHub token", "ghu_", 36, letters),
    form("GitHub token", "ghs_", 36, letters),
    form("GitHub token", "ghr_", 36, letters),
    form("GitHub token", "github_pat_", 50, words),
    form("GitLab token", "glpat-", 20, dashed),
    form("AWS access key", "AKIA", 16, capitals),
    form("AWS access key", "ASIA", 16, capitals),
    form("Google API key", "AIza", 35, dashed),
    form("Google client secret", "GOCSPX-", 24, dashed),
    form("Slack token", "xoxb-", 24, dashed),
    form("Slack token", "xoxp-", 24, dashed),
    form("Slack token", "xapp-", 24, dashed),
    form("Slack webhook", "hooks.slack.com/services/T", 30, slashed),
    form("Stripe key", "sk_live_", 20, letters),
    form("Stripe key", "rk_live_", 20, letters),
    form("webhook signing secret", "whsec_", 32, base64),
    form("OpenAI key", "sk-proj-", 40, dashed),
    form("Anthropic key", "sk-ant-", 40, dashed),
    form("SendGrid key", "SG.", 60, dotted),
    form("npm token", "npm_", 36, letters),
    form("PyPI token", "pypi-AgE", 50, dashed),
    form("Postman API key", "PMAK-", 50, dashed),
    form("Neon API key", "napi_", 40, letters),
    form("DigitalOcean token", "dop_v1_", 64, hexadecimal),
    form("Shopify token", "shpat_", 32, hexadecimal),
    form("Vault token", "hvs.", 24, dashed),
    form("Linear key", "lin_api_", 32, letters),
    form("Hugging Face token", "hf_", 34, letters),
    form("age key", "AGE-SECRET-KEY-1", 58, capitals),
];

/// What tokens of known providers begin with, for whoever looks for them in other texts.
pub fn token_prefixes() -> impl Iterator<Item = &'static str> {
    FORMS.iter().map(|form| form.prefix)
}

fn letters(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn words(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn dashed(byte: u8) -> bool {
    words(byte) || byte == b'-'
}

fn dotted(byte: u8) -> bool {
    dashed(byte) || byte == b'.'
}

fn slashed(byte: u8) -> bool {
    letters(byte) || byte == b'/'
}

fn base64(byte: u8) -> bool {
    letters(byte) || matches!(byte, b'+' | b'/' | b'=')
}

fn capitals(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn hexadecimal(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

/// Parameters of a signed URL whose value says who signed it. Whoever may read the URL may read that; the signature is made with another
/// key, which does not stand there.
const SIGNERS: &[&str] = &["AWSAccessKeyId=", "X-Amz-Credential="];

/// What stands before a parameter of a URL, as it is and as HTML and JSON write it.
const SEPARATORS: &[&str] = &["?", "&", "&amp;", "\\u0026"];

/// Whether what follows is who signed a URL. In a list of keys the same name has its secret beside it.
fn names_a_signer(before: &str) -> bool {
    (SIGNERS.iter().filter_map(|name| before.strip_suffix(name)))
        .any(|url| SEPARATORS.iter().any(|separator| url.ends_with(separator)))
}

/// Something that looks like a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// What it looks like, for people.
    pub(super) what: &'static str,
    /// Whether its form is that of one provider, so that it is hardly made up.
    pub(super) certain: bool,
    /// Where it stands in the text.
    pub(super) range: Range<usize>,
}

/// Every secret in a text, in order.
pub(super) fn find(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    if holds_random(text) {
        found.extend(tokens(text));
        found.extend(private_keys(text));
        found.extend(assignments(text));
    }
    if text.contains('@') {
        found.extend(passwords_in_urls(text));
    }
    found.sort_by_key(|found| (found.range.start, found.range.end));
    // What overlaps is one secret, and it is as certain as any part of it.
    found.dedup_by(|later, first| {
        let is_same = later.range.start < first.range.end;
        if is_same {
            first.range.end = first.range.end.max(later.range.end);
            if later.certain && !first.certain {
                (first.what, first.certain) = (later.what, true);
            }
        }
        is_same
    });
    found
}

/// The tokens of certain forms alone. A large text is looked through for them much faster than for everything.
pub(super) fn certain(text: &str) -> Vec<Found> {
    match holds_random(text) {
        true => tokens(text),
        false => Vec::new(),
    }
}

/// The value of a field of that name, when it looks like a secret as a whole.
pub(super) fn named(name: &str, value: &str) -> Option<&'static str> {
    (is_random(value) && is_telling(name)).then_some("secret value")
}

/// Whether a text has any stretch that a token could be in. Nearly all texts have none, and are done with one look.
fn holds_random(text: &str) -> bool {
    let (mut length, mut digits) = (0_usize, 0_usize);
    text.bytes().any(|byte| {
        // Of the printable characters but letters and digits these are the ones in tokens.
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+' | b'/' | b'=' | b'~') {
            length += 1;
            digits += usize::from(byte.is_ascii_digit());
        } else {
            (length, digits) = (0, 0);
        }
        length >= 20 && digits >= 2
    })
}

/// Finds every prefix in one pass. `None` cannot be: the prefixes are few and fixed. No token begins inside the prefix of another.
static PREFIXES: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(FORMS.iter().map(|form| form.prefix)).ok());

fn tokens(text: &str) -> Vec<Found> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut ends = [0; FORMS.len()];
    for prefix in PREFIXES.iter().flat_map(|prefixes| prefixes.find_iter(text)) {
        let which = prefix.pattern().as_usize();
        let (Some(form), Some(end)) = (FORMS.get(which), ends.get_mut(which)) else {
            continue;
        };
        let (at, body) = (prefix.start(), prefix.end());
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        if at < *end || before.is_some_and(|byte| words(*byte)) {
            continue;
        }
        if text.get(..at).is_some_and(names_a_signer) {
            continue;
        }
        let rest = bytes.get(body..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| (form.alphabet)(**byte)).count();
        *end = body + length;
        if length >= form.least && text.get(body..*end).is_some_and(|body| !is_placeholder(body)) {
            found.push(Found {
                what: form.what,
                certain: true,
                range: at..*end,
            });
        }
    }
    found
}

/// A key with its content; the frame alone, or with dots in it, is only named.
fn private_keys(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("-----BEGIN ") {
        let Some(rest) = text.get(at + 11..) else {
            continue;
        };
        let label: String = rest.chars().take(40).collect();
        let Some(end) = label.find("PRIVATE KEY-----") else {
            continue;
        };
        let content: String = rest.get(end + 16..).unwrap_or("").chars().take(160).collect();
        let content = content.replace("\\n", "\n");
        let solid = content
            .chars()
            .filter(|c| !c.is_whitespace())
            .take_while(|c| u8::try_from(*c).is_ok_and(base64))
            .take(64)
            .collect::<String>();
        if solid.len() >= 64 && !is_placeholder(&solid) {
            found.push(Found {
                what: "private key",
                certain: false,
                range: at..at + 27,
            });
        }
    }
    found
}

/// `scheme://user:password@host`, unless the host is this machine or an example.
fn passwords_in_urls(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("://") {
        let rest = text.get(at + 3..).unwrap_or("");
        let end = rest.bytes().take(256).position(|byte| {
            matches!(
                byte,
                b'/' | b'?' | b'#' | b'"' | b'\'' | b'`' | b'<' | b'>' | b')' | b' ' | b'\n'
            )
        });
        let Some((user, host)) = rest
            .get(..end.unwrap_or(rest.len()))
            .and_then(|part| part.rsplit_once('@'))
        else {
            continue;
        };
        let Some((name, password)) = user.split_once(':') else {
            continue;
        };
        let local = [
            "localhost",
            "127.",
            "example.",
            ".example",
            "host",
            "db",
            "postgres",
            "[::1]",
        ];
        let host = host.to_ascii_lowercase();
        let made_up = local
            .iter()
            .any(|part| host.starts_with(part) || host.contains(".example"));
        if password.len() >= 8 && password != name && !made_up && !is_placeholder(password) && varied(password) {
            let start = at + 3 + name.len() + 1;
            found.push(Found {
                what: "password in a URL",
                certain: false,
                range: start..start + password.len(),
            });
        }
    }
    found
}

/// `API_KEY=…`, `"client_secret": "…"`, `password: …` within text.
fn assignments(text: &str) -> Vec<Found> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut end = 0;
    for (at, _) in text.match_indices([':', '=']) {
        let quoted = |byte: &u8| matches!(byte, b' ' | b'"' | b'\'' | b'`' | b'*');
        let after = bytes.get(at + 1..).unwrap_or_default();
        let skip = after.iter().take(4).take_while(|byte| quoted(byte)).count();
        let start = at + 1 + skip;
        let length = bytes
            .get(start..)
            .unwrap_or_default()
            .iter()
            .take_while(|byte| {
                byte.is_ascii_graphic()
                    && !matches!(byte, b'"' | b'\'' | b'`' | b',' | b';' | b'<' | b'>' | b')' | b'}')
            })
            .count();
        // Nearly all values are too short; what their names say need not be looked at.
        if length < LEAST_RANDOM {
            continue;
        }
        let before = bytes.get(end..at).unwrap_or_default();
        let gap = before.iter().rev().take(4).take_while(|byte| quoted(byte)).count();
        let name_end = at - gap;
        let name_length = bytes
            .get(end..name_end)
            .unwrap_or_default()
            .iter()
            .rev()
            .take(64)
            .take_while(|byte| dashed(**byte))
            .count();
        let Some(name) = text
            .get(name_end - name_length..name_end)
            .filter(|name| is_telling(name))
        else {
            continue;
        };
        end = start + length;
        if let Some(value) = text.get(start..end)
            && named(name, value).is_some()
        {
            found.push(Found {
                what: "secret value",
                certain: false,
                range: start..end,
            });
        }
    }
    found
}

/// Whether a name says that its value is secret. Names of what merely has to do with one are not meant.
fn is_telling(name: &str) -> bool {
    let flat: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let telling = [
        "secret",
        "password",
        "passwd",
        "passphrase",
        "apikey",
        "privatekey",
        "accesskey",
        "accesstoken",
        "authtoken",
        "refreshtoken",
        "apitoken",
        "credential",
    ];
    let beside = [
        "hash", "ref", "id", "ids", "name", "url", "uri", "type", "path", "expires", "expiry", "at", "public",
        "policy", "page", "next", "format",
    ];
    telling.iter().any(|word| flat.contains(word))
        && !beside
            .iter()
            .any(|word| flat.ends_with(word) || flat.starts_with("page") || flat.starts_with("next"))
}

/// Fewest characters of a value that looks drawn at random.
const LEAST_RANDOM: usize = 24;

/// Whether a value looks drawn at random: long, of mixed characters, and no word that stands for something else.
fn is_random(value: &str) -> bool {
    (LEAST_RANDOM..=512).contains(&value.len())
        && value.bytes().all(|byte| dotted(byte) || base64(byte) || byte == b'~')
        && !is_uuid(value)
        && !value.starts_with("eyJ")
        && varied(value)
        && entropy(value) >= 3.8
        && !is_placeholder(value)
}

/// Digits and letters together, and not one single run of either.
fn varied(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
    digits >= 2 && letters >= 2
}

/// Bits of information a character, as its own frequencies tell.
fn entropy(value: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in value.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let total = f64::from(u32::try_from(value.len()).unwrap_or(u32::MAX));
    let shares = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / total);
    -shares.map(|share| share * share.log2()).sum::<f64>()
}

/// What providers print in their own documentation in the place of a token, behind the prefix. Contracts quote it; it opens nothing.
const DOCUMENTED: &[&str] = &["16C7e42F292c6912E7710c838347Ae178B4a"];

/// Whether a value tells that it stands for a real one: by its words, its sequences, or by being all alike.
fn is_placeholder(value: &str) -> bool {
    if DOCUMENTED.contains(&value) {
        return true;
    }
    let lower = value.to_ascii_lowercase();
    let words = [
        "example",
        "sample",
        "placeholder",
        "dummy",
        "fake",
        "your",
        "secret",
        "password",
        "changeme",
        "redacted",
        "xxxx",
        "0000",
        "1234",
        "abcd",
        "...",
        "****",
        "token",
        "insert",
        "replace",
        "todo",
    ];
    words.iter().any(|word| lower.contains(word))
        || value.contains(['<', '>', '{', '}', '$', '*', '%'])
        || value.len() >= 16 && entropy(value) < 2.8
}

#[cfg(test)]
mod tests;
