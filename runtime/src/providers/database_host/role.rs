//! The role that an environment's worker has on the server.
//!
//! Owns: its name, its password, and where that is kept. Must not know: what is in a database.
//!
//! It owns the database of its environment and has no rights on any other. Its password is kept encrypted in the comment on it, so that
//! every process of the platform finds it, and whoever reads the server's catalog does not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use flaresmith_api::errors::Failure;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};

use super::server::refused;
use crate::providers::{Mark, foreign};
use crate::sealing::{Sealer, token};
use crate::settings::Hidden;
use crate::store::failed;

/// What is found of a role.
enum Found {
    Nothing,
    Own(Kept),
    Another,
}

/// What the comment on a role of ours holds.
enum Kept {
    /// The password.
    Current(Hidden),
    /// The same under a master key that another has taken the place of.
    Old(Hidden),
    /// Nothing that can be read.
    Lost,
}

/// Makes sure that the role is there; its password. One that is there as it should be costs one look.
pub(super) async fn ensure(
    connection: &DatabaseConnection,
    sealer: &Sealer,
    name: &str,
    mark: &Mark,
) -> Result<Hidden, Failure> {
    let fresh = || token("").map(Hidden::new).map_err(Failure::internal);
    let (password, statements) = match look(connection, sealer, name, mark).await? {
        Found::Another => return Err(foreign(mark)),
        Found::Own(Kept::Current(password)) => return Ok(password),
        Found::Own(Kept::Old(password)) => (password, String::new()),
        // What cannot be read any more is replaced: who has it finds the door closed until it is told the new one.
        Found::Own(Kept::Lost) => (fresh()?, format!("ALTER ROLE \"{name}\" PASSWORD")),
        Found::Nothing => (
            fresh()?,
            format!("CREATE ROLE \"{name}\" LOGIN CONNECTION LIMIT 100 PASSWORD"),
        ),
    };
    // Made of letters, digits, `-` and `_`.
    let statements = match statements.is_empty() {
        true => statements,
        false => format!(
            "{statements} '{}'; GRANT \"{name}\" TO CURRENT_USER; ",
            password.expose()
        ),
    };
    // One message is one transaction: a role without its comment would be nobody's, and a password that is kept nowhere of no use.
    let comment = comment(sealer, mark, &password)?;
    say(
        connection,
        &format!("{statements}COMMENT ON ROLE \"{name}\" IS '{comment}'"),
    )
    .await?;
    Ok(password)
}

/// Makes the database of the same name the role's own, and nobody else's. One that is costs one look.
pub(super) async fn give(connection: &DatabaseConnection, name: &str) -> Result<(), Failure> {
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT FROM pg_database WHERE datname = $1 AND pg_get_userbyid(datdba) = $1",
        [name.into()],
    );
    let given = connection.query_one_raw(statement).await.map_err(failed)?;
    if given.is_some() {
        return Ok(());
    }
    // One message is one transaction: who owns it is seen when nobody else can connect.
    say(connection, &gives(name)).await
}

/// What makes a database the own of the role of the same name.
pub(super) fn gives(name: &str) -> String {
    format!("{}; ALTER DATABASE \"{name}\" OWNER TO \"{name}\"", closes(name))
}

/// What lets nobody into a database but who owns it.
pub(super) fn closes(name: &str) -> String {
    format!("REVOKE CONNECT, TEMPORARY ON DATABASE \"{name}\" FROM PUBLIC")
}

/// Removes the role, once its database is gone.
pub(super) async fn remove(
    connection: &DatabaseConnection,
    sealer: &Sealer,
    name: &str,
    mark: &Mark,
) -> Result<(), Failure> {
    match look(connection, sealer, name, mark).await? {
        Found::Own(_) => say(connection, &format!("DROP ROLE \"{name}\"")).await,
        Found::Nothing | Found::Another => Ok(()),
    }
}

async fn look(connection: &DatabaseConnection, sealer: &Sealer, name: &str, mark: &Mark) -> Result<Found, Failure> {
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT shobj_description(oid, 'pg_authid') AS mark FROM pg_roles WHERE rolname = $1",
        [name.into()],
    );
    let row = connection.query_one_raw(statement).await.map_err(failed)?;
    let Some(row) = row else {
        return Ok(Found::Nothing);
    };
    let found: Option<String> = row.try_get("", "mark").map_err(failed)?;
    let found = found.unwrap_or_default();
    let Some(kept) = found.strip_prefix(&beginning(mark)) else {
        return Ok(Found::Another);
    };
    let opened = kept.split_once(' ').and_then(|(key, bytes)| {
        let bytes = STANDARD_NO_PAD.decode(bytes).ok()?;
        let text = sealer.open(key, &context(mark), &bytes).ok()?;
        let password = Hidden::new(String::from_utf8(text).ok()?);
        Some(match key == sealer.key_id() {
            true => Kept::Current(password),
            false => Kept::Old(password),
        })
    });
    Ok(Found::Own(opened.unwrap_or(Kept::Lost)))
}

fn comment(sealer: &Sealer, mark: &Mark, password: &Hidden) -> Result<String, Failure> {
    let sealed = sealer
        .seal(&context(mark), password.expose().as_bytes())
        .map_err(Failure::internal)?;
    let bytes = STANDARD_NO_PAD.encode(&sealed.bytes);
    Ok(format!("{}{} {bytes}", beginning(mark), sealed.key_id).replace('\'', "''"))
}

/// How the comment begins: whose the role is.
fn beginning(mark: &Mark) -> String {
    format!("Flaresmith {}-database-{} ", mark.project, mark.environment)
}

fn context(mark: &Mark) -> String {
    format!("database_host.role/{}/{}", mark.project, mark.environment)
}

async fn say(connection: &DatabaseConnection, statements: &str) -> Result<(), Failure> {
    let done = connection.execute_unprepared(statements).await;
    done.map(|_| ()).map_err(refused)
}
