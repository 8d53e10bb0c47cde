//! The workspace of a project at Postman, and its removal.
//!
//! Owns: which one it is, and that undoing takes away what the run made alone. Must not know: how Postman is called.

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::PlannedCallMethod::{Delete, Post};
use flaresmith_api::types::Provider::Postman;
use futures_util::future::BoxFuture;

use crate::providers::Made;
use crate::provisioning::at_neon::began;
use crate::provisioning::at_postman;
use crate::provisioning::call::{Call, There, asks, changes};
use crate::provisioning::look::Looked;
use crate::provisioning::step::{Step, Subject};

/// What it takes.
const WORKSPACE: [Call; 3] = [
    asks(
        Postman,
        "/workspaces/{workspace}",
        "Looks for the workspace by its id, where one is known, and for its mark.",
    ),
    asks(Postman, "/workspaces", "Looks for the workspace by its mark."),
    changes(
        Postman,
        Post,
        "/workspaces",
        "Makes the workspace where it is not there.",
    ),
];

/// Makes it.
pub(super) struct Workspace;

/// Takes it away, with all that was made in it.
pub(super) struct Removal;

impl Step for Workspace {
    fn calls(&self, _: There) -> Vec<Call> {
        WORKSPACE.to_vec()
    }

    fn look<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Option<Looked>, Failure>> {
        Box::pin(async move {
            if at_postman::connection(&on.platform, &on.project).await?.is_none() {
                return Err(Failure::new(ErrorCode::IntegrationNotConnected));
            }
            let slug = &on.project.slug;
            Ok(Some(match there(on).await? {
                Some((_, id)) => Looked::fine(id),
                None => Looked::missing(
                    "Postman has no such workspace, or none that the key may see.",
                    format!("The workspace of {}.", on.project.name),
                    format!(
                        "Have it made anew: `flaresmith integration disconnect {slug} postman`, then `flaresmith integration connect \
                         postman {slug}`."
                    ),
                ),
            }))
        })
    }

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
                ..Made::default()
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
    fn calls(&self, _: There) -> Vec<Call> {
        vec![
            asks(
                Postman,
                "/workspaces/{workspace}",
                "Looks for the workspace and what is in it.",
            ),
            asks(
                Postman,
                "/workspaces",
                "Looks for the workspace by its mark, where no id is known.",
            ),
            asks(
                Postman,
                "/environments/{environment}",
                "Looks whether an environment bears the mark.",
            ),
            changes(
                Postman,
                Delete,
                "/environments/{environment}",
                "Removes one that was made.",
            ),
            asks(
                Postman,
                "/collections/{collection}",
                "Looks whether a collection bears the mark, where no id is known.",
            ),
            changes(
                Postman,
                Delete,
                "/collections/{collection}",
                "Removes one that was made.",
            ),
            changes(
                Postman,
                Delete,
                "/workspaces/{workspace}",
                "Removes the workspace if nothing else is in it.",
            ),
        ]
    }

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
