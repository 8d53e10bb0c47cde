//! Moving an environment that has a worker on this machine to Cloudflare.
//!
//! Owns: the rows that say where the worker is. Must not know: how Cloudflare is called.
//!
//! What runs on this machine goes on answering until the next deployment, which is made at Cloudflare and ends it.

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::PlannedCallMethod::{Delete, Post, Put};
use flaresmith_api::types::Provider::Cloudflare;
use flaresmith_store::entities::worker_versions;
use futures_util::future::BoxFuture;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
};

use super::{hinted, left_to_others, names};
use crate::providers::Made;
use crate::providers::edge_host::EdgeHost as _;
use crate::provisioning::at_cloudflare;
use crate::provisioning::call::{Call, There, asks, changes};
use crate::provisioning::step::{Step, Subject};
use crate::store::{Write, failed};

/// What became of what runs.
const STAYS: &str = "What runs on this machine goes on answering at its address. From its next deployment on the environment answers at \
                     Cloudflare, and what is on this machine ends.";

/// What a worker there takes.
pub(super) const WORKER: [Call; 5] = [
    asks(
        Cloudflare,
        "/accounts/{account}/workers/subdomain",
        "Looks where workers of the account answer.",
    ),
    asks(
        Cloudflare,
        "/accounts/{account}/workers/scripts/{script}/settings",
        "Looks for the script and its mark.",
    ),
    changes(
        Cloudflare,
        Put,
        "/accounts/{account}/workers/scripts/{script}",
        "Makes the script where it is not there.",
    ),
    asks(
        Cloudflare,
        "/accounts/{account}/workers/scripts/{script}/subdomain",
        "Looks whether it answers at its address.",
    ),
    changes(
        Cloudflare,
        Post,
        "/accounts/{account}/workers/scripts/{script}/subdomain",
        "Lets it answer there, and versions at addresses of their own only while they are tried.",
    ),
];

/// What it takes to let a version answer.
pub(super) const VERSION: [Call; 4] = [
    asks(
        Cloudflare,
        "/accounts/{account}/workers/scripts/{script}/versions",
        "Looks for the version.",
    ),
    changes(
        Cloudflare,
        Post,
        "/accounts/{account}/workers/scripts/{script}/versions",
        "Uploads the version where it is not there.",
    ),
    asks(
        Cloudflare,
        "/accounts/{account}/workers/scripts/{script}/deployments",
        "Looks which version answers.",
    ),
    changes(
        Cloudflare,
        Post,
        "/accounts/{account}/workers/scripts/{script}/deployments",
        "Lets the version answer, once it was tried.",
    ),
];

/// What it takes to remove one.
pub(super) const GONE: [Call; 2] = [
    asks(
        Cloudflare,
        "/accounts/{account}/workers/scripts/{script}/settings",
        "Looks for the script and its mark.",
    ),
    changes(
        Cloudflare,
        Delete,
        "/accounts/{account}/workers/scripts/{script}",
        "Removes the script with all of its versions.",
    ),
];

/// Moves it.
pub(super) struct Worker;

impl Step for Worker {
    fn calls(&self, _: There) -> Vec<Call> {
        WORKER.to_vec()
    }

    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let there = at_cloudflare::there(on).await?;
            let there = there.ok_or_else(|| Failure::new(ErrorCode::IntegrationNotConnected))?;
            there.ensure_worker(&at_cloudflare::mark(on)).await
        })
    }

    fn keep<'a>(&'a self, write: &'a Write, on: &'a Subject, made: &'a Made) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            placed(write, on, made).await?;
            hinted(write, on, names::CLOUDFLARE_WORKER, STAYS).await
        })
    }

    fn undo<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            if answers_there(on).await? {
                return Ok(());
            }
            let mark = at_cloudflare::mark(on);
            if let Some(there) = at_cloudflare::there(on).await? {
                left_to_others(there.remove_worker(&mark).await)?;
            }
            // It is there as before; its record says so again.
            let here = on.platform.providers.edge.ensure_worker(&mark).await?;
            let write = on.write().await?;
            placed(&write, on, &here).await?;
            write.commit().await
        })
    }
}

/// Whether somebody has deployed to Cloudflare meanwhile. That is not taken back with the move.
async fn answers_there(on: &Subject) -> Result<bool, Failure> {
    let Some(environment) = &on.environment else {
        return Ok(false);
    };
    let active = worker_versions::Entity::find()
        .filter(worker_versions::Column::EnvironmentId.eq(environment.id))
        .filter(worker_versions::Column::Active.eq(true))
        .one(on.platform.store.read())
        .await
        .map_err(failed)?;
    let record = at_cloudflare::record(on.platform.store.read(), on).await?;
    let record = record.filter(|record| !at_cloudflare::is_of_this_machine(record));
    Ok(active.is_some_and(|active| record.is_some_and(|record| record.name == active.script_name)))
}

/// Writes down where the environment's worker is.
async fn placed(write: &Write, on: &Subject, made: &Made) -> Result<(), Failure> {
    if let Some(record) = at_cloudflare::record(&**write, on).await? {
        let mut record = record.into_active_model();
        record.external_id = Set(made.external_id.clone());
        record.name = Set(made.name.clone());
        record.url = Set(made.url.clone());
        record.updated_at = Set(on.platform.clock.now());
        record.update(&**write).await.map_err(failed)?;
    }
    Ok(())
}
