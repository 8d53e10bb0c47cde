//! The journal of a run.
//!
//! Owns: every write of whoever holds a run: in order, only while it is held, together with the line that tells of it. Must not
//! know: what the steps do.
//!
//! A [`Page`] is one transaction. It begins by moving the run's version from the one that was last seen, so two never overlap and one
//! of a holder that lost its run cannot begin. What callers did to the run meanwhile, such as cancelling it, is seen then.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use flaresmith_api::errors::Failure;
use flaresmith_api::lifecycles::{ProvisioningRunEvent, RunStepEvent};
use flaresmith_store::entities::{journal_entries, provisioning_runs, run_steps};
use flaresmith_store::enums::{JournalEntryPhase, RunState, StepState};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _,
    PaginatorTrait as _, QueryFilter as _,
};
use serde_json::{Map, Value, json};
use tokio::sync::{Mutex, MutexGuard, watch};
use uuid::Uuid;

use super::fate::InStep;
use super::lease::{Held, Lease, is_held, seen};
use super::{failpoint, states};
use crate::pipeline::observe::ActFailed;
use crate::platform::Platform;
use crate::providers::Fence;
use crate::store::{Write, failed, new_id};
use crate::telemetry::redact::redacted;

/// Longest text of a note.
const LONGEST: usize = 300;

/// Longest text of a failure or its source.
const LONGEST_CAUSE: usize = 2000;

/// Why work on a run stops before its end.
#[derive(Debug)]
pub enum Stopped {
    /// Somebody else has the run, or it is gone.
    Lost,
    /// The store fails.
    Failed(Failure),
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// The journal of a run that this process holds.
pub struct Journal {
    /// Everything there is to work with.
    pub platform: Platform,
    lease: Lease,
    known: Mutex<Known>,
    lost: watch::Sender<bool>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    version: i32,
    sequence: i64,
    state: RunState,
}

/// One transaction of a run. What is not closed has not happened.
pub struct Page<'a> {
    /// For whatever belongs to it.
    pub write: Write,
    /// The state of the run.
    pub state: RunState,
    /// The moment that everything in it happens.
    pub now: DateTime<Utc>,
    run: Uuid,
    sequence: i64,
    known: MutexGuard<'a, Known>,
}

impl Journal {
    /// The journal of a run that was taken.
    #[must_use]
    pub fn new(platform: Platform, lease: Lease) -> Self {
        let known = Known {
            version: lease.version,
            sequence: lease.sequence,
            state: lease.state,
        };
        Self {
            platform,
            lease,
            known: Mutex::new(known),
            lost: watch::Sender::new(false),
        }
    }

    /// Tells whoever made something in this run that another process has it now.
    pub fn lose(&self) {
        self.lost.send_replace(true);
    }

    /// The run.
    #[must_use]
    pub fn run(&self) -> Uuid {
        self.lease.run
    }

    /// Whether the run is still held, for whoever acts outside of the store in the step with this key.
    #[must_use]
    pub fn fence(&self, step: &str) -> Arc<dyn Fence> {
        let held = Held {
            store: self.platform.store.clone(),
            turn: self.lease.turn.clone(),
        };
        Arc::new(InStep {
            held,
            key: step.to_owned(),
            lost: self.lost.subscribe(),
        })
    }

    /// Tells the log that an act failed.
    pub fn tell(&self, act: &str, project: Option<Uuid>, failure: &Failure, again: bool) {
        self.platform.observer.act_failed(&ActFailed {
            act,
            project,
            run: Some(self.lease.run),
            failure,
            again,
            at: self.platform.clock.now(),
        });
    }

    /// Begins a page.
    ///
    /// # Errors
    /// The run is somebody else's now, or the store fails.
    pub async fn page(&self) -> Result<Page<'_>, Stopped> {
        use provisioning_runs::{Column, Entity};
        let mut known = self.known.lock().await;
        loop {
            let write = self.platform.store.begin_behind().await?;
            let now = self.platform.clock.now();
            let moved = Entity::update_many()
                .col_expr(Column::Version, Expr::col(Column::Version).add(1))
                .col_expr(Column::UpdatedAt, Expr::value(now))
                .filter(Column::Id.eq(self.lease.run))
                .filter(Column::Version.eq(known.version))
                .exec(&*write)
                .await
                .map_err(failed)?;
            if moved.rows_affected > 0 {
                return Ok(Page {
                    write,
                    state: known.state,
                    now,
                    run: self.lease.run,
                    sequence: known.sequence,
                    known,
                });
            }
            if !is_held(&*write, &self.lease.turn).await? {
                return Err(Stopped::Lost);
            }
            let (version, sequence, state) = seen(&*write, self.lease.run).await?.ok_or(Stopped::Lost)?;
            *known = Known {
                version,
                sequence,
                state,
            };
        }
    }
}

