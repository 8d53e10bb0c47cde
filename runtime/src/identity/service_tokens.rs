//! Service tokens: tokens with a role in one project, for machines.
//!
//! Owns: their form, and which are honoured. Must not know: who may make them.

use chrono::{DateTime, TimeDelta, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::entities::service_tokens::{ActiveModel, Column, Entity};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
};

use super::Caller;
use super::roles::role;
use crate::platform::Platform;
use crate::sealing::{SealError, TokenKind, digest, token};
use crate::store::failed;

/// How every service token begins.
const PREFIX: &str = TokenKind::Service.prefix();

/// How exactly the last use is kept: writing on every call would make every read a write.
const USE_IS_KEPT: TimeDelta = TimeDelta::minutes(10);

/// A token that was made: what is handed over once, and what is kept.
pub struct Made {
    /// The token.
    pub token: String,
    /// Its first characters, by which people tell tokens apart.
    pub prefix: String,
    /// Its digest.
    pub hash: String,
}

/// What is known of a token.
#[derive(Debug, Clone)]
pub struct Known {
    caller: Caller,
    /// When the row is to be looked at again: the token has expired, or its use is to be kept.
    until: DateTime<Utc>,
}

/// Makes a token.
///
/// # Errors
/// There is no randomness.
pub fn make() -> Result<Made, SealError> {
    let token = token(PREFIX)?;
    Ok(Made {
        prefix: token.chars().take(12).collect(),
        hash: digest(token.as_bytes()),
        token,
    })
}

/// Whose token it is.
///
/// # Errors
/// It is unknown, revoked or expired, or the store fails.
pub async fn caller(platform: &Platform, token: &str) -> Result<Caller, Failure> {
    let invalid = || Failure::new(ErrorCode::AuthTokenInvalid);
    if !token.starts_with(PREFIX) || token.len() > 128 {
        return Err(invalid());
    }
    let hash = digest(token.as_bytes());
    let now = platform.clock.now();
    let remembered = &platform.remembered.tokens;
    let read_at = remembered.moment();
    if let Some(known) = remembered.get(&hash).filter(|known| now < known.until) {
        return Ok(known.caller);
    }
    let row = Entity::find()
        .filter(Column::TokenHash.eq(hash.as_str()))
        .one(platform.store.read())
        .await
        .map_err(failed)?
        .ok_or_else(invalid)?;
    if row.revoked_at.is_some() {
        return Err(invalid());
    }
    if row.expires_at.is_some_and(|expires| expires <= now) {
        return Err(Failure::new(ErrorCode::AuthTokenExpired));
    }
    let caller = Caller::Service {
        token: row.id,
        project: row.project_id,
        role: role(row.role),
        maker: row.created_by_id,
    };
    let expires = row.expires_at.unwrap_or(DateTime::<Utc>::MAX_UTC);
    if let Some(last) = row.last_used_at.filter(|last| *last + USE_IS_KEPT > now) {
        let known = Known {
            caller: caller.clone(),
            until: expires.min(last + USE_IS_KEPT),
        };
        remembered.keep(read_at, hash, known);
    } else {
        let write = platform.store.begin().await?;
        let mut used: ActiveModel = row.into_active_model();
        used.last_used_at = Set(Some(now));
        used.update(&*write).await.map_err(failed)?;
        write.commit().await?;
    }
    Ok(caller)
}
