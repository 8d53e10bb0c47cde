//! Uploading a spec file.
//!
//! Owns: what is looked at before a file is taken in. Must not know: how commits and versions are kept.

use std::collections::BTreeSet;

use flaresmith_api::api::specs::UploadSpecForm;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::{SpecArtifact, SpecUploadKind};
use flaresmith_codegen::diagnostics::Diagnostics;
use flaresmith_codegen::memo::Memo;
use flaresmith_codegen::source::{Sources, read};
use flaresmith_store::enums::SpecArtifactKind;
use serde_json::json;
use uuid::Uuid;

use super::version::{self, Version};
use super::{kind, problem, secrets};
use crate::features::files::{self, protected};
use crate::features::shown::shown;
use crate::pipeline::{Access, text};
use crate::platform::Platform;
use crate::repositories::{Author, Draft, Edit, Local, Target, broken};

/// How often a commit is made anew on a branch that moves meanwhile: the file replaces whatever stood there.
const TRIES: usize = 4;

/// Largest file, in bytes.
const LARGEST: usize = 2 << 20;

/// Commits a file to a branch and keeps it as a version.
pub(super) async fn upload(
    platform: &Platform,
    access: &Access,
    project: Uuid,
    form: UploadSpecForm,
) -> Result<SpecArtifact, Failure> {
    if form.file.bytes.len() > LARGEST {
        let details = json!({ "limitBytes": LARGEST });
        return Err(Failure::new(ErrorCode::RequestPayloadTooLarge).with_details(details));
    }
    text::demand_parts([
        ("path", Some(form.path.as_str())),
        ("branch", form.branch.as_deref()),
        ("message", form.message.as_deref()),
    ])?;
    protected::refuse_for_specs(platform, project, form.branch.as_deref()).await?;
    let author = files::author(platform, access).await?;
    let _turn = platform.repositories.turn(project).await?;
    let file = platform
        .repositories
        .with(project, move |local| commit(local, &author, form))
        .await?;
    let now = platform.clock.now();
    let write = platform.store.begin().await?;
    let (artifact, _) = version::keep(&write, project, access.caller.user(), &file, now).await?;
    write.commit().await?;
    shown(&artifact)
}

fn commit(local: &Local, author: &Author, form: UploadSpecForm) -> Result<Version, Failure> {
    let UploadSpecForm {
        file,
        path,
        kind: told,
        branch,
        message,
    } = form;
    let told = look(&path, &file.bytes, told)?;
    let branch = match branch {
        Some(branch) => branch,
        None => local.default_branch()?,
    };
    let message = message.unwrap_or_else(|| format!("Upload {path}"));
    let paths = BTreeSet::from([path.clone()]);
    let mut tried = 0;
    let commit = loop {
        let base = match local.head(&branch)? {
            Some(head) => head,
            None => local.commit_of(None)?.id(),
        };
        let tree = local.commit(base)?.tree().map_err(broken)?;
        let mut draft = Draft::of(local, &tree)?;
        draft.edit(Edit::Write {
            path: path.clone(),
            bytes: file.bytes.to_vec(),
            executable: None,
        })?;
        secrets::refuse(&draft, &paths)?;
        let target = Target {
            branch: branch.clone(),
            base,
        };
        tried += 1;
        match local.write(&target, author, &message, draft) {
            Ok(commit) => break commit,
            // It stands there already, for example after a commit that was made elsewhere.
            Err(failure) if failure.code() == ErrorCode::FileChangesEmpty => break base,
            Err(failure) if failure.code() == ErrorCode::FileBaseMoved && tried < TRIES => {}
            Err(failure) => return Err(failure),
        }
    };
    let taken = version::at(local, commit, &paths, &message)?.into_iter().next();
    let mut taken = taken.ok_or_else(|| Failure::internal("a commit is without the file that was put into it"))?;
    taken.told = told;
    Ok(taken)
}

/// Looks at a file by itself: it can be read, and is of the kind that it is said to be, if anything is said.
fn look(path: &str, bytes: &[u8], told: Option<SpecUploadKind>) -> Result<Option<SpecArtifactKind>, Failure> {
    let mut sources = Sources::default();
    sources.insert(path, bytes.to_vec());
    match problem::of(&unreadable(&sources, path), &sources, false) {
        Some(failure) => Err(failure),
        None => kind_of(&sources, path, told),
    }
}

/// The kind that whoever uploads a file says it is of. It can be of that kind.
fn kind_of(sources: &Sources, path: &str, told: Option<SpecUploadKind>) -> Result<Option<SpecArtifactKind>, Failure> {
    use SpecArtifactKind::{Contract, DataModel};
    let refused = |message: &str| {
        let problem = json!({ "code": "SPEC_KIND", "path": path, "message": message });
        Failure::new(ErrorCode::SpecInvalid).with_details(json!({ "problems": [problem] }))
    };
    let own = kind::of(sources, path)
        .ok_or_else(|| refused("specs are Markdown, YAML or JSON: `.md`, `.yaml`, `.yml`, `.json`"))?;
    let Some(told) = told else {
        return Ok(None);
    };
    let told = SpecArtifactKind::try_from(told.as_str()).map_err(Failure::internal)?;
    let is_data = |kind| matches!(kind, Contract | DataModel);
    match is_data(told) == is_data(own) {
        true => Ok(Some(told)),
        false => Err(refused(
            "contracts and data models are YAML or JSON, other specs are Markdown",
        )),
    }
}

/// Why a file cannot be read, if it cannot.
fn unreadable(sources: &Sources, path: &str) -> Diagnostics {
    let is_prose = path.rsplit_once('.').is_none_or(|(_, extension)| extension == "md");
    let found = match (is_prose, sources.get(path)) {
        (true, Some(bytes)) => read::text(path, bytes).map(|_| ()),
        _ => read::read(sources, path, &Memo::default()).map(|_| ()),
    };
    found.err().into_iter().collect()
}
