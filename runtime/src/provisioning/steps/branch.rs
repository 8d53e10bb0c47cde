//! The branch that an environment follows.
//!
//! Owns: which branch that is. Must not know: how a host makes one.

use flaresmith_api::errors::{ErrorCode, Failure};
use futures_util::future::BoxFuture;

use crate::providers::Made;
use crate::provisioning::step::{Step, Subject};

/// Makes it.
pub(super) struct Branch;

impl Step for Branch {
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
            })
        })
    }
}
