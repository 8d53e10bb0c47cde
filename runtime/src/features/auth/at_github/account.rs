//! Whose account it is that somebody from GitHub signs in to.
//!
//! Owns: the rule. Must not know: how GitHub is asked, states of sign-ins.
//!
//! An account is linked to the number that GitHub gives a person, and from then on that number alone decides. The first time the
//! primary address does, and only where both sides vouch for it: GitHub has verified it, and here either an open invitation
//! waits for it or it counts as verified. An account with an address that nobody verified here is not given to whoever has the
//! address at GitHub: somebody else may have made it, and would keep their password to it. Nobody gets an account without an
//! invitation.

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::entities::{accounts, users};
use flaresmith_store::enums::UserStatus;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
};

use crate::features::users::invitation;
use crate::platform::Platform;
use crate::providers::github::{Person, unverified};
use crate::store::{Write, failed, new_id};

/// Name of the provider of accounts, in Better Auth's words.
const GITHUB: &str = "github";

/// Longest name of a person.
const LONGEST: usize = 120;

/// How an account was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// It is linked to the person at GitHub.
    Linked,
    /// It was linked now, by its verified address.
    ByAddress,
    /// It waited for its person, with an open invitation.
    Invited,
}

impl Found {
    /// The word for the audit log.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Linked => "linked",
            Self::ByAddress => "linked by address",
            Self::Invited => "invited",
        }
    }
}

/// The account of somebody from GitHub.
///
/// # Errors
/// There is none that is theirs, it is disabled, or the store fails.
pub(super) async fn of(platform: &Platform, write: &Write, person: &Person) -> Result<(users::Model, Found), Failure> {
    let number = person.id.to_string();
    let linked = accounts::Entity::find()
        .filter(accounts::Column::ProviderId.eq(GITHUB))
        .filter(accounts::Column::AccountId.eq(&number))
        .one(&**write)
        .await
        .map_err(failed)?;
    if let Some(account) = linked {
        let user = users::Entity::find_by_id(account.user_id)
            .one(&**write)
            .await
            .map_err(failed)?
            .ok_or_else(unknown)?;
        return match user.status {
            UserStatus::Active => Ok((user, Found::Linked)),
            UserStatus::Disabled => Err(Failure::new(ErrorCode::AuthAccountDisabled)),
            UserStatus::Invited | UserStatus::System => Err(unknown()),
        };
    }
    let email = person.email.as_ref().ok_or_else(unverified)?.trim().to_lowercase();
    let user = users::Entity::find()
        .filter(users::Column::Email.eq(email))
        .one(&**write)
        .await
        .map_err(failed)?
        .ok_or_else(unknown)?;
    let (user, found) = match user.status {
        UserStatus::Disabled => return Err(Failure::new(ErrorCode::AuthAccountDisabled)),
        UserStatus::System => return Err(unknown()),
        UserStatus::Invited => (invited(platform, write, user, person).await?, Found::Invited),
        UserStatus::Active => {
            if !user.email_verified {
                return Err(refused(
                    "There is an account with your address, but nobody has shown to whom the address belongs.",
                    "Sign in to it with its password.",
                ));
            }
            let other = accounts::Entity::find()
                .filter(accounts::Column::ProviderId.eq(GITHUB))
                .filter(accounts::Column::UserId.eq(user.id))
                .one(&**write)
                .await
                .map_err(failed)?;
            if other.is_some() {
                return Err(refused(
                    "The account with your address belongs to another account at GitHub.",
                    "Sign in at GitHub with that one.",
                ));
            }
            (user, Found::ByAddress)
        }
    };
    let now = platform.clock.now();
    accounts::ActiveModel {
        id: Set(new_id()),
        account_id: Set(number),
        provider_id: Set(GITHUB.to_owned()),
        user_id: Set(user.id),
        access_token: Set(None),
        refresh_token: Set(None),
        id_token: Set(None),
        access_token_expires_at: Set(None),
        refresh_token_expires_at: Set(None),
        scope: Set(None),
        password: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    }
    .insert(&**write)
    .await
    .map_err(failed)?;
    Ok((user, found))
}

/// Makes a person of an account that waits, for whoever has shown that the invited address is theirs.
async fn invited(
    platform: &Platform,
    write: &Write,
    user: users::Model,
    person: &Person,
) -> Result<users::Model, Failure> {
    let now = platform.clock.now();
    if !invitation::use_up(write, user.id, now).await? {
        return Err(refused(
            "The invitation to your address has expired.",
            "Ask for a new invitation, then start the sign-in again.",
        ));
    }
    let name = person.name.as_deref().unwrap_or_default().trim();
    let mut user = user.into_active_model();
    if !name.is_empty() {
        user.name = Set(name.chars().filter(|sign| !sign.is_control()).take(LONGEST).collect());
    }
    user.status = Set(UserStatus::Active);
    user.email_verified = Set(true);
    user.updated_at = Set(now);
    user.update(&**write).await.map_err(failed)
}

fn unknown() -> Failure {
    refused(
        "Nobody here has the address that GitHub has verified as your primary one.",
        "Ask for an invitation to that address, then start the sign-in again.",
    )
}

fn refused(message: &str, hint: &str) -> Failure {
    Failure::new(ErrorCode::AuthOauthRefused)
        .with_message(message)
        .with_hint(hint)
}
