//! Reading about secrets: the overview and the records of their uses.
//!
//! Owns: who sees what of a value. Must not know: how values are sealed.

use flaresmith_api::api::secrets::{GetSecretsOverviewRequest, ListSecretAuditRequest};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::operations::Role;
use flaresmith_api::server::Context;
use flaresmith_api::types::{SecretAuditPage, SecretEntry, SecretScope, SecretType, SecretsOverview};
use flaresmith_store::entities::{audit_events, environment_secrets, integration_configs, secret_audit_records};
use flaresmith_store::enums::{self, IntegrationState, Provider};
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::name::{SecretName, stored_scope};
use super::record::{self, Actor};
use super::vault;
use crate::features::projects::signs_in;
use crate::features::shown::listed;
use crate::pipeline::Access;
use crate::platform::Platform;
use crate::store::failed;
use crate::store::page::{Asked, newest_first};

/// Every secret of a project. For maintainers and owners values are opened, which is kept as a reading of each.
pub(super) async fn overview(
    platform: &Platform,
    context: &Context,
    access: &Access,
    request: GetSecretsOverviewRequest,
) -> Result<SecretsOverview, Failure> {
    use environment_secrets::{Column, Entity};
    let project = request.project_id;
    let mut select = Entity::find().filter(Column::ProjectId.eq(project));
    if let Some(environment) = request.environment {
        select = select.filter(Column::Environment.eq(stored_scope(environment)));
    }
    let rows = select.all(platform.store.read()).await.map_err(failed)?;
    let sees_values = access.role.is_some_and(|role| role >= Role::Maintainer);
    let mut secrets = Vec::new();
    for row in &rows {
        let value = match sees_values {
            true => Some(vault::open(&platform.sealer, row)?),
            false => None,
        };
        secrets.push(vault::entry(row, value.as_ref().map_or("", |value| value.last_four()))?);
    }
    if sees_values && !rows.is_empty() {
        let actor = Actor::of(context, access)?;
        let references: Vec<&str> = rows.iter().map(|row| row.secret_ref_hash.as_str()).collect();
        let write = platform.store.begin().await?;
        record::reading(&write, &actor, project, &references, platform.clock.now()).await?;
        write.commit().await?;
    }
    if request
        .environment
        .is_none_or(|environment| environment == SecretScope::All)
    {
        secrets.extend(built_in(platform, project).await?);
    }
    secrets.sort_by(|a, b| (&a.name, a.environment, a.r#type).cmp(&(&b.name, b.environment, b.r#type)));
    Ok(SecretsOverview { secrets })
}

/// The token that GitHub makes for every job of a project that is connected to it.
async fn built_in(platform: &Platform, project: Uuid) -> Result<Option<SecretEntry>, Failure> {
    use integration_configs::{Column, Entity};
    let connected = Entity::find()
        .filter(Column::ProjectId.eq(project))
        .filter(Column::Provider.eq(Provider::Github))
        .filter(Column::State.eq(IntegrationState::Connected))
        .one(platform.store.read())
        .await
        .map_err(failed)?;
    if !signs_in(platform.store.read(), project, Provider::Github).await? {
        return Ok(None);
    }
    let name = SecretName::built_in(project);
    Ok(connected.map(|connected| SecretEntry {
        secret_ref_hash: name.reference(),
        name: name.name,
        r#type: SecretType::GithubActionSecret,
        environment: SecretScope::All,
        masked_value: "ghs_****".to_owned(),
        last_rotated_at: connected.last_checked_at.unwrap_or(connected.updated_at),
        expires_at: None,
        built_in: Some(true),
    }))
}

/// One page of uses. Records know secrets by their digests alone; which are the project's, its log knows.
pub(super) async fn audit(platform: &Platform, request: ListSecretAuditRequest) -> Result<SecretAuditPage, Failure> {
    use secret_audit_records::{Column, Entity};
    let project = request.project_id;
    let own = Query::select()
        .column(audit_events::Column::SubjectId)
        .from(audit_events::Entity)
        .and_where(audit_events::Column::ProjectId.eq(project))
        .and_where(audit_events::Column::Code.eq(ErrorCode::SecSecretAccess.as_str()))
        .and_where(audit_events::Column::SubjectType.eq(record::SUBJECT))
        .to_owned();
    let mut select = Entity::find().filter(Column::SecretRefHash.in_subquery(own));
    if let Some(operation) = request.operation {
        let stored = enums::SecretOperation::try_from(operation.as_str()).map_err(Failure::internal)?;
        select = select.filter(Column::Operation.eq(stored));
    }
    if let Some(reference) = &request.secret_ref_hash {
        select = select.filter(Column::SecretRefHash.eq(reference));
    }
    let asked = Asked {
        list: &format!(
            "secretAudit/{project}/{:?}/{:?}",
            request.operation, request.secret_ref_hash
        ),
        cursor: request.cursor.as_deref(),
        limit: request.limit,
    };
    let by = (Column::Timestamp, Column::Id);
    let page = newest_first(platform.store.read(), &platform.cursors, asked, select, by, |row| {
        (row.timestamp, row.id)
    })
    .await?;
    listed(&page)
}
