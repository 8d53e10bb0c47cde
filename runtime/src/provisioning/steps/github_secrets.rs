//! The secrets of a project at GitHub.
//!
//! Owns: that those that were set before there was a repository are there. Must not know: values.

use flaresmith_api::errors::Failure;
use flaresmith_store::entities::provisioning_runs;
use futures_util::future::BoxFuture;
use sea_orm::EntityTrait as _;

use crate::features::secrets::hand_on_all;
use crate::providers::Made;
use crate::provisioning::step::{Step, Subject};
use crate::store::failed;

/// Hands them on.
pub(super) struct Secrets;

impl Step for Secrets {
    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            on.mark.fence.check(None).await?;
            let run = provisioning_runs::Entity::find_by_id(on.run)
                .one(on.platform.store.read())
                .await
                .map_err(failed)?;
            let person = run.and_then(|run| run.requested_by_id);
            hand_on_all(&on.platform, on.project.id, person).await?;
            Ok(Made::default())
        })
    }
}
