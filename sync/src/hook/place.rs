//! Where a repository's pre-commit hook is, and which tool keeps it.
//!
//! Owns: `core.hooksPath`, linked worktrees, husky, lefthook, the pre-commit framework. Must not know: what the hook does.

use std::path::{Path, PathBuf};

use git2::ConfigLevel;

use crate::error::SyncError;
use crate::root::Root;
use crate::tree::repository;

/// Configuration files of lefthook, at the top.
const LEFTHOOK: [&str; 10] = [
    "lefthook.yml",
    "lefthook.yaml",
    "lefthook.toml",
    "lefthook.json",
    "lefthook.jsonc",
    ".lefthook.yml",
    ".lefthook.yaml",
    ".lefthook.toml",
    ".lefthook.json",
    ".config/lefthook.yml",
];
/// Configuration files of the pre-commit framework, at the top.
const PRE_COMMIT: [&str; 2] = [".pre-commit-config.yaml", ".pre-commit-config.yml"];

/// Who keeps the hooks of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Keeper {
    /// git alone, in this file.
    Git(PathBuf),
    /// husky, in this file, which is committed.
    Husky(PathBuf),
    /// lefthook, by this configuration file.
    Lefthook(PathBuf),
    /// The pre-commit framework, by this configuration file.
    PreCommit(PathBuf),
}

/// Where hooks are.
#[derive(Debug)]
pub(super) struct Place {
    /// Top of the work tree.
    pub(super) top: PathBuf,
    /// Path of the root from the top; `.` when it is the top.
    pub(super) root: String,
    pub(super) keeper: Keeper,
    /// Every file that may hold a block of ours, whoever keeps the hooks now.
    pub(super) files: Vec<PathBuf>,
}

/// Looks for it.
pub(super) fn find(root: &Root) -> Result<Place, SyncError> {
    let opened = repository::open(root)?;
    let top = opened.top;
    if opened.repository.is_bare() && opened.repository.path().canonicalize().is_ok_and(|path| path == top) {
        return Err(SyncError::new(
            "HOOK_BARE",
            "nothing is committed in a bare repository, so there is nothing to check",
        )
        .at(root.path())
        .hint("install the hook in a clone or a worktree"));
    }
    let below = opened.prefix.strip_suffix(b"/").unwrap_or(&opened.prefix);
    let below = match std::str::from_utf8(below) {
        Ok("") => ".".to_owned(),
        Ok(path) if !path.contains(char::is_control) => path.to_owned(),
        _ => {
            return Err(
                SyncError::new("HOOK_NAME", "the root's name has characters that a script cannot hold").at(root.path()),
            );
        }
    };
    let own = opened.repository.commondir().join("hooks");
    let configured = configured(&opened.repository, &top)?;
    let hooks = configured.clone().unwrap_or_else(|| own.clone());
    let husky = top.join(".husky");
    let first = |names: &[&str]| names.iter().map(|name| top.join(name)).find(|path| path.is_file());
    let keeper = if hooks.starts_with(&husky) || (husky.is_dir() && configured.is_none()) {
        Keeper::Husky(husky.join("pre-commit"))
    } else if let Some(file) = first(&LEFTHOOK) {
        Keeper::Lefthook(file)
    } else if let Some(file) = first(&PRE_COMMIT) {
        Keeper::PreCommit(file)
    } else {
        Keeper::Git(hooks.join("pre-commit"))
    };
    let mut files: Vec<PathBuf> = [hooks, own, husky]
        .iter()
        .map(|folder| folder.join("pre-commit"))
        .collect();
    files.dedup();
    Ok(Place {
        top,
        root: below,
        keeper,
        files,
    })
}

/// The folder that `core.hooksPath` names. A relative one is relative to where git runs hooks: the top of the work tree.
fn configured(repository: &git2::Repository, top: &Path) -> Result<Option<PathBuf>, SyncError> {
    const KEY: &str = "core.hooksPath";
    let Ok(config) = repository.config() else {
        return Ok(None);
    };
    let Some(path) = config.get_path(KEY).ok().filter(|path| !path.as_os_str().is_empty()) else {
        return Ok(None);
    };
    let level = config.get_entry(KEY).ok().map(|entry| entry.level());
    let of_everything = matches!(
        level,
        Some(ConfigLevel::Global | ConfigLevel::XDG | ConfigLevel::System | ConfigLevel::ProgramData)
    );
    if of_everything && path.is_absolute() && !path.starts_with(top) && !path.starts_with(repository.commondir()) {
        return Err(SyncError::new(
            "HOOK_SHARED",
            format!("core.hooksPath is {} for all your repositories; a hook there would check all of them", path.display()),
        )
        .hint(
            "give this repository hooks of its own: `git config core.hooksPath \"$(git rev-parse --path-format=absolute \
             --git-common-dir)/hooks\"`, then run `flaresmith hook install` again",
        ));
    }
    Ok(Some(top.join(path)))
}
