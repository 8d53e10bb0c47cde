//! Callers: from a token to whoever sent it.
//!
//! Owns: which tokens are honoured. Must not know: headers, what callers may do.

use std::sync::Arc;

use chrono::TimeDelta;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::operations::Role;
use flaresmith_store::entities::{sessions, users};
use flaresmith_store::enums::UserStatus;
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::access_token::{self, Claims, Unverified};
use super::service_tokens;
use super::signatures::Signed;
use super::signing_keys::{Material, Verdict};
use crate::platform::Platform;
use crate::store::failed;

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Caller {
    /// Nobody who said who they are; only public operations have such callers.
    Anonymous,
    /// A person.
    Person {
        /// Their id.
        user: Uuid,
        /// The session that the token belongs to.
        session: Uuid,
    },
    /// A machine with a service token.
    Service {
        /// The token.
        token: Uuid,
        /// The project it is good for.
        project: Uuid,
        /// Its role there.
        role: Role,
        /// The person who made it, who answers for what it does.
        maker: Option<Uuid>,
    },
}

impl Caller {
    /// The person who acts, or who answers for the machine that does.
    #[must_use]
    pub fn user(&self) -> Option<Uuid> {
        match self {
            Self::Anonymous => None,
            Self::Person { user, .. } => Some(*user),
            Self::Service { maker, .. } => *maker,
        }
    }

    /// The person, when it is one.
    ///
    /// # Errors
    /// It is a machine.
    pub fn person(&self) -> Result<Uuid, Failure> {
        match self {
            Self::Person { user, .. } => Ok(*user),
            _ => Err(Failure::new(ErrorCode::AuthRoleInsufficient)
                .with_message("Only a person who is signed in may do this.")),
        }
    }

    /// A name of the caller that no other has, for buckets and records.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::Person { user, .. } => format!("user:{user}"),
            Self::Service { token, .. } => format!("token:{token}"),
        }
    }
}

/// Who sent a token.
///
/// # Errors
/// It is not honoured: unknown, expired, revoked, or its account is disabled.
pub async fn of_token(platform: &Platform, token: &str) -> Result<Caller, Failure> {
    if access_token::looks_like_one(token) {
        of_access_token(platform, token).await
    } else {
        Box::pin(service_tokens::caller(platform, token)).await
    }
}

async fn of_access_token(platform: &Platform, token: &str) -> Result<Caller, Failure> {
    let invalid = || Failure::new(ErrorCode::AuthTokenInvalid);
    let signatures = &platform.remembered.signatures;
    let signed = if let Some(signed) = signatures.get(token) {
        key(platform, &signed.kid).await?;
        signed
    } else {
        let unverified = Unverified::parse(token).ok_or_else(invalid)?;
        let key = key(platform, &unverified.kid).await?;
        let claims = unverified.verify(&key).ok_or_else(invalid)?;
        let kid = unverified.kid;
        let signed = Arc::new(Signed { kid, claims });
        signatures.keep(token, &signed, platform.clock.now());
        signed
    };
    let claims = &signed.claims;
    let now = platform.clock.now();
    if claims.has_expired(now) {
        return Err(Failure::new(ErrorCode::AuthTokenExpired));
    }
    // Clocks of several machines are never quite the same.
    if claims.iat > (now + TimeDelta::minutes(2)).timestamp() {
        return Err(invalid());
    }
    let read_at = platform.remembered.sessions.moment();
    let key = (claims.sub, claims.sid);
    let person = Caller::Person {
        user: claims.sub,
        session: claims.sid,
    };
    if platform.remembered.sessions.get(&key).is_some() {
        return Ok(person);
    }
    // Rarely looked at, and large.
    Box::pin(in_store(platform, claims)).await?;
    platform.remembered.sessions.keep(read_at, key, ());
    Ok(person)
}

/// The key of this id, while tokens that it signed are honoured.
async fn key(platform: &Platform, kid: &str) -> Result<Material, Failure> {
    match platform.keys.verdict(kid).await? {
        Some(Verdict::Good(key)) => Ok(key),
        Some(Verdict::Revoked) => Err(Failure::new(ErrorCode::AuthTokenRevoked)),
        Some(Verdict::Expired) | None => Err(Failure::new(ErrorCode::AuthTokenInvalid)),
    }
}

/// Makes sure that the store knows the session, which has not ended, and the account, which is not disabled.
async fn in_store(platform: &Platform, claims: &Claims) -> Result<(), Failure> {
    let session = Query::select()
        .column(sessions::Column::UserId)
        .from(sessions::Entity)
        .and_where(sessions::Column::Id.eq(claims.sid))
        .and_where(sessions::Column::RevokedAt.is_null())
        .to_owned();
    let user = users::Entity::find_by_id(claims.sub)
        .filter(users::Column::Id.in_subquery(session))
        .one(platform.store.read())
        .await
        .map_err(failed)?;
    match user.map(|user| user.status) {
        Some(UserStatus::Active) => Ok(()),
        Some(UserStatus::Disabled) => Err(Failure::new(ErrorCode::AuthAccountDisabled)),
        _ => Err(Failure::new(ErrorCode::AuthTokenInvalid)),
    }
}
