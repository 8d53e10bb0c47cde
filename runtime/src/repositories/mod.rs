//! The git repositories of projects on this machine.
//!
//! Owns: where they lie, that they are there, and which commit a name stands for. Must not know: requests; of the store nothing but
//! whether a project may have a repository.
//!
//! A project's repository is `repositories/<project>.git` in the data folder, bare: there is no work tree that anything could
//! follow a link in or leave half written. It is made when it is first asked for, with an empty first commit on `main`. A commit
//! becomes the head of its branch only while the head is the one that it was made on, whichever process is faster.

pub mod collection;
pub mod devcontainer;
mod edit;
mod heads;
mod kept;
mod local;
mod path;
mod place;
mod repeat;
mod view;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use flaresmith_api::errors::Failure;
use git2::{ErrorCode as GitCode, Oid, Repository, RepositoryInitOptions, Signature, Time};
use uuid::Uuid;

use crate::clock::Clock;
use crate::pipeline::access::absent_project;
use crate::providers::file_url;
use crate::store::Store;
use crate::telemetry::span;
pub use edit::{Draft, Edit};
pub use local::{Local, Target};
pub use path::refuse as refuse_path;
pub use place::Owner;
pub use view::View;

/// The branch that a repository begins with.
pub const MAIN: &str = "main";

/// The platform's name and address as an author.
const PLATFORM: (&str, &str) = ("Flaresmith", "system@flaresmith.localhost");

/// The file whose lock is the turn to change specs.
const SPECS: &str = "flaresmith-specs";

/// Longest time between two looks whether the turn is free.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// All repositories. Clones are the same.
#[derive(Debug, Clone)]
pub struct Repositories {
    folder: PathBuf,
    scratch: PathBuf,
    store: Store,
    clock: Clock,
}

