//! The worker of an environment: itself, a version, its activation, its removal.
//!
//! Owns: which version is put there, and with which bindings. Must not know: how a host runs one.

use std::path::PathBuf;

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::entities::{builds, deployments, worker_versions};
use flaresmith_store::enums::{DeploymentKind, ProjectState};
use futures_util::future::BoxFuture;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::cloudflare_worker::{GONE, WORKER};
use super::left_to_others;
use crate::features::secrets;
use crate::node::tools::Tool;
use crate::providers::Made;
use crate::providers::edge_host::{EdgeHost as _, Version};
use crate::provisioning::at_cloudflare::{self, Host};
use crate::provisioning::call::{Call, There, here};
use crate::provisioning::look::{Kind, Looked, busy};
use crate::provisioning::step::{Step, Subject};
use crate::provisioning::{at_neon, back, deploy, failover};
use crate::settings::Hidden;
use crate::store::{Write, failed};

/// The binding with the address of the environment's database.
const DATABASE: &str = "DATABASE_URL";

/// The binding with the name of the environment.
const ENVIRONMENT: &str = "ENVIRONMENT";

/// Makes the worker.
pub(super) struct Worker;

/// Puts the version of a deployment there.
pub(super) struct Put;

/// Makes that the active one.
pub(super) struct Activation;

/// Takes the worker away.
pub(super) struct Removal;

impl Step for Worker {
    fn calls(&self, there: There) -> Vec<Call> {
        match there.worker {
            true => WORKER.to_vec(),
            false => vec![here(
                "Makes the folder of the worker with its mark and a port of this machine, if it is not there.",
            )],
        }
    }

    fn look<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Option<Looked>, Failure>> {
        Box::pin(async move {
            if let Some(busy) = busy(on) {
                return Ok(Some(busy));
            }
            let wanted = active(on).await?;
            let host = at_cloudflare::host(on).await?;
            let standing = host.edge.look_worker(&on.mark, wanted).await?;
            let (project, name) = (&on.project.slug, &on.mark.environment);
            let again = format!("Deploy to it again: `flaresmith env deploy {project} {name}`.");
            let should = match wanted {
                Some(version) => format!("A worker in which version {version} answers."),
                None => "A worker, in which nothing answers yet.".to_owned(),
            };
            let Some(standing) = standing else {
                return Ok(Some(Looked::missing(
                    format!("There is no worker for {name}."),
                    should,
                    again,
                )));
            };
            let seen = standing.active.clone().unwrap_or_default();
            let is = match (&standing.active, &standing.wanted, wanted) {
                (active, wanted, Some(_)) if wanted.is_some() && active == wanted => {
                    return Ok(Some(Looked::fine(seen)));
                }
                // What stands there before the first deployment says that there is none.
                (_, _, None) if !host.is_here || standing.active.is_none() => return Ok(Some(Looked::fine(seen))),
                (_, None, Some(_)) => "The host does not have the version any more.".to_owned(),
                (Some(active), ..) => format!("Version {active} answers."),
                (None, ..) => "No version answers.".to_owned(),
            };
            Ok(Some(Looked::but(seen, Kind::Differs, is, should, again)))
        })
    }

    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move { at_cloudflare::host(on).await?.edge.ensure_worker(&on.mark).await })
    }

    fn undo<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            // Wherever it may be: one that moved to Cloudflare is on this machine as well.
            left_to_others(on.platform.providers.edge.remove_worker(&on.mark).await)?;
            // Who ended the connection before keeps what is there.
            match at_cloudflare::there(on).await? {
                Some(there) => left_to_others(there.remove_worker(&on.mark).await),
                None => Ok(()),
            }
        })
    }

    fn forget<'a>(&'a self, write: &'a Write, on: &'a Subject) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            if let Some(environment) = &on.environment {
                worker_versions::Entity::delete_many()
                    .filter(worker_versions::Column::EnvironmentId.eq(environment.id))
                    .exec(&**write)
                    .await
                    .map_err(failed)?;
            }
            Ok(())
        })
    }
}

impl Step for Put {
    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let deployment = deploy::of(on).await?;
            let host = at_cloudflare::host(on).await?;
            let is = match deployment.kind {
                DeploymentKind::Rollback => {
                    let former = back::repeated(on.platform.store.read(), on.run).await?;
                    let former = former.ok_or_else(|| Failure::new(ErrorCode::EnvRollbackUnavailable))?;
                    let former = deploy::uploaded(on, former, &host).await?;
                    host.edge.repeat_version(&on.mark, former, deployment.id).await?
                }
                DeploymentKind::Deploy | DeploymentKind::Promote => {
                    let version = version(on, &deployment, &host).await?;
                    host.edge.put_version(&on.mark, version).await?;
                    deployment.id
                }
            };
            Ok(Made {
                external_id: Some(is.to_string()),
                ..Made::default()
            })
        })
    }

    fn keep<'a>(&'a self, write: &'a Write, on: &'a Subject, _: &'a Made) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(deploy::validating(write, on))
    }
}

