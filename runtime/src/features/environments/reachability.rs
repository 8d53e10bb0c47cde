//! Looking whether workers at Cloudflare answer.
//!
//! Owns: which of them are asked, and when. Must not know: what follows from an answer.
//!
//! Workers on this machine are asked by the process that runs them. One at Cloudflare is nobody's, so any process asks it, one at a time: when
//! it was last asked is in the store. It is asked at its own address, as anybody would, and not through Cloudflare's API, so it may be
//! asked whether or not the project is still connected.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::entities::{environments, health_checks, projects};
use flaresmith_store::enums::{EnvironmentState, HealthProbe, ProjectState};
use reqwest::Url;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::health::{LOOK, Next, Wishes, each, newest, written};
use crate::platform::Platform;
use crate::provisioning::at_cloudflare;
use crate::store::failed;

/// How long an answer may take.
const LONGEST: Duration = Duration::from_secs(5);

/// One that is to be asked now.
struct Due {
    environment: environments::Model,
    url: Url,
    last: Option<health_checks::Model>,
}

/// Asks again and again, each as often as its project says.
pub(crate) async fn watch(platform: Platform) {
    let mut next = Next::new();
    loop {
        tokio::time::sleep(LOOK).await;
        // A store that is away now may be back at the next look.
        let due = due(&platform, &mut next).await.unwrap_or_default();
        each(due, |one| ask(&platform, one)).await;
    }
}

async fn due(platform: &Platform, next: &mut Next) -> Result<Vec<Due>, Failure> {
    let (read, now) = (platform.store.read(), platform.clock.now());
    let there = at_cloudflare::all(read).await?;
    let rows = environments::Entity::find()
        .filter(environments::Column::ProjectId.is_in(there.keys().copied()))
        // What is about to change answers or not as it may.
        .filter(environments::Column::State.eq(EnvironmentState::Active))
        .all(read)
        .await
        .map_err(failed)?;
    next.retain(|id, _| rows.iter().any(|row| row.id == *id));
    let mut due = Vec::new();
    for environment in rows {
        let is_there = there
            .get(&environment.project_id)
            .is_some_and(|names| names.contains(&environment.name));
        if !is_there || next.get(&environment.id).is_some_and(|next| *next > now) {
            continue;
        }
        let wishes = Wishes::of(platform, environment.project_id).await?;
        let last = newest(read, environment.id, HealthProbe::Api).await?;
        let at = wishes.following(last.as_ref(), now);
        let between = TimeDelta::from_std(wishes.between).unwrap_or_default();
        next.insert(environment.id, if at > now { at } else { now + between });
        let url = environment.url.as_ref().and_then(|url| Url::parse(url).ok());
        let url = url.filter(|_| at <= now && wishes.probes.contains(&HealthProbe::Api));
        due.extend(url.map(|url| Due { environment, url, last }));
    }
    Ok(due)
}

/// Asks one, and writes down what came of it.
async fn ask(platform: &Platform, one: Due) -> Result<(), Failure> {
    let environment = &one.environment;
    let client = platform.providers.cloudflare.client();
    let begun = Instant::now();
    let asked = client.ask(one.url.clone(), LONGEST).await;
    let answers = asked.is_ok_and(|asked| !asked.status.is_server_error());
    let took = answers.then(|| begun.elapsed());
    let down = (!answers).then_some(ErrorCode::DeploymentNotReady);
    let write = platform.store.begin_behind().await?;
    write.alone(&format!("health/{}", environment.id)).await?;
    // Another process may have asked meanwhile, or a change of the environment have begun.
    let newest = newest(&*write, environment.id, HealthProbe::Api).await?;
    let is_last = newest.map(|newest| newest.id) == one.last.as_ref().map(|last| last.id);
    let stands = environments::Entity::find_by_id(environment.id)
        .filter(environments::Column::State.eq(EnvironmentState::Active))
        .one(&*write)
        .await
        .map_err(failed)?;
    let project = projects::Entity::find_by_id(environment.project_id)
        .filter(projects::Column::State.is_not_in([ProjectState::Deleting, ProjectState::Deleted]))
        .one(&*write)
        .await
        .map_err(failed)?;
    if !is_last || project.is_none() || stands.is_none_or(|row| row.url != environment.url) {
        return Ok(());
    }
    written(&write, platform, environment, HealthProbe::Api, took, down).await?;
    write.commit().await
}
