//! What there is of a project, as a plan is made from it.
//!
//! Owns: reading it. Must not know: what a plan makes of it, when one is made.

use flaresmith_api::errors::Failure;
use flaresmith_store::entities::{environments, integration_configs, provider_credentials, resource_records};
use flaresmith_store::enums::{IntegrationState, Provider, ResourceKind};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::step::Planned;
use super::{at_neon, codespace, plan};
use crate::features::projects::connected_settings;
use crate::store::{Write, failed};

/// The steps that make everything that a project lacks.
///
/// # Errors
/// The store fails.
pub(super) async fn creation(write: &Write, project: Uuid) -> Result<Vec<Planned>, Failure> {
    let rows = environments(write, project).await?;
    let connected = connections(write, project).await?;
    let at_neon = at_neon::names(&**write, project).await?;
    let settings = connected_settings(&**write, project, Provider::Github).await?;
    let wants = settings.as_ref().is_some_and(codespace::is_wanted);
    let mut records = records(write, project).await?;
    if let Some(settings) = settings.filter(|_| wants)
        && codespace::is_elsewhere(write, project, &settings).await?
    {
        records.retain(|record| record.resource != ResourceKind::GithubCodespace);
    }
    Ok(plan::creation(&rows, &records, &connected, &at_neon, wants))
}

/// Whether a project that is at GitHub is to have a codespace there.
///
/// # Errors
/// The store fails.
pub(super) async fn has_codespace(write: &Write, project: Uuid) -> Result<bool, Failure> {
    let settings = connected_settings(&**write, project, Provider::Github).await?;
    Ok(settings.as_ref().is_some_and(codespace::is_wanted))
}

/// The environments of a project, in the order of their names.
///
/// # Errors
/// The store fails.
pub(super) async fn environments(write: &Write, project: Uuid) -> Result<Vec<environments::Model>, Failure> {
    let mut rows = environments::Entity::find()
        .filter(environments::Column::ProjectId.eq(project))
        .all(&**write)
        .await
        .map_err(failed)?;
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(rows)
}

/// Providers that a project signs in at.
///
/// # Errors
/// The store fails.
pub(super) async fn connections(write: &Write, project: Uuid) -> Result<Vec<Provider>, Failure> {
    use integration_configs::{Column, Entity};
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project))
        .filter(Column::State.ne(IntegrationState::Disconnected))
        .all(&**write)
        .await
        .map_err(failed)?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let signed_in = provider_credentials::Entity::find()
        .filter(provider_credentials::Column::IntegrationId.is_in(ids))
        .all(&**write)
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
pub(super) async fn records(write: &Write, project: Uuid) -> Result<Vec<resource_records::Model>, Failure> {
    resource_records::Entity::find()
        .filter(resource_records::Column::ProjectId.eq(project))
        .all(&**write)
        .await
        .map_err(failed)
}
