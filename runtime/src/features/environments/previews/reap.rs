//! Ending previews whose time is over, and holding what is written down against what providers have.
//!
//! Owns: what of it is to be taken away or told. Must not know: how anything is taken away.
//!
//! Any number of processes may do this at the same time, and die at any moment of it. Each only looks, and then begins runs: one transaction
//! a preview, in which everything is looked at once more with nobody else changing the project. What a run does is journalled.
//!
//! - A provider has something that bears our mark, of a project that is here, for a preview that is not: it is taken away. Of projects
//!   that are not here nothing is known, so what is theirs stays. Branches are their owners' and no provider makes one for a preview.
//! - A preview is active, and a provider lacks what it is made of: it is told, as an error of the preview and as a line of the log.

use std::collections::BTreeSet;

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::lifecycles::EnvironmentEvent;
use flaresmith_store::entities::{database_branches, environments, projects, resource_records};
use flaresmith_store::enums::{EnvironmentKind, EnvironmentState, ProjectState, ResourceKind, ResourceRecordState};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::super::change::{Change, find};
use crate::pipeline::observe::ActFailed;
use crate::platform::Platform;
use crate::providers::Marked;
use crate::provisioning::{at_cloudflare, at_neon, previews, states};
use crate::store::failed;

/// How names of previews begin.
const PREVIEW: &str = "preview-";

/// Looks once at everything. What goes wrong with one preview keeps none of the others.
pub(super) async fn all(platform: &Platform) -> Result<(), Failure> {
    let done = expire(platform).await;
    done.and(reconcile(platform).await)
}

/// Archives previews that nothing happened in for too long.
async fn expire(platform: &Platform) -> Result<(), Failure> {
    use environments::{Column, Entity};
    let over = Entity::find()
        .filter(Column::State.is_in([EnvironmentState::Active, EnvironmentState::Error]))
        .filter(Column::Kind.eq(EnvironmentKind::Preview))
        .filter(Column::ExpiresAt.lte(platform.clock.now()))
        .all(platform.store.read())
        .await
        .map_err(failed)?;
    let mut done = Ok(());
    for row in over {
        let one = expire_one(platform, &row).await;
        done = done.and(one);
    }
    done
}

async fn expire_one(platform: &Platform, row: &environments::Model) -> Result<(), Failure> {
    let Some(change) = begun(platform, row.project_id).await? else {
        return Ok(());
    };
    let row = find(&*change.write, row.project_id, row.id).await?;
    // Something may have happened in it since.
    let is_over = row.expires_at.is_some_and(|expires| expires <= change.now);
    if is_over && previews::archive(&change.write, &row, EnvironmentEvent::Expire, None, change.now).await? {
        change.write.commit().await?;
        platform.bell.notify_one();
    }
    Ok(())
}

