//! Callers: from a token to whoever sent it.
//!
//! Owns: which tokens are honoured. Must not know: headers, what callers may do.

use chrono::TimeDelta;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::operations::Role;
use flaresmith_store::entities::{sessions, users};
use flaresmith_store::enums::UserStatus;
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::access_token::{self, Unverified};
use super::service_tokens;
use super::signing_keys::Verdict;
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
        service_tokens::caller(platform, token).await
    }
}

async fn of_access_token(platform: &Platform, token: &str) -> Result<Caller, Failure> {
    let invalid = || Failure::new(ErrorCode::AuthTokenInvalid);
    let unverified = Unverified::parse(token).ok_or_else(invalid)?;
    let key = match platform.keys.verdict(&unverified.kid).await? {
        Some(Verdict::Good(key)) => key,
        Some(Verdict::Revoked) => return Err(Failure::new(ErrorCode::AuthTokenRevoked)),
        Some(Verdict::Expired) | None => return Err(invalid()),
    };
    let claims = unverified.verify(&key).ok_or_else(invalid)?;
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
        Some(UserStatus::Active) => {
            platform.remembered.sessions.keep(read_at, key, ());
            Ok(person)
        }
        Some(UserStatus::Disabled) => Err(Failure::new(ErrorCode::AuthAccountDisabled)),
        _ => Err(invalid()),
    }
}
