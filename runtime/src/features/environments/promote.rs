//! Promoting what runs in one environment to the next.
//!
//! Owns: the order, and what has to hold before: health, breakers, tests, error budget. Must not know: how it is deployed.

use flaresmith_api::api::environments::PromoteEnvironmentRequest;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::lifecycles::EnvironmentEvent;
use flaresmith_api::operations::Role;
use flaresmith_api::types::{Deployment, PromoteRequestTo};
use flaresmith_store::entities::{deployments, environments, postman_test_runs};
use flaresmith_store::enums::{DeploymentKind, EnvironmentKind, EnvironmentState, Provider, TestRunState};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use serde_json::json;
use uuid::Uuid;

use super::change::{Change, like, told};
use super::matrix;
use crate::features::incidents::outage;
use crate::pipeline::Access;
use crate::platform::Platform;
use crate::providers::cloud::refuse_open;
use crate::provisioning::deploy::{Wanted, is_busy, present};
use crate::store::{Write, failed};

/// Providers that a promotion cannot do without.
const NEEDED: [Provider; 3] = [Provider::Cloudflare, Provider::Neon, Provider::Postman];

/// Begins a promotion.
pub(super) async fn promote(
    platform: &Platform,
    access: &Access,
    request: PromoteEnvironmentRequest,
) -> Result<Deployment, Failure> {
    let (project, body) = (request.project_id, request.body);
    let change = Change::begin(platform, project).await?;
    let source = change.environment(request.environment_id).await?;
    let next = match (source.kind, body.to) {
        (EnvironmentKind::Preview, _) => return Err(told(&source, ErrorCode::EnvPreviewNotPromotable)?),
        (EnvironmentKind::Dev, PromoteRequestTo::Staging) => EnvironmentKind::Staging,
        (EnvironmentKind::Staging, PromoteRequestTo::Prod) => EnvironmentKind::Prod,
        _ => return Err(told(&source, ErrorCode::EnvPromotionOrder)?),
    };
    if is_busy(&source) {
        return Err(told(&source, ErrorCode::EnvBusy)?);
    }
    let running = present(&*change.write, source.id).await?;
    let Some(running) = running.filter(|_| source.state == EnvironmentState::Active) else {
        return Err(told(&source, ErrorCode::EnvStateInvalid)?);
    };
    outage::refuse_from(&*change.write, &source).await?;
    refuse_open(&*change.write, project, &NEEDED, change.now).await?;
    let tests = passed(&change.write, &source, &running, body.test_run_id).await?;
    let critical = body.critical.unwrap_or(false);
    if critical {
        access.demand(Role::Owner)?;
    }
    let budget = matrix::budget(&*change.write, project, change.now).await?;
    if budget.promotions_blocked && !critical {
        return Err(Failure::new(ErrorCode::EnvPromotionBudgetSpent)
            .with_details(json!({"environmentId": source.id, "errorBudget": budget})));
    }
    let target = environments::Entity::find()
        .filter(environments::Column::ProjectId.eq(project))
        .filter(environments::Column::Kind.eq(next))
        .one(&*change.write)
        .await
        .map_err(failed)?;
    let target = target.ok_or_else(|| Failure::new(ErrorCode::EnvNotFound))?;
    let wanted = Wanted {
        branch: source.branch.clone(),
        source: Some(source.id),
        test_run: Some(tests),
        message: body.message.flatten(),
        ..like(&running, DeploymentKind::Promote, access.caller.user())
    };
    change.deploy(&target, &[EnvironmentEvent::Promote], wanted).await
}

/// The test run that lets a promotion pass: of what runs, passed, with at least one assertion and none failed. The latest one counts:
/// what passed once and fails since has not passed.
async fn passed(
    write: &Write,
    source: &environments::Model,
    running: &deployments::Model,
    named: Option<Uuid>,
) -> Result<Uuid, Failure> {
    use postman_test_runs::{Column, Entity};
    let since = running.finished_at.unwrap_or(running.created_at);
    let mut select = Entity::find()
        .filter(Column::EnvironmentId.eq(source.id))
        .filter(Column::CreatedAt.gte(since));
    if let Some(named) = named {
        select = select.filter(Column::Id.eq(named));
    }
    let latest = select
        .order_by_desc(Column::CreatedAt)
        .one(&**write)
        .await
        .map_err(failed)?;
    let id = latest.as_ref().map(|run| run.id);
    let good =
        latest.filter(|run| run.state == TestRunState::Passed && run.assertion_count > 0 && run.failed_count == 0);
    good.map(|run| run.id).ok_or_else(|| {
        let mut details = json!({"environmentId": source.id});
        if let (Some(id), Some(details)) = (id.or(named), details.as_object_mut()) {
            details.insert("testRunId".to_owned(), json!(id));
        }
        Failure::new(ErrorCode::EnvPromotionUntested).with_details(details)
    })
}
