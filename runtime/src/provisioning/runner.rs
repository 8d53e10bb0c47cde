//! Finding runs that nobody holds, and carrying them out.
//!
//! Owns: the life of what works in the background: looking, beating, stopping. Must not know: what a run does.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use flaresmith_api::errors::Failure;
use flaresmith_store::entities::database_branches;
use flaresmith_store::entities::provisioning_runs::{Column, Entity};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use uuid::Uuid;

use super::journal::{Journal, Stopped};
use super::lease::{Holder, WAITING, keep};
use super::{in_step, in_step_at_postman, standby, work};
use crate::features::environments::{connectivity, health, previews, reachability};
use crate::pipeline::observe::ActFailed;
use crate::platform::Platform;
use crate::store::failed;

/// Time between two looks when nobody rings.
const LOOK: Duration = Duration::from_secs(1);

/// Time between two looks whether databases can be reached, and after one that found they cannot.
const KEEP: Duration = Duration::from_secs(2);
const KEEP_FAILED: Duration = Duration::from_secs(15);

/// Most runs at the same time in one process.
const MOST: usize = 16;

/// Most runs that one look finds.
const SEEN: u64 = 200;

/// What carries out runs in this process, until it is stopped.
pub struct Runner {
    platform: Platform,
    task: JoinHandle<()>,
    health: JoinHandle<()>,
    connectivity: JoinHandle<()>,
    reachability: JoinHandle<()>,
    databases: JoinHandle<()>,
    in_step: JoinHandle<()>,
    at_postman: JoinHandle<()>,
    previews: JoinHandle<()>,
    standbys: JoinHandle<()>,
    stop: Arc<Notify>,
}

impl Runner {
    /// Begins to look for runs.
    ///
    /// # Errors
    /// The data folder cannot be written to.
    pub fn start(platform: Platform) -> Result<Self, Failure> {
        let holder = Arc::new(Holder::begin(&platform.settings.data)?);
        platform.providers.edge.begin()?;
        let stop = Arc::new(Notify::new());
        let health = tokio::spawn(health::watch(platform.clone()));
        let connectivity = tokio::spawn(connectivity::watch(platform.clone()));
        let reachability = tokio::spawn(reachability::watch(platform.clone()));
        let databases = tokio::spawn(keep_databases(platform.clone()));
        let in_step = tokio::spawn(in_step::watch(platform.clone()));
        let at_postman = tokio::spawn(in_step_at_postman::watch(platform.clone()));
        let previews = tokio::spawn(previews::watch(platform.clone()));
        let standbys = tokio::spawn(standby::watch(platform.clone(), Arc::clone(&holder)));
        let task = tokio::spawn(look(platform.clone(), holder, Arc::clone(&stop)));
        Ok(Self {
            platform,
            task,
            health,
            connectivity,
            reachability,
            databases,
            in_step,
            at_postman,
            previews,
            standbys,
            stop,
        })
    }

    /// Stops at once, in the midst of whatever is going on, and gives all runs back: another process may take them up. Workers of
    /// environments stop as well, after the requests that they are at, and then what runs for their databases alone.
    pub async fn stop(self) {
        self.health.abort();
        self.connectivity.abort();
        self.reachability.abort();
        self.databases.abort();
        self.in_step.abort();
        self.at_postman.abort();
        self.previews.abort();
        self.standbys.abort();
        self.stop.notify_one();
        let _ = self.task.await;
        self.platform.providers.edge.end().await;
        if let Err(failure) = self.platform.providers.databases.end().await {
            tell(&self.platform, "stopping Postgres", &failure, false);
        }
    }
}

async fn look(platform: Platform, holder: Arc<Holder>, stop: Arc<Notify>) {
    let held: Arc<Mutex<BTreeSet<Uuid>>> = Arc::default();
    let mut under_way = JoinSet::new();
    loop {
        while under_way.try_join_next().is_some() {}
        // A store that is away now may be back at the next look.
        for run in waiting(&platform, &holder).await.unwrap_or_default() {
            let mut mine = held.lock().unwrap_or_else(PoisonError::into_inner);
            if mine.len() < MOST && mine.insert(run) {
                let (platform, holder, held) = (platform.clone(), Arc::clone(&holder), Arc::clone(&held));
                under_way.spawn(async move {
                    let held = Held { all: held, run };
                    let ended = hold(&platform, &holder, run).await;
                    drop(held);
                    if ended {
                        // There may be others that had to wait.
                        platform.bell.notify_one();
                    }
                });
            }
        }
        tokio::select! {
            () = platform.bell.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
            () = stop.notified() => break,
        }
    }
    under_way.shutdown().await;
    let _ = holder.give_back(&platform, None).await;
}

/// Sees to it that databases of environments can be reached, while there are any.
async fn keep_databases(platform: Platform) {
    let mut failed_before = false;
    loop {
        // A store that is away now may be back at the next look.
        let done = match database_branches::Entity::find().one(platform.store.read()).await {
            Ok(Some(_)) => platform.providers.databases.keep().await,
            Ok(None) | Err(_) => Ok(()),
        };
        if let Err(failure) = &done
            && !failed_before
        {
            tell(&platform, "starting Postgres", failure, true);
        }
        failed_before = done.is_err();
        tokio::time::sleep(if failed_before { KEEP_FAILED } else { KEEP }).await;
    }
}

fn tell(platform: &Platform, act: &'static str, failure: &Failure, again: bool) {
    platform.observer.act_failed(&ActFailed {
        act,
        project: None,
        run: None,
        failure,
        again,
        at: platform.clock.now(),
    });
}

/// A run that this process works on, until this goes, in whatever way.
struct Held {
    all: Arc<Mutex<BTreeSet<Uuid>>>,
    run: Uuid,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&self.run);
    }
}

/// Runs that somebody has to work on and nobody has, those that wait longest first.
async fn waiting(platform: &Platform, holder: &Holder) -> Result<Vec<Uuid>, Failure> {
    let runs = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::State.is_in(WAITING))
        .order_by_asc(Column::UpdatedAt)
        .limit(SEEN)
        .into_tuple()
        .all(platform.store.read())
        .await
        .map_err(failed)?;
    holder.free(platform, runs).await
}

/// Takes a run, if nobody has it, and carries it out for as long as it is held; whether it came to an end.
async fn hold(platform: &Platform, holder: &Holder, run: Uuid) -> bool {
    let Ok(Some(lease)) = holder.take(platform, run).await else {
        return false;
    };
    let journal = Arc::new(Journal::new(platform.clone(), lease.clone()));
    // A trace of its own, by whose ids its lines are found.
    let told = async {
        let done = work::carry_on(&journal).await;
        if let Err(Stopped::Failed(failure)) = &done {
            journal.tell("run", None, failure, true);
        }
        done
    };
    let stopped = tokio::select! {
        done = platform.tracer.job("run", told) => done.err(),
        () = keep(platform, &lease.turn) => Some(Stopped::Lost),
    };
    match stopped {
        Some(Stopped::Lost) => {
            journal.lose();
            return false;
        }
        Some(Stopped::Failed(_)) => {
            // Whoever is next, this process or another, begins where this ended, but not at once.
            tokio::time::sleep(LOOK).await;
        }
        None => {}
    }
    holder.give_back(platform, Some(&lease.turn.subject)).await.is_ok()
}
