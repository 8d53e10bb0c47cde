//! The standby of a branch: a copy of it that is made anew at short intervals, and is used when the branch fails.
//!
//! Owns: how one is made, known and reset. Must not know: when it is reset, and what becomes of it.
//!
//! A reset throws away what is in a branch, so it is done to a branch alone that was made as a standby of this very parent: it has the id
//! that was kept, a name with a digest in it that nobody else can make, and that parent. Anything else is somebody else's.
//!
//! A reset takes over the passwords of the parent with everything else, so a standby has none of its own.

use axum::http::{Method, StatusCode};
use flaresmith_api::errors::Failure;
use serde_json::json;
use uuid::Uuid;

use super::{Branch, Neon, because};
use crate::providers::cloud::Access;
use crate::providers::{Mark, foreign};
use crate::sealing::mac;

/// A branch and the standby that it is to have.
#[derive(Debug, Clone)]
pub struct Standby {
    /// The Neon project.
    pub project: String,
    /// The id of the branch that it stands by for.
    pub parent: String,
    /// The id of the standby, once there is one.
    pub known: Option<String>,
}

impl Neon {
    /// What the standby of an environment's branch is called. One of another branch is called otherwise.
    #[must_use]
    pub fn standby_name(&self, project: Uuid, environment: &str, parent: &str) -> String {
        let digest = mac(&self.key, format!("standby {project} {parent}").as_bytes());
        let digest: String = digest.iter().take(10).map(|byte| format!("{byte:02x}")).collect();
        format!("{environment}-standby-{digest}")
    }

    /// The standby, if it is there.
    ///
    /// # Errors
    /// What stands in its place was not made by the platform, or Neon does not answer or refuses.
    pub async fn standby(&self, access: &Access, mark: &Mark, of: &Standby) -> Result<Option<Branch>, Failure> {
        let found = match &of.known {
            // Another one in its place is none: what is known of the copy is not known of that.
            Some(known) => self.branch_of_id(access, &of.project, known).await?,
            None => {
                let name = self.standby_name(mark.project, &mark.environment, &of.parent);
                self.branch(access, &of.project, None, &name).await?
            }
        };
        found.map(|found| self.ours(mark, of, found)).transpose()
    }

    /// A branch, if it was made as this standby.
    fn ours(&self, mark: &Mark, of: &Standby, branch: Branch) -> Result<Branch, Failure> {
        let name = self.standby_name(mark.project, &mark.environment, &of.parent);
        let is_ours = branch.name == name && !branch.default && branch.parent_id.as_ref() == Some(&of.parent);
        is_ours.then_some(branch).ok_or_else(|| foreign(mark))
    }

    /// Makes sure that it is there and has a compute, which sleeps until somebody connects.
    ///
    /// # Errors
    /// What stands in its place was not made by the platform, or Neon does not answer or refuses.
    pub async fn ensure_standby(&self, access: &Access, mark: &Mark, of: &Standby) -> Result<Branch, Failure> {
        let branch = match self.standby(access, mark, of).await? {
            Some(found) => {
                self.settled(access, &of.project).await?;
                found
            }
            None => {
                let name = self.standby_name(mark.project, &mark.environment, &of.parent);
                let made = self.make_branch(access, mark, &of.project, &name, &of.parent).await?;
                self.ours(mark, of, made)?
            }
        };
        self.ensure_compute(access, mark, &of.project, &branch).await?;
        Ok(branch)
    }

    /// Makes it a copy of its parent as that is now. Its address stays; its connections end.
    ///
    /// # Errors
    /// It is not there, was not made by the platform or is protected, others begin with it, or Neon does not answer or refuses.
    pub async fn reset_standby(&self, access: &Access, mark: &Mark, of: &Standby) -> Result<(), Failure> {
        let branch = self.standby(access, mark, of).await?;
        let branch = branch.ok_or_else(|| Self::failures().rejected("the standby is not there any more."))?;
        if branch.protected {
            let reason = "the standby is protected there; take that back, and it is reset again.";
            return Err(Self::failures().rejected(reason));
        }
        let path = ["projects", &of.project, "branches", &branch.id, "restore"];
        // Without a moment it is the newest state.
        let body = json!({ "source_branch_id": of.parent });
        let done = self.change(access, mark, Method::POST, &path, Some(&body)).await?;
        match done.status {
            status if status.is_success() => self.ended(access, &of.project, &done).await,
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST => {
                let reason = "the standby cannot be reset; others may begin with it.";
                Err(Self::failures().rejected(reason))
            }
            _ => Err(because(&done)),
        }
    }
}
