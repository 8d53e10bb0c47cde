//! Versions of specs.
//!
//! Owns: the rows of specs and their versions, and which specs are gone. Must not know: how commits are made. A version's text is
//! the file at its commit. Versions are those of all branches, in the order in which they came.

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
use git2::{BranchType, ObjectType, Oid};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::kind;
use crate::platform::Platform;
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
    /// Its kind, by its name and text.
    pub(super) kind: SpecArtifactKind,
    /// The kind that whoever uploads it says it is of.
    pub(super) told: Option<SpecArtifactKind>,
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
            told: None,
            digest: digest(bytes),
            size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
            commit,
            constitution: None,
            summary: None,
        }
    }

    /// Whether operations are in it.
    pub(crate) fn is_contract(&self) -> bool {
        self.kind == SpecArtifactKind::Contract
    }

    /// The kind of a spec that is known already. What somebody said of it stays until they say something else; only between
    /// contracts and data models does the text decide, when it changes.
    fn kind_of(&self, known: &spec_artifacts::Model) -> SpecArtifactKind {
        let is_data = matches!(self.kind, SpecArtifactKind::Contract | SpecArtifactKind::DataModel);
        let by_text = Some(self.kind).filter(|_| is_data && known.digest != self.digest);
        self.told.or(by_text).unwrap_or(known.kind)
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

/// Those of some paths at which no branch has a file any more.
pub(crate) fn gone(local: &Local, paths: impl IntoIterator<Item = String>) -> Result<Vec<String>, Failure> {
    let mut left: Vec<String> = paths.into_iter().collect();
    for branch in local.git().branches(Some(BranchType::Local)).map_err(broken)? {
        if left.is_empty() {
            break;
        }
        let (branch, _) = branch.map_err(broken)?;
        let tree = branch.get().peel_to_tree().map_err(broken)?;
        left.retain(|path| {
            let entry = tree.get_path(Path::new(path));
            !entry.is_ok_and(|entry| entry.kind() == Some(ObjectType::Blob))
        });
    }
    Ok(left)
}

/// Keeps that specs are gone. Their versions stay.
pub(crate) async fn remove(write: &Write, project: Uuid, paths: &[String], now: DateTime<Utc>) -> Result<(), Failure> {
    use spec_artifacts::{Column, Entity};
    for path in paths {
        Entity::update_many()
            .col_expr(Column::RemovedAt, Expr::value(now))
            .col_expr(Column::UpdatedAt, Expr::value(now))
            .filter(Column::ProjectId.eq(project))
            .filter(Column::Path.eq(path))
            .filter(Column::RemovedAt.is_null())
            .exec(&**write)
            .await
            .map_err(failed)?;
    }
    Ok(())
}

/// The paths of the specs of a project that some branch had when it was last looked at.
pub(super) async fn paths(platform: &Platform, project: Uuid) -> Result<BTreeSet<String>, Failure> {
    use spec_artifacts::{Column, Entity};
    let paths: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Path)
        .filter(Column::ProjectId.eq(project))
        .filter(Column::RemovedAt.is_null())
        .into_tuple()
        .all(platform.store.read())
        .await
        .map_err(failed)?;
    Ok(paths.into_iter().collect())
}

