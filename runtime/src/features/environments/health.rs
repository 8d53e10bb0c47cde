//! Looking whether environments answer.
//!
//! Owns: the rows of health checks: writing them as time goes, and listing them. Must not know: how a worker is asked.

use std::time::Duration;

use flaresmith_api::api::incidents::ListHealthChecksRequest;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::HealthCheckPage;
use flaresmith_store::entities::{environments, health_checks};
use flaresmith_store::enums::{EnvironmentState, HealthProbe};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
};

use super::change::find;
use crate::features::shown::listed;
use crate::platform::Platform;
use crate::providers::edge_host::Probed;
use crate::store::page::{Asked, newest_first};
use crate::store::{failed, new_id};

/// Time between two looks.
const LOOK: Duration = Duration::from_secs(30);

/// How long checks are kept.
const KEPT: chrono::TimeDelta = chrono::TimeDelta::days(7);

/// Looks at every environment that this process runs, again and again.
pub(crate) async fn watch(platform: Platform) {
    loop {
        tokio::time::sleep(LOOK).await;
        // A look that could not be kept is made up for by the next.
        let _ = look(&platform).await;
    }
}

/// Looks once.
///
/// # Errors
/// The store fails.
pub(crate) async fn look(platform: &Platform) -> Result<(), Failure> {
    for probed in platform.providers.edge.probe().await {
        keep(platform, &probed).await?;
    }
    let old = platform.clock.now() - KEPT;
    let write = platform.store.begin_behind().await?;
    health_checks::Entity::delete_many()
        .filter(health_checks::Column::CreatedAt.lt(old))
        .exec(&*write)
        .await
        .map_err(failed)?;
    write.commit().await
}

async fn keep(platform: &Platform, probed: &Probed) -> Result<(), Failure> {
    let write = platform.store.begin_behind().await?;
    let environment = environments::Entity::find()
        .filter(environments::Column::ProjectId.eq(probed.project))
        .filter(environments::Column::Name.eq(&probed.environment))
        .filter(environments::Column::State.ne(EnvironmentState::Archived))
        .one(&*write)
        .await
        .map_err(failed)?;
    let Some(environment) = environment else {
        return Ok(());
    };
    let last = health_checks::Entity::find()
        .filter(health_checks::Column::EnvironmentId.eq(environment.id))
        .filter(health_checks::Column::Probe.eq(HealthProbe::Api))
        .order_by_desc(health_checks::Column::CreatedAt)
        .one(&*write)
        .await
        .map_err(failed)?;
    let failures = match probed.healthy {
        true => 0,
        false => last.map_or(0, |last| last.consecutive_failures).saturating_add(1),
    };
    let now = platform.clock.now();
    let code = ErrorCode::DeploymentNotReady.as_str();
    let row = health_checks::ActiveModel {
        id: Set(new_id()),
        environment_id: Set(environment.id),
        probe: Set(HealthProbe::Api),
        healthy: Set(probed.healthy),
        latency_ms: Set(probed.healthy.then_some(probed.latency.as_secs_f64() * 1000.0)),
        consecutive_failures: Set(failures),
        error_code: Set((!probed.healthy).then(|| code.to_owned())),
        created_at: Set(now),
        updated_at: Set(now),
    };
    row.insert(&*write).await.map_err(failed)?;
    write.commit().await
}

/// One page of checks.
pub(crate) async fn page(platform: &Platform, request: ListHealthChecksRequest) -> Result<HealthCheckPage, Failure> {
    use health_checks::{Column, Entity};
    let environment = find(platform.store.read(), request.project_id, request.environment_id).await?;
    let mut select = Entity::find().filter(Column::EnvironmentId.eq(environment.id));
    let probe = request.probe.map(|probe| probe.as_str());
    if let Some(probe) = probe.and_then(|probe| HealthProbe::try_from(probe).ok()) {
        select = select.filter(Column::Probe.eq(probe));
    }
    if let Some(healthy) = request.healthy {
        select = select.filter(Column::Healthy.eq(healthy));
    }
    let asked = Asked {
        list: &format!("healthChecks/{}/{probe:?}/{:?}", environment.id, request.healthy),
        cursor: request.cursor.as_deref(),
        limit: request.limit,
    };
    let by = (Column::CreatedAt, Column::Id);
    let page = newest_first(platform.store.read(), &platform.cursors, asked, select, by, |row| {
        (row.created_at, row.id)
    })
    .await?;
    listed(&page)
}
