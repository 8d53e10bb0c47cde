//! The life of the master key: which version encrypts, and encrypting anew what an older one did.
//!
//! Owns: the record of versions, and the list of those who keep ciphertext. Must not know: what they encrypt.
//!
//! A rotation is a start with a key of a higher version beside the old one. Everything is encrypted with the new one before the
//! first request is served; then the old one is retired and may be taken away. A process that still runs with the old one alone
//! seals nothing any more that is to last ([`demand`]).

use chrono::{DateTime, TimeDelta, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::entities::master_key_versions::{ActiveModel, Column, Entity};
use flaresmith_store::entities::{audit_events, organizations, users};
use flaresmith_store::enums::{AuditEventOutcome, MasterKeyVersionState as State, Origin, UserStatus};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
};
use serde_json::json;

use crate::clock::Clock;
use crate::features::{projects, secrets};
use crate::identity::signing_keys::SigningKeys;
use crate::sealing::Sealer;
use crate::store::{Store, Write, failed, idempotency, new_id};

/// The name under which a rotation is alone.
const TURN: &str = "master_key";

/// How long a master key encrypts before it is to be replaced.
pub const LIFE: TimeDelta = TimeDelta::days(365);

/// Makes the current master key the one that encrypts everything, and retires older ones.
///
/// A process that has not got the newest key changes nothing.
///
/// # Errors
/// An older key is still needed and not at hand, or the store fails. Nothing was changed then.
pub async fn settle(store: &Store, sealer: &Sealer, clock: &Clock) -> Result<(), Failure> {
    let now = clock.now();
    let write = store.begin_alone(TURN).await?;
    let rows = Entity::find().all(&*write).await.map_err(failed)?;
    let is_first = rows.is_empty();
    match rows.iter().find(|row| row.key_id == sealer.key_id()) {
        Some(row) if row.state != State::Active => return Ok(()),
        Some(_) => {}
        None => {
            for row in rows.into_iter().filter(|row| row.state == State::Active) {
                let mut row = row.into_active_model();
                row.state = Set(State::Retiring);
                row.updated_at = Set(now);
                row.update(&*write).await.map_err(failed)?;
            }
            ActiveModel {
                id: Set(new_id()),
                key_id: Set(sealer.key_id().to_owned()),
                state: Set(State::Active),
                activated_at: Set(now),
                retired_at: Set(None),
                created_at: Set(now),
                updated_at: Set(now),
            }
            .insert(&*write)
            .await
            .map_err(failed)?;
        }
    }
    let count = secrets::reseal(&write, sealer).await?
        + projects::reseal(&write, sealer).await?
        + SigningKeys::reseal(&write, sealer).await?
        + idempotency::reseal(&write, sealer, now).await?;
    let retiring = Entity::find()
        .filter(Column::State.eq(State::Retiring))
        .all(&*write)
        .await
        .map_err(failed)?;
    let is_rotation = !is_first && !retiring.is_empty();
    for row in retiring {
        let mut row = row.into_active_model();
        row.state = Set(State::Retired);
        row.retired_at = Set(Some(now));
        row.updated_at = Set(now);
        row.update(&*write).await.map_err(failed)?;
    }
    if is_rotation {
        tell(&write, sealer.key_id(), count, now).await?;
    }
    write.commit().await
}

/// Refuses to seal with a master key that another process has replaced: what is sealed with it could be lost with it. Until the end
/// of the transaction nobody replaces it. For the beginning of a transaction: whoever replaces the key waits for this one and
/// changes rows of others.
///
/// # Errors
/// It was replaced, or the store fails.
pub async fn demand(write: &Write, sealer: &Sealer) -> Result<(), Failure> {
    write.beside(TURN).await?;
    let active = Entity::find()
        .filter(Column::State.eq(State::Active))
        .one(&**write)
        .await
        .map_err(failed)?;
    match active {
        Some(row) if row.key_id != sealer.key_id() => Err(Failure::new(ErrorCode::SecKeyMissing)
            .with_message("Another process encrypts with a newer master key.")
            .with_hint(format!("Provide {} and start again.", row.key_id))),
        _ => Ok(()),
    }
}

/// The master key that encrypts and since when, if it has done so for longer than [`LIFE`].
///
/// # Errors
/// The store fails.
pub async fn overdue(store: &Store, clock: &Clock) -> Result<Option<(String, DateTime<Utc>)>, Failure> {
    let active = Entity::find()
        .filter(Column::State.eq(State::Active))
        .one(store.read())
        .await
        .map_err(failed)?;
    let old = active.filter(|row| row.activated_at + LIFE < clock.now());
    Ok(old.map(|row| (row.key_id, row.activated_at)))
}

/// Keeps in the log of whoever runs the installation that the key was rotated.
async fn tell(write: &Write, key_id: &str, count: u64, now: DateTime<Utc>) -> Result<(), Failure> {
    let operator = organizations::Entity::find()
        .filter(organizations::Column::Operator.eq(true))
        .one(&**write)
        .await
        .map_err(failed)?;
    let system = users::Entity::find()
        .filter(users::Column::Status.eq(UserStatus::System))
        .one(&**write)
        .await
        .map_err(failed)?;
    audit_events::ActiveModel {
        id: Set(new_id()),
        organization_id: Set(operator.map(|row| row.id)),
        project_id: Set(None),
        actor_id: Set(system.map(|row| row.id)),
        origin: Set(Origin::System),
        action: Set("masterKey.rotate".to_owned()),
        code: Set(None),
        outcome: Set(AuditEventOutcome::Allowed),
        subject_type: Set("masterKey".to_owned()),
        subject_id: Set(Some(key_id.to_owned())),
        request_id: Set(None),
        summary: Set(format!("{key_id} encrypts now; {count} values were encrypted anew")),
        context: Set(Some(json!({ "count": count.to_string() }))),
        created_at: Set(now),
        updated_at: Set(now),
    }
    .insert(&**write)
    .await
    .map_err(failed)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    /// Who adds a table with ciphertext adds it to [`super::settle`] too.
    #[test]
    fn every_table_that_names_a_master_key_is_known_here() {
        let mut found: Vec<&str> = Vec::new();
        let mut table = "";
        for line in flaresmith_store::SQLITE.lines() {
            if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
                table = rest.trim_matches(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_');
            }
            if line.contains("master_key_id") {
                found.push(table);
            }
        }
        found.sort_unstable();
        assert_eq!(found, ["environment_secrets", "provider_credentials", "signing_keys"]);
    }
}
