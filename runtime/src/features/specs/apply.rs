//! Applying specs: generate, compare, commit.
//!
//! Owns: the order of those three, one apply of a project at a time, and what is kept after it. Must not know: how any of them
//! works.

use flaresmith_api::api::specs::GetDriftRequest;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::{DriftReport, SpecApplyRequest};
use flaresmith_store::enums::SpecArtifactKind;
use git2::Oid;
use serde_json::json;
use uuid::Uuid;

use super::compare::{self, Asked, Compared, compare};
use super::kind;
use super::version::{self, Version};
use crate::features::files::{self, protected};
use crate::features::tools::{self, Descriptor};
use crate::pipeline::Access;
use crate::platform::Platform;
use crate::repositories::{Author, Draft, Local, Target, broken, id};
use crate::telemetry::span;

/// What came of an apply.
struct Done {
    report: DriftReport,
    /// The commit, when something was written.
    commit: Option<Oid>,
    /// Whether it was applied to the default branch.
    is_default: bool,
    /// The specs that were applied; none of a dry run.
    versions: Vec<Version>,
    /// The tools that the specs give, when they are now those of the project.
    tools: Option<Vec<Descriptor>>,
}

/// Generates everything anew and commits what differs, or only reports it.
pub(super) async fn apply(
    platform: &Platform,
    access: &Access,
    body: SpecApplyRequest,
) -> Result<(Option<String>, DriftReport), Failure> {
    let project = body.project_id;
    let author = files::author(platform, access).await?;
    if !body.dry_run.unwrap_or(false) {
        protected::refuse_for_specs(platform, project, body.r#ref.as_deref()).await?;
    }
    let turn = match body.dry_run {
        Some(true) => None,
        _ => {
            let turn = platform.repositories.turn_now(project).await?;
            Some(turn.ok_or_else(|| Failure::new(ErrorCode::SpecApplyActive))?)
        }
    };
    let compiling = compare::turn().await?;
    let done = platform
        .repositories
        .with(project, move |local| carry_out(local, &author, &body))
        .await?;
    drop(compiling);
    if turn.is_some() {
        let mut absent = version::paths(platform, project).await?;
        for version in &done.versions {
            absent.remove(&version.path);
        }
        let look = move |local: &Local| version::gone(local, absent);
        let gone = platform.repositories.with(project, look).await?;
        keep(platform, project, access.caller.user(), &done, &gone).await?;
    }
    Ok((done.commit.map(|commit| commit.to_string()), done.report))
}

/// Compares and writes nothing.
pub(super) async fn drift(platform: &Platform, request: GetDriftRequest) -> Result<DriftReport, Failure> {
    let _turn = compare::turn().await?;
    let work = move |local: &Local| {
        let commit = local.commit_of(request.r#ref.as_deref())?.id();
        compare(local, commit, &Asked::default())?.report(request.paths.as_deref())
    };
    platform.repositories.with(request.project_id, work).await
}

fn carry_out(local: &Local, author: &Author, body: &SpecApplyRequest) -> Result<Done, Failure> {
    let asked = Asked {
        targets: body
            .targets
            .as_ref()
            .filter(|targets| !targets.is_empty())
            .map(|targets| targets.iter().map(|target| target.as_str().to_owned()).collect()),
        merge: body.merge.unwrap_or(false),
    };
    let default = local.default_branch()?;
    let branch = body.r#ref.clone().unwrap_or_else(|| default.clone());
    let absent = || Failure::new(ErrorCode::FileNotFound).with_context("ref", &branch);
    let head = local.head(&branch)?.ok_or_else(absent)?;
    if let Some(seen) = body.base_sha.as_deref().and_then(id).filter(|seen| *seen != head) {
        return Err(stale(seen, head));
    }
    let compared = compare(local, head, &asked)?;
    let report = compared.report(None)?;
    if body.dry_run.unwrap_or(false) {
        return Ok(Done {
            report,
            commit: None,
            is_default: branch == default,
            versions: Vec::new(),
            tools: None,
        });
    }
    if compared.is_blocked() {
        return Err(Failure::new(ErrorCode::SpecDriftConflict).with_details(report));
    }
    let commit = span::phase("specs.commit", || write(local, author, &branch, head, &compared))?;
    let all = asked.targets.as_ref().is_none_or(|targets| targets.contains("mcp"));
    Ok(Done {
        versions: versions(&compared, head),
        is_default: branch == default,
        tools: (branch == default && all).then(|| tools::of(&compared.compilation)),
        report,
        commit,
    })
}

/// Commits what the plan has; `None`: there is nothing to be done.
fn write(local: &Local, author: &Author, branch: &str, head: Oid, compared: &Compared) -> Result<Option<Oid>, Failure> {
    let edits = compared.edits();
    if edits.is_empty() {
        return Ok(None);
    }
    let tree = local.commit(head)?.tree().map_err(broken)?;
    let mut draft = Draft::of(local, &tree)?;
    for edit in edits {
        draft.edit(edit)?;
    }
    let target = Target {
        branch: branch.to_owned(),
        base: head,
    };
    match local.write(&target, author, "Apply the specs", draft) {
        Ok(commit) => Ok(Some(commit)),
        Err(failure) if failure.code() == ErrorCode::FileChangesEmpty => Ok(None),
        Err(failure) if failure.code() == ErrorCode::FileBaseMoved => {
            Err(stale(head, local.head(branch)?.unwrap_or(head)))
        }
        Err(failure) => Err(failure),
    }
}

/// The spec files of what was compared.
fn versions(compared: &Compared, commit: Oid) -> Vec<Version> {
    let sources = &compared.inputs.sources;
    let constitution = compared.compilation.model.constitution.as_ref();
    let constitution = constitution.and_then(|constitution| constitution.version.clone());
    let files = sources.iter().filter(|(path, _)| kind::is_listed(path));
    let files = files.filter_map(|(path, bytes)| {
        let mut version = Version::of(path, kind::of(sources, path)?, bytes, commit.to_string());
        version.constitution.clone_from(&constitution);
        Some(version)
    });
    files.collect()
}

/// Keeps which versions were applied, which specs are gone, and the tools that there are now.
async fn keep(
    platform: &Platform,
    project: Uuid,
    author: Option<Uuid>,
    done: &Done,
    gone: &[String],
) -> Result<(), Failure> {
    let now = platform.clock.now();
    let write = platform.store.begin().await?;
    let mut contract = None;
    for file in &done.versions {
        let (artifact, row) = version::applied(&write, project, author, file, done.is_default, now).await?;
        if artifact.kind == SpecArtifactKind::Contract {
            contract = Some(row.id);
        }
    }
    version::remove(&write, project, gone, now).await?;
    if let Some(tools) = &done.tools {
        tools::keep(&write, project, contract, tools, now).await?;
    }
    write.commit().await
}

fn stale(seen: Oid, head: Oid) -> Failure {
    let details = json!({ "baseSha": seen.to_string(), "headSha": head.to_string() });
    Failure::new(ErrorCode::SpecDriftStale).with_details(details)
}
