//! Carrying out the steps of a run.
//!
//! Owns: which step may begin, what is written around each, and how a run ends. Must not know: what a step does.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::lifecycles::{
    EnvironmentEvent, ProjectEvent, ProvisioningRunEvent, ResourceRecordEvent, RunStepEvent,
};
use flaresmith_store::entities::{environments, leases, projects, provisioning_runs, resource_records, run_steps};
use flaresmith_store::enums::{JournalEntryPhase, ProvisioningRunKind, ResourceRecordState, RunState, StepState};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _,
};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::fate::BESIDE;
use super::journal::{Journal, Page, Stopped, kept};
use super::step::{ALL, Step, Subject, provider};
use super::{deploy, lease, previews, request, states, steps, test_run};
use crate::backoff;
use crate::providers::{Made, Mark};
use crate::store::{failed, new_id};
use crate::telemetry::span;

/// How often a step is begun at most, counting the times that a process died in it.
const MOST: i32 = 10;

/// How long a step waits at most for providers that ask to be left alone.
const PATIENCE: Duration = Duration::from_secs(300);

/// Time between two looks whether a run that waits was cancelled.
const LOOK: Duration = Duration::from_secs(2);

/// Carries a run on to its end, or until somebody cancels it.
pub(super) async fn carry_on(journal: &Arc<Journal>) -> Result<(), Stopped> {
    loop {
        let row = provisioning_runs::Entity::find_by_id(journal.run())
            .one(journal.platform.store.read())
            .await
            .map_err(failed)?;
        match row.map(|row| row.state) {
            Some(RunState::Pending) => begin(journal).await?,
            Some(RunState::Running) => steps_of(journal).await?,
            Some(RunState::Undoing) => super::undo::all(journal).await?,
            _ => return Ok(()),
        }
    }
}

async fn begin(journal: &Journal) -> Result<(), Stopped> {
    let run = read_run(journal).await?;
    let mut page = journal.page().await?;
    if page.state != RunState::Pending {
        return Ok(());
    }
    let now = page.now;
    if run.kind == ProvisioningRunKind::Create && run.step_count == 0 {
        // It was put there before runs were planned when they begin.
        request::plan_anew(&page.write, run.project_id, run.id, now).await?;
    }
    page.run(ProvisioningRunEvent::Start, |row| row.started_at = Set(Some(now)))
        .await?;
    match run.kind {
        // Its environment was moved when it was asked for.
        ProvisioningRunKind::Delete | ProvisioningRunKind::Recreate | ProvisioningRunKind::Test => {}
        // Of one that takes a preview away there is no deployment.
        ProvisioningRunKind::Deploy | ProvisioningRunKind::Preview => deploy::started(&page.write, run.id, now).await?,
        _ => request::move_environments(&page.write, &run, EnvironmentEvent::Provision, now).await?,
    }
    Ok(page.close().await?)
}

async fn steps_of(journal: &Arc<Journal>) -> Result<(), Stopped> {
    let run = read_run(journal).await?;
    let mut begun = BTreeSet::new();
    // Each in a task of its own: none waits for what another holds. All end with this.
    let mut under_way = JoinSet::new();
    loop {
        let rows = read_steps(journal).await?;
        let fails = rows.iter().any(|row| row.state == StepState::Failed);
        let goes_on = !fails && read_run(journal).await?.state == RunState::Running;
        for row in rows.iter().filter(|row| goes_on && may_begin(row, &rows)) {
            if begun.insert(row.id) {
                let (journal, run, row) = (Arc::clone(journal), run.clone(), row.clone());
                let work = async move { one(&journal, &run, row).await };
                under_way.spawn(span::carried(span::here(), work));
            }
        }
        match under_way.join_next().await {
            Some(done) => done.map_err(Failure::internal)??,
            None => break,
        }
    }
    let rows = read_steps(journal).await?;
    let mut page = journal.page().await?;
    if page.state != RunState::Running {
        return Ok(());
    }
    let done = rows
        .iter()
        .all(|row| matches!(row.state, StepState::Succeeded | StepState::Skipped));
    match (done, run.kind) {
        (done, ProvisioningRunKind::Deploy) => deploy::end(&mut page, &run, &rows, done).await?,
        (done, ProvisioningRunKind::Preview) => previews::end(&mut page, &run, &rows, done).await?,
        (done, ProvisioningRunKind::Test) => test_run::end(&mut page, &run, &rows, done).await?,
        (done, ProvisioningRunKind::Recreate) => deploy::recreated(&mut page, &run, &rows, done).await?,
        (true, ProvisioningRunKind::Delete) => removed(&mut page, &run).await?,
        (true, _) => {
            request::move_environments(&page.write, &run, EnvironmentEvent::Ready, page.now).await?;
            // What was left out can be had later, and whoever looks at the project sees that it lacks something.
            let left_out = rows.iter().find(|row| row.state == StepState::Skipped);
            let (on, project) = match left_out {
                Some(_) => (ProvisioningRunEvent::Skip, ProjectEvent::Fail),
                None => (ProvisioningRunEvent::Succeed, ProjectEvent::Ready),
            };
            let code = left_out.and_then(|row| row.error_code.clone());
            end_with(&mut page, &run, on, project, code).await?;
        }
        (false, _) => {
            let code = Some(ErrorCode::ProvisionStepFailed);
            request::move_environments(&page.write, &run, EnvironmentEvent::Fail, page.now).await?;
            end(&mut page, &run, ProvisioningRunEvent::Fail, ProjectEvent::Fail, code).await?;
        }
    }
    Ok(page.close().await?)
}

