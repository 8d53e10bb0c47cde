//! The secrets of a project at GitHub.
//!
//! Owns: that those that were set before there was a repository are there. Must not know: values.

use flaresmith_api::errors::Failure;
use flaresmith_api::types::PlannedCallMethod::{Delete, Put};
use flaresmith_api::types::Provider::Github;
use flaresmith_store::entities::provisioning_runs;
use futures_util::future::BoxFuture;
use sea_orm::EntityTrait as _;

use crate::features::secrets::hand_on_all;
use crate::providers::Made;
use crate::provisioning::call::{Call, There, asks, changes};
use crate::provisioning::step::{Step, Subject};
use crate::store::failed;

/// What it takes, for each secret.
const SECRETS: [Call; 8] = [
    asks(Github, "/repos/{owner}/{repo}", "Looks for the repository."),
    asks(
        Github,
        "/repositories/{id}",
        "Looks for it by its number, where it was renamed.",
    ),
    asks(
        Github,
        "/repos/{owner}/{repo}/actions/secrets/public-key",
        "Asks for the key that secrets are sealed with.",
    ),
    changes(
        Github,
        Put,
        "/repos/{owner}/{repo}/actions/secrets/{name}",
        "Puts a secret of all workflows there.",
    ),
    asks(
        Github,
        "/repos/{owner}/{repo}/environments/{environment}/secrets/public-key",
        "Asks for the key of an environment.",
    ),
    changes(
        Github,
        Put,
        "/repos/{owner}/{repo}/environments/{environment}",
        "Makes an environment that is not there.",
    ),
    changes(
        Github,
        Put,
        "/repos/{owner}/{repo}/environments/{environment}/secrets/{name}",
        "Puts a secret of an environment there.",
    ),
    changes(
        Github,
        Delete,
        "/repos/{owner}/{repo}/environments/{environment}/secrets/{name}",
        "Takes a secret away that is set no more.",
    ),
];

/// Hands them on.
pub(super) struct Secrets;

impl Step for Secrets {
    fn calls(&self, _: There) -> Vec<Call> {
        SECRETS.to_vec()
    }

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
