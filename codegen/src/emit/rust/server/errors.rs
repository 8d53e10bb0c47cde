//! `crate::errors`: the error catalog.
//!
//! Owns: the list of codes, the contract's and those that the generated server itself answers with. Must not know: who fails.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::super::docs::{comment, lines, literal};
use super::plan::Plan;
use crate::model::{Case, ErrorCode, Model, Name, RetryPolicy, Severity};

/// What stands in where the contract's catalog says nothing: code, status, severity, message, hint.
type Preset = (&'static str, u16, Severity, &'static str, &'static str);

/// Codes that the generated server answers with by itself, or that every host needs.
const PRESETS: &[Preset] = &[
    (
        "REQUEST_VALIDATION_FAILED",
        400,
        Severity::Warn,
        "The request does not fit the contract.",
        "Correct what details.violations lists.",
    ),
    (
        "REQUEST_MALFORMED",
        400,
        Severity::Warn,
        "The request body cannot be read.",
        "Send a body that is well formed in its media type.",
    ),
    (
        "REQUEST_ROUTE_UNKNOWN",
        404,
        Severity::Warn,
        "There is nothing at this address.",
        "Compare the address with the contract.",
    ),
    (
        "REQUEST_METHOD_NOT_ALLOWED",
        405,
        Severity::Warn,
        "This address does not take that method.",
        "The Allow header lists the methods it takes.",
    ),
    (
        "REQUEST_PAYLOAD_TOO_LARGE",
        413,
        Severity::Warn,
        "The request body is too large.",
        "Send less at once.",
    ),
    (
        "REQUEST_MEDIA_TYPE_UNSUPPORTED",
        415,
        Severity::Warn,
        "The request body has a media type that is not taken here.",
        "Use a media type that the contract lists.",
    ),
    (
        "REQUEST_NOT_IMPLEMENTED",
        501,
        Severity::Warn,
        "Nobody has written this operation yet.",
        "Write its handler.",
    ),
    (
        "AUTH_TOKEN_MISSING",
        401,
        Severity::Warn,
        "The request carries no credentials.",
        "Sign in first.",
    ),
    (
        "AUTH_TOKEN_INVALID",
        401,
        Severity::Warn,
        "The credentials cannot be verified.",
        "Sign in again.",
    ),
    (
        "AUTH_ROLE_INSUFFICIENT",
        403,
        Severity::Warn,
        "The caller's role does not allow this.",
        "Ask for a higher role.",
    ),
    (
        "SERVER_INTERNAL",
        500,
        Severity::Critical,
        "Something went wrong on the side of the service.",
        "Report when it happened.",
    ),
];

/// The catalog with its presets, and how each code is spelt.
pub(super) struct Codes<'a> {
    /// Code, variant, what is said about it.
    list: Vec<(&'a str, String, Cow<'a, ErrorCode>)>,
}

impl<'a> Codes<'a> {
    /// The codes of a model.
    pub(super) fn of(model: &'a Model) -> Self {
        // Presets are named first: frames spell them.
        let presets = PRESETS.iter().map(|(code, ..)| *code);
        let all: Vec<&str> = presets
            .clone()
            .chain(
                model
                    .errors
                    .keys()
                    .map(String::as_str)
                    .filter(|code| !presets.clone().any(|preset| preset == *code)),
            )
            .collect();
        let names: Vec<Name> = all.iter().map(|code| Name::new(&code.to_lowercase())).collect();
        let variants = Case::Pascal.distinct(&names, |text| matches!(text, "Self" | "Err"));
        let spelt = |code: &str| {
            let position = all.iter().position(|known| *known == code);
            position
                .and_then(|position| variants.get(position))
                .cloned()
                .unwrap_or_default()
        };
        let own = model
            .errors
            .iter()
            .map(|(code, entry)| (code.as_str(), spelt(code), Cow::Borrowed(entry)));
        let missing = PRESETS.iter().filter(|(code, ..)| !model.errors.contains_key(*code));
        let missing = missing.map(|preset| (preset.0, spelt(preset.0), Cow::Owned(entry(preset))));
        Self {
            list: own.chain(missing).collect(),
        }
    }

    /// The variant of a code, when there is one.
    pub(super) fn variant(&self, code: &str) -> Option<&str> {
        self.list
            .iter()
            .find(|(known, ..)| *known == code)
            .map(|(_, variant, _)| variant.as_str())
    }
}

fn entry(preset: &Preset) -> ErrorCode {
    let (_, status, severity, message, hint) = *preset;
    ErrorCode {
        severity,
        retry_policy: RetryPolicy::None,
        status,
        message: message.to_owned(),
        hint: Some(hint.to_owned()),
        details: None,
        requirements: Vec::new(),
        place: crate::diagnostics::Place::file(""),
    }
}

