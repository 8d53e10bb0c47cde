//! Standbys: copies of the databases of prod at Neon, made anew at short intervals.
//!
//! Owns: which database has one, when it is reset, and that one process does it at a time. Must not know: how a branch is reset, when a
//! standby takes over.
//!
//! What is kept of a reset is the moment before it was asked for: everything that was written until then is in the copy. As long as the
//! newest look at the database failed, nothing is reset, so what was good stays. That is asked once more right before Neon is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use flaresmith_api::errors::Failure;
use flaresmith_api::lifecycles::DatabaseBranchEvent;
use flaresmith_store::entities::{database_branches, environments, projects};
use flaresmith_store::enums::{
    DatabaseBranchPurpose, DatabaseBranchState, EnvironmentKind, EnvironmentState, HealthProbe, ProjectState, Provider,
    ProvisioningRunKind,
};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};
use sea_orm::sea_query::Query;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _,
};
use uuid::Uuid;

use super::lease::{Held, Holder, Turn, keep};
use super::step::key;
use super::steps::names;
use super::{at_neon, plan, request, states};
use crate::features::environments::health::newest;
use crate::features::projects::connected_settings;
use crate::pipeline::observe::ActFailed;
use crate::platform::Platform;
use crate::providers::database_host::AtNeon;
use crate::providers::{Fence, Mark, neon};
use crate::store::{Store, Write, failed};

/// Time between two resets, when the project says nothing.
const BETWEEN: i64 = 45;

/// Time after which a reset that failed is tried again, where that is shorter.
const AGAIN: i64 = 10;

/// Time between two looks whether a reset is due.
const LOOK: Duration = Duration::from_secs(2);

/// How many are reset at the same time.
const SIDE_BY_SIDE: usize = 8;

/// The standby of an environment's database.
///
/// # Errors
/// The store fails.
pub(crate) async fn of<C: ConnectionTrait>(
    connection: &C,
    environment: Uuid,
) -> Result<Option<database_branches::Model>, Failure> {
    branch(connection, environment, DatabaseBranchPurpose::Standby).await
}

/// The database that an environment uses.
///
/// # Errors
/// The store fails.
pub(crate) async fn used<C: ConnectionTrait>(
    connection: &C,
    environment: Uuid,
) -> Result<Option<database_branches::Model>, Failure> {
    branch(connection, environment, DatabaseBranchPurpose::Primary).await
}

async fn branch<C: ConnectionTrait>(
    connection: &C,
    environment: Uuid,
    purpose: DatabaseBranchPurpose,
) -> Result<Option<database_branches::Model>, Failure> {
    database_branches::Entity::find()
        .filter(database_branches::Column::EnvironmentId.eq(environment))
        .filter(database_branches::Column::Purpose.eq(purpose))
        .one(connection)
        .await
        .map_err(failed)
}

/// Whether the project wants prod to have one, which it does unless it says otherwise.
///
/// # Errors
/// The store fails.
pub(crate) async fn is_wanted<C: ConnectionTrait>(connection: &C, project: Uuid) -> Result<bool, Failure> {
    let settings = connected_settings(connection, project, Provider::Neon).await?;
    Ok(settings.is_some_and(|settings| settings["standby"].as_bool().unwrap_or(true)))
}

/// What is to become of the standby of a project.
///
/// # Errors
/// The store fails.
pub(super) async fn plan<C: ConnectionTrait>(connection: &C, project: Uuid) -> Result<plan::Standby, Failure> {
    let there = database_branches::Entity::find()
        .filter(database_branches::Column::ProjectId.eq(project))
        .filter(database_branches::Column::Purpose.eq(DatabaseBranchPurpose::Standby))
        .one(connection)
        .await
        .map_err(failed)?;
    Ok(match (is_wanted(connection, project).await?, there) {
        (true, None) => plan::Standby::Made,
        (false, Some(_)) => plan::Standby::Removed,
        _ => plan::Standby::Stays,
    })
}

/// Begins a run that makes the standby of an environment whose own has taken over.
///
/// # Errors
/// The store fails.
pub(super) async fn again(write: &Write, environment: &environments::Model, now: DateTime<Utc>) -> Result<(), Failure> {
    if !is_wanted(&**write, environment.project_id).await? {
        return Ok(());
    }
    let steps: Vec<_> = plan::standby(&environment.name, plan::Standby::Made)
        .into_iter()
        .collect();
    let kind = ProvisioningRunKind::Recreate;
    request::begin(write, environment.project_id, kind, None, &steps, now).await?;
    Ok(())
}

/// Whether the newest look at the database of an environment found it not to answer.
async fn is_failing<C: ConnectionTrait>(connection: &C, environment: Uuid) -> Result<bool, Failure> {
    let newest = newest(connection, environment, HealthProbe::Database).await?;
    Ok(newest.is_some_and(|newest| !newest.healthy))
}