/// Whether nothing stands before a step. One that is running was begun by somebody who died.
fn may_begin(row: &run_steps::Model, rows: &[run_steps::Model]) -> bool {
    let waits = matches!(row.state, StepState::Pending | StepState::Running | StepState::Waiting);
    let needs = row.depends_on.as_array().map(Vec::as_slice).unwrap_or_default();
    let done = |name: &Value| {
        rows.iter()
            .any(|other| Some(other.name.as_str()) == name.as_str() && other.state == StepState::Succeeded)
    };
    waits && needs.iter().all(done)
}

/// One step, from before to after.
async fn one(journal: &Journal, run: &provisioning_runs::Model, row: run_steps::Model) -> Result<(), Stopped> {
    let subject = subject(journal, run, &row).await?;
    let step = steps::named(&row.name);
    let mut page = journal.page().await?;
    if page.state != RunState::Running {
        return Ok(());
    }
    let event = match row.state {
        StepState::Pending => Some(RunStepEvent::Start),
        StepState::Waiting => Some(RunStepEvent::Resume),
        _ => None,
    };
    let now = page.now;
    let row = page
        .step(
            &row,
            event,
            JournalEntryPhase::Before,
            json!({"key": row.request_key}),
            |row| {
                row.attempt = Set(row.attempt.take().unwrap_or_default() + 1);
                if event == Some(RunStepEvent::Start) {
                    row.started_at = Set(Some(now));
                }
            },
        )
        .await?;
    let creates = !steps::names::removes(&row.name);
    let on = match creates {
        true => ResourceRecordEvent::Create,
        false => ResourceRecordEvent::Delete,
    };
    record(&page, run, &row, on, None).await?;
    page.close().await?;

    let done = match step {
        Some(step) if row.attempt <= MOST => act(journal, &row, &subject, step, false).await?,
        Some(_) => Err(Failure::new(ErrorCode::ProvisionStepFailed).with_message("The process died in it too often.")),
        None => Err(Failure::new(ErrorCode::ProvisionStepFailed).with_message("No step has this name.")),
    };
    let mut page = journal.page().await?;
    let now = page.now;
    match (done, step) {
        (Ok(made), Some(step)) => {
            let more = json!({"name": made.name, BESIDE: made.beside});
            page.step(
                &row,
                Some(RunStepEvent::Succeed),
                JournalEntryPhase::After,
                more,
                |row| {
                    row.finished_at = Set(Some(now));
                    row.external_id = Set(made.external_id.clone());
                    row.error_code = Set(None);
                    row.hint = Set(None);
                },
            )
            .await?;
            let on = match creates {
                true => ResourceRecordEvent::Ready,
                false => ResourceRecordEvent::Gone,
            };
            record(&page, run, &row, on, Some(&made)).await?;
            step.keep(&page.write, &subject, &made).await?;
            page.count().await?;
            page.close().await?;
            if let Some(resource) = row.resource.filter(|_| creates) {
                let began = row.started_at.unwrap_or(now);
                let kind = subject.environment.as_ref().map_or(ALL, |row| row.kind.as_str());
                let took = (now - began).to_std().unwrap_or_default();
                journal
                    .platform
                    .metrics
                    .provisioned(provider(resource).as_str(), kind, took);
            }
            return Ok(());
        }
        (Err(failure), step) => {
            journal.tell(&row.name, Some(run.project_id), &failure, false);
            page.note(&row, failure.message(), Value::Null).await?;
            let on = match step.is_some_and(|step| step.leaves_out(failure.code())) {
                true => RunStepEvent::Skip,
                false => RunStepEvent::Fail,
            };
            page.step(&row, Some(on), JournalEntryPhase::After, kept(&failure), |row| {
                row.finished_at = Set(Some(now));
                row.error_code = Set(Some(failure.code().as_str().to_owned()));
                row.hint = Set(failure.hint().map(|hint| hint.chars().take(300).collect()));
            })
            .await?;
            record(&page, run, &row, ResourceRecordEvent::Fail, None).await?;
        }
        (Ok(_), None) => {}
    }
    Ok(page.close().await?)
}

