//! Specs and their versions, for reading.
//!
//! Owns: lists, a spec with its outline, the text of a version. Must not know: how versions come to be.

use std::path::Path;

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use flaresmith_api::api::specs::{
    GetSpecRequest, GetSpecVersionRequest, GetSpecVersionResponse, ListSpecVersionsRequest, ListSpecsRequest,
};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::{SpecDetail, SpecPage, SpecRequirement, SpecVersionPage};
use flaresmith_codegen::trace;
use flaresmith_store::entities::{spec_artifacts, spec_versions};
use flaresmith_store::enums::SpecArtifactKind;
use flaresmith_sync::{Root, Tree};
use git2::Oid;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::json;
use uuid::Uuid;

use super::{compare, outline, problem, version};
use crate::features::shown::{extended, listed, shown};
use crate::platform::Platform;
use crate::repositories::{Local, View, broken, id};
use crate::store::failed;
use crate::store::page::{Asked, newest_first};

/// Most requirements of a spec that are told.
const MOST: usize = 1000;

/// One page of spec files.
pub(super) async fn list(platform: &Platform, request: ListSpecsRequest) -> Result<SpecPage, Failure> {
    use spec_artifacts::{Column, Entity};
    let project = request.project_id;
    let mut select = Entity::find()
        .filter(Column::ProjectId.eq(project))
        .filter(Column::RemovedAt.is_null());
    if let Some(kind) = request.kind {
        let stored = SpecArtifactKind::try_from(kind.as_str()).map_err(Failure::internal)?;
        select = select.filter(Column::Kind.eq(stored));
    }
    let asked = Asked {
        list: &format!("specs/{project}/{:?}", request.kind),
        cursor: request.cursor.as_deref(),
        limit: request.limit,
    };
    let by = (Column::CreatedAt, Column::Id);
    let page = newest_first(platform.store.read(), &platform.cursors, asked, select, by, |row| {
        (row.created_at, row.id)
    })
    .await?;
    listed(&page)
}

/// One spec with what its current version says.
pub(super) async fn detail(platform: &Platform, request: GetSpecRequest) -> Result<SpecDetail, Failure> {
    let artifact = find(platform, request.project_id, request.spec_id).await?;
    let row = version_of(platform, artifact.id, artifact.current_version).await?;
    let (path, kind) = (artifact.path.clone(), artifact.kind);
    let commit = row.commit_sha.clone();
    let work = move |local: &Local| {
        let Some(commit) = commit.as_deref().and_then(id) else {
            return Ok((Vec::new(), Vec::new()));
        };
        let outline = match path.ends_with(".md") {
            true => outline::of(&text(local, commit, &path)?),
            false => Vec::new(),
        };
        let requirements = match kind {
            SpecArtifactKind::Feature => requirements(local, newest(local, commit, &path)?, &path)?,
            _ => Vec::new(),
        };
        Ok((requirements, outline))
    };
    let _turn = match kind {
        SpecArtifactKind::Feature => Some(compare::turn().await?),
        _ => None,
    };
    let (requirements, outline) = platform.repositories.with(request.project_id, work).await?;
    let constitution = Some(row.constitution_version).filter(|version| version != version::NONE);
    extended(
        &artifact,
        json!({
            "constitutionVersion": constitution,
            "requirements": requirements,
            "outline": outline,
        }),
    )
}

/// One page of the versions of a spec.
pub(super) async fn versions(
    platform: &Platform,
    request: ListSpecVersionsRequest,
) -> Result<SpecVersionPage, Failure> {
    use spec_versions::{Column, Entity};
    let artifact = find(platform, request.project_id, request.spec_id).await?;
    let asked = Asked {
        list: &format!("specVersions/{}", artifact.id),
        cursor: request.cursor.as_deref(),
        limit: request.limit,
    };
    let select = Entity::find().filter(Column::SpecId.eq(artifact.id));
    let by = (Column::CreatedAt, Column::Id);
    let page = newest_first(platform.store.read(), &platform.cursors, asked, select, by, |row| {
        (row.created_at, row.id)
    })
    .await?;
    listed(&page)
}

/// What is known about a version, or its text, as the caller would rather have it.
pub(super) async fn version(
    platform: &Platform,
    headers: &HeaderMap,
    request: GetSpecVersionRequest,
) -> Result<GetSpecVersionResponse, Failure> {
    let artifact = find(platform, request.project_id, request.spec_id).await?;
    let row = version_of(platform, artifact.id, request.spec_version).await?;
    let e_tag = Some(format!("\"{}\"", row.digest));
    if !prefers_text(headers) {
        let body = shown(&row)?;
        return Ok(GetSpecVersionResponse::Ok { e_tag, body });
    }
    let work = move |local: &Local| match row.commit_sha.as_deref().and_then(id) {
        Some(commit) => text(local, commit, &artifact.path),
        None => Err(Failure::new(ErrorCode::SpecVersionNotFound)),
    };
    let body = platform.repositories.with(request.project_id, work).await?;
    Ok(GetSpecVersionResponse::OkText { e_tag, body })
}

