//! Bodies that are not JSON: bytes, files in forms, event streams.
//!
//! Owns: their types, for both directions. Must not know: servers, clients.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;

/// Why a body broke off.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, BodyError>> + Send>>;

/// Bytes that come in pieces, or are at hand already.
pub struct ByteBody {
    content_type: Option<String>,
    content: Content,
}

enum Content {
    Full(Bytes),
    Stream(Chunks),
}

impl ByteBody {
    /// Bytes that arrive as the stream yields them.
    #[must_use]
    pub fn from_stream(stream: impl Stream<Item = Result<Bytes, BodyError>> + Send + 'static) -> Self {
        Self { content_type: None, content: Content::Stream(Box::pin(stream)) }
    }

    /// Says what the bytes are, where the contract leaves it open.
    #[must_use]
    pub fn with_content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// What the bytes are, where it was said.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// All of it.
    ///
    /// # Errors
    /// The stream broke off, or is longer than the host permits.
    pub async fn bytes(self) -> Result<Bytes, BodyError> {
        let mut stream = match self.content {
            Content::Full(bytes) => return Ok(bytes),
            Content::Stream(stream) => stream,
        };
        let mut all = Vec::new();
        while let Some(chunk) = std::future::poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
            all.extend_from_slice(&chunk?);
        }
        Ok(all.into())
    }

    /// The bytes, when they are at hand; else the stream of them.
    ///
    /// # Errors
    /// Not a failure: the stream.
    pub fn into_full(self) -> Result<Bytes, impl Stream<Item = Result<Bytes, BodyError>> + Send + 'static> {
        match self.content {
            Content::Full(bytes) => Ok(bytes),
            Content::Stream(stream) => Err(stream),
        }
    }
}

impl<T: Into<Bytes>> From<T> for ByteBody {
    fn from(bytes: T) -> Self {
        Self { content_type: None, content: Content::Full(bytes.into()) }
    }
}

impl Default for ByteBody {
    fn default() -> Self {
        Self::from(Bytes::new())
    }
}

impl fmt::Debug for ByteBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = match &self.content {
            Content::Full(bytes) => Some(bytes.len()),
            Content::Stream(_) => None,
        };
        f.debug_struct("ByteBody").field("content_type", &self.content_type).field("length", &length).finish()
    }
}

/// A file in a form.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct FilePart {
    /// The name that the sender gave it. Never a path to trust.
    pub file_name: Option<String>,
    /// What the sender says it is.
    pub content_type: Option<String>,
    /// Its bytes.
    pub bytes: Bytes,
}

impl fmt::Debug for FilePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilePart")
            .field("file_name", &self.file_name)
            .field("content_type", &self.content_type)
            .field("length", &self.bytes.len())
            .finish()
    }
}

/// A part of a form whose parts the contract does not name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormPart {
    /// Its name.
    pub name: String,
    /// Its content.
    pub file: FilePart,
}

/// An event of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event<T> {
    /// What happened.
    pub data: T,
    /// What kind of event it is.
    pub event: Option<String>,
    /// Its id, which a caller names in `Last-Event-ID` when it comes back.
    pub id: Option<String>,
    /// How long a caller should wait before it comes back.
    pub retry: Option<Duration>,
}

impl<T> From<T> for Event<T> {
    fn from(data: T) -> Self {
        Self { data, event: None, id: None, retry: None }
    }
}

type Events<T> = Pin<Box<dyn Stream<Item = Result<Event<T>, BodyError>> + Send>>;

/// Events that come as they happen. A failure in the stream ends it.
pub struct EventStream<T>(Events<T>);

impl<T> EventStream<T> {
    /// Events as the stream yields them.
    #[must_use]
    pub fn new(stream: impl Stream<Item = Result<Event<T>, BodyError>> + Send + 'static) -> Self {
        Self(Box::pin(stream))
    }

    /// The next event; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Event<T>, BodyError>> {
        std::future::poll_fn(|cx| self.0.as_mut().poll_next(cx)).await
    }
}

impl<T> Stream for EventStream<T> {
    type Item = Result<Event<T>, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl<T> fmt::Debug for EventStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventStream")
    }
}

/// A connection that goes on in another protocol, such as WebSocket.
#[derive(Debug)]
pub enum Upgrade {
    /// On the side of the server: the answer that axum makes for it.
    #[cfg(feature = "server")]
    Answer(axum::response::Response),
    /// On the side of the client: the connection.
    #[cfg(feature = "client")]
    Connection(reqwest::Upgraded),
}
