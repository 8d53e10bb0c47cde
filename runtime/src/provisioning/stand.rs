//! How a project stands in the store, as digests.
//!
//! Owns: which rows count. Must not know: what is at providers or in a repository.
//!
//! Whoever made a plan has the digests of that moment. They are read once more in the transaction that begins what was planned, so
//! nobody else changed a row in between.

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::{ProvisionErrorDetails, ProvisionErrorDetailsMovedItem as Moved};
use flaresmith_store::entities::{
    database_branches, environments, integration_configs, provider_credentials, provisioning_runs, resource_records,
    run_steps, worker_versions,
};
use flaresmith_store::enums::{EnvironmentState, ResourceRecordState};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use serde_json::{Value, json};
use uuid::Uuid;

use super::plan::OF_ENVIRONMENTS;
use crate::sealing::digest;
use crate::store::failed;

/// Hexadecimal digits of a digest that are told.
const DIGITS: usize = 24;

/// How a project stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand {
    /// What was made, what runs where, and how far the latest run is.
    pub resources: String,
    /// Which providers it is connected to, and how.
    pub integrations: String,
}

/// A digest in so many digits as a plan has of each part.
#[must_use]
pub fn short(text: &str) -> String {
    let whole = digest(text.as_bytes());
    let digits = whole.trim_start_matches("sha256:");
    digits.chars().take(DIGITS).collect()
}

/// The refusal of a plan from before.
#[must_use]
pub fn stale(moved: Vec<Moved>, now: Option<String>) -> Failure {
    let words: Vec<&str> = moved.iter().map(|one| one.as_str()).collect();
    let message = format!(
        "The plan is not carried out: {} moved since it was made.",
        words.join(" and ")
    );
    Failure::new(ErrorCode::ProvisionPlanStale)
        .with_message(message)
        .with_hint("Make the plan anew with `flaresmith project plan PROJECT`, and look at it.")
        .with_details(ProvisionErrorDetails {
            moved: Some(moved),
            plan_digest: now,
            ..ProvisionErrorDetails::default()
        })
}

impl Stand {
    /// How it stands now.
    ///
    /// # Errors
    /// The store fails.
    pub async fn read<C: ConnectionTrait>(connection: &C, project: Uuid) -> Result<Self, Failure> {
        let made = json!([
            records(connection, project).await?,
            environments(connection, project).await?,
            databases(connection, project).await?,
            run(connection, project).await?,
        ]);
        let integrations = integrations(connection, project).await?;
        Ok(Self {
            resources: short(&made.to_string()),
            integrations: short(&integrations.to_string()),
        })
    }

    /// Refuses when the project stands otherwise by now.
    ///
    /// # Errors
    /// It does, or the store fails.
    pub async fn demand<C: ConnectionTrait>(&self, connection: &C, project: Uuid) -> Result<(), Failure> {
        let now = Self::read(connection, project).await?;
        let parts = [
            (self.resources == now.resources, Moved::Resources),
            (self.integrations == now.integrations, Moved::Integrations),
        ];
        let moved: Vec<Moved> = parts
            .into_iter()
            .filter(|(same, _)| !same)
            .map(|(_, part)| part)
            .collect();
        match moved.is_empty() {
            true => Ok(()),
            false => Err(stale(moved, None)),
        }
    }
}

async fn records<C: ConnectionTrait>(connection: &C, project: Uuid) -> Result<Value, Failure> {
    use resource_records::{Column, Entity};
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project))
        .filter(Column::State.ne(ResourceRecordState::Deleted))
        .order_by_asc(Column::Key)
        .all(connection)
        .await
        .map_err(failed)?;
    let told = |row: &resource_records::Model| json!([row.key, row.state, row.external_id, row.name]);
    Ok(rows.iter().map(told).collect())
}

/// Environments, and which version answers in each.
async fn environments<C: ConnectionTrait>(connection: &C, project: Uuid) -> Result<Value, Failure> {
    let rows = environments::Entity::find()
        .filter(environments::Column::ProjectId.eq(project))
        .filter(environments::Column::State.ne(EnvironmentState::Archived))
        .order_by_asc(environments::Column::Id)
        .all(connection)
        .await
        .map_err(failed)?;
    let versions = worker_versions::Entity::find()
        .filter(worker_versions::Column::ProjectId.eq(project))
        .filter(worker_versions::Column::Active.eq(true))
        .order_by_asc(worker_versions::Column::Id)
        .all(connection)
        .await
        .map_err(failed)?;
    let told = |row: &environments::Model| json!([row.id, row.name, row.branch, row.state, row.commit_sha]);
    let active = |row: &worker_versions::Model| json!([row.environment_id, row.provider_version]);
    Ok(rows.iter().map(told).chain(versions.iter().map(active)).collect())
}

async fn databases<C: ConnectionTrait>(connection: &C, project: Uuid) -> Result<Value, Failure> {
    use database_branches::{Column, Entity};
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project))
        .order_by_asc(Column::Id)
        .all(connection)
        .await
        .map_err(failed)?;
    let told = |row: &database_branches::Model| json!([row.id, row.name, row.state, row.external_id, row.region]);
    Ok(rows.iter().map(told).collect())
}

/// The latest run with its steps.
async fn run<C: ConnectionTrait>(connection: &C, project: Uuid) -> Result<Value, Failure> {
    use provisioning_runs::{Column, Entity};
    let run = Entity::find()
        .filter(Column::ProjectId.eq(project))
        .filter(Column::Kind.is_not_in(OF_ENVIRONMENTS))
        .order_by_desc(Column::CreatedAt)
        .one(connection)
        .await
        .map_err(failed)?;
    let Some(run) = run else {
        return Ok(Value::Null);
    };
    let steps = run_steps::Entity::find()
        .filter(run_steps::Column::RunId.eq(run.id))
        .order_by_asc(run_steps::Column::Name)
        .all(connection)
        .await
        .map_err(failed)?;
    let steps: Value = steps.iter().map(|row| json!([row.name, row.state])).collect();
    Ok(json!([run.id, run.state, steps]))
}

/// What was set, and whether somebody signs in; not with what.
async fn integrations<C: ConnectionTrait>(connection: &C, project: Uuid) -> Result<Value, Failure> {
    use integration_configs::{Column, Entity};
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project))
        .order_by_asc(Column::Provider)
        .all(connection)
        .await
        .map_err(failed)?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let signed_in = provider_credentials::Entity::find()
        .filter(provider_credentials::Column::IntegrationId.is_in(ids))
        .all(connection)
        .await
        .map_err(failed)?;
    let told = |row: &integration_configs::Model| {
        let signed_in = signed_in.iter().any(|kept| kept.integration_id == row.id);
        json!([
            row.provider,
            row.state,
            row.settings,
            row.account_name,
            row.scopes,
            signed_in
        ])
    };
    Ok(rows.iter().map(told).collect())
}
