//! Branches that are protected.
//!
//! Owns: which branches those are, and for whom. Must not know: what is committed.
//!
//! What runs in staging and prod comes to their branches by promotion or a merge. The default branch takes specs besides, and what
//! is generated from them: both are looked at before they are committed.

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::entities::environments::{Column, Entity};
use flaresmith_store::enums::{EnvironmentKind, EnvironmentState};
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};
use uuid::Uuid;

use crate::platform::Platform;
use crate::repositories::Local;

/// Refuses the branches that staging and prod follow.
pub(crate) async fn refuse(platform: &Platform, project: Uuid, branch: &str) -> Result<(), Failure> {
    let count = Entity::find()
        .filter(Column::ProjectId.eq(project))
        .filter(Column::Kind.is_in([EnvironmentKind::Staging, EnvironmentKind::Prod]))
        .filter(Column::State.ne(EnvironmentState::Archived))
        .filter(Column::Branch.eq(branch))
        .count(platform.store.read())
        .await
        .map_err(crate::store::failed)?;
    match count {
        0 => Ok(()),
        _ => Err(Failure::new(ErrorCode::FileBranchProtected).with_context("branch", branch)),
    }
}

/// The same for specs and what is generated from them. No branch is the default branch.
pub(crate) async fn refuse_for_specs(platform: &Platform, project: Uuid, branch: Option<&str>) -> Result<(), Failure> {
    let Some(branch) = branch else { return Ok(()) };
    let Err(refused) = refuse(platform, project, branch).await else {
        return Ok(());
    };
    let default = platform.repositories.with(project, Local::default_branch).await?;
    if default == branch { Ok(()) } else { Err(refused) }
}
