//! Changes of state.
//!
//! Owns: that the generated lifecycles are the only way from one state to another. Must not know: why anything changes.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use flaresmith_api::errors::Failure;
use flaresmith_api::lifecycles::{
    BuildEvent, BuildLifecycle, CircuitBreakerEvent, CircuitBreakerLifecycle, CodespaceEvent, CodespaceLifecycle,
    DatabaseBranchEvent, DatabaseBranchLifecycle, DeploymentEvent, DeploymentLifecycle, EnvironmentEvent,
    EnvironmentLifecycle, IncidentEvent, IncidentLifecycle, IntegrationConfigEvent, IntegrationConfigLifecycle,
    Lifecycle, PostmanTestRunEvent, PostmanTestRunLifecycle, ProjectEvent, ProjectLifecycle, ProvisioningRunEvent,
    ProvisioningRunLifecycle, ResourceRecordEvent, ResourceRecordLifecycle, RunStepEvent, RunStepLifecycle,
};
use flaresmith_store::entities::{environments, projects};
use flaresmith_store::enums::{
    BreakerState, BuildState, CodespaceState, DatabaseBranchState, DeploymentState, EnvironmentKind, EnvironmentState,
    IncidentState, IntegrationState, ProjectState, ResourceRecordState, RunState, StepState, TestRunState,
};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveEnum, ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _,
};

use crate::store::{Write, failed};

/// The state after an event; `None`: it must not happen in this state.
fn next<L, S>(rules: L, state: &S, on: L::Event) -> Option<S>
where
    L: Lifecycle,
    L::State: FromStr + Display,
    S: ActiveEnum<Value = String>,
{
    let state = state.to_value().parse().ok()?;
    let next = rules.next(state, on)?;
    S::try_from_value(&next.to_string()).ok()
}

/// The same where it must happen.
fn demand<L, S>(rules: L, state: &S, on: L::Event) -> Result<S, Failure>
where
    L: Lifecycle,
    L::State: FromStr + Display,
    L::Event: Display,
    S: ActiveEnum<Value = String>,
{
    next(rules, state, on).ok_or_else(|| Failure::internal(format!("`{on}` must not happen in `{}`", state.to_value())))
}

/// The state of a run after an event.
///
/// # Errors
/// It must not happen.
pub fn run(state: RunState, on: ProvisioningRunEvent) -> Result<RunState, Failure> {
    demand(ProvisioningRunLifecycle::Standard, &state, on)
}

/// The state of a step after an event.
///
/// # Errors
/// It must not happen.
pub fn step(state: StepState, on: RunStepEvent) -> Result<StepState, Failure> {
    demand(RunStepLifecycle::Standard, &state, on)
}

/// The state of a resource after an event.
///
/// # Errors
/// It must not happen.
pub fn resource(state: ResourceRecordState, on: ResourceRecordEvent) -> Result<ResourceRecordState, Failure> {
    demand(ResourceRecordLifecycle::Standard, &state, on)
}

/// The state of a database branch after an event.
///
/// # Errors
/// It must not happen.
pub fn branch(state: DatabaseBranchState, on: DatabaseBranchEvent) -> Result<DatabaseBranchState, Failure> {
    demand(DatabaseBranchLifecycle::Standard, &state, on)
}

/// The state of a build after an event.
///
/// # Errors
/// It must not happen.
pub fn build(state: BuildState, on: BuildEvent) -> Result<BuildState, Failure> {
    demand(BuildLifecycle::Standard, &state, on)
}

/// The state of a deployment after an event.
///
/// # Errors
/// It must not happen.
pub fn deployment(state: DeploymentState, on: DeploymentEvent) -> Result<DeploymentState, Failure> {
    demand(DeploymentLifecycle::Standard, &state, on)
}

/// The state of a test run after an event.
///
/// # Errors
/// It must not happen.
pub fn test_run(state: TestRunState, on: PostmanTestRunEvent) -> Result<TestRunState, Failure> {
    demand(PostmanTestRunLifecycle::Standard, &state, on)
}

/// The state of a breaker after an event.
///
/// # Errors
/// It must not happen.
pub fn breaker(state: BreakerState, on: CircuitBreakerEvent) -> Result<BreakerState, Failure> {
    demand(CircuitBreakerLifecycle::Standard, &state, on)
}

/// The state of a codespace after an event that somebody else has seen; `None`: it changes nothing.
#[must_use]
pub fn codespace(state: CodespaceState, on: CodespaceEvent) -> Option<CodespaceState> {
    next(CodespaceLifecycle::Standard, &state, on)
}

