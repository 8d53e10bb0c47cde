//! One call: taking a request apart, and collecting everything that is wrong with it.

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_TYPE, COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::RequestExt;
use axum::response::IntoResponse;
use futures_util::TryStreamExt;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::routes::capture;
use super::{RequestId, TraceId};
use crate::bodies::{ByteBody, FormPart};
use crate::errors::{Failure, ErrorCode, RequestViolation};
use crate::operations::{Media, Operation};
use crate::validate::{Schema, parse};
use crate::wire::{Found, Location, Pairs, Parameter, read_cookie, read_header, read_pairs, read_path};

/// What a handler is told beside its parameters and its body.
#[derive(Debug)]
pub struct Context {
    /// The operation that was called.
    pub operation: &'static Operation,
    /// Names this request.
    pub request_id: RequestId,
    /// Names the trace it belongs to.
    pub trace_id: TraceId,
    /// Method, URL, headers and what the layers of the host put into the extensions.
    pub parts: Parts,
}

impl Context {
    /// What a layer of the host put into the extensions: the caller, a transaction.
    #[must_use]
    pub fn get<T: Clone + Send + Sync + 'static>(&self) -> Option<&T> {
        self.parts.extensions.get()
    }

    /// The headers of the request.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }
}

/// A request that is being taken apart.
pub struct Call {
    context: Context,
    query: Pairs,
    body: Option<Body>,
    violations: Vec<RequestViolation>,
    failure: Option<ErrorCode>,
    pub(super) form: Vec<FormPart>,
}

/// Most violations that are told.
const MOST: usize = 100;

impl Call {
    /// What must be there, since the request was accepted.
    ///
    /// # Errors
    /// It is not there all the same.
    pub fn given<T>(value: Option<T>) -> Result<T, Failure> {
        value.ok_or_else(|| Failure::new(ErrorCode::RequestValidationFailed))
    }

    pub(super) fn new(operation: &'static Operation, request: Request) -> Self {
        let request_id = RequestId::of(request.extensions(), request.headers());
        let trace_id = TraceId::of(request.extensions(), request.headers());
        let query = Pairs::parse(request.uri().query().unwrap_or_default());
        let (parts, body) = request.into_parts();
        Self {
            context: Context { operation, request_id, trace_id, parts },
            query,
            body: Some(body),
            violations: Vec::new(),
            failure: None,
            form: Vec::new(),
        }
    }

    pub(super) fn ids(&self) -> (RequestId, TraceId) {
        (self.context.request_id.clone(), self.context.trace_id.clone())
    }

    /// Ends the taking apart.
    ///
    /// # Errors
    /// Everything that is wrong with the request.
    pub fn accept(self) -> Result<Context, Failure> {
        if self.failure.is_none() && self.violations.is_empty() {
            return Ok(self.context);
        }
        let code = self.failure.unwrap_or(ErrorCode::RequestValidationFailed);
        let mut details = serde_json::Map::new();
        if code == ErrorCode::RequestMediaTypeUnsupported {
            let taken = self.context.operation.consumes.iter().map(|media| media.media);
            details.insert("allowed".to_owned(), taken.collect());
        }
        if !self.violations.is_empty() {
            details.insert("violations".to_owned(), serde_json::json!(self.violations));
        }
        let error = Failure::new(code);
        Err(if details.is_empty() { error } else { error.with_details(details) })
    }

    /// Notes something that the contract does not allow.
    pub fn violate(&mut self, location: Location, pointer: &str, keyword: &str, message: impl Into<String>) {
        if self.violations.len() < MOST {
            self.violations.push(RequestViolation {
                location: location.as_str().to_owned(),
                pointer: pointer.to_owned(),
                keyword: keyword.to_owned(),
                message: message.into(),
            });
        }
    }

    pub(super) fn fail(&mut self, code: ErrorCode) {
        self.failure.get_or_insert(code);
    }

