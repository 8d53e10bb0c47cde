//! Deploying a commit.
//!
//! Owns: which commit is meant, and who may deploy where. Must not know: how it is built.

use flaresmith_api::api::environments::DeployEnvironmentRequest;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::lifecycles::EnvironmentEvent;
use flaresmith_api::operations::Role;
use flaresmith_api::types::{Deployment, DeploymentErrorDetails};
use flaresmith_store::enums::{DeploymentKind, EnvironmentKind};
use uuid::Uuid;

use super::change::{Change, find};
use crate::features::projects::plan;
use crate::pipeline::Access;
use crate::platform::Platform;
use crate::provisioning::deploy::Wanted;
use crate::repositories::Local;

/// What a deployment does to an environment, whichever of them may happen. A preview is made again where others are tried again.
pub(super) const MENDS: [EnvironmentEvent; 3] = [
    EnvironmentEvent::Deploy,
    EnvironmentEvent::Retry,
    EnvironmentEvent::Recreate,
];

/// Begins to deploy a commit.
pub(super) async fn deploy(
    platform: &Platform,
    access: &Access,
    request: DeployEnvironmentRequest,
) -> Result<Deployment, Failure> {
    let project = request.project_id;
    let environment = find(platform.store.read(), project, request.environment_id).await?;
    if matches!(environment.kind, EnvironmentKind::Staging | EnvironmentKind::Prod) {
        access.demand(Role::Maintainer)?;
    }
    let named = request.body.r#ref.unwrap_or_else(|| environment.branch.clone());
    let commit = commit(platform, project, &named).await?;
    let deploys = Some((environment.id, commit.as_str()));
    let planned = plan::demand(platform, project, request.plan_digest.as_deref(), deploys).await?;
    let change = Change::begin(platform, project).await?;
    if let Some(planned) = planned {
        planned.demand(&*change.write, project).await?;
    }
    let environment = change.environment(request.environment_id).await?;
    let wanted = Wanted {
        message: request.body.message.flatten(),
        ..wanted(commit, named, access.caller.user())
    };
    // What failed is mended by deploying something better.
    change.deploy(&environment, &MENDS, wanted).await
}

/// What a deployment of the head of an environment's branch wants.
pub(super) fn wanted(commit: String, branch: String, by: Option<Uuid>) -> Wanted {
    Wanted {
        kind: DeploymentKind::Deploy,
        commit,
        branch,
        build: None,
        source: None,
        rollback_of: None,
        repeats: None,
        takes_back: None,
        test_run: None,
        by,
        message: None,
    }
}

/// The commit that a branch or an id names.
async fn commit(platform: &Platform, project: Uuid, named: &str) -> Result<String, Failure> {
    let wanted = named.to_owned();
    let look = move |local: &Local| local.commit_of(Some(&wanted)).map(|commit| commit.id().to_string());
    let unknown = || {
        Failure::new(ErrorCode::DeploymentCommitUnknown).with_details(DeploymentErrorDetails {
            build_id: None,
            commit_sha: Some(named.to_owned()),
        })
    };
    match platform.repositories.with(project, look).await {
        Err(failure) if failure.code() == ErrorCode::FileNotFound => Err(unknown()),
        found => found,
    }
}
