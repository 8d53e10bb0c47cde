//! The store: one code path over SQLite and Postgres.
//!
//! Owns: connecting, writing in transactions, and what every list and every change of a row has in common. Must not know: what
//! is stored; the entities are generated (`flaresmith_store`).
//!
//! - Reads go through [`Store::read`]. Writes go through [`Store::begin`], single statements too: SQLite takes one writer at a
//!   time, and whoever waits for a turn here waits in order and without failing.
//! - Moments come from the [`Clock`](crate::clock::Clock), ids from [`new_id`]: SQLite makes neither.
//! - A change of a row that has a version goes through [`version`]; a list goes through [`page`].

pub mod changes;
mod connect;
pub mod cursor;
pub mod expired;
mod follow;
pub mod idempotency;
pub mod memo;
mod migrations;
pub mod page;
mod transaction;
pub mod version;

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use flaresmith_api::errors::{ErrorCode, Failure};
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DbBackend, DbErr, QueryResult, RuntimeErr, SqlErr, SqliteTransactionMode,
    Statement, TransactionOptions, TransactionTrait as _, sqlx,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use crate::clock::Clock;
use crate::problem::Problem;
use crate::settings::Database;
use crate::telemetry::span;
use changes::{Changes, Part};
use follow::Following;
pub use transaction::Transaction;

/// An open store. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Store {
    connection: DatabaseConnection,
    /// On SQLite: whose turn it is to write.
    writer: Option<Arc<Semaphore>>,
    /// On SQLite: which of those who work in the background waits for that turn.
    background: Option<Arc<Semaphore>>,
    changes: Arc<Changes>,
    following: Arc<Following>,
}

/// How many connections there are.
#[derive(Debug, Clone, Copy)]
pub struct Connections {
    /// Open ones.
    pub all: u32,
    /// Those that nobody uses.
    pub idle: u32,
}

/// A statement that was carried out.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// Its text.
    pub text: &'a str,
    /// How long it took.
    pub took: Duration,
    /// Whether it failed.
    pub failed: bool,
}

/// A transaction. What is not committed is undone when it goes out of scope.
pub struct Write {
    transaction: Transaction,
    changes: Arc<Changes>,
    _turns: [Option<OwnedSemaphorePermit>; 2],
}

impl Store {
    /// Connects, and brings the tables up to date.
    ///
    /// # Errors
    /// The database cannot be reached, or is another version's.
    pub async fn open(database: &Database, connections: u32, clock: &Clock) -> Result<Self, Problem> {
        let connection = connect::connect(database, connections).await?;
        let turns = || matches!(database, Database::Sqlite(_)).then(|| Arc::new(Semaphore::new(1)));
        let changes = Arc::default();
        let store = Self {
            following: Arc::new(Following::begin(database, &connection, &changes)),
            connection,
            writer: turns(),
            background: turns(),
            changes,
        };
        migrations::run(&store, clock).await?;
        Ok(store)
    }

    /// Has every statement told from now on. Clones that were made before tell nothing.
    pub fn tell_statements(&mut self, tell: impl Fn(&Told<'_>) + Send + Sync + 'static) {
        self.connection.set_metric_callback(move |info| {
            tell(&Told {
                text: &info.statement.sql,
                took: info.elapsed,
                failed: info.failed,
            });
        });
    }

    /// The name of the database system, as telemetry has it.
    #[must_use]
    pub fn system(&self) -> &'static str {
        if self.writer.is_some() { "sqlite" } else { "postgresql" }
    }

    /// How many connections there are now.
    #[must_use]
    pub fn connections(&self) -> Connections {
        let (all, idle) = if self.writer.is_some() {
            let pool = self.connection.get_sqlite_connection_pool();
            (pool.size(), pool.num_idle())
        } else {
            let pool = self.connection.get_postgres_connection_pool();
            (pool.size(), pool.num_idle())
        };
        let idle = u32::try_from(idle).unwrap_or(u32::MAX);
        Connections { all, idle }
    }

