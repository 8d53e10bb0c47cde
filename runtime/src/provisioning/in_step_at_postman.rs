//! Keeping collections at Postman in step with those of the commits.
//!
//! Owns: when they are looked at, and writing down that one cannot be brought up to date. Must not know: how two sides are merged.
//!
//! A commit that changes what is generated, and a deployment, are seen within seconds. What failed, or clashes, is tried again after
//! a minute; otherwise Postman is left alone.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::entities::{environments, projects, resource_records};
use flaresmith_store::enums::{Provider, ResourceKind, ResourceRecordState};
use futures_util::future::{BoxFuture, ready};
use futures_util::stream::{self, StreamExt as _};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::at_postman::{self, Known, Origin};
use super::fate;
use super::in_step::told;
use super::step::{ALL, key};
use crate::features::projects::connection;
use crate::pipeline::observe::ActFailed;
use crate::platform::Platform;
use crate::providers::postman::Whether;
use crate::providers::{Fate, Fence, Mark};
use crate::store::{Write, failed};

/// Time between two looks at what is here.
const HERE: Duration = Duration::from_secs(3);

/// Time after which what failed or clashed is tried again.
const AGAIN: Duration = Duration::from_secs(60);

/// How many projects are brought in step at the same time.
const SIDE_BY_SIDE: usize = 4;

/// From where everything of a project is taken, by the environment.
type Origins = BTreeMap<String, Origin>;

/// What was seen of a project, and when something failed or clashed.
type Seen = (Origins, Option<Instant>);

/// Looks again and again, until it is dropped.
pub(super) async fn watch(platform: Platform) {
    let mut seen: BTreeMap<Uuid, Seen> = BTreeMap::new();
    loop {
        tokio::time::sleep(HERE).await;
        let mut due = Vec::new();
        // A store that is away now may be back at the next look.
        let followed = followed(&platform).await.unwrap_or_default();
        // Whoever is connected again is looked at anew.
        seen.retain(|project, _| followed.iter().any(|one| one.project.id == *project));
        for one in followed {
            let Ok(origins) = one.origins(&platform).await else {
                continue;
            };
            let last = seen.get(&one.project.id);
            let is_due = last
                .is_none_or(|(known, wrong)| *known != origins || wrong.is_some_and(|since| since.elapsed() >= AGAIN));
            if is_due {
                due.push((one, origins));
            }
        }
        let brought = due.into_iter().map(|(one, origins)| {
            let platform = &platform;
            async move {
                // Where it cannot be read, nothing can be told either.
                let before = connection(platform.store.read(), one.project.id, Provider::Postman)
                    .await
                    .unwrap_or_default();
                let done = one.bring(platform, &origins).await;
                let is_well = matches!(done, Ok(None));
                // What a run is at by now is the run's to tell of.
                let is_its = done.is_err() && !stands(platform, one.project.id).await.unwrap_or(true);
                if !is_its {
                    let _ = told(platform, before, done).await;
                }
                (one.project.id, (origins, (!is_well).then(Instant::now)))
            }
        });
        // One that takes long keeps few others waiting.
        stream::iter(brought)
            .buffer_unordered(SIDE_BY_SIDE)
            .for_each(|(project, now)| {
                seen.insert(project, now);
                ready(())
            })
            .await;
    }
}

/// A project that has collections at Postman.
struct Followed {
    project: projects::Model,
    /// Those that have a collection there, and so not previews.
    environments: Vec<environments::Model>,
}

/// Projects whose workspace and collections are there. Whoever is making them sees to it that they are up to date.
async fn followed(platform: &Platform) -> Result<Vec<Followed>, Failure> {
    use resource_records::{Column, Entity};
    let read = platform.store.read();
    let records = Entity::find()
        .filter(Column::Provider.eq(Provider::Postman))
        .all(read)
        .await
        .map_err(failed)?;
    let mut by_project: BTreeMap<Uuid, Vec<resource_records::Model>> = BTreeMap::new();
    for record in records {
        by_project.entry(record.project_id).or_default().push(record);
    }
    by_project.retain(|_, records| records.iter().all(|one| one.state == ResourceRecordState::Ready));
    let mut all = Vec::new();
    for (id, records) in by_project {
        let project = projects::Entity::find_by_id(id).one(read).await.map_err(failed)?;
        let Some(project) = project else { continue };
        let mut environments = environments::Entity::find()
            .filter(environments::Column::ProjectId.eq(id))
            .all(read)
            .await
            .map_err(failed)?;
        environments.retain(|row| {
            let is_its = |one: &resource_records::Model| {
                one.resource == ResourceKind::PostmanCollection && one.environment == row.name
            };
            records.iter().any(is_its)
        });
        all.push(Followed { project, environments });
    }
    Ok(all)
}

