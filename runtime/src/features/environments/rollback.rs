//! Rolling an environment back.
//!
//! Owns: where a rollback goes, and what of it cannot go back. Must not know: how the version is put there.

use flaresmith_api::api::environments::RollbackEnvironmentRequest;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::lifecycles::EnvironmentEvent;
use flaresmith_api::types::Deployment;
use flaresmith_store::entities::{database_branches, deployments, environments, worker_versions};
use flaresmith_store::enums::{DatabaseBranchPurpose, DeploymentKind, DeploymentState, EnvironmentState};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use uuid::Uuid;

use super::change::{Change, like, told};
use crate::pipeline::Access;
use crate::platform::Platform;
use crate::provisioning::deploy::{Wanted, is_busy, present};
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
    let target = match body.to_deployment_id {
        Some(id) => Some(named(&change.write, &environment, id).await?),
        None => before(&change.write, &running).await?,
    };
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
    if body.restore_database.unwrap_or(false) {
        // Files and databases on this machine have no branch points.
        return Err(unavailable("The host of the database cannot go back to that time.")?);
    }
    let Some(version) = version(&change.write, target.id).await? else {
        return Err(unavailable("The edge host has no version of that deployment.")?);
    };
    let wanted = Wanted {
        branch: environment.branch.clone(),
        rollback_of: Some(running.id),
        repeats: Some(version),
        message: body.reason.flatten(),
        ..like(&target, DeploymentKind::Rollback, access.caller.user())
    };
    change.deploy(&environment, &[EnvironmentEvent::Rollback], wanted).await
}

/// A deployment of the environment that ran once.
async fn named(write: &Write, environment: &environments::Model, id: Uuid) -> Result<deployments::Model, Failure> {
    let row = deployments::Entity::find_by_id(id)
        .filter(deployments::Column::ProjectId.eq(environment.project_id))
        .one(&**write)
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
async fn before(write: &Write, running: &deployments::Model) -> Result<Option<deployments::Model>, Failure> {
    deployments::Entity::find()
        .filter(deployments::Column::EnvironmentId.eq(running.environment_id))
        .filter(deployments::Column::State.eq(DeploymentState::Superseded))
        .filter(deployments::Column::CreatedAt.lt(running.created_at))
        .order_by_desc(deployments::Column::CreatedAt)
        .one(&**write)
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
