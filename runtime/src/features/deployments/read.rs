//! Deployments and builds, for reading.
//!
//! Owns: lists of both, and the log of a build. Must not know: how either comes to be.

use flaresmith_api::api::deployments::{
    GetBuildLogRequest, GetBuildRequest, GetDeploymentRequest, ListBuildsRequest, ListDeploymentsRequest,
};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::{BuildPage, DeploymentDetail, DeploymentPage};
use flaresmith_store::entities::{build_logs, builds, deployments, worker_versions};
use flaresmith_store::enums::DeploymentState;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use serde_json::json;
use uuid::Uuid;

use crate::builds::Order;
use crate::features::shown::{extended, listed};
use crate::platform::Platform;
use crate::store::failed;
use crate::store::page::{Asked, newest_first};

/// One page of deployments.
pub(super) async fn deployments(
    platform: &Platform,
    request: ListDeploymentsRequest,
) -> Result<DeploymentPage, Failure> {
    use deployments::{Column, Entity};
    let project = request.project_id;
    let mut select = Entity::find().filter(Column::ProjectId.eq(project));
    if let Some(environment) = request.environment_id {
        select = select.filter(Column::EnvironmentId.eq(environment));
    }
    let mut states = request.state.unwrap_or_default();
    states.sort_unstable();
    if !states.is_empty() {
        let wanted = states
            .iter()
            .filter_map(|state| DeploymentState::try_from(state.as_str()).ok());
        select = select.filter(Column::State.is_in(wanted));
    }
    let asked = Asked {
        list: &format!("deployments/{project}/{:?}/{states:?}", request.environment_id),
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

/// One deployment with its build and version.
pub(super) async fn deployment(
    platform: &Platform,
    request: GetDeploymentRequest,
) -> Result<DeploymentDetail, Failure> {
    let read = platform.store.read();
    let row = deployments::Entity::find_by_id(request.deployment_id)
        .filter(deployments::Column::ProjectId.eq(request.project_id))
        .one(read)
        .await
        .map_err(failed)?;
    let row = row.ok_or_else(|| {
        Failure::new(ErrorCode::DeploymentNotFound).with_context("deploymentId", request.deployment_id)
    })?;
    let build = match row.build_id {
        Some(build) => builds::Entity::find_by_id(build).one(read).await.map_err(failed)?,
        None => None,
    };
    let version = worker_versions::Entity::find()
        .filter(worker_versions::Column::DeploymentId.eq(row.id))
        .one(read)
        .await
        .map_err(failed)?;
    extended(&row, json!({"build": build, "workerVersion": version}))
}

/// One page of builds.
pub(super) async fn builds(platform: &Platform, request: ListBuildsRequest) -> Result<BuildPage, Failure> {
    use builds::{Column, Entity};
    let project = request.project_id;
    let mut select = Entity::find().filter(Column::ProjectId.eq(project));
    let commit = request.commit_sha.unwrap_or_default();
    if !commit.is_empty() {
        select = select.filter(Column::CommitSha.starts_with(&commit));
    }
    let asked = Asked {
        list: &format!("builds/{project}/{commit}"),
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

/// One build.
pub(super) async fn build(platform: &Platform, request: &GetBuildRequest) -> Result<builds::Model, Failure> {
    find(platform, request.project_id, request.build_id).await
}

async fn find(platform: &Platform, project: Uuid, id: Uuid) -> Result<builds::Model, Failure> {
    let row = builds::Entity::find_by_id(id)
        .filter(builds::Column::ProjectId.eq(project))
        .one(platform.store.read())
        .await
        .map_err(failed)?;
    row.ok_or_else(|| Failure::new(ErrorCode::DeploymentBuildNotFound).with_context("buildId", id))
}

/// What a build wrote, or so far has.
pub(super) async fn log(platform: &Platform, request: &GetBuildLogRequest) -> Result<String, Failure> {
    let row = find(platform, request.project_id, request.build_id).await?;
    let parts = build_logs::Entity::find()
        .filter(build_logs::Column::BuildId.eq(row.id))
        .order_by_asc(build_logs::Column::Sequence)
        .all(platform.store.read())
        .await
        .map_err(failed)?;
    let text = match parts.is_empty() {
        true => platform.builds.so_far(&Order {
            project: row.project_id,
            build: row.id,
            commit: row.commit_sha,
        }),
        false => parts.into_iter().map(|part| part.text).collect(),
    };
    let Some(tail) = request.tail.and_then(|tail| usize::try_from(tail).ok()) else {
        return Ok(text);
    };
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(tail);
    Ok(lines.get(from..).unwrap_or_default().join("\n"))
}
