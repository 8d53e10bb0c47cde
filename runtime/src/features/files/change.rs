//! Changes of files: what they would do, and doing it.
//!
//! Owns: from the contract's changes to those of a repository, diffs. Must not know: how commits are made.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::{
    ChangeSet, Commit, CommitRequest, DiffPreview, FileChange, FileDiff, FileDiffType, WriteFileEncoding,
};
use flaresmith_store::entities::users;
use git2::{Delta, Diff, DiffFile, DiffFindOptions, DiffOptions, FileMode, Oid, Patch, Tree};
use sea_orm::EntityTrait as _;
use serde_json::json;
use uuid::Uuid;

use super::blob::LIMIT;
use super::protected;
use crate::features::specs::{secrets, version};
use crate::pipeline::Access;
use crate::platform::Platform;
use crate::repositories::{Author, Draft, Edit, Local, Target, View, broken, id};
use crate::store::failed;

/// Most bytes, of files before and after together, whose lines are compared for one answer. What is larger than what can be edited
/// is not among them: its lines are not looked at.
const MOST: u64 = 2 * LIMIT as u64;

/// What a commit of changes would do. Nothing of it gets into the repository.
pub(super) async fn preview(platform: &Platform, project: Uuid, body: ChangeSet) -> Result<DiffPreview, Failure> {
    let edits = edits(body.changes)?;
    let context = u32::try_from(body.context_lines.unwrap_or(3)).unwrap_or(3);
    let work = move |local: &Local| {
        let base = base(&body.base_sha)?;
        let head = local.head(&body.branch)?.unwrap_or(base);
        // Both must be there before anything is made for them.
        local.commit(base)?;
        let view = View::of(local, base)?;
        let local = view.local()?;
        let before = local.commit(base)?.tree().map_err(broken)?;
        let after = draft(&local, base, edits)?.tree()?;
        let after = local.git().find_tree(after).map_err(broken)?;
        let (diff, size) = compared(&local, &before, &after, context)?;
        if size > MOST {
            return Err(Failure::new(ErrorCode::FileTooLarge)
                .with_message("The changes are larger than what is shown at once.")
                .with_hint("Ask for some of them at a time.")
                .with_details(json!({ "sizeBytes": size, "limitBytes": MOST })));
        }
        let mut files = Vec::new();
        for at in 0..diff.deltas().len() {
            files.extend(file(&diff, at)?);
        }
        Ok(DiffPreview {
            base_sha: base.to_string(),
            head_sha: head.to_string(),
            stale: head != base,
            added_lines: files.iter().map(|file| file.added_lines).sum(),
            removed_lines: files.iter().map(|file| file.removed_lines).sum(),
            files,
        })
    };
    platform.repositories.with(project, work).await
}

/// Commits changes to a branch, on top of the commit that they were made on. Specs among them are kept as versions.
pub(super) async fn commit(
    platform: &Platform,
    access: &Access,
    project: Uuid,
    mut body: CommitRequest,
) -> Result<Commit, Failure> {
    protected::refuse(platform, project, &body.branch).await?;
    let edits = edits(std::mem::take(&mut body.changes))?;
    let author = author(platform, access).await?;
    let paths: BTreeSet<String> = edits.iter().flat_map(Edit::paths).map(str::to_owned).collect();
    let turn = match paths.iter().any(|path| version::is_spec(path)) {
        true => Some(platform.repositories.turn(project).await?),
        false => None,
    };
    let work = move |local: &Local| {
        let (commit, sha) = write(local, &author, body, edits, &paths)?;
        let specs = version::at(local, sha, &paths, &commit.message)?;
        let gone = version::gone(local, paths.into_iter().filter(|path| version::is_spec(path)))?;
        Ok((commit, specs, gone))
    };
    let (commit, specs, gone) = platform.repositories.with(project, work).await?;
    if turn.is_some() {
        let (now, person) = (platform.clock.now(), access.caller.user());
        let write = platform.store.begin().await?;
        for spec in &specs {
            version::keep(&write, project, person, spec, now).await?;
        }
        version::remove(&write, project, &gone, now).await?;
        write.commit().await?;
    }
    Ok(commit)
}

