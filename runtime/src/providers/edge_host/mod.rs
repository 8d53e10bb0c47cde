//! Where the workers of environments run.
//!
//! Owns: what the platform asks of such a host. Must not know: runs, steps, rows, and what a worker does.

mod answering;
mod cloudflare;
mod config;
mod keeper;
mod local;
mod place;
mod port;
mod probe;
mod process;
mod ready;

use std::path::PathBuf;

use flaresmith_api::errors::Failure;
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::{Made, Mark, Marked};
use crate::settings::Hidden;
pub use cloudflare::AtCloudflare;
pub(in crate::providers) use config::{COMPATIBILITY, FLAGS};
pub use local::LocalHost;
pub use probe::Probed;

/// A version of a worker. Once it is there, nothing about it changes.
#[derive(Debug, Clone)]
pub struct Version {
    /// Its id.
    pub id: Uuid,
    /// The one module that it is, JavaScript.
    pub module: Vec<u8>,
    /// Names and values that it finds in its environment. All are taken to be secret.
    pub bindings: Vec<(String, Hidden)>,
    /// Networks beside the public one that it may reach, such as that of its database.
    pub networks: Vec<String>,
    /// What it is to be run with, when the settings name nothing else: a file of the host's own machine.
    pub runtime: Option<PathBuf>,
}

/// How a worker stands that is there. Ids of versions are the host's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The version that answers; `None`: none, or several at once.
    pub active: Option<String>,
    /// The version that was asked for, if the host has it.
    pub wanted: Option<String>,
}

/// A host of workers.
pub trait EdgeHost: Send + Sync + 'static {
    /// How the environment's own worker stands, if it is there, and whether it has a version.
    ///
    /// Fails with `PROVISION_RESOURCE_FOREIGN` when something stands there that is not its own.
    fn look_worker<'a>(
        &'a self,
        mark: &'a Mark,
        version: Option<Uuid>,
    ) -> BoxFuture<'a, Result<Option<Standing>, Failure>>;

    /// Makes sure that the environment has a worker of its own, marked as such, and an address that stays. Without an active version
    /// nothing answers there.
    ///
    /// Fails with `PROVISION_RESOURCE_FOREIGN` when something stands there that is not its own.
    fn ensure_worker<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<Made, Failure>>;

    /// Puts a version there. It is not active yet. One that is there under its id is left as it is.
    fn put_version<'a>(&'a self, mark: &'a Mark, version: Version) -> BoxFuture<'a, Result<(), Failure>>;

    /// Goes back to another version, as the one of an id; which is to be activated then: that one, or one that is the same.
    ///
    /// Fails with `ENV_ROLLBACK_UNAVAILABLE` when it is not there.
    fn repeat_version<'a>(&'a self, mark: &'a Mark, of: Uuid, id: Uuid) -> BoxFuture<'a, Result<Uuid, Failure>>;

    /// Makes a version the one that answers. It is tried first: until it answers, the former one does. What the host calls that version, if
    /// it has a name of its own for it.
    ///
    /// Fails with `DEPLOYMENT_NOT_READY` when it does not answer, with `DEPLOYMENT_RUNTIME_MISSING` when it cannot be run.
    fn activate<'a>(&'a self, mark: &'a Mark, id: Uuid) -> BoxFuture<'a, Result<Option<String>, Failure>>;

    /// Removes the worker with all of its versions.
    ///
    /// Fails with `PROVISION_RESOURCE_FOREIGN` when it is not the environment's own.
    fn remove_worker<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<(), Failure>>;
}

/// A host that runs its workers by itself and is asked about all of them: this machine.
pub trait OwnEdgeHost: EdgeHost {
    /// Whether a version is there.
    fn has_version<'a>(&'a self, mark: &'a Mark, id: Uuid) -> BoxFuture<'a, Result<bool, Failure>>;

    /// Which version is active.
    fn active<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<Option<Uuid>, Failure>>;

    /// Every worker that bears the mark of an environment, of whichever project.
    fn marked(&self) -> BoxFuture<'_, Result<Vec<Marked>, Failure>>;

    /// Begins to run what is active, until [`EdgeHost::end`].
    fn begin(&self) -> Result<(), Failure>;

    /// Stops everything that runs; what is under way may finish.
    fn end(&self) -> BoxFuture<'_, ()>;

    /// The workers that this process runs and that have something to answer with.
    fn running(&self) -> Vec<Marked>;

    /// Looks at those of these workers that this process runs.
    fn probe<'a>(&'a self, which: &'a [Marked]) -> BoxFuture<'a, Vec<Probed>>;
}
