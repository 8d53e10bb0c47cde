//! Previews: environments that are made for a branch and end by themselves.
//!
//! Owns: which branch has which preview, how many there may be, and archiving one by hand. Must not know: how one is made or taken away.
//!
//! | module | what it owns |
//! |---|---|
//! | `name` | what the preview of a branch is called |
//! | `follow` | that a preview runs what its branch has |
//! | `reap` | that none stays longer than it may, and that providers have what is written down |

mod follow;
mod name;
mod reap;

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use flaresmith_api::api::environments::{ArchivePreviewRequest, CreatePreviewRequest};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::lifecycles::EnvironmentEvent;
use flaresmith_api::types::{EnvErrorDetails, Environment};
use flaresmith_store::entities::{deployments, environments, projects};
use flaresmith_store::enums::{EnvironmentKind, EnvironmentState, ProvisioningRunKind};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
};
use serde_json::Value;
use uuid::Uuid;

use super::change::{Change, find, told};
use super::deploy::{MENDS, wanted};
use crate::features::shown::shown;
use crate::pipeline::Access;
use crate::pipeline::observe::ActFailed;
use crate::platform::Platform;
use crate::provisioning::{deploy, previews, states};
use crate::repositories::Local;
use crate::store::{failed, new_id};

/// Time between two looks at branches that have previews.
const LOOK: Duration = Duration::from_secs(3);

/// Time between two looks at everything.
const REAP: Duration = Duration::from_secs(3600);

/// The same when the last one failed.
const REAP_AGAIN: Duration = Duration::from_secs(60);

/// Looks after all previews, again and again. Every process does: what one has done the next finds done.
pub(crate) async fn watch(platform: Platform) {
    let mut due = Instant::now();
    loop {
        if due <= Instant::now() {
            let done = reap::all(&platform).await;
            due = Instant::now() + if done.is_ok() { REAP } else { REAP_AGAIN };
            told_failed(&platform, "looking after previews", done.err());
        }
        tokio::time::sleep(LOOK).await;
        // A store that is away now may be back at the next look.
        let done = follow::all(&platform).await;
        told_failed(&platform, "following the branches of previews", done.err());
        told_failed(&platform, "counting previews", reap::count(&platform).await.err());
    }
}

fn told_failed(platform: &Platform, act: &'static str, failure: Option<Failure>) {
    if let Some(failure) = failure {
        platform.observer.act_failed(&ActFailed {
            act,
            project: None,
            run: None,
            failure: &failure,
            again: true,
            at: platform.clock.now(),
        });
    }
}

/// Makes a preview of a branch, or gives the one that there is its whole time again and what its branch has by now.
pub(super) async fn create(
    platform: &Platform,
    access: &Access,
    request: CreatePreviewRequest,
) -> Result<Environment, Failure> {
    let (project, branch) = (request.project_id, request.body.branch);
    let head = head(platform, project, &branch).await?;
    let change = Change::begin(platform, project).await?;
    let asked = request.body.ttl_hours;
    let by = access.caller.user();
    let id = match live(&change, &branch).await? {
        Some(row) => again(change, row, asked, head, by).await?,
        None => made(change, branch, asked, head, by).await?,
    };
    shown(&find(platform.store.read(), project, id).await?)
}

/// The head of a branch.
pub(super) async fn head(platform: &Platform, project: Uuid, branch: &str) -> Result<String, Failure> {
    let wanted = branch.to_owned();
    let look = move |local: &Local| local.head(&wanted);
    let found = platform.repositories.with(project, look).await?;
    found.map(|head| head.to_string()).ok_or_else(|| {
        Failure::new(ErrorCode::DeploymentCommitUnknown)
            .with_message("The repository has no branch of this name.")
            .with_hint("Push the branch, then ask for its preview.")
            .with_context("branch", branch)
    })
}

/// The preview of a branch that is not archived.
async fn live(change: &Change, branch: &str) -> Result<Option<environments::Model>, Failure> {
    let rows = all_live(&*change.write, change.project).await?;
    Ok(rows.into_iter().find(|row| row.branch == branch))
}

/// Every preview of a project that is not archived.
async fn all_live<C: ConnectionTrait>(connection: &C, project: Uuid) -> Result<Vec<environments::Model>, Failure> {
    environments::Entity::find()
        .filter(environments::Column::ProjectId.eq(project))
        .filter(environments::Column::Kind.eq(EnvironmentKind::Preview))
        .filter(environments::Column::State.ne(EnvironmentState::Archived))
        .all(connection)
        .await
        .map_err(failed)
}

