//! Waiting until something answers on the internet.
//!
//! Owns: how often it is asked, and what counts as an answer. Must not know: what is to answer, and where that runs.
//!
//! A worker of Cloudflare's that was made or changed a moment ago may not be found at first, or fail. A worker of one's own may have
//! nothing at its root. Which of them it was nobody tells, so a 404 that is not of an API counts after a while.

use std::time::{Duration, Instant};

use flaresmith_api::errors::Failure;
use reqwest::{StatusCode, Url};

use super::ready::not_ready;
use crate::providers::cloud::{Asked, Client, Waits};

/// Longest time for one answer.
const ANSWER: Duration = Duration::from_secs(10);

/// Waits until an address answers with anything but a failure. `patience`: for how long.
///
/// # Errors
/// `DEPLOYMENT_NOT_READY`: it does not.
pub(super) async fn answers(client: &Client, url: &Url, patience: Duration) -> Result<(), Failure> {
    let (began, mut waits) = (Instant::now(), Waits::begin());
    loop {
        let asked = client.ask(url.clone(), ANSWER).await;
        let why = match asked {
            Ok(Asked { status, is_json }) if status == StatusCode::NOT_FOUND && !is_json => {
                if began.elapsed() >= patience / 3 {
                    return Ok(());
                }
                "it is not found".to_owned()
            }
            Ok(Asked { status, .. }) if status.is_server_error() => format!("it answers {}", status.as_u16()),
            Ok(_) => return Ok(()),
            Err(why) => format!("it does not answer: {why}"),
        };
        if began.elapsed() >= patience {
            return Err(not_ready(why));
        }
        tokio::time::sleep(waits.following()).await;
    }
}
