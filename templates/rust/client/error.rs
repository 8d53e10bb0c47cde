//! Why a call has no answer.

use std::fmt;

use reqwest::header::HeaderMap;

use crate::errors::{ErrorBody, ErrorCode};

/// Why a call has no answer.
#[derive(Debug)]
pub enum ClientError {
    /// The service refused it, or failed.
    Api(Box<Failure>),
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
pub struct Failure {
    /// Status of the answer.
    pub status: u16,
    /// Headers of the answer, `Retry-After` among them.
    pub headers: HeaderMap,
    /// What went wrong.
    pub error: ErrorBody,
}

impl Failure {
    /// Seconds after which the service wants to be asked again.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.headers.get("retry-after")?.to_str().ok()?.trim().parse().ok()
    }
}

impl ClientError {
    /// The failure, when the service told one.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Api(failure) => Some(failure),
            _ => None,
        }
    }

    /// Its code, when the service told one that this crate knows.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        self.failure()?.error.known_code()
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api(failure) => write!(f, "{}: {}", failure.error.code, failure.error.message),
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
