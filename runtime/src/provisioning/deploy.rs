//! Deployments as runs: what they change in the store, from the request to the end.
//!
//! Owns: the rows of deployments, of the versions that they make, and the states of their environments while they go on. Must not
//! know: how anything is built or run, who may ask.
//!
//! A run that deploys has the id of its deployment. It changes nothing of its project, and nothing of other environments.

use chrono::{DateTime, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::lifecycles::{DeploymentEvent, EnvironmentEvent, ProvisioningRunEvent};
use flaresmith_store::entities::{builds, deployments, environments, provisioning_runs, run_steps, worker_versions};
use flaresmith_store::enums::{
    BuildState, DeploymentKind, DeploymentState, EnvironmentKind, EnvironmentState, EnvironmentUpdateCause,
    ProvisioningRunKind,
};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _,
};
use uuid::Uuid;

use super::at_cloudflare::Host;
use super::journal::Page;
use super::step::Subject;
use super::{back, plan, previews, request, states};
use crate::providers::Made;
use crate::store::{Write, failed, new_id};

/// How often an environment may fail in a row before it has to be reset: as often as anything is tried again.
pub const MOST_FAILURES: i32 = 5;

/// What is to be deployed, and why.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Deploy, promote or roll back.
    pub kind: DeploymentKind,
    /// The commit.
    pub commit: String,
    /// The branch that it was named by.
    pub branch: String,
    /// The build; `None`: the newest of the commit, or a new one.
    pub build: Option<Uuid>,
    /// Where a promotion comes from.
    pub source: Option<Uuid>,
    /// The deployment that a rollback takes back.
    pub rollback_of: Option<Uuid>,
    /// The version that a rollback puts there again.
    pub repeats: Option<Uuid>,
    /// The deployment before which a rollback takes the database back.
    pub takes_back: Option<Uuid>,
    /// The test run that lets a promotion pass.
    pub test_run: Option<Uuid>,
    /// Who asked.
    pub by: Option<Uuid>,
    /// What they said about it.
    pub message: Option<String>,
}

/// Begins a deployment: its row, its build if there is none yet, and its run. The environment was moved before, in the same
/// transaction.
///
/// # Errors
/// The store fails.
pub async fn begin(
    write: &Write,
    environment: &environments::Model,
    wanted: Wanted,
    now: DateTime<Utc>,
) -> Result<deployments::Model, Failure> {
    begin_as(write, environment, wanted, ProvisioningRunKind::Deploy, now).await
}

/// The same as a run of a kind: the deployment that makes a preview is one too.
///
/// # Errors
/// The store fails.
pub async fn begin_as(
    write: &Write,
    environment: &environments::Model,
    wanted: Wanted,
    run: ProvisioningRunKind,
    now: DateTime<Utc>,
) -> Result<deployments::Model, Failure> {
    let project = environment.project_id;
    let (kind, by, version, takes_back) = (wanted.kind, wanted.by, wanted.repeats, wanted.takes_back);
    let row = row(write, environment, wanted, now).await?;
    let steps = plan::deployment(&environment.name, environment.kind, kind, takes_back.is_some());
    request::begin_as(write, row.id, project, run, by, &steps, now).await?;
    back::goes_to(write, row.id, version, takes_back).await?;
    Ok(row)
}

/// The row of a deployment that begins, and its build if there is none yet.
pub(super) async fn row(
    write: &Write,
    environment: &environments::Model,
    wanted: Wanted,
    now: DateTime<Utc>,
) -> Result<deployments::Model, Failure> {
    let project = environment.project_id;
    let build = match wanted.build {
        Some(build) => build,
        None => build_of(write, project, &wanted, now).await?,
    };
    let row = deployments::ActiveModel {
        id: Set(new_id()),
        project_id: Set(project),
        environment_id: Set(environment.id),
        kind: Set(wanted.kind),
        state: Set(DeploymentState::Pending),
        build_id: Set(Some(build)),
        commit_sha: Set(wanted.commit),
        url: Set(None),
        source_environment_id: Set(wanted.source),
        rollback_of_id: Set(wanted.rollback_of),
        test_run_id: Set(wanted.test_run),
        requested_by_id: Set(wanted.by),
        message: Set(wanted.message),
        error_code: Set(None),
        duration_ms: Set(None),
        started_at: Set(None),
        finished_at: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    };
    row.insert(&**write).await.map_err(failed)
}

