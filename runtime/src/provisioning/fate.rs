//! What becomes of something that a step made.
//!
//! Owns: telling it from the steps, and the fence of a step that asks for it. Must not know: what was made.
//!
//! Whoever lost a run may still hear of what its call has made. By then another process is at the step, or has ended it, or the project
//! is gone. What counts is the newest step of the key, whichever run it is of.

use flaresmith_api::errors::Failure;
use flaresmith_store::entities::{journal_entries, run_steps};
use flaresmith_store::enums::{JournalEntryPhase, StepState};
use futures_util::future::BoxFuture;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use serde_json::Value;
use tokio::sync::watch;

use super::lease::Held;
use super::steps::names;
use crate::providers::{Fate, Fence};
use crate::store::{Write, failed};

/// The member of a line in which the ids stand of what was made beside the rest.
pub(super) const BESIDE: &str = "beside";

/// Lets through whoever acts in a step, for as long as its run is held.
#[derive(Debug)]
pub(super) struct InStep {
    /// That the run is held.
    pub(super) held: Held,
    /// The key of the step.
    pub(super) key: String,
    /// Whether the run was lost; closed without that: this process came to an end with it.
    pub(super) lost: watch::Receiver<bool>,
}

impl Fence for InStep {
    fn check<'a>(&'a self, within: Option<&'a Write>) -> BoxFuture<'a, Result<(), Failure>> {
        self.held.check(within)
    }

    fn fate<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Fate, Failure>> {
        Box::pin(of(self.held.store.read(), &self.key, id))
    }

    fn is_lost(&self) -> BoxFuture<'_, bool> {
        let mut lost = self.lost.clone();
        Box::pin(async move { lost.wait_for(|lost| *lost).await.is_ok() })
    }
}

/// What becomes of something with this id that a step with this key has made.
///
/// # Errors
/// The store fails.
pub(super) async fn of<C: ConnectionTrait>(connection: &C, key: &str, id: &str) -> Result<Fate, Failure> {
    let all = run_steps::Entity::find()
        .filter(run_steps::Column::RequestKey.eq(key))
        .order_by_desc(run_steps::Column::CreatedAt)
        .all(connection)
        .await
        .map_err(failed)?;
    let Some(newest) = all.first() else {
        // They went with their project.
        return Ok(Fate::Gone);
    };
    // A run may have several of a key: a worker, its version, and making that the active one.
    let mut fates = Vec::new();
    for step in all.iter().filter(|step| step.run_id == newest.run_id) {
        fates.push(of_step(connection, step, id).await?);
    }
    let first = |wanted: Fate| fates.iter().find(|fate| **fate == wanted).copied();
    let found = first(Fate::Kept)
        .or_else(|| first(Fate::Undecided))
        .or_else(|| first(Fate::Other));
    Ok(found.unwrap_or(Fate::Nothing))
}

/// What becomes of it as far as one step can tell.
async fn of_step<C: ConnectionTrait>(connection: &C, step: &run_steps::Model, id: &str) -> Result<Fate, Failure> {
    match step.state {
        StepState::Succeeded if names::removes(&step.name) => Ok(Fate::Nothing),
        StepState::Succeeded if step.external_id.as_deref() == Some(id) => Ok(Fate::Kept),
        StepState::Succeeded => match beside(connection, step).await?.iter().any(|one| one == id) {
            true => Ok(Fate::Kept),
            false => Ok(Fate::Other),
        },
        StepState::Undone => Ok(Fate::Nothing),
        // One that failed may be tried again, and then finds what was made.
        _ => Ok(Fate::Undecided),
    }
}

/// Ids of what was made beside the rest when a step ended.
async fn beside<C: ConnectionTrait>(connection: &C, step: &run_steps::Model) -> Result<Vec<Value>, Failure> {
    let line = journal_entries::Entity::find()
        .filter(journal_entries::Column::StepId.eq(step.id))
        .filter(journal_entries::Column::Phase.eq(JournalEntryPhase::After))
        .order_by_desc(journal_entries::Column::Sequence)
        .one(connection)
        .await
        .map_err(failed)?;
    let ids = line.and_then(|line| line.payload.get(BESIDE)?.as_array().cloned());
    Ok(ids.unwrap_or_default())
}
