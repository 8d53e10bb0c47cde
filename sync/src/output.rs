//! Output: the digests of everything that was generated.
//!
//! Owns: digesting a text once, however often it is planned with. Must not know: what is planned.

use std::collections::HashMap;
use std::sync::Arc;

use flaresmith_codegen::emit::Artifact;
use rayon::prelude::*;

use crate::digest::Digest;

/// Digests of output, remembered for as long as the very same texts come back.
#[derive(Debug, Default)]
pub struct Digested(HashMap<String, (Arc<str>, Digest)>);

impl Digested {
    /// The digests of all of the output, in its order.
    pub fn of(&mut self, artifacts: &[Artifact]) -> Vec<Digest> {
        let known = |artifact: &Artifact| match self.0.get(&artifact.path) {
            Some((text, digest)) if Arc::ptr_eq(text, &artifact.text) => *digest,
            _ => Digest::of(artifact.text.as_bytes()),
        };
        let digests: Vec<Digest> = artifacts.par_iter().map(known).collect();
        self.0 = artifacts
            .iter()
            .zip(&digests)
            .map(|(artifact, digest)| (artifact.path.clone(), (Arc::clone(&artifact.text), *digest)))
            .collect();
        digests
    }
}
