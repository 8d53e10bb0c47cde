//! Failing over: from a database of prod that does not answer to its standby.
//!
//! Owns: when that is done, what is told of it, and that it comes to its end. Must not know: how anything is probed, reset or deployed.
//!
//! It loses what was written since the last reset, so it is done only where it helps: three looks in a row failed, and the standby answers.
//! Everything about it is decided in one transaction with nobody else changing the project: the branches change their places, the incident
//! says what is lost, and a deployment begins of what runs, whose worker gets the other address. Whoever is late finds no standby. What was
//! decided is carried out by a run, which bears dying.

use chrono::{DateTime, TimeDelta, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::lifecycles::EnvironmentEvent;
use flaresmith_store::entities::{audit_events, deployments, environments, health_checks, incidents, users};
use flaresmith_store::enums::{
    AuditEventOutcome, DeploymentKind, DeploymentState, EnvironmentKind, EnvironmentState, HealthProbe, IncidentKind,
    IncidentState, Origin, Severity, UserStatus,
};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _,
};
use serde_json::json;
use std::sync::Arc;

use super::outage::{FAILURES, first_sign, seconds, standing};
use crate::features::environments::change::{Change, like};
use crate::features::environments::health::newest;
use crate::pipeline::observe::ActFailed;
use crate::platform::Platform;
use crate::providers::Free;
use crate::provisioning::deploy::{Wanted, is_busy, present};
use crate::provisioning::failover::{mitigated, open, take_over};
use crate::provisioning::standby::Pair;
use crate::store::{Write, failed, new_id};

/// What a deployment after a failover may do to its environment.
const MENDS: [EnvironmentEvent; 2] = [EnvironmentEvent::Deploy, EnvironmentEvent::Retry];

/// Time until what failed is begun again, twice as long after every failure: a provider that is away for a minute is not in the way.
const AGAIN: TimeDelta = TimeDelta::seconds(10);

/// What the incident says.
fn summary(environment: &str) -> String {
    format!("The database of {environment} did not answer; the standby took over.")
}

/// A look at the database of an environment was written down. Fails over, if it is time to.
pub(in crate::features) async fn decide(
    platform: &Platform,
    environment: &environments::Model,
    check: &health_checks::Model,
) -> Result<(), Failure> {
    let is_time = |check: &health_checks::Model| !check.healthy && check.consecutive_failures >= FAILURES;
    if environment.kind != EnvironmentKind::Prod || !is_time(check) {
        return Ok(());
    }
    let Some(pair) = Pair::of(platform.store.read(), environment.id).await? else {
        return Ok(());
    };
    if !is_of_use(platform, &pair).await? {
        return Ok(());
    }
    let change = Change::begin(platform, environment.project_id).await?;
    // The one that was asked may have taken over meanwhile, and the other one may answer again.
    let now = Pair::of(&*change.write, environment.id).await?;
    let now = now.filter(|now| now.standby.id == pair.standby.id && now.used.id == pair.used.id);
    let newest = newest(&*change.write, environment.id, HealthProbe::Database).await?;
    let (Some(pair), Some(check)) = (now, newest.filter(is_time)) else {
        return Ok(());
    };
    let Some(reset) = pair.standby.last_reset_at else {
        return Ok(());
    };
    if !take_over(&change.write, &pair, change.now).await? {
        return Ok(());
    }
    let incident = told(&change.write, &pair, &check, reset, change.now).await?;
    kept(&change.write, &pair, &incident, change.now).await?;
    deployed(change, incident).await
}

/// Whether the standby has anything, and answers. What Neon was doing to it has ended.
async fn is_of_use(platform: &Platform, pair: &Pair) -> Result<bool, Failure> {
    if pair.standby.last_reset_at.is_none() {
        return Ok(false);
    }
    let Some(there) = pair.there(platform).await? else {
        return Ok(false);
    };
    let Some(wanted) = pair.wanted(&there) else {
        return Ok(false);
    };
    there.neon.settled(&there.access, &there.project).await?;
    let mark = pair.mark(Arc::new(Free));
    let found = there.neon.standby(&there.access, &mark, &wanted).await?;
    Ok(found.is_some() && there.answers().await?)
}