/// The turn to change the specs of a project and what is kept of them, until it goes out of scope.
#[derive(Debug)]
pub struct Turn(#[allow(dead_code, reason = "its lock is what it is for")] File);

/// Who made a commit.
#[derive(Debug, Clone)]
pub struct Author {
    /// A name as people write it.
    pub name: String,
    /// An address, as git wants one.
    pub email: String,
}

impl Repositories {
    /// The repositories below a data folder.
    #[must_use]
    pub fn new(data: &Path, store: Store, clock: Clock) -> Self {
        Self {
            folder: data.join("repositories"),
            scratch: data.join("scratch"),
            store,
            clock,
        }
    }

    /// Works on the repository of a project, beside what else is going on. It is made when it is not there. Not for whoever has a
    /// transaction open: making one takes a turn.
    ///
    /// # Errors
    /// Those of the work, or there is no such project, or the repository cannot be opened or made.
    pub async fn with<T: Send + 'static>(
        &self,
        project: Uuid,
        work: impl FnOnce(&Local) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        match self.attempt(project, work).await? {
            Ok(done) => Ok(done),
            Err(work) => {
                self.ensure(project).await?;
                let done = self.attempt(project, work).await?;
                done.map_err(|_| absent_project(project))
            }
        }
    }

    /// The same with a repository that is there.
    ///
    /// # Errors
    /// Those of the work, or there is none, or it cannot be opened.
    pub async fn with_standing<T: Send + 'static>(
        &self,
        project: Uuid,
        work: impl FnOnce(&Local) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let done = self.attempt(project, work).await?;
        done.map_err(|_| absent_project(project))
    }

    /// The work done, or the work again when there is no repository.
    async fn attempt<T: Send + 'static, W>(&self, project: Uuid, work: W) -> Result<Result<T, W>, Failure>
    where
        W: FnOnce(&Local) -> Result<T, Failure> + Send + 'static,
    {
        let all = self.clone();
        let attempt = move || match all.open(project)? {
            Some(local) => work(&local).map(Ok),
            None => Ok(Err(work)),
        };
        let place = span::here();
        let attempt = move || span::carried_over(place, attempt);
        tokio::task::spawn_blocking(attempt).await.map_err(Failure::internal)?
    }

    /// Takes the turn to change the specs of a project, and waits for it as long as it takes.
    ///
    /// # Errors
    /// The repository cannot be opened or made.
    pub async fn turn(&self, project: Uuid) -> Result<Turn, Failure> {
        // Whoever waits must hold no thread: the one who has the turn needs one to go on.
        let mut pause = Duration::from_millis(1);
        loop {
            if let Some(turn) = self.turn_now(project).await? {
                return Ok(turn);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// The turn to change specs without waiting; `None`: somebody else has it.
    ///
    /// # Errors
    /// The repository cannot be opened or made.
    pub async fn turn_now(&self, project: Uuid) -> Result<Option<Turn>, Failure> {
        let work = move |local: &Local| {
            let file = local.turn_file(SPECS)?;
            match file.try_lock() {
                Ok(()) => Ok(Some(Turn(file))),
                Err(TryLockError::WouldBlock) => Ok(None),
                Err(TryLockError::Error(error)) => Err(Failure::internal(error)),
            }
        };
        self.with(project, work).await
    }

    /// The repository of a project; `None`: nothing stands there.
    fn open(&self, project: Uuid) -> Result<Option<Local>, Failure> {
        let folder = self.place(project);
        match Repository::open_bare(&folder) {
            Ok(repository) => Ok(Some(Local {
                repository,
                folder,
                scratch: self.scratch.clone(),
                clock: self.clock.clone(),
            })),
            Err(error) if error.code() == GitCode::NotFound && !folder.exists() => Ok(None),
            Err(error) => Err(broken(error)),
        }
    }

    /// The `file:` address of a project's repository.
    #[must_use]
    pub fn url(&self, project: Uuid) -> String {
        file_url(&self.place(project))
    }

    fn place(&self, project: Uuid) -> PathBuf {
        self.folder.join(format!("{project}.git"))
    }

    /// Makes a repository beside its place; where.
    fn make(&self, project: Uuid) -> Result<PathBuf, Failure> {
        let beside = self
            .folder
            .join(format!("{}{project}-{}", place::COMING, Uuid::new_v4()));
        let mut options = RepositoryInitOptions::new();
        // Templates of whoever runs the server, with their hooks, are no part of a project.
        options
            .bare(true)
            .mkpath(true)
            .external_template(false)
            .initial_head(MAIN);
        let made = || -> Result<(), git2::Error> {
            let repository = Repository::init_opts(&beside, &options)?;
            // What was answered is on the disk, as it is in the store.
            repository.config()?.set_bool("core.fsyncObjectFiles", true)?;
            place::mark(&repository, project)?;
            let empty = repository.treebuilder(None)?.write()?;
            let signature = platform(self.clock.now())?;
            let tree = repository.find_tree(empty)?;
            let head = format!("refs/heads/{MAIN}");
            repository.commit(Some(&head), &signature, &signature, "Begin the project\n", &tree, &[])?;
            Ok(())
        };
        made().map_err(broken)?;
        Ok(beside)
    }
}

impl Author {
    /// The platform itself.
    #[must_use]
    pub fn platform() -> Self {
        Self {
            name: PLATFORM.0.to_owned(),
            email: PLATFORM.1.to_owned(),
        }
    }

    /// Whether a commit is by this author, by its address.
    fn wrote(&self, commit: &git2::Commit<'_>) -> bool {
        commit.author().email_bytes() == self.email.as_bytes()
    }

    fn signature(&self, now: DateTime<Utc>) -> Result<Signature<'static>, git2::Error> {
        let plain = |text: &str, other: &str| {
            let kept: String = text
                .chars()
                .filter(|sign| !sign.is_control() && !"<>".contains(*sign))
                .collect();
            match kept.trim() {
                "" => other.to_owned(),
                kept => kept.to_owned(),
            }
        };
        let (name, email) = (plain(&self.name, "Unknown"), plain(&self.email, "unknown@localhost"));
        let time = Time::new(now.timestamp(), 0);
        // Of some names, such as a lone full stop, git leaves nothing.
        Signature::new(&name, &email, &time).or_else(|_| Signature::new("Unknown", "unknown@localhost", &time))
    }
}

/// The id that 40 hexadecimal digits name.
#[must_use]
pub fn id(text: &str) -> Option<Oid> {
    let whole = text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    whole.then(|| Oid::from_str(text).ok()).flatten()
}

/// What the platform commits itself, it commits as itself.
fn platform(now: DateTime<Utc>) -> Result<Signature<'static>, git2::Error> {
    Signature::new(PLATFORM.0, PLATFORM.1, &Time::new(now.timestamp(), 0))
}

/// Git cannot go on, and the caller can do nothing about it.
pub(crate) fn broken(error: git2::Error) -> Failure {
    Failure::internal(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_people_are_called_git_can_name_them() {
        for (name, email, expected) in [
            ("Ada Lovelace", "ada@example.com", "Ada Lovelace"),
            ("A <b> c\n", "x", "A b c"),
            ("", "", "Unknown"),
            (".", ",", "Unknown"),
            ("李", "li@example.com", "李"),
        ] {
            let author = Author {
                name: name.to_owned(),
                email: email.to_owned(),
            };
            let signature = author.signature(Clock::default().now()).unwrap();
            assert_eq!(signature.name().ok(), Some(expected), "{name}");
        }
    }
}
