//! Protection: what holds for every answer and every caller, whatever is called.
//!
//! Owns: headers that tell browsers what not to do, the origins that may call, the time that a request may take, and who is
//! behind a proxy. Must not know: operations.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{ConnectInfo, Request};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH,
    LOCATION, REFERRER_POLICY, RETRY_AFTER, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::Response;
use flaresmith_api::errors::{ErrorCode, Failure};
use hyper::body::{Frame, SizeHint};
use tower::layer::util::Identity;
use tower::util::{Either, MapResponseLayer, option_layer};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::settings::Settings;
use crate::settings::value::Network;

/// Headers of every answer that has none of the name itself.
const HEADERS: [(HeaderName, &str); 6] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-site"),
];

/// Said where TLS is spoken: for a year, nothing else is to be spoken with this server.
const ALWAYS_TLS: &str = "max-age=31536000";

/// Headers of requests that pages of other origins may set.
const SENT: [HeaderName; 12] = [
    AUTHORIZATION,
    CONTENT_TYPE,
    IF_MATCH,
    IF_NONE_MATCH,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
    HeaderName::from_static("last-event-id"),
    HeaderName::from_static("mcp-method"),
    HeaderName::from_static("mcp-protocol-version"),
    HeaderName::from_static("mcp-session-id"),
];

/// Headers of answers that pages of other origins may read.
const READ: [HeaderName; 10] = [
    ETAG,
    LOCATION,
    RETRY_AFTER,
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("idempotency-replayed"),
    HeaderName::from_static("mcp-session-id"),
    HeaderName::from_static("x-ratelimit-limit-user"),
    HeaderName::from_static("x-ratelimit-remaining-user"),
    HeaderName::from_static("x-ratelimit-limit-project"),
    HeaderName::from_static("x-ratelimit-remaining-project"),
];

/// Time for which a browser need not ask again whether it may call.
const ASKED: Duration = Duration::from_secs(600);

/// What holds for every answer, as the outermost layer of a router.
pub(crate) fn layer(settings: &Settings) -> (MapResponseLayer<impl Fn(Response) -> Response + Clone + use<>>, Origins) {
    (headers(settings), option_layer(origins(settings)))
}

/// Says which origins may call, if any may.
type Origins = Either<CorsLayer, Identity>;

fn origins(settings: &Settings) -> Option<CorsLayer> {
    if settings.allow_origin.is_empty() {
        return None;
    }
    let origins = settings.allow_origin.iter().map(|origin| origin.0.clone());
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers(SENT)
        .expose_headers(READ)
        .allow_credentials(true)
        .max_age(ASKED);
    Some(layer)
}

fn headers(settings: &Settings) -> MapResponseLayer<impl Fn(Response) -> Response + Clone + use<>> {
    let tls = settings.public_url().starts_with("https:");
    let always = tls.then_some((STRICT_TRANSPORT_SECURITY, ALWAYS_TLS));
    MapResponseLayer::new(move |mut response: Response| {
        let headers = response.headers_mut();
        headers.reserve(HEADERS.len());
        for (name, value) in HEADERS.into_iter().chain(always.clone()) {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        }
        response
    })
}

const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Puts the address of the caller in place of that of the proxies in front of it, as far as those are trusted.
pub(crate) fn name_caller(trusted: &[Network], request: &mut Request) {
    let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>().copied() else {
        return;
    };
    let caller = behind(trusted, peer.ip(), request.headers());
    if caller != peer.ip() {
        request
            .extensions_mut()
            .insert(ConnectInfo(SocketAddr::new(caller, peer.port())));
    }
}

/// Each proxy adds whom it was called by at the end, so the first from there that is not trusted is the caller: anything before
/// it may be made up.
fn behind(trusted: &[Network], peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.holds(address));
    let mut caller = peer.to_canonical();
    let lines: Vec<&str> = headers
        .get_all(FORWARDED)
        .iter()
        .map(|line| line.to_str().unwrap_or_default())
        .collect();
    for said in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        if !is_trusted(caller) {
            break;
        }
        match address(said.trim()) {
            Some(address) => caller = address.to_canonical(),
            None => break,
        }
    }
    caller
}

/// An address as proxies write it: some with a port, some in brackets.
fn address(said: &str) -> Option<IpAddr> {
    let bare = said.strip_prefix('[').and_then(|said| said.strip_suffix(']'));
    let with_port = || said.parse::<SocketAddr>().ok().map(|address| address.ip());
    bare.unwrap_or(said).parse().ok().or_else(with_port)
}

/// Watches a body arrive; nothing is there to watch when all of it has.
pub(crate) fn watched(request: Request) -> (Request, Option<Arc<AtomicBool>>) {
    if request.body().is_end_stream() {
        return (request, None);
    }
    let arrived = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&arrived);
    (request.map(|inner| Body::new(Arriving { inner, seen })), Some(arrived))
}

/// The failure of a request whose time is over: of its caller, as long as not all of it has arrived.
pub(crate) fn too_late(arrived: Option<&AtomicBool>) -> Failure {
    Failure::new(if arrived.is_none_or(|arrived| arrived.load(Ordering::Relaxed)) {
        ErrorCode::ServerTimeout
    } else {
        ErrorCode::RequestTimeout
    })
}

/// A body that tells when its end is there.
struct Arriving {
    inner: Body,
    seen: Arc<AtomicBool>,
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        if frame.is_none() || self.inner.is_end_stream() {
            self.seen.store(true, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_proxies_that_are_trusted_say_who_calls() {
        let trusted: Vec<Network> = ["10.0.0.0/8", "::1"].iter().map(|text| text.parse().unwrap()).collect();
        let seen = |peer: &str, lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(FORWARDED, HeaderValue::from_static(line));
            }
            behind(&trusted, peer.parse().unwrap(), &headers).to_string()
        };
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &["6.6.6.6, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["6.6.6.6", "198.51.100.1, 10.2.2.2"]), "198.51.100.1");
        assert_eq!(seen("::1", &["2001:db8::1"]), "2001:db8::1");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1, nonsense"]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &["6.6.6.6, 198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["6.6.6.6, [2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(seen("10.0.0.1", &["6.6.6.6, [2001:db8::1]"]), "2001:db8::1");
    }
}
