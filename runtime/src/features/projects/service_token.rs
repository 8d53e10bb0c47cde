//! Service tokens of a project.
//!
//! Owns: making, listing and revoking them. Must not know: how a token authenticates.

use chrono::TimeDelta;
use flaresmith_api::api::projects::ListServiceTokensRequest;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::{ServiceTokenCreate, ServiceTokenCreated, ServiceTokenPage};
use flaresmith_store::SecretText;
use flaresmith_store::entities::service_tokens::{ActiveModel, Column, Entity};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
};
use uuid::Uuid;

use crate::features::shown::{listed, shown};
use crate::features::users::profile;
use crate::identity::service_tokens;
use crate::pipeline::Access;
use crate::platform::Platform;
use crate::store::page::{Asked, newest_first};
use crate::store::{failed, new_id, taken_or_failed};

/// How long a token is good when the caller says nothing.
const USUAL: TimeDelta = TimeDelta::days(90);

/// One page of the tokens that are not revoked.
pub(super) async fn list(platform: &Platform, request: ListServiceTokensRequest) -> Result<ServiceTokenPage, Failure> {
    let project = request.project_id;
    let select = Entity::find()
        .filter(Column::ProjectId.eq(project))
        .filter(Column::RevokedAt.is_null());
    let asked = Asked {
        list: &format!("serviceTokens/{project}"),
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

/// Makes a token with a role no higher than the caller's.
pub(super) async fn create(
    platform: &Platform,
    access: &Access,
    project: Uuid,
    body: ServiceTokenCreate,
) -> Result<ServiceTokenCreated, Failure> {
    access.demand(profile::policy_role(body.role))?;
    let made = service_tokens::make().map_err(Failure::internal)?;
    let now = platform.clock.now();
    let row = ActiveModel {
        id: Set(new_id()),
        project_id: Set(project),
        name: Set(body.name),
        role: Set(profile::stored_role(body.role)),
        prefix: Set(made.prefix),
        token_hash: Set(SecretText::new(made.hash)),
        created_by_id: Set(access.caller.user()),
        expires_at: Set(body.expires_at.unwrap_or(Some(now + USUAL))),
        last_used_at: Set(None),
        revoked_at: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let write = platform.store.begin().await?;
    let taken = || Failure::new(ErrorCode::ResourceConflict);
    let row = row
        .insert(&*write)
        .await
        .map_err(|error| taken_or_failed(error, taken))?;
    write.commit().await?;
    Ok(ServiceTokenCreated {
        service_token: shown(&row)?,
        token: made.token,
    })
}

/// Revokes a token. Its name is free again.
pub(super) async fn revoke(platform: &Platform, project: Uuid, token: Uuid) -> Result<(), Failure> {
    let write = platform.store.begin().await?;
    let row = Entity::find_by_id(token)
        .filter(Column::ProjectId.eq(project))
        .filter(Column::RevokedAt.is_null())
        .one(&*write)
        .await
        .map_err(failed)?;
    let row = row.ok_or_else(|| Failure::new(ErrorCode::ResourceNotFound))?;
    let now = platform.clock.now();
    let name = format!("{} (revoked {})", row.name, row.id);
    let mut row = row.into_active_model();
    row.name = Set(name);
    row.revoked_at = Set(Some(now));
    row.updated_at = Set(now);
    row.update(&*write).await.map_err(failed)?;
    write.commit().await
}
