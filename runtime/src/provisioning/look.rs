//! Looking at what was made, next to what should be.
//!
//! Owns: what is looked at, by which steps, and what is said of what is not as it should be. Must not know: how a step looks.
//!
//! Steps look as they do before they make something, so there is one way of asking. Whoever looks has a mark whose fence lets nobody
//! change anything.

use std::sync::Arc;

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::entities::{environments, projects, repos, resource_records};
use flaresmith_store::enums::{EnvironmentKind, EnvironmentState, RepoHost, ResourceKind, ResourceRecordState};
use futures_util::stream::{self, StreamExt as _};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use uuid::Uuid;

use super::deploy::is_busy;
use super::standby;
use super::step::{ALL, Planned, Subject, key};
use super::steps::{self, names};
use crate::platform::Platform;
use crate::providers::{Mark, Never};
use crate::store::failed;

/// How many are looked at at the same time.
const SIDE_BY_SIDE: usize = 4;

/// Longest text of a finding, in characters.
const LONGEST: usize = 300;

/// How something is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It is not there.
    Missing,
    /// Somebody else's stands there.
    Foreign,
    /// It is another one, or in another state.
    Differs,
    /// Nobody could be asked.
    Unknown,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// In which way.
    pub kind: Kind,
    /// What is.
    pub is: String,
    /// What should be.
    pub should: String,
    /// What to type or do.
    pub hint: String,
}

/// What a look has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looked {
    /// What is there, for whoever asks whether it is still the same.
    pub seen: String,
    /// What of it is not as it should be.
    pub differences: Vec<Difference>,
}

/// What came of looking at one thing.
#[derive(Debug, Clone)]
pub struct Found {
    /// The step that makes it.
    pub step: Planned,
    /// Its key.
    pub key: String,
    /// What was seen, or what kept it from being seen.
    pub looked: Looked,
}

impl Looked {
    /// It is there, as it should be.
    pub(super) fn fine(seen: impl Into<String>) -> Self {
        Self {
            seen: seen.into(),
            differences: Vec::new(),
        }
    }

    /// It is not as it should be.
    pub(super) fn but(
        seen: impl Into<String>,
        kind: Kind,
        is: impl Into<String>,
        should: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            seen: seen.into(),
            differences: vec![Difference {
                kind,
                is: cut(&is.into()),
                should: cut(&should.into()),
                hint: cut(&hint.into()),
            }],
        }
    }

    /// It is not there.
    pub(super) fn missing(is: impl Into<String>, should: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::but("", Kind::Missing, is, should, hint)
    }

    /// Whether nobody could be asked.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.differences.iter().any(|one| one.kind == Kind::Unknown)
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST - 1) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// What a step that only looks works on.
#[must_use]
pub fn subject(
    platform: &Platform,
    project: &projects::Model,
    environment: Option<&environments::Model>,
    step: &Planned,
) -> Subject {
    Subject {
        platform: platform.clone(),
        // No run has it.
        run: Uuid::nil(),
        project: project.clone(),
        environment: environment.cloned(),
        mark: Mark {
            project: project.id,
            environment: step.environment.clone().unwrap_or_else(|| ALL.to_owned()),
            key: step_key(project.id, step),
            fence: Arc::new(Never),
        },
    }
}

/// The same for whoever only looks at the database of an environment.
#[must_use]
pub fn of_database(platform: &Platform, project: &projects::Model, environment: &environments::Model) -> Subject {
    let step = Planned {
        name: names::of(names::DATABASE, &environment.name),
        resource: Some(ResourceKind::NeonBranch),
        environment: Some(environment.name.clone()),
        needs: Vec::new(),
    };
    subject(platform, project, Some(environment), &step)
}

/// The key under which a step does what it does.
#[must_use]
pub fn step_key(project: Uuid, step: &Planned) -> String {
    let resource = step.resource.map_or(step.name.as_str(), |resource| resource.as_str());
    key(project, resource, step.environment.as_deref())
}

/// The environments of a project that are there, each name once.
///
/// # Errors
/// The store fails.
pub async fn environments_of(platform: &Platform, project: Uuid) -> Result<Vec<environments::Model>, Failure> {
    let mut rows = environments::Entity::find()
        .filter(environments::Column::ProjectId.eq(project))
        .filter(environments::Column::State.ne(EnvironmentState::Archived))
        .order_by_desc(environments::Column::Generation)
        .all(platform.store.read())
        .await
        .map_err(failed)?;
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    rows.dedup_by(|a, b| a.name == b.name);
    Ok(rows)
}

