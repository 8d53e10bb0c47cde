//! Running what is active.
//!
//! Owns: that of each environment's worker the active version runs, once, in whichever process keeps it. Must not know: why a version
//! is active.
//!
//! What is active stands in files; a keeper looks at them, when it is rung for and from time to time, and does what they say. So it
//! makes no difference which process activated a version, and a process that starts takes up what another left. The socket of a
//! worker is this process's: a new version is given it before the former one lets go, so that no request is refused.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use flaresmith_api::errors::Failure;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

use super::place::{self, Place};
use super::process::{self, Process, Standing};
use super::{port, ready};
use crate::providers::edge_host::local::blocking;
use crate::sealing::Sealer;

/// Time between two looks when nobody rings.
const LOOK: Duration = Duration::from_secs(1);

/// Shortest and longest pause before one that ended is started again.
const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(30);

/// One that ran so long has recovered.
const RECOVERED: Duration = Duration::from_secs(60);

/// One that failed so often gives up its socket until it is tried again: callers are refused rather than kept waiting.
const REFUSES: u32 = 3;

/// How many start at the same time.
const AT_ONCE: usize = 4;

/// What is left of a version that was never finished is removed when it is so old.
const ABANDONED: Duration = Duration::from_secs(3600);

/// What a keeper works with.
#[derive(Debug)]
pub(super) struct Kept {
    /// The folder of all workers.
    pub(super) folder: PathBuf,
    /// Opens bindings.
    pub(super) sealer: Sealer,
    /// The workerd of the settings.
    pub(super) workerd: Option<PathBuf>,
    /// Changes when something is to be looked at; true: everything stops.
    pub(super) bell: watch::Sender<bool>,
    /// The environments that this process runs, by their folders.
    pub(super) mine: Mutex<BTreeSet<PathBuf>>,
    /// Whose turn it is to start.
    pub(super) starts: Semaphore,
}

impl Kept {
    pub(super) fn new(folder: PathBuf, sealer: Sealer, workerd: Option<PathBuf>) -> Self {
        Self {
            folder,
            sealer,
            workerd,
            bell: watch::Sender::new(false),
            mine: Mutex::default(),
            starts: Semaphore::new(AT_ONCE),
        }
    }

    /// The environments that this process runs: project, name, place.
    pub(super) fn running(&self) -> Vec<(Uuid, String, Place)> {
        let mine = self.mine.lock().unwrap_or_else(PoisonError::into_inner);
        mine.iter()
            .filter_map(|folder| {
                let (project, environment) = named(folder)?;
                Some((project, environment, Place::found(folder.clone())))
            })
            .collect()
    }
}

