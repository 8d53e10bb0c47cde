//! The Neon project of a project, and its removal.
//!
//! Owns: which one it is, and that undoing takes away what the run made alone. Must not know: how Neon is called.

use chrono::TimeDelta;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::PlannedCallMethod::{Delete, Post};
use flaresmith_api::types::Provider::Neon;
use flaresmith_store::entities::environments;
use futures_util::future::BoxFuture;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use crate::providers::Made;
use crate::provisioning::at_neon;
use crate::provisioning::call::{Call, There, asks, changes};
use crate::provisioning::look::Looked;
use crate::provisioning::step::{Step, Subject};
use crate::store::failed;

/// What it takes.
const PROJECT: [Call; 6] = [
    asks(
        Neon,
        "/projects/{project}",
        "Looks for the project by its id, where one is known.",
    ),
    asks(Neon, "/projects", "Looks for the project by its mark."),
    asks(
        Neon,
        "/projects/{project}/branches",
        "Looks whether what bears the mark was made with it.",
    ),
    changes(Neon, Post, "/projects", "Makes the project where it is not there."),
    asks(
        Neon,
        "/projects/{project}/operations",
        "Looks what is under way in the project.",
    ),
    asks(
        Neon,
        "/projects/{project}/operations/{operation}",
        "Waits for what was begun.",
    ),
];

/// Makes it.
pub(super) struct Project;

/// Takes it away.
pub(super) struct Removal;

impl Step for Project {
    fn calls(&self, _: There) -> Vec<Call> {
        PROJECT.to_vec()
    }

    fn look<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Option<Looked>, Failure>> {
        Box::pin(async move {
            let connection = at_neon::connection(on).await?;
            let connection = connection.ok_or_else(|| Failure::new(ErrorCode::IntegrationNotConnected))?;
            let (access, wanted) = (&connection.access, &connection.wanted);
            let known = connection.known.as_deref();
            let neon = &on.platform.providers.neon;
            let found = neon.own_project(access, &on.mark, wanted, known).await?;
            Ok(Some(match found {
                Some(found) => Looked::fine(found.id),
                None => Looked::missing(
                    "Neon has no such project, or none that the key may see.",
                    format!(
                        "The Neon project {}, which has the databases.",
                        known.unwrap_or(&wanted.name)
                    ),
                    "Recover it at Neon, or connect with a key that sees it.",
                ),
            }))
        })
    }

    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let connection = at_neon::connection(on).await?;
            let connection = connection.ok_or_else(|| Failure::new(ErrorCode::IntegrationNotConnected))?;
            let (access, wanted) = (&connection.access, &connection.wanted);
            let known = connection.known.as_deref();
            let neon = &on.platform.providers.neon;
            let there = neon.ensure_project(access, &on.mark, wanted, known).await?;
            Ok(Made {
                external_id: Some(there.id),
                name: there.name,
                url: None,
                ..Made::default()
            })
        })
    }

    fn undo<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(undone(on))
    }
}

/// Takes back what the run made, and nothing that was there before or has branches of others.
async fn undone(on: &Subject) -> Result<(), Failure> {
    let Some(connection) = at_neon::connection(on).await? else {
        return Ok(());
    };
    let (access, neon) = (&connection.access, &on.platform.providers.neon);
    let (wanted, known) = (&connection.wanted, connection.known.as_deref());
    let found = match neon.own_project(access, &on.mark, wanted, known).await {
        // It is somebody's, and was not made by the run.
        Err(failure) if failure.code() == ErrorCode::ProvisionResourceForeign => None,
        found => found?,
    };
    let began = at_neon::began(on).await?;
    // Clocks differ by little.
    let Some(found) =
        found.filter(|found| began.is_some_and(|began| found.created_at + TimeDelta::seconds(1) >= began))
    else {
        return Ok(());
    };
    let rows = environments::Entity::find()
        .filter(environments::Column::ProjectId.eq(on.project.id))
        .all(on.platform.store.read())
        .await
        .map_err(failed)?;
    let branches = neon.branches(access, &found.id).await?;
    let is_ours = |name: &str| rows.iter().any(|row| row.name == name);
    match branches.iter().all(|branch| is_ours(&branch.name)) {
        true => neon.remove_project(access, &on.mark, &found.id).await,
        false => Ok(()),
    }
}

impl Step for Removal {
    fn calls(&self, _: There) -> Vec<Call> {
        vec![
            asks(Neon, "/projects/{project}", "Looks for the project by its id."),
            asks(
                Neon,
                "/projects",
                "Looks for the project by its mark, where no id is known.",
            ),
            asks(
                Neon,
                "/projects/{project}/branches",
                "Looks whether what bears the mark was made with it.",
            ),
            changes(
                Neon,
                Delete,
                "/projects/{project}",
                "Removes the project with everything in it.",
            ),
            asks(
                Neon,
                "/projects/{project}/operations",
                "Looks what is under way in the project.",
            ),
            asks(
                Neon,
                "/projects/{project}/operations/{operation}",
                "Waits for what is under way.",
            ),
        ]
    }

    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            // Who ended the connection before keeps what is there.
            if let Some(connection) = at_neon::connection(on).await? {
                let (access, neon) = (&connection.access, &on.platform.providers.neon);
                let (wanted, known) = (&connection.wanted, connection.known.as_deref());
                if let Some(found) = neon.own_project(access, &on.mark, wanted, known).await? {
                    neon.remove_project(access, &on.mark, &found.id).await?;
                }
            }
            Ok(Made::default())
        })
    }
}
