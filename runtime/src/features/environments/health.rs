//! Looking whether environments answer.
//!
//! Owns: the rows of health checks: writing them as time goes, and listing them. Must not know: how a worker is asked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use flaresmith_api::api::incidents::ListHealthChecksRequest;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::HealthCheckPage;
use flaresmith_store::entities::{environments, health_checks, projects};
use flaresmith_store::enums::{EnvironmentState, HealthProbe, ResourceKind};
use futures_util::stream::{self, StreamExt as _};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _,
};

use serde_json::Value;
use uuid::Uuid;

use super::change::find;
use crate::features::incidents::outage;
use crate::features::shown::listed;
use crate::platform::Platform;
use crate::providers::edge_host::Probed;
use crate::providers::{Free, Mark, Marked};
use crate::provisioning::at_neon;
use crate::provisioning::step::key;
use crate::store::page::{Asked, newest_first};
use crate::store::{Write, failed, new_id};

/// Time between two checks of an environment, when its project says nothing.
const BETWEEN: i64 = 30;

/// Time between two looks whether a check is due.
pub(super) const LOOK: Duration = Duration::from_secs(2);

/// How many are asked at the same time that any process may ask.
const SIDE_BY_SIDE: usize = 16;

/// How long checks are kept.
const KEPT: TimeDelta = TimeDelta::days(7);

/// When each environment is to be checked next.
type Due = BTreeMap<Marked, Instant>;

/// Looks at every environment that this process runs, again and again, each as often as its project says.
pub(crate) async fn watch(platform: Platform) {
    let mut due = Due::new();
    loop {
        tokio::time::sleep(LOOK).await;
        // A look that could not be kept is made up for by the next.
        let _ = look(&platform, &mut due).await;
    }
}

