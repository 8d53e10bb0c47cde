//! `flaresmith env list|show`, and the way to the others.
//!
//! Owns: what is asked of the server about environments, and finding one by its name. Must not know: tokens, layout.

use flaresmith_api::api::environments::{
    GetEnvironmentMatrixRequest, GetEnvironmentMatrixResponse, GetEnvironmentRequest, GetEnvironmentResponse,
};
use flaresmith_api::types::{EnvironmentDetail, EnvironmentMatrix};
use flaresmith_sync::SyncError;
use uuid::Uuid;

use super::env_change;
use super::env_test;
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
            EnvCommand::Deploy(args) => env_change::deploy(&remote, args, view),
            EnvCommand::Test(args) => env_test::test(&remote, args, view),
            EnvCommand::Promote(args) => env_change::promote(&remote, args, view),
            EnvCommand::Rollback(args) => env_change::rollback(&remote, args, view),
            EnvCommand::Retry(args) => env_change::retry(&remote, args, view),
            EnvCommand::Reset(args) => env_change::reset(&remote, args, view),
            EnvCommand::History(args) => env_change::history(&remote, args, view),
        }
    })
}

pub(super) fn matrix(remote: &Remote, project_id: Uuid) -> Result<EnvironmentMatrix, Trouble> {
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
    shown(&detail(remote, args)?, view);
    Ok(())
}

/// The environment that a person names.
pub(super) fn detail(remote: &Remote, args: &EnvShowArgs) -> Result<EnvironmentDetail, Trouble> {
    let project_id = id_of(remote, &args.project)?;
    let request = GetEnvironmentRequest {
        project_id,
        environment_id: environment_of(remote, project_id, &args.environment)?,
    };
    let GetEnvironmentResponse::Ok(body) = remote.wait(remote.client().get_environment(request))?;
    Ok(body)
}

/// The id of the environment that a person names by its id or name.
pub(super) fn environment_of(remote: &Remote, project: Uuid, text: &str) -> Result<Uuid, Trouble> {
    match text.parse() {
        Ok(id) => Ok(id),
        Err(_) => named(remote, project, text),
    }
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

pub(super) fn shown(environment: &EnvironmentDetail, view: &mut View) {
    let database = environment.database_branch.as_ref().map(|branch| branch.name.clone());
    let standby = environment.standby_branch.as_ref().map(|branch| {
        let reset = branch.last_reset_at.map(remote::moment);
        let reset = reset.map(|reset| format!(", as of {reset}")).unwrap_or_default();
        format!("{}{reset}", branch.name)
    });
    let facts = [
        ("id", environment.id.to_string()),
        ("name", environment.name.clone()),
        ("kind", environment.kind.to_string()),
        ("state", environment.state.to_string()),
        ("branch", environment.branch.clone()),
        ("url", environment.url.clone().unwrap_or_default()),
        ("commit", environment.commit_sha.clone().unwrap_or_default()),
        ("database", database.unwrap_or_default()),
        ("standby", standby.unwrap_or_default()),
        ("last error", environment.last_error_code.clone().unwrap_or_default()),
        ("allows", environment.allowed_events.join(", ")),
        ("updated", remote::moment(environment.updated_at)),
    ];
    view.facts(&facts, environment);
}
