//! The Neon project of a project, and its removal.
//!
//! Owns: which one it is, and that undoing takes away what the run made alone. Must not know: how Neon is called.

use chrono::TimeDelta;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::entities::environments;
use futures_util::future::BoxFuture;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use crate::providers::Made;
use crate::provisioning::at_neon;
use crate::provisioning::step::{Step, Subject};
use crate::store::failed;

/// Makes it.
pub(super) struct Project;

/// Takes it away.
pub(super) struct Removal;

impl Step for Project {
    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let connection = at_neon::connection(on).await?;
            let connection = connection.ok_or_else(|| Failure::new(ErrorCode::IntegrationNotConnected))?;
            let (access, wanted) = (&connection.access, &connection.wanted);
            let known = connection.known.as_deref();
            let neon = &on.platform.providers.neon;
            let there = neon.ensure_project(access, &on.mark, wanted, known).await?;
            Ok(Made {
                external_id: Some(there.id),
                name: there.name,
                url: None,
            })
        })
    }

    fn undo<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(undone(on))
    }
}

/// Takes back what the run made, and nothing that was there before or has branches of others.
async fn undone(on: &Subject) -> Result<(), Failure> {
    let Some(connection) = at_neon::connection(on).await? else {
        return Ok(());
    };
    let (access, neon) = (&connection.access, &on.platform.providers.neon);
    let (wanted, known) = (&connection.wanted, connection.known.as_deref());
    let found = match neon.own_project(access, &on.mark, wanted, known).await {
        // It is somebody's, and was not made by the run.
        Err(failure) if failure.code() == ErrorCode::ProvisionResourceForeign => None,
        found => found?,
    };
    let began = at_neon::began(on).await?;
    // Clocks differ by little.
    let Some(found) =
        found.filter(|found| began.is_some_and(|began| found.created_at + TimeDelta::seconds(1) >= began))
    else {
        return Ok(());
    };
    let rows = environments::Entity::find()
        .filter(environments::Column::ProjectId.eq(on.project.id))
        .all(on.platform.store.read())
        .await
        .map_err(failed)?;
    let branches = neon.branches(access, &found.id).await?;
    let is_ours = |name: &str| rows.iter().any(|row| row.name == name);
    match branches.iter().all(|branch| is_ours(&branch.name)) {
        true => neon.remove_project(access, &on.mark, &found.id).await,
        false => Ok(()),
    }
}

impl Step for Removal {
    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            // Who ended the connection before keeps what is there.
            if let Some(connection) = at_neon::connection(on).await? {
                let (access, neon) = (&connection.access, &on.platform.providers.neon);
                let (wanted, known) = (&connection.wanted, connection.known.as_deref());
                if let Some(found) = neon.own_project(access, &on.mark, wanted, known).await? {
                    neon.remove_project(access, &on.mark, &found.id).await?;
                }
            }
            Ok(Made::default())
        })
    }
}
