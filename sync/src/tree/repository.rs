//! Finding the git repository that a root belongs to.
//!
//! Owns: which repository it is, where in it the root lies, and which index git means. Must not know: what is read from it.
//!
//! git tells a hook by environment variables where it stands: `GIT_DIR`, `GIT_WORK_TREE` and `GIT_INDEX_FILE`, whose file is
//! another one than `.git/index` for `git commit -a` and `git commit PATH`. They count, unless the root lies in a repository
//! further in (a submodule), which they cannot be about.

use std::path::{Component, Path, PathBuf};

use git2::{AttrCheckFlags, AttrValue, ErrorClass, ErrorCode, Repository, RepositoryOpenFlags};

use crate::error::SyncError;
use crate::root::Root;
use crate::suggest::shell_quoted;

/// A repository, seen from a root.
pub(crate) struct Opened {
    pub(crate) repository: Repository,
    /// Path of the root in the repository, `/` after each folder; empty when the root is the top.
    pub(crate) prefix: Vec<u8>,
    /// The same as a path.
    below: PathBuf,
    /// The folder that paths of the index are relative to: the work tree's top, or the repository itself when it is bare.
    pub(crate) top: PathBuf,
    /// The file that git calls the index.
    pub(super) index: PathBuf,
}

impl Opened {
    /// Where a path relative to the root lies in the repository, as git writes it.
    pub(super) fn inside(&self, path: &str) -> Vec<u8> {
        [self.prefix.as_slice(), path.as_bytes()].concat()
    }

    /// The same as a path, for what is asked about one file.
    pub(crate) fn place(&self, path: &str) -> PathBuf {
        self.below.join(path)
    }

    /// A path of git's, relative to the root; `None` when it lies outside.
    pub(crate) fn relative<'p>(&self, path: &'p [u8]) -> Option<&'p str> {
        std::str::from_utf8(path.strip_prefix(self.prefix.as_slice())?).ok()
    }

    /// Whether an attribute says that line ends are not converted.
    pub(super) fn keeps_line_ends(&self, path: &str) -> bool {
        let Ok(path) = String::from_utf8(self.inside(path)) else {
            return false;
        };
        let found = self
            .repository
            .get_attr_bytes(Path::new(&path), "text", AttrCheckFlags::INDEX_THEN_FILE);
        found.is_ok_and(|value| AttrValue::from_bytes(value) == AttrValue::False)
    }
}

/// The nearest folder at or above a path that has `.git`: the top of a work tree, as far as names tell. For what has to hold
/// where the repository cannot be opened as well, because it is somebody else's.
pub(crate) fn top_above(path: &Path) -> Option<&Path> {
    path.ancestors().find(|folder| folder.join(".git").exists())
}

/// The nearest repository around a root, whatever the environment says and whichever file systems lie between: as
/// [`top_above`] sees it.
fn nearest(root: &Root) -> Result<Repository, git2::Error> {
    let no_ceilings: [&str; 0] = [];
    Repository::open_ext(root.path(), RepositoryOpenFlags::CROSS_FS, no_ceilings)
}

/// Finds and opens it.
pub(crate) fn open(root: &Root) -> Result<Opened, SyncError> {
    let base = canonical(root.path());
    let told = Repository::open_from_env();
    let nearest = nearest(root);
    let depth = |repository: &Repository, is_told: bool| {
        let top = top(repository, is_told);
        base.starts_with(&top).then(|| top.components().count())
    };
    // What git says here wins over what is found, unless what is found lies nearer around the root.
    let (repository, is_told) = match (told, nearest) {
        (Ok(told), Ok(nearest)) => {
            if depth(&told, true) >= depth(&nearest, false) {
                (told, true)
            } else {
                (nearest, false)
            }
        }
        (Ok(told), Err(error)) if depth(&told, true).is_none() => return Err(cannot_open(root, &error)),
        (Ok(told), Err(_)) => (told, true),
        // Nothing is said about another repository, so a given index is one of this repository.
        (Err(_), Ok(nearest)) => (nearest, std::env::var_os("GIT_DIR").is_none()),
        (Err(_), Err(error)) => return Err(cannot_open(root, &error)),
    };
    let top = top(&repository, is_told);
    let Ok(inside) = base.strip_prefix(&top) else {
        return Err(not_in_git(root));
    };
    let mut prefix = Vec::new();
    for part in inside.components() {
        if let Component::Normal(name) = part {
            prefix.extend_from_slice(name.as_encoded_bytes());
            prefix.push(b'/');
        }
    }
    let index = match std::env::var_os("GIT_INDEX_FILE") {
        Some(path) if is_told && !path.is_empty() => top.join(path),
        _ => repository.path().join("index"),
    };
    Ok(Opened {
        repository,
        prefix,
        below: inside.to_owned(),
        top,
        index,
    })
}

