//! Signing in and out.
//!
//! Owns: from a password, an invitation or a refresh token to tokens. Must not know: how tokens and hashes are made.

use axum::extract::ConnectInfo;
use axum::http::header::USER_AGENT;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::server::Context;
use flaresmith_api::types::{InvitationAcceptance, SignInRequest, TokenPair};
use flaresmith_store::entities::{accounts, users, verifications};
use flaresmith_store::enums::UserStatus;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _,
};
use uuid::Uuid;

use crate::features::shown::shown;
use crate::features::users::invitation::invited;
use crate::identity::first_owner::{CREDENTIAL, credential};
use crate::identity::sessions::{self, Origin, Tokens};
use crate::identity::{Caller, passwords};
use crate::platform::Platform;
use crate::sealing::digest;
use crate::store::failed;

/// Tokens for an email and its password.
pub(super) async fn with_password(
    platform: &Platform,
    context: &Context,
    body: SignInRequest,
) -> Result<TokenPair, Failure> {
    let email = body.email.trim().to_lowercase();
    let read = platform.store.read();
    let user = users::Entity::find()
        .filter(users::Column::Email.eq(email))
        .one(read)
        .await
        .map_err(failed)?;
    let hash = match &user {
        Some(user) => password_of(platform, user.id).await?,
        None => None,
    };
    let holds = passwords::verify(body.password, hash).await?;
    // Whether there is such an account is told by neither the answer nor its time.
    let user = user
        .filter(|_| holds)
        .ok_or_else(|| Failure::new(ErrorCode::AuthCredentialsInvalid))?;
    if user.status != UserStatus::Active {
        return Err(Failure::new(ErrorCode::AuthAccountDisabled));
    }
    let signer = platform.keys.signing().await?;
    let write = platform.store.begin().await?;
    let tokens = sessions::begin(platform, &write, &signer, user.id, origin(context)).await?;
    write.commit().await?;
    pair(&user, tokens)
}

/// Tokens for an invitation, which becomes an account.
pub(super) async fn with_invitation(
    platform: &Platform,
    context: &Context,
    body: InvitationAcceptance,
) -> Result<TokenPair, Failure> {
    passwords::demand_strong(&body.password)?;
    let invalid = || Failure::new(ErrorCode::AuthInvitationInvalid);
    let hash = passwords::hash(body.password).await?;
    let now = platform.clock.now();
    let signer = platform.keys.signing().await?;
    let write = platform.store.begin_alone("invitations").await?;
    let invitation = verifications::Entity::find()
        .filter(verifications::Column::Value.eq(digest(body.token.as_bytes())))
        .filter(verifications::Column::ExpiresAt.gt(now))
        .one(&*write)
        .await
        .map_err(failed)?
        .ok_or_else(invalid)?;
    let id = invited(&invitation.identifier).ok_or_else(invalid)?;
    let user = users::Entity::find_by_id(id)
        .one(&*write)
        .await
        .map_err(failed)?
        .filter(|user| user.status == UserStatus::Invited)
        .ok_or_else(invalid)?;
    let mut user = user.into_active_model();
    user.name = Set(body.name);
    user.status = Set(UserStatus::Active);
    // Whoever holds an invitation has shown nothing about the email.
    user.email_verified = Set(false);
    user.updated_at = Set(now);
    let user = user.update(&*write).await.map_err(failed)?;
    credential(&write, id, hash, platform).await?;
    // One invitation of a person is enough; the others open nothing any more.
    verifications::Entity::delete_many()
        .filter(verifications::Column::Identifier.eq(invitation.identifier))
        .exec(&*write)
        .await
        .map_err(failed)?;
    let tokens = sessions::begin(platform, &write, &signer, id, origin(context)).await?;
    write.commit().await?;
    pair(&user, tokens)
}

/// New tokens for a refresh token.
pub(super) async fn refreshed(platform: &Platform, token: &str) -> Result<TokenPair, Failure> {
    let (user, tokens) = sessions::refresh(platform, token).await?;
    pair(&user, tokens)
}

/// Ends the caller's session.
pub(super) async fn end(platform: &Platform, caller: &Caller) -> Result<(), Failure> {
    match caller {
        Caller::Person { session, .. } => sessions::end(platform, *session).await,
        _ => caller.person().map(|_| ()),
    }
}

/// The hash of a person's password; `None`: the person has none.
pub(super) async fn password_of(platform: &Platform, person: Uuid) -> Result<Option<String>, Failure> {
    let account = account_of(platform.store.read(), person).await?;
    Ok(account.and_then(|account| Some(account.password?.expose().to_owned())))
}

/// The account that holds a person's password.
pub(super) async fn account_of<C: ConnectionTrait>(
    connection: &C,
    person: Uuid,
) -> Result<Option<accounts::Model>, Failure> {
    accounts::Entity::find()
        .filter(accounts::Column::UserId.eq(person))
        .filter(accounts::Column::ProviderId.eq(CREDENTIAL))
        .one(connection)
        .await
        .map_err(failed)
}

/// Where a request comes from.
pub(super) fn origin(context: &Context) -> Origin {
    let address = context.get::<ConnectInfo<std::net::SocketAddr>>();
    let agent = context.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    Origin {
        address: address.map(|ConnectInfo(address)| address.ip().to_string()),
        agent: agent.map(str::to_owned),
    }
}

/// Tokens as they are told.
pub(super) fn pair(user: &users::Model, tokens: Tokens) -> Result<TokenPair, Failure> {
    Ok(TokenPair {
        access_token: tokens.access,
        token_type: "Bearer".to_owned(),
        expires_in: tokens.access_seconds,
        refresh_token: tokens.refresh,
        refresh_expires_in: tokens.refresh_seconds,
        user: shown(user)?,
    })
}
