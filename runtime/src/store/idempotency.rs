//! Records of requests with an `Idempotency-Key`, and of what was answered to them.
//!
//! Owns: that one key of one caller is one request, carried out once. Must not know: HTTP, what the request does.
//!
//! A record is made before the work begins and holds the digest of the request; it is finished with the answer, encrypted since
//! answers may hold tokens, or taken away when nothing was done. A record that a process left unfinished counts as running for
//! [`PATIENCE`]; then the key is free again, and what provisioning does under it converges by keys of its own.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::SecretBytes;
use flaresmith_store::entities::idempotency_records::{ActiveModel, Column, Entity, Model};
use flaresmith_store::enums::IdempotencyRecordState as State;
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QuerySelect as _,
};
use uuid::Uuid;

use super::{Store, Write, failed, new_id, taken_or_failed};
use crate::sealing::Sealer;

/// How long an answer is kept.
pub const KEPT: TimeDelta = TimeDelta::hours(24);

/// How long an unfinished record counts as running.
pub const PATIENCE: TimeDelta = TimeDelta::minutes(2);

/// What names a request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The person or service token.
    pub caller: String,
    /// The operation.
    pub operation: &'static str,
    /// The key that was sent.
    pub key: String,
    /// Digest of everything that was asked for.
    pub fingerprint: String,
}

/// An answer that is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Headers worth repeating.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: Vec<u8>,
}

/// What becomes of a request.
pub enum Turn {
    /// It is carried out now, under this record.
    Go(Uuid),
    /// It was carried out before.
    Again(Answer),
}

