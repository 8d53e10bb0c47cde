//! The pre-commit hook: a check of what is staged before every commit.
//!
//! Owns: installing it beside whatever is there, taking it out again, telling how it stands. Must not know: what the check
//! does. A hook that somebody wrote is never lost: a shell script gets a marked block, anything else is kept beside and run
//! first, and both come back byte for byte.

mod block;
mod place;

use std::fs::{self, Metadata};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

use crate::command::shell_quoted;
use crate::error::SyncError;
use crate::root::Root;

use place::{Keeper, Place};

/// Id of the hook in `.pre-commit-hooks.yaml`, which a project's configuration names instead of the command.
const SHIPPED: &str = "id: flaresmith-check";

/// How the hook of a repository stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HookReport {
    /// How it stands now.
    pub state: HookState,
    /// Whether this run changed it.
    pub changed: bool,
    /// The tool that keeps the repository's hooks: `git`, `husky`, `lefthook` or `pre-commit`.
    pub manager: &'static str,
    /// The file that holds the hook, or would.
    pub file: String,
    /// What to add to that file, where only a person can.
    pub add: Option<String>,
}

/// How the hook stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HookState {
    /// It checks every commit.
    Installed,
    /// It is there in an older form; installing renews it.
    Outdated,
    /// It is not there.
    Absent,
}

/// Looks.
///
/// # Errors
/// The root lies in no work tree of git, or a hook cannot be read.
pub fn status(root: &Root) -> Result<HookReport, SyncError> {
    let place = place::find(root)?;
    report(&place, false)
}

/// Puts the check in. The second time changes nothing. Where a tool keeps hooks by a configuration file, nothing is written
/// and the report has what to add.
///
/// # Errors
/// As for [`status`]; a hook cannot be written.
pub fn install(root: &Root) -> Result<HookReport, SyncError> {
    let place = place::find(root)?;
    let changed = match &place.keeper {
        Keeper::Git(file) => put_in(file, &place.root, true)?,
        Keeper::Husky(file) => put_in(file, &place.root, false)?,
        Keeper::Lefthook(_) | Keeper::PreCommit(_) => false,
    };
    report(&place, changed)
}

/// Takes the check out of every file that may hold it, and gives back what was there before.
///
/// # Errors
/// As for [`status`]; a hook cannot be written.
pub fn uninstall(root: &Root) -> Result<HookReport, SyncError> {
    let place = place::find(root)?;
    let mut changed = false;
    for file in &place.files {
        changed |= take_out(file, &place.root)?;
    }
    report(&place, changed)
}

fn report(place: &Place, changed: bool) -> Result<HookReport, SyncError> {
    let (manager, file) = match &place.keeper {
        Keeper::Git(file) => ("git", file),
        Keeper::Husky(file) => ("husky", file),
        Keeper::Lefthook(file) => ("lefthook", file),
        Keeper::PreCommit(file) => ("pre-commit", file),
    };
    let text = read(file)?;
    let text = text
        .as_deref()
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .unwrap_or("");
    let by_configuration = matches!(place.keeper, Keeper::Lefthook(_) | Keeper::PreCommit(_));
    let command = command(&place.root);
    let state = match by_configuration {
        true if text.contains(&command) || text.contains(SHIPPED) => HookState::Installed,
        false if block::is_in(text, &place.root) && block::put_in(text, &place.root) == text => HookState::Installed,
        false if block::is_in(text, &place.root) => HookState::Outdated,
        _ => HookState::Absent,
    };
    let add = match &place.keeper {
        Keeper::Lefthook(_) => Some(format!(
            "pre-commit:\n  commands:\n    flaresmith:\n      run: {command}\n"
        )),
        Keeper::PreCommit(_) => Some(format!(
            "  - repo: local\n    hooks:\n      - id: flaresmith-check\n        name: generated files are what the specs \
             say\n        entry: {command}\n        language: system\n        always_run: true\n        pass_filenames: false\n"
        )),
        Keeper::Git(_) | Keeper::Husky(_) => None,
    };
    Ok(HookReport {
        state,
        changed,
        manager,
        file: file
            .strip_prefix(&place.top)
            .unwrap_or(file)
            .to_string_lossy()
            .replace('\\', "/"),
        add: add.filter(|_| state == HookState::Absent),
    })
}

