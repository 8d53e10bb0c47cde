//! Connections: taking them, so many at once, and ending them in order.
//!
//! Owns: what is allowed to a connection before a request is there, and waiting for the last ones. Must not know: what is served.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, rt};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use super::patience::Patient;
use super::share::Shares;
use crate::settings::Limits;
use crate::settings::value::Network;

/// Largest head of a request, in bytes.
const HEAD: usize = 64 << 10;

/// Time to wait when no connection can be taken, because the process has no more files for one.
const PAUSE: Duration = Duration::from_millis(100);

/// What every connection is served with.
#[derive(Clone)]
pub(super) struct Service {
    pub(super) router: Router,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) limits: Limits,
    /// Proxies, behind each of which are many callers.
    pub(super) trusted: Arc<[Network]>,
}

/// Takes connections until `stop` is over, then takes no further request on any of them, and waits for those under way, within the
/// time for it.
pub(super) async fn take(service: Service, listener: TcpListener, stop: impl Future<Output = ()>) {
    let most = u32::try_from(service.limits.connections).unwrap_or(u32::MAX);
    let places = Arc::new(Semaphore::new(service.limits.connections));
    let shares = Arc::new(Shares::of(service.limits.connections));
    let (stopping, stopped) = watch::channel(false);
    let mut stop = pin!(stop);
    loop {
        let next = async {
            // Without a place the caller waits in the system's queue.
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, taken) = tokio::select! {
            () = &mut stop => break,
            next = next => next,
        };
        match taken {
            Ok((stream, peer)) => {
                let is_proxy = service.trusted.iter().any(|network| network.holds(peer.ip()));
                let share = match is_proxy {
                    true => None,
                    false => match shares.take(peer.ip()) {
                        // Whoever holds so many gets no more; the others shall have some.
                        None => continue,
                        share => share,
                    },
                };
                let (service, stopped) = (service.clone(), stopped.clone());
                tokio::spawn(async move {
                    agree(service, stream, peer, stopped).await;
                    drop((place, share));
                });
            }
            // It was over before it began, which says nothing about the next.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) => {}
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
    // Whoever connects now is told by the system that nobody listens.
    drop(listener);
    let _ = stopping.send(true);
    let _ = tokio::time::timeout(service.limits.drain, places.acquire_many(most)).await;
}

/// Agrees on TLS, if it is spoken, and serves the connection.
async fn agree(service: Service, stream: TcpStream, peer: SocketAddr, stopped: watch::Receiver<bool>) {
    // Answers are small and whole; waiting for more of them gains nothing.
    let _ = stream.set_nodelay(true);
    let stream = Patient::new(stream, service.limits.request);
    match &service.tls {
        None => serve(&service, TokioIo::new(stream), peer, stopped).await,
        Some(tls) => {
            let agreed = tokio::time::timeout(service.limits.header, tls.accept(stream)).await;
            if let Ok(Ok(stream)) = agreed {
                serve(&service, TokioIo::new(stream), peer, stopped).await;
            }
        }
    }
}

async fn serve<S>(service: &Service, stream: S, peer: SocketAddr, mut stopped: watch::Receiver<bool>)
where
    S: rt::Read + rt::Write + Unpin + Send + 'static,
{
    let router = &service.router;
    let answer = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(service.limits.header)
            .max_buf_size(HEAD)
            .serve_connection(stream, answer)
            .with_upgrades()
    );
    let stopped = async move {
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    tokio::select! {
        // What goes wrong on a connection concerns its caller, who notices.
        _ = connection.as_mut() => {}
        () = stopped => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}
