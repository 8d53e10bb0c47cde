//! Providers: what makes the things outside of the store that a project needs.
//!
//! Owns: what every provider is told and tells. Must not know: runs, steps, rows.
//!
//! A provider is a trait in the platform's words. Whoever implements it keeps three promises: to ensure something that is there
//! changes nothing; what it did not make for this project it neither takes over nor removes; to remove what is not there is no
//! failure. So every act can be repeated, by whichever process, after any interruption.
//!
//! A process that was frozen in the midst of an act wakes up long after another took its run. So acts on the same thing take turns,
//! and whoever has the turn asks the [`Fence`] of its mark before it makes or removes anything. A call that is on its way at that time
//! reaches the provider all the same: what it makes is looked after by `late`.

pub mod cloud;
pub mod cloudflare;
pub mod database_host;
pub mod edge_host;
pub mod github;
mod late;
pub mod neon;
pub mod postman;
pub mod source_host;

use std::fmt::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::ProvisionErrorDetails;
use futures_util::future::{BoxFuture, ready};
use uuid::Uuid;

use crate::postgres::Cluster;
use crate::repositories::Repositories;
use crate::sealing::Sealer;
use crate::settings::{Database, Databases, Settings};
use crate::store::{Store, Write};
use cloud::Client;
use cloudflare::Cloudflare;
use database_host::{OwnDatabaseHost, Which};
use edge_host::OwnEdgeHost;
use github::Github;
use neon::Neon;
use postman::Postman;
use source_host::SourceHost;

/// The providers of this installation.
#[derive(Clone)]
pub struct Providers {
    /// Where repositories are.
    pub source: Arc<dyn SourceHost>,
    /// Where databases of environments are, but for projects that have them at Neon.
    pub databases: Arc<dyn OwnDatabaseHost>,
    /// Where workers of environments run, but for projects that have them at Cloudflare.
    pub edge: Arc<dyn OwnEdgeHost>,
    /// GitHub, for projects that are connected to it.
    pub github: Github,
    /// Neon, for projects that are connected to it.
    pub neon: Neon,
    /// Postman, for projects that are connected to it.
    pub postman: Postman,
    /// Cloudflare, for projects that are connected to it.
    pub cloudflare: Cloudflare,
}

/// Whose a resource is, told to a provider with every act.
#[derive(Debug, Clone)]
pub struct Mark {
    /// The project.
    pub project: Uuid,
    /// The environment's name, or `all`.
    pub environment: String,
    /// `<projectId>-<resource>-<environment>`.
    pub key: String,
    /// Whether the act may still be done.
    pub fence: Arc<dyn Fence>,
}

impl Mark {
    /// The same for whoever takes away what it has made itself, for which it needs nobody's leave.
    fn free(&self) -> Self {
        Self {
            fence: Arc::new(Free),
            ..self.clone()
        }
    }
}

/// What a provider has and what bears our mark.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Marked {
    /// The project that it was made for.
    pub project: Uuid,
    /// The environment's name.
    pub environment: String,
}

impl Marked {
    /// Whose something is that was made under a key; `None`: the key is none of such resources.
    #[must_use]
    pub fn of(key: &str, resource: &str) -> Option<Self> {
        let (project, environment) = key.split_once(&format!("-{resource}-"))?;
        Some(Self {
            project: project.parse().ok()?,
            environment: Some(environment.to_owned()).filter(|name| !name.is_empty())?,
        })
    }
}

/// Knows whether who acts for a mark may still do so.
pub trait Fence: fmt::Debug + Send + Sync {
    /// Fails when another process acts instead by now. `within`: a transaction to ask in, for whoever has one open.
    fn check<'a>(&'a self, within: Option<&'a Write>) -> BoxFuture<'a, Result<(), Failure>>;

    /// What becomes of something with this id that the act has made and that nobody took notice of. Whoever acts for no one but itself
    /// keeps it.
    fn fate<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Fate, Failure>> {
        let _ = id;
        Box::pin(ready(Ok(Fate::Kept)))
    }

