//! Environments with what stands behind them.
//!
//! Owns: the matrix and a single environment, for reading. Must not know: how they change.

use chrono::{DateTime, Datelike as _, NaiveTime, TimeDelta, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::lifecycles::{EnvironmentLifecycle, Lifecycle as _};
use flaresmith_api::types::{Environment, EnvironmentCard, EnvironmentDetail, EnvironmentMatrix, ErrorBudget};
use flaresmith_store::entities::{
    builds, database_branches, deployments, environments, health_checks, incidents, postman_test_runs, projects,
    worker_versions,
};
use flaresmith_store::enums::{DatabaseBranchPurpose, DeploymentState, EnvironmentKind, EnvironmentState};
use sea_orm::{ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::features::projects::integrations;
use crate::features::shown::{extended, shown};
use crate::platform::Platform;
use crate::store::failed;

/// How long archived previews are shown.
const SHOWN: TimeDelta = TimeDelta::days(7);

/// Uptime that is promised, in percent of a month.
const TARGET: f64 = 99.5;

/// Every environment of a project.
pub(super) async fn read(platform: &Platform, project: Uuid, archived: bool) -> Result<EnvironmentMatrix, Failure> {
    use environments::{Column, Entity};
    let read = platform.store.read();
    let now = platform.clock.now();
    let mut wanted = Condition::any().add(Column::State.ne(EnvironmentState::Archived));
    if archived {
        wanted = wanted.add(Column::ArchivedAt.gt(now - SHOWN));
    }
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project))
        .filter(wanted)
        .all(read)
        .await
        .map_err(failed)?;
    let mut cards = Vec::new();
    for row in &rows {
        cards.push(card(platform, row).await?);
    }
    cards.sort_by(|a, b| (a.kind, &a.name, a.generation).cmp(&(b.kind, &b.name, b.generation)));
    Ok(EnvironmentMatrix {
        project_id: project,
        environments: cards,
        integrations: integrations(read, project).await?,
        error_budget: budget(platform, project, now).await?,
        generated_at: now,
    })
}

/// One environment with its resources.
pub(super) async fn detail(platform: &Platform, project: Uuid, id: Uuid) -> Result<EnvironmentDetail, Failure> {
    let read = platform.store.read();
    let row = environments::Entity::find_by_id(id)
        .filter(environments::Column::ProjectId.eq(project))
        .one(read)
        .await
        .map_err(failed)?;
    let row = row.ok_or_else(|| Failure::new(ErrorCode::EnvNotFound).with_context("environmentId", id))?;
    let over = row.expires_at.is_some_and(|expires| expires <= platform.clock.now());
    if row.kind == EnvironmentKind::Preview && (over || row.state == EnvironmentState::Archived) {
        return Err(Failure::new(ErrorCode::EnvPreviewExpired)
            .with_context("environmentId", id)
            .with_context("branch", &row.branch)
            .with_cause(ErrorCode::EnvPreviewTtlExpired.as_str()));
    }
    let branches = database_branches::Entity::find()
        .filter(database_branches::Column::EnvironmentId.eq(id))
        .all(read)
        .await
        .map_err(failed)?;
    let branch = |purpose| branches.iter().find(|branch| branch.purpose == purpose);
    let worker = worker_versions::Entity::find()
        .filter(worker_versions::Column::EnvironmentId.eq(id))
        .filter(worker_versions::Column::Active.eq(true))
        .one(read)
        .await
        .map_err(failed)?;
    let more = json!({
        "databaseBranch": branch(DatabaseBranchPurpose::Primary),
        "standbyBranch": branch(DatabaseBranchPurpose::Standby),
        "workerVersion": worker,
        "allowedEvents": allowed(&row)?,
    });
    extended(&row, more)
}

async fn card(platform: &Platform, row: &environments::Model) -> Result<EnvironmentCard, Failure> {
    let read = platform.store.read();
    let branch = database_branches::Entity::find()
        .filter(database_branches::Column::EnvironmentId.eq(row.id))
        .filter(database_branches::Column::Purpose.eq(DatabaseBranchPurpose::Primary))
        .one(read)
        .await
        .map_err(failed)?;
    let deployment = deployments::Entity::find()
        .filter(deployments::Column::EnvironmentId.eq(row.id))
        .order_by_desc(deployments::Column::CreatedAt)
        .one(read)
        .await
        .map_err(failed)?;
    let build = match deployment.as_ref().and_then(|deployment| deployment.build_id) {
        Some(build) => builds::Entity::find_by_id(build).one(read).await.map_err(failed)?,
        None => None,
    };
    let test_run = postman_test_runs::Entity::find()
        .filter(postman_test_runs::Column::EnvironmentId.eq(row.id))
        .order_by_desc(postman_test_runs::Column::CreatedAt)
        .one(read)
        .await
        .map_err(failed)?;
    let health = health_checks::Entity::find()
        .filter(health_checks::Column::EnvironmentId.eq(row.id))
        .order_by_desc(health_checks::Column::CreatedAt)
        .one(read)
        .await
        .map_err(failed)?;
    let runs = deployment
        .as_ref()
        .is_some_and(|deployment| deployment.state == DeploymentState::Succeeded);
    let stable = matches!(row.kind, EnvironmentKind::Dev | EnvironmentKind::Staging);
    let more = json!({
        "databaseBranch": branch.map(|branch| branch.name),
        "postmanEnvironment": Value::Null,
        "lastBuild": build,
        "lastDeployment": deployment,
        "lastTestRun": test_run,
        "healthy": health.map(|check| check.healthy),
        "promotable": stable && runs && row.state == EnvironmentState::Active,
        "allowedEvents": allowed(row)?,
    });
    extended(row, more)
}

/// What the lifecycle allows next.
fn allowed(row: &environments::Model) -> Result<Vec<&'static str>, Failure> {
    let environment: Environment = shown(row)?;
    let lifecycle = EnvironmentLifecycle::of(&environment);
    let mut events: Vec<&str> = lifecycle
        .events(environment.state)
        .into_iter()
        .map(|event| event.as_str())
        .collect();
    events.dedup();
    Ok(events)
}

/// How much of this month's allowed downtime the project's incidents have spent.
async fn budget(platform: &Platform, project: Uuid, now: DateTime<Utc>) -> Result<ErrorBudget, Failure> {
    let read = platform.store.read();
    let month = now
        .with_day(1)
        .and_then(|first| first.with_time(NaiveTime::MIN).single())
        .unwrap_or(now);
    let rows = incidents::Entity::find()
        .filter(incidents::Column::ProjectId.eq(project))
        .filter(incidents::Column::DetectedAt.gte(month))
        .all(read)
        .await
        .map_err(failed)?;
    let spent: f64 = rows.iter().filter_map(|row| row.downtime_seconds).sum();
    let whole = f64::from(month.num_days_in_month()) * 86_400.0;
    let remaining = whole * (100.0 - TARGET) / 100.0 - spent;
    let row = projects::Entity::find_by_id(project).one(read).await.map_err(failed)?;
    let settings = row.map(|row| row.settings).unwrap_or_default();
    let obeyed = settings.get("promotionsObeyErrorBudget").and_then(Value::as_bool);
    Ok(ErrorBudget {
        month: now.format("%Y-%m").to_string(),
        target_percent: TARGET,
        uptime_percent: (100.0 - spent / whole * 100.0).clamp(0.0, 100.0),
        spent_seconds: spent,
        remaining_seconds: remaining,
        promotions_blocked: remaining <= 0.0 && obeyed.unwrap_or(true),
    })
}