/// The version that one of a deployment is the same as where versions are not copied: that of a rollback is the one that it went back to.
///
/// # Errors
/// The store fails.
pub(super) async fn uploaded(on: &Subject, version: Uuid, host: &Host) -> Result<Uuid, Failure> {
    let mut at = version;
    while !host.is_here
        && let Some(former) = back::repeated(on.platform.store.read(), at).await?
        && former != at
    {
        at = former;
    }
    Ok(at)
}

/// The build of a commit: one that is there or being made, else a new one.
async fn build_of(write: &Write, project: Uuid, wanted: &Wanted, now: DateTime<Utc>) -> Result<Uuid, Failure> {
    // Whoever else wants the same commit waits, and finds the build.
    write.alone(&format!("builds/{project}")).await?;
    let found = builds::Entity::find()
        .filter(builds::Column::ProjectId.eq(project))
        .filter(builds::Column::CommitSha.eq(&wanted.commit))
        .filter(builds::Column::State.is_in([BuildState::Queued, BuildState::Running, BuildState::Succeeded]))
        .order_by_desc(builds::Column::CreatedAt)
        .one(&**write)
        .await
        .map_err(failed)?;
    if let Some(found) = found {
        return Ok(found.id);
    }
    let row = builds::ActiveModel {
        id: Set(new_id()),
        project_id: Set(project),
        commit_sha: Set(wanted.commit.clone()),
        branch: Set(wanted.branch.clone()),
        state: Set(BuildState::Queued),
        digest: Set(None),
        size_bytes: Set(None),
        spec_version_id: Set(None),
        error_code: Set(None),
        started_at: Set(None),
        finished_at: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let row = row.insert(&**write).await.map_err(failed)?;
    Ok(row.id)
}

/// The deployment that a step works for.
///
/// # Errors
/// It is gone.
pub(super) async fn of(on: &Subject) -> Result<deployments::Model, Failure> {
    let row = deployments::Entity::find_by_id(on.run)
        .one(on.platform.store.read())
        .await
        .map_err(failed)?;
    row.ok_or_else(|| Failure::new(ErrorCode::DeploymentNotFound))
}

/// Its run has begun.
pub(super) async fn started(write: &Write, run: Uuid, now: DateTime<Utc>) -> Result<(), Failure> {
    change(write, run, DeploymentEvent::Start, now, |row| {
        row.started_at = Set(Some(now));
    })
    .await
    .map(|_| ())
}

/// The version is there, and is about to be tried.
pub(super) async fn validating(write: &Write, on: &Subject) -> Result<(), Failure> {
    let now = on.platform.clock.now();
    let row = change(write, on.run, DeploymentEvent::Validate, now, |_| {}).await?;
    if let Some(environment) = row {
        states::move_environment(
            write,
            environment.environment_id,
            EnvironmentEvent::Validate,
            now,
            |_| {},
        )
        .await?;
    }
    Ok(())
}

/// The version answers.
pub(super) async fn succeeded(write: &Write, on: &Subject, made: &Made) -> Result<(), Failure> {
    let now = on.platform.clock.now();
    let url = made.url.clone();
    let Some(row) = change(write, on.run, DeploymentEvent::Succeed, now, |row| {
        row.url = Set(url.clone());
    })
    .await?
    else {
        return Ok(());
    };
    let former = deployments::Entity::find()
        .filter(deployments::Column::EnvironmentId.eq(row.environment_id))
        .filter(deployments::Column::State.eq(DeploymentState::Succeeded))
        .filter(deployments::Column::Id.ne(row.id))
        .all(&**write)
        .await
        .map_err(failed)?;
    for former in former {
        let taken_back = row.kind == DeploymentKind::Rollback && row.rollback_of_id == Some(former.id);
        let event = match taken_back {
            true => DeploymentEvent::Rollback,
            false => DeploymentEvent::Supersede,
        };
        let state = states::deployment(former.state, event)?;
        let mut former = former.into_active_model();
        former.state = Set(state);
        former.updated_at = Set(now);
        former.update(&**write).await.map_err(failed)?;
    }
    version(write, &row, made, now).await?;
    let settle = |environment: &mut environments::ActiveModel| {
        environment.url = Set(url.clone());
        environment.commit_sha = Set(Some(row.commit_sha.clone()));
        environment.update_cause = Set(None);
        environment.failure_count = Set(0);
        environment.last_error_code = Set(None);
        previews::stay(environment, now);
    };
    let id = row.environment_id;
    let moved = states::move_environment(write, id, EnvironmentEvent::Succeed, now, settle).await?;
    // A preview has fewer states; what is only being provisioned becomes active with the rest of it.
    let preview = on
        .environment
        .as_ref()
        .is_some_and(|environment| environment.kind == EnvironmentKind::Preview);
    match (moved, preview) {
        (true, _) => Ok(()),
        (false, true) => {
            states::move_environment(write, id, EnvironmentEvent::Ready, now, settle).await?;
            Ok(())
        }
        (false, false) => states::settle_environment(write, id, now, settle).await,
    }
}

/// A first deployment has failed. Its environment tells so, and stays in its state.
pub(super) async fn failed_first(
    write: &Write,
    id: Uuid,
    failure: &Failure,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let code = Some(failure.code().as_str().to_owned());
    let row = change(write, id, DeploymentEvent::Fail, now, |row| {
        row.error_code = Set(code.clone());
    })
    .await?;
    let Some(row) = row else {
        return Ok(());
    };
    states::settle_environment(write, row.environment_id, now, |environment| {
        environment.last_error_code = Set(code);
    })
    .await
}

/// The version that a deployment made is the active one of its environment.
async fn version(write: &Write, row: &deployments::Model, made: &Made, now: DateTime<Utc>) -> Result<(), Failure> {
    use worker_versions::{Column, Entity};
    Entity::update_many()
        .col_expr(Column::Active, Expr::value(false))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::EnvironmentId.eq(row.environment_id))
        .filter(Column::Active.eq(true))
        .exec(&**write)
        .await
        .map_err(failed)?;
    let new = worker_versions::ActiveModel {
        id: Set(new_id()),
        project_id: Set(row.project_id),
        environment_id: Set(row.environment_id),
        deployment_id: Set(row.id),
        script_name: Set(made.name.clone()),
        provider_version: Set(row.id.to_string()),
        url: Set(made.url.clone().unwrap_or_default()),
        active: Set(true),
        created_at: Set(now),
        updated_at: Set(now),
    };
    new.insert(&**write).await.map_err(failed)?;
    Ok(())
}

