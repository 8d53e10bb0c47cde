//! The repository of a project at GitHub, in step with the one here.
//!
//! Owns: which repository it is, and the row that says where people find it. Must not know: how GitHub is called.

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::entities::{organizations, repos};
use flaresmith_store::enums::{Provider, RepoHost};
use futures_util::future::BoxFuture;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
};

use super::left_to_others;
use crate::features::projects::access;
use crate::providers::github::{Access, Wanted};
use crate::providers::{Made, foreign};
use crate::provisioning::step::{Step, Subject};
use crate::repositories::MAIN;
use crate::store::{Write, failed};

/// Makes it, or brings it in step.
pub(super) struct Repository;

/// Takes it away.
pub(super) struct Removal;

/// Who signs in, and which repository is wanted.
async fn wanted(on: &Subject) -> Result<(Access, Wanted), Failure> {
    let found = access(&on.platform, on.project.id, Provider::Github).await?;
    let (row, access) = found.ok_or_else(|| Failure::new(ErrorCode::IntegrationNotConnected))?;
    let text = |name: &str| row.settings[name].as_str().map(str::to_owned);
    let wanted = Wanted {
        owner: text("owner").unwrap_or_default(),
        name: text("repositoryName").unwrap_or_else(|| on.project.slug.clone()),
        private: row.settings["private"].as_bool().unwrap_or(true),
        description: on
            .project
            .description
            .clone()
            .unwrap_or_else(|| on.project.name.clone()),
    };
    Ok((access, wanted))
}

impl Step for Repository {
    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let (access, wanted) = wanted(on).await?;
            refuse_of_another(on, &wanted).await?;
            let github = &on.platform.providers.github;
            let there = github.ensure_repository(&access, &on.mark, &wanted).await?;
            github
                .exchange(&access, &on.mark, &there, &on.platform.repositories)
                .await?;
            github.show_first(&access, &there, MAIN).await?;
            Ok(Made {
                external_id: Some(there.id.to_string()),
                name: there.full_name.clone(),
                url: Some(there.html_url),
            })
        })
    }

    fn keep<'a>(&'a self, write: &'a Write, on: &'a Subject, made: &'a Made) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let (owner, name) = made.name.split_once('/').unwrap_or(("", &made.name));
            let place = (RepoHost::Github, owner.to_owned(), name.to_owned());
            moved(write, on, place, made.url.clone(), made.external_id.clone()).await
        })
    }

    fn undo<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let Some((access, wanted)) = connected(on).await? else {
                return Ok(());
            };
            let github = &on.platform.providers.github;
            let there = github.repository(&access, &wanted.owner, &wanted.name).await?;
            // What is there and not here would be lost with it.
            match there {
                Some(there)
                    if !github
                        .has_more(&access, &on.mark, &there, &on.platform.repositories)
                        .await? =>
                {
                    removed(on).await
                }
                _ => Ok(()),
            }
        })
    }

    fn forget<'a>(&'a self, write: &'a Write, on: &'a Subject) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let organization = organizations::Entity::find_by_id(on.project.organization_id)
                .one(&**write)
                .await
                .map_err(failed)?
                .ok_or_else(|| Failure::new(ErrorCode::OrganizationNotFound))?;
            let url = on.platform.repositories.url(on.project.id);
            let place = (RepoHost::Local, organization.slug, on.project.slug.clone());
            moved(write, on, place, Some(url), None).await
        })
    }
}

/// Writes down where people find the repository.
async fn moved(
    write: &Write,
    on: &Subject,
    (host, owner, name): (RepoHost, String, String),
    url: Option<String>,
    external_id: Option<String>,
) -> Result<(), Failure> {
    let found = repos::Entity::find()
        .filter(repos::Column::ProjectId.eq(on.project.id))
        .one(&**write)
        .await
        .map_err(failed)?;
    let Some(row) = found else {
        return Ok(());
    };
    let mut active = row.into_active_model();
    active.host = Set(host);
    active.owner = Set(owner);
    active.name = Set(name);
    active.url = Set(url.unwrap_or_default());
    active.external_id = Set(external_id);
    active.updated_at = Set(on.platform.clock.now());
    active.update(&**write).await.map_err(failed)?;
    Ok(())
}

/// The same; `None`: the connection has ended, and what was made there stays.
async fn connected(on: &Subject) -> Result<Option<(Access, Wanted)>, Failure> {
    match wanted(on).await {
        Err(failure) if failure.code() == ErrorCode::IntegrationNotConnected => Ok(None),
        wanted => wanted.map(Some),
    }
}

/// Refuses a repository that is another project's here.
async fn refuse_of_another(on: &Subject, wanted: &Wanted) -> Result<(), Failure> {
    let another = repos::Entity::find()
        .filter(repos::Column::Host.eq(RepoHost::Github))
        .filter(repos::Column::Owner.eq(&wanted.owner))
        .filter(repos::Column::Name.eq(&wanted.name))
        .filter(repos::Column::ProjectId.ne(on.project.id))
        .one(on.platform.store.read())
        .await
        .map_err(failed)?;
    match another {
        Some(_) => Err(foreign(&on.mark)),
        None => Ok(()),
    }
}

async fn removed(on: &Subject) -> Result<(), Failure> {
    let Some((access, wanted)) = connected(on).await? else {
        return Ok(());
    };
    let github = &on.platform.providers.github;
    let (owner, name) = (&wanted.owner, &wanted.name);
    left_to_others(github.remove_repository(&access, &on.mark, owner, name).await)
}

impl Step for Removal {
    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            removed(on).await?;
            Ok(Made::default())
        })
    }
}