    /// For reading outside of a transaction.
    #[must_use]
    pub fn read(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// Tells whether what was read before still holds.
    #[must_use]
    pub fn changes(&self) -> &Arc<Changes> {
        &self.changes
    }

    /// Begins a transaction that writes.
    ///
    /// # Errors
    /// The store cannot be reached.
    pub async fn begin(&self) -> Result<Write, Failure> {
        self.begin_write(None).await.map_err(failed)
    }

    /// The same for work that nobody waits for: of all who do some, one at most stands in the row before somebody's request.
    ///
    /// # Errors
    /// The store cannot be reached.
    pub async fn begin_behind(&self) -> Result<Write, Failure> {
        let behind = taken(self.background.as_ref()).await;
        self.begin_write(behind).await.map_err(failed)
    }

    /// The same, with no other process in a transaction of this name: for work that must happen once.
    ///
    /// # Errors
    /// The store cannot be reached.
    pub async fn begin_alone(&self, name: &str) -> Result<Write, Failure> {
        let write = self.begin().await?;
        write.alone(name).await?;
        Ok(write)
    }

    async fn begin_write(&self, behind: Option<OwnedSemaphorePermit>) -> Result<Write, DbErr> {
        let turn = taken(self.writer.as_ref()).await;
        let options = TransactionOptions {
            sqlite_transaction_mode: turn.is_some().then_some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let (connection, changes) = (self.connection.clone(), Arc::clone(&self.changes));
        let begun = async move {
            Ok(Write {
                transaction: Transaction::new(connection.begin_with_options(options).await?),
                changes,
                _turns: [behind, turn],
            })
        };
        // In a task of its own, which goes on when nobody waits any more: the driver gives a connection back with the transaction open
        // that was being begun, and whoever has it next is in the midst of that without knowing.
        let begun = tokio::spawn(span::carried(span::here(), begun));
        begun
            .await
            .unwrap_or_else(|error| Err(DbErr::Custom(error.to_string())))
    }

    /// Runs one statement that may write what nothing remembered is made from, in a transaction that is nothing but it: for
    /// Postgres, where writers need no turn.
    ///
    /// # Errors
    /// The store fails; nothing was done.
    pub async fn query(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.connection.query_all_raw(statement).await
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), Failure> {
        self.connection.ping().await.map_err(failed)
    }

    /// Closes all connections.
    pub async fn close(self) {
        self.following.end();
        // Nothing can be done about a connection that does not close.
        let _ = self.connection.close().await;
    }
}

async fn taken(turns: Option<&Arc<Semaphore>>) -> Option<OwnedSemaphorePermit> {
    // The semaphore is never closed.
    Arc::clone(turns?).acquire_owned().await.ok()
}

impl Write {
    /// Waits until no other process is in a transaction of this name, and keeps the name until the end of this one. Whoever takes
    /// several names takes them in the same order: `members/…` before `invitations`.
    ///
    /// # Errors
    /// The store fails.
    pub async fn alone(&self, name: &str) -> Result<(), Failure> {
        self.lock("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name)
            .await
    }

    /// Waits until nobody is alone under this name, and lets nobody be until the end of this transaction. Others may do the same
    /// at the same time.
    ///
    /// # Errors
    /// The store fails.
    pub async fn beside(&self, name: &str) -> Result<(), Failure> {
        self.lock("SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))", name)
            .await
    }

    async fn lock(&self, statement: &str, name: &str) -> Result<(), Failure> {
        // Whoever writes to SQLite is alone anyway.
        if self.get_database_backend() == DbBackend::Postgres {
            let statement = Statement::from_sql_and_values(DbBackend::Postgres, statement, [name.into()]);
            self.query_one_raw(statement).await.map_err(failed)?;
        }
        Ok(())
    }

    /// Makes everything that was done in it last.
    ///
    /// # Errors
    /// It could not be made to last; nothing was done.
    pub async fn commit(self) -> Result<(), Failure> {
        self.end().await.map_err(failed)
    }

    async fn end(self) -> Result<(), DbErr> {
        // However it ends, it may have happened.
        let told = Writes {
            part: self.transaction.wrote(),
            changes: self.changes,
        };
        let ended = self.transaction.commit().await;
        drop(told);
        ended
    }
}

/// What is being committed; it counts when this goes.
struct Writes {
    part: Part,
    changes: Arc<Changes>,
}

impl Drop for Writes {
    fn drop(&mut self) {
        self.changes.wrote(self.part);
    }
}

impl Deref for Write {
    type Target = Transaction;

    fn deref(&self) -> &Transaction {
        &self.transaction
    }
}

/// What a caller is told about an error of the database: that the store is away, or that something is wrong here. What exactly
/// is for the log.
pub fn failed(error: DbErr) -> Failure {
    let is_away = matches!(error, DbErr::Conn(_) | DbErr::ConnectionAcquire(_));
    match is_away || passes(&error) {
        true => Failure::new(ErrorCode::ServerStoreUnavailable).with_source(error),
        false => Failure::internal(error),
    }
}

/// What the driver says of an error of a statement.
fn of_driver(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

/// The code of an error that the database system told.
pub fn code(error: &DbErr) -> Option<String> {
    let code = of_driver(error)?.as_database_error()?.code()?;
    Some(code.into_owned())
}

/// Whether the database system will do the same soon: the connection broke (class 08), it has no room or no places left (53), it is
/// stopping (57), somebody uses what was to be changed (55006, 55P03).
fn passes(error: &DbErr) -> bool {
    use sqlx::Error::{Io, PoolClosed, PoolTimedOut};

    // Codes of SQLite are numbers of other lengths.
    let code = code(error).filter(|code| code.len() == 5);
    matches!(of_driver(error), Some(Io(_) | PoolClosed | PoolTimedOut))
        || code.is_some_and(|code| {
            ["08", "53", "57"].iter().any(|class| code.starts_with(class)) || matches!(code.as_str(), "55006" | "55P03")
        })
}

/// Whether a row could not be written because one like it is there.
#[must_use]
pub fn is_taken(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

/// The failure for a row that could not be written: `taken` when one like it is there.
pub fn taken_or_failed(error: DbErr, taken: impl FnOnce() -> Failure) -> Failure {
    if is_taken(&error) { taken() } else { failed(error) }
}

/// A fresh id.
#[must_use]
pub fn new_id() -> Uuid {
    Uuid::new_v4()
}
