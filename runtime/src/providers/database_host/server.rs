//! Databases on a Postgres server: that of the store, another one, or the server's own cluster.
//!
//! Owns: how one is made, known and removed. `named` has what they are called. Must not know: what is in them.
//!
//! The mark of a database is the comment on it. Postgres makes a database and comments on it in two steps, so one is made under
//! another name, marked, and only then given its own: what stands under that without our mark is never ours.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use flaresmith_api::errors::{ErrorCode, Failure};
use futures_util::future::BoxFuture;
use reqwest::Url;
use sea_orm::{ConnectOptions, DatabaseConnection, DbErr};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::alone::{Alone, Found, Template, look};
use super::named::{MARK, name, own};
use super::{DatabaseHost, Files, Migration, Moment, OwnDatabaseHost, Reached, branch, kept, migrate, role};
use crate::postgres::Cluster;
use crate::providers::{Made, Mark, Marked, foreign};
use crate::sealing::Sealer;
use crate::settings::Hidden;
use crate::store::{code, failed};
use crate::telemetry::redact::redacted;

/// Connections of this process beside those of the store, which nobody else counts.
const CONNECTIONS: usize = 4;

/// Which server.
#[derive(Debug, Clone)]
pub enum Which {
    /// One with this address.
    Named(Hidden),
    /// The cluster of the data folder.
    Own(Cluster),
}

/// A Postgres server.
pub struct Server {
    which: Which,
    /// Where environments may have had their databases before.
    former: Option<Files>,
    sealer: Sealer,
    places: Arc<Semaphore>,
}

impl Server {
    /// A server. `former`: files that environments may have instead; nothing but our mark is in them.
    #[must_use]
    pub fn new(which: Which, former: Option<Files>, sealer: Sealer) -> Self {
        Self {
            which,
            former,
            sealer,
            places: Arc::new(Semaphore::new(CONNECTIONS)),
        }
    }

    async fn address(&self) -> Result<Hidden, Failure> {
        match &self.which {
            Which::Named(address) => Ok(address.clone()),
            Which::Own(cluster) => cluster.address().await,
        }
    }

    /// Waits until nobody else works on the database, and keeps it so. A process that dies gives way only when the server has ended
    /// the last thing that it asked for, so what comes of that is seen.
    async fn alone(&self, mark: &Mark) -> Result<Alone, Failure> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(Failure::internal)?;
        Alone::begin(connected(&self.address().await?).await?, place, mark).await
    }
}

impl Server {
    /// Makes sure that the database and its role are there; the role's password.
    async fn ensure(&self, mark: &Mark) -> Result<Hidden, Failure> {
        let name = name(mark);
        let alone = self.alone(mark).await?;
        let done = async {
            alone.ensure(&name, mark, &Template::Empty).await?;
            let password = role::ensure(&alone.connection, &self.sealer, &name, mark).await?;
            role::give(&alone.connection, &name).await?;
            Ok(password)
        }
        .await;
        alone.end().await;
        done
    }

    /// Makes sure that the database is there, as a copy of another one where it is made now, and that all in it is its role's.
    async fn branch(&self, mark: &Mark, of: &Mark) -> Result<(), Failure> {
        self.ensure(of).await?;
        let (name, source) = (name(mark), name(of));
        let alone = self.alone(mark).await?;
        let done = async {
            // Nobody takes the other one away meanwhile. Whoever copies asks for both turns, in this order.
            alone.turn(of).await?;
            alone.ensure(&name, mark, &Template::Of(source.clone())).await?;
            role::ensure(&alone.connection, &self.sealer, &name, mark).await?;
            role::give(&alone.connection, &name).await
        }
        .await;
        alone.end().await;
        done?;
        branch::hand_over(&self.address().await?, &name, &source).await
    }