/// The state of an incident after an event.
///
/// # Errors
/// It must not happen.
pub fn incident(state: IncidentState, on: IncidentEvent) -> Result<IncidentState, Failure> {
    demand(IncidentLifecycle::Standard, &state, on)
}

/// The state of an integration after an event.
///
/// # Errors
/// It must not happen.
pub fn integration(state: IntegrationState, on: IntegrationConfigEvent) -> Result<IntegrationState, Failure> {
    demand(IntegrationConfigLifecycle::Standard, &state, on)
}

/// Moves an environment and changes more of it, if the event may happen in its state; whether it did.
///
/// # Errors
/// The store fails, or somebody else changed it meanwhile.
pub async fn move_environment(
    write: &Write,
    id: uuid::Uuid,
    on: EnvironmentEvent,
    now: DateTime<Utc>,
    more: impl FnOnce(&mut environments::ActiveModel),
) -> Result<bool, Failure> {
    let row = environments::Entity::find_by_id(id)
        .one(&**write)
        .await
        .map_err(failed)?;
    let Some(row) = row else {
        return Ok(false);
    };
    let Some(to) = next(rules(row.kind), &row.state, on) else {
        return Ok(false);
    };
    let mut active = row.into_active_model();
    active.state = Set(to);
    active.version = Set(active.version.take().unwrap_or_default() + 1);
    active.updated_at = Set(now);
    more(&mut active);
    active.update(&**write).await.map_err(failed)?;
    Ok(true)
}

/// Changes an environment that stays in its state.
///
/// # Errors
/// The store fails.
pub async fn settle_environment(
    write: &Write,
    id: uuid::Uuid,
    now: DateTime<Utc>,
    more: impl FnOnce(&mut environments::ActiveModel),
) -> Result<(), Failure> {
    let row = environments::Entity::find_by_id(id)
        .one(&**write)
        .await
        .map_err(failed)?;
    if let Some(row) = row {
        let mut active = row.into_active_model();
        active.version = Set(active.version.take().unwrap_or_default() + 1);
        active.updated_at = Set(now);
        more(&mut active);
        active.update(&**write).await.map_err(failed)?;
    }
    Ok(())
}

/// The rules for an environment of a kind.
fn rules(kind: EnvironmentKind) -> EnvironmentLifecycle {
    match kind {
        EnvironmentKind::Preview => EnvironmentLifecycle::Preview,
        _ => EnvironmentLifecycle::Standard,
    }
}

/// Moves a project, if the event may happen in its state; whether it did.
///
/// # Errors
/// The store fails, or somebody else changed it meanwhile.
pub async fn move_project(
    write: &Write,
    row: &projects::Model,
    on: ProjectEvent,
    now: DateTime<Utc>,
) -> Result<bool, Failure> {
    use projects::{Column, Entity};
    let to: Option<ProjectState> = next(ProjectLifecycle::Standard, &row.state, on);
    let Some(to) = to else {
        return Ok(false);
    };
    // People may change other columns meanwhile, so the state is what must not have moved.
    let done = Entity::update_many()
        .col_expr(Column::State, Column::State.save_as(Expr::val(to)))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::Id.eq(row.id))
        .filter(Column::State.eq(row.state))
        .exec(&**write)
        .await
        .map_err(failed)?;
    match done.rows_affected {
        0 => Err(Failure::internal("the project moved meanwhile")),
        _ => Ok(true),
    }
}

/// Moves every environment of a project in whose state the event may happen, or of these alone. Previews are not moved with it.
///
/// # Errors
/// The store fails, or somebody else changed one meanwhile.
pub async fn move_environments(
    write: &Write,
    project: uuid::Uuid,
    on: EnvironmentEvent,
    now: DateTime<Utc>,
    only: Option<&BTreeSet<String>>,
) -> Result<(), Failure> {
    use environments::{Column, Entity};
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project))
        .filter(Column::Kind.ne(EnvironmentKind::Preview))
        .all(&**write)
        .await
        .map_err(failed)?;
    for row in rows
        .into_iter()
        .filter(|row| only.is_none_or(|only| only.contains(&row.name)))
    {
        let to: Option<EnvironmentState> = next(rules(row.kind), &row.state, on);
        let Some(to) = to else { continue };
        let done = Entity::update_many()
            .col_expr(Column::State, Column::State.save_as(Expr::val(to)))
            .col_expr(Column::Version, Expr::col(Column::Version).add(1))
            .col_expr(Column::UpdatedAt, Expr::value(now))
            .filter(Column::Id.eq(row.id))
            .filter(Column::Version.eq(row.version))
            .exec(&**write)
            .await
            .map_err(failed)?;
        if done.rows_affected == 0 {
            return Err(Failure::internal("an environment moved meanwhile"));
        }
    }
    Ok(())
}
