//! What stands between a server and a provider, and may do something to the server at any call.
//!
//! Owns: handing calls and answers on. Must not know: what is done to whom.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{Request, Response, StatusCode, header};
use futures_util::future::BoxFuture;
use reqwest::Url;
use tokio::net::TcpListener;

/// Is told of every moment of a call, `before` the provider hears of it or `after` it did what was asked, with the provider and the kind
/// of call; whether nobody is to hear of it any more.
pub(crate) type Hook = Arc<dyn Fn(String) -> BoxFuture<'static, bool> + Send + Sync>;

#[derive(Clone)]
struct Relay {
    provider: &'static str,
    to: Url,
    http: reqwest::Client,
    hook: Hook,
}

/// Begins to listen before a provider, and takes its address over.
pub(crate) async fn relay(provider: &'static str, address: &Url, hook: &Hook) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut own = address.clone();
    own.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
    let relay = Relay {
        provider,
        to: address.clone(),
        http: reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap(),
        hook: Arc::clone(hook),
    };
    let router = Router::new().fallback(passed_on).with_state(relay);
    tokio::spawn(async move { axum::serve(listener, router).await });
    own
}

/// A path without ids and names of one's own: calls of one kind have the same.
fn kind(path: &str) -> String {
    let is_own =
        |part: &str| part.starts_with("shop") || part.len() > 2 && part.contains(|sign: char| sign.is_ascii_digit());
    let parts: Vec<&str> = path
        .split('/')
        .map(|part| if is_own(part) { "*" } else { part })
        .collect();
    parts.join("/")
}

async fn passed_on(State(relay): State<Relay>, request: Request<Body>) -> Response<Body> {
    let nobody_hears = || {
        let answer = Response::builder().status(StatusCode::BAD_GATEWAY);
        answer.body(Body::empty()).unwrap()
    };
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, 64 << 20).await.unwrap();
    let call = format!("{} {} {}", relay.provider, parts.method, kind(parts.uri.path()));
    let changes = !parts.method.is_safe();
    if (relay.hook)(format!("before {call}")).await {
        return nobody_hears();
    }
    let mut url = relay.to.clone();
    url.set_path(parts.uri.path());
    url.set_query(parts.uri.query());
    for name in [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING] {
        parts.headers.remove(name);
    }
    let asked = relay.http.request(parts.method, url).headers(parts.headers).body(body);
    let answer = asked.send().await.unwrap();
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    headers.remove(header::TRANSFER_ENCODING);
    let body = answer.bytes().await.unwrap();
    if changes && status.is_success() && (relay.hook)(format!("after {call}")).await {
        return nobody_hears();
    }
    let mut told = Response::new(Body::from(body));
    *told.status_mut() = status;
    *told.headers_mut() = headers;
    told
}
