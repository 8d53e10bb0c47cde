//! Databases as SQLite files.
//!
//! Owns: where they lie, and how one is known. Must not know: what is in them.
//!
//! An environment's database is `databases/<project>/<environment>.sqlite` in the data folder. Its mark is the application id in
//! its header. It is made beside its place and linked there whole: whatever stands there before is never written over.

use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use flaresmith_api::errors::Failure;
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::{DatabaseHost, Migration, Moment, OwnDatabaseHost, Reached, unavailable};
use crate::providers::{Made, Mark, Marked, file_url, foreign};
use crate::store::Store;

/// The application id of our databases: `FLSM`.
const APPLICATION: u32 = 0x464C_534D;

/// Where the header of a SQLite file has the application id.
const AT: usize = 68;

/// Size of a page, in bytes.
const PAGE: usize = 4096;

/// Why there is no way back.
const NOTHING_KEPT: &str = "The database is a file that nothing is in, so there is nothing to go back to.";

/// What SQLite keeps beside a file.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// SQLite files in the data folder.
pub struct Files {
    folder: PathBuf,
    store: Store,
}

/// Where one database is.
#[derive(Debug, Clone)]
struct Place {
    folder: PathBuf,
    file: PathBuf,
    mark: Mark,
}

impl Files {
    /// The files below a data folder. Turns are taken in the store.
    #[must_use]
    pub fn new(data: &Path, store: Store) -> Self {
        Self {
            folder: data.join("databases"),
            store,
        }
    }

    fn place(&self, mark: &Mark) -> Place {
        let folder = self.folder.join(mark.project.to_string());
        Place {
            file: folder.join(format!("{}.sqlite", mark.environment)),
            folder,
            mark: mark.clone(),
        }
    }

    /// Works on the files of a place with nobody else at it. What has begun goes to its end, whether or not anybody waits for it.
    async fn work(
        &self,
        place: &Place,
        work: impl FnOnce(&Place) -> Result<(), Failure> + Send + 'static,
    ) -> Result<(), Failure> {
        // Whoever writes to SQLite is alone.
        let turn = self.store.begin_behind().await?;
        place.mark.fence.check(Some(&turn)).await?;
        let place = place.clone();
        let work = move || {
            let done = work(&place);
            drop(turn);
            done
        };
        tokio::task::spawn_blocking(work).await.map_err(Failure::internal)?
    }
}

impl DatabaseHost for Files {
    fn look_database<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<Option<Made>, Failure>> {
        Box::pin(async move {
            let place = self.place(mark);
            let look = move || Ok(place.is_ours()?.then(|| place.made()));
            tokio::task::spawn_blocking(look).await.map_err(Failure::internal)?
        })
    }

    fn migrated<'a>(&'a self, _: &'a Mark) -> BoxFuture<'a, Result<Option<i64>, Failure>> {
        Box::pin(async { Ok(None) })
    }

    fn ensure_database<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let place = self.place(mark);
            self.work(&place, |place| place.ensure(&empty())).await?;
            Ok(place.made())
        })
    }

    fn branch_database<'a>(&'a self, mark: &'a Mark, of: &'a Mark) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let (place, source) = (self.place(mark), self.place(of));
            let work = move |place: &Place| match source.is_ours()? {
                true => place.ensure(&fs::read(&source.file).map_err(Failure::internal)?),
                false => place.ensure(&empty()),
            };
            self.work(&place, work).await?;
            Ok(place.made())
        })
    }

    fn reached<'a>(&'a self, _: &'a Mark) -> BoxFuture<'a, Result<Option<Reached>, Failure>> {
        // A worker opens no files.
        Box::pin(async { Ok(None) })
    }

    fn migrate<'a>(&'a self, _: &'a Mark, _: Vec<Migration>) -> BoxFuture<'a, Result<(), Failure>> {
        // Migrations are written for Postgres, and nobody could reach what they make.
        Box::pin(async { Ok(()) })
    }

    fn keep_before<'a>(&'a self, _: &'a Mark, _: Uuid) -> BoxFuture<'a, Result<bool, Failure>> {
        // Nothing is in them that anybody would miss.
        Box::pin(async { Ok(true) })
    }

    fn reaches_back<'a>(&'a self, _: &'a Mark, _: &'a Moment) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async { Err(unavailable(NOTHING_KEPT)) })
    }

    fn take_back<'a>(&'a self, _: &'a Mark, _: &'a Moment, _: Uuid) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async { Err(unavailable(NOTHING_KEPT)) })
    }

    fn remove_database<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let place = self.place(mark);
            self.work(&place, Place::remove).await
        })
    }
}

