//! Which steps a run would carry out now, without beginning one.
//!
//! Owns: telling it from the latest run and from what is missing. Must not know: how a step is done, what is answered to whom.

use flaresmith_api::errors::Failure;
use flaresmith_store::entities::{environments, projects, provisioning_runs, run_steps};
use flaresmith_store::enums::{RunState, StepState};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use serde_json::Value;

use super::call::{Call, There, here};
use super::look::{environments_of, step_key, subject};
use super::plan::OF_ENVIRONMENTS;
use super::step::{Planned, Subject};
use super::{at_cloudflare, at_neon, missing, steps};
use crate::platform::Platform;
use crate::store::failed;

/// What has to happen for steps to be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// None is left.
    Nothing,
    /// The run goes on by itself.
    UnderWay,
    /// It goes on when somebody retries it.
    Retry,
    /// It goes on with taking away when somebody retries it.
    TakeAway,
    /// A new run is needed.
    Begin,
}

/// A step that is left.
#[derive(Debug, Clone)]
pub struct Step {
    /// The step.
    pub planned: Planned,
    /// Its key.
    pub key: String,
    /// What it calls.
    pub calls: Vec<Call>,
}

/// What a run would carry out.
#[derive(Debug, Clone)]
pub struct Left {
    /// The latest run of the project, those that are an environment's aside.
    pub run: Option<provisioning_runs::Model>,
    /// What has to happen for that.
    pub action: Action,
    /// The steps, each behind those that it needs.
    pub steps: Vec<Step>,
}

/// What is left to do for a project.
///
/// # Errors
/// The store fails, or the master key is not at hand.
pub async fn of(platform: &Platform, project: &projects::Model) -> Result<Left, Failure> {
    use provisioning_runs::{Column, Entity};
    let read = platform.store.read();
    let run = Entity::find()
        .filter(Column::ProjectId.eq(project.id))
        .filter(Column::Kind.is_not_in(OF_ENVIRONMENTS))
        .order_by_desc(Column::CreatedAt)
        .one(read)
        .await
        .map_err(failed)?;
    let rows = match &run {
        Some(run) => run_steps::Entity::find()
            .filter(run_steps::Column::RunId.eq(run.id))
            .order_by_asc(run_steps::Column::CreatedAt)
            .order_by_asc(run_steps::Column::Name)
            .all(read)
            .await
            .map_err(failed)?,
        None => Vec::new(),
    };
    let state = run.as_ref().map(|run| run.state);
    let (action, planned) = match state {
        // It is planned when it begins.
        Some(RunState::Pending) if rows.is_empty() => (Action::UnderWay, missing::steps(read, project.id).await?),
        Some(RunState::Pending | RunState::Running) => (Action::UnderWay, undone(&rows)),
        Some(RunState::Undoing) => (Action::UnderWay, done(&rows)),
        Some(RunState::Failed | RunState::Incomplete) if rows.iter().any(|row| row.state == StepState::Stuck) => {
            (Action::TakeAway, done(&rows))
        }
        Some(RunState::Failed | RunState::Incomplete) => (Action::Retry, undone(&rows)),
        Some(RunState::Undone) => (Action::Retry, missing::steps(read, project.id).await?),
        // What is only looked after once more is not missing.
        Some(RunState::Succeeded) => {
            let mut missing = missing::steps(read, project.id).await?;
            missing.retain(|step| step.resource.is_some() || steps::names::moves(&step.name));
            (Action::Begin, missing)
        }
        None => (Action::Nothing, Vec::new()),
    };
    let takes_away = action == Action::TakeAway || state == Some(RunState::Undoing);
    let environments = environments_of(platform, project.id).await?;
    let mut left = Vec::new();
    for planned in in_order(planned) {
        left.push(told(platform, project, &environments, planned, takes_away).await?);
    }
    Ok(Left {
        run,
        action: if left.is_empty() { Action::Nothing } else { action },
        steps: left,
    })
}

/// Steps that have not been carried out.
fn undone(rows: &[run_steps::Model]) -> Vec<Planned> {
    use StepState::{Failed, Pending, Running, Skipped, Waiting};
    let is_left = |row: &&run_steps::Model| matches!(row.state, Pending | Running | Waiting | Failed | Skipped);
    let left: Vec<&run_steps::Model> = rows.iter().filter(is_left).collect();
    left.iter()
        .map(|row| planned(row, |need| left.iter().any(|row| row.name == need)))
        .collect()
}

/// Steps that are to be taken back, newest first.
fn done(rows: &[run_steps::Model]) -> Vec<Planned> {
    use StepState::{Failed, Stuck, Succeeded, Undoing};
    let is_left = |row: &&run_steps::Model| matches!(row.state, Succeeded | Failed | Undoing | Stuck);
    let mut left: Vec<&run_steps::Model> = rows.iter().filter(is_left).collect();
    left.sort_by_key(|row| std::cmp::Reverse(row.started_at));
    left.iter().map(|row| planned(row, |_| false)).collect()
}

fn planned(row: &run_steps::Model, is_left: impl Fn(&str) -> bool) -> Planned {
    let needs = row.depends_on.as_array().map(Vec::as_slice).unwrap_or_default();
    let needs = needs.iter().filter_map(Value::as_str).filter(|need| is_left(need));
    Planned {
        name: row.name.clone(),
        resource: row.resource,
        environment: row.environment.clone(),
        needs: needs.map(str::to_owned).collect(),
    }
}

/// Each step behind those that it needs, else as they were.
fn in_order(mut steps: Vec<Planned>) -> Vec<Planned> {
    let mut ordered: Vec<Planned> = Vec::new();
    while !steps.is_empty() {
        let waits = |step: &Planned| steps.iter().any(|other| step.needs.contains(&other.name));
        // A circle is no plan of ours; it is told as it is.
        let at = steps.iter().position(|step| !waits(step)).unwrap_or_default();
        ordered.push(steps.remove(at));
    }
    ordered
}

async fn told(
    platform: &Platform,
    project: &projects::Model,
    environments: &[environments::Model],
    planned: Planned,
    takes_away: bool,
) -> Result<Step, Failure> {
    let environment = environments
        .iter()
        .find(|row| Some(&row.name) == planned.environment.as_ref());
    let on = subject(platform, project, environment, &planned);
    let calls = match (takes_away, steps::named(&planned.name)) {
        (true, _) => vec![here("Takes back what the step made, wherever that is.")],
        (false, Some(step)) => step.calls(there(&on).await?),
        (false, None) => Vec::new(),
    };
    Ok(Step {
        key: step_key(project.id, &planned),
        planned,
        calls,
    })
}

async fn there(on: &Subject) -> Result<There, Failure> {
    if on.environment.is_none() {
        return Ok(There::default());
    }
    Ok(There {
        database: at_neon::goes_there(on).await?,
        worker: at_cloudflare::goes_there(on).await?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_comes_behind_those_that_it_needs() {
        let step = |name: &str, needs: &[&str]| Planned {
            name: name.to_owned(),
            resource: None,
            environment: None,
            needs: needs.iter().map(|&need| need.to_owned()).collect(),
        };
        let given = vec![
            step("a", &["c"]),
            step("b", &[]),
            step("c", &["b"]),
            step("d", &["elsewhere"]),
        ];
        let names: Vec<String> = in_order(given).into_iter().map(|step| step.name).collect();
        assert_eq!(names, ["b", "c", "a", "d"]);
    }
}
