//! Making and removing a database on a Postgres server, alone.
//!
//! Owns: the turn of a database's mark on a connection of its own, and the steps in which one is made there. Must not know: which server
//! it is, what is in a database.

use flaresmith_api::errors::Failure;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};
use tokio::sync::OwnedSemaphorePermit;

use super::branch;
use super::named::{beginning, random, text};
use super::server::refused;
use crate::providers::{Mark, foreign};
use crate::store::failed;

/// How long the server keeps a turn for somebody who asks it for nothing.
const IDLE: &str = "SELECT set_config(name, '30s', false) FROM pg_settings WHERE name = 'idle_session_timeout'";

/// How long is waited for a turn that somebody else has.
const TURN: &str = "SET lock_timeout = '60s'";

/// A connection of its own, on which nobody else makes or removes the database of one environment.
pub(super) struct Alone {
    pub(super) connection: DatabaseConnection,
    _place: OwnedSemaphorePermit,
}

/// What a database begins as.
pub(super) enum Template {
    /// With nothing in it.
    Empty,
    /// As a copy of the one of this name.
    Of(String),
}

/// What is found under a name.
pub(super) enum Found {
    Nothing,
    Own,
    Another,
}

impl Alone {
    /// Takes the turn of a mark on a connection.
    ///
    /// # Errors
    /// It does not come in time, or the server does not answer.
    pub(super) async fn begin(
        connection: DatabaseConnection,
        place: OwnedSemaphorePermit,
        mark: &Mark,
    ) -> Result<Self, Failure> {
        // A process that is frozen would keep all others waiting.
        connection.execute_unprepared(IDLE).await.map_err(failed)?;
        connection.execute_unprepared(TURN).await.map_err(failed)?;
        let alone = Self {
            connection,
            _place: place,
        };
        alone.turn(mark).await?;
        Ok(alone)
    }

    pub(super) async fn turn(&self, mark: &Mark) -> Result<(), Failure> {
        let statement = Statement::from_sql_and_values(
            DbBackend::Postgres,
            "SELECT pg_advisory_lock(hashtextextended($1, 0))",
            [mark.key.as_str().into()],
        );
        self.connection.query_one_raw(statement).await.map_err(failed)?;
        mark.fence.check(None).await
    }

    pub(super) async fn ensure(&self, name: &str, mark: &Mark, template: &Template) -> Result<(), Failure> {
        self.sweep(mark).await?;
        match look(&self.connection, name, mark).await? {
            Found::Own => Ok(()),
            Found::Another => Err(foreign(mark)),
            Found::Nothing => self.make(name, mark, template).await,
        }
    }

    pub(super) async fn remove(&self, name: &str, mark: &Mark) -> Result<(), Failure> {
        self.sweep(mark).await?;
        match look(&self.connection, name, mark).await? {
            Found::Nothing => Ok(()),
            Found::Own => self.drop_whole(name).await,
            Found::Another => Err(foreign(mark)),
        }
    }

    /// Closes the connection, and lets others at it.
    pub(super) async fn end(self) {
        let _ = self.connection.close().await;
    }

    async fn make(&self, name: &str, mark: &Mark, template: &Template) -> Result<(), Failure> {
        let beside = format!("{}{}", beginning(mark), random());
        match template {
            Template::Empty => {
                self.say(&format!("CREATE DATABASE \"{beside}\" TEMPLATE template0"))
                    .await?;
            }
            Template::Of(source) => branch::copy(&self.connection, &beside, source).await?,
        }
        let text = text(mark).replace('\'', "''");
        self.say(&format!("COMMENT ON DATABASE \"{beside}\" IS '{text}'"))
            .await?;
        let renamed = self
            .say(&format!("ALTER DATABASE \"{beside}\" RENAME TO \"{name}\""))
            .await;
        if renamed.is_err() {
            // Whatever has the name by now keeps it.
            self.drop_whole(&beside).await?;
        }
        renamed
    }

    /// Drops what was left by whoever died while making it.
    pub(super) async fn sweep(&self, mark: &Mark) -> Result<(), Failure> {
        let statement = Statement::from_sql_and_values(
            DbBackend::Postgres,
            "SELECT datname::text AS name FROM pg_database WHERE starts_with(datname::text, $1)",
            [beginning(mark).into()],
        );
        let rows = self.connection.query_all_raw(statement).await.map_err(failed)?;
        for row in rows {
            let name: String = row.try_get("", "name").map_err(failed)?;
            self.drop_whole(&name).await?;
        }
        Ok(())
    }

    pub(super) async fn drop_whole(&self, name: &str) -> Result<(), Failure> {
        self.say(&format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)"))
            .await
    }

    /// Outside of a transaction: Postgres makes and drops databases in no other way.
    pub(super) async fn say(&self, statement: &str) -> Result<(), Failure> {
        let done = self.connection.execute_unprepared(statement).await;
        done.map(|_| ()).map_err(refused)
    }
}

/// What stands under a name.
pub(super) async fn look(connection: &DatabaseConnection, name: &str, mark: &Mark) -> Result<Found, Failure> {
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT shobj_description(oid, 'pg_database') AS mark FROM pg_database WHERE datname = $1",
        [name.into()],
    );
    let row = connection.query_one_raw(statement).await.map_err(failed)?;
    let Some(row) = row else {
        return Ok(Found::Nothing);
    };
    let found: Option<String> = row.try_get("", "mark").map_err(failed)?;
    Ok(match found {
        Some(found) if found == text(mark) => Found::Own,
        _ => Found::Another,
    })
}
