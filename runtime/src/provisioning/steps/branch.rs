//! The branch that an environment follows.
//!
//! Owns: which branch that is. Must not know: how a host makes one.

use flaresmith_api::errors::{ErrorCode, Failure};
use futures_util::future::BoxFuture;

use crate::providers::Made;
use crate::provisioning::call::{Call, There, here};
use crate::provisioning::look::Looked;
use crate::provisioning::step::{Step, Subject};

/// Makes it.
pub(super) struct Branch;

impl Step for Branch {
    fn calls(&self, _: There) -> Vec<Call> {
        vec![here(
            "Makes the branch where the default branch is, if it is not there.",
        )]
    }

    fn look<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Option<Looked>, Failure>> {
        Box::pin(async move {
            let Some(environment) = &on.environment else {
                return Ok(None);
            };
            let (branch, project) = (&environment.branch, &on.project.slug);
            let head = on.platform.providers.source.look_branch(&on.mark, branch).await?;
            if head.is_some() {
                return Ok(Some(Looked::fine("there")));
            }
            let from = environment.commit_sha.as_deref().unwrap_or("COMMIT");
            Ok(Some(Looked::missing(
                format!("The repository has no branch `{branch}`."),
                format!("The branch `{branch}`, which {} follows.", environment.name),
                format!(
                    "In a clone: `git push origin {from}:refs/heads/{branch}`. `flaresmith env history {project} {}` has what ran there.",
                    environment.name
                ),
            )))
        })
    }

    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let environment = on
                .environment
                .as_ref()
                .ok_or_else(|| Failure::new(ErrorCode::EnvNotFound))?;
            let branch = &environment.branch;
            let head = on.platform.providers.source.ensure_branch(&on.mark, branch).await?;
            Ok(Made {
                external_id: Some(head),
                name: branch.clone(),
                url: None,
                ..Made::default()
            })
        })
    }
}