impl Followed {
    async fn origins(&self, platform: &Platform) -> Result<Origins, Failure> {
        let mut origins = Origins::new();
        for environment in std::iter::once(None).chain(self.environments.iter().map(Some)) {
            if let Some(origin) = at_postman::origin(platform, self.project.id, environment).await? {
                let name = environment.map_or(ALL, |row| row.name.as_str());
                origins.insert(name.to_owned(), origin);
            }
        }
        Ok(origins)
    }

    /// Brings everything up to date; the code of what keeps it from being so.
    async fn bring(&self, platform: &Platform, origins: &Origins) -> Result<Option<ErrorCode>, Failure> {
        let project = &self.project;
        let Some(connection) = at_postman::connection(platform, project).await? else {
            return Ok(None);
        };
        let known: Known = at_postman::known(platform.store.read(), project.id).await?;
        let mut is_apart = false;
        for environment in std::iter::once(None).chain(self.environments.iter().map(Some)) {
            let name = environment.map_or(ALL, |row| row.name.as_str());
            let Some(origin) = origins.get(name) else { continue };
            let scope = at_postman::scope(environment);
            let Some(pair) = at_postman::pair(platform, project.id, scope, origin).await? else {
                continue;
            };
            let key = key(
                project.id,
                ResourceKind::PostmanCollection.as_str(),
                environment.map(|row| row.name.as_str()),
            );
            let mark = Mark {
                project: project.id,
                environment: name.to_owned(),
                key: key.clone(),
                fence: Arc::new(Standing {
                    platform: platform.clone(),
                    project: project.id,
                    key,
                }),
            };
            let access = &connection.access;
            let brought = at_postman::bring(platform, access, &mark, &known, &pair, Whether::Left).await?;
            if !brought.apart.is_empty() {
                is_apart = true;
                tell(
                    platform,
                    project.id,
                    &format!("{}: {}", brought.name, brought.apart.join("; ")),
                );
            }
        }
        Ok(is_apart.then_some(ErrorCode::IntegrationPostmanConflict))
    }
}

/// Whoever else brings a project in step has the same to bring, and they take turns. But nobody does while it is taken away.
struct Standing {
    platform: Platform,
    project: Uuid,
    key: String,
}

impl fmt::Debug for Standing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} stands", self.key)
    }
}

impl Fence for Standing {
    fn check<'a>(&'a self, _: Option<&'a Write>) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            match stands(&self.platform, self.project).await? {
                true => Ok(()),
                false => Err(Failure::internal("somebody else is at the collections of the project")),
            }
        })
    }

    fn fate<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Fate, Failure>> {
        Box::pin(async move {
            Ok(match fate::of(self.platform.store.read(), &self.key, id).await? {
                // Steps say nothing of what is made here, and whoever looks for it finds it by its mark.
                Fate::Other => Fate::Kept,
                fate => fate,
            })
        })
    }
}

/// Whether everything that a project has at Postman is there, and nobody is about to change that.
async fn stands(platform: &Platform, project: Uuid) -> Result<bool, Failure> {
    use resource_records::{Column, Entity};
    let records = Entity::find()
        .filter(Column::ProjectId.eq(project))
        .filter(Column::Provider.eq(Provider::Postman))
        .all(platform.store.read())
        .await
        .map_err(failed)?;
    Ok(!records.is_empty() && records.iter().all(|one| one.state == ResourceRecordState::Ready))
}

/// Names in the log where both sides changed the same thing, for whoever has to decide.
fn tell(platform: &Platform, project: Uuid, places: &str) {
    let failure = Failure::new(ErrorCode::IntegrationPostmanConflict).with_source(places.to_owned());
    platform.observer.act_failed(&ActFailed {
        act: "bringing a collection at Postman up to date",
        project: Some(project),
        run: None,
        failure: &failure,
        again: true,
        at: platform.clock.now(),
    });
}
