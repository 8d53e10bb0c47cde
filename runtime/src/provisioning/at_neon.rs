//! Which databases of a project are at Neon.
//!
//! Owns: telling it from the rows, and which host an environment's database has. Must not know: how a host makes one.
//!
//! An environment's database is where its row says: at Neon if that has a region, else on this machine. One that has no row yet is made
//! at Neon if the project is connected to it. So what was made here stays here until a run has moved the environment.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::{self, IntegrationErrorDetails};
use flaresmith_store::entities::{database_branches, environments, projects, provisioning_runs, resource_records};
use flaresmith_store::enums::{DatabaseBranchPurpose, EnvironmentKind, Provider, ResourceKind};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::standby;
use super::step::Subject;
use crate::features::projects::{access, connected_settings};
use crate::platform::Platform;
use crate::providers::cloud::Access;
use crate::providers::database_host::{AtNeon, DatabaseHost};
use crate::providers::neon::{POSTGRES, WantedProject};
use crate::store::failed;

/// The branch that a Neon project begins with, where the project has no environment of the kind.
const PROD: &str = "prod";

/// How a project is connected to Neon.
pub(super) struct Connection {
    /// Who signs in.
    pub(super) access: Access,
    /// The Neon project that is wanted.
    pub(super) wanted: WantedProject,
    /// The id of the one that the project has, once there is one.
    pub(super) known: Option<String>,
    /// The id of the branch that prod uses there.
    first: Option<String>,
}

/// Names of the environments of a project whose databases are there.
///
/// # Errors
/// The store fails.
pub(crate) async fn names<C: ConnectionTrait>(connection: &C, project: Uuid) -> Result<BTreeSet<String>, Failure> {
    let rows = database_branches::Entity::find()
        .filter(database_branches::Column::ProjectId.eq(project))
        .filter(database_branches::Column::Purpose.eq(DatabaseBranchPurpose::Primary))
        .filter(database_branches::Column::Region.is_not_null())
        .all(connection)
        .await
        .map_err(failed)?;
    let found = environments::Entity::find()
        .filter(environments::Column::Id.is_in(rows.iter().map(|row| row.environment_id)))
        .all(connection)
        .await
        .map_err(failed)?;
    Ok(found.into_iter().map(|row| row.name).collect())
}

/// The row of the database that the environment uses.
///
/// # Errors
/// The store fails.
pub(super) async fn row<C: ConnectionTrait>(
    connection: &C,
    on: &Subject,
) -> Result<Option<database_branches::Model>, Failure> {
    database_branches::Entity::find()
        .filter(database_branches::Column::EnvironmentId.is_in(ids(connection, on).await?))
        .filter(database_branches::Column::Purpose.eq(DatabaseBranchPurpose::Primary))
        .one(connection)
        .await
        .map_err(failed)
}

