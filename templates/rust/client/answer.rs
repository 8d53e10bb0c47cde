//! Reading answers.

use futures_util::TryStreamExt;
use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde::de::DeserializeOwned;

use super::events;
use super::{ClientError, Refusal};
use crate::bodies::{ByteBody, EventStream, Upgrade};
use crate::operations::Operation;
use crate::wire::{Found, read_header};

/// An answer whose body has not been read yet.
pub struct Answer {
    operation: &'static Operation,
    status: u16,
    headers: HeaderMap,
    response: Response,
}

impl Answer {
    pub(super) fn new(operation: &'static Operation, response: Response) -> Self {
        Self { operation, status: response.status().as_u16(), headers: response.headers().clone(), response }
    }

    /// Its status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the body has this media type; ranges such as `image/*` count.
    #[must_use]
    pub fn is(&self, media: &str) -> bool {
        let essence = |text: &str| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let sent = essence(self.content_type().unwrap_or_default());
        let media = essence(media);
        match media.strip_suffix('*') {
            Some("*/") => true,
            Some(prefix) => sent.starts_with(prefix),
            None => sent == media,
        }
    }

    fn content_type(&self) -> Option<&str> {
        self.headers.get(CONTENT_TYPE)?.to_str().ok()
    }

    /// The operation's header at this position, which must be there.
    ///
    /// # Errors
    /// It is not what the contract says.
    pub fn header<T: DeserializeOwned>(&self, position: usize) -> Result<T, ClientError> {
        let missing = || self.unexpected("a header is missing".to_owned());
        self.optional_header(position)?.ok_or_else(missing)
    }

    /// The same for one that may be absent.
    ///
    /// # Errors
    /// It is not what the contract says.
    pub fn optional_header<T: DeserializeOwned>(&self, position: usize) -> Result<Option<T>, ClientError> {
        let Some(parameter) = self.operation.headers.get(position) else { return Ok(None) };
        let lines: Vec<&str> =
            self.headers.get_all(parameter.name).iter().filter_map(|value| std::str::from_utf8(value.as_bytes()).ok()).collect();
        let broken = |message: String| self.unexpected(format!("the header {}: {message}", parameter.name));
        match read_header(parameter, &lines) {
            Found::Absent => Ok(None),
            Found::Value(value) => serde_json::from_value(value).map(Some).map_err(|error| broken(error.to_string())),
            Found::Broken(message) => Err(broken(message.to_owned())),
        }
    }

    fn unexpected(&self, message: String) -> ClientError {
        ClientError::Unexpected { status: self.status, message }
    }

    /// A body of JSON.
    ///
    /// # Errors
    /// It is not what the contract says, or the connection broke off.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, ClientError> {
        let (status, headers) = (self.status, self.headers);
        let bytes = self.response.bytes().await?;
        match serde_json::from_slice(&bytes) {
            Ok(body) => Ok(body),
            // A contract may declare failures of its own; those that come from before its handlers have the envelope.
            Err(error) => Err(failure(status, headers, &bytes).unwrap_or_else(|| ClientError::Unexpected {
                status,
                message: format!("the body is not what the contract says: {error}"),
            })),
        }
    }

    /// A body of text.
    ///
    /// # Errors
    /// It is not what the contract says, or the connection broke off.
    pub async fn text(self) -> Result<String, ClientError> {
        Ok(self.response.text().await?)
    }

    /// A body of bytes, which are read when the caller asks for them.
    #[must_use]
    pub fn bytes(self) -> ByteBody {
        let content_type = self.content_type().map(str::to_owned);
        let body = ByteBody::from_stream(self.response.bytes_stream().map_err(|error| error.without_url().into()));
        content_type.into_iter().fold(body, ByteBody::with_content_type)
    }

    /// Events whose data is JSON.
    #[must_use]
    pub fn events<T: DeserializeOwned + Send + 'static>(self) -> EventStream<T> {
        events::read(self.response.bytes_stream(), |data| serde_json::from_str(&data).map_err(Into::into))
    }

    /// Events whose data is text.
    #[must_use]
    pub fn text_events(self) -> EventStream<String> {
        events::read(self.response.bytes_stream(), Ok)
    }

    /// The connection, which goes on in another protocol.
    ///
    /// # Errors
    /// The service did not change the protocol.
    pub async fn upgrade(self) -> Result<Upgrade, ClientError> {
        Ok(Upgrade::Connection(self.response.upgrade().await?))
    }

    /// An answer that is not among the declared ones: a failure in the envelope, or something unexpected.
    pub async fn failure(self) -> ClientError {
        let (status, headers) = (self.status, self.headers);
        let bytes = match self.response.bytes().await {
            Ok(bytes) => bytes,
            Err(error) => return error.into(),
        };
        failure(status, headers, &bytes).unwrap_or_else(|| {
            let text: String = String::from_utf8_lossy(&bytes).chars().take(200).collect();
            ClientError::Unexpected { status, message: text }
        })
    }
}

fn failure(status: u16, headers: HeaderMap, body: &[u8]) -> Option<ClientError> {
    let body = serde_json::from_slice(body).ok().filter(|_| status >= 400)?;
    let crate::errors::Told { code, message, details } = crate::errors::read(&body)?;
    Some(ClientError::Api(Box::new(Refusal { status, headers, code, message, details, body })))
}
