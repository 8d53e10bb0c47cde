//! The host of repositories that the platform is itself.
//!
//! Owns: from a host's words to those of [`Repositories`]. Must not know: where repositories lie.

use std::time::Duration;

use flaresmith_api::errors::{ErrorCode, Failure};
use futures_util::future::BoxFuture;
use git2::Oid;

use super::{SeedFile, SourceHost};
use crate::providers::{Made, Mark, file_url, foreign};
use crate::repositories::{Author, Draft, Edit, Local, Owner, Repositories, Target, broken};

/// How often somebody else may move the branch while files are put on it.
const TRIES: usize = 6;

/// Time between two tries; all together outlast a lock that a process left when it died.
const PAUSE: Duration = Duration::from_millis(1500);

/// Bare repositories in the data folder.
pub struct OwnHost {
    repositories: Repositories,
}

impl OwnHost {
    /// The host of these repositories.
    #[must_use]
    pub fn new(repositories: Repositories) -> Self {
        Self { repositories }
    }
}

/// What is told of a repository at an address.
fn told(mark: &Mark, url: String) -> Made {
    Made {
        external_id: None,
        name: format!("{}.git", mark.project),
        url: Some(url),
        ..Made::default()
    }
}

impl SourceHost for OwnHost {
    fn look_repository<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<Option<Made>, Failure>> {
        Box::pin(async move {
            match self.repositories.owner(mark.project).await? {
                Owner::Own => Ok(Some(told(mark, self.repositories.url(mark.project)))),
                Owner::Nobody => Ok(None),
                Owner::Another => Err(foreign(mark)),
            }
        })
    }

    fn look_branch<'a>(&'a self, mark: &'a Mark, branch: &'a str) -> BoxFuture<'a, Result<Option<String>, Failure>> {
        let branch = branch.to_owned();
        Box::pin(async move {
            if self.look_repository(mark).await?.is_none() {
                return Ok(None);
            }
            let head = move |local: &Local| local.head(&branch);
            let head = self.repositories.with_standing(mark.project, head).await?;
            Ok(head.map(|head| head.to_string()))
        })
    }

    fn ensure_repository<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let turn = self.repositories.alone(mark.project).await?;
            mark.fence.check(Some(&turn)).await?;
            // What stands there and is another's ends it here.
            self.look_repository(mark).await?;
            let folder = self.repositories.ensure_in(mark.project, turn).await?;
            Ok(told(mark, file_url(&folder)))
        })
    }

    fn ensure_files<'a>(&'a self, mark: &'a Mark, files: Vec<SeedFile>) -> BoxFuture<'a, Result<String, Failure>> {
        Box::pin(async move {
            mark.fence.check(None).await?;
            let work = move |local: &Local| {
                let mut done = put(local, &files);
                for _ in 1..TRIES {
                    match done {
                        Err(failure) if failure.code() == ErrorCode::FileBaseMoved => {
                            std::thread::sleep(PAUSE);
                            done = put(local, &files);
                        }
                        _ => break,
                    }
                }
                done.map(|head| head.to_string())
            };
            self.repositories.with(mark.project, work).await
        })
    }

    fn ensure_branch<'a>(&'a self, mark: &'a Mark, branch: &'a str) -> BoxFuture<'a, Result<String, Failure>> {
        let branch = branch.to_owned();
        Box::pin(async move {
            mark.fence.check(None).await?;
            let work = move |local: &Local| local.ensure_branch(&branch).map(|head| head.to_string());
            self.repositories.with(mark.project, work).await
        })
    }

    fn is_untouched<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<bool, Failure>> {
        Box::pin(async move {
            match self.repositories.owner(mark.project).await? {
                Owner::Own => self.repositories.with(mark.project, Local::is_platforms_alone).await,
                Owner::Nobody | Owner::Another => Ok(true),
            }
        })
    }

    fn remove_repository<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let turn = self.repositories.alone(mark.project).await?;
            mark.fence.check(Some(&turn)).await?;
            if self.repositories.owner(mark.project).await? == Owner::Another {
                return Err(foreign(mark));
            }
            self.repositories.put_aside(mark.project, turn).await?;
            self.repositories.sweep(mark.project).await
        })
    }
}

/// Commits the files that the default branch lacks.
fn put(local: &Local, files: &[SeedFile]) -> Result<Oid, Failure> {
    let branch = local.default_branch()?;
    let head = local.commit_of(None)?;
    let tree = head.tree().map_err(broken)?;
    let missing = |file: &&SeedFile| tree.get_path(std::path::Path::new(&file.path)).is_err();
    let missing: Vec<&SeedFile> = files.iter().filter(missing).collect();
    if missing.is_empty() {
        return Ok(head.id());
    }
    let mut draft = Draft::of(local, &tree)?;
    for file in missing {
        draft.edit(Edit::Write {
            path: file.path.clone(),
            bytes: file.bytes.clone(),
            executable: None,
        })?;
    }
    let target = Target {
        branch,
        base: head.id(),
    };
    local.write(&target, &Author::platform(), "Begin with the project template\n", draft)
}
