//! Mentions: the files of a repository in which a requirement id stands.
//!
//! Owns: which files are searched, and what counts as a mention. Must not know: what a requirement is.

use std::path::Path;

use git2::{Status, StatusOptions};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::SyncError;
use crate::root::Root;
use crate::tree::repository;

/// Files larger than this, in bytes, are data rather than something a person reads.
const LARGEST: u64 = 4 << 20;

/// One file that mentions an id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Mention {
    /// Path relative to the root.
    pub path: String,
    /// Lines with the id, from 1.
    pub lines: Vec<u32>,
    /// Whether the file holds tests, by its path.
    pub test: bool,
}

/// Searches the files that git knows or would know, else all below the root, for an id that stands as a word of its own.
///
/// # Errors
/// git cannot list the files of its own repository.
pub fn find(root: &Root, id: &str) -> Result<Vec<Mention>, SyncError> {
    let mut paths = listed_by_git(root)?.unwrap_or_else(|| {
        let mut found = Vec::new();
        walk(root.path(), "", &mut found);
        found
    });
    paths.sort_unstable();
    paths.dedup();
    Ok(paths
        .into_par_iter()
        .filter_map(|path| {
            let full = root.path().join(&path);
            let readable = full
                .symlink_metadata()
                .is_ok_and(|metadata| metadata.is_file() && metadata.len() <= LARGEST);
            let text = readable.then(|| std::fs::read_to_string(&full).ok()).flatten()?;
            let lines = lines_with(&text, id);
            (!lines.is_empty()).then(|| Mention {
                test: is_test(&path),
                path,
                lines,
            })
        })
        .collect())
}

fn listed_by_git(root: &Root) -> Result<Option<Vec<String>>, SyncError> {
    let opened = repository::open(root).ok();
    let Some(opened) = opened.filter(|opened| opened.repository.workdir().is_some()) else {
        return Ok(None);
    };
    let repository = &opened.repository;
    let failed = |error: git2::Error| SyncError::new("GIT_FAILED", error.message().to_owned());
    let inside = |path: &[u8]| opened.relative(path).map(str::to_owned);
    let index = repository.index().map_err(failed)?;
    let mut paths: Vec<String> = index.iter().filter_map(|entry| inside(&entry.path)).collect();
    let mut options = StatusOptions::new();
    options
        .include_untracked(true)
        .recurse_untracked_dirs(true)
        .include_ignored(false);
    let statuses = repository.statuses(Some(&mut options)).map_err(failed)?;
    for entry in statuses.iter().filter(|entry| entry.status().contains(Status::WT_NEW)) {
        paths.extend(inside(entry.path_bytes()));
    }
    Ok(Some(paths))
}

fn walk(base: &Path, folder: &str, found: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(base.join(folder)) else {
        return;
    };
    for entry in entries.flatten() {
        let (Ok(name), Ok(kind)) = (entry.file_name().into_string(), entry.file_type()) else {
            continue;
        };
        if name.starts_with('.') || name == "node_modules" || name == "target" {
            continue;
        }
        let path = if folder.is_empty() {
            name
        } else {
            format!("{folder}/{name}")
        };
        if kind.is_dir() {
            walk(base, &path, found);
        } else if kind.is_file() {
            found.push(path);
        }
    }
}

/// Numbers of the lines in which the id is neither part of a longer word nor of a longer id.
fn lines_with(text: &str, id: &str) -> Vec<u32> {
    if !text.contains(id) {
        return Vec::new();
    }
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let mentions = |line: &str| {
        line.match_indices(id).any(|(at, _)| {
            let before = line.get(..at).and_then(|text| text.chars().next_back());
            let mut after = line.get(at + id.len()..).unwrap_or("").chars();
            let next = after.next();
            let dotted = next == Some('.') && after.next().is_some_and(|c| c.is_ascii_digit());
            !before.is_some_and(|c| part(c) || c == '-') && !next.is_some_and(part) && !dotted
        })
    };
    (1..)
        .zip(text.lines())
        .filter(|(_, line)| mentions(line))
        .map(|(number, _)| number)
        .collect()
}

/// Whether a path is one where tests stand.
fn is_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path.split('/')
        .any(|part| matches!(part, "test" | "tests" | "__tests__" | "e2e"))
        || [".test.", ".spec.", "_test."].iter().any(|mark| name.contains(mark))
        || name.starts_with("test_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_mentioned_only_as_a_word_of_its_own() {
        let text = "FR-001\nFR-0010\nNFR-001\nFR-001a\n(FR-001)\nFR-001.2\nFR-001.\nX-FR-001\n[\"FR-001\",\n";
        assert_eq!(lines_with(text, "FR-001"), [1, 5, 7, 9]);
    }

    #[test]
    fn tests_are_told_by_their_path() {
        assert!(is_test("tests/it/apply.rs") && is_test("src/a.test.ts") && is_test("pkg/x_test.go"));
        assert!(!is_test("src/latest.rs") && !is_test("specs/001-a/spec.md"));
    }
}