/// A standby and the database that it stands by for.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    /// The project.
    pub(crate) project: projects::Model,
    /// The environment.
    pub(crate) environment: environments::Model,
    /// What it uses.
    pub(crate) used: database_branches::Model,
    /// What stands by.
    pub(crate) standby: database_branches::Model,
}

impl Pair {
    /// The pair of an environment; `None`: it has none, or its project wants none.
    ///
    /// # Errors
    /// The store fails.
    pub(crate) async fn of<C: ConnectionTrait>(connection: &C, environment: Uuid) -> Result<Option<Self>, Failure> {
        let Some(standby) = of(connection, environment).await? else {
            return Ok(None);
        };
        if !is_wanted(connection, standby.project_id).await? {
            return Ok(None);
        }
        let used = used(connection, environment).await?;
        let row = environments::Entity::find_by_id(environment)
            .filter(environments::Column::Kind.eq(EnvironmentKind::Prod))
            .filter(environments::Column::State.ne(EnvironmentState::Archived))
            .one(connection)
            .await
            .map_err(failed)?;
        let project = projects::Entity::find_by_id(standby.project_id)
            // What is being taken away is neither made anew nor taken over.
            .filter(projects::Column::State.is_not_in([ProjectState::Deleting, ProjectState::Deleted]))
            .one(connection)
            .await
            .map_err(failed)?;
        let all = project.zip(row).zip(used);
        Ok(all
            .filter(|(_, used)| used.region.is_some() && standby.parent_id == Some(used.id))
            .map(|((project, environment), used)| Self {
                project,
                environment,
                used,
                standby,
            }))
    }

    /// The host of the branch that stands by; `None`: the project is not connected any more.
    ///
    /// # Errors
    /// The store fails, or the master key is not at hand.
    pub(crate) async fn there(&self, platform: &Platform) -> Result<Option<AtNeon>, Failure> {
        let (known, name) = (self.standby.external_id.clone(), self.standby.name.clone());
        at_neon::branch(platform, &self.project, known, name, None).await
    }

    /// The standby as Neon knows it.
    pub(crate) fn wanted(&self, there: &AtNeon) -> Option<neon::Standby> {
        let (parent, known) = (self.used.external_id.clone()?, self.standby.external_id.clone()?);
        Some(neon::Standby {
            project: there.project.clone(),
            parent,
            known: Some(known),
        })
    }

    /// Whose it is.
    pub(crate) fn mark(&self, fence: Arc<dyn Fence>) -> Mark {
        let name = self.environment.name.clone();
        Mark {
            project: self.project.id,
            key: key(self.project.id, &names::of(names::STANDBY, &name), Some(&name)),
            environment: name,
            fence,
        }
    }

    fn is_due(&self, now: DateTime<Utc>) -> bool {
        is_due(&self.project, &self.standby, now)
    }
}

/// Whether the time of a standby has come.
fn is_due(project: &projects::Model, standby: &database_branches::Model, now: DateTime<Utc>) -> bool {
    let seconds = project.settings["standbyResetSeconds"].as_i64();
    let seconds = seconds.unwrap_or(BETWEEN).max(1);
    let (last, seconds) = match standby.state {
        DatabaseBranchState::Failed => (Some(standby.updated_at), seconds.min(AGAIN)),
        _ => (standby.last_reset_at, seconds),
    };
    last.is_none_or(|last| last + TimeDelta::seconds(seconds) <= now)
}

/// Lets through for as long as this process has the turn and the database answers.
#[derive(Debug)]
struct Good {
    turn: Held,
    store: Store,
    environment: Uuid,
}

impl Fence for Good {
    fn check<'a>(&'a self, within: Option<&'a Write>) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            self.turn.check(within).await?;
            let failing = match within {
                Some(write) => is_failing(&**write, self.environment).await?,
                None => is_failing(self.store.read(), self.environment).await?,
            };
            match failing {
                true => Err(Failure::internal(
                    "the database does not answer, so its standby stays as it is",
                )),
                false => Ok(()),
            }
        })
    }
}

/// Resets what is due, again and again, until it is dropped. Every process does; each standby is one process's at a time.
pub(super) async fn watch(platform: Platform, holder: Arc<Holder>) {
    loop {
        tokio::time::sleep(LOOK).await;
        // A store that is away now may be back at the next look.
        let due = due(&platform).await.unwrap_or_default();
        stream::iter(due)
            .for_each_concurrent(SIDE_BY_SIDE, |pair| one(&platform, &holder, pair))
            .await;
    }
}

