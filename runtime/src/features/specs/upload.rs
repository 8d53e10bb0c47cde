//! Uploading a spec file.
//!
//! Owns: what is looked at before a file is taken in. Must not know: how commits and versions are kept.

use flaresmith_api::api::specs::UploadSpecForm;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::{SpecArtifact, SpecUploadKind};
use flaresmith_codegen::diagnostics::{Diagnostics, rule};
use flaresmith_codegen::memo::Memo;
use flaresmith_codegen::source::{Sources, read};
use flaresmith_store::enums::SpecArtifactKind;
use flaresmith_sync::{Root, Tree, sources};
use serde_json::json;
use uuid::Uuid;

use super::version::{self, Version};
use super::{kind, problem};
use crate::features::files;
use crate::features::shown::shown;
use crate::pipeline::{Access, text};
use crate::platform::Platform;
use crate::repositories::{Author, Draft, Edit, Local, Target, View, broken};

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
    let branch = match form.branch {
        Some(branch) => branch,
        None => local.default_branch()?,
    };
    let message = form.message.unwrap_or_else(|| format!("Upload {}", form.path));
    let mut tried = 0;
    loop {
        let base = match local.head(&branch)? {
            Some(head) => head,
            None => local.commit_of(None)?.id(),
        };
        let mut taken = look(local, base, &form.path, &form.file.bytes, form.kind)?;
        let tree = local.commit(base)?.tree().map_err(broken)?;
        let mut draft = Draft::of(local, &tree)?;
        draft.edit(Edit::Write {
            path: form.path.clone(),
            bytes: form.file.bytes.to_vec(),
            executable: None,
        })?;
        let target = Target {
            branch: branch.clone(),
            base,
        };
        tried += 1;
        match local.write(&target, author, &message, draft.tree()?) {
            Ok(commit) => {
                taken.commit = commit.to_string();
                taken.summary = Some(message);
                return Ok(taken);
            }
            // It stands there already, for example after a commit that was made elsewhere.
            Err(failure) if failure.code() == ErrorCode::FileChangesEmpty => return Ok(taken),
            Err(failure) if failure.code() == ErrorCode::FileBaseMoved && tried < TRIES => {}
            Err(failure) => return Err(failure),
        }
    }
}

/// Looks at a file as it would stand beside the others: it can be read, and holds no secret.
fn look(
    local: &Local,
    base: git2::Oid,
    path: &str,
    bytes: &[u8],
    told: Option<SpecUploadKind>,
) -> Result<Version, Failure> {
    let view = View::of(local, base)?;
    let root = Root::at(view.path()).map_err(problem::failed)?;
    let tree = Tree::revision(&root, &base.to_string()).map_err(problem::failed)?;
    let mut inputs = sources::read(&tree).map_err(problem::failed)?;
    inputs.sources.insert(path, bytes.to_vec());
    if let Some(failure) = problem::of(&unreadable(&inputs.sources, path), &inputs.sources, false) {
        return Err(failure);
    }
    let kind = kind_of(&inputs.sources, path, told)?;
    let compilation = flaresmith_codegen::analyse(&inputs.sources, &inputs.settings);
    let secrets: Diagnostics = compilation
        .diagnostics
        .into_iter()
        .filter(|one| one.code == &rule::SECRET_PLAINTEXT)
        .filter(|one| one.place.as_ref().is_some_and(|place| &*place.file == path))
        .collect();
    if let Some(failure) = problem::of(&secrets, &inputs.sources, false) {
        return Err(failure);
    }
    let mut version = Version::of(path, kind, bytes, base.to_string());
    version.constitution = compilation
        .model
        .constitution
        .as_ref()
        .and_then(|constitution| constitution.version.clone());
    Ok(version)
}

/// The kind of a file, as whoever uploads it says, if it can be of that kind.
fn kind_of(sources: &Sources, path: &str, told: Option<SpecUploadKind>) -> Result<SpecArtifactKind, Failure> {
    use SpecArtifactKind::{Contract, DataModel};
    let refused = |message: &str| {
        let problem = json!({ "code": "SPEC_KIND", "path": path, "message": message });
        Failure::new(ErrorCode::SpecInvalid).with_details(json!({ "problems": [problem] }))
    };
    let own = kind::of(sources, path)
        .ok_or_else(|| refused("specs are Markdown, YAML or JSON: `.md`, `.yaml`, `.yml`, `.json`"))?;
    let Some(told) = told else {
        return Ok(own);
    };
    let told = SpecArtifactKind::try_from(told.as_str()).map_err(Failure::internal)?;
    let is_data = |kind| matches!(kind, Contract | DataModel);
    match is_data(told) == is_data(own) {
        true => Ok(told),
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
