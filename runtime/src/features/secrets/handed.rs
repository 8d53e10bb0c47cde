//! Handing secrets on to GitHub.
//!
//! Owns: which value a secret has there, and that what is there is what is kept here. Must not know: how GitHub is called.
//!
//! A change is kept first and handed on then. Whoever hands one on looks afterwards whether it changed meanwhile, so of several who
//! change it at once the last one hands on what is kept.

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::entities::environment_secrets::{Column, Entity, Model};
use flaresmith_store::entities::repos;
use flaresmith_store::enums::{Provider, RepoHost, SecretScope, SecretType};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::name::{SecretName, provider};
use super::record::{self, Actor};
use super::vault;
use crate::backoff;
use crate::features::projects::access;
use crate::platform::Platform;
use crate::providers::cloud::Access;
use crate::providers::cloud::Failures;
use crate::providers::github::Repository;
use crate::providers::github::secrets::Place;
use crate::store::failed;

/// Types of secrets that workflows see.
const KINDS: [SecretType; 2] = [SecretType::GithubActionSecret, SecretType::GithubEnvironmentSecret];

/// Where a project's secrets are at GitHub; `None`: it has no repository there.
async fn place(platform: &Platform, project: Uuid) -> Result<Option<(Access, Repository)>, Failure> {
    let row = repos::Entity::find()
        .filter(repos::Column::ProjectId.eq(project))
        .filter(repos::Column::Host.eq(RepoHost::Github))
        .one(platform.store.read())
        .await
        .map_err(failed)?;
    let Some(row) = row else { return Ok(None) };
    let Some((_, access)) = access(platform, project, Provider::Github).await? else {
        return Ok(None);
    };
    let github = &platform.providers.github;
    let number = row.external_id.as_deref();
    // What stands there by now may be a stranger's.
    let there = github.standing(&access, &row.owner, &row.name, number).await?;
    let gone = || {
        Failures::of(Provider::Github).rejected("the project's repository is not where it was; connect GitHub again.")
    };
    Ok(Some((access, there.ok_or_else(gone)?)))
}

/// The row whose value a name has at GitHub: of two types of one name the one for its scope.
async fn kept(platform: &Platform, project: Uuid, scope: SecretScope, name: &str) -> Result<Option<Model>, Failure> {
    let mut rows = Entity::find()
        .filter(Column::ProjectId.eq(project))
        .filter(Column::Environment.eq(scope))
        .filter(Column::Name.eq(name))
        .filter(Column::Type.is_in(KINDS))
        .all(platform.store.read())
        .await
        .map_err(failed)?;
    let fits = |row: &Model| (row.r#type == SecretType::GithubEnvironmentSecret) == (scope != SecretScope::All);
    rows.sort_by_key(fits);
    Ok(rows.pop())
}

/// Hands on what is kept of a name, or that nothing is any more.
///
/// # Errors
/// GitHub does not answer or refuses: what is kept stays, and a repeat hands it on.
pub(super) async fn hand_on(platform: &Platform, secret: &SecretName) -> Result<(), Failure> {
    if provider(secret.kind) != Provider::Github {
        return Ok(());
    }
    backoff::persist(ErrorCode::IntegrationGithubTimeout, || once(platform, secret)).await
}

async fn once(platform: &Platform, secret: &SecretName) -> Result<(), Failure> {
    let project = secret.project;
    let Some((access, there)) = place(platform, project).await? else {
        return Ok(());
    };
    one(platform, &access, &there, project, secret.environment, &secret.name).await
}

async fn one(
    platform: &Platform,
    access: &Access,
    there: &Repository,
    project: Uuid,
    scope: SecretScope,
    name: &str,
) -> Result<(), Failure> {
    let environment = (scope != SecretScope::All).then(|| scope.as_str());
    let place = Place {
        repository: there,
        environment,
        name,
    };
    let github = &platform.providers.github;
    let mut row = kept(platform, project, scope, name).await?;
    loop {
        match &row {
            Some(row) => {
                let value = vault::open(&platform.sealer, row)?;
                github.put_secret(access, &place, value.expose()).await?;
            }
            None => github.remove_secret(access, &place).await?,
        }
        let seen = |row: &Option<Model>| row.as_ref().map(|row| (row.id, row.version));
        let now = kept(platform, project, scope, name).await?;
        if seen(&now) == seen(&row) {
            return Ok(());
        }
        row = now;
    }
}

/// Hands on all that is kept of a project, to a repository that has none of it yet. `person`: who asked for that repository.
///
/// # Errors
/// GitHub does not answer or refuses.
pub(crate) async fn hand_on_all(platform: &Platform, project: Uuid, person: Option<Uuid>) -> Result<(), Failure> {
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project))
        .filter(Column::Type.is_in(KINDS))
        .all(platform.store.read())
        .await
        .map_err(failed)?;
    if rows.is_empty() {
        return Ok(());
    }
    let Some((access, there)) = place(platform, project).await? else {
        return Ok(());
    };
    for row in &rows {
        one(platform, &access, &there, project, row.environment, &row.name).await?;
    }
    if let Some(person) = person {
        let actor = Actor::in_course_of(person);
        let references: Vec<&str> = rows.iter().map(|row| row.secret_ref_hash.as_str()).collect();
        let write = platform.store.begin_behind().await?;
        let summary = format!("{} secrets were given to GitHub", references.len());
        record::handed_on(&write, &actor, project, &references, summary, platform.clock.now()).await?;
        write.commit().await?;
    }
    Ok(())
}
