//! Routes: from a method and a path to an operation.
//!
//! Paths are matched here, segment by segment, since a contract may say what axum's router cannot: `/{name}.json`,
//! `/{id}:close`, `/a/{x}` beside `/a/{y}`. axum is told one pattern a shape of paths, with a parameter named by its position, so
//! that no two patterns collide and building a router never panics.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderValue, Method};
use axum::response::Response;
use axum::Router;
use tower_service::Service;

use super::failure::REQUEST_ID;
use super::{Call, RequestId, TraceId};
use crate::errors::{Failure, ErrorCode};
use crate::operations::{Operation, PathPart};
use crate::wire::{percent_decode, percent_encode_reserved};

/// What comes of a call, once it is done.
pub type Answer = Pin<Box<dyn Future<Output = Result<Response, Failure>> + Send>>;

/// The code that serves an operation.
pub type Handler<A> = fn(Arc<A>, Call) -> Answer;

/// What comes of a request, once it is answered.
pub type Served = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

/// Operations and who serves them. Each domain may be served by another value.
#[derive(Default)]
pub struct Routes {
    entries: Vec<(&'static Operation, Endpoint)>,
}

impl Routes {
    /// No operations yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an operation. The first handler of an operation holds.
    #[must_use]
    pub fn with<A: Send + Sync + 'static>(
        mut self,
        operation: &'static Operation,
        api: &Arc<A>,
        handler: Handler<A>,
    ) -> Self {
        let api = Arc::clone(api);
        let serve = move |request| served(operation, handler, Arc::clone(&api), request);
        self.entries.push((operation, Endpoint(Arc::new(serve))));
        self
    }

    /// The router. Unknown paths and methods are answered in the envelope; a host may replace its fallback.
    pub fn into_router(self) -> Router {
        self.into_router_with(|_, endpoint| endpoint)
    }

