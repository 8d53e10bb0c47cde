//! The keys that sign access tokens.
//!
//! Owns: their life, from the first to the purge of their material, and keeping them at hand. Must not know: tokens.
//!
//! One key signs. After [`ROTATION`] another takes its place, and it still verifies for [`GRACE`]; a day later its material is
//! gone. A key that may be known to others is revoked at once. All processes of one database share the keys; what one of them
//! changes the others see within [`FRESH`].

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, TimeDelta, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::SecretBytes;
use flaresmith_store::entities::signing_keys::{ActiveModel, Column, Entity, Model};
use flaresmith_store::enums::SigningKeyState as State;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _,
};
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::master_key;
use crate::sealing::{SealError, Sealer, random, token};
use crate::store::{Store, Write, failed, new_id};

/// How long a key signs.
pub const ROTATION: TimeDelta = TimeDelta::days(90);

/// How long it still verifies after that.
pub const GRACE: TimeDelta = TimeDelta::days(7);

/// How long its material is kept after that.
pub const PURGE: TimeDelta = TimeDelta::days(1);

/// How long what was read is believed.
const FRESH: TimeDelta = TimeDelta::seconds(5);

/// A key as it is used.
pub(super) type Material = Arc<Zeroizing<Vec<u8>>>;

/// The key that signs, after its id.
pub type Signer = (String, Material);

/// The keys of an installation.
#[derive(Clone)]
pub struct SigningKeys {
    store: Store,
    sealer: Sealer,
    clock: Clock,
    at_hand: Arc<RwLock<Option<Arc<AtHand>>>>,
}

/// What was read last.
struct AtHand {
    read_at: DateTime<Utc>,
    keys: BTreeMap<String, Verdict>,
    signing: Option<Signer>,
}

/// What is known of a key by its id.
#[derive(Clone)]
pub enum Verdict {
    /// It verifies.
    Good(Material),
    /// It was revoked: what it signed is to be refused.
    Revoked,
    /// It was good once.
    Expired,
}

impl SigningKeys {
    /// The keys in this store.
    #[must_use]
    pub fn new(store: Store, sealer: Sealer, clock: Clock) -> Self {
        Self {
            store,
            sealer,
            clock,
            at_hand: Arc::default(),
        }
    }

    /// The key that signs now. It may have to be read or made, so this is not for the middle of a transaction.
    ///
    /// # Errors
    /// The store fails, or the master key is another one.
    pub async fn signing(&self) -> Result<Signer, Failure> {
        if let Some(found) = self.at_hand(None).await?.signing.clone() {
            return Ok(found);
        }
        self.rotate_due().await?;
        let found = self.at_hand(None).await?.signing.clone();
        found.ok_or_else(|| Failure::internal("there is no signing key"))
    }

    /// What is known of the key of this id; `None`: nothing.
    ///
    /// # Errors
    /// The store fails, or the master key is another one.
    pub async fn verdict(&self, kid: &str) -> Result<Option<Verdict>, Failure> {
        Ok(self.at_hand(Some(kid)).await?.keys.get(kid).cloned())
    }

    /// Makes a key when there is none, replaces the one that has signed long enough, and purges material whose time is over.
    /// Whether one was replaced.
    ///
    /// # Errors
    /// The store fails, or its master key is a newer one.
    pub async fn rotate_due(&self) -> Result<bool, Failure> {
        let now = self.clock.now();
        let write = self.store.begin_alone("signing_keys").await?;
        master_key::demand(&write, &self.sealer).await?;
        let rows = Entity::find().all(&*write).await.map_err(failed)?;
        for row in &rows {
            let over = row.purge_after.is_some_and(|after| after <= now);
            if over && matches!(row.state, State::Grace | State::Revoked) {
                let mut row = row.clone().into_active_model();
                row.state = Set(State::Purged);
                row.material = Set(None);
                row.updated_at = Set(now);
                row.update(&*write).await.map_err(failed)?;
            }
        }
        let active = rows.into_iter().find(|row| row.state == State::Active);
        let replaced = match active {
            Some(row) if row.activated_at.is_some_and(|since| since + ROTATION > now) => false,
            Some(row) => {
                let mut row = row.into_active_model();
                row.state = Set(State::Grace);
                row.grace_until = Set(Some(now + GRACE));
                row.purge_after = Set(Some(now + GRACE + PURGE));
                row.updated_at = Set(now);
                row.update(&*write).await.map_err(failed)?;
                self.make(&write, now).await?;
                true
            }
            None => {
                self.make(&write, now).await?;
                false
            }
        };
        write.commit().await?;
        self.forget();
        Ok(replaced)
    }

    /// Revokes a key at once, the one that signs when none is named, and makes another.
    ///
    /// # Errors
    /// There is no such key, the store fails, or its master key is a newer one.
    pub async fn invalidate(&self, kid: Option<&str>) -> Result<(), Failure> {
        let now = self.clock.now();
        let write = self.store.begin_alone("signing_keys").await?;
        master_key::demand(&write, &self.sealer).await?;
        let select = match kid {
            Some(kid) => Entity::find().filter(Column::Kid.eq(kid)),
            None => Entity::find().filter(Column::State.eq(State::Active)),
        };
        let absent = || Failure::new(ErrorCode::ResourceNotFound);
        let row = select.one(&*write).await.map_err(failed)?.ok_or_else(absent)?;
        if matches!(row.state, State::Revoked | State::Purged) {
            return Err(absent());
        }
        let signed = row.state == State::Active;
        let mut row = row.into_active_model();
        row.state = Set(State::Revoked);
        row.revoked_at = Set(Some(now));
        row.grace_until = Set(None);
        row.purge_after = Set(Some(now + PURGE));
        row.updated_at = Set(now);
        row.update(&*write).await.map_err(failed)?;
        if signed {
            self.make(&write, now).await?;
        }
        write.commit().await?;
        self.forget();
        Ok(())
    }

