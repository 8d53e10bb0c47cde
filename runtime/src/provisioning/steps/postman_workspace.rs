//! The workspace of a project at Postman, and its removal.
//!
//! Owns: which one it is, and that undoing takes away what the run made alone. Must not know: how Postman is called.

use flaresmith_api::errors::{ErrorCode, Failure};
use futures_util::future::BoxFuture;

use crate::providers::Made;
use crate::provisioning::at_neon::began;
use crate::provisioning::at_postman;
use crate::provisioning::step::{Step, Subject};

/// Makes it.
pub(super) struct Workspace;

/// Takes it away, with all that was made in it.
pub(super) struct Removal;

impl Step for Workspace {
    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let connection = at_postman::connection(&on.platform, &on.project).await?;
            let connection = connection.ok_or_else(|| Failure::new(ErrorCode::IntegrationNotConnected))?;
            let known = at_postman::known(on.platform.store.read(), on.project.id).await?;
            let postman = &on.platform.providers.postman;
            let (id, name) = postman
                .ensure_workspace(&connection.access, &on.mark, &connection.wanted, known.workspace())
                .await?;
            Ok(Made {
                external_id: Some(id),
                name,
                url: None,
            })
        })
    }

    fn undo<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let (Some((connection, id)), Some(since)) = (there(on).await?, began(on).await?) else {
                return Ok(());
            };
            // What the run made in it is gone by now; with more in it, it stays.
            let postman = &on.platform.providers.postman;
            postman
                .remove_empty(&connection.access, &on.mark, &id, Some(since))
                .await
        })
    }
}

/// The workspace that the project has there; `None`: none, or whoever ended the connection before keeps it.
async fn there(on: &Subject) -> Result<Option<(at_postman::Connection, String)>, Failure> {
    let Some(connection) = at_postman::connection(&on.platform, &on.project).await? else {
        return Ok(None);
    };
    let known = at_postman::known(on.platform.store.read(), on.project.id).await?;
    let postman = &on.platform.providers.postman;
    let found = postman
        .own_workspace(&connection.access, &on.mark, &connection.wanted.name, known.workspace())
        .await?;
    Ok(found.map(|found| (connection, found.id)))
}

impl Step for Removal {
    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            if let Some((connection, id)) = there(on).await? {
                let known = at_postman::known(on.platform.store.read(), on.project.id).await?;
                let postman = &on.platform.providers.postman;
                postman
                    .remove_workspace(&connection.access, &on.mark, &id, &known.collections())
                    .await?;
            }
            Ok(Made::default())
        })
    }
}