    /// The operation that was called.
    #[must_use]
    pub fn operation(&self) -> &'static Operation {
        self.context.operation
    }

    /// The operation's media type at this position.
    pub(super) fn media(&self, position: usize) -> Option<&'static Media> {
        self.context.operation.consumes.get(position)
    }

    /// The operation's parameter at this position, which must be there.
    pub fn required<T: DeserializeOwned>(&mut self, position: usize) -> Option<T> {
        let parameter = self.context.operation.parameters.get(position)?;
        let found = self.find(parameter);
        if found == Found::Absent {
            self.violate(parameter.location, &pointer(parameter.name), "required", "is missing");
        }
        self.found(parameter, found)
    }

    /// The same for one that may be absent; `default` is the JSON text that absence stands for.
    pub fn optional<T: DeserializeOwned>(&mut self, position: usize, default: Option<&str>) -> Option<T> {
        let parameter = self.context.operation.parameters.get(position)?;
        match self.find(parameter) {
            Found::Absent => serde_json::from_str(default?).ok(),
            found => self.found(parameter, found),
        }
    }

    fn find(&self, parameter: &Parameter) -> Found {
        let parts = &self.context.parts;
        match parameter.location {
            Location::Path => {
                let path = parts.uri.path();
                let segments = path.strip_prefix('/').unwrap_or(path).split('/');
                let captured = self.context.operation.segments.iter().zip(segments);
                let raw = captured
                    .filter_map(|(segment, text)| capture(segment, text))
                    .flatten()
                    .find_map(|(name, raw)| (name == parameter.name).then_some(raw));
                raw.map_or(Found::Absent, |raw| read_path(parameter, raw))
            }
            Location::Header => {
                let values: Result<Vec<&str>, _> =
                    parts.headers.get_all(parameter.name).iter().map(|value| std::str::from_utf8(value.as_bytes())).collect();
                values.map_or(Found::Broken("is not UTF-8"), |values| read_header(parameter, &values))
            }
            Location::Cookie => {
                let headers = parts.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
                let cookies = headers.flat_map(|header| header.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
                let values: Vec<&str> =
                    cookies.filter_map(|(name, value)| (name == parameter.name).then_some(value)).collect();
                read_cookie(parameter, &values)
            }
            Location::Query | Location::Body => read_pairs(parameter, &self.query, self.context.operation.parameters),
        }
    }

    pub(super) fn found<T: DeserializeOwned>(&mut self, parameter: &Parameter, found: Found) -> Option<T> {
        match found {
            Found::Absent => None,
            Found::Value(value) => self.typed(parameter.location, &pointer(parameter.name), parameter.schema, value),
            Found::Broken(message) => {
                self.violate(parameter.location, &pointer(parameter.name), "type", message);
                None
            }
        }
    }

    /// A value of a type; what does not fit is noted.
    pub(super) fn typed<T: DeserializeOwned>(
        &mut self,
        location: Location,
        base: &str,
        schema: &'static Schema,
        value: Value,
    ) -> Option<T> {
        match parse(schema, value) {
            Ok(value) => Some(value),
            Err(violations) => {
                for violation in violations {
                    let pointer = format!("{base}{}", violation.pointer);
                    self.violate(location, &pointer, &violation.keyword, violation.message);
                }
                None
            }
        }
    }

    /// Whether the caller sent a body.
    #[must_use]
    pub fn has_body(&self) -> bool {
        let medias: Vec<&str> = self.context.operation.consumes.iter().map(|media| media.media).collect();
        let named = self.content_type().and_then(|sent| choose_media(sent, &medias)).and_then(|chosen| self.media(chosen));
        named.is_some_and(|media| media.may_be_empty) || self.body.as_ref().is_some_and(|body| !body.is_end_stream())
    }

    pub(super) fn content_type(&self) -> Option<&str> {
        self.context.parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok())
    }

    /// Which of the operation's media types the body has. A body without a type is taken for the first. None of them: the
    /// request is refused with status 415. No body where one must be is noted.
    pub fn choose(&mut self) -> Option<usize> {
        let operation = self.context.operation;
        if operation.body_required && !self.has_body() {
            self.violate(Location::Body, "", "required", "the body is missing");
            return None;
        }
        let medias: Vec<&str> = operation.consumes.iter().map(|media| media.media).collect();
        let chosen = match self.content_type() {
            None => Some(0),
            Some(sent) => choose_media(sent, &medias),
        };
        if chosen.is_none() {
            self.fail(ErrorCode::RequestMediaTypeUnsupported);
        }
        chosen
    }

    /// A body of JSON, the operation's media type at this position.
    pub async fn json<T: DeserializeOwned>(&mut self, position: usize) -> Option<T> {
        let schema = self.media(position)?.schema;
        let bytes = self.bytes().await?;
        if bytes.is_empty() {
            self.violate(Location::Body, "", "required", "the body is missing");
            return None;
        }
        match serde_json::from_slice(&bytes) {
            Ok(value) => self.typed(Location::Body, "", schema, value),
            Err(error) => {
                self.fail(ErrorCode::RequestMalformed);
                self.violate(Location::Body, "", "syntax", error.to_string());
                None
            }
        }
    }

    /// A body of text, the operation's media type at this position.
    pub async fn text(&mut self, position: usize) -> Option<String> {
        let schema = self.media(position)?.schema;
        let text = self.utf8().await?;
        self.typed(Location::Body, "", schema, Value::String(text))
    }

    pub(super) async fn utf8(&mut self) -> Option<String> {
        let bytes = self.bytes().await?;
        let text = String::from_utf8(bytes.into());
        if text.is_err() {
            self.fail(ErrorCode::RequestMalformed);
            self.violate(Location::Body, "", "syntax", "is not UTF-8");
        }
        text.ok()
    }

    /// A body of bytes, which are read when the handler asks for them.
    pub fn stream(&mut self) -> Option<ByteBody> {
        let content_type = self.content_type().map(str::to_owned);
        let body = self.request()?.into_limited_body();
        let stream = ByteBody::from_stream(body.into_data_stream().map_err(Into::into));
        Some(content_type.into_iter().fold(stream, ByteBody::with_content_type))
    }

    /// The body as a request of its own, with the limits that the host set.
    pub(super) fn request(&mut self) -> Option<Request> {
        let mut request = Request::new(self.body.take()?);
        *request.headers_mut() = self.context.parts.headers.clone();
        *request.extensions_mut() = self.context.parts.extensions.clone();
        Some(request)
    }

    pub(super) async fn bytes(&mut self) -> Option<Bytes> {
        let request = self.request()?;
        match Bytes::from_request(request, &()).await {
            Ok(bytes) => Some(bytes),
            Err(rejection) => {
                let too_large = rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE;
                self.fail(if too_large { ErrorCode::RequestPayloadTooLarge } else { ErrorCode::RequestMalformed });
                None
            }
        }
    }
}

/// A slash and the name, as JSON pointers write names.
pub(super) fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The best of the media types for what was sent: the same, then any JSON for JSON, then a range that covers it.
pub(super) fn choose_media(sent: &str, medias: &[&str]) -> Option<usize> {
    let essence = |media: &str| media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = |media: &str| media == "application/json" || media == "text/json" || media.ends_with("+json");
    let sent = essence(sent);
    let covers = |range: &str| match range.strip_suffix('*') {
        Some("*/") => true,
        Some(prefix) => prefix.ends_with('/') && sent.starts_with(prefix),
        None => false,
    };
    let find = |fits: &dyn Fn(&str) -> bool| medias.iter().position(|media| fits(&essence(media)));
    find(&|media| media == sent)
        .or_else(|| find(&|media| is_json(media) && is_json(&sent)))
        .or_else(|| find(&covers))
}
