//! The pipeline: what happens to every request around its handler.
//!
//! Owns: the order of the stages. Policy comes from the generated operation table and from nowhere else. Must not know: domains.
//!
//! ```text
//! every request    headers, origins ─▶ request id, trace, caller ─▶ catch panics, time ─▶ route ─▶ observe
//! an operation     authenticate ─▶ scope, role ─▶ rate limit ─▶ size ─▶ text ─▶ given before, idempotency ─▶ validate, handle ─▶ envelope ─▶ contract ─▶ audit
//! ```
//!
//! Each stage is a file and returns a [`Failure`]; [`envelope`] alone turns failures into answers. Validation and the handler are
//! the generated router's. Stages that can be replaced are traits with a working form of their own: [`rate_limit::RateLimiter`],
//! [`audit::AuditLog`], [`observe::Observer`].

pub mod access;
pub mod answers;
pub mod audit;
pub(crate) mod authenticate;
pub(crate) mod envelope;
mod idempotency;
pub(crate) mod layer;
pub mod observe;
pub(crate) mod protect;
pub mod rate_limit;
pub mod remembered;
mod scope;
mod size;
mod telling;
pub(crate) mod text;
pub(crate) mod trace;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::response::Response;
use flaresmith_api::errors::Failure;
use flaresmith_api::operations::Operation;
use flaresmith_api::server::FailureReport;
use tower::Layer as _;

use crate::identity::Caller;
use crate::platform::Platform;
use crate::telemetry::span;
pub use access::Access;
use layer::Next;
pub use observe::Known;
use observe::Served;
use telling::Telling;

/// The router of the whole platform.
pub fn router(platform: Platform) -> Router {
    let max_body = platform.settings.max_body;
    let inner = platform.clone();
    let routes = flaresmith_api::server::router_with(Arc::new(platform.clone()), |operation, endpoint| {
        let platform = inner.clone();
        layer::around(move |request, next| operate(platform.clone(), operation, request, next)).layer(endpoint)
    });
    let outermost = protect::layer(&platform.settings);
    let around = layer::around(move |request, next| envelope::around(platform.clone(), Served::Nothing, request, next));
    // As one layer: each that is added by itself is boxed for every request.
    routes.layer((outermost, around, DefaultBodyLimit::max(max_body)))
}

/// Takes a request of an operation through its stages. One that changes something goes all the way, whether or not its caller
/// waits for the answer: what it did is to be remembered, and told about. What a read does not come to is boxed here and below: the room
/// for it would be taken, and moved about, for every request.
async fn operate(platform: Platform, operation: &'static Operation, request: Request, next: Next) -> Response {
    let Some(telling) = Telling::of(request.extensions()) else {
        let ids = envelope::Ids::of(request.extensions(), request.headers());
        return envelope::answer(Failure::internal("nobody follows this request"), &ids);
    };
    telling.is_for(operation);
    if operation.is_safe() {
        return carried_out(platform, operation, request, next, &telling).await;
    }
    Box::pin(all_the_way(platform, operation, request, next, telling)).await
}

async fn all_the_way(
    platform: Platform,
    operation: &'static Operation,
    request: Request,
    next: Next,
    telling: Arc<Telling>,
) -> Response {
    let under_way = Arc::clone(&platform.under_way).read_owned().await;
    telling.carried();
    let work = async move {
        let response = carried_out(platform, operation, request, next, &telling);
        let response = envelope::unbroken(response, telling.ids()).await;
        telling.came_to(&response);
        drop(under_way);
        response
    };
    let work = tokio::spawn(span::carried(span::here(), work));
    match work.await {
        Ok(response) => response,
        // Nobody cancels the task, and what panics in it is an answer.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

async fn carried_out(
    platform: Platform,
    operation: &'static Operation,
    request: Request,
    next: Next,
    telling: &Telling,
) -> Response {
    let ids = telling.ids();
    let mut known = Known::default();
    let mut limits = rate_limit::Headers::new();
    let answer = stages(&platform, operation, request, next, &mut known, &mut limits, telling).await;
    let mut response = match answer {
        Ok(response) => response,
        Err(failure) => envelope::answer(size::told(platform.settings.max_body, failure), ids),
    };
    if platform.settings.check_answers {
        response = match Box::pin(answers::demand(operation, response)).await {
            Ok(response) => response,
            Err(failure) => envelope::answer(failure, ids),
        };
        // For whoever checks more of an answer.
        response.extensions_mut().insert(operation);
    }
    for (name, value) in limits {
        response.headers_mut().insert(name, value);
    }
    let code = response.extensions().get::<FailureReport>().map(|report| report.code);
    // What is answered again was done, and kept, the first time.
    if response.headers().contains_key(idempotency::REPLAYED) {
        platform.metrics.replayed(operation);
    } else {
        audit::record(&platform, operation, &known, ids, code).await;
    }
    response
}

async fn stages(
    platform: &Platform,
    operation: &'static Operation,
    request: Request,
    next: Next,
    known: &mut Known,
    limits: &mut rate_limit::Headers,
    telling: &Telling,
) -> Result<Response, Failure> {
    known.environment = scope::environment(operation, request.uri().path());
    let caller = match operation.public {
        // A public operation asks nobody, and so looks at no token.
        true => Caller::Anonymous,
        false => authenticate::caller(platform, request.headers(), request.extensions()).await?,
    };
    known.caller = caller.clone();
    telling.knows(known);
    let asked = rate_limit::Asked::of(operation, &caller, request.extensions());
    let (scope, mut request) = match scope::of(operation, request).await {
        Ok(found) => found,
        Err(failure) => {
            rate_limit::take(platform, &asked, limits).await?;
            return Err(failure);
        }
    };
    let role = match scope {
        Some(scope) => platform.remembered.role_in(&caller, scope).await?,
        None => None,
    };
    // A stranger neither empties the bucket of somebody's project nor leaves entries in its audit log.
    known.scope = scope.filter(|_| role.is_some());
    telling.knows(known);
    // Before the role is looked at: whoever guesses at ids uses up tokens of their own.
    rate_limit::take(platform, &asked.about(known.scope), limits).await?;
    access::demand(operation, scope, role)?;
    size::demand(platform.settings.max_body, &request)?;
    request = text::demand(request).await?;
    let notes = known.notes.clone();
    let access = Access { caller, role, notes };
    if operation.is_safe() {
        return remembered::answer(platform, operation, access, request, next).await;
    }
    request.extensions_mut().insert(access);
    Box::pin(idempotency::answer(platform, operation, known, request, next)).await
}

/// Nobody, in a scope that nobody named.
impl Default for Known {
    fn default() -> Self {
        Self {
            caller: Caller::Anonymous,
            scope: None,
            environment: None,
            notes: audit::Notes::default(),
        }
    }
}
