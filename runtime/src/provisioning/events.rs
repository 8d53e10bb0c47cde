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
use crate::identity::Caller;
use crate::identity::roles::{Scope, role_in};
use crate::platform::Platform;
use crate::store::failed;

/// Time between two looks for new lines, as long as there are some.
const LOOK: Duration = Duration::from_millis(250);

/// The same when there were none for a while.
const SELDOM: Duration = Duration::from_secs(2);

/// Longest time without an event.
const QUIET: Duration = Duration::from_secs(15);

/// Most lines that one look reads.
const MOST: u64 = 100;

/// One caller's way through the journal.
struct Follower {
    platform: Platform,
    run: Uuid,
    project: Uuid,
    /// Who follows.
    caller: Caller,
    /// Number of the last line that was read.
    last: i64,
    /// Time until the next look.
    pause: Duration,
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
    caller: Caller,
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
        project,
        caller,
        pause: LOOK,
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
            self.read().await?;
            if self.ready.is_empty() {
                let state = self.state().await?;
                if !state.is_some_and(|state| WAITING.contains(&state)) {
                    // An end that is seen has all of its lines before it.
                    self.read().await?;
                    self.over = true;
                    // A project that is gone took its run along.
                    let state = state.unwrap_or(RunState::Succeeded);
                    self.push(json!({"type": "end", "state": state}), self.last)?;
                    continue;
                }
                if self.spoke.elapsed() >= QUIET {
                    self.spoke = Instant::now();
                    let scope = Scope::Project(self.project);
                    if role_in(self.platform.store.read(), &self.caller, scope)
                        .await?
                        .is_none()
                    {
                        // Whoever has left the project meanwhile follows it no further.
                        return Ok(None);
                    }
                    let now = self.platform.clock.now();
                    let data = serde_json::from_value(json!({"type": "heartbeat", "timestamp": now}))?;
                    return Ok(Some(named(data, "heartbeat")));
                }
                tokio::time::sleep(self.pause).await;
                self.pause = (self.pause * 5 / 4).min(SELDOM);
            } else {
                self.pause = LOOK;
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
