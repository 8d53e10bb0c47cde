//! Output: the digests of everything that was generated.
//!
//! Owns: digesting a text once, however often it is planned with. Must not know: what is planned.

use std::borrow::Cow;
use std::collections::HashMap;
use std::convert::Infallible;

use bytes::Bytes;
use flaresmith_codegen::emit::Artifact;
use flaresmith_codegen::rope::Rope;
use rayon::prelude::*;

use crate::digest::Digest;

/// So much of a text in pieces is put together to be digested at once, in bytes.
const PART: usize = 64 * 1024;

impl Digest {
    /// The digest of a text.
    #[must_use]
    pub fn of_rope(text: &Rope) -> Self {
        if let Some(one) = text.as_one() {
            return Self::of(one.as_bytes());
        }
        Self::of_parts(|tell| {
            let Ok(()) = text.blocks::<Infallible>(PART, |part| {
                tell(part);
                Ok(())
            });
        })
    }
}

/// A text of one piece as bytes.
struct Shared(Rope);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        self.0.as_one().unwrap_or_default().as_bytes()
    }
}

type Texts = HashMap<String, (Rope, Digest)>;

/// Digests of output, remembered for as long as the very same texts come back.
#[derive(Debug, Default)]
pub struct Digested {
    now: Texts,
    /// What was digested the time before: what stands on disk is what the last plan wanted there.
    before: Texts,
}

impl Digested {
    /// The digests of all of the output, in its order.
    pub fn of(&mut self, artifacts: &[Artifact]) -> Vec<Digest> {
        let known = |artifact: &Artifact| match self.now.get(&artifact.path) {
            Some((text, digest)) if text.is(&artifact.text) => Some(*digest),
            _ => None,
        };
        let mut digests: Vec<Option<Digest>> = artifacts.iter().map(known).collect();
        let made = digests.iter_mut().zip(artifacts).filter(|(known, _)| known.is_none());
        // Texts differ much in length, and long ones stand side by side.
        let made: Vec<_> = made.collect();
        made.into_par_iter().with_max_len(1).for_each(|(digest, artifact)| {
            *digest = Some(Digest::of_rope(&artifact.text));
        });
        let digests: Vec<Digest> = digests.into_iter().flatten().collect();
        let now = artifacts
            .iter()
            .zip(&digests)
            .map(|(artifact, digest)| (artifact.path.clone(), (artifact.text.clone(), *digest)))
            .collect();
        self.before = std::mem::replace(&mut self.now, now);
        digests
    }

    /// The text of a path that has a digest, when it was digested this time or the time before: itself where it is of one piece, not a
    /// copy.
    #[must_use]
    pub fn bytes(&self, path: &str, digest: Digest) -> Option<Bytes> {
        let known = [&self.now, &self.before]
            .into_iter()
            .filter_map(|texts| texts.get(path));
        known
            .filter(|(_, known)| *known == digest)
            .map(|(text, _)| match text.whole() {
                Cow::Borrowed(_) => Bytes::from_owner(Shared(text.clone())),
                Cow::Owned(text) => text.into(),
            })
            .next()
    }
}