impl Page<'_> {
    /// Moves a step and writes a line of it.
    ///
    /// # Errors
    /// The event must not happen, or the store fails.
    pub async fn step(
        &mut self,
        row: &run_steps::Model,
        on: Option<RunStepEvent>,
        phase: JournalEntryPhase,
        more: Value,
        change: impl FnOnce(&mut run_steps::ActiveModel),
    ) -> Result<run_steps::Model, Failure> {
        let mut active = row.clone().into_active_model();
        if let Some(on) = on {
            active.state = Set(states::step(row.state, on)?);
        }
        active.version = Set(row.version + 1);
        active.updated_at = Set(self.now);
        change(&mut active);
        let row = active.update(&*self.write).await.map_err(failed)?;
        let event = json!({"type": "step", "step": row});
        self.line(Some(row.id), phase, &row.name, event, more).await?;
        Ok(row)
    }

    /// Moves the run and writes a line of it.
    ///
    /// # Errors
    /// The event must not happen, or the store fails.
    pub async fn run(
        &mut self,
        on: ProvisioningRunEvent,
        change: impl FnOnce(&mut provisioning_runs::ActiveModel),
    ) -> Result<(), Failure> {
        let row = moved(&self.write, self.run, on, self.now, change).await?;
        self.state = row.state;
        let event = json!({"type": "run", "run": row});
        self.line(None, JournalEntryPhase::Note, "run", event, Value::Null)
            .await
    }

    /// Writes a line that tells something and changes nothing.
    ///
    /// # Errors
    /// The store fails.
    pub async fn note(&mut self, step: &run_steps::Model, text: &str, more: Value) -> Result<(), Failure> {
        let text: String = text.chars().take(LONGEST).collect();
        let event = json!({"type": "note", "step": step.name, "text": text});
        self.line(Some(step.id), JournalEntryPhase::Note, &step.name, event, more)
            .await
    }

    async fn line(
        &mut self,
        step: Option<Uuid>,
        phase: JournalEntryPhase,
        act: &str,
        event: Value,
        more: Value,
    ) -> Result<(), Failure> {
        self.sequence += 1;
        let line = Line {
            step,
            phase,
            act,
            event,
            more,
        };
        write_line(&self.write, self.run, self.sequence, line, self.now).await
    }

    /// Counts the steps that are done.
    ///
    /// # Errors
    /// The store fails.
    pub async fn count(&self) -> Result<(), Failure> {
        let done = run_steps::Entity::find()
            .filter(run_steps::Column::RunId.eq(self.run))
            .filter(run_steps::Column::State.eq(StepState::Succeeded))
            .count(&*self.write)
            .await
            .map_err(failed)?;
        provisioning_runs::Entity::update_many()
            .col_expr(
                provisioning_runs::Column::DoneCount,
                Expr::value(i32::try_from(done).unwrap_or(i32::MAX)),
            )
            .filter(provisioning_runs::Column::Id.eq(self.run))
            .exec(&*self.write)
            .await
            .map_err(failed)?;
        Ok(())
    }

    /// Makes everything in it last.
    ///
    /// # Errors
    /// It could not be; nothing of it has happened.
    pub async fn close(mut self) -> Result<(), Failure> {
        failpoint::pass();
        self.write.commit().await?;
        failpoint::pass();
        self.known.version += 1;
        self.known.sequence = self.sequence;
        self.known.state = self.state;
        Ok(())
    }
}

/// What the journal keeps of a failure. Callers see its code alone. Errors of providers and drivers repeat what they were asked,
/// addresses with passwords among it.
pub(super) fn kept(failure: &Failure) -> Value {
    let plain = |text: String| redacted(&text).chars().take(LONGEST_CAUSE).collect::<String>();
    json!({
        "failure": plain(failure.to_string()),
        "source": failure.log_source().map(|source| plain(source.to_string())),
    })
}

/// One line of a journal.
pub struct Line<'a> {
    /// The step it is about.
    pub step: Option<Uuid>,
    /// Whether something is about to be done or was.
    pub phase: JournalEntryPhase,
    /// What.
    pub act: &'a str,
    /// What callers are told.
    pub event: Value,
    /// What they are not told, an object or null.
    pub more: Value,
}

/// Writes a line. Whoever calls it has moved the run's version in the same transaction.
///
/// # Errors
/// The store fails.
pub async fn write_line(
    write: &Write,
    run: Uuid,
    sequence: i64,
    line: Line<'_>,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let mut payload = match line.more {
        Value::Object(more) => more,
        _ => Map::new(),
    };
    payload.insert("event".to_owned(), line.event);
    let row = journal_entries::ActiveModel {
        id: Set(new_id()),
        run_id: Set(run),
        step_id: Set(line.step),
        sequence: Set(sequence),
        phase: Set(line.phase),
        act: Set(line.act.to_owned()),
        payload: Set(Value::Object(payload)),
        created_at: Set(now),
        updated_at: Set(now),
    };
    row.insert(&**write).await.map_err(failed)?;
    Ok(())
}

/// Moves a run by its lifecycle. Whoever calls it has moved the run's version in the same transaction.
///
/// # Errors
/// The event must not happen, or the store fails.
pub async fn moved(
    write: &Write,
    run: Uuid,
    on: ProvisioningRunEvent,
    now: DateTime<Utc>,
    change: impl FnOnce(&mut provisioning_runs::ActiveModel),
) -> Result<provisioning_runs::Model, Failure> {
    let row = provisioning_runs::Entity::find_by_id(run)
        .one(&**write)
        .await
        .map_err(failed)?;
    let row = row.ok_or_else(|| Failure::internal("the run is gone"))?;
    let to = states::run(row.state, on)?;
    let mut row = row.into_active_model();
    row.state = Set(to);
    row.updated_at = Set(now);
    change(&mut row);
    row.update(&**write).await.map_err(failed)
}
