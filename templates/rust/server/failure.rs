//! Failures as HTTP answers, and the ids that they tell.

use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use crate::errors::{Failure, ErrorCode, Source};

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names one request. A host that has names of its own puts one into the extensions of the request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestId(pub String);

/// Names one trace: 32 hexadecimal digits. A host that traces puts it into the extensions of the request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TraceId(pub String);

/// What a failed request leaves in the extensions of its response, for layers that log and count.
#[derive(Debug, Clone)]
pub struct FailureReport {
    /// Its code.
    pub code: ErrorCode,
    /// The request's name.
    pub request_id: String,
    /// The error behind it. Not for callers.
    pub source: Option<Source>,
}

impl RequestId {
    /// The id that the host gave; else the caller's, when it is harmless; else a new one.
    #[must_use]
    pub fn of(extensions: &Extensions, headers: &HeaderMap) -> Self {
        if let Some(id) = extensions.get::<Self>() {
            return id.clone();
        }
        let harmless = |id: &&str| {
            (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
        };
        let sent = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(harmless);
        let sent = sent.filter(|id| crate::errors::admits("requestid", &(*id).into()));
        Self(sent.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned))
    }
}

impl TraceId {
    /// The id that the host gave; else that of the `traceparent` header; else a new one.
    #[must_use]
    pub fn of(extensions: &Extensions, headers: &HeaderMap) -> Self {
        if let Some(id) = extensions.get::<Self>() {
            return id.clone();
        }
        let parent = headers.get("traceparent").and_then(|value| value.to_str().ok());
        let id = parent.and_then(|parent| parent.split('-').nth(1)).filter(|id| {
            id.len() == 32 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) && id.bytes().any(|b| b != b'0')
        });
        Self(id.map_or_else(|| Uuid::new_v4().simple().to_string(), str::to_owned))
    }
}

impl Failure {
    /// The answer to a request with these ids.
    #[must_use]
    pub fn answer(self, request_id: &RequestId, trace_id: &TraceId) -> Response {
        let code = self.code();
        let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.body(&request_id.0, &trace_id.0)).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in self.headers() {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                headers.append(name, value);
            }
        }
        if let Ok(value) = HeaderValue::try_from(&request_id.0) {
            headers.insert(REQUEST_ID, value);
        }
        let source = self.log_source().cloned();
        response.extensions_mut().insert(FailureReport { code, request_id: request_id.0.clone(), source });
        response
    }
}

/// For layers that fail before an operation is reached; where the request is at hand, [`Failure::answer`] keeps its ids.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (extensions, headers) = (Extensions::new(), HeaderMap::new());
        self.answer(&RequestId::of(&extensions, &headers), &TraceId::of(&extensions, &headers))
    }
}