/// Makes the commit, or finds the one that an earlier try of the same request made.
fn write(
    local: &Local,
    author: &Author,
    body: CommitRequest,
    edits: Vec<Edit>,
    paths: &BTreeSet<String>,
) -> Result<(Commit, Oid), Failure> {
    let base = base(&body.base_sha)?;
    let target = Target {
        branch: body.branch.clone(),
        base,
    };
    let sha = match local.demand(&target) {
        Ok(_) => {
            let draft = draft(local, base, edits)?;
            secrets::refuse(&draft, paths)?;
            local.write(&target, author, &body.message, draft)?
        }
        Err(moved) => {
            let before = draft(local, base, edits).ok();
            let before = before.map(|draft| local.made_before(&target, author, &body.message, &draft));
            before.transpose()?.flatten().ok_or(moved)?
        }
    };
    let commit = local.commit(sha)?;
    let before = local.commit(base)?.tree().map_err(broken)?;
    let after = commit.tree().map_err(broken)?;
    let count = compared(local, &before, &after, 0)?.0.deltas().len();
    let committed_at = chrono::DateTime::from_timestamp(commit.time().seconds(), 0);
    let told = Commit {
        sha: sha.to_string(),
        parent_sha: body.base_sha,
        branch: body.branch,
        message: body.message,
        author: author.name.chars().take(120).collect(),
        file_count: i32::try_from(count).unwrap_or(i32::MAX),
        url: None,
        committed_at: committed_at.unwrap_or_default(),
    };
    Ok((told, sha))
}

/// Who a commit is from: the person, or whoever answers for the machine.
pub(crate) async fn author(platform: &Platform, access: &Access) -> Result<Author, Failure> {
    let row = match access.caller.user() {
        Some(user) => users::Entity::find_by_id(user)
            .one(platform.store.read())
            .await
            .map_err(failed)?,
        None => None,
    };
    let (name, email) = row.map(|row| (row.name, row.email)).unwrap_or_default();
    Ok(Author { name, email })
}

fn base(sha: &str) -> Result<Oid, Failure> {
    id(sha).ok_or_else(|| Failure::new(ErrorCode::FileNotFound).with_context("commitSha", sha))
}

/// The files of a commit with changes made to them.
fn draft(local: &Local, base: Oid, edits: Vec<Edit>) -> Result<Draft<'_>, Failure> {
    let tree = local.commit(base)?.tree().map_err(broken)?;
    let mut draft = Draft::of(local, &tree)?;
    for edit in edits {
        draft.edit(edit)?;
    }
    Ok(draft)
}

fn edits(changes: Vec<FileChange>) -> Result<Vec<Edit>, Failure> {
    changes.into_iter().map(edit).collect()
}

fn edit(change: FileChange) -> Result<Edit, Failure> {
    Ok(match change {
        FileChange::WriteFile(write) => {
            let bytes = match write.encoding {
                Some(WriteFileEncoding::Base64) => STANDARD.decode(&write.content).map_err(|_| {
                    Failure::new(ErrorCode::RequestMalformed)
                        .with_message("The content of a file is no base64.")
                        .with_context("path", &write.path)
                })?,
                Some(WriteFileEncoding::Utf8) | None => write.content.into_bytes(),
            };
            if bytes.len() >= LIMIT {
                let details = json!({ "path": write.path, "sizeBytes": bytes.len(), "limitBytes": LIMIT });
                return Err(Failure::new(ErrorCode::FileTooLarge).with_details(details));
            }
            Edit::Write {
                path: write.path,
                bytes,
                executable: write.executable,
            }
        }
        FileChange::DeleteFile(delete) => Edit::Delete { path: delete.path },
        FileChange::MoveFile(moved) => Edit::Move {
            path: moved.path,
            to: moved.new_path,
        },
    })
}

