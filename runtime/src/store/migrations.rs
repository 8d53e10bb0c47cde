//! Bringing the tables of a database up to date.
//!
//! Owns: the list of changes, and that each is made once, whole, by one process. Must not know: what the tables are for.
//!
//! The first change is the generated schema as it is. While nothing has been released, the data model changes by changing it:
//! a database of another state is refused rather than guessed at.

use flaresmith_store::entities::schema_migrations;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ConnectionTrait as _, DbBackend, DbErr, EntityTrait as _, QueryOrder as _,
    Statement,
};

use super::{Store, Write, follow, new_id};
use crate::clock::Clock;
use crate::problem::Problem;
use crate::sealing::digest;

/// One change of the tables.
struct Migration {
    version: i32,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

/// All of them, oldest first.
const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "the generated schema",
    sqlite: flaresmith_store::SQLITE,
    postgres: flaresmith_store::POSTGRES,
}];

const REFUSED: &str = "the tables cannot be brought up to date";

/// Makes every change that the database has not seen.
pub(super) async fn run(store: &Store, clock: &Clock) -> Result<(), Problem> {
    let write = store.begin_write(None).await.map_err(refused)?;
    let backend = write.get_database_backend();
    write
        .alone("migrations")
        .await
        .map_err(|failure| untouched(Problem::of("STORE_MIGRATION", REFUSED, &failure)))?;
    let seen = match has_table(&write, backend).await.map_err(refused)? {
        true => schema_migrations::Entity::find()
            .order_by_asc(schema_migrations::Column::Version)
            .all(&*write)
            .await
            .map_err(refused)?,
        false => Vec::new(),
    };
    if let Some(newest) = seen
        .last()
        .filter(|row| MIGRATIONS.iter().all(|known| known.version != row.version))
    {
        return Err(Problem::new(
            "STORE_SCHEMA_NEWER",
            format!(
                "the database has been used by a newer version (change {})",
                newest.version
            ),
        )
        .hint("start that version, or name another database: `--database URL`"));
    }
    for migration in MIGRATIONS {
        let statements = match backend {
            DbBackend::Postgres => migration.postgres,
            _ => migration.sqlite,
        };
        let digest = digest(statements.as_bytes());
        match seen.iter().find(|row| row.version == migration.version) {
            Some(row) if row.digest == digest => continue,
            Some(_) => {
                return Err(Problem::new(
                    "STORE_SCHEMA_OTHER",
                    format!(
                        "the tables of this database are not those of this version ({})",
                        migration.name
                    ),
                )
                .hint("name another database: `--database URL`"));
            }
            None => {}
        }
        write.execute_unprepared(statements).await.map_err(refused)?;
        let now = clock.now();
        schema_migrations::ActiveModel {
            id: Set(new_id()),
            version: Set(migration.version),
            name: Set(migration.name.to_owned()),
            digest: Set(digest),
            created_at: Set(now),
            updated_at: Set(now),
        }
        .insert(&*write)
        .await
        .map_err(refused)?;
    }
    if backend == DbBackend::Postgres {
        write.execute_unprepared(&follow::triggers()).await.map_err(refused)?;
    }
    write.end().await.map_err(refused)
}

async fn has_table(write: &Write, backend: DbBackend) -> Result<bool, DbErr> {
    let statement = match backend {
        DbBackend::Postgres => "SELECT 1 WHERE to_regclass('schema_migrations') IS NOT NULL",
        _ => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'",
    };
    let row = write.query_one_raw(Statement::from_string(backend, statement)).await?;
    Ok(row.is_some())
}

#[allow(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn refused(error: DbErr) -> Problem {
    untouched(Problem::new("STORE_MIGRATION", format!("{REFUSED}: {error}")))
}

fn untouched(problem: Problem) -> Problem {
    problem.hint("the database stays as it was; check that its user may create tables and types")
}
