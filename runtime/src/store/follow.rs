//! Following: hearing of what others write to the store.
//!
//! Owns: the channel on Postgres with the triggers that speak on it, and looking at a SQLite file. Must not know: what is remembered.
//!
//! On Postgres every statement that writes says the name of its table on a channel, which tells it when the transaction is committed,
//! in the order of commits. A word of our own on the same channel is therefore a fence: when it is heard, everything that was
//! committed before it was said has been heard too. Where no word comes back, because the connection is gone or something between
//! does not hand the channel on, nothing is believed and every request asks the store. On SQLite a connection of its own looks at the
//! number that changes with every commit of others. Words and looks are made only while somebody asks.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::sqlx::postgres::PgListener;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sea_orm::sqlx::{self, ConnectOptions as _};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::changes::{Changes, Part, UNREAD, of_table};
use crate::settings::Database;

/// Time between two words, or two looks.
const PERIOD: Duration = Duration::from_millis(250);

/// Time before a connection that broke is made again.
const PAUSE: Duration = Duration::from_secs(1);

/// Where changes are told.
const CHANNEL: &str = "flaresmith_changes";

/// How words of processes begin; names of tables do not.
const WORD: &str = "heard:";

/// Work that ends with the store.
#[derive(Debug)]
pub(super) struct Following(Vec<JoinHandle<()>>);

impl Following {
    /// Begins to follow what others write.
    pub(super) fn begin(database: &Database, connection: &DatabaseConnection, changes: &Arc<Changes>) -> Self {
        Self(match database {
            Database::Sqlite(path) => vec![tokio::spawn(look(path.clone(), Arc::clone(changes)))],
            Database::Postgres(url) => {
                let said = Arc::new(Said::default());
                let listen = listen(url.expose().to_owned(), Arc::clone(changes), Arc::clone(&said));
                let speak = speak(connection.clone(), Arc::clone(changes), said);
                vec![tokio::spawn(listen), tokio::spawn(speak)]
            }
        })
    }

    pub(super) fn end(&self) {
        for work in &self.0 {
            work.abort();
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.end();
    }
}

/// The statements that have every table tell what is written to it, for those that do not yet.
pub(super) fn triggers() -> String {
    let unread: Vec<String> = UNREAD.iter().map(|table| format!("'{table}'")).collect();
    let unread = unread.join(", ");
    format!(
        r"
CREATE OR REPLACE FUNCTION flaresmith_changed() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
  PERFORM pg_catalog.pg_notify('{CHANNEL}', TG_TABLE_NAME);
  RETURN NULL;
END
$function$;
DO $block$
DECLARE
  name text;
BEGIN
  FOR name IN
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND c.relkind = 'r' AND c.relname <> ALL (ARRAY[{unread}])
      AND NOT EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'flaresmith_changed')
  LOOP
    EXECUTE format(
      'CREATE TRIGGER flaresmith_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION flaresmith_changed()',
      name
    );
  END LOOP;
END
$block$;
"
    )
}

/// The last word that was said.
#[derive(Default)]
struct Said(Mutex<Option<(String, Instant)>>);

impl Said {
    fn say(&self) -> String {
        let word = format!("{WORD}{}", Uuid::new_v4());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((word.clone(), Instant::now()));
        word
    }

    /// When this was said here.
    fn when(&self, word: &str) -> Option<Instant> {
        let said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.as_ref().filter(|(last, _)| last == word).map(|(_, when)| *when)
    }
}

async fn listen(url: String, changes: Arc<Changes>, said: Arc<Said>) {
    loop {
        if let Ok(mut listener) = listening(&url).await {
            // What was written before anybody listened is not told.
            changes.wrote(Part::Access);
            while let Ok(Some(told)) = listener.try_recv().await {
                match told.payload() {
                    word if word.starts_with(WORD) => {
                        if let Some(when) = said.when(word) {
                            changes.heard(when);
                        }
                    }
                    table => changes.wrote(of_table(table)),
                }
            }
        }
        changes.deaf();
        tokio::time::sleep(PAUSE).await;
    }
}

async fn listening(url: &str) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect(url).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

async fn speak(connection: DatabaseConnection, changes: Arc<Changes>, said: Arc<Said>) {
    loop {
        changes.wanted().await;
        let values = [CHANNEL.into(), said.say().into()];
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, "SELECT pg_notify($1, $2)", values);
        // What is not said is not heard.
        let _ = connection.query_one_raw(statement).await;
        tokio::time::sleep(PERIOD).await;
    }
}

async fn look(file: impl AsRef<Path>, changes: Arc<Changes>) {
    let options = SqliteConnectOptions::new().filename(file).busy_timeout(PAUSE);
    loop {
        if let Ok(mut connection) = options.connect().await {
            let mut last = None;
            loop {
                changes.wanted().await;
                let now = Instant::now();
                let Ok(number) = number(&mut connection).await else {
                    break;
                };
                if last.replace(number) != Some(number) {
                    changes.wrote(Part::Access);
                }
                changes.heard(now);
                tokio::time::sleep(PERIOD).await;
            }
        }
        changes.deaf();
        tokio::time::sleep(PAUSE).await;
    }
}

async fn number(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("PRAGMA data_version").fetch_one(connection).await
}
