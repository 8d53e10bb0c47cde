//! Where the databases of environments are.
//!
//! Owns: what the platform asks of such a host. Must not know: runs, steps, rows, and what will be in a database.

mod alone;
mod branch;
mod files;
mod kept;
mod migrate;
mod named;
mod neon;
mod role;
mod server;

use chrono::TimeDelta;
use flaresmith_api::errors::{ErrorCode, Failure};
use futures_util::future::{BoxFuture, ready};

use uuid::Uuid;

use super::{Made, Mark, Marked};
use crate::sealing::digest;
use crate::settings::Hidden;
pub use files::Files;
pub use neon::AtNeon;
pub use server::{Server, Which};

/// What stands between the statements of one migration.
const BREAK: &str = "--> statement-breakpoint";

/// How a worker reaches its database.
#[derive(Debug, Clone)]
pub struct Reached {
    /// Its address, with a password.
    pub address: Hidden,
    /// Where it is, as networks that a worker may be let into.
    pub networks: Vec<String>,
}

/// A change of the tables of a database, in the form of drizzle-kit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Its name.
    pub name: String,
    /// When it was written, in milliseconds; the order of migrations.
    pub at: i64,
    /// Its statements, with breaks between them.
    pub text: String,
}

impl Migration {
    /// Its digest, hexadecimal digits.
    #[must_use]
    pub fn hash(&self) -> String {
        digest(self.text.as_bytes()).trim_start_matches("sha256:").to_owned()
    }

    /// Its statements, in the order in which they are made.
    pub fn statements(&self) -> impl Iterator<Item = &str> {
        self.text.split(BREAK).filter(|text| !text.trim().is_empty())
    }

    /// Whether a database has not seen it whose newest was written then.
    #[must_use]
    pub const fn is_after(&self, newest: i64) -> bool {
        self.at > newest
    }
}

/// The moment before a deployment began to change a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The deployment.
    pub before: Uuid,
    /// How long ago it was.
    pub ago: TimeDelta,
}

/// A refusal to take a database back.
fn unavailable(why: &str) -> Failure {
    Failure::new(ErrorCode::EnvRollbackUnavailable).with_message(why)
}

/// A host of databases.
pub trait DatabaseHost: Send + Sync + 'static {
    /// The environment's own database, if it is there.
    ///
    /// Fails with `PROVISION_RESOURCE_FOREIGN` when one stands there that is not its own.
    fn look_database<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<Option<Made>, Failure>>;

    /// When the newest migration was written that the database has seen, in milliseconds, zero when it has seen none or is not there;
    /// `None`: none is ever made in such a database.
    fn migrated<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<Option<i64>, Failure>>;

    /// Makes sure that the environment has a database of its own, marked as such.
    ///
    /// Fails with `PROVISION_RESOURCE_FOREIGN` when one stands there that is not its own.
    fn ensure_database<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<Made, Failure>>;

    /// Makes sure that the environment has a database of its own that began as a copy of another environment's. One that is there stays
    /// as it is.
    ///
    /// Fails with `PROVISION_RESOURCE_FOREIGN` when one stands there that is not its own, with `INTEGRATION_NEON_CONFLICT` when the other
    /// one is never at rest.
    fn branch_database<'a>(&'a self, mark: &'a Mark, of: &'a Mark) -> BoxFuture<'a, Result<Made, Failure>>;

    /// How the environment's worker reaches it; `None`: it cannot.
    fn reached<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<Option<Reached>, Failure>>;

    /// Makes those of these changes that the database has not seen, oldest first, all or none of them.
    ///
    /// Fails with `DEPLOYMENT_MIGRATION_FAILED` when one of them is refused.
    fn migrate<'a>(&'a self, mark: &'a Mark, migrations: Vec<Migration>) -> BoxFuture<'a, Result<(), Failure>>;

    /// Sees to it that the database can go back to what is in it now, which a deployment is about to change; whether it can. Repeated for
    /// the same deployment it changes nothing.
    fn keep_before<'a>(&'a self, mark: &'a Mark, deployment: Uuid) -> BoxFuture<'a, Result<bool, Failure>>;

    /// Whether the database can go back to a moment; nothing is changed to find out.
    ///
    /// Fails with `ENV_ROLLBACK_UNAVAILABLE` when it cannot, and says why.
    fn reaches_back<'a>(&'a self, mark: &'a Mark, to: &'a Moment) -> BoxFuture<'a, Result<(), Failure>>;

    /// Takes the database back to a moment, with everything in it. What was in it until then is kept as what was there before the
    /// deployment `own`; repeated with that, it changes nothing.
    ///
    /// Fails with `ENV_ROLLBACK_UNAVAILABLE` when it cannot go back there.
    fn take_back<'a>(&'a self, mark: &'a Mark, to: &'a Moment, own: Uuid) -> BoxFuture<'a, Result<(), Failure>>;

    /// Removes it with everything in it, and all that was kept of it.
    ///
    /// Fails with `PROVISION_RESOURCE_FOREIGN` when it is not the environment's own.
    fn remove_database<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<(), Failure>>;
}

/// A host that is asked about all of its databases, as often as anybody likes: on this machine, or on a server that the settings name.
pub trait OwnDatabaseHost: DatabaseHost {
    /// Every database that bears the mark of an environment, of whichever project.
    fn marked(&self) -> BoxFuture<'_, Result<Vec<Marked>, Failure>>;

    /// Whether the environment's database can be reached and answers; `None`: nobody is to reach it.
    fn probe<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<Option<bool>, Failure>>;

    /// Sees to it that databases which were made can be reached. It is called again and again for as long as there are any.
    fn keep(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(ready(Ok(())))
    }

    /// Nothing more is asked for: what runs for this process alone ends.
    fn end(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(ready(Ok(())))
    }
}
