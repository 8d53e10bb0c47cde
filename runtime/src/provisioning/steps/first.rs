//! The worker of an environment with the first version in it.
//!
//! Owns: the first deployment, which no run of its own carries out. Must not know: how anything is built or run.
//!
//! A repository that cannot be built or run gets its worker all the same. Nothing answers there until somebody deploys.

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::Provider::Neon;
use flaresmith_store::entities::{deployments, environments, run_steps};
use flaresmith_store::enums::{DeploymentKind, DeploymentState};
use futures_util::future::BoxFuture;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use std::path::Path;
use uuid::Uuid;

use super::build::Build;
use super::cloudflare_worker::VERSION;
use super::migration::Migrations;
use super::names;
use super::worker::{Activation, Put, Worker};
use crate::providers::Made;
use crate::provisioning::call::{Call, There, asks, here};
use crate::provisioning::deploy::{self, Wanted};
use crate::provisioning::step::{Step, Subject};
use crate::repositories::{Local, broken};
use crate::store::{Write, failed};

/// What a repository that can be built has at its root.
const PACKAGE: &str = "package.json";

/// What is said of one that has none.
const UNBUILT: &str = "Nothing answers there yet: deploy a commit that has a package.json at its root.";

/// What goes wrong with the commit rather than with what is made for it: that keeps no project from being made.
const OF_COMMIT: [ErrorCode; 4] = [
    ErrorCode::DeploymentBuildFailed,
    ErrorCode::DeploymentMigrationFailed,
    ErrorCode::DeploymentNotReady,
    ErrorCode::DeploymentRuntimeMissing,
];

/// Longest hint, in characters.
const LONGEST: usize = 300;

/// How the database of a version is found.
const ADDRESS: Call = asks(
    Neon,
    "/projects/{project}/connection_uri",
    "Asks for the address of the database, for migrations and for the worker.",
);

/// Makes the worker, and deploys the first commit if it can be built.
pub(super) struct First;

impl Step for First {
    fn calls(&self, there: There) -> Vec<Call> {
        let mut calls = Worker.calls(there);
        calls.push(here(
            "Builds the head of the branch with npm, makes its migrations and lets it answer, where it can be built and nothing runs.",
        ));
        if there.worker {
            calls.extend(VERSION);
        }
        if there.database {
            calls.push(ADDRESS);
        }
        calls
    }

    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let mut made = Worker.run(on).await?;
            made.external_id = None;
            let row = match (before(on).await?, buildable(on).await?) {
                (Some(row), _) => row,
                (None, Some(commit)) => begun(on, commit).await?,
                (None, None) => return Ok(made),
            };
            let on = Subject {
                run: row.id,
                ..on.clone()
            };
            let done = match row.state {
                DeploymentState::Succeeded => Ok(Vec::new()),
                _ => carried_out(&on).await,
            };
            made.beside = match done {
                Ok(beside) => beside,
                Err(failure) => {
                    let write = on.write().await?;
                    deploy::failed_first(&write, row.id, &failure, on.platform.clock.now()).await?;
                    write.commit().await?;
                    return match OF_COMMIT.contains(&failure.code()) {
                        true => Ok(made),
                        false => Err(failure),
                    };
                }
            };
            made.external_id = Some(row.id.to_string());
            Ok(made)
        })
    }

    fn keep<'a>(&'a self, write: &'a Write, on: &'a Subject, made: &'a Made) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let deployment: Option<Uuid> = made.external_id.as_ref().and_then(|id| id.parse().ok());
            match deployment {
                Some(run) => deploy::succeeded(write, &Subject { run, ..on.clone() }, made).await,
                None => tell(write, on).await,
            }
        })
    }

    fn undo<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<(), Failure>> {
        Worker.undo(on)
    }

    fn forget<'a>(&'a self, write: &'a Write, on: &'a Subject) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            Worker.forget(write, on).await?;
            let Some(environment) = &on.environment else {
                return Ok(());
            };
            deployments::Entity::delete_many()
                .filter(deployments::Column::EnvironmentId.eq(environment.id))
                .exec(&**write)
                .await
                .map_err(failed)?;
            environments::Entity::update_many()
                .col_expr(environments::Column::Url, Expr::value(None::<String>))
                .col_expr(environments::Column::CommitSha, Expr::value(None::<String>))
                .filter(environments::Column::Id.eq(environment.id))
                .exec(&**write)
                .await
                .map_err(failed)?;
            Ok(())
        })
    }
}

