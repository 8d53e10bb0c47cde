//! Texts that were sent elsewhere, kept so that a later change of both sides can be told apart.
//!
//! Owns: where they lie in a repository, and that each is found by its digest. Must not know: where they were sent.

use flaresmith_api::errors::Failure;
use git2::{ErrorCode as GitCode, ObjectType, Oid};

use super::broken;
use super::local::Local;

/// Beginning of the names under which they are kept.
const KEPT: &str = "refs/flaresmith/sent/";

impl Local {
    /// The digest that a text is kept by.
    ///
    /// # Errors
    /// It is too long.
    pub fn digest_of(text: &str) -> Result<String, Failure> {
        let digest = Oid::hash_object(ObjectType::Blob, text.as_bytes()).map_err(broken)?;
        Ok(digest.to_string())
    }

    /// Keeps a text under a name, beside others of that name.
    ///
    /// # Errors
    /// The repository cannot be written to.
    pub fn keep_sent(&self, name: &str, text: &str) -> Result<(), Failure> {
        let digest = self.repository.blob(text.as_bytes()).map_err(broken)?;
        let place = format!("{KEPT}{name}/{digest}");
        let keep = || self.repository.reference(&place, digest, true, "sent");
        self.unlocked(&place, keep).map(drop).map_err(broken)
    }

    /// The text of a digest that is kept under a name; `None`: there is none.
    ///
    /// # Errors
    /// The repository is damaged.
    pub fn sent(&self, name: &str, digest: &str) -> Result<Option<String>, Failure> {
        let found = match self.repository.find_reference(&format!("{KEPT}{name}/{digest}")) {
            Ok(found) => found.target(),
            Err(error) if matches!(error.code(), GitCode::NotFound | GitCode::InvalidSpec) => None,
            Err(error) => return Err(broken(error)),
        };
        let Some(id) = found else { return Ok(None) };
        let blob = self.repository.find_blob(id).map_err(broken)?;
        Ok(String::from_utf8(blob.content().to_vec()).ok())
    }

    /// Forgets a text, if it is kept.
    ///
    /// # Errors
    /// The repository cannot be written to.
    pub fn forget_sent(&self, name: &str, digest: &str) -> Result<(), Failure> {
        let place = format!("{KEPT}{name}/{digest}");
        let forget = || self.repository.find_reference(&place)?.delete();
        match self.unlocked(&place, forget) {
            Err(error) if !matches!(error.code(), GitCode::NotFound | GitCode::InvalidSpec) => Err(broken(error)),
            _ => Ok(()),
        }
    }
}