/// Does or undoes a step outside of the store, several times if what went wrong may pass.
pub(super) async fn act(
    journal: &Journal,
    row: &run_steps::Model,
    subject: &Subject,
    step: &dyn Step,
    undo: bool,
) -> Result<Result<Made, Failure>, Stopped> {
    let mut waits = backoff::waits();
    let mut patience = PATIENCE;
    loop {
        let done = match undo {
            false => step.run(subject).await,
            true => step.undo(subject).await.map(|()| Made::default()),
        };
        let passes = |failure: &Failure| failure.code().retry_policy().as_str() != "none";
        let asked = done.as_ref().err().and_then(asks_to_wait);
        let told = asked.filter(|told| *told <= patience);
        // Who asks for more than there is patience for is not asked again meanwhile.
        let passing = asked.is_none() && done.as_ref().err().is_some_and(passes);
        let wait = match told {
            Some(_) => told,
            None if passing => waits.next(),
            None => None,
        };
        match (done, wait) {
            (Err(failure), Some(wait)) if told.is_some() => {
                patience -= wait;
                let mut page = journal.page().await?;
                let text = format!("{} Waiting for {} s.", failure.message(), wait.as_secs());
                page.note(row, &text, kept(&failure)).await?;
                page.close().await?;
                let state = if undo { RunState::Undoing } else { RunState::Running };
                if !rest(journal, wait, state).await? {
                    return Ok(Err(failure));
                }
            }
            (Err(failure), Some(wait)) => {
                let mut page = journal.page().await?;
                journal.tell(&row.name, Some(subject.project.id), &failure, true);
                let text = format!("{} Trying again.", failure.message());
                page.note(row, &text, kept(&failure)).await?;
                page.close().await?;
                tokio::time::sleep(wait).await;
            }
            (done, _) => return Ok(done),
        }
    }
}

/// How long whoever failed asks to be left alone.
fn asks_to_wait(failure: &Failure) -> Option<Duration> {
    let told = failure
        .headers()
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))?;
    let seconds: u64 = told.1.parse().ok()?;
    Some(Duration::from_secs(seconds.max(1)))
}

/// Waits, as long as the run stays in its state; whether it did.
async fn rest(journal: &Journal, wait: Duration, state: RunState) -> Result<bool, Stopped> {
    let until = Instant::now() + wait;
    loop {
        if read_run(journal).await?.state != state {
            return Ok(false);
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(true);
        }
        tokio::time::sleep(left.min(LOOK)).await;
    }
}

/// What a step works on.
pub(super) async fn subject(
    journal: &Journal,
    run: &provisioning_runs::Model,
    row: &run_steps::Model,
) -> Result<Subject, Stopped> {
    let read = journal.platform.store.read();
    let project = projects::Entity::find_by_id(run.project_id)
        .one(read)
        .await
        .map_err(failed)?
        .ok_or(Stopped::Lost)?;
    let environment = match &row.environment {
        None => None,
        Some(name) => environments::Entity::find()
            .filter(environments::Column::ProjectId.eq(run.project_id))
            .filter(environments::Column::Name.eq(name))
            .order_by_desc(environments::Column::Generation)
            .one(read)
            .await
            .map_err(failed)?,
    };
    let mark = Mark {
        project: project.id,
        environment: row.environment.clone().unwrap_or_else(|| ALL.to_owned()),
        key: row.request_key.clone(),
        fence: journal.fence(&row.request_key),
    };
    Ok(Subject {
        platform: journal.platform.clone(),
        run: run.id,
        project,
        environment,
        mark,
    })
}

