//! What a rollback goes back to: a version, and with it the database if that is asked for.
//!
//! Owns: which moment belongs to a deployment, and where version and moment are kept for the steps that go back there. Must not know: how
//! any of it is done, who may ask.
//!
//! A deployment ends, for its database, when the next one begins to change it: what was written while it ran is still there at that
//! moment, and nothing that came of the next one.

use chrono::{DateTime, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::entities::{deployments, run_steps};
use flaresmith_store::enums::StepState;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use uuid::Uuid;

use super::step::Subject;
use super::steps::names;
use crate::providers::database_host::Moment;
use crate::store::{Write, failed};

/// The end of a deployment for its database; `None`: nothing has changed that since.
///
/// # Errors
/// The store fails.
pub async fn end_of<C: ConnectionTrait>(
    connection: &C,
    deployment: &deployments::Model,
    now: DateTime<Utc>,
) -> Result<Option<Moment>, Failure> {
    let later = deployments::Entity::find()
        .filter(deployments::Column::EnvironmentId.eq(deployment.environment_id))
        .filter(deployments::Column::CreatedAt.gt(deployment.created_at))
        .order_by_asc(deployments::Column::CreatedAt)
        .all(connection)
        .await
        .map_err(failed)?;
    for later in later {
        if let Some(began) = began(connection, later.id).await? {
            return Ok(Some(Moment {
                before: later.id,
                ago: now - began,
            }));
        }
    }
    Ok(None)
}

/// When a deployment began to change the database of its environment.
async fn began<C: ConnectionTrait>(connection: &C, deployment: Uuid) -> Result<Option<DateTime<Utc>>, Failure> {
    for kind in [names::MIGRATION, names::TAKE_BACK] {
        if let Some(step) = step(connection, deployment, kind).await? {
            return Ok(step.started_at);
        }
    }
    Ok(None)
}

/// Keeps with the steps of a run which version it puts there again, and before which deployment it takes the database back.
pub(super) async fn goes_to(
    write: &Write,
    run: Uuid,
    version: Option<Uuid>,
    deployment: Option<Uuid>,
) -> Result<(), Failure> {
    for (kind, id) in [(names::VERSION, version), (names::TAKE_BACK, deployment)] {
        if let Some(id) = id {
            run_steps::Entity::update_many()
                .col_expr(run_steps::Column::ExternalId, Expr::value(id.to_string()))
                .filter(run_steps::Column::RunId.eq(run))
                .filter(run_steps::Column::Name.starts_with(kind))
                .exec(&**write)
                .await
                .map_err(failed)?;
        }
    }
    Ok(())
}

/// The version that the run of a deployment puts there; of a rollback that has not begun, the one that it repeats.
///
/// # Errors
/// The store fails.
pub async fn repeated<C: ConnectionTrait>(connection: &C, run: Uuid) -> Result<Option<Uuid>, Failure> {
    let step = step(connection, run, names::VERSION).await?;
    Ok(step.and_then(|step| step.external_id?.parse().ok()))
}

/// Before which deployment a rollback that failed still has to take the database back; `None`: it has done so, or was not to.
///
/// # Errors
/// The store fails.
pub async fn left_to_do<C: ConnectionTrait>(connection: &C, run: Uuid) -> Result<Option<Uuid>, Failure> {
    let step = step(connection, run, names::TAKE_BACK).await?;
    let step = step.filter(|step| step.state != StepState::Succeeded);
    Ok(step.and_then(|step| step.external_id?.parse().ok()))
}

/// The step of a run that does something of a kind.
async fn step<C: ConnectionTrait>(connection: &C, run: Uuid, kind: &str) -> Result<Option<run_steps::Model>, Failure> {
    run_steps::Entity::find()
        .filter(run_steps::Column::RunId.eq(run))
        .filter(run_steps::Column::Name.starts_with(kind))
        .one(connection)
        .await
        .map_err(failed)
}

/// The moment that the run goes back to.
pub(super) async fn wanted(on: &Subject) -> Result<Moment, Failure> {
    let read = on.platform.store.read();
    let step = step(read, on.run, names::TAKE_BACK).await?;
    let before: Option<Uuid> = step.and_then(|step| step.external_id?.parse().ok());
    let began = match before {
        Some(before) => began(read, before).await?,
        None => None,
    };
    let (before, began) = before
        .zip(began)
        .ok_or_else(|| Failure::new(ErrorCode::EnvRollbackUnavailable))?;
    Ok(Moment {
        before,
        ago: on.platform.clock.now() - began,
    })
}
