//! Incidents that health checks begin and end.
//!
//! Owns: when an outage is one, what is written of it, and which promotions it stops. Must not know: how anything is probed.
//!
//! Three checks in a row that fail begin an incident, dated at the first of them; the first that succeeds resolves it, and likewise a
//! failover after which the environment answers again. Previews have none: they do not count for uptime.

use chrono::{DateTime, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::lifecycles::IncidentEvent;
use flaresmith_store::entities::incidents::{ActiveModel, Column, Entity, Model};
use flaresmith_store::entities::{environments, health_checks};
use flaresmith_store::enums::{EnvironmentKind, HealthProbe, IncidentKind, IncidentState, Severity};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _,
};
use serde_json::json;
use uuid::Uuid;

use crate::provisioning::{failover, states};
use crate::store::{Write, failed, new_id};

/// So many checks in a row fail before there is an incident.
pub(super) const FAILURES: i32 = 3;

/// A check was made, and its row is written.
pub(in crate::features) async fn checked(
    write: &Write,
    environment: &environments::Model,
    check: &health_checks::Model,
) -> Result<(), Failure> {
    if environment.kind == EnvironmentKind::Preview {
        return Ok(());
    }
    let kind = match check.probe {
        HealthProbe::Api => IncidentKind::ApiDown,
        HealthProbe::Database => IncidentKind::DatabaseDown,
    };
    if check.healthy {
        let kinds = match kind {
            IncidentKind::DatabaseDown => [kind, IncidentKind::Failover],
            _ => [kind; 2],
        };
        for row in all_standing(&**write, environment.id, &kinds).await? {
            // A failover ends when what took over is in use.
            if row.kind != IncidentKind::Failover || row.state == IncidentState::Mitigated {
                resolve(write, row, check.created_at).await?;
            }
        }
        return Ok(());
    }
    if check.consecutive_failures < FAILURES || failover::open(&**write, environment.id).await?.is_some() {
        return Ok(());
    }
    match standing(&**write, environment.id, &[kind]).await? {
        None => begin(write, environment, kind, check).await,
        Some(_) => Ok(()),
    }
}

/// An incident of an environment, of one of these kinds, that is not resolved.
pub(super) async fn standing<C: ConnectionTrait>(
    connection: &C,
    environment: Uuid,
    kinds: &[IncidentKind],
) -> Result<Option<Model>, Failure> {
    Ok(all_standing(connection, environment, kinds).await?.into_iter().next())
}

async fn all_standing<C: ConnectionTrait>(
    connection: &C,
    environment: Uuid,
    kinds: &[IncidentKind],
) -> Result<Vec<Model>, Failure> {
    Entity::find()
        .filter(Column::EnvironmentId.eq(environment))
        .filter(Column::State.ne(IncidentState::Resolved))
        .filter(Column::Kind.is_in(kinds.iter().copied()))
        .all(connection)
        .await
        .map_err(failed)
}

async fn begin(
    write: &Write,
    environment: &environments::Model,
    kind: IncidentKind,
    check: &health_checks::Model,
) -> Result<(), Failure> {
    // Two processes may look at one environment.
    write.alone(&format!("incidents/{}", environment.id)).await?;
    if standing(&**write, environment.id, &[kind]).await?.is_some() {
        return Ok(());
    }
    let what = match kind {
        IncidentKind::DatabaseDown => "The database of",
        _ => "The API of",
    };
    let now = check.created_at;
    let row = ActiveModel {
        id: Set(new_id()),
        project_id: Set(environment.project_id),
        environment_id: Set(Some(environment.id)),
        kind: Set(kind),
        state: Set(IncidentState::Open),
        severity: Set(match environment.kind {
            EnvironmentKind::Prod => Severity::Critical,
            _ => Severity::Error,
        }),
        summary: Set(format!("{what} {} does not answer.", environment.name)),
        failover_branch_id: Set(None),
        lost_window_seconds: Set(None),
        downtime_seconds: Set(None),
        detected_at: Set(first_sign(write, check).await?),
        mitigated_at: Set(None),
        resolved_at: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    };
    row.insert(&**write).await.map_err(failed)?;
    Ok(())
}

/// When the first of the checks failed that have failed since.
pub(super) async fn first_sign(write: &Write, check: &health_checks::Model) -> Result<DateTime<Utc>, Failure> {
    use health_checks::{Column, Entity};
    let of = Entity::find()
        .filter(Column::EnvironmentId.eq(check.environment_id))
        .filter(Column::Probe.eq(check.probe));
    let good = of
        .clone()
        .filter(Column::Healthy.eq(true))
        .order_by_desc(Column::CreatedAt)
        .one(&**write)
        .await
        .map_err(failed)?;
    let mut bad = of.filter(Column::Healthy.eq(false));
    if let Some(good) = good {
        bad = bad.filter(Column::CreatedAt.gt(good.created_at));
    }
    let first = bad
        .order_by_asc(Column::CreatedAt)
        .one(&**write)
        .await
        .map_err(failed)?;
    Ok(first.map_or(check.created_at, |first| first.created_at))
}

async fn resolve(write: &Write, row: Model, now: DateTime<Utc>) -> Result<(), Failure> {
    let state = states::incident(row.state, IncidentEvent::Resolve)?;
    let down = row.mitigated_at.unwrap_or(now) - row.detected_at;
    let mut row = row.into_active_model();
    row.state = Set(state);
    row.downtime_seconds = Set(Some(seconds(down)));
    row.resolved_at = Set(Some(now));
    row.updated_at = Set(now);
    row.update(&**write).await.map_err(failed)?;
    Ok(())
}

/// How long an incident has kept its environment down until now, in seconds.
pub(in crate::features) fn downtime(row: &Model, now: DateTime<Utc>) -> f64 {
    row.downtime_seconds
        .unwrap_or_else(|| seconds(row.mitigated_at.or(row.resolved_at).unwrap_or(now) - row.detected_at))
}

/// A time in seconds, never less than none.
#[allow(clippy::cast_precision_loss, reason = "milliseconds of any outage fit")]
pub(super) fn seconds(time: chrono::TimeDelta) -> f64 {
    time.num_milliseconds().max(0) as f64 / 1000.0
}

/// Refuses to promote from an environment that is down. What is promoted to it may be what mends it.
pub(in crate::features) async fn refuse_from<C: ConnectionTrait>(
    connection: &C,
    source: &environments::Model,
) -> Result<(), Failure> {
    let open = Entity::find()
        .filter(Column::EnvironmentId.eq(source.id))
        .filter(Column::State.eq(IncidentState::Open))
        .one(connection)
        .await
        .map_err(failed)?;
    match open {
        Some(row) => Err(Failure::new(ErrorCode::EnvPromotionUnhealthy)
            .with_message(format!("{} does not answer: {}", source.name, row.summary))
            .with_details(json!({"environmentId": source.id, "incidentId": row.id}))),
        None => Ok(()),
    }
}
