//! Rows whose time is over.
//!
//! Owns: which tables have such rows, and that they go. Must not know: what rows were good for. Whoever reads one looks at its time
//! as well, so nothing depends on when they go.

use chrono::{DateTime, Utc};
use flaresmith_api::errors::Failure;
use flaresmith_store::entities::{idempotency_records, refresh_tokens, verifications};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::{Store, failed};

/// Deletes them.
///
/// # Errors
/// The store fails; nothing was deleted.
pub async fn delete(store: &Store, now: DateTime<Utc>) -> Result<(), Failure> {
    let write = store.begin().await?;
    idempotency_records::Entity::delete_many()
        .filter(idempotency_records::Column::ExpiresAt.lte(now))
        .exec(&*write)
        .await
        .map_err(failed)?;
    refresh_tokens::Entity::delete_many()
        .filter(refresh_tokens::Column::ExpiresAt.lte(now))
        .exec(&*write)
        .await
        .map_err(failed)?;
    verifications::Entity::delete_many()
        .filter(verifications::Column::ExpiresAt.lte(now))
        .exec(&*write)
        .await
        .map_err(failed)?;
    write.commit().await
}
