//! What a step is.
//!
//! Owns: its shape, and the key that every repeat of it arrives at. Must not know: any step, the journal.

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::entities::{environments, projects};
use flaresmith_store::enums::{Provider, ResourceKind};
use futures_util::future::{BoxFuture, ready};
use uuid::Uuid;

use super::call::{Call, There};
use super::look::Looked;
use crate::platform::Platform;
use crate::providers::{Made, Mark};
use crate::store::Write;

/// What the environments of a project share, where a name of one is asked for.
pub const ALL: &str = "all";

/// A step as a plan has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Its name, one of its run.
    pub name: String,
    /// What it makes or takes away.
    pub resource: Option<ResourceKind>,
    /// The environment it is for; `None`: all of them.
    pub environment: Option<String>,
    /// Names of the steps that must have succeeded before.
    pub needs: Vec<String>,
}

/// What a step works on.
#[derive(Clone)]
pub struct Subject {
    /// Everything there is to work with.
    pub platform: Platform,
    /// The run; of one that deploys, the deployment too.
    pub run: Uuid,
    /// The project.
    pub project: projects::Model,
    /// The environment, where it is for one that is still there.
    pub environment: Option<environments::Model>,
    /// Whose it is, for providers.
    pub mark: Mark,
}

impl Subject {
    /// A transaction that begins while the run is still this process's.
    ///
    /// # Errors
    /// It is somebody else's now, or the store fails.
    pub async fn write(&self) -> Result<Write, Failure> {
        let write = self.platform.store.begin_behind().await?;
        self.mark.fence.check(Some(&write)).await?;
        Ok(write)
    }
}

/// One step. Whatever it does outside of the store may be repeated at any time: it looks before it makes anything.
pub trait Step: Send + Sync {
    /// Does it.
    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>>;

    /// Whether a run goes on without it after a failure: it is left out, says why, and is done when the run is retried. Nothing that is
    /// left out may be what another step needs.
    fn leaves_out(&self, code: ErrorCode) -> bool {
        let _ = code;
        false
    }

    /// What it asks of whoever provides for it, in the order of asking. A request that is not needed is not made.
    fn calls(&self, there: There) -> Vec<Call> {
        let _ = there;
        Vec::new()
    }

    /// What it made, next to what should be; nothing is changed to find out. `None`: it makes nothing that lasts.
    fn look<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Option<Looked>, Failure>> {
        let _ = on;
        Box::pin(ready(Ok(None)))
    }

    /// Keeps in the store what was made. Repeated with the same, it changes nothing.
    fn keep<'a>(&'a self, write: &'a Write, on: &'a Subject, made: &'a Made) -> BoxFuture<'a, Result<(), Failure>> {
        let _ = (write, on, made);
        Box::pin(ready(Ok(())))
    }

    /// Undoes it. Nothing is to be done for what lies in something that another step takes away.
    fn undo<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<(), Failure>> {
        let _ = on;
        Box::pin(ready(Ok(())))
    }

    /// Takes out of the store what [`Step::keep`] put there.
    fn forget<'a>(&'a self, write: &'a Write, on: &'a Subject) -> BoxFuture<'a, Result<(), Failure>> {
        let _ = (write, on);
        Box::pin(ready(Ok(())))
    }
}

/// The key of a resource: `<projectId>-<resource>-<environment>`.
#[must_use]
pub fn key(project: Uuid, resource: &str, environment: Option<&str>) -> String {
    format!("{project}-{resource}-{}", environment.unwrap_or(ALL))
}

/// Whose place a resource takes. On this machine the platform itself stands there.
#[must_use]
pub fn provider(resource: ResourceKind) -> Provider {
    match resource {
        ResourceKind::GithubRepo | ResourceKind::GithubCodespace => Provider::Github,
        ResourceKind::NeonProject | ResourceKind::NeonBranch => Provider::Neon,
        ResourceKind::CloudflareWorker | ResourceKind::CloudflarePage => Provider::Cloudflare,
        ResourceKind::PostmanWorkspace | ResourceKind::PostmanCollection => Provider::Postman,
    }
}