/// The version that is believed to be active, by the id that it has at its host.
async fn active(on: &Subject) -> Result<Option<Uuid>, Failure> {
    let Some(environment) = &on.environment else {
        return Ok(None);
    };
    let read = on.platform.store.read();
    let row = worker_versions::Entity::find()
        .filter(worker_versions::Column::EnvironmentId.eq(environment.id))
        .filter(worker_versions::Column::Active.eq(true))
        .one(read)
        .await
        .map_err(failed)?;
    match row {
        // A first deployment has no run of its own, and is no rollback.
        Some(row) => Ok(Some(
            back::repeated(read, row.deployment_id)
                .await?
                .unwrap_or(row.deployment_id),
        )),
        None => Ok(None),
    }
}

/// The version of a deployment of a build.
async fn version(on: &Subject, deployment: &deployments::Model, host: &Host) -> Result<Version, Failure> {
    let absent = || Failure::new(ErrorCode::DeploymentBuildNotFound);
    let build = builds::Entity::find_by_id(deployment.build_id.ok_or_else(absent)?)
        .one(on.platform.store.read())
        .await
        .map_err(failed)?;
    let digest = build.and_then(|build| build.digest).ok_or_else(absent)?;
    let module = on.platform.builds.module(on.project.id, &digest)?.ok_or_else(absent)?;
    let environment = &on.mark.environment;
    let person = deployment.requested_by_id;
    let mut bindings = secrets::bindings(&on.platform, on.project.id, environment, person).await?;
    let mut own = vec![(ENVIRONMENT, Hidden::new(environment.clone()))];
    let database = at_neon::host(on).await?.reached(&on.mark).await?;
    let networks = database.as_ref().map(|database| database.networks.clone());
    own.extend(database.map(|database| (DATABASE, database.address)));
    for (name, value) in own {
        // What people set themselves wins.
        if bindings.iter().all(|(other, _)| other != name) {
            bindings.push((name.to_owned(), value));
        }
    }
    Ok(Version {
        id: deployment.id,
        module,
        bindings,
        networks: networks.unwrap_or_default(),
        runtime: match host.is_here {
            true => runtime(on).await?,
            false => None,
        },
    })
}

/// What the worker is run with, unless the settings say: what its build brought, else the server's own.
async fn runtime(on: &Subject) -> Result<Option<PathBuf>, Failure> {
    let brought = on.platform.builds.runtime(on.project.id);
    if brought.is_some() || on.platform.settings.workerd.is_some() {
        return Ok(brought);
    }
    let own = on.platform.tools.file(Tool::Workerd).await?;
    own.map(Some).map_err(|why| {
        Failure::new(ErrorCode::DeploymentRuntimeMissing)
            .with_message(format!("workerd, which runs workers, cannot be installed: {why}."))
    })
}

impl Step for Activation {
    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let host = at_cloudflare::host(on).await?;
            let mut made = host.edge.ensure_worker(&on.mark).await?;
            // A first deployment has no run of its own, and is no rollback.
            let version = back::repeated(on.platform.store.read(), on.run).await?;
            let answers = host.edge.activate(&on.mark, version.unwrap_or(on.run)).await?;
            made.beside.extend(answers);
            if !host.is_here {
                // What was here before answers no more.
                left_to_others(on.platform.providers.edge.remove_worker(&on.mark).await)?;
            }
            Ok(made)
        })
    }

    fn keep<'a>(&'a self, write: &'a Write, on: &'a Subject, made: &'a Made) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            deploy::succeeded(write, on, made).await?;
            failover::answered(write, on).await
        })
    }
}

impl Step for Removal {
    fn calls(&self, there: There) -> Vec<Call> {
        let mut calls = vec![here("Removes the worker from this machine with all of its versions.")];
        if there.worker {
            calls.extend(GONE);
        }
        calls
    }

    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            Worker.undo(on).await?;
            if on.project.state != ProjectState::Deleting {
                // Only a preview goes; others may be about to run what was built.
                return Ok(Made::default());
            }
            // Versions of other environments keep what they need of builds.
            let (builds, project) = (on.platform.builds.clone(), on.project.id);
            tokio::task::spawn_blocking(move || builds.remove(project))
                .await
                .map_err(Failure::internal)??;
            Ok(Made::default())
        })
    }

    fn keep<'a>(&'a self, write: &'a Write, on: &'a Subject, _: &'a Made) -> BoxFuture<'a, Result<(), Failure>> {
        Worker.forget(write, on)
    }
}