/// What is different between two trees, and how many bytes are to be compared for it. Files that only have another path are one
/// difference; those that changed as well are found while that is not too much.
fn compared<'l>(
    local: &'l Local,
    before: &Tree<'_>,
    after: &Tree<'_>,
    context: u32,
) -> Result<(Diff<'l>, u64), Failure> {
    let mut options = DiffOptions::new();
    options
        .context_lines(context)
        .max_size(i64::try_from(LIMIT).unwrap_or(i64::MAX));
    let diff = local
        .git()
        .diff_tree_to_tree(Some(before), Some(after), Some(&mut options));
    let mut diff = diff.map_err(broken)?;
    let mut moves = DiffFindOptions::new();
    moves.renames(true).exact_match_only(true);
    diff.find_similar(Some(&mut moves)).map_err(broken)?;
    let mut size = 0;
    for delta in diff.deltas() {
        if delta.old_file().id() != delta.new_file().id() {
            size += looked_at(local, &delta.old_file())? + looked_at(local, &delta.new_file())?;
        }
    }
    if size <= MOST {
        moves.exact_match_only(false);
        diff.find_similar(Some(&mut moves)).map_err(broken)?;
    }
    Ok((diff, size))
}

/// How many bytes of a file are looked at when it is compared.
fn looked_at(local: &Local, file: &DiffFile<'_>) -> Result<u64, Failure> {
    let size = match (file.id().is_zero(), file.mode()) {
        // There is none, or it is a commit of another repository.
        (true, _) | (_, FileMode::Commit) => 0,
        _ => local.size(file.id())?,
    };
    Ok(if size < LIMIT as u64 { size } else { 0 })
}

/// The diff of one file; `None`: it stays as it is.
fn file(diff: &Diff<'_>, at: usize) -> Result<Option<FileDiff>, Failure> {
    let Some(delta) = diff.get_delta(at) else {
        return Ok(None);
    };
    let path = |file: DiffFile<'_>| file.path_bytes().map(|path| String::from_utf8_lossy(path).into_owned());
    let (old, new) = (path(delta.old_file()), path(delta.new_file()));
    let kind = match delta.status() {
        Delta::Unmodified => return Ok(None),
        Delta::Added => FileDiffType::Added,
        Delta::Deleted => FileDiffType::Removed,
        Delta::Renamed | Delta::Copied => FileDiffType::Moved,
        _ => FileDiffType::Modified,
    };
    let mut patch = Patch::from_diff(diff, at).map_err(broken)?;
    // The look at the content is what tells whether it is binary.
    let binary = diff.get_delta(at).is_some_and(|delta| delta.flags().is_binary());
    let (mut added, mut removed, mut text) = (0, 0, None);
    if let Some(patch) = patch.as_mut().filter(|_| !binary) {
        let (_, more, fewer) = patch.line_stats().map_err(broken)?;
        (added, removed) = (more, fewer);
        let bytes = patch.to_buf().map_err(broken)?;
        text = Some(String::from_utf8_lossy(&bytes).into_owned());
    }
    let path = new.or(old.clone()).unwrap_or_default();
    if text.as_ref().is_some_and(|text| text.len() > LIMIT) {
        let details = json!({ "path": path, "limitBytes": LIMIT });
        return Err(Failure::new(ErrorCode::FileTooLarge)
            .with_message("The diff of the file is larger than what is shown.")
            .with_details(details));
    }
    Ok(Some(FileDiff {
        old_path: (kind == FileDiffType::Moved).then_some(old),
        path,
        r#type: kind,
        binary,
        added_lines: i32::try_from(added).unwrap_or(i32::MAX),
        removed_lines: i32::try_from(removed).unwrap_or(i32::MAX),
        patch: text,
    }))
}

#[cfg(test)]
mod tests {
    use flaresmith_api::types::WriteFile;

    use super::*;

    #[test]
    fn a_file_of_the_limit_is_refused_and_one_below_it_taken() {
        let write = |bytes: usize| {
            edit(FileChange::WriteFile(WriteFile {
                op: "write".to_owned(),
                path: "a".to_owned(),
                content: STANDARD.encode(vec![b'x'; bytes]),
                encoding: Some(WriteFileEncoding::Base64),
                executable: None,
            }))
        };
        assert!(write(LIMIT - 1).is_ok());
        assert_eq!(write(LIMIT).unwrap_err().code(), ErrorCode::FileTooLarge);
    }
}