    /// Does something with the environment's own database while nobody else makes or removes it; `None`: it is not there.
    async fn with_own<'a, T>(
        &'a self,
        mark: &'a Mark,
        work: impl AsyncFnOnce(&Alone, &str) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        if matches!(&self.which, Which::Own(cluster) if !cluster.is_made()) {
            return Ok(None);
        }
        let name = name(mark);
        let alone = self.alone(mark).await?;
        let done = async {
            alone.sweep(mark).await?;
            match look(&alone.connection, &name, mark).await? {
                Found::Own => work(&alone, &name).await.map(Some),
                Found::Nothing => Ok(None),
                Found::Another => Err(foreign(mark)),
            }
        }
        .await;
        alone.end().await;
        done
    }

    /// Whether the environment's own database is there. Nothing is made to look.
    async fn has(&self, mark: &Mark) -> Result<bool, Failure> {
        if matches!(&self.which, Which::Own(cluster) if !cluster.is_made()) {
            return Ok(false);
        }
        let connection = connected(&self.address().await?).await?;
        let found = look(&connection, &name(mark), mark).await;
        let _ = connection.close().await;
        match found? {
            Found::Own => Ok(true),
            Found::Nothing => Ok(false),
            Found::Another => Err(foreign(mark)),
        }
    }

    /// How whoever has the environment's role reaches its database, which is made if it was a file before; `None`: the server listens
    /// on no network.
    async fn reach(&self, mark: &Mark) -> Result<Option<Reached>, Failure> {
        let Some((mut url, host, port)) = on_network(&self.address().await?) else {
            return Ok(None);
        };
        let (name, password) = (name(mark), self.ensure(mark).await?);
        let set = url
            .set_username(&name)
            .and_then(|()| url.set_password(Some(password.expose())));
        set.map_err(|()| Failure::internal("the address of the database server is none"))?;
        url.set_path(&name);
        let found = tokio::net::lookup_host((host, port)).await.map_err(Failure::internal)?;
        let networks = found.map(|found| match found.ip().to_canonical() {
            IpAddr::V4(address) => format!("{address}/32"),
            IpAddr::V6(address) => format!("{address}/128"),
        });
        let networks: BTreeSet<String> = networks.collect();
        Ok(Some(Reached {
            address: Hidden::new(url),
            networks: networks.into_iter().collect(),
        }))
    }
}

/// A connection. One that the server ended is not replaced in silence: what it held would be gone.
pub(super) async fn connected(address: &Hidden) -> Result<DatabaseConnection, Failure> {
    let mut options = ConnectOptions::new(address.expose());
    options
        .max_connections(1)
        .test_before_acquire(false)
        .sqlx_logging(false);
    // The error may repeat the address, which may hold a password.
    sea_orm::Database::connect(options).await.map_err(|error| {
        let cause = redacted(&error.to_string()).into_owned();
        Failure::new(ErrorCode::ServerStoreUnavailable).with_source(cause)
    })
}

/// An address without anything that is the platform's own, its host and its port.
fn on_network(address: &Hidden) -> Option<(Url, String, u16)> {
    let mut url = Url::parse(address.expose()).ok()?;
    let host = url.host_str().filter(|host| !host.is_empty())?;
    let host = host.trim_matches(['[', ']']).to_owned();
    let port = url.port().unwrap_or(5432);
    // How it is encrypted holds for everybody; anything else was said to this program.
    let encrypted = url.query_pairs().find(|(key, _)| key == "sslmode");
    let query = encrypted.map(|(key, value)| format!("{key}={value}"));
    url.set_query(query.as_deref());
    Some((url, host, port))
}

/// What is told of a database of a name. The address of the server may hold a password.
fn told(name: String) -> Made {
    Made {
        external_id: Some(name.clone()),
        name,
        url: None,
        ..Made::default()
    }
}

impl DatabaseHost for Server {
    fn look_database<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<Option<Made>, Failure>> {
        Box::pin(async move {
            let mark = &own(mark);
            if self.has(mark).await? {
                return Ok(Some(told(name(mark))));
            }
            match &self.former {
                Some(former) => former.look_database(mark).await,
                None => Ok(None),
            }
        })
    }

    fn migrated<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<Option<i64>, Failure>> {
        Box::pin(async move {
            let mark = &own(mark);
            match self.has(mark).await? {
                true => {
                    let within = branch::within(&self.address().await?, &name(mark))?;
                    migrate::seen(&within).await.map(Some)
                }
                false => Ok(Some(0)),
            }
        })
    }

