//! One project with all that belongs to it.
//!
//! Owns: reading and changing it. Must not know: how it came to be.

use std::collections::BTreeMap;

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::operations::Role;
use flaresmith_api::types::{EnvironmentSummary, IntegrationStatus, ProjectDetail, ProjectUpdate};
use flaresmith_store::entities::{
    circuit_breakers, codespaces, environments, integration_configs, projects, provisioning_runs, repos,
};
use flaresmith_store::enums::{BreakerState, CodespaceState, EnvironmentState, ProjectState};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::features::shown::{extended, shown};
use crate::features::users::profile;
use crate::pipeline::access::absent_project;
use crate::platform::Platform;
use crate::provisioning::plan::OF_ENVIRONMENTS;
use crate::store::{failed, version};

/// The project as a caller with this role sees it.
pub(super) async fn read(platform: &Platform, role: Option<Role>, id: Uuid) -> Result<ProjectDetail, Failure> {
    let read = platform.store.read();
    let row = projects::Entity::find_by_id(id).one(read).await.map_err(failed)?;
    let row = row.ok_or_else(|| absent_project(id))?;
    let places = environments::Entity::find()
        .filter(environments::Column::ProjectId.eq(id))
        .filter(environments::Column::State.ne(EnvironmentState::Archived))
        .all(read)
        .await
        .map_err(failed)?;
    let mut summaries = places
        .iter()
        .map(shown)
        .collect::<Result<Vec<EnvironmentSummary>, _>>()?;
    summaries.sort_by_key(|place| (place.kind, place.name.clone()));
    let repo = repos::Entity::find()
        .filter(repos::Column::ProjectId.eq(id))
        .one(read)
        .await
        .map_err(failed)?;
    let codespace = codespaces::Entity::find()
        .filter(codespaces::Column::ProjectId.eq(id))
        .filter(codespaces::Column::State.ne(CodespaceState::Deleted))
        .order_by_desc(codespaces::Column::CreatedAt)
        .one(read)
        .await
        .map_err(failed)?;
    let run = provisioning_runs::Entity::find()
        .filter(provisioning_runs::Column::ProjectId.eq(id))
        .filter(provisioning_runs::Column::Kind.is_not_in(OF_ENVIRONMENTS))
        .order_by_desc(provisioning_runs::Column::CreatedAt)
        .one(read)
        .await
        .map_err(failed)?;
    let more = json!({
        "environments": summaries,
        "integrations": integrations(read, id).await?,
        "repo": repo,
        "codespace": codespace,
        "provisioning": run,
        "role": profile::api_role(role.unwrap_or(Role::Viewer)),
    });
    extended(&row, more)
}

/// Whether each connected provider can be used.
pub(crate) async fn integrations<C: ConnectionTrait>(
    connection: &C,
    project: Uuid,
) -> Result<Vec<IntegrationStatus>, Failure> {
    let configs = integration_configs::Entity::find()
        .filter(integration_configs::Column::ProjectId.eq(project))
        .order_by_asc(integration_configs::Column::CreatedAt)
        .all(connection)
        .await
        .map_err(failed)?;
    let breakers = circuit_breakers::Entity::find()
        .filter(circuit_breakers::Column::ProjectId.eq(project))
        .all(connection)
        .await
        .map_err(failed)?;
    let mut breakers: BTreeMap<&str, Value> = breakers
        .iter()
        .map(|row| (row.provider.as_str(), serde_json::to_value(row).unwrap_or_default()))
        .collect();
    configs
        .iter()
        .map(|config| {
            let breaker = breakers.remove(config.provider.as_str()).unwrap_or_else(closed);
            extended(config, json!({ "breaker": breaker }))
        })
        .collect()
}

/// What is told of a breaker that has seen no failure.
pub(super) fn closed() -> Value {
    json!({"state": BreakerState::Closed, "failureCount": 0, "openedAt": null, "halfOpenAt": null})
}

/// Changes what the body names.
pub(super) async fn update(
    platform: &Platform,
    id: Uuid,
    if_match: Option<&str>,
    body: ProjectUpdate,
) -> Result<(), Failure> {
    let write = platform.store.begin().await?;
    let row = projects::Entity::find_by_id(id).one(&*write).await.map_err(failed)?;
    let row = row.ok_or_else(|| absent_project(id))?;
    version::demand(if_match, row.version)?;
    if matches!(row.state, ProjectState::Deleting | ProjectState::Deleted) {
        return Err(Failure::new(ErrorCode::ProjectStateInvalid).with_context("state", row.state.as_str()));
    }
    let mut update = projects::Entity::update_many()
        .col_expr(projects::Column::Version, Expr::col(projects::Column::Version).add(1))
        .col_expr(projects::Column::UpdatedAt, Expr::value(platform.clock.now()));
    if let Some(name) = body.name {
        update = update.col_expr(projects::Column::Name, Expr::value(name));
    }
    if let Some(description) = body.description {
        update = update.col_expr(projects::Column::Description, Expr::value(description));
    }
    if let Some(changed) = body.settings {
        let changed = serde_json::to_value(changed).map_err(Failure::internal)?;
        update = update.col_expr(projects::Column::Settings, Expr::value(merged(row.settings, changed)));
    }
    let done = update
        .filter(projects::Column::Id.eq(id))
        .filter(projects::Column::Version.eq(row.version))
        .exec(&*write)
        .await
        .map_err(failed)?;
    if done.rows_affected == 0 {
        return Err(version::moved());
    }
    write.commit().await
}

/// Settings with the members that were sent; null puts one back to the platform's own.
fn merged(mut settings: Value, changed: Value) -> Value {
    if let (Some(settings), Value::Object(changed)) = (settings.as_object_mut(), changed) {
        for (name, value) in changed {
            match value {
                Value::Null => settings.remove(&name),
                value => settings.insert(name, value),
            };
        }
    }
    settings
}
