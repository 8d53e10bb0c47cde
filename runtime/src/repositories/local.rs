//! One repository: its branches and commits, and moving a branch.
//!
//! Owns: that a branch moves only from where its mover has seen it. Must not know: which project it is of.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use flaresmith_api::errors::{ErrorCode, Failure};
use git2::{Commit, ErrorCode as GitCode, ObjectType, Oid, Repository};
use serde_json::json;

use super::{Author, Draft, MAIN, broken, id, platform};
use crate::clock::Clock;

/// The file whose lock is the turn to move a branch.
const HEADS: &str = "flaresmith-heads";

/// Locks of git's that are older than this have nobody any more.
const ABANDONED: Duration = Duration::from_secs(5);

/// Time between two looks whether a lock is gone or abandoned.
const LOOK: Duration = Duration::from_millis(250);

/// Longest wait for the turn to move a branch. Whoever has it needs it for milliseconds, or is frozen and may wake at any time.
const LONGEST_TURN: Duration = Duration::from_secs(15);

/// After how long whoever waited as long as that may try again.
const AGAIN: Duration = Duration::from_secs(5);

/// One repository, opened.
pub struct Local {
    pub(super) repository: Repository,
    pub(super) folder: PathBuf,
    pub(super) scratch: PathBuf,
    pub(super) clock: Clock,
}

/// A branch to commit to, and the head that the caller has seen of it.
#[derive(Debug, Clone)]
pub struct Target {
    /// The branch, which begins at the base when it is not there.
    pub branch: String,
    /// The commit that the change was made on.
    pub base: Oid,
}

impl Local {
    /// The repository itself, for reading.
    #[must_use]
    pub fn git(&self) -> &Repository {
        &self.repository
    }

    /// Where it lies.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether every commit of every branch is by the platform itself.
    ///
    /// # Errors
    /// The repository cannot be read.
    pub fn is_platforms_alone(&self) -> Result<bool, Failure> {
        let mut walk = self.repository.revwalk().map_err(broken)?;
        walk.push_glob("refs/*").map_err(broken)?;
        for id in walk {
            let commit = self.repository.find_commit(id.map_err(broken)?).map_err(broken)?;
            if !Author::platform().wrote(&commit) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The name of the default branch.
    ///
    /// # Errors
    /// The repository is damaged.
    pub fn default_branch(&self) -> Result<String, Failure> {
        let head = self.repository.find_reference("HEAD").map_err(broken)?;
        let target = head.symbolic_target().ok().flatten();
        let branch = target.and_then(|target| target.strip_prefix("refs/heads/"));
        Ok(branch.unwrap_or(MAIN).to_owned())
    }

    /// The head of a branch; `None`: there is no such branch.
    ///
    /// # Errors
    /// The repository is damaged.
    pub fn head(&self, branch: &str) -> Result<Option<Oid>, Failure> {
        let Some(name) = reference(branch) else {
            return Ok(None);
        };
        match self.repository.refname_to_id(&name) {
            Ok(id) => Ok(Some(id)),
            Err(error) if error.code() == GitCode::NotFound => Ok(None),
            Err(error) => Err(broken(error)),
        }
    }

    /// The commit that a branch or an id names; the default branch when nothing does.
    ///
    /// # Errors
    /// There is none.
    pub fn commit_of(&self, named: Option<&str>) -> Result<Commit<'_>, Failure> {
        let named = match named {
            Some(named) => named.to_owned(),
            None => self.default_branch()?,
        };
        if let Some(id) = self.head(&named)? {
            return self.repository.find_commit(id).map_err(broken);
        }
        match id(&named) {
            Some(id) => self.commit(id),
            None => Err(Failure::new(ErrorCode::FileNotFound).with_context("ref", named)),
        }
    }

    /// A commit by its id.
    ///
    /// # Errors
    /// There is none.
    pub fn commit(&self, id: Oid) -> Result<Commit<'_>, Failure> {
        self.repository
            .find_commit(id)
            .map_err(|error| absent_or_broken(error).with_context("commitSha", id))
    }