    /// Waits until whoever acts has come to an end with it; whether another process had taken it over by then. Whoever acts for no one
    /// but itself loses nothing.
    fn is_lost(&self) -> BoxFuture<'_, bool> {
        Box::pin(ready(false))
    }
}

/// What becomes of something that was made too late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Whoever acts has not come to an end.
    Undecided,
    /// It is what the act came to.
    Kept,
    /// The act came to something else.
    Other,
    /// The act came to nothing, or what it came to is gone.
    Nothing,
    /// All that was made for the project is gone.
    Gone,
}

/// The fence of what changes nothing that others may be at: it needs nobody's leave.
#[derive(Debug, Clone, Copy)]
pub struct Free;

impl Fence for Free {
    fn check<'a>(&'a self, _: Option<&'a Write>) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(ready(Ok(())))
    }
}

/// The fence of whoever only looks: nothing is made or taken away for it.
#[derive(Debug, Clone, Copy)]
pub struct Never;

impl Fence for Never {
    fn check<'a>(&'a self, _: Option<&'a Write>) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(ready(Err(Failure::internal(
            "whoever only looks was about to change something",
        ))))
    }
}

/// What a provider made, or found made.
#[derive(Debug, Clone, Default)]
pub struct Made {
    /// The provider's own id.
    pub external_id: Option<String>,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub url: Option<String>,
    /// Ids of what was made beside it.
    pub beside: Vec<String>,
}

impl Providers {
    /// Those of this machine, for which nobody needs an account, and those in the cloud, for projects that are connected.
    #[must_use]
    pub fn new(
        settings: &Settings,
        store: &Store,
        repositories: &Repositories,
        sealer: &Sealer,
        cloud: Client,
    ) -> Self {
        let files = || database_host::Files::new(&settings.data, store.clone());
        let which = match (&settings.databases, &settings.database) {
            (Databases::None, _) => None,
            (Databases::Postgres(address), _) | (Databases::Auto, Database::Postgres(address)) => {
                Some(Which::Named(address.clone()))
            }
            (Databases::Auto, Database::Sqlite(_)) => {
                Some(Which::Own(Cluster::new(&settings.data, settings.postgres.clone())))
            }
        };
        let databases: Arc<dyn OwnDatabaseHost> = match which {
            Some(which) => {
                // Files were there on SQLite alone.
                let former = matches!(settings.database, Database::Sqlite(_)).then(files);
                Arc::new(database_host::Server::new(which, former, sealer.clone()))
            }
            None => Arc::new(files()),
        };
        Self {
            source: Arc::new(source_host::OwnHost::new(repositories.clone())),
            databases,
            edge: Arc::new(edge_host::LocalHost::new(
                &settings.data,
                sealer.clone(),
                settings.workerd.clone(),
            )),
            github: Github::new(cloud.clone(), settings.github.clone(), sealer),
            neon: Neon::new(cloud.clone(), settings.neon.clone(), sealer),
            cloudflare: Cloudflare::new(cloud.clone(), settings.cloudflare.clone(), sealer),
            postman: Postman::new(cloud, settings.postman.clone(), sealer),
        }
    }
}

/// Something of that name is there and was not made for this project.
#[must_use]
pub fn foreign(mark: &Mark) -> Failure {
    Failure::new(ErrorCode::ProvisionResourceForeign).with_details(ProvisionErrorDetails {
        resource_key: Some(mark.key.clone()),
        ..ProvisionErrorDetails::default()
    })
}

/// The `file:` address of a path.
#[must_use]
pub fn file_url(path: &Path) -> String {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut url = "file://".to_owned();
    for byte in whole.to_string_lossy().bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' => url.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => url.push(char::from(byte)),
            byte => {
                let _ = write!(url, "%{byte:02X}");
            }
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_any_path_is_one() {
        assert_eq!(file_url(Path::new("/a b/ü.git")), "file:///a%20b/%C3%BC.git");
    }
}
