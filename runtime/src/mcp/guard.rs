//! The guard: who comes in, and whose a session is.
//!
//! Owns: asking for a token before anything is read, limits on beginning sessions, binding their ids to callers. Must not know:
//! tools, answers.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flaresmith_api::operations::table::auth::GET_CURRENT_USER;
use flaresmith_api::server::{RequestId, TraceId};

use crate::identity::Caller;
use crate::pipeline::authenticate;
use crate::pipeline::rate_limit::Asked;
use crate::platform::Platform;
use crate::sealing::{mac, mac_holds};

const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");

/// Lets a request through that has a token, and a session of its own if it has one.
pub(super) async fn admit(platform: Platform, mut request: Request, next: Next) -> Response {
    let ids = (
        RequestId::of(request.extensions(), request.headers()),
        TraceId::of(request.extensions(), request.headers()),
    );
    let caller = match authenticate::of_headers(&platform, request.headers()).await {
        Ok(caller) => caller,
        Err(failure) => return failure.answer(&ids.0, &ids.1),
    };
    if may_begin(&request)
        && let Some(refusal) = platform.limiter.take(&beginning(&caller)).await.refused
    {
        return refusal.answer(&ids.0, &ids.1);
    }
    request.extensions_mut().insert(ids.0);
    request.extensions_mut().insert(ids.1);
    let sessions = Sessions::of(&platform, &caller);
    if let Some(given) = request.headers().get(SESSION) {
        let own = given.to_str().ok().and_then(|given| sessions.opened(given));
        match own.and_then(|id| HeaderValue::from_str(id).ok()) {
            Some(id) => request.headers_mut().insert(SESSION, id),
            // As if there were no such session: the client begins a new one.
            None => return (StatusCode::NOT_FOUND, "Not Found: Session not found").into_response(),
        };
    }
    let mut response = next.run(request).await;
    let made = response.headers().get(SESSION).and_then(|id| id.to_str().ok());
    if let Some(id) = made.and_then(|id| HeaderValue::try_from(sessions.closed(id)).ok()) {
        response.headers_mut().insert(SESSION, id);
    }
    response
}

/// Whether a session may come of a request. Each stays in memory for minutes, so a caller cannot have any number; calls in a session
/// are limited as what they are. A message that says in its headers what it is is held to that.
fn may_begin(request: &Request) -> bool {
    let headers = request.headers();
    let method = headers.get("mcp-method").and_then(|method| method.to_str().ok());
    request.method() == Method::POST
        && !headers.contains_key(SESSION)
        && method.is_none_or(|method| method == "initialize")
}

/// To begin a session takes what asking who one is takes.
fn beginning(caller: &Caller) -> Asked {
    Asked {
        class: GET_CURRENT_USER.rate_class,
        caller: Some(caller.key()),
        project: None,
        address: None,
    }
}

/// Ids of sessions as one caller sees them: with a seal that no other caller's id has.
struct Sessions {
    key: [u8; 32],
    caller: String,
}

impl Sessions {
    fn of(platform: &Platform, caller: &Caller) -> Self {
        Self {
            key: platform.sealer.derive("mcp sessions"),
            caller: caller.key(),
        }
    }

    fn told(&self, id: &str) -> String {
        format!("{id} {}", self.caller)
    }

    fn closed(&self, id: &str) -> String {
        let seal = mac(&self.key, self.told(id).as_bytes());
        format!("{id}.{}", URL_SAFE_NO_PAD.encode(seal))
    }

    fn opened<'a>(&self, given: &'a str) -> Option<&'a str> {
        let (id, seal) = given.rsplit_once('.')?;
        let seal = URL_SAFE_NO_PAD.decode(seal).ok()?;
        mac_holds(&self.key, self.told(id).as_bytes(), &seal).then_some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::Sessions;

    #[test]
    fn a_session_is_opened_by_its_own_caller_alone() {
        let of = |caller: &str| Sessions {
            key: [7; 32],
            caller: caller.to_owned(),
        };
        let closed = of("user:1").closed("abc");
        assert_eq!(of("user:1").opened(&closed), Some("abc"));
        assert_eq!(of("user:2").opened(&closed), None);
        for forged in ["abc", "abc.", "", ".", "abc.AAAA"] {
            assert_eq!(of("user:1").opened(forged), None, "{forged}");
        }
    }
}
