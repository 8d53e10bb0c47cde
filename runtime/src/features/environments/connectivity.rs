//! Looking whether databases at Neon answer.
//!
//! Owns: which of them are asked, and when. Must not know: what follows from an answer.
//!
//! Whoever asks a database there wakes its compute, and pays for that. So that of prod is asked, and those of others when their project
//! names what is to be probed. When it was last asked is in the store, so of several processes one asks at a time, and one that begins
//! goes on where another ended. A Neon that does not answer says nothing about a database.

use std::time::Instant;

use chrono::TimeDelta;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::entities::{database_branches, environments, health_checks, projects};
use flaresmith_store::enums::{DatabaseBranchPurpose, EnvironmentKind, EnvironmentState, HealthProbe, ProjectState};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::health::{LOOK, Next, Wishes, each, newest, written};
use crate::features::incidents::failover;
use crate::platform::Platform;
use crate::provisioning::{at_neon, standby};
use crate::store::failed;

/// Longest time between two looks at what a project wants.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(30);

/// One that is to be asked now.
struct Due {
    project: projects::Model,
    environment: environments::Model,
    used: database_branches::Model,
    last: Option<health_checks::Model>,
}

/// Asks again and again, each as often as its project says, and sees to it that what follows comes to its end.
pub(crate) async fn watch(platform: Platform) {
    let mut next = Next::new();
    loop {
        tokio::time::sleep(LOOK).await;
        // A store that is away now may be back at the next look.
        let due = due(&platform, &mut next).await.unwrap_or_default();
        each(due, |one| ask(&platform, one)).await;
        failover::tell(&platform, "ending a failover", failover::carry_on(&platform).await);
    }
}

async fn due(platform: &Platform, next: &mut Next) -> Result<Vec<Due>, Failure> {
    let (read, now) = (platform.store.read(), platform.clock.now());
    let rows = database_branches::Entity::find()
        .filter(database_branches::Column::Purpose.eq(DatabaseBranchPurpose::Primary))
        .filter(database_branches::Column::Region.is_not_null())
        .all(read)
        .await
        .map_err(failed)?;
    next.retain(|id, _| rows.iter().any(|row| row.environment_id == *id));
    let mut due = Vec::new();
    for used in rows {
        let id = used.environment_id;
        if next.get(&id).is_some_and(|next| *next > now) {
            continue;
        }
        next.insert(id, now + LOOK_AGAIN);
        let environment = environments::Entity::find_by_id(used.environment_id)
            .filter(environments::Column::State.ne(EnvironmentState::Archived))
            .one(read)
            .await
            .map_err(failed)?;
        let Some(environment) = environment else { continue };
        let wishes = Wishes::of(platform, used.project_id).await?;
        let is_asked = wishes.is_named || environment.kind == EnvironmentKind::Prod;
        if !is_asked || !wishes.probes.contains(&HealthProbe::Database) {
            continue;
        }
        let last = newest(read, environment.id, HealthProbe::Database).await?;
        let between = TimeDelta::from_std(wishes.between).unwrap_or_default();
        let at = wishes.following(last.as_ref(), now);
        if at > now {
            next.insert(id, at.min(now + LOOK_AGAIN));
            continue;
        }
        // One that cannot be told about is asked no more often than another.
        next.insert(id, now + between.min(LOOK_AGAIN));
        let project = projects::Entity::find_by_id(used.project_id)
            .filter(projects::Column::State.is_not_in([ProjectState::Deleting, ProjectState::Deleted]))
            .one(read)
            .await
            .map_err(failed)?;
        due.extend(project.map(|project| Due {
            project,
            environment,
            used,
            last,
        }));
    }
    Ok(due)
}

/// Asks one, writes down what came of it, and fails over if it is time to.
async fn ask(platform: &Platform, one: Due) -> Result<(), Failure> {
    let (known, name) = (one.used.external_id.clone(), one.used.name.clone());
    let Some(there) = at_neon::branch(platform, &one.project, known, name, None).await? else {
        return Ok(());
    };
    let begun = Instant::now();
    let answers = there.answers().await?;
    let took = answers.then(|| begun.elapsed());
    let down = (!answers).then_some(ErrorCode::ServerStoreUnavailable);
    let environment = &one.environment;
    let write = platform.store.begin_behind().await?;
    write.alone(&format!("health/{}", environment.id)).await?;
    // Another process may have asked meanwhile, or another database be in its place.
    let newest = newest(&*write, environment.id, HealthProbe::Database).await?;
    let used = standby::used(&*write, environment.id).await?.map(|used| used.id);
    if newest.map(|newest| newest.id) != one.last.as_ref().map(|last| last.id) || used != Some(one.used.id) {
        return Ok(());
    }
    let check = written(&write, platform, environment, HealthProbe::Database, took, down).await?;
    write.commit().await?;
    let done = failover::decide(platform, environment, &check).await;
    failover::tell(platform, "failing over", done);
    Ok(())
}