    /// The router, with what `wrap` puts around every endpoint: another service, such as `layer.layer(endpoint)`, or, for
    /// layers of axum, `any_service(endpoint).layer(layer)`. `wrap` sees the operation, and so do its layers: every request
    /// carries it as the extension `&'static Operation`.
    pub fn into_router_with<S>(self, mut wrap: impl FnMut(&'static Operation, Endpoint) -> S) -> Router
    where
        S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
        S::Future: Send,
    {
        let mut root = Node::default();
        let mut patterns = BTreeSet::new();
        for (operation, endpoint) in self.entries {
            patterns.insert(pattern(operation.segments));
            let endpoint = Endpoint::of(wrap(operation, endpoint));
            root.insert(operation.segments, operation, endpoint);
        }
        let dispatch = Dispatch(Arc::new(root));
        let router = Router::new().without_v07_checks().fallback_service(dispatch.clone());
        patterns.iter().fold(router, |router, pattern| router.route_service(pattern, dispatch.clone()))
    }
}

/// axum's pattern for a path: parameters are named by their position, segments with several parts count as parameters.
fn pattern(segments: &[&[PathPart]]) -> String {
    let mut text = String::new();
    for (position, segment) in segments.iter().enumerate() {
        text.push('/');
        match segment {
            [] => {}
            [PathPart::Fixed(fixed)] => text.push_str(&percent_encode_reserved(fixed)),
            _ => text.push_str(&format!("{% raw %}{{p{position}}}{% endraw %}")),
        }
    }
    if text.is_empty() { "/".to_owned() } else { text }
}

/// Takes a segment apart: the raw text of each parameter, or `None` when it does not fit. Parts are found from the right, so
/// that `{name}.{kind}` takes the last dot. Parameters are never empty.
pub(super) fn capture<'a>(parts: &[PathPart], segment: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
    let mut found = Vec::new();
    let mut rest = segment;
    let mut parts = parts.iter().rev().peekable();
    while let Some(part) = parts.next() {
        let name = match part {
            PathPart::Fixed(fixed) => {
                rest = rest.strip_suffix(fixed)?;
                continue;
            }
            PathPart::Parameter(name) => *name,
        };
        let one_left = parts.len() == 1;
        let start = match parts.peek() {
            None => 0,
            Some(PathPart::Fixed(fixed)) if one_left => fixed.len().min(rest.len()),
            Some(PathPart::Fixed(fixed)) => {
                let (last, _) = rest.char_indices().next_back()?;
                rest.get(..last)?.rfind(fixed)? + fixed.len()
            }
            Some(PathPart::Parameter(_)) => rest.char_indices().next_back()?.0,
        };
        let value = rest.get(start..).filter(|value| !value.is_empty())?;
        found.push((name, value));
        rest = rest.get(..start)?;
    }
    rest.is_empty().then_some(found)
}

/// One step in the tree of paths. Fixed text goes before mixed segments, and these before bare parameters.
#[derive(Default)]
struct Node {
    fixed: BTreeMap<&'static str, Node>,
    mixed: Vec<(&'static [PathPart], Node)>,
    parameter: Option<Box<Node>>,
    methods: Vec<(&'static Operation, Endpoint)>,
}

impl Node {
    fn insert(&mut self, path: &'static [&'static [PathPart]], operation: &'static Operation, endpoint: Endpoint) {
        let [segment, rest @ ..] = path else {
            if self.methods.iter().all(|(known, _)| known.method != operation.method) {
                self.methods.push((operation, endpoint));
            }
            return;
        };
        let next = match segment {
            [] => self.fixed.entry("").or_default(),
            [PathPart::Fixed(fixed)] => self.fixed.entry(fixed).or_default(),
            [PathPart::Parameter(_)] => self.parameter.get_or_insert_default(),
            parts => {
                // The more fixed text, the earlier it is tried.
                let weight = |parts: &[PathPart]| -> usize {
                    parts.iter().map(|part| if let PathPart::Fixed(fixed) = part { fixed.len() } else { 0 }).sum()
                };
                let position = match self.mixed.iter().position(|(known, _)| alike(known, parts)) {
                    Some(position) => position,
                    None => {
                        let position = self.mixed.partition_point(|(known, _)| weight(known) >= weight(parts));
                        self.mixed.insert(position, (parts, Self::default()));
                        position
                    }
                };
                let Some((_, node)) = self.mixed.get_mut(position) else { return };
                node
            }
        };
        next.insert(rest, operation, endpoint);
    }

    fn find(&self, path: &[&str]) -> Option<&Self> {
        let [segment, rest @ ..] = path else {
            return Some(self).filter(|node| !node.methods.is_empty());
        };
        let fixed = || {
            let decoded = if segment.contains('%') {
                Cow::Owned(percent_decode(segment, false)?)
            } else {
                Cow::Borrowed(*segment)
            };
            self.fixed.get(decoded.as_ref())?.find(rest)
        };
        let mixed = || {
            let fitting = self.mixed.iter().filter(|(parts, _)| capture(parts, segment).is_some());
            fitting.into_iter().find_map(|(_, node)| node.find(rest))
        };
        let parameter = || self.parameter.as_ref().filter(|_| !segment.is_empty())?.find(rest);
        fixed().or_else(mixed).or_else(parameter)
    }
}

/// Whether two segments differ in nothing but the names of parameters.
fn alike(a: &[PathPart], b: &[PathPart]) -> bool {
    let same = |(a, b): (&PathPart, &PathPart)| match (a, b) {
        (PathPart::Fixed(a), PathPart::Fixed(b)) => a == b,
        (PathPart::Parameter(_), PathPart::Parameter(_)) => true,
        _ => false,
    };
    a.len() == b.len() && a.iter().zip(b).all(same)
}

/// Finds the operation of a request.
#[derive(Clone)]
struct Dispatch(Arc<Node>);

impl Service<Request> for Dispatch {
    type Response = Response;
    type Error = Infallible;
    type Future = Served;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request) -> Served {
        let path = request.uri().path();
        let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
        let methods = self.0.find(&segments).map(|node| node.methods.as_slice());
        let method = request.method();
        let of = |name: &str| methods.unwrap_or_default().iter().find(|(operation, _)| operation.method == name);
        // Whoever serves GET serves HEAD.
        if let Some((operation, endpoint)) = of(method.as_str()).or_else(|| of("GET").filter(|_| method == Method::HEAD)) {
            let is_head = method == Method::HEAD;
            request.extensions_mut().insert(*operation);
            let answer = endpoint.serve(request);
            if !is_head {
                return answer;
            }
            return Box::pin(async { Ok(without_body(answer.await?)) });
        }
        if let (Some(methods), true) = (methods, method == Method::OPTIONS) {
            let mut response = Response::default();
            *response.status_mut() = axum::http::StatusCode::NO_CONTENT;
            if let Ok(value) = HeaderValue::try_from(allowed(methods).join(", ")) {
                response.headers_mut().insert(axum::http::header::ALLOW, value);
            }
            return Box::pin(std::future::ready(Ok(response)));
        }
        let failure = match methods {
            None => Failure::new(ErrorCode::RequestRouteUnknown),
            Some(methods) => {
                let allowed = allowed(methods);
                Failure::new(ErrorCode::RequestMethodNotAllowed)
                    .with_header("allow", allowed.join(", "))
                    .with_details(serde_json::json!({ "allowed": allowed }))
            }
        };
        let (extensions, headers) = (request.extensions(), request.headers());
        let response = failure.answer(&RequestId::of(extensions, headers), &TraceId::of(extensions, headers));
        Box::pin(std::future::ready(Ok(response)))
    }
}

/// The answer to HEAD: that to GET, with the length of its body in place of it.
fn without_body(mut response: Response) -> Response {
    tell_length(&mut response);
    response.map(|_| Body::empty())
}

/// Says how long a body is, where that is known.
fn tell_length(response: &mut Response) {
    if let Some(length) = response.body().size_hint().exact() {
        response.headers_mut().entry(CONTENT_LENGTH).or_insert(HeaderValue::from(length));
    }
}

/// The methods of a path.
fn allowed(methods: &[(&'static Operation, Endpoint)]) -> Vec<&'static str> {
    let mut allowed: Vec<&str> = methods.iter().map(|(operation, _)| operation.method).collect();
    for implied in ["HEAD", "OPTIONS"] {
        let wanted = implied == "OPTIONS" || allowed.contains(&"GET");
        if wanted && !allowed.contains(&implied) {
            allowed.push(implied);
        }
    }
    allowed
}

/// Serves one operation. Clones are the same.
#[derive(Clone)]
pub struct Endpoint(Arc<dyn Fn(Request) -> Served + Send + Sync>);

impl Endpoint {
    /// Any number of requests go through a service at once, each through a clone.
    fn of<S>(service: S) -> Self
    where
        S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
        S::Future: Send,
    {
        Self(Arc::new(move |request| {
            let mut service = service.clone();
            Box::pin(async move {
                poll_fn(|context| service.poll_ready(context)).await?;
                service.call(request).await
            })
        }))
    }

    fn serve(&self, request: Request) -> Served {
        (self.0)(request)
    }
}

impl Service<Request> for Endpoint {
    type Response = Response;
    type Error = Infallible;
    type Future = Served;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Served {
        self.serve(request)
    }
}

/// Answers a request, with the envelope when the handler fails.
fn served<A: Send + Sync + 'static>(
    operation: &'static Operation,
    handler: Handler<A>,
    api: Arc<A>,
    request: Request,
) -> Served {
    let call = Call::new(operation, request);
    let (request_id, trace_id) = call.ids();
    let answer = handler(api, call);
    Box::pin(async move {
        let mut response = match answer.await {
            Ok(response) => response,
            Err(failure) => failure.answer(&request_id, &trace_id),
        };
        if let Ok(value) = HeaderValue::try_from(&request_id.0) {
            response.headers_mut().entry(REQUEST_ID).or_insert(value);
        }
        tell_length(&mut response);
        response.extensions_mut().insert(operation);
        Ok(response)
    })
}
