//! The pipeline: what happens to every request around its handler.
//!
//! Owns: the order of the stages. Policy comes from the generated operation table and from nowhere else. Must not know: domains.
//!
//! ```text
//! every request    request id, trace ─▶ catch panics ─▶ route ─▶ observe
//! an operation     authenticate ─▶ scope, role ─▶ rate limit ─▶ text ─▶ idempotency ─▶ validate, handle ─▶ envelope ─▶ audit
//! ```
//!
//! Each stage is a file and returns a [`Failure`]; [`envelope`] alone turns failures into answers. Validation and the handler are
//! the generated router's. Stages that can be replaced are traits with a working form of their own: [`rate_limit::RateLimiter`],
//! [`audit::AuditLog`], [`observe::Observer`].

pub mod access;
pub mod audit;
pub(crate) mod authenticate;
mod envelope;
mod idempotency;
pub mod observe;
pub mod rate_limit;
mod scope;
pub(crate) mod text;
mod trace;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use flaresmith_api::errors::Failure;
use flaresmith_api::operations::Operation;
use flaresmith_api::server::FailureReport;

use crate::identity::{Caller, roles};
use crate::platform::Platform;
pub use access::Access;
pub use observe::Known;

/// The router of the whole platform.
pub fn router(platform: Platform) -> Router {
    let max_body = platform.settings.max_body;
    let inner = platform.clone();
    let routes = flaresmith_api::server::router_with(Arc::new(platform.clone()), |operation, route| {
        let platform = inner.clone();
        route.layer(from_fn(move |request: Request, next: Next| {
            operate(platform.clone(), operation, request, next)
        }))
    });
    routes
        .layer(DefaultBodyLimit::max(max_body))
        .layer(from_fn(move |request: Request, next: Next| {
            envelope::around(platform.clone(), request, next)
        }))
}

/// Takes a request of an operation through its stages. One that changes something goes all the way, whether or not its caller
/// waits for the answer: what it did is to be remembered.
async fn operate(platform: Platform, operation: &'static Operation, request: Request, next: Next) -> Response {
    if operation.is_safe() {
        return carried_out(platform, operation, request, next).await;
    }
    let under_way = Arc::clone(&platform.under_way).read_owned().await;
    let work = tokio::spawn(async move {
        let response = carried_out(platform, operation, request, next).await;
        drop(under_way);
        response
    });
    match work.await {
        Ok(response) => response,
        // Nobody cancels the task, so it panicked; whoever surrounds the request answers for that.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

async fn carried_out(platform: Platform, operation: &'static Operation, request: Request, next: Next) -> Response {
    let ids = envelope::Ids::of(request.extensions(), request.headers());
    let mut known = Known::default();
    let mut limits = rate_limit::Headers::new();
    let answer = stages(&platform, operation, request, next, &mut known, &mut limits).await;
    let mut response = match answer {
        Ok(response) => response,
        Err(failure) => envelope::answer(failure, &ids),
    };
    for (name, value) in limits {
        response.headers_mut().insert(name, value);
    }
    let code = response.extensions().get::<FailureReport>().map(|report| report.code);
    // What is answered again was done, and kept, the first time.
    if !response.headers().contains_key(idempotency::REPLAYED) {
        audit::record(&platform, operation, &known, &ids, code).await;
    }
    response.extensions_mut().insert(operation);
    response.extensions_mut().insert(known);
    response
}

async fn stages(
    platform: &Platform,
    operation: &'static Operation,
    request: Request,
    next: Next,
    known: &mut Known,
    limits: &mut rate_limit::Headers,
) -> Result<Response, Failure> {
    let caller = authenticate::caller(platform, operation, request.headers()).await?;
    known.caller = caller.clone();
    let asked = rate_limit::Asked::of(operation, &caller, request.extensions());
    let (scope, mut request) = match scope::of(operation, request).await {
        Ok(found) => found,
        Err(failure) => {
            rate_limit::take(platform, &asked, limits).await?;
            return Err(failure);
        }
    };
    let role = match scope {
        Some(scope) => roles::role_in(platform.store.read(), &caller, scope).await?,
        None => None,
    };
    // A stranger neither empties the bucket of somebody's project nor leaves entries in its audit log.
    known.scope = scope.filter(|_| role.is_some());
    // Before the role is looked at: whoever guesses at ids uses up tokens of their own.
    rate_limit::take(platform, &asked.about(known.scope), limits).await?;
    access::demand(operation, scope, role)?;
    request = text::demand(request).await?;
    let notes = known.notes.clone();
    request.extensions_mut().insert(Access { caller, role, notes });
    idempotency::answer(platform, operation, known, request, next).await
}

/// Nobody, in a scope that nobody named.
impl Default for Known {
    fn default() -> Self {
        Self {
            caller: Caller::Anonymous,
            scope: None,
            notes: audit::Notes::default(),
        }
    }
}
