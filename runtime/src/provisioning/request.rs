//! What callers ask of runs: to begin one, to retry or cancel it, to take everything away.
//!
//! Owns: which of it is possible when. Must not know: HTTP, roles, how runs are carried out.
//!
//! Each is one transaction that moves the version of the run or begins one. Whoever holds the run sees it at the next page.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::lifecycles::{EnvironmentEvent, ProjectEvent, ProvisioningRunEvent, RunStepEvent};
use flaresmith_store::entities::{environments, journal_entries, projects, provisioning_runs, run_steps};
use flaresmith_store::enums::{JournalEntryPhase, Origin, ProvisioningRunKind, ResourceKind, RunState, StepState};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::journal::{Line, moved, write_line};
use super::lease::{WAITING, seen};
use super::stand::Stand;
use super::step::{Planned, key};
use super::{missing, plan, states};
use crate::pipeline::access::absent_project;
use crate::platform::Platform;
use crate::store::{Write, failed, new_id};

/// Begins a run that makes everything that a project lacks.
///
/// # Errors
/// The store fails.
pub async fn create(write: &Write, project: Uuid, by: Option<Uuid>, now: DateTime<Utc>) -> Result<(), Failure> {
    let steps = missing::steps(&**write, project).await?;
    begin(write, project, ProvisioningRunKind::Create, by, &steps, now).await?;
    Ok(())
}

