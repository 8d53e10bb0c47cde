//! Getting an environment out of an error.
//!
//! Owns: what is repeated, and how often it may be. Must not know: how anything is deployed or provisioned.

use flaresmith_api::api::environments::{ResetEnvironmentRequest, RetryEnvironmentRequest};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::lifecycles::EnvironmentEvent;
use flaresmith_api::types::{Environment, RetryRequestMode};
use flaresmith_store::entities::{deployments, environments};
use flaresmith_store::enums::{DeploymentKind, DeploymentState, EnvironmentKind, EnvironmentState};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};

use super::change::{Change, find, like, told};
use super::deploy::wanted;
use super::previews;
use crate::features::shown::shown;
use crate::pipeline::Access;
use crate::platform::Platform;
use crate::provisioning::deploy::Wanted;
use crate::provisioning::{back, request, states};
use crate::store::{Write, failed};

/// Repeats the deployment that failed, or provisions the environment again.
pub(super) async fn retry(
    platform: &Platform,
    access: &Access,
    request: RetryEnvironmentRequest,
) -> Result<Environment, Failure> {
    let change = Change::begin(platform, request.project_id).await?;
    let environment = change.environment(request.environment_id).await?;
    match environment.state {
        EnvironmentState::Error => {}
        EnvironmentState::Failed => return Err(told(&environment, ErrorCode::EnvRetryExhausted)?),
        _ => return Err(told(&environment, ErrorCode::EnvStateInvalid)?),
    }
    let by = access.caller.user();
    if environment.kind == EnvironmentKind::Preview {
        // A deployment makes what a preview lacks.
        let head = previews::head(platform, request.project_id, &environment.branch).await?;
        let wanted = wanted(head, environment.branch.clone(), by);
        change
            .deploy(&environment, &[EnvironmentEvent::Recreate], wanted)
            .await?;
        return shown(&find(platform.store.read(), request.project_id, environment.id).await?);
    }
    if request.body.mode.unwrap_or(RetryRequestMode::Deployment) == RetryRequestMode::Provisioning {
        return anew(platform, change, &environment, EnvironmentEvent::Recreate, by).await;
    }
    let newest = newest(&change.write, &environment).await?;
    let Some(failed) = newest.filter(|row| row.state == DeploymentState::Failed) else {
        // It was provisioning that failed.
        return anew(platform, change, &environment, EnvironmentEvent::Recreate, by).await;
    };
    let (repeats, takes_back) = match failed.kind {
        DeploymentKind::Rollback => (
            back::repeated(&*change.write, failed.id).await?,
            back::left_to_do(&*change.write, failed.id).await?,
        ),
        DeploymentKind::Deploy | DeploymentKind::Promote => (None, None),
    };
    let wanted = Wanted {
        branch: environment.branch.clone(),
        // A commit that could not be built is built anew.
        build: failed.build_id.filter(|_| failed.kind == DeploymentKind::Rollback),
        source: failed.source_environment_id,
        rollback_of: failed.rollback_of_id,
        repeats,
        takes_back,
        test_run: failed.test_run_id,
        message: failed.message.clone(),
        ..like(&failed, failed.kind, by)
    };
    change.deploy(&environment, &[EnvironmentEvent::Retry], wanted).await?;
    shown(&find(platform.store.read(), request.project_id, environment.id).await?)
}

/// Provisions an environment again that failed for good.
pub(super) async fn reset(
    platform: &Platform,
    access: &Access,
    request: ResetEnvironmentRequest,
) -> Result<Environment, Failure> {
    let change = Change::begin(platform, request.project_id).await?;
    let environment = change.environment(request.environment_id).await?;
    if environment.state != EnvironmentState::Failed {
        return Err(told(&environment, ErrorCode::EnvStateInvalid)?);
    }
    anew(
        platform,
        change,
        &environment,
        EnvironmentEvent::Reset,
        access.caller.user(),
    )
    .await
}

/// Begins a run that makes sure that everything the environment needs is there.
async fn anew(
    platform: &Platform,
    change: Change,
    environment: &environments::Model,
    event: EnvironmentEvent,
    by: Option<uuid::Uuid>,
) -> Result<Environment, Failure> {
    let moved = states::move_environment(&change.write, environment.id, event, change.now, |row| {
        row.update_cause = Set(None);
        row.last_error_code = Set(None);
        if event == EnvironmentEvent::Reset {
            row.failure_count = Set(0);
        }
    })
    .await?;
    if !moved {
        return Err(told(environment, ErrorCode::EnvStateInvalid)?);
    }
    request::recreate(&change.write, environment, by, change.now).await?;
    change.write.commit().await?;
    platform.bell.notify_one();
    shown(&find(platform.store.read(), environment.project_id, environment.id).await?)
}

async fn newest(write: &Write, environment: &environments::Model) -> Result<Option<deployments::Model>, Failure> {
    deployments::Entity::find()
        .filter(deployments::Column::EnvironmentId.eq(environment.id))
        .order_by_desc(deployments::Column::CreatedAt)
        .one(&**write)
        .await
        .map_err(failed)
}
