//! Previews as runs make and take them away.
//!
//! Owns: how long one stays, its archiving, and the end of such runs. Must not know: who may ask, which branch one is of.
//!
//! The run that makes a preview is its first deployment, and has its id. The one that takes it away has two steps, and keeps the row and
//! the history. How long a preview may stand idle is the time between its last activity and its end, so a row tells that by itself.

use chrono::{DateTime, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::lifecycles::{EnvironmentEvent, ProvisioningRunEvent};
use flaresmith_store::entities::{environments, provisioning_runs, run_steps};
use flaresmith_store::enums::{EnvironmentKind, ProvisioningRunKind};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::journal::Page;
use super::lease::WAITING;
use super::steps::names;
use super::{deploy, plan, request, states};
use crate::store::{Write, failed};

/// Most previews of a project that are not archived.
pub const MOST: usize = 15;

/// Something happened in an environment; a preview then has its whole time again.
pub fn stay(row: &mut environments::ActiveModel, now: DateTime<Utc>) {
    let expires = row.expires_at.try_as_ref().copied().flatten();
    if let (Some(expires), Some(last)) = (expires, row.last_activity_at.try_as_ref()) {
        row.expires_at = Set(Some(now + (expires - *last)));
    }
    row.last_activity_at = Set(now);
}

/// Archives a preview, if the event may happen in its state, and begins the run that takes it away; whether it did.
///
/// # Errors
/// The store fails.
pub async fn archive(
    write: &Write,
    row: &environments::Model,
    on: EnvironmentEvent,
    by: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<bool, Failure> {
    if row.kind != EnvironmentKind::Preview {
        return Ok(false);
    }
    let moved = states::move_environment(write, row.id, on, now, |row| {
        row.archived_at = Set(Some(now));
        row.url = Set(None);
    })
    .await?;
    if moved {
        remove(write, row.project_id, &row.name, by, now).await?;
    }
    Ok(moved)
}

/// Begins a run that takes a preview away, or what is left of one. `by`: who asked; `None`: nobody did.
///
/// # Errors
/// The store fails.
pub async fn remove(
    write: &Write,
    project: Uuid,
    environment: &str,
    by: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let steps = plan::archiving(environment);
    request::begin(write, project, ProvisioningRunKind::Preview, by, &steps, now).await?;
    Ok(())
}

/// Whether a run that somebody has to work on is about an environment of this name.
///
/// # Errors
/// The store fails.
pub async fn is_worked_on(write: &Write, project: Uuid, environment: &str) -> Result<bool, Failure> {
    let runs = provisioning_runs::Entity::find()
        .filter(provisioning_runs::Column::ProjectId.eq(project))
        .filter(provisioning_runs::Column::State.is_in(WAITING))
        .all(&**write)
        .await
        .map_err(failed)?;
    let found = run_steps::Entity::find()
        .filter(run_steps::Column::RunId.is_in(runs.iter().map(|run| run.id)))
        .filter(run_steps::Column::Environment.eq(environment))
        .one(&**write)
        .await
        .map_err(failed)?;
    Ok(found.is_some())
}

/// Ends a run that makes a preview or takes one away.
pub(super) async fn end(
    page: &mut Page<'_>,
    run: &provisioning_runs::Model,
    steps: &[run_steps::Model],
    done: bool,
) -> Result<(), Failure> {
    if !steps.iter().any(|step| names::removes(&step.name)) {
        return deploy::end(page, run, steps, done).await;
    }
    let now = page.now;
    let code = steps.iter().find_map(|step| step.error_code.clone());
    let (on, code) = match done {
        true => (ProvisioningRunEvent::Succeed, None),
        false => (
            ProvisioningRunEvent::Fail,
            code.or_else(|| Some(ErrorCode::ProvisionStepFailed.as_str().to_owned())),
        ),
    };
    page.run(on, |row| {
        row.finished_at = Set(Some(now));
        row.error_code = Set(code);
    })
    .await
}