impl OwnDatabaseHost for Files {
    fn marked(&self) -> BoxFuture<'_, Result<Vec<Marked>, Failure>> {
        let folder = self.folder.clone();
        Box::pin(async move {
            tokio::task::spawn_blocking(move || marked(&folder))
                .await
                .map_err(Failure::internal)?
        })
    }

    fn probe<'a>(&'a self, _: &'a Mark) -> BoxFuture<'a, Result<Option<bool>, Failure>> {
        // Nobody opens them, so nobody misses them.
        Box::pin(async { Ok(None) })
    }
}

/// Every file below a folder that is named as an environment's database is and bears our mark.
fn marked(folder: &Path) -> Result<Vec<Marked>, Failure> {
    let mut found = Vec::new();
    for project in entries(folder)? {
        let Some(id) = project
            .file_name()
            .and_then(|name| Uuid::parse_str(name.to_str()?).ok())
        else {
            continue;
        };
        for file in entries(&project)? {
            let name = file.file_name().and_then(|name| name.to_str());
            let environment = name.and_then(|name| name.strip_suffix(".sqlite"));
            if let Some(environment) = environment.filter(|name| !name.starts_with('.'))
                && bears_mark(&file)?
            {
                found.push(Marked {
                    project: id,
                    environment: environment.to_owned(),
                });
            }
        }
    }
    Ok(found)
}

/// What is in a folder; nothing when it is not there.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(Vec::new()),
        Err(error) => return Err(Failure::internal(error)),
    };
    let paths: std::io::Result<Vec<PathBuf>> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
    paths.map_err(Failure::internal)
}

/// Whether a file has our mark in its header. One that went meanwhile has none.
fn bears_mark(path: &Path) -> Result<bool, Failure> {
    let mut file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(Failure::internal(error)),
    };
    let mut header = [0; AT + 4];
    let read = file.read_exact(&mut header);
    Ok(read.is_ok() && header.get(AT..) == Some(&APPLICATION.to_be_bytes()[..]))
}

impl Place {
    fn made(&self) -> Made {
        Made {
            external_id: None,
            name: format!("{}/{}.sqlite", self.mark.project, self.mark.environment),
            url: Some(file_url(&self.file)),
            ..Made::default()
        }
    }

    /// The beginning of the names under which a database is made.
    fn beginning(&self) -> String {
        format!(".new-{}-", self.mark.environment)
    }

    /// Makes the database of these bytes, if it is not there.
    fn ensure(&self, bytes: &[u8]) -> Result<(), Failure> {
        fs::create_dir_all(&self.folder).map_err(Failure::internal)?;
        self.sweep()?;
        if self.is_ours()? {
            return Ok(());
        }
        let beside = self.folder.join(format!("{}{}", self.beginning(), Uuid::new_v4()));
        let made = self.make(&beside, bytes);
        gone(fs::remove_file(&beside))?;
        made
    }

    fn make(&self, beside: &Path, bytes: &[u8]) -> Result<(), Failure> {
        let mut file = fs::File::create_new(beside).map_err(Failure::internal)?;
        file.write_all(bytes).map_err(Failure::internal)?;
        file.sync_all().map_err(Failure::internal)?;
        match fs::hard_link(beside, &self.file) {
            // Whatever came there meanwhile stays.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(foreign(&self.mark)),
            linked => linked.map_err(Failure::internal),
        }
    }

