//! Failures of reading and writing a repository.
//!
//! Owns: the codes that are about files and git rather than about specs. Must not know: how they are printed.

use std::fmt;
use std::path::{Path, PathBuf};

/// A run that could not go on, with what to do about it.
#[derive(Debug)]
pub struct SyncError {
    /// `CATEGORY_SUBCATEGORY`.
    pub code: &'static str,
    /// What failed, in one sentence.
    pub message: String,
    /// The file concerned.
    pub path: Option<PathBuf>,
    /// What to type or change next.
    pub hint: Option<String>,
}

impl SyncError {
    /// A file or folder that could not be read or written.
    #[must_use]
    pub fn io(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        Self {
            code: "FILE_ACCESS",
            message: format!("{doing} {}: {error}", path.display()),
            path: Some(path.to_owned()),
            hint: advice(error.kind()).map(str::to_owned),
        }
    }

    /// A failure with a code of its own.
    #[must_use]
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            path: None,
            hint: None,
        }
    }

    /// The same, about a file.
    #[must_use]
    pub fn at(mut self, path: &Path) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    /// The same, with what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for SyncError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} [{}]", self.message, self.code)
    }
}

impl std::error::Error for SyncError {}

/// What usually helps.
fn advice(kind: std::io::ErrorKind) -> Option<&'static str> {
    use std::io::ErrorKind;
    Some(match kind {
        ErrorKind::NotFound => "check the path; it is relative to the folder you are in",
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "look at the rights of the file and its folder with `ls -la`, or run as a user who has them"
        }
        ErrorKind::IsADirectory => "give the file itself, not the folder it is in",
        ErrorKind::NotADirectory => "a part of the path is a file; move it away or choose another path",
        ErrorKind::AlreadyExists => "move it away or choose another name; nothing is written over",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room on the disk, then run it again",
        _ => return None,
    })
}
