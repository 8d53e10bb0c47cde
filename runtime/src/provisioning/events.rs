//! What happened in a run, as callers follow it.
//!
//! Owns: from lines of the journal to events, in order, each once. Must not know: who follows.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::time::Duration;

use flaresmith_api::bodies::{BodyError, Event, EventStream};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::ProvisioningEvent;
use flaresmith_store::entities::{journal_entries, provisioning_runs};
use flaresmith_store::enums::RunState;
use futures_util::stream::unfold;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::lease::{self, WAITING};
use super::plan::OF_ENVIRONMENTS;
use crate::platform::Platform;
use crate::store::failed;

/// Time between two looks for new lines.
const LOOK: Duration = Duration::from_millis(250);

/// Longest time without an event.
const QUIET: Duration = Duration::from_secs(15);

/// Most lines that one look reads.
const MOST: u64 = 100;

/// One caller's way through the journal.
struct Follower {
    platform: Platform,
    run: Uuid,
    /// Number of the last line that was sent.
    last: i64,
    ready: VecDeque<Event<ProvisioningEvent>>,
    spoke: Instant,
    over: bool,
}

/// Events of the latest run of a project after the one that was seen last, until the run ends.
///
/// # Errors
/// There is no run.
pub async fn follow(
    platform: &Platform,
    project: Uuid,
    seen: Option<&str>,
) -> Result<EventStream<ProvisioningEvent>, Failure> {
    let run = provisioning_runs::Entity::find()
        .filter(provisioning_runs::Column::ProjectId.eq(project))
        .filter(provisioning_runs::Column::Kind.is_not_in(OF_ENVIRONMENTS))
        .order_by_desc(provisioning_runs::Column::CreatedAt)
        .one(platform.store.read())
        .await
        .map_err(failed)?;
    let run = run.ok_or_else(|| Failure::new(ErrorCode::ProvisionRunNotFound))?;
    // Numbers begin anew with every run: one that this run has not come to is of another, and says nothing about this one.
    let newest = lease::seen(platform.store.read(), run.id)
        .await?
        .map_or(0, |(_, sequence, _)| sequence);
    let seen = seen.and_then(|seen| seen.trim().parse().ok());
    let follower = Follower {
        platform: platform.clone(),
        run: run.id,
        last: seen.filter(|seen| *seen <= newest).unwrap_or(0),
        ready: VecDeque::new(),
        spoke: Instant::now(),
        over: false,
    };
    Ok(EventStream::new(unfold(follower, |mut follower| async move {
        let next = follower.next().await.transpose()?;
        Some((next, follower))
    })))
}

impl Follower {
    async fn next(&mut self) -> Result<Option<Event<ProvisioningEvent>>, BodyError> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.spoke = Instant::now();
                return Ok(Some(event));
            }
            if self.over || self.platform.draining.load(Ordering::Relaxed) {
                return Ok(None);
            }
            // The state is read first: an end that is seen has all of its lines before it.
            let state = self.state().await?;
            self.read().await?;
            if self.ready.is_empty() {
                match state {
                    Some(state) if WAITING.contains(&state) => {}
                    // A project that is gone took its run along.
                    ended => {
                        self.over = true;
                        let state = ended.unwrap_or(RunState::Succeeded);
                        self.push(json!({"type": "end", "state": state}), self.last)?;
                        continue;
                    }
                }
                if self.spoke.elapsed() >= QUIET {
                    self.spoke = Instant::now();
                    let now = self.platform.clock.now();
                    let data = serde_json::from_value(json!({"type": "heartbeat", "timestamp": now}))?;
                    return Ok(Some(named(data, "heartbeat")));
                }
                tokio::time::sleep(LOOK).await;
            }
        }
    }

    async fn state(&self) -> Result<Option<RunState>, BodyError> {
        let row = provisioning_runs::Entity::find_by_id(self.run)
            .one(self.platform.store.read())
            .await?;
        Ok(row.map(|row| row.state))
    }

    async fn read(&mut self) -> Result<(), BodyError> {
        let lines = journal_entries::Entity::find()
            .filter(journal_entries::Column::RunId.eq(self.run))
            .filter(journal_entries::Column::Sequence.gt(self.last))
            .order_by_asc(journal_entries::Column::Sequence)
            .limit(MOST)
            .all(self.platform.store.read())
            .await?;
        for line in lines {
            self.last = line.sequence;
            if let Some(event) = line.payload.get("event") {
                self.push(event.clone(), line.sequence)?;
            }
        }
        Ok(())
    }

    fn push(&mut self, mut event: Value, sequence: i64) -> Result<(), BodyError> {
        let kind = event.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(members) = event.as_object_mut() {
            members.insert("sequence".to_owned(), sequence.into());
        }
        let mut event = named(serde_json::from_value(event)?, &kind);
        event.id = Some(sequence.to_string());
        self.ready.push_back(event);
        Ok(())
    }
}

fn named(data: ProvisioningEvent, kind: &str) -> Event<ProvisioningEvent> {
    Event {
        event: Some(kind.to_owned()),
        ..Event::from(data)
    }
}