    /// Whether our database is there; a failure when something else is.
    fn is_ours(&self) -> Result<bool, Failure> {
        match bears_mark(&self.file)? {
            true => Ok(true),
            false if fs::symlink_metadata(&self.file).is_err() => Ok(false),
            false => Err(foreign(&self.mark)),
        }
    }

    fn remove(&self) -> Result<(), Failure> {
        if self.is_ours()? {
            for end in BESIDE {
                let mut name = self.file.as_os_str().to_owned();
                name.push(end);
                gone(fs::remove_file(PathBuf::from(name)))?;
            }
            gone(fs::remove_file(&self.file))?;
        }
        self.sweep()?;
        // It stays as long as another environment is there.
        let _ = fs::remove_dir(&self.folder);
        Ok(())
    }

    /// Removes what was left beside the place by whoever died while making it.
    fn sweep(&self) -> Result<(), Failure> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Failure::internal(error)),
        };
        let beginning = self.beginning();
        for entry in entries {
            let entry = entry.map_err(Failure::internal)?;
            let name = entry.file_name();
            let id = name.to_str().and_then(|name| name.strip_prefix(&beginning));
            // The name of another environment may begin like this one's.
            if id.is_some_and(|id| Uuid::parse_str(id).is_ok()) {
                gone(fs::remove_file(entry.path()))?;
            }
        }
        Ok(())
    }
}

/// A database with nothing in it but our mark: one page, as <https://www.sqlite.org/fileformat.html> has it. Nothing that opens it
/// as SQLite does is needed, so it is made without waiting.
fn empty() -> Vec<u8> {
    let mut page = vec![0; PAGE];
    let mut put = |at: usize, bytes: &[u8]| {
        if let Some(place) = page.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    };
    put(0, b"SQLite format 3\0");
    // Size of a page; rollback journal for writing and reading; fractions that the format fixes.
    put(16, &[0x10, 0, 1, 1, 0, 64, 32, 32]);
    // Changed once, and one page large.
    put(24, &[0, 0, 0, 1, 0, 0, 0, 1]);
    // Schema format 4, UTF-8.
    put(44, &4_u32.to_be_bytes());
    put(56, &1_u32.to_be_bytes());
    put(AT, &APPLICATION.to_be_bytes());
    // The size above is right as of the first change, made by a library of this version.
    put(92, &[0, 0, 0, 1, 0, 0x2E, 0x5F, 0x20]);
    // A leaf of the table of tables: no cells, their contents would end where the page does.
    put(100, &[0x0D, 0, 0, 0, 0, 0x10, 0, 0]);
    page
}

/// That something is gone is all that is wanted of removing it.
fn gone(removed: std::io::Result<()>) -> Result<(), Failure> {
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::internal(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

    use super::*;

    #[tokio::test]
    async fn sqlite_takes_an_empty_database_for_one_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.sqlite");
        fs::write(&file, empty()).unwrap();
        let address = format!("sqlite://{}", file.display());
        let connection = sea_orm::Database::connect(address).await.unwrap();
        let ask = async |sql: &str| {
            let row = connection
                .query_one_raw(Statement::from_string(DbBackend::Sqlite, sql))
                .await;
            row.unwrap().unwrap()
        };
        let checked: String = ask("PRAGMA integrity_check").await.try_get_by_index(0).unwrap();
        assert_eq!(checked, "ok");
        let id: u32 = ask("PRAGMA application_id").await.try_get_by_index(0).unwrap();
        assert_eq!(id, APPLICATION);
        for sql in [
            "PRAGMA journal_mode = WAL",
            "CREATE TABLE a (b TEXT)",
            "INSERT INTO a VALUES ('c')",
        ] {
            connection.execute_unprepared(sql).await.unwrap();
        }
        let kept: String = ask("SELECT b FROM a").await.try_get_by_index(0).unwrap();
        assert_eq!(kept, "c");
        connection.close().await.unwrap();
        let again = fs::read(&file).unwrap();
        assert_eq!(again.get(AT..AT + 4), Some(&APPLICATION.to_be_bytes()[..]));
    }
}
