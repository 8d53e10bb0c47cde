//! `flaresmith project list|show|create|retry|cancel|delete`, and the way to the others.
//!
//! Owns: what is asked of the server about projects, and finding one by its slug. Must not know: tokens, layout.

use chrono::{DateTime, Utc};
use flaresmith_api::api::projects::{
    CancelProvisioningRequest, CancelProvisioningResponse, CreateProjectRequest, CreateProjectResponse,
    GetProjectRequest, GetProjectResponse, GetProvisioningRequest, GetProvisioningResponse, ListProjectsRequest,
    ListProjectsResponse, RetryProvisioningRequest, RetryProvisioningResponse,
};
use flaresmith_api::api::retirement::{DeleteProjectRequest, DeleteProjectResponse};
use flaresmith_api::errors::ErrorCode;
use flaresmith_api::types::{
    ProjectCreate, ProjectDetail, ProvisioningEvent, ProvisioningProgress, RunState, StepState,
};
use flaresmith_sync::SyncError;
use uuid::Uuid;

use super::project_plan;
use crate::cli::{ListArgs, ProjectArgs, ProjectCommand, ProjectCreateArgs, ProjectDeleteArgs, ProjectRetryArgs};
use crate::outcome::Outcome;
use crate::remote::follow::follow;
use crate::remote::{self, Remote, Trouble};
use crate::view::View;

/// Runs one of them.
pub(crate) fn run(command: &ProjectCommand, view: &mut View) -> Result<Outcome, SyncError> {
    remote::told(view, |view| {
        let remote = Remote::signed_in()?;
        match command {
            ProjectCommand::List(args) => list(&remote, args, view)?,
            ProjectCommand::Show(args) => show(&remote, args, view)?,
            ProjectCommand::Create(args) => create(&remote, args, view)?,
            ProjectCommand::Plan(args) => return project_plan::plan(&remote, args, view),
            ProjectCommand::Drift(args) => return project_plan::drift(&remote, args, view),
            ProjectCommand::Retry(args) => retry(&remote, args, view)?,
            ProjectCommand::Cancel(args) => cancel(&remote, args, view)?,
            ProjectCommand::Delete(args) => delete(&remote, args, view)?,
        }
        Ok(Outcome::Clean)
    })
}

/// The id of the project that a person names by its id or slug.
pub(crate) fn id_of(remote: &Remote, named: &str) -> Result<Uuid, Trouble> {
    if let Ok(id) = named.parse() {
        return Ok(id);
    }
    let (all, _) = remote::listed(u32::MAX, |cursor, limit| page(remote, cursor, limit))?;
    let found: Vec<Uuid> = all
        .into_iter()
        .filter(|project| project.slug == named)
        .map(|project| project.id)
        .collect();
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(Trouble::local(
            "PROJECT_NOT_FOUND",
            format!("there is no project `{named}` that you may see"),
        )
        .hint("`flaresmith project list` shows all")),
        // Slugs are those of one organization: any choice might be the wrong project.
        several => {
            let ids: Vec<String> = several.iter().map(Uuid::to_string).collect();
            Err(Trouble::local(
                "PROJECT_AMBIGUOUS",
                format!("several organizations have a project `{named}`"),
            )
            .hint(format!("name it by its id: {}", ids.join(", "))))
        }
    }
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
    view.page(&["SLUG", "NAME", "STATE", "ID", "CREATED"], &rows, &items, more);
    Ok(())
}

fn show(remote: &Remote, args: &ProjectArgs, view: &mut View) -> Result<(), Trouble> {
    let project = detail(remote, id_of(remote, &args.project)?)?;
    shown(&project, view);
    Ok(())
}

fn detail(remote: &Remote, project_id: Uuid) -> Result<ProjectDetail, Trouble> {
    let request = GetProjectRequest { project_id };
    let GetProjectResponse::Ok { body, .. } = remote.wait(remote.client().get_project(request))?;
    Ok(body)
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
    let mut facts = facts.to_vec();
    if let Some(codespace) = &project.codespace {
        let place = codespace.web_url.as_deref().unwrap_or_default();
        facts.push(("codespace", format!("{} {place}", codespace.state)));
        facts.extend(codespace.preview_urls.iter().map(|one| ("preview", one.url.clone())));
    }
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
    if args.no_wait {
        shown(&body, view);
        return Ok(());
    }
    let run = Followed {
        project: body.id,
        named: &body.slug,
        since: body.created_at,
        goal: RunState::Succeeded,
    };
    run.to_its_end(remote, view)
}

fn retry(remote: &Remote, args: &ProjectRetryArgs, view: &mut View) -> Result<(), Trouble> {
    let project_id = id_of(remote, &args.project)?;
    let request = RetryProvisioningRequest {
        project_id,
        plan_digest: project_plan::digest_of(&args.planned)?,
        idempotency_key: Some(Uuid::new_v4().to_string()),
    };
    let RetryProvisioningResponse::Accepted(run) = remote.wait(remote.client().retry_provisioning(request))?;
    let run = Followed {
        project: project_id,
        named: &args.project,
        since: run.updated_at,
        // One that was being taken back goes on with that.
        goal: match run.state {
            RunState::Undoing => RunState::Undone,
            _ => RunState::Succeeded,
        },
    };
    run.to_its_end(remote, view)
}