async fn due(platform: &Platform) -> Result<Vec<Pair>, Failure> {
    let (read, now) = (platform.store.read(), platform.clock.now());
    let is_standby = database_branches::Column::Purpose.eq(DatabaseBranchPurpose::Standby);
    let rows = database_branches::Entity::find().filter(is_standby.clone()).all(read);
    let rows = rows.await.map_err(failed)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let theirs = Query::select()
        .column(database_branches::Column::ProjectId)
        .from(database_branches::Entity)
        .and_where(is_standby)
        .to_owned();
    let theirs = projects::Entity::find().filter(projects::Column::Id.in_subquery(theirs));
    let projects = theirs.all(read).await.map_err(failed)?.into_iter();
    let projects: BTreeMap<Uuid, projects::Model> = projects.map(|project| (project.id, project)).collect();
    let mut due = Vec::new();
    for row in rows {
        let project = projects.get(&row.project_id);
        let is_due = project.is_some_and(|project| is_due(project, &row, now));
        if is_due && !is_failing(read, row.environment_id).await? {
            due.extend(Pair::of(read, row.environment_id).await?);
        }
    }
    Ok(due)
}

/// Resets one, if no other process is at it.
async fn one(platform: &Platform, holder: &Holder, pair: Pair) {
    let subject = format!("standby/{}", pair.standby.id);
    let Ok(Some(turn)) = holder.turn(platform, subject.clone()).await else {
        return;
    };
    let failed_before = pair.standby.state == DatabaseBranchState::Failed;
    let project = pair.project.id;
    let done = tokio::select! {
        done = reset(platform, &turn, pair) => done,
        () = keep(platform, &turn) => Ok(()),
    };
    // Told once, and not with every time that it is tried again.
    if let Err(failure) = done
        && !failed_before
    {
        platform.observer.act_failed(&ActFailed {
            act: "resetting a standby",
            project: Some(project),
            run: None,
            failure: &failure,
            again: true,
            at: platform.clock.now(),
        });
    }
    let _ = holder.give_back(platform, Some(&subject)).await;
}

async fn reset(platform: &Platform, turn: &Turn, seen: Pair) -> Result<(), Failure> {
    use DatabaseBranchEvent::{Fail, Ready, Reset, Retry};
    let held = Held {
        store: platform.store.clone(),
        turn: turn.clone(),
    };
    let good: Arc<dyn Fence> = Arc::new(Good {
        turn: held.clone(),
        store: platform.store.clone(),
        environment: seen.environment.id,
    });
    let Some(there) = seen.there(platform).await? else {
        return Ok(());
    };
    let write = platform.store.begin_behind().await?;
    let began = platform.clock.now();
    let pair = match Pair::of(&*write, seen.environment.id).await? {
        Some(pair) if pair.standby.id == seen.standby.id && pair.is_due(began) => pair,
        // Somebody else did it meanwhile, or it stands by no more.
        _ => return Ok(()),
    };
    if good.check(Some(&write)).await.is_err() {
        return Ok(());
    }
    let on = match pair.standby.state {
        DatabaseBranchState::Ready => Some(Reset),
        DatabaseBranchState::Failed => Some(Retry),
        // Whoever was at it died.
        _ => None,
    };
    moved(&write, &pair.standby, on, began, None).await?;
    write.commit().await?;

    let mark = pair.mark(Arc::clone(&good));
    let done = match pair.wanted(&there) {
        Some(wanted) => there.neon.reset_standby(&there.access, &mark, &wanted).await,
        None => Ok(()),
    };
    let write = platform.store.begin_behind().await?;
    held.check(Some(&write)).await?;
    let row = of(&*write, seen.environment.id).await?;
    let Some(row) = row.filter(|row| row.id == seen.standby.id) else {
        // It has taken over, or was taken away.
        return Ok(());
    };
    let was_stopped = done.is_err() && good.check(Some(&write)).await.is_err();
    let (on, last) = match &done {
        Ok(()) => (Ready, Some(began)),
        // Nothing was asked of Neon, or as long ago as before the first sign.
        Err(_) if was_stopped => (Ready, None),
        Err(_) => (Fail, None),
    };
    moved(&write, &row, Some(on), platform.clock.now(), last).await?;
    write.commit().await?;
    if was_stopped { Ok(()) } else { done }
}

/// Moves a standby. `reset`: everything that was written until then is in it.
async fn moved(
    write: &Write,
    row: &database_branches::Model,
    on: Option<DatabaseBranchEvent>,
    now: DateTime<Utc>,
    reset: Option<DateTime<Utc>>,
) -> Result<(), Failure> {
    let mut active = row.clone().into_active_model();
    if let Some(on) = on {
        active.state = Set(states::branch(row.state, on)?);
    }
    if let Some(reset) = reset {
        active.last_reset_at = Set(Some(reset));
    }
    active.updated_at = Set(now);
    active.update(&**write).await.map_err(failed)?;
    Ok(())
}