/// Ends the run of a deployment.
pub(super) async fn end(
    page: &mut Page<'_>,
    run: &provisioning_runs::Model,
    steps: &[run_steps::Model],
    done: bool,
) -> Result<(), Failure> {
    let now = page.now;
    let code = steps
        .iter()
        .find_map(|step| step.error_code.clone())
        .unwrap_or_else(|| ErrorCode::ProvisionStepFailed.as_str().to_owned());
    if !done {
        failed_for_good(&page.write, run.id, &code, now).await?;
    }
    let event = match done {
        true => ProvisioningRunEvent::Succeed,
        false => ProvisioningRunEvent::Fail,
    };
    page.run(event, |row| {
        row.finished_at = Set(Some(now));
        row.error_code = Set((!done).then_some(code));
    })
    .await
}

/// Ends the run that provisions an environment again.
pub(super) async fn recreated(
    page: &mut Page<'_>,
    run: &provisioning_runs::Model,
    steps: &[run_steps::Model],
    done: bool,
) -> Result<(), Failure> {
    use environments::{Column, Entity};
    let now = page.now;
    let code = steps.iter().find_map(|step| step.error_code.clone());
    let names = steps.iter().filter_map(|step| step.environment.clone());
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(run.project_id))
        .filter(Column::Name.is_in(names))
        .filter(Column::State.eq(EnvironmentState::Provisioning))
        .all(&*page.write)
        .await
        .map_err(failed)?;
    let (on, event) = match done {
        true => (EnvironmentEvent::Ready, ProvisioningRunEvent::Succeed),
        false => (EnvironmentEvent::Fail, ProvisioningRunEvent::Fail),
    };
    for row in rows {
        states::move_environment(&page.write, row.id, on, now, |row| {
            row.last_error_code = Set(code.clone());
        })
        .await?;
    }
    page.run(event, |row| {
        row.finished_at = Set(Some(now));
        row.error_code = Set(code.clone());
    })
    .await
}

