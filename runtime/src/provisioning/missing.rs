//! What a project lacks.
//!
//! Owns: the rows that a plan is made from. Must not know: runs, who asks.

use flaresmith_api::errors::Failure;
use flaresmith_store::entities::{environments, integration_configs, provider_credentials, resource_records};
use flaresmith_store::enums::{IntegrationState, Provider, ResourceKind};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::plan::Beside;
use super::step::Planned;
use super::{at_cloudflare, at_neon, codespace, plan, standby};
use crate::features::projects::connected_settings;
use crate::store::failed;

/// The steps that make everything that a project lacks.
///
/// # Errors
/// The store fails.
pub(super) async fn steps<C: ConnectionTrait>(connection: &C, project: Uuid) -> Result<Vec<Planned>, Failure> {
    let rows = environments(connection, project).await?;
    let connected = connections(connection, project).await?;
    let at_neon = at_neon::names(connection, project).await?;
    let settings = connected_settings(connection, project, Provider::Github).await?;
    let beside = beside(connection, project).await?;
    let mut records = records(connection, project).await?;
    if let Some(settings) = settings.filter(|_| beside.codespace)
        && codespace::is_elsewhere(connection, project, &settings).await?
    {
        records.retain(|record| record.resource != ResourceKind::GithubCodespace);
    }
    let standby = standby::plan(connection, project).await?;
    Ok(plan::creation(&rows, &records, &connected, &at_neon, beside, standby))
}

/// What a project is to have beside all else, where it signs in.
///
/// # Errors
/// The store fails.
pub(super) async fn beside<C: ConnectionTrait>(connection: &C, project: Uuid) -> Result<Beside, Failure> {
    let github = connected_settings(connection, project, Provider::Github).await?;
    let cloudflare = connected_settings(connection, project, Provider::Cloudflare).await?;
    Ok(Beside {
        codespace: github.as_ref().is_some_and(codespace::is_wanted),
        pages: cloudflare.as_ref().is_some_and(at_cloudflare::wants_pages),
    })
}

/// The environments of a project, by name.
///
/// # Errors
/// The store fails.
pub(super) async fn environments<C: ConnectionTrait>(
    connection: &C,
    project: Uuid,
) -> Result<Vec<environments::Model>, Failure> {
    let mut rows = environments::Entity::find()
        .filter(environments::Column::ProjectId.eq(project))
        .all(connection)
        .await
        .map_err(failed)?;
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(rows)
}

/// Providers that a project signs in at.
///
/// # Errors
/// The store fails.
pub(super) async fn connections<C: ConnectionTrait>(connection: &C, project: Uuid) -> Result<Vec<Provider>, Failure> {
    use integration_configs::{Column, Entity};
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project))
        .filter(Column::State.ne(IntegrationState::Disconnected))
        .all(connection)
        .await
        .map_err(failed)?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let signed_in = provider_credentials::Entity::find()
        .filter(provider_credentials::Column::IntegrationId.is_in(ids))
        .all(connection)
        .await
        .map_err(failed)?;
    let is_signed_in = |id: Uuid| signed_in.iter().any(|kept| kept.integration_id == id);
    Ok(rows
        .iter()
        .filter(|row| is_signed_in(row.id))
        .map(|row| row.provider)
        .collect())
}

/// What providers made for a project.
///
/// # Errors
/// The store fails.
pub(super) async fn records<C: ConnectionTrait>(
    connection: &C,
    project: Uuid,
) -> Result<Vec<resource_records::Model>, Failure> {
    resource_records::Entity::find()
        .filter(resource_records::Column::ProjectId.eq(project))
        .all(connection)
        .await
        .map_err(failed)
}