/// Writes down what happened and what is lost: an outage that was told of before becomes a failover.
async fn told(
    write: &Write,
    pair: &Pair,
    check: &health_checks::Model,
    reset: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<incidents::Model, Failure> {
    let environment = &pair.environment;
    let (first, found) = match standing(&**write, environment.id, &[IncidentKind::DatabaseDown]).await? {
        Some(found) => (found.detected_at, Some(found)),
        None => (first_sign(write, check).await?, None),
    };
    let lost = Some(seconds(first - reset));
    let summary = summary(&environment.name);
    let row = match found {
        Some(found) => {
            let mut row = found.into_active_model();
            row.kind = Set(IncidentKind::Failover);
            row.summary = Set(summary);
            row.failover_branch_id = Set(Some(pair.standby.id));
            row.lost_window_seconds = Set(lost);
            row.updated_at = Set(now);
            row.update(&**write).await
        }
        None => {
            let row = incidents::ActiveModel {
                id: Set(new_id()),
                project_id: Set(environment.project_id),
                environment_id: Set(Some(environment.id)),
                kind: Set(IncidentKind::Failover),
                state: Set(IncidentState::Open),
                severity: Set(Severity::Critical),
                summary: Set(summary),
                failover_branch_id: Set(Some(pair.standby.id)),
                lost_window_seconds: Set(lost),
                downtime_seconds: Set(None),
                detected_at: Set(first),
                mitigated_at: Set(None),
                resolved_at: Set(None),
                created_at: Set(now),
                updated_at: Set(now),
            };
            row.insert(&**write).await
        }
    };
    row.map_err(failed)
}

/// Keeps in the log of the project that the platform did it.
async fn kept(write: &Write, pair: &Pair, incident: &incidents::Model, now: DateTime<Utc>) -> Result<(), Failure> {
    let system = users::Entity::find()
        .filter(users::Column::Status.eq(UserStatus::System))
        .one(&**write)
        .await
        .map_err(failed)?;
    let lost = incident.lost_window_seconds.unwrap_or_default();
    audit_events::ActiveModel {
        id: Set(new_id()),
        organization_id: Set(Some(pair.project.organization_id)),
        project_id: Set(Some(pair.project.id)),
        actor_id: Set(system.map(|row| row.id)),
        origin: Set(Origin::System),
        action: Set("incidents.failover".to_owned()),
        code: Set(None),
        outcome: Set(AuditEventOutcome::Allowed),
        subject_type: Set("environment".to_owned()),
        subject_id: Set(Some(pair.environment.id.to_string())),
        request_id: Set(None),
        summary: Set(summary(&pair.environment.name)),
        context: Set(Some(json!({
            "incidentId": incident.id.to_string(),
            "formerBranch": pair.used.name,
            "branch": pair.standby.name,
            "lostWindowSeconds": format!("{lost:.1}"),
        }))),
        created_at: Set(now),
        updated_at: Set(now),
    }
    .insert(&**write)
    .await
    .map_err(failed)?;
    Ok(())
}

/// Begins to deploy what runs in the environment of an incident, if it may be deployed to now, and ends the transaction.
async fn deployed(change: Change, incident: incidents::Model) -> Result<(), Failure> {
    let Some(id) = incident.environment_id else {
        return change.write.commit().await;
    };
    let environment = change.environment(id).await?;
    if is_busy(&environment) {
        // What is under way ends, one way or the other, and then it is this one's turn.
        return change.write.commit().await;
    }
    let Some(running) = present(&*change.write, id).await? else {
        // Nothing has the former address.
        mitigated(&change.write, &environment, incident, change.now).await?;
        return change.write.commit().await;
    };
    if !matches!(environment.state, EnvironmentState::Active | EnvironmentState::Error) {
        // It failed too often; somebody has to look at it.
        return change.write.commit().await;
    }
    let wanted = Wanted {
        message: Some(summary(&environment.name)),
        ..like(&running, DeploymentKind::Deploy, None)
    };
    change.deploy(&environment, &MENDS, wanted).await.map(|_| ())
}

/// Sees to it that each failover comes to its end: begins the deployment that could not begin at once, and another one when it failed.
pub(in crate::features) async fn carry_on(platform: &Platform) -> Result<(), Failure> {
    let all = incidents::Entity::find()
        .filter(incidents::Column::Kind.eq(IncidentKind::Failover))
        .filter(incidents::Column::State.eq(IncidentState::Open))
        .all(platform.store.read())
        .await
        .map_err(failed)?;
    let mut done = Ok(());
    for row in all {
        let one = carry_on_one(platform, &row).await;
        done = done.and(one);
    }
    done
}

async fn carry_on_one(platform: &Platform, seen: &incidents::Model) -> Result<(), Failure> {
    let Some(id) = seen.environment_id else { return Ok(()) };
    let environment = environments::Entity::find_by_id(id)
        .one(platform.store.read())
        .await
        .map_err(failed)?;
    let rests = |row: &environments::Model| matches!(row.state, EnvironmentState::Active | EnvironmentState::Error);
    let Some(environment) = environment.filter(rests) else {
        return Ok(());
    };
    if !is_time_again(platform, &environment, seen).await? {
        return Ok(());
    }
    let change = match Change::begin(platform, seen.project_id).await {
        // It is gone, or going with everything that it has.
        Err(failure) if matches!(failure.code(), ErrorCode::ProjectNotFound | ErrorCode::EnvStateInvalid) => {
            return Ok(());
        }
        change => change?,
    };
    let environment = change.environment(id).await?;
    let Some(incident) = open(&*change.write, id).await?.filter(|_| rests(&environment)) else {
        return Ok(());
    };
    let succeeded = deployments::Entity::find()
        .filter(deployments::Column::EnvironmentId.eq(id))
        .filter(deployments::Column::CreatedAt.gte(incident.updated_at))
        .filter(deployments::Column::State.eq(DeploymentState::Succeeded))
        .one(&*change.write)
        .await
        .map_err(failed)?;
    match succeeded {
        Some(_) => {
            mitigated(&change.write, &environment, incident, change.now).await?;
            change.write.commit().await
        }
        None => deployed(change, incident).await,
    }
}

/// Whether a deployment that failed after a failover was left alone for long enough.
async fn is_time_again(
    platform: &Platform,
    environment: &environments::Model,
    incident: &incidents::Model,
) -> Result<bool, Failure> {
    let newest = deployments::Entity::find()
        .filter(deployments::Column::EnvironmentId.eq(environment.id))
        .filter(deployments::Column::CreatedAt.gte(incident.updated_at))
        .filter(deployments::Column::State.eq(DeploymentState::Failed))
        .order_by_desc(deployments::Column::CreatedAt)
        .one(platform.store.read())
        .await
        .map_err(failed)?;
    let wait = AGAIN * (1 << environment.failure_count.clamp(0, 5));
    let ended = newest.and_then(|newest| newest.finished_at);
    Ok(ended.is_none_or(|ended| ended + wait <= platform.clock.now()))
}

/// Tells that something about it failed. It is tried again with the next look.
pub(in crate::features) fn tell(platform: &Platform, act: &'static str, done: Result<(), Failure>) {
    if let Err(failure) = done {
        platform.observer.act_failed(&ActFailed {
            act,
            project: None,
            run: None,
            failure: &failure,
            again: true,
            at: platform.clock.now(),
        });
    }
}
