//! The `package` target.
//!
//! Owns: the frame of the npm package: package.json, tsconfig.json, index files. Must not know: other targets.

use super::{Artifact, Input};
use crate::diagnostics::Diagnostics;

/// Frames of this target: name and text.
pub(super) const FRAMES: &[(&str, &str)] = &[];

/// Makes the artifacts.
pub(super) fn emit(_input: &Input<'_>, _diagnostics: &mut Diagnostics) -> Vec<Artifact> {
    Vec::new()
}
