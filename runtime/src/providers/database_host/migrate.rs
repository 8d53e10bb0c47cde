//! Bringing the tables of an environment's database up to date, and asking it for the time.
//!
//! Owns: which migrations a database has seen, kept as drizzle-kit keeps it, so that its own tools agree. Must not know: where
//! migrations come from.

use chrono::{DateTime, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement, TransactionTrait as _};

use super::Migration;
use super::server::connected;
use crate::settings::Hidden;
use crate::store::{code, failed};
use crate::telemetry::redact::redacted;

/// Longest part of an error that is told, in characters.
const LONGEST: usize = 400;

/// Where it is kept what was done; and nobody waits for a migration without end.
const BEGIN: &str = "SET LOCAL statement_timeout = '10min';
SET LOCAL lock_timeout = '60s';
SELECT pg_advisory_xact_lock(hashtextextended('drizzle migrations', 0));
CREATE SCHEMA IF NOT EXISTS drizzle;
CREATE TABLE IF NOT EXISTS drizzle.__drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at bigint)";

/// Makes every change that the database has not seen, in one transaction: all of them, or none.
pub(super) async fn migrate(address: &Hidden, migrations: &[Migration]) -> Result<(), Failure> {
    let connection = connected(address).await?;
    let done = all(&connection, migrations).await;
    let _ = connection.close().await;
    done
}

/// When the newest migration was written that a database has seen; zero: it has seen none.
pub(super) async fn seen(address: &Hidden) -> Result<i64, Failure> {
    let connection = connected(address).await?;
    let found = async {
        let kept = Statement::from_string(
            DbBackend::Postgres,
            "SELECT to_regclass('drizzle.__drizzle_migrations') IS NOT NULL AS kept",
        );
        let row = connection.query_one_raw(kept).await.map_err(failed)?;
        let kept = row.is_some_and(|row| row.try_get("", "kept").unwrap_or_default());
        match kept {
            true => newest(&connection).await,
            false => Ok(0),
        }
    }
    .await;
    let _ = connection.close().await;
    found
}

/// What time it is there.
pub(super) async fn now(address: &Hidden) -> Result<DateTime<Utc>, Failure> {
    let connection = connected(address).await?;
    let asked = Statement::from_string(DbBackend::Postgres, "SELECT clock_timestamp() AS now");
    let found = connection.query_one_raw(asked).await.map_err(failed);
    let _ = connection.close().await;
    let row = found?.ok_or_else(|| Failure::internal("a database does not tell the time"))?;
    row.try_get("", "now").map_err(failed)
}

async fn newest<C: ConnectionTrait>(connection: &C) -> Result<i64, Failure> {
    let newest = Statement::from_string(
        DbBackend::Postgres,
        "SELECT COALESCE(max(created_at), 0) AS newest FROM drizzle.__drizzle_migrations",
    );
    match connection.query_one_raw(newest).await.map_err(failed)? {
        Some(row) => row.try_get("", "newest").map_err(failed),
        None => Ok(0),
    }
}

async fn all(connection: &DatabaseConnection, migrations: &[Migration]) -> Result<(), Failure> {
    let write = connection.begin().await.map_err(failed)?;
    write.execute_unprepared(BEGIN).await.map_err(failed)?;
    let newest = newest(&write).await?;
    for migration in migrations.iter().filter(|migration| migration.is_after(newest)) {
        for statement in migration.statements() {
            let done = write.execute_unprepared(statement).await;
            done.map_err(|error| not_migrated(&migration.name, error))?;
        }
        let kept = Statement::from_sql_and_values(
            DbBackend::Postgres,
            "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ($1, $2)",
            [migration.hash().into(), migration.at.into()],
        );
        write.execute_raw(kept).await.map_err(failed)?;
    }
    write.commit().await.map_err(failed)
}

/// What Postgres says about a statement is for whoever wrote it; what it says about the connection passes.
fn not_migrated(name: &str, error: DbErr) -> Failure {
    let is_answer = code(&error).is_some_and(|code| !["08", "53", "57"].iter().any(|class| code.starts_with(class)));
    if !is_answer {
        return failed(error);
    }
    let why: String = redacted(&error.to_string()).chars().take(LONGEST).collect();
    Failure::new(ErrorCode::DeploymentMigrationFailed)
        .with_message(format!("The migration {name} failed: {why}"))
        .with_source(error)
}
