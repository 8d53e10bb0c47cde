//! A collection of a project at Postman, with the variables of its environment beside it.
//!
//! Owns: that undoing takes away what the run made and nobody changed. Must not know: how Postman is called, what is in a collection.

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::PlannedCallMethod::{Post, Put};
use flaresmith_api::types::Provider::Postman;
use futures_util::future::BoxFuture;

use crate::providers::Made;
use crate::providers::postman::{Standing, Whether};
use crate::provisioning::at_neon::began;
use crate::provisioning::at_postman::{self, Pair};
use crate::provisioning::call::{Call, There, asks, changes};
use crate::provisioning::look::{Kind, Looked};
use crate::provisioning::step::{Step, Subject};

/// What it takes.
const COLLECTION: [Call; 7] = [
    asks(Postman, "/workspaces/{workspace}", "Looks what is in the workspace."),
    asks(
        Postman,
        "/collections/{collection}",
        "Looks at the collection and its mark.",
    ),
    changes(
        Postman,
        Post,
        "/collections",
        "Makes the collection where it is not there.",
    ),
    changes(
        Postman,
        Put,
        "/collections/{collection}",
        "Brings the collection up to date, with what people made of it.",
    ),
    asks(
        Postman,
        "/environments/{environment}",
        "Looks at the variables of the environment and their mark.",
    ),
    changes(
        Postman,
        Post,
        "/environments",
        "Makes the variables where they are not there.",
    ),
    changes(
        Postman,
        Put,
        "/environments/{environment}",
        "Brings the variables up to date, with what people made of them.",
    ),
];

/// Makes it, or brings it up to date. Where people changed what is generated differently by now, it stays as they have it, and
/// the connection says so.
pub(super) struct Collection;

impl Step for Collection {
    fn calls(&self, _: There) -> Vec<Call> {
        COLLECTION.to_vec()
    }

    fn look<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Option<Looked>, Failure>> {
        Box::pin(looked(on))
    }

    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let connection = at_postman::connection(&on.platform, &on.project).await?;
            let connection = connection.ok_or_else(|| Failure::new(ErrorCode::IntegrationNotConnected))?;
            let Some(pair) = wanted(on).await? else {
                return Ok(Made::default());
            };
            let known = at_postman::known(on.platform.store.read(), on.project.id).await?;
            let (platform, access) = (&on.platform, &connection.access);
            let brought = at_postman::bring(platform, access, &on.mark, &known, &pair, Whether::Made).await?;
            Ok(Made {
                external_id: Some(brought.id),
                name: brought.name,
                url: None,
                beside: brought.variables.into_iter().collect(),
            })
        })
    }

    fn undo<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(undone(on))
    }
}

/// What is to be there; `None`: the repository has no such collection yet.
async fn wanted(on: &Subject) -> Result<Option<Pair>, Failure> {
    let environment = on.environment.as_ref();
    match at_postman::origin(&on.platform, on.project.id, environment).await? {
        Some(origin) => {
            let scope = at_postman::scope(environment);
            at_postman::pair(&on.platform, on.project.id, scope, &origin).await
        }
        None => Ok(None),
    }
}

/// Compares the collection and its variables with what is generated.
async fn looked(on: &Subject) -> Result<Option<Looked>, Failure> {
    let connection = at_postman::connection(&on.platform, &on.project).await?;
    let connection = connection.ok_or_else(|| Failure::new(ErrorCode::IntegrationNotConnected))?;
    let known = at_postman::known(on.platform.store.read(), on.project.id).await?;
    let (Some(workspace), Some(pair)) = (known.workspace(), wanted(on).await?) else {
        return Ok(None);
    };
    let (postman, here) = (&on.platform.providers.postman, &on.platform.repositories);
    let slug = &on.project.slug;
    let mut looked = Looked::fine("");
    let id = known.collection(&on.mark.environment);
    let parts = [
        ("collection", Some(&pair.collection), id),
        ("environment", pair.environment.as_ref(), None),
    ];
    for (word, wanted, id) in parts {
        let Some(wanted) = wanted else { continue };
        let (access, mark) = (&connection.access, &on.mark);
        let standing = postman.look(access, mark, workspace, wanted, id, here).await?;
        let should = format!("The {word} as it is generated, with what people made of it.");
        let found = match standing {
            Some(Standing::InStep) => Looked::fine("in step"),
            Some(Standing::Behind) => Looked::but(
                "behind",
                Kind::Differs,
                format!("The {word} is not what is generated."),
                should,
                "Within a minute it is brought up to date by itself, unless its integration tells what is wrong: \
                 `flaresmith integration list`.",
            ),
            Some(Standing::Apart(apart)) => Looked::but(
                "apart",
                Kind::Differs,
                format!("People and the generator changed the same: {}.", apart.join(", ")),
                should,
                format!(
                    "Take one of both there, or change the specs; `flaresmith integration list {slug}` tells when it is settled."
                ),
            ),
            None => Looked::missing(
                format!("The {word} is gone there."),
                should,
                format!(
                    "Have it made anew: `flaresmith integration disconnect {slug} postman`, then `flaresmith integration connect \
                     postman {slug}`."
                ),
            ),
        };
        looked.seen = format!("{}{word} {} ", looked.seen, found.seen);
        looked.differences.extend(found.differences);
    }
    Ok(Some(looked))
}

async fn undone(on: &Subject) -> Result<(), Failure> {
    let Some(connection) = at_postman::connection(&on.platform, &on.project).await? else {
        return Ok(());
    };
    let known = at_postman::known(on.platform.store.read(), on.project.id).await?;
    let (Some(workspace), Some(pair), Some(since)) = (known.workspace(), wanted(on).await?, began(on).await?) else {
        return Ok(());
    };
    let (postman, access, here) = (
        &on.platform.providers.postman,
        &connection.access,
        &on.platform.repositories,
    );
    let id = known.collection(&on.mark.environment);
    postman
        .take_back(access, &on.mark, workspace, &pair.collection, id, since, here)
        .await?;
    if let Some(environment) = &pair.environment {
        postman
            .take_back(access, &on.mark, workspace, environment, None, since, here)
            .await?;
    }
    Ok(())
}
