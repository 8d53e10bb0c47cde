//! Runs of the provisioning pipeline and what they made, for reading.
//!
//! Owns: lists of runs and resources. Must not know: how runs are carried out.

use flaresmith_api::api::projects::{ListProvisioningRunsRequest, ListResourcesRequest};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::{ProvisioningProgress, ProvisioningRunPage, ResourcePage};
use flaresmith_store::entities::{provisioning_runs, resource_records, run_steps};
use flaresmith_store::enums::{Provider, ResourceKind};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use uuid::Uuid;

use crate::features::shown::{listed, shown};
use crate::platform::Platform;
use crate::provisioning::plan::OF_ENVIRONMENTS;
use crate::store::failed;
use crate::store::page::{Asked, newest_first};

/// The latest run of a project with its steps.
pub(super) async fn latest(platform: &Platform, project: Uuid) -> Result<ProvisioningProgress, Failure> {
    let read = platform.store.read();
    let run = provisioning_runs::Entity::find()
        .filter(provisioning_runs::Column::ProjectId.eq(project))
        .filter(provisioning_runs::Column::Kind.is_not_in(OF_ENVIRONMENTS))
        .order_by_desc(provisioning_runs::Column::CreatedAt)
        .one(read)
        .await
        .map_err(failed)?;
    let run = run.ok_or_else(|| Failure::new(ErrorCode::ProvisionRunNotFound))?;
    let steps = run_steps::Entity::find()
        .filter(run_steps::Column::RunId.eq(run.id))
        .order_by_asc(run_steps::Column::CreatedAt)
        .order_by_asc(run_steps::Column::Name)
        .all(read)
        .await
        .map_err(failed)?;
    Ok(ProvisioningProgress {
        run: shown(&run)?,
        steps: steps.iter().map(shown).collect::<Result<_, _>>()?,
    })
}

/// One page of runs.
pub(super) async fn runs(
    platform: &Platform,
    request: ListProvisioningRunsRequest,
) -> Result<ProvisioningRunPage, Failure> {
    use provisioning_runs::{Column, Entity};
    let project = request.project_id;
    let asked = Asked {
        list: &format!("runs/{project}"),
        cursor: request.cursor.as_deref(),
        limit: request.limit,
    };
    let select = Entity::find().filter(Column::ProjectId.eq(project));
    let by = (Column::CreatedAt, Column::Id);
    let page = newest_first(platform.store.read(), &platform.cursors, asked, select, by, |row| {
        (row.created_at, row.id)
    })
    .await?;
    listed(&page)
}

/// One page of what the providers made.
pub(super) async fn resources(platform: &Platform, request: ListResourcesRequest) -> Result<ResourcePage, Failure> {
    use resource_records::{Column, Entity};
    let project = request.project_id;
    let provider = request.provider.map(|provider| provider.as_str());
    let kind = request.resource.map(|resource| resource.as_str());
    let mut select = Entity::find().filter(Column::ProjectId.eq(project));
    if let Some(provider) = provider.and_then(|text| Provider::try_from(text).ok()) {
        select = select.filter(Column::Provider.eq(provider));
    }
    if let Some(kind) = kind.and_then(|text| ResourceKind::try_from(text).ok()) {
        select = select.filter(Column::Resource.eq(kind));
    }
    let asked = Asked {
        list: &format!("resources/{project}/{provider:?}/{kind:?}"),
        cursor: request.cursor.as_deref(),
        limit: request.limit,
    };
    let by = (Column::CreatedAt, Column::Id);
    let page = newest_first(platform.store.read(), &platform.cursors, asked, select, by, |row| {
        (row.created_at, row.id)
    })
    .await?;
    listed(&page)
}
