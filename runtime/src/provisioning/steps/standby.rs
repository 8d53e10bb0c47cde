//! The standby of an environment's database at Neon, and its removal.
//!
//! Owns: the row of the branch that stands by. Must not know: when it is reset, and what becomes of it.

use chrono::{DateTime, TimeDelta, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::lifecycles::DatabaseBranchEvent;
use flaresmith_api::types::PlannedCallMethod::Post;
use flaresmith_api::types::Provider::Neon;
use flaresmith_store::entities::database_branches;
use flaresmith_store::enums::{DatabaseBranchPurpose, DatabaseBranchState};
use futures_util::future::BoxFuture;
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::left_to_others;
use super::neon_branch::GONE;
use crate::providers::Made;
use crate::providers::neon;
use crate::provisioning::call::{Call, There, asks, changes};
use crate::provisioning::look::Looked;
use crate::provisioning::step::{Step, Subject};
use crate::provisioning::{at_neon, standby, states};
use crate::store::{Write, failed, new_id};

/// What making it takes.
const MAKES: [Call; 8] = [
    asks(
        Neon,
        "/projects/{project}/branches/{branch}",
        "Looks for the standby by its id, where one is known.",
    ),
    asks(
        Neon,
        "/projects/{project}/branches",
        "Looks for the standby by its name.",
    ),
    asks(
        Neon,
        "/projects/{project}/operations",
        "Looks what is under way in the project.",
    ),
    changes(
        Neon,
        Post,
        "/projects/{project}/branches",
        "Makes the standby where it is not there.",
    ),
    asks(
        Neon,
        "/projects/{project}/operations/{operation}",
        "Waits for what was begun.",
    ),
    asks(
        Neon,
        "/projects/{project}/branches/{branch}/endpoints",
        "Looks whether it has a compute.",
    ),
    changes(
        Neon,
        Post,
        "/projects/{project}/endpoints",
        "Makes a compute where it has none.",
    ),
    asks(Neon, "/projects/{project}", "Looks for the project that it is in."),
];

/// Makes it.
pub(super) struct Standby;

/// Takes it away.
pub(super) struct Removal;

impl Step for Standby {
    fn calls(&self, _: There) -> Vec<Call> {
        MAKES.to_vec()
    }

    fn look<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Option<Looked>, Failure>> {
        Box::pin(looked(on))
    }

    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let connection = at_neon::connection(on).await?;
            let connection = connection.ok_or_else(|| Failure::new(ErrorCode::IntegrationNotConnected))?;
            let there = wanted(on, connection.known).await?;
            let there = there.ok_or_else(|| Failure::internal("the database of the environment is not at Neon"))?;
            let neon = &on.platform.providers.neon;
            let made = neon.ensure_standby(&connection.access, &on.mark, &there).await?;
            Ok(Made {
                external_id: Some(made.id),
                name: made.name,
                url: None,
                ..Made::default()
            })
        })
    }

    fn keep<'a>(&'a self, write: &'a Write, on: &'a Subject, made: &'a Made) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let used = at_neon::row(&**write, on).await?;
            let used = used.ok_or_else(|| Failure::internal("the environment has no database"))?;
            if standby::of(&**write, used.environment_id).await?.is_some() {
                return Ok(());
            }
            let now = on.platform.clock.now();
            let row = database_branches::ActiveModel {
                id: Set(new_id()),
                project_id: Set(on.project.id),
                environment_id: Set(used.environment_id),
                name: Set(made.name.clone()),
                purpose: Set(DatabaseBranchPurpose::Standby),
                state: Set(states::branch(
                    DatabaseBranchState::Creating,
                    DatabaseBranchEvent::Ready,
                )?),
                external_id: Set(made.external_id.clone()),
                parent_id: Set(Some(used.id)),
                region: Set(used.region),
                // What it has now may be older than this; the first reset comes at once.
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
            database_branches::Entity::delete_many()
                .filter(database_branches::Column::EnvironmentId.is_in(at_neon::ids(&**write, on).await?))
                .filter(database_branches::Column::Purpose.eq(DatabaseBranchPurpose::Standby))
                .exec(&**write)
                .await
                .map_err(failed)?;
            Ok(())
        })
    }
}

impl Step for Removal {
    fn calls(&self, _: There) -> Vec<Call> {
        GONE.to_vec()
    }

    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            taken(on, None).await?;
            Ok(Made::default())
        })
    }

    fn keep<'a>(&'a self, write: &'a Write, on: &'a Subject, _: &'a Made) -> BoxFuture<'a, Result<(), Failure>> {
        Standby.forget(write, on)
    }
}

/// Looks for it by its id and its mark.
async fn looked(on: &Subject) -> Result<Option<Looked>, Failure> {
    let connection = at_neon::connection(on).await?;
    let connection = connection.ok_or_else(|| Failure::new(ErrorCode::IntegrationNotConnected))?;
    let Some(there) = wanted(on, connection.known).await? else {
        return Ok(None);
    };
    let found = on
        .platform
        .providers
        .neon
        .standby(&connection.access, &on.mark, &there)
        .await?;
    let slug = &on.project.slug;
    Ok(Some(match found {
        Some(found) => Looked::fine(found.id),
        None => Looked::missing(
            "The branch that stands by is not in the project at Neon.",
            "A standby of the branch of prod.",
            format!("Restore it at Neon, or have none: `flaresmith integration connect neon {slug} --no-standby`."),
        ),
    }))
}

/// The standby that the branch of the environment is to have or has; `None`: its database is elsewhere.
async fn wanted(on: &Subject, project: Option<String>) -> Result<Option<neon::Standby>, Failure> {
    let read = on.platform.store.read();
    let used = at_neon::row(read, on).await?.filter(|used| used.region.is_some());
    let Some((project, used)) = project.zip(used) else {
        return Ok(None);
    };
    let known = standby::of(read, used.environment_id).await?;
    Ok(used.external_id.map(|parent| neon::Standby {
        project,
        parent,
        known: known.and_then(|known| known.external_id),
    }))
}

/// Takes the standby away, if it is there and the project is still connected. `since`: nothing that is older.
pub(super) async fn taken(on: &Subject, since: Option<DateTime<Utc>>) -> Result<(), Failure> {
    let Some(connection) = at_neon::connection(on).await? else {
        return Ok(());
    };
    let Some(there) = wanted(on, connection.known).await? else {
        return Ok(());
    };
    let (access, neon) = (&connection.access, &on.platform.providers.neon);
    if neon.project(access, &there.project).await?.is_none() {
        return Ok(());
    }
    let found = match neon.standby(access, &on.mark, &there).await {
        Err(failure) => return left_to_others(Err(failure)),
        Ok(found) => found,
    };
    // Clocks differ by little.
    let is_older = |since: DateTime<Utc>, made: DateTime<Utc>| made + TimeDelta::seconds(1) < since;
    match found {
        Some(found) if since.is_none_or(|since| !is_older(since, found.created_at)) => {
            neon.remove_branch(access, &on.mark, &there.project, &found).await
        }
        _ => Ok(()),
    }
}