/// Claims a key for a request.
///
/// # Errors
/// The key was used with another request, or the first one is still running.
pub async fn claim(store: &Store, sealer: &Sealer, request: &Request, now: DateTime<Utc>) -> Result<Turn, Failure> {
    let write = store.begin().await?;
    let mine = Column::Caller
        .eq(&request.caller)
        .and(Column::OperationId.eq(request.operation))
        .and(Column::Key.eq(&request.key));
    if let Some(row) = Entity::find().filter(mine).one(&*write).await.map_err(failed)? {
        let left = row.state == State::Running && row.updated_at + PATIENCE <= now;
        if row.expires_at > now && !left {
            return replay(sealer, request, row);
        }
        Entity::delete_by_id(row.id).exec(&*write).await.map_err(failed)?;
    }
    let id = new_id();
    let record = ActiveModel {
        id: Set(id),
        caller: Set(request.caller.clone()),
        operation_id: Set(request.operation.to_owned()),
        key: Set(request.key.clone()),
        fingerprint: Set(sealed(sealer, Part::Fingerprint, id, request.fingerprint.as_bytes())?),
        state: Set(State::Running),
        status: Set(None),
        headers: Set(None),
        body: Set(None),
        expires_at: Set(now + KEPT),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let busy = || Failure::new(ErrorCode::IdempotencyInProgress).with_header("retry-after", 1);
    // Another process may have been faster.
    Entity::insert(record)
        .exec_without_returning(&*write)
        .await
        .map_err(|error| taken_or_failed(error, busy))?;
    write.commit().await?;
    Ok(Turn::Go(id))
}

fn replay(sealer: &Sealer, request: &Request, row: Model) -> Result<Turn, Failure> {
    let known = opened(sealer, Part::Fingerprint, row.id, &row.fingerprint)?;
    if known != request.fingerprint.as_bytes() {
        return Err(Failure::new(ErrorCode::IdempotencyKeyReused));
    }
    let (State::Done, Some(status), Some(body)) = (row.state, row.status, &row.body) else {
        return Err(Failure::new(ErrorCode::IdempotencyInProgress).with_header("retry-after", 1));
    };
    let body = opened(sealer, Part::Body, row.id, body)?;
    let headers = row.headers.map(serde_json::from_value).transpose();
    Ok(Turn::Again(Answer {
        status: u16::try_from(status).unwrap_or(200),
        headers: headers.map_err(Failure::internal)?.unwrap_or_default(),
        body,
    }))
}

/// Keeps the answer of a request that was carried out.
///
/// # Errors
/// The store fails.
pub async fn finish(
    store: &Store,
    sealer: &Sealer,
    id: Uuid,
    answer: &Answer,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let body = sealed(sealer, Part::Body, id, &answer.body)?;
    let write = store.begin().await?;
    let Some(row) = Entity::find_by_id(id).one(&*write).await.map_err(failed)? else {
        return Ok(());
    };
    let mut row = row.into_active_model();
    row.state = Set(State::Done);
    row.status = Set(Some(i32::from(answer.status)));
    row.headers = Set(serde_json::to_value(&answer.headers).ok());
    row.body = Set(Some(body));
    row.updated_at = Set(now);
    row.update(&*write).await.map_err(failed)?;
    write.commit().await
}

/// Frees the key of a request that did nothing.
///
/// # Errors
/// The store fails.
pub async fn release(store: &Store, id: Uuid) -> Result<(), Failure> {
    let write = store.begin().await?;
    Entity::delete_by_id(id).exec(&*write).await.map_err(failed)?;
    write.commit().await
}

/// Encrypts what an older master key encrypts with the current one; of how many records. A process that still ran with the older one
/// may have finished a record since. One that cannot be opened is dropped: its answer is lost anyway, and no start fails for it.
///
/// # Errors
/// The store fails.
pub async fn reseal(write: &Write, sealer: &Sealer, now: DateTime<Utc>) -> Result<u64, Failure> {
    let kept = Column::ExpiresAt.gt(now);
    let ids: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(kept)
        .into_tuple()
        .all(&**write)
        .await
        .map_err(failed)?;
    let mut count = 0;
    // One at a time: answers may be large.
    for id in ids {
        let row = Entity::find_by_id(id).one(&**write).await.map_err(failed)?;
        let older = |kept: &SecretBytes| key_id(kept) != Some(sealer.key_id());
        let Some(row) = row.filter(|row| older(&row.fingerprint) || row.body.as_ref().is_some_and(older)) else {
            continue;
        };
        let fingerprint = opened(sealer, Part::Fingerprint, id, &row.fingerprint);
        let body = row.body.as_ref().map(|body| opened(sealer, Part::Body, id, body));
        let (Ok(fingerprint), Ok(body)) = (fingerprint, body.transpose()) else {
            Entity::delete_by_id(id).exec(&**write).await.map_err(failed)?;
            continue;
        };
        let mut row = row.into_active_model();
        row.fingerprint = Set(sealed(sealer, Part::Fingerprint, id, &fingerprint)?);
        if let Some(body) = body {
            row.body = Set(Some(sealed(sealer, Part::Body, id, &body)?));
        }
        row.update(&**write).await.map_err(failed)?;
        count += 1;
    }
    Ok(count)
}

/// What of a record is encrypted.
#[derive(Debug, Clone, Copy)]
enum Part {
    Fingerprint,
    Body,
}

/// Bytes as the store keeps them: the record has no column for the id of the master key, so it stands before the ciphertext.
fn sealed(sealer: &Sealer, part: Part, id: Uuid, bytes: &[u8]) -> Result<SecretBytes, Failure> {
    let sealed = sealer.seal(&context(part, id), bytes).map_err(Failure::internal)?;
    Ok(SecretBytes::new(
        [sealed.key_id.as_bytes(), b"\n", &sealed.bytes].concat(),
    ))
}

fn opened(sealer: &Sealer, part: Part, id: Uuid, kept: &SecretBytes) -> Result<Vec<u8>, Failure> {
    let (key_id, bytes) = split(kept.expose()).ok_or_else(|| Failure::internal("a record cannot be read"))?;
    sealer
        .open(key_id, &context(part, id), bytes)
        .map_err(Failure::internal)
}

fn context(part: Part, id: Uuid) -> String {
    let column = match part {
        Part::Fingerprint => "fingerprint",
        Part::Body => "body",
    };
    format!("idempotency_records.{column}/{id}")
}

fn key_id(kept: &SecretBytes) -> Option<&str> {
    split(kept.expose()).map(|(id, _)| id)
}

fn split(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let at = bytes.iter().position(|byte| *byte == b'\n')?;
    let (id, rest) = bytes.split_at_checked(at)?;
    Some((std::str::from_utf8(id).ok()?, rest.get(1..)?))
}
