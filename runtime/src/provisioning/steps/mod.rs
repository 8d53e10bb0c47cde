//! The steps, one file each.
//!
//! Owns: their names, and which step a name stands for. Must not know: what any of them does.

mod branch;
mod build;
mod cloudflare_pages;
mod cloudflare_worker;
mod database;
mod first;
mod github;
mod github_codespace;
mod github_secrets;
pub(super) mod migration;
mod neon_branch;
mod neon_project;
mod postman_collection;
mod postman_workspace;
mod repository;
mod seed;
mod standby;
mod take_back;
mod test;
mod worker;

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::entities::run_steps;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::step::{Step, Subject};
use crate::store::{Write, failed};

/// Names of steps; those that end in a hyphen go on with the name of an environment.
pub(super) mod names {
    pub(in crate::provisioning) const REPOSITORY: &str = "source-repository";
    pub(in crate::provisioning) const SEED: &str = "source-seed";
    pub(in crate::provisioning) const GITHUB: &str = "github-repository";
    pub(in crate::provisioning) const GITHUB_SECRETS: &str = "github-secrets";
    pub(in crate::provisioning) const CODESPACE: &str = "github-codespace";
    pub(in crate::provisioning) const NEON_PROJECT: &str = "neon-project";
    pub(in crate::provisioning) const NEON_BRANCH: &str = "neon-branch-";
    pub(in crate::provisioning) const STANDBY: &str = "standby-";
    pub(in crate::provisioning) const POSTMAN: &str = "postman-workspace";
    pub(in crate::provisioning) const POSTMAN_BASE: &str = "postman-base";
    pub(in crate::provisioning) const POSTMAN_COLLECTION: &str = "postman-collection-";
    pub(in crate::provisioning) const CLOUDFLARE_WORKER: &str = "cloudflare-worker-";
    pub(in crate::provisioning) const PAGES: &str = "cloudflare-pages";
    pub(in crate::provisioning) const BRANCH: &str = "source-branch-";
    pub(in crate::provisioning) const DATABASE: &str = "database-";
    pub(in crate::provisioning) const FIRST: &str = "deployment-";
    pub(in crate::provisioning) const WORKER: &str = "worker-";
    pub(in crate::provisioning) const BUILD: &str = "build";
    pub(in crate::provisioning) const MIGRATION: &str = "migration-";
    pub(in crate::provisioning) const TAKE_BACK: &str = "take-back-";
    pub(in crate::provisioning) const VERSION: &str = "version-";
    pub(in crate::provisioning) const ACTIVATION: &str = "activation-";
    pub(in crate::provisioning) const TEST: &str = "test-";
    pub(in crate::provisioning) const REMOVE_REPOSITORY: &str = "remove-source-repository";
    pub(in crate::provisioning) const REMOVE_GITHUB: &str = "remove-github-repository";
    pub(in crate::provisioning) const REMOVE_CODESPACE: &str = "remove-github-codespace";
    pub(in crate::provisioning) const REMOVE_PAGES: &str = "remove-cloudflare-pages";
    pub(in crate::provisioning) const REMOVE_NEON: &str = "remove-neon-project";
    pub(in crate::provisioning) const REMOVE_STANDBY: &str = "remove-standby-";
    pub(in crate::provisioning) const REMOVE_POSTMAN: &str = "remove-postman-workspace";
    pub(in crate::provisioning) const REMOVE_DATABASE: &str = "remove-database-";
    pub(in crate::provisioning) const REMOVE_WORKER: &str = "remove-worker-";

    /// Whether the step of a name takes something away.
    pub(in crate::provisioning) fn removes(name: &str) -> bool {
        name.starts_with("remove-")
    }

    /// Whether the step of a name moves what is on this machine elsewhere.
    pub(in crate::provisioning) fn moves(name: &str) -> bool {
        name.starts_with(NEON_BRANCH) || name.starts_with(CLOUDFLARE_WORKER)
    }

    /// The name of a step for an environment.
    pub(in crate::provisioning) fn of(beginning: &str, environment: &str) -> String {
        format!("{beginning}{environment}")
    }
}

/// The step of a name.
pub(super) fn named(name: &str) -> Option<&'static dyn Step> {
    match name {
        names::REPOSITORY => Some(&repository::Repository),
        names::SEED => Some(&seed::Seed),
        names::GITHUB => Some(&github::Repository),
        names::GITHUB_SECRETS => Some(&github_secrets::Secrets),
        names::CODESPACE => Some(&github_codespace::Codespace),
        names::NEON_PROJECT => Some(&neon_project::Project),
        names::POSTMAN => Some(&postman_workspace::Workspace),
        names::POSTMAN_BASE => Some(&postman_collection::Collection),
        names::PAGES => Some(&cloudflare_pages::Project),
        names::BUILD => Some(&build::Build),
        names::REMOVE_REPOSITORY => Some(&repository::Removal),
        names::REMOVE_GITHUB => Some(&github::Removal),
        names::REMOVE_CODESPACE => Some(&github_codespace::Removal),
        names::REMOVE_POSTMAN => Some(&postman_workspace::Removal),
        names::REMOVE_PAGES => Some(&cloudflare_pages::Removal),
        names::REMOVE_NEON => Some(&neon_project::Removal),
        _ if name.starts_with(names::BRANCH) => Some(&branch::Branch),
        _ if name.starts_with(names::NEON_BRANCH) => Some(&neon_branch::Branch),
        _ if name.starts_with(names::STANDBY) => Some(&standby::Standby),
        _ if name.starts_with(names::POSTMAN_COLLECTION) => Some(&postman_collection::Collection),
        _ if name.starts_with(names::CLOUDFLARE_WORKER) => Some(&cloudflare_worker::Worker),
        _ if name.starts_with(names::DATABASE) => Some(&database::Database),
        _ if name.starts_with(names::FIRST) => Some(&first::First),
        _ if name.starts_with(names::WORKER) => Some(&worker::Worker),
        _ if name.starts_with(names::MIGRATION) => Some(&migration::Migrations),
        _ if name.starts_with(names::TAKE_BACK) => Some(&take_back::TakeBack),
        _ if name.starts_with(names::VERSION) => Some(&worker::Put),
        _ if name.starts_with(names::ACTIVATION) => Some(&worker::Activation),
        _ if name.starts_with(names::TEST) => Some(&test::Test),
        _ if name.starts_with(names::REMOVE_STANDBY) => Some(&standby::Removal),
        _ if name.starts_with(names::REMOVE_DATABASE) => Some(&database::Removal),
        _ if name.starts_with(names::REMOVE_WORKER) => Some(&worker::Removal),
        _ => None,
    }
}

/// Says with the step of an environment what became of what it moved.
async fn hinted(write: &Write, on: &Subject, step: &str, hint: &str) -> Result<(), Failure> {
    run_steps::Entity::update_many()
        .col_expr(run_steps::Column::Hint, Expr::value(hint))
        .filter(run_steps::Column::RunId.eq(on.run))
        .filter(run_steps::Column::Name.eq(names::of(step, &on.mark.environment)))
        .exec(&**write)
        .await
        .map_err(failed)?;
    Ok(())
}

/// What came of a removal: something that was not made for the project stays, and is nothing of the project's to take away.
fn left_to_others(removed: Result<(), Failure>) -> Result<(), Failure> {
    match removed {
        Err(failure) if failure.code() == ErrorCode::ProvisionResourceForeign => Ok(()),
        removed => removed,
    }
}
