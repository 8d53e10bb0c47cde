//! Trying a version before it counts.
//!
//! Owns: on which socket, how often it is asked, and what counts as an answer. Must not know: what is active.

use std::path::Path;
use std::time::Duration;

use flaresmith_api::errors::{ErrorCode, Failure};
use tokio::time::Instant;

use super::place::Runnable;
use super::{port, probe, process};

/// How long a version may take to start.
pub(super) const START: Duration = Duration::from_secs(30);

/// How long it may then take to answer well.
const ANSWER: Duration = Duration::from_secs(4);

/// Time between two questions.
const PAUSE: Duration = Duration::from_millis(250);

/// Starts a version on a socket of its own and waits until it answers a request for its root with anything but a failure of its own.
pub(super) async fn try_out(runtime: &Path, runnable: &Runnable) -> Result<(), Failure> {
    let socket = port::listen(0).map_err(Failure::internal)?;
    let address = socket.local_addr().map_err(Failure::internal)?;
    let mut trial = process::Process::start(runtime, runnable, &socket)?;
    // Whoever connects when it has ended is refused.
    drop(socket);
    trial.listening(START).await.map_err(not_ready)?;
    let begun = Instant::now();
    loop {
        let answer = probe::ask(address.port()).await;
        match answer {
            Ok(status) if status < 500 => return Ok(()),
            _ if begun.elapsed() < ANSWER && trial.standing() == process::Standing::Listening => {
                tokio::time::sleep(PAUSE).await;
            }
            Ok(status) => return Err(not_ready(format!("it answers {status}\n{}", trial.trouble()))),
            Err(error) => return Err(not_ready(format!("it does not answer: {error}\n{}", trial.trouble()))),
        }
    }
}

/// It does not answer. Why is for the journal alone: it is text of the project's.
pub(super) fn not_ready(why: String) -> Failure {
    Failure::new(ErrorCode::DeploymentNotReady).with_source(why)
}
