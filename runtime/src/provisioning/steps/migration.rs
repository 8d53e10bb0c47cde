//! The migrations of an environment's database.
//!
//! Owns: which files of a commit they are. Must not know: how a database is changed.

use std::path::Path;

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::entities::{deployments, run_steps};
use futures_util::future::BoxFuture;
use git2::ObjectType;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde::Deserialize;

use super::{hinted, names};
use crate::providers::Made;
use crate::providers::database_host::{DatabaseHost, Migration};
use crate::provisioning::step::{Step, Subject};
use crate::provisioning::{at_neon, deploy};
use crate::repositories::{Local, broken, id};
use crate::store::{Write, failed};

/// Where they are, as drizzle-kit writes them.
const FOLDER: &str = "db/migrations";

/// The order that they come in.
const JOURNAL: &str = "meta/_journal.json";

/// What is kept with the step where the database could not be copied.
const NOT_KEPT: &str = "not-kept";

/// What is said of it.
const WITHOUT_COPY: &str = "The database was not copied, because it is larger than 1 GiB or was in use without a pause: a rollback goes back \
                            without it.";

/// Largest file, in bytes.
const LARGEST: usize = 8 << 20;

/// Migrations of a commit that a database has not seen.
///
/// # Errors
/// The commit's migrations cannot be read, or the host of the database does not answer.
pub(crate) async fn unseen(on: &Subject, commit: git2::Oid) -> Result<Vec<Migration>, Failure> {
    let look = move |local: &Local| read(local, commit);
    let mut found = on.platform.repositories.with_standing(on.project.id, look).await?;
    if found.is_empty() {
        return Ok(found);
    }
    match at_neon::host(on).await?.migrated(&on.mark).await? {
        Some(newest) => found.retain(|migration| migration.is_after(newest)),
        None => found.clear(),
    }
    Ok(found)
}

/// Makes those of the commit that is deployed. They go forward alone: what a rollback goes back to has to live with them.
pub(super) struct Migrations;

#[derive(Deserialize)]
struct Journal {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    when: i64,
    tag: String,
}

impl Step for Migrations {
    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let deployment = deploy::of(on).await?;
            let commit = id(&deployment.commit_sha).ok_or_else(|| Failure::internal("the commit has no id"))?;
            let look = move |local: &Local| read(local, commit);
            let found = on.platform.repositories.with_standing(on.project.id, look).await?;
            let host = at_neon::host(on).await?;
            let kept = kept(on, &deployment, &*host).await?;
            if !found.is_empty() {
                host.migrate(&on.mark, found).await?;
            }
            Ok(Made {
                external_id: (!kept).then(|| NOT_KEPT.to_owned()),
                ..Made::default()
            })
        })
    }

    fn keep<'a>(&'a self, write: &'a Write, on: &'a Subject, made: &'a Made) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            match made.external_id {
                Some(_) => hinted(write, on, names::MIGRATION, WITHOUT_COPY).await,
                None => Ok(()),
            }
        })
    }
}

/// Sees to it that a rollback can take the database back to what it is now; whether it can. A database that cannot be copied stops no
/// deployment. What was not kept before it was changed is not kept by whoever goes on after a process that died.
async fn kept(on: &Subject, deployment: &deployments::Model, host: &dyn DatabaseHost) -> Result<bool, Failure> {
    let read = on.platform.store.read();
    // Nobody goes back to where nothing ran.
    if deploy::present(read, deployment.environment_id).await?.is_none() {
        return Ok(true);
    }
    let own = run_steps::Column::Name.eq(names::of(names::MIGRATION, &on.mark.environment));
    let own = own.and(run_steps::Column::RunId.eq(on.run));
    let step = run_steps::Entity::find().filter(own.clone()).one(read).await;
    let step = step.map_err(failed)?;
    if step.is_some_and(|step| step.external_id.is_some()) {
        return Ok(false);
    }
    let kept = host.keep_before(&on.mark, deployment.id).await?;
    if !kept {
        let write = on.write().await?;
        run_steps::Entity::update_many()
            .col_expr(run_steps::Column::ExternalId, Expr::value(NOT_KEPT))
            .filter(own)
            .exec(&*write)
            .await
            .map_err(failed)?;
        write.commit().await?;
    }
    Ok(kept)
}

fn read(local: &Local, commit: git2::Oid) -> Result<Vec<Migration>, Failure> {
    let tree = local.commit(commit)?.tree().map_err(broken)?;
    let file = |name: &str| -> Result<Option<String>, Failure> {
        let Ok(entry) = tree.get_path(&Path::new(FOLDER).join(name)) else {
            return Ok(None);
        };
        if entry.kind() != Some(ObjectType::Blob) {
            return Ok(None);
        }
        let blob = local.blob(entry.id())?;
        if blob.size() > LARGEST {
            return Err(wrong(&format!("{FOLDER}/{name} is too large.")));
        }
        let text = String::from_utf8(blob.content().to_vec());
        text.map(Some)
            .map_err(|_| wrong(&format!("{FOLDER}/{name} is no text in UTF-8.")))
    };
    let Some(journal) = file(JOURNAL)? else {
        return Ok(Vec::new());
    };
    let journal: Journal = serde_json::from_str(&journal)
        .map_err(|error| wrong(&format!("{FOLDER}/{JOURNAL} cannot be read: {error}.")))?;
    let mut all = Vec::new();
    for Entry { when, tag } in journal.entries {
        let plain = tag
            .chars()
            .all(|sign| sign.is_ascii_alphanumeric() || "-_".contains(sign));
        let text = if plain { file(&format!("{tag}.sql"))? } else { None };
        let text = text.ok_or_else(|| wrong(&format!("{FOLDER} has no file for {tag:?}, which its journal names.")))?;
        all.push(Migration {
            name: tag,
            at: when,
            text,
        });
    }
    Ok(all)
}

fn wrong(message: &str) -> Failure {
    Failure::new(ErrorCode::DeploymentMigrationFailed).with_message(message)
}
