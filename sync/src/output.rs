//! Output: the digests of everything that was generated.
//!
//! Owns: digesting a text once, however often it is planned with. Must not know: what is planned.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use flaresmith_codegen::emit::Artifact;
use rayon::prelude::*;

use crate::digest::Digest;

/// A text as bytes.
struct Shared(Arc<String>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

type Texts = HashMap<String, (Arc<String>, Digest)>;

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
            Some((text, digest)) if Arc::ptr_eq(text, &artifact.text) => Some(*digest),
            _ => None,
        };
        let mut digests: Vec<Option<Digest>> = artifacts.iter().map(known).collect();
        let made = digests.iter_mut().zip(artifacts).filter(|(known, _)| known.is_none());
        // Texts differ much in length, and long ones stand side by side.
        let made: Vec<_> = made.collect();
        made.into_par_iter().with_max_len(1).for_each(|(digest, artifact)| {
            *digest = Some(Digest::of(artifact.text.as_bytes()));
        });
        let digests: Vec<Digest> = digests.into_iter().flatten().collect();
        let now = artifacts
            .iter()
            .zip(&digests)
            .map(|(artifact, digest)| (artifact.path.clone(), (Arc::clone(&artifact.text), *digest)))
            .collect();
        self.before = std::mem::replace(&mut self.now, now);
        digests
    }

    /// The text of a path that has a digest, when it was digested this time or the time before: itself, not a copy.
    #[must_use]
    pub fn bytes(&self, path: &str, digest: Digest) -> Option<Bytes> {
        let known = [&self.now, &self.before]
            .into_iter()
            .filter_map(|texts| texts.get(path));
        known
            .filter(|(_, known)| *known == digest)
            .map(|(text, _)| Bytes::from_owner(Shared(Arc::clone(text))))
            .next()
    }
}
