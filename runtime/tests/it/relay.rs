//! What stands between a server and a provider, and may do something to the server or to the answer at any call.
//!
//! Owns: handing calls and answers on. Must not know: what is done to whom.

use std::io;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, header};
use futures_util::future::BoxFuture;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use reqwest::Url;
use tokio::net::TcpListener;

/// What a server is told in place of the provider's answer.
pub(crate) enum Told {
    /// Nothing: the connection ends.
    Nothing,
    /// This.
    Answer(Response<Body>),
}

/// Is told of every moment of a call, `before` the provider hears of it or `after` it did what was asked, with the provider and the kind
/// of call. What the server is told then; `None`: the call goes on.
pub(crate) type Hook = Arc<dyn Fn(String) -> BoxFuture<'static, Option<Told>> + Send + Sync>;

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
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let relay = relay.clone();
            let service = service_fn(move |request| passed_on(relay.clone(), request));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
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

impl Told {
    /// The answer. An error ends the connection.
    fn answered(self) -> io::Result<Response<Body>> {
        match self {
            Self::Nothing => Err(io::ErrorKind::ConnectionAborted.into()),
            Self::Answer(answer) => Ok(answer),
        }
    }
}

async fn passed_on(relay: Relay, request: Request<Incoming>) -> io::Result<Response<Body>> {
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(Body::new(body), 64 << 20).await.map_err(io::Error::other)?;
    let call = format!("{} {} {}", relay.provider, parts.method, kind(parts.uri.path()));
    let changes = !parts.method.is_safe();
    if let Some(told) = (relay.hook)(format!("before {call}")).await {
        return told.answered();
    }
    let mut url = relay.to.clone();
    url.set_path(parts.uri.path());
    url.set_query(parts.uri.query());
    for name in [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING] {
        parts.headers.remove(name);
    }
    let asked = relay.http.request(parts.method, url).headers(parts.headers).body(body);
    let answer = asked.send().await.map_err(io::Error::other)?;
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    headers.remove(header::TRANSFER_ENCODING);
    let body = answer.bytes().await.map_err(io::Error::other)?;
    if changes
        && status.is_success()
        && let Some(told) = (relay.hook)(format!("after {call}")).await
    {
        return told.answered();
    }
    let mut told = Response::new(Body::from(body));
    *told.status_mut() = status;
    *told.headers_mut() = headers;
    Ok(told)
}
