//! Rolling an environment back.
//!
//! Owns: where a rollback goes, and what of it cannot go back. Must not know: how the version is put there.

use flaresmith_api::api::environments::RollbackEnvironmentRequest;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::lifecycles::EnvironmentEvent;
use flaresmith_api::types::Deployment;
use flaresmith_store::entities::{database_branches, deployments, environments, projects, worker_versions};
use flaresmith_store::enums::{DatabaseBranchPurpose, DeploymentKind, DeploymentState, EnvironmentState};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use uuid::Uuid;

use super::change::{Change, find, like, told};
use crate::pipeline::Access;
use crate::pipeline::access::absent_project;
use crate::platform::Platform;
use crate::provisioning::deploy::{Wanted, is_busy, present};
use crate::provisioning::look::of_database;
use crate::provisioning::{at_neon, back, standby};
use crate::store::{Write, failed};

/// States of deployments whose version ran once.
const RAN: [DeploymentState; 3] = [
    DeploymentState::Succeeded,
    DeploymentState::Superseded,
    DeploymentState::RolledBack,
];

/// Begins a rollback.
pub(super) async fn rollback(
    platform: &Platform,
    access: &Access,
    request: RollbackEnvironmentRequest,
) -> Result<Deployment, Failure> {
    // Whoever has the database is asked before anything of ours is held.
    let takes_back = database(platform, &request).await?;
    let body = request.body;
    let change = Change::begin(platform, request.project_id).await?;
    let environment = change.environment(request.environment_id).await?;
    if is_busy(&environment) {
        return Err(told(&environment, ErrorCode::EnvBusy)?);
    }
    if environment.state != EnvironmentState::Active {
        return Err(told(&environment, ErrorCode::EnvStateInvalid)?);
    }
    let unavailable =
        |words: &str| told(&environment, ErrorCode::EnvRollbackUnavailable).map(|it| it.with_message(words));
    let Some(running) = present(&*change.write, environment.id).await? else {
        return Err(unavailable("Nothing runs in the environment yet.")?);
    };
    let target = target(&*change.write, &environment, &running, body.to_deployment_id).await?;
    let Some(target) = target else {
        return Err(unavailable("Nothing ran in the environment before.")?);
    };
    if target.id == running.id {
        return Err(unavailable("That is what runs there now.")?);
    }
    if failed_over_since(&change.write, &target).await? {
        return Err(unavailable(
            "It has the address of the database that was used before a failover. Deploy its commit instead.",
        )?);
    }
    if takes_back.is_some() {
        let end = back::end_of(&*change.write, &target, change.now).await?;
        // Somebody may have deployed since it was looked at.
        if end.map(|end| end.before) != takes_back {
            return Err(told(&environment, ErrorCode::EnvBusy)?);
        }
    }
    let Some(version) = version(&change.write, target.id).await? else {
        return Err(unavailable("The edge host has no version of that deployment.")?);
    };
    let wanted = Wanted {
        branch: environment.branch.clone(),
        rollback_of: Some(running.id),
        repeats: Some(version),
        takes_back,
        message: body.reason.flatten(),
        ..like(&target, DeploymentKind::Rollback, access.caller.user())
    };
    change.deploy(&environment, &[EnvironmentEvent::Rollback], wanted).await
}

/// Before which deployment the database is to be taken back, if it is to be, once it is sure that it can.
async fn database(platform: &Platform, request: &RollbackEnvironmentRequest) -> Result<Option<Uuid>, Failure> {
    if !request.body.restore_database.unwrap_or(false) {
        return Ok(None);
    }
    let read = platform.store.read();
    let environment = find(read, request.project_id, request.environment_id).await?;
    let unavailable =
        |words: &str| told(&environment, ErrorCode::EnvRollbackUnavailable).map(|it| it.with_message(words));
    let Some(running) = present(read, environment.id).await? else {
        return Ok(None);
    };
    let Some(target) = target(read, &environment, &running, request.body.to_deployment_id).await? else {
        return Ok(None);
    };
    let Some(end) = back::end_of(read, &target, platform.clock.now()).await? else {
        return Err(unavailable("No deployment has changed the database since then.")?);
    };
    let project = projects::Entity::find_by_id(request.project_id).one(read).await;
    let project = project
        .map_err(failed)?
        .ok_or_else(|| absent_project(request.project_id))?;
    let on = of_database(platform, &project, &environment);
    let used = standby::used(read, environment.id).await?;
    // It says so since it was made or moved.
    if used.is_some_and(|used| target.finished_at.is_none_or(|finished| used.updated_at > finished)) {
        return Err(unavailable("The environment had another database then.")?);
    }
    at_neon::host(&on).await?.reaches_back(&on.mark, &end).await?;
    Ok(Some(end.before))
}

/// Where a rollback goes: to a deployment that was named, else to what ran before.
async fn target<C: ConnectionTrait>(
    connection: &C,
    environment: &environments::Model,
    running: &deployments::Model,
    wanted: Option<Uuid>,
) -> Result<Option<deployments::Model>, Failure> {
    match wanted {
        Some(id) => named(connection, environment, id).await.map(Some),
        None => before(connection, running).await,
    }
}

/// A deployment of the environment that ran once.
async fn named<C: ConnectionTrait>(
    connection: &C,
    environment: &environments::Model,
    id: Uuid,
) -> Result<deployments::Model, Failure> {
    let row = deployments::Entity::find_by_id(id)
        .filter(deployments::Column::ProjectId.eq(environment.project_id))
        .one(connection)
        .await
        .map_err(failed)?;
    let row = row.ok_or_else(|| Failure::new(ErrorCode::DeploymentNotFound))?;
    if row.environment_id != environment.id || !RAN.contains(&row.state) {
        return Err(told(environment, ErrorCode::EnvRollbackUnavailable)?
            .with_message("That deployment never ran in this environment."));
    }
    Ok(row)
}

/// Whether a standby took over after a deployment began.
async fn failed_over_since(write: &Write, target: &deployments::Model) -> Result<bool, Failure> {
    use database_branches::{Column, Entity};
    let former = Entity::find()
        .filter(Column::EnvironmentId.eq(target.environment_id))
        .filter(Column::Purpose.eq(DatabaseBranchPurpose::Former))
        // It was changed last when it became that.
        .filter(Column::UpdatedAt.gt(target.created_at))
        .one(&**write)
        .await
        .map_err(failed)?;
    Ok(former.is_some())
}

/// What ran before the present deployment and was not taken back since.
async fn before<C: ConnectionTrait>(
    connection: &C,
    running: &deployments::Model,
) -> Result<Option<deployments::Model>, Failure> {
    deployments::Entity::find()
        .filter(deployments::Column::EnvironmentId.eq(running.environment_id))
        .filter(deployments::Column::State.eq(DeploymentState::Superseded))
        .filter(deployments::Column::CreatedAt.lt(running.created_at))
        .order_by_desc(deployments::Column::CreatedAt)
        .one(connection)
        .await
        .map_err(failed)
}

/// The version that a deployment made.
async fn version(write: &Write, deployment: Uuid) -> Result<Option<Uuid>, Failure> {
    let row = worker_versions::Entity::find()
        .filter(worker_versions::Column::DeploymentId.eq(deployment))
        .one(&**write)
        .await
        .map_err(failed)?;
    Ok(row.and_then(|row| row.provider_version.parse().ok()))
}
