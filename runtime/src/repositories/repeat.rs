//! Commits that were made before.
//!
//! Owns: telling that the head of a branch is what a request would make. Must not know: why a request comes again.

use flaresmith_api::errors::Failure;
use git2::Oid;

use super::{Author, Draft, Local, Target, broken};

impl Local {
    /// The head of a branch, when it is the very commit that is to be made: from the same author, with the same words, on the same
    /// base, and the same files. Whoever repeats a request whose answer was lost finds what it did.
    ///
    /// # Errors
    /// The repository is damaged.
    pub fn made_before(
        &self,
        target: &Target,
        author: &Author,
        message: &str,
        draft: &Draft<'_>,
    ) -> Result<Option<Oid>, Failure> {
        let Some(head) = self.head(&target.branch)? else {
            return Ok(None);
        };
        let head = self.commit(head)?;
        let parents: Vec<Oid> = head.parent_ids().collect();
        let author = author.signature(self.clock.now()).map_err(broken)?;
        let wrote = head.author();
        let same_words = parents == [target.base]
            && head.message_raw_bytes() == message.as_bytes()
            && wrote.name_bytes() == author.name_bytes()
            && wrote.email_bytes() == author.email_bytes();
        let same = same_words && draft.is(&head.tree().map_err(broken)?)?;
        Ok(same.then(|| head.id()))
    }
}
