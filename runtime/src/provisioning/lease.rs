//! Which process works on a run.
//!
//! Owns: taking a run, keeping it, giving it back, and knowing whether a holder is dead; the same for any other [`Turn`] that one process
//! has at a time. Must not know: what is done with it.
//!
//! A holder is one process from its start to its end, under a name that no other ever has. It holds a lease for [`TERM`] from its
//! last sign of life. On its own machine its death is known at once: it has a file in the data folder locked, and the system gives
//! the lock back with the process. Clocks of machines are taken to differ by less than the term; should they not, the run's version
//! still keeps the late one from writing.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use flaresmith_api::errors::Failure;
use flaresmith_store::entities::{journal_entries, leases, provisioning_runs};
use flaresmith_store::enums::RunState;
use futures_util::future::BoxFuture;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::failpoint;
use crate::platform::Platform;
use crate::providers::Fence;
use crate::store::{Store, Write, failed, is_taken, new_id};

/// How long a lease is good without a sign of life.
pub const TERM: TimeDelta = TimeDelta::seconds(12);

/// Time between two signs of life.
pub const BEAT: Duration = Duration::from_secs(3);

/// How old the file of a holder is when it can be known by it no more: nobody holds a lease that long.
const FORGOTTEN: Duration = Duration::from_secs(3600);

/// The same, or how long a test has it.
fn term() -> TimeDelta {
    let told = failpoint::term().and_then(|term| TimeDelta::from_std(term).ok());
    told.unwrap_or(TERM)
}

/// States of runs that somebody has to work on.
pub const WAITING: [RunState; 3] = [RunState::Pending, RunState::Running, RunState::Undoing];

/// This process as a holder of leases.
#[derive(Debug)]
pub struct Holder {
    name: String,
    folder: PathBuf,
    /// Nobody reads it: its lock is what it is for.
    _alive: File,
}

/// Something that this process does and no other meanwhile.
#[derive(Debug, Clone)]
pub struct Turn {
    /// What it is called.
    pub subject: String,
    /// Who has it.
    pub holder: String,
    /// Grows with every holder.
    pub fencing: i64,
}

/// A run that this process holds.
#[derive(Debug, Clone)]
pub struct Lease {
    /// The run.
    pub run: Uuid,
    /// That it is held.
    pub turn: Turn,
    /// The run's version when it was taken.
    pub version: i32,
    /// Number of the newest line of its journal.
    pub sequence: i64,
    /// Its state.
    pub state: RunState,
}

/// Asks whether a lease is still its holder's.
#[derive(Debug, Clone)]
pub struct Held {
    /// Where to ask.
    pub store: Store,
    /// What is held.
    pub turn: Turn,
}

impl Fence for Held {
    fn check<'a>(&'a self, within: Option<&'a Write>) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let held = match within {
                Some(write) => is_held(&**write, &self.turn).await?,
                None => is_held(self.store.read(), &self.turn).await?,
            };
            match held {
                true => Ok(()),
                false => Err(Failure::internal("it is another process's now")),
            }
        })
    }
}

