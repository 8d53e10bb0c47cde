//! The tables of both stores.

use flaresmith_runtime::clock::Clock;
use flaresmith_runtime::settings::Database;
use flaresmith_runtime::store::Store;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use crate::instance::folder;

async fn tables(store: &Store) -> Vec<String> {
    let backend = store.read().get_database_backend();
    let statement = match backend {
        DbBackend::Postgres => "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
        _ => "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1",
    };
    let rows = store
        .read()
        .query_all_raw(Statement::from_string(backend, statement))
        .await
        .unwrap();
    let mut names: Vec<String> = rows.iter().map(|row| row.try_get("", "name").unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn both_stores_hold_the_same_tables_and_are_brought_up_to_date_once() {
    let folder = folder();
    let clock = Clock::default();
    let sqlite = Database::Sqlite(folder.join("a/store.sqlite"));
    let first = Store::open(&sqlite, 4, &clock).await.unwrap();
    let again = Store::open(&sqlite, 4, &clock).await.unwrap();
    let postgres = crate::postgres::database();
    // Several processes may start at once.
    let together = (0..4).map(|_| Store::open(&postgres, 2, &clock));
    let stores = futures_util::future::join_all(together).await;
    let second = stores.into_iter().map(Result::unwrap).next().unwrap();
    let names = tables(&first).await;
    assert!(names.len() > 40 && names.contains(&"projects".to_owned()), "{names:?}");
    assert_eq!(names, tables(&second).await);

    again
        .read()
        .execute_unprepared("UPDATE schema_migrations SET digest = 'sha256:other'")
        .await
        .unwrap();
    let refused = Store::open(&sqlite, 4, &clock).await.unwrap_err();
    assert_eq!(refused.code, "STORE_SCHEMA_OTHER");
    again
        .read()
        .execute_unprepared("UPDATE schema_migrations SET version = 99")
        .await
        .unwrap();
    let refused = Store::open(&sqlite, 4, &clock).await.unwrap_err();
    assert_eq!(refused.code, "STORE_SCHEMA_NEWER");
    std::fs::remove_dir_all(folder).unwrap();
}
