//! A Postgres cluster of the server's own, for databases of environments when the store is SQLite.
//!
//! Owns: that there is one, that it runs when somebody asks for its address, and that it stops with the last server that uses it.
//! Must not know: which databases are in it.
//!
//! It is made when it is needed for the first time, in a folder beside its place that is renamed when all of it is there. It is no
//! child of the server: one that is killed leaves it running, and the next one finds it by its process file and a connection with the
//! password that was made with it. Servers on one data folder share it. Each holds a shared lock for as long as it uses it; the one
//! that gets the lock alone when it ends stops the cluster. Making, starting and stopping happen behind a second lock.
//!
//! | module | what it owns |
//! |---|---|
//! | `place` | where it lies, and whose it is |
//! | `programs` | where the programs of Postgres are |
//! | `process` | what they are told |
//! | `port` | where it listens |

mod place;
mod port;
mod process;
mod programs;

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use flaresmith_api::errors::{ErrorCode, Failure};
use sea_orm::{ConnectOptions, DatabaseConnection};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::settings::Hidden;
use crate::store::code;
use crate::telemetry::redact::redacted;
use place::Place;
use programs::Programs;

/// Its first and only user who may make databases and roles.
const OWNER: &str = "flaresmith";

/// How long is waited for others who make, start or stop it: npm may be at work.
const TURN: Duration = Duration::from_secs(400);

/// Longest time until it takes connections; it may have to recover first.
const START: Duration = Duration::from_secs(120);

/// How long a port is waited for that somebody else has.
const TAKEN: Duration = Duration::from_secs(5);

/// How often it is started before that is given up.
const TRIES: u32 = 3;

/// Longest time to connect in.
const CONNECT: Duration = Duration::from_secs(5);

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// What can be done when there is none.
const HINT: &str = "Install Postgres where the server runs (`apt-get install postgresql`), or let the server reach the npm registry, \
                    then `flaresmith project retry`. With `--databases none` environments go without.";

/// The cluster. Clones are the same one.
#[derive(Clone)]
pub struct Cluster(Arc<Parts>);

struct Parts {
    data: PathBuf,
    programs: Option<PathBuf>,
    used: Mutex<Option<Used>>,
}

/// A cluster that runs, while this process uses it.
struct Used {
    address: Hidden,
    connection: DatabaseConnection,
    place: Place,
    programs: Programs,
    /// Nobody reads it: its lock is what it is for.
    lock: File,
}

/// Why nobody was reached.
enum Unreached {
    /// Nobody listens, or not yet.
    Silent,
    /// Whoever listens does not take the password.
    Stranger,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("data", &self.0.data).finish()
    }
}

impl Cluster {
    /// The one of a data folder. `programs`: the folder of those of Postgres, when the settings name it.
    #[must_use]
    pub fn new(data: &Path, programs: Option<PathBuf>) -> Self {
        Self(Arc::new(Parts {
            data: data.to_owned(),
            programs,
            used: Mutex::default(),
        }))
    }

    /// Whether there is one, running or not.
    #[must_use]
    pub fn is_made(&self) -> bool {
        place::is_made(&self.0.data)
    }

    /// Its address, of a user who may make databases and roles. It is made and started when it is not there or does not run.
    ///
    /// # Errors
    /// `INTEGRATION_NEON_UNAVAILABLE`: there is none to be had, and why; the data folder cannot be written to.
    pub async fn address(&self) -> Result<Hidden, Failure> {
        // What has begun goes to its end, whether or not anybody waits for it.
        let parts = Arc::clone(&self.0);
        let work = async move {
            let mut used = parts.used.lock().await;
            if let Some(used) = &*used
                && tokio::time::timeout(CONNECT, used.connection.ping())
                    .await
                    .is_ok_and(|ping| ping.is_ok())
            {
                return Ok(used.address.clone());
            }
            *used = None;
            let found = parts.found().await?;
            Ok(used.insert(found).address.clone())
        };
        tokio::spawn(work).await.map_err(Failure::internal)?
    }

