//! A standby that takes over: what changes in the store with it, and when that is done.
//!
//! Owns: which branch an environment uses from then on, the end of the incident, and beginning to make another standby. Must not know: when
//! one takes over.
//!
//! The former branch stays as it is, with everything that is in it: nothing of ours resets or removes it before its whole project goes.

use chrono::{DateTime, Utc};
use flaresmith_api::errors::Failure;
use flaresmith_api::lifecycles::{DatabaseBranchEvent, IncidentEvent};
use flaresmith_store::entities::{database_branches, deployments, environments, incidents, resource_records};
use flaresmith_store::enums::{DatabaseBranchPurpose, DatabaseBranchState, IncidentKind, IncidentState, ResourceKind};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _,
};
use uuid::Uuid;

use super::standby::{self, Pair};
use super::states;
use super::step::Subject;
use crate::store::{Write, failed};

/// Has the standby of a pair take the place of what the environment uses; whether it did: both must be what they were.
///
/// # Errors
/// The store fails.
pub(crate) async fn take_over(write: &Write, pair: &Pair, now: DateTime<Utc>) -> Result<bool, Failure> {
    use database_branches::{Column, Entity};
    let mut state = pair.standby.state;
    if state == DatabaseBranchState::Failed {
        state = states::branch(state, DatabaseBranchEvent::Retry)?;
    }
    if state != DatabaseBranchState::Ready {
        state = states::branch(state, DatabaseBranchEvent::Ready)?;
    }
    for (row, was, is, state) in [
        (
            &pair.used,
            DatabaseBranchPurpose::Primary,
            DatabaseBranchPurpose::Former,
            pair.used.state,
        ),
        (
            &pair.standby,
            DatabaseBranchPurpose::Standby,
            DatabaseBranchPurpose::Primary,
            state,
        ),
    ] {
        let moved = Entity::update_many()
            .col_expr(Column::Purpose, Column::Purpose.save_as(Expr::val(is)))
            .col_expr(Column::State, Column::State.save_as(Expr::val(state)))
            .col_expr(Column::UpdatedAt, Expr::value(now))
            .filter(Column::Id.eq(row.id))
            .filter(Column::Purpose.eq(was))
            .exec(&**write)
            .await
            .map_err(failed)?;
        if moved.rows_affected == 0 {
            return Ok(false);
        }
    }
    resource_records::Entity::update_many()
        .col_expr(
            resource_records::Column::ExternalId,
            Expr::value(pair.standby.external_id.clone()),
        )
        .col_expr(resource_records::Column::Name, Expr::value(&pair.standby.name))
        .col_expr(resource_records::Column::UpdatedAt, Expr::value(now))
        .filter(resource_records::Column::ProjectId.eq(pair.project.id))
        .filter(resource_records::Column::Resource.eq(ResourceKind::NeonBranch))
        .filter(resource_records::Column::Environment.eq(&pair.environment.name))
        .exec(&**write)
        .await
        .map_err(failed)?;
    Ok(true)
}

/// The failover of an environment after which nothing answers there yet.
///
/// # Errors
/// The store fails.
pub(crate) async fn open<C: ConnectionTrait>(
    connection: &C,
    environment: Uuid,
) -> Result<Option<incidents::Model>, Failure> {
    incidents::Entity::find()
        .filter(incidents::Column::EnvironmentId.eq(environment))
        .filter(incidents::Column::Kind.eq(IncidentKind::Failover))
        .filter(incidents::Column::State.eq(IncidentState::Open))
        .one(connection)
        .await
        .map_err(failed)
}

/// A version of the environment answers. If it was deployed after a failover, that is over, and another standby is made.
pub(super) async fn answered(write: &Write, on: &Subject) -> Result<(), Failure> {
    let Some(environment) = &on.environment else {
        return Ok(());
    };
    let Some(incident) = open(&**write, environment.id).await? else {
        return Ok(());
    };
    let deployment = deployments::Entity::find_by_id(on.run)
        .one(&**write)
        .await
        .map_err(failed)?;
    // One that was begun before may have the former address.
    if deployment.is_none_or(|deployment| deployment.created_at < incident.updated_at) {
        return Ok(());
    }
    mitigated(write, environment, incident, on.platform.clock.now()).await
}

/// The environment answers from what took over.
///
/// # Errors
/// The store fails.
pub(crate) async fn mitigated(
    write: &Write,
    environment: &environments::Model,
    incident: incidents::Model,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let state = states::incident(incident.state, IncidentEvent::Mitigate)?;
    let mut incident = incident.into_active_model();
    incident.state = Set(state);
    incident.mitigated_at = Set(Some(now));
    incident.updated_at = Set(now);
    incident.update(&**write).await.map_err(failed)?;
    standby::again(write, environment, now).await
}
