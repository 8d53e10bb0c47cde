//! The codespace of a project, as the store has it.
//!
//! Owns: its row, with the state and the ports; what keeps a project from having one; looking whether it is still as it was. Must not
//! know: how GitHub is called, when one is made.

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::lifecycles::{CodespaceEvent, ResourceRecordEvent};
use flaresmith_store::entities::{
    codespaces, environments, integration_configs, projects, repos, resource_records, run_steps,
};
use flaresmith_store::enums::{CodespaceState, EnvironmentKind, Provider, RepoHost, ResourceKind, StepState};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::states;
use super::step::key;
use crate::features::projects::connection;
use crate::platform::Platform;
use crate::providers::Made;
use crate::providers::cloud::Access;
use crate::providers::github::{CODESPACE_SCOPE, Codespace, Stage};
use crate::repositories::devcontainer;
use crate::store::{Write, failed, new_id};

/// Failures that leave a project without a codespace, and with everything else.
pub(crate) const WITHHELD: [ErrorCode; 2] = [ErrorCode::ProvisionScopeMissing, ErrorCode::ProvisionPaymentRequired];

/// The row of the codespace that a project has.
///
/// # Errors
/// The store fails.
pub(super) async fn row<C: ConnectionTrait>(
    connection: &C,
    project: Uuid,
) -> Result<Option<codespaces::Model>, Failure> {
    codespaces::Entity::find()
        .filter(codespaces::Column::ProjectId.eq(project))
        .filter(codespaces::Column::State.ne(CodespaceState::Deleted))
        .order_by_desc(codespaces::Column::CreatedAt)
        .one(connection)
        .await
        .map_err(failed)
}

/// Whether the settings of a connection want one.
pub(crate) fn is_wanted(settings: &Value) -> bool {
    settings["codespace"].as_bool().unwrap_or(true)
}

/// Whether the project's repository is to be another than the one that it has, with a codespace of its own.
///
/// # Errors
/// The store fails.
pub(super) async fn is_elsewhere<C: ConnectionTrait>(
    connection: &C,
    project: Uuid,
    settings: &Value,
) -> Result<bool, Failure> {
    let there = repos::Entity::find()
        .filter(repos::Column::ProjectId.eq(project))
        .filter(repos::Column::Host.eq(RepoHost::Github))
        .one(connection)
        .await
        .map_err(failed)?;
    let own = projects::Entity::find_by_id(project)
        .one(connection)
        .await
        .map_err(failed)?;
    let (Some(there), Some(own)) = (there, own) else {
        return Ok(false);
    };
    let owner = settings["owner"].as_str().unwrap_or_default();
    let name = settings["repositoryName"].as_str().unwrap_or(&own.slug);
    // One that was renamed is found to be the same by whoever looks for it.
    Ok(!there.owner.eq_ignore_ascii_case(owner) || !there.name.eq_ignore_ascii_case(name))
}

/// The ports of the workbench that a branch describes.
///
/// # Errors
/// The repository cannot be read.
pub(super) async fn ports(platform: &Platform, project: Uuid, branch: &str) -> Result<Vec<u16>, Failure> {
    let branch = branch.to_owned();
    let read = move |local: &_| devcontainer::ports(local, &branch);
    platform.repositories.with_standing(project, read).await
}

