//! Builds: from a commit to the module that an edge host runs.
//!
//! Owns: where builds lie, how many are made at once, what they leave. Must not know: rows, deployments.
//!
//! | module | what it owns |
//! |---|---|
//! | `checkout` | the files of a commit in a folder |
//! | `npm` | the programs that build, and their log |
//! | `left` | what is kept of a build: the module by its digest, and the workerd that it brought |
//!
//! A project's own code runs here, as the user of the server: who may commit to a project is trusted that far. It sees nothing of
//! the server's environment, works in a folder that is gone afterwards, and ends with the server.

mod checkout;
mod left;
mod npm;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use flaresmith_api::errors::Failure;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use uuid::Uuid;

use crate::node::{self, Work};
use crate::repositories::Repositories;
use crate::telemetry::redact::redacted;
pub use left::Left;

/// How many are made at the same time.
const AT_ONCE: usize = 2;

/// Most of a log that is kept, in bytes: its end.
const LOG: usize = 1 << 20;

/// Time between two looks whether somebody else has built the same commit.
const LOOK: Duration = Duration::from_millis(250);

/// Scratch folders of builds that nobody finished are removed when they are so old.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

/// The builds of this installation.
#[derive(Debug, Clone)]
pub struct Builds {
    folder: PathBuf,
    limit: Duration,
    slots: Arc<Semaphore>,
}

/// One build to make.
#[derive(Debug, Clone)]
pub struct Order {
    /// The project.
    pub project: Uuid,
    /// The build.
    pub build: Uuid,
    /// The commit, 40 hexadecimal digits.
    pub commit: String,
}

/// What came of a build.
#[derive(Debug)]
pub struct Outcome {
    /// What it left, or why it failed, in words for people.
    pub left: Result<Left, String>,
    /// What it wrote, without secrets.
    pub log: String,
}

/// Whose turn it is to build a commit; the turn ends with it.
#[derive(Debug)]
pub struct Turn {
    /// Nobody reads them: they are held.
    _lock: Option<File>,
    _slot: OwnedSemaphorePermit,
}

impl Builds {
    /// Builds below a data folder, each within a limit of time.
    #[must_use]
    pub fn new(data: &Path, limit: Duration) -> Self {
        Self {
            folder: data.join("builds"),
            limit,
            slots: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Waits until nobody else builds the commit and there is room. Whoever has the turn looks first whether the build is there by
    /// now. A process that is frozen in its turn is not waited for without end.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub async fn turn(&self, order: &Order) -> Result<Turn, Failure> {
        let folder = self.project(order.project);
        fs::create_dir_all(&folder).map_err(Failure::internal)?;
        let lock = File::create(folder.join(format!("{}.lock", order.commit))).map_err(Failure::internal)?;
        let begun = Instant::now();
        let mut has = lock.try_lock().is_ok();
        while !has && begun.elapsed() < self.limit * 2 {
            tokio::time::sleep(LOOK).await;
            has = lock.try_lock().is_ok();
        }
        let slot = Arc::clone(&self.slots)
            .acquire_owned()
            .await
            .map_err(Failure::internal)?;
        Ok(Turn {
            _lock: has.then_some(lock),
            _slot: slot,
        })
    }

    /// Builds. For whoever has the turn.
    ///
    /// # Errors
    /// It could not even be begun.
    pub async fn make(&self, repositories: &Repositories, order: &Order) -> Result<Outcome, Failure> {
        let all = self.folder.join("scratch");
        fs::create_dir_all(&all).map_err(Failure::internal)?;
        sweep(&all);
        let scratch = tempfile::TempDir::new_in(&all).map_err(Failure::internal)?;
        let tree = scratch.path().join("tree");
        fs::create_dir(&tree).map_err(Failure::internal)?;
        node::prepare(scratch.path())?;
        let log = self.log_file(order);
        let file = File::create(&log).map_err(Failure::internal)?;
        checkout::into(repositories, order, &tree).await?;
        let cache = std::path::absolute(self.folder.join("cache")).map_err(Failure::internal)?;
        let work = Work {
            folder: &tree,
            scratch: scratch.path(),
            cache: &cache,
            log: &file,
            begun: Instant::now(),
            limit: self.limit,
        };
        let built = npm::build(&work).await?;
        let project = self.project(order.project);
        let left = built.and_then(|()| left::take(&tree, &project));
        let log = self.so_far(order);
        // Removing what npm has installed takes a while, and nobody waits for it.
        tokio::task::spawn_blocking(move || drop(scratch));
        Ok(Outcome { left, log })
    }

    /// What a build has written so far, without secrets; of much, the end.
    #[must_use]
    pub fn so_far(&self, order: &Order) -> String {
        let bytes = fs::read(self.log_file(order)).unwrap_or_default();
        let from = bytes.len().saturating_sub(LOG);
        let text = String::from_utf8_lossy(bytes.get(from..).unwrap_or_default());
        // The first line may have lost its beginning, and with it what tells that it is a secret.
        let text = match from {
            0 => text.as_ref(),
            _ => text.split_once('\n').map_or("", |(_, rest)| rest),
        };
        redacted(text).replace('\0', "")
    }

    /// Throws the file of a log away, once what it says is kept elsewhere.
    pub fn forget_log(&self, order: &Order) {
        let _ = fs::remove_file(self.log_file(order));
    }

    /// The module of a digest; `None`: it is not there.
    ///
    /// # Errors
    /// It cannot be read, or it is not what was built.
    pub fn module(&self, project: Uuid, digest: &str) -> Result<Option<Vec<u8>>, Failure> {
        left::module(&self.project(project), digest)
    }

    /// The workerd that the newest build of a project brought.
    #[must_use]
    pub fn runtime(&self, project: Uuid) -> Option<PathBuf> {
        left::runtime(&self.project(project))
    }

    /// Throws away what is kept of a project.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(&self, project: Uuid) -> Result<(), Failure> {
        match fs::remove_dir_all(self.project(project)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::internal(error)),
            _ => Ok(()),
        }
    }

    fn project(&self, project: Uuid) -> PathBuf {
        self.folder.join(project.to_string())
    }

    fn log_file(&self, order: &Order) -> PathBuf {
        self.project(order.project).join(format!("{}.log", order.build))
    }
}

/// Removes what builds left whose process died.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let made = entry.metadata().and_then(|about| about.modified()).ok();
        if made
            .and_then(|made| made.elapsed().ok())
            .is_some_and(|age| age > ABANDONED)
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