/// Looks at everything that the store believes was made for a project.
///
/// # Errors
/// The store fails. A provider that does not answer is none: what it has is unknown.
pub async fn all(platform: &Platform, project: &projects::Model) -> Result<Vec<Found>, Failure> {
    let read = platform.store.read();
    let records = resource_records::Entity::find()
        .filter(resource_records::Column::ProjectId.eq(project.id))
        .order_by_asc(resource_records::Column::Key)
        .all(read)
        .await
        .map_err(failed)?;
    let at_github = repos::Entity::find()
        .filter(repos::Column::ProjectId.eq(project.id))
        .filter(repos::Column::Host.eq(RepoHost::Github))
        .one(read)
        .await
        .map_err(failed)?;
    let environments = environments_of(platform, project.id).await?;
    let mut looks = believed(&records, &environments, at_github.is_some());
    for environment in &environments {
        if standby::of(read, environment.id).await?.is_some() {
            let name = names::of(names::STANDBY, &environment.name);
            looks.push(made_by(name, None, Some(&environment.name)));
        }
    }
    let looks = looks.into_iter();
    let looks = looks.map(|step| {
        let name = step.environment.clone();
        let environment = environments.iter().find(|row| Some(&row.name) == name.as_ref());
        one(subject(platform, project, environment, &step), step)
    });
    let found: Vec<Option<Found>> = stream::iter(looks).buffered(SIDE_BY_SIDE).collect().await;
    Ok(found.into_iter().flatten().collect())
}

/// The step of a name, as whoever looks has it.
fn made_by(name: String, resource: Option<ResourceKind>, environment: Option<&str>) -> Planned {
    Planned {
        name,
        resource,
        environment: environment.map(str::to_owned),
        needs: Vec::new(),
    }
}

/// The steps that made what is believed to be there.
fn believed(
    records: &[resource_records::Model],
    environments: &[environments::Model],
    at_github: bool,
) -> Vec<Planned> {
    let mut steps = Vec::new();
    let ready = records.iter().filter(|row| row.state == ResourceRecordState::Ready);
    for row in ready {
        let of = Some(row.environment.as_str()).filter(|name| *name != ALL);
        let named = |beginning| names::of(beginning, &row.environment);
        let name = match row.resource {
            ResourceKind::GithubRepo => names::REPOSITORY.to_owned(),
            ResourceKind::NeonProject => names::NEON_PROJECT.to_owned(),
            ResourceKind::NeonBranch => named(names::DATABASE),
            ResourceKind::CloudflareWorker => named(names::WORKER),
            ResourceKind::PostmanWorkspace => names::POSTMAN.to_owned(),
            ResourceKind::PostmanCollection if of.is_none() => names::POSTMAN_BASE.to_owned(),
            ResourceKind::PostmanCollection => named(names::POSTMAN_COLLECTION),
            ResourceKind::GithubCodespace => names::CODESPACE.to_owned(),
            ResourceKind::CloudflarePage => names::PAGES.to_owned(),
        };
        steps.push(made_by(name, Some(row.resource), of));
        if row.resource == ResourceKind::GithubRepo {
            // The branches of previews are people's, who take them away when they are done.
            let lasting = environments.iter().filter(|row| row.kind != EnvironmentKind::Preview);
            for row in
                lasting.filter(|row| !matches!(row.state, EnvironmentState::Pending | EnvironmentState::Provisioning))
            {
                steps.push(made_by(names::of(names::BRANCH, &row.name), None, Some(&row.name)));
            }
        }
    }
    if at_github {
        steps.push(made_by(names::GITHUB.to_owned(), None, None));
    }
    steps
}

async fn one(on: Subject, step: Planned) -> Option<Found> {
    let looked = steps::named(&step.name)?.look(&on).await;
    let looked = match looked {
        Ok(None) => return None,
        Ok(Some(looked)) => looked,
        Err(failure) => failed_to_look(&on, &failure),
    };
    Some(Found {
        key: on.mark.key,
        step,
        looked,
    })
}

/// What is said where looking failed. What belongs to somebody else was seen.
fn failed_to_look(on: &Subject, failure: &Failure) -> Looked {
    let code = failure.code();
    let project = &on.project.slug;
    if code == ErrorCode::ProvisionResourceForeign {
        return Looked::but(
            code.as_str(),
            Kind::Foreign,
            "Something stands there that was not made for the project.",
            "The project's own, with its mark.",
            format!("Move it away, then `flaresmith project drift {project}` tells what is missing."),
        );
    }
    Looked::but(
        code.as_str(),
        Kind::Unknown,
        format!("It could not be asked: {}: {}", code.as_str(), failure.message()),
        "What was made for the project.",
        match failure.hint() {
            Some(hint) => hint.to_owned(),
            None => format!("Look again later: `flaresmith project drift {project}`."),
        },
    )
}

/// What is said of an environment in which something goes on.
pub(super) fn busy(on: &Subject) -> Option<Looked> {
    let environment = on.environment.as_ref().filter(|row| is_busy(row))?;
    Some(Looked::but(
        environment.state.as_str(),
        Kind::Unknown,
        format!("The environment is {}.", environment.state.as_str()),
        "At rest, so that it can be compared.",
        format!(
            "Look again when that is over: `flaresmith env show {} {}`.",
            on.project.slug, environment.name
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_a_finding_is_cut_between_characters() {
        let long = "ä".repeat(400);
        assert_eq!(cut(&long).chars().count(), LONGEST);
        assert_eq!(cut("short"), "short");
    }
}
