//! What of a project is at Postman, and what is to be there.
//!
//! Owns: telling both from the rows and the repository. Must not know: how Postman is called, how a collection is generated.
//!
//! The base collection is that of the default branch. The collection of an environment is that of the commit that runs there, and its
//! address is where that answers; until something runs there it is that of the environment's branch.

use flaresmith_api::errors::Failure;
use flaresmith_store::entities::{environments, projects, resource_records};
use flaresmith_store::enums::{Provider, ResourceKind};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::alone::alone;
use super::deploy::present;
use super::step::ALL;
use crate::features::projects::access;
use crate::platform::Platform;
use crate::providers::Mark;
use crate::providers::cloud::Access;
use crate::providers::postman::{self, Wanted, WantedWorkspace, Whether};
use crate::repositories::{Local, collection, id};
use crate::store::{Write, failed};

/// How a project is connected to Postman.
pub(super) struct Connection {
    /// Who signs in.
    pub(super) access: Access,
    /// The workspace that is wanted.
    pub(super) wanted: WantedWorkspace,
}

/// How the project is connected; `None`: it is not.
///
/// # Errors
/// The store fails, or the master key is not at hand.
pub(super) async fn connection(platform: &Platform, project: &projects::Model) -> Result<Option<Connection>, Failure> {
    let Some((row, access)) = access(platform, project.id, Provider::Postman).await? else {
        return Ok(None);
    };
    let text = |name: &str| row.settings[name].as_str().map(str::to_owned);
    Ok(Some(Connection {
        access,
        wanted: WantedWorkspace {
            name: project.name.clone(),
            visibility: text("workspaceType").unwrap_or_else(|| "personal".to_owned()),
            team: text("teamId"),
        },
    }))
}

/// The ids that a project's workspace and collections have there, as far as they are known.
pub(crate) struct Known(Vec<resource_records::Model>);

impl Known {
    /// The workspace.
    pub(crate) fn workspace(&self) -> Option<&str> {
        self.of(ResourceKind::PostmanWorkspace, ALL)
    }

    /// The collection of an environment, or the base.
    pub(crate) fn collection(&self, environment: &str) -> Option<&str> {
        self.of(ResourceKind::PostmanCollection, environment)
    }

    /// All collections.
    pub(crate) fn collections(&self) -> Vec<String> {
        let is_one = |row: &&resource_records::Model| row.resource == ResourceKind::PostmanCollection;
        let all = self.0.iter().filter(is_one);
        all.filter_map(|row| row.external_id.clone()).collect()
    }

    fn of(&self, resource: ResourceKind, environment: &str) -> Option<&str> {
        let is_it = |row: &&resource_records::Model| row.resource == resource && row.environment == environment;
        self.0.iter().find(is_it)?.external_id.as_deref()
    }
}

/// What is known of a project.
///
/// # Errors
/// The store fails.
pub(crate) async fn known<C: ConnectionTrait>(connection: &C, project: Uuid) -> Result<Known, Failure> {
    let rows = resource_records::Entity::find()
        .filter(resource_records::Column::ProjectId.eq(project))
        .filter(resource_records::Column::Provider.eq(Provider::Postman))
        .all(connection)
        .await
        .map_err(failed)?;
    Ok(Known(rows))
}

/// Forgets all that: whoever connects again looks for what is there by its marks.
///
/// # Errors
/// The store fails.
pub(crate) async fn forget(write: &Write, project: Uuid) -> Result<(), Failure> {
    resource_records::Entity::delete_many()
        .filter(resource_records::Column::ProjectId.eq(project))
        .filter(resource_records::Column::Provider.eq(Provider::Postman))
        .exec(&**write)
        .await
        .map_err(failed)?;
    Ok(())
}

/// What is to be there for one environment, or as the base.
#[derive(Clone)]
pub(super) struct Pair {
    pub(super) collection: Wanted,
    /// Its variables, if the commit has them.
    pub(super) environment: Option<Wanted>,
}

