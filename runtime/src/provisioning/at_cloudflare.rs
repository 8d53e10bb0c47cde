//! Which workers of a project are at Cloudflare, and where its Pages project is.
//!
//! Owns: telling it from the rows, and which host an environment's worker has. Must not know: how a host runs one.
//!
//! An environment's worker is where its record says. One that has no record yet is made at Cloudflare if the project is connected to it. So
//! what was made here stays here until a run has moved the environment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::{self, IntegrationErrorDetails};
use flaresmith_store::entities::environments;
use flaresmith_store::entities::resource_records::{Column, Entity, Model};
use flaresmith_store::enums::{Provider, ResourceKind, ResourceRecordState};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};
use serde_json::Value;
use uuid::Uuid;

use super::step::{Subject, key};
use crate::features::projects::access;
use crate::providers::Mark;
use crate::providers::cloud::Access;
use crate::providers::cloudflare::{Page, WantedPage};
use crate::providers::edge_host::{AtCloudflare, EdgeHost};
use crate::store::{Write, failed};

/// The Pages project of a project, and who signs in.
pub(super) struct Pages {
    pub(super) page: Page,
    pub(super) access: Access,
}

/// The host of a worker.
pub(super) struct Host {
    /// The host.
    pub(super) edge: Arc<dyn EdgeHost>,
    /// Whether it is this machine.
    pub(super) is_here: bool,
}

/// Where a record says that its worker is; `None`: nowhere yet. This machine names a worker by its address, which has a colon, and
/// Cloudflare by that of a script, which has none.
fn is_here(record: &Model) -> Option<bool> {
    // As long as nothing is made it is named by its key.
    (record.resource == ResourceKind::CloudflareWorker && record.name != record.key).then(|| record.name.contains(':'))
}

/// Whether a record says that its worker is on this machine.
pub(super) fn is_of_this_machine(record: &Model) -> bool {
    is_here(record) == Some(true)
}

/// Names of the environments of a project whose workers are there.
///
/// # Errors
/// The store fails.
pub(crate) async fn names<C: ConnectionTrait>(connection: &C, project: Uuid) -> Result<BTreeSet<String>, Failure> {
    let there = workers(connection, project).await?.into_iter();
    Ok(there.map(|row| row.environment).collect())
}

/// Names of the environments whose workers are there, by project.
///
/// # Errors
/// The store fails.
pub(crate) async fn all<C: ConnectionTrait>(connection: &C) -> Result<BTreeMap<Uuid, Vec<String>>, Failure> {
    let rows = Entity::find()
        .filter(Column::Resource.eq(ResourceKind::CloudflareWorker))
        .filter(Column::State.eq(ResourceRecordState::Ready))
        // This machine names a worker by its address.
        .filter(Column::Name.not_like("%:%"))
        .all(connection)
        .await
        .map_err(failed)?;
    let mut found: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| is_here(row) == Some(false)) {
        found.entry(row.project_id).or_default().push(row.environment);
    }
    Ok(found)
}

/// Records of the workers of a project that are there.
async fn workers<C: ConnectionTrait>(connection: &C, project: Uuid) -> Result<Vec<Model>, Failure> {
    let mut rows = Entity::find()
        .filter(Column::ProjectId.eq(project))
        .filter(Column::Resource.eq(ResourceKind::CloudflareWorker))
        .all(connection)
        .await
        .map_err(failed)?;
    rows.retain(|row| is_here(row) == Some(false));
    Ok(rows)
}

/// The record of an environment's worker.
///
/// # Errors
/// The store fails.
pub(super) async fn record<C: ConnectionTrait>(connection: &C, on: &Subject) -> Result<Option<Model>, Failure> {
    Entity::find()
        .filter(Column::ProjectId.eq(on.project.id))
        .filter(Column::Resource.eq(ResourceKind::CloudflareWorker))
        .filter(Column::Environment.eq(&on.mark.environment))
        .one(connection)
        .await
        .map_err(failed)
}

/// The mark of the environment's worker, also for a step that is not about it alone and has a key of its own.
pub(super) fn mark(on: &Subject) -> Mark {
    let worker = ResourceKind::CloudflareWorker.as_str();
    Mark {
        key: key(on.project.id, worker, Some(&on.mark.environment)),
        ..on.mark.clone()
    }
}

