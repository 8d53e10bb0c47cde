//! The place of a repository: whose it is, and taking it away.
//!
//! Owns: the mark in a repository's configuration, removal. Must not know: what is in a repository.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use flaresmith_api::errors::Failure;
use git2::{ErrorCode as GitCode, Repository};
use uuid::Uuid;

use super::{Repositories, broken};

/// The key of a repository's configuration that says which project it was made for.
const KEY: &str = "flaresmith.project";

/// Beginning of the name under which a repository is taken apart.
const GOING: &str = ".gone-";

/// Beginning of the name under which a repository is put together.
pub(super) const COMING: &str = ".new-";

/// Whose a repository is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// There is none.
    Nobody,
    /// The project's own.
    Own,
    /// Something stands there that was not made for the project.
    Another,
}

/// Marks a repository as made for a project.
pub(super) fn mark(repository: &Repository, project: Uuid) -> Result<(), git2::Error> {
    repository.config()?.set_str(KEY, &project.to_string())
}

impl Repositories {
    /// Whose the repository at a project's place is.
    ///
    /// # Errors
    /// It cannot be looked at.
    pub async fn owner(&self, project: Uuid) -> Result<Owner, Failure> {
        let place = self.place(project);
        let look = move || match Repository::open_bare(&place) {
            Ok(repository) => {
                // That of the repository alone: nobody's own configuration says whose it is.
                let config = repository
                    .config()
                    .and_then(|config| config.open_level(git2::ConfigLevel::Local));
                let marked = config.and_then(|config| config.get_string(KEY));
                match marked {
                    Ok(marked) if marked == project.to_string() => Ok(Owner::Own),
                    _ => Ok(Owner::Another),
                }
            }
            Err(error) if error.code() == GitCode::NotFound && !place.exists() => Ok(Owner::Nobody),
            Err(error) if error.code() == GitCode::NotFound => Ok(Owner::Another),
            Err(error) => Err(broken(error)),
        };
        tokio::task::spawn_blocking(look).await.map_err(Failure::internal)?
    }

    /// Removes what is left of repositories of a project that came to nothing: their makers died.
    ///
    /// # Errors
    /// Something of it cannot be removed.
    pub async fn sweep(&self, project: Uuid) -> Result<(), Failure> {
        let folder = self.folder.clone();
        let work = move || remove_beside(&folder, project);
        tokio::task::spawn_blocking(work).await.map_err(Failure::internal)?
    }

    /// Takes the repository of a project away, and what is left of others that came to nothing.
    ///
    /// # Errors
    /// Something of it cannot be removed.
    pub async fn remove(&self, project: Uuid) -> Result<(), Failure> {
        let (place, folder) = (self.place(project), self.folder.clone());
        let work = move || {
            // From one moment to the next it is not there; whatever happens then, the rest is found by its name.
            let aside = folder.join(format!("{GOING}{project}-{}", Uuid::new_v4()));
            match fs::rename(&place, &aside) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(Failure::internal(error)),
                _ => {}
            }
            remove_beside(&folder, project)
        };
        tokio::task::spawn_blocking(work).await.map_err(Failure::internal)?
    }
}

fn remove_beside(folder: &Path, project: Uuid) -> Result<(), Failure> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Failure::internal(error)),
    };
    let beginnings = [format!("{GOING}{project}-"), format!("{COMING}{project}-")];
    for entry in entries {
        let entry = entry.map_err(Failure::internal)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if beginnings.iter().any(|beginning| name.starts_with(beginning.as_str())) {
            match fs::remove_dir_all(entry.path()) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(Failure::internal(error)),
                _ => {}
            }
        }
    }
    Ok(())
}