fn cancel(remote: &Remote, args: &ProjectArgs, view: &mut View) -> Result<(), Trouble> {
    let project_id = id_of(remote, &args.project)?;
    let request = CancelProvisioningRequest { project_id };
    let CancelProvisioningResponse::Accepted(run) = remote.wait(remote.client().cancel_provisioning(request))?;
    let run = Followed {
        project: project_id,
        named: &args.project,
        since: run.updated_at,
        goal: RunState::Undone,
    };
    run.to_its_end(remote, view)
}

/// A run that is waited for.
pub(crate) struct Followed<'a> {
    pub(crate) project: Uuid,
    /// What the person calls the project.
    pub(crate) named: &'a str,
    /// What happened before is not told: a run that goes on has a past.
    pub(crate) since: DateTime<Utc>,
    /// The state that it should end in.
    pub(crate) goal: RunState,
}

impl Followed<'_> {
    /// Shows each step as it ends; the state that the run ends in.
    fn told(&self, remote: &Remote, view: &mut View) -> Result<RunState, Trouble> {
        let mut is_new = false;
        follow(remote, self.project, |event| match event {
            ProvisioningEvent::RunChanged(changed) => is_new |= changed.run.updated_at >= self.since,
            ProvisioningEvent::StepChanged(changed) if is_new => match changed.step.state {
                StepState::Pending | StepState::Running | StepState::Waiting | StepState::Undoing => {}
                state => view.went(&changed.step.name, &state.to_string()),
            },
            ProvisioningEvent::ProvisioningNote(note) if is_new => {
                view.went(note.step.as_deref().unwrap_or_default(), &note.text);
            }
            _ => {}
        })
    }

    /// The same, and then the project.
    pub(crate) fn to_its_end(&self, remote: &Remote, view: &mut View) -> Result<(), Trouble> {
        let state = self.told(remote, view)?;
        // What was left out can be had later, and nothing of it has failed.
        let lacks = state == RunState::Incomplete && self.goal == RunState::Succeeded;
        if state != self.goal && !lacks {
            return Err(self.trouble(remote)?);
        }
        if lacks {
            self.left_out(remote, view)?;
        }
        let project = detail(remote, self.project)?;
        match state {
            RunState::Undone => view.did(&format!("what was made for {} is taken away", project.slug), &project),
            _ => shown(&project, view),
        }
        Ok(())
    }

    fn progress(&self, remote: &Remote) -> Result<ProvisioningProgress, Trouble> {
        let request = GetProvisioningRequest {
            project_id: self.project,
        };
        let GetProvisioningResponse::Ok(progress) = remote.wait(remote.client().get_provisioning(request))?;
        Ok(progress)
    }

    /// Warns of each step that was left out, with what the server says to do about it.
    fn left_out(&self, remote: &Remote, view: &mut View) -> Result<(), Trouble> {
        for step in self.progress(remote)?.steps {
            if step.state == StepState::Skipped {
                let code = step.error_code.as_deref().unwrap_or_default();
                let hint = step.hint.as_deref().unwrap_or_default();
                view.warning(&format!("{} was left out: {code}", step.name), hint);
            }
        }
        Ok(())
    }

    /// Why it did not end as it should: each step with its code, and what the server says to do about it.
    fn trouble(&self, remote: &Remote) -> Result<Trouble, Trouble> {
        let progress = self.progress(remote)?;
        let named = self.named;
        let mut message = format!("the run for `{named}` is {}", progress.run.state);
        for step in &progress.steps {
            if let Some(code) = &step.error_code {
                let hint = step.hint.as_deref().unwrap_or("no hint");
                message.push_str(&format!("\n  {}: {code}: {hint}", step.name));
            }
        }
        let code = match self.goal {
            RunState::Undone => ErrorCode::ProvisionUndoStuck,
            _ => ErrorCode::ProvisionStepFailed,
        };
        Ok(Trouble::local(code.as_str(), message).hint(format!(
            "`flaresmith project retry {named}` goes on, `flaresmith project cancel {named}` takes away what was made"
        )))
    }
}

fn delete(remote: &Remote, args: &ProjectDeleteArgs, view: &mut View) -> Result<(), Trouble> {
    let project_id = id_of(remote, &args.project)?;
    let request = DeleteProjectRequest {
        project_id,
        project_slug: args.confirm.clone(),
        keep_resources: args.keep_resources.then_some(true),
    };
    let DeleteProjectResponse::Accepted(mut run) = remote.wait(remote.client().delete_project(request))?;
    if args.no_wait {
        view.did(&format!("{} is being deleted", args.confirm), &run);
        return Ok(());
    }
    let followed = Followed {
        project: project_id,
        named: &args.project,
        since: run.updated_at,
        goal: RunState::Succeeded,
    };
    match followed.told(remote, view) {
        // With the project all that could be asked about is gone.
        Err(trouble) if trouble.error.code != ErrorCode::ProjectNotFound.as_str() => return Err(trouble),
        Ok(state) if state != followed.goal => return Err(followed.trouble(remote)?),
        _ => {}
    }
    run.state = RunState::Succeeded;
    view.did(&format!("{} is deleted", args.confirm), &run);
    Ok(())
}
