//! Setting, deleting and rotating a secret.
//!
//! Owns: what each does to the row. Must not know: how values are sealed, what is kept of a use.
//!
//! Changes of one secret happen one after the other, across processes.

use chrono::{DateTime, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::SecretEntry;
use flaresmith_store::entities::environment_secrets::{ActiveModel, Column, Entity, Model};
use flaresmith_store::enums::SecretOperation;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _,
    PaginatorTrait as _, QueryFilter as _,
};

use super::name::SecretName;
use super::record::{self, Actor};
use super::value::SecretValue;
use super::vault;
use crate::master_key;
use crate::platform::Platform;
use crate::store::{Write, failed, new_id, version};

/// Most secrets of a project; the overview is one answer.
const MOST: u64 = 999;

/// A secret that was set.
pub(super) struct Changed {
    /// What may be told about it.
    pub(super) entry: SecretEntry,
    /// Its ETag.
    pub(super) tag: String,
    /// Whether it was not there before.
    pub(super) is_new: bool,
}

impl Changed {
    /// Those who may change a secret see its last characters.
    fn of(row: &Model, value: &SecretValue, is_new: bool) -> Result<Self, Failure> {
        Ok(Self {
            entry: vault::entry(row, value.last_four())?,
            tag: vault::tag(row),
            is_new,
        })
    }
}

/// Sets a value. The date of its rotation stays when the value does.
pub(super) async fn put(
    platform: &Platform,
    actor: &Actor,
    name: &SecretName,
    if_match: Option<&str>,
    value: &SecretValue,
    expires_at: Option<DateTime<Utc>>,
) -> Result<Changed, Failure> {
    let write = begin(platform, name).await?;
    let now = platform.clock.now();
    let prefix = value.mask_prefix(name.kind).map(str::to_owned);
    let (row, is_new) = match vault::find(&*write, name).await? {
        Some(row) => {
            version::demand_tag(if_match, &vault::tag(&row))?;
            let same = vault::has(&platform.sealer, &row, value)?;
            let sealed = vault::seal(&platform.sealer, row.id, value)?;
            let next = row.version + 1;
            let mut row = row.into_active_model();
            row.ciphertext = Set(sealed.ciphertext);
            row.value_hash = Set(sealed.value_hash);
            row.master_key_id = Set(sealed.master_key_id);
            row.mask_prefix = Set(prefix);
            row.expires_at = Set(expires_at);
            row.version = Set(next);
            row.updated_at = Set(now);
            if !same {
                row.last_rotated_at = Set(now);
            }
            (row.update(&*write).await.map_err(failed)?, false)
        }
        // There is nothing that could have been read.
        None if if_match.is_some() => return Err(version::moved()),
        None => {
            refuse_one_too_many(&write, name).await?;
            let id = new_id();
            let sealed = vault::seal(&platform.sealer, id, value)?;
            let row = ActiveModel {
                id: Set(id),
                project_id: Set(name.project),
                name: Set(name.name.clone()),
                r#type: Set(name.kind),
                environment: Set(name.environment),
                secret_ref_hash: Set(name.reference()),
                value_hash: Set(sealed.value_hash),
                ciphertext: Set(sealed.ciphertext),
                mask_prefix: Set(prefix),
                master_key_id: Set(sealed.master_key_id),
                version: Set(1),
                last_rotated_at: Set(now),
                expires_at: Set(expires_at),
                created_at: Set(now),
                updated_at: Set(now),
            };
            (row.insert(&*write).await.map_err(failed)?, true)
        }
    };
    keep(&write, actor, name, SecretOperation::Update, "was set", now).await?;
    write.commit().await?;
    Changed::of(&row, value, is_new)
}

/// Deletes a secret. What is kept of its uses stays.
pub(super) async fn delete(
    platform: &Platform,
    actor: &Actor,
    name: &SecretName,
    if_match: Option<&str>,
) -> Result<(), Failure> {
    let write = begin(platform, name).await?;
    let row = vault::find(&*write, name).await?.ok_or_else(|| name.absent())?;
    version::demand_tag(if_match, &vault::tag(&row))?;
    Entity::delete_by_id(row.id).exec(&*write).await.map_err(failed)?;
    let now = platform.clock.now();
    keep(&write, actor, name, SecretOperation::Update, "was deleted", now).await?;
    write.commit().await
}

/// Gives a secret a new value, which only the provider that takes it can make valid: without one connected, a made-up value would
/// take the place of one that works.
pub(super) async fn rotate(platform: &Platform, name: &SecretName, if_match: Option<&str>) -> Result<Changed, Failure> {
    let write = begin(platform, name).await?;
    let row = vault::find(&*write, name).await?.ok_or_else(|| name.absent())?;
    version::demand_tag(if_match, &vault::tag(&row))?;
    Err(Failure::new(ErrorCode::SecRotationUnsupported).with_context("type", row.r#type.as_str()))
}

/// Begins a change of this secret, with no other one going on.
async fn begin(platform: &Platform, name: &SecretName) -> Result<Write, Failure> {
    let write = platform.store.begin_alone(&format!("secrets/{}", name.project)).await?;
    master_key::demand(&write, &platform.sealer).await?;
    Ok(write)
}

async fn refuse_one_too_many(write: &Write, name: &SecretName) -> Result<(), Failure> {
    let count = Entity::find()
        .filter(Column::ProjectId.eq(name.project))
        .count(&**write)
        .await
        .map_err(failed)?;
    match count < MOST {
        true => Ok(()),
        false => Err(Failure::new(ErrorCode::SecSecretAccess)
            .with_message("The project has as many secrets as it can have.")
            .with_hint("Delete one that is no longer used.")),
    }
}

async fn keep(
    write: &Write,
    actor: &Actor,
    name: &SecretName,
    operation: SecretOperation,
    done: &str,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let summary = format!("The secret {} of {} {done}", name.name, name.environment.as_str());
    record::one(write, actor, name.project, &name.reference(), operation, summary, now).await
}
