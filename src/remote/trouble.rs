//! Trouble: why the server did not do what it was asked.
//!
//! Owns: putting a refusal into code, message, hint and request id. Must not know: how it is printed.

use flaresmith_api::client::{ClientError, Refusal};
use flaresmith_api::errors::ErrorCode;
use flaresmith_sync::SyncError;
use serde_json::Value;

/// What to type when nobody is signed in any more.
const SIGN_IN: &str = "sign in with `flaresmith login`";

/// Why a command that talks to a server did not do what it should.
#[derive(Debug)]
pub(crate) struct Trouble {
    /// Code, message and hint.
    pub(crate) error: SyncError,
    /// What the server calls the request.
    pub(crate) request_id: Option<String>,
}

impl From<SyncError> for Trouble {
    fn from(error: SyncError) -> Self {
        Self {
            error,
            request_id: None,
        }
    }
}

impl Trouble {
    /// Something on this side.
    pub(crate) fn local(code: &'static str, message: impl Into<String>) -> Self {
        SyncError::new(code, message).into()
    }

    /// The same with what to do next.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.error.hint = Some(hint.into());
        self
    }

    /// Whether the server no longer knows who asks.
    pub(crate) fn is_about_signing_in(&self) -> bool {
        self.error.code.starts_with("AUTH_TOKEN_") || self.error.code.starts_with("AUTH_REFRESH_")
    }

    /// Why a call has no answer.
    pub(crate) fn of(error: ClientError) -> Self {
        match error {
            ClientError::Api(refusal) => Self::refused(&refusal),
            ClientError::Request(message) => Self::local("SERVER_REQUEST", message),
            ClientError::Transport(error) => Self::unreachable(&error),
            ClientError::Unexpected { status, message } => Self::unexpected(status, &message),
        }
    }

    /// The server could not be reached.
    pub(crate) fn unreachable(error: &reqwest::Error) -> Self {
        let mut message = "the server cannot be reached".to_owned();
        let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
        while let Some(error) = cause {
            message.push_str(&format!(": {error}"));
            cause = error.source();
        }
        Self::local("SERVER_UNREACHABLE", message)
            .hint("look at the address, `flaresmith login --url URL` sets it; `flaresmith serve` starts a server here")
    }

    /// Whatever answered is no such server.
    pub(crate) fn unexpected(status: u16, message: &str) -> Self {
        let message = format!("the answer, with status {status}, is not one of a Flaresmith server: {message}");
        Self::local("SERVER_UNEXPECTED", message)
            .hint("look at the address, and at what stands between here and there; the versions of both may differ too")
    }

    /// What the server says with a code and a message.
    pub(crate) fn told(code: &str, message: &str) -> Self {
        let trouble = match code.parse::<ErrorCode>() {
            Ok(known) => Self::local(known.as_str(), message),
            Err(_) => Self::local("SERVER_REFUSED", format!("{code}: {message}")),
        };
        if trouble.is_about_signing_in() {
            return trouble.hint(SIGN_IN);
        }
        trouble
    }

    fn refused(refusal: &Refusal) -> Self {
        let mut message = refusal.message.clone();
        for violation in violations(refusal.details.as_ref()) {
            message.push_str(&format!("\n  {violation}"));
        }
        let body = |name: &str| refusal.body.pointer(&format!("/error/{name}")).and_then(Value::as_str);
        let header = refusal.headers.get("x-request-id").and_then(|id| id.to_str().ok());
        let mut trouble = Self::told(refusal.code.as_deref().unwrap_or("no code"), &message);
        if trouble.error.hint.is_none() {
            trouble.error.hint = body("hint").map(str::to_owned);
        }
        trouble.request_id = body("requestId").or(header).map(str::to_owned);
        trouble
    }
}

/// What the contract does not allow about a request, a line each.
fn violations(details: Option<&Value>) -> impl Iterator<Item = String> {
    let list = details.and_then(|details| details.get("violations")?.as_array());
    list.into_iter().flatten().map(|one| {
        let text = |name: &str| one.get(name).and_then(Value::as_str).unwrap_or_default();
        format!("{} {}: {}", text("location"), text("pointer"), text("message"))
    })
}
