//! Undoing a run, newest step first.
//!
//! Owns: the order, and that one step that cannot be undone keeps none of the others. Must not know: what a step does.

use std::collections::BTreeSet;

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::lifecycles::{
    EnvironmentEvent, ProjectEvent, ProvisioningRunEvent, ResourceRecordEvent, RunStepEvent,
};
use flaresmith_store::entities::{provisioning_runs, run_steps};
use flaresmith_store::enums::{JournalEntryPhase, RunState, StepState};
use sea_orm::ActiveValue::Set;
use serde_json::{Value, json};

use super::journal::{Journal, Stopped, kept};
use super::work::{act, end, read_run, read_steps, record, subject};
use super::{request, steps};

/// Undoes everything that was begun.
pub(super) async fn all(journal: &Journal) -> Result<(), Stopped> {
    let run = read_run(journal).await?;
    let mut tried = BTreeSet::new();
    loop {
        let rows = read_steps(journal).await?;
        let begun = |row: &&run_steps::Model| {
            !matches!(row.state, StepState::Skipped | StepState::Undone) && row.started_at.is_some()
        };
        let newest = rows
            .into_iter()
            .rev()
            .find(|row| begun(&row) && !tried.contains(&row.id));
        match newest {
            Some(row) => {
                tried.insert(row.id);
                one(journal, &run, row).await?;
            }
            None => break,
        }
    }
    let stuck = read_steps(journal)
        .await?
        .iter()
        .any(|row| row.state == StepState::Stuck);
    let mut page = journal.page().await?;
    if page.state != RunState::Undoing {
        return Ok(());
    }
    let (on, code) = match stuck {
        true => (ProvisioningRunEvent::Fail, Some(ErrorCode::ProvisionUndoStuck)),
        false => (ProvisioningRunEvent::Succeed, None),
    };
    request::move_environments(&page.write, &run, EnvironmentEvent::Fail, page.now).await?;
    // What a run adds to a project that has all its environments leaves them as they are.
    let is_whole = !stuck
        && request::environments_of(&page.write, &run)
            .await?
            .is_some_and(|some| some.is_empty());
    let project = if is_whole {
        ProjectEvent::Ready
    } else {
        ProjectEvent::Fail
    };
    end(&mut page, &run, on, project, code).await?;
    Ok(page.close().await?)
}

async fn one(journal: &Journal, run: &provisioning_runs::Model, mut row: run_steps::Model) -> Result<(), Stopped> {
    let subject = subject(journal, run, &row).await?;
    let mut page = journal.page().await?;
    if page.state != RunState::Undoing {
        return Ok(());
    }
    if row.state == StepState::Pending {
        // It was begun, failed, and was to be tried again: what came of the first time is looked for.
        let phase = JournalEntryPhase::Note;
        row = page
            .step(&row, Some(RunStepEvent::Start), phase, Value::Null, |_| {})
            .await?;
    }
    if matches!(row.state, StepState::Running | StepState::Waiting) {
        // Whoever was doing it has died; what came of it is looked for.
        let phase = JournalEntryPhase::After;
        row = page
            .step(&row, Some(RunStepEvent::Fail), phase, Value::Null, |_| {})
            .await?;
        record(&page, run, &row, ResourceRecordEvent::Fail, None).await?;
    }
    let event = (row.state != StepState::Undoing).then_some(RunStepEvent::Undo);
    let more = json!({"key": row.request_key, "undo": true});
    row = page.step(&row, event, JournalEntryPhase::Before, more, |_| {}).await?;
    record(&page, run, &row, ResourceRecordEvent::Delete, None).await?;
    page.close().await?;

    let step = steps::named(&row.name);
    let done = match step {
        Some(step) => act(journal, &row, &subject, step, true).await?,
        None => Err(Failure::new(ErrorCode::ProvisionUndoStuck)),
    };
    let mut page = journal.page().await?;
    let phase = JournalEntryPhase::After;
    let now = page.now;
    match (done, step) {
        (Ok(made), Some(step)) => {
            page.step(&row, Some(RunStepEvent::Succeed), phase, Value::Null, |row| {
                row.finished_at = Set(Some(now));
                row.external_id = Set(None);
                row.error_code = Set(None);
                row.hint = Set(None);
            })
            .await?;
            record(&page, run, &row, ResourceRecordEvent::Gone, Some(&made)).await?;
            step.forget(&page.write, &subject).await?;
            page.count().await?;
        }
        (Err(failure), _) => {
            let code = ErrorCode::ProvisionUndoStuck;
            journal.tell(&row.name, Some(run.project_id), &failure, false);
            let more = kept(&failure);
            page.step(&row, Some(RunStepEvent::Fail), phase, more, |row| {
                row.finished_at = Set(Some(now));
                row.error_code = Set(Some(code.as_str().to_owned()));
                row.hint = Set(code.hint().map(str::to_owned));
            })
            .await?;
            record(&page, run, &row, ResourceRecordEvent::Fail, None).await?;
        }
        (Ok(_), None) => {}
    }
    Ok(page.close().await?)
}