impl Holder {
    /// Makes this process one.
    ///
    /// # Errors
    /// Its file cannot be made.
    pub fn begin(data: &Path) -> Result<Self, Failure> {
        let folder = data.join("processes");
        fs::create_dir_all(&folder).map_err(Failure::internal)?;
        sweep(&folder);
        let name = Uuid::new_v4().to_string();
        let alive = File::create(folder.join(&name)).map_err(Failure::internal)?;
        alive.lock().map_err(Failure::internal)?;
        Ok(Self {
            name,
            folder,
            _alive: alive,
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether another holder is known to be dead.
    fn is_dead(&self, other: &str) -> bool {
        // A name that comes from the store is none of a file before it is seen to be one.
        let Ok(other) = Uuid::parse_str(other) else {
            return false;
        };
        let other = other.to_string();
        other != self.name
            && File::open(self.folder.join(other))
                .is_ok_and(|file| !matches!(file.try_lock(), Err(TryLockError::WouldBlock | TryLockError::Error(_))))
    }

    /// Of these runs those that nobody has.
    ///
    /// # Errors
    /// The store fails.
    pub async fn free(&self, platform: &Platform, mut runs: Vec<Uuid>) -> Result<Vec<Uuid>, Failure> {
        let now = platform.clock.now();
        let held = leases::Entity::find()
            .filter(leases::Column::Subject.is_in(runs.iter().map(|&run| subject(run))))
            .all(platform.store.read())
            .await
            .map_err(failed)?;
        let held: BTreeMap<&str, &leases::Model> = held.iter().map(|lease| (lease.subject.as_str(), lease)).collect();
        runs.retain(|&run| {
            held.get(subject(run).as_str())
                .is_none_or(|lease| self.may_take(lease, now))
        });
        Ok(runs)
    }

    fn may_take(&self, lease: &leases::Model, now: DateTime<Utc>) -> bool {
        lease.expires_at <= now || self.is_dead(&lease.holder)
    }

    /// Takes a run, if nobody has it.
    ///
    /// # Errors
    /// The store fails.
    pub async fn take(&self, platform: &Platform, run: Uuid) -> Result<Option<Lease>, Failure> {
        let now = platform.clock.now();
        let write = platform.store.begin_behind().await?;
        let Some(turn) = self.turn_in(&write, subject(run), now).await? else {
            return Ok(None);
        };
        // From here on a holder before this one writes nothing any more.
        let moved = provisioning_runs::Entity::update_many()
            .col_expr(
                provisioning_runs::Column::Version,
                Expr::col(provisioning_runs::Column::Version).add(1),
            )
            // One that fails whenever it is taken comes after all others.
            .col_expr(provisioning_runs::Column::UpdatedAt, Expr::value(now))
            .filter(provisioning_runs::Column::Id.eq(run))
            .filter(provisioning_runs::Column::State.is_in(WAITING))
            .exec(&*write)
            .await
            .map_err(failed)?;
        if moved.rows_affected == 0 {
            return Ok(None);
        }
        let lease = seen(&*write, run).await?.map(|(version, sequence, state)| Lease {
            run,
            turn,
            version,
            sequence,
            state,
        });
        write.commit().await?;
        Ok(lease)
    }

    /// Takes the turn of a name, if nobody has it.
    ///
    /// # Errors
    /// The store fails.
    pub async fn turn(&self, platform: &Platform, subject: String) -> Result<Option<Turn>, Failure> {
        let write = platform.store.begin_behind().await?;
        let turn = self.turn_in(&write, subject, platform.clock.now()).await?;
        if turn.is_some() {
            write.commit().await?;
        }
        Ok(turn)
    }

    async fn turn_in(&self, write: &Write, subject: String, now: DateTime<Utc>) -> Result<Option<Turn>, Failure> {
        let found = leases::Entity::find()
            .filter(leases::Column::Subject.eq(&subject))
            .one(&**write)
            .await
            .map_err(failed)?;
        let fencing = match found {
            None => {
                let row = leases::ActiveModel {
                    id: Set(new_id()),
                    subject: Set(subject.clone()),
                    holder: Set(self.name.clone()),
                    fencing: Set(1),
                    expires_at: Set(now + term()),
                    created_at: Set(now),
                    updated_at: Set(now),
                };
                match row.insert(&**write).await {
                    Err(error) if is_taken(&error) => return Ok(None),
                    done => done.map_err(failed)?.fencing,
                }
            }
            Some(lease) if self.may_take(&lease, now) => {
                let done = leases::Entity::update_many()
                    .col_expr(leases::Column::Holder, Expr::value(self.name.as_str()))
                    .col_expr(leases::Column::Fencing, Expr::value(lease.fencing + 1))
                    .col_expr(leases::Column::ExpiresAt, Expr::value(now + term()))
                    .col_expr(leases::Column::UpdatedAt, Expr::value(now))
                    .filter(leases::Column::Id.eq(lease.id))
                    .filter(leases::Column::Fencing.eq(lease.fencing))
                    .exec(&**write)
                    .await
                    .map_err(failed)?;
                if done.rows_affected == 0 {
                    return Ok(None);
                }
                lease.fencing + 1
            }
            Some(_) => return Ok(None),
        };
        Ok(Some(Turn {
            subject,
            holder: self.name.clone(),
            fencing,
        }))
    }

    /// Gives back what this process holds; `None`: whatever it is.
    ///
    /// # Errors
    /// The store fails.
    pub async fn give_back(&self, platform: &Platform, subject: Option<&str>) -> Result<(), Failure> {
        let now = platform.clock.now();
        let write = platform.store.begin_behind().await?;
        let mut all = leases::Entity::update_many()
            .col_expr(leases::Column::ExpiresAt, Expr::value(now))
            .col_expr(leases::Column::UpdatedAt, Expr::value(now))
            .filter(leases::Column::Holder.eq(&self.name));
        if let Some(subject) = subject {
            all = all.filter(leases::Column::Subject.eq(subject));
        }
        all.exec(&*write).await.map_err(failed)?;
        write.commit().await
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.folder.join(&self.name));
    }
}

/// Removes the files of holders that died long ago. One that cannot be removed harms nobody.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let made = entry.metadata().and_then(|about| about.modified());
        let old = made
            .ok()
            .and_then(|made| SystemTime::now().duration_since(made).ok())
            .is_some_and(|age| age > FORGOTTEN);
        let dead = || File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok());
        if old && dead() {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// What a lease on a run is called.
#[must_use]
pub fn subject(run: Uuid) -> String {
    format!("run/{run}")
}

/// Gives signs of life; over when the turn is somebody else's.
pub async fn keep(platform: &Platform, turn: &Turn) {
    loop {
        tokio::time::sleep(failpoint::term().map_or(BEAT, |term| term / 4)).await;
        if matches!(beat(platform, turn).await, Ok(false)) {
            return;
        }
    }
}

/// Gives a sign of life; `false`: somebody else has the turn.
///
/// # Errors
/// The store fails.
pub async fn beat(platform: &Platform, turn: &Turn) -> Result<bool, Failure> {
    let now = platform.clock.now();
    let write = platform.store.begin_behind().await?;
    let done = leases::Entity::update_many()
        .col_expr(leases::Column::ExpiresAt, Expr::value(now + term()))
        .col_expr(leases::Column::UpdatedAt, Expr::value(now))
        .filter(leases::Column::Subject.eq(&turn.subject))
        .filter(leases::Column::Holder.eq(&turn.holder))
        .filter(leases::Column::Fencing.eq(turn.fencing))
        .exec(&*write)
        .await
        .map_err(failed)?;
    write.commit().await?;
    Ok(done.rows_affected > 0)
}

/// Whether a turn is still its holder's.
///
/// # Errors
/// The store fails.
pub async fn is_held<C: ConnectionTrait>(connection: &C, turn: &Turn) -> Result<bool, Failure> {
    let found = leases::Entity::find()
        .filter(leases::Column::Subject.eq(&turn.subject))
        .filter(leases::Column::Holder.eq(&turn.holder))
        .filter(leases::Column::Fencing.eq(turn.fencing))
        .one(connection)
        .await
        .map_err(failed)?;
    Ok(found.is_some())
}

/// Version, newest line and state of a run; `None`: it is gone.
///
/// # Errors
/// The store fails.
pub async fn seen<C: ConnectionTrait>(connection: &C, run: Uuid) -> Result<Option<(i32, i64, RunState)>, Failure> {
    let row = provisioning_runs::Entity::find_by_id(run)
        .one(connection)
        .await
        .map_err(failed)?;
    let Some(row) = row else {
        return Ok(None);
    };
    let last: Option<i64> = journal_entries::Entity::find()
        .select_only()
        .column(journal_entries::Column::Sequence)
        .filter(journal_entries::Column::RunId.eq(run))
        .order_by_desc(journal_entries::Column::Sequence)
        .limit(1)
        .into_tuple()
        .one(connection)
        .await
        .map_err(failed)?;
    Ok(Some((row.version, last.unwrap_or(0), row.state)))
}
