//! Failures: what a handler returns instead of a response, and the envelope that tells callers about it.
//!
//! Owns: building a failure, its JSON form. Must not know: HTTP libraries, handlers. A failure shows callers what the catalog
//! says and what the handler adds; the error that caused it stays on this side, for the log.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ErrorCode;
use super::envelope::Facts;

/// The error behind a failure.
pub type Source = Arc<dyn std::error::Error + Send + Sync>;

/// A failure of an operation.
#[derive(Clone)]
pub struct Failure(Box<Parts>);

#[derive(Clone)]
struct Parts {
    code: ErrorCode,
    message: Option<String>,
    hint: Option<String>,
    context: BTreeMap<String, String>,
    details: Option<Value>,
    cause_chain: Vec<String>,
    headers: Vec<(String, String)>,
    source: Option<Source>,
}

impl Failure {
    /// A failure with the words of the catalog.
    #[must_use]
    pub fn new(code: ErrorCode) -> Self {
        Self(Box::new(Parts {
            code,
            message: None,
            hint: None,
            context: BTreeMap::new(),
            details: None,
            cause_chain: Vec::new(),
            headers: Vec::new(),
            source: None,
        }))
    }

    /// An operation that nobody has written yet.
    #[must_use]
    pub fn not_implemented(operation: &str) -> Self {
        Self::new(ErrorCode::RequestNotImplemented).with_context("operationId", operation)
    }

    /// Something went wrong that callers can do nothing about. The error itself is for the log only.
    #[must_use]
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(ErrorCode::ServerInternal).with_source(source)
    }

    /// Says what happened in other words than the catalog.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0.message = Some(message.into());
        self
    }

    /// Says what a person can do in other words than the catalog.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds a fact that helps to find the cause. Never put a secret here: callers see it.
    #[must_use]
    pub fn with_context(mut self, key: impl Into<String>, value: impl fmt::Display) -> Self {
        self.0.context.insert(key.into(), value.to_string());
        self
    }

    /// Sets the details, an object whose schema the catalog names for the code. Anything but an object is left out.
    #[must_use]
    pub fn with_details(mut self, details: impl Serialize) -> Self {
        self.0.details = serde_json::to_value(details).ok().filter(Value::is_object);
        self
    }

    /// Adds a code that lies behind this failure, outermost first. A code that is there already is not added again.
    #[must_use]
    pub fn with_cause(mut self, code: impl Into<String>) -> Self {
        let code = code.into();
        if !self.0.cause_chain.contains(&code) {
            self.0.cause_chain.push(code);
        }
        self
    }

    /// Adds a header to the answer, such as `Retry-After`. A name or value that HTTP cannot carry is left out.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl fmt::Display) -> Self {
        self.0.headers.push((name.into(), value.to_string()));
        self
    }

    /// Keeps the error behind this failure for the log. Callers never see it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// What a person can do about it: its own words, else those of the catalog.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref().or_else(|| self.0.code.hint())
    }

    /// Its code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// What happened.
    #[must_use]
    pub fn message(&self) -> &str {
        self.0.message.as_deref().unwrap_or_else(|| self.0.code.message())
    }

    /// Facts that callers see.
    #[must_use]
    pub fn context(&self) -> &BTreeMap<String, String> {
        &self.0.context
    }

    /// The details.
    #[must_use]
    pub fn details(&self) -> Option<&Value> {
        self.0.details.as_ref()
    }

    /// Headers of the answer.
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        &self.0.headers
    }

    /// The error behind it, for the log.
    #[must_use]
    pub fn log_source(&self) -> Option<&Source> {
        self.0.source.as_ref()
    }

    /// What callers see, for a request with these ids: a value of the contract's own type for failures, if it has one.
    #[must_use]
    pub fn body(&self, request_id: &str, trace_id: &str) -> Value {
        let parts = &*self.0;
        let code = parts.code;
        super::envelope::fill(&Facts {
            code: code.as_str(),
            status: code.status(),
            message: self.message(),
            severity: code.severity().as_str(),
            retry_policy: code.retry_policy().as_str(),
            request_id,
            trace_id,
            timestamp: &rfc3339(SystemTime::now()),
            context: &parts.context,
            hint: parts.hint.as_deref().or_else(|| code.hint()),
            cause_chain: &parts.cause_chain,
            details: parts.details.as_ref(),
        })
    }
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = &*self.0;
        f.debug_struct("Failure")
            .field("code", &parts.code)
            .field("message", &self.message())
            .field("context", &parts.context)
            .field("cause_chain", &parts.cause_chain)
            .field("source", &parts.source)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code.as_str(), self.message())
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.source {
            Some(source) => Some(&**source),
            None => None,
        }
    }
}

/// One thing about a request that the contract does not allow. `details.violations` of `REQUEST_VALIDATION_FAILED` lists them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestViolation {
    /// `path`, `query`, `header`, `cookie` or `body`.
    pub location: String,
    /// JSON pointer: into the body, or a slash and the name of the parameter, and further into its value.
    pub pointer: String,
    /// The rule that is not kept, such as `required`, `type` or `minLength`.
    pub keyword: String,
    /// What is wrong, for people.
    pub message: String,
}

/// A moment in UTC with milliseconds. Days are turned into a date by counting eras of 400 years, which are all alike.
fn rfc3339(moment: SystemTime) -> String {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (seconds, millis) = (since.as_secs(), since.subsec_millis());
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}
