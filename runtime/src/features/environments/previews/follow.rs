//! Keeping previews at what their branches have.
//!
//! Owns: when a commit is deployed that nobody asked to be, and when it brings a preview back that has expired. Must not know: how.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::entities::{deployments, environments};
use flaresmith_store::enums::{EnvironmentKind, EnvironmentState};
use sea_orm::{ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::super::change::Change;
use super::super::deploy::{MENDS, wanted};
use super::made;
use crate::platform::Platform;
use crate::repositories::Local;
use crate::store::failed;

/// For how long a commit brings an expired preview back.
const BROUGHT_BACK: TimeDelta = TimeDelta::days(7);

/// Branches and their newest commits.
type Heads = BTreeMap<String, String>;

/// Looks once at every project that has previews, or had some lately. What goes wrong with one keeps none of the others.
pub(super) async fn all(platform: &Platform) -> Result<(), Failure> {
    use environments::{Column, Entity};
    let now = platform.clock.now();
    let late = Condition::all()
        .add(Column::State.eq(EnvironmentState::Archived))
        .add(Column::ArchivedAt.gt(now - BROUGHT_BACK));
    let rows = Entity::find()
        .filter(Column::Kind.eq(EnvironmentKind::Preview))
        .filter(
            Condition::any()
                .add(Column::State.is_in([EnvironmentState::Active, EnvironmentState::Error]))
                .add(late),
        )
        .all(platform.store.read())
        .await
        .map_err(failed)?;
    let mut projects: BTreeMap<Uuid, Vec<environments::Model>> = BTreeMap::new();
    for row in rows {
        projects.entry(row.project_id).or_default().push(row);
    }
    let mut done = Ok(());
    for (project, rows) in projects {
        let branches: BTreeSet<String> = rows.iter().map(|row| row.branch.clone()).collect();
        let Ok(heads) = platform
            .repositories
            .with_standing(project, move |local| heads(local, &branches))
            .await
        else {
            // Its repository is being taken away, or is not there yet.
            continue;
        };
        for row in rows {
            if let Some(head) = heads.get(&row.branch) {
                let one = match row.state {
                    EnvironmentState::Archived => bring_back(platform, &row, head).await,
                    _ => keep_up(platform, &row, head).await,
                };
                done = done.and(one);
            }
        }
    }
    done
}

fn heads(local: &Local, branches: &BTreeSet<String>) -> Result<Heads, Failure> {
    let mut found = Heads::new();
    for branch in branches {
        if let Some(head) = local.head(branch)? {
            found.insert(branch.clone(), head.to_string());
        }
    }
    Ok(found)
}

/// Deploys the head of a branch, unless it was deployed there before: what somebody put there since on purpose stays.
async fn keep_up(platform: &Platform, row: &environments::Model, head: &str) -> Result<(), Failure> {
    if had(platform.store.read(), row.id, head).await? {
        return Ok(());
    }
    let change = Change::begin(platform, row.project_id).await?;
    let row = match change.environment(row.id).await {
        Ok(row) if matches!(row.state, EnvironmentState::Active | EnvironmentState::Error) => row,
        // It has expired since, or something else goes on in it.
        _ => return Ok(()),
    };
    // Another process may have been faster.
    if !had(&*change.write, row.id, head).await? {
        let wanted = wanted(head.to_owned(), row.branch.clone(), None);
        change.deploy(&row, &MENDS, wanted).await?;
    }
    Ok(())
}

/// Whether a commit was ever deployed to an environment, or tried to be.
async fn had<C: ConnectionTrait>(connection: &C, environment: Uuid, commit: &str) -> Result<bool, Failure> {
    let found = deployments::Entity::find()
        .filter(deployments::Column::EnvironmentId.eq(environment))
        .filter(deployments::Column::CommitSha.eq(commit))
        .one(connection)
        .await
        .map_err(failed)?;
    Ok(found.is_some())
}

/// Makes a preview again that has expired, when its branch has a commit that it never had.
async fn bring_back(platform: &Platform, row: &environments::Model, head: &str) -> Result<(), Failure> {
    // Whoever archived one by hand does not want it back.
    let is_over = row.archived_at.zip(row.expires_at).is_some_and(|(at, end)| end <= at);
    if !is_over || had(platform.store.read(), row.id, head).await? {
        return Ok(());
    }
    if is_later(platform.store.read(), row).await? {
        return Ok(());
    }
    let change = Change::begin(platform, row.project_id).await?;
    if is_later(&*change.write, row).await? {
        return Ok(());
    }
    match made(change, row.branch.clone(), None, head.to_owned(), None).await {
        // There is no room, or the former one is not gone yet: the next look may find that it is.
        Err(failure) if matches!(failure.code(), ErrorCode::EnvPreviewLimitReached | ErrorCode::EnvBusy) => Ok(()),
        done => done.map(|_| ()),
    }
}

/// Whether its branch had another preview since.
async fn is_later<C: ConnectionTrait>(connection: &C, row: &environments::Model) -> Result<bool, Failure> {
    let found = environments::Entity::find()
        .filter(environments::Column::ProjectId.eq(row.project_id))
        .filter(environments::Column::Branch.eq(&row.branch))
        .filter(environments::Column::Kind.eq(EnvironmentKind::Preview))
        .filter(environments::Column::CreatedAt.gt(row.created_at))
        .one(connection)
        .await
        .map_err(failed)?;
    Ok(found.is_some())
}
