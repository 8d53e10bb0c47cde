//! A database as a copy of another one on the same server.
//!
//! Owns: how it is copied while others use the original, and that everything in the copy changes hands. Must not know: marks, turns.
//!
//! Postgres copies a database only while nobody else is connected to it. A worker that has nothing to do keeps connections open all the
//! same, so those that are idle are ended: whoever had one connects anew with the next request. One in the midst of something is waited for.

use std::time::Duration;

use flaresmith_api::errors::{ErrorCode, Failure};
use reqwest::Url;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement};

use super::server::{connected, refused};
use crate::settings::Hidden;
use crate::store::{code, failed};

/// How often it is tried while somebody is connected, and the pause after each.
const TRIES: usize = 40;
const PAUSE: Duration = Duration::from_millis(250);

/// How long a database may take to answer before it counts as one that does not.
const LONGEST: Duration = Duration::from_secs(5);

/// What gives everything in a database that one role owns to another one. `REASSIGN OWNED` would take databases along.
const HAND_OVER: &str = r"
DO $hand_over$
DECLARE
    former oid := (SELECT oid FROM pg_roles WHERE rolname = '{from}');
    found text;
BEGIN
    FOR found IN SELECT quote_ident(nspname) FROM pg_namespace WHERE nspowner = former LOOP
        EXECUTE format('ALTER SCHEMA %s OWNER TO {to}', found);
    END LOOP;
    FOR found IN SELECT c.oid::regclass::text FROM pg_class c
        WHERE c.relowner = former AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND NOT EXISTS
            (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i'))
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO {to}', found);
    END LOOP;
    FOR found IN SELECT t.oid::regtype::text FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
        WHERE t.typowner = former AND (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND c.relkind = 'c'))
    LOOP
        EXECUTE format('ALTER TYPE %s OWNER TO {to}', found);
    END LOOP;
    FOR found IN SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.proowner = former LOOP
        EXECUTE format('ALTER ROUTINE %s OWNER TO {to}', found);
    END LOOP;
END
$hand_over$";

/// Makes a copy of a database under another name.
pub(super) async fn copy(connection: &DatabaseConnection, name: &str, source: &str) -> Result<(), Failure> {
    let idle = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = $1 AND state = 'idle' AND pid <> pg_backend_pid()";
    for _ in 0..TRIES {
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, idle, [source.into()]);
        connection.query_all_raw(statement).await.map_err(failed)?;
        let made = connection
            .execute_unprepared(&format!("CREATE DATABASE \"{name}\" TEMPLATE \"{source}\""))
            .await;
        match made {
            // 55006: object_in_use.
            Err(error) if code(&error).as_deref() == Some("55006") => tokio::time::sleep(PAUSE).await,
            made => return made.map(|_| ()).map_err(refused),
        }
    }
    Err(Failure::new(ErrorCode::IntegrationNeonConflict)
        .with_message("The database that is to be copied is in use without a pause."))
}

/// Gives everything in a database to the role of its name that the role of another name owns. Repeated it finds nothing.
pub(super) async fn hand_over(address: &Hidden, name: &str, from: &str) -> Result<(), Failure> {
    let connection = connected(&within(address, name)?).await?;
    let statement = HAND_OVER
        .replace("{from}", from)
        .replace("{to}", &format!("\"{name}\""));
    let done = connection.execute_unprepared(&statement).await;
    let _ = connection.close().await;
    done.map(|_| ()).map_err(refused)
}

/// Names of databases whose comment begins so, each with all of it.
pub(super) async fn marked(connection: &DatabaseConnection, beginning: &str) -> Result<Vec<(String, String)>, Failure> {
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT name, mark FROM (SELECT datname::text AS name, shobj_description(oid, 'pg_database') AS mark FROM pg_database) AS marks \
         WHERE starts_with(mark, $1)",
        [beginning.into()],
    );
    let rows = connection.query_all_raw(statement).await.map_err(failed)?;
    let told = |row: &QueryResult| Ok((row.try_get("", "name")?, row.try_get("", "mark")?));
    let told: Result<_, DbErr> = rows.iter().map(told).collect();
    told.map_err(failed)
}

/// Whether a database answers on the server that another one is on.
pub(super) async fn answers(address: &Hidden, name: &str) -> bool {
    match within(address, name) {
        Ok(address) => answers_at(&address).await,
        Err(_) => false,
    }
}

/// Whether a database answers.
pub(super) async fn answers_at(address: &Hidden) -> bool {
    let ask = async {
        let connection = connected(address).await.ok()?;
        let asked = connection.execute_unprepared("SELECT 1").await;
        let _ = connection.close().await;
        asked.ok()
    };
    matches!(tokio::time::timeout(LONGEST, ask).await, Ok(Some(_)))
}

/// The address of a database on the server that another one is on.
pub(super) fn within(address: &Hidden, name: &str) -> Result<Hidden, Failure> {
    let mut url = Url::parse(address.expose())
        .map_err(|_| Failure::internal("the address of the database server cannot be read"))?;
    url.set_path(name);
    Ok(Hidden::new(url))
}