/// The host of the environment's worker.
///
/// # Errors
/// It is at Cloudflare and the connection has ended, or the store fails.
pub(super) async fn host(on: &Subject) -> Result<Host, Failure> {
    let here = || Host {
        edge: on.platform.providers.edge.clone(),
        is_here: true,
    };
    let record = record(on.platform.store.read(), on).await?;
    let is_here = record.as_ref().and_then(is_here);
    if is_here == Some(true) {
        return Ok(here());
    }
    match (there(on).await?, is_here) {
        (Some(there), _) => Ok(Host {
            edge: Arc::new(there),
            is_here: false,
        }),
        (None, None) => Ok(here()),
        (None, Some(_)) => Err(Failure::new(ErrorCode::IntegrationNotConnected)
            .with_hint("The worker of the environment is at Cloudflare: connect it again, then retry.")
            .with_details(IntegrationErrorDetails {
                provider: Some(types::Provider::Cloudflare),
                ..IntegrationErrorDetails::default()
            })),
    }
}

/// Whether the environment's worker is there, or would be if it were made now.
///
/// # Errors
/// The store fails, or the master key is not at hand.
pub(super) async fn goes_there(on: &Subject) -> Result<bool, Failure> {
    match record(on.platform.store.read(), on).await?.as_ref().and_then(is_here) {
        Some(is_here) => Ok(!is_here),
        None => Ok(there(on).await?.is_some()),
    }
}

/// The host at Cloudflare, as long as the project is connected.
///
/// # Errors
/// The store fails, or the master key is not at hand.
pub(super) async fn there(on: &Subject) -> Result<Option<AtCloudflare>, Failure> {
    let Some((row, access)) = access(&on.platform, on.project.id, Provider::Cloudflare).await? else {
        return Ok(None);
    };
    let account = row.settings["accountId"].as_str().unwrap_or_default();
    let cloudflare = on.platform.providers.cloudflare.clone();
    let variables = row.settings["variables"].as_object().into_iter().flatten();
    let variables = variables.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    Ok(Some(AtCloudflare {
        script: cloudflare.script(account, &on.project.slug, &mark(on)),
        variables: variables.collect(),
        cloudflare,
        access,
    }))
}

/// Whether the settings of a connection want a Pages project.
pub(crate) fn wants_pages(settings: &Value) -> bool {
    settings["pages"].as_bool().unwrap_or(true)
}

/// The Pages project that a step is about, as long as the project is connected.
///
/// # Errors
/// The store fails, or the master key is not at hand.
pub(super) async fn pages(on: &Subject) -> Result<Option<Pages>, Failure> {
    let Some((row, access)) = access(&on.platform, on.project.id, Provider::Cloudflare).await? else {
        return Ok(None);
    };
    let account = row.settings["accountId"].as_str().unwrap_or_default();
    let cloudflare = &on.platform.providers.cloudflare;
    let page = cloudflare.page(account, &on.project.slug, &on.mark);
    Ok(Some(Pages { page, access }))
}

/// Forgets the Pages project: whoever connects again looks for it by its mark, and makes another where somebody removed it.
///
/// # Errors
/// The store fails.
pub(crate) async fn forget_pages(write: &Write, project: Uuid) -> Result<(), Failure> {
    Entity::delete_many()
        .filter(Column::ProjectId.eq(project))
        .filter(Column::Resource.eq(ResourceKind::CloudflarePage))
        .exec(&**write)
        .await
        .map_err(failed)?;
    Ok(())
}

/// How it is made: production is the branch of prod and calls prod's worker, every other branch calls that of dev. Addresses of this
/// machine are of no use there.
///
/// # Errors
/// The store fails.
pub(super) async fn wanted_page<C: ConnectionTrait>(
    connection: &C,
    project: Uuid,
    prod: &environments::Model,
    dev: Option<&str>,
) -> Result<WantedPage, Failure> {
    let workers = workers(connection, project).await?;
    let address = |environment: &str| workers.iter().find(|row| row.environment == environment)?.url.clone();
    Ok(WantedPage {
        branch: prod.branch.clone(),
        production: address(&prod.name),
        preview: dev.and_then(address),
    })
}
