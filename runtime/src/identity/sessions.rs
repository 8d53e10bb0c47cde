//! Sessions: one sign-in of one person, and its refresh tokens.
//!
//! Owns: giving out tokens, trading a refresh token for new ones, ending sessions. Must not know: how a person signed in.
//!
//! A refresh token is good for one use. One that comes a second time was copied: its session ends, whoever has the other copy.

use chrono::{DateTime, TimeDelta, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::SecretText;
use flaresmith_store::entities::{refresh_tokens, sessions, users};
use flaresmith_store::enums::UserStatus;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
};
use uuid::Uuid;

use super::access_token::{self, Claims};
use super::signing_keys::Signer;
use crate::platform::Platform;
use crate::sealing::{TokenKind, digest, token};
use crate::store::{Write, failed, new_id};

/// How long a refresh token is good.
pub const REFRESH: TimeDelta = TimeDelta::hours(24);

/// Where a sign-in came from.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// Address of the caller.
    pub address: Option<String>,
    /// What the caller says it is.
    pub agent: Option<String>,
}

/// Tokens of a session. They are shown to its person and to nobody else.
pub struct Tokens {
    /// The access token.
    pub access: String,
    /// Seconds for which it is good.
    pub access_seconds: i32,
    /// The refresh token.
    pub refresh: String,
    /// Seconds for which it is good.
    pub refresh_seconds: i32,
}

/// Begins a session of a person. `signer` is asked for before the transaction begins.
///
/// # Errors
/// The store fails.
pub async fn begin(
    platform: &Platform,
    write: &Write,
    signer: &Signer,
    person: Uuid,
    origin: Origin,
) -> Result<Tokens, Failure> {
    let now = platform.clock.now();
    let cut = |text: Option<String>, length: usize| text.map(|text| text.chars().take(length).collect::<String>());
    let session = new_id();
    // Better Auth's shape wants a token of the session; nobody is given this one.
    let unused = token("").map_err(Failure::internal)?;
    sessions::ActiveModel {
        id: Set(session),
        expires_at: Set(now + REFRESH),
        token: Set(SecretText::new(digest(unused.as_bytes()))),
        ip_address: Set(cut(origin.address, 45)),
        user_agent: Set(cut(origin.agent, 512)),
        user_id: Set(person),
        revoked_at: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    }
    .insert(&**write)
    .await
    .map_err(failed)?;
    let (refresh, _) = give_refresh(write, session, now).await?;
    Ok(tokens(signer, person, session, refresh, now))
}

/// Trades a refresh token for new tokens, and tells whose they are.
///
/// # Errors
/// The token is unknown or has expired, was used before, or its account is disabled.
pub async fn refresh(platform: &Platform, token: &str) -> Result<(users::Model, Tokens), Failure> {
    let now = platform.clock.now();
    let invalid = || Failure::new(ErrorCode::AuthRefreshInvalid);
    let signer = platform.keys.signing().await?;
    let write = platform.store.begin().await?;
    let row = refresh_tokens::Entity::find()
        .filter(refresh_tokens::Column::TokenHash.eq(digest(token.as_bytes())))
        .one(&*write)
        .await
        .map_err(failed)?
        .ok_or_else(invalid)?;
    let session = sessions::Entity::find_by_id(row.session_id)
        .one(&*write)
        .await
        .map_err(failed)?
        .filter(|session| session.revoked_at.is_none())
        .ok_or_else(invalid)?;
    // Of several who come with one token at the same time, one is the first.
    let claimed = refresh_tokens::Entity::update_many()
        .col_expr(refresh_tokens::Column::UsedAt, Expr::value(now))
        .col_expr(refresh_tokens::Column::UpdatedAt, Expr::value(now))
        .filter(refresh_tokens::Column::Id.eq(row.id))
        .filter(refresh_tokens::Column::UsedAt.is_null())
        .exec(&*write)
        .await
        .map_err(failed)?;
    if claimed.rows_affected == 0 {
        revoke(&write, sessions::Column::Id.eq(session.id), now).await?;
        write.commit().await?;
        return Err(Failure::new(ErrorCode::AuthRefreshReused));
    }
    if row.expires_at <= now {
        return Err(invalid());
    }
    let person = users::Entity::find_by_id(session.user_id)
        .one(&*write)
        .await
        .map_err(failed)?
        .ok_or_else(invalid)?;
    if person.status != UserStatus::Active {
        return Err(Failure::new(ErrorCode::AuthAccountDisabled));
    }
    let (refresh, id) = give_refresh(&write, session.id, now).await?;
    let mut used = row.into_active_model();
    used.replaced_by_id = Set(Some(id));
    used.update(&*write).await.map_err(failed)?;
    let session_id = session.id;
    let mut session = session.into_active_model();
    session.expires_at = Set(now + REFRESH);
    session.updated_at = Set(now);
    session.update(&*write).await.map_err(failed)?;
    let tokens = tokens(&signer, person.id, session_id, refresh, now);
    write.commit().await?;
    Ok((person, tokens))
}

/// Ends a session.
///
/// # Errors
/// The store fails.
pub async fn end(platform: &Platform, session: Uuid) -> Result<(), Failure> {
    let write = platform.store.begin().await?;
    revoke(&write, sessions::Column::Id.eq(session), platform.clock.now()).await?;
    write.commit().await
}

/// Ends all sessions of a person but one.
///
/// # Errors
/// The store fails.
pub async fn end_others(write: &Write, person: Uuid, but: Option<Uuid>, now: DateTime<Utc>) -> Result<(), Failure> {
    let mut which = sessions::Column::UserId.eq(person);
    if let Some(but) = but {
        which = which.and(sessions::Column::Id.ne(but));
    }
    revoke(write, which, now).await
}

async fn revoke(write: &Write, which: Expr, now: DateTime<Utc>) -> Result<(), Failure> {
    sessions::Entity::update_many()
        .col_expr(sessions::Column::RevokedAt, Expr::value(now))
        .col_expr(sessions::Column::UpdatedAt, Expr::value(now))
        .filter(which)
        .filter(sessions::Column::RevokedAt.is_null())
        .exec(&**write)
        .await
        .map_err(failed)?;
    Ok(())
}

async fn give_refresh(write: &Write, session: Uuid, now: DateTime<Utc>) -> Result<(String, Uuid), Failure> {
    let text = token(TokenKind::Refresh.prefix()).map_err(Failure::internal)?;
    let id = new_id();
    refresh_tokens::ActiveModel {
        id: Set(id),
        session_id: Set(session),
        token_hash: Set(SecretText::new(digest(text.as_bytes()))),
        expires_at: Set(now + REFRESH),
        used_at: Set(None),
        replaced_by_id: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    }
    .insert(&**write)
    .await
    .map_err(failed)?;
    Ok((text, id))
}

fn tokens((kid, key): &Signer, person: Uuid, session: Uuid, refresh: String, now: DateTime<Utc>) -> Tokens {
    let seconds = |time: TimeDelta| i32::try_from(time.num_seconds()).unwrap_or(i32::MAX);
    Tokens {
        access: Claims::new(person, session, now).sign(kid, key),
        access_seconds: seconds(access_token::LIFETIME),
        refresh,
        refresh_seconds: seconds(REFRESH),
    }
}
