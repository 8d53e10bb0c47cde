//! `flaresmith project plan|drift`, and what carries a plan out.
//!
//! Owns: what is asked of the server about what would be done and what differs, and which plan is meant. Must not know: layout.

use std::path::Path;

use flaresmith_api::api::projects::{
    GetProjectDriftRequest, GetProjectDriftResponse, PlanProjectRequest, PlanProjectResponse,
};
use flaresmith_api::types::{ProjectDriftStatus, ProjectPlan};
use flaresmith_sync::SyncError;

use super::project::id_of;
use crate::cli::{PlannedArgs, ProjectArgs, ProjectPlanArgs};
use crate::outcome::Outcome;
use crate::remote::{Remote, Trouble};
use crate::view::{View, json};

/// Shows what would be done.
pub(super) fn plan(remote: &Remote, args: &ProjectPlanArgs, view: &mut View) -> Result<Outcome, Trouble> {
    let request = PlanProjectRequest {
        project_id: id_of(remote, &args.project)?,
    };
    let PlanProjectResponse::Ok(plan) = remote.wait(remote.client().plan_project(request))?;
    if let Some(out) = &args.out {
        std::fs::write(out, json::document(&plan)).map_err(|error| SyncError::io("cannot write", out, &error))?;
    }
    view.planned(&plan);
    Ok(match plan.is_empty {
        true => Outcome::Clean,
        // Whether there is more to do is not known.
        false if is_only_unknown(&plan) => Outcome::Problems,
        false => Outcome::Drift,
    })
}

/// Whether all that keeps a plan from being empty is that somebody could not be asked.
fn is_only_unknown(plan: &ProjectPlan) -> bool {
    plan.changed_files.is_empty()
        && plan.conflicts.is_empty()
        && plan.provisioning.steps.is_empty()
        && plan
            .environments
            .iter()
            .all(|one| !one.is_behind && one.migrations.is_empty())
}

/// Shows what differs at providers.
pub(super) fn drift(remote: &Remote, args: &ProjectArgs, view: &mut View) -> Result<Outcome, Trouble> {
    let request = GetProjectDriftRequest {
        project_id: id_of(remote, &args.project)?,
    };
    let GetProjectDriftResponse::Ok(drift) = remote.wait(remote.client().get_project_drift(request))?;
    view.drifted(&drift);
    Ok(match drift.status {
        ProjectDriftStatus::Clean => Outcome::Clean,
        ProjectDriftStatus::Drift => Outcome::Drift,
        // Neither has shown that anything is as it should be.
        ProjectDriftStatus::Unknown | ProjectDriftStatus::Empty => Outcome::Problems,
    })
}

/// The digest of the plan that is carried out; `None`: none was named.
pub(super) fn digest_of(args: &PlannedArgs) -> Result<Option<String>, Trouble> {
    match &args.plan {
        Some(file) => read(file).map(Some),
        None => Ok(args.plan_digest.clone()),
    }
}

fn read(file: &Path) -> Result<String, Trouble> {
    let text = std::fs::read_to_string(file).map_err(|error| SyncError::io("cannot read", file, &error))?;
    let plan: ProjectPlan = serde_json::from_str(&text).map_err(|error| {
        Trouble::local(
            "PLAN_INVALID",
            format!("{} is no plan of a project: {error}", file.display()),
        )
        .hint("make it anew with `flaresmith project plan PROJECT --out FILE`")
    })?;
    Ok(plan.digest)
}
