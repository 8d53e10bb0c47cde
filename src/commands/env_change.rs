//! `flaresmith env deploy|promote|rollback|retry|reset|history`.
//!
//! Owns: what is asked of the server to change an environment, and following a deployment to its end. Must not know: tokens, layout.

use std::time::Duration;

use flaresmith_api::api::deployments::{
    GetDeploymentRequest, GetDeploymentResponse, ListDeploymentsRequest, ListDeploymentsResponse,
};
use flaresmith_api::api::environments::{
    DeployEnvironmentRequest, DeployEnvironmentResponse, PromoteEnvironmentRequest, PromoteEnvironmentResponse,
    ResetEnvironmentRequest, ResetEnvironmentResponse, RetryEnvironmentRequest, RetryEnvironmentResponse,
    RollbackEnvironmentRequest, RollbackEnvironmentResponse,
};
use flaresmith_api::errors::ErrorCode;
use flaresmith_api::types::{
    DeployRequest, Deployment, DeploymentDetail, DeploymentState, EnvironmentKind, EnvironmentState, PromoteRequest,
    PromoteRequestTo, RetryRequest, RetryRequestMode, RollbackRequest,
};
use uuid::Uuid;

use super::env::{detail, environment_of, shown};
use super::project::id_of;
use super::project_plan::digest_of;
use crate::cli::{EnvDeployArgs, EnvHistoryArgs, EnvPromoteArgs, EnvRetryArgs, EnvRollbackArgs, EnvShowArgs};
use crate::remote::{self, Remote, Trouble};
use crate::view::View;

/// Time between the first two looks at what goes on, and the longest between any two: what takes long is asked for less often than
/// the limits of one person allow.
const LOOK: Duration = Duration::from_millis(250);
const LONGEST_LOOK: Duration = Duration::from_millis(1500);

/// How often in a row the server may not answer meanwhile: one that is started anew is away for a while.
const MOST: u32 = 20;

/// A key of its own for each run of a command, which so does a thing once, whatever happens on the way.
pub(super) fn once() -> Option<String> {
    Some(Uuid::new_v4().to_string())
}

/// Deploys a commit.
pub(super) fn deploy(remote: &Remote, args: &EnvDeployArgs, view: &mut View) -> Result<(), Trouble> {
    let environment = detail(remote, &args.place)?;
    let request = DeployEnvironmentRequest {
        project_id: environment.project_id,
        environment_id: environment.id,
        idempotency_key: once(),
        plan_digest: digest_of(&args.planned)?,
        body: DeployRequest {
            r#ref: args.reference.clone(),
            message: args.message.clone().map(Some),
        },
    };
    let DeployEnvironmentResponse::Accepted { body, .. } = remote.wait(remote.client().deploy_environment(request))?;
    followed(remote, &body, &args.place, args.no_wait, view)
}

/// Promotes what runs in an environment to the next.
pub(super) fn promote(remote: &Remote, args: &EnvPromoteArgs, view: &mut View) -> Result<(), Trouble> {
    let environment = detail(remote, &args.place)?;
    let request = PromoteEnvironmentRequest {
        project_id: environment.project_id,
        environment_id: environment.id,
        idempotency_key: once(),
        body: PromoteRequest {
            to: match environment.kind {
                EnvironmentKind::Dev => PromoteRequestTo::Staging,
                _ => PromoteRequestTo::Prod,
            },
            test_run_id: args.test_run,
            critical: args.critical.then_some(true),
            message: args.message.clone().map(Some),
        },
    };
    let PromoteEnvironmentResponse::Accepted { body, .. } =
        remote.wait(remote.client().promote_environment(request))?;
    let target = EnvShowArgs {
        project: args.place.project.clone(),
        environment: body.environment_id.to_string(),
    };
    followed(remote, &body, &target, args.no_wait, view)
}

/// Goes back to an earlier deployment.
pub(super) fn rollback(remote: &Remote, args: &EnvRollbackArgs, view: &mut View) -> Result<(), Trouble> {
    let environment = detail(remote, &args.place)?;
    let request = RollbackEnvironmentRequest {
        project_id: environment.project_id,
        environment_id: environment.id,
        idempotency_key: once(),
        body: RollbackRequest {
            to_deployment_id: args.to,
            restore_database: args.restore_database.then_some(true),
            reason: args.reason.clone().map(Some),
        },
    };
    let RollbackEnvironmentResponse::Accepted { body, .. } =
        remote.wait(remote.client().rollback_environment(request))?;
    followed(remote, &body, &args.place, args.no_wait, view)
}

/// Repeats what failed.
pub(super) fn retry(remote: &Remote, args: &EnvRetryArgs, view: &mut View) -> Result<(), Trouble> {
    let environment = detail(remote, &args.place)?;
    let request = RetryEnvironmentRequest {
        project_id: environment.project_id,
        environment_id: environment.id,
        idempotency_key: once(),
        body: RetryRequest {
            mode: args.provisioning.then_some(RetryRequestMode::Provisioning),
        },
    };
    let RetryEnvironmentResponse::Accepted(_) = remote.wait(remote.client().retry_environment(request))?;
    settled(remote, &args.place, view)
}

/// Provisions an environment again.
pub(super) fn reset(remote: &Remote, args: &EnvShowArgs, view: &mut View) -> Result<(), Trouble> {
    let environment = detail(remote, args)?;
    let request = ResetEnvironmentRequest {
        project_id: environment.project_id,
        environment_id: environment.id,
        idempotency_key: once(),
    };
    let ResetEnvironmentResponse::Accepted(_) = remote.wait(remote.client().reset_environment(request))?;
    settled(remote, args, view)
}

