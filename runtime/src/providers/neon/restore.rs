//! Taking a branch back to an earlier moment of its own history.
//!
//! Owns: how that is asked for, and the branches that Neon keeps of what was there until then. Must not know: which moment, and why.
//!
//! Neon keeps what was in the branch as another branch, with which it begins from then on, and which its children begin with. Its name is
//! one that nobody else can make and holds for whom it was taken back, so what was asked for once is found again and not repeated.

use axum::http::{Method, StatusCode};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use flaresmith_api::errors::Failure;
use serde_json::json;
use uuid::Uuid;

use super::{Branch, Neon, because};
use crate::providers::Mark;
use crate::providers::cloud::Access;
use crate::sealing::mac;

impl Neon {
    /// How long Neon keeps the history of a project's branches; `None`: it does not say.
    ///
    /// # Errors
    /// Neon does not answer or refuses.
    pub async fn history(&self, access: &Access, project: &str) -> Result<Option<TimeDelta>, Failure> {
        let found = self.project(access, project).await?;
        let seconds = found.and_then(|found| found.history_retention_seconds);
        Ok(seconds.map(TimeDelta::seconds))
    }

    /// How the names begin of what is kept of an environment's branch.
    pub(super) fn kept_beginning(&self, mark: &Mark, branch: &str) -> String {
        let digest = mac(&self.key, format!("kept {} {branch}", mark.project).as_bytes());
        let digest: String = digest.iter().take(10).map(|byte| format!("{byte:02x}")).collect();
        format!("{}-before-{digest}-", mark.environment)
    }

    fn kept_name(&self, mark: &Mark, branch: &str, own: Uuid) -> String {
        format!("{}{}", self.kept_beginning(mark, branch), own.simple())
    }

    /// What was kept of a branch, oldest first.
    ///
    /// # Errors
    /// Neon does not answer or refuses.
    pub async fn kept_of(
        &self,
        access: &Access,
        mark: &Mark,
        project: &str,
        branch: &str,
    ) -> Result<Vec<Branch>, Failure> {
        let beginning = self.kept_beginning(mark, branch);
        let mut all = self.branches(access, project).await?;
        all.retain(|one| one.name.starts_with(&beginning));
        Ok(all)
    }

    /// Whether a branch was taken back for a deployment.
    ///
    /// # Errors
    /// Neon does not answer or refuses.
    pub async fn is_kept(
        &self,
        access: &Access,
        mark: &Mark,
        project: &str,
        branch: &Branch,
        own: Uuid,
    ) -> Result<bool, Failure> {
        let name = self.kept_name(mark, &branch.id, own);
        let found = self.branch(access, project, None, &name).await?;
        Ok(found.is_some())
    }

    /// Takes a branch back to what it was at a moment by its own clock. Its address and its id stay; its connections end.
    ///
    /// # Errors
    /// Its history does not reach so far, or Neon does not answer or refuses.
    pub async fn restore(
        &self,
        access: &Access,
        mark: &Mark,
        project: &str,
        branch: &Branch,
        at: DateTime<Utc>,
        own: Uuid,
    ) -> Result<(), Failure> {
        let name = self.kept_name(mark, &branch.id, own);
        let path = ["projects", project, "branches", &branch.id, "restore"];
        let body = json!({
            "source_branch_id": branch.id,
            "source_timestamp": at.to_rfc3339_opts(SecondsFormat::Millis, true),
            "preserve_under_name": name,
        });
        let done = self.change(access, mark, Method::POST, &path, Some(&body)).await?;
        match done.status {
            status if status.is_success() => self.ended(access, project, &done).await,
            // Who asked for it before froze or died, and it was done all the same.
            StatusCode::CONFLICT if self.is_kept(access, mark, project, branch, own).await? => {
                self.settled(access, project).await
            }
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST => {
                let reason =
                    "the branch cannot be taken back to that time, or the plan has no room for what is kept of it.";
                Err(Self::failures().rejected(reason))
            }
            _ => Err(because(&done)),
        }
    }
}
