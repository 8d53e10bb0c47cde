//! One's own account.
//!
//! Owns: reading and changing it. Must not know: other people's.

use std::collections::BTreeMap;

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::{CurrentUser, OrganizationRole, PasswordChange, User, UserUpdate};
use flaresmith_store::SecretText;
use flaresmith_store::entities::{memberships, organization_members, organizations, service_tokens, users};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::sign_in::{account_of, password_of};
use crate::features::shown::shown;
use crate::features::users::profile;
use crate::identity::first_owner::credential;
use crate::identity::{Caller, passwords, sessions};
use crate::pipeline::Access;
use crate::platform::Platform;
use crate::store::failed;

/// Most organizations that are listed; the contract's limit.
const MOST: u64 = 500;

/// Who calls, and what they belong to.
pub(super) async fn current(platform: &Platform, access: &Access) -> Result<CurrentUser, Failure> {
    let read = platform.store.read();
    let gone = || Failure::new(ErrorCode::AuthTokenInvalid);
    match &access.caller {
        Caller::Anonymous => Err(gone()),
        Caller::Service {
            token, project, role, ..
        } => {
            let row = service_tokens::Entity::find_by_id(*token)
                .one(read)
                .await
                .map_err(failed)?;
            Ok(CurrentUser {
                user: None,
                service_token: Some(shown(&row.ok_or_else(gone)?)?),
                organizations: Vec::new(),
                projects: BTreeMap::from([(project.to_string(), profile::api_role(*role))]),
            })
        }
        Caller::Person { user, .. } => {
            let person = users::Entity::find_by_id(*user).one(read).await.map_err(failed)?;
            let member_of = organization_members::Entity::find()
                .filter(organization_members::Column::UserId.eq(*user))
                .order_by_asc(organization_members::Column::CreatedAt)
                .limit(MOST)
                .all(read)
                .await
                .map_err(failed)?;
            let ids = member_of.iter().map(|member| member.organization_id);
            let found = organizations::Entity::find()
                .filter(organizations::Column::Id.is_in(ids))
                .all(read)
                .await
                .map_err(failed)?;
            let mut found: BTreeMap<Uuid, organizations::Model> = found.into_iter().map(|row| (row.id, row)).collect();
            let mut roles = Vec::new();
            for member in member_of {
                if let Some(organization) = found.remove(&member.organization_id) {
                    roles.push(OrganizationRole {
                        organization: shown(&organization)?,
                        role: profile::role(member.role),
                    });
                }
            }
            let own = memberships::Entity::find()
                .filter(memberships::Column::UserId.eq(*user))
                .all(read)
                .await
                .map_err(failed)?;
            Ok(CurrentUser {
                user: Some(shown(&person.ok_or_else(gone)?)?),
                service_token: None,
                organizations: roles,
                projects: own
                    .into_iter()
                    .map(|member| (member.project_id.to_string(), profile::role(member.role)))
                    .collect(),
            })
        }
    }
}

/// Changes name or portrait.
pub(super) async fn update(platform: &Platform, person: Uuid, body: UserUpdate) -> Result<User, Failure> {
    let write = platform.store.begin().await?;
    let row = users::Entity::find_by_id(person).one(&*write).await.map_err(failed)?;
    let row = row.ok_or_else(|| Failure::new(ErrorCode::AuthTokenInvalid))?;
    let mut row = row.into_active_model();
    if let Some(name) = body.name {
        row.name = Set(name);
    }
    if let Some(image) = body.image {
        row.image = Set(image);
    }
    row.updated_at = Set(platform.clock.now());
    let row = row.update(&*write).await.map_err(failed)?;
    write.commit().await?;
    shown(&row)
}

/// Sets a new password, and ends all other sessions.
pub(super) async fn set_password(platform: &Platform, caller: &Caller, body: PasswordChange) -> Result<(), Failure> {
    let person = caller.person()?;
    let session = match caller {
        Caller::Person { session, .. } => Some(*session),
        _ => None,
    };
    let known = password_of(platform, person).await?;
    if !passwords::verify(body.current_password, known).await? {
        return Err(Failure::new(ErrorCode::UserPasswordWrong));
    }
    passwords::demand_strong(&body.new_password)?;
    let hash = passwords::hash(body.new_password).await?;
    let now = platform.clock.now();
    let write = platform.store.begin().await?;
    match account_of(&*write, person).await? {
        Some(account) => {
            let mut account = account.into_active_model();
            account.password = Set(Some(SecretText::new(hash)));
            account.updated_at = Set(now);
            account.update(&*write).await.map_err(failed)?;
        }
        None => credential(&write, person, hash, platform).await?,
    }
    sessions::end_others(&write, person, session, now).await?;
    write.commit().await
}