/// Lists deployments.
pub(super) fn history(remote: &Remote, args: &EnvHistoryArgs, view: &mut View) -> Result<(), Trouble> {
    let project_id = id_of(remote, &args.project)?;
    let environment_id = match &args.environment {
        Some(text) => Some(environment_of(remote, project_id, text)?),
        None => None,
    };
    let (items, more) = remote::listed(args.list.limit, |cursor, limit| {
        let request = ListDeploymentsRequest {
            project_id,
            cursor,
            limit: Some(limit),
            environment_id,
            state: None,
        };
        let ListDeploymentsResponse::Ok(page) = remote.wait(remote.client().list_deployments(request))?;
        Ok((page.items, page.next_cursor))
    })?;
    let rows: Vec<Vec<String>> = items
        .iter()
        .map(|one| {
            vec![
                one.kind.to_string(),
                one.state.to_string(),
                one.commit_sha.chars().take(12).collect(),
                remote::moment(one.created_at),
                one.error_code.clone().unwrap_or_default(),
                one.id.to_string(),
            ]
        })
        .collect();
    view.page(
        &["KIND", "STATE", "COMMIT", "CREATED", "ERROR", "ID"],
        &rows,
        &items,
        more,
    );
    Ok(())
}

/// Follows a deployment to its end, and shows what runs then.
fn followed(
    remote: &Remote,
    begun: &Deployment,
    place: &EnvShowArgs,
    no_wait: bool,
    view: &mut View,
) -> Result<(), Trouble> {
    if no_wait {
        view.did(&format!("{} {} has begun", begun.kind, begun.id), begun);
        return Ok(());
    }
    let mut last = None;
    let ended = patiently(|| {
        let request = GetDeploymentRequest {
            project_id: begun.project_id,
            deployment_id: begun.id,
        };
        let GetDeploymentResponse::Ok(found) = remote.wait(remote.client().get_deployment(request))?;
        if last != Some(found.state) {
            last = Some(found.state);
            view.went(&found.kind.to_string(), &found.state.to_string());
        }
        let goes_on = matches!(
            found.state,
            DeploymentState::Pending | DeploymentState::Running | DeploymentState::Validating
        );
        Ok((!goes_on).then_some(found))
    })?;
    match ended.state {
        DeploymentState::Failed | DeploymentState::Canceled => Err(trouble(&ended, place)),
        _ => {
            deployed(&ended, view);
            Ok(())
        }
    }
}

/// Waits until nothing goes on in an environment, and shows it.
pub(super) fn settled(remote: &Remote, place: &EnvShowArgs, view: &mut View) -> Result<(), Trouble> {
    let ended = patiently(|| {
        let found = detail(remote, place)?;
        let rests = matches!(
            found.state,
            EnvironmentState::Active | EnvironmentState::Error | EnvironmentState::Failed | EnvironmentState::Archived
        );
        Ok(rests.then_some(found))
    })?;
    if ended.state == EnvironmentState::Active {
        shown(&ended, view);
        return Ok(());
    }
    let code = ended.last_error_code.as_deref().unwrap_or("PROVISION_STEP_FAILED");
    Err(hinted(
        code,
        &format!("{} is in the state {}", ended.name, ended.state),
        place,
    ))
}

/// Looks again and again until there is something to see.
pub(super) fn patiently<T>(mut look: impl FnMut() -> Result<Option<T>, Trouble>) -> Result<T, Trouble> {
    let (mut away, mut pause) = (0, LOOK);
    loop {
        match look() {
            Ok(Some(found)) => return Ok(found),
            Ok(None) => away = 0,
            Err(trouble) if !is_passing(&trouble) || away >= MOST => return Err(trouble),
            Err(_) => away += 1,
        }
        std::thread::sleep(pause);
        pause = (pause * 3 / 2).min(LONGEST_LOOK);
    }
}

/// Whether looking again may help: the server is started anew, or it was asked for too much.
fn is_passing(trouble: &Trouble) -> bool {
    let code = trouble.error.code;
    code == "SERVER_UNREACHABLE" || code.starts_with("RATE_LIMIT_")
}

fn deployed(deployment: &DeploymentDetail, view: &mut View) {
    let facts = [
        ("id", deployment.id.to_string()),
        ("kind", deployment.kind.to_string()),
        ("state", deployment.state.to_string()),
        ("commit", deployment.commit_sha.clone()),
        ("url", deployment.url.clone().unwrap_or_default()),
        (
            "took",
            deployment
                .duration_ms
                .map(|took| format!("{took} ms"))
                .unwrap_or_default(),
        ),
    ];
    view.facts(&facts, deployment);
}

/// Why a deployment failed, and what to type.
fn trouble(ended: &DeploymentDetail, place: &EnvShowArgs) -> Trouble {
    let code = ended.error_code.as_deref().unwrap_or("PROVISION_STEP_FAILED");
    let build = ended.build_id.map_or_else(String::new, |id| format!(", build {id}"));
    hinted(code, &format!("the {} is {}{build}", ended.kind, ended.state), place)
}

fn hinted(code: &str, message: &str, place: &EnvShowArgs) -> Trouble {
    let known = ErrorCode::ALL.iter().find(|one| one.as_str() == code);
    let message = match known {
        Some(known) => format!("{message}: {}", known.message()),
        None => message.to_owned(),
    };
    let EnvShowArgs { project, environment } = place;
    let again = format!("`flaresmith env retry {project} {environment}` tries it again");
    let hint = match known.and_then(|known| known.hint()) {
        Some(hint) => format!("{hint} {again}"),
        None => again,
    };
    Trouble::told(code, &message).hint(hint)
}
