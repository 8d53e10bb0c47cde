//! The host of workers that this machine is: workerd.
//!
//! Owns: from a host's words to folders and processes. Must not know: what lies where in a folder.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use flaresmith_api::errors::Failure;
use futures_util::future::{BoxFuture, join_all};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use uuid::Uuid;

use super::keeper::{Kept, keep};
use super::place::{self, Place};
use super::{EdgeHost, OwnEdgeHost, Probed, Standing, Version, port, probe, process, ready};
use crate::providers::{Made, Mark, Marked, foreign};
use crate::sealing::Sealer;

/// The folder of ports that are taken.
const PORTS: &str = "ports";

/// How long a version that was tried may take to answer at its address.
const SERVES: Duration = Duration::from_secs(45);

/// Time between two looks whether it does.
const LOOK: Duration = Duration::from_millis(50);

/// How long workers may take to finish when the server stops.
const LAST: Duration = Duration::from_secs(12);

/// Workers in the data folder, run by workerd.
pub struct LocalHost {
    kept: Arc<Kept>,
    keeper: Mutex<Option<JoinHandle<()>>>,
}

/// The key of a worker.
pub(super) fn key(project: Uuid, environment: &str) -> String {
    format!("{project}-cloudflareWorker-{environment}")
}

/// Does something that waits for the disk where that keeps nobody else waiting. What has begun goes to its end.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(Failure::internal)?
}

impl LocalHost {
    /// The host below a data folder. `workerd`: the program, when the settings name it.
    #[must_use]
    pub fn new(data: &Path, sealer: Sealer, workerd: Option<PathBuf>) -> Self {
        Self {
            kept: Arc::new(Kept::new(data.join("edge"), sealer, workerd)),
            keeper: Mutex::default(),
        }
    }

    fn place(&self, mark: &Mark) -> Place {
        Place::of(&self.kept.folder, mark)
    }

    /// The place of a worker that is there.
    fn standing(&self, mark: &Mark) -> Result<Place, Failure> {
        let place = self.place(mark);
        match place.is_ours(mark)? {
            true => Ok(place),
            false => Err(Failure::internal("the environment has no worker")),
        }
    }

    async fn ensure(&self, mark: &Mark) -> Result<Made, Failure> {
        if mark.key != key(mark.project, &mark.environment) {
            return Err(foreign(mark));
        }
        mark.fence.check(None).await?;
        let (place, mark, ports) = (self.place(mark), mark.clone(), self.kept.folder.join(PORTS));
        let port = blocking(move || {
            if !place.is_ours(&mark)? {
                place.make(&mark, port::take(&ports, &mark.key)?)?;
            }
            place.port()
        })
        .await?;
        let url = format!("http://127.0.0.1:{port}");
        Ok(Made {
            external_id: Some(port.to_string()),
            name: url.trim_start_matches("http://").to_owned(),
            url: Some(url),
            ..Made::default()
        })
    }

    /// Has a version tried, and makes it the active one if nobody else has activated another meanwhile.
    async fn change(&self, mark: &Mark, id: Uuid) -> Result<(), Failure> {
        let place = self.standing(mark)?;
        let seen = place.active();
        let number = seen.map_or(0, |seen| seen.number);
        let former = seen.and_then(|seen| seen.version);
        let mut at = number;
        if former != Some(id) {
            let folder = place
                .version(id)
                .ok_or_else(|| Failure::internal("the version is not there"))?;
            let sealer = self.kept.sealer.clone();
            let runnable = blocking(move || place::runnable(&sealer, id, &folder)).await?;
            let runtime = process::runtime(self.kept.workerd.as_deref(), &runnable)?;
            mark.fence.check(None).await?;
            ready::try_out(&runtime, &runnable).await?;
            mark.fence.check(None).await?;
            if !place.activate(number, Some(id))? {
                return Err(Failure::internal("another version was activated meanwhile"));
            }
            at += 1;
        }
        self.ring();
        let served = self.served(&place, id).await;
        if served.is_err() && former != Some(id) {
            // What answered before is to go on.
            place.activate(at, former)?;
            self.ring();
        }
        served
    }

