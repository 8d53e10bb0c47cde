//! Where the databases of environments are.
//!
//! Owns: what the platform asks of such a host. Must not know: runs, steps, rows, and what will be in a database.

mod files;
mod server;

use flaresmith_api::errors::Failure;
use futures_util::future::BoxFuture;

use super::{Made, Mark};
use crate::settings::Hidden;
pub use files::Files;
pub use server::Server;

/// A host of databases.
pub trait DatabaseHost: Send + Sync + 'static {
    /// Makes sure that the environment has a database of its own, marked as such.
    ///
    /// Fails with `PROVISION_RESOURCE_FOREIGN` when one stands there that is not its own.
    fn ensure_database<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<Made, Failure>>;

    /// The address under which the environment's worker finds it; `None`: it has none that could be told.
    fn address(&self, mark: &Mark) -> Option<Hidden> {
        let _ = mark;
        None
    }

    /// Removes it with everything in it.
    ///
    /// Fails with `PROVISION_RESOURCE_FOREIGN` when it is not the environment's own.
    fn remove_database<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<(), Failure>>;
}