/// Writes down the codespace that a project has now, in place of any other.
///
/// # Errors
/// The store fails.
pub(super) async fn put(
    write: &Write,
    platform: &Platform,
    project: Uuid,
    there: &Codespace,
    ports: &[u16],
) -> Result<(), Failure> {
    let rows = codespaces::Entity::find()
        .filter(codespaces::Column::ProjectId.eq(project))
        .all(&**write)
        .await
        .map_err(failed)?;
    let is_it = |row: &codespaces::Model| row.name == there.name && row.state != CodespaceState::Deleted;
    let (own, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(is_it);
    for other in others {
        change(write, platform, other, Some(CodespaceEvent::Delete), None).await?;
    }
    if let Some(row) = own.into_iter().next() {
        return change(write, platform, row, event(there.stage()), Some((there, ports))).await;
    }
    let repository = repos::Entity::find()
        .filter(repos::Column::ProjectId.eq(project))
        .one(&**write)
        .await
        .map_err(failed)?;
    let repository = repository.ok_or_else(|| Failure::internal("the project has no repository"))?;
    let now = platform.clock.now();
    let begun = CodespaceState::Queued;
    let state = event(there.stage()).and_then(|on| states::codespace(begun, on));
    let row = codespaces::ActiveModel {
        id: Set(new_id()),
        project_id: Set(project),
        repo_id: Set(repository.id),
        name: Set(there.name.clone()),
        state: Set(state.unwrap_or(begun)),
        web_url: Set(Some(there.web_url.clone())),
        preview_urls: Set(previews(&there.name, ports)),
        created_at: Set(now),
        updated_at: Set(now),
    };
    row.insert(&**write).await.map_err(failed)?;
    Ok(())
}

/// Changes a row that is no longer what is there.
async fn change(
    write: &Write,
    platform: &Platform,
    row: codespaces::Model,
    on: Option<CodespaceEvent>,
    there: Option<(&Codespace, &[u16])>,
) -> Result<(), Failure> {
    let mut now = row.clone();
    now.state = on.and_then(|on| states::codespace(row.state, on)).unwrap_or(row.state);
    if let Some((there, ports)) = there {
        now.web_url = Some(there.web_url.clone());
        now.preview_urls = previews(&there.name, ports);
    }
    if now == row {
        return Ok(());
    }
    let mut active = row.into_active_model();
    active.state = Set(now.state);
    active.web_url = Set(now.web_url);
    active.preview_urls = Set(now.preview_urls);
    active.updated_at = Set(platform.clock.now());
    active.update(&**write).await.map_err(failed)?;
    Ok(())
}

/// What a stage at GitHub means for the row; `None`: nothing yet.
fn event(stage: Stage) -> Option<CodespaceEvent> {
    match stage {
        Stage::Queued => None,
        Stage::UnderWay => Some(CodespaceEvent::Accept),
        Stage::Available => Some(CodespaceEvent::Ready),
        Stage::Shutdown => Some(CodespaceEvent::Stop),
        Stage::Failed => Some(CodespaceEvent::Fail),
        Stage::Gone => Some(CodespaceEvent::Delete),
    }
}

/// Where ports are seen. GitHub has no call that tells it; this is how its addresses are made.
fn previews(name: &str, ports: &[u16]) -> Value {
    let is_plain = !name.is_empty() && name.bytes().all(|sign| sign.is_ascii_alphanumeric() || sign == b'-');
    let seen = ports.iter().filter(|_| is_plain);
    seen.map(|port| json!({ "port": port, "url": format!("https://{name}-{port}.app.github.dev") }))
        .collect()
}

/// Has the record say which codespace it is, also where it said another before.
///
/// # Errors
/// The store fails.
pub(super) async fn recorded(write: &Write, platform: &Platform, key: &str, made: &Made) -> Result<(), Failure> {
    use resource_records::{Column, Entity};
    Entity::update_many()
        .col_expr(Column::ExternalId, Expr::value(made.external_id.clone()))
        .col_expr(Column::Name, Expr::value(&made.name))
        .col_expr(Column::Url, Expr::value(made.url.clone()))
        .col_expr(Column::UpdatedAt, Expr::value(platform.clock.now()))
        .filter(Column::Key.eq(key))
        .filter(Column::Name.ne(&made.name))
        .exec(&**write)
        .await
        .map_err(failed)?;
    Ok(())
}

/// Takes the codespaces of a project out.
///
/// # Errors
/// The store fails.
pub(super) async fn forget(write: &Write, project: Uuid) -> Result<(), Failure> {
    codespaces::Entity::delete_many()
        .filter(codespaces::Column::ProjectId.eq(project))
        .exec(&**write)
        .await
        .map_err(failed)?;
    Ok(())
}

/// Writes down with the connection what keeps the project from having a codespace; `None`: nothing does any more.
///
/// # Errors
/// The store fails.
pub(super) async fn withheld(
    write: &Write,
    platform: &Platform,
    project: Uuid,
    failure: Option<&Failure>,
) -> Result<(), Failure> {
    use integration_configs::{Column, Entity};
    let Some(row) = connection(&**write, project, Provider::Github).await? else {
        return Ok(());
    };
    let is_missing = failure.is_some_and(|failure| failure.code() == ErrorCode::ProvisionScopeMissing);
    let missing: Vec<&str> = is_missing.then_some(CODESPACE_SCOPE).into_iter().collect();
    let code = failure.map(|failure| failure.code().as_str().to_owned());
    let is_ours = |code: &str| WITHHELD.iter().any(|one| one.as_str() == code);
    // What else is wrong with the connection is not for this to take back.
    let code = match &row.last_error_code {
        Some(other) if code.is_none() && !is_ours(other) => Some(other.clone()),
        _ => code,
    };
    if row.missing_scopes == json!(missing) && row.last_error_code == code {
        return Ok(());
    }
    // Its version stays: who changes settings has seen them as they are.
    Entity::update_many()
        .col_expr(Column::MissingScopes, Expr::value(json!(missing)))
        .col_expr(Column::LastErrorCode, Expr::value(code))
        .col_expr(Column::LastCheckedAt, Expr::value(platform.clock.now()))
        .filter(Column::Id.eq(row.id))
        .exec(&**write)
        .await
        .map_err(failed)?;
    Ok(())
}

/// Looks whether the codespace of a project is still as it was written down; the code of what keeps it from having one.
///
/// # Errors
/// GitHub does not answer or refuses, or the store fails.
pub(super) async fn look(
    platform: &Platform,
    project: Uuid,
    settings: &Value,
    access: &Access,
) -> Result<Option<ErrorCode>, Failure> {
    let read = platform.store.read();
    let dev = environments::Entity::find()
        .filter(environments::Column::ProjectId.eq(project))
        .filter(environments::Column::Kind.eq(EnvironmentKind::Dev))
        .one(read)
        .await
        .map_err(failed)?;
    let Some(dev) = dev else { return Ok(None) };
    let Some(row) = row(read, project).await? else {
        return match is_wanted(settings) {
            true => left_out(read, project, &dev.name).await,
            false => Ok(None),
        };
    };
    let there = match platform.providers.github.codespace(access, &row.name).await {
        // It may be there or not: as long as nobody may look it stays as it was.
        Err(failure) if WITHHELD.contains(&failure.code()) => return Ok(Some(failure.code())),
        there => there?,
    };
    let seen = match &there {
        Some(there) => Some((there, ports(platform, project, &dev.branch).await?)),
        None => None,
    };
    let write = platform.store.begin_behind().await?;
    let row = codespaces::Entity::find_by_id(row.id)
        .one(&*write)
        .await
        .map_err(failed)?;
    let Some(row) = row else { return Ok(None) };
    match seen {
        Some((there, ports)) => change(&write, platform, row, event(there.stage()), Some((there, &ports))).await?,
        None => {
            change(&write, platform, row, Some(CodespaceEvent::Delete), None).await?;
            dropped(&write, project).await?;
        }
    }
    write.commit().await?;
    Ok(None)
}

/// Takes out the record of a codespace that somebody removed, so that the next run that makes what is missing makes another.
async fn dropped(write: &Write, project: Uuid) -> Result<(), Failure> {
    use resource_records::{Column, Entity};
    let records = Entity::find()
        .filter(Column::ProjectId.eq(project))
        .filter(Column::Resource.eq(ResourceKind::GithubCodespace))
        .all(&**write)
        .await
        .map_err(failed)?;
    for record in records {
        // One that a run is at is the run's.
        if states::resource(record.state, ResourceRecordEvent::Delete).is_ok() {
            Entity::delete_by_id(record.id).exec(&**write).await.map_err(failed)?;
        }
    }
    Ok(())
}

/// Why the newest run that was to make one left it out, if it did.
async fn left_out<C: ConnectionTrait>(
    connection: &C,
    project: Uuid,
    environment: &str,
) -> Result<Option<ErrorCode>, Failure> {
    let of = key(project, ResourceKind::GithubCodespace.as_str(), Some(environment));
    let step = run_steps::Entity::find()
        .filter(run_steps::Column::RequestKey.eq(of))
        .order_by_desc(run_steps::Column::CreatedAt)
        .one(connection)
        .await
        .map_err(failed)?;
    let step = step.filter(|step| step.state == StepState::Skipped);
    let code = step.and_then(|step| step.error_code);
    Ok(code.and_then(|code| WITHHELD.into_iter().find(|one| one.as_str() == code)))
}
