//! Where the repositories of projects are.
//!
//! Owns: what the platform asks of such a host. Must not know: runs, steps, rows.

mod local;

use flaresmith_api::errors::Failure;
use futures_util::future::BoxFuture;

use super::{Made, Mark};
pub use local::OwnHost;

/// A file that a repository begins with.
#[derive(Debug, Clone)]
pub struct SeedFile {
    /// Its path.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A host of repositories.
pub trait SourceHost: Send + Sync + 'static {
    /// The project's repository, if it is there.
    ///
    /// Fails with `PROVISION_RESOURCE_FOREIGN` when one stands there that is not its own.
    fn look_repository<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<Option<Made>, Failure>>;

    /// The id of the newest commit of a branch, if both it and the repository are there.
    fn look_branch<'a>(&'a self, mark: &'a Mark, branch: &'a str) -> BoxFuture<'a, Result<Option<String>, Failure>>;

    /// Makes sure that there is a repository for the project, marked as its own.
    ///
    /// Fails with `PROVISION_RESOURCE_FOREIGN` when one stands there that is not.
    fn ensure_repository<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<Made, Failure>>;

    /// Makes sure that the default branch has these files. One that is there stays as it is. The id of the newest commit comes back.
    fn ensure_files<'a>(&'a self, mark: &'a Mark, files: Vec<SeedFile>) -> BoxFuture<'a, Result<String, Failure>>;

    /// Makes sure that there is a branch; a new one begins where the default branch is. The id of its newest commit comes back.
    fn ensure_branch<'a>(&'a self, mark: &'a Mark, branch: &'a str) -> BoxFuture<'a, Result<String, Failure>>;

    /// Whether nobody but the platform has committed to the repository, or there is none.
    fn is_untouched<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<bool, Failure>>;

    /// Removes the repository with everything in it.
    ///
    /// Fails with `PROVISION_RESOURCE_FOREIGN` when it is not the project's.
    fn remove_repository<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<(), Failure>>;
}
