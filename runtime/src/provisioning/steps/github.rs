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
use crate::providers::Made;
use crate::providers::github::{Access, Wanted};
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
            // What people have committed there is here as well, or the branches are apart.
            if !on.platform.providers.source.is_untouched(&on.mark).await? {
                return Err(Failure::new(ErrorCode::ProvisionUndoStuck)
                    .with_message("People have committed to the repository, so it stays."));
            }
            removed(on).await
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

async fn removed(on: &Subject) -> Result<(), Failure> {
    let (access, wanted) = match wanted(on).await {
        // Who ended the connection keeps what was made there.
        Err(failure) if failure.code() == ErrorCode::IntegrationNotConnected => return Ok(()),
        wanted => wanted?,
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