/// Looks once at those whose time has come.
async fn look(platform: &Platform, due: &mut Due) -> Result<(), Failure> {
    let edge = &platform.providers.edge;
    let now = Instant::now();
    let running = edge.running();
    due.retain(|mark, _| running.contains(mark));
    let mut which = Vec::new();
    for mark in running {
        // One that has just begun is given a while.
        let at = *due.entry(mark.clone()).or_insert(now + LOOK);
        if at <= now {
            let wishes = Wishes::of(platform, mark.project).await?;
            due.insert(mark.clone(), now + wishes.between);
            which.push(mark);
        }
    }
    for probed in edge.probe(&which).await {
        let Some(environment) = environment(platform, &probed).await? else {
            continue;
        };
        let wanted = Wishes::of(platform, environment.project_id).await?.probes;
        if wanted.contains(&HealthProbe::Api) {
            let took = probed.healthy.then_some(probed.latency);
            let down = (!probed.healthy).then_some(ErrorCode::DeploymentNotReady);
            keep(platform, &environment, HealthProbe::Api, took, down).await?;
        }
        if wanted.contains(&HealthProbe::Database) {
            database(platform, &environment).await?;
        }
    }
    if which.is_empty() {
        return Ok(());
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

/// How a project wants its environments to be checked.
pub(super) struct Wishes {
    /// Time between two checks.
    pub(super) between: Duration,
    /// What is looked at.
    pub(super) probes: Vec<HealthProbe>,
    /// Whether the project says what is looked at.
    pub(super) is_named: bool,
}

/// When this process looks at each environment next that any process may look at.
pub(super) type Next = BTreeMap<Uuid, DateTime<Utc>>;

/// Asks those whose time has come, some at the same time. What could not be kept is made up for by the next look.
pub(super) async fn each<T, F>(due: Vec<T>, ask: impl Fn(T) -> F)
where
    F: Future<Output = Result<(), Failure>>,
{
    let asked = due.into_iter().map(ask);
    stream::iter(asked)
        .for_each_concurrent(SIDE_BY_SIDE, |asked| async move {
            let _ = asked.await;
        })
        .await;
}

impl Wishes {
    /// When an environment is to be checked again.
    pub(super) fn following(&self, last: Option<&health_checks::Model>, now: DateTime<Utc>) -> DateTime<Utc> {
        let between = TimeDelta::from_std(self.between).unwrap_or_default();
        last.map_or(now, |last| last.created_at + between)
    }

    /// Those of a project.
    pub(super) async fn of(platform: &Platform, project: Uuid) -> Result<Self, Failure> {
        let row = projects::Entity::find_by_id(project)
            .one(platform.store.read())
            .await
            .map_err(failed)?;
        let settings = row.map(|row| row.settings).unwrap_or_default();
        let seconds = settings.get("healthCheckSeconds").and_then(Value::as_i64);
        let seconds = u64::try_from(seconds.unwrap_or(BETWEEN)).unwrap_or_default().max(1);
        let named = settings.get("healthProbes").and_then(Value::as_array);
        Ok(Self {
            between: Duration::from_secs(seconds),
            is_named: named.is_some(),
            probes: match named {
                Some(named) => named
                    .iter()
                    .filter_map(|probe| HealthProbe::try_from(probe.as_str()?).ok())
                    .collect(),
                None => vec![HealthProbe::Api, HealthProbe::Database],
            },
        })
    }
}

/// The environment that a worker is of.
async fn environment(platform: &Platform, probed: &Probed) -> Result<Option<environments::Model>, Failure> {
    environments::Entity::find()
        .filter(environments::Column::ProjectId.eq(probed.project))
        .filter(environments::Column::Name.eq(&probed.environment))
        .filter(environments::Column::State.ne(EnvironmentState::Archived))
        .one(platform.store.read())
        .await
        .map_err(failed)
}

/// Asks the database of an environment.
async fn database(platform: &Platform, environment: &environments::Model) -> Result<(), Failure> {
    // Those at Neon are asked wherever their workers run.
    let there = at_neon::names(platform.store.read(), environment.project_id).await?;
    if there.contains(&environment.name) {
        return Ok(());
    }
    let mark = Mark {
        project: environment.project_id,
        environment: environment.name.clone(),
        key: key(
            environment.project_id,
            ResourceKind::NeonBranch.as_str(),
            Some(&environment.name),
        ),
        fence: Arc::new(Free),
    };
    let begun = Instant::now();
    match platform.providers.databases.probe(&mark).await {
        Ok(Some(true)) => {
            keep(
                platform,
                environment,
                HealthProbe::Database,
                Some(begun.elapsed()),
                None,
            )
            .await
        }
        // Nobody is to reach it.
        Ok(None) => Ok(()),
        Ok(Some(false)) | Err(_) => {
            let down = Some(ErrorCode::ServerStoreUnavailable);
            keep(platform, environment, HealthProbe::Database, None, down).await
        }
    }
}

/// Writes a check down, and what follows from it. `took`: how long the answer took, when there was one.
async fn keep(
    platform: &Platform,
    environment: &environments::Model,
    probe: HealthProbe,
    took: Option<Duration>,
    down: Option<ErrorCode>,
) -> Result<(), Failure> {
    let write = platform.store.begin_behind().await?;
    written(&write, platform, environment, probe, took, down).await?;
    write.commit().await
}

/// The newest check of an environment that looked at this.
///
/// # Errors
/// The store fails.
pub(crate) async fn newest<C: ConnectionTrait>(
    connection: &C,
    environment: Uuid,
    probe: HealthProbe,
) -> Result<Option<health_checks::Model>, Failure> {
    health_checks::Entity::find()
        .filter(health_checks::Column::EnvironmentId.eq(environment))
        .filter(health_checks::Column::Probe.eq(probe))
        .order_by_desc(health_checks::Column::CreatedAt)
        .one(connection)
        .await
        .map_err(failed)
}

/// The same in a transaction; the check.
pub(super) async fn written(
    write: &Write,
    platform: &Platform,
    environment: &environments::Model,
    probe: HealthProbe,
    took: Option<Duration>,
    down: Option<ErrorCode>,
) -> Result<health_checks::Model, Failure> {
    let last = newest(&**write, environment.id, probe).await?;
    let failures = match took {
        Some(_) => 0,
        None => last.map_or(0, |last| last.consecutive_failures).saturating_add(1),
    };
    let now = platform.clock.now();
    let row = health_checks::ActiveModel {
        id: Set(new_id()),
        environment_id: Set(environment.id),
        probe: Set(probe),
        healthy: Set(took.is_some()),
        latency_ms: Set(took.map(|took| took.as_secs_f64() * 1000.0)),
        consecutive_failures: Set(failures),
        error_code: Set(down.map(|code| code.as_str().to_owned())),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let row = row.insert(&**write).await.map_err(failed)?;
    outage::checked(write, environment, &row).await?;
    Ok(row)
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
