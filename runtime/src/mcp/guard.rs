//! The guard: who comes in, and whose a session is.
//!
//! Owns: asking for a token before anything is read, limits on beginning sessions, binding their ids to callers. Must not know:
//! tools, answers.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flaresmith_api::errors::Failure;
use flaresmith_api::operations::table::auth::GET_CURRENT_USER;

use crate::identity::Caller;
use crate::pipeline::authenticate;
use crate::pipeline::envelope::Ids;
use crate::pipeline::layer::Next;
use crate::pipeline::rate_limit::{Asked, Subject};
use crate::platform::Platform;
use crate::sealing::{mac, mac_holds};
use crate::telemetry::span;

const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");

/// Lets a request through that has a token, and a session of its own if it has one.
pub(super) async fn admit(platform: Platform, mut request: Request, next: Next) -> Response {
    let ids = Ids::of(request.extensions(), request.headers());
    match admitted(&platform, &mut request).await {
        Ok(sessions) => within(&sessions, request, next).await,
        Err(failure) => failure.answer(&ids.request, &ids.trace),
    }
}

async fn admitted(platform: &Platform, request: &mut Request) -> Result<Sessions, Failure> {
    let caller = authenticate::caller(platform, request.headers(), request.extensions()).await?;
    // A call of a tool is a request, and takes what that takes.
    if !calls_a_tool(request)
        && let Some(refusal) = platform.limiter.take(&message(&caller)).await.refused
    {
        return Err(refusal);
    }
    // What a tool calls is part of it.
    for (name, value) in span::outgoing() {
        request.headers_mut().insert(name, value);
    }
    Ok(Sessions::of(platform, &caller))
}

async fn within(sessions: &Sessions, mut request: Request, next: Next) -> Response {
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

/// Whether a message says in its headers that it calls a tool, which it is held to.
fn calls_a_tool(request: &Request) -> bool {
    let method = request.headers().get("mcp-method");
    request.method() == Method::POST && method.is_some_and(|method| method == "tools/call")
}

/// Any other message takes what asking who one is takes: a session that comes of it stays in memory for minutes, and a list of tools is
/// long.
fn message(caller: &Caller) -> Asked {
    Asked {
        class: GET_CURRENT_USER.rate_class,
        caller: Subject::of(caller),
        project: None,
        network: None,
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
