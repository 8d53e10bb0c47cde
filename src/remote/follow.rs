//! Following a run of provisioning to its end.
//!
//! Owns: the stream of its events, taken up again where it broke. Must not know: how they are shown.

use std::time::Duration;

use flaresmith_api::api::projects::{StreamProvisioningRequest, StreamProvisioningResponse};
use flaresmith_api::errors::{ErrorCode, RetryPolicy};
use flaresmith_api::types::{ProvisioningEvent, RunState};
use tokio::time::timeout;
use uuid::Uuid;

use super::{Remote, Trouble};

/// How often in a row a stream may break without a new event.
const MOST: u32 = 10;

/// Longest time without an event or a sign of life, which the server gives each 15 seconds.
const QUIET: Duration = Duration::from_secs(45);

/// Time before a stream that broke is taken up again, for each time that it did without anything new.
const PAUSE: Duration = Duration::from_millis(500);

/// Tells every event of the latest run of a project, each once and in order; the state that the run ends in.
pub(crate) fn follow(
    remote: &Remote,
    project_id: Uuid,
    mut tell: impl FnMut(&ProvisioningEvent),
) -> Result<RunState, Trouble> {
    let mut last_event_id: Option<String> = None;
    let mut broken = 0;
    loop {
        let seen = last_event_id.clone();
        let request = StreamProvisioningRequest {
            project_id,
            last_event_id: last_event_id.clone(),
        };
        // A run may go on for longer than a token is good.
        let client = remote.client_now()?;
        match remote.wait(client.stream_provisioning(request)) {
            Ok(StreamProvisioningResponse::Ok(mut events)) => {
                // Whoever says nothing for so long is gone, even if nobody was told.
                while let Ok(Some(Ok(event))) = remote.runtime.block_on(async { timeout(QUIET, events.next()).await }) {
                    last_event_id = event.id.clone().or(last_event_id);
                    if let ProvisioningEvent::RunEnded(end) = &event.data {
                        return Ok(end.state);
                    }
                    tell(&event.data);
                }
            }
            Err(trouble) if !passes(&trouble) || broken >= MOST => return Err(trouble),
            Err(_) => {}
        }
        broken = if seen == last_event_id { broken + 1 } else { 0 };
        if broken > MOST {
            return Err(
                Trouble::local("SERVER_UNREACHABLE", "the server does not tell how the run goes on")
                    .hint("look again later: `flaresmith project show PROJECT`"),
            );
        }
        std::thread::sleep(PAUSE * (broken + 1));
    }
}

/// Whether the same request may do better in a while. A server that is started anew is away meanwhile.
fn passes(trouble: &Trouble) -> bool {
    let code: Option<ErrorCode> = trouble.error.code.parse().ok();
    let again = code.is_some_and(|code| code.retry_policy() != RetryPolicy::None);
    again || trouble.error.code == "SERVER_UNREACHABLE"
}
