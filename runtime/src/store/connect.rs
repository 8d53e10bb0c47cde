//! Connecting to a database.
//!
//! Owns: what is set on connections. Must not know: tables.

use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{Connection as _, Executor as _};
use sea_orm::{ConnectOptions, DatabaseConnection};

use crate::problem::Problem;
use crate::settings::Database;

/// Longest wait for another process that writes to the same SQLite file.
const BUSY: Duration = Duration::from_secs(10);

/// Longest wait for a free connection.
const ACQUIRE: Duration = Duration::from_secs(10);

/// How long Postgres keeps what a transaction holds for somebody who asks it for nothing: a process that is frozen in one would
/// keep all others waiting.
const IDLE: &str = "SET idle_in_transaction_session_timeout = '20s'";

/// Time after which a connection that nobody used is asked whether it is still one.
const UNUSED: Duration = Duration::from_secs(1);

/// Connections to a SQLite file. One writes at a time, the others read.
const READERS: u32 = 8;

/// Opens a pool of connections.
pub(super) async fn connect(database: &Database, connections: u32) -> Result<DatabaseConnection, Problem> {
    match database {
        Database::Sqlite(path) => {
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                std::fs::create_dir_all(folder).map_err(|error| {
                    Problem::new(
                        "STORE_FOLDER",
                        format!("the folder of the database cannot be made: {error}"),
                    )
                    .at(folder.display().to_string())
                    .hint("name another one: `--data FOLDER`")
                })?;
            }
            let file = path.clone();
            let mut options = ConnectOptions::new("sqlite://");
            options
                .max_connections(READERS)
                .acquire_timeout(ACQUIRE)
                // A file does not go away.
                .test_before_acquire(false)
                .sqlx_logging(false)
                .map_sqlx_sqlite_opts(move |options| {
                    options
                        .filename(&file)
                        .create_if_missing(true)
                        .foreign_keys(true)
                        .journal_mode(SqliteJournalMode::Wal)
                        .synchronous(SqliteSynchronous::Full)
                        .busy_timeout(BUSY)
                });
            sea_orm::Database::connect(options).await.map_err(|error| {
                Problem::new(
                    "STORE_UNREACHABLE",
                    format!("the SQLite file cannot be opened: {error}"),
                )
                .at(path.display().to_string())
                .hint("check the path and who may write there, or name another one: `--database sqlite://PATH`")
            })
        }
        Database::Postgres(url) => {
            let mut options = ConnectOptions::new(url.expose());
            options
                .max_connections(connections)
                .acquire_timeout(ACQUIRE)
                .connect_timeout(ACQUIRE)
                .set_application_name("flaresmithd")
                .sqlx_logging(false)
                .test_before_acquire(false)
                .map_sqlx_postgres_pool_opts(|options| {
                    options
                        .after_connect(|connection, _| {
                            Box::pin(async move { connection.execute(IDLE).await.map(|_| ()) })
                        })
                        // The server may have ended one that was not used for a while. To ask before every statement would double
                        // what each costs.
                        .before_acquire(|connection, used| {
                            Box::pin(async move {
                                if used.idle_for > UNUSED {
                                    connection.ping().await?;
                                }
                                Ok(true)
                            })
                        })
                });
            // The error may repeat the address, which may hold a password.
            sea_orm::Database::connect(options).await.map_err(|error| {
                let message = error.to_string().replace(url.expose(), "***");
                Problem::new("STORE_UNREACHABLE", format!("Postgres cannot be reached: {message}"))
                    .hint("check that it runs and that the address, the person and the password are right")
            })
        }
    }
}