/// `errors/mod.rs`.
pub(super) fn module(plan: &Plan<'_>, codes: &Codes<'_>) -> String {
    let mut text = String::from(concat!(
        "//! The error catalog, and failures that carry its codes.\n\n",
        "mod envelope;\nmod failure;\n\n",
        "#[cfg(feature = \"server\")]\npub(crate) use envelope::admits;\n",
        "#[cfg(feature = \"client\")]\npub(crate) use envelope::{Told, read};\n",
        "pub use failure::{Failure, RequestViolation, Source};\n\n",
    ));
    match plan.names.model.error_envelope {
        Some(id) => {
            let _ = write!(
                text,
                "/// The body of every failure.\npub type ErrorEnvelope = crate::types::{};\n\n/// What such a body is.\npub static ENVELOPE: &crate::validate::Schema = &{};\n\n",
                plan.names.type_name(id),
                plan.names.schema_path(id)
            );
        }
        None => text.push_str(
            "/// What the body of a failure is: the contract says nothing about it.\npub static ENVELOPE: &crate::validate::Schema = &envelope::PLAIN;\n\n",
        ),
    }
    words(
        &mut text,
        "Severity",
        "How bad a failure is.",
        &[Severity::Info, Severity::Warn, Severity::Error, Severity::Critical].map(Severity::as_str),
    );
    words(
        &mut text,
        "RetryPolicy",
        "Whether a failed call may be repeated without asking anybody.",
        &[RetryPolicy::None, RetryPolicy::Safe, RetryPolicy::Idempotent].map(RetryPolicy::as_str),
    );
    text.push_str("/// Codes of the catalog.\n#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]\n#[non_exhaustive]\npub enum ErrorCode {\n");
    for (_, variant, entry) in &codes.list {
        let mut told = lines(&entry.message);
        if told.is_empty() {
            told.push("No message.".to_owned());
        }
        let _ = writeln!(text, "{}    {variant},", comment(&told, "    "));
    }
    text.push_str(concat!(
        "}\n\n",
        "struct Entry {\n    text: &'static str,\n    status: u16,\n    severity: Severity,\n    retry_policy: RetryPolicy,\n",
        "    message: &'static str,\n    hint: Option<&'static str>,\n    requirements: &'static [&'static str],\n}\n\n",
        "impl ErrorCode {\n    /// Every code.\n    pub const ALL: &'static [Self] = &[\n",
    ));
    for (_, variant, _) in &codes.list {
        let _ = writeln!(text, "        Self::{variant},");
    }
    text.push_str("    ];\n\n    const fn entry(self) -> &'static Entry {\n        match self {\n");
    for (code, variant, entry) in &codes.list {
        let hint = entry
            .hint
            .as_deref()
            .map_or_else(|| "None".to_owned(), |hint| format!("Some({})", literal(hint)));
        let requirements: Vec<String> = entry.requirements.iter().map(|id| literal(id)).collect();
        let _ = write!(
            text,
            "            Self::{variant} => &Entry {{\n                text: {},\n                status: {},\n                severity: Severity::{},\n                retry_policy: RetryPolicy::{},\n                message: {},\n                hint: {hint},\n                requirements: &[{}],\n            }},\n",
            literal(code),
            entry.status,
            capitalised(entry.severity.as_str()),
            capitalised(entry.retry_policy.as_str()),
            literal(&entry.message),
            requirements.join(", "),
        );
    }
    text.push_str("        }\n    }\n");
    for (name, ty, about) in [
        ("status", "u16", "The HTTP status that goes with it."),
        ("severity", "Severity", "How bad it is."),
        ("retry_policy", "RetryPolicy", "Whether the call may be repeated."),
        ("message", "&'static str", "What happened."),
        ("hint", "Option<&'static str>", "What a person can do."),
        (
            "requirements",
            "&'static [&'static str]",
            "Requirements that it carries.",
        ),
    ] {
        let _ = write!(
            text,
            "\n    /// {about}\n    #[must_use]\n    pub const fn {name}(self) -> {ty} {{\n        self.entry().{name}\n    }}\n"
        );
    }
    text.push_str(concat!(
        "\n    /// As it is written: `REQUEST_MALFORMED`.\n    #[must_use]\n    pub const fn as_str(self) -> &'static str {\n        self.entry().text\n    }\n}\n\n",
        "impl std::fmt::Display for ErrorCode {\n    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {\n        f.write_str(self.as_str())\n    }\n}\n\n",
        "impl std::str::FromStr for ErrorCode {\n    type Err = crate::scalars::UnknownValue;\n\n    fn from_str(text: &str) -> Result<Self, Self::Err> {\n",
        "        let found = Self::ALL.iter().find(|code| code.as_str() == text);\n        found.copied().ok_or(crate::scalars::UnknownValue(\"ErrorCode\"))\n    }\n}\n",
    ));
    text
}

fn capitalised(word: &str) -> String {
    Name::new(word).to(Case::Pascal)
}

/// An enumeration of words.
fn words(text: &mut String, name: &str, about: &str, words: &[&str]) {
    let _ = write!(
        text,
        "/// {about}\n#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]\npub enum {name} {{\n"
    );
    for word in words {
        let _ = writeln!(text, "    /// `{word}`\n    {},", capitalised(word));
    }
    let _ = write!(
        text,
        "}}\n\nimpl {name} {{\n    /// As it is written.\n    #[must_use]\n    pub const fn as_str(self) -> &'static str {{\n        match self {{\n"
    );
    for word in words {
        let _ = writeln!(text, "            Self::{} => {word:?},", capitalised(word));
    }
    text.push_str("        }\n    }\n}\n\n");
}