    fn ensure_database<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let mark = &own(mark);
            self.ensure(mark).await?;
            Ok(told(name(mark)))
        })
    }

    fn branch_database<'a>(&'a self, mark: &'a Mark, of: &'a Mark) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let (mark, of) = (&own(mark), &own(of));
            self.branch(mark, of).await?;
            Ok(told(name(mark)))
        })
    }

    fn keep_before<'a>(&'a self, mark: &'a Mark, deployment: Uuid) -> BoxFuture<'a, Result<bool, Failure>> {
        Box::pin(async move {
            let mark = &own(mark);
            let kept = self.with_own(mark, async |alone, name| {
                kept::keep(alone, name, mark, deployment).await
            });
            // What is not there yet has nothing in it.
            Ok(kept.await?.unwrap_or(true))
        })
    }

    fn reaches_back<'a>(&'a self, mark: &'a Mark, to: &'a Moment) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let mark = &own(mark);
            if matches!(&self.which, Which::Own(cluster) if !cluster.is_made()) {
                return Err(kept::gone());
            }
            let connection = connected(&self.address().await?).await?;
            let found = kept::is_kept(&connection, mark, to.before).await;
            let _ = connection.close().await;
            match found? {
                true => Ok(()),
                false => Err(kept::gone()),
            }
        })
    }

    fn take_back<'a>(&'a self, mark: &'a Mark, to: &'a Moment, deployment: Uuid) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let mark = &own(mark);
            let done = self.with_own(mark, async |alone, name| {
                kept::restore(alone, name, mark, to.before, deployment).await
            });
            match done.await? {
                Some(()) => Ok(()),
                None => Err(kept::gone()),
            }
        })
    }

    fn remove_database<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let mark = &own(mark);
            if let Some(former) = &self.former {
                former.remove_database(mark).await?;
            }
            // Nothing is made to find nothing in it.
            if matches!(&self.which, Which::Own(cluster) if !cluster.is_made()) {
                return Ok(());
            }
            let alone = self.alone(mark).await?;
            let name = name(mark);
            let done = async {
                alone.remove(&name, mark).await?;
                // What is kept holds things of the role.
                kept::remove(&alone, mark).await?;
                role::remove(&alone.connection, &self.sealer, &name, mark).await
            }
            .await;
            alone.end().await;
            done
        })
    }

    fn reached<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<Option<Reached>, Failure>> {
        Box::pin(async move { self.reach(&own(mark)).await })
    }

    fn migrate<'a>(&'a self, mark: &'a Mark, migrations: Vec<Migration>) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let reached = self.reach(&own(mark)).await?;
            let reached =
                reached.ok_or_else(|| Failure::internal("the database server has no address of the network"))?;
            mark.fence.check(None).await?;
            migrate::migrate(&reached.address, &migrations).await
        })
    }
}

impl OwnDatabaseHost for Server {
    fn marked(&self) -> BoxFuture<'_, Result<Vec<Marked>, Failure>> {
        Box::pin(async move {
            let mut found = match &self.former {
                Some(former) => former.marked().await?,
                None => Vec::new(),
            };
            if matches!(&self.which, Which::Own(cluster) if !cluster.is_made()) {
                return Ok(found);
            }
            let connection = connected(&self.address().await?).await?;
            let listed = branch::marked(&connection, MARK).await;
            let _ = connection.close().await;
            let keys = listed?.into_iter();
            found.extend(keys.filter_map(|(_, mark)| Marked::of(mark.strip_prefix(MARK)?, "neonBranch")));
            Ok(found)
        })
    }

    fn probe<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<Option<bool>, Failure>> {
        Box::pin(async move {
            let mark = &own(mark);
            if matches!(&self.which, Which::Own(cluster) if !cluster.is_made()) {
                return Ok(None);
            }
            Ok(Some(branch::answers(&self.address().await?, &name(mark)).await))
        })
    }

    fn keep(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            match &self.which {
                Which::Own(cluster) if cluster.is_made() => cluster.address().await.map(|_| ()),
                _ => Ok(()),
            }
        })
    }

    fn end(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            match &self.which {
                Which::Own(cluster) => cluster.end().await,
                Which::Named(_) => Ok(()),
            }
        })
    }
}

pub(super) fn refused(error: DbErr) -> Failure {
    // 42501: insufficient_privilege.
    match code(&error).as_deref() {
        Some("42501") => Failure::new(ErrorCode::ProvisionScopeMissing)
            .with_hint(
                "Let the store's user make databases and roles (ALTER ROLE … CREATEDB CREATEROLE), then retry the run.",
            )
            .with_source(error),
        _ => failed(error),
    }
}