    async fn served(&self, place: &Place, id: Uuid) -> Result<(), Failure> {
        let begun = Instant::now();
        while place.serving() != Some(id) {
            if place.active().and_then(|active| active.version) != Some(id) {
                return Err(Failure::internal("another version was activated meanwhile"));
            }
            if begun.elapsed() > SERVES {
                return Err(ready::not_ready(
                    "it was tried, and does not answer at its address".to_owned(),
                ));
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    fn ring(&self) {
        self.kept.bell.send_modify(|_| {});
    }
}

impl EdgeHost for LocalHost {
    fn look_worker<'a>(
        &'a self,
        mark: &'a Mark,
        version: Option<Uuid>,
    ) -> BoxFuture<'a, Result<Option<Standing>, Failure>> {
        Box::pin(async move {
            let (place, mark) = (self.place(mark), mark.clone());
            blocking(move || {
                Ok(place.is_ours(&mark)?.then(|| Standing {
                    active: place
                        .active()
                        .and_then(|active| active.version)
                        .map(|id| id.to_string()),
                    wanted: version
                        .filter(|id| place.version(*id).is_some())
                        .map(|id| id.to_string()),
                }))
            })
            .await
        })
    }

    fn ensure_worker<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(self.ensure(mark))
    }

    fn put_version<'a>(&'a self, mark: &'a Mark, version: Version) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let place = self.standing(mark)?;
            mark.fence.check(None).await?;
            let sealer = self.kept.sealer.clone();
            blocking(move || place.put(&sealer, &version)).await
        })
    }

    fn repeat_version<'a>(&'a self, mark: &'a Mark, of: Uuid, id: Uuid) -> BoxFuture<'a, Result<Uuid, Failure>> {
        Box::pin(async move {
            let place = self.standing(mark)?;
            mark.fence.check(None).await?;
            let sealer = self.kept.sealer.clone();
            blocking(move || place.repeat(&sealer, of, id)).await?;
            Ok(id)
        })
    }

    fn activate<'a>(&'a self, mark: &'a Mark, id: Uuid) -> BoxFuture<'a, Result<Option<String>, Failure>> {
        Box::pin(async move { self.change(mark, id).await.map(|()| None) })
    }

    fn remove_worker<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            mark.fence.check(None).await?;
            let (place, mark, ports) = (self.place(mark), mark.clone(), self.kept.folder.join(PORTS));
            blocking(move || {
                if place.is_ours(&mark)? {
                    place.remove()?;
                }
                port::give_back(&ports, &mark.key)
            })
            .await?;
            self.ring();
            Ok(())
        })
    }
}

impl OwnEdgeHost for LocalHost {
    fn has_version<'a>(&'a self, mark: &'a Mark, id: Uuid) -> BoxFuture<'a, Result<bool, Failure>> {
        Box::pin(async move {
            let place = self.place(mark);
            Ok(place.is_ours(mark)? && place.version(id).is_some())
        })
    }

    fn active<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<Option<Uuid>, Failure>> {
        Box::pin(async move {
            let place = self.place(mark);
            Ok(match place.is_ours(mark)? {
                true => place.active().and_then(|active| active.version),
                false => None,
            })
        })
    }

    fn marked(&self) -> BoxFuture<'_, Result<Vec<Marked>, Failure>> {
        let folder = self.kept.folder.clone();
        Box::pin(blocking(move || {
            let mut found = Vec::new();
            for project in place::folders(&folder)? {
                for place in place::folders(&project)? {
                    let key = Place::found(place).key();
                    found.extend(key.and_then(|key| Marked::of(&key, "cloudflareWorker")));
                }
            }
            Ok(found)
        }))
    }

    fn begin(&self) -> Result<(), Failure> {
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        if keeper.as_ref().is_none_or(JoinHandle::is_finished) {
            self.kept.bell.send_replace(false);
            *keeper = Some(tokio::spawn(keep(Arc::clone(&self.kept))));
        }
        Ok(())
    }

    fn end(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take();
            self.kept.bell.send_replace(true);
            if let Some(mut keeper) = keeper
                && tokio::time::timeout(LAST, &mut keeper).await.is_err()
            {
                keeper.abort();
            }
        })
    }

    fn running(&self) -> Vec<Marked> {
        let running = self.kept.running().into_iter();
        running
            .filter(|(.., place)| place.active().is_some_and(|active| active.version.is_some()))
            .map(|(project, environment, _)| Marked { project, environment })
            .collect()
    }

    fn probe<'a>(&'a self, which: &'a [Marked]) -> BoxFuture<'a, Vec<Probed>> {
        Box::pin(async move {
            let asked = self
                .kept
                .running()
                .into_iter()
                .filter_map(|(project, environment, place)| {
                    let is_meant = |mark: &Marked| mark.project == project && mark.environment == environment;
                    which.iter().find(|mark| is_meant(mark))?;
                    place.active()?.version?;
                    Some(probe::probe(project, environment, place.port().ok()?))
                });
            join_all(asked).await
        })
    }
}
