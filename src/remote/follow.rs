//! Following a run of provisioning to its end.
//!
//! Owns: the stream of its events, taken up again where it broke. Must not know: how they are shown.

use std::time::Duration;

use flaresmith_api::api::projects::{StreamProvisioningRequest, StreamProvisioningResponse};
use flaresmith_api::types::{ProvisioningEvent, RunState};
use uuid::Uuid;

use super::{Remote, Trouble};

/// How often in a row a stream may break without a new event.
const MOST: u32 = 10;

/// Time before a stream that broke is taken up again.
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
        match remote.wait(remote.client().stream_provisioning(request)) {
            Ok(StreamProvisioningResponse::Ok(mut events)) => {
                while let Some(Ok(event)) = remote.runtime.block_on(events.next()) {
                    last_event_id = event.id.clone().or(last_event_id);
                    if let ProvisioningEvent::RunEnded(end) = &event.data {
                        return Ok(end.state);
                    }
                    tell(&event.data);
                }
            }
            // A server that is started anew is away for a while.
            Err(trouble) if trouble.error.code != "SERVER_UNREACHABLE" || broken >= MOST => return Err(trouble),
            Err(_) => {}
        }
        broken = if seen == last_event_id { broken + 1 } else { 0 };
        if broken > MOST {
            return Err(
                Trouble::local("SERVER_UNREACHABLE", "the server does not tell how the run goes on")
                    .hint("look again later: `flaresmith project show PROJECT`"),
            );
        }
        std::thread::sleep(PAUSE);
    }
}
