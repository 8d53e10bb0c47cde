//! The client: one method an operation.
//!
//! Owns: writing requests, reading answers. Must not know: when to repeat a call; `ErrorCode::retry_policy` tells a caller
//! whether it may. Timeouts, proxies and TLS are those of the [`reqwest::Client`] that is given.

mod answer;
mod calls;
mod error;
mod events;
mod request;

use std::fmt;

pub use answer::Answer;
pub use error::{ClientError, Refusal};
pub use request::Request;

use crate::operations::Operation;

/// Sends requests to a service. Cloning is cheap.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    user_agent: String,
    credentials: Vec<Credential>,
}

#[derive(Clone)]
struct Credential {
    place: Place,
    name: String,
    value: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Header,
    Query,
    Cookie,
}

impl Client {
    /// A client for the service at this URL, such as `https://api.example.com/v1`.
    #[must_use]
    pub fn new(base_url: &str) -> Self {
        Self::with_http(base_url, reqwest::Client::new())
    }

    /// The same with an HTTP client of the caller's own: its timeouts, proxies, certificates.
    #[must_use]
    pub fn with_http(base_url: &str, http: reqwest::Client) -> Self {
        Self {
            http,
            base: base_url.trim_end_matches('/').to_owned(),
            user_agent: concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")).to_owned(),
            credentials: Vec::new(),
        }
    }

    /// Calls itself this.
    #[must_use]
    pub fn with_user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Signs in with `Authorization: Bearer`.
    #[must_use]
    pub fn with_bearer(self, token: &str) -> Self {
        self.with_credential(Place::Header, "authorization", format!("Bearer {token}"))
    }

    /// Signs in with `Authorization: Basic`.
    #[must_use]
    pub fn with_basic(self, user: &str, password: &str) -> Self {
        let value = format!("Basic {}", request::base64(format!("{user}:{password}").as_bytes()));
        self.with_credential(Place::Header, "authorization", value)
    }

    /// Signs in with a key in a header.
    #[must_use]
    pub fn with_header_key(self, name: &str, key: impl Into<String>) -> Self {
        self.with_credential(Place::Header, name, key.into())
    }

    /// Signs in with a key in the query.
    #[must_use]
    pub fn with_query_key(self, name: &str, key: impl Into<String>) -> Self {
        self.with_credential(Place::Query, name, key.into())
    }

    /// Signs in with a key in a cookie.
    #[must_use]
    pub fn with_cookie_key(self, name: &str, key: impl Into<String>) -> Self {
        self.with_credential(Place::Cookie, name, key.into())
    }

    /// The last credential of a place and name holds.
    fn with_credential(mut self, place: Place, name: &str, value: String) -> Self {
        self.credentials.retain(|known| known.place != place || !known.name.eq_ignore_ascii_case(name));
        self.credentials.push(Credential { place, name: name.to_owned(), value });
        self
    }

    /// A request for an operation, with the credentials of this client.
    #[must_use]
    pub fn request(&self, operation: &'static Operation) -> Request<'_> {
        Request::new(self, operation)
    }
}

/// Shows no credential.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base", &self.base).field("user_agent", &self.user_agent).finish_non_exhaustive()
    }
}
