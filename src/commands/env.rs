//! `flaresmith env list|show`.
//!
//! Owns: what is asked of the server about environments, and finding one by its name. Must not know: tokens, layout.

use flaresmith_api::api::environments::{
    GetEnvironmentMatrixRequest, GetEnvironmentMatrixResponse, GetEnvironmentRequest, GetEnvironmentResponse,
};
use flaresmith_api::types::{EnvironmentDetail, EnvironmentMatrix};
use flaresmith_sync::SyncError;
use uuid::Uuid;

use super::project::id_of;
use crate::cli::{EnvCommand, EnvShowArgs, ProjectArgs};
use crate::outcome::Outcome;
use crate::remote::{self, Remote, Trouble};
use crate::view::View;

/// Runs one of them.
pub(crate) fn run(command: &EnvCommand, view: &mut View) -> Result<Outcome, SyncError> {
    remote::told(view, |view| {
        let remote = Remote::signed_in()?;
        match command {
            EnvCommand::List(args) => list(&remote, args, view),
            EnvCommand::Show(args) => show(&remote, args, view),
        }
    })
}

fn matrix(remote: &Remote, project_id: Uuid) -> Result<EnvironmentMatrix, Trouble> {
    let request = GetEnvironmentMatrixRequest {
        project_id,
        include_archived: None,
    };
    let GetEnvironmentMatrixResponse::Ok(matrix) = remote.wait(remote.client().get_environment_matrix(request))?;
    Ok(matrix)
}

fn list(remote: &Remote, args: &ProjectArgs, view: &mut View) -> Result<(), Trouble> {
    let matrix = matrix(remote, id_of(remote, &args.project)?)?;
    let rows: Vec<Vec<String>> = matrix
        .environments
        .iter()
        .map(|one| {
            vec![
                one.name.clone(),
                one.kind.to_string(),
                one.state.to_string(),
                one.branch.clone(),
                one.url.clone().unwrap_or_default(),
                one.id.to_string(),
            ]
        })
        .collect();
    view.table(&["NAME", "KIND", "STATE", "BRANCH", "URL", "ID"], &rows, &matrix);
    Ok(())
}

fn show(remote: &Remote, args: &EnvShowArgs, view: &mut View) -> Result<(), Trouble> {
    let project_id = id_of(remote, &args.project)?;
    let environment_id = match args.environment.parse() {
        Ok(id) => id,
        Err(_) => named(remote, project_id, &args.environment)?,
    };
    let request = GetEnvironmentRequest {
        project_id,
        environment_id,
    };
    let GetEnvironmentResponse::Ok(body) = remote.wait(remote.client().get_environment(request))?;
    shown(&body, view);
    Ok(())
}

/// The environment of this name. Of previews that share one, the newest comes first.
fn named(remote: &Remote, project: Uuid, name: &str) -> Result<Uuid, Trouble> {
    let matrix = matrix(remote, project)?;
    let found = matrix.environments.iter().find(|one| one.name == name);
    found.map(|one| one.id).ok_or_else(|| {
        let all: Vec<&str> = matrix.environments.iter().map(|one| one.name.as_str()).collect();
        Trouble::local("ENV_NOT_FOUND", format!("the project has no environment `{name}`"))
            .hint(format!("it has {}", all.join(", ")))
    })
}

fn shown(environment: &EnvironmentDetail, view: &mut View) {
    let facts = [
        ("id", environment.id.to_string()),
        ("name", environment.name.clone()),
        ("kind", environment.kind.to_string()),
        ("state", environment.state.to_string()),
        ("branch", environment.branch.clone()),
        ("url", environment.url.clone().unwrap_or_default()),
        ("commit", environment.commit_sha.clone().unwrap_or_default()),
        ("last error", environment.last_error_code.clone().unwrap_or_default()),
        ("allows", environment.allowed_events.join(", ")),
        ("updated", remote::moment(environment.updated_at)),
    ];
    view.facts(&facts, environment);
}
