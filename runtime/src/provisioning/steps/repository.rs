//! The repository of a project, and its removal.
//!
//! Owns: the row of the repository. Must not know: how a host makes one.

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::entities::{organizations, repos};
use flaresmith_store::enums::RepoHost;
use futures_util::future::BoxFuture;
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::left_to_others;
use crate::providers::Made;
use crate::provisioning::call::{Call, There, here};
use crate::provisioning::look::Looked;
use crate::provisioning::step::{Step, Subject};
use crate::provisioning::template::TEMPLATE;
use crate::repositories::MAIN;
use crate::store::{Write, failed, new_id};

/// Makes it.
pub(super) struct Repository;

/// Takes it away.
pub(super) struct Removal;

impl Step for Repository {
    fn calls(&self, _: There) -> Vec<Call> {
        vec![here(
            "Makes a bare git repository in the data folder of the server, if it is not there.",
        )]
    }

    fn look<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Option<Looked>, Failure>> {
        Box::pin(async move {
            let found = on.platform.providers.source.look_repository(&on.mark).await?;
            Ok(Some(match found {
                Some(found) => Looked::fine(found.name),
                None => Looked::missing(
                    "There is no repository in the data folder of the server.",
                    format!("The repository `{}.git`.", on.project.id),
                    "Put it back from a backup of the data folder before anybody writes to the project: an empty one would take its place.",
                ),
            }))
        })
    }

    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        on.platform.providers.source.ensure_repository(&on.mark)
    }

    fn keep<'a>(&'a self, write: &'a Write, on: &'a Subject, made: &'a Made) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let found = repos::Entity::find()
                .filter(repos::Column::ProjectId.eq(on.project.id))
                .one(&**write)
                .await
                .map_err(failed)?;
            if found.is_some() {
                return Ok(());
            }
            let organization = organizations::Entity::find_by_id(on.project.organization_id)
                .one(&**write)
                .await
                .map_err(failed)?
                .ok_or_else(|| Failure::new(ErrorCode::OrganizationNotFound))?;
            let now = on.platform.clock.now();
            let row = repos::ActiveModel {
                id: Set(new_id()),
                project_id: Set(on.project.id),
                host: Set(RepoHost::Local),
                owner: Set(organization.slug),
                name: Set(on.project.slug.clone()),
                default_branch: Set(MAIN.to_owned()),
                url: Set(made.url.clone().unwrap_or_default()),
                external_id: Set(made.external_id.clone()),
                template: Set(TEMPLATE.to_owned()),
                head_sha: Set(None),
                created_at: Set(now),
                updated_at: Set(now),
            };
            row.insert(&**write).await.map_err(failed)?;
            Ok(())
        })
    }

    fn undo<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            // Who cancels a run takes back what the platform did, and nothing that people did since. For that a project is deleted.
            if !on.platform.providers.source.is_untouched(&on.mark).await? {
                return Err(Failure::new(ErrorCode::ProvisionUndoStuck)
                    .with_message("People have committed to the repository, so it stays."));
            }
            removed(on).await
        })
    }

    fn forget<'a>(&'a self, write: &'a Write, on: &'a Subject) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            repos::Entity::delete_many()
                .filter(repos::Column::ProjectId.eq(on.project.id))
                .exec(&**write)
                .await
                .map_err(failed)?;
            Ok(())
        })
    }
}

async fn removed(on: &Subject) -> Result<(), Failure> {
    left_to_others(on.platform.providers.source.remove_repository(&on.mark).await)
}

impl Step for Removal {
    fn calls(&self, _: There) -> Vec<Call> {
        vec![here("Removes the repository from the data folder of the server.")]
    }

    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            removed(on).await?;
            Ok(Made::default())
        })
    }

    fn keep<'a>(&'a self, write: &'a Write, on: &'a Subject, _: &'a Made) -> BoxFuture<'a, Result<(), Failure>> {
        Repository.forget(write, on)
    }
}
