//! The files of a repository at a commit.
//!
//! Owns: their order and what is told of each. Must not know: how a commit came to be.

use chrono::{DateTime, Utc};
use flaresmith_api::api::files::GetFileTreeRequest;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::{FileTreePage, TreeEntry, TreeEntryType};
use git2::{ObjectType, Oid, Tree};
use serde_json::json;
use uuid::Uuid;

use super::blob::is_editable;
use crate::platform::Platform;
use crate::repositories::{Local, broken, refuse_path};
use crate::store::page::{Asked, Page, stretch};

/// Mode of a link: a file whose text is a path.
const LINK: i32 = 0o120_000;

/// Longest path, in characters.
const LONGEST: usize = 400;

/// Something in a folder, before it is looked at.
struct Found {
    path: String,
    kind: TreeEntryType,
    id: Oid,
    is_link: bool,
}

/// One page of entries below a folder. A cursor is good for the commit that its page was of.
pub(super) async fn list(platform: &Platform, request: GetFileTreeRequest) -> Result<FileTreePage, Failure> {
    let project = request.project_id;
    let cursors = platform.cursors.clone();
    let work = move |local: &Local| {
        let commit = local.commit_of(request.r#ref.as_deref())?;
        let root = commit.tree().map_err(broken)?;
        let recursive = request.recursive.unwrap_or(false);
        let mut found = Vec::new();
        match &request.path {
            None => walk(local, &root, "", recursive, &mut found)?,
            Some(path) => {
                refuse_path(path)?;
                let folder = folder(local, &root, path)?;
                walk(local, &folder, &format!("{path}/"), recursive, &mut found)?;
            }
        }
        if let Some(kind) = request.r#type {
            found.retain(|entry| entry.kind == kind);
        }
        let sha = commit.id().to_string();
        let asked = Asked {
            list: &format!(
                "files/{project}/{sha}/{:?}/{recursive}/{:?}",
                request.path, request.r#type
            ),
            cursor: request.cursor.as_deref(),
            limit: request.limit,
        };
        let page = stretch(&cursors, asked, found, |entry| position(&entry.path))?;
        let items = page.items.iter().map(|entry| shown(local, entry));
        let page = Page {
            items: items.collect::<Result<Vec<_>, _>>()?,
            next_cursor: page.next_cursor,
        };
        Ok(FileTreePage {
            commit_sha: sha,
            has_more: page.has_more(),
            items: page.items,
            next_cursor: page.next_cursor,
        })
    };
    platform.repositories.with(project, work).await
}

/// A folder of a tree by its path.
fn folder<'l>(local: &'l Local, root: &Tree<'_>, path: &str) -> Result<Tree<'l>, Failure> {
    let absent = || Failure::new(ErrorCode::FileNotFound).with_details(json!({ "path": path }));
    let entry = root.get_path(std::path::Path::new(path)).map_err(|_| absent())?;
    local.git().find_tree(entry.id()).map_err(|_| absent())
}

/// Files first, then folders, each by name; below a folder what is in it.
fn walk(local: &Local, tree: &Tree<'_>, prefix: &str, recursive: bool, found: &mut Vec<Found>) -> Result<(), Failure> {
    let mut folders = Vec::new();
    for entry in tree {
        let Ok(name) = entry.name() else { continue };
        // No path of the contract's names what is not text, or lies so deep.
        if prefix.chars().count() + name.chars().count() > LONGEST {
            continue;
        }
        let kind = match entry.kind() {
            Some(ObjectType::Tree) => TreeEntryType::Tree,
            Some(ObjectType::Commit) => TreeEntryType::Submodule,
            _ => TreeEntryType::Blob,
        };
        let entry = Found {
            path: format!("{prefix}{name}"),
            kind,
            id: entry.id(),
            is_link: entry.filemode() == LINK,
        };
        match kind {
            TreeEntryType::Tree => folders.push(entry),
            _ => found.push(entry),
        }
    }
    // Git takes folders as if their names ended with a slash.
    folders.sort_by(|one, other| one.path.cmp(&other.path));
    for folder in folders {
        let (id, below) = (folder.id, format!("{}/", folder.path));
        found.push(folder);
        if recursive {
            let tree = local.git().find_tree(id).map_err(broken)?;
            walk(local, &tree, &below, recursive, found)?;
        }
    }
    Ok(())
}

fn shown(local: &Local, entry: &Found) -> Result<TreeEntry, Failure> {
    let size = match entry.kind {
        TreeEntryType::Blob => Some(local.size(entry.id)?),
        TreeEntryType::Tree | TreeEntryType::Submodule => None,
    };
    let editable = match size {
        Some(size) if !entry.is_link => is_editable(local, entry.id, size)?,
        _ => false,
    };
    Ok(TreeEntry {
        path: entry.path.clone(),
        r#type: entry.kind,
        sha: entry.id.to_string(),
        size_bytes: size,
        editable,
    })
}

/// A commit has every path once, so the path is the place in the list.
fn position(path: &str) -> (DateTime<Utc>, Uuid) {
    (
        DateTime::UNIX_EPOCH,
        Uuid::new_v5(&Uuid::NAMESPACE_URL, path.as_bytes()),
    )
}