    /// The bytes of a file by their id.
    ///
    /// # Errors
    /// There are none.
    pub fn blob(&self, id: Oid) -> Result<git2::Blob<'_>, Failure> {
        self.repository.find_blob(id).map_err(absent_or_broken)
    }

    /// How many bytes a file has, by their id, without reading them.
    ///
    /// # Errors
    /// There are none.
    pub fn size(&self, id: Oid) -> Result<u64, Failure> {
        let odb = self.repository.odb().map_err(broken)?;
        match odb.read_header(id).map_err(absent_or_broken)? {
            (size, ObjectType::Blob) => Ok(size as u64),
            _ => Err(Failure::new(ErrorCode::FileNotFound)),
        }
    }

    /// Refuses to go on when a branch is not where the caller has seen it. A branch that is not there begins at the base.
    ///
    /// # Errors
    /// It has moved, its name is none, or there is no such base.
    pub fn demand(&self, target: &Target) -> Result<Option<Oid>, Failure> {
        if reference(&target.branch).is_none() {
            return Err(Failure::new(ErrorCode::FilePathInvalid)
                .with_message("This is no name that a branch can have.")
                .with_context("branch", &target.branch));
        }
        let head = self.head(&target.branch)?;
        match head {
            Some(head) if head != target.base => Err(moved(target.base, Some(head))),
            Some(_) => Ok(head),
            None => self.commit(target.base).map(|_| None),
        }
    }

    /// Commits a draft on top of the base, and makes it the head of the branch if that has not moved. Before that is sure nothing
    /// is written.
    ///
    /// # Errors
    /// The branch has moved, or the files are those of the base.
    pub fn write(&self, target: &Target, author: &Author, message: &str, draft: Draft<'_>) -> Result<Oid, Failure> {
        // Until the head is set.
        let _alone = self.heads_alone()?;
        let head = self.demand(target)?;
        let base = self.commit(target.base)?;
        if draft.is(&base.tree().map_err(broken)?)? {
            return Err(Failure::new(ErrorCode::FileChangesEmpty));
        }
        let now = self.clock.now();
        let tree = self.repository.find_tree(draft.tree()?).map_err(broken)?;
        let (author, committer) = (author.signature(now), platform(now));
        let (author, committer) = (author.map_err(broken)?, committer.map_err(broken)?);
        let commit = self
            .repository
            .commit(None, &author, &committer, message, &tree, &[&base])
            .map_err(broken)?;
        let name = reference(&target.branch).unwrap_or_default();
        let set = || {
            let told = "flaresmith: commit";
            match head {
                Some(head) => self.repository.reference_matching(&name, commit, true, head, told),
                None => self.repository.reference(&name, commit, false, told),
            }
            .map(|_| ())
        };
        match self.unlocked(&name, set) {
            Ok(()) => Ok(commit),
            // Somebody was faster between the look and here.
            Err(error) if matches!(error.code(), GitCode::Modified | GitCode::Exists) => {
                Err(moved(target.base, self.head(&target.branch)?))
            }
            // Nobody has moved it, and nothing else is to be done than to try again.
            Err(error) if error.code() == GitCode::Locked => Err(Failure::new(ErrorCode::ServerStoreUnavailable)
                .with_message("Somebody is at work on the branch in the repository itself.")
                .with_source(error)),
            // `a` and `a/b` cannot both be branches.
            Err(error) if error.code() == GitCode::Directory || error.class() == git2::ErrorClass::Reference => {
                Err(Failure::new(ErrorCode::FilePathInvalid)
                    .with_message("There is a branch that this name collides with.")
                    .with_context("branch", &target.branch)
                    .with_source(error))
            }
            Err(error) => Err(broken(error)),
        }
    }
}

