//! Serving: listening, jobs beside it, and stopping in order.
//!
//! Owns: the life of the server. Must not know: what is served.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::mcp;
use crate::pipeline;
use crate::platform::Platform;
use crate::problem::Problem;
use crate::provisioning::Runner;
use crate::store::expired;

/// Time between two looks at what is to be replaced or thrown away.
const LOOK: Duration = Duration::from_secs(3600);

/// Opens the address.
///
/// # Errors
/// It cannot be listened on.
pub async fn listen(address: &str) -> Result<(TcpListener, SocketAddr), Problem> {
    let refused = |error: std::io::Error| {
        Problem::new("SERVER_ADDRESS", format!("cannot listen on {address}: {error}"))
            .hint("choose another one with `--listen 127.0.0.1:0`")
    };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let bound = listener.local_addr().map_err(refused)?;
    Ok((listener, bound))
}

/// Serves until `stop` is over, then finishes the requests that are under way.
///
/// # Errors
/// The server stopped by itself.
pub async fn serve(
    platform: Platform,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Problem> {
    let runner = Runner::start(platform.clone())
        .map_err(|failure| Problem::of("SERVER_DATA", "the data folder cannot be written to", &failure))?;
    let jobs = tokio::spawn(look_after(platform.clone()));
    let draining = platform.clone();
    let (router, end_streams) = mcp::beside(&platform, pipeline::router(platform.clone()));
    let stop = async move {
        stop.await;
        draining.draining.store(true, Ordering::Relaxed);
        end_streams();
    };
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service).with_graceful_shutdown(stop).await;
    jobs.abort();
    runner.stop().await;
    // Requests whose callers are gone are finished too.
    drop(platform.under_way.write().await);
    platform.store.clone().close().await;
    served.map_err(|error| Problem::new("SERVER_STOPPED", error.to_string()))
}

/// Replaces the key that signs when its time has come, and throws away what has expired.
async fn look_after(platform: Platform) {
    loop {
        tokio::time::sleep(LOOK).await;
        // What fails now is tried again; the old key goes on signing.
        let _ = platform.keys.rotate_due().await;
        let _ = expired::delete(&platform.store, platform.clock.now()).await;
    }
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
