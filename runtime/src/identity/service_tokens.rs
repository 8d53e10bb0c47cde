//! Service tokens: tokens with a role in one project, for machines.
//!
//! Owns: their form, and which are honoured. Must not know: who may make them.

use chrono::TimeDelta;
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
    let row = Entity::find()
        .filter(Column::TokenHash.eq(digest(token.as_bytes())))
        .one(platform.store.read())
        .await
        .map_err(failed)?
        .ok_or_else(invalid)?;
    let now = platform.clock.now();
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
    if row.last_used_at.is_none_or(|last| last + USE_IS_KEPT <= now) {
        let write = platform.store.begin().await?;
        let mut used: ActiveModel = row.into_active_model();
        used.last_used_at = Set(Some(now));
        used.update(&*write).await.map_err(failed)?;
        write.commit().await?;
    }
    Ok(caller)
}
