//! Serving: listening, jobs beside it, and stopping in order.
//!
//! Owns: the life of the server. Must not know: what is served.

mod connections;
mod patience;
mod share;
mod tls;

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use flaresmith_api::errors::Failure;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use crate::mcp;
use crate::pipeline;
use crate::pipeline::observe::ActFailed;
use crate::pipeline::rate_limit::stored;
use crate::platform::Platform;
use crate::problem::Problem;
use crate::provisioning::Runner;
use crate::settings::Settings;
use crate::store::expired;
use connections::Service;

/// Time for each of the last things to do, when those before it took all there was.
const LAST: Duration = Duration::from_secs(1);

/// Time between two looks at what is to be replaced or thrown away.
const LOOK: Duration = Duration::from_secs(3600);

/// What is listened on, and what is spoken there.
pub struct Listener {
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
}

/// Opens the address of the settings.
///
/// # Errors
/// It cannot be listened on, or TLS cannot be spoken with what the settings name.
pub async fn listen(settings: &Settings) -> Result<(Listener, SocketAddr), Problem> {
    let address = &settings.listen;
    let refused = |error: std::io::Error| {
        Problem::new("SERVER_ADDRESS", format!("cannot listen on {address}: {error}"))
            .hint("choose another one with `--listen 127.0.0.1:0`")
    };
    let tls = settings.tls.as_ref().map(tls::acceptor).transpose()?;
    let socket = TcpListener::bind(address).await.map_err(refused)?;
    let bound = socket.local_addr().map_err(refused)?;
    Ok((Listener { socket, tls }, bound))
}

/// Serves until `stop` is over, then finishes the requests that are under way, within the time for it.
///
/// # Errors
/// The data folder cannot be written to.
pub async fn serve(
    platform: Platform,
    listener: Listener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Problem> {
    let runner = Runner::start(platform.clone())
        .map_err(|failure| Problem::of("SERVER_DATA", "the data folder cannot be written to", &failure))?;
    let jobs = tokio::spawn(look_after(platform.clone()));
    let (end_export, ended_serving) = oneshot::channel::<()>();
    let export = tokio::spawn(export(platform.clone(), async {
        let _ = ended_serving.await;
    }));
    let draining = platform.clone();
    let (router, end_streams) = mcp::beside(&platform, pipeline::router(platform.clone()));
    let (begin_stop, begun_stop) = oneshot::channel();
    let stop = async move {
        stop.await;
        let _ = begin_stop.send(Instant::now());
        draining.draining.store(true, Ordering::Relaxed);
        end_streams();
    };
    let limits = platform.settings.limits;
    let service = Service {
        router,
        tls: listener.tls,
        limits,
        trusted: platform.settings.trusted_proxy.clone().into(),
    };
    connections::take(service, listener.socket, stop).await;
    jobs.abort();
    // The time to stop in is one, however much there is to be finished in it.
    let until = begun_stop.await.unwrap_or_else(|_| Instant::now()) + limits.drain;
    let rest = || until.saturating_duration_since(Instant::now()).max(LAST);
    let _ = tokio::time::timeout(rest(), runner.stop()).await;
    // Requests whose callers are gone are finished too. What takes longer than it may is left as a crash leaves it.
    let finished = async {
        drop(platform.under_way.write().await);
        platform.store.clone().close().await;
    };
    let _ = tokio::time::timeout(rest(), finished).await;
    drop(end_export);
    let _ = export.await;
    Ok(())
}

/// Sends traces and metrics to the collector until serving has ended.
async fn export(platform: Platform, stop: impl Future<Output = ()>) {
    if let Some(exporter) = &platform.exporter {
        exporter
            .run(|| platform.metrics.gather(platform.store.connections()), stop)
            .await;
    }
}

/// Replaces the key that signs when its time has come, and throws away what has expired.
async fn look_after(platform: Platform) {
    loop {
        tokio::time::sleep(LOOK).await;
        let now = platform.clock.now();
        // What fails now is tried again; the old key goes on signing.
        let rotated = job(&platform, "replacing the key that signs", platform.keys.rotate_due()).await;
        if rotated == Some(true) {
            platform.metrics.rotated();
        }
        let store = &platform.store;
        job(&platform, "deleting what has expired", expired::delete(store, now)).await;
        job(&platform, "deleting full buckets", stored::delete_full(store, now)).await;
    }
}

/// Does something that nobody asked for, and tells when it fails.
async fn job<T>(platform: &Platform, name: &'static str, work: impl Future<Output = Result<T, Failure>>) -> Option<T> {
    let told = async {
        let done = work.await;
        if let Err(failure) = &done {
            platform.observer.act_failed(&ActFailed {
                act: name,
                project: None,
                run: None,
                failure,
                again: true,
                at: platform.clock.now(),
            });
        }
        done
    };
    platform.tracer.job(name, told).await.ok()
}

/// Begins to listen to requests to stop; the future is over when one comes. From the moment of this call the process no longer
/// ends by itself, so that it can finish what is under way.
///
/// # Errors
/// The system does not let it.
#[cfg(unix)]
pub fn asked_to_stop() -> Result<impl Future<Output = ()> + Send + 'static, Problem> {
    use tokio::signal::unix::{SignalKind, signal};

    let refused =
        |error: std::io::Error| Problem::new("SERVER_SIGNALS", format!("signals cannot be received: {error}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(refused)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(refused)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Begins to listen to requests to stop.
///
/// # Errors
/// None here.
#[cfg(not(unix))]
pub fn asked_to_stop() -> Result<impl Future<Output = ()> + Send + 'static, Problem> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
