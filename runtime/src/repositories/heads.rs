//! All branches of a repository, and moving one to a commit that somebody else made.
//!
//! Owns: that a branch goes forward only. Must not know: where the commit comes from.

use std::collections::BTreeMap;

use flaresmith_api::errors::Failure;
use git2::{BranchType, ErrorCode as GitCode, Oid};

use super::broken;
use super::local::{Local, reference};

/// Beginning of the names under which it is kept what two sides had in common.
const BASES: &str = "refs/flaresmith/github/";

impl Local {
    /// Every branch that has a name of letters that all sides can read, with its head.
    ///
    /// # Errors
    /// The repository is damaged.
    pub fn heads(&self) -> Result<BTreeMap<String, Oid>, Failure> {
        let branches = self.repository.branches(Some(BranchType::Local)).map_err(broken)?;
        let mut heads = BTreeMap::new();
        for branch in branches {
            let (branch, _) = branch.map_err(broken)?;
            let name = branch.name().ok().flatten().map(str::to_owned);
            if let (Some(name), Some(head)) = (name, branch.get().target()) {
                heads.insert(name, head);
            }
        }
        Ok(heads)
    }

    /// Whether one commit comes before another. One that is not here comes before none.
    ///
    /// # Errors
    /// The repository is damaged.
    pub fn leads_to(&self, before: Oid, after: Oid) -> Result<bool, Failure> {
        if [before, after]
            .iter()
            .any(|&id| self.repository.find_commit(id).is_err())
        {
            return Ok(false);
        }
        self.repository.graph_descendant_of(after, before).map_err(broken)
    }

    /// The head that a branch had here and in another repository when both were last the same; `None`: they never were.
    /// `other`: a name that no other repository ever has.
    ///
    /// # Errors
    /// The repository is damaged.
    pub fn base(&self, other: &str, branch: &str) -> Result<Option<Oid>, Failure> {
        match self.repository.find_reference(&format!("{BASES}{other}/{branch}")) {
            Ok(found) => Ok(found.target()),
            Err(error) if matches!(error.code(), GitCode::NotFound | GitCode::InvalidSpec) => Ok(None),
            Err(error) => Err(broken(error)),
        }
    }

    /// Notes that a branch has this head here and there.
    ///
    /// # Errors
    /// The repository is damaged.
    pub fn same(&self, other: &str, branch: &str, head: Oid) -> Result<(), Failure> {
        if self.base(other, branch)? == Some(head) {
            return Ok(());
        }
        let name = format!("{BASES}{other}/{branch}");
        let set = || self.repository.reference(&name, head, true, "flaresmith: exchange");
        match self.unlocked(&name, set) {
            Ok(_) => Ok(()),
            // Whoever is faster notes the same, or what is newer.
            Err(error) if error.code() == GitCode::Locked => Ok(()),
            Err(error) => Err(broken(error)),
        }
    }

    /// Moves a branch, or makes it; `false`: it has moved meanwhile, or this is no name of a branch here.
    ///
    /// # Errors
    /// The repository is damaged, or another process does not let go of it.
    pub fn forward(&self, branch: &str, from: Option<Oid>, to: Oid) -> Result<bool, Failure> {
        let Some(name) = reference(branch) else {
            return Ok(false);
        };
        let _alone = self.heads_alone()?;
        let told = "flaresmith: exchange";
        let set = || {
            match from {
                Some(from) => self.repository.reference_matching(&name, to, true, from, told),
                None => self.repository.reference(&name, to, false, told),
            }
            .map(|_| ())
        };
        match self.unlocked(&name, set) {
            Ok(()) => Ok(true),
            Err(error) if matches!(error.code(), GitCode::Modified | GitCode::Exists | GitCode::Directory) => Ok(false),
            Err(error) if error.class() == git2::ErrorClass::Reference => Ok(false),
            Err(error) => Err(broken(error)),
        }
    }
}
