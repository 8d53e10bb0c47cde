//! Inviting people who have no account.
//!
//! Owns: finding a person by email, the account that waits for them, and the invitation. Must not know: what they are invited to.
//!
//! Whoever holds an invitation becomes the person, with every role that waits for them. So one organization alone may give roles to
//! an account that waits, and of its invitations the last one alone opens it.

use chrono::{DateTime, TimeDelta, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::Invitation;
use flaresmith_store::SecretText;
use flaresmith_store::entities::{organization_members, users, verifications};
use flaresmith_store::enums::UserStatus;
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use crate::identity::first_owner::person;
use crate::platform::Platform;
use crate::sealing::{TokenKind, digest, token};
use crate::store::{Write, failed, new_id};

/// How long an invitation is good.
const KEPT: TimeDelta = TimeDelta::days(7);

/// The person with an email, who is about to get a role in an organization; with an invitation when the account waits for its
/// person and has no role there yet.
///
/// # Errors
/// The account waits for its person with a role in another organization, or the store fails.
pub(crate) async fn find_or_invite(
    platform: &Platform,
    write: &Write,
    organization: Uuid,
    email: &str,
    name: Option<String>,
) -> Result<(users::Model, Option<Invitation>), Failure> {
    // Of two who invite one person at the same time, one comes second and finds the account.
    write.alone("invitations").await?;
    let email = email.trim().to_lowercase();
    let by_email = || users::Entity::find().filter(users::Column::Email.eq(&email));
    let found = by_email().one(&**write).await.map_err(failed)?;
    let user = match found {
        Some(user) => user,
        None => {
            let local = email.split('@').next().unwrap_or_default();
            let name = name.unwrap_or_else(|| local.chars().take(120).collect());
            person(write, &name, &email, UserStatus::Invited, platform).await?;
            let made = by_email().one(&**write).await.map_err(failed)?;
            made.ok_or_else(|| Failure::internal("a person who was added is not there"))?
        }
    };
    if user.status != UserStatus::Invited {
        return Ok((user, None));
    }
    let roles = organization_members::Entity::find()
        .filter(organization_members::Column::UserId.eq(user.id))
        .all(&**write)
        .await
        .map_err(failed)?;
    if roles.iter().any(|row| row.organization_id != organization) {
        return Err(Failure::new(ErrorCode::ResourceConflict)
            .with_message("This person has not yet accepted the invitation to another organization.")
            .with_hint("Ask them to accept it first, then add them."));
    }
    if !roles.is_empty() {
        return Ok((user, None));
    }
    let identifier = identifier(user.id);
    verifications::Entity::delete_many()
        .filter(verifications::Column::Identifier.eq(&identifier))
        .exec(&**write)
        .await
        .map_err(failed)?;
    let now = platform.clock.now();
    let text = token(TokenKind::Invitation.prefix()).map_err(Failure::internal)?;
    verifications::ActiveModel {
        id: Set(new_id()),
        identifier: Set(identifier),
        value: Set(SecretText::new(digest(text.as_bytes()))),
        expires_at: Set(now + KEPT),
        created_at: Set(now),
        updated_at: Set(now),
    }
    .insert(&**write)
    .await
    .map_err(failed)?;
    let invitation = Invitation {
        url: format!("{}/invitations/{text}", platform.settings.public_url()),
        token: text,
        expires_at: now + KEPT,
    };
    Ok((user, Some(invitation)))
}

/// Uses up what invitations of a person are open; whether there was one.
///
/// # Errors
/// The store fails.
pub(crate) async fn use_up(write: &Write, person: Uuid, now: DateTime<Utc>) -> Result<bool, Failure> {
    let done = verifications::Entity::delete_many()
        .filter(verifications::Column::Identifier.eq(identifier(person)))
        .filter(verifications::Column::ExpiresAt.gt(now))
        .exec(&**write)
        .await
        .map_err(failed)?;
    Ok(done.rows_affected > 0)
}

/// How every name of an invitation begins; the id of the person follows.
const INVITATION: &str = "invitation:";

/// The name under which invitations of a person are kept.
fn identifier(person: Uuid) -> String {
    format!("{INVITATION}{person}")
}

/// Whose invitation is kept under a name; `None`: it is none.
pub(crate) fn invited(identifier: &str) -> Option<Uuid> {
    Uuid::parse_str(identifier.strip_prefix(INVITATION)?).ok()
}
