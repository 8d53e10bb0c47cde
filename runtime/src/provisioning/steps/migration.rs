//! The migrations of an environment's database.
//!
//! Owns: which files of a commit they are. Must not know: how a database is changed.

use std::path::Path;

use flaresmith_api::errors::{ErrorCode, Failure};
use futures_util::future::BoxFuture;
use git2::ObjectType;
use serde::Deserialize;

use crate::providers::Made;
use crate::providers::database_host::Migration;
use crate::provisioning::step::{Step, Subject};
use crate::provisioning::{at_neon, deploy};
use crate::repositories::{Local, broken, id};

/// Where they are, as drizzle-kit writes them.
const FOLDER: &str = "db/migrations";

/// The order that they come in.
const JOURNAL: &str = "meta/_journal.json";

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
            if !found.is_empty() {
                at_neon::host(on).await?.migrate(&on.mark, found).await?;
            }
            Ok(Made::default())
        })
    }
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
