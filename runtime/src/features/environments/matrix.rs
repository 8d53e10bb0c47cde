//! Environments with what stands behind them.
//!
//! Owns: the matrix and a single environment, for reading. Must not know: how they change.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, NaiveTime, TimeDelta, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::lifecycles::{EnvironmentLifecycle, Lifecycle as _};
use flaresmith_api::types::{Environment, EnvironmentCard, EnvironmentDetail, EnvironmentMatrix, ErrorBudget};
use flaresmith_store::entities::{
    builds, database_branches, deployments, environments, health_checks, incidents, postman_test_runs, projects,
    resource_records, worker_versions,
};
use flaresmith_store::enums::{
    DatabaseBranchPurpose, DeploymentState, EnvironmentKind, EnvironmentState, HealthProbe, ResourceKind,
    ResourceRecordState,
};
use sea_orm::sea_query::{Expr, ExprTrait as _, Func, Query, SimpleExpr};
use sea_orm::{ColumnTrait as _, Condition, ConnectionTrait, EntityTrait, QueryFilter as _};
use serde_json::{Value, json};
use uuid::Uuid;

use super::change::expired;
use crate::features::incidents::outage;
use crate::features::projects::integration_states;
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
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let behind = Behind::read(read, project, &ids).await?;
    let mut cards = rows
        .iter()
        .map(|row| card(row, &behind))
        .collect::<Result<Vec<_>, _>>()?;
    cards.sort_by(|a, b| (a.kind, &a.name, a.generation).cmp(&(b.kind, &b.name, b.generation)));
    Ok(EnvironmentMatrix {
        project_id: project,
        environments: cards,
        integrations: integration_states(read, project).await?,
        error_budget: budget(read, project, now).await?,
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
        return Err(expired(&row));
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

/// What stands behind several environments, by their ids: one query a table.
struct Behind {
    branches: BTreeMap<Uuid, database_branches::Model>,
    deployments: BTreeMap<Uuid, deployments::Model>,
    builds: BTreeMap<Uuid, builds::Model>,
    test_runs: BTreeMap<Uuid, postman_test_runs::Model>,
    healthy: BTreeMap<Uuid, bool>,
    /// Collections at Postman, whose names are those of their environments there.
    collections: Vec<resource_records::Model>,
}

impl Behind {
    async fn read(connection: &impl ConnectionTrait, project: Uuid, ids: &[Uuid]) -> Result<Self, Failure> {
        let branches = database_branches::Entity::find()
            .filter(database_branches::Column::EnvironmentId.is_in(ids.iter().copied()))
            .filter(database_branches::Column::Purpose.eq(DatabaseBranchPurpose::Primary))
            .all(connection)
            .await
            .map_err(failed)?;
        let by = (deployments::Column::EnvironmentId, deployments::Column::CreatedAt);
        let deployments = newest::<deployments::Entity>(connection, by, ids).await?;
        let built = deployments.iter().filter_map(|row| row.build_id);
        let builds = builds::Entity::find()
            .filter(builds::Column::Id.is_in(built))
            .all(connection)
            .await
            .map_err(failed)?;
        let by = (
            postman_test_runs::Column::EnvironmentId,
            postman_test_runs::Column::CreatedAt,
        );
        let test_runs = newest::<postman_test_runs::Entity>(connection, by, ids).await?;
        let by = (health_checks::Column::EnvironmentId, health_checks::Column::CreatedAt);
        let mut healthy = BTreeMap::new();
        for probe in [HealthProbe::Api, HealthProbe::Database] {
            let only = Some(health_checks::Column::Probe.eq(probe));
            for check in newest_of::<health_checks::Entity>(connection, by, ids, only).await? {
                // It is when everything about it is.
                healthy
                    .entry(check.environment_id)
                    .and_modify(|known| *known &= check.healthy)
                    .or_insert(check.healthy);
            }
        }
        let collections = resource_records::Entity::find()
            .filter(resource_records::Column::ProjectId.eq(project))
            .filter(resource_records::Column::Resource.eq(ResourceKind::PostmanCollection))
            .filter(resource_records::Column::State.eq(ResourceRecordState::Ready))
            .filter(resource_records::Column::ExternalId.is_not_null())
            .all(connection)
            .await
            .map_err(failed)?;
        Ok(Self {
            collections,
            branches: by_id(branches, |row| row.environment_id),
            deployments: by_id(deployments, |row| row.environment_id),
            builds: by_id(builds, |row| row.id),
            test_runs: by_id(test_runs, |row| row.environment_id),
            healthy,
        })
    }
}

/// The newest row of each environment.
async fn newest<E: EntityTrait>(
    connection: &impl ConnectionTrait,
    (environment, at): (E::Column, E::Column),
    ids: &[Uuid],
) -> Result<Vec<E::Model>, Failure> {
    newest_of::<E>(connection, (environment, at), ids, None).await
}

/// The newest of some rows of each environment.
async fn newest_of<E: EntityTrait>(
    connection: &impl ConnectionTrait,
    (environment, at): (E::Column, E::Column),
    ids: &[Uuid],
    only: Option<SimpleExpr>,
) -> Result<Vec<E::Model>, Failure> {
    let only = Condition::all().add_option(only);
    let last = Query::select()
        .column(environment)
        .expr(Func::max(Expr::col(at)))
        .from(E::default())
        .and_where(environment.is_in(ids.iter().copied()))
        .cond_where(only.clone())
        .group_by_col(environment)
        .to_owned();
    E::find()
        .filter(only)
        .filter(Expr::tuple([Expr::col(environment), Expr::col(at)]).in_subquery(last))
        .all(connection)
        .await
        .map_err(failed)
}

fn by_id<T>(rows: Vec<T>, id: impl Fn(&T) -> Uuid) -> BTreeMap<Uuid, T> {
    rows.into_iter().map(|row| (id(&row), row)).collect()
}

fn card(row: &environments::Model, behind: &Behind) -> Result<EnvironmentCard, Failure> {
    let deployment = behind.deployments.get(&row.id);
    let build = deployment.and_then(|deployment| behind.builds.get(&deployment.build_id?));
    let runs = deployment.is_some_and(|deployment| deployment.state == DeploymentState::Succeeded);
    let stable = matches!(row.kind, EnvironmentKind::Dev | EnvironmentKind::Staging);
    let is_its = |record: &&resource_records::Model| record.environment == row.name;
    let more = json!({
        "databaseBranch": behind.branches.get(&row.id).map(|branch| &branch.name),
        "postmanEnvironment": behind.collections.iter().find(is_its).map(|record| &record.name),
        "lastBuild": build,
        "lastDeployment": deployment,
        "lastTestRun": behind.test_runs.get(&row.id),
        "healthy": behind.healthy.get(&row.id),
        "promotable": stable && runs && row.state == EnvironmentState::Active,
        "allowedEvents": allowed(row)?,
    });
    extended(row, more)
}

/// What the lifecycle allows next.
pub(super) fn allowed(row: &environments::Model) -> Result<Vec<&'static str>, Failure> {
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
pub(super) async fn budget<C: ConnectionTrait>(
    read: &C,
    project: Uuid,
    now: DateTime<Utc>,
) -> Result<ErrorBudget, Failure> {
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
    let spent: f64 = rows.iter().map(|row| outage::downtime(row, now)).sum();
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