/// A change of a project; `None`: it is gone, or going with everything that it has.
async fn begun(platform: &Platform, project: Uuid) -> Result<Option<Change>, Failure> {
    match Change::begin(platform, project).await {
        Ok(change) => Ok(Some(change)),
        Err(failure) if matches!(failure.code(), ErrorCode::ProjectNotFound | ErrorCode::EnvStateInvalid) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Holds what is written down against what providers list.
async fn reconcile(platform: &Platform) -> Result<(), Failure> {
    let any = database_branches::Entity::find().one(platform.store.read()).await;
    if any.map_err(failed)?.is_none() {
        // A server that has made nothing starts no Postgres to find nothing in it.
        return Ok(());
    }
    // Read before providers are asked: what is not as it was then is not judged by their answer.
    let known = live(platform).await?;
    let workers: BTreeSet<Marked> = platform.providers.edge.marked().await?.into_iter().collect();
    let databases: BTreeSet<Marked> = platform.providers.databases.marked().await?.into_iter().collect();
    let mut done = Ok(());
    for row in known.iter().filter(|row| row.state == EnvironmentState::Active) {
        let mark = mark_of(row);
        // Neon and Cloudflare are asked by runs alone.
        let there = at_neon::names(platform.store.read(), row.project_id).await?;
        let at_cloudflare = at_cloudflare::names(platform.store.read(), row.project_id).await?;
        let has_worker = workers.contains(&mark) || at_cloudflare.contains(&row.name);
        let has_database = databases.contains(&mark) || there.contains(&row.name);
        let lacks = match (has_worker, has_database) {
            (true, true) => continue,
            (false, _) => "worker",
            (true, false) => "database",
        };
        let one = lost(platform, row, lacks).await;
        done = done.and(one);
    }
    let living: BTreeSet<Marked> = known.iter().map(mark_of).collect();
    let mut left: BTreeSet<Marked> = workers.union(&databases).cloned().collect();
    left.extend(recorded(platform).await?);
    left.retain(|mark| mark.environment.starts_with(PREVIEW) && !living.contains(mark));
    for mark in left {
        let one = take_away(platform, &mark).await;
        done = done.and(one);
    }
    done
}

fn mark_of(row: &environments::Model) -> Marked {
    Marked {
        project: row.project_id,
        environment: row.name.clone(),
    }
}

/// Every preview that is not archived.
async fn live(platform: &Platform) -> Result<Vec<environments::Model>, Failure> {
    environments::Entity::find()
        .filter(environments::Column::Kind.eq(EnvironmentKind::Preview))
        .filter(environments::Column::State.ne(EnvironmentState::Archived))
        .all(platform.store.read())
        .await
        .map_err(failed)
}

/// What is written down as made for previews: whatever took one away may have failed.
async fn recorded(platform: &Platform) -> Result<Vec<Marked>, Failure> {
    use resource_records::{Column, Entity};
    let rows = Entity::find()
        .filter(Column::Environment.starts_with(PREVIEW))
        .filter(Column::Resource.is_in([ResourceKind::CloudflareWorker, ResourceKind::NeonBranch]))
        .filter(Column::State.ne(ResourceRecordState::Deleted))
        .all(platform.store.read())
        .await
        .map_err(failed)?;
    let marks = rows.into_iter().map(|row| Marked {
        project: row.project_id,
        environment: row.environment,
    });
    Ok(marks.collect())
}

/// Begins to take away what is there for a preview that is not.
async fn take_away(platform: &Platform, mark: &Marked) -> Result<(), Failure> {
    let project = projects::Entity::find_by_id(mark.project)
        .one(platform.store.read())
        .await
        .map_err(failed)?;
    if project.is_none_or(|project| matches!(project.state, ProjectState::Deleting | ProjectState::Deleted)) {
        return Ok(());
    }
    let Some(change) = begun(platform, mark.project).await? else {
        return Ok(());
    };
    let living = environments::Entity::find()
        .filter(environments::Column::ProjectId.eq(mark.project))
        .filter(environments::Column::Name.eq(&mark.environment))
        .filter(environments::Column::State.ne(EnvironmentState::Archived))
        .one(&*change.write)
        .await
        .map_err(failed)?;
    if living.is_some() || previews::is_worked_on(&change.write, mark.project, &mark.environment).await? {
        return Ok(());
    }
    previews::remove(&change.write, mark.project, &mark.environment, None, change.now).await?;
    change.write.commit().await?;
    platform.bell.notify_one();
    Ok(())
}

/// Tells that something is gone that a preview is made of. Deploying it makes that anew.
async fn lost(platform: &Platform, seen: &environments::Model, what: &str) -> Result<(), Failure> {
    let Some(change) = begun(platform, seen.project_id).await? else {
        return Ok(());
    };
    let row = find(&*change.write, seen.project_id, seen.id).await?;
    if row.version != seen.version {
        return Ok(());
    }
    let code = ErrorCode::EnvResourceLost;
    // A preview gets into an error by way of a change, and by none other.
    for event in [EnvironmentEvent::Deploy, EnvironmentEvent::Fail] {
        states::move_environment(&change.write, row.id, event, change.now, |row| {
            row.last_error_code = Set(Some(code.as_str().to_owned()));
        })
        .await?;
    }
    let at = change.now;
    change.write.commit().await?;
    let failure = Failure::new(code)
        .with_message(format!("The {what} of {} is gone at its provider.", row.name))
        .with_context("environmentId", row.id);
    platform.observer.act_failed(&ActFailed {
        act: "holding previews against their providers",
        project: Some(row.project_id),
        run: None,
        failure: &failure,
        again: false,
        at,
    });
    Ok(())
}

/// Tells how many there are.
pub(super) async fn count(platform: &Platform) -> Result<(), Failure> {
    let active = environments::Entity::find()
        .filter(environments::Column::Kind.eq(EnvironmentKind::Preview))
        .filter(environments::Column::State.eq(EnvironmentState::Active))
        .count(platform.store.read())
        .await
        .map_err(failed)?;
    platform.metrics.previews(u32::try_from(active).unwrap_or(u32::MAX));
    Ok(())
}