/// Somebody asks for a preview that is there.
async fn again(
    change: Change,
    row: environments::Model,
    asked: Option<i32>,
    head: String,
    by: Option<Uuid>,
) -> Result<Uuid, Failure> {
    let (id, now) = (row.id, change.now);
    states::settle_environment(&change.write, id, now, |active| {
        previews::stay(active, now);
        if let Some(hours) = asked {
            active.expires_at = Set(Some(now + TimeDelta::hours(hours.into())));
        }
    })
    .await?;
    let row = find(&*change.write, change.project, id).await?;
    let newest = newest(&*change.write, id).await?;
    let behind = newest.is_none_or(|newest| newest.commit_sha != head);
    let mendable = row.state == EnvironmentState::Error || (behind && row.state == EnvironmentState::Active);
    if mendable {
        let wanted = wanted(head, row.branch.clone(), by);
        change.deploy(&row, &MENDS, wanted).await?;
    } else {
        change.write.commit().await?;
    }
    Ok(id)
}

/// The newest deployment of an environment.
async fn newest<C: ConnectionTrait>(connection: &C, environment: Uuid) -> Result<Option<deployments::Model>, Failure> {
    deployments::Entity::find()
        .filter(deployments::Column::EnvironmentId.eq(environment))
        .order_by_desc(deployments::Column::CreatedAt)
        .one(connection)
        .await
        .map_err(failed)
}

/// Begins a preview that is not there.
async fn made(
    change: Change,
    branch: String,
    asked: Option<i32>,
    head: String,
    by: Option<Uuid>,
) -> Result<Uuid, Failure> {
    let (project, now) = (change.project, change.now);
    let live = all_live(&*change.write, project).await?;
    if live.len() >= previews::MOST {
        return Err(
            Failure::new(ErrorCode::EnvPreviewLimitReached).with_details(EnvErrorDetails {
                active_previews: i32::try_from(live.len()).ok(),
                preview_limit: i32::try_from(previews::MOST).ok(),
                ..EnvErrorDetails::default()
            }),
        );
    }
    let name = name::of(&branch, |name| live.iter().any(|row| row.name == name));
    let former = environments::Entity::find()
        .filter(environments::Column::ProjectId.eq(project))
        .filter(environments::Column::Name.eq(&name))
        .order_by_desc(environments::Column::Generation)
        .one(&*change.write)
        .await
        .map_err(failed)?;
    // What is made has the names of what is being taken away.
    if previews::is_worked_on(&change.write, project, &name).await? {
        let busy = match &former {
            Some(former) => told(former, ErrorCode::EnvBusy)?,
            None => Failure::new(ErrorCode::EnvBusy),
        };
        return Err(busy
            .with_message("The former preview of this name is still being taken away.")
            .with_hint("Ask again in a few seconds."));
    }
    let hours = match asked {
        Some(hours) => hours,
        None => hours_of(&change, project).await?,
    };
    let row = environments::ActiveModel {
        id: Set(new_id()),
        project_id: Set(project),
        name: Set(name),
        kind: Set(EnvironmentKind::Preview),
        generation: Set(former.map_or(1, |former| former.generation + 1)),
        state: Set(EnvironmentState::Provisioning),
        update_cause: Set(None),
        branch: Set(branch.clone()),
        url: Set(None),
        commit_sha: Set(None),
        failure_count: Set(0),
        last_error_code: Set(None),
        last_activity_at: Set(now),
        expires_at: Set(Some(until(now, hours))),
        archived_at: Set(None),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let row = row.insert(&*change.write).await.map_err(failed)?;
    let wanted = wanted(head, branch, by);
    deploy::begin_as(&change.write, &row, wanted, ProvisioningRunKind::Preview, now).await?;
    change.write.commit().await?;
    change.platform.bell.notify_one();
    Ok(row.id)
}

fn until(now: DateTime<Utc>, hours: i32) -> DateTime<Utc> {
    now + TimeDelta::hours(hours.into())
}

/// Hours that a project's previews may stand idle.
async fn hours_of(change: &Change, project: Uuid) -> Result<i32, Failure> {
    let row = projects::Entity::find_by_id(project)
        .one(&*change.write)
        .await
        .map_err(failed)?;
    let own = row.and_then(|row| row.settings.get("previewTtlHours").and_then(Value::as_i64));
    let own = own.and_then(|hours| i32::try_from(hours).ok());
    Ok(own.unwrap_or(change.platform.settings.preview_ttl_hours))
}

/// Archives a preview. One that is archived stays so.
pub(super) async fn archive(
    platform: &Platform,
    access: &Access,
    request: ArchivePreviewRequest,
) -> Result<Environment, Failure> {
    let (project, id) = (request.project_id, request.environment_id);
    let change = Change::begin(platform, project).await?;
    let row = find(&*change.write, project, id).await?;
    if row.kind != EnvironmentKind::Preview {
        return Err(told(&row, ErrorCode::EnvCoreProtected)?);
    }
    if row.state != EnvironmentState::Archived {
        let (by, now) = (access.caller.user(), change.now);
        if !previews::archive(&change.write, &row, EnvironmentEvent::Retire, by, now).await? {
            return Err(told(&row, ErrorCode::EnvStateInvalid)?);
        }
        change.write.commit().await?;
        platform.bell.notify_one();
    }
    shown(&find(platform.store.read(), project, id).await?)
}
