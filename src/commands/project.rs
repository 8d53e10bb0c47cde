//! `flaresmith project list|show|create|delete`.
//!
//! Owns: what is asked of the server about projects, and finding one by its slug. Must not know: tokens, layout.

use flaresmith_api::api::projects::{
    CreateProjectRequest, CreateProjectResponse, GetProjectRequest, GetProjectResponse, ListProjectsRequest,
    ListProjectsResponse,
};
use flaresmith_api::api::retirement::{DeleteProjectRequest, DeleteProjectResponse};
use flaresmith_api::types::{ProjectCreate, ProjectDetail};
use flaresmith_sync::SyncError;
use serde_json::json;
use uuid::Uuid;

use crate::cli::{ListArgs, ProjectArgs, ProjectCommand, ProjectCreateArgs, ProjectDeleteArgs};
use crate::outcome::Outcome;
use crate::remote::{self, Remote, Trouble};
use crate::view::View;

/// Runs one of them.
pub(crate) fn run(command: &ProjectCommand, view: &mut View) -> Result<Outcome, SyncError> {
    remote::told(view, |view| {
        let remote = Remote::signed_in()?;
        match command {
            ProjectCommand::List(args) => list(&remote, args, view),
            ProjectCommand::Show(args) => show(&remote, args, view),
            ProjectCommand::Create(args) => create(&remote, args, view),
            ProjectCommand::Delete(args) => delete(&remote, args, view),
        }
    })
}

/// The id of the project that a person names by its id or slug.
pub(crate) fn id_of(remote: &Remote, named: &str) -> Result<Uuid, Trouble> {
    if let Ok(id) = named.parse() {
        return Ok(id);
    }
    let (all, _) = remote::listed(u32::MAX, |cursor, limit| page(remote, cursor, limit))?;
    let found = all.into_iter().find(|project| project.slug == named);
    found.map(|project| project.id).ok_or_else(|| {
        Trouble::local(
            "PROJECT_NOT_FOUND",
            format!("there is no project `{named}` that you may see"),
        )
        .hint("`flaresmith project list` shows all")
    })
}

fn page(
    remote: &Remote,
    cursor: Option<String>,
    limit: i32,
) -> Result<(Vec<flaresmith_api::types::Project>, Option<String>), Trouble> {
    let request = ListProjectsRequest {
        cursor,
        limit: Some(limit),
        organization_id: None,
        state: None,
        name: None,
    };
    let ListProjectsResponse::Ok(page) = remote.wait(remote.client().list_projects(request))?;
    Ok((page.items, page.next_cursor))
}

fn list(remote: &Remote, args: &ListArgs, view: &mut View) -> Result<(), Trouble> {
    let (items, more) = remote::listed(args.limit, |cursor, limit| page(remote, cursor, limit))?;
    let rows: Vec<Vec<String>> = items
        .iter()
        .map(|one| {
            vec![
                one.slug.clone(),
                one.name.clone(),
                one.state.to_string(),
                one.id.to_string(),
                remote::moment(one.created_at),
            ]
        })
        .collect();
    let document = json!({ "items": items, "hasMore": more });
    view.table(&["SLUG", "NAME", "STATE", "ID", "CREATED"], &rows, &document);
    if more {
        view.goes_on();
    }
    Ok(())
}

fn show(remote: &Remote, args: &ProjectArgs, view: &mut View) -> Result<(), Trouble> {
    let project_id = id_of(remote, &args.project)?;
    let request = GetProjectRequest { project_id };
    let GetProjectResponse::Ok { body, .. } = remote.wait(remote.client().get_project(request))?;
    shown(&body, view);
    Ok(())
}

fn shown(project: &ProjectDetail, view: &mut View) {
    let facts = [
        ("id", project.id.to_string()),
        ("slug", project.slug.clone()),
        ("name", project.name.clone()),
        ("description", project.description.clone().unwrap_or_default()),
        ("state", project.state.to_string()),
        ("organization", project.organization_id.to_string()),
        ("created", remote::moment(project.created_at)),
        ("updated", remote::moment(project.updated_at)),
    ];
    view.facts(&facts, project);
}

fn create(remote: &Remote, args: &ProjectCreateArgs, view: &mut View) -> Result<(), Trouble> {
    let request = CreateProjectRequest {
        // One run of the command makes one project, whatever happens on the way.
        idempotency_key: Some(Uuid::new_v4().to_string()),
        body: ProjectCreate {
            name: args.name.clone(),
            organization_id: args.organization,
            description: args.description.clone().map(Some),
            settings: None,
            integrations: None,
        },
    };
    let CreateProjectResponse::Created { body, .. } = remote.wait(remote.client().create_project(request))?;
    shown(&body, view);
    Ok(())
}

fn delete(remote: &Remote, args: &ProjectDeleteArgs, view: &mut View) -> Result<(), Trouble> {
    let request = DeleteProjectRequest {
        project_id: id_of(remote, &args.project)?,
        project_slug: args.confirm.clone(),
        keep_resources: args.keep_resources.then_some(true),
    };
    let DeleteProjectResponse::Accepted(run) = remote.wait(remote.client().delete_project(request))?;
    view.did(&format!("{} is being deleted", args.confirm), &run);
    Ok(())
}
