//! Databases as SQLite files.
//!
//! Owns: where they lie, and how one is known. Must not know: what is in them.
//!
//! An environment's database is `databases/<project>/<environment>.sqlite` in the data folder. Its mark is the application id in
//! its header. It is made beside its place and linked there whole: whatever stands there before is never written over.

use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use flaresmith_api::errors::Failure;
use futures_util::future::BoxFuture;
use sea_orm::{ConnectOptions, ConnectionTrait as _};
use uuid::Uuid;

use super::DatabaseHost;
use crate::providers::{Made, Mark, file_url, foreign};
use crate::store::failed;

/// The application id of our databases: `FLSM`.
const APPLICATION: u32 = 0x464C_534D;

/// Where the header of a SQLite file has the application id.
const AT: usize = 68;

/// What SQLite keeps beside a file.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// SQLite files in the data folder.
pub struct Files {
    folder: PathBuf,
}

impl Files {
    /// The files below a data folder.
    #[must_use]
    pub fn new(data: &Path) -> Self {
        Self {
            folder: data.join("databases"),
        }
    }

    fn place(&self, mark: &Mark) -> PathBuf {
        self.folder
            .join(mark.project.to_string())
            .join(format!("{}.sqlite", mark.environment))
    }
}

impl DatabaseHost for Files {
    fn ensure_database<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let place = self.place(mark);
            if is_ours(&place, mark)? {
                sweep(place.parent().unwrap_or(&place), &mark.environment)?;
            } else {
                make(&place, &mark.environment).await?;
                // Whoever was faster may be anybody.
                if !is_ours(&place, mark)? {
                    return Err(Failure::internal("the database went as it came"));
                }
            }
            Ok(Made {
                external_id: None,
                name: format!("{}/{}.sqlite", mark.project, mark.environment),
                url: Some(file_url(&place)),
            })
        })
    }

    fn remove_database<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let place = self.place(mark);
            if is_ours(&place, mark)? {
                for end in BESIDE {
                    gone(fs::remove_file(with_end(&place, end)))?;
                }
                gone(fs::remove_file(&place))?;
            }
            if let Some(folder) = place.parent() {
                sweep(folder, &mark.environment)?;
                // It stays as long as another environment is there.
                let _ = fs::remove_dir(folder);
            }
            Ok(())
        })
    }
}

/// Whether our database is there; a failure when something else is.
fn is_ours(place: &Path, mark: &Mark) -> Result<bool, Failure> {
    let mut file = match fs::File::open(place) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(Failure::internal(error)),
    };
    let mut header = [0; AT + 4];
    let read = file.read_exact(&mut header);
    match (read, header.get(AT..)) {
        (Ok(()), Some(id)) if id == APPLICATION.to_be_bytes() => Ok(true),
        _ => Err(foreign(mark)),
    }
}

async fn make(place: &Path, environment: &str) -> Result<(), Failure> {
    let folder = place.parent().unwrap_or(place);
    fs::create_dir_all(folder).map_err(Failure::internal)?;
    sweep(folder, environment)?;
    let beside = folder.join(format!(".new-{environment}-{}", Uuid::new_v4()));
    let file = beside.clone();
    let mut options = ConnectOptions::new("sqlite://");
    options
        .max_connections(1)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |options| options.filename(&file).create_if_missing(true));
    let connection = sea_orm::Database::connect(options).await.map_err(failed)?;
    let marked = connection
        .execute_unprepared(&format!("PRAGMA application_id = {APPLICATION}"))
        .await;
    connection.close().await.map_err(failed)?;
    marked.map_err(failed)?;
    let linked = fs::hard_link(&beside, place);
    gone(fs::remove_file(&beside))?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(Failure::internal(error)),
        _ => Ok(()),
    }
}

/// Removes what was left beside the place by whoever died while making it.
fn sweep(folder: &Path, environment: &str) -> Result<(), Failure> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Failure::internal(error)),
    };
    let beginning = format!(".new-{environment}-");
    for entry in entries {
        let entry = entry.map_err(Failure::internal)?;
        if entry.file_name().to_string_lossy().starts_with(&beginning) {
            gone(fs::remove_file(entry.path()))?;
        }
    }
    Ok(())
}

fn with_end(place: &Path, end: &str) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// That something is gone is all that is wanted of removing it.
fn gone(removed: std::io::Result<()>) -> Result<(), Failure> {
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::internal(error)),
        _ => Ok(()),
    }
}
