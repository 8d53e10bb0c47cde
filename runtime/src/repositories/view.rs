//! A view of a repository at one commit, as the tools that compare specs and generated files want it.
//!
//! Owns: the folder that stands for it. Must not know: what is compared.
//!
//! It is a repository of its own without a file in it: its head is the commit, and its objects are those of the project's
//! repository. History is read from that commit on, whatever the default branch is, and what is written into it is gone with it.

use std::path::PathBuf;

use flaresmith_api::errors::Failure;
use git2::{Oid, Repository, RepositoryInitOptions};
use tempfile::TempDir;

use super::{Local, broken};
use crate::clock::Clock;

/// The folder of a view; it is gone when this is.
pub struct View {
    folder: TempDir,
    scratch: PathBuf,
    clock: Clock,
}

impl View {
    /// A view of this commit.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn of(local: &Local, commit: Oid) -> Result<Self, Failure> {
        std::fs::create_dir_all(&local.scratch).map_err(Failure::internal)?;
        let folder = TempDir::new_in(&local.scratch).map_err(Failure::internal)?;
        let mut options = RepositoryInitOptions::new();
        options.external_template(false);
        let repository = Repository::init_opts(folder.path(), &options).map_err(broken)?;
        let objects = local
            .folder()
            .canonicalize()
            .map_err(Failure::internal)?
            .join("objects");
        let line = format!("{}\n", objects.display());
        std::fs::write(repository.path().join("objects/info/alternates"), line).map_err(Failure::internal)?;
        // Opened anew, it knows of the objects.
        let repository = Repository::open(folder.path()).map_err(broken)?;
        repository.set_head_detached(commit).map_err(broken)?;
        Ok(Self {
            folder,
            scratch: local.scratch.clone(),
            clock: local.clock.clone(),
        })
    }

    /// The view as a repository to work in.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn local(&self) -> Result<Local, Failure> {
        Ok(Local {
            repository: Repository::open(self.folder.path()).map_err(broken)?,
            folder: self.folder.path().to_owned(),
            scratch: self.scratch.clone(),
            clock: self.clock.clone(),
        })
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &std::path::Path {
        self.folder.path()
    }
}