/// Keeps a spec file as its current version. A file that says what it said has that version already.
pub(crate) async fn keep(
    write: &Write,
    project: Uuid,
    author: Option<Uuid>,
    file: &Version,
    now: DateTime<Utc>,
) -> Result<(spec_artifacts::Model, spec_versions::Model), Failure> {
    let artifact = match find(write, project, file).await? {
        Some(row) if row.digest == file.digest => {
            let version = newest(write, &row, Some(row.current_version)).await?;
            return Ok((stands(write, row, file, &version, now).await?, version));
        }
        Some(row) => {
            let next = newest(write, &row, None).await?.version + 1;
            let kind = file.kind_of(&row);
            let mut row = row.into_active_model();
            row.kind = Set(kind);
            row.current_version = Set(next);
            row.digest = Set(file.digest.clone());
            row.size_bytes = Set(file.size);
            row.removed_at = Set(None);
            row.updated_at = Set(now);
            row.update(&**write).await.map_err(failed)?
        }
        None => {
            let row = spec_artifacts::ActiveModel {
                id: Set(new_id()),
                project_id: Set(project),
                path: Set(file.path.clone()),
                kind: Set(file.told.unwrap_or(file.kind)),
                feature: Set(kind::feature(&file.path)),
                current_version: Set(1),
                digest: Set(file.digest.clone()),
                size_bytes: Set(file.size),
                removed_at: Set(None),
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

/// Keeps that a spec file was applied. Branches differ: a text that the spec had before is that version, and when it is what the
/// default branch has, it is the current one again.
pub(crate) async fn applied(
    write: &Write,
    project: Uuid,
    author: Option<Uuid>,
    file: &Version,
    is_default: bool,
    now: DateTime<Utc>,
) -> Result<(spec_artifacts::Model, spec_versions::Model), Failure> {
    let known = match find(write, project, file).await? {
        Some(row) if row.digest != file.digest => with_text(write, &row, file).await?.map(|version| (row, version)),
        _ => None,
    };
    let (artifact, version) = match known {
        Some((row, version)) if is_default => (stands(write, row, file, &version, now).await?, version),
        Some(known) => known,
        None => keep(write, project, author, file, now).await?,
    };
    if version.applied_at.is_some() {
        return Ok((artifact, version));
    }
    let mut version = version.into_active_model();
    version.applied_at = Set(Some(now));
    version.updated_at = Set(now);
    Ok((artifact, version.update(&**write).await.map_err(failed)?))
}

/// Makes a version that is there the current one.
async fn stands(
    write: &Write,
    row: spec_artifacts::Model,
    file: &Version,
    version: &spec_versions::Model,
    now: DateTime<Utc>,
) -> Result<spec_artifacts::Model, Failure> {
    let kind = file.kind_of(&row);
    if row.current_version == version.version && row.kind == kind && row.removed_at.is_none() {
        return Ok(row);
    }
    let mut row = row.into_active_model();
    row.kind = Set(kind);
    row.current_version = Set(version.version);
    row.digest = Set(version.digest.clone());
    row.size_bytes = Set(version.size_bytes);
    row.removed_at = Set(None);
    row.updated_at = Set(now);
    row.update(&**write).await.map_err(failed)
}

async fn find(write: &Write, project: Uuid, file: &Version) -> Result<Option<spec_artifacts::Model>, Failure> {
    use spec_artifacts::{Column, Entity};
    Entity::find()
        .filter(Column::ProjectId.eq(project))
        .filter(Column::Path.eq(&file.path))
        .one(&**write)
        .await
        .map_err(failed)
}

/// The newest version of a spec, or the one of a number.
async fn newest(
    write: &Write,
    artifact: &spec_artifacts::Model,
    number: Option<i32>,
) -> Result<spec_versions::Model, Failure> {
    use spec_versions::{Column, Entity};
    let mut select = Entity::find().filter(Column::SpecId.eq(artifact.id));
    if let Some(number) = number {
        select = select.filter(Column::Version.eq(number));
    }
    let row = select
        .order_by_desc(Column::Version)
        .one(&**write)
        .await
        .map_err(failed)?;
    row.ok_or_else(|| Failure::internal("a spec is without its version"))
}

/// The newest version of a spec with this text.
async fn with_text(
    write: &Write,
    artifact: &spec_artifacts::Model,
    file: &Version,
) -> Result<Option<spec_versions::Model>, Failure> {
    use spec_versions::{Column, Entity};
    Entity::find()
        .filter(Column::SpecId.eq(artifact.id))
        .filter(Column::Digest.eq(&file.digest))
        .order_by_desc(Column::Version)
        .one(&**write)
        .await
        .map_err(failed)
}
