//! Test runs: what running a collection changes in the store, from the request to the end.
//!
//! Owns: their rows. Must not know: how a collection is run, who may ask.
//!
//! A run that tests has the id of its test run. It changes nothing of its project and its environment.

use chrono::{DateTime, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::lifecycles::{PostmanTestRunEvent, ProvisioningRunEvent};
use flaresmith_store::entities::{environments, postman_test_runs, provisioning_runs, run_steps};
use flaresmith_store::enums::{PostmanTestRunPurpose, ProvisioningRunKind, TestRunState};
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, ConnectionTrait, EntityTrait as _, IntoActiveModel as _};
use serde_json::{Value, json};
use uuid::Uuid;

use super::journal::Page;
use super::{plan, request, states};
use crate::collections::Report;
use crate::store::{Write, failed, new_id};

/// What is to be tested.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The name of the collection.
    pub collection: String,
    /// Only this folder of it.
    pub folder: Option<String>,
    /// What for.
    pub purpose: PostmanTestRunPurpose,
    /// Who asked.
    pub by: Option<Uuid>,
}

/// Begins a test run.
///
/// # Errors
/// The store fails.
pub async fn begin(
    write: &Write,
    environment: &environments::Model,
    wanted: Wanted,
    now: DateTime<Utc>,
) -> Result<postman_test_runs::Model, Failure> {
    let row = postman_test_runs::ActiveModel {
        id: Set(new_id()),
        project_id: Set(environment.project_id),
        environment_id: Set(environment.id),
        state: Set(TestRunState::Queued),
        collection: Set(wanted.collection),
        folder: Set(wanted.folder),
        purpose: Set(wanted.purpose),
        assertion_count: Set(0),
        failed_count: Set(0),
        critical_count: Set(0),
        duration_ms: Set(None),
        failures: Set(json!([])),
        requested_by_id: Set(wanted.by),
        started_at: Set(None),
        finished_at: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let row = row.insert(&**write).await.map_err(failed)?;
    let steps = plan::test(&environment.name);
    let kind = ProvisioningRunKind::Test;
    request::begin_as(write, row.id, environment.project_id, kind, wanted.by, &steps, now).await?;
    Ok(row)
}

/// A test run.
///
/// # Errors
/// It is gone.
pub(super) async fn read<C: ConnectionTrait>(connection: &C, id: Uuid) -> Result<postman_test_runs::Model, Failure> {
    let row = postman_test_runs::Entity::find_by_id(id)
        .one(connection)
        .await
        .map_err(failed)?;
    row.ok_or_else(|| Failure::new(ErrorCode::TestRunNotFound))
}

/// The collection is about to be run.
pub(super) async fn started(write: &Write, run: Uuid, now: DateTime<Utc>) -> Result<(), Failure> {
    change(write, run, PostmanTestRunEvent::Start, now, |row| {
        row.started_at = Set(Some(now));
    })
    .await
}

/// The collection was run.
pub(super) async fn ran(write: &Write, run: Uuid, report: &Report, now: DateTime<Utc>) -> Result<(), Failure> {
    let event = match report.has_passed() {
        true => PostmanTestRunEvent::Pass,
        false => PostmanTestRunEvent::Fail,
    };
    let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    let failures = serde_json::to_value(&report.failures).map_err(Failure::internal)?;
    change(write, run, event, now, |row| {
        row.assertion_count = Set(count(report.assertions));
        row.failed_count = Set(count(report.failed));
        row.critical_count = Set(count(report.critical));
        row.failures = Set(failures);
        row.duration_ms = Set(i64::try_from(report.took.as_millis()).ok());
        row.finished_at = Set(Some(now));
    })
    .await
}

/// Ends the run that tests.
pub(super) async fn end(
    page: &mut Page<'_>,
    run: &provisioning_runs::Model,
    steps: &[run_steps::Model],
    done: bool,
) -> Result<(), Failure> {
    let now = page.now;
    let code = steps.iter().find_map(|step| step.error_code.clone());
    if !done {
        let why = code
            .as_deref()
            .and_then(|code| code.parse::<ErrorCode>().ok())
            .map_or("It could not be carried out.", ErrorCode::message);
        let failures: Value = json!([{"request": "", "assertion": code, "message": why}]);
        change(&page.write, run.id, PostmanTestRunEvent::Abort, now, |row| {
            row.failures = Set(failures);
            row.finished_at = Set(Some(now));
        })
        .await?;
    }
    let event = match done {
        true => ProvisioningRunEvent::Succeed,
        false => ProvisioningRunEvent::Fail,
    };
    page.run(event, |row| {
        row.finished_at = Set(Some(now));
        row.error_code = Set(code);
    })
    .await
}

/// Moves a test run, if the event may happen in its state: whatever is repeated changes nothing.
async fn change(
    write: &Write,
    id: Uuid,
    on: PostmanTestRunEvent,
    now: DateTime<Utc>,
    more: impl FnOnce(&mut postman_test_runs::ActiveModel),
) -> Result<(), Failure> {
    let row = read(&**write, id).await?;
    let Ok(state) = states::test_run(row.state, on) else {
        return Ok(());
    };
    let mut row = row.into_active_model();
    row.state = Set(state);
    row.updated_at = Set(now);
    more(&mut row);
    row.update(&**write).await.map_err(failed)?;
    Ok(())
}