/// Ids of the environments that have the environment's name: of a preview also those that were before.
///
/// # Errors
/// The store fails.
pub(super) async fn ids<C: ConnectionTrait>(connection: &C, on: &Subject) -> Result<Vec<Uuid>, Failure> {
    let rows = environments::Entity::find()
        .filter(environments::Column::ProjectId.eq(on.project.id))
        .filter(environments::Column::Name.eq(&on.mark.environment))
        .all(connection)
        .await
        .map_err(failed)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// How the project is connected; `None`: it is not.
///
/// # Errors
/// The store fails, or the master key is not at hand.
pub(super) async fn connection(on: &Subject) -> Result<Option<Connection>, Failure> {
    connected(&on.platform, &on.project).await
}

async fn connected(platform: &Platform, project: &projects::Model) -> Result<Option<Connection>, Failure> {
    let Some((row, access)) = access(platform, project.id, Provider::Neon).await? else {
        return Ok(None);
    };
    let read = platform.store.read();
    let first = environments::Entity::find()
        .filter(environments::Column::ProjectId.eq(project.id))
        .filter(environments::Column::Kind.eq(EnvironmentKind::Prod))
        .one(read)
        .await
        .map_err(failed)?;
    let used = match &first {
        Some(first) => standby::used(read, first.id).await?,
        None => None,
    };
    let text = |name: &str| row.settings[name].as_str().map(str::to_owned);
    Ok(Some(Connection {
        access,
        first: used
            .filter(|used| used.region.is_some())
            .and_then(|used| used.external_id),
        wanted: WantedProject {
            name: project.slug.clone(),
            region: text("region").unwrap_or_default(),
            organization: text("organizationId"),
            postgres: row.settings["postgresVersion"].as_i64().unwrap_or(POSTGRES),
            branch: first.map_or_else(|| PROD.to_owned(), |first| first.name),
        },
        known: known(read, project.id).await?,
    }))
}

/// The id of the Neon project that a project has.
///
/// # Errors
/// The store fails.
pub(crate) async fn known<C: ConnectionTrait>(connection: &C, project: Uuid) -> Result<Option<String>, Failure> {
    let record = resource_records::Entity::find()
        .filter(resource_records::Column::ProjectId.eq(project))
        .filter(resource_records::Column::Resource.eq(ResourceKind::NeonProject))
        .one(connection)
        .await
        .map_err(failed)?;
    Ok(record.and_then(|record| record.external_id))
}

/// Where the databases of a project are that are made from now on; `None`: on this machine.
///
/// # Errors
/// The store fails.
pub(super) async fn region<C: ConnectionTrait>(connection: &C, project: Uuid) -> Result<Option<String>, Failure> {
    let settings = connected_settings(connection, project, Provider::Neon).await?;
    let Some(settings) = settings else {
        return Ok(None);
    };
    let region = settings["region"].as_str().map(str::to_owned);
    Ok(known(connection, project).await?.and(region))
}

/// The host of the environment's database.
///
/// # Errors
/// It is at Neon and the connection has ended, or the store fails.
pub(crate) async fn host(on: &Subject) -> Result<Arc<dyn DatabaseHost>, Failure> {
    let here = || -> Arc<dyn DatabaseHost> { on.platform.providers.databases.clone() };
    let row = row(on.platform.store.read(), on).await?;
    if row.as_ref().is_some_and(|row| row.region.is_none()) {
        return Ok(here());
    }
    match (there(on, None).await?, row) {
        (Some(there), _) => Ok(Arc::new(there)),
        (None, None) => Ok(here()),
        (None, Some(_)) => Err(Failure::new(ErrorCode::IntegrationNotConnected)
            .with_hint("The database of the environment is at Neon: connect it again, then retry.")
            .with_details(IntegrationErrorDetails {
                provider: Some(types::Provider::Neon),
                ..IntegrationErrorDetails::default()
            })),
    }
}

/// Whether the environment's database is there, or would be if it were made now.
///
/// # Errors
/// The store fails, or the master key is not at hand.
pub(super) async fn goes_there(on: &Subject) -> Result<bool, Failure> {
    match row(on.platform.store.read(), on).await? {
        Some(row) => Ok(row.region.is_some()),
        None => Ok(connection(on).await?.is_some()),
    }
}

/// The host at Neon, as long as the project is connected and has a project there. `since`: nothing that is older is removed.
///
/// # Errors
/// The store fails, or the master key is not at hand.
pub(super) async fn there(on: &Subject, since: Option<DateTime<Utc>>) -> Result<Option<AtNeon>, Failure> {
    let row = row(on.platform.store.read(), on).await?;
    let row = row.filter(|row| row.region.is_some());
    let (known, name) = match row {
        Some(row) => (row.external_id, row.name),
        None => (None, on.mark.environment.clone()),
    };
    branch(&on.platform, &on.project, known, name, since).await
}

/// One branch of a project as a host of databases, as long as the project is connected and has a project there.
///
/// # Errors
/// The store fails, or the master key is not at hand.
pub(crate) async fn branch(
    platform: &Platform,
    project: &projects::Model,
    known: Option<String>,
    name: String,
    since: Option<DateTime<Utc>>,
) -> Result<Option<AtNeon>, Failure> {
    let connection = connected(platform, project).await?;
    let Some(Connection {
        access,
        known: Some(there),
        first,
        ..
    }) = connection
    else {
        return Ok(None);
    };
    Ok(Some(AtNeon {
        neon: platform.providers.neon.clone(),
        access,
        project: there,
        known,
        name,
        first,
        since,
    }))
}

/// When the run began to be: what is older was not made by it.
///
/// # Errors
/// The store fails.
pub(super) async fn began(on: &Subject) -> Result<Option<DateTime<Utc>>, Failure> {
    let run = provisioning_runs::Entity::find_by_id(on.run)
        .one(on.platform.store.read())
        .await
        .map_err(failed)?;
    Ok(run.map(|run| run.created_at))
}