/// The check as a line of somebody's configuration.
fn command(root: &str) -> String {
    match root {
        "." => "flaresmith spec check --staged".to_owned(),
        root => format!("flaresmith --root {} spec check --staged", shell_quoted(root)),
    }
}

/// Puts the block of a root into a hook. `needs_mode`: the hook runs only when it may be executed.
fn put_in(file: &Path, root: &str, needs_mode: bool) -> Result<bool, SyncError> {
    let metadata = file.symlink_metadata().ok();
    let Some(metadata) = metadata else {
        write(file, &block::put_in(block::HEAD, root), None)?;
        return Ok(true);
    };
    let bytes = read(file)?.unwrap_or_default();
    let script = std::str::from_utf8(&bytes)
        .ok()
        .filter(|script| metadata.is_file() && block::is_shell(script) && (!needs_mode || is_executable(&metadata)));
    if let Some(script) = script {
        let with = block::put_in(script, root);
        if with == script {
            return Ok(false);
        }
        write(file, &with, Some(&metadata))?;
        return Ok(true);
    }
    // A link, another language, or a hook that is switched off: it stays as it is, under another name.
    let kept = kept(file);
    if kept.symlink_metadata().is_ok() {
        return Err(SyncError::new(
            "HOOK_KEPT",
            format!("{} is in the way of keeping the present hook", kept.display()),
        )
        .at(&kept)
        .hint(format!(
            "look at it, then move it away: `mv {0} {0}.old`",
            shell_quoted(&kept.to_string_lossy())
        )));
    }
    fs::rename(file, &kept).map_err(|error| SyncError::io("cannot rename", file, &error))?;
    if let Err(error) = write(file, &block::put_in(&block::head_with_kept(), root), None) {
        // Without the rename back, the hook that was there would not run any more.
        let _ = fs::rename(&kept, file);
        return Err(error);
    }
    Ok(true)
}

fn take_out(file: &Path, root: &str) -> Result<bool, SyncError> {
    let (Some(bytes), Ok(metadata)) = (read(file)?, file.symlink_metadata()) else {
        return Ok(false);
    };
    let Ok(script) = std::str::from_utf8(&bytes) else {
        return Ok(false);
    };
    if !metadata.is_file() || !block::is_in(script, root) {
        return Ok(false);
    }
    let without = block::take_out(script, root);
    if without == block::HEAD {
        fs::remove_file(file).map_err(|error| SyncError::io("cannot delete", file, &error))?;
    } else if without == block::head_with_kept() {
        let kept = kept(file);
        fs::rename(&kept, file).map_err(|error| SyncError::io("cannot rename", &kept, &error))?;
    } else {
        write(file, &without, Some(&metadata))?;
    }
    Ok(true)
}

fn kept(file: &Path) -> PathBuf {
    file.with_file_name(block::KEPT)
}

fn read(file: &Path) -> Result<Option<Vec<u8>>, SyncError> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(_) if !file.is_file() => Ok(None),
        Err(error) => Err(SyncError::io("cannot read", file, &error)),
    }
}

/// Writes a script beside its place and renames it there, with the mode that it had, else one that may be executed.
fn write(file: &Path, text: &str, before: Option<&Metadata>) -> Result<(), SyncError> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|error| SyncError::io("cannot make", folder, &error))?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".flaresmith-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = before.map_or(0o777, |metadata| metadata.permissions().mode() & 0o7777);
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = before;
    let mut new = builder
        .tempfile_in(folder)
        .map_err(|error| SyncError::io("cannot write in", folder, &error))?;
    new.write_all(text.as_bytes())
        .map_err(|error| SyncError::io("cannot write", file, &error))?;
    new.persist(file)
        .map(drop)
        .map_err(|error| SyncError::io("cannot write", file, &error.error))
}

#[cfg(unix)]
fn is_executable(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &Metadata) -> bool {
    true
}