impl Local {
    /// Makes sure that there is a branch; a new one begins at the head of the default branch. Its head comes back.
    ///
    /// # Errors
    /// Its name is none, or the repository is damaged.
    pub fn ensure_branch(&self, branch: &str) -> Result<Oid, Failure> {
        let _alone = self.heads_alone()?;
        if let Some(head) = self.head(branch)? {
            return Ok(head);
        }
        let base = self.commit_of(None)?.id();
        let target = Target {
            branch: branch.to_owned(),
            base,
        };
        self.demand(&target)?;
        let name = reference(branch).unwrap_or_default();
        let set = || self.repository.reference(&name, base, false, "flaresmith: branch");
        self.unlocked(&name, set).map(|_| base).map_err(broken)
    }

    /// Sets a reference, as soon as nobody else has it locked. A lock that a process left when it died is taken away.
    pub(super) fn unlocked<T>(&self, name: &str, set: impl Fn() -> Result<T, git2::Error>) -> Result<T, git2::Error> {
        let begun = Instant::now();
        loop {
            match set() {
                Err(error) if error.code() == GitCode::Locked && begun.elapsed() <= 2 * ABANDONED => {
                    if !self.unlock(&error, name) {
                        std::thread::sleep(LOOK);
                    }
                }
                done => return done,
            }
        }
    }

    /// Waits for the turn to move a branch. A process that is frozen in it keeps it until it wakes or dies: what it is about to write
    /// would otherwise take the place of what was written since.
    pub(super) fn heads_alone(&self) -> Result<File, Failure> {
        let file = self.turn_file(HEADS)?;
        let begun = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) => return Err(Failure::internal(error)),
                Err(TryLockError::WouldBlock) if begun.elapsed() > LONGEST_TURN => {
                    return Err(Failure::new(ErrorCode::ServerStoreUnavailable)
                        .with_message("Another process is at work on the repository and does not go on.")
                        // A run waits for it for a while; nothing is wrong but that.
                        .with_header("retry-after", AGAIN.as_secs()));
                }
                Err(TryLockError::WouldBlock) => {
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(LOOK);
                }
            }
        }
    }

    /// A file whose lock is a turn. The lock is the system's: a process that dies gives it back at once.
    pub(super) fn turn_file(&self, name: &str) -> Result<File, Failure> {
        File::create(self.folder.join(name)).map_err(Failure::internal)
    }

    /// Takes away a lock of git's that a process left when it died; whether there was one. Only for whoever has the turn: nobody
    /// else makes such locks but somebody who works on the repository by hand, and not for as long as this.
    fn unlock(&self, error: &git2::Error, name: &str) -> bool {
        let lock = self.folder.join(format!("{name}.lock"));
        let age = lock.metadata().and_then(|lock| lock.modified());
        let age = age.ok().and_then(|made| made.elapsed().ok());
        error.code() == GitCode::Locked && age.is_some_and(|age| age > ABANDONED) && std::fs::remove_file(lock).is_ok()
    }
}

/// The full name of a branch, when it can be one.
pub(super) fn reference(branch: &str) -> Option<String> {
    let name = format!("refs/heads/{branch}");
    let plain = !branch.starts_with('-') && branch != "HEAD";
    (plain && git2::Reference::is_valid_name(&name)).then_some(name)
}

fn moved(base: Oid, head: Option<Oid>) -> Failure {
    let mut details = json!({ "baseSha": base.to_string() });
    if let (Some(head), Some(details)) = (head, details.as_object_mut()) {
        details.insert("headSha".to_owned(), head.to_string().into());
    }
    Failure::new(ErrorCode::FileBaseMoved).with_details(details)
}

fn absent_or_broken(error: git2::Error) -> Failure {
    match error.code() {
        // An object of another kind is not the one that was asked for.
        GitCode::NotFound | GitCode::InvalidSpec => Failure::new(ErrorCode::FileNotFound),
        _ if error.class() == git2::ErrorClass::Invalid => Failure::new(ErrorCode::FileNotFound),
        _ => broken(error),
    }
}
