//! Copies of a database as it was before deployments, on the server that it is on.
//!
//! Owns: what such a copy is called and marked with, how many of them there are, and the exchange of a database for one. Must not know:
//! what a deployment is, turns.
//!
//! Postgres keeps no history of a single database, so what is to be gone back to is copied. Whoever goes back loses nothing: what was
//! there until then takes the name of a copy in the same transaction in which the other one takes its own.

use std::time::Duration;

use chrono::Utc;
use flaresmith_api::errors::{ErrorCode, Failure};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};
use uuid::Uuid;

use super::alone::Alone;
use super::named::{self, MARK};
use super::server::refused;
use super::{branch, role};
use crate::providers::{Mark, foreign};
use crate::store::{code, failed};

/// How many there are of a database at most. Each takes as much room as the database did.
pub(super) const MOST: usize = 5;

/// The largest database that is copied, in bytes: a deployment waits for the copy.
const LARGEST: i64 = 1 << 30;

/// How often an exchange is tried while somebody connects, and the pause after each.
const TRIES: usize = 40;
const PAUSE: Duration = Duration::from_millis(250);

/// A copy that is there.
struct Copy {
    /// Its name on the server.
    name: String,
    /// When it was made, in milliseconds.
    at: i64,
    /// The deployment before which it was made.
    before: Uuid,
}

/// What the comment on a copy of an environment's database begins with; the time and the id of the deployment follow.
fn beginning(mark: &Mark) -> String {
    format!("{MARK}{}-kept-{} ", mark.project, mark.environment)
}

/// Makes a copy, unless it is there; whether it is. There is none of a database that is too large, or in use without a pause. The oldest go
/// when there are too many.
///
/// # Errors
/// The server refuses.
pub(super) async fn keep(alone: &Alone, name: &str, mark: &Mark, before: Uuid) -> Result<bool, Failure> {
    let connection = &alone.connection;
    let mut all = all(connection, mark).await?;
    if all.iter().any(|copy| copy.before == before) {
        return Ok(true);
    }
    if size(connection, name).await? > LARGEST {
        return Ok(false);
    }
    // One more is about to come.
    all.sort_by_key(|copy| copy.at);
    let too_many = (all.len() + 1).saturating_sub(MOST);
    for copy in all.iter().take(too_many) {
        alone.drop_whole(&copy.name).await?;
    }
    // Without its comment it is one that was not finished, and goes with the next.
    let beside = format!("{}{}", named::beginning(mark), named::random());
    match branch::copy(connection, &beside, name).await {
        Err(failure) if failure.code() == ErrorCode::IntegrationNeonConflict => return Ok(false),
        done => done?,
    }
    let copy = named::kept(mark, before);
    let finish = [
        renamed(&beside, &copy),
        role::closes(&copy),
        marked(&copy, mark, before),
    ];
    alone.say(&finish.join("; ")).await?;
    Ok(true)
}

/// How much room a database takes, in bytes.
async fn size(connection: &DatabaseConnection, name: &str) -> Result<i64, Failure> {
    let asked = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT pg_database_size($1::name) AS size",
        [name.into()],
    );
    let row = connection.query_one_raw(asked).await.map_err(failed)?;
    row.map_or(Ok(0), |row| row.try_get("", "size").map_err(failed))
}

/// Whether there is a copy from before a deployment.
///
/// # Errors
/// The server does not answer.
pub(super) async fn is_kept(connection: &DatabaseConnection, mark: &Mark, before: Uuid) -> Result<bool, Failure> {
    let all = all(connection, mark).await?;
    Ok(all.iter().any(|copy| copy.before == before))
}

/// Puts what a database was before a deployment in its place. What was there until then is kept as a copy from before `own`; where that
/// is there already, all of it was done.
///
/// # Errors
/// There is no such copy, somebody connects again and again, or the server refuses.
pub(super) async fn restore(alone: &Alone, name: &str, mark: &Mark, before: Uuid, own: Uuid) -> Result<(), Failure> {
    let connection = &alone.connection;
    let all = all(connection, mark).await?;
    let of = |wanted: Uuid| all.iter().find(|copy| copy.before == wanted);
    if of(own).is_some() {
        return Ok(());
    }
    let from = of(before).ok_or_else(gone)?;
    let beside = format!("{}{}", named::beginning(mark), named::random());
    branch::copy(connection, &beside, &from.name).await?;
    let kept = named::kept(mark, own);
    let text = named::text(mark).replace('\'', "''");
    // One message is one transaction: the environment has the one or the other, never none. What is kept is not the worker's any more.
    let exchange = [
        renamed(name, &kept),
        format!("ALTER DATABASE \"{kept}\" OWNER TO CURRENT_USER"),
        role::closes(&kept),
        marked(&kept, mark, own),
        renamed(&beside, name),
        role::gives(name),
        format!("COMMENT ON DATABASE \"{name}\" IS '{text}'"),
    ];
    let exchange = exchange.join("; ");
    for _ in 0..TRIES {
        ended(connection, name).await?;
        match connection.execute_unprepared(&exchange).await {
            // 55006: object_in_use. A worker connects anew with every request.
            Err(error) if code(&error).as_deref() == Some("55006") => tokio::time::sleep(PAUSE).await,
            done => return done.map(|_| ()).map_err(refused),
        }
    }
    alone.drop_whole(&beside).await?;
    Err(Failure::new(ErrorCode::IntegrationNeonConflict)
        .with_message("Somebody connects to the database again and again, so no other can take its place."))
}

/// Drops all of them.
///
/// # Errors
/// The server refuses.
pub(super) async fn remove(alone: &Alone, mark: &Mark) -> Result<(), Failure> {
    for copy in all(&alone.connection, mark).await? {
        alone.drop_whole(&copy.name).await?;
    }
    Ok(())
}

/// A refusal to go back to what is not kept any more.
pub(super) fn gone() -> Failure {
    Failure::new(ErrorCode::EnvRollbackUnavailable).with_message(format!(
        "No copy of the database from then is kept: there are those from before the newest {MOST} deployments, and none is made of a \
         database that is larger than 1 GiB or in use without a pause."
    ))
}

async fn all(connection: &DatabaseConnection, mark: &Mark) -> Result<Vec<Copy>, Failure> {
    let beginning = beginning(mark);
    let mut found = Vec::new();
    for (name, text) in branch::marked(connection, &beginning).await? {
        let told = text.strip_prefix(&beginning).and_then(|told| told.split_once(' '));
        let told = told.and_then(|(at, before)| Some((at.parse().ok()?, before.parse().ok()?)));
        // What bears the mark and says nothing more was written by somebody else.
        let (at, before) = told.ok_or_else(|| foreign(mark))?;
        found.push(Copy { name, at, before });
    }
    Ok(found)
}

/// Ends everybody's connections to a database, whatever they are in the midst of.
async fn ended(connection: &DatabaseConnection, name: &str) -> Result<(), Failure> {
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()",
        [name.into()],
    );
    connection.query_all_raw(statement).await.map(|_| ()).map_err(failed)
}

fn renamed(from: &str, to: &str) -> String {
    format!("ALTER DATABASE \"{from}\" RENAME TO \"{to}\"")
}

fn marked(name: &str, mark: &Mark, before: Uuid) -> String {
    let at = Utc::now().timestamp_millis();
    let text = format!("{}{at} {before}", beginning(mark)).replace('\'', "''");
    format!("COMMENT ON DATABASE \"{name}\" IS '{text}'")
}
