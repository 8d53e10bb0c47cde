//! What deployments of the heads would bring to environments.
//!
//! Owns: which environments are behind, and the migrations that their databases have not seen. Must not know: how a migration is made.

use flaresmith_api::errors::Failure;
use flaresmith_api::types::{PlannedEnvironment, PlannedMigration};
use flaresmith_store::entities::{environments, projects};
use git2::Oid;

use super::moment::Moment;
use crate::features::shown::shown;
use crate::platform::Platform;
use crate::provisioning::look::of_database;
use crate::provisioning::pending;
use crate::repositories::{Local, id};

/// Longest reason, in characters.
const LONGEST: usize = 300;

/// Every environment of a project.
pub(super) async fn all(
    platform: &Platform,
    project: &projects::Model,
    moment: &Moment,
) -> Result<Vec<PlannedEnvironment>, Failure> {
    let mut all = Vec::new();
    for row in &moment.environments {
        all.push(one(platform, project, row, moment.heads.get(&row.branch).copied()).await?);
    }
    all.sort_by_key(|one| (one.kind, one.name.clone()));
    Ok(all)
}

async fn one(
    platform: &Platform,
    project: &projects::Model,
    row: &environments::Model,
    head: Option<Oid>,
) -> Result<PlannedEnvironment, Failure> {
    let on = of_database(platform, project, row);
    let (migrations, unknown) = match head {
        None => (Vec::new(), None),
        Some(head) => match pending(&on, head).await {
            Ok(pending) => (pending, None),
            Err(failure) => {
                let text = format!("{}: {}", failure.code().as_str(), failure.message());
                (Vec::new(), Some(text.chars().take(LONGEST).collect()))
            }
        },
    };
    let migrations = migrations.into_iter().map(|migration| PlannedMigration {
        statements: migration.statements().map(|text| text.trim().to_owned()).collect(),
        name: migration.name,
    });
    Ok(PlannedEnvironment {
        id: row.id,
        name: row.name.clone(),
        kind: shown(&row.kind)?,
        branch: row.branch.clone(),
        head_sha: head.map(|head| head.to_string()),
        deployed_sha: row.commit_sha.clone(),
        is_behind: match head {
            Some(head) => is_behind(platform, project, head, row.commit_sha.as_deref()).await?,
            None => false,
        },
        migrations: migrations.collect(),
        migrations_unknown: unknown,
    })
}

/// Whether a head has commits that what runs does not have. What was promoted may be ahead of its branch.
async fn is_behind(
    platform: &Platform,
    project: &projects::Model,
    head: Oid,
    deployed: Option<&str>,
) -> Result<bool, Failure> {
    let Some(deployed) = deployed.and_then(id) else {
        return Ok(true);
    };
    let look = move |local: &Local| Ok(head != deployed && !local.leads_to(head, deployed)?);
    platform.repositories.with_standing(project.id, look).await
}
