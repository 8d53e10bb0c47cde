//! A layer around a service that is shared.
//!
//! Owns: handing a request and what comes after to a stage. Must not know: stages.
//!
//! What a request does not come to, because it was refused or because its answer is remembered, costs it nothing: the service within is
//! copied when it is called, not with every layer around it.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::Response;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tower::{Layer, Service, ServiceExt as _};

/// What comes after a stage.
pub(crate) struct Next(Arc<dyn Within>);

impl Next {
    /// Hands the request on.
    pub(crate) async fn run(self, request: Request) -> Response {
        self.0.run(request).await
    }
}

/// A service that any number of requests go through at once.
trait Within: Send + Sync {
    fn run(&self, request: Request) -> BoxFuture<'static, Response>;
}

impl<S> Within for S
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    fn run(&self, request: Request) -> BoxFuture<'static, Response> {
        let answer = self.clone().oneshot(request);
        Box::pin(answer.map(|answer| match answer {
            Ok(response) => response,
            Err(never) => match never {},
        }))
    }
}

/// Puts a stage around a service.
#[derive(Clone)]
pub(crate) struct Around<F>(F);

/// The layer of a stage, which is given each request and what comes after.
pub(crate) fn around<F, A>(stage: F) -> Around<F>
where
    F: Fn(Request, Next) -> A,
{
    Around(stage)
}

impl<F, S> Layer<S> for Around<F>
where
    F: Clone,
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    type Service = Surrounded<F>;

    fn layer(&self, inner: S) -> Surrounded<F> {
        Surrounded {
            stage: self.0.clone(),
            inner: Arc::new(inner),
        }
    }
}

/// A service with a stage around it.
#[derive(Clone)]
pub(crate) struct Surrounded<F> {
    stage: F,
    inner: Arc<dyn Within>,
}

impl<F, A> Service<Request> for Surrounded<F>
where
    F: Fn(Request, Next) -> A,
    A: Future<Output = Response> + Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let answer = (self.stage)(request, Next(Arc::clone(&self.inner)));
        Box::pin(answer.map(Ok))
    }
}
