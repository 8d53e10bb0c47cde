//! `flaresmith preview list|create|extend|archive`.
//!
//! Owns: what is asked of the server about previews. Must not know: tokens, layout.

use flaresmith_api::api::environments::{
    ArchivePreviewRequest, ArchivePreviewResponse, CreatePreviewRequest, CreatePreviewResponse,
};
use flaresmith_api::types::{Environment, EnvironmentKind, PreviewCreate};
use flaresmith_sync::SyncError;
use uuid::Uuid;

use super::env::{detail, environment_of, matrix};
use super::env_change::{once, settled};
use super::project::id_of;
use crate::cli::{EnvShowArgs, PreviewCommand, PreviewCreateArgs, PreviewExtendArgs, ProjectArgs};
use crate::outcome::Outcome;
use crate::remote::{self, Remote, Trouble};
use crate::view::View;

/// Runs one of them.
pub(crate) fn run(command: &PreviewCommand, view: &mut View) -> Result<Outcome, SyncError> {
    remote::told(view, |view| {
        let remote = Remote::signed_in()?;
        match command {
            PreviewCommand::List(args) => list(&remote, args, view),
            PreviewCommand::Create(args) => create(&remote, args, view),
            PreviewCommand::Extend(args) => extend(&remote, args, view),
            PreviewCommand::Archive(args) => archive(&remote, args, view),
        }
    })
}

fn list(remote: &Remote, args: &ProjectArgs, view: &mut View) -> Result<(), Trouble> {
    let matrix = matrix(remote, id_of(remote, &args.project)?)?;
    let previews = matrix.environments.into_iter();
    let items: Vec<_> = previews.filter(|one| one.kind == EnvironmentKind::Preview).collect();
    let rows: Vec<Vec<String>> = items
        .iter()
        .map(|one| {
            vec![
                one.name.clone(),
                one.state.to_string(),
                one.branch.clone(),
                one.url.clone().unwrap_or_default(),
                one.expires_at.map(remote::moment).unwrap_or_default(),
                one.id.to_string(),
            ]
        })
        .collect();
    view.page(&["NAME", "STATE", "BRANCH", "URL", "ENDS", "ID"], &rows, &items, false);
    Ok(())
}

fn asked(remote: &Remote, project_id: Uuid, branch: &str, ttl_hours: Option<i32>) -> Result<Environment, Trouble> {
    let request = CreatePreviewRequest {
        project_id,
        idempotency_key: once(),
        body: PreviewCreate {
            branch: branch.to_owned(),
            ttl_hours,
        },
    };
    let CreatePreviewResponse::Created { body, .. } = remote.wait(remote.client().create_preview(request))?;
    Ok(body)
}

fn create(remote: &Remote, args: &PreviewCreateArgs, view: &mut View) -> Result<(), Trouble> {
    let made = asked(remote, id_of(remote, &args.project)?, &args.branch, args.ttl_hours)?;
    if args.no_wait {
        view.did(&format!("{} is {}", made.name, made.state), &made);
        return Ok(());
    }
    let place = EnvShowArgs {
        project: args.project.clone(),
        environment: made.id.to_string(),
    };
    settled(remote, &place, view)
}

fn extend(remote: &Remote, args: &PreviewExtendArgs, view: &mut View) -> Result<(), Trouble> {
    let found = detail(remote, &args.place)?;
    if found.kind != EnvironmentKind::Preview {
        return Err(Trouble::local(
            "ENV_CORE_PROTECTED",
            format!("{} is no preview, and never ends by itself", found.name),
        ));
    }
    let kept = asked(remote, found.project_id, &found.branch, args.ttl_hours)?;
    let until = kept.expires_at.map(remote::moment).unwrap_or_default();
    view.did(&format!("{} stays until {until} if nothing happens", kept.name), &kept);
    Ok(())
}

fn archive(remote: &Remote, args: &EnvShowArgs, view: &mut View) -> Result<(), Trouble> {
    let project_id = id_of(remote, &args.project)?;
    let request = ArchivePreviewRequest {
        project_id,
        environment_id: environment_of(remote, project_id, &args.environment)?,
    };
    let ArchivePreviewResponse::Ok(gone) = remote.wait(remote.client().archive_preview(request))?;
    view.did(&format!("{} is archived", gone.name), &gone);
    Ok(())
}