/// From where it is taken: a commit, and where the environment answers. As long as both are the same nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    commit: String,
    url: Option<String>,
}

/// From where the collection of an environment is taken, or the base without one; `None`: there is no commit.
///
/// # Errors
/// The store fails, or the repository is damaged.
pub(super) async fn origin(
    platform: &Platform,
    project: Uuid,
    environment: Option<&environments::Model>,
) -> Result<Option<Origin>, Failure> {
    let running = match environment {
        Some(row) => present(platform.store.read(), row.id).await?,
        None => None,
    };
    if let Some(running) = running {
        return Ok(Some(Origin {
            commit: running.commit_sha,
            url: running.url,
        }));
    }
    let branch = environment.map(|row| row.branch.clone());
    let look = move |local: &Local| {
        let branch = match branch {
            Some(branch) => branch,
            None => local.default_branch()?,
        };
        local.head(&branch)
    };
    let head = platform.repositories.with_standing(project, look).await?;
    Ok(head.map(|commit| Origin {
        commit: commit.to_string(),
        url: None,
    }))
}

/// What is to be there; `None`: the commit has no collection of the name.
///
/// # Errors
/// The repository is damaged.
pub(super) async fn pair(
    platform: &Platform,
    project: Uuid,
    scope: &str,
    origin: &Origin,
) -> Result<Option<Pair>, Failure> {
    let Some(commit) = id(&origin.commit) else {
        return Ok(None);
    };
    let (name, url) = (scope.to_owned(), origin.url.clone());
    let read = move |local: &Local| {
        let Some(found) = collection::read_own(local, commit, &name)? else {
            return Ok(None);
        };
        let url = url.as_deref();
        let collection = postman::collection(&found.document, project, &name, url);
        let variables = found.environment.as_deref();
        let environment = variables.and_then(|bytes| postman::environment(bytes, &name, url));
        Ok(collection.map(|collection| Pair {
            collection,
            environment,
        }))
    };
    platform.repositories.with_standing(project, read).await
}

/// The name of a collection's file: that of the environment, or the base.
pub(super) fn scope(environment: Option<&environments::Model>) -> &str {
    environment.map_or(collection::BASE, |row| row.name.as_str())
}

/// What became of a pair.
pub(super) struct Brought {
    /// The collection's id and name.
    pub(super) id: String,
    pub(super) name: String,
    /// The id of its variables, if the commit has them.
    pub(super) variables: Option<String>,
    /// Where people and the generator changed the same thing.
    pub(super) apart: Vec<String>,
}

/// Makes sure that a pair is there and up to date.
///
/// # Errors
/// Postman does not answer or refuses, or something is gone and not to be made.
pub(super) async fn bring(
    platform: &Platform,
    access: &Access,
    mark: &Mark,
    known: &Known,
    pair: &Pair,
    whether: Whether,
) -> Result<Brought, Failure> {
    // What is read is still there when it is replaced, as far as it is up to us.
    let name = format!("postman/{}", mark.project);
    alone(platform, name, mark, async |mark| {
        let postman = &platform.providers.postman;
        let workspace = known.workspace().unwrap_or_default();
        let id = known.collection(&mark.environment);
        // What never was there cannot have been removed: its commit had no collection before.
        let whether = if id.is_none() { Whether::Made } else { whether };
        let here = &platform.repositories;
        let there = postman
            .ensure(access, mark, workspace, &pair.collection, id, whether, here)
            .await?;
        let mut apart = there.apart;
        let mut made = None;
        if let Some(environment) = &pair.environment {
            // Its id is kept nowhere: it is known by its mark.
            let variables = postman
                .ensure(access, mark, workspace, environment, None, Whether::Made, here)
                .await?;
            apart.extend(variables.apart);
            made = Some(variables.id);
        }
        Ok(Brought {
            id: there.id,
            name: there.name,
            variables: made,
            apart,
        })
    })
    .await
}
