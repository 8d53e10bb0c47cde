//! The database of an environment, and its removal.
//!
//! Owns: the row of the database branch. Must not know: how a host makes one, and which there are.

use chrono::{DateTime, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::lifecycles::DatabaseBranchEvent;
use flaresmith_store::entities::database_branches;
use flaresmith_store::enums::{DatabaseBranchPurpose, DatabaseBranchState, EnvironmentKind, ResourceKind};
use futures_util::future::BoxFuture;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
};

use super::neon_branch::{BRANCH, GONE};
use super::{left_to_others, standby};
use crate::providers::database_host::DatabaseHost as _;
use crate::providers::{Made, Mark};
use crate::provisioning::call::{Call, There, here};
use crate::provisioning::look::{Kind, Looked};
use crate::provisioning::step::{Step, Subject, key};
use crate::provisioning::{at_neon, states};
use crate::store::{Write, failed, new_id};

/// Makes it.
pub(super) struct Database;

/// Takes it away.
pub(super) struct Removal;

/// The environment whose database those of previews begin as copies of.
const SOURCE: &str = "dev";

fn is_preview(on: &Subject) -> bool {
    let environment = on.environment.as_ref();
    environment.is_some_and(|environment| environment.kind == EnvironmentKind::Preview)
}

fn source(mark: &Mark) -> Mark {
    Mark {
        environment: SOURCE.to_owned(),
        key: key(mark.project, ResourceKind::NeonBranch.as_str(), Some(SOURCE)),
        ..mark.clone()
    }
}

impl Step for Database {
    fn calls(&self, there: There) -> Vec<Call> {
        match there.database {
            true => BRANCH.to_vec(),
            false => vec![here(
                "Makes the database with a role of its own where databases of this installation are, if it is not there.",
            )],
        }
    }

    fn look<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Option<Looked>, Failure>> {
        Box::pin(async move {
            let (project, name) = (&on.project.slug, &on.mark.environment);
            let found = at_neon::host(on).await?.look_database(&on.mark).await?;
            let row = at_neon::row(on.platform.store.read(), on).await?;
            let is_there = row.as_ref().is_some_and(|row| row.region.is_some());
            let known = row.and_then(|row| row.external_id).filter(|_| is_there);
            Ok(Some(match (found, known) {
                // Another branch has the name by now: what was in the former one is not in it.
                (Some(found), Some(known)) if found.external_id.as_ref() != Some(&known) => Looked::but(
                    found.external_id.clone().unwrap_or_default(),
                    Kind::Differs,
                    format!(
                        "Another branch has its name: {}.",
                        found.external_id.unwrap_or_default()
                    ),
                    format!("The branch {known}."),
                    "Restore the former branch at Neon, or deploy to the environment to go on with this one.",
                ),
                (Some(found), _) => Looked::fine(found.external_id.unwrap_or(found.name)),
                (None, Some(known)) => Looked::missing(
                    format!("Neon has no branch for {name}."),
                    format!("The branch {known}."),
                    "Recover it at Neon; what was in it is nowhere else.",
                ),
                (None, None) => Looked::missing(
                    format!("There is no database for {name}."),
                    "The database of the environment, with its mark.",
                    format!(
                        "Restore it from a backup, or have an empty one made with `flaresmith env deploy {project} {name}`."
                    ),
                ),
            }))
        })
    }

    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let host = at_neon::host(on).await?;
            match is_preview(on) {
                true => host.branch_database(&on.mark, &source(&on.mark)).await,
                false => host.ensure_database(&on.mark).await,
            }
        })
    }

    fn keep<'a>(&'a self, write: &'a Write, on: &'a Subject, made: &'a Made) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let environment = on
                .environment
                .as_ref()
                .ok_or_else(|| Failure::new(ErrorCode::EnvNotFound))?;
            let found = database_branches::Entity::find()
                .filter(database_branches::Column::EnvironmentId.eq(environment.id))
                .filter(database_branches::Column::Purpose.eq(DatabaseBranchPurpose::Primary))
                .one(&**write)
                .await
                .map_err(failed)?;
            let now = on.platform.clock.now();
            if let Some(found) = found {
                // It may have been a file before.
                if found.external_id != made.external_id {
                    let mut row = found.into_active_model();
                    row.external_id = Set(made.external_id.clone());
                    row.updated_at = Set(now);
                    row.update(&**write).await.map_err(failed)?;
                }
                return Ok(());
            }
            let parent = match is_preview(on) {
                true => database_branches::Entity::find()
                    .filter(database_branches::Column::ProjectId.eq(on.project.id))
                    .filter(database_branches::Column::Name.eq(SOURCE))
                    .one(&**write)
                    .await
                    .map_err(failed)?,
                false => None,
            };
            let row = database_branches::ActiveModel {
                id: Set(new_id()),
                project_id: Set(on.project.id),
                environment_id: Set(environment.id),
                name: Set(environment.name.clone()),
                purpose: Set(DatabaseBranchPurpose::Primary),
                state: Set(states::branch(
                    DatabaseBranchState::Creating,
                    DatabaseBranchEvent::Ready,
                )?),
                external_id: Set(made.external_id.clone()),
                parent_id: Set(parent.map(|parent| parent.id)),
                region: Set(at_neon::region(&**write, on.project.id).await?),
                last_reset_at: Set(None),
                created_at: Set(now),
                updated_at: Set(now),
            };
            row.insert(&**write).await.map_err(failed)?;
            Ok(())
        })
    }

    fn undo<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move { taken(on, at_neon::began(on).await?).await })
    }

    fn forget<'a>(&'a self, write: &'a Write, on: &'a Subject) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            // Also those that stand by for it, and those that others stood by for.
            database_branches::Entity::delete_many()
                .filter(database_branches::Column::EnvironmentId.is_in(at_neon::ids(&**write, on).await?))
                .exec(&**write)
                .await
                .map_err(failed)?;
            Ok(())
        })
    }
}

/// Takes the database away wherever it may be: one that moved to Neon is on this machine as well. `since`: at Neon nothing older.
async fn taken(on: &Subject, since: Option<DateTime<Utc>>) -> Result<(), Failure> {
    left_to_others(on.platform.providers.databases.remove_database(&on.mark).await)?;
    // What begins with a branch goes before it.
    standby::taken(on, since).await?;
    // Who ended the connection before keeps what is there.
    match at_neon::there(on, since).await? {
        Some(there) => there.remove_database(&on.mark).await,
        None => Ok(()),
    }
}

impl Step for Removal {
    fn calls(&self, there: There) -> Vec<Call> {
        let mut calls = vec![here("Drops the database of the environment with everything in it.")];
        if there.database {
            calls.extend(GONE);
        }
        calls
    }

    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            taken(on, None).await?;
            Ok(Made::default())
        })
    }

    fn keep<'a>(&'a self, write: &'a Write, on: &'a Subject, _: &'a Made) -> BoxFuture<'a, Result<(), Failure>> {
        Database.forget(write, on)
    }
}
