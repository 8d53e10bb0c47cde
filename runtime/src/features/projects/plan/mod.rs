//! What would be done to a project, and refusing to do it when the project is another by then.
//!
//! Owns: what a plan is put together from. Must not know: how files are generated, how a step looks, who may ask.
//!
//! It is one of code and cloud: files that an apply changes, migrations that deployments run, steps that a provisioning run carries out.
//! Nothing is written for it, here or at a provider.

mod environments;
mod moment;

use flaresmith_api::errors::Failure;
use flaresmith_api::types::{PlannedCall, PlannedProvisioning, PlannedProvisioningAction, PlannedStep, ProjectPlan};
use flaresmith_store::entities::projects;
use sea_orm::EntityTrait as _;
use uuid::Uuid;

use super::drift::findings;
use crate::features::shown::shown;
use crate::features::specs::planned;
use crate::pipeline::access::absent_project;
use crate::platform::Platform;
use crate::provisioning::left::{self, Action, Left};
use crate::provisioning::look::Kind;
use crate::store::failed;
use moment::Moment;
pub(crate) use moment::demand;

/// The plan of a project.
pub(super) async fn make(platform: &Platform, id: Uuid) -> Result<ProjectPlan, Failure> {
    let project = project(platform, id).await?;
    let moment = Moment::of(platform, &project).await?;
    let report = match moment.specs {
        Some(commit) => Some(planned::changes(platform, id, commit).await?),
        None => None,
    };
    let (changed_files, conflicts) = report
        .map(|report| (report.changed_files, report.conflicts))
        .unwrap_or_default();
    let environments = environments::all(platform, &project, &moment).await?;
    let provisioning = provisioning(left::of(platform, &project).await?)?;
    let mut unknown = Vec::new();
    for found in &moment.found {
        unknown.extend(findings(found, |kind| kind == Kind::Unknown)?);
    }
    let nothing_to_deploy = environments
        .iter()
        .all(|one| !one.is_behind && one.migrations.is_empty() && one.migrations_unknown.is_none());
    Ok(ProjectPlan {
        project_id: id,
        digest: moment.digest(),
        is_empty: changed_files.is_empty()
            && conflicts.is_empty()
            && nothing_to_deploy
            && provisioning.steps.is_empty()
            && unknown.is_empty(),
        branch: moment.branch,
        commit_sha: moment.specs.map(|commit| commit.to_string()),
        changed_files,
        conflicts,
        environments,
        provisioning,
        unknown,
        made_at: platform.clock.now(),
    })
}

/// A project.
pub(super) async fn project(platform: &Platform, id: Uuid) -> Result<projects::Model, Failure> {
    let row = projects::Entity::find_by_id(id)
        .one(platform.store.read())
        .await
        .map_err(failed)?;
    row.ok_or_else(|| absent_project(id))
}

fn provisioning(left: Left) -> Result<PlannedProvisioning, Failure> {
    let steps = left.steps.into_iter().map(|step| {
        let calls = step.calls.iter().map(|call| PlannedCall {
            provider: call.provider,
            method: call.line.map(|(method, _)| method),
            path: call.line.map(|(_, path)| path.to_owned()),
            changes: call.changes,
            summary: call.summary.to_owned(),
        });
        Ok(PlannedStep {
            calls: calls.collect(),
            name: step.planned.name,
            resource: step.planned.resource.as_ref().map(shown).transpose()?,
            environment: step.planned.environment,
            resource_key: step.key,
            needs: step.planned.needs,
        })
    });
    Ok(PlannedProvisioning {
        steps: steps.collect::<Result<_, Failure>>()?,
        run_id: left.run.as_ref().map(|run| run.id),
        run_state: left.run.as_ref().map(|run| shown(&run.state)).transpose()?,
        action: match left.action {
            Action::Nothing => PlannedProvisioningAction::None,
            Action::UnderWay => PlannedProvisioningAction::UnderWay,
            Action::Retry => PlannedProvisioningAction::Retry,
            Action::TakeAway => PlannedProvisioningAction::TakeAway,
            Action::Begin => PlannedProvisioningAction::Begin,
        },
    })
}