/// Runs what is active until it is told to stop.
pub(super) async fn keep(kept: Arc<Kept>) {
    let mut bell = kept.bell.subscribe();
    let mut under_way = JoinSet::new();
    while !*bell.borrow_and_update() {
        while under_way.try_join_next().is_some() {}
        let folder = kept.folder.clone();
        let found = blocking(move || Ok(places(&folder))).await.unwrap_or_default();
        for place in found {
            let new = {
                let mine = kept.mine.lock().unwrap_or_else(PoisonError::into_inner);
                !mine.contains(place.folder())
            };
            if let Some(lock) = new.then(|| place.keep()).flatten() {
                let folder = place.folder().to_owned();
                kept.mine
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(folder.clone());
                let kept = Arc::clone(&kept);
                under_way.spawn(async move {
                    Keeper::new(&kept, place, lock).run().await;
                    kept.mine.lock().unwrap_or_else(PoisonError::into_inner).remove(&folder);
                });
            }
        }
        tokio::select! {
            _ = bell.changed() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    while under_way.join_next().await.is_some() {}
}

/// The folders of workers that are ours.
fn places(folder: &Path) -> Vec<Place> {
    let within = |folder: PathBuf| {
        fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
    };
    within(folder.to_owned())
        .flat_map(within)
        .filter_map(|folder| {
            let (project, environment) = named(&folder)?;
            let place = Place::found(folder);
            let ours = super::local::key(project, &environment);
            (place.key().as_deref() == Some(ours.as_str())).then_some(place)
        })
        .collect()
}

/// Project and environment of a folder.
fn named(folder: &Path) -> Option<(Uuid, String)> {
    let environment = folder.file_name()?.to_str()?;
    let project = folder.parent()?.file_name()?.to_str()?.parse().ok()?;
    (!environment.starts_with('.')).then(|| (project, environment.to_owned()))
}

/// What keeps one environment's worker running.
struct Keeper<'a> {
    kept: &'a Kept,
    place: Place,
    /// Nobody reads it: its lock is what it is for.
    _lock: File,
    socket: Option<TcpListener>,
    running: Option<Running>,
    failures: u32,
    not_before: Instant,
}

struct Running {
    version: Uuid,
    process: Process,
    since: Instant,
}

impl<'a> Keeper<'a> {
    fn new(kept: &'a Kept, place: Place, lock: File) -> Self {
        Self {
            kept,
            place,
            _lock: lock,
            socket: None,
            running: None,
            failures: 0,
            not_before: Instant::now(),
        }
    }

    async fn run(mut self) {
        let mut bell = self.kept.bell.subscribe();
        // Whoever kept it before may have died.
        let _ = self.place.tell_serving(None);
        self.place.sweep(ABANDONED);
        while !*bell.borrow_and_update() && self.place.key().is_some() {
            self.look().await;
            let pause = LOOK.min(self.not_before.saturating_duration_since(Instant::now()).max(SHORTEST));
            let pause = if self.failures == 0 { LOOK } else { pause };
            tokio::select! {
                _ = bell.changed() => {}
                () = changed(self.running.as_mut()) => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        let _ = self.place.tell_serving(None);
        self.socket = None;
        if let Some(running) = self.running.take() {
            running.process.finish().await;
        }
    }

    /// Does what the files say.
    async fn look(&mut self) {
        if let Some(running) = &self.running {
            if running.process.standing() == Standing::Ended {
                let _ = self.place.tell_serving(None);
                if running.since.elapsed() > RECOVERED {
                    self.failures = 0;
                }
                self.running = None;
                self.failed();
            } else if running.since.elapsed() > RECOVERED {
                self.failures = 0;
            }
        }
        let wanted = self.place.active().and_then(|active| active.version);
        let is_there = self.running.as_ref().map(|running| running.version);
        match wanted {
            None => {
                self.socket = None;
                if let Some(running) = self.running.take() {
                    let _ = self.place.tell_serving(None);
                    tokio::spawn(running.process.finish());
                }
            }
            Some(version) if is_there == Some(version) => {}
            Some(_) if Instant::now() < self.not_before => {}
            Some(version) => match self.start(version).await {
                Ok(process) => {
                    let next = Running {
                        version,
                        process,
                        since: Instant::now(),
                    };
                    if let Some(former) = self.running.replace(next) {
                        // It takes no new requests, and may finish those that it has.
                        tokio::spawn(former.process.finish());
                        self.failures = 0;
                    }
                    let _ = self.place.tell_serving(Some(version));
                }
                // The former one goes on, if there is one.
                Err(_) => self.failed(),
            },
        }
    }

    async fn start(&mut self, version: Uuid) -> Result<Process, Failure> {
        let _turn = self.kept.starts.acquire().await.map_err(Failure::internal)?;
        let folder = self
            .place
            .version(version)
            .ok_or_else(|| Failure::internal("the active version is not there"))?;
        let sealer = self.kept.sealer.clone();
        let runnable = blocking(move || {
            // An older master key may go away.
            place::reseal(&sealer, version, &folder)?;
            place::runnable(&sealer, version, &folder)
        })
        .await?;
        let runtime = process::runtime(self.kept.workerd.as_deref(), &runnable)?;
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => port::listen(self.place.port()?).map_err(Failure::internal)?,
        };
        let socket = self.socket.insert(socket);
        let mut process = Process::start(&runtime, &runnable, socket)?;
        match process.listening(ready::START).await {
            Ok(()) => Ok(process),
            Err(trouble) => Err(ready::not_ready(trouble)),
        }
    }

    fn failed(&mut self) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= REFUSES && self.running.is_none() {
            self.socket = None;
        }
        let pause = SHORTEST.saturating_mul(2_u32.saturating_pow(self.failures.min(16)));
        self.not_before = Instant::now() + pause.min(LONGEST);
    }
}

/// Waits until what runs stands in another way.
async fn changed(running: Option<&mut Running>) {
    match running {
        Some(running) => running.process.changed().await,
        None => std::future::pending().await,
    }
}