async fn failed_for_good(write: &Write, run: Uuid, code: &str, now: DateTime<Utc>) -> Result<(), Failure> {
    let row = change(write, run, DeploymentEvent::Fail, now, |row| {
        row.error_code = Set(Some(code.to_owned()));
    })
    .await?;
    let Some(row) = row else {
        return Ok(());
    };
    let environment = environments::Entity::find_by_id(row.environment_id)
        .one(&**write)
        .await
        .map_err(failed)?;
    let failures = environment.map_or(0, |environment| environment.failure_count) + 1;
    let id = row.environment_id;
    states::move_environment(write, id, EnvironmentEvent::Fail, now, |environment| {
        environment.update_cause = Set(None);
        environment.failure_count = Set(failures);
        environment.last_error_code = Set(Some(code.to_owned()));
    })
    .await?;
    if failures >= MOST_FAILURES {
        states::move_environment(write, id, EnvironmentEvent::Exhaust, now, |_| {}).await?;
    }
    Ok(())
}

/// Moves a deployment, if the event may happen in its state, and counts how long it took when it ends with that.
async fn change(
    write: &Write,
    id: Uuid,
    on: DeploymentEvent,
    now: DateTime<Utc>,
    more: impl FnOnce(&mut deployments::ActiveModel),
) -> Result<Option<deployments::Model>, Failure> {
    let row = deployments::Entity::find_by_id(id)
        .one(&**write)
        .await
        .map_err(failed)?;
    let Some(row) = row else {
        return Ok(None);
    };
    let Ok(state) = states::deployment(row.state, on) else {
        return Ok(None);
    };
    let started = row.started_at;
    let mut row = row.into_active_model();
    row.state = Set(state);
    row.updated_at = Set(now);
    if matches!(state, DeploymentState::Succeeded | DeploymentState::Failed) {
        row.finished_at = Set(Some(now));
        row.duration_ms = Set(started.map(|started| (now - started).num_milliseconds().max(0)));
    }
    more(&mut row);
    row.update(&**write).await.map(Some).map_err(failed)
}

/// What runs in an environment: its newest deployment that succeeded and that no other took the place of.
///
/// # Errors
/// The store fails.
pub async fn present<C: ConnectionTrait>(
    connection: &C,
    environment: Uuid,
) -> Result<Option<deployments::Model>, Failure> {
    deployments::Entity::find()
        .filter(deployments::Column::EnvironmentId.eq(environment))
        .filter(deployments::Column::State.eq(DeploymentState::Succeeded))
        .order_by_desc(deployments::Column::FinishedAt)
        .one(connection)
        .await
        .map_err(failed)
}

/// Why an environment that does this is updating.
#[must_use]
pub fn cause(kind: DeploymentKind) -> EnvironmentUpdateCause {
    match kind {
        DeploymentKind::Deploy => EnvironmentUpdateCause::Deploy,
        DeploymentKind::Promote => EnvironmentUpdateCause::Promote,
        DeploymentKind::Rollback => EnvironmentUpdateCause::Rollback,
    }
}

/// Whether an environment is in the midst of a change.
#[must_use]
pub fn is_busy(environment: &environments::Model) -> bool {
    use EnvironmentState::{Pending, Provisioning, Updating, Validating};
    let core = environment.kind != EnvironmentKind::Preview;
    matches!(environment.state, Provisioning | Updating | Validating) || (core && environment.state == Pending)
}