/// The commit that the environment's branch begins with; `None`: it cannot be built, or is not to be.
async fn buildable(on: &Subject) -> Result<Option<String>, Failure> {
    if !on.platform.settings.first_deployment {
        return Ok(None);
    }
    let branch = environment(on)?.branch.clone();
    let look = move |local: &Local| {
        let commit = local.commit_of(Some(&branch))?;
        let tree = commit.tree().map_err(broken)?;
        let there = tree.get_path(Path::new(PACKAGE)).is_ok();
        Ok(there.then(|| commit.id().to_string()))
    };
    on.platform.repositories.with_standing(on.project.id, look).await
}

fn environment(on: &Subject) -> Result<&environments::Model, Failure> {
    on.environment
        .as_ref()
        .ok_or_else(|| Failure::new(ErrorCode::EnvNotFound))
}

/// What runs there, or the deployment that was begun before and has not ended.
async fn before(on: &Subject) -> Result<Option<deployments::Model>, Failure> {
    use DeploymentState::{Pending, Running, Succeeded, Validating};
    deployments::Entity::find()
        .filter(deployments::Column::EnvironmentId.eq(environment(on)?.id))
        .filter(deployments::Column::State.is_in([Pending, Running, Validating, Succeeded]))
        .order_by_desc(deployments::Column::CreatedAt)
        .one(on.platform.store.read())
        .await
        .map_err(failed)
}

async fn begun(on: &Subject, commit: String) -> Result<deployments::Model, Failure> {
    let environment = environment(on)?;
    let write = on.write().await?;
    let wanted = Wanted {
        kind: DeploymentKind::Deploy,
        commit,
        branch: environment.branch.clone(),
        build: None,
        source: None,
        rollback_of: None,
        repeats: None,
        takes_back: None,
        test_run: None,
        by: on.project.created_by_id,
        message: None,
    };
    let now = on.platform.clock.now();
    let row = deploy::row(&write, environment, wanted, now).await?;
    deploy::started(&write, row.id, now).await?;
    write.commit().await?;
    Ok(row)
}

async fn carried_out(on: &Subject) -> Result<Vec<String>, Failure> {
    Build.run(on).await?;
    Migrations.run(on).await?;
    Put.run(on).await?;
    let write = on.write().await?;
    deploy::validating(&write, on).await?;
    write.commit().await?;
    let active = Activation.run(on).await?;
    Ok(active.beside)
}

/// Says at the step why nothing was deployed.
async fn tell(write: &Write, on: &Subject) -> Result<(), Failure> {
    let newest = deployments::Entity::find()
        .filter(deployments::Column::EnvironmentId.eq(environment(on)?.id))
        .order_by_desc(deployments::Column::CreatedAt)
        .one(&**write)
        .await
        .map_err(failed)?;
    let code: Option<ErrorCode> = newest.and_then(|row| row.error_code?.parse().ok());
    let hint = match code {
        Some(code) => format!(
            "{}: {} {}",
            code.as_str(),
            code.message(),
            code.hint().unwrap_or_default()
        ),
        None => UNBUILT.to_owned(),
    };
    let hint: String = hint.chars().take(LONGEST).collect();
    run_steps::Entity::update_many()
        .col_expr(run_steps::Column::Hint, Expr::value(hint))
        .filter(run_steps::Column::RunId.eq(on.run))
        .filter(run_steps::Column::Name.eq(names::of(names::FIRST, &on.mark.environment)))
        .exec(&**write)
        .await
        .map_err(failed)?;
    Ok(())
}