/// Where things of ours are kept that belong to a root and are never committed.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    /// The folder for them, in the git folder of the work tree.
    pub(crate) folder: PathBuf,
    /// Where the root lies in the work tree, so that a repository that is moved keeps them; `None` without a work tree.
    pub(crate) within: Option<PathBuf>,
}

/// Finds it, in the nearest repository around the root whatever the environment says: a run inside of a hook and one outside must
/// keep each other out, and find what the other left.
pub(crate) fn kept(root: &Root) -> Option<Kept> {
    let repository = nearest(root).ok()?;
    let work = repository.workdir().and_then(|work| work.canonicalize().ok());
    let within = work.and_then(|work| Some(canonical(root.path()).strip_prefix(work).ok()?.to_owned()));
    let folder = repository.path().join("flaresmith");
    Some(Kept { folder, within })
}

/// Whether git looks at the executable bit of files on disk; so outside of a repository.
pub(super) fn trusts_modes(root: &Root) -> bool {
    open(root)
        .and_then(|opened| opened.repository.config().map_err(|error| cannot_open(root, &error)))
        .map_or(true, |config| config.get_bool("core.fileMode").unwrap_or(true))
}

/// The folder that the paths of the index are relative to. A bare repository has no work tree, unless git says where
/// (`is_told`); then it is the folder around `.git`, or the repository itself.
fn top(repository: &Repository, is_told: bool) -> PathBuf {
    let given = std::env::var_os("GIT_WORK_TREE").filter(|_| is_told && repository.is_bare());
    let folder = match (repository.workdir(), &given) {
        (Some(work), _) => work,
        (None, Some(given)) => Path::new(given),
        (None, None) if repository.path().ends_with(".git") => repository.path().parent().unwrap_or(repository.path()),
        (None, None) => repository.path(),
    };
    canonical(folder)
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn not_in_git(root: &Root) -> SyncError {
    SyncError::new(
        "GIT_NOT_FOUND",
        format!("{} is in no git repository", root.path().display()),
    )
    .at(root.path())
    .hint("run `git init`, or check the files on disk with `flaresmith spec check`")
}

fn cannot_open(root: &Root, error: &git2::Error) -> SyncError {
    if error.code() == ErrorCode::NotFound {
        return not_in_git(root);
    }
    let failed = SyncError::new("GIT_UNREADABLE", format!("git repository: {}", error.message())).at(root.path());
    if error.code() == ErrorCode::Owner {
        let top = top_above(root.path());
        return failed.hint(format!(
            "it belongs to another user; if you trust it: `git config --global --add safe.directory {}`",
            shell_quoted(&top.unwrap_or(root.path()).to_string_lossy())
        ));
    }
    failed.hint("this program cannot read that form of repository; `flaresmith spec check` checks the files on disk")
}

/// An index that is there and cannot be read.
pub(super) fn cannot_read_index(path: &Path, error: &git2::Error) -> SyncError {
    let failed = |message: String| SyncError::new("STAGED_UNREADABLE", message).at(path);
    let message = error.message();
    if error.class() == ErrorClass::Index && message.contains("'link'") {
        return failed("git's index is split over two files, which cannot be read here".to_owned())
            .hint("make it one file again: `git update-index --no-split-index`");
    }
    if error.class() == ErrorClass::Index && message.contains("'sdir'") {
        return failed("git's index is a sparse one, which leaves out the files of whole folders".to_owned())
            .hint("list every file in it again: `git sparse-checkout reapply --no-sparse-index`");
    }
    failed(format!("git's index cannot be read: {message}")).hint("`git status` tells whether git itself can read it")
}