/// Begins a run that makes what a project lacks that is there already.
///
/// # Errors
/// The store fails.
pub async fn extend(
    write: &Write,
    project: Uuid,
    by: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<provisioning_runs::Model, Failure> {
    let steps = missing::steps(&**write, project).await?;
    begin(write, project, ProvisioningRunKind::Extend, by, &steps, now).await
}

/// Begins a run that makes sure that everything is there that one environment needs.
///
/// # Errors
/// The store fails.
pub async fn recreate(
    write: &Write,
    environment: &environments::Model,
    by: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let steps = plan::recreation(environment);
    begin(
        write,
        environment.project_id,
        ProvisioningRunKind::Recreate,
        by,
        &steps,
        now,
    )
    .await?;
    Ok(())
}

/// The run of a project that somebody has to work on.
///
/// # Errors
/// The store fails.
pub async fn active(write: &Write, project: Uuid) -> Result<Option<provisioning_runs::Model>, Failure> {
    provisioning_runs::Entity::find()
        .filter(provisioning_runs::Column::ProjectId.eq(project))
        .filter(provisioning_runs::Column::State.is_in(WAITING))
        .one(&**write)
        .await
        .map_err(failed)
}

/// Begins a run that takes everything away that was made for a project, and the project with it.
///
/// # Errors
/// The slug is not the project's, or a run is going on.
pub async fn remove(
    platform: &Platform,
    project: Uuid,
    slug: &str,
    keep: bool,
    by: Option<Uuid>,
) -> Result<provisioning_runs::Model, Failure> {
    let write = platform.store.begin_alone(&format!("provisioning/{project}")).await?;
    let now = platform.clock.now();
    let row = read_project(&write, project).await?;
    if row.slug != slug {
        return Err(Failure::new(ErrorCode::ProjectConfirmationMismatch));
    }
    let active = active(&write, project).await?;
    if let Some(run) = active {
        return Err(Failure::new(ErrorCode::ProvisionRunActive).with_details(json!({"runId": run.id})));
    }
    let steps = match keep {
        true => Vec::new(),
        false => plan::removal(
            &missing::environments(&*write, project).await?,
            &missing::records(&*write, project).await?,
            &missing::connections(&*write, project).await?,
        ),
    };
    if !states::move_project(&write, &row, ProjectEvent::Delete, now).await? {
        return Err(Failure::new(ErrorCode::ProvisionRunActive));
    }
    let run = begin(&write, project, ProvisioningRunKind::Delete, by, &steps, now).await?;
    write.commit().await?;
    platform.bell.notify_one();
    Ok(run)
}

/// Lets the latest run go on where it failed, left something out or was undone.
///
/// `planned`: how the project stood when it was planned.
///
/// # Errors
/// There is none, it goes on already, nothing of it is left to do, or the project stands otherwise than it was planned.
pub async fn retry(
    platform: &Platform,
    project: Uuid,
    planned: Option<&Stand>,
) -> Result<provisioning_runs::Model, Failure> {
    let write = platform.store.begin_alone(&format!("provisioning/{project}")).await?;
    if let Some(planned) = planned {
        planned.demand(&*write, project).await?;
    }
    let now = platform.clock.now();
    let run = take(&write, project, now).await?;
    match run.state {
        RunState::Pending | RunState::Running | RunState::Undoing => {
            return Err(Failure::new(ErrorCode::ProvisionRunActive).with_details(json!({"runId": run.id})));
        }
        RunState::Succeeded => {
            return Err(Failure::new(ErrorCode::ProvisionNothingToRetry).with_details(json!({"runId": run.id})));
        }
        RunState::Failed | RunState::Incomplete | RunState::Undone => {}
    }
    let rows = run_steps::Entity::find()
        .filter(run_steps::Column::RunId.eq(run.id))
        .all(&*write)
        .await
        .map_err(failed)?;
    if rows.iter().any(|row| row.state == StepState::Stuck) {
        // It failed while it was being undone, and goes on with that.
        return told(platform, write, run.id, ProvisioningRunEvent::Undo, now, |row| {
            row.attempt = Set(run.attempt + 1);
            row.finished_at = Set(None);
            row.error_code = Set(None);
        })
        .await;
    }
    if run.state == RunState::Undone {
        // What is undone stays undone: the steps are planned anew, and the lines of the old ones are kept.
        journal_entries::Entity::update_many()
            .col_expr(journal_entries::Column::StepId, Expr::value(None::<Uuid>))
            .filter(journal_entries::Column::RunId.eq(run.id))
            .exec(&*write)
            .await
            .map_err(failed)?;
        run_steps::Entity::delete_many()
            .filter(run_steps::Column::RunId.eq(run.id))
            .exec(&*write)
            .await
            .map_err(failed)?;
        plan_anew(&write, project, run.id, now).await?;
    } else {
        let rows = wanted_still(&write, &run, rows).await?;
        let again = rows
            .into_iter()
            .filter(|row| matches!(row.state, StepState::Failed | StepState::Skipped));
        for row in again {
            let version = row.version + 1;
            let state = states::step(row.state, RunStepEvent::Retry)?;
            let mut row = row.into_active_model();
            row.state = Set(state);
            row.attempt = Set(0);
            row.error_code = Set(None);
            row.hint = Set(None);
            row.finished_at = Set(None);
            row.version = Set(version);
            row.updated_at = Set(now);
            row.update(&*write).await.map_err(failed)?;
        }
    }
    let row = read_project(&write, project).await?;
    match run.kind {
        ProvisioningRunKind::Delete => {
            states::move_project(&write, &row, ProjectEvent::Delete, now).await?;
        }
        _ => {
            states::move_project(&write, &row, ProjectEvent::Retry, now).await?;
            move_environments(&write, &run, EnvironmentEvent::Provision, now).await?;
            move_environments(&write, &run, EnvironmentEvent::Recreate, now).await?;
        }
    }
    told(platform, write, run.id, ProvisioningRunEvent::Retry, now, |row| {
        row.attempt = Set(run.attempt + 1);
        row.started_at = Set(run.started_at.or(Some(now)));
        row.finished_at = Set(None);
        row.error_code = Set(None);
    })
    .await
}

/// The environments that a run makes something for; `None`: all of its project.
///
/// # Errors
/// The store fails.
pub(super) async fn environments_of(
    write: &Write,
    run: &provisioning_runs::Model,
) -> Result<Option<BTreeSet<String>>, Failure> {
    if run.kind != ProvisioningRunKind::Extend {
        return Ok(None);
    }
    let rows = run_steps::Entity::find()
        .filter(run_steps::Column::RunId.eq(run.id))
        .all(&**write)
        .await
        .map_err(failed)?;
    // Branches are looked after again and again, which changes nothing about an environment; nor do collections of it, or a workbench for it.
    let is_of_it = |resource| {
        !matches!(
            resource,
            ResourceKind::PostmanCollection | ResourceKind::GithubCodespace
        )
    };
    let makes = rows.into_iter().filter(|row| row.resource.is_some_and(is_of_it));
    Ok(Some(makes.filter_map(|row| row.environment).collect()))
}

/// Moves the environments that a run is about, where the event may happen.
///
/// # Errors
/// The store fails, or somebody else changed one meanwhile.
pub(super) async fn move_environments(
    write: &Write,
    run: &provisioning_runs::Model,
    on: EnvironmentEvent,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let only = environments_of(write, run).await?;
    states::move_environments(write, run.project_id, on, now, only.as_ref()).await
}

/// Takes a step out that was left out and that nobody wants any more; those that are left.
async fn wanted_still(
    write: &Write,
    run: &provisioning_runs::Model,
    rows: Vec<run_steps::Model>,
) -> Result<Vec<run_steps::Model>, Failure> {
    let beside = missing::beside(&**write, run.project_id).await?;
    let is_over = |row: &run_steps::Model| {
        let is_wanted = match row.resource {
            Some(ResourceKind::GithubCodespace) => beside.codespace,
            Some(ResourceKind::CloudflarePage) => beside.pages,
            _ => true,
        };
        row.state == StepState::Skipped && !is_wanted
    };
    let (over, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(is_over);
    let ids: Vec<Uuid> = over.iter().map(|row| row.id).collect();
    if !ids.is_empty() {
        journal_entries::Entity::update_many()
            .col_expr(journal_entries::Column::StepId, Expr::value(None::<Uuid>))
            .filter(journal_entries::Column::StepId.is_in(ids.clone()))
            .exec(&**write)
            .await
            .map_err(failed)?;
        run_steps::Entity::delete_many()
            .filter(run_steps::Column::Id.is_in(ids))
            .exec(&**write)
            .await
            .map_err(failed)?;
        provisioning_runs::Entity::update_many()
            .col_expr(
                provisioning_runs::Column::StepCount,
                Expr::value(i32::try_from(rows.len()).unwrap_or(i32::MAX)),
            )
            .filter(provisioning_runs::Column::Id.eq(run.id))
            .exec(&**write)
            .await
            .map_err(failed)?;
    }
    Ok(rows)
}

/// Gives a run that has no steps those that make everything that its project lacks.
pub(super) async fn plan_anew(write: &Write, project: Uuid, run: Uuid, now: DateTime<Utc>) -> Result<(), Failure> {
    let steps = missing::steps(&**write, project).await?;
    insert(write, project, run, &steps, now).await?;
    let count = i32::try_from(steps.len()).unwrap_or(i32::MAX);
    provisioning_runs::Entity::update_many()
        .col_expr(provisioning_runs::Column::StepCount, Expr::value(count))
        .col_expr(provisioning_runs::Column::DoneCount, Expr::value(0))
        .filter(provisioning_runs::Column::Id.eq(run))
        .exec(&**write)
        .await
        .map_err(failed)?;
    Ok(())
}

/// Stops the latest run and undoes it. One that failed is undone as well.
///
/// # Errors
/// There is none, it has come to its end, or it takes a project away.
pub async fn cancel(platform: &Platform, project: Uuid) -> Result<provisioning_runs::Model, Failure> {
    let write = platform.store.begin_alone(&format!("provisioning/{project}")).await?;
    let now = platform.clock.now();
    let run = take(&write, project, now).await?;
    let on = match (run.kind, run.state) {
        // What is taken away cannot be had back.
        (ProvisioningRunKind::Delete, _) => None,
        (_, RunState::Pending | RunState::Running) => Some(ProvisioningRunEvent::Cancel),
        (_, RunState::Failed | RunState::Incomplete) => Some(ProvisioningRunEvent::Undo),
        (_, RunState::Succeeded | RunState::Undoing | RunState::Undone) => None,
    };
    let on =
        on.ok_or_else(|| Failure::new(ErrorCode::ProvisionNotCancelable).with_details(json!({"runId": run.id})))?;
    told(platform, write, run.id, on, now, |row| {
        row.finished_at = Set(None);
    })
    .await
}

/// The latest run of a project, its version moved, so that nobody writes it meanwhile.
async fn take(write: &Write, project: Uuid, now: DateTime<Utc>) -> Result<provisioning_runs::Model, Failure> {
    use provisioning_runs::{Column, Entity};
    let latest = Entity::find()
        .filter(Column::ProjectId.eq(project))
        .filter(Column::Kind.is_not_in(plan::OF_ENVIRONMENTS))
        .order_by_desc(Column::CreatedAt)
        .one(&**write)
        .await
        .map_err(failed)?;
    let latest = latest.ok_or_else(|| Failure::new(ErrorCode::ProvisionRunNotFound))?;
    Entity::update_many()
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::Id.eq(latest.id))
        .exec(&**write)
        .await
        .map_err(failed)?;
    let row = Entity::find_by_id(latest.id).one(&**write).await.map_err(failed)?;
    row.ok_or_else(|| Failure::new(ErrorCode::ProvisionRunNotFound))
}

/// Moves a run that was taken, writes a line of it, commits, and wakes whoever carries it out.
async fn told(
    platform: &Platform,
    write: Write,
    run: Uuid,
    on: ProvisioningRunEvent,
    now: DateTime<Utc>,
    change: impl FnOnce(&mut provisioning_runs::ActiveModel),
) -> Result<provisioning_runs::Model, Failure> {
    let row = moved(&write, run, on, now, change).await?;
    let last = seen(&*write, run).await?.map_or(0, |(_, sequence, _)| sequence);
    let line = Line {
        step: None,
        phase: JournalEntryPhase::Note,
        act: "run",
        event: json!({"type": "run", "run": row}),
        more: Value::Null,
    };
    write_line(&write, run, last + 1, line, now).await?;
    write.commit().await?;
    platform.bell.notify_one();
    Ok(row)
}

/// Begins a run.
pub(super) async fn begin(
    write: &Write,
    project: Uuid,
    kind: ProvisioningRunKind,
    by: Option<Uuid>,
    steps: &[Planned],
    now: DateTime<Utc>,
) -> Result<provisioning_runs::Model, Failure> {
    begin_as(write, new_id(), project, kind, by, steps, now).await
}

/// Begins a run under an id.
pub(super) async fn begin_as(
    write: &Write,
    id: Uuid,
    project: Uuid,
    kind: ProvisioningRunKind,
    by: Option<Uuid>,
    steps: &[Planned],
    now: DateTime<Utc>,
) -> Result<provisioning_runs::Model, Failure> {
    let row = provisioning_runs::ActiveModel {
        id: Set(id),
        project_id: Set(project),
        kind: Set(kind),
        state: Set(RunState::Pending),
        // What nobody asked for is done by the platform itself.
        origin: Set(match (kind, by) {
            (ProvisioningRunKind::Preview, None) => Origin::System,
            _ => Origin::User,
        }),
        requested_by_id: Set(by),
        attempt: Set(1),
        step_count: Set(i32::try_from(steps.len()).unwrap_or(i32::MAX)),
        done_count: Set(0),
        error_code: Set(None),
        started_at: Set(None),
        finished_at: Set(None),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let row = row.insert(&**write).await.map_err(failed)?;
    insert(write, project, row.id, steps, now).await?;
    Ok(row)
}

async fn insert(write: &Write, project: Uuid, run: Uuid, steps: &[Planned], now: DateTime<Utc>) -> Result<(), Failure> {
    let rows = steps.iter().map(|step| {
        let resource = step.resource.map_or(step.name.as_str(), |resource| resource.as_str());
        run_steps::ActiveModel {
            id: Set(new_id()),
            run_id: Set(run),
            name: Set(step.name.clone()),
            resource: Set(step.resource),
            environment: Set(step.environment.clone()),
            // On this machine the platform provides for itself.
            provider: Set(None),
            state: Set(StepState::Pending),
            attempt: Set(0),
            request_key: Set(key(project, resource, step.environment.as_deref())),
            depends_on: Set(json!(step.needs)),
            external_id: Set(None),
            error_code: Set(None),
            hint: Set(None),
            version: Set(1),
            started_at: Set(None),
            finished_at: Set(None),
            created_at: Set(now),
            updated_at: Set(now),
        }
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        run_steps::Entity::insert_many(rows)
            .exec(&**write)
            .await
            .map_err(failed)?;
    }
    Ok(())
}

async fn read_project(write: &Write, project: Uuid) -> Result<projects::Model, Failure> {
    let row = projects::Entity::find_by_id(project)
        .one(&**write)
        .await
        .map_err(failed)?;
    row.ok_or_else(|| absent_project(project))
}
