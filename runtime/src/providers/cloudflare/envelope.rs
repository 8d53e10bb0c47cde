//! What Cloudflare answers.
//!
//! Owns: its envelope, and what codes in it mean for every call. Must not know: what was asked for.
//!
//! `success` decides, also where the status says that all is well. Bodies may be empty or none of JSON.

use axum::http::StatusCode;
use flaresmith_api::errors::Failure;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{ABSENT, Cloudflare};
use crate::providers::cloud::{Answer, SILENCE};

/// Codes of failures of Cloudflare's own, which pass.
const PASSES: [i64; 3] = [10002, 10013, 10014];

/// Codes of a token that is none, or may not do what was asked.
const UNAUTHORIZED: [i64; 5] = [9106, 9109, 10000, 10001, 10023];

/// The code of being asked to wait, where it is not told by a status.
const WAITS: i64 = 971;

/// What was answered.
#[derive(Debug)]
pub(super) struct Told {
    status: StatusCode,
    success: bool,
    codes: Vec<i64>,
    /// What was said about it. It may repeat what was sent.
    said: String,
    result: Value,
    /// How many pages there are, where it is a page of several.
    pub(super) pages: Option<usize>,
}

#[derive(Deserialize)]
struct Envelope {
    success: bool,
    #[serde(default)]
    errors: Option<Vec<Error>>,
    #[serde(default)]
    result: Value,
    #[serde(default)]
    result_info: Option<Info>,
}

#[derive(Deserialize)]
struct Error {
    #[serde(default)]
    code: i64,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct Info {
    #[serde(default)]
    total_pages: Option<usize>,
}

impl Told {
    /// Reads an answer.
    ///
    /// # Errors
    /// It fails in a way that passes, asks to wait, or is not what its contract says.
    pub(super) fn read(answer: &Answer) -> Result<Self, Failure> {
        let failures = Cloudflare::failures();
        let read: Result<Envelope, _> = serde_json::from_slice(&answer.body);
        let envelope = match read {
            Ok(envelope) => envelope,
            Err(_) if answer.body.is_empty() || !answer.status.is_success() => Envelope {
                success: answer.status.is_success(),
                errors: None,
                result: Value::Null,
                result_info: None,
            },
            Err(error) => {
                let reason = "its answer is not what its contract says.";
                return Err(failures.rejected(reason).with_source(error));
            }
        };
        let errors = envelope.errors.unwrap_or_default();
        let told = Self {
            status: answer.status,
            success: envelope.success && answer.status.is_success(),
            codes: errors.iter().map(|error| error.code).collect(),
            said: errors.into_iter().map(|error| error.message + "\n").collect(),
            result: envelope.result,
            pages: envelope.result_info.and_then(|info| info.total_pages),
        };
        if told.success {
            return Ok(told);
        }
        if told.has(&[WAITS]) {
            return Err(failures.limited(SILENCE));
        }
        // A binding of something that was made a moment ago.
        if told.has(&PASSES) || told.said.contains("failed to generate") {
            return Err(failures.away("It fails at the moment."));
        }
        Ok(told)
    }

    fn has(&self, codes: &[i64]) -> bool {
        self.codes.iter().any(|code| codes.contains(code))
    }

    /// Whether it has this code.
    pub(super) fn is(&self, code: i64) -> bool {
        self.has(&[code])
    }

    /// Whether it is done.
    pub(super) fn is_done(&self) -> bool {
        self.success
    }

    /// Whether what was asked for is not there.
    pub(super) fn is_absent(&self) -> bool {
        !self.success && (self.status == StatusCode::NOT_FOUND || self.has(&ABSENT))
    }

    /// Whether what was sent is refused, and nothing else.
    pub(super) fn is_bad(&self) -> bool {
        self.status == StatusCode::BAD_REQUEST
    }

    /// Whether the token is refused.
    pub(super) fn is_unauthorized(&self) -> bool {
        let refused = matches!(self.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        !self.success && (refused || self.has(&UNAUTHORIZED))
    }

    /// What Cloudflare said, for the journal alone.
    pub(super) fn said(&self) -> String {
        self.said.trim_end().to_owned()
    }

    /// What came of it, as a type.
    ///
    /// # Errors
    /// It was refused, or is not what its contract says.
    pub(super) fn result<T: DeserializeOwned>(self) -> Result<T, Failure> {
        if !self.success {
            return Err(self.because());
        }
        serde_json::from_value(self.result).map_err(|error| {
            let reason = "its answer is not what its contract says.";
            Cloudflare::failures().rejected(reason).with_source(error)
        })
    }

    /// The id of what came of it, where that has one.
    pub(super) fn id(&self) -> Option<String> {
        self.result.get("id")?.as_str().map(str::to_owned)
    }

    /// Why Cloudflare refused, in our words: its own may repeat what it was sent.
    pub(super) fn because(&self) -> Failure {
        let failures = Cloudflare::failures();
        if self.is(7003) {
            return failures.rejected("there is no such account, or the token may not see it.");
        }
        if self.is(10027) {
            return failures.rejected("the worker is larger than the plan allows.");
        }
        if self.status == StatusCode::CONFLICT {
            return failures.conflict("Something there changed at the same time.");
        }
        if self.is_absent() {
            return failures.rejected("there is no such thing, or the token may not see it.");
        }
        let code = self
            .codes
            .first()
            .map(|code| format!(" and code {code}"))
            .unwrap_or_default();
        failures.rejected(&format!("it answered with status {}{code}.", self.status.as_u16()))
    }
}
