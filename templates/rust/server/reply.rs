//! Putting answers together.

use std::convert::Infallible;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use serde::Serialize;
use serde_json::Value;

use super::{RequestId, TraceId};
use crate::bodies::{ByteBody, Event, EventStream, Upgrade};
use crate::errors::Failure;
use crate::operations::Operation;
use crate::wire::write_header;

/// An answer under construction: status and headers first, the body last.
pub struct Reply {
    operation: &'static Operation,
    response: Response,
    failure: Option<Failure>,
}

impl Reply {
    /// An answer of an operation with this status.
    #[must_use]
    pub fn new(operation: &'static Operation, status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { operation, response: status.into_response(), failure: None }
    }

    /// Adds the operation's header at this position. Absent values add nothing.
    #[must_use]
    pub fn header(mut self, position: usize, value: impl Serialize) -> Self {
        let Some(parameter) = self.operation.headers.get(position) else { return self };
        let text = match serde_json::to_value(value) {
            Ok(Value::Null) => return self,
            Ok(value) => write_header(parameter, &value),
            Err(error) => return self.failed(error),
        };
        match (HeaderName::try_from(parameter.name), HeaderValue::try_from(text)) {
            (Ok(name), Ok(value)) => {
                self.response.headers_mut().append(name, value);
                self
            }
            (Err(error), _) => self.failed(error),
            (_, Err(error)) => self.failed(error),
        }
    }

    fn failed(mut self, error: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.failure = Some(Failure::internal(error));
        self
    }

    fn with(mut self, media: &str, body: Body) -> Result<Response, Failure> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        if let Ok(value) = HeaderValue::try_from(media) {
            self.response.headers_mut().insert(header::CONTENT_TYPE, value);
        }
        *self.response.body_mut() = body;
        Ok(self.response)
    }

    /// No body.
    ///
    /// # Errors
    /// A header cannot be written.
    pub fn empty(self) -> Result<Response, Failure> {
        self.failure.map_or(Ok(self.response), Err)
    }

    /// JSON of this media type.
    ///
    /// # Errors
    /// A header or the body cannot be written.
    pub fn json(self, media: &str, body: &impl Serialize) -> Result<Response, Failure> {
        match serde_json::to_vec(body) {
            Ok(bytes) => self.with(media, bytes.into()),
            Err(error) => Err(Failure::internal(error)),
        }
    }

    /// Text of this media type.
    ///
    /// # Errors
    /// A header or the body cannot be written.
    pub fn text(self, media: &str, body: String) -> Result<Response, Failure> {
        let media = if media.contains("charset") { media.to_owned() } else { format!("{media}; charset=utf-8") };
        self.with(&media, body.into())
    }

    /// Bytes of this media type, unless they say of what type they are.
    ///
    /// # Errors
    /// A header or the body cannot be written.
    pub fn bytes(self, media: &str, body: ByteBody) -> Result<Response, Failure> {
        let media = body.content_type().unwrap_or(if media.contains('*') { "application/octet-stream" } else { media }).to_owned();
        match body.into_full() {
            Ok(bytes) => self.with(&media, bytes.into()),
            Err(stream) => self.with(&media, Body::from_stream(stream)),
        }
    }

    /// An answer that a change of protocol was agreed on, with the headers of this one added.
    ///
    /// # Errors
    /// A header cannot be written.
    pub fn upgrade(self, upgrade: Upgrade) -> Result<Response, Failure> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        match upgrade {
            Upgrade::Answer(mut response) => {
                response.headers_mut().extend(self.response.headers().clone());
                Ok(response)
            }
            #[cfg(feature = "client")]
            Upgrade::Connection(_) => Err(Failure::internal("a server cannot answer with a connection of a client")),
        }
    }

    /// Events whose data is JSON.
    ///
    /// # Errors
    /// A header or the body cannot be written.
    pub fn events<T: Serialize + Send + 'static>(self, body: EventStream<T>) -> Result<Response, Failure> {
        self.stream(body, |data| serde_json::to_string(&data).map_err(Into::into))
    }

    /// Events whose data is text.
    ///
    /// # Errors
    /// A header or the body cannot be written.
    pub fn text_events(self, body: EventStream<String>) -> Result<Response, Failure> {
        self.stream(body, Ok)
    }

    fn stream<T: Send + 'static>(
        self,
        body: EventStream<T>,
        write: fn(T) -> Result<String, crate::bodies::BodyError>,
    ) -> Result<Response, Failure> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let events = body.map(move |event| {
            let written = event.and_then(|Event { data, event, id, retry }| Ok((write(data)?, event, id, retry)));
            Ok::<_, Infallible>(match written {
                Ok((data, event, id, retry)) => {
                    // The names must not break out of their line.
                    let line = |text: String| text.replace(['\r', '\n', '\0'], " ");
                    let mut written = sse::Event::default().data(data.replace("\r\n", "\n").replace('\r', "\n"));
                    written = event.map(line).into_iter().fold(written, sse::Event::event);
                    written = id.map(line).into_iter().fold(written, sse::Event::id);
                    retry.into_iter().fold(written, sse::Event::retry)
                }
                Err(error) => {
                    let failure = error.downcast::<Failure>().map_or_else(Failure::internal, |failure| *failure);
                    let ids = (Default::default(), Default::default());
                    let envelope = failure.body(&RequestId::of(&ids.0, &ids.1).0, &TraceId::of(&ids.0, &ids.1).0);
                    sse::Event::default().event("error").data(serde_json::to_string(&envelope).unwrap_or_default())
                }
            })
        });
        let mut response = Sse::new(events).keep_alive(KeepAlive::default()).into_response();
        *response.status_mut() = self.response.status();
        for (name, value) in self.response.headers() {
            response.headers_mut().append(name, value.clone());
        }
        Ok(response)
    }
}