/// Moves the record of what a step makes or takes away, if it does either, and if the event may happen.
pub(super) async fn record(
    page: &Page<'_>,
    run: &provisioning_runs::Model,
    row: &run_steps::Model,
    on: ResourceRecordEvent,
    made: Option<&Made>,
) -> Result<(), Failure> {
    use resource_records::{ActiveModel, Column, Entity};
    let Some(resource) = row.resource else {
        return Ok(());
    };
    let found = Entity::find()
        .filter(Column::Key.eq(&row.request_key))
        .one(&*page.write)
        .await
        .map_err(failed)?;
    let mut active = match (found, on) {
        // Made anew: what was made under the key before is gone.
        (None, ResourceRecordEvent::Create) => {
            let active = ActiveModel {
                id: Set(new_id()),
                project_id: Set(run.project_id),
                key: Set(row.request_key.clone()),
                resource: Set(resource),
                environment: Set(row.environment.clone().unwrap_or_else(|| ALL.to_owned())),
                provider: Set(provider(resource)),
                external_id: Set(None),
                name: Set(row.request_key.clone()),
                url: Set(None),
                state: Set(states::resource(ResourceRecordState::Planned, on)?),
                created_at: Set(page.now),
                updated_at: Set(page.now),
            };
            active.insert(&*page.write).await.map_err(failed)?;
            return Ok(());
        }
        (None, _) => return Ok(()),
        (Some(record), on) => {
            let on = match (record.state, on) {
                (ResourceRecordState::Failed, ResourceRecordEvent::Create) => ResourceRecordEvent::Retry,
                (_, on) => on,
            };
            let Ok(to) = states::resource(record.state, on) else {
                return Ok(());
            };
            let mut active = record.into_active_model();
            active.state = Set(to);
            active
        }
    };
    if let Some(made) = made.filter(|made| !made.name.is_empty()) {
        active.external_id = Set(made.external_id.clone());
        active.name = Set(made.name.clone());
        active.url = Set(made.url.clone());
    }
    active.updated_at = Set(page.now);
    let row = active.update(&*page.write).await.map_err(failed)?;
    if row.state == ResourceRecordState::Deleted {
        // Nothing leads out of that state, and the key may be used again.
        Entity::delete_by_id(row.id).exec(&*page.write).await.map_err(failed)?;
    }
    Ok(())
}

/// Ends a run, and moves its project.
pub(super) async fn end(
    page: &mut Page<'_>,
    run: &provisioning_runs::Model,
    on: ProvisioningRunEvent,
    project: ProjectEvent,
    code: Option<ErrorCode>,
) -> Result<(), Failure> {
    let code = code.map(|code| code.as_str().to_owned());
    end_with(page, run, on, project, code).await
}

/// The same with the code as a step has it.
async fn end_with(
    page: &mut Page<'_>,
    run: &provisioning_runs::Model,
    on: ProvisioningRunEvent,
    project: ProjectEvent,
    code: Option<String>,
) -> Result<(), Failure> {
    let row = projects::Entity::find_by_id(run.project_id)
        .one(&*page.write)
        .await
        .map_err(failed)?;
    if let Some(row) = row {
        states::move_project(&page.write, &row, project, page.now).await?;
    }
    let now = page.now;
    page.run(on, |row| {
        row.finished_at = Set(Some(now));
        row.error_code = Set(code);
    })
    .await
}

/// Ends a project: everything that was made for it is gone, and its rows go now.
async fn removed(page: &mut Page<'_>, run: &provisioning_runs::Model) -> Result<(), Failure> {
    end(page, run, ProvisioningRunEvent::Succeed, ProjectEvent::Gone, None).await?;
    let runs = provisioning_runs::Entity::find()
        .filter(provisioning_runs::Column::ProjectId.eq(run.project_id))
        .all(&*page.write)
        .await
        .map_err(failed)?;
    leases::Entity::delete_many()
        .filter(leases::Column::Subject.is_in(runs.iter().map(|run| lease::subject(run.id))))
        .exec(&*page.write)
        .await
        .map_err(failed)?;
    projects::Entity::delete_by_id(run.project_id)
        .exec(&*page.write)
        .await
        .map_err(failed)?;
    Ok(())
}

/// The run as it is.
pub(super) async fn read_run(journal: &Journal) -> Result<provisioning_runs::Model, Stopped> {
    let row = provisioning_runs::Entity::find_by_id(journal.run())
        .one(journal.platform.store.read())
        .await
        .map_err(failed)?;
    row.ok_or(Stopped::Lost)
}

/// Its steps, those that began first first.
pub(super) async fn read_steps(journal: &Journal) -> Result<Vec<run_steps::Model>, Stopped> {
    let run: Uuid = journal.run();
    let rows = run_steps::Entity::find()
        .filter(run_steps::Column::RunId.eq(run))
        .order_by_asc(run_steps::Column::StartedAt)
        .order_by_asc(run_steps::Column::Name)
        .all(journal.platform.store.read())
        .await;
    Ok(rows.map_err(failed)?)
}
