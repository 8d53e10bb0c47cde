//! Moving an environment that has a database on this machine to a branch at Neon.
//!
//! Owns: the rows that say where the database is. Must not know: how Neon is called.
//!
//! The database on this machine stays, with all that is in it: nothing is copied, and nothing is lost. What runs goes on with it until
//! the next deployment, and a rollback to a version from before goes back to it.

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::PlannedCallMethod::{Delete, Post};
use flaresmith_api::types::Provider::Neon;
use flaresmith_store::entities::{database_branches, resource_records};
use flaresmith_store::enums::ResourceKind;
use futures_util::future::BoxFuture;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
};

use super::{hinted, names};
use crate::providers::Made;
use crate::providers::database_host::DatabaseHost as _;
use crate::provisioning::at_neon;
use crate::provisioning::call::{Call, There, asks, changes};
use crate::provisioning::step::{Step, Subject};
use crate::store::{Write, failed};

/// What became of the data.
const KEPT: &str = "The database on this machine stays with its data; nothing of it was copied. The environment uses the empty branch \
                    at Neon from its next deployment on, which makes its tables.";

/// What a branch for an environment takes.
pub(super) const BRANCH: [Call; 9] = [
    asks(
        Neon,
        "/projects/{project}/branches/{branch}",
        "Looks for the branch by its id, where one is known.",
    ),
    asks(
        Neon,
        "/projects/{project}/branches",
        "Looks for the branch by its name, and for the one it begins with.",
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
        "Makes the branch where it is not there.",
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
    asks(
        Neon,
        "/projects/{project}/connection_uri",
        "Compares its password with that of its parent.",
    ),
    changes(
        Neon,
        Post,
        "/projects/{project}/branches/{branch}/roles/{role}/reset_password",
        "Gives it a password of its own where both are the same.",
    ),
];

/// What it takes to remove one.
pub(super) const GONE: [Call; 6] = [
    asks(Neon, "/projects/{project}", "Looks for the project that it is in."),
    asks(
        Neon,
        "/projects/{project}/branches/{branch}",
        "Looks for the branch by its id.",
    ),
    asks(
        Neon,
        "/projects/{project}/branches",
        "Looks for the branch by its name.",
    ),
    changes(
        Neon,
        Delete,
        "/projects/{project}/branches/{branch}",
        "Removes the branch.",
    ),
    asks(
        Neon,
        "/projects/{project}/operations",
        "Looks what is under way in the project.",
    ),
    asks(
        Neon,
        "/projects/{project}/operations/{operation}",
        "Waits for what was begun.",
    ),
];

/// Moves it.
pub(super) struct Branch;

impl Step for Branch {
    fn calls(&self, _: There) -> Vec<Call> {
        BRANCH.to_vec()
    }

    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let there = at_neon::there(on, None).await?;
            let there = there.ok_or_else(|| Failure::new(ErrorCode::IntegrationNotConnected))?;
            there.ensure_database(&on.mark).await
        })
    }

    fn keep<'a>(&'a self, write: &'a Write, on: &'a Subject, made: &'a Made) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let region = at_neon::region(&**write, on.project.id).await?;
            placed(write, on, made, region).await?;
            hinted(write, on, names::NEON_BRANCH, KEPT).await
        })
    }

    fn undo<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            if let Some(there) = at_neon::there(on, at_neon::began(on).await?).await? {
                there.remove_database(&on.mark).await?;
            }
            // It is there as before; its row says so again.
            let here = on.platform.providers.databases.ensure_database(&on.mark).await?;
            let write = on.write().await?;
            placed(&write, on, &here, None).await?;
            write.commit().await
        })
    }
}

/// Writes down where the environment's database is.
async fn placed(write: &Write, on: &Subject, made: &Made, region: Option<String>) -> Result<(), Failure> {
    let now = on.platform.clock.now();
    let row: Option<database_branches::Model> = at_neon::row(&**write, on).await?;
    if let Some(row) = row {
        let mut row = row.into_active_model();
        row.external_id = Set(made.external_id.clone());
        row.region = Set(region);
        row.updated_at = Set(now);
        row.update(&**write).await.map_err(failed)?;
    }
    let record = resource_records::Entity::find()
        .filter(resource_records::Column::ProjectId.eq(on.project.id))
        .filter(resource_records::Column::Resource.eq(ResourceKind::NeonBranch))
        .filter(resource_records::Column::Environment.eq(&on.mark.environment))
        .one(&**write)
        .await
        .map_err(failed)?;
    if let Some(record) = record {
        let mut record = record.into_active_model();
        record.external_id = Set(made.external_id.clone());
        record.name = Set(made.name.clone());
        record.url = Set(made.url.clone());
        record.updated_at = Set(now);
        record.update(&**write).await.map_err(failed)?;
    }
    Ok(())
}
