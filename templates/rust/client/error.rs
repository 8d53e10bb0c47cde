//! Why a call has no answer.

use std::fmt;

use reqwest::header::HeaderMap;

use serde_json::Value;

use crate::errors::ErrorCode;

/// Why a call has no answer.
#[derive(Debug)]
pub enum ClientError {
    /// The service refused it, or failed.
    Api(Box<Refusal>),
    /// A parameter or body cannot be written.
    Request(String),
    /// The service could not be reached, or the connection broke off.
    Transport(reqwest::Error),
    /// An answer that the contract does not declare, or that is not what it declares.
    Unexpected {
        /// Status of the answer.
        status: u16,
        /// What is wrong with it.
        message: String,
    },
}

/// A failure as the service tells it.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// Status of the answer.
    pub status: u16,
    /// Headers of the answer, `Retry-After` among them.
    pub headers: HeaderMap,
    /// Its code, as sent.
    pub code: Option<String>,
    /// What happened.
    pub message: String,
    /// More about it.
    pub details: Option<Value>,
    /// The whole body.
    pub body: Value,
}

impl Refusal {
    /// Seconds after which the service wants to be asked again.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.headers.get("retry-after")?.to_str().ok()?.trim().parse().ok()
    }
}

impl ClientError {
    /// The refusal, when the service told one.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Api(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Its code, when the service told one that this crate knows.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        self.refusal()?.code.as_deref()?.parse().ok()
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api(refusal) => match &refusal.code {
                Some(code) => write!(f, "{code}: {}", refusal.message),
                None => write!(f, "status {}: {}", refusal.status, refusal.message),
            },
            Self::Request(message) => write!(f, "the request cannot be written: {message}"),
            Self::Transport(error) => write!(f, "the service cannot be reached: {error}"),
            Self::Unexpected { status, message } => write!(f, "unexpected answer with status {status}: {message}"),
        }
    }
}

impl std::error::Error for ClientError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Transport(error) => Some(error),
            _ => None,
        }
    }
}

impl From<reqwest::Error> for ClientError {
    fn from(error: reqwest::Error) -> Self {
        // The URL may hold a key.
        Self::Transport(error.without_url())
    }
}