    /// Every key that is not purged, newest first, without its material.
    ///
    /// # Errors
    /// The store fails.
    pub async fn manifest(&self) -> Result<Vec<Model>, Failure> {
        let rows = Entity::find()
            .filter(Column::State.ne(State::Purged))
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .all(self.store.read())
            .await
            .map_err(failed)?;
        let without = |mut row: Model| {
            row.material = None;
            row
        };
        Ok(rows.into_iter().map(without).collect())
    }

    /// Encrypts the material that an older master key encrypts with the current one; how many keys there were.
    ///
    /// # Errors
    /// The older master key is not at hand, or the store fails.
    pub async fn reseal(write: &Write, sealer: &Sealer) -> Result<u64, Failure> {
        let older = Column::MasterKeyId.ne(sealer.key_id());
        let rows = Entity::find().filter(older).all(&**write).await.map_err(failed)?;
        let mut count = 0;
        for row in rows {
            let Some(material) = &row.material else { continue };
            let context = context(&row.kid);
            let opened = sealer.open(&row.master_key_id, &context, material.expose());
            let opened = Zeroizing::new(opened.map_err(master_key_is_another)?);
            let sealed = sealer.seal(&context, &opened).map_err(Failure::internal)?;
            let mut row = row.into_active_model();
            row.material = Set(Some(SecretBytes::new(sealed.bytes)));
            row.master_key_id = Set(sealed.key_id);
            row.update(&**write).await.map_err(failed)?;
            count += 1;
        }
        Ok(count)
    }

    async fn make(&self, write: &Write, now: DateTime<Utc>) -> Result<(), Failure> {
        let kid = token("key_")
            .map_err(Failure::internal)?
            .chars()
            .take(20)
            .collect::<String>();
        let material = Zeroizing::new(random::<32>().map_err(Failure::internal)?);
        let sealed = self
            .sealer
            .seal(&context(&kid), material.as_slice())
            .map_err(Failure::internal)?;
        ActiveModel {
            id: Set(new_id()),
            kid: Set(kid),
            algorithm: Set("HS256".to_owned()),
            state: Set(State::Active),
            material: Set(Some(SecretBytes::new(sealed.bytes))),
            master_key_id: Set(sealed.key_id),
            activated_at: Set(Some(now)),
            grace_until: Set(None),
            purge_after: Set(None),
            revoked_at: Set(None),
            created_at: Set(now),
            updated_at: Set(now),
        }
        .insert(&**write)
        .await
        .map_err(failed)?;
        Ok(())
    }

    fn forget(&self) {
        *self.at_hand.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// What was read, read again when it is old or lacks a key that is asked for.
    async fn at_hand(&self, kid: Option<&str>) -> Result<Arc<AtHand>, Failure> {
        let now = self.clock.now();
        let known = self.at_hand.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known {
            let age = now - known.read_at;
            let complete = kid.is_none_or(|kid| known.keys.contains_key(kid));
            // An unknown key leads to one look a second at most, whatever callers send.
            let believed = if complete { FRESH } else { TimeDelta::seconds(1) };
            if age >= TimeDelta::zero() && age < believed {
                return Ok(known);
            }
        }
        let read = Arc::new(Box::pin(self.read(now)).await?);
        *self.at_hand.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&read));
        Ok(read)
    }

    async fn read(&self, now: DateTime<Utc>) -> Result<AtHand, Failure> {
        let rows = Entity::find().all(self.store.read()).await.map_err(failed)?;
        let mut keys = BTreeMap::new();
        let mut signing = None;
        for row in rows {
            let verdict = match (&row.state, &row.material) {
                (State::Active, Some(material)) => {
                    let material = self.open(&row, material).map_err(master_key_is_another)?;
                    signing = Some((row.kid.clone(), material.clone()));
                    Verdict::Good(material)
                }
                (State::Grace, Some(material)) if row.grace_until.is_some_and(|until| until > now) => {
                    Verdict::Good(self.open(&row, material).map_err(master_key_is_another)?)
                }
                (State::Revoked, _) => Verdict::Revoked,
                (State::Purged, _) if row.revoked_at.is_some() => Verdict::Revoked,
                _ => Verdict::Expired,
            };
            keys.insert(row.kid, verdict);
        }
        Ok(AtHand {
            read_at: now,
            keys,
            signing,
        })
    }

    fn open(&self, row: &Model, material: &SecretBytes) -> Result<Material, SealError> {
        let opened = self
            .sealer
            .open(&row.master_key_id, &context(&row.kid), material.expose())?;
        Ok(Arc::new(Zeroizing::new(opened)))
    }
}

fn context(kid: &str) -> String {
    format!("signing_keys.material/{kid}")
}

fn master_key_is_another(error: SealError) -> Failure {
    Failure::new(ErrorCode::SecKeyMissing).with_source(error)
}