    /// Ends the use of it, and stops it unless another process uses it.
    ///
    /// # Errors
    /// It does not stop.
    pub async fn end(&self) -> Result<(), Failure> {
        let Some(used) = self.0.used.lock().await.take() else {
            return Ok(());
        };
        let turn = turn(&used.place).await?;
        let _ = used.connection.close().await;
        let _ = used.lock.unlock();
        if used.lock.try_lock().is_ok() {
            blocking(move || {
                let _turn = turn;
                process::stop(&used.place, &used.programs)
            })
            .await?;
        }
        Ok(())
    }
}

impl Parts {
    /// One that runs, whatever was there before.
    async fn found(&self) -> Result<Used, Failure> {
        let data = self.data.clone();
        let place = blocking(move || Place::settle(&data)).await?;
        let _turn = turn(&place).await?;
        let programs = programs::find(&place, self.programs.as_deref()).await?;
        if !place.is_made() {
            process::make(&place, &programs).await?;
        }
        let lock = place.file("users")?;
        let (address, connection) = running(&place, &programs).await?;
        // Alone has it only who stops the cluster, behind the other lock.
        lock.try_lock_shared().map_err(Failure::internal)?;
        Ok(Used {
            address,
            connection,
            place,
            programs,
            lock,
        })
    }
}

/// Waits until nobody else makes, starts or stops it.
async fn turn(place: &Place) -> Result<File, Failure> {
    let lock = place.file("lock")?;
    let begun = Instant::now();
    while lock.try_lock().is_err() {
        if begun.elapsed() > TURN {
            return Err(unavailable(
                "Another server makes or starts Postgres, and does not end.",
            ));
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(lock)
}

/// Sees to it that it runs; its address, and a connection to it.
async fn running(place: &Place, programs: &Programs) -> Result<(Hidden, DatabaseConnection), Failure> {
    let password = place.password()?;
    let begun = Instant::now();
    let (mut tries, mut taken) = (0, None::<Instant>);
    while begun.elapsed() < START {
        let at = place.clone();
        if blocking(move || process::runs(&at)).await? {
            let answered = match place.listens() {
                Some(port) => reached(port, &password).await,
                None => Err(Unreached::Silent),
            };
            match answered {
                Ok(found) => return Ok(found),
                Err(Unreached::Stranger) => {
                    return Err(unavailable(
                        "Postgres does not take the password that it was made with.",
                    ));
                }
                Err(Unreached::Silent) => {}
            }
            tokio::time::sleep(LOOK).await;
            continue;
        }
        if let Some(port) = place.port()
            && !port::is_free(port)
            && taken.get_or_insert_with(Instant::now).elapsed() < TAKEN
        {
            tokio::time::sleep(LOOK).await;
            continue;
        }
        if tries == TRIES {
            break;
        }
        tries += 1;
        let (at, with) = (place.clone(), programs.clone());
        blocking(move || {
            let port = port::keep(&at)?;
            process::start(&at, &with, port)
        })
        .await?;
    }
    let why = place.last_words();
    let why: String = redacted(&why).chars().take(300).collect();
    Err(unavailable(&format!(
        "Postgres does not start; what it writes is in {}. {why}",
        place.cluster().display()
    )))
}

/// A connection to what listens on a port, if it proves to be ours: both sides know the password.
async fn reached(port: u16, password: &Hidden) -> Result<(Hidden, DatabaseConnection), Unreached> {
    // Made of letters, digits, `-` and `_`.
    let address = Hidden::new(format!(
        "postgres://{OWNER}:{}@127.0.0.1:{port}/postgres",
        password.expose()
    ));
    if !port::answers(port).await {
        return Err(Unreached::Silent);
    }
    let mut options = ConnectOptions::new(address.expose());
    options
        .max_connections(1)
        .connect_timeout(CONNECT)
        .acquire_timeout(CONNECT)
        .test_before_acquire(false)
        .sqlx_logging(false);
    match sea_orm::Database::connect(options).await {
        Ok(connection) => Ok((address, connection)),
        // 28: invalid authorization.
        Err(error) if code(&error).is_some_and(|code| code.starts_with("28")) => Err(Unreached::Stranger),
        Err(_) => Err(Unreached::Silent),
    }
}

/// Does something that waits for the disk or a program where that keeps nobody else waiting.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(Failure::internal)?
}

/// There is none to be had, and why.
fn unavailable(message: &str) -> Failure {
    Failure::new(ErrorCode::IntegrationNeonUnavailable)
        .with_message(message)
        .with_hint(HINT)
}