async fn find(platform: &Platform, project: Uuid, spec: Uuid) -> Result<spec_artifacts::Model, Failure> {
    let row = spec_artifacts::Entity::find_by_id(spec)
        .filter(spec_artifacts::Column::ProjectId.eq(project))
        .one(platform.store.read())
        .await
        .map_err(failed)?;
    row.ok_or_else(|| Failure::new(ErrorCode::SpecNotFound).with_context("specId", spec))
}

async fn version_of(platform: &Platform, spec: Uuid, number: i32) -> Result<spec_versions::Model, Failure> {
    use spec_versions::{Column, Entity};
    let row = Entity::find()
        .filter(Column::SpecId.eq(spec))
        .filter(Column::Version.eq(number))
        .one(platform.store.read())
        .await
        .map_err(failed)?;
    row.ok_or_else(|| Failure::new(ErrorCode::SpecVersionNotFound).with_context("version", number))
}

/// The text of a file at a commit.
fn text(local: &Local, commit: Oid, path: &str) -> Result<String, Failure> {
    let found = blob(local, commit, path)?;
    let found = found.ok_or_else(|| Failure::internal("a version's commit is without its file"))?;
    Ok(String::from_utf8_lossy(local.blob(found)?.content()).into_owned())
}

/// The id of a file at a commit; `None`: it has no such file.
fn blob(local: &Local, commit: Oid, path: &str) -> Result<Option<Oid>, Failure> {
    let tree = local.commit(commit)?.tree().map_err(broken)?;
    Ok(tree.get_path(Path::new(path)).ok().map(|entry| entry.id()))
}

/// The head of the default branch, if a file is there what it was at a commit: contracts may have come after it. Else the commit.
fn newest(local: &Local, commit: Oid, path: &str) -> Result<Oid, Failure> {
    let head = local.commit_of(None)?.id();
    let same = blob(local, head, path)? == blob(local, commit, path)?;
    Ok(if same { head } else { commit })
}

/// The requirements that a feature states at a commit, and how many operations of its contracts carry each.
fn requirements(local: &Local, commit: Oid, path: &str) -> Result<Vec<SpecRequirement>, Failure> {
    let view = View::of(local, commit)?;
    let root = Root::at(view.path()).map_err(problem::failed)?;
    let tree = Tree::revision(&root, &commit.to_string()).map_err(problem::failed)?;
    let inputs = compare::inputs(&tree)?;
    let model = flaresmith_codegen::analyse(&inputs.sources, &inputs.settings).model;
    let traced = trace::trace(&model, None);
    let own = model.features.iter().find(|feature| feature.file == path);
    let stated = own.map(|feature| feature.requirements.as_slice()).unwrap_or_default();
    let told = stated.iter().filter(|requirement| !requirement.removed);
    let told = told.take(MOST).map(|requirement| {
        let carried = traced.requirements.iter().find(|one| one.id == requirement.global_id);
        let count = carried.map_or(0, |one| one.operations.len());
        SpecRequirement {
            id: requirement.id.chars().take(40).collect(),
            text: requirement.text.chars().take(4000).collect(),
            operation_count: i32::try_from(count).unwrap_or(i32::MAX),
        }
    });
    Ok(told.collect())
}

/// Whether the caller would rather have text than JSON.
fn prefers_text(headers: &HeaderMap) -> bool {
    let text = quality(headers, "text/plain", "text/*").unwrap_or(0.0);
    text > quality(headers, "application/json", "application/*").unwrap_or(0.0)
}

/// How much the caller wants a media type: what names it counts before what names its family.
fn quality(headers: &HeaderMap, media: &str, family: &str) -> Option<f32> {
    let sent = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges: Vec<(&str, f32)> = sent
        .flat_map(|value| value.split(','))
        .map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok());
            (name, quality.unwrap_or(1.0))
        })
        .collect();
    let of = |wanted: &str| ranges.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    of(media).or_else(|| of(family)).map(|(_, quality)| *quality)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_given_to_those_who_would_rather_have_it() {
        for (accept, text) in [
            ("", false),
            ("*/*", false),
            ("text/plain", true),
            ("text/*;q=0.5", true),
            ("application/json, text/plain", false),
            ("application/json;q=0.5, text/plain", true),
            ("text/plain;q=0.1, application/*", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().unwrap());
            assert_eq!(prefers_text(&headers), text, "{accept}");
        }
    }
}
