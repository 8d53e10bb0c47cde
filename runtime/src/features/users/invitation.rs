//! Inviting people who have no account.
//!
//! Owns: finding a person by email, the account that waits for them, and the invitation. Must not know: what they are invited to.

use chrono::TimeDelta;
use flaresmith_api::errors::Failure;
use flaresmith_api::types::Invitation;
use flaresmith_store::SecretText;
use flaresmith_store::entities::{users, verifications};
use flaresmith_store::enums::UserStatus;
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use crate::identity::first_owner::person;
use crate::platform::Platform;
use crate::sealing::{digest, token};
use crate::store::{Write, failed, new_id};

/// How long an invitation is good.
const KEPT: TimeDelta = TimeDelta::days(7);

/// The person with an email; with an invitation when the account still waits for its person.
pub(crate) async fn find_or_invite(
    platform: &Platform,
    write: &Write,
    email: &str,
    name: Option<String>,
) -> Result<(users::Model, Option<Invitation>), Failure> {
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
    let now = platform.clock.now();
    let text = token("fli_").map_err(Failure::internal)?;
    verifications::ActiveModel {
        id: Set(new_id()),
        identifier: Set(format!("invitation:{}", user.id)),
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
