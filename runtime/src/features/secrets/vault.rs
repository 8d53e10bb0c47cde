//! Rows of secrets: sealed values, and nothing else that tells of them.
//!
//! Owns: what a ciphertext is bound to, whether a value changed, what may be told about a row. Must not know: who asks.

use flaresmith_api::errors::Failure;
use flaresmith_api::types::SecretEntry;
use flaresmith_store::SecretBytes;
use flaresmith_store::entities::environment_secrets::{Column, Entity, Model};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};
use serde_json::json;
use uuid::Uuid;

use super::name::SecretName;
use super::value::SecretValue;
use crate::features::shown::extended;
use crate::sealing::{Sealer, mac, mac_holds};
use crate::store::{Write, failed};

/// A value as the store keeps it.
pub(super) struct SealedValue {
    pub(super) ciphertext: SecretBytes,
    pub(super) value_hash: SecretBytes,
    pub(super) master_key_id: String,
}

/// The row of a secret.
pub(super) async fn find<C: ConnectionTrait>(connection: &C, name: &SecretName) -> Result<Option<Model>, Failure> {
    Entity::find()
        .filter(Column::SecretRefHash.eq(name.reference()))
        .filter(Column::ProjectId.eq(name.project))
        .one(connection)
        .await
        .map_err(failed)
}

/// The ETag of a row. A secret that was deleted and set again is another one, whatever its version.
pub(super) fn tag(row: &Model) -> String {
    format!("\"{}.v{}\"", row.id.simple(), row.version)
}

/// Seals a value for the row of this id.
pub(super) fn seal(sealer: &Sealer, id: Uuid, value: &SecretValue) -> Result<SealedValue, Failure> {
    let hash = mac(id.as_bytes(), value.expose());
    let value_hash = sealer.seal(&hash_context(id), &hash).map_err(Failure::from)?;
    let ciphertext = sealer.seal(&context(id), value.expose()).map_err(Failure::from)?;
    Ok(SealedValue {
        ciphertext: SecretBytes::new(ciphertext.bytes),
        value_hash: SecretBytes::new(value_hash.bytes),
        master_key_id: ciphertext.key_id,
    })
}

/// The value of a row.
pub(super) fn open(sealer: &Sealer, row: &Model) -> Result<SecretValue, Failure> {
    let bytes = sealer
        .open(&row.master_key_id, &context(row.id), row.ciphertext.expose())
        .map_err(Failure::from)?;
    SecretValue::from_bytes(bytes).ok_or_else(|| Failure::internal("the value of a secret is no text"))
}

/// Whether a row has this value. Its own value stays sealed.
pub(super) fn has(sealer: &Sealer, row: &Model, value: &SecretValue) -> Result<bool, Failure> {
    let hash = sealer
        .open(&row.master_key_id, &hash_context(row.id), row.value_hash.expose())
        .map_err(Failure::from)?;
    Ok(mac_holds(row.id.as_bytes(), value.expose(), &hash))
}

/// What may be told about a row; `last_four` is empty for those who see the mask alone.
pub(super) fn entry(row: &Model, last_four: &str) -> Result<SecretEntry, Failure> {
    let prefix = row.mask_prefix.as_deref().unwrap_or_default();
    extended(row, json!({ "maskedValue": format!("{prefix}****{last_four}") }))
}

/// Encrypts every secret that an older master key encrypts with the current one; how many there were. A secret that is changed
/// at the same time is left to whoever changes it.
///
/// # Errors
/// An older key is not at hand, or the store fails.
pub(crate) async fn reseal(write: &Write, sealer: &Sealer) -> Result<u64, Failure> {
    let rows = Entity::find()
        .filter(Column::MasterKeyId.ne(sealer.key_id()))
        .all(&**write)
        .await
        .map_err(failed)?;
    let mut count = 0;
    for row in rows {
        let sealed = seal(sealer, row.id, &open(sealer, &row)?)?;
        // What is told about it stays the same, so its version does too.
        let done = Entity::update_many()
            .col_expr(Column::Ciphertext, Expr::value(sealed.ciphertext))
            .col_expr(Column::ValueHash, Expr::value(sealed.value_hash))
            .col_expr(Column::MasterKeyId, Expr::value(sealed.master_key_id))
            .filter(Column::Id.eq(row.id))
            .filter(Column::Version.eq(row.version))
            .filter(Column::MasterKeyId.eq(row.master_key_id))
            .exec(&**write)
            .await
            .map_err(failed)?;
        count += done.rows_affected;
    }
    Ok(count)
}

fn context(id: Uuid) -> String {
    format!("environment_secrets.ciphertext/{id}")
}

fn hash_context(id: Uuid) -> String {
    format!("environment_secrets.value_hash/{id}")
}
