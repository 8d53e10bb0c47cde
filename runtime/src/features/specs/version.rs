//! Versions of specs.
//!
//! Owns: the rows of specs and their versions. Must not know: branches. A version's text is the file at its commit.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, Utc};
use flaresmith_api::errors::Failure;
use flaresmith_codegen::diagnostics::Diagnostics;
use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::spec;
use flaresmith_store::entities::{spec_artifacts, spec_versions};
use flaresmith_store::enums::SpecArtifactKind;
use git2::Oid;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
};
use uuid::Uuid;

use super::kind;
use crate::repositories::{Local, broken};
use crate::sealing::digest;
use crate::store::{Write, failed, new_id};

/// Where the constitution may be.
const CONSTITUTIONS: [&str; 2] = ["specs/constitution.md", ".specify/memory/constitution.md"];

/// Mode of a link.
const LINK: i32 = 0o120_000;

/// What stands for the version of the constitution where there is none.
pub(super) const NONE: &str = "none";

/// A spec file at a commit.
#[derive(Debug, Clone)]
pub(crate) struct Version {
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

/// The spec files among these paths, as a commit has them.
pub(crate) fn at(local: &Local, commit: Oid, paths: &BTreeSet<String>, summary: &str) -> Result<Vec<Version>, Failure> {
    let paths = paths.iter().filter(|path| is_spec(path) && kind::is_listed(path));
    let paths: Vec<&String> = paths.collect();
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let tree = local.commit(commit)?.tree().map_err(broken)?;
    let settings = Settings::default();
    let mut sources = Sources::default();
    for path in paths.iter().map(|path| path.as_str()).chain(CONSTITUTIONS) {
        if let Some(entry) = tree
            .get_path(Path::new(path))
            .ok()
            .filter(|entry| entry.filemode() != LINK)
        {
            sources.insert(path, local.blob(entry.id())?.content().to_vec());
        }
    }
    let (_, constitution) = spec::features(&sources, &settings, &mut Diagnostics::new());
    let constitution = constitution.and_then(|constitution| constitution.version);
    let versions = paths.into_iter().filter_map(|path| {
        let mut version = Version::of(path, kind::of(&sources, path)?, sources.get(path)?, commit.to_string());
        version.constitution.clone_from(&constitution);
        version.summary = Some(summary.to_owned());
        Some(version)
    });
    Ok(versions.collect())
}

/// Whether a file of this path may be a spec.
pub(crate) fn is_spec(path: &str) -> bool {
    path.starts_with("specs/")
}

/// Keeps a spec file as its current version. A file that says what it said has that version already.
pub(crate) async fn keep(
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
