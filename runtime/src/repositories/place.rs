//! The place of a repository: whose it is, and taking it away.
//!
//! Owns: the mark in a repository's configuration, making and removal in turns. Must not know: what is in a repository.
//!
//! Whoever makes the repository of a project, or takes it away, has the project's turn. A project that is being taken away gets no
//! new one: the request that asks for it may have begun before.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use flaresmith_api::errors::Failure;
use flaresmith_store::entities::projects;
use flaresmith_store::enums::ProjectState;
use git2::{ErrorCode as GitCode, Repository};
use sea_orm::EntityTrait as _;
use uuid::Uuid;

use super::{Repositories, broken};
use crate::pipeline::access::absent_project;
use crate::store::{Write, failed};

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

    /// Takes the turn to make the repository of a project or to take it away.
    ///
    /// # Errors
    /// The store fails.
    pub async fn alone(&self, project: Uuid) -> Result<Write, Failure> {
        self.store.begin_alone(&format!("repository/{project}")).await
    }

    /// Makes sure that a project has a repository; where it lies.
    ///
    /// # Errors
    /// There is no such project, or it is being taken away, or the repository cannot be made.
    pub async fn ensure(&self, project: Uuid) -> Result<PathBuf, Failure> {
        let turn = self.alone(project).await?;
        self.ensure_in(project, turn).await
    }

    /// The same in the turn to do so.
    ///
    /// # Errors
    /// The same.
    pub async fn ensure_in(&self, project: Uuid, turn: Write) -> Result<PathBuf, Failure> {
        let row = projects::Entity::find_by_id(project)
            .one(&*turn)
            .await
            .map_err(failed)?;
        if row.is_none_or(|row| matches!(row.state, ProjectState::Deleting | ProjectState::Deleted)) {
            return Err(absent_project(project));
        }
        let (all, place) = (self.clone(), self.place(project));
        // What has begun goes to its end, whether or not anybody waits for it.
        let work = move || {
            let made = remove_beside(&all.folder, &format!("{COMING}{project}-")).and_then(|()| match place.exists() {
                true => Ok(()),
                false => fs::rename(all.make(project)?, &place).map_err(Failure::internal),
            });
            drop(turn);
            made.map(|()| place)
        };
        tokio::task::spawn_blocking(work).await.map_err(Failure::internal)?
    }

    /// Takes the repository of a project from its place, in the turn to do so. [`Repositories::sweep`] does the rest.
    ///
    /// # Errors
    /// It cannot be moved.
    pub async fn put_aside(&self, project: Uuid, turn: Write) -> Result<(), Failure> {
        let (place, folder) = (self.place(project), self.folder.clone());
        let work = move || {
            // From one moment to the next it is not there; whatever happens then, the rest is found by its name.
            let aside = folder.join(format!("{GOING}{project}-{}", Uuid::new_v4()));
            let moved = match fs::rename(&place, &aside) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::internal(error)),
                _ => Ok(()),
            };
            let swept = remove_beside(&folder, &format!("{COMING}{project}-"));
            drop(turn);
            moved.and(swept)
        };
        tokio::task::spawn_blocking(work).await.map_err(Failure::internal)?
    }

    /// Removes repositories of a project that were put aside.
    ///
    /// # Errors
    /// Something of them cannot be removed.
    pub async fn sweep(&self, project: Uuid) -> Result<(), Failure> {
        let folder = self.folder.clone();
        let work = move || remove_beside(&folder, &format!("{GOING}{project}-"));
        tokio::task::spawn_blocking(work).await.map_err(Failure::internal)?
    }
}

fn remove_beside(folder: &Path, beginning: &str) -> Result<(), Failure> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Failure::internal(error)),
    };
    for entry in entries {
        let entry = entry.map_err(Failure::internal)?;
        if entry.file_name().to_string_lossy().starts_with(beginning) {
            match fs::remove_dir_all(entry.path()) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(Failure::internal(error)),
                _ => {}
            }
        }
    }
    Ok(())
}
