//! A collection of a project at Postman, with the variables of its environment beside it.
//!
//! Owns: that undoing takes away what the run made and nobody changed. Must not know: how Postman is called, what is in a collection.

use flaresmith_api::errors::{ErrorCode, Failure};
use futures_util::future::BoxFuture;

use crate::providers::Made;
use crate::providers::postman::Whether;
use crate::provisioning::at_neon::began;
use crate::provisioning::at_postman::{self, Pair};
use crate::provisioning::step::{Step, Subject};

/// Makes it, or brings it up to date. Where people changed what is generated differently by now, it stays as they have it, and
/// the connection says so.
pub(super) struct Collection;

impl Step for Collection {
    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let connection = at_postman::connection(&on.platform, &on.project).await?;
            let connection = connection.ok_or_else(|| Failure::new(ErrorCode::IntegrationNotConnected))?;
            let Some(pair) = wanted(on).await? else {
                return Ok(Made::default());
            };
            let known = at_postman::known(on.platform.store.read(), on.project.id).await?;
            let (platform, access) = (&on.platform, &connection.access);
            let brought = at_postman::bring(platform, access, &on.mark, &known, &pair, Whether::Made).await?;
            Ok(Made {
                external_id: Some(brought.id),
                name: brought.name,
                url: None,
            })
        })
    }

    fn undo<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(undone(on))
    }
}

/// What is to be there; `None`: the repository has no such collection yet.
async fn wanted(on: &Subject) -> Result<Option<Pair>, Failure> {
    let environment = on.environment.as_ref();
    match at_postman::origin(&on.platform, on.project.id, environment).await? {
        Some(origin) => {
            let scope = at_postman::scope(environment);
            at_postman::pair(&on.platform, on.project.id, scope, &origin).await
        }
        None => Ok(None),
    }
}

async fn undone(on: &Subject) -> Result<(), Failure> {
    let Some(connection) = at_postman::connection(&on.platform, &on.project).await? else {
        return Ok(());
    };
    let known = at_postman::known(on.platform.store.read(), on.project.id).await?;
    let (Some(workspace), Some(pair), Some(since)) = (known.workspace(), wanted(on).await?, began(on).await?) else {
        return Ok(());
    };
    let (postman, access, here) = (
        &on.platform.providers.postman,
        &connection.access,
        &on.platform.repositories,
    );
    let id = known.collection(&on.mark.environment);
    postman
        .take_back(access, &on.mark, workspace, &pair.collection, id, since, here)
        .await?;
    if let Some(environment) = &pair.environment {
        postman
            .take_back(access, &on.mark, workspace, environment, None, since, here)
            .await?;
    }
    Ok(())
}
