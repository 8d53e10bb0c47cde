//! Versions of specs.
//!
//! Owns: the rows of specs and their versions. Must not know: repositories; a version's text is the file at its commit.

use chrono::{DateTime, Utc};
use flaresmith_api::errors::Failure;
use flaresmith_store::entities::{spec_artifacts, spec_versions};
use flaresmith_store::enums::SpecArtifactKind;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
};
use uuid::Uuid;

use super::kind;
use crate::sealing::digest;
use crate::store::{Write, failed, new_id};

/// What stands for the version of the constitution where there is none.
pub(super) const NONE: &str = "none";

/// A spec file at a commit.
#[derive(Debug, Clone)]
pub(super) struct Version {
    /// Its path.
    pub(super) path: String,
    /// Its kind.
    pub(super) kind: SpecArtifactKind,
    /// Digest of its bytes.
    pub(super) digest: String,
    /// How many there are.
    pub(super) size: i64,
    /// The commit.
    pub(super) commit: String,
    /// Version of the constitution at that commit.
    pub(super) constitution: Option<String>,
    /// What the commit was for.
    pub(super) summary: Option<String>,
}

impl Version {
    /// A file with these bytes.
    pub(super) fn of(path: &str, kind: SpecArtifactKind, bytes: &[u8], commit: String) -> Self {
        Self {
            path: path.to_owned(),
            kind,
            digest: digest(bytes),
            size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
            commit,
            constitution: None,
            summary: None,
        }
    }
}

/// Keeps a spec file as its current version. A file that says what it said has that version already.
pub(super) async fn keep(
    write: &Write,
    project: Uuid,
    author: Option<Uuid>,
    file: &Version,
    now: DateTime<Utc>,
) -> Result<(spec_artifacts::Model, spec_versions::Model), Failure> {
    use spec_artifacts::{ActiveModel, Column, Entity};
    let found = Entity::find()
        .filter(Column::ProjectId.eq(project))
        .filter(Column::Path.eq(&file.path))
        .one(&**write)
        .await
        .map_err(failed)?;
    let artifact = match found {
        Some(row) if row.digest == file.digest && row.kind == file.kind => {
            let version = current(write, &row).await?;
            return Ok((row, version));
        }
        Some(row) => {
            let next = row.current_version + 1;
            let mut row = row.into_active_model();
            row.kind = Set(file.kind);
            row.current_version = Set(next);
            row.digest = Set(file.digest.clone());
            row.size_bytes = Set(file.size);
            row.updated_at = Set(now);
            row.update(&**write).await.map_err(failed)?
        }
        None => {
            let row = ActiveModel {
                id: Set(new_id()),
                project_id: Set(project),
                path: Set(file.path.clone()),
                kind: Set(file.kind),
                feature: Set(kind::feature(&file.path)),
                current_version: Set(1),
                digest: Set(file.digest.clone()),
                size_bytes: Set(file.size),
                created_at: Set(now),
                updated_at: Set(now),
            };
            row.insert(&**write).await.map_err(failed)?
        }
    };
    let constitution = file.constitution.as_deref().unwrap_or(NONE);
    let version = spec_versions::ActiveModel {
        id: Set(new_id()),
        spec_id: Set(artifact.id),
        version: Set(artifact.current_version),
        digest: Set(file.digest.clone()),
        size_bytes: Set(file.size),
        commit_sha: Set(Some(file.commit.clone())),
        constitution_version: Set(constitution.chars().take(32).collect()),
        author_id: Set(author),
        summary: Set(file.summary.as_ref().map(|summary| summary.chars().take(500).collect())),
        applied_at: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let version = version.insert(&**write).await.map_err(failed)?;
    Ok((artifact, version))
}

/// Marks a version as applied, if it was not before.
pub(super) async fn applied(write: &Write, version: spec_versions::Model, now: DateTime<Utc>) -> Result<(), Failure> {
    if version.applied_at.is_none() {
        let mut version = version.into_active_model();
        version.applied_at = Set(Some(now));
        version.updated_at = Set(now);
        version.update(&**write).await.map_err(failed)?;
    }
    Ok(())
}

async fn current(write: &Write, artifact: &spec_artifacts::Model) -> Result<spec_versions::Model, Failure> {
    let row = spec_versions::Entity::find()
        .filter(spec_versions::Column::SpecId.eq(artifact.id))
        .filter(spec_versions::Column::Version.eq(artifact.current_version))
        .one(&**write)
        .await
        .map_err(failed)?;
    row.ok_or_else(|| Failure::internal("a spec is without its current version"))
}
